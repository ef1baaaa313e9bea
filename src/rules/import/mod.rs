//! Denials that stand elsewhere, as rules: AWS policies here; what an agent's settings deny needs the readers of commands
//! and stands above.
//!
//! Nothing is dropped in silence: what does not become a rule is [`Left`] with the reason, and a rule that says more or less
//! than its original says so in its [`Note`]s. A rule that says more is written in shadow, so that harmless work is not
//! stopped before somebody has looked.

mod action;
mod arn;
mod condition;
mod document;
mod draft;
mod pattern;
mod region;
mod statement;

use serde::Serialize;

pub use document::{Kind, Policy, policies};
pub(crate) use draft::slug;
pub use draft::{Block, Draft, Sample, Written};

/// Where something was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The file.
    pub file: String,
    /// The policy's name; of an agent's settings, the list.
    pub policy: String,
    /// The statement's `Sid`, or its number.
    pub statement: String,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, policy, statement } = self;
        let parts = [file, policy, statement];
        let named: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        f.write_str(&named.join(", "))
    }
}

/// How a rule differs from what it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// It also stops what the original lets pass.
    Wider,
    /// It lets pass what the original stops.
    Narrower,
    /// Neither; worth knowing.
    Same,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// In which direction.
    pub fit: Fit,
    /// What differs, and why.
    pub text: String,
}

/// What did not become a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Where it stands.
    pub origin: Origin,
    /// What it is.
    pub what: String,
    /// Why.
    pub why: String,
    /// What may be done instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What became of a policy, or of an agent's settings.
#[derive(Clone, Debug, Default)]
pub struct Converted {
    /// Rules without tests.
    pub drafts: Vec<Draft>,
    /// What is none.
    pub left: Vec<Left>,
}

/// The rules that an AWS policy's denials become. Every statement gives a draft, or stands in what is left, or both.
#[must_use]
pub fn convert(policy: &Policy) -> Converted {
    let mut converted = Converted::default();
    statement::convert(policy, &mut converted);
    converted
}

#[cfg(test)]
mod tests;
