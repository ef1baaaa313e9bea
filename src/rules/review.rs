//! What is right and still worth a second look: rules that do nothing any more, exceptions that are too wide or too old.
//!
//! None of it stops a load: whoever comes to it later would be stopped by the passing of time.

use std::time::Duration;

use super::demand::reachable;
use super::{Exception, Layer, Rule, RuleSet, Source};
use crate::config::{Diagnostic, Kind, People, Report, Spot, nearest};
use crate::model::{Approval, Mode, Obligation, Timestamp};

/// An exception that lasts longer is forgotten.
const EXCEPTION_TIME_MAX: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What is doubtful about one rule or exception, and what to do about it.
type Doubt = (Kind, String, Option<String>);

impl RuleSet {
    /// Looks at everything but the built-in packs. `sources` are the texts that it was loaded from.
    #[must_use]
    pub fn review(&self, sources: &[Source], people: &People, now: Timestamp) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut say = |file: &str, at: Spot, (kind, message): (Kind, String), help: Option<String>| {
            let text = sources.iter().find(|source| source.file == file).map_or("", |source| &source.text);
            let mut report = Report::new(file, text);
            report.warn(kind, at, message, help);
            found.extend(report.take_warnings());
        };
        for rule in self.rules.iter().filter(|rule| rule.layer != Layer::BuiltIn) {
            for (kind, message, help) in self.of_rule(rule, people, now) {
                say(&rule.file, rule.at, (kind, format!("{}: {message}", rule.id)), help);
            }
        }
        for exception in self.exceptions.iter().filter(|one| one.layer != Layer::BuiltIn) {
            for (kind, message, help) in self.of_exception(exception, now) {
                say(&exception.file, exception.at, (kind, format!("{}: {message}", exception.id)), help);
            }
        }
        found
    }

    /// Rules that ask for a check which the settings do not have: what they stop could never pass. `known` are the checks
    /// that there are.
    #[must_use]
    pub fn unknown_checks(&self, sources: &[Source], known: &[&str]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.layer != Layer::BuiltIn) {
            let names = rule.demand.obligations.iter().filter_map(|one| match one {
                Obligation::Check(name) if !known.contains(&name.as_str()) => Some(name),
                _ => None,
            });
            for name in names {
                let text = sources.iter().find(|source| source.file == rule.file).map_or("", |source| &source.text);
                let mut report = Report::new(&rule.file, text);
                let meant = nearest(name, known.iter().copied());
                let help = meant
                    .unwrap_or_else(|| format!("name it in `config.yaml`: `approvals: {{ checks: {{ {name}: … }} }}`"));
                report.say_as(
                    Kind::UnknownWord,
                    rule.at,
                    format!("{}: the settings have no check `{name}`", rule.id),
                    Some(help),
                );
                found.extend(report.into_found());
            }
        }
        found
    }

    fn of_rule(&self, rule: &Rule, people: &People, now: Timestamp) -> Vec<Doubt> {
        let mut found = Vec::new();
        if let Some(until) = rule.until().filter(|until| *until <= now) {
            let help = Some("remove it, or give it another end".to_owned());
            found.push((Kind::Idle, format!("it has ended on {until} and does nothing any more"), help));
        }
        if rule.mode == Mode::Off {
            found.push((Kind::Idle, "it is off and does nothing".to_owned(), None));
        }
        if rule.tests().matches.is_empty() && !rule.is_freeze {
            let help = "write one under `tests: match:`; `blastgate rules new` shows the form";
            found.push((Kind::Unproved, "no test shows that it ever matches".to_owned(), Some(help.to_owned())));
        }
        let blinding = |other: &&Rule| {
            other.id != rule.id
                && other.is_always_on()
                && other.decision >= rule.decision
                && other.specificity() >= rule.specificity()
                && other.matches.swallows(&rule.matches)
        };
        if rule.mode == Mode::Enforce
            && let Some(other) = self.rules.iter().find(blinding)
        {
            let help = Some("remove it, or make it stricter".to_owned());
            found.push((
                Kind::Idle,
                format!("`{}` already says `{}` wherever it matches", other.id, other.decision),
                help,
            ));
        }
        if !people.all().is_empty() {
            found.extend(rule.demand.approvals.iter().filter_map(|approval| unreachable(approval, people)));
        }
        if !people.all().is_empty() {
            for role in rule.matches.roles().filter(|role| role.is_exact() && !people.has_role(role.as_str())) {
                found.push((Kind::NeverMatches, format!("nobody in `people.yaml` has the role `{role}`"), None));
            }
        }
        found
    }

    fn of_exception(&self, exception: &Exception, now: Timestamp) -> Vec<Doubt> {
        let mut found = Vec::new();
        if !exception.is_live(now) {
            let help = Some("remove it, or have it approved anew".to_owned());
            found.push((Kind::Idle, "it has ended and lifts nothing any more".to_owned(), help));
        } else if exception.expires.is_some_and(|end| end.since(now) > EXCEPTION_TIME_MAX) {
            let help = Some("let it end within 90 days, and renew it then".to_owned());
            found.push((Kind::WideException, "it lasts longer than 90 days".to_owned(), help));
        }
        for id in &exception.lifts {
            let Some(rule) = self.rule(id) else { continue };
            if exception.matcher.swallows(&rule.matches) {
                let help = "name the resources, accounts or environments that it is for".to_owned();
                found.push((
                    Kind::WideException,
                    format!("it lifts all that `{id}` stops: the rule does nothing any more"),
                    Some(help),
                ));
            }
            if rule.mode != Mode::Enforce {
                found.push((
                    Kind::Idle,
                    format!("it lifts `{id}`, which is in mode `{}` and stops nothing", rule.mode),
                    None,
                ));
            }
        }
        let shadowing = |other: &&Exception| {
            other.id != exception.id
                && other.is_live(now)
                && exception.lifts.iter().all(|id| other.lifts.contains(id))
                && other.expires >= exception.expires
                && other.matcher.swallows(&exception.matcher)
        };
        if let Some(other) = self.exceptions.iter().find(shadowing) {
            found.push((
                Kind::Idle,
                format!("`{}` already lifts all that it lifts", other.id),
                Some("remove one".to_owned()),
            ));
        }
        found
    }
}

/// What cannot be brought together of these people.
fn unreachable(approval: &Approval, people: &People) -> Option<Doubt> {
    let parts = std::iter::once(&approval.part).chain(&approval.including);
    let short = parts
        .map(|part| (part, reachable(part, people)))
        .find(|(part, there)| (*there as u64) < u64::from(part.quorum));
    let help = Some("a call that it escalates could never pass".to_owned());
    if let Some((_, there)) = short {
        return Some((
            Kind::UnreachableQuorum,
            format!("it asks for {approval}, and `people.yaml` has {there} of them"),
            help,
        ));
    }
    let named = people.nobodys(&approval.part.from)?;
    let message = format!("it names `{named}`, and nobody in `people.yaml` is");
    Some((Kind::UnreachableQuorum, message, Some("correct the name, or remove it".to_owned())))
}
