use std::path::Path;

use super::*;
use crate::model::{
    BlastRadius, Door, Environment, EnvironmentKind, Evidence, Impact, Operation, Place, Posture, Principal, Resource,
    Scope,
};
use crate::record::query::Reader;
use crate::record::{ActionEntry, Ledger, LedgerOptions, Outcome, OutcomeEntry};
use crate::rules::{Layer, Source};

const START: u64 = 1_795_312_800_000;

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(START + n * 1_000)
}

fn principal(session: u64) -> Principal {
    Principal {
        session: SessionId::new(at(0), u128::from(session)),
        agent: Some("claude".into()),
        person: None,
        anonymous: false,
    }
}

fn finding(rule: &str, effect: Effect, mode: Mode) -> Finding {
    let (message, instead) = (format!("{rule} says so"), "ask".to_owned());
    Finding {
        rule: rule.into(),
        effect,
        mode,
        action: 0,
        message,
        instead,
        failed: None,
        lifted: None,
        demand: None,
        after: None,
        follows: vec![],
    }
}

/// One call of session `session` at second `n`.
struct Call<'a> {
    n: u64,
    session: u64,
    operation: &'a str,
    environment: Environment,
    decision: Effect,
    disposition: Disposition,
    findings: Vec<Finding>,
    limit: Option<&'a str>,
}

impl<'a> Call<'a> {
    fn passed(n: u64, session: u64) -> Self {
        Self {
            n,
            session,
            operation: "aws:s3:ListBuckets",
            environment: Environment::of(EnvironmentKind::Dev),
            decision: Effect::Allow,
            disposition: Disposition::Forwarded,
            findings: Vec::new(),
            limit: None,
        }
    }

    fn stack(n: u64, session: u64, kind: EnvironmentKind, disposition: Disposition) -> Self {
        let cell = finding(&format!("matrix:destroy/environment/{kind}"), Effect::Escalate, Mode::Enforce);
        Self {
            operation: "aws:cloudformation:DeleteStack",
            environment: Environment { because: Some("inventory.yaml:3: account `1`".into()), ..Environment::of(kind) },
            decision: Effect::Escalate,
            disposition,
            findings: vec![finding("aws/delete-stack", Effect::Escalate, Mode::Enforce), cell],
            ..Self::passed(n, session)
        }
    }

    fn entry(self) -> Entry {
        let destroys = self.operation.contains("Delete");
        let impact = if destroys { Impact::Destroy } else { Impact::Read };
        let id = DecisionId::new(at(self.n), u128::from(self.n));
        Entry::Decision(Box::new(DecisionEntry {
            id,
            at: at(self.n),
            principal: principal(self.session),
            standing: None,
            door: Door::Http,
            request: "POST x:443".into(),
            actions: vec![ActionEntry {
                operation: Operation::from_id(self.operation),
                aliases: Vec::new(),
                resources: vec![Resource(format!("arn:aws:cloudformation:eu-west-1:111122223333:stack/s{}", self.n))],
                place: Place { account: Some("111122223333".into()), ..Place::default() },
                parameters: Vec::new(),
                blast: BlastRadius::new(impact, Scope::Environment),
                environment: self.environment,
                evidence: Evidence::Observed,
                notes: vec![],
                digest: String::new(),
            }],
            decision: self.decision,
            disposition: self.disposition,
            findings: self.findings,
            revision: "r".into(),
            posture: Posture::Guarded,
            approval: None,
            limit: self.limit.map(str::to_owned),
            body_sha256: None,
            hook: None,
            checks: Vec::new(),
        }))
    }
}

fn outcome(n: u64) -> Entry {
    let id = DecisionId::new(at(n), u128::from(n));
    let outcome = Outcome::Answered { status: 200, sent_bytes: 1, received_bytes: 2 };
    Entry::Outcome(OutcomeEntry { id, at: at(n), outcome })
}

fn rejected(n: u64, why: &str) -> Entry {
    Entry::Rejected(RejectedEntry {
        id: DecisionId::new(at(n), u128::from(n)),
        at: at(n),
        principal: principal(9),
        door: Door::Http,
        target: Some("shop.example:443".into()),
        status: 400,
        why: why.into(),
    })
}

fn log(entries: &[Entry]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), LedgerOptions::default()).unwrap().0;
    entries.iter().for_each(|entry| ledger.note(entry));
    ledger.close();
    folder
}

