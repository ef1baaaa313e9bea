//! What somebody who works with a platform's own client is promised: work goes on, what is refused is said once and in the
//! client's own words, and a limit is waited for or told, never asked about for ever.
//!
//! The other side are stand-ins that know the platforms' tables of operations or their published GraphQL schemas, and a real
//! Docker daemon; no client here has met its platform.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::child::{self, Ended};
use crate::support::dockerd::Dockerd;
use crate::support::listeners::{SharedGate, free_port};
use crate::support::platform::{Answers, Platform};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, clients};

const SLOWER: &str = "One at a time, says the team.";

/// Errors of GraphQL come with a 200; `gql` tells no status, Linear's client this one.
const GRAPHQL: u64 = 0;

/// One platform, as a test plays it.
struct Play {
    /// The script's word for the client, and the provider's folder.
    client: &'static str,
    folder: &'static str,
    host: &'static str,
    base: &'static str,
    /// Their names in the table; documents begin with them where the platform speaks GraphQL.
    create: &'static str,
    delete: &'static str,
    answers: Answers,
    /// What the client shows of a call that has to wait for minutes.
    limited: u64,
}

impl Play {
    fn operation(&self, name: &str) -> String {
        format!("{}:{name}", self.folder)
    }

    /// A stage where the platform is production, and one creation is allowed per this time.
    fn stage(&self, per: &str) -> (Stage, Platform) {
        let mut stage = Stage::new();
        let platform = Platform::on(&mut stage, self.folder, (self.host, self.base), self.answers);
        prepare(&stage, self.host, &self.operation(self.create), per);
        (stage, platform)
    }

    /// The client's calls behind `run`; `how` is `all` or `again`.
    #[track_caller]
    fn by_proxy(&self, stage: &Stage, how: &str) -> Vec<Value> {
        let script = stage.write("work/calls.py", include_str!("support/platforms.py")).display().to_string();
        let python = clients::platforms().join("bin/python").display().to_string();
        steps(stage.run(&[&python, &script, self.client, how]))
    }

    /// The client's calls to a reverse listener of a shared gate.
    #[track_caller]
    fn by_listener(&self, stage: &Stage, how: &str) -> Vec<Value> {
        let at = free_port();
        let (name, host) = (self.folder, self.host);
        let listener = format!("{{ name: {name}, listen: \"{at}\", upstream: \"https://{host}\", provider: {name} }}");
        let _gate = SharedGate::start(stage, &[listener], "");
        let script = stage.write("work/calls.mjs", include_str!("support/platforms.mjs")).display().to_string();
        let packages = clients::node_platforms().unwrap().display().to_string();
        let mut command = stage.command("node");
        command.args([&script, &packages, self.client, &at.to_string(), how]);
        steps(child::run(command, PATIENCE))
    }

    /// Everything once: what passes, what is refused, and a limit whose wait is too long for silence.
    #[track_caller]
    fn keeps_its_promises(&self, run: impl FnOnce(&Self, &Stage, &str) -> Vec<Value>) -> Vec<Value> {
        let (stage, platform) = self.stage("10m");
        let all = run(self, &stage, "all");
        for what in ["read", "create"] {
            is(&all, what, 200, "");
        }
        let refused = if self.limited == GRAPHQL { GRAPHQL } else { 403 };
        is(&all, "delete", refused, &format!(": {} would destroy", self.operation(self.delete)));
        is(&all, "create again", self.limited, SLOWER);
        self.asked(&stage, self.create, (2, 1));
        self.asked(&stage, self.delete, (1, 1));
        let calls = platform.calls();
        assert_eq!(calls.iter().filter(|call| self.is_create(call)).count(), 1, "{calls:#?}");
        assert_eq!(calls.len(), 2, "{calls:#?}");
        platform.was_called_as_published();
        all
    }

