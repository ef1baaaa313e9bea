use std::path::Path;

use clap::Parser as _;

use super::list::{Printer, follow};
use super::{Log, Screen, run};
use crate::cli::table::{fit, visible};
use crate::decide::Finding;
use crate::model::{
    ApprovalId, BlastRadius, DecisionId, Disposition, Door, Effect, Environment, EnvironmentKind, Evidence, Impact,
    Mode, Operation, Parameter, Place, Posture, Principal, Resource, Scope, SessionId, Timestamp,
};
use crate::record::query::{Filter, Reader};
use crate::record::{
    ActionEntry, ApprovalEntry, ApprovalStep, DecisionEntry, Entry, Ledger, LedgerOptions, Outcome, OutcomeEntry,
};

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    log: Log,
}

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_795_312_800_000 + n * 1_000)
}

fn id(n: u64) -> DecisionId {
    DecisionId::new(at(n), u128::from(n))
}

fn decision(n: u64, effect: Effect, resource: &str) -> Entry {
    let refused = effect == Effect::Deny;
    Entry::Decision(Box::new(DecisionEntry {
        id: id(n),
        at: at(n),
        principal: Principal {
            session: SessionId::new(at(0), 7),
            agent: Some("claude".into()),
            person: None,
            anonymous: false,
        },
        standing: None,
        door: Door::Http,
        request: "POST cloudformation.us-east-1.amazonaws.com:443".into(),
        actions: vec![ActionEntry {
            operation: Operation::from_id("aws:cloudformation:DeleteStack"),
            aliases: Vec::new(),
            resources: vec![Resource(resource.into())],
            place: Place { account: Some("111122223333".into()), ..Place::default() },
            parameters: vec![Parameter::new("RetainResources", "false")],
            blast: BlastRadius::new(Impact::Destroy, Scope::Environment),
            environment: Environment::of(if refused { EnvironmentKind::Prod } else { EnvironmentKind::Dev }),
            evidence: Evidence::Observed,
            notes: vec![],
            digest: "0".repeat(64),
        }],
        decision: effect,
        disposition: if refused { Disposition::Refused } else { Disposition::Forwarded },
        findings: vec![Finding {
            rule: "aws/delete-stack".into(),
            effect,
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
    }))
}

fn outcome(n: u64) -> Entry {
    let outcome = Outcome::Answered { status: 200, sent_bytes: 1, received_bytes: 2 };
    Entry::Outcome(OutcomeEntry { id: id(n), at: at(n), outcome })
}

fn ledger(folder: &Path) -> Ledger {
    Ledger::open(folder, LedgerOptions::default()).unwrap().0
}

fn show(folder: &Path, words: &[&str], screen: Screen) -> (u8, String) {
    let args = Command::try_parse_from(["log"].iter().chain(words)).unwrap_or_else(|error| panic!("{error}")).log;
    let mut out = Vec::new();
    let code = run(&args, folder, at(100), &mut out, screen).unwrap();
    (code, String::from_utf8(out).unwrap())
}

fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    ledger.note(&decision(1, Effect::Allow, "arn:aws:cloudformation:eu-west-1:1:stack/dev-one"));
    ledger.note(&decision(2, Effect::Deny, "arn:aws:cloudformation:eu-west-1:1:stack/shop"));
    ledger.note(&outcome(1));
    ledger.note(&decision(3, Effect::Allow, "arn:aws:cloudformation:eu-west-1:1:stack/dev-two"));
    folder
}

#[test]
fn the_list_joins_outcomes_and_counts() {
    let folder = filled();
    let (code, text) = show(folder.path(), &[], Screen::default());
    assert_eq!(code, 0);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("TIME (UTC)"), "{text}");
    assert!(lines[1].contains("allow") && lines[1].contains("dev-one") && lines[1].contains("answered 200"), "{text}");
    assert!(lines[2].contains("deny") && lines[2].contains("prod") && lines[2].contains("aws/delete-stack"), "{text}");
    assert!(lines[3].contains("no outcome") && lines[3].contains(&id(3).to_string()), "{text}");
    assert_eq!(lines[4], "3 decisions");
    let (_, text) = show(folder.path(), &["-n", "1", "decision:allow"], Screen::default());
    assert!(text.contains("dev-two") && !text.contains("dev-one"), "{text}");
    assert!(text.ends_with("the last 1 of 2 matching decisions; --all shows every one\n"), "{text}");
    let (_, text) = show(folder.path(), &["outcome:none"], Screen::default());
    assert!(text.contains("dev-two") && text.ends_with("1 matching decisions\n"), "{text}");
    assert_eq!(show(folder.path(), &["decison:deny"], Screen::default()).0, 2);
}