fn report(folder: &Path, words: &[&str], rules: &RuleSet) -> Report {
    let filter = Filter::parse(words, at(1_000)).unwrap();
    let mut collector = Collector::new(&filter);
    for item in Reader::open(folder).unwrap() {
        match item {
            Ok(stored) => collector.take(&stored),
            Err(_) => collector.damage(),
        }
    }
    collector.finish(rules)
}

#[track_caller]
fn report_of(entries: &[Entry]) -> Report {
    report(log(entries).path(), &[], &RuleSet::builtin())
}

use EnvironmentKind::{Prod, Unknown};

#[test]
fn every_call_is_counted_once() {
    let throttled =
        Call { disposition: Disposition::Throttled, limit: Some("base/destroy-burst"), ..Call::passed(5, 2) };
    let report = report_of(&[
        Call::passed(1, 1).entry(),
        outcome(1),
        Call::stack(2, 2, Prod, Disposition::Refused).entry(),
        Call::stack(3, 2, Prod, Disposition::Forwarded).entry(),
        Call::stack(4, 3, Prod, Disposition::Observed).entry(),
        throttled.entry(),
        rejected(6, "two Content-Length"),
    ]);
    let Totals { calls, passed, approved, observed, stopped, throttled, unreadable } = report.totals;
    assert_eq!([passed, approved, observed, stopped, throttled, unreadable], [1, 1, 1, 1, 1, 1]);
    assert_eq!(calls, 6);
    assert_eq!(report.sessions, Sessions { total: 4, undisturbed: 1 });
    assert_eq!((report.first, report.last), (Some(at(1)), Some(at(6))));
    assert_eq!(report_of(&[]), Report::default());
}

#[test]
fn stops_of_one_reason_stand_together() {
    let denied = Call {
        decision: Effect::Deny,
        findings: vec![finding("base/audit-off", Effect::Deny, Mode::Enforce)],
        ..Call::stack(9, 1, Prod, Disposition::Refused)
    };
    let report = report_of(&[
        Call::stack(1, 1, Prod, Disposition::Refused).entry(),
        Call::stack(5, 1, Prod, Disposition::Refused).entry(),
        Call::stack(3, 1, Prod, Disposition::Forwarded).entry(),
        Call::stack(4, 1, Unknown, Disposition::Refused).entry(),
        denied.entry(),
    ]);
    let groups: Vec<_> =
        report.groups.iter().map(|one| (one.rule.as_str(), one.environment.as_str(), one.count)).collect();
    assert_eq!(
        groups,
        [("base/audit-off", "prod", 1), ("aws/delete-stack", "prod", 3), ("aws/delete-stack", "unknown", 1),]
    );
    let group = &report.groups[1];
    assert_eq!(group.counts, Counts { stopped: 2, observed: 0, approved: 1 });
    assert_eq!((group.first, group.last, group.example), (at(1), at(5), DecisionId::new(at(5), 5)));
    assert_eq!((group.resources.len(), group.has_more_resources), (3, false));
    assert_eq!(group.message, "aws/delete-stack says so");
    assert_eq!(group.others, ["matrix:destroy/environment/prod"]);
    let rules: Vec<_> = report.rules.iter().map(|one| (one.rule.as_str(), one.stopped)).collect();
    assert_eq!(rules, [("aws/delete-stack", 3), ("base/audit-off", 1)]);
}

fn ways(group: &Group) -> Vec<(&str, &str)> {
    group.allow.iter().map(|advice| (advice.way, advice.text.as_str())).collect()
}