    /// The client comes back after a short wait, by itself, and passes.
    #[track_caller]
    fn waits_a_little(&self, run: impl FnOnce(&Self, &Stage, &str) -> Vec<Value>) {
        let (stage, platform) = self.stage("5s");
        let all = run(self, &stage, "again");
        is(&all, "create", 200, "");
        is(&all, "create again", 200, "");
        let calls = platform.calls();
        assert_eq!(calls.iter().filter(|call| self.is_create(call)).count(), 2, "{calls:#?}");
        platform.was_called_as_published();
        let stopped = stage.log().stopped().len();
        assert!((1..=4).contains(&stopped), "stopped {stopped} times: {all:#?}");
    }

    /// The client shows a short wait as it shows a long one, and stops.
    #[track_caller]
    fn shows_a_short_wait(&self, run: impl FnOnce(&Self, &Stage, &str) -> Vec<Value>) {
        let (stage, platform) = self.stage("9s");
        let all = run(self, &stage, "again");
        is(&all, "create", 200, "");
        is(&all, "create again", self.limited, SLOWER);
        self.asked(&stage, self.create, (2, 1));
        assert_eq!(platform.calls().len(), 1, "{:#?}", platform.calls());
        platform.was_called_as_published();
    }

    fn is_create(&self, call: &str) -> bool {
        call == self.create || call.contains(self.create.trim_start_matches("graphql:"))
    }

    /// How often the gate was asked, and how often it said no.
    #[track_caller]
    fn asked(&self, stage: &Stage, name: &str, (all, stopped): (usize, usize)) {
        let (log, operation) = (stage.log(), self.operation(name));
        let said_no = log.stopped().iter().filter(|one| one.starts_with(&format!("{operation} "))).count();
        assert_eq!((log.of(&operation).len(), said_no), (all, stopped), "{operation}: {:#?}", log.stopped());
        assert!(log.rejected().is_empty(), "{:#?}", log.rejected());
    }
}

/// Names the host production, and limits one operation.
fn prepare(stage: &Stage, host: &str, operation: &str, per: &str) {
    let inventory =
        format!("version: 1\nenvironments:\n  - name: prod\n    tier: 1\n    match: [{{ host: \"{host}\" }}]\n");
    stage.write("config/inventory.yaml", inventory);
    let limits = format!(
        "limits:\n  - id: acme/slowly\n    match: {{ operation: [\"{operation}\"] }}\n    key: [session]\n    allow: 1 per \
         {per}\n    decision: throttle\n    message: {SLOWER}\n    instead: Come back later.\n"
    );
    stage.write("config/rules/acme/limits.yaml", limits);
}

/// The answers of a script, one for each step.
#[track_caller]
fn steps(ended: Ended) -> Vec<Value> {
    let ended = ended.succeeded();
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:#?}"))).collect()
}

/// The step ended with this status and, if it was refused, its client shows the text.
#[track_caller]
fn is(all: &[Value], what: &str, status: u64, text: &str) {
    let step = all.iter().find(|step| step["what"] == what).unwrap_or_else(|| panic!("no {what}: {all:#?}"));
    assert_eq!(step["status"].as_u64(), Some(status), "{step:#}");
    assert!(step["shown"].as_str().unwrap_or_default().contains(text), "{step:#}");
}

const CLOUDFLARE: Play = Play {
    client: "cloudflare",
    folder: "cloudflare",
    host: "api.cloudflare.com",
    base: "/client/v4",
    create: "dns:records.create",
    delete: "zones:delete",
    answers: |asked| {
        let result = if asked == "zones:list" { json!([]) } else { json!({ "id": "r1" }) };
        (200, json!({ "success": true, "errors": [], "messages": [], "result": result, "result_info": {} }))
    },
    limited: 403,
};

const DIGITALOCEAN: Play = Play {
    client: "digitalocean",
    folder: "digitalocean",
    host: "api.digitalocean.com",
    base: "/v2",
    create: "droplets:create",
    delete: "databases:destroy_cluster",
    answers: |asked| match asked {
        "droplets:create" => (202, json!({ "droplet": { "id": 7 } })),
        _ => (200, json!({ "droplets": [], "links": {}, "meta": { "total": 0 } })),
    },
    limited: 403,
};

