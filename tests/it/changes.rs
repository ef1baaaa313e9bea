//! What the operator of a running gate is promised about its configuration: what tightens counts at once, all else when it
//! was accepted as it was seen, and a mistake never.

use std::time::{Duration, Instant};

use blastgate::model::Posture;
use blastgate::record::{ConfigurationEntry, Entry, Ground};
use rustix::process::Signal;
use serde_json::Value;

use crate::support::shared::{Agent, Ports, SharedGate, json, listen, operator, status};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{clients, eventually};

const RULE: &str = r#"id: own/things
owner: "@things"
severity: high
match:
  operation: ["http:api.dev.example:GET"]
decision: deny
message: Things are not looked at.
instead: Look at other things.
"#;
const RULE_FILE: &str = "config/rules/own/things.yaml";
const CALL: &str = "curl -sS -o answer -w '%{http_code}' https://api.dev.example/things/7";

struct Bench {
    stage: Stage,
    ports: Ports,
    gate: SharedGate,
    agent: Agent,
}

impl Bench {
    fn new() -> Option<Self> {
        clients::optional("curl")?;
        let mut stage = Stage::new();
        let api = Upstream::start(&stage.ca, &["api.dev.example"]);
        stage.resolve("api.dev.example", api.address);
        let ports = listen(&mut stage, "");
        let gate = SharedGate::start(&stage, &ports, &[]);
        let agent = Agent::start(&stage, &[], &[]);
        Some(Self { stage, ports, gate, agent })
    }

    /// The status that a call gets.
    #[track_caller]
    fn call(&mut self) -> String {
        self.agent.does(CALL).1
    }

    fn changes(&self) -> Value {
        json(&self.stage, &["changes", "show"])
    }

    fn told(&self) -> Vec<ConfigurationEntry> {
        let log = self.stage.log();
        let told = log.entries().iter().filter_map(|entry| match entry {
            Entry::Configuration(change) => Some((**change).clone()),
            _ => None,
        });
        told.collect()
    }

    fn config(&self) -> String {
        std::fs::read_to_string(self.stage.path("config/config.yaml")).unwrap()
    }

    #[track_caller]
    fn restart(&mut self) {
        let next = SharedGate::start(&self.stage, &self.ports, &["--replace"]);
        let before = std::mem::replace(&mut self.gate, next);
        assert_eq!(before.ended().0, Some(0));
    }
}

