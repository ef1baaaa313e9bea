//! What the log tells of sessions as such.

use std::io::{self, Write};

use super::list::effect_style;
use super::show::{field, foot, head};
use crate::cli::table::Cell;
use crate::model::Effect;
use crate::record::query::Stored;
use crate::record::{SessionEntry, SessionStep};

/// Its row in the list, behind the time.
pub(super) fn cells(entry: &SessionEntry) -> Vec<Cell> {
    let effect = if entry.step == SessionStep::Quarantined { Effect::Deny } else { Effect::Allow };
    let who = entry.agent.as_deref().unwrap_or_default();
    let why = if entry.why.is_empty() { entry.task.as_deref().unwrap_or_default() } else { &entry.why };
    let by = entry.by.as_deref().map(|by| format!("by {by}: ")).unwrap_or_default();
    vec![
        Cell::new(entry.step.as_str()).style(effect_style(effect)),
        Cell::new("session"),
        Cell::new(""),
        Cell::new(format!("{who} {}", entry.boundary).trim()),
        Cell::new(&format!("{by}{why}")),
    ]
}

/// All of it.
pub(super) fn write(out: &mut dyn Write, stored: &Stored, entry: &SessionEntry) -> io::Result<()> {
    head(out, stored)?;
    field(out, "session", entry.step.as_str())?;
    field(out, "by", entry.by.as_deref().unwrap_or_default())?;
    field(out, "agent", entry.agent.as_deref().unwrap_or_default())?;
    field(out, "person", entry.person.as_deref().unwrap_or_default())?;
    field(out, "task", entry.task.as_deref().unwrap_or_default())?;
    field(out, "stays within", &entry.boundary)?;
    field(out, "why", &entry.why)?;
    foot(out, stored)
}
