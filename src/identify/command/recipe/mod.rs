//! Names that stand for commands written down in a file: targets of Makefiles and justfiles, scripts of package.json and its
//! relatives.
//!
//! The file is read as far as it takes to say which commands would run. Where it cannot be read, the program runs code here,
//! which is all that is known.

mod json;
mod just;
mod make;

#[cfg(test)]
mod tests;

use super::face::Reader;
use super::{Contents, Effect, Invocation, Scene, Shell};
use crate::model::{Impact, Scope};

pub(in crate::identify) use json::script;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] =
    &[("make", make::read), ("gmake", make::read), ("just", just::read), ("task", json::task)];

/// The first of these files that stands in the folder, as text.
fn first(names: &[&str], folder: &str, scene: &Scene<'_>) -> Option<String> {
    names.iter().find_map(|name| match scene.contents(&join(folder, name)) {
        Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
        Contents::Absent | Contents::Unknown => None,
    })
}

/// A path below a folder, or the path itself when it is absolute.
fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// All that is known is that code runs here.
fn runs(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Execute, Scope::Local));
}

/// Reads each line as a script of its own, as make does.
fn lines(lines: &[String], at: &Invocation, scene: &mut Scene<'_>) {
    for line in lines {
        scene.script(line, Shell::Posix, at);
    }
}
