//! What a client of AWS is promised when it is refused: in every protocol one answer with the code and the text, and no
//! second try; and when a limit is used up, the slow-down that it knows, until it passes.
//!
//! All calls are made by one process, `support/aws_calls.py`, behind one gate.

use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::PATIENCE;
use crate::support::child::{self, Ended};
use crate::support::log::{self, Log};
use crate::support::moto::credentials;
use crate::support::server::{self, Answer, answer};
use crate::support::stage::{DEV_ACCOUNT, Stage};
use crate::support::upstream::{Record, Seen};

const MODES: [(&str, &str); 3] = [("legacy", "eu-north-1"), ("standard", "eu-west-1"), ("adaptive", "eu-central-1")];
const TEXT: &str = "Not this one, says the \"team\" & its <lead>.";
const SLOWER: &str = "One at a time, says the team.";

/// `support/aws_calls.json`.
#[derive(Deserialize)]
struct Calls {
    refused: Vec<Refused>,
    slowed: Vec<Slowed>,
}

/// One operation for each protocol, and for each way to send it.
#[derive(Deserialize)]
struct Refused {
    what: String,
    /// What it is; nothing where the evidence disagrees.
    operation: Option<String>,
    /// The first label of the host of such a one.
    host: Option<String>,
    /// What the client shows. An answer to HEAD has no body: the status is all that clients look at.
    code: String,
    #[serde(default)]
    cli: Vec<String>,
}

/// One operation for each protocol, whose limit is used up.
#[derive(Deserialize)]
struct Slowed {
    what: String,
    /// The host's name before the region.
    host: String,
}

const CALLS: &str = include_str!("support/aws_calls.json");

/// What AWS would answer, as short as its clients take it.
async fn done(record: Record, request: Request<Incoming>, peer: server::Peer) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    let Ok(body) = request.into_body().collect().await else { return answer(400, "text/plain", "the body broke") };
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    match (seen.header("smithy-protocol"), action) {
        (Some(protocol), _) => {
            let mut answer = answer(200, "application/cbor", vec![0xa0]);
            answer.headers_mut().insert("smithy-protocol", http::HeaderValue::from_str(protocol).unwrap());
            answer
        }
        (_, Some(action)) => answer(200, "text/xml", format!("<{action}Response><{action}Result/></{action}Response>")),
        _ if seen.host.contains("s3") => answer(200, "application/xml", "<Answer/>"),
        _ if seen.host.contains("bedrock") => answer(200, "application/vnd.amazon.eventstream", ""),
        _ => answer(200, "application/json", "{}"),
    }
}

/// The answers of the script, one for each call and mode.
fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

/// What a client shows of a refusal.
#[track_caller]
fn is_heard(case: &Refused, line: &Value) {
    let (mode, message) = (text(line, "mode"), text(line, "message"));
    if mode.starts_with("cli") {
        assert!(matches!(line["code"].as_i64(), Some(254 | 255)), "{line:#}");
        assert_eq!(message.matches(&format!("({})", case.code)).count(), 1, "{line:#}");
        assert!(message.contains(TEXT) && !message.contains("reached max retries"), "{line:#}");
        return;
    }
    let status = if case.operation.is_some() { 403 } else { 400 };
    assert_eq!((line["status"].as_i64(), text(line, "code")), (Some(status), case.code.as_str()), "{line:#}");
    assert_eq!(line["retries"], 0, "{line:#}");
    assert!(line["sent"].as_i64().unwrap_or(0) < 64 * 1024, "the body was sent for nothing: {line:#}");
    if case.operation.is_none() {
        assert!(message.contains("cannot be read in exactly one way"), "{line:#}");
    } else if case.code == "403" {
        assert!(text(line, "decision").starts_with("d_"), "{line:#}");
    } else if case.what.starts_with("presigned") {
        assert!(message.contains("Not this one, says the &quot;team&quot; &amp; its &lt;lead&gt;."), "{line:#}");
    } else {
        assert!(message.contains(TEXT), "{line:#}");
    }
}

/// How often the gate was asked for the case.
fn asked(log: &Log, case: &Refused) -> usize {
    if let Some(operation) = &case.operation {
        return log.of(operation).len();
    }
    let host = format!("{}.", case.host.as_deref().unwrap());
    let is = |target: &Option<String>| target.as_ref().is_some_and(|target| target.starts_with(&host));
    log.rejected().iter().filter(|one| is(&one.target)).count()
}

