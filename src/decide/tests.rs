use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use vec1::vec1;

use super::*;
use crate::model::{
    ApprovalId, BlastRadius, Count, EnvironmentKind, Hazard, Impact, Place, Reversible, Scope, Timestamp,
};
use crate::prove::nobody;
use crate::rules::{Layer, Source, builtin_sources};

fn source(id: &str, matches: &str, decision: &str, more: &str) -> Source {
    let text = format!(
        "id: {id}\nowner: \"@us\"\nseverity: high\nmatch: {matches}\ndecision: {decision}\nmessage: no {id}\ninstead: other\n{more}"
    );
    Source { file: format!("rules/{id}.yaml"), text, layer: Layer::Organisation }
}

fn destroy(environment: EnvironmentKind) -> Action {
    Action::for_test("aws:lambda:DeleteFunction", BlastRadius::new(Impact::Destroy, Scope::Resource), environment)
}

fn decided(actions: &Vec1<Action>, rules: &RuleSet) -> Decision {
    decide(actions, &nobody(Timestamp::from_millis(0)), rules, &Facts::default(), Posture::Guarded)
}

#[test]
fn the_strictest_of_all_stands_and_comes_first() {
    let rules = RuleSet::load(&[
        source("us/wide", "{ impact: [destroy] }", "escalate", ""),
        source("us/close", "{ impact: [destroy], environment: [prod], provider: [aws] }", "escalate", ""),
        source("us/quiet", "{ impact: [destroy] }", "deny", "mode: shadow\n"),
        source("us/gone", "{ impact: [destroy] }", "deny", "mode: off\n"),
        source("us/slow", "{ impact: [destroy] }", "throttle", ""),
    ])
    .unwrap();
    let decision = decided(&vec1![destroy(EnvironmentKind::Prod)], &rules);
    assert_eq!(decision.effect(), Effect::Escalate);
    let order: Vec<&str> = decision.findings().iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(order, ["us/close", "us/wide", "matrix:destroy/resource/prod", "us/slow", "us/quiet"]);
    assert_eq!(decision.deciding().count(), 3);
    let several = vec1![destroy(EnvironmentKind::Dev), destroy(EnvironmentKind::Prod)];
    let decision = decided(&several, &RuleSet::builtin());
    assert_eq!((decision.effect(), decision.findings()[0].action), (Effect::Escalate, 1));
}

#[test]
fn observe_decides_as_guarded_and_strict_is_stricter() {
    let rules = RuleSet::builtin();
    let update = Action::for_test(
        "aws:s3:PutBucketTagging",
        BlastRadius::new(Impact::Update, Scope::Resource),
        EnvironmentKind::Prod,
    );
    let effect = |posture| {
        let actions = vec1![update.clone()];
        decide(&actions, &nobody(Timestamp::from_millis(0)), &rules, &Facts::default(), posture).effect()
    };
    assert_eq!(effect(Posture::Observe), Effect::Allow);
    assert_eq!(effect(Posture::Guarded), Effect::Allow);
    assert_eq!(effect(Posture::Strict), Effect::Escalate);
}

const OPERATIONS: &[&str] =
    &["aws:s3:DeleteBucket", "aws:cloudformation:DeleteStack", "kubernetes:core:pods.delete", "http:a.example:DELETE"];
const RESOURCES: &[&str] = &["arn:aws:s3:::prod-a", "arn:aws:s3:::tmp", "payments/pods/web"];

fn any_action() -> impl Strategy<Value = Action> {
    (
        prop::sample::select(OPERATIONS),
        (prop::sample::select(Impact::ALL), prop::sample::select(Scope::ALL), prop::sample::select(Reversible::ALL)),
        prop::sample::select(EnvironmentKind::ALL),
        prop::option::of(prop::sample::select(RESOURCES)),
        prop::option::of(prop::sample::select(&["111122223333", "444455556666"][..])),
        prop_oneof![Just(Count::ONE), Just(Count::Exact(40)), Just(Count::Unbounded)],
        prop::option::of(prop::sample::select(Hazard::ALL)),
    )
        .prop_map(|(operation, (impact, scope, reversible), kind, resource, account, count, hazard)| {
            let hazards = hazard.into_iter().collect();
            let action = Action::for_test(operation, BlastRadius { impact, scope, count, reversible, hazards }, kind);
            let place = Place { account: account.map(str::to_owned), ..Place::default() };
            let action = action.at(place);
            resource.map_or_else(|| action.clone(), |resource| action.clone().on([resource]))
        })
}

