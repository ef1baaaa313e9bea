//! Principals, places, times, sets, exceptions, freezes and layers.

use proptest::prelude::*;

use super::*;
use crate::model::{Environment, Level, Principal, SessionId, Timestamp};
use crate::prove::nobody;

/// Sunday, 22 November 2026, 12:00 UTC.
const SUNDAY_NOON: u64 = 1_795_348_800_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(SUNDAY_NOON.saturating_add_signed(hours * 3_600_000))
}

fn load(sources: &[Source]) -> RuleSet {
    RuleSet::load(sources).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn file(file: &str, text: &str) -> Source {
    Source { file: file.to_owned(), text: text.to_owned(), layer: Layer::Organisation }
}

fn of_us(set: &RuleSet, view: View<'_>) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    set.hits(view, |hit| found.push((hit.rule.id.clone(), hit.failed.is_some())));
    found.retain(|(id, _)| id.starts_with("us/") || id.starts_with("repository/"));
    found
}

/// What the rule `{ <key> }` says of the action: `no`, `yes` or `unsure`.
fn says(matches: &str, action: &Action, context: &Context, standing: Option<&Standing>) -> &'static str {
    let set = load(&[rule("us/x", matches, "")]);
    let view = View { action, context, standing, past: None };
    let traced = set.rule("us/x").unwrap().trace(view);
    let said = match of_us(&set, view).as_slice() {
        [] => "no",
        [(_, true)] => "unsure",
        _ => "yes",
    };
    let by_trace = if traced.iter().any(|one| one.verdict == Verdict::No) {
        "no"
    } else if traced.iter().any(|one| matches!(one.verdict, Verdict::Unsure(_))) {
        "unsure"
    } else {
        "yes"
    };
    assert_eq!(said, by_trace, "the trace says something else: {traced:#?}");
    said
}

fn shop() -> Environment {
    Environment {
        name: "shop".to_owned(),
        tier: Some(1),
        owner: Some("@retail".to_owned()),
        tenant: Some("retail".to_owned()),
        ..Environment::of(EnvironmentKind::Prod)
    }
}

#[test]
fn the_target_s_environment_narrows() {
    let known = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod).with_environment(shop());
    let plain = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod);
    let unknown = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Unknown);
    for (matches, of_known, of_plain, of_unknown) in [
        ("{ tier: 1 }", "yes", "no", "unsure"),
        ("{ tier: [2, 3] }", "no", "no", "unsure"),
        ("{ tier: \"<= 2\" }", "yes", "no", "unsure"),
        ("{ owner: \"@retail\" }", "yes", "no", "unsure"),
        ("{ owner: [\"@other\", \"@re*\"] }", "yes", "no", "unsure"),
        ("{ tenant: bank }", "no", "no", "unsure"),
    ] {
        for (action, expected) in [(&known, of_known), (&plain, of_plain), (&unknown, of_unknown)] {
            assert_eq!(says(matches, action, &nobody(at(0)), None), expected, "{matches} {:?}", action.environment());
        }
    }
}

#[test]
fn places_narrow_and_what_must_be_known_and_is_not_is_unsure() {
    let gcp = |project: Option<&str>| {
        let place = Place { project: project.map(str::to_owned), ..Place::default() };
        destroy("gcp:sql:instances.delete", EnvironmentKind::Prod).at(place)
    };
    let context = nobody(at(0));
    assert_eq!(says("{ project: shop-* }", &gcp(Some("shop-prod")), &context, None), "yes");
    assert_eq!(says("{ project: shop-* }", &gcp(Some("bank")), &context, None), "no");
    assert_eq!(says("{ project: shop-* }", &gcp(None), &context, None), "unsure");
    assert_eq!(says("{ region: eu-west-1 }", &gcp(None), &context, None), "no", "not everything has a region");
    assert_eq!(says("{ subscription: x }", &gcp(None), &context, None), "no", "that is Azure's");
}

