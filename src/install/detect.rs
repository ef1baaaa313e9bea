//! Which agents are there: their programs on `PATH`, and the folders that they leave.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Ground, Scope};

/// What tells of an agent, for people; nothing where nothing does.
#[must_use]
pub fn found(programs: &[&str], traces: &[&str], ground: &Ground<'_>) -> Vec<String> {
    let path = (ground.variable)("PATH").unwrap_or_default();
    let program = |name: &&str| {
        let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(name)).find(|file| is_program(file)).map(|file| file.display().to_string())
    };
    let trace = |name: &&str| ground.home.join(name).exists().then(|| format!("~/{name}"));
    let local = |name: &&str| {
        let is_local =
            ground.scope == Scope::Project && !name.starts_with(".config") && ground.project.join(name).exists();
        is_local.then(|| format!("./{name}"))
    };
    let programs = programs.iter().filter_map(program);
    programs.chain(traces.iter().filter_map(trace)).chain(traces.iter().filter_map(local)).collect()
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
