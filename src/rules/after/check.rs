//! From the YAML form of `after:` to checked steps, and what could never be.

use serde_saphyr::Spanned;

use super::same::COMPARABLE;
use super::step::{Outcomes, Step, StepOutcome};
use crate::config::{Glob, Kind, Report, Spot, duration};
use crate::rules::lint;
use crate::rules::matcher::{Block, Key, Matcher, Reading};
use crate::rules::text::{List, RawStep};

/// More steps are no story that anybody can follow.
const STEPS_MAX: usize = 8;
/// Fewer than are kept of one step.
const TIMES_MAX: u32 = 20;
/// What a session did is not kept for longer.
const WITHIN_MAX: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// Which facets the operations of a provider never tell.
const NEVER: &[(&str, &[Key])] = &[
    ("aws", &[Key::Namespace, Key::Cluster, Key::Project, Key::Subscription, Key::Repository, Key::Database]),
    ("kubernetes", &[Key::Account, Key::Project, Key::Subscription, Key::Repository, Key::Database]),
];

impl Step {
    /// Checks the steps of a rule that matches `last`.
    pub(in crate::rules) fn check_all(
        raw: Option<Spanned<Vec<Spanned<RawStep>>>>,
        last: &Matcher,
        reading: &mut Reading<'_, '_>,
    ) -> Vec<Self> {
        let Some(raw) = raw else { return Vec::new() };
        let at = Spot::from(&raw);
        if raw.value.is_empty() {
            let help = Some("remove the key, or name an earlier step".to_owned());
            reading.report.say(at, "an empty list is no sequence", help);
        }
        if raw.value.len() > STEPS_MAX {
            reading.report.say(at, format!("a sequence has at most {STEPS_MAX} earlier steps"), None);
        }
        raw.value.into_iter().map(|step| Self::check(step.value, last, reading)).collect()
    }

    fn check(raw: RawStep, last: &Matcher, reading: &mut Reading<'_, '_>) -> Self {
        let at = Spot::from(&raw.matches);
        let matches = raw.matches.value.compile(at, Block::Match, reading);
        lint::matcher(&matches, at, reading.report);
        let unless = raw.unless.map(|unless| {
            let at = Spot::from(&unless);
            let unless = unless.value.compile(at, Block::Unless, reading);
            if unless.swallows(&matches) {
                let text = "`unless` covers all that `match` does: the step can never match";
                reading.report.say_as(Kind::NeverMatches, at, text, None);
            }
            unless
        });
        let same = raw.same.map(|list| compared(&list, (&matches, last), reading.report)).unwrap_or_default();
        let other = raw.other.map(|list| compared(&list, (&matches, last), reading.report)).unwrap_or_default();
        if let Some(key) = other.iter().find(|key| same.contains(key)) {
            reading.report.say(at, format!("`{key}` cannot be the same and another"), None);
        }
        let times = raw.times.map_or(1, |times| {
            if !(2..=TIMES_MAX).contains(&times.value) {
                let help = format!("write a number from 2 to {TIMES_MAX}, or remove the key: once is enough");
                reading.report.say(&times, format!("`times: {}` cannot be counted", times.value), Some(help));
            }
            usize::try_from(times.value.clamp(1, TIMES_MAX)).unwrap_or(1)
        });
        if let Some(list) = raw.outcome.as_ref().filter(|list| list.value.0.is_empty()) {
            let help = Some("remove the key or name a value".to_owned());
            reading.report.say(list, "an empty list can match nothing", help);
        }
        let outcomes: Vec<StepOutcome> =
            raw.outcome.map_or_else(|| vec![StepOutcome::Any], |list| list.value.0.iter().map(|one| one.0).collect());
        let (within, words) = (within(&raw.within, reading.report), String::new());
        let step = Self {
            id: Self::unidentified(),
            matches,
            unless,
            within,
            same,
            other,
            times,
            outcomes: Outcomes::wanted(outcomes.iter().copied()),
            words,
        };
        Self { words: in_words(&step, &raw.within.value, &outcomes), ..step }.identified()
    }
}

fn within(text: &Spanned<String>, report: &mut Report<'_>) -> std::time::Duration {
    match duration(&text.value) {
        Err(message) => match message.split_once("; help: ") {
            Some((message, help)) => report.say(text, message, Some(help.to_owned())),
            None => report.say(text, message, None),
        },
        Ok(time) if time.is_zero() => report.say(text, "`within` leaves no time at all", None),
        Ok(time) if time > WITHIN_MAX => {
            let help = "write `24h` or less: what a session did is remembered for a day at most";
            report.say(text, "`within` is longer than a day", Some(help.to_owned()));
        }
        Ok(time) => return time,
    }
    WITHIN_MAX
}

fn compared(list: &Spanned<List<Key>>, matchers: (&Matcher, &Matcher), report: &mut Report<'_>) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    if list.value.0.is_empty() {
        let help = Some("remove the key or name a facet".to_owned());
        report.say(list, "an empty list compares nothing", help);
    }
    for (key, spot) in &list.value.0 {
        let at = spot.unwrap_or(list.into());
        if !COMPARABLE.contains(key) {
            let known: Vec<&str> = COMPARABLE.iter().map(|key| key.as_str()).collect();
            let help = format!("one of {}", known.join(", "));
            report.say(at, format!("`{key}` cannot be compared"), Some(help));
        } else if keys.contains(key) {
            report.say(at, format!("`{key}` stands here a second time"), None);
        } else {
            if let Some(provider) = [matchers.0, matchers.1].into_iter().find_map(|one| without(one, *key)) {
                let message = format!("operations of `{provider}` have no {key}: it tells nothing apart");
                let help = Some("remove it; what an action does not tell counts as equal".to_owned());
                report.say_as(Kind::NeverMatches, at, message, help);
            }
            keys.push(*key);
        }
    }
    keys
}

/// The provider that all operations of this matcher belong to, where they never tell this facet.
fn without(matcher: &Matcher, key: Key) -> Option<&'static str> {
    let providers: Vec<&str> = match matcher.operation.is_empty() {
        true if matcher.provider.iter().all(Glob::is_exact) => matcher.provider.iter().map(Glob::as_str).collect(),
        true => Vec::new(),
        false => matcher.operation.iter().map(|glob| glob.as_str().split(':').next().unwrap_or_default()).collect(),
    };
    let never = |provider: &&str| NEVER.iter().find(|(known, keys)| known == provider && keys.contains(&key));
    let first = providers.first().and_then(never)?;
    providers.iter().all(|provider| never(provider).is_some()).then_some(first.0)
}

fn in_words(step: &Step, within: &str, outcomes: &[StepOutcome]) -> String {
    let mut parts = vec![step.matches.in_words()];
    parts.extend(step.unless.as_ref().map(|unless| format!("unless {}", unless.in_words())));
    for (word, keys) in [("same", &step.same), ("other", &step.other)] {
        if !keys.is_empty() {
            let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
            parts.push(format!("{word} {}", keys.join(", ")));
        }
    }
    if !outcomes.contains(&StepOutcome::Any) {
        let words: Vec<&str> = outcomes.iter().map(|word| word.as_str()).collect();
        parts.push(words.join(" or "));
    }
    if step.times > 1 {
        parts.push(format!("{} times", step.times));
    }
    parts.push(format!("within {within}"));
    parts.join("; ")
}
