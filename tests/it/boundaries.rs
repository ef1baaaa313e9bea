//! What the gate remembers of a session, through the real door: where it may change things, one change in many places, and
//! quarantine.

use blastgate::record::{DecisionEntry, Entry, SessionStep};

use crate::support::log::Log;
use crate::support::moto::{Aws, credentials};
use crate::support::shared::{Agent, SharedGate, approval_in, listen, open_session, operator};
use crate::support::stage::{PROD_ACCOUNT, Stage};
use crate::support::{PATIENCE, child};

const ACCOUNT: &str = "account=111122223333";

fn queue(name: &str, region: &str) -> String {
    format!("aws sqs create-queue --queue-name {name} --region {region}")
}

#[track_caller]
fn last(log: &Log) -> DecisionEntry {
    (*log.decisions().last().expect("a decision")).clone()
}

#[track_caller]
fn is_stopped_by(stage: &Stage, rule: &str) {
    let entry = last(&stage.log());
    assert!(entry.deciding().any(|finding| finding.rule == rule), "{rule}: {entry:#?}");
}

#[test]
fn what_declared_nothing_stays_where_it_began() {
    let mut stage = Stage::new();
    let _aws = Aws::on(&mut stage, &[]);
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    let (code, said) = agent.does(&queue("jobs", "us-east-1"));
    assert_eq!(code, 0, "{said}");
    let (code, said) = agent.does(&queue("other", "ap-south-1"));
    assert!(
        code != 0 && said.contains("changes were in region us-east-1 so far, and this one is in ap-south-1"),
        "{said}"
    );
    is_stopped_by(&stage, "base/outside-boundary");
    let shown = operator(&stage, &["approvals", "show", &approval_in(&said)]).succeeded().stdout;
    assert!(shown.contains("so far: the session's changes were in region us-east-1"), "{shown}");
    let (code, said) = agent.does(&queue("third", "us-east-1"));
    assert_eq!(code, 0, "where it began it goes on: {said}");
    assert_eq!(agent.ends().0, Some(0));
}

#[test]
fn what_was_declared_is_in_the_log_and_holds() {
    let mut stage = Stage::new();
    let _aws = Aws::on(&mut stage, &[]);
    let declared = ["--task", "CHG-42: new queues", "--boundary", ACCOUNT, "--boundary", "region=us-*"];
    let mut agent = Agent::start(&stage, &declared, &credentials(PROD_ACCOUNT));
    assert_eq!(agent.does(&queue("jobs", "us-east-1")).0, 0);
    let (code, said) = agent.does(&queue("other", "ap-south-1"));
    assert!(code != 0 && said.contains("region ap-south-1 is not within what the session declared"), "{said}");
    is_stopped_by(&stage, "base/outside-boundary");
    let log = stage.log();
    let opened = log.entries().iter().find_map(|entry| match entry {
        Entry::Session(session) if session.step == SessionStep::Opened => Some(session),
        _ => None,
    });
    let opened = opened.unwrap_or_else(|| panic!("{log:#?}"));
    assert_eq!(opened.task.as_deref(), Some("CHG-42: new queues"));
    assert_eq!(opened.boundary, "account=111122223333 region=us-*");
    let found = operator(&stage, &["log", &format!("session:{}", opened.id)]).succeeded().stdout;
    assert!(found.contains("opened") && found.contains("CHG-42"), "{found}");
    assert_eq!(agent.ends().0, Some(0));
    let wrong = child::run(stage.blastgate(["run", "--boundary", "acount=1", "--", "true"]), PATIENCE);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("did you mean `account`?"), "{wrong:#?}");
}