#[test]
fn a_terminal_gets_what_fits() {
    let folder = filled();
    for width in [80, 100, 132] {
        let (_, text) = show(folder.path(), &[], Screen { width: Some(width), colour: false });
        assert!(text.lines().take(4).all(|line| line.chars().count() <= width), "{width}\n{text}");
        assert!(text.contains("11-22 ") && !text.contains('\u{1b}'), "{text}");
    }
    let (_, text) = show(folder.path(), &[], Screen { width: Some(100), colour: true });
    assert!(text.contains("\u{1b}[31mdeny"), "{text}");
}

#[test]
fn json_is_the_record_as_it_stands_with_its_outcome() {
    let folder = filled();
    for words in [&["--json"] as &[&str], &["--json", "--all"]] {
        let (_, text) = show(folder.path(), words, Screen::default());
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["outcome"]["status"], 200);
        assert_eq!(lines[1]["outcome"], serde_json::Value::Null);
        assert_eq!(lines[1]["actions"][0]["operation"], "aws:cloudformation:DeleteStack");
        assert_eq!(lines[2]["sequence"], 3);
        assert!(lines[0]["log"].as_str().unwrap().starts_with("l_"));
    }
}

#[test]
fn one_decision_is_shown_in_full() {
    let folder = filled();
    let whole = id(2).to_string();
    for wanted in [whole.as_str(), whole.split_at(whole.len() - 8).1, &whole.to_lowercase()] {
        let (code, text) = show(folder.path(), &["show", wanted], Screen::default());
        assert_eq!(code, 0, "{text}");
        for part in [
            "deny, refused",
            "nothing was sent",
            "stack/shop",
            "destroy, reaches 1 environment, cannot be undone",
            "RetainResources = false",
            "aws/delete-stack",
            "instead: delete the one resource",
            "account 111122223333",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
    let (_, text) = show(folder.path(), &["show", &id(1).to_string()], Screen::default());
    assert!(text.contains("answered 200 after 0 ms; 1 bytes sent, 2 received"), "{text}");
    let (_, text) = show(folder.path(), &["show", &id(3).to_string()], Screen::default());
    assert!(text.contains("it may have reached upstream"), "{text}");
    let (code, text) = show(folder.path(), &["show", &id(3).to_string(), "--json"], Screen::default());
    assert_eq!((code, text.lines().count()), (0, 1));
    assert_eq!(show(folder.path(), &["show", &id(9).to_string()], Screen::default()).0, 1);
    assert_eq!(show(folder.path(), &["show", "x"], Screen::default()).0, 1);
}

#[test]
fn nothing_of_a_record_reaches_the_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let nasty = "a\u{1b}]0;x\u{7}\u{202e}b\r\nc\u{200b}\u{9b}31m";
    ledger(folder.path()).note(&decision(1, Effect::Deny, nasty));
    for words in [vec![], vec!["show".to_owned(), id(1).to_string()]] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (_, text) = show(folder.path(), &words, Screen::default());
        assert!(text.contains("\\u{202e}b"), "{text}");
        let raw = |char: char| char.is_control() && char != '\n' || char == '\u{202e}' || char == '\u{200b}';
        assert!(!text.contains(raw), "{text:?}");
    }
}

