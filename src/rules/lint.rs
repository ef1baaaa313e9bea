//! What is wrong with a rule although its YAML is well formed: it could never match, never help, or never be proved.

use serde_saphyr::Spanned;

use super::Layer;
use super::matcher::Matcher;
use super::text::{RawFreeze, RawLimit, RawRule};
use crate::catalog;
use crate::config::{Glob, Kind, Report, Spot, nearest};
use crate::model::Effect;

/// A message and its `instead` stand together in a refusal of some 900 characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// Providers of the vocabulary beside those of the catalog: their operations follow a grammar, or come with later
/// catalogs.
const GRAMMAR_PROVIDERS: &[&str] = &[
    "http",
    "graphql",
    "git",
    "net",
    "lifeline",
    "shell",
    "sql",
    "redis",
    "mongodb",
    "influxdb",
    "terraform",
    "helm",
    "mcp",
];

/// Whether a built-in file must hold the tests that prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It must.
    Needed,
    /// They were taken out of it.
    Elsewhere,
}

/// A rule's id is its file's path.
pub(super) fn path(id: &Spanned<String>, file: &str, report: &mut Report<'_>) {
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file).replace('\\', "/");
    let is_path = stem.strip_suffix(id.value.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    if !is_path {
        let path: Vec<&str> = stem.rsplit('/').take(2).collect();
        let wanted = path.into_iter().rev().collect::<Vec<_>>().join("/");
        let message = format!("id `{}` is not the file's path", id.value);
        report.say_as(Kind::Id, id, message, Some(format!("write `{wanted}`")));
    }
}

/// Checks what does not depend on the compiled matcher.
pub(super) fn rule(raw: &RawRule, (layer, proof): (Layer, Proof), report: &mut Report<'_>) {
    id(&raw.id.value, Spot::from(&raw.id), report);
    if raw.owner.trim().is_empty() {
        report.say(Spot::default(), "`owner` is empty: somebody must answer for the rule", None);
    }
    decision(raw.decision.value, Spot::from(&raw.decision), report);
    let instead = raw.instead.as_ref().map(|instead| (instead.value.as_str(), Spot::from(instead)));
    texts((&raw.message.value, Spot::from(&raw.message)), instead, report);
    if proof == Proof::Needed && layer == Layer::BuiltIn {
        let tests = raw.tests.as_ref().map(|tests| &tests.value);
        if tests.is_none_or(|tests| tests.matches.is_empty() || tests.not_match.is_empty()) {
            let help = "write at least one request under `match` and a near miss under `not_match`";
            report.say_as(Kind::Unproved, &raw.id, "the rule is not proved by `tests`", Some(help.to_owned()));
        }
    }
}

/// Checks a freeze.
pub(super) fn freeze(raw: &RawFreeze, report: &mut Report<'_>) {
    id(&raw.id.value, Spot::from(&raw.id), report);
    if raw.owner.trim().is_empty() {
        report.say(&raw.id, "`owner` is empty: somebody must answer for the freeze", None);
    }
    decision(raw.decision.value, Spot::from(&raw.decision), report);
    let instead = raw.instead.as_ref().map(|instead| (instead.value.as_str(), Spot::from(instead)));
    texts((&raw.message.value, Spot::from(&raw.message)), instead, report);
}

/// A limit's id begins with the name of its folder.
pub(super) fn folder(id: &Spanned<String>, file: &str, report: &mut Report<'_>) {
    let folder = file.replace('\\', "/").rsplit('/').nth(1).map(str::to_owned);
    if let (Some(folder), Some((pack, _))) = (folder, id.value.split_once('/'))
        && folder != pack
    {
        let message = format!("id `{}` does not begin with its folder", id.value);
        report.say_as(Kind::Id, id, message, Some(format!("write `{folder}/…`")));
    }
}

/// Checks a limit.
pub(super) fn limit(raw: &RawLimit, report: &mut Report<'_>) {
    id(&raw.id.value, Spot::from(&raw.id), report);
    if raw.owner.as_ref().is_some_and(|owner| owner.trim().is_empty()) {
        report.say(&raw.id, "`owner` is empty: somebody must answer for the limit", None);
    }
    decision(raw.decision.value, Spot::from(&raw.decision), report);
    if let Some(door) = &raw.matches.value.door {
        report.say(door, "a limit cannot name doors", None);
    }
    let instead = raw.instead.as_ref().map(|instead| (instead.value.as_str(), Spot::from(instead)));
    texts((&raw.message.value, Spot::from(&raw.message)), instead, report);
}