#[test]
fn who_acts_narrows_and_whom_nobody_knows_could_be_anybody() {
    let action = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod);
    let principal = |person: Option<&str>, agent: Option<&str>, anonymous| Principal {
        session: SessionId::new(at(0), 7),
        agent: agent.map(str::to_owned),
        person: person.map(str::to_owned),
        anonymous,
    };
    let ada = Context { principal: principal(Some("ada"), Some("claude"), false), ..nobody(at(0)) };
    let who = Context { principal: principal(None, None, true), ..nobody(at(0)) };
    let senior = Standing { level: Some(Level::Senior), roles: vec!["sre".to_owned()] };
    let junior = Standing { level: Some(Level::Junior), roles: Vec::new() };
    for (matches, of_senior, of_junior, of_nobody) in [
        ("{ principal: { person: ada } }", "yes", "yes", "unsure"),
        ("{ principal: { person: bob } }", "no", "no", "unsure"),
        ("{ principal: { agent: claude* } }", "yes", "yes", "unsure"),
        ("{ principal: { level: \"< senior\" } }", "no", "yes", "unsure"),
        ("{ principal: { level: [junior, mid] } }", "no", "yes", "unsure"),
        ("{ principal: { level: senior, role: sre } }", "yes", "no", "unsure"),
        ("{ principal: { role: [sre, dba] } }", "yes", "no", "unsure"),
        ("{ session: anonymous }", "no", "no", "yes"),
        ("{ session: named }", "yes", "yes", "no"),
        ("{ session: s_* }", "yes", "yes", "yes"),
    ] {
        assert_eq!(says(matches, &action, &ada, Some(&senior)), of_senior, "{matches} senior");
        assert_eq!(says(matches, &action, &ada, Some(&junior)), of_junior, "{matches} junior");
        assert_eq!(says(matches, &action, &who, None), of_nobody, "{matches} nobody");
    }
}

#[test]
fn an_unless_lifts_only_for_whom_it_certainly_names() {
    let set = load(&[rule("us/x", "{ impact: [destroy] }", "unless: { principal: { role: sre } }\n")]);
    let action = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod);
    let context = nobody(at(0));
    let sre = Standing { level: None, roles: vec!["sre".to_owned()] };
    assert_eq!(of_us(&set, View { action: &action, context: &context, standing: Some(&sre), past: None }), []);
    assert_eq!(of_us(&set, View { action: &action, context: &context, standing: None, past: None }).len(), 1);
}

#[test]
fn times_of_the_week_are_those_of_their_zone() {
    let action = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod);
    for (time, hours, expected) in [
        ("{ days: [sun] }", 0, "yes"),
        ("{ days: [sun] }", 12, "no"),
        ("{ days: [mon, fri], hours: \"08:00-10:00\" }", 21, "yes"),
        ("{ days: [mon], hours: \"08:00-10:00\" }", 22, "no"),
        // 12:00 UTC is 13:00 in Berlin in November.
        ("{ hours: \"13:00-14:00\", zone: Europe/Berlin }", 0, "yes"),
        ("{ hours: \"12:00-13:00\", zone: Europe/Berlin }", 0, "no"),
        // Over midnight: the morning after belongs to the evening's day.
        ("{ days: [sun], hours: \"22:00-06:00\" }", 11, "yes"),
        ("{ days: [sun], hours: \"22:00-06:00\" }", 17, "yes"),
        ("{ days: [sun], hours: \"22:00-06:00\" }", -8, "no"),
        ("{ days: [sat], hours: \"22:00-06:00\" }", -8, "yes"),
        ("[{ days: [mon] }, { days: [sun] }]", 0, "yes"),
        ("{ hours: \"16:00-24:00\" }", 11, "yes"),
    ] {
        let context = nobody(at(hours));
        assert_eq!(says(&format!("{{ time: {time} }}"), &action, &context, None), expected, "{time} at {}", context.at);
    }
}

#[test]
fn a_rule_with_an_end_ends() {
    let set = load(&[rule("us/x", "{ impact: [destroy] }", "until: 2026-11-22\n")]);
    let action = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Prod);
    let hits =
        |hours| of_us(&set, View { action: &action, context: &nobody(at(hours)), standing: None, past: None }).len();
    assert_eq!((hits(0), hits(11), hits(12)), (1, 1, 0), "the day it names still counts");
}

