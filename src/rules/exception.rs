//! Exceptions: what lifts a named rule or a named cell of the matrix, for a narrow target, for a while.

use super::matcher::{Block, Matcher, Reading};
use super::moment::{Edge, Span, checked};
use super::sets::Sets;
use super::text::{RawException, RawExceptions};
use super::{Layer, Row, View, lint};
use crate::config::{Diagnostics, Report, Spot, parse_yaml};
use crate::model::{EnvironmentKind, Scope, Timestamp};

/// One exception.
#[derive(Debug)]
pub struct Exception {
    /// Its path: `acme/loadtest-teardown`.
    pub id: String,
    /// The rules and cells that it lifts.
    pub lifts: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed to it.
    pub approved_by: Vec<String>,
    /// The first moment at which it does not count any more.
    pub expires: Option<Timestamp>,
    /// Whose it is.
    pub layer: Layer,
    /// The file it came from.
    pub file: String,
    pub(super) at: Spot,
    pub(super) matcher: Matcher,
}

impl Exception {
    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self, at: Timestamp) -> bool {
        Span { from: None, until: self.expires }.contains(at)
    }

    /// Whether it lifts what this rule or cell says about the action: only where it certainly covers the whole of it.
    pub(super) fn lifts(&self, id: &str, view: View<'_>) -> bool {
        self.lifts.iter().any(|one| one == id) && self.is_live(view.context.at) && self.matcher.excuses(view)
    }

    /// Parses and checks one file.
    pub(super) fn parse(file: &str, text: &str, layer: Layer, sets: &Sets) -> Result<Vec<Self>, Diagnostics> {
        let raw: RawExceptions = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        let mut exceptions = Vec::new();
        for one in raw.exceptions {
            if layer > Layer::Organisation {
                let help = "ask whoever answers for the rule to write it into the organisation's rules".to_owned();
                let message = format!("the {} layer can only tighten: an exception cannot stand here", layer.as_str());
                report.say(&one.id, message, Some(help));
            }
            exceptions.push(Self::check(one, (file, layer), &mut Reading { report: &mut report, sets }));
        }
        report.finish(exceptions)
    }

    fn check(raw: RawException, (file, layer): (&str, Layer), reading: &mut Reading<'_, '_>) -> Self {
        lint::id(&raw.id.value, Spot::from(&raw.id), reading.report);
        let at = Spot::from(&raw.matches);
        let matcher = raw.matches.value.compile(at, Block::Unless, reading);
        lint::matcher(&matcher, at, reading.report);
        if raw.rule.value.0.is_empty() {
            reading.report.say(&raw.rule, "an exception names the rule or the cell that it lifts", None);
        }
        for (rule, spot) in &raw.rule.value.0 {
            let at = spot.unwrap_or((&raw.rule).into());
            if rule.0.starts_with("matrix:") && !is_cell(&rule.0) {
                let help = "write it as the log tells it: `matrix:destroy/environment/prod`".to_owned();
                reading.report.say(at, format!("the matrix has no cell `{}`", rule.0), Some(help));
            }
            if UNLIFTABLE.contains(&rule.0.as_str()) {
                reading.report.say(at, format!("`{}` protects the gate itself: nothing lifts it", rule.0), None);
            }
        }
        for (text, what) in [(&raw.reason, "reason"), (&raw.owner, "owner")] {
            if text.value.trim().is_empty() {
                reading.report.say(
                    text,
                    format!("`{what}` is empty: an exception that nobody explains is a hole"),
                    None,
                );
            }
        }
        if raw.approved_by.value.0.is_empty() {
            reading.report.say(&raw.approved_by, "`approved_by` is empty: somebody must have agreed", None);
        }
        let expires = raw.expires.as_ref().and_then(|text| checked(text, Edge::End, reading.report));
        if raw.expires.is_none() && layer != Layer::BuiltIn {
            let help = "write `expires: 2026-12-31`; 90 days at most are good practice".to_owned();
            reading.report.say(&raw.id, "`expires` is missing: an exception ends", Some(help));
        }
        Self {
            id: raw.id.value,
            at: Spot::from(&raw.rule),
            lifts: raw.rule.value.0.into_iter().map(|(rule, _)| rule.0).collect(),
            reason: raw.reason.value,
            owner: raw.owner.value,
            approved_by: raw.approved_by.value.0.into_iter().map(|(name, _)| name.0).collect(),
            expires,
            layer,
            file: file.to_owned(),
            matcher,
        }
    }
}

/// Rules that hold against everybody: what they stop would take the gate away.
const UNLIFTABLE: &[&str] = &["base/guard-tamper"];

/// `matrix:destroy/environment/prod`.
fn is_cell(id: &str) -> bool {
    let Some(parts) = id.strip_prefix("matrix:") else { return false };
    let mut parts = parts.split('/');
    parts.next().is_some_and(|row| row.parse::<Row>().is_ok())
        && parts.next().is_some_and(|scope| scope.parse::<Scope>().is_ok())
        && parts.next().is_some_and(|kind| kind.parse::<EnvironmentKind>().is_ok())
        && parts.next().is_none()
}
