use super::*;
use crate::classify::Action;
use crate::config::Diagnostics;
use crate::model::{
    BlastRadius, Context, EnvironmentKind, Hazard, Impact, Place, Posture, Scope, SessionId, Timestamp,
};
use crate::prove::nobody;
use crate::rules::{Layer, RuleSet, Source, builtin_sources};

const MINUTE: u64 = 60_000;

fn source(id: &str, matches: &str, after: &str) -> Source {
    let text = format!(
        "id: {id}\nowner: \"@us\"\nseverity: high\nmatch: {matches}\nafter:\n{after}decision: deny\nmessage: no\ninstead: other\n"
    );
    Source { file: format!("rules/{id}.yaml"), text, layer: Layer::Organisation }
}

fn load(sources: &[Source]) -> RuleSet {
    RuleSet::only(sources).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn rule(matches: &str, after: &str) -> RuleSet {
    load(&[source("us/x", matches, after)])
}

fn action(operation: &str, impact: Impact) -> Action {
    let blast = BlastRadius::new(impact, Scope::Resource);
    let place = Place { account: Some("111122223333".to_owned()), ..Place::default() };
    Action::for_test(operation, blast, EnvironmentKind::Prod).at(place).on(["a"])
}

fn backup() -> Action {
    let mut blast = BlastRadius::new(Impact::Destroy, Scope::Resource);
    blast.hazards.insert(Hazard::BackupLoss);
    Action::for_test("aws:rds:DeleteDBSnapshot", blast, EnvironmentKind::Prod).on(["snapshot"])
}

fn database() -> Action {
    action("aws:rds:DeleteDBInstance", Impact::Destroy)
}

fn context() -> Context {
    nobody(Timestamp::from_millis(0))
}

/// A session that acts, and the rules that are asked.
struct Played<'a> {
    rules: &'a RuleSet,
    memory: Memory,
    session: SessionId,
}

impl<'a> Played<'a> {
    fn of(rules: &'a RuleSet) -> Self {
        Self { rules, memory: Memory::of(rules), session: context().principal.session }
    }

    fn does(&mut self, at: u64, action: &Action, outcome: Outcomes) -> &mut Self {
        let marks = self.rules.marks_of(std::slice::from_ref(action), &context(), None);
        let (_, marks) = self.memory.enter(self.session, Timestamp::from_millis(at), marks);
        self.memory.settle(self.session, &marks, outcome);
        self
    }

    fn past(&mut self, at: u64) -> Past {
        self.memory.enter(self.session, Timestamp::from_millis(at), Vec::new()).0
    }

    /// `no`, `yes` or `unsure`; the trace must say the same.
    fn says(&mut self, at: u64, action: &Action) -> &'static str {
        let past = self.past(at);
        let context = context();
        let view = View { action, context: &context, standing: None, past: Some(&past) };
        let mut said = "no";
        self.rules.hits(view, |hit| said = if hit.failed.is_some() { "unsure" } else { "yes" });
        let traced = self.rules.rule("us/x").unwrap().trace(view);
        let by_trace = match () {
            () if traced.iter().any(|one| one.verdict == Verdict::No) => "no",
            () if traced.iter().any(|one| matches!(one.verdict, Verdict::Unsure(_))) => "unsure",
            () => "yes",
        };
        assert_eq!(said, by_trace, "{traced:#?}");
        said
    }

    fn found(&mut self, at: u64, action: &Action) -> Vec<String> {
        let past = self.past(at);
        let context = context();
        let view = View { action, context: &context, standing: None, past: Some(&past) };
        let traced = self.rules.rule("us/x").unwrap().trace(view);
        traced.into_iter().filter(|one| one.block == "after").map(|one| one.found).collect()
    }
}

const BACKUP: &str = "  - { match: { hazards: [backup-loss] }, within: 30m }\n";

