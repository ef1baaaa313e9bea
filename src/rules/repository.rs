//! `.blastgate.yaml` at the root of a repository: rules, limits and freezes for whoever works in it.
//!
//! SECURITY: the agent can write it. It has no key that could loosen anything, and what it adds can only tighten.

use super::Layer;
use super::freeze;
use super::limits::LimitSpec;
use super::lint::Proof;
use super::matcher::Reading;
use super::rule::Rule;
use super::sets::Sets;
use super::text::RawRepository;
use crate::config::{Diagnostic, Diagnostics, Report, parse_yaml};

/// Its name.
pub(super) const FILE: &str = ".blastgate.yaml";

/// Ids begin with it, so that nothing is taken for the organisation's.
const PREFIX: &str = "repository/";

/// Keys of other files that would loosen.
const LOOSENING: &[&str] = &["`exceptions`", "`matrix`", "`people`", "`environments`", "`posture`"];

pub(super) fn parse(file: &str, text: &str, sets: &Sets) -> Result<(Vec<Rule>, Vec<LimitSpec>), Diagnostics> {
    let raw: RawRepository =
        parse_yaml(file, text).map_err(|Diagnostics(found)| Diagnostics(found.into_iter().map(explained).collect()))?;
    let mut report = Report::new(file, text);
    if raw.version.value != 1 {
        report.say(&raw.version, "this version reads `version: 1`", None);
    }
    let ids = raw.rules.iter().map(|rule| &rule.id).chain(raw.limits.iter().map(|limit| &limit.id));
    for id in ids.chain(raw.freezes.iter().map(|freeze| &freeze.id)).filter(|id| !id.value.starts_with(PREFIX)) {
        let help = format!("write `{PREFIX}{}`", id.value.rsplit('/').next().unwrap_or_default());
        report.say(id, format!("id `{}` does not begin with `{PREFIX}`", id.value), Some(help));
    }
    let mut reading = Reading { report: &mut report, sets };
    let mut rules: Vec<Rule> = raw
        .rules
        .into_iter()
        .map(|rule| Rule::check(rule, (file, Layer::Repository, Proof::Elsewhere), &mut reading))
        .collect();
    rules.extend(raw.freezes.into_iter().map(|one| freeze::check(one, (file, Layer::Repository), &mut reading)));
    let limits =
        raw.limits.into_iter().map(|limit| LimitSpec::check(&limit, Layer::Repository, &mut reading)).collect();
    report.finish((rules, limits))
}

/// Why a key of the organisation is none here.
fn explained(mut wrong: Diagnostic) -> Diagnostic {
    if LOOSENING.iter().any(|key| wrong.message.contains(key)) {
        wrong.suggestion = Some("a repository can only tighten: `rules`, `limits`, `freezes`".to_owned());
    }
    wrong
}
