//! Freezes: a time in which changes are decided more strictly. Each is a rule with a beginning and an end.

use super::case::Cases;
use super::matcher::{Block, Key, Reading};
use super::moment::{Edge, Span, checked};
use super::rule::{Rule, Tests, one_line};
use super::sets::Sets;
use super::text::{RawFreeze, RawFreezes};
use super::{Layer, Severity, lint};
use crate::config::{Diagnostics, Report, Spot, parse_yaml};
use crate::model::{Demand, Mode};

/// Parses and checks one file.
pub(super) fn parse(file: &str, text: &str, layer: Layer, sets: &Sets) -> Result<Vec<Rule>, Diagnostics> {
    let raw: RawFreezes = parse_yaml(file, text)?;
    let mut report = Report::new(file, text);
    let rules = raw
        .freezes
        .into_iter()
        .map(|one| check(one, (file, layer), &mut Reading { report: &mut report, sets }))
        .collect();
    report.finish(rules)
}

/// One freeze as a rule.
pub(super) fn check(raw: RawFreeze, (file, layer): (&str, Layer), reading: &mut Reading<'_, '_>) -> Rule {
    lint::freeze(&raw, reading.report);
    let at = Spot::from(&raw.matches);
    let mut matches = raw.matches.value.compile(at, Block::Match, reading);
    // Looking is never frozen, unless the freeze says so itself.
    if !matches.has(Key::Impact) {
        matches.facets = matches.facets.without_reads();
    }
    lint::matcher(&matches, at, reading.report);
    let unless = raw.unless.as_ref().map(|unless| unless.value.compile(unless.into(), Block::Unless, reading));
    let from = checked(&raw.from, Edge::Begin, reading.report);
    let until = checked(&raw.to, Edge::End, reading.report);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        reading.report.say(&raw.to, "the freeze ends before it begins", None);
    }
    Rule {
        id: raw.id.value,
        owner: raw.owner,
        severity: raw.severity.unwrap_or(Severity::High),
        mode: raw.mode.unwrap_or(Mode::Enforce),
        decision: raw.decision.value,
        message: one_line(&raw.message.value),
        instead: raw.instead.map(|instead| one_line(&instead.value)).unwrap_or_default(),
        runbook: raw.runbook,
        references: raw.references.unwrap_or_default(),
        demand: Demand::default(),
        tests: Tests::Here(Cases::default()),
        layer,
        file: file.to_owned(),
        at,
        is_freeze: true,
        span: Span { from, until },
        matches,
        unless,
        when: None,
        after: Vec::new(),
    }
}
