//! Whether this process runs behind a gate already.
//!
//! A gate inside a gate would dial past the outer one, and could be told to observe only. The parent chain says so, not a
//! variable that the agent could unset.

use std::fs;
use std::path::Path;

/// Deeper than any real chain of shells.
const ANCESTORS_MAX: usize = 256;

/// The process of the gate that this process descends from, if there is one.
#[must_use]
pub fn outer_gate() -> Option<u32> {
    gate_above(std::process::id())
}

/// The process of the `run` that this process descends from, if there is one.
#[must_use]
pub fn gate_above(pid: u32) -> Option<u32> {
    let own = fs::read_link("/proc/self/exe").ok()?;
    let mut pid = parent_of(&pid.to_string())?;
    for _ in 0..ANCESTORS_MAX {
        if pid <= 1 {
            return None;
        }
        if is_gate(pid, &own) {
            return Some(pid);
        }
        pid = parent_of(&pid.to_string())?;
    }
    None
}

/// Another process of this program (by path, or by name where it was replaced meanwhile) that was told to `run`.
fn is_gate(pid: u32, own: &Path) -> bool {
    let same_file = fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().replace(" (deleted)", ""));
        exe == own || name(&exe) == name(own)
    });
    let told = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    same_file && told.split(|byte| *byte == 0).nth(1) == Some(b"run".as_slice())
}

/// Field 4 of proc(5), stat; the name before it stands in parentheses and may hold anything.
fn parent_of(pid: &str) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}
