//! Plays a story: every attempt is judged as the gate judges it, and what it says is held against what it must say.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use vec1::Vec1;

use super::advice::advise;
use super::{Attempt, Expect, Incident, Step, Way};
use crate::classify::Action;
use crate::config::{Approvals, Inventory};
use crate::decide::{Decision, Facts, People, Used, Why, decide, refusal_text};
use crate::model::http::Unreadable;
use crate::model::{ApprovalId, Context, Door, Effect, Timestamp, blast_words as words};
use crate::prove::{Bench, Command, Judged, Request, Statement, nobody};
use crate::rules::{self, Bucket, LimitSpec, Mark, Name, Outcomes, RuleSet, View, Wants};

words! {
    /// What came of an attempt, a step, an incident; the worst last.
    Outcome {
        /// As it must be.
        Held = "held",
        /// It passes, and what would stop it is not built: it is known and said.
        KnownGap = "known-gap",
        /// It is stopped, and is harmless.
        FalseAlarm = "false-alarm",
        /// It passes, and must not.
        Gap = "gap",
    }
}

/// A story that was played.
#[derive(Debug)]
pub struct Played<'a> {
    /// Which.
    pub incident: &'a Incident,
    /// Its steps, in their order.
    pub steps: Vec<PlayedStep<'a>>,
}

/// A step that was played.
#[derive(Debug)]
pub struct PlayedStep<'a> {
    /// Which.
    pub step: &'a Step,
    /// Every way of it.
    pub ways: Vec<PlayedWay<'a>>,
}

/// A way that was played.
#[derive(Debug)]
pub struct PlayedWay<'a> {
    /// Which.
    pub way: &'a Way,
    /// Which of its repetitions tells: the first that was stopped, else the last; from 1.
    pub turn: usize,
    /// That attempt.
    pub attempt: &'a Attempt,
    /// What it was read as, and the decision; an attempt that cannot be read is refused.
    pub judged: Result<Judged, Unreadable>,
    /// What stopped it.
    pub stop: Option<Stop>,
    /// Whether that is as it must be.
    pub outcome: Outcome,
    /// What would make it so, where that is known.
    pub advice: Vec<String>,
}

/// What stopped an attempt.
#[derive(Clone, Debug)]
pub struct Stop {
    /// `escalate`: people are asked; `deny`: nobody is.
    pub effect: Effect,
    /// The rule, the cell of the matrix, or the limit; `unreadable` where it has no single reading.
    pub by: String,
    /// Why.
    pub message: String,
    /// What the agent would be told.
    pub told: String,
}

impl Played<'_> {
    /// The worst of all steps.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.steps.iter().map(PlayedStep::outcome).max().unwrap_or(Outcome::Held)
    }

    /// Where the story ends: the first step that was stopped and had to be, counted from 0.
    #[must_use]
    pub fn ends_at(&self) -> Option<(usize, &Stop)> {
        let of = |one: &PlayedStep<'_>| one.step.expect == Expect::Stop && one.outcome() == Outcome::Held;
        let (at, step) = self.steps.iter().enumerate().find(|(_, one)| of(one))?;
        Some((at, step.ways.first()?.stop.as_ref()?))
    }
}

impl PlayedStep<'_> {
    /// The worst of all ways.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.ways.iter().map(|way| way.outcome).max().unwrap_or(Outcome::Held)
    }
}

