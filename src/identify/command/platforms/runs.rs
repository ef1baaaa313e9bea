//! Programs that run another one with an environment, secrets or dependencies of their own.

use crate::identify::command::{Invocation, Scene, Word};

/// A program, the words after which its command stands, its options with values before that, and whether the command sees
/// variables that nobody knows.
type Runner = (&'static str, &'static [&'static str], &'static [&'static str], bool);

const RUNNERS: &[Runner] = &[
    (
        "uv",
        &["run"],
        &[
            "with",
            "with-requirements",
            "with-editable",
            "python",
            "p",
            "project",
            "directory",
            "extra",
            "group",
            "only-group",
            "package",
            "env-file",
            "index",
            "index-url",
            "cache-dir",
            "config-file",
            "no-extra",
            "no-group",
            "color",
        ],
        false,
    ),
    ("poetry", &["run"], &["directory", "C", "project", "P"], false),
    ("pipenv", &["run"], &[], false),
    ("pdm", &["run"], &["p", "project"], false),
    ("rye", &["run"], &[], false),
    ("hatch", &["run"], &["e", "env"], false),
    ("bundle", &["exec"], &["gemfile"], false),
    ("pixi", &["run"], &["e", "environment"], false),
    ("conda", &["run"], &["n", "name", "p", "prefix", "cwd"], false),
    ("direnv", &["exec"], &[], true),
    ("op", &["run"], &["env-file", "account", "environment"], true),
    ("doppler", &["run"], &["p", "project", "c", "config", "t", "token", "name-transformer"], true),
    ("infisical", &["run"], &["env", "projectId", "path", "token"], true),
    ("railway", &["run", "shell"], &["s", "service", "e", "environment", "p", "project"], true),
    ("teller", &["run"], &["c", "config"], true),
    ("chamber", &["exec"], &["b", "backend"], true),
    ("vault-env", &[], &[], true),
    ("dotenvx", &["run"], &["f", "env-file", "e", "env"], true),
    ("mise", &["exec", "x"], &["C", "cd", "j", "jobs"], false),
    ("asdf", &["exec"], &[], false),
    ("rbenv", &["exec"], &[], false),
    ("pyenv", &["exec"], &[], false),
    ("volta", &["run"], &["node", "npm", "yarn"], false),
    ("rustup", &["run"], &[], false),
];
/// Variables by which commands find what they act upon.
const TELLING: [&str; 5] = ["DATABASE_URL", "REDIS_URL", "MONGODB_URI", "AWS_PROFILE", "KUBECONFIG"];

/// Reads the invocation where it runs another program; `false` where it does not.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some((_, verbs, valued, veiled)) = RUNNERS.iter().find(|(name, ..)| *name == program) else { return false };
    let words = one.arguments();
    let Some(at) = words.iter().position(|word| !word.leading().starts_with('-')) else { return false };
    let is_verb = verbs.is_empty() || words.get(at).is_some_and(|word| verbs.iter().any(|verb| word.is(verb)));
    if !is_verb {
        return false;
    }
    let rest = words.get(at + usize::from(!verbs.is_empty())..).unwrap_or_default();
    let mut behind = command(rest, valued);
    if program == "direnv" || program == "chamber" || program == "rustup" {
        // A folder, services or a toolchain stand before the command.
        let dashes = behind.iter().position(|word| word.is("--"));
        behind = behind.get(dashes.map_or(1, |at| at + 1)..).unwrap_or_default();
    }
    if behind.is_empty() {
        return false;
    }
    let mut inside = one.with_words(behind.to_vec());
    if *veiled {
        for name in TELLING {
            if inside.set(name).is_none() {
                inside.variables.push((name.to_owned(), Word::unknown(format!("${name}"), false)));
            }
        }
    }
    if program == "hatch" {
        // `hatch run ENVIRONMENT:SCRIPT`: its own scripts.
        return false;
    }
    scene.invocation(&inside);
    true
}

/// The words from the first that is neither an option nor an option's value.
fn command<'w>(words: &'w [Word], valued: &[&str]) -> &'w [Word] {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word.is("--") {
            return words.get(at + 1..).unwrap_or_default();
        }
        let leading = word.leading();
        let Some(name) = leading.strip_prefix('-').map(|name| name.trim_start_matches('-')) else { break };
        at += if valued.contains(&name) { 2 } else { 1 };
    }
    words.get(at..).unwrap_or_default()
}