#[test]
fn what_nobody_named_gets_the_lines_that_name_it() {
    let report = report_of(&[Call::stack(1, 1, Unknown, Disposition::Observed).entry()]);
    let group = &report.groups[0];
    assert_eq!(group.allow[0].way, "inventory");
    assert_eq!(group.allow[0].lines, [r#"- { provider: aws, account: "111122223333" }"#]);
    assert!(group.allow[0].text.contains("as dev it passes, as staging it needs an approval"), "{:?}", group.allow);
    assert_eq!(group.allow[1].way, "approval");
    assert!(group.keep.contains("--observe"));
    let yaml = format!("version: 1\nenvironments:\n  - name: dev\n    match:\n      {}\n", group.allow[0].lines[0]);
    crate::config::Inventory::parse("inventory.yaml", &yaml).unwrap();
}

#[test]
fn advice_says_only_what_helps() {
    let denied = |n, rule: &str| Call {
        decision: Effect::Deny,
        findings: vec![finding(rule, Effect::Deny, Mode::Enforce)],
        ..Call::stack(n, 1, Prod, Disposition::Refused)
    };
    let report = report_of(&[Call::stack(1, 1, Prod, Disposition::Refused).entry()]);
    assert!(
        ways(&report.groups[0])[0].1.starts_with("if it is not production, correct inventory.yaml:3 (as dev it passes")
    );
    assert_eq!(report.groups[0].keep, "nothing to do: the gate stops it today");

    // A rule that speaks of every environment is not helped by naming another.
    let text = "id: own/never\nowner: me\nseverity: low\nmatch: { operation: [\"aws:cloudformation:*\"] }\ndecision: deny\nmessage: m\ninstead: i\n";
    let source = Source { file: "rules/own/never.yaml".into(), text: text.into(), layer: Layer::Organisation };
    let rules = RuleSet::load(&[source]).unwrap();
    let folder = log(&[denied(1, "own/never").entry()]);
    let own = report_of_with(folder.path(), &rules);
    assert_eq!(ways(&own.groups[0]).iter().map(|way| way.0).collect::<Vec<_>>(), ["rule", "person"]);
    assert!(ways(&own.groups[0])[0].1.contains("rules/own/never.yaml"));

    // Nor by a milder rule that speaks there too.
    let mut both = denied(1, "base/audit-off");
    both.findings.push(finding("own/ask", Effect::Escalate, Mode::Enforce));
    let text = text.replace("own/never", "own/ask").replace("decision: deny", "decision: escalate");
    let rules = [
        Source { file: "rules/own/ask.yaml".into(), text, layer: Layer::Organisation },
        Source {
            file: "rules/own/prod.yaml".into(),
            text: "id: own/prod\nowner: me\nseverity: low\nmatch: { impact: [destroy], environment: [prod] }\ndecision: deny\nmessage: m\ninstead: i\n".into(),
            layer: Layer::Organisation,
        },
    ];
    both.findings[0].rule = "own/prod".into();
    let milder = report_of_with(log(&[both.entry()]).path(), &RuleSet::load(&rules).unwrap());
    assert!(
        ways(&milder.groups[0])[0].1.contains("as dev it needs an approval by own/ask"),
        "{:?}",
        milder.groups[0].allow
    );

    let limit = Call { disposition: Disposition::Throttled, limit: Some("base/destroy-burst"), ..Call::passed(5, 2) };
    let report = report_of(&[limit.entry()]);
    let group = &report.groups[0];
    assert!(group.is_limit && group.effect == Effect::Throttle && !group.message.is_empty(), "{group:?}");
    assert_eq!(
        ways(group),
        [("limit", "more slowly: 10 within 10 min, for each session; beyond it a person is asked")]
    );
}

fn report_of_with(folder: &Path, rules: &RuleSet) -> Report {
    report(folder, &[], rules)
}

#[test]
fn rules_in_shadow_are_counted_and_stop_nothing() {
    let shadow = Call { findings: vec![finding("own/try", Effect::Deny, Mode::Shadow)], ..Call::passed(1, 1) };
    let report = report_of(&[shadow.entry(), Call::passed(2, 1).entry()]);
    assert_eq!((report.totals.calls, report.totals.passed, report.groups.len()), (2, 2, 0));
    assert_eq!(
        report.rules,
        [RuleCount { rule: "own/try".into(), effect: Effect::Deny, stopped: 0, observed: 0, shadow: 1 }]
    );
    assert_eq!(report.sessions, Sessions { total: 1, undisturbed: 1 });
}

#[test]
fn filters_hold_for_what_passed_too() {
    let folder = log(&[
        Call::passed(1, 1).entry(),
        Call::passed(2, 1).entry(),
        Call::stack(3, 1, Prod, Disposition::Refused).entry(),
        rejected(4, "why"),
    ]);
    let rules = RuleSet::builtin();
    let since = at(2).to_string();
    for (words, calls, stopped) in [
        (vec!["env:prod".to_owned()], 1, 1),
        (vec!["env:dev".to_owned()], 2, 0),
        (vec![format!("since:{since}")], 3, 1),
        (vec![format!("until:{since}")], 1, 0),
        (vec!["decision:rejected".to_owned()], 1, 0),
        (vec!["op:nothing".to_owned()], 0, 0),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let report = report(folder.path(), &words, &rules);
        assert_eq!((report.totals.calls, report.totals.stopped), (calls, stopped), "{words:?}");
    }
}

#[test]
fn memory_does_not_grow_with_the_log() {
    let filter = Filter::default();
    let mut collector = Collector::new(&filter);
    for n in 0..2 * GROUPS_MAX as u64 {
        let operation = format!("aws:s3:Delete{n}");
        let call = Call { operation: &operation, ..Call::stack(n, n, Prod, Disposition::Refused) };
        let Entry::Decision(entry) = call.entry() else { unreachable!() };
        collector.decision(&entry);
        if let Entry::Rejected(entry) = rejected(n, &format!("why {n}")) {
            collector.rejected(entry);
        }
    }
    let report = collector.finish(&RuleSet::builtin());
    assert_eq!((report.groups.len(), report.unreadable.len()), (GROUPS_MAX, GROUPS_MAX));
    assert_eq!(report.ungrouped, 2 * GROUPS_MAX as u64);
    assert_eq!(report.totals.calls, 4 * GROUPS_MAX as u64);
}

/// Groups with long words, for those who show them.
pub(crate) fn sample() -> Vec<Group> {
    let long = "Deleting a stack deletes every resource in it, and creating it again is not a fix. ".repeat(3);
    let operation = format!("http:{}.example:DELETE", "very-long-name.".repeat(8));
    let mut call = Call { operation: &operation, ..Call::stack(1, 1, Unknown, Disposition::Observed) };
    call.findings[0].message = long;
    let mut second = Call::stack(2, 2, Prod, Disposition::Refused);
    second.environment.name = "retail-prod-\u{202e}".into();
    let limit = Call { disposition: Disposition::Throttled, limit: Some("base/destroy-burst"), ..Call::passed(5, 2) };
    let shown = report_of(&[call.entry(), second.entry(), limit.entry()]);
    shown.groups
}

#[test]
fn a_decision_is_made_again_after_what_its_session_did_before() {
    use super::again::Again;
    use super::replay::Replay;
    use crate::classify::Action;
    use crate::record::HookEntry;
    let text = "id: us/after\nowner: x\nseverity: high\nmatch: { operation: \"aws:s3:DeleteBucket\" }\n\
                after: [{ match: { operation: \"aws:s3:PutBucketTagging\" }, within: 10m, outcome: failed }]\n\
                decision: deny\nmessage: no\ninstead: other\n";
    let source = Source { file: "rules/us/after.yaml".to_owned(), text: text.to_owned(), layer: Layer::Organisation };
    let rules = RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let entry = |n: u64, session: u64, operation: &str, alone: bool| {
        let impact = if operation.contains("Delete") { Impact::Destroy } else { Impact::Update };
        let action = Action::for_test(operation, BlastRadius::new(impact, Scope::Resource), EnvironmentKind::Dev);
        let Entry::Decision(entry) = Call::passed(n, session).entry() else { unreachable!() };
        let hook = alone.then(|| HookEntry { alone, ..HookEntry::default() });
        DecisionEntry { actions: vec![ActionEntry::from(&action)], hook, ..*entry }
    };
    let mut replay = Replay::new(Again { rules: &rules, posture: None, inventory: None });
    let effect = |replay: &mut Replay<'_>, entry: &DecisionEntry| {
        replay.decide(entry, &entry.recall().unwrap()).unwrap().effect()
    };
    let tagged = entry(1, 1, "aws:s3:PutBucketTagging", false);
    assert_eq!(effect(&mut replay, &tagged), Effect::Allow);
    assert_eq!(effect(&mut replay, &entry(2, 1, "aws:s3:DeleteBucket", false)), Effect::Allow, "it has not failed");
    assert!(replay.waits());
    let outcome = Outcome::Answered { status: 409, sent_bytes: 0, received_bytes: 0 };
    replay.ended(&OutcomeEntry { id: tagged.id, at: at(3), outcome });
    assert_eq!(effect(&mut replay, &entry(4, 1, "aws:s3:DeleteBucket", false)), Effect::Deny);
    assert_eq!(effect(&mut replay, &entry(5, 2, "aws:s3:DeleteBucket", false)), Effect::Allow, "another session");
    assert_eq!(effect(&mut replay, &entry(6, 1, "aws:s3:DeleteBucket", true)), Effect::Deny, "a hook alone");
    assert_eq!(effect(&mut replay, &entry(700, 1, "aws:s3:DeleteBucket", false)), Effect::Allow, "too long ago");
}
