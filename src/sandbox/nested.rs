//! Whether this process runs behind a gate already.
//!
//! A gate inside a gate would dial past the outer one, and could be told to observe only. The parent chain says so, not a
//! variable that the agent could unset.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// Deeper than any real chain of shells.
const ANCESTORS_MAX: usize = 256;

/// More than these files hold as a rule.
const READ_BYTES: usize = 4096;
/// More than any agent's.
const DESCENDANTS_MAX: usize = 4096;
/// How often a chain that changed while it was read is read again.
const READS_MAX: usize = 8;

/// What a process descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    /// No `run`.
    Nobody,
    /// The `run` of this process.
    Gate(u32),
    /// It cannot be told: the process is gone, or not of this machine's view.
    Unknown,
}

/// The process of the gate that this process descends from, if there is one.
#[must_use]
pub fn outer_gate() -> Option<u32> {
    match above(std::process::id()) {
        Above::Gate(pid) => Some(pid),
        Above::Nobody | Above::Unknown => None,
    }
}

/// What this process descends from.
///
/// SECURITY: a process that has ended has no chain any more. It is not nobody's: who connected and left a child behind
/// that speaks on its connection would else pass for the operator.
#[must_use]
pub fn above(pid: u32) -> Above {
    let Ok(own) = fs::read_link("/proc/self/exe") else { return Above::Unknown };
    // A parent that ends while the chain is read breaks it; the next reading finds the one that took its place.
    for _ in 0..READS_MAX {
        match climb(pid, &own) {
            Some(Some(gate)) => return Above::Gate(gate),
            // One that was left behind still has what its `run` gave it.
            Some(None) => return marked(pid).map_or(Above::Nobody, Above::Gate),
            None => {}
        }
    }
    Above::Unknown
}

/// Whether this process runs this program.
#[must_use]
pub fn is_this_program(pid: u32) -> bool {
    let exe = |of: &str| fs::read_link(format!("/proc/{of}/exe")).ok();
    let name = |path: &Path| path.to_string_lossy().replace(" (deleted)", "");
    matches!((exe("self"), exe(&pid.to_string())), (Some(own), Some(other)) if name(&own) == name(&other))
}

/// Whether this process is a `run` of this program, and lives.
#[must_use]
pub fn is_run(pid: u32) -> bool {
    fs::read_link("/proc/self/exe").is_ok_and(|own| is_gate(pid, &own))
}

/// Whether this process, or one below it, holds the socket with this number.
#[must_use]
pub fn holds_socket(pid: u32, socket: u64) -> bool {
    let name = format!("socket:[{socket}]");
    let holds = |pid: u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|target| target.as_os_str() == name.as_str())
    };
    let mut below = vec![pid];
    let mut seen = 0;
    while let Some(pid) = below.pop() {
        if holds(pid) {
            return true;
        }
        seen += 1;
        if seen < DESCENDANTS_MAX {
            below.extend(children_of(pid));
        }
    }
    false
}

/// The processes right below this one.
pub(super) fn children_of(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// The gate above; `None` where the chain breaks.
fn climb(pid: u32, own: &Path) -> Option<Option<u32>> {
    let mut pid = parent_of(pid)?;
    for _ in 0..ANCESTORS_MAX {
        if pid <= 1 {
            return Some(None);
        }
        if is_gate(pid, own) {
            return Some(Some(pid));
        }
        pid = parent_of(pid)?;
    }
    None
}

/// The `run` that gave this process its variables: they name files in a folder that is called after it.
fn marked(pid: u32) -> Option<u32> {
    let variables = read(pid, "environ").ok()?;
    let bundle = variables.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(b"SSL_CERT_FILE="))?;
    let bundle = std::str::from_utf8(bundle).ok()?.strip_suffix("/ca-bundle.pem")?;
    let (run, session) = bundle.rsplit('/').next()?.split_once('-')?;
    session.starts_with("s_").then(|| run.parse().ok())?
}

/// Another process of this program (by path, or by name where it was replaced meanwhile) that was told to `run`.
fn is_gate(pid: u32, own: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().replace(" (deleted)", ""));
    let told = read(pid, "cmdline").unwrap_or_default();
    let mut words = told.split(|byte| *byte == 0);
    let program = words.next().unwrap_or_default();
    let is_ours = match fs::read_link(format!("/proc/{pid}/exe")) {
        Ok(exe) => exe == own || name(&exe) == name(own),
        // Another user's: what it calls itself must do.
        Err(_) => name(Path::new(&*String::from_utf8_lossy(program))) == name(own),
    };
    is_ours && words.take_while(|word| *word != b"--").any(|word| word == b"run")
}

/// A file of a process. These files say that they are empty: without room to begin with, each is read in many small steps.
fn read(pid: u32, file: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(READ_BYTES);
    fs::File::open(format!("/proc/{pid}/{file}"))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Field 4 of proc(5), stat; the name before it stands in parentheses and may hold anything.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = read(pid, "stat").ok()?;
    String::from_utf8_lossy(&stat).rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_left_behind_still_has_its_variables() {
        let of = |bundle: &str| {
            let mut left = std::process::Command::new("sh")
                .args(["-c", "echo there; read -r _"])
                .env("SSL_CERT_FILE", bundle)
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            // A process has its variables only once it runs.
            let mut there = [0; 6];
            std::io::Read::read_exact(left.stdout.as_mut().unwrap(), &mut there).unwrap();
            let above = above(left.id());
            left.kill().unwrap();
            left.wait().unwrap();
            above
        };
        assert_eq!(of("/state/run/4242-s_06h05t5v16cdambwqa08/ca-bundle.pem"), Above::Gate(4242));
        assert_eq!(of("/etc/ssl/certs/ca-certificates.crt"), Above::Nobody);
    }

    #[test]
    fn a_process_that_is_gone_is_not_nobody_s() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(above(pid), Above::Unknown);
        assert_eq!(above(0), Above::Unknown);
        assert!(!is_run(pid) && !is_run(std::process::id()));
        assert_eq!(above(std::process::id()), Above::Nobody);
    }
}