/// The rule that refuses, and a limit of one call in six seconds for each slowed operation and region.
fn rules(stage: &Stage, calls: &Calls) {
    let operations: Vec<&String> = calls.refused.iter().filter_map(|case| case.operation.as_ref()).collect();
    let rule = format!(
        "id: acme/refused\nowner: \"@acme\"\nseverity: low\nmatch: {{ operation: {operations:?} }}\ndecision: \
         deny\nmessage: {TEXT:?}\ninstead: Ask for another one.\n"
    );
    stage.write("config/rules/acme/refused.yaml", rule);
    let mut limits = String::from("limits:\n");
    for (n, case) in calls.slowed.iter().enumerate() {
        for (mode, region) in MODES {
            limits.push_str(&format!(
                "  - id: acme/slowly-{n}-{mode}\n    match: {{ operation: [\"{}\"], region: [{region}] }}\n    key: \
                 [session]\n    allow: 1 per 6s\n    decision: throttle\n    message: {SLOWER}\n    instead: Come back \
                 later.\n",
                case.what
            ));
        }
    }
    stage.write("config/rules/acme/limits.yaml", limits);
}

/// A stage with AWS for what passes.
fn stage(calls: &Calls) -> (Stage, Record) {
    let mut stage = Stage::new();
    let record = Record::default();
    let seen = record.clone();
    let handler: server::Handler = Arc::new(move |request, peer| Box::pin(done(seen.clone(), request, peer)));
    let of = |case: &Slowed| MODES.map(|(_, region)| format!("{}.{region}.amazonaws.com", case.host));
    let hosts: Vec<String> = calls.slowed.iter().flat_map(of).collect();
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let address = server::serve(Some(stage.ca.server(&names, &["http/1.1"])), handler);
    for host in &hosts {
        stage.resolve(host, address);
    }
    for (name, value) in credentials(DEV_ACCOUNT) {
        stage.variable(name, value);
    }
    (stage, record)
}

/// Both calls of a slowed case passed, the second one after it was told to come later.
#[track_caller]
fn is_obeyed(log: &Log, operation: &str, (mode, region): (&str, &str), line: &Value) {
    assert_eq!((&line["first"]["status"], &line["second"]["status"]), (&json!(200), &json!(200)), "{line:#}");
    let of = log.of(operation);
    let here = || of.iter().filter(|one| one.actions[0].place.region.as_deref() == Some(region));
    let passed = here().filter(|one| log::passed(one)).count();
    let slowed = here().count() - passed;
    assert_eq!(passed, 2, "{operation} {mode}");
    // `legacy` does not read how long it is to wait, and tries until it passes.
    let most = if mode == "legacy" { 9 } else { 1 };
    assert!((1..=most).contains(&slowed), "{operation} {mode}: slowed down {slowed} times");
}

#[test]
fn every_protocol_and_retry_mode_hears_of_a_refusal_once_and_obeys_a_limit() {
    let calls: Calls = serde_json::from_str(CALLS).unwrap();
    let (stage, record) = stage(&calls);
    rules(&stage, &calls);
    let script = stage.write("work/calls.py", include_str!("support/aws_calls.py"));
    let table = stage.write("work/calls.json", CALLS);
    let mut command = stage.blastgate(["run", "--", "python"]);
    command.args([script, table]);
    let ended = child::run(command, 2 * PATIENCE).succeeded();

    let (lines, log) = (lines(&ended), stage.log());
    for case in &calls.refused {
        let heard: Vec<&Value> = lines.iter().filter(|line| line["what"] == case.what).collect();
        let times = MODES.len() + usize::from(!case.cli.is_empty());
        assert_eq!(heard.len(), times, "{}: {heard:#?}", case.what);
        heard.into_iter().for_each(|line| is_heard(case, line));
        assert_eq!(asked(&log, case), times, "{}: requests for {times} refusals", case.what);
    }
    for case in &calls.slowed {
        for mode in MODES {
            let line = lines.iter().find(|line| line["what"] == case.what && line["mode"] == mode.0);
            let line = line.unwrap_or_else(|| panic!("{} {mode:?}: {}", case.what, ended.stderr));
            is_obeyed(&log, &case.what, mode, line);
        }
    }
    assert_eq!(record.len(), 2 * MODES.len() * calls.slowed.len(), "a refused call reached AWS");
}