#[test]
fn expressions_and_sets_stand_in_patterns() {
    let sets = file(
        "rules/sets.yaml",
        "sets:\n  accounts: [\"111122223333\", \"444455556666\"]\n  tables: [\"*:table/a\", \"regex:table/b[0-9]+$\"]\n",
    );
    let set = load(&[sets, rule("us/x", "{ account: [$accounts], resource: [$tables] }", "")]);
    let action = |account: &str, table: &str| {
        let place = Place { account: Some(account.to_owned()), ..Place::default() };
        let arn = format!("arn:aws:dynamodb:eu-west-1:{account}:table/{table}");
        destroy("aws:dynamodb:DeleteTable", EnvironmentKind::Prod).at(place).on([arn])
    };
    let context = nobody(at(0));
    for (account, table, expected) in
        [("111122223333", "a", 1), ("444455556666", "b12", 1), ("444455556666", "b", 0), ("777788889999", "a", 0)]
    {
        let action = action(account, table);
        let hits = of_us(&set, View { action: &action, context: &context, standing: None, past: None });
        assert_eq!(hits.len(), expected, "{account} {table}");
    }
}

const EXCEPTION: &str = "exceptions:\n  - id: us/teardown\n    rule: [us/x, \"matrix:destroy/resource/prod\"]\n    match: { resource: [\"*:db:load-*\"] }\n    reason: nightly teardown\n    owner: \"@load\"\n    approved_by: [ada@shop.example]\n    expires: 2026-12-31\n";

#[test]
fn an_exception_lifts_what_it_names_where_it_covers_everything_and_until_it_ends() {
    let set = load(&[rule("us/x", "{ service: lambda }", ""), file("rules/exceptions.yaml", EXCEPTION)]);
    let on = |names: &[&str]| {
        let resources = names.iter().map(|name| format!("arn:aws:lambda:eu-west-1:1:db:{name}"));
        destroy("aws:lambda:DeleteFunction", EnvironmentKind::Prod).on(resources)
    };
    let effect = |action: Action, hours| {
        let actions = vec1::vec1![action];
        let decision = crate::decide::decide(&actions, &nobody(at(hours)), &set, &Default::default(), Posture::Guarded);
        let lifted = decision.findings().iter().filter(|finding| finding.lifted.is_some()).count();
        (decision.effect(), lifted)
    };
    assert_eq!(effect(on(&["load-1"]), 0), (Effect::Allow, 2));
    assert_eq!(effect(on(&["load-1", "orders"]), 0), (Effect::Deny, 0), "it covers only a part");
    assert_eq!(effect(on(&[]), 0), (Effect::Deny, 0), "nobody knows what it is about");
    assert_eq!(effect(on(&["load-1"]), 24 * 40), (Effect::Deny, 0), "it has ended");
}

#[test]
fn exceptions_are_narrow_owned_and_name_what_there_is() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = EXCEPTION.replace(from, to);
        assert_ne!(text, EXCEPTION, "{from} is not there");
        let found = wrong(&[rule("us/x", "{ service: rds }", ""), file("rules/exceptions.yaml", &text)]);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
    };
    check("us/x", "us/y", "rules/exceptions.yaml:3:11: there is no rule `us/y`");
    check("destroy/resource/prod", "destroy/resources/prod", "the matrix has no cell");
    check("us/x", "base/guard-tamper", "`base/guard-tamper` protects the gate itself: nothing lifts it");
    check("us/x", "base/destroy-burst", "is a limit");
    check("    expires: 2026-12-31\n", "", "`expires` is missing");
    check("2026-12-31", "soon", "`soon` is not a point in time");
    check("nightly teardown", "\"\"", "`reason` is empty");
    check("[ada@shop.example]", "[]", "`approved_by` is empty");
    check("{ resource: [\"*:db:load-*\"] }", "{}", "an empty block would match everything");
    check("{ resource: [\"*:db:load-*\"] }", "{ environment: [unknown] }", "cannot excuse the environment `unknown`");
}

