//! What is told of rules beside an action agrees with what was decided, and what would have passed passes.

use super::*;
use crate::model::{BlastRadius, Count, Effect, Environment, EnvironmentKind, Impact, Scope};
use crate::rules::{Layer, Source};

fn own(id: &str, rest: &str) -> Source {
    let text = format!("id: {id}\nowner: \"@us\"\nseverity: high\nmessage: no {id}\ninstead: other\n{rest}");
    Source { file: format!("rules/{id}.yaml"), text, layer: Layer::Organisation }
}

fn rules() -> RuleSet {
    RuleSet::load(&[
        own("us/many", "decision: deny\nmatch: { operation: [\"http:*:DELETE\"], count: \"> 20\" }\n"),
        own("us/now", "decision: deny\nuntil: 1970-01-03\nmatch: { operation: [\"http:late.example:PUT\"] }\n"),
        own(
            "us/junior",
            "decision: deny\nmatch: { operation: [\"http:*:PATCH\"], principal: { level: \"< senior\" } }\n",
        ),
        own(
            "us/excused",
            "decision: deny\nmatch: { operation: [\"aws:s3:DeleteBucket\"] }\nunless: { environment: [dev] }\n",
        ),
    ])
    .unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn action(operation: &str, impact: Impact, scope: Scope, kind: EnvironmentKind) -> Action {
    Action::for_test(operation, BlastRadius::new(impact, scope), kind).on(["thing"])
}

#[test]
fn what_is_told_agrees_with_what_was_decided() {
    let rules = rules();
    let context = nobody(Timestamp::from_millis(0));
    let operations = [
        "aws:s3:DeleteBucket",
        "aws:cloudformation:DeleteStack",
        "kubernetes:core:namespaces.delete",
        "terraform:state:destroy",
        "http:a.example:DELETE",
        "http:a.example:PATCH",
        "sql:postgres:drop_table",
    ];
    for operation in operations {
        for impact in Impact::ALL.iter().copied() {
            for kind in EnvironmentKind::ALL.iter().copied() {
                let actions = Vec1::new(action(operation, impact, Scope::Environment, kind));
                let decision = decide(&actions, &context, &rules, &Facts::default(), Posture::Guarded);
                let traced = trace(&rules, &actions, &context, &Facts::default(), &decision);
                assert_eq!(traced.len(), rules.rules().len());
                for one in traced {
                    let has_unless = one.checked.iter().any(|checked| checked.block == "unless");
                    let has_finding = decision.findings().iter().any(|finding| finding.rule == one.rule.id);
                    let place = format!("{} beside {operation} {impact} {kind}: {one:#?}", one.rule.id);
                    assert_eq!(one.outcome == Outcome::Matched, has_finding, "{place}");
                    match one.outcome {
                        Outcome::Matched => assert_eq!(one.misses().count(), 0, "{place}"),
                        Outcome::Excused => assert!(has_unless, "{place}"),
                        Outcome::Missed(misses) => assert_eq!(one.misses().count(), misses, "{place}"),
                        Outcome::Off => {}
                    }
                }
            }
        }
    }
}

fn milder(action: Action, at: u64) -> Vec<(&'static str, String, Effect)> {
    let rules = rules();
    let (actions, context) = (Vec1::new(action), nobody(Timestamp::from_millis(at)));
    let (rules, actions, context) = (&rules, &actions, &context);
    let what_if = WhatIf { rules, actions, context, standing: None, posture: Posture::Guarded };
    what_if.milder().into_iter().map(|one| (one.key, one.value, one.effect)).collect()
}

#[test]
fn what_would_have_passed_is_found() {
    use EnvironmentKind::{Dev, Prod, Unknown};
    let has = |found: &[(&'static str, String, Effect)], key: &str, value: &str, effect: Effect| {
        let is_there = found.iter().any(|one| one.0 == key && one.1 == value && one.2 == effect);
        assert!(is_there, "{key} {value} {effect} is missing in {found:?}");
    };
    let bucket = |kind| action("aws:s3:DeleteBucket", Impact::Destroy, Scope::Resource, kind);
    has(&milder(bucket(Unknown), 0), "environment", "dev", Effect::Allow);
    assert_eq!(milder(bucket(Dev), 0), [], "it passes");

    let many = BlastRadius { count: Count::Exact(400), ..BlastRadius::new(Impact::Update, Scope::Item) };
    let many = Action::for_test("http:a.example:DELETE", many, Prod);
    has(&milder(many, 0), "count", "20", Effect::Allow);

    let patch = action("http:a.example:PATCH", Impact::Update, Scope::Item, Prod);
    has(&milder(patch, 0), "level", "senior", Effect::Allow);

    let put = action("http:late.example:PUT", Impact::Update, Scope::Item, Prod);
    let found = milder(put, 5_000);
    assert!(found.iter().any(|one| one.0 == "at" && one.1.starts_with("1970-01-0")), "{found:?}");
    assert!(found.iter().all(|one| one.2 < Effect::Deny), "{found:?}");
}

#[test]
fn several_actions_are_changed_together() {
    let rules = rules();
    let call = action("http:b.example:POST", Impact::Destroy, Scope::Resource, EnvironmentKind::Prod);
    let local = call.if_in(Environment::of(EnvironmentKind::Local));
    let actions = Vec1::try_from_vec(vec![call, local]).unwrap();
    let context = nobody(Timestamp::from_millis(0));
    let what_if =
        WhatIf { rules: &rules, actions: &actions, context: &context, standing: None, posture: Posture::Guarded };
    assert!(what_if.milder().iter().any(|one| one.key == "environment" && one.value == "dev"));
}
