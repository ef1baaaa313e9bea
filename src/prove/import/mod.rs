//! Denials that stand elsewhere, as whole rules: with an id, an owner, and tests that were run and hold.
//!
//! A draft whose rule does not load, or for which no request can be written that proves it, becomes no file; it is listed
//! with the reason.

mod case;
mod claude;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::Mode;
use crate::rules::import::{self, Converted, Draft, Kind, Left, Note, Origin, Written, slug};
use crate::rules::{Layer, RuleSet, Source};

use super::run;

/// A rule's file, as it may be written.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// Its id; the file is `ID.yaml`.
    pub id: String,
    /// What it was made of.
    pub origin: Origin,
    /// Whether it counts.
    pub mode: Mode,
    /// How it differs from the original.
    pub notes: Vec<Note>,
    /// The file's text.
    pub text: String,
}

/// All that became of the files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Import {
    /// Rules.
    pub rules: Vec<Imported>,
    /// What became no rule.
    pub left: Vec<Left>,
}

/// What an import is told beside its files.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The folder that the rules stand in: the first part of their ids. Without it each policy has its own.
    pub pack: Option<&'a str>,
    /// Who answers for the rules.
    pub owner: &'a str,
    /// Instead of: enforced where as narrow as the original, in shadow where wider.
    pub mode: Option<Mode>,
}

/// What stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// AWS policies.
    Aws(Kind),
    /// The settings of Claude Code.
    ClaudeCode,
}

/// What a file holds, by its members: an agent's settings have `permissions`, policies have a `Statement`.
#[must_use]
pub fn form_of(text: &str) -> Option<Form> {
    let value: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    if value.get("permissions").is_some_and(serde_json::Value::is_object) {
        return Some(Form::ClaudeCode);
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = if has(&["SERVICE_CONTROL_POLICY"]) {
        Kind::ServiceControl
    } else if has(&["\"PolicyVersion", "\"PolicyDocument\"", "\"RoleName\"", "\"UserName\""]) {
        Kind::Iam
    } else {
        Kind::Either
    };
    text.contains("Statement").then_some(Form::Aws(kind))
}

impl Import {
    /// Adds what a file holds.
    ///
    /// # Errors
    /// The file is not what it should be: why.
    pub fn add(&mut self, file: &str, text: &str, form: Form, wanted: &Wanted<'_>) -> Result<(), String> {
        match form {
            Form::Aws(kind) => {
                let (policies, left) = import::policies(file, text, kind)?;
                self.left.extend(left);
                for policy in &policies {
                    self.take(import::convert(policy), &policy.name, wanted);
                }
            }
            Form::ClaudeCode => self.take(claude::convert(file, text)?, "claude-code", wanted),
        }
        Ok(())
    }

    fn take(&mut self, converted: Converted, name: &str, wanted: &Wanted<'_>) {
        self.left.extend(converted.left);
        let pack = slug(wanted.pack.unwrap_or(name));
        let pack = if pack.is_empty() { "imported".to_owned() } else { pack };
        let mut taken: BTreeSet<String> = self.rules.iter().map(|rule| rule.id.clone()).collect();
        for draft in converted.drafts {
            let id = free(&pack, &draft.name, &taken);
            match finished(&draft, &id, wanted) {
                Ok(rule) => {
                    taken.insert(id);
                    self.rules.push(rule);
                }
                Err(why) => {
                    let origin = draft.origin;
                    self.left.push(Left { origin, what: "the rule made of it".to_owned(), why, hint: None });
                }
            }
        }
    }
}

/// The first id of this name that nobody has.
fn free(pack: &str, name: &str, taken: &BTreeSet<String>) -> String {
    let name = if name.is_empty() { "statement" } else { name };
    let plain = format!("{pack}/{name}");
    let mut numbered = (2..).map(|number| format!("{pack}/{name}-{number}"));
    if taken.contains(&plain) { numbered.find(|id| !taken.contains(id)).unwrap_or(plain) } else { plain }
}

/// The draft with tests that hold.
fn finished(draft: &Draft, id: &str, wanted: &Wanted<'_>) -> Result<Imported, String> {
    let mode = wanted.mode.unwrap_or_else(|| draft.mode());
    let text = |tests: (&[String], &[String])| draft.yaml(&Written { id, owner: wanted.owner, mode, tests });
    // A rule that is off, or does not load, would have every near miss hold.
    let holds = |tests: (&[String], &[String])| held(id, &text(tests));
    holds((&[], &[]))?;
    let cases = case::matching(draft);
    let matching = cases.iter().find(|case| holds((std::slice::from_ref(case), &[])).is_ok()).cloned();
    let Some(matching) = matching else {
        return Err("no request could be written that it matches; it was not written".to_owned());
    };
    let misses = |group: Vec<String>| group.into_iter().find(|case| holds((&[], std::slice::from_ref(case))).is_ok());
    let missing: Vec<String> = case::missing(draft).into_iter().filter_map(misses).take(2).collect();
    let tests: (&[String], &[String]) = (std::slice::from_ref(&matching), &missing);
    holds(tests)?;
    Ok(Imported {
        id: id.to_owned(),
        origin: draft.origin.clone(),
        mode,
        notes: draft.notes.clone(),
        text: text(tests),
    })
}

/// Whether a rule's file loads and its tests hold.
fn held(id: &str, text: &str) -> Result<(), String> {
    let source = Source { file: format!("{id}.yaml"), text: text.to_owned(), layer: Layer::Organisation };
    let rules = RuleSet::only(&[source]).map_err(|wrong| format!("its rule would not load: {wrong}"))?;
    match run(&rules).first() {
        None => Ok(()),
        Some(failed) => Err(failed.message.clone()),
    }
}

#[cfg(test)]
mod tests;
