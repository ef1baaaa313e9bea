//! Commands that stand in variables and in options of programs that otherwise only read or copy: `GIT_SSH_COMMAND`,
//! `LESSOPEN`, `rsync -e`, `rg --pre`.

use super::super::git::is_usual;
use super::super::shell;
use super::super::{Invocation, Scene, Shell, Word, is_veiled};

/// Variables whose value a program runs.
const VARIABLES: &[&str] = &[
    "GIT_SSH_COMMAND",
    "GIT_SSH",
    "GIT_EXTERNAL_DIFF",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER",
    "GIT_ASKPASS",
    "GIT_PROXY_COMMAND",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "KUBE_EDITOR",
    "KUBECTL_EXTERNAL_DIFF",
    "PSQL_PAGER",
    "PSQL_EDITOR",
    "SYSTEMD_PAGER",
    "SYSTEMD_EDITOR",
    "RSYNC_RSH",
    "PAGER",
    "MANPAGER",
    "EDITOR",
    "VISUAL",
    "FCEDIT",
    "LESSOPEN",
    "LESSCLOSE",
];

/// Reads the commands that the text puts into variables and options, each once.
pub(in crate::identify::command) fn carried(one: &Invocation, scene: &mut Scene<'_>) {
    for name in VARIABLES {
        let Some(value) = one.set(name).cloned() else { continue };
        let text = scene.veiled(&value);
        let text = if name.starts_with("LESS") { text.trim_start_matches(['|', '-']) } else { text.as_str() };
        // What a person has set already is taken on: `EDITOR=$VISUAL`.
        let is_open = text.starts_with(is_veiled) || value.text().is_none() && value.leading().is_empty();
        let known = scene.recalled("carried").any(|(kept, before)| kept == *name && before == text);
        if is_open || known || is_usual(text) {
            continue;
        }
        scene.remember("carried", *name, text);
        scene.script(text, Shell::Posix, &one.with_words(vec![]));
    }
    match one.program().as_deref() {
        Some("rsync") => values(one, &["-e", "--rsh"], &["--rsh="], scene),
        Some("zip") => values(one, &["-TT", "--unzip-command"], &["--unzip-command="], scene),
        Some("rg") => searched(one, scene),
        Some("git") if one.arguments().iter().any(|word| word.is("grep")) => {
            values(one, &[], &["--open-files-in-pager=", "-O"], scene);
        }
        _ => {}
    }
}

/// The values of these options are texts for a shell.
fn values(one: &Invocation, apart: &[&str], attached: &[&str], scene: &mut Scene<'_>) {
    let words = one.arguments();
    for (at, word) in words.iter().enumerate() {
        if word.is("--") {
            return;
        }
        let text = if apart.iter().any(|option| word.is(option)) || rsync_cluster(apart, word) {
            words.get(at + 1).map(|next| scene.veiled(next))
        } else {
            let whole = scene.veiled(word);
            attached.iter().find_map(|option| whole.strip_prefix(option)).map(ToOwned::to_owned)
        };
        let Some(text) = text.filter(|text| !is_usual(text) && !text.starts_with(is_veiled)) else { continue };
        scene.script(&text, Shell::Posix, &one.with_words(vec![]));
    }
}

/// `-avze`, whose last letter takes the next word.
fn rsync_cluster(apart: &[&str], word: &Word) -> bool {
    let text = word.leading();
    apart.contains(&"--rsh") && text.starts_with('-') && !text.starts_with("--") && text.ends_with('e')
}

/// `rg --pre COMMAND`: run on every file that is searched.
fn searched(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let mut command: Option<Word> = None;
    let mut operands: Vec<Word> = vec![];
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = scene.veiled(word);
        if text == "--pre" {
            command = rest.next().cloned();
        } else if let Some(inline) = text.strip_prefix("--pre=") {
            command = Some(scene.unveil(inline, false));
        } else if !text.starts_with('-') {
            operands.push(word.clone());
        }
    }
    let Some(command) = command.filter(|command| !command.is("")) else { return };
    let mut paths: Vec<Word> = operands.into_iter().skip(1).collect();
    if paths.is_empty() {
        paths.push(Word::known("."));
    }
    paths.insert(0, command);
    scene.invocation(&Invocation { repeats: true, ..one.with_words(paths) });
}

/// What a shell runs before, or beside, what it is given: its start files and prompts.
pub(super) fn starts(one: &Invocation, scene: &mut Scene<'_>) {
    for name in ["BASH_ENV", "ENV"] {
        let Some(path) = one.set(name).cloned().filter(|path| !path.is("")) else { continue };
        let text = path.text().unwrap_or_default().into_owned();
        if scene.recalled("carried").any(|(kept, before)| kept == name && before == text) {
            continue;
        }
        scene.remember("carried", name, text);
        if let Some(text) = shell::file(&path, one, scene) {
            scene.script(&text, Shell::Posix, &one.with_words(vec![]));
        } else if path.text().is_some_and(|path| path.starts_with("/dev/fd/") || scene.comes_from_elsewhere(&path, one))
        {
            scene.unknown(one, "runs a text that nobody knows");
        }
        // The value is a word that is expanded.
        quoted(&path, one, scene);
    }
    for name in ["PS4", "PS0"] {
        if let Some(prompt) = one.set(name).cloned() {
            quoted(&prompt, one, scene);
        }
    }
    if let Some(command) = one.set("PROMPT_COMMAND").cloned().filter(|text| !text.is("") && text.text().is_some()) {
        let text = scene.veiled(&command);
        scene.script(&text, Shell::Posix, &one.with_words(vec![]));
    }
}

/// A text whose substitutions are carried out.
fn quoted(word: &Word, one: &Invocation, scene: &mut Scene<'_>) {
    let text = scene.veiled(word);
    if text.contains("$(") || text.contains('`') {
        let text = format!(": \"{}\"", text.replace('"', "\\\""));
        scene.script(&text, Shell::Posix, &one.with_words(vec![]));
    }
}
