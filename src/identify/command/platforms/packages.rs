//! npm, pnpm, yarn and bun: scripts of the package, and programs that they fetch and run; the rest is tables.

use crate::identify::command::http::{Grammar, Item, absolute, items, known_text};
use crate::identify::command::{Invocation, Scene, Word, recipe};

/// Options that may stand before the command's word.
const GRAMMAR: Grammar = Grammar {
    valued: &[
        "prefix",
        "workspace",
        "dir",
        "filter",
        "filter-prod",
        "cwd",
        "registry",
        "loglevel",
        "config",
        "userconfig",
        "cache",
        "workspace-concurrency",
        "reporter",
        "tag",
        "otp",
        "access",
        "stage",
    ],
    plain: &[],
    short: &[('C', "dir"), ('F', "filter")],
    flags: &[('r', "recursive"), ('s', "silent"), ('w', "workspace-root")],
    equals: true,
    abbreviates: false,
    ends: true,
};
/// yarn's and pnpm's own commands; any other word is a script of the package or a program of a dependency.
const OWN: &[&str] = &[
    "add",
    "approve-builds",
    "audit",
    "autoclean",
    "bin",
    "bugs",
    "cache",
    "cat-file",
    "cat-index",
    "check",
    "ci",
    "config",
    "constraints",
    "create",
    "dedupe",
    "deploy",
    "deprecate",
    "dist-tag",
    "dlx",
    "docs",
    "doctor",
    "env",
    "exec",
    "explain",
    "explore",
    "fetch",
    "find-hash",
    "generate-lock-entry",
    "global",
    "help",
    "i",
    "import",
    "info",
    "init",
    "install",
    "install-test",
    "it",
    "la",
    "licenses",
    "link",
    "list",
    "ll",
    "ln",
    "login",
    "logout",
    "ls",
    "m",
    "multi",
    "node",
    "npm",
    "outdated",
    "owner",
    "pack",
    "patch",
    "patch-commit",
    "patch-remove",
    "pkg",
    "plugin",
    "pm",
    "policies",
    "prune",
    "publish",
    "rb",
    "rebuild",
    "recursive",
    "remove",
    "repl",
    "rm",
    "root",
    "run",
    "run-script",
    "sbom",
    "search",
    "self-update",
    "server",
    "set",
    "setup",
    "stage",
    "store",
    "tag",
    "team",
    "un",
    "unlink",
    "uninstall",
    "unplug",
    "unpublish",
    "up",
    "update",
    "upgrade",
    "upgrade-interactive",
    "version",
    "versions",
    "view",
    "whoami",
    "why",
    "workspace",
    "workspaces",
    "x",
    "access",
    "token",
    "build",
    "test",
];

/// Reads a call; `false` leaves it to the table.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let first = one.arguments().first().map(Word::leading).unwrap_or_default();
    let is_code =
        matches!(first, "-e" | "--eval" | "-p" | "--print") || first.ends_with(".ts") || first.ends_with(".js");
    if program == "bun" && is_code {
        let mut words = vec![Word::known("node")];
        words.extend(one.arguments().iter().cloned());
        return run(words, one, scene);
    }
    let (at, mut inside) = before(one);
    let Some(word) = at.and_then(|at| one.arguments().get(at)).and_then(known_text) else {
        if program == "yarn" && at.is_none() {
            lifecycle(&inside, scene);
        }
        return false;
    };
    let rest = at.and_then(|at| one.arguments().get(at + 1..)).unwrap_or_default();
    inside.writes = vec![];
    match (program, word.as_str()) {
        (_, "run" | "run-script" | "rum" | "urn") => script(rest, &inside, scene),
        ("npm", "test" | "t" | "tst") | ("pnpm" | "yarn", "test" | "t") => recipe::script("test", &inside, scene),
        ("npm" | "pnpm" | "yarn", "start" | "stop" | "restart") => recipe::script(&word, &inside, scene),
        ("npm", "exec" | "x") | ("pnpm" | "yarn", "dlx") | ("bun", "x") => {
            let mut words = vec![Word::known("npx")];
            words.extend(rest.iter().cloned());
            run(words, &inside, scene)
        }
        ("pnpm" | "yarn", "exec") => run(unflagged(rest), &inside, scene),
        ("npm" | "pnpm" | "yarn" | "bun", "install" | "i" | "ci" | "add") => {
            lifecycle(&inside, scene);
            false
        }
        ("yarn", "workspace") => {
            let mut words = vec![Word::known("yarn")];
            words.extend(rest.iter().skip(1).cloned());
            run(words, &inside, scene)
        }
        ("yarn" | "pnpm", "build") => recipe::script("build", &inside, scene),
        ("yarn" | "pnpm", word) if !OWN.contains(&word) => {
            let named = recipe::script(word, &inside, scene);
            named || run(at.and_then(|at| one.arguments().get(at..)).unwrap_or_default().to_vec(), &inside, scene)
        }
        _ => false,
    }
}

/// Where the command's word stands among the arguments, and the circumstances that the options before it make.
fn before(one: &Invocation) -> (Option<usize>, Invocation) {
    let mut inside = one.clone();
    let words = one.arguments();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let leading = word.leading();
        if leading.len() < 2 || !leading.starts_with('-') {
            return (Some(at), inside);
        }
        let pair = words.get(at..at + 2).unwrap_or_else(|| words.get(at..).unwrap_or_default());
        let found = items(pair, &GRAMMAR);
        let Some(Item::Option(name, value)) = found.first() else { return (Some(at), inside) };
        let takes_next = found.len() == 1 && pair.len() == 2;
        if let Some(folder) = value.as_ref().filter(|_| matches!(name.as_str(), "prefix" | "dir" | "cwd")) {
            inside.directory = known_text(folder).and_then(|folder| absolute(one, &folder));
        }
        at += if takes_next { 2 } else { 1 };
    }
    (None, inside)
}

/// `run NAME`; without a name it lists the scripts.
fn script(rest: &[Word], inside: &Invocation, scene: &mut Scene<'_>) -> bool {
    let words = unflagged(rest);
    match words.first().map(known_text) {
        Some(Some(name)) => recipe::script(&name, inside, scene),
        _ => false,
    }
}

/// The words from the first that is no option.
fn unflagged(words: &[Word]) -> Vec<Word> {
    let at = words.iter().position(|word| !word.leading().starts_with('-')).unwrap_or(words.len());
    words.get(at..).unwrap_or_default().to_vec()
}

fn run(words: Vec<Word>, inside: &Invocation, scene: &mut Scene<'_>) -> bool {
    if words.is_empty() {
        return false;
    }
    scene.invocation(&inside.with_words(words));
    true
}

/// The package's own scripts that an installation runs.
fn lifecycle(inside: &Invocation, scene: &mut Scene<'_>) {
    if !recipe::script("install", inside, scene) {
        recipe::script("preinstall", inside, scene);
        recipe::script("postinstall", inside, scene);
    }
    recipe::script("prepare", inside, scene);
}
