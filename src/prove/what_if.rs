//! What would have been decided, had one thing been otherwise: every claim is a decision that was made.

use std::time::Duration;

use vec1::Vec1;

use crate::classify::Action;
use crate::decide::{Decision, Facts, decide};
use crate::model::{Context, Count, Effect, Environment, EnvironmentKind, Level, Posture, Scope, Standing};
use crate::rules::RuleSet;

/// One thing otherwise, and what would be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Which: `environment`, `scope`, `count`, `level`, `at`.
    pub key: &'static str,
    /// What it would be.
    pub value: String,
    /// The answer.
    pub effect: Effect,
}

/// What a request was decided by and of.
#[derive(Clone, Copy, Debug)]
pub struct WhatIf<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// What it asks for.
    pub actions: &'a Vec1<Action>,
    /// Who, through which door, when.
    pub context: &'a Context,
    /// What is known of the person.
    pub standing: Option<&'a Standing>,
    /// How strict.
    pub posture: Posture,
}

/// Numbers that are tried: more is not milder, so the largest that is milder is told.
const COUNTS: &[u64] = &[1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500, 1_000, 10_000, 100_000];
/// The time is tried in steps of an hour.
const STEP: Duration = Duration::from_secs(3_600);
/// Freezes are longer than a week, and seldom longer than this.
const STEPS_MAX: u32 = 24 * 31;

impl WhatIf<'_> {
    /// Every single change that would have been answered more mildly; the mildest first.
    #[must_use]
    pub fn milder(&self) -> Vec<Alternative> {
        let facts = Facts { standing: self.standing.cloned(), ..Facts::default() };
        let now = self.decided(self.actions, self.context, &facts).effect();
        if now == Effect::Allow {
            return Vec::new();
        }
        let mut found = self.environments(&facts);
        found.extend(self.scopes(&facts));
        found.extend(self.counts(&facts));
        found.extend(self.levels());
        found.extend(self.times(&facts, now));
        found.retain(|one| one.effect < now);
        // The sort is stable: of equals, what a person can change most easily stands first.
        found.sort_by_key(|one| one.effect);
        found
    }

    fn decided(&self, actions: &Vec1<Action>, context: &Context, facts: &Facts) -> Decision {
        decide(actions, context, self.rules, facts, self.posture)
    }

    fn with(&self, facts: &Facts, change: impl Fn(&Action) -> Action) -> Effect {
        let changed = self.actions.clone().mapped(|action| change(&action));
        self.decided(&changed, self.context, facts).effect()
    }

    fn environments(&self, facts: &Facts) -> Vec<Alternative> {
        // No target becomes this machine by being named otherwise.
        let kinds = [EnvironmentKind::Staging, EnvironmentKind::Dev];
        let others = kinds.into_iter().filter(|kind| self.actions.iter().any(|one| one.environment().kind != *kind));
        let of = |kind| Alternative {
            key: "environment",
            value: EnvironmentKind::as_str(kind).to_owned(),
            effect: self.with(facts, |action| match action.environment().kind {
                // What is no stricter stays where it is.
                own if own.strictness() <= kind.strictness() => action.clone(),
                _ => action.if_in(Environment::of(kind)),
            }),
        };
        others.map(of).collect()
    }

    /// Of scopes, the widest for each answer.
    fn scopes(&self, facts: &Facts) -> Vec<Alternative> {
        let Some(widest) = self.actions.iter().map(|action| action.blast().scope).max() else { return Vec::new() };
        let smaller = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Local && *scope < widest);
        let of = |scope: Scope| {
            let effect = self.with(facts, |action| {
                let mut blast = *action.blast();
                blast.scope = blast.scope.min(scope);
                action.if_it(blast)
            });
            Alternative { key: "scope", value: scope.as_str().to_owned(), effect }
        };
        last_of_each(smaller.map(of))
    }

    fn counts(&self, facts: &Facts) -> Vec<Alternative> {
        let is_less = |count: Count, limit: u64| count.floor().is_none_or(|floor| floor > limit);
        let smaller = COUNTS.iter().copied();
        let smaller = smaller.filter(|limit| self.actions.iter().any(|action| is_less(action.blast().count, *limit)));
        let of = |limit: u64| {
            let effect = self.with(facts, |action| {
                let mut blast = *action.blast();
                if is_less(blast.count, limit) {
                    blast.count = Count::Exact(limit);
                }
                action.if_it(blast)
            });
            Alternative { key: "count", value: limit.to_string(), effect }
        };
        last_of_each(smaller.map(of))
    }

    /// A person of a higher level: the lowest that is answered more mildly.
    fn levels(&self) -> Vec<Alternative> {
        let own = self.standing.and_then(|standing| standing.level);
        let of = |level: Level| {
            let roles = self.standing.map(|standing| standing.roles.clone()).unwrap_or_default();
            let facts = Facts { standing: Some(Standing { level: Some(level), roles }), ..Facts::default() };
            let effect = self.decided(self.actions, self.context, &facts).effect();
            Alternative { key: "level", value: level.as_str().to_owned(), effect }
        };
        let higher = Level::ALL.iter().rev().copied().filter(|level| own.is_none_or(|own| *level > own));
        last_of_each(higher.map(of))
    }

    /// A later time: the first hour of each milder answer.
    fn times(&self, facts: &Facts, now: Effect) -> Vec<Alternative> {
        let mut found: Vec<Alternative> = Vec::new();
        let mut mildest = now;
        // The next full hour, then every hour.
        let start = self.context.at.millis() / 3_600_000 * 3_600_000;
        for step in 1..=STEPS_MAX {
            let at = crate::model::Timestamp::from_millis(start).after(STEP * step);
            let context = Context { at, ..self.context.clone() };
            let effect = self.decided(self.actions, &context, facts).effect();
            if effect < mildest {
                mildest = effect;
                found.push(Alternative { key: "at", value: at.to_string(), effect });
            }
            if effect == Effect::Allow {
                break;
            }
        }
        found
    }
}

/// Of neighbours with the same answer, the last.
fn last_of_each(alternatives: impl Iterator<Item = Alternative>) -> Vec<Alternative> {
    let mut kept: Vec<Alternative> = Vec::new();
    for next in alternatives {
        match kept.last_mut() {
            Some(last) if last.effect == next.effect => *last = next,
            _ => kept.push(next),
        }
    }
    kept
}
