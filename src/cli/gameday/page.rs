//! A game day for a person: a list, what went wrong in full, and a sum.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::answer::{Summary, summary};
use super::{Day, attempt_text};
use crate::classify::Action;
use crate::cli::count;
use crate::cli::table::{Cell, Column, visible, widths, write_head, write_row};
use crate::decide::blast_words;
use crate::model::Posture;
use crate::prove::gameday::{Expect, Outcome, Played, PlayedStep, PlayedWay};

const COLUMNS: [Column; 5] = [
    Column { heading: "RESULT", narrowest: 11, middle: false },
    Column { heading: "INCIDENT", narrowest: 24, middle: false },
    Column { heading: "STEP", narrowest: 6, middle: false },
    Column { heading: "BY", narrowest: 20, middle: false },
    Column { heading: "WHAT HAPPENED", narrowest: 10, middle: false },
];

/// A text for people is hardly longer, and a terminal shows all of it.
const CHARS_MAX: usize = 400;

/// Everything that the page shows.
pub(super) struct Page<'a> {
    pub(super) day: &'a Day<'a>,
    /// Columns of the terminal.
    pub(super) width: Option<usize>,
    /// Every step of every incident.
    pub(super) is_full: bool,
}

impl Page<'_> {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_full {
            for played in &self.day.played {
                self.story(played, out)?;
            }
        } else {
            self.list(out)?;
            self.known(out)?;
            for played in &self.day.played {
                self.wrong(played, out)?;
            }
        }
        self.foot(out)
    }

    fn list(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<Vec<Cell>> = self.day.played.iter().map(|played| self.row(played)).collect();
        let widths = widths(&COLUMNS, &rows, self.width);
        write_head(out, &COLUMNS, &widths)?;
        rows.iter().try_for_each(|row| write_row(out, &COLUMNS, &widths, row))
    }

    fn row(&self, played: &Played<'_>) -> Vec<Cell> {
        let outcome = played.outcome();
        let steps = played.steps.len();
        let (at, by) = if outcome == Outcome::Held {
            played.ends_at().map_or((0, String::new()), |(at, stop)| (at, format!("{} {}", stop.effect, stop.by)))
        } else {
            let at = played.steps.iter().position(|step| step.outcome() == outcome).unwrap_or(0);
            (at, played.steps.get(at).map_or_else(String::new, |step| worst(step, outcome)))
        };
        let dimmed = Style::new().dimmed();
        vec![
            Cell::new(self.word(outcome, Expect::Stop)).style(style(outcome)),
            Cell::new(&played.incident.id),
            Cell::new(&format!("{} of {steps}", at + 1)),
            Cell::new(&by),
            Cell::new(&played.incident.title).style(dimmed),
        ]
    }

    /// Under `observe` nothing is stopped, only recorded.
    fn word(&self, outcome: Outcome, expect: Expect) -> &'static str {
        match (outcome, expect) {
            (Outcome::Held, Expect::Stop) if self.day.bench.posture == Posture::Observe => "would stop",
            (Outcome::Held, Expect::Stop) => "stopped",
            (Outcome::Held, Expect::Pass) => "passes",
            (Outcome::KnownGap, _) => "known gap",
            (Outcome::FalseAlarm, _) => "FALSE ALARM",
            (Outcome::Gap, _) => "GAP",
        }
    }

    /// What is known to pass, in a line each.
    fn known(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut is_first = true;
        for (played, at, step, way) in self.ways().filter(|(.., way)| way.outcome == Outcome::KnownGap) {
            if std::mem::take(&mut is_first) {
                writeln!(out, "\nKnown gaps: these pass, and the incidents say so")?;
            }
            let words = way.way.needs.map_or("", |needs| needs.words());
            writeln!(
                out,
                "  {}, step {}: {}: {words}",
                visible(&played.incident.id),
                at + 1,
                visible(&said(step, way))
            )?;
        }
        Ok(())
    }

    fn ways(&self) -> impl Iterator<Item = (&Played<'_>, usize, &PlayedStep<'_>, &PlayedWay<'_>)> {
        self.day.played.iter().flat_map(|played| {
            let steps = played.steps.iter().enumerate();
            steps.flat_map(move |(at, step)| step.ways.iter().map(move |way| (played, at, step, way)))
        })
    }

    /// Gaps and false alarms, in full.
    fn wrong(&self, played: &Played<'_>, out: &mut dyn Write) -> io::Result<()> {
        for (at, step) in played.steps.iter().enumerate() {
            for way in step.ways.iter().filter(|way| is_wrong(way)) {
                let (style, word) = (style(way.outcome), self.word(way.outcome, step.step.expect));
                let (id, said) = (visible(&played.incident.id), said(step, way));
                writeln!(out, "\n{style}{word}{style:#}  {id}, step {}: {}", at + 1, visible(&said))?;
                writeln!(out, "  {:12} {}:{}", "file", visible(&played.incident.file), way.way.line)?;
                details((step, way), out)?;
            }
        }
        Ok(())
    }

    /// An incident with all its steps.
    fn story(&self, played: &Played<'_>, out: &mut dyn Write) -> io::Result<()> {
        let (incident, bold) = (played.incident, Style::new().bold());
        let date = incident.date.as_deref().map_or_else(String::new, |date| format!(" ({date})"));
        writeln!(out, "{bold}{}{bold:#}  {}{date}", visible(&incident.id), visible(&incident.title))?;
        let texts = [
            ("happened", Some(&incident.what)),
            ("source", incident.source.as_ref()),
            ("lesson", incident.lesson.as_ref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                self.wrapped(name, text, out)?;
            }
        }
        writeln!(out, "  {:12} {}", "file", visible(&incident.file))?;
        for target in &incident.targets {
            let place = target.place.as_deref().unwrap_or("the story's own");
            writeln!(
                out,
                "  {:12} {{{}}} = {} ({})",
                "played with",
                target.name,
                visible(&target.value),
                visible(place)
            )?;
        }
        for (at, step) in played.steps.iter().enumerate() {
            let expects = if step.step.expect == Expect::Stop { "must be stopped" } else { "must pass" };
            let environment = step.step.environment.map_or_else(String::new, |kind| format!(", in {kind}"));
            writeln!(out, "\n  step {} {}: {expects}{environment}", at + 1, visible(&step.step.say))?;
            for way in &step.ways {
                let (style, word) = (style(way.outcome), self.word(way.outcome, step.step.expect));
                writeln!(out, "  {style}{word:12}{style:#} {}", visible(&said(step, way)))?;
                details((step, way), out)?;
                if let Some(stop) = &way.stop {
                    let mut name = "told";
                    for line in stop.told.lines() {
                        writeln!(out, "  {name:12} {line}")?;
                        name = "";
                    }
                }
            }
        }
        writeln!(out)
    }

    fn wrapped(&self, name: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let width = self.width.unwrap_or(100).clamp(40, 120).saturating_sub(15);
        let text = visible(text);
        let mut name = name;
        for line in textwrap::wrap(&text, width) {
            writeln!(out, "  {name:12} {line}")?;
            name = "";
        }
        Ok(())
    }

    fn foot(&self, out: &mut dyn Write) -> io::Result<()> {
        let Summary { incidents, gaps, false_alarms, known_gaps, to_stop, stopped, to_pass, passed, .. } =
            summary(&self.day.played);
        let bench = &self.day.bench;
        let worst = self.day.played.iter().map(Played::outcome).max().unwrap_or(Outcome::Held);
        let (style, posture) = (style(worst).bold(), bench.posture);
        let of = |n: usize, noun: &str| count(u64::try_from(n).unwrap_or(u64::MAX), noun);
        let (gaps, alarms, known) = (of(gaps, "gap"), of(false_alarms, "false alarm"), of(known_gaps, "known gap"));
        if !self.is_full {
            writeln!(out)?;
        }
        writeln!(
            out,
            "{style}{}: {gaps}, {alarms}, {known}{style:#} · {stopped} of {to_stop} calls that hurt are stopped, \
             {passed} of {to_pass} harmless ones pass",
            of(incidents, "incident")
        )?;
        let environments = bench.inventory.environments().len();
        let inventory = match environments {
            0 => "an empty inventory: what is remote counts as prod".to_owned(),
            n => format!("{} in the inventory", of(n, "environment")),
        };
        writeln!(out, "Posture {posture}, rules {}, {inventory}.", bench.rules.revision())?;
        if posture == Posture::Observe {
            writeln!(out, "Under `observe` the gate records all this and stops nothing.")?;
        }
        Ok(())
    }
}