#[test]
fn one_change_goes_place_by_place() {
    let mut stage = Stage::new();
    let _aws = Aws::on(&mut stage, &[]);
    let mut agent = Agent::start(&stage, &["--boundary", ACCOUNT], &credentials(PROD_ACCOUNT));
    let (code, said) = agent.does(&queue("jobs", "us-east-1"));
    assert_eq!(code, 0, "{said}");
    let (code, said) = agent.does(&queue("jobs", "eu-west-1"));
    assert!(code != 0 && said.contains("the next place is due at"), "{said}");
    is_stopped_by(&stage, "base/one-place-at-a-time");
    assert_eq!(agent.ends().0, Some(0));
}

#[test]
fn a_session_in_quarantine_reads_until_a_person_releases_it() {
    let mut stage = Stage::new();
    let _aws = Aws::on(&mut stage, &[]);
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    assert_eq!(agent.does(&queue("jobs", "us-east-1")).0, 0);
    let session = last(&stage.log()).principal.session.to_string();
    operator(&stage, &["sessions", "quarantine", &session, "--reason", "looks at it"]).succeeded();
    let (code, said) = agent.does(&queue("more", "us-east-1"));
    assert!(code != 0 && said.contains("looks at it"), "{said}");
    is_stopped_by(&stage, "base/quarantine");
    let (code, said) = agent.does("aws sqs list-queues --region us-east-1");
    assert_eq!(code, 0, "it may read: {said}");
    // Its own door is shut to it.
    let release = format!("{} sessions release {session} --reason now", env!("CARGO_BIN_EXE_blastgate"));
    let (code, said) = agent.does(&release);
    assert!(code != 0, "{said}");
    assert_ne!(agent.does(&queue("more", "us-east-1")).0, 0);
    operator(&stage, &["sessions", "release", &session, "--reason", "was the migration"]).succeeded();
    let (code, said) = agent.does(&queue("more", "us-east-1"));
    assert_eq!(code, 0, "{said}");
    let twice = operator(&stage, &["sessions", "release", &session, "--reason", "again"]);
    assert_eq!(twice.code, Some(3), "{twice:#?}");
    let nobody = operator(&stage, &["sessions", "release", "s_00000000000000000000", "--reason", "again"]);
    assert_eq!(nobody.code, Some(1), "{nobody:#?}");
    let steps: Vec<SessionStep> = stage
        .log()
        .entries()
        .iter()
        .filter_map(|entry| match entry {
            Entry::Session(session) => Some(session.step),
            _ => None,
        })
        .collect();
    assert_eq!(steps, [SessionStep::Quarantined, SessionStep::Released]);
    assert_eq!(agent.ends().0, Some(0));
}

#[test]
fn a_restart_forgets_neither() {
    let mut stage = Stage::new();
    let _aws = Aws::on(&mut stage, &[]);
    let ports = listen(&mut stage, "");
    let gate = SharedGate::start(&stage, &ports, &[]);
    let (first, second) = (open_session(&stage, "first"), open_session(&stage, "second"));
    operator(&stage, &["sessions", "quarantine", &second.session, "--reason", "until Monday"]).succeeded();
    let ca = stage.path("state/ca/ca.pem").display().to_string();
    let does = |proxy: &str, region: &str| {
        let mut command = stage.command("sh");
        command.args(["-c", &queue("jobs", region)]).envs(credentials(PROD_ACCOUNT));
        command.env("HTTPS_PROXY", proxy).env("AWS_CA_BUNDLE", &ca);
        child::run(command, PATIENCE)
    };
    does(&first.proxy, "us-east-1").succeeded();
    gate.kill();
    let _gate = SharedGate::start(&stage, &ports, &[]);
    let said = does(&first.proxy, "ap-south-1").stderr;
    assert!(said.contains("changes were in region us-east-1 so far"), "{said}");
    let said = does(&second.proxy, "us-east-1").stderr;
    assert!(said.contains("until Monday"), "{said}");
    let listed = operator(&stage, &["sessions"]).succeeded().stdout;
    assert!(listed.contains("changed so far in: aws/") && listed.contains("QUARANTINE: "), "{listed}");
}