#[test]
fn a_freeze_stops_changes_while_it_lasts_and_never_a_look() {
    let text = "freezes:\n  - id: us/q4\n    owner: \"@sre\"\n    from: 2026-11-22T00:00Z\n    to: 2026-12-02T00:00Z\n    match: { scope: \">= resource\" }\n    decision: deny\n    message: frozen until Wednesday\n    instead: wait\n";
    let set = load(&[file("rules/freezes.yaml", text)]);
    let change = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Dev);
    let blast = BlastRadius::new(Impact::Read, Scope::Resource);
    let look = Action::for_test("aws:rds:DescribeDBInstances", blast, EnvironmentKind::Prod);
    let hits =
        |action, hours| of_us(&set, View { action, context: &nobody(at(hours)), standing: None, past: None }).len();
    assert_eq!((hits(&change, 0), hits(&change, -13), hits(&change, 24 * 10)), (1, 0, 0));
    assert_eq!(hits(&look, 0), 0);
    let found = wrong(&[file("rules/freezes.yaml", &text.replace("2026-12-02", "2026-11-02"))]);
    assert!(found.contains("the freeze ends before it begins"), "{found}");
}

#[test]
fn teams_and_repositories_only_tighten() {
    let exceptions = Source { layer: Layer::Team, ..file("teams/a/exceptions.yaml", EXCEPTION) };
    let found = wrong(&[rule("us/x", "{ service: rds }", ""), exceptions]);
    assert!(found.contains("the team layer can only tighten"), "{found}");

    let repository = |text: &str| Source { layer: Layer::Repository, ..file("/repo/.blastgate.yaml", text) };
    let own = "version: 1\nrules:\n  - id: repository/x\n    owner: \"@us\"\n    severity: low\n    match: { service: rds }\n    decision: deny\n    message: no\n    instead: other\n";
    let set = load(&[repository(own)]);
    let action = destroy("aws:rds:DeleteDBInstance", EnvironmentKind::Dev);
    let view = View { action: &action, context: &nobody(at(0)), standing: None, past: None };
    assert_eq!(of_us(&set, view), [("repository/x".to_owned(), false)]);
    for (text, expected) in [
        (own.replace("repository/x", "base/x"), "does not begin with `repository/`"),
        ("version: 1\nexceptions: []\n".to_owned(), "a repository can only tighten: `rules`, `limits`, `freezes`"),
        ("version: 1\nposture: observe\n".to_owned(), "a repository can only tighten"),
        (own.replace("deny", "allow"), "a rule cannot say `allow`"),
    ] {
        let found = wrong(&[repository(&text)]);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
    }
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (matches, token, expected) in [
        ("{ tier: two }", "two", "`two` is not a tier"),
        ("{ tier: \"> 255\" }", "\"> 255\"", "`> 255` can match nothing"),
        ("{ principal: { level: boss } }", "boss", "`boss` is not a level"),
        ("{ principal: { role: SRE } }", "SRE", "`SRE` is not a role"),
        ("{ principal: {} }", "{}", "an empty list can match nothing"),
        ("{ account: [$nothing] }", "$nothing", "there is no set `nothing`"),
        ("{ resource: [\"regex:(\"] }", "\"regex", "is not a regular expression"),
        ("{ resource: [\"regex:[a&&b]\"] }", "\"regex", "can never match"),
        ("{ account: [\"regex:1+\"] }", "\"regex", "cannot stand here"),
        ("{ time: { hours: \"25:00-26:00\" } }", "\"25:00", "are not hours of a day"),
        ("{ time: { zone: Europe/Berln, days: [mon] } }", "Europe", "did you mean `Europe/Berlin`?"),
        ("{ time: { days: [monday] } }", "monday", "unknown word `monday`"),
        ("{ time: {} }", "{}", "says nothing"),
        ("{ tenat: x }", "tenat", "did you mean `tenant`?"),
    ] {
        let found = wrong(&[source(
            "us/x",
            &format!(
                "id: us/x\nowner: x\nseverity: low\nmatch:\n  {matches}\ndecision: deny\nmessage: no\ninstead: other\n"
            ),
        )]);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
        let column = matches.find(token).unwrap() + 3;
        assert!(found.contains(&format!("us/x.yaml:5:{column}:")), "column {column}: {found}");
    }
}

