//! The default for every impact × scope × environment, as a finding that always takes part.

pub use crate::rules::Matrix;

use super::Finding;
use crate::classify::Action;
use crate::model::{Effect, EnvironmentKind, Impact, Mode, Posture};
use crate::rules::Row;

/// What the matrix says of one action.
pub(super) fn finding(matrix: &Matrix, action: &Action, index: usize, posture: Posture) -> Finding {
    let blast = action.blast();
    let row = Row::of(blast);
    let kind = action.environment().kind;
    let effect = matrix.cell(row, blast.scope, kind, posture);
    let (message, instead) = match effect {
        Effect::Allow => (String::new(), String::new()),
        _ => (message(row, action, effect), instead(blast.impact).to_owned()),
    };
    Finding {
        rule: joined(&["matrix:", row.as_str(), "/", blast.scope.as_str(), "/", kind.as_str()]),
        effect,
        mode: Mode::Enforce,
        action: index,
        message,
        instead,
        failed: None,
        lifted: None,
        demand: None,
        after: None,
        follows: Vec::new(),
    }
}

fn message(row: Row, action: &Action, effect: Effect) -> String {
    let scope = action.blast().scope;
    let place = match action.environment().kind {
        EnvironmentKind::Unknown => "an environment that nobody has named, which counts as production",
        EnvironmentKind::Prod => "production",
        EnvironmentKind::Staging => "staging",
        EnvironmentKind::Dev => "development",
        EnvironmentKind::Local => "the local environment",
    };
    let what = match row {
        Row::Unknown => "a call that could not be named",
        Row::SecretRead => "reading secrets",
        row => row.as_str(),
    };
    let ends = match effect {
        Effect::Deny => "never passes",
        _ => "needs an approval",
    };
    joined(&[what, " at the scope `", scope.as_str(), "` in ", place, " ", ends])
}

/// One allocation and no formatting: this runs for every action of every request.
fn joined(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    text
}

/// The safer way in general; a rule that knows more says it better.
const fn instead(impact: Impact) -> &'static str {
    match impact {
        Impact::Read => "read what is not secret, or ask your person for the value",
        Impact::Create => "create it at a smaller scope, or in development first",
        Impact::Update => "try the change in development, and show the difference to your person",
        Impact::Execute => "run it in development, or use a call that only reads",
        Impact::Disrupt => "look at its state first; restart or stop one thing, in development",
        Impact::Permission => "say which permission is missing and what for; your person grants it",
        Impact::Destroy => "fix it in place, and show your person what would be lost",
        Impact::Unknown => "use the documented call of the official client, or a call that only reads",
    }
}
