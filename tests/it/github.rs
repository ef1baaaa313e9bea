//! What somebody who works with GitHub is promised: work goes on, what is refused is said once and in the client's own words.
//!
//! The other side is a stand-in that knows GitHub's published description; no client here has met GitHub itself.

use std::process::Command;

use serde_json::Value;

use crate::support::child::Ended;
use crate::support::clients;
use crate::support::github::Github;
use crate::support::stage::Stage;

const TEXT: &str = "Not this one, says the team.";
const SLOWER: &str = "One at a time, says the team.";

/// What the rule denies, what is limited.
const DENIED: [&str; 2] = ["github:rest:repos/create-webhook", "github:graphql:deleteIssue"];
const SLOWED: [&str; 2] = ["github:rest:issues/create", "github:graphql:addComment"];

const INVENTORY: &str = "version: 1\nenvironments:\n  - name: dev\n    match:\n      - { provider: github, repository: \
                         \"shop/dev-*\" }\n";

/// A stage whose `shop/web` nobody has named, and `shop/dev-*` is development; `None` without npm, which holds the description.
fn stage() -> Option<(Stage, Github)> {
    let mut stage = Stage::new();
    let hub = Github::on(&mut stage)?;
    stage.boundary("repository=shop/*");
    stage.write("config/inventory.yaml", INVENTORY);
    let rule = format!(
        "id: acme/refused\nowner: \"@acme\"\nseverity: low\nmatch: {{ operation: {DENIED:?} }}\ndecision: deny\nmessage: \
         {TEXT}\ninstead: Ask for another one.\n"
    );
    stage.write("config/rules/acme/refused.yaml", rule);
    let limits: String = SLOWED
        .iter()
        .enumerate()
        .map(|(n, operation)| {
            format!(
                "  - id: acme/slowly-{n}\n    match: {{ operation: [\"{operation}\"] }}\n    key: [session]\n    allow: 1 per \
                 10m\n    decision: throttle\n    message: {SLOWER}\n    instead: Come back later.\n"
            )
        })
        .collect();
    stage.write("config/rules/acme/limits.yaml", format!("limits:\n{limits}"));
    stage.variable("GH_TOKEN", "a-token").variable("GH_NO_UPDATE_NOTIFIER", "1").variable("NO_COLOR", "1");
    Some((stage, hub))
}

/// The answers of a script, one for each step.
#[track_caller]
fn steps(ended: Ended) -> Vec<Value> {
    let ended = ended.succeeded();
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:#?}"))).collect()
}

/// The step ended with this status and, if it was refused, its client shows the text.
#[track_caller]
fn is(all: &[Value], what: &str, status: i64, text: &str) {
    let step = all.iter().find(|step| step["what"] == what).unwrap_or_else(|| panic!("no {what}: {all:#?}"));
    assert_eq!(step["status"].as_i64(), Some(status), "{step:#}");
    if !text.is_empty() {
        assert_eq!(step["shown"].as_str().unwrap_or_default().matches(text).count(), 1, "{step:#}");
    }
}

/// What the client showed.
#[track_caller]
fn shown<'a>(all: &'a [Value], what: &str) -> &'a str {
    all.iter().find(|step| step["what"] == what).and_then(|step| step["shown"].as_str()).unwrap_or_default()
}

/// How often the gate was asked, and how often it said no.
#[track_caller]
fn asked(stage: &Stage, operation: &str, (all, stopped): (usize, usize)) {
    let log = stage.log();
    let said_no = log.stopped().iter().filter(|one| one.starts_with(&format!("{operation} "))).count();
    assert_eq!((log.of(operation).len(), said_no), (all, stopped), "{operation}: {:#?}", log.stopped());
    assert!(log.rejected().is_empty(), "{:#?}", log.rejected());
}

const APPROVAL: &str = "Approval needed (a_";