#[test]
fn a_rule_speaks_after_its_step_and_no_longer_than_within() {
    let rules = rule("{ operation: \"aws:rds:DeleteDBInstance\" }", BACKUP);
    let mut session = Played::of(&rules);
    assert_eq!(session.says(0, &database()), "no");
    assert_eq!(session.found(0, &database()), ["nothing like it is remembered"]);
    session.does(MINUTE, &database(), Outcomes::SENT);
    assert_eq!(session.says(2 * MINUTE, &database()), "no", "another call");
    session.does(10 * MINUTE, &backup(), Outcomes::REFUSED);
    assert_eq!(session.says(14 * MINUTE, &database()), "yes");
    assert_eq!(session.found(14 * MINUTE, &database()), ["aws:rds:DeleteDBSnapshot snapshot, 4 min earlier, refused"]);
    assert_eq!(session.says(40 * MINUTE, &database()), "yes");
    assert_eq!(session.says(40 * MINUTE + 1, &database()), "no");
    let late = session.found(41 * MINUTE, &database());
    assert_eq!(late, ["aws:rds:DeleteDBSnapshot snapshot, 31 min earlier, refused: longer ago"]);
    let other = Played { session: SessionId::new(Timestamp::from_millis(9), 9), ..Played::of(&rules) };
    let mut other = Played { memory: session.memory, ..other };
    assert_eq!(other.says(14 * MINUTE, &database()), "no", "another session");
}

#[test]
fn what_became_of_it_is_asked() {
    for (wanted, sent, refused, failed, broken, unclear) in [
        ("any", true, true, true, true, true),
        ("sent", true, false, false, true, true),
        ("refused", false, true, false, false, true),
        ("failed", false, false, true, true, false),
        ("[refused, failed]", false, true, true, true, true),
    ] {
        let step = format!("  - {{ match: {{ hazards: [backup-loss] }}, within: 30m, outcome: {wanted} }}\n");
        let rules = rule("{ operation: \"aws:rds:DeleteDBInstance\" }", &step);
        for (outcome, expected) in [
            (Outcomes::SENT, sent),
            (Outcomes::REFUSED, refused),
            (Outcomes::FAILED, failed),
            (Outcomes::BROKEN, broken),
            (Outcomes::UNCLEAR, unclear),
        ] {
            let mut session = Played::of(&rules);
            session.does(0, &backup(), outcome);
            assert_eq!(session.says(1, &database()) != "no", expected, "{wanted} {outcome:?}");
            assert_eq!(session.memory.len(), usize::from(expected), "what nobody asks for takes no room");
        }
    }
}

#[test]
fn steps_come_in_their_order() {
    let steps = "  - { match: { impact: [read] }, within: 1h }\n  - { match: { impact: [update] }, within: 10m }\n";
    let rules = rule("{ impact: [destroy] }", steps);
    let (look, change) = (action("aws:s3:GetObject", Impact::Read), action("aws:s3:PutObject", Impact::Update));
    for (story, expected) in [
        ("lc", "yes"),
        ("cl", "no"),
        ("l", "no"),
        ("c", "no"),
        ("clc", "yes"),
        ("lcl", "yes"),
        ("cll", "no"),
        ("ccl", "no"),
    ] {
        let mut session = Played::of(&rules);
        for (n, step) in (0u64..).zip(story.chars()) {
            session.does(n, if step == 'l' { &look } else { &change }, Outcomes::SENT);
        }
        assert_eq!(session.says(9, &database()), expected, "{story}");
    }
    let mut session = Played::of(&rules);
    session.does(0, &change, Outcomes::SENT).does(1, &look, Outcomes::SENT);
    assert!(session.found(2, &database())[0].ends_with("not in this order"), "{:?}", session.found(2, &database()));
}

#[test]
fn one_request_is_not_two_steps() {
    let step = "{ match: { impact: [update] }, within: 1h }";
    let rules = rule("{ impact: [destroy] }", &format!("  - {step}\n  - {step}\n"));
    let change = action("aws:s3:PutObject", Impact::Update);
    let mut session = Played::of(&rules);
    session.does(0, &change, Outcomes::SENT);
    assert_eq!(session.says(1, &database()), "no");
    session.does(2, &change, Outcomes::SENT);
    assert_eq!(session.says(3, &database()), "yes");
}

