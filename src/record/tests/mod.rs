mod common;
mod crash;
mod faults;
mod format;
mod ledger;
mod query;
mod redact;
mod tree;

use std::path::Path;

use crate::decide::Finding;
use crate::model::{
    BlastRadius, DecisionId, Disposition, Door, Effect, Environment, EnvironmentKind, Evidence, Impact, Mode,
    Operation, Parameter, Place, Posture, Principal, Resource, Scope, SessionId, Timestamp,
};
use crate::record::query::{ReadError, Reader, Stored};
use crate::record::{ActionEntry, Damage, DecisionEntry, Entry, Outcome, OutcomeEntry, StartEntry};

/// After any time at which these tests run: no entry is older than its log.
const BEGAN: u64 = 4_102_444_800_000;

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(BEGAN + n)
}

fn id(n: u64) -> DecisionId {
    DecisionId::new(at(n), u128::from(n))
}

/// A decision of ordinary size; `n` tells it from the others.
fn decision(n: u64) -> DecisionEntry {
    let action = ActionEntry {
        operation: Operation::from_id("aws:cloudformation:DeleteStack"),
        aliases: Vec::new(),
        resources: vec![Resource(format!("arn:aws:cloudformation:us-east-1:111122223333:stack/shop-{n}"))],
        place: Place { account: Some("111122223333".into()), region: Some("us-east-1".into()), ..Place::default() },
        parameters: vec![Parameter::new("RetainResources", "false")],
        blast: BlastRadius::new(Impact::Destroy, Scope::Environment),
        environment: Environment::of(EnvironmentKind::Prod),
        evidence: Evidence::Observed,
        notes: vec![],
        digest: "0".repeat(64),
    };
    DecisionEntry {
        id: id(n),
        at: at(n),
        principal: Principal {
            session: SessionId::new(at(0), 7),
            agent: Some("claude".into()),
            person: Some("ada@example.com".into()),
            anonymous: false,
        },
        standing: None,
        door: Door::Http,
        request: "POST cloudformation.us-east-1.amazonaws.com:443".into(),
        actions: vec![action],
        decision: Effect::Allow,
        disposition: Disposition::Forwarded,
        findings: vec![Finding {
            rule: "matrix:destroy/environment/prod".into(),
            effect: Effect::Allow,
            mode: Mode::Enforce,
            action: 0,
            message: "the stack goes with everything in it".into(),
            instead: "delete the one resource".into(),
            failed: None,
            lifted: None,
            demand: None,
            after: None,
            follows: vec![],
        }],
        revision: "r1".into(),
        posture: Posture::Guarded,
        approval: None,
        limit: None,
        body_sha256: None,
        hook: None,
        checks: Vec::new(),
    }
}

fn forwarded(n: u64) -> Entry {
    Entry::Decision(Box::new(decision(n)))
}

fn refused(n: u64) -> Entry {
    let (decision_, disposition) = (Effect::Deny, Disposition::Refused);
    let mut entry = DecisionEntry { decision: decision_, disposition, ..decision(n) };
    entry.findings[0].effect = Effect::Deny;
    entry.findings[0].rule = "aws/delete-stack".into();
    Entry::Decision(Box::new(entry))
}

fn answered(n: u64, later: u64) -> Entry {
    let outcome = Outcome::Answered { status: 200, sent_bytes: 10, received_bytes: 20 };
    Entry::Outcome(OutcomeEntry { id: id(n), at: at(n + later), outcome })
}

fn start(n: u64, open: Vec<DecisionId>) -> Entry {
    Entry::Start(StartEntry {
        at: at(n),
        version: "0.1.0".into(),
        posture: Posture::Guarded,
        revision: "r1".into(),
        session: None,
        command: Some("claude".into()),
        open,
        cut_bytes: 0,
    })
}

/// Everything that can be read, and every damage.
fn read(root: &Path) -> (Vec<Stored>, Vec<Damage>) {
    let (mut stored, mut damages) = (Vec::new(), Vec::new());
    for item in Reader::open(root).unwrap() {
        match item {
            Ok(item) => stored.push(item),
            Err(ReadError::Damage(damage)) => damages.push(damage),
            Err(error) => panic!("{error}"),
        }
    }
    (stored, damages)
}

/// The entries, of a log without damage whose sequences are dense.
#[track_caller]
fn entries(root: &Path) -> Vec<Entry> {
    let (stored, damages) = read(root);
    assert_eq!(damages, []);
    for (sequence, item) in (stored.first().map_or(0, Stored::sequence)..).zip(&stored) {
        assert_eq!(item.sequence(), sequence);
        assert_eq!(item.at(), item.entry().unwrap().at());
    }
    stored.iter().map(|item| item.entry().unwrap()).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