impl Incident {
    /// Plays the whole story as one session. What is stopped is taken as not done, and the story goes on: every step is
    /// judged.
    #[must_use]
    pub fn play(&self, bench: &Bench<'_>, at: Timestamp) -> Played<'_> {
        let mut memory = Memory { earlier: rules::Memory::of(bench.rules), ..Memory::default() };
        let steps = self.steps.iter().map(|step| {
            let stated = step.environment.map(Inventory::everything_is);
            let bench = Bench { inventory: stated.as_ref().unwrap_or(bench.inventory), ..*bench };
            let before = memory.clone();
            // Other ways are instead of the first, not beside it: each starts with what the session had done before.
            let ways = step.ways.iter().enumerate().filter_map(|(index, way)| {
                let mut other = before.clone();
                let memory = if index == 0 { &mut memory } else { &mut other };
                play(&bench, (step, way), memory, at)
            });
            PlayedStep { step, ways: ways.collect() }
        });
        Played { incident: self, steps: steps.collect() }
    }
}

fn play<'a>(
    bench: &Bench<'_>,
    (step, way): (&'a Step, &'a Way),
    memory: &mut Memory,
    at: Timestamp,
) -> Option<PlayedWay<'a>> {
    let mut last = None;
    for (index, attempt) in way.attempts.iter().enumerate() {
        let judged = memory.judge(bench, attempt, at);
        let stop = stop(&judged, memory, bench.rules, at);
        let is_stopped = stop.is_some();
        memory.settle(is_stopped, at);
        last = Some((index + 1, attempt, judged, stop));
        if is_stopped {
            break;
        }
    }
    let (turn, attempt, judged, stop) = last?;
    let outcome = match (step.expect, &stop, way.needs) {
        (Expect::Stop, Some(_), _) | (Expect::Pass, None, _) => Outcome::Held,
        (Expect::Pass, Some(_), _) => Outcome::FalseAlarm,
        (Expect::Stop, None, Some(_)) => Outcome::KnownGap,
        (Expect::Stop, None, None) => Outcome::Gap,
    };
    let advice = match &judged {
        Ok(judged) if outcome != Outcome::Held => advise(bench, attempt, judged, step, at),
        _ => vec![],
    };
    Some(PlayedWay { way, turn, attempt, judged, stop, outcome, advice })
}

impl Attempt {
    /// The door that it comes through.
    const fn door(&self) -> Door {
        match self {
            Self::Http { .. } => Door::Http,
            Self::Command { .. } => Door::Hook,
            Self::Sql { .. } => Door::Api,
            Self::Tool { .. } => Door::Mcp,
        }
    }
}

impl Bench<'_> {
    /// What the gate would say of this attempt, without its memory.
    pub(super) fn attempt(&self, attempt: &Attempt, at: Timestamp) -> Result<Judged, Unreadable> {
        let context = Context { door: attempt.door(), ..nobody(at) };
        match attempt {
            Attempt::Http { request, known } => {
                let body = request.body.as_bytes();
                let asked = Request { method: &request.method, url: &request.url, headers: &request.headers, body };
                self.judge(&asked, known, &context)
            }
            Attempt::Command { text, shell, around } => {
                let asked = Command { text, shell: *shell, around: around.as_ref() };
                self.hear(&asked, &context).map(|(judged, _)| judged)
            }
            Attempt::Sql { dialect, text, target } => {
                self.judge_statement(&Statement { dialect, text, target: target.as_deref() }, &context)
            }
            Attempt::Tool { call, around } => self.use_tool(call, around.as_ref(), &context).map(|(judged, _)| judged),
        }
    }
}

/// Whether people or nobody must say yes before an action of this decision goes on.
pub(super) fn stops(decision: &Decision) -> bool {
    matches!(decision.effect(), Effect::Escalate | Effect::Deny)
}

fn stop(judged: &Result<Judged, Unreadable>, memory: &mut Memory, rules: &RuleSet, at: Timestamp) -> Option<Stop> {
    let Judged { actions, decision } = match judged {
        Ok(judged) => judged,
        Err(Unreadable { why, .. }) => {
            let (effect, by) = (Effect::Deny, "unreadable".to_owned());
            let told = format!("blastgate refused this because it cannot be read in exactly one way: {why}.");
            return Some(Stop { effect, by, message: why.clone(), told });
        }
    };
    if !stops(decision) {
        let (effect, mut used) = memory.take(rules, actions, &nobody(at))?;
        used.people = (effect == Effect::Escalate).then(|| asked(decision, at));
        let (by, message) = (used.limit.clone(), used.message.clone());
        let told = refusal_text(decision, actions, &Why::Limited(used));
        return Some(Stop { effect, by, message, told });
    }
    let effect = decision.effect();
    let why = if effect == Effect::Escalate { Why::People(asked(decision, at)) } else { Why::Denied };
    let finding = decision.deciding().next();
    let (by, message) = finding.map(|one| (one.rule.clone(), one.message.clone())).unwrap_or_default();
    Some(Stop { effect, by, message, told: refusal_text(decision, actions, &why) })
}