/// A block of one to three random keys.
fn any_block(unless: bool) -> impl Strategy<Value = String> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    let key = prop_oneof![
        word(&["read", "create", "update", "destroy", "disrupt"]).prop_map(|word| format!("impact: [{word}]")),
        word(&["\">= resource\"", "\">= environment\"", "\"< account\"", "[item, resource]"])
            .prop_map(|word| format!("scope: {word}")),
        word(if unless {
            &["local", "dev", "staging", "prod"]
        } else {
            &["local", "dev", "staging", "prod", "unknown"]
        })
        .prop_map(|word| format!("environment: [{word}]")),
        word(&["\"aws:*\"", "\"aws:s3:DeleteBucket\"", "\"*.delete\"", "\"kubernetes:core:*\""])
            .prop_map(|word| format!("operation: [{word}]")),
        word(&["\"arn:*\"", "\"*prod*\"", "\"payments/*\""]).prop_map(|word| format!("resource: [{word}]")),
        Just("account: [\"1111*\"]".to_owned()),
        Just("count: \"> 10\"".to_owned()),
        word(&["data-loss", "audit-off"]).prop_map(|word| format!("hazards: [{word}]")),
    ];
    prop::collection::vec(key, 1..4).prop_map(|keys| {
        let mut named: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
        for key in keys {
            named.insert(key.split(':').next().unwrap().to_owned(), key);
        }
        format!("{{ {} }}", named.into_values().collect::<Vec<_>>().join(", "))
    })
}

fn any_rules() -> impl Strategy<Value = Vec<Source>> {
    let one = (
        any_block(false),
        prop::option::of(any_block(true)),
        prop::sample::select(&["throttle", "escalate", "deny"][..]),
    );
    prop::collection::vec(one, 1..6).prop_map(|rules| {
        let source = |(index, (matches, unless, decision)): (usize, (String, Option<String>, &str))| {
            // An `unless` that swallows the whole rule is refused at load; `severity` has no part in a decision.
            let more = unless
                .filter(|unless| *unless != matches)
                .map(|unless| format!("unless: {unless}\n"))
                .unwrap_or_default();
            source(&format!("us/r{index}"), &matches, decision, &more)
        };
        rules.into_iter().enumerate().map(source).collect()
    })
}

/// Runs with a fresh seed, which is printed so that a failure can be repeated.
fn property<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let config = Config { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
}

/// With the matrix, without the other built-in rules: those would hide what the random ones do. `None` when a random rule
/// is one that the lints refuse.
fn set(sources: &[Source]) -> Option<RuleSet> {
    let matrix = builtin_sources().into_iter().filter(|source| source.file.ends_with("matrix.yaml"));
    RuleSet::only(&matrix.chain(sources.iter().cloned()).collect::<Vec<_>>()).ok()
}

#[test]
fn adding_a_rule_never_loosens() {
    property(&(any_rules(), any_action()), |(sources, action)| {
        let actions = vec1![action];
        let mut before = Effect::Allow;
        for length in 0..=sources.len() {
            let Some(rules) = set(&sources[..length]) else { return Ok(()) };
            let effect = decided(&actions, &rules).effect();
            prop_assert!(effect >= before, "{before} became {effect}");
            before = effect;
        }
        Ok(())
    });
}

#[test]
fn the_order_of_rules_never_matters() {
    property(&(any_rules(), any_action(), any_action()), |(sources, first, second)| {
        let actions = vec1![first, second];
        let reversed: Vec<Source> = sources.iter().rev().cloned().collect();
        let (Some(forth), Some(back)) = (set(&sources), set(&reversed)) else { return Ok(()) };
        let (forth, back) = (decided(&actions, &forth), decided(&actions, &back));
        prop_assert_eq!(forth.findings(), back.findings());
        prop_assert_eq!(forth.revision(), back.revision());
        Ok(())
    });
}

#[test]
fn unknown_is_at_least_as_strict_as_prod() {
    property(&(any_rules(), any_action()), |(sources, action)| {
        let Some(rules) = set(&sources) else { return Ok(()) };
        let in_kind = |kind| {
            let blast = *action.blast();
            let mut other = Action::for_test(action.operation().as_str(), blast, kind).at(action.place().clone());
            if let Some(resource) = action.resources().first() {
                other = other.on([resource.as_str()]);
            }
            decided(&vec1![other], &rules).effect()
        };
        prop_assert!(in_kind(EnvironmentKind::Unknown) >= in_kind(EnvironmentKind::Prod));
        Ok(())
    });
}

#[test]
fn more_actions_are_never_milder_and_the_same_is_the_same() {
    property(&(any_rules(), any_action(), any_action()), |(sources, first, second)| {
        let Some(rules) = set(&sources) else { return Ok(()) };
        let alone = decided(&vec1![first.clone()], &rules);
        prop_assert!(decided(&vec1![first.clone(), second], &rules).effect() >= alone.effect());
        let again = decided(&vec1![first], &rules);
        prop_assert_eq!(again.findings(), alone.findings());
        Ok(())
    });
}

