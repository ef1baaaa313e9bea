use std::collections::BTreeMap;

use super::*;
use crate::classify::Action;
use crate::model::{BlastRadius, Door, EnvironmentKind, Hazard, Hazards, Impact, Scope};
use crate::prove::nobody;
use crate::rules::matcher::Facets;
use crate::rules::{Mode, Rule, View};

#[test]
fn what_is_read_late_is_what_is_read_at_once() {
    let (whole, late) = (read_whole(), RuleSet::builtin());
    assert_eq!(whole.revision(), late.revision());
    let one = |rule: &Rule| {
        let words = (&rule.id, &rule.owner, &rule.message, &rule.instead, &rule.references, &rule.runbook, &rule.file);
        let meaning = (rule.severity, rule.mode, rule.decision, rule.layer, rule.until());
        format!("{words:?} {meaning:?} {:?} {:?} {:?} {:?}", rule.demand, rule.matches, rule.unless, rule.when)
    };
    let told = |set: &RuleSet| set.rules().into_iter().map(one).collect::<Vec<_>>();
    assert_eq!(told(&whole), told(&late));
    let tests = |set: &RuleSet| set.rules().into_iter().map(|rule| format!("{:?}", rule.tests())).collect::<Vec<_>>();
    assert_eq!(tests(&whole), tests(&late));
    let others = |set: &RuleSet| format!("{:?} {:?} {:?} {:?}", set.limits, set.packs(), set.exceptions, set.matrix);
    assert_eq!(others(&whole), others(&late));
    assert!(whole.rules().iter().all(|rule| !rule.tests().is_empty()), "every one is proved");
    assert!(
        FILES.iter().all(|file| !file.name().ends_with(".yaml")
            || super::super::rule::untested(file.text).is_some()
            || !file.text.contains("\ntests:")),
        "tests stand last"
    );
}

#[test]
fn every_rule_is_kept_under_what_it_could_concern() {
    let whole = read_whole();
    let ids = |positions: &[usize], of: &dyn Fn(usize) -> String| -> Vec<String> {
        positions.iter().map(|position| of(*position)).collect()
    };
    let found: BTreeMap<String, Vec<String>> = KEYS
        .iter()
        .map(|(key, positions)| ((*key).to_owned(), ids(positions, &|at| RULES[at].id().to_owned())))
        .collect();
    let mut expected: BTreeMap<String, Vec<String>> = whole
        .index
        .places()
        .into_iter()
        .map(|(key, positions)| (key, ids(&positions, &|at| whole.rules[at].id.clone())))
        .collect();
    expected.retain(|_, rules| !rules.is_empty());
    assert_eq!(found, expected, "write its `match:` in a plainer form, or teach `build/matches.rs` to read it");
    assert!(KEYS.is_sorted_by_key(|(key, _)| *key) && RULES.is_sorted_by_key(|rule| rule.id()));
    assert!(whole.rules.iter().all(|rule| rule.mode != Mode::Off), "one that is off stands under nothing");
}

/// Every combination of the words that are looked at before a rule is read, and what the rule's own bits say of it.
#[test]
fn the_words_that_are_compared_first_are_those_of_the_rule() {
    for (unread, rule) in RULES.iter().zip(rules()) {
        assert_eq!(unread.id(), rule.id);
        for impact in Impact::ALL.iter().copied() {
            for scope in Scope::ALL.iter().copied() {
                for kind in EnvironmentKind::ALL.iter().copied() {
                    let action = Action::for_test("aws:s3:DeleteBucket", BlastRadius::new(impact, scope), kind);
                    let near = Near { hazards: &[], ..unread.near };
                    // Evidence, door and reversibility are not compared first.
                    let bits = 0xff_ffff;
                    let is_allowed = Facets(rule.matches.facets.0 | !bits).allows(Facets::of(&action, Door::Http));
                    assert_eq!(near.admits(&action), is_allowed, "{}: {impact} {scope} {kind}", rule.id);
                }
            }
        }
        let hazards: Hazards = unread.near.hazards.iter().map(|word| word.parse::<Hazard>().unwrap()).collect();
        assert_eq!(hazards, rule.matches.hazards, "{}", rule.id);
    }
}

/// All requests of all tests inside the packs, and all operations of the tables with every impact: what is looked at
/// late is what all rules say.
#[test]
fn judged_late_is_judged_by_all() {
    let (whole, late) = (read_whole(), RuleSet::builtin());
    let context = nobody(crate::model::Timestamp::from_millis(0));
    let hits = |set: &RuleSet, action: &Action| {
        let mut found = Vec::new();
        set.hits(View { action, context: &context, standing: None, past: None }, |hit| {
            found.push((hit.rule.id.clone(), hit.failed))
        });
        found.sort();
        found
    };
    let mut seen = 0;
    for (key, _) in &KEYS {
        let operation = if key.matches(':').count() < 2 { format!("{key}:any:Thing") } else { (*key).to_owned() };
        for impact in Impact::ALL.iter().copied() {
            for (scope, kind) in [
                (Scope::Local, EnvironmentKind::Local),
                (Scope::Item, EnvironmentKind::Local),
                (Scope::Environment, EnvironmentKind::Prod),
                (Scope::Account, EnvironmentKind::Unknown),
            ] {
                for hazard in Hazard::ALL.iter().copied().map(Some).chain([None]) {
                    let mut blast = BlastRadius::new(impact, scope);
                    blast.hazards = hazard.into_iter().collect();
                    let action = Action::for_test(&operation, blast, kind).on(["x.tfstate"]);
                    let found = hits(&late, &action);
                    assert_eq!(found, hits(&whole, &action), "{action:?}");
                    seen += found.len();
                }
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn a_rule_that_cannot_be_read_denies() {
    let rule = Rule::unreadable("aws/broken", "rules/aws/broken.yaml", "line 1: what\nis this");
    let set = RuleSet { rules: vec![rule], ..RuleSet::only(&[]).unwrap() };
    let action =
        Action::for_test("aws:s3:GetObject", BlastRadius::new(Impact::Read, Scope::Item), EnvironmentKind::Dev);
    let context = nobody(crate::model::Timestamp::from_millis(0));
    let view = View { action: &action, context: &context, standing: None, past: None };
    let rule = &set.rules[0];
    assert_eq!(rule.covers(view, Facets::of(&action, Door::Http)), crate::rules::Verdict::Yes);
    assert!(rule.message.contains("cannot be read: line 1: what is this"));
}