const fn is_wrong(way: &PlayedWay<'_>) -> bool {
    matches!(way.outcome, Outcome::Gap | Outcome::FalseAlarm)
}

const fn style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Held => AnsiColor::Green.on_default(),
        Outcome::KnownGap => AnsiColor::Cyan.on_default(),
        Outcome::FalseAlarm => AnsiColor::Yellow.on_default(),
        Outcome::Gap => AnsiColor::Red.on_default(),
    }
}

/// The step's words, and in which way.
fn said(step: &PlayedStep<'_>, way: &PlayedWay<'_>) -> String {
    let PlayedStep { step, .. } = step;
    if way.way.say == step.say { step.say.clone() } else { format!("{} ({})", step.say, way.way.say) }
}

/// What decided the ways that came out so; where there are others, how many.
fn worst(step: &PlayedStep<'_>, outcome: Outcome) -> String {
    let such: Vec<&PlayedWay<'_>> = step.ways.iter().filter(|way| way.outcome == outcome).collect();
    match such.as_slice() {
        [first, ..] if such.len() == step.ways.len() => decided(first),
        _ => format!("{} of {} ways", such.len(), step.ways.len()),
    }
}

/// `escalate aws/delete-stack`, `allow matrix:update/resource/unknown`.
fn decided(way: &PlayedWay<'_>) -> String {
    match (&way.stop, &way.judged) {
        (Some(stop), _) => format!("{} {}", stop.effect, stop.by),
        (None, Ok(judged)) => {
            let by = judged.decision.deciding().next().map_or("", |finding| finding.rule.as_str());
            format!("{} {by}", judged.decision.effect())
        }
        (None, Err(_)) => String::new(),
    }
}