#[test]
fn a_new_rule_counts_by_itself_and_everything_else_waits_for_the_operator() {
    let Some(mut bench) = Bench::new() else { return };
    assert_eq!(bench.call(), "200");
    let revision = status(&bench.stage).unwrap()["revision"].clone();
    bench.stage.write(RULE_FILE, RULE);
    let began = Instant::now();
    eventually("the new rule", || (bench.call() == "403").then_some(()));
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let now = status(&bench.stage).unwrap();
    assert!(now["revision"] != revision && now["changes"] == 0, "{now:#}");
    let decisions = bench.stage.log();
    let revisions: Vec<_> = decisions.decisions().iter().map(|one| one.revision.clone()).collect();
    assert_eq!(
        (&revisions[0], revisions.last()),
        (&revision.as_str().unwrap().to_owned(), now["revision"].as_str().map(str::to_owned).as_ref())
    );
    let waits = |bench: &Bench, files: usize| {
        eventually("the changes", || {
            let changes = bench.changes();
            let waiting = changes["files"].as_array().unwrap().iter().filter(|file| file["taken"] == false).count();
            (waiting == files).then_some(changes)
        })
    };
    std::fs::remove_file(bench.stage.path(RULE_FILE)).unwrap();
    let seen = waits(&bench, 1)["revision"].as_str().unwrap().to_owned();
    assert_eq!(bench.call(), "403", "taking back what tightened would loosen");
    operator(&bench.stage, &["changes", "accept", &seen]).succeeded();
    assert_eq!(bench.call(), "200");
    bench.stage.write(RULE_FILE, RULE);
    bench.gate.signal(Signal::HUP);
    eventually("the rule again", || (bench.call() == "403").then_some(()));
    std::fs::remove_file(bench.stage.path(RULE_FILE)).unwrap();
    waits(&bench, 1);
    bench.stage.write(RULE_FILE, RULE.replace("deny", "throttle"));
    waits(&bench, 1);
    bench.stage.write("config/inventory.yaml", "version: 1\n");
    waits(&bench, 2);
    let config = bench.config();
    bench.stage.write("config/config.yaml", format!("{config}posture: observe\n"));
    let changes = waits(&bench, 3);
    bench.restart();
    waits(&bench, 3);
    let now = status(&bench.stage).unwrap();
    assert!(now["changes"] == 3 && now["posture"] == "guarded", "{now:#}");
    assert_eq!(bench.call(), "403");
    let page = operator(&bench.stage, &["changes"]).succeeded().stdout;
    for part in [
        "things.yaml  changed, waits",
        "- decision: deny",
        "+ decision: throttle",
        "+ posture: observe",
        "changes accept c_",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Seen is not what stands there any more.
    bench.stage.write("config/config.yaml", format!("{config}posture: observe\n# and more\n"));
    let seen = changes["revision"].as_str().unwrap();
    let refused = operator(&bench.stage, &["changes", "accept", seen]);
    assert!(refused.code == Some(3) && refused.stderr.contains("not what"), "{refused:#?}");
    assert_eq!(status(&bench.stage).unwrap()["posture"], "guarded");
    let seen = bench.changes()["revision"].as_str().unwrap().to_owned();
    let command = format!(
        "{} changes accept {seen} --config {}",
        env!("CARGO_BIN_EXE_blastgate"),
        bench.stage.path("config").display()
    );
    let (code, said) = bench.agent.does(&command);
    assert!(code == 3 && said.contains("an agent cannot do this for itself"), "{said}");
    operator(&bench.stage, &["changes", "accept", &seen]).succeeded();
    assert_eq!(status(&bench.stage).unwrap()["posture"], "observe");
    assert_eq!(bench.call(), "200");
    is_told(&bench);
}

/// Every step stands in the log, and `log` shows it.
#[track_caller]
fn is_told(bench: &Bench) {
    let (started, told): (Vec<_>, Vec<_>) = bench.told().into_iter().partition(|one| one.step.as_str() == "started");
    let grounds: Vec<_> = started.iter().map(|one| (one.posture, one.ground.clone())).collect();
    assert_eq!(grounds, [(Posture::Guarded, Some(Ground::First)), (Posture::Guarded, None)]);
    let steps: Vec<&str> = told.iter().map(|one| one.step.as_str()).collect();
    assert_eq!(steps.first(), Some(&"taken up"), "{steps:?}");
    assert_eq!(steps.iter().filter(|step| **step == "accepted").count(), 2, "{steps:?}");
    assert!(steps.iter().filter(|step| **step == "waiting").count() >= 3, "{steps:?}");
    let first = &told[0];
    assert!(first.rules_before != first.rules_after && first.rules_after.starts_with("r_"), "{first:#?}");
    assert!(first.files[0].ends_with("things.yaml added"), "{first:#?}");
    let last = told.iter().rfind(|one| one.by.is_some()).unwrap();
    assert_eq!((last.step.as_str(), last.posture), ("accepted", Posture::Observe));
    assert_eq!(last.ground, Some(Ground::Operator), "people.yaml lists nobody's key");
    assert!(last.before.starts_with("c_") && last.id.starts_with("c_") && last.files.len() == 3, "{last:#?}");
    let page = operator(&bench.stage, &["log", "--all"]).succeeded().stdout;
    for step in ["started", "taken up", "waiting", "accepted"] {
        assert!(page.lines().any(|line| line.contains(step) && line.contains("configuration")), "{step}: {page}");
    }
    let page = operator(&bench.stage, &["log", "configuration"]).succeeded().stdout;
    assert!(page.contains("accepted") && !page.contains("http:api.dev.example"), "{page}");
}

#[test]
fn a_mistake_never_counts_and_shows_as_trouble() {
    let Some(mut bench) = Bench::new() else { return };
    let good = bench.config();
    for (file, text, hint) in [
        (RULE_FILE, "id: own/things\ndecision: sometimes\n", "things.yaml:"),
        ("config/inventory.yaml", "version: 1\nenvironment: prod\n", "inventory.yaml:"),
        ("config/config.yaml", "version: 1\nposture: lax\n", "config.yaml:2"),
    ] {
        let before = std::fs::read(bench.stage.path(file)).ok();
        bench.stage.write(file, text);
        let trouble = eventually("the trouble", || {
            let ended = operator(&bench.stage, &["status"]);
            (ended.code == Some(1)).then_some(ended.stdout)
        });
        assert!(trouble.contains("trouble") && trouble.contains(hint), "{trouble}");
        assert_eq!(bench.call(), "200", "{file}");
        let changes = operator(&bench.stage, &["changes"]);
        assert!(changes.code == Some(1) && changes.stdout.contains("does not load"), "{changes:#?}");
        let seen = bench.changes()["revision"].as_str().unwrap().to_owned();
        let refused = operator(&bench.stage, &["changes", "accept", &seen]);
        assert!(refused.code == Some(3) && refused.stderr.contains(hint), "{refused:#?}");
        match before {
            Some(before) => drop(bench.stage.write(file, before)),
            None => std::fs::remove_file(bench.stage.path(file)).unwrap(),
        }
        eventually("the end of the trouble", || (operator(&bench.stage, &["status"]).code == Some(0)).then_some(()));
    }
    let wrong = bench.told().into_iter().filter(|one| one.step.as_str() == "wrong");
    assert_eq!(wrong.filter(|one| one.why.as_deref().is_some_and(|why| why.contains(".yaml:"))).count(), 3);
    // A start over a mistake: what was accepted counts, a gate that cannot start leaves the old one serving.
    bench.stage.write(RULE_FILE, "id: own/things\ndecision: sometimes\n");
    bench.restart();
    assert_eq!(bench.call(), "200");
    assert_eq!(operator(&bench.stage, &["status"]).code, Some(1));
    std::fs::remove_file(bench.stage.path(RULE_FILE)).unwrap();
    bench.stage.write("config/config.yaml", format!("{good}nonsense: 1\n"));
    let (code, said) = SharedGate::begin(&bench.stage, &bench.ports, &["--replace"]).ended();
    assert!(code == Some(2) && said.contains("nonsense"), "{said}");
    bench.stage.write("config/config.yaml", &good);
    assert_eq!(bench.call(), "200");
    assert_eq!(status(&bench.stage).unwrap()["pid"], bench.gate.pid().as_raw_nonzero().get());
}

#[test]
fn a_start_that_accepts_everything_says_so_in_the_log() {
    let Some(mut bench) = Bench::new() else { return };
    let accepted = |bench: &Bench| bench.told().iter().filter(|one| one.step.as_str() == "accepted").count();
    bench.stage.write("config/inventory.yaml", "version: 1\n");
    eventually("the change", || (!bench.changes()["files"].as_array().unwrap().is_empty()).then_some(()));
    assert_eq!(accepted(&bench), 0);
    let next = SharedGate::start(&bench.stage, &bench.ports, &["--replace", "--accept"]);
    assert_eq!(std::mem::replace(&mut bench.gate, next).ended().0, Some(0));
    assert!(bench.changes()["files"].as_array().unwrap().is_empty());
    assert_eq!(accepted(&bench), 1);
    assert!(bench.told().iter().all(|one| one.step.as_str() != "accepted" || one.by.is_some()));
    assert!(bench.told().iter().any(|one| one.ground == Some(Ground::Start)));
}