/// What every client of the REST API is promised.
#[track_caller]
fn rest_is_kept(stage: &Stage, hub: &Github, all: &[Value]) {
    for what in ["branch", "issues", "markdown", "create", "delete in dev"] {
        is(all, what, 200, "");
    }
    is(all, "create again", 403, SLOWER);
    is(all, "webhook", 403, TEXT);
    is(all, "delete", 403, APPROVAL);
    asked(stage, "github:rest:issues/create", (2, 1));
    asked(stage, "github:rest:repos/create-webhook", (1, 1));
    asked(stage, "github:rest:repos/delete", (1, 1));
    let calls = hub.calls();
    assert_eq!(calls.iter().filter(|call| *call == "POST /repos/shop/web/issues").count(), 1, "{calls:#?}");
    assert!(!calls.iter().any(|call| call.ends_with("/hooks") || call == "DELETE /repos/shop/web"), "{calls:#?}");
    hub.was_called_as_published();
}

/// What every client of GraphQL is promised; an answer with errors is a 200.
#[track_caller]
fn graphql_is_kept(stage: &Stage, hub: &Github, all: &[Value]) {
    is(all, "query", 200, "");
    is(all, "comment", 200, "");
    is(all, "comment again", 0, SLOWER);
    is(all, "delete issue", 0, TEXT);
    is(all, "delete board", 0, APPROVAL);
    asked(stage, "github:graphql:addComment", (2, 1));
    asked(stage, "github:graphql:deleteIssue", (1, 1));
    asked(stage, "github:graphql:deleteProjectV2", (1, 1));
    let documents = hub.documents();
    let mutations = documents.iter().filter(|text| text.contains("mutation")).count();
    assert_eq!((mutations, documents.len() > 1), (1, true), "{documents:#?}");
}

#[test]
fn pygithub_works_is_told_once_and_does_not_ask_again() {
    let Some((stage, hub)) = stage() else { return };
    let script = stage.write("work/calls.py", include_str!("support/github.py")).display().to_string();
    let python = clients::pygithub().join("bin/python").display().to_string();
    let all = steps(stage.run(&[&python, &script]));
    rest_is_kept(&stage, &hub, &all);
}

#[test]
fn octokit_works_is_told_once_and_does_not_ask_again() {
    let Some((stage, hub)) = stage() else { return };
    let packages = clients::octokit().unwrap();
    let script = stage.write("work/calls.mjs", include_str!("support/github.mjs")).display().to_string();
    let all = steps(stage.run(&["node", &script, &packages.display().to_string()]));
    rest_is_kept(&stage, &hub, &all);
    graphql_is_kept(&stage, &hub, &all);
    are_documents_of_the_schema(&hub);
}

/// The published schema takes every GraphQL document that came through.
#[track_caller]
fn are_documents_of_the_schema(hub: &Github) {
    const SCRIPT: &str = "const { validate } = await import('@octokit/graphql-schema');
        const wrong = JSON.parse(process.argv.at(-1)).flatMap(text => validate(text).map(String));
        if (wrong.length) { console.error(wrong.join('\\n')); process.exit(1) }";
    let documents = serde_json::to_string(&hub.documents()).unwrap();
    let folder = clients::octokit().unwrap();
    let output = Command::new("node")
        .args(["--input-type=module", "-e", SCRIPT, &documents])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn gh_works_is_told_once_and_does_not_ask_again() {
    let Some((stage, hub)) = stage() else { return };
    if clients::optional("gh").is_none() {
        return;
    }
    let script = stage.write("work/calls.py", include_str!("support/github_gh.py")).display().to_string();
    let all = steps(stage.run(&["python3", &script]));
    rest_is_kept(&stage, &hub, &all);
    graphql_is_kept(&stage, &hub, &all);
    for what in ["create again", "webhook", "delete"] {
        assert_eq!(shown(&all, what).matches("HTTP 403").count(), 1, "{what}: {all:#?}");
    }
    is(&all, "archive", 0, APPROVAL);
    // Younger versions write `GraphQL: ` before it, older ones `Message: `.
    assert!(!shown(&all, "archive").contains("200 OK"), "{all:#?}");
    asked(&stage, "github:graphql:archiveRepository", (1, 1));
}
