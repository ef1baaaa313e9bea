//! What people are promised about notices: they arrive where the settings say, verified by others' software, whichever gate
//! sends them, and the secrets stay where they are.

use std::ffi::OsString;
use std::sync::Arc;

use blastgate::app::SystemClock;
use blastgate::config::{Config, NoticeKind};
use blastgate::notify::{Channels, Notice, Spool};
use blastgate::outbound::{Outbound, OutboundParts};
use blastgate::store::Store;
use serde_json::Value;

use crate::support::child::Ended;
use crate::support::eventually;
use crate::support::receiver::Receiver;
use crate::support::shared::{SharedGate, operator};
use crate::support::stage::Stage;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PASSWORD: &str = "correct horse battery";

fn webhook(stage: &mut Stage) -> Receiver {
    let receiver = Receiver::start(stage, "hooks.example", &["webhook", SECRET]);
    stage.resolve("hooks.example", receiver.address);
    stage.write("config/webhook.secret", SECRET);
    stage.setting(
        "notify:\n  webhook: { url: \"https://hooks.example/in?token=tk-hidden\", secret_file: webhook.secret }",
    );
    receiver
}

/// A notice, written down as a gate of this stage does it.
fn put(stage: &Stage, operation: &str) {
    let text = std::fs::read_to_string(stage.path("config/config.yaml")).unwrap();
    let settings = Config::parse("config.yaml", &text).unwrap().notify;
    let outbound = Outbound::new(OutboundParts::default());
    let nothing: fn(&str) -> Option<OsString> = |_| None;
    let channels = Channels::new(&settings, stage.path("config"), outbound, Arc::new(SystemClock), nothing);
    let scope = std::fs::canonicalize(stage.path("config")).unwrap().display().to_string();
    Spool::new(Store::open(&stage.path("state")).unwrap(), scope, channels).put(&Notice {
        kind: NoticeKind::Opened,
        request: None,
        operation: operation.to_owned(),
        environment: "prod".to_owned(),
        agent: Some("claude".to_owned()),
        person: Some("ada@shop.example".to_owned()),
        by: None,
        may_approve: "1 of senior-sre".to_owned(),
        until: None,
        session: None,
    });
}