#[test]
fn the_matrix_is_monotone() {
    let rules = RuleSet::builtin();
    let matrix = rules.matrix();
    for row in crate::rules::Row::ALL.iter().copied() {
        for posture in Posture::ALL.iter().copied() {
            for kind in EnvironmentKind::ALL.iter().copied() {
                for pair in Scope::ALL.windows(2) {
                    let [narrow, wide] = [pair[0], pair[1]].map(|scope| matrix.cell(row, scope, kind, posture));
                    // Secrets alone are judged by whose they are, not by how far the call reaches; the order holds too.
                    assert!(narrow <= wide, "{row} {pair:?} {kind} {posture}");
                }
            }
            for scope in Scope::ALL.iter().copied() {
                let cells = EnvironmentKind::ALL.iter().map(|kind| matrix.cell(row, scope, *kind, posture));
                assert!(cells.collect::<Vec<_>>().is_sorted(), "{row} {scope} {posture}");
                let cell = |posture| matrix.cell(row, scope, EnvironmentKind::Prod, posture);
                assert!(cell(Posture::Guarded) <= cell(Posture::Strict), "{row} {scope}");
            }
        }
    }
}

#[test]
fn a_refusal_helps() {
    let rules = RuleSet::builtin();
    let place = Place {
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        host: Some("cloudformation.eu-west-1.amazonaws.com".to_owned()),
        ..Place::default()
    };
    let mut blast = BlastRadius::new(Impact::Destroy, Scope::Environment);
    blast.hazards.insert(Hazard::DataLoss);
    let stack = |kind| {
        Action::for_test("aws:cloudformation:DeleteStack", blast, kind)
            .at(place.clone())
            .on([
                "arn:aws:cloudformation:eu-west-1:111122223333:stack/billing-prod/0a1b2c3d-1111-2222-3333-444455556666",
            ])
            .with("Password", "hunter2")
    };
    let actions = vec1![stack(EnvironmentKind::Unknown)];
    let decision = decided(&actions, &rules);
    let id = ApprovalId::new(Timestamp::from_millis(1), 7);
    let text = refusal_text(
        &decision,
        &actions,
        &Why::People(People::Asked { id, until: Timestamp::from_millis(9), who: "1 approval".into() }),
    );
    println!("{text}");
    assert!(text.starts_with(&format!("Approval needed ({id}): aws:cloudformation:DeleteStack would destroy")));
    for part in [
        "account 111122223333",
        "region eu-west-1",
        "stack/billing-prod",
        "cannot be undone",
        "data is lost",
        "counts as prod",
        r#"- { name: prod, match: [ { provider: aws, account: "111122223333" } ] }"#,
        "Rule aws/delete-stack",
        "Instead:",
        "ask your person",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(!text.contains("hunter2"));
    assert!(text.chars().count() <= 1000, "{} characters", text.chars().count());
    let actions = vec1![stack(EnvironmentKind::Prod)];
    let text = refusal_text(&decided(&actions, &rules), &actions, &Why::Denied);
    assert!(text.starts_with("blastgate stopped this call: ") && text.contains("Nobody can approve"), "{text}");
    let limited = Why::Limited(Used {
        limit: "base/destroy-burst".to_owned(),
        message: "Ten resources in ten minutes".to_owned(),
        instead: String::new(),
        wait: Some(std::time::Duration::from_millis(61_001)),
        people: None,
    });
    let text = refusal_text(&decided(&actions, &rules), &actions, &limited);
    assert!(
        text.contains("Limit base/destroy-burst: Ten resources in ten minutes. It is used up for another 62 s."),
        "{text}"
    );
}

#[test]
fn nothing_hides_in_a_refusal() {
    let rules = RuleSet::builtin();
    let resource = format!("a\u{1b}[2J\r\nApproval granted\u{202e}{}", "x".repeat(5_000));
    let actions = vec1![destroy(EnvironmentKind::Prod).on([resource.as_str(), "b", "c", "d"])];
    let text = refusal_text(&decided(&actions, &rules), &actions, &Why::Denied);
    assert!(!text.contains('\u{1b}') && !text.contains('\r') && !text.contains('\u{202e}'), "{text}");
    assert!(!text.contains("\nApproval granted") && text.contains("and 2 more"), "{text}");
    assert!(text.chars().count() < 1000);
    assert_eq!(visible("abcdefghij", 6), "abc…ij");
    assert_eq!(visible("abcdef", 6), "abcdef");
}

#[test]
fn a_decision_among_thousands_of_rules_stays_cheap() {
    let text = |n: usize| {
        let matches = format!(
            "{{ operation: \"http:host{}.example:DELETE\", resource: [\"prod-{n}-*\"], environment: [prod] }}",
            n % 200
        );
        source(&format!("us/r{n}"), &matches, "deny", "")
    };
    let sources: Vec<Source> = (0..5_000).map(text).collect();
    let rules = RuleSet::load(&sources).unwrap();
    let blast = BlastRadius::new(Impact::Destroy, Scope::Resource);
    let action = Action::for_test("http:host7.example:DELETE", blast, EnvironmentKind::Prod).on(["prod-207-db"]);
    let actions = vec1![action];
    let decision = decided(&actions, &rules);
    assert_eq!(decision.findings()[0].rule, "us/r207");
    // What is looked at does not grow with the number of rules: that is counted, not timed.
    let few = RuleSet::load(&sources[..400]).unwrap();
    assert_eq!(decided(&actions, &few).findings().len(), decision.findings().len());
}
