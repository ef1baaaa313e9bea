//! `rules/base/matrix.yaml`: the default for every impact × scope × environment, in both columns.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::{Diagnostics, Report, Spot, parse_yaml};
use crate::model::blast_words as words;
use crate::model::{BlastRadius, Effect, EnvironmentKind, Hazard, Impact, Posture, Scope};
use serde::Serialize;

words! {
    /// A row: an impact, and reads of secrets apart from other reads.
    Row {
        /// Reads of anything but secrets.
        Read = "read",
        /// Reads with the hazard `secret-read`.
        SecretRead = "secret-read",
        /// Creates.
        Create = "create",
        /// Updates.
        Update = "update",
        /// Executes.
        Execute = "execute",
        /// Disrupts.
        Disrupt = "disrupt",
        /// Permissions.
        Permission = "permission",
        /// Destroys.
        Destroy = "destroy",
        /// What could not be named.
        Unknown = "unknown",
    }
}

impl Row {
    /// The row that judges this blast radius.
    #[must_use]
    pub const fn of(blast: &BlastRadius) -> Self {
        match blast.impact {
            Impact::Read if blast.hazards.contains(Hazard::SecretRead) => Self::SecretRead,
            Impact::Read => Self::Read,
            Impact::Create => Self::Create,
            Impact::Update => Self::Update,
            Impact::Execute => Self::Execute,
            Impact::Disrupt => Self::Disrupt,
            Impact::Permission => Self::Permission,
            Impact::Destroy => Self::Destroy,
            Impact::Unknown => Self::Unknown,
        }
    }
}

const ROWS: usize = Row::ALL.len();
const SCOPES: usize = Scope::ALL.len();
const ENVIRONMENTS: usize = EnvironmentKind::ALL.len();

/// One column of the matrix: `guarded` (also `observe`) or `strict`.
type Column = [[[Effect; ENVIRONMENTS]; SCOPES]; ROWS];

/// The matrix, complete: exactly one cell for every row, scope and environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    guarded: Column,
    strict: Column,
}

impl Default for Matrix {
    /// Denies everything: what a missing matrix means.
    fn default() -> Self {
        let denied = [[[Effect::Deny; ENVIRONMENTS]; SCOPES]; ROWS];
        Self { guarded: denied, strict: denied }
    }
}

impl Matrix {
    /// What the matrix says.
    #[must_use]
    pub fn cell(&self, row: Row, scope: Scope, environment: EnvironmentKind, posture: Posture) -> Effect {
        let column = match posture {
            Posture::Observe | Posture::Guarded => &self.guarded,
            Posture::Strict => &self.strict,
        };
        // INVARIANT: the arrays are as long as the word lists; a miss would deny.
        let cell = column.get(row as usize).and_then(|row| row.get(scope as usize));
        cell.and_then(|cell| cell.get(environment as usize)).copied().unwrap_or(Effect::Deny)
    }

    /// Parses and checks that there is exactly one cell for everything.
    ///
    /// # Errors
    /// A cell is missing, stands twice, or is no word of the matrix.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let raw: RawMatrix = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        let guarded = column(&raw.guarded, "guarded", &mut report);
        let strict = column(&raw.strict, "strict", &mut report);
        report.finish(Self { guarded, strict })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatrix {
    guarded: Spanned<RawColumn>,
    strict: Spanned<RawColumn>,
}

type RawColumn = BTreeMap<Row, Spanned<BTreeMap<Scope, Spanned<RawCell>>>>;

/// One answer for all environments, or one for each (`D` = local, dev, staging; `P` = prod and unknown).
#[derive(Deserialize)]
#[serde(untagged)]
enum RawCell {
    All(Effect),
    Each(BTreeMap<String, Effect>),
}

fn column(raw: &Spanned<RawColumn>, name: &str, report: &mut Report<'_>) -> Column {
    let mut column = [[[Effect::Deny; ENVIRONMENTS]; SCOPES]; ROWS];
    for (row, cells) in Row::ALL.iter().zip(&mut column) {
        let Some(line) = raw.value.get(row) else {
            report.say(raw, format!("`{name}` has no row `{row}`"), None);
            continue;
        };
        for (scope, cell) in Scope::ALL.iter().zip(cells) {
            match line.value.get(scope) {
                Some(text) => fill(cell, text, report),
                None => report.say(line, format!("`{name}.{row}` has no cell for the scope `{scope}`"), None),
            }
        }
    }
    column
}

fn fill(cell: &mut [Effect; ENVIRONMENTS], text: &Spanned<RawCell>, report: &mut Report<'_>) {
    let each = match &text.value {
        RawCell::All(effect) => {
            *cell = [*effect; ENVIRONMENTS];
            return;
        }
        RawCell::Each(each) => each,
    };
    let at = Spot::from(text);
    let mut seen = [0u8; ENVIRONMENTS];
    for (name, effect) in each {
        let kinds: Vec<EnvironmentKind> = match name.as_str() {
            "D" => EnvironmentKind::ALL.iter().copied().filter(|kind| !kind.counts_as_prod()).collect(),
            "P" => EnvironmentKind::ALL.iter().copied().filter(|kind| kind.counts_as_prod()).collect(),
            name => match name.parse() {
                Ok(kind) => vec![kind],
                Err(message) => {
                    report.say(at, format!("{message}, D, P"), None);
                    continue;
                }
            },
        };
        for kind in kinds {
            if let (Some(slot), Some(times)) = (cell.get_mut(kind as usize), seen.get_mut(kind as usize)) {
                *slot = *effect;
                *times += 1;
            }
        }
    }
    for (kind, times) in EnvironmentKind::ALL.iter().zip(seen) {
        match times {
            1 => {}
            0 => report.say(at, format!("no answer for the environment `{kind}`"), None),
            _ => report.say(at, format!("more than one answer for the environment `{kind}`"), None),
        }
    }
}