/// The words for people who are asked, with an approval request that nobody opened.
fn asked(decision: &Decision, at: Timestamp) -> People {
    let settings = Approvals::default();
    let who = decision.voters_in_words(&settings.default);
    People::Asked { id: ApprovalId::new(at, 0), until: at.after(settings.pending), who }
}

/// What the session did: what it took from each limit, and what rules with `after:` ask for. No time passes: as fast as a
/// loop can be.
#[derive(Clone, Debug, Default)]
struct Memory {
    taken: BTreeMap<Bucket, Taken>,
    earlier: rules::Memory,
    /// The attempt that was judged last.
    entered: Vec<Mark>,
}

impl Memory {
    /// What the gate would say of the attempt after all that the session did.
    fn judge(&mut self, bench: &Bench<'_>, attempt: &Attempt, at: Timestamp) -> Result<Judged, Unreadable> {
        let judged = bench.attempt(attempt, at)?;
        let context = Context { door: attempt.door(), ..nobody(at) };
        let marks = bench.rules.marks_of(&judged.actions, &context, None);
        let (past, entered) = self.earlier.enter(context.principal.session, at, marks);
        self.entered = entered;
        let facts = Facts { past, ..Facts::default() };
        let decision = decide(&judged.actions, &context, bench.rules, &facts, bench.posture);
        Ok(Judged { decision, ..judged })
    }

    /// What became of it.
    fn settle(&mut self, is_stopped: bool, at: Timestamp) {
        let outcome = if is_stopped { Outcomes::REFUSED } else { Outcomes::SENT };
        let marks = std::mem::take(&mut self.entered);
        self.earlier.settle(nobody(at).principal.session, &marks, outcome);
    }

    /// Takes tokens for everything that these actions touch, or says which limit stops them; the strictest, and none is
    /// taken then. A limit that only makes an agent wait stops nothing.
    fn take(&mut self, rules: &RuleSet, actions: &Vec1<Action>, context: &Context) -> Option<(Effect, Used)> {
        let mut taken = Vec::new();
        let mut exceeded: Vec<(Effect, Used)> = Vec::new();
        for limit in rules.limits() {
            let views = actions.iter().map(|action| View { action, context, standing: None, past: None });
            for claim in limit.claims(views) {
                let misfit = limit.misfit(&claim.wants);
                let before = self.taken.get(&claim.bucket).cloned().unwrap_or_default();
                let (after, over) = before.and(limit, &claim.wants);
                if misfit.is_none() && over == 0 {
                    taken.push((claim.bucket, after));
                } else if limit.answer(misfit.is_some()) > Effect::Throttle {
                    let each = limit.per / limit.quantity.max(1);
                    let wait = each.checked_mul(u32::try_from(over).unwrap_or(u32::MAX)).unwrap_or(limit.per);
                    let why = misfit.map(|misfit| format!("{misfit} ")).unwrap_or_default();
                    let (message, instead) = (format!("{why}{}", limit.message), limit.instead.clone());
                    let wait = misfit.is_none().then_some(if limit.distinct { limit.per } else { wait });
                    let used = Used { limit: limit.id.clone(), message, instead, wait, people: None };
                    exceeded.push((limit.answer(misfit.is_some()), used));
                }
            }
        }
        if exceeded.is_empty() {
            self.taken.extend(taken);
        }
        exceeded.into_iter().reduce(|before, next| if next.0 > before.0 { next } else { before })
    }
}

/// What was taken from a bucket.
#[derive(Clone, Debug, Default)]
struct Taken {
    tokens: u64,
    names: BTreeSet<Name>,
}

impl Taken {
    /// With this, too; and by how much that is too much.
    fn and(mut self, limit: &LimitSpec, wants: &Wants) -> (Self, u64) {
        let over = match wants {
            Wants::Resources(size) => {
                self.tokens = self.tokens.saturating_add(*size);
                self.tokens.saturating_sub(u64::from(limit.burst))
            }
            Wants::Names(names) => {
                self.names.extend(names);
                (self.names.len() as u64).saturating_sub(u64::from(limit.quantity))
            }
            Wants::Unbounded | Wants::Unnamed => 0,
        };
        (self, over)
    }
}