const DATADOG: Play = Play {
    client: "datadog",
    folder: "datadog",
    host: "api.datadoghq.com",
    base: "",
    create: "monitors:create_monitor",
    delete: "monitors:delete_monitor",
    answers: |asked| match asked {
        "monitors:create_monitor" => (200, json!({ "id": 7, "type": "metric alert", "query": "avg" })),
        _ => (200, json!([])),
    },
    limited: 429,
};

const PAGERDUTY: Play = Play {
    client: "pagerduty",
    folder: "pagerduty",
    host: "api.pagerduty.com",
    base: "",
    create: "services:createService",
    delete: "services:deleteService",
    answers: |asked| match asked {
        "services:createService" => (201, json!({ "service": { "id": "P7", "type": "service" } })),
        _ => (200, json!({ "services": [], "limit": 25, "offset": 0, "more": false })),
    },
    limited: 403,
};

const RAILWAY: Play = Play {
    client: "railway",
    folder: "railway",
    host: "backboard.railway.com",
    base: "/graphql/v2",
    create: "graphql:projectCreate",
    delete: "graphql:projectDelete",
    answers: |_| (200, json!({ "data": { "viewer": { "id": "u1" }, "made": { "id": "p1" } } })),
    limited: GRAPHQL,
};

const LINEAR: Play = Play {
    client: "linear",
    folder: "linear",
    host: "api.linear.app",
    base: "/graphql",
    create: "graphql:issueCreate",
    delete: "graphql:teamDelete",
    answers: |_| {
        let made = json!({ "success": true, "lastSyncId": 1, "issue": { "id": "i1" } });
        (200, json!({ "data": { "viewer": { "id": "u1" }, "made": made, "issueCreate": made } }))
    },
    limited: GRAPHQL,
};

const HEROKU: Play = Play {
    client: "heroku",
    folder: "heroku",
    host: "api.heroku.com",
    base: "",
    create: "app:create",
    delete: "app:delete",
    answers: |asked| match asked {
        "app:create" => (201, json!({ "id": "a1", "name": "web" })),
        _ => (200, json!([])),
    },
    limited: 429,
};

const NETLIFY: Play = Play {
    client: "netlify",
    folder: "netlify",
    host: "api.netlify.com",
    base: "/api/v1",
    create: "site:createSite",
    delete: "site:deleteSite",
    answers: |asked| match asked {
        "site:createSite" => (201, json!({ "id": "s1", "name": "web" })),
        _ => (200, json!([])),
    },
    limited: 403,
};

const VERCEL: Play = Play {
    client: "vercel",
    folder: "vercel",
    host: "api.vercel.com",
    base: "",
    create: "projects:createProjectEnv",
    delete: "projects:deleteProject",
    answers: |asked| match asked {
        "projects:createProjectEnv" => {
            let made = json!({ "key": "A", "value": "b", "type": "plain", "target": ["production"] });
            (201, json!({ "created": made, "failed": [] }))
        }
        _ => (200, json!({ "envs": [], "pagination": { "count": 0, "next": null, "prev": null } })),
    },
    limited: 403,
};

const SUPABASE: Play = Play {
    client: "supabase",
    folder: "supabase",
    host: "api.supabase.com",
    base: "",
    create: "secrets:v1-bulk-create-secrets",
    delete: "projects:v1-delete-a-project",
    answers: |asked| match asked {
        "secrets:v1-bulk-create-secrets" => (201, json!({})),
        _ => (200, json!([])),
    },
    limited: 429,
};

#[test]
fn cloudflare_s_python_client_works_is_told_once_and_waits() {
    CLOUDFLARE.keeps_its_promises(Play::by_proxy);
    CLOUDFLARE.waits_a_little(Play::by_proxy);
}

#[test]
fn pydo_works_is_told_once_and_waits() {
    DIGITALOCEAN.keeps_its_promises(Play::by_proxy);
    DIGITALOCEAN.waits_a_little(Play::by_proxy);
}

