//! Scripts in JSON and YAML: package.json, composer.json, deno.json, Taskfile.yml.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{first, join, lines, runs};
use crate::identify::command::{Invocation, Scene, Shell, Word};

/// Runs the script of this name from the package in the invocation's folder, with what stands before and after it
/// (`prebuild`, `postbuild`). Of `one`'s arguments those behind the name are handed on to it. `false` when there is no such
/// script to be read.
pub(in crate::identify) fn script(name: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some(folder) = one.directory.clone() else { return false };
    let files = ["package.json", "composer.json", "deno.json", "deno.jsonc"];
    let Some((at, scripts)) = files.iter().find_map(|file| nearest(file, &folder, scene)) else { return false };
    let Some(text) = scripts.get(name) else { return false };
    let inside = Invocation { directory: Some(at), ..one.with_words(vec![]) };
    if let Some(before) = scripts.get(&format!("pre{name}")) {
        scene.script(before, Shell::Posix, &inside);
    }
    let at = one.words.iter().position(|word| word.is(name));
    // Of what an installation runs by itself nothing is handed on.
    let further = at.map_or(&[][..], |at| one.words.get(at + 1..).unwrap_or_default());
    let further = further.split_first().filter(|(first, _)| first.is("--")).map_or(further, |(_, rest)| rest);
    let further: String = further.iter().map(|word| format!(" {}", quoted(word))).collect();
    scene.script(&format!("{text}{further}"), Shell::Posix, &inside);
    if let Some(after) = scripts.get(&format!("post{name}")) {
        scene.script(after, Shell::Posix, &inside);
    }
    true
}

/// The scripts of the file in this folder, or in one above it up to the workspace, with the folder.
fn nearest(file: &str, folder: &str, scene: &Scene<'_>) -> Option<(String, BTreeMap<String, String>)> {
    let root = scene.around().workspace().unwrap_or(folder).to_owned();
    let mut at = folder.trim_end_matches('/');
    loop {
        if let Some(text) = first(&[file], at, scene) {
            return Some((at.to_owned(), scripts(&text)?));
        }
        if at.len() <= root.len() {
            return None;
        }
        at = at.rsplit_once('/').map(|(above, _)| above)?;
    }
}

fn scripts(text: &str) -> Option<BTreeMap<String, String>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let all = document.get("scripts").or_else(|| document.get("tasks"))?.as_object()?;
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        // composer.json: one after the other.
        Value::Array(many) => Some(many.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        // deno.json: with a description.
        Value::Object(task) => task.get("command").and_then(Value::as_str).map(ToOwned::to_owned),
        _ => None,
    };
    Some(all.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect())
}

/// A word handed on as it is; what is not known stays a variable that nobody sets.
fn quoted(word: &Word) -> String {
    match word.text() {
        Some(text) => format!("'{}'", text.replace('\'', r"'\''")),
        None => word.to_string(),
    }
}

#[derive(Deserialize)]
struct Taskfile {
    #[serde(default)]
    tasks: BTreeMap<String, Task>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Task {
    Line(String),
    Lines(Vec<Step>),
    Whole {
        #[serde(default)]
        cmds: Vec<Step>,
        cmd: Option<String>,
        #[serde(default)]
        deps: Vec<Step>,
        dir: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Line(String),
    Named { task: Option<String>, cmd: Option<String> },
}

/// How deep tasks may call tasks.
const DEPTH_MAX: usize = 16;

/// `task NAME…` (go-task).
pub(super) fn task(one: &Invocation, scene: &mut Scene<'_>) {
    let folder = one.directory.clone().unwrap_or_default();
    let text = first(&["Taskfile.yml", "Taskfile.yaml", "taskfile.yml"], &folder, scene);
    let Some(file) = text.and_then(|text| serde_saphyr::from_str::<Taskfile>(&text).ok()) else {
        runs(one, scene);
        return;
    };
    let named: Vec<String> = one.arguments().iter().filter_map(|word| Some(word.text()?.into_owned())).collect();
    if named
        .iter()
        .any(|word| matches!(word.as_str(), "-n" | "--dry" | "-l" | "--list" | "-a" | "--list-all" | "--help"))
    {
        super::runs(one, scene);
        return;
    }
    let mut names: Vec<&str> = named.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if names.is_empty() {
        names.push("default");
    }
    runs(one, scene);
    for name in names {
        steps(&file, name, (one, scene), 0);
    }
}

fn steps(file: &Taskfile, name: &str, (one, scene): (&Invocation, &mut Scene<'_>), depth: usize) {
    let Some(task) = file.tasks.get(name).filter(|_| depth < DEPTH_MAX) else { return };
    let mut at = one.with_words(vec![]);
    let all: Vec<&Step> = match task {
        Task::Line(text) => {
            lines(std::slice::from_ref(text), &at, scene);
            return;
        }
        Task::Lines(all) => all.iter().collect(),
        Task::Whole { cmds, cmd, deps, dir } => {
            if let (Some(dir), Some(folder)) = (dir, &at.directory) {
                at.directory = Some(join(folder, dir));
            }
            if let Some(text) = cmd {
                lines(std::slice::from_ref(text), &at, scene);
            }
            deps.iter().chain(cmds).collect()
        }
    };
    let is_dependency =
        |step: &Step| matches!(task, Task::Whole { deps, .. } if deps.iter().any(|one| std::ptr::eq(one, step)));
    for step in all {
        match step {
            Step::Line(name) if is_dependency(step) => steps(file, name, (&at, scene), depth + 1),
            Step::Line(text) => lines(std::slice::from_ref(text), &at, scene),
            Step::Named { task: Some(name), .. } => steps(file, name, (&at, scene), depth + 1),
            Step::Named { cmd: Some(text), .. } => lines(std::slice::from_ref(text), &at, scene),
            Step::Named { .. } => {}
        }
    }
}