proptest! {
    /// Whatever rules are added, no action passes that did not pass before.
    #[test]
    fn adding_a_rule_never_loosens(
        rules in prop::collection::vec((0usize..12, 0usize..3, any::<bool>(), 0usize..6), 0..6),
        kind in 0usize..5,
        impact in 0usize..8,
        story in prop::collection::vec((0usize..8, 0usize..5, 0u64..90), 0..5),
    ) {
        const MATCHES: &[&str] = &[
            "{ impact: [destroy] }", "{ environment: [prod] }", "{ service: rds }", "{ tier: 1 }", "{ owner: \"@x\" }",
            "{ principal: { level: \"< senior\" } }", "{ session: anonymous }", "{ time: { days: [sun] } }",
            "{ resource: [\"regex:a\"] }", "{ count: \"> 1\" }", "{ account: \"1*\" }", "{ scope: \">= resource\" }",
        ];
        const AFTER: &[&str] = &[
            "", "", "{ match: { impact: [update] }, within: 30m }", "{ match: { provider: aws }, within: 1h, same: [account] }",
            "{ match: { hazards: [backup-loss] }, within: 1h, same: [environment], outcome: refused }",
            "{ match: { impact: [destroy] }, within: 10m, same: [resource] }, { match: { impact: [read] }, within: 5m }",
        ];
        const DECISIONS: &[&str] = &["throttle", "escalate", "deny"];
        let sources: Vec<Source> = rules.iter().enumerate().map(|(n, (matches, decision, unless, after))| {
            let unless = if *unless { "unless: { region: eu-west-1 }\n" } else { "" };
            let after = if AFTER[*after].is_empty() { String::new() } else { format!("after: [{}]\n", AFTER[*after]) };
            let one = rule(&format!("us/r{n}"), MATCHES[*matches], &format!("{unless}{after}"));
            Source { text: one.text.replace("decision: deny", &format!("decision: {}", DECISIONS[*decision])), ..one }
        }).collect();
        let blast = BlastRadius::new(Impact::ALL[impact], Scope::Resource);
        let action = Action::for_test("aws:rds:DeleteDBInstance", blast, EnvironmentKind::ALL[kind]);
        let actions = vec1::vec1![action];
        let effect = |set: &RuleSet| {
            let (mut memory, session) = (Memory::of(set), nobody(at(0)).principal.session);
            for (impact, outcome, minute) in &story {
                let blast = BlastRadius::new(Impact::ALL[*impact], Scope::Resource);
                let earlier = Action::for_test("aws:rds:DeleteDBSnapshot", blast, EnvironmentKind::ALL[kind]).on(["a"]);
                let (_, marks) = memory.enter(
                    session,
                    Timestamp::from_millis(minute * 60_000),
                    set.marks_of(&[earlier], &nobody(at(0)), None),
                );
                let outcomes = [Outcomes::SENT, Outcomes::REFUSED, Outcomes::FAILED, Outcomes::BROKEN, Outcomes::UNCLEAR];
                memory.settle(session, &marks, outcomes[*outcome]);
            }
            let (past, _) = memory.enter(session, Timestamp::from_millis(90 * 60_000), Vec::new());
            let facts = crate::decide::Facts { past, ..Default::default() };
            crate::decide::decide(&actions, &nobody(at(0)), set, &facts, Posture::Guarded).effect()
        };
        prop_assert!(effect(&load(&sources)) >= effect(&RuleSet::builtin()));
    }
}