#[track_caller]
fn tested(stage: &Stage, channel: &str) -> (Ended, Value) {
    let ended = operator(stage, &["notify", "test", channel, "--json"]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:#?}"));
    let all = format!("{}{}", ended.stdout, ended.stderr);
    for secret in [SECRET, PASSWORD, "tk-hidden"] {
        assert!(!all.contains(secret) && !stage.state_holds(secret), "{all}");
    }
    (ended, told[0].clone())
}

#[test]
fn a_webhook_is_verified_by_the_published_library() {
    let mut stage = Stage::new();
    let receiver = webhook(&mut stage);
    let (ended, told) = tested(&stage, "webhook");
    assert_eq!((ended.code, told["arrived"].as_bool()), (Some(0), Some(true)), "{told}");
    let got = receiver.got(1).remove(0);
    assert_eq!((&got["verified"], &got["body"]["type"]), (&true.into(), &"notices.test".into()), "{got}");
    assert_eq!(got["path"], "/in?token=tk-hidden");
    // Two secrets while one replaces the other.
    stage.write("config/webhook.secret", format!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAA\n{SECRET}\n"));
    assert_eq!(tested(&stage, "webhook").0.code, Some(0));
    assert_eq!(receiver.got(2)[1]["verified"], true);
    stage.write("config/webhook.secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAA");
    let (ended, told) = tested(&stage, "webhook");
    assert_eq!(ended.code, Some(1));
    assert!(told["said"].as_str().unwrap().contains("answered 401"), "{told}");
}

#[test]
fn a_certificate_that_cannot_be_verified_is_told_nothing() {
    let mut stage = Stage::new();
    let receiver = webhook(&mut stage);
    stage.distrust_servers();
    let (ended, told) = tested(&stage, "webhook");
    assert_eq!((ended.code, receiver.count()), (Some(1), 0));
    assert!(told["said"].as_str().unwrap().contains("TLS with `hooks.example:443` failed"), "{told}");
}

#[test]
fn a_shared_gate_sends_what_anybody_wrote_down() {
    let mut stage = Stage::new();
    let receiver = webhook(&mut stage);
    // Before the gate is there, as after a crash, and while it runs.
    put(&stage, "aws:dynamodb:DeleteTable");
    let gate = SharedGate::on(&mut stage);
    let got = receiver.got(1);
    assert_eq!(got[0]["body"]["data"]["summary"], "claude for ada@shop.example wants aws:dynamodb:DeleteTable in prod");
    put(&stage, "aws:s3:DeleteBucket");
    receiver.got(2);
    let told = eventually("the record of both", || {
        let ended = operator(&stage, &["notify", "--json"]).succeeded();
        let told: Value = serde_json::from_str(&ended.stdout).unwrap();
        (told["channels"][0]["sent"] == 2).then_some(told)
    });
    assert_eq!(told["channels"][0]["last"][0]["state"], "sent", "{told}");
    gate.stop();
    assert!(!stage.state_holds(SECRET));
}

#[test]
fn a_private_gate_sends_too() {
    let mut stage = Stage::new();
    let receiver = webhook(&mut stage);
    put(&stage, "aws:s3:DeleteBucket");
    let gate = stage.gate();
    assert_eq!(receiver.got(1)[0]["verified"], true);
    drop(gate);
}

#[test]
fn an_agent_sends_no_tests() {
    let mut stage = Stage::new();
    let receiver = webhook(&mut stage);
    let config = stage.path("config");
    let own = env!("CARGO_BIN_EXE_blastgate");
    let ended = stage.run(&[own, "notify", "test", "--config", config.to_str().unwrap()]);
    assert_eq!((ended.code, receiver.count()), (Some(3), 0), "{ended:#?}");
}

fn mail(stage: &mut Stage, tls: &str, name: &str) -> Receiver {
    let (user, password) = if tls == "none" { ("", "") } else { ("gate", PASSWORD) };
    let receiver = Receiver::start(stage, name, &["mail", tls, user, password]);
    stage.write("config/smtp.password", format!("{PASSWORD}\n"));
    let port = receiver.address.port();
    let server = if tls == "none" { format!("127.0.0.1:{port}") } else { format!("smtp.example:{port}") };
    stage.resolve(&format!("smtp.example:{port}"), receiver.address);
    let login = if tls == "none" { "" } else { ", username: gate, password_file: smtp.password" };
    stage.setting(&format!(
        "notify:\n  email: {{ smtp: \"{server}\", tls: {tls}, from: Gate <gate@shop.example>, to: [sre@shop.example, \
         ops@shop.example]{login} }}"
    ));
    receiver
}

#[test]
fn mail_is_taken_by_a_real_server() {
    for tls in ["none", "starttls", "implicit"] {
        let mut stage = Stage::new();
        let receiver = mail(&mut stage, tls, "smtp.example");
        let (ended, told) = tested(&stage, "email");
        assert_eq!(ended.code, Some(0), "{tls}: {told}");
        let got = receiver.got(1).remove(0);
        assert_eq!(got["to"], serde_json::json!(["sre@shop.example", "ops@shop.example"]), "{got}");
        let is_secret = tls != "none";
        assert_eq!((&got["secured"], &got["authenticated"]), (&is_secret.into(), &is_secret.into()), "{tls}: {got}");
        assert!(got["headers"]["subject"].as_str().unwrap().starts_with("[blastgate] A test"), "{got}");
        assert!(got["headers"]["message-id"].as_str().unwrap().starts_with("<n_"), "{got}");
        assert!(got["text"].as_str().unwrap().contains("blastgate notify status"), "{got}");
    }
}

#[test]
fn a_mail_server_that_is_not_what_it_should_be_gets_no_password() {
    let mut stage = Stage::new();
    // Another one's certificate.
    let receiver = mail(&mut stage, "starttls", "other.example");
    let (ended, told) = tested(&stage, "email");
    assert_eq!((ended.code, receiver.count()), (Some(1), 0));
    assert!(told["said"].as_str().unwrap().contains("TLS with"), "{told}");
    // One that offers no TLS, or took it out of its answer on the way.
    let mut stage = Stage::new();
    let clear = Receiver::start(&stage, "smtp.example", &["mail", "none", "gate", PASSWORD]);
    stage.write("config/smtp.password", PASSWORD);
    let target = format!("smtp.example:{}", clear.address.port());
    stage.resolve(&target, clear.address);
    stage.setting(&format!(
        "notify:\n  email: {{ smtp: \"{target}\", from: gate@shop.example, to: [sre@shop.example], username: gate, \
         password_file: smtp.password }}"
    ));
    let (ended, told) = tested(&stage, "email");
    assert_eq!((ended.code, clear.count()), (Some(1), 0));
    assert!(told["said"].as_str().unwrap().contains("no STARTTLS"), "{told}");
    // The wrong password.
    let mut stage = Stage::new();
    let receiver = mail(&mut stage, "implicit", "smtp.example");
    stage.write("config/smtp.password", "another");
    let (ended, told) = tested(&stage, "email");
    assert_eq!((ended.code, receiver.count()), (Some(1), 0), "{told}");
    assert!(told["said"].as_str().unwrap().contains("535"), "{told}");
}

#[test]
fn commands_say_what_is_not_configured() {
    let stage = Stage::new();
    let status = operator(&stage, &["notify"]).succeeded();
    assert!(status.stdout.contains("Nobody is told"), "{status:#?}");
    let tested = operator(&stage, &["notify", "test", "slack"]);
    assert_eq!(tested.code, Some(2), "{tested:#?}");
    assert!(tested.stderr.contains("do not name `slack`"), "{tested:#?}");
}