/// The attempt, what it was read as, and what was said.
fn details((step, way): (&PlayedStep<'_>, &PlayedWay<'_>), out: &mut dyn Write) -> io::Result<()> {
    let stated = step.step.environment.is_some().then_some("the incident says so");
    let text = attempt_text(way.attempt);
    let mut name = "attempt";
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        writeln!(out, "  {name:12} {}", visible(line))?;
        name = "";
    }
    match &way.judged {
        Err(unreadable) => writeln!(out, "  {:12} nothing: {}", "read as", visible(&unreadable.why))?,
        Ok(judged) => {
            for action in &judged.actions {
                read_as(action, stated, out)?;
            }
        }
    }
    let turns = match way.way.attempts.len() {
        1 => String::new(),
        n => format!(", at repetition {} of {n}", way.turn),
    };
    writeln!(out, "  {:12} {}{turns}", "decision", visible(&decided(way)))?;
    if let Some(needs) = way.way.needs.filter(|_| way.outcome == Outcome::KnownGap) {
        writeln!(out, "  {:12} {}", "known gap", needs.words())?;
    }
    let name = if way.stop.is_some() { "to pass" } else { "to close it" };
    way.advice.iter().try_for_each(|line| writeln!(out, "  {name:12} {}", visible(line)))
}

fn read_as(action: &Action, stated: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let on: Vec<&str> = action.resources().iter().take(2).map(|one| one.as_str()).collect();
    let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join(", ")) };
    let environment = action.environment();
    let because = stated.or(environment.because.as_deref()).unwrap_or("nothing says what it is");
    let line = format!("{}{on}: it {}", action.operation(), blast_words(action));
    writeln!(out, "  {:12} {}", "read as", crate::decide::visible(&line, CHARS_MAX))?;
    let line = format!("{}: {because}", environment.name);
    writeln!(out, "  {:12} {}", "environment", crate::decide::visible(&line, CHARS_MAX))
}
