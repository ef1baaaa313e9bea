//! `just`: recipes of a justfile.
//!
//! Facts: the just manual ("Quick Start", "Recipe parameters", "Shebang recipes").

use std::collections::BTreeMap;

use super::{first, join, runs};
use crate::identify::command::{Invocation, Scene, Shell};

/// Options that take a value.
const VALUED: [&str; 7] = ["-f", "--justfile", "-d", "--working-directory", "--set", "--shell", "--dotenv-path"];
/// Options with which nothing is run.
const PRINTS: [&str; 9] = ["-l", "--list", "-n", "--dry-run", "--summary", "--show", "-s", "--evaluate", "--help"];

#[derive(Default)]
struct Recipe {
    parameters: Vec<(String, Option<String>)>,
    dependencies: Vec<String>,
    lines: Vec<String>,
}

/// `just RECIPE ARGUMENTS…`.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let mut folder = one.directory.clone().unwrap_or_default();
    let words: Vec<String> = one.arguments().iter().map(ToString::to_string).collect();
    let named = words.iter().position(|word| word == "-f" || word == "--justfile").and_then(|at| words.get(at + 1));
    let text = match named {
        Some(file) => {
            let path = join(&folder, file);
            let text = first(&[&path], "", scene);
            folder = path.rsplit_once('/').map_or(folder, |(above, _)| above.to_owned());
            text
        }
        None => first(&["justfile", "Justfile", ".justfile"], &folder, scene),
    };
    runs(one, scene);
    // `just -c CMD…` runs that instead of a recipe.
    if let Some(place) = words.iter().position(|word| word == "-c" || word == "--command") {
        let inner = one.arguments().get(place + 1..).unwrap_or_default().to_vec();
        return scene.invocation(&one.with_words(inner));
    }
    let Some(text) = text.filter(|_| !words.iter().any(|word| PRINTS.contains(&word.as_str()))) else { return };
    let (variables, order, recipes) = parse(&text);
    let mut operands = Vec::new();
    let mut rest = words.into_iter();
    while let Some(word) = rest.next() {
        if VALUED.contains(&word.as_str()) {
            rest.next();
        } else if !word.starts_with('-') {
            operands.push(word);
        }
    }
    let name = operands.first().cloned().or_else(|| order.first().cloned());
    let Some(name) = name else { return };
    let arguments = operands.get(1..).unwrap_or_default();
    let at = Invocation { directory: Some(folder), ..one.with_words(vec![]) };
    run(&name, arguments, (&variables, &recipes), (&at, scene), 0);
}

fn run(
    name: &str,
    arguments: &[String],
    (variables, recipes): (&BTreeMap<String, String>, &BTreeMap<String, Recipe>),
    (at, scene): (&Invocation, &mut Scene<'_>),
    depth: usize,
) {
    let Some(recipe) = recipes.get(name).filter(|_| depth < 16) else { return };
    for dependency in &recipe.dependencies {
        run(dependency, &[], (variables, recipes), (at, scene), depth + 1);
    }
    let mut known = variables.clone();
    for (position, (parameter, default)) in recipe.parameters.iter().enumerate() {
        let all = parameter.starts_with(['+', '*']).then(|| arguments.get(position..).unwrap_or_default().join(" "));
        let value = all.or_else(|| arguments.get(position).cloned()).or_else(|| default.clone());
        known.insert(parameter.trim_start_matches(['+', '*', '$']).to_owned(), value.unwrap_or_default());
    }
    let filled: Vec<String> = recipe.lines.iter().map(|line| fill(line, &known)).collect();
    if filled.first().is_some_and(|line| line.starts_with("#!")) {
        scene.script(&filled.join("\n"), Shell::Posix, at);
    } else {
        super::lines(&filled, at, scene);
    }
}

/// `{{name}}`; an expression that is more than a name stays a variable that nobody knows.
fn fill(line: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = line.trim_start_matches(['@', '-']);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        match known.get(name.trim()) {
            Some(value) => out.push_str(value),
            None => out.push_str("${NOT_KNOWN}"),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn parse(text: &str) -> (BTreeMap<String, String>, Vec<String>, BTreeMap<String, Recipe>) {
    let (mut variables, mut order, mut recipes) = (BTreeMap::new(), Vec::new(), BTreeMap::<String, Recipe>::new());
    let mut current: Option<String> = None;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(recipe) = current.as_ref().and_then(|name| recipes.get_mut(name)) {
                recipe.lines.push(line.trim_start().to_owned());
            }
            continue;
        }
        let line = line.trim_end();
        if line.is_empty() || line.starts_with(['#', '[']) {
            continue;
        }
        if let Some((name, value)) = line.split_once(":=") {
            let name = name.trim().trim_start_matches("export ").trim_start_matches("alias ").trim();
            variables.insert(name.to_owned(), unquoted(value.trim()));
            continue;
        }
        let Some((head, dependencies)) = line.split_once(':') else { continue };
        let mut words = head.split_whitespace();
        let Some(name) = words.next().map(|name| name.trim_start_matches('@').to_owned()) else { continue };
        let parameters = words
            .map(|word| match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(unquoted(value))),
                None => (word.to_owned(), None),
            })
            .collect();
        let dependencies = dependencies
            .split_whitespace()
            .filter(|word| *word != "&&")
            .map(|word| word.trim_matches(['(', ')']).to_owned());
        recipes.insert(name.clone(), Recipe { parameters, dependencies: dependencies.collect(), lines: vec![] });
        order.push(name.clone());
        current = Some(name);
    }
    (variables, order, recipes)
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}