/// Checks what a compiled matcher could never match.
pub(super) fn matcher(matcher: &Matcher, at: Spot, report: &mut Report<'_>) {
    for glob in &matcher.operation {
        operation(glob, at, report);
        let (provider, service) = parts(glob);
        let excluded = |globs: &[Glob], part: &str| {
            !part.is_empty() && !part.contains('*') && !globs.is_empty() && !globs.iter().any(|one| one.matches(part))
        };
        if excluded(&matcher.provider, provider) || excluded(&matcher.service, service) {
            let message = format!("`{glob}` contradicts the rule's `provider` or `service`: it can never match");
            report.say_as(Kind::NeverMatches, at, message, None);
        }
    }
    for provider in matcher.provider.iter().filter(|provider| provider.is_exact()) {
        known_provider(provider.as_str(), at, report);
    }
}

fn parts(glob: &Glob) -> (&str, &str) {
    let mut parts = glob.as_str().split(':');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// An exact operation must be in a catalog; a pattern must be able to match one.
fn operation(glob: &Glob, at: Spot, report: &mut Report<'_>) {
    let text = glob.as_str();
    let (provider, _) = parts(glob);
    if !text.contains('*') && text.split(':').count() < 3 {
        report.say_as(
            Kind::UnknownOperation,
            at,
            format!("`{text}` is not an operation"),
            Some("write `provider:service:Name`".to_owned()),
        );
        return;
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        report.say_as(Kind::UnknownOperation, at, format!("`{text}` is not an operation"), None);
        return;
    }
    if !provider.contains('*') {
        known_provider(provider, at, report);
    }
    if glob.is_exact() && !catalog::operation_exists(text) {
        let message = format!("no catalog knows the operation `{text}`");
        report.say_as(Kind::UnknownOperation, at, message, catalog::nearest_operation(text));
    }
    if !glob.is_exact() && catalog::lists_any(glob) == Some(false) {
        let help = "`blastgate operations` lists those of a service".to_owned();
        let message = format!("no operation's id is like `{text}`: it can never match");
        report.say_as(Kind::NeverMatches, at, message, Some(help));
    }
}

fn known_provider(provider: &str, at: Spot, report: &mut Report<'_>) {
    const CATALOGS: &[&str] = &["aws", "kubernetes"];
    let is_known = catalog::provider(provider).is_some()
        || GRAMMAR_PROVIDERS.contains(&provider)
        || catalog::commands::names_provider(provider);
    if !is_known {
        let help = nearest(provider, CATALOGS.iter().chain(GRAMMAR_PROVIDERS).copied());
        report.say_as(Kind::UnknownOperation, at, format!("provider `{provider}` is not known"), help);
    }
}

/// Why an exact operation or provider can never be met, and what to write.
pub(super) type Unmet = Option<(String, Option<String>)>;

/// What is wrong with an operation that an expression names.
pub(super) fn unknown_operation(name: &str) -> Unmet {
    let glob = Glob::parse(name).ok()?;
    first(|report| operation(&glob, Spot::default(), report))
}

/// What is wrong with a provider that an expression names.
pub(super) fn unknown_provider(name: &str) -> Unmet {
    first(|report| known_provider(name, Spot::default(), report))
}

/// The first thing that a check says.
fn first(check: impl FnOnce(&mut Report<'_>)) -> Unmet {
    let mut report = Report::new("", "");
    check(&mut report);
    report.into_found().into_iter().next().map(|found| (found.message, found.suggestion))
}

/// `pack/name`, lower case.
pub(super) fn id(id: &str, at: Spot, report: &mut Report<'_>) {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if id.split('/').count() < 2 || !id.split('/').all(is_word) {
        let help = "write `pack/name` in lower case, with hyphens";
        report.say_as(Kind::Id, at, format!("`{id}` is not an id"), Some(help.to_owned()));
    }
}

fn decision(effect: Effect, at: Spot, report: &mut Report<'_>) {
    if effect == Effect::Allow {
        let help = "there is no allow rule: a rule says throttle, escalate or deny";
        report.say(at, format!("a rule cannot say `{effect}`"), Some(help.to_owned()));
    }
}

fn texts(message: (&str, Spot), instead: Option<(&str, Spot)>, report: &mut Report<'_>) {
    if message.0.trim().is_empty() {
        report.say(message.1, "`message` is empty: a blocked agent would not know why", None);
    }
    match instead {
        None => {
            let text = "`instead` is missing: a refusal must name the safer way";
            report.say_as(Kind::MissingInstead, message.1, text, None);
        }
        Some((text, at)) if text.trim().is_empty() => {
            report.say_as(Kind::MissingInstead, at, "`instead` is empty: a refusal must name the safer way", None);
        }
        Some(_) => {}
    }
    for (text, at) in [Some(message), instead].into_iter().flatten() {
        if text.chars().count() > MESSAGE_CHARS_MAX {
            report.say(at, format!("the text is longer than {MESSAGE_CHARS_MAX} characters"), None);
        }
    }
}