#[test]
fn what_does_nothing_any_more_is_told() {
    let exceptions = "exceptions:\n  - { id: us/old, rule: us/x, match: { resource: [\"a*\"] }, reason: r, owner: o, approved_by: [p], expires: 2026-11-01 }\n  - { id: us/long, rule: us/x, match: { resource: [\"b*\"] }, reason: r, owner: o, approved_by: [p], expires: 2027-11-01 }\n  - { id: us/wide, rule: us/x, match: { service: rds }, reason: r, owner: o, approved_by: [p], expires: 2026-12-01 }\n  - { id: us/twin, rule: us/x, match: { service: rds, region: eu-west-1 }, reason: r, owner: o, approved_by: [p], expires: 2026-11-30 }\n";
    let sources = [
        rule("us/x", "{ service: rds }", ""),
        rule("us/narrow", "{ service: rds, region: eu-west-1 }", "until: 2026-11-01\n"),
        rule("us/role", "{ principal: { role: dba }, service: sqs }", ""),
        rule("us/same", "{ service: rds }", ""),
        file("rules/exceptions.yaml", exceptions),
    ];
    let people = crate::config::People::parse("p", "version: 1\npeople:\n  - { name: ada, roles: [sre] }\n").unwrap();
    let found: Vec<String> = load(&sources)
        .review(&sources, &people, at(0))
        .iter()
        .map(|one| format!("{}:{}: {}", one.file, one.line, one.message))
        .collect();
    let said = |words: &str| found.iter().filter(|line| line.contains(words)).count();
    for (words, times) in [
        ("us/narrow: it has ended on 2026-11-02T00:00:00.000Z", 1),
        ("us/x: no test shows that it ever matches", 1),
        ("us/role: nobody in `people.yaml` has the role `dba`", 1),
        ("us/same: `us/x` already says `deny` wherever it matches", 1),
        ("us/old: it has ended and lifts nothing any more", 1),
        ("us/long: it lasts longer than 90 days", 1),
        ("us/wide: it lifts all that `us/x` stops", 1),
        ("us/twin: `us/wide` already lifts all that it lifts", 1),
    ] {
        assert_eq!(said(words), times, "{words}\n{}", found.join("\n"));
    }
    assert!(found.iter().any(|line| line.starts_with("rules/exceptions.yaml:2:")), "{}", found.join("\n"));
}

#[test]
fn misspelt_operations_are_told_what_they_may_have_meant() {
    for (operation, expected) in [
        ("aws:rds:DeleteDbInstance", "did you mean `aws:rds:DeleteDBInstance`?"),
        ("aws:rdss:DeleteDBInstance", "did you mean `aws:rds:DeleteDBInstance`?"),
        ("aws:rds:Obliterate*", "no operation's id is like `aws:rds:Obliterate*`"),
        ("gcp:sql:instance.delete", "did you mean `gcp:sql:instances.delete`?"),
    ] {
        let found = wrong(&[rule("us/x", &format!("{{ operation: [\"{operation}\"] }}"), "")]);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
    }
    load(&[rule("us/x", "{ operation: [\"aws:rds:Delete*\", \"aws:*:Delete*\", \"kubernetes:*.delete\"] }", "")]);
}

#[test]
fn what_a_rule_asks_for_beyond_an_answer_is_checked() {
    let escalating = |more: &str| {
        let one = rule("us/x", "{ service: rds }", more);
        Source { text: one.text.replace("decision: deny", "decision: escalate"), ..one }
    };
    let asked =
        "approval: { quorum: 2, from: [role:sre, level:senior], expires: 15m }\nobligations: [reason, rollback-plan]\n";
    let set = load(&[escalating(asked)]);
    let demand = set.rule("us/x").unwrap().demand.in_words();
    assert_eq!(demand.as_deref(), Some("2 approvals of role:sre or level:senior, a reason, a rollback plan"));
    for (more, expected) in [
        ("approval: { quorum: 0 }\n", "a quorum of nobody is none"),
        ("approval: { from: [sre] }\n", "`sre` names no approvers"),
        ("approval: { quorum: 2, from: [\"person:ada\"] }\n", "1 people cannot make a quorum of 2"),
        ("approval: { expires: soon }\n", "`soon` is not a time"),
        ("obligations: [resaon]\n", "did you mean `reason`?"),
        ("obligations: []\n", "an empty list asks for nothing"),
    ] {
        let found = wrong(&[escalating(more)]);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
    }
    let found = wrong(&[rule("us/x", "{ service: rds }", asked)]);
    assert!(found.contains("a rule that says `deny` asks nobody"), "{found}");
    let sources = [escalating("approval: { quorum: 2, from: [role:sre] }\n")];
    let people = "version: 1\npeople:\n  - { name: ada, roles: [sre] }\n  - { name: bob }\n";
    let people = crate::config::People::parse("p", people).unwrap();
    let found = load(&sources).review(&sources, &people, at(0));
    let said = found
        .iter()
        .any(|one| one.message.contains("asks for 2 approvals of role:sre, and `people.yaml` has 1 of them"));
    assert!(said, "{found:?}");
}