#[test]
fn damage_is_shown_and_is_an_exit_code() {
    let folder = filled();
    let path = folder.path().join("0000000000.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096 + 60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (code, text) = show(folder.path(), &[], Screen::default());
    assert_eq!(code, 1);
    assert!(text.contains("damaged ") && text.contains("record 0 is unreadable"), "{text}");
    let (code, text) = show(folder.path(), &["--json"], Screen::default());
    assert_eq!(code, 1);
    assert!(text.contains(r#""kind":"damage""#), "{text}");
}

#[test]
fn no_log_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = show(&folder.path().join("none"), &[], Screen::default());
    assert!(code == 0 && text.contains("there is no log"), "{text}");
    assert_eq!(show(folder.path(), &[], Screen::default()), (0, "0 decisions\n".into()));
}

#[test]
fn following_shows_decisions_at_once_and_outcomes_when_they_come() {
    let folder = filled();
    let ledger = ledger(folder.path());
    let filter = Filter::parse(&["decision:allow"], at(0)).unwrap();
    let mut reader = Reader::open(folder.path()).unwrap();
    reader.by_ref().for_each(drop);
    let mut out = Vec::new();
    let (screen, widths, shown) = (Screen::default(), Vec::new(), std::collections::HashSet::new());
    let mut printer = Printer { json: false, screen, widths, shown };
    let mut rounds = 0;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut pause = || {
        rounds += 1;
        let entries: &[Entry] = match rounds {
            1 => &[decision(10, Effect::Allow, "one"), decision(11, Effect::Deny, "two")],
            2 => &[outcome(10)],
            // There is no other way out of a loop that has no end.
            _ => std::panic::resume_unwind(Box::new("enough")),
        };
        for entry in entries {
            let _ = runtime.block_on(ledger.append(entry, crate::record::Grade::Written)).unwrap();
        }
    };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        follow(&mut reader, &filter, &mut printer, &mut out, &mut pause)
    }));
    assert!(ended.is_err());
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("one") && !text.contains("two"), "{text}");
    assert!(text.contains("↳ outcome") && text.contains("answered 200"), "{text}");
}

#[test]
fn texts_are_cut_where_they_differ_least() {
    assert_eq!(fit("stack/shop", 10, false), "stack/shop");
    assert_eq!(fit("stack/shop", 6, false), "stack…");
    assert_eq!(fit("arn:aws:stack/shop", 10, true), "arn…k/shop");
    assert_eq!(fit("日本語日本語", 5, false), "日本…");
    assert_eq!(visible("plain ü 日"), "plain ü 日");
    assert_eq!(visible("a\nb\u{feff}"), "a\\nb\\u{feff}");
}

#[test]
fn steps_of_an_approval_stand_between_the_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path());
    let approval = ApprovalId::new(at(1), 99);
    let step = |n: u64, step: ApprovalStep| {
        let voted = step == ApprovalStep::Approved;
        Entry::Approval(Box::new(ApprovalEntry {
            id: approval,
            at: at(n),
            step,
            session: SessionId::new(at(0), 7),
            person: None,
            operation: "aws:cloudformation:DeleteStack".into(),
            until: None,
            by: voted.then(|| "bo".into()),
            reason: voted.then(|| "planned\u{1b}[2J".into()),
            decision: (step == ApprovalStep::Used).then(|| id(3)),
            shown: String::new(),
            digests: Vec::new(),
            requirement: Vec::new(),
            revision: String::new(),
            said: crate::model::Said::default(),
            key: None,
            statement: None,
            signature: None,
        }))
    };
    ledger.note(&step(1, ApprovalStep::Opened));
    ledger.note(&step(2, ApprovalStep::Approved));
    ledger.note(&step(3, ApprovalStep::Used));
    let Entry::Decision(mut passed) = decision(3, Effect::Allow, "shop") else { panic!("a decision") };
    (passed.decision, passed.approval) = (Effect::Escalate, Some(approval));
    ledger.note(&Entry::Decision(passed));
    ledger.note(&outcome(3));
    ledger.close();
    let (code, text) = show(folder.path(), &[], Screen::default());
    assert_eq!(code, 0);
    let lines: Vec<&str> = text.lines().collect();
    for (line, parts) in lines.iter().skip(1).zip([
        ["opened", "approval request"],
        ["approved", "by bo: planned"],
        ["used", &id(3).to_string()],
        ["escalate", "approved, answered 200"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?}: {text}");
    }
    assert!(text.ends_with("1 decisions\n") && !text.contains('\u{1b}'), "{text}");
    let (code, text) = show(folder.path(), &["show", &approval.to_string()], Screen::default());
    assert_eq!((code, text.matches(&approval.to_string()).count()), (0, 3), "{text}");
    let (_, text) = show(folder.path(), &[&approval.to_string()], Screen::default());
    assert!(text.ends_with("1 matching decisions\n") && text.lines().count() == 6, "{text}");
    let (_, text) = show(folder.path(), &["decision:escalate"], Screen::default());
    assert_eq!(text.lines().count(), 3, "{text}");
}
