//! Patches: the files that they name. One that names the guard's changes it, whatever program applies it.

use super::super::{Contents, Effect, Input, Invocation, Scene, Word};
use super::change::{Writing, write};
use super::delete::{delete, guards};
use super::into::tampered;
use super::standing::place;
use crate::model::{Impact, Scope};

/// How lines begin that name a file: unified and context diffs, git's, and those of agents' own tools.
const NAMES: &[&str] = &[
    "+++ ",
    "--- ",
    "*** ",
    "Index: ",
    "rename from ",
    "rename to ",
    "copy to ",
    "*** Update File: ",
    "*** Add File: ",
    "*** Delete File: ",
    "*** Move to: ",
];

/// The file that a line names.
fn named(line: &str) -> Option<&str> {
    let start = NAMES.iter().filter(|start| line.starts_with(**start)).max_by_key(|start| start.len())?;
    let name = line.get(start.len()..)?.split('\t').next()?.trim().trim_matches('"');
    (!name.is_empty() && name != "/dev/null" && !name.ends_with("***")).then_some(name)
}

/// The text of the patch, as far as it is known: of these files, or of what the command reads.
fn texts(files: &[Word], at: &Invocation, scene: &Scene<'_>) -> Vec<String> {
    let read = |word: &Word| match scene.contents(&place(word, at, scene).path) {
        Contents::Whole(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    };
    match &at.input {
        _ if !files.is_empty() => files.iter().filter_map(read).collect(),
        Input::Text(text) => vec![text.clone()],
        Input::File(word) => read(word).into_iter().collect(),
        _ => vec![],
    }
}

/// Says so when a patch changes what guards the agent; `folder`: where its names begin.
pub(in crate::identify::command) fn patch_guards(
    files: &[Word],
    folder: Option<&Word>,
    at: &Invocation,
    scene: &mut Scene<'_>,
) {
    let texts = texts(files, at, scene);
    let directory = folder.map_or_else(|| at.directory.clone(), |folder| Some(place(folder, at, scene).path));
    let there = Invocation { directory, ..at.clone() };
    for name in texts.iter().flat_map(|text| text.lines()).filter_map(named) {
        // `a/` and `b/` before names are git's.
        let bare = name.split_once('/').filter(|(first, _)| first.len() == 1).map_or(name, |(_, rest)| rest);
        for name in [name, bare] {
            if guards(&Word::known(name), false, &there, scene) {
                return tampered(name, at, scene);
            }
        }
    }
}

/// `apply_patch`: the tool that agents carry; its patch stands in a word or in what it reads.
pub(super) fn apply_patch(at: &Invocation, scene: &mut Scene<'_>) {
    let given = at.arguments().first().and_then(Word::text).map(std::borrow::Cow::into_owned);
    let text = given.or_else(|| texts(&[], at, scene).into_iter().next());
    let Some(text) = text.filter(|text| text.contains("*** ")) else {
        return scene.effect(at, Effect::new("shell:exec:apply_patch", Impact::Execute, Scope::Local));
    };
    scene.effect(at, Effect::new("shell:exec:apply_patch", Impact::Update, Scope::Local));
    for line in text.lines().filter(|line| line.starts_with("*** ")) {
        let Some((kind, name)) = line.split_once(": ") else { continue };
        let word = Word::known(name.trim());
        if kind == "*** Delete File" {
            delete(&word, false, at, scene);
        } else {
            write(&word, Writing::Append, at, scene);
        }
    }
}