#[test]
fn datadog_s_python_client_works_and_is_told_once() {
    DATADOG.keeps_its_promises(Play::by_proxy);
    DATADOG.shows_a_short_wait(Play::by_proxy);
}

#[test]
fn pagerduty_s_python_client_works_is_told_once_and_does_not_wait_for_ever() {
    PAGERDUTY.keeps_its_promises(Play::by_proxy);
    PAGERDUTY.waits_a_little(Play::by_proxy);
}

#[test]
fn gql_shows_railway_s_and_linear_s_refusals() {
    RAILWAY.keeps_its_promises(Play::by_proxy);
    RAILWAY.shows_a_short_wait(Play::by_proxy);
    if clients::linear_schema().is_some() {
        LINEAR.keeps_its_promises(Play::by_proxy);
    }
}

/// The stand-in of this platform takes a call of GraphQL with such an input, and no document of `bad` nor another head.
#[track_caller]
fn refuses(play: &Play, (good, input): (&str, Value), bad: &[&str]) {
    let platform = Platform::on(&mut Stage::new(), play.folder, (play.host, play.base), play.answers);
    let status = |method: &str, path: &str, media: &str, body: String| {
        let request = http::Request::builder().method(method).uri(path).header("content-type", media);
        (platform.answer(&request.body(body.into()).unwrap()).status().as_u16(), platform.wrong().len())
    };
    let ask = |call: Value| status("POST", play.base, "application/json", call.to_string());
    let whole = json!({ "query": good, "variables": { "i": input }, "operationName": "a" });
    assert_eq!(ask(whole.clone()), (200, 0), "{:?}", platform.wrong());
    let mut count = 0;
    let mut refused = |what: &str, answer: (u16, usize)| {
        count += 1;
        assert_eq!(answer, (400, count), "{what}: {:?}", platform.wrong());
    };
    for document in bad {
        refused(document, ask(json!({ "query": document })));
    }
    let mut wrong = input.clone();
    wrong["notThere"] = json!(1);
    for (name, value) in [
        ("variables", json!({ "i": wrong })),
        ("variables", json!({ "i": 7 })),
        ("variables", json!({})),
        ("variables", json!({ "i": input, "j": 1 })),
        ("variables", json!([input])),
        ("operationName", json!("b")),
        ("query", json!(7)),
        ("documentId", json!("d1")),
    ] {
        let mut call = whole.clone();
        call[name] = value;
        refused(name, ask(call));
    }
    let text = whole.to_string();
    refused("another method", status("PUT", play.base, "application/json", text.clone()));
    refused("another path", status("POST", "/graphql/v3", "application/json", text.clone()));
    refused("another media type", status("POST", play.base, "text/plain", text.clone()));
    refused("half a body", status("POST", play.base, "application/json", text[..text.len() - 1].to_owned()));
    assert_eq!(platform.calls(), [good]);
}

#[test]
fn railway_s_stand_in_refuses_what_is_not_published() {
    let good = "mutation a($i: ProjectCreateInput!) { projectCreate(input: $i) { id } }";
    let bad = [
        "{ me { id } projectz { id } }",
        "{ viewer { id } }",
        "mutation { me { id } }",
        "mutation { projectDelete }",
        "mutation { projectDelete(id: 7) }",
        "mutation { projectDelete(id: \"p1\", force: true) }",
        "mutation { projectDelete(id: \"p1\") { id } }",
        "mutation { projectCreate(input: { nam: \"web\" }) { id } }",
        "mutation { projectDelete(id: \"p1\")",
        "",
    ];
    refuses(&RAILWAY, (good, json!({ "name": "web" })), &bad);
}

