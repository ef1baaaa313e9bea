//! A game day for a program: one object.

use serde::Serialize;

use super::{Day, attempt_text};
use crate::classify::Action;
use crate::model::{BlastRadius, Effect, EnvironmentKind, Mode, Operation, Posture, Resource};
use crate::prove::gameday::{Expect, Need, Outcome, Played, PlayedStep, PlayedWay};

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// Nothing passes that must not, and nothing harmless is stopped.
    ok: bool,
    posture: Posture,
    /// Whether the gate would do as is said here: under `observe` it only records.
    stops: bool,
    revision: &'a str,
    summary: Summary,
    incidents: Vec<IncidentAnswer<'a>>,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// Incidents, by the worst in them.
    pub(super) incidents: usize,
    pub(super) held: usize,
    pub(super) known_gaps: usize,
    pub(super) false_alarms: usize,
    pub(super) gaps: usize,
    /// Attempts that must be stopped, and those of them that are.
    pub(super) to_stop: usize,
    pub(super) stopped: usize,
    /// Attempts that must pass, and those of them that do.
    pub(super) to_pass: usize,
    pub(super) passed: usize,
}

#[derive(Debug, Serialize)]
struct IncidentAnswer<'a> {
    id: &'a str,
    title: &'a str,
    date: Option<&'a str>,
    file: &'a str,
    source: Option<&'a str>,
    lesson: Option<&'a str>,
    result: Outcome,
    /// The step, from 1, where the story ends.
    stopped_at: Option<usize>,
    targets: Vec<TargetAnswer<'a>>,
    steps: Vec<StepAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct TargetAnswer<'a> {
    name: &'a str,
    value: &'a str,
    inventory: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StepAnswer<'a> {
    step: usize,
    line: usize,
    say: &'a str,
    expect: Expect,
    result: Outcome,
    ways: Vec<WayAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct WayAnswer<'a> {
    say: &'a str,
    line: usize,
    attempt: String,
    /// Which repetition tells, from 1.
    turn: usize,
    result: Outcome,
    needs: Option<Need>,
    decision: Effect,
    by: Option<&'a str>,
    message: Option<&'a str>,
    told: Option<&'a str>,
    rules: Vec<&'a str>,
    unreadable: Option<&'a str>,
    actions: Vec<ActionAnswer<'a>>,
    advice: &'a [String],
}

#[derive(Debug, Serialize)]
struct ActionAnswer<'a> {
    operation: &'a Operation,
    #[serde(flatten)]
    blast: &'a BlastRadius,
    resources: &'a [Resource],
    environment: EnvironmentKind,
    environment_name: &'a str,
    because: Option<&'a str>,
}

/// Counts.
pub(super) fn summary(played: &[Played<'_>]) -> Summary {
    let mut summary = Summary { incidents: played.len(), ..Summary::default() };
    for one in played {
        *match one.outcome() {
            Outcome::Held => &mut summary.held,
            Outcome::KnownGap => &mut summary.known_gaps,
            Outcome::FalseAlarm => &mut summary.false_alarms,
            Outcome::Gap => &mut summary.gaps,
        } += 1;
        for (step, way) in one.steps.iter().flat_map(|step| step.ways.iter().map(move |way| (step, way))) {
            let is_held = usize::from(way.outcome == Outcome::Held);
            match step.step.expect {
                Expect::Stop => (summary.to_stop, summary.stopped) = (summary.to_stop + 1, summary.stopped + is_held),
                Expect::Pass => (summary.to_pass, summary.passed) = (summary.to_pass + 1, summary.passed + is_held),
            }
        }
    }
    summary
}

pub(super) fn answer<'a>(day: &'a Day<'_>) -> Answer<'a> {
    let summary = summary(&day.played);
    Answer {
        ok: summary.gaps + summary.false_alarms == 0,
        posture: day.bench.posture,
        stops: day.bench.posture != Posture::Observe,
        revision: day.bench.rules.revision(),
        summary,
        incidents: day.played.iter().map(incident).collect(),
    }
}

fn incident<'a>(played: &'a Played<'_>) -> IncidentAnswer<'a> {
    let one = played.incident;
    let target = |target: &'a crate::prove::gameday::Target| TargetAnswer {
        name: &target.name,
        value: &target.value,
        inventory: target.place.as_deref(),
    };
    IncidentAnswer {
        id: &one.id,
        title: &one.title,
        date: one.date.as_deref(),
        file: &one.file,
        source: one.source.as_deref(),
        lesson: one.lesson.as_deref(),
        result: played.outcome(),
        stopped_at: played.ends_at().map(|(at, _)| at + 1),
        targets: one.targets.iter().map(target).collect(),
        steps: played.steps.iter().enumerate().map(|(at, one)| step(at, one)).collect(),
    }
}

fn step<'a>(at: usize, played: &'a PlayedStep<'_>) -> StepAnswer<'a> {
    StepAnswer {
        step: at + 1,
        line: played.step.line,
        say: &played.step.say,
        expect: played.step.expect,
        result: played.outcome(),
        ways: played.ways.iter().map(way).collect(),
    }
}

fn way<'a>(played: &'a PlayedWay<'_>) -> WayAnswer<'a> {
    let stop = played.stop.as_ref();
    let judged = played.judged.as_ref().ok();
    let mut rules: Vec<&str> = Vec::new();
    let findings = judged.map_or(&[][..], |judged| judged.decision.findings());
    for finding in findings.iter().filter(|finding| finding.mode == Mode::Enforce) {
        if !rules.contains(&finding.rule.as_str()) {
            rules.push(&finding.rule);
        }
    }
    let decision = stop.map(|stop| stop.effect).or_else(|| judged.map(|judged| judged.decision.effect()));
    WayAnswer {
        say: &played.way.say,
        line: played.way.line,
        attempt: attempt_text(played.attempt),
        turn: played.turn,
        result: played.outcome,
        needs: played.way.needs,
        decision: decision.unwrap_or(Effect::Deny),
        by: stop.map(|stop| stop.by.as_str()),
        message: stop.map(|stop| stop.message.as_str()),
        told: stop.map(|stop| stop.told.as_str()),
        rules,
        unreadable: played.judged.as_ref().err().map(|unreadable| unreadable.why.as_str()),
        actions: judged.map_or_else(Vec::new, |judged| judged.actions.iter().map(action).collect()),
        advice: &played.advice,
    }
}

fn action(action: &Action) -> ActionAnswer<'_> {
    let environment = action.environment();
    ActionAnswer {
        operation: action.operation(),
        blast: action.blast(),
        resources: action.resources(),
        environment: environment.kind,
        environment_name: &environment.name,
        because: environment.because.as_deref(),
    }
}