#[test]
fn the_same_is_the_same_and_what_is_not_told_could_be() {
    let at = |account: Option<&str>, resources: &[&str]| {
        let place = Place { account: account.map(str::to_owned), ..Place::default() };
        database().at(place).on(resources.iter().copied())
    };
    let is = |same: &str, first: &Action, second: &Action| {
        let step = format!("  - {{ match: {{ impact: [update, destroy] }}, within: 1h, same: {same} }}\n");
        let rules = rule("{ impact: [destroy] }", &step);
        Played::of(&rules).does(0, first, Outcomes::SENT).says(1, second)
    };
    for (same, first, second, expected) in [
        ("resource", at(None, &["a", "b"]), at(None, &["b", "c"]), "yes"),
        ("resource", at(None, &["a"]), at(None, &["c"]), "no"),
        ("resource", at(None, &[]), at(None, &["c"]), "unsure"),
        ("account", at(Some("1"), &[]), at(Some("1"), &[]), "yes"),
        ("account", at(Some("1"), &[]), at(Some("2"), &[]), "no"),
        ("account", at(Some("1"), &[]), at(None, &[]), "unsure"),
        ("[account, resource]", at(None, &["a"]), at(None, &["c"]), "no"),
        ("service", action("aws:s3:PutObject", Impact::Update), database(), "no"),
        ("service", action("aws:rds:ModifyDBInstance", Impact::Update), database(), "yes"),
        ("service", action("aws:unidentified:unidentified", Impact::Update), database(), "unsure"),
        ("provider", action("gcp:sql:instances.patch", Impact::Update), database(), "no"),
        (
            "operation",
            database().or("aws:neptune:DeleteDBInstance"),
            action("aws:neptune:DeleteDBInstance", Impact::Destroy),
            "yes",
        ),
        ("environment", database(), database(), "yes"),
        (
            "environment",
            Action::for_test("aws:s3:PutObject", BlastRadius::new(Impact::Update, Scope::Item), EnvironmentKind::Dev),
            database(),
            "no",
        ),
        (
            "environment",
            Action::for_test(
                "aws:s3:PutObject",
                BlastRadius::new(Impact::Update, Scope::Item),
                EnvironmentKind::Unknown,
            ),
            database(),
            "unsure",
        ),
    ] {
        assert_eq!(is(same, &first, &second), expected, "{same}\n{first:?}\n{second:?}");
    }
    let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(is("resource", &database().on_all(&many), &at(None, &["c"])), "unsure", "more than is kept");
}

#[test]
fn an_earlier_action_of_the_same_request_counts() {
    let sources = [source("us/x", "{ operation: \"aws:rds:DeleteDBInstance\" }", BACKUP)];
    let matrix = builtin_sources().into_iter().filter(|one| one.file.ends_with("matrix.yaml"));
    let rules = load(&matrix.chain(sources).collect::<Vec<_>>());
    let effect = |actions: Vec<Action>| {
        let actions = vec1::Vec1::try_from_vec(actions).unwrap();
        let decision = crate::decide::decide(&actions, &context(), &rules, &Default::default(), Posture::Guarded);
        let after = decision.deciding().find_map(|finding| finding.after.clone());
        (decision.effect().as_str(), after)
    };
    assert_eq!(effect(vec![database(), backup()]), ("escalate", None));
    let (said, after) = effect(vec![backup(), database()]);
    assert_eq!((said, after.as_deref()), ("deny", Some("aws:rds:DeleteDBSnapshot snapshot, 0 s earlier, sent")));
}

#[test]
fn nothing_that_a_session_does_flushes_the_memory() {
    let step = "  - { match: { impact: [update] }, within: 30m, same: resource }\n";
    let rules = rule("{ impact: [destroy] }", step);
    let change = |name: String| action("aws:s3:PutObject", Impact::Update).on([name]);
    let mut session = Played::of(&rules);
    session.does(0, &change("a".to_owned()), Outcomes::SENT);
    for n in 0..500u64 {
        session.does(n, &change(format!("other-{n}")), Outcomes::SENT);
    }
    assert!(session.memory.len() < 100, "it is bounded");
    assert_eq!(session.says(MINUTE, &database()), "unsure", "what was dropped counts");
    assert_eq!(session.found(MINUTE, &database()), ["more than is remembered"]);
    assert_eq!(session.says(31 * MINUTE, &database()), "no", "until it is too long ago");
}

