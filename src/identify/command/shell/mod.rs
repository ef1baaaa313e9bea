//! The language of bash and of POSIX shells: from a text to the simple commands that it would run.
//!
//! The text is walked in the order in which a shell would carry it out, with what can be known of variables, the directory,
//! functions and standard input. Both ways of a branch are read, and what differs between them is not known afterwards.
//! A value that nobody knows is a character of its own in texts ([`Scene::veil`]), so that what surrounds it stays known.

mod arithmetic;
mod builtin;
mod condition;
mod expand;
mod fields;
mod fold;
mod fold_text;
mod hidden;
mod parameter;
mod parse;
mod pattern;
mod redirect;
mod simple;
mod state;
mod walk;

use super::{Contents, Input, Invocation, Machine, Scene, Word};
use state::State;
use walk::Walk;

pub(super) use builtin::{reader as builtin, tells};
pub(super) use fold::{origin, printed};

/// Reads a text.
pub(super) fn read(text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    run(text, "bash", None, at, scene);
}

/// Reads a script that gets these arguments; `name` is what it knows itself by.
pub(super) fn read_with(text: &str, name: &str, arguments: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    run(text, name, Some(arguments), at, scene);
}

fn run(text: &str, name: &str, arguments: Option<&[Word]>, at: &Invocation, scene: &mut Scene<'_>) {
    let state = State::new(name, arguments, at, scene);
    let at = Invocation { words: vec![], variables: vec![], writes: vec![], input: Input::Inherited, ..at.clone() };
    let mut walk = Walk::new(scene, at, state);
    walk.text(text);
    walk.leave();
}

/// The path as the shell would open it from this directory; `None` when nobody knows.
pub(super) fn path_from(directory: Option<&str>, path: &str) -> Option<String> {
    let joined = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{}/{path}", directory?),
    };
    let mut parts: Vec<&str> = vec![];
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// What a file holds that the command at `at` reads as a text; `None` when nobody knows.
pub(super) fn file(path: &Word, at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let path = path.text()?;
    if path == "/dev/stdin" || path == "-" {
        return input(at, scene);
    }
    if at.machine != Machine::Own {
        return None;
    }
    match scene.contents(&path_from(at.directory.as_deref(), &path)?) {
        Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// What the command at `at` reads from its standard input; `None` when nobody knows.
pub(super) fn input(at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    match &at.input {
        Input::Text(text) => Some(text.clone()),
        Input::File(path) if !path.is("/dev/stdin") && !path.is("-") => file(path, at, scene),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