#[test]
fn linear_s_stand_in_refuses_what_is_not_published() {
    let good = "mutation a($i: IssueCreateInput!) { issueCreate(input: $i) { success issue { id } } }";
    let bad = [
        "{ viewers { id } }",
        "{ me { id } }",
        "{ viewer }",
        "mutation { teamDelete { success } }",
        "mutation { teamDelete(id: 7) { success } }",
        "mutation { teamDelete(id: \"t1\", force: true) { success } }",
        "mutation { issueCreate(input: { title: \"a\" }) { success } }",
        "mutation { issueCreate(input: { teamId: \"t1\", tittle: \"a\" }) { success } }",
        "{ issues(filter: { priority: { gt: \"high\" } }) { nodes { id } } }",
        "{ issues(orderBy: size) { nodes { id } } }",
        "{ viewer { id } ...F } fragment F on Querry { viewer { id } }",
    ];
    if clients::linear_schema().is_some() {
        refuses(&LINEAR, (good, json!({ "teamId": "t1", "title": "a" })), &bad);
    }
}

#[test]
fn heroku_s_node_client_works_and_is_told_once() {
    if clients::node_platforms().is_some() {
        HEROKU.keeps_its_promises(Play::by_listener);
        HEROKU.shows_a_short_wait(Play::by_listener);
    }
}

#[test]
fn netlify_s_node_client_works_is_told_once_and_waits() {
    if clients::node_platforms().is_some() {
        NETLIFY.keeps_its_promises(Play::by_listener);
        NETLIFY.waits_a_little(Play::by_listener);
    }
}

#[test]
fn vercel_s_sdk_works_is_told_once_and_waits() {
    if clients::node_platforms().is_some() {
        VERCEL.keeps_its_promises(Play::by_listener);
        VERCEL.waits_a_little(Play::by_listener);
    }
}

#[test]
fn supabase_s_management_client_works_and_is_told_once() {
    if clients::node_platforms().is_some() {
        SUPABASE.keeps_its_promises(Play::by_listener);
        SUPABASE.shows_a_short_wait(Play::by_listener);
    }
}

#[test]
fn linear_s_sdk_works_and_is_told_once() {
    if clients::node_platforms().is_some() {
        let all = LINEAR.keeps_its_promises(Play::by_listener);
        for step in all.iter().filter(|step| step["status"] != 200) {
            assert_eq!(step["message"].as_str().unwrap().matches("Target: ").count(), 1, "shown once: {step:#}");
        }
        LINEAR.shows_a_short_wait(Play::by_listener);
    }
}

#[test]
fn docker_py_works_with_a_real_daemon_and_is_told_once() {
    let stage = Stage::new();
    let Some(daemon) = Dockerd::on(&stage) else { return };
    prepare(&stage, "docker.socket", "docker:volume:VolumeCreate", "10m");
    let socket = stage.path("gate.sock").display().to_string();
    let listener = format!(
        "{{ name: docker, listen: \"unix:{socket}\", upstream: \"unix:{}\", provider: docker }}",
        daemon.socket.display()
    );
    let _gate = SharedGate::start(&stage, &[listener], "");
    let script = stage.write("work/calls.py", include_str!("support/platforms.py"));
    let mut command = stage.command(clients::platforms().join("bin/python"));
    command.arg(script).args(["docker", "all"]).env("DOCKER_HOST", format!("unix://{socket}"));
    let all = steps(child::run(command, PATIENCE));
    for (what, status, text) in [
        ("read", 200, ""),
        ("create", 200, ""),
        ("delete", 403, ": docker:volume:VolumePrune would destroy"),
        ("delete one", 403, ": docker:volume:VolumeDelete would destroy"),
        ("create again", 429, SLOWER),
    ] {
        is(&all, what, status, text);
    }
    let log = stage.log();
    for (operation, times) in [("VolumePrune", 1), ("VolumeDelete", 1), ("VolumeCreate", 2)] {
        assert_eq!(log.of(&format!("docker:volume:{operation}")).len(), times, "{operation}");
    }
    let stopped: BTreeSet<String> = log.stopped().into_iter().collect();
    assert_eq!(stopped.len(), 3, "{stopped:#?}");
}