#[test]
fn a_crowd_of_sessions_is_bounded_and_fails_closed() {
    let rules = rule("{ impact: [destroy] }", BACKUP);
    let mut crowd = Played::of(&rules);
    let victim = crowd.session;
    for n in 0..66_000u128 {
        crowd.session = SessionId::new(Timestamp::from_millis(7), n);
        crowd.does(1, &backup(), Outcomes::SENT);
    }
    assert!(crowd.memory.len() <= 65_536);
    crowd.session = victim;
    assert_eq!(crowd.says(2, &database()), "unsure", "whose marks were dropped is not known");
    crowd.does(32 * MINUTE, &backup(), Outcomes::SENT);
    assert_eq!(crowd.memory.len(), 1, "what is too old goes");
    assert_eq!(crowd.says(63 * MINUTE, &database()), "no");
}

#[test]
fn a_clock_that_goes_back_loosens_nothing() {
    let rules = rule("{ operation: \"aws:rds:DeleteDBInstance\" }", BACKUP);
    let mut session = Played::of(&rules);
    session.does(100 * MINUTE, &backup(), Outcomes::SENT);
    assert_eq!(session.says(5 * MINUTE, &database()), "yes");
    session.does(6 * MINUTE, &backup(), Outcomes::SENT);
    assert_eq!(session.says(120 * MINUTE, &database()), "yes", "it was after the clock had been at 100");
}

#[test]
fn a_reload_keeps_what_is_still_asked_for() {
    let matches = "{ operation: \"aws:rds:DeleteDBInstance\" }";
    let rules = rule(matches, BACKUP);
    let mut session = Played::of(&rules);
    session.does(0, &backup(), Outcomes::SENT);
    let wider =
        load(&[source("us/x", matches, &BACKUP.replace("30m", "2h")), source("us/y", "{ impact: [read] }", BACKUP)]);
    session.memory.keep_for(&wider);
    let mut session = Played { rules: &wider, ..session };
    assert_eq!(session.says(40 * MINUTE, &database()), "yes", "the step is the same, it looks back further");
    let other = rule(matches, &BACKUP.replace("backup-loss", "data-loss"));
    session.memory.keep_for(&other);
    assert_eq!(session.memory.len(), 0);
}

#[test]
fn rules_without_steps_remember_nothing() {
    let rules = load(&[Source {
        text: source("us/x", "{ impact: [destroy] }", BACKUP).text.replace(&format!("after:\n{BACKUP}"), ""),
        ..source("us/x", "{ impact: [destroy] }", BACKUP)
    }]);
    assert!(rules.marks_of(&[backup()], &context(), None).is_empty());
    assert!(rules.horizon().is_zero());
}

#[test]
fn what_is_not_known_is_told() {
    let rules = rule("{ impact: [destroy] }", BACKUP);
    let (action, context) = (database(), context());
    let view = View { action: &action, context: &context, standing: None, past: None };
    let traced = rules.rule("us/x").unwrap().trace(view);
    let step = traced.iter().find(|one| one.block == "after").unwrap();
    assert_eq!(step.found, "what the session did before is not known here");
    assert_eq!((step.key.as_str(), step.wanted.as_str()), ("step 1", "hazards backup-loss; within 30m"));
}

fn wrong(after: &str) -> String {
    let found = RuleSet::only(&[source("us/x", "{ impact: [destroy] }", after)]);
    let Err(Diagnostics(found)) = found.map(|set| set.revision().to_owned()) else { panic!("it loads:\n{after}") };
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_wrong_with_a_step_is_told_where_it_stands() {
    for (step, expected) in [
        ("{ match: { impact: [destory] }, within: 30m }", "rules/us/x.yaml:6:25: unknown word `destory`"),
        ("{ match: {}, within: 30m }", "6:14: an empty block would match everything"),
        ("{ match: { impact: [update] } }", "key `within` is missing"),
        ("{ match: { impact: [update] }, within: soon }", "6:44: `soon` is not a duration"),
        ("{ match: { impact: [update] }, within: 0s }", "6:44: `within` leaves no time at all"),
        (
            "{ match: { impact: [update] }, within: 2d }",
            "6:44: `within` is longer than a day\n  6 |   - { match: { impact: [update] }, within: 2d }\n    |                                            ^\n  help: write `24h` or less",
        ),
        ("{ match: { impact: [update] }, within: 1h, same: impact }", "`impact` cannot be compared"),
        ("{ match: { impact: [update] }, within: 1h, same: [acount] }", "did you mean `account`?"),
        (
            "{ match: { impact: [update] }, within: 1h, same: [account, account] }",
            "6:64: `account` stands here a second time",
        ),
        ("{ match: { impact: [update] }, within: 1h, same: [] }", "an empty list compares nothing"),
        (
            "{ match: { provider: aws }, within: 1h, same: [account, namespace] }",
            "6:61: operations of `aws` have no namespace: it tells nothing apart",
        ),
        (
            "{ match: { operation: [\"kubernetes:core:pods.delete\"] }, within: 1h, same: account }",
            "operations of `kubernetes` have no account",
        ),
        (
            "{ match: { impact: [update] }, within: 1h, other: [account], same: account }",
            "cannot be the same and another",
        ),
        ("{ match: { impact: [update] }, within: 1h, times: 1 }", "`times: 1` cannot be counted"),
        ("{ match: { impact: [update] }, within: 1h, times: 21 }", "a number from 2 to 20"),
        ("{ match: { impact: [update] }, within: 1h, outcome: [] }", "an empty list can match nothing"),
        ("{ match: { impact: [update] }, within: 1h, outcome: denied }", "unknown word `denied`"),
        (
            "{ match: { operation: [\"aws:rds:DeleteDBInstances\"] }, within: 1h }",
            "6:14: no catalog knows the operation `aws:rds:DeleteDBInstances`",
        ),
        (
            "{ match: { operation: [\"aws:rds:*\"], provider: gcp }, within: 1h }",
            "6:14: `aws:rds:*` contradicts the rule's `provider` or `service`: it can never match",
        ),
        (
            "{ match: { impact: [update] }, unless: { impact: [update] }, within: 1h }",
            "`unless` covers all that `match` does: the step can never match",
        ),
    ] {
        let found = wrong(&format!("  - {step}\n"));
        assert!(found.contains(expected), "{step}\nexpected: {expected}\nfound: {found}");
    }
    assert!(wrong("  []\n").contains("an empty list is no sequence"));
    assert!(wrong(&BACKUP.repeat(9)).contains("at most 8 earlier steps"));
}

#[test]
fn tests_of_rules_have_a_past() {
    let with = |tests: &str| {
        let one = source("us/x", "{ operation: \"aws:rds:DeleteDBInstance\" }", BACKUP);
        RuleSet::only(&[Source { text: format!("{}tests:\n{tests}", one.text), ..one }])
    };
    let call =
        "action: { operation: \"aws:rds:DeleteDBInstance\", impact: destroy, scope: resource, environment: prod }";
    let earlier = "action: { operation: \"aws:rds:DeleteDBSnapshot\", impact: destroy, scope: resource, environment: prod, hazards: [backup-loss] }";
    for (case, passes) in [
        (format!("{{ {call}, after: [{{ {earlier} }}] }}"), true),
        (format!("{{ {call}, after: [{{ {earlier}, outcome: refused, ago: 29m }}] }}"), true),
        (format!("{{ {call}, after: [{{ {earlier}, ago: 31m }}] }}"), false),
        (format!("{{ {call}, after: [{{ {call} }}] }}"), false),
        (format!("{{ {call} }}"), false),
    ] {
        for (group, passes) in [("match", passes), ("not_match", !passes)] {
            let rules = with(&format!("  {group}:\n    - {case}\n")).unwrap_or_else(|wrong| panic!("{wrong}"));
            assert_eq!(crate::prove::run(&rules).is_empty(), passes, "{group}: {case}");
        }
    }
    for (case, expected) in [
        (format!("{{ {call}, outcome: sent }}"), "`outcome` is that of an earlier call"),
        (format!("{{ {call}, after: [{{ {earlier}, outcome: any }}] }}"), "write `sent`, `refused` or `failed`"),
        (format!("{{ {call}, after: [{{ {earlier}, at: 2026-11-01 }}] }}"), "it is one session"),
        (format!("{{ {call}, after: [{{ {earlier}, ago: 1m }}, {{ {earlier}, ago: 2m }}] }}"), "order of time"),
        (format!("{{ {call}, after: [{{ outcome: sent }}] }}"), "one of `http`, `command` and `action`"),
    ] {
        let found = with(&format!("  match:\n    - {case}\n")).map(drop).expect_err(&case).to_string();
        assert!(found.contains(expected), "{case}\nexpected: {expected}\nfound: {found}");
    }
}

#[test]
fn kind_and_name_are_those_of_the_thing_whatever_is_done_to_it() {
    let rules =
        rule("{ impact: [create] }", "  - { match: { impact: [destroy] }, within: 30m, same: [kind, name, region] }\n");
    let of = |operation: &str, impact: Impact, resource: &str| {
        Action::for_test(operation, BlastRadius::new(impact, Scope::Resource), EnvironmentKind::Prod).on([resource])
    };
    let cases = [
        (
            "aws:cloudformation:DeleteStack",
            "arn:aws:cloudformation:::stack/shop",
            "aws:cloudformation:CreateStack",
            "arn:aws:cloudformation:::stack/shop",
            "yes",
        ),
        (
            "aws:cloudformation:DeleteStack",
            "arn:aws:cloudformation:eu-west-1:1:stack/shop/0a1b2c3d-0000-1111-2222-333344445555",
            "aws:cloudformation:CreateStack",
            "arn:aws:cloudformation:::stack/shop",
            "yes",
        ),
        ("aws:eks:DeleteCluster", "arn:aws:eks:::cluster/shop", "aws:eks:CreateCluster", "eks/name/shop", "yes"),
        ("aws:eks:DeleteCluster", "arn:aws:eks:::cluster/shop", "aws:eks:CreateNodegroup", "eks/name/shop", "no"),
        ("aws:sqs:DeleteQueue", "arn:aws:sqs::111122223333:q", "aws:sqs:CreateQueue", "arn:aws:sqs:::q", "yes"),
        ("aws:sqs:DeleteQueue", "arn:aws:sqs::111122223333:q", "aws:sqs:CreateQueue", "arn:aws:sqs:::p", "no"),
        (
            "github:rest:repos/delete",
            "repos/acme/shop",
            "github:rest:repos/create-in-org",
            "orgs/acme/repos/shop",
            "yes",
        ),
        (
            "kubernetes:apps:deployments.delete",
            "shop/deployments.apps/web",
            "kubernetes:apps:deployments.create",
            "shop/deployments.apps/web",
            "yes",
        ),
        (
            "kubernetes:apps:deployments.delete",
            "pay/deployments.apps/web",
            "kubernetes:apps:deployments.create",
            "shop/deployments.apps/web",
            "no",
        ),
        (
            "kubernetes:core:services.delete",
            "shop/services/web",
            "kubernetes:apps:deployments.create",
            "shop/services/web",
            "no",
        ),
        (
            "gcp:sql:instances.delete",
            "projects/a/instances/shop",
            "gcp:sql:instances.insert",
            "projects/b/instances/shop",
            "no",
        ),
        ("aws:ec2:unidentified", "i-1", "aws:ec2:RunInstances", "i-1", "unsure"),
        ("aws:sqs:DeleteQueue", "q-[masked:token]", "aws:sqs:CreateQueue", "arn:aws:sqs:::p", "unsure"),
        ("aws:sqs:DeleteQueue", "arn:aws:sqs:::*", "aws:sqs:CreateQueue", "arn:aws:sqs:::p", "unsure"),
    ];
    for (destroyed, was, created, is, expected) in cases {
        let mut session = Played::of(&rules);
        session.does(0, &of(destroyed, Impact::Destroy, was), Outcomes::SENT);
        assert_eq!(session.says(1, &of(created, Impact::Create, is)), expected, "{destroyed} {was}, {created} {is}");
    }
}

#[test]
fn what_must_be_another_is() {
    let rules = rule(
        "{ impact: [destroy] }",
        "  - { match: { impact: [destroy] }, within: 30m, same: [resource], other: [operation], outcome: refused }\n",
    );
    let mut session = Played::of(&rules);
    session.does(0, &database(), Outcomes::REFUSED);
    assert_eq!(session.says(1, &database()), "no", "the same call again");
    assert_eq!(session.says(1, &action("aws:cloudcontrol:DeleteResource", Impact::Destroy)), "yes");
    assert_eq!(session.says(1, &action("aws:cloudcontrol:DeleteResource", Impact::Destroy).on(["b"])), "no");
    // Nobody knows the name: the same again is the same, whatever it is.
    let unnamed = action("aws:rds:unidentified", Impact::Unknown);
    let mut session = Played::of(&rules);
    session.does(0, &unnamed, Outcomes::REFUSED);
    assert_eq!(session.says(1, &unnamed), "no");
}

#[test]
fn a_step_can_be_counted() {
    let rules = rule(
        "{ impact: [destroy] }",
        "  - { match: { impact: [read] }, within: 30m, same: [kind] }\n  - { match: { impact: [destroy] }, within: 10m, same: [kind], outcome: sent, times: 3 }\n",
    );
    let list = || action("aws:rds:DescribeDBInstances", Impact::Read);
    let mut session = Played::of(&rules);
    session.does(0, &database(), Outcomes::SENT).does(1, &list(), Outcomes::SENT);
    for at in 2..4 {
        session.does(at, &database(), Outcomes::SENT);
    }
    assert_eq!(session.says(5, &database()), "no", "one of three stands before the listing");
    let listed = "aws:rds:DescribeDBInstances a, 0 s earlier, sent: not in this order";
    assert_eq!(session.found(5, &database())[0], listed);
    assert_eq!(
        Played::of(&rules).does(1, &database(), Outcomes::SENT).found(5, &database())[1],
        "aws:rds:DeleteDBInstance a, 0 s earlier, sent: not often enough"
    );
    session.does(6, &database(), Outcomes::REFUSED);
    assert_eq!(session.says(7, &database()), "no", "what was stopped was not done");
    session.does(8, &database(), Outcomes::SENT);
    assert_eq!(session.says(9, &database()), "yes");
    assert_eq!(session.found(9, &database())[1], "3 calls like aws:rds:DeleteDBInstance a, 0 s earlier, sent");
    assert_eq!(session.says(9, &action("aws:ec2:DeleteVolume", Impact::Destroy)), "no", "another kind");
    assert_eq!(session.says(11 * MINUTE, &database()), "no");
}

#[test]
fn what_was_stopped_and_then_went_on_was_not_stopped() {
    for (wanted, expected) in [("refused", "no"), ("any", "yes"), ("sent", "yes")] {
        let step = format!("  - {{ match: {{ hazards: [backup-loss] }}, within: 30m, outcome: {wanted} }}\n");
        let rules = rule("{ operation: \"aws:rds:DeleteDBInstance\" }", &step);
        let mut session = Played::of(&rules);
        session.does(0, &backup(), Outcomes::REFUSED).does(1, &backup(), Outcomes::REFUSED);
        session.does(2, &backup(), Outcomes::SENT);
        assert_eq!(session.says(3, &database()), expected, "{wanted}");
        assert!(session.memory.len() <= 1);
        session.does(4, &backup().on(["another"]), Outcomes::REFUSED).does(5, &backup(), Outcomes::SENT);
        assert_eq!(session.says(6, &database()), "yes", "another call was stopped");
    }
}
