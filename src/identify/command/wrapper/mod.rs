//! Programs that run another program: sudo, env, xargs, find -exec, ssh, bash -c.
//!
//! What they run is read as if it stood there by itself, in the circumstances that they give it: on another machine, with
//! other variables, many times.

mod carried;
mod many;
mod mentions;
mod rows;
mod shells;
mod sockets;

use super::face::Reader;
use super::shell::{self, path_from};
use super::{Contents, Effect, Input, Invocation, Machine, Scene, Shell, Word};
use crate::model::{Impact, Scope};
use rows::{Row, Runs};

pub(super) use carried::carried;
pub(super) use many::found_paths;
pub(super) use mentions::mentioned;
pub(super) use sockets::sent;

/// The programs that are read here beside those of [`read`].
pub(super) const FACES: &[(&str, Reader)] = &[];

/// Reads the invocation where its program runs another one, or is one of the shell's own; `false` when it is neither.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    if let Some(reader) = shells::reader(program).or_else(|| many::reader(program)) {
        reader(one, scene);
        return true;
    }
    if rows::ROWS.iter().any(|row| row.program() == program) {
        for row in rows::ROWS.iter().filter(|row| row.program() == program) {
            if wraps(row, one, scene) {
                return true;
            }
        }
    }
    if sockets::read(program, one, scene) {
        return true;
    }
    if program == "nix" && nix(one, scene) {
        return true;
    }
    if let Some(reader) = shell::builtin(program) {
        reader(one, scene);
        return true;
    }
    false
}

/// Whether the program is read here whatever its arguments are.
pub(super) fn is_listed(program: &str) -> bool {
    shells::reader(program).is_some() || many::reader(program).is_some() || is_wrapper(program)
}

/// Whether this program runs what its arguments say.
pub(super) fn is_wrapper(program: &str) -> bool {
    rows::ROWS.iter().any(|row| row.command == program)
}

/// Reads what a wrapper runs; `false` when these arguments run nothing that it says.
fn wraps(row: &Row, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let mut rest = one.arguments();
    let mut texts: Vec<&Word> = vec![];
    if row.command == "command" && rest.first().is_some_and(|word| word.is("-v") || word.is("-V")) {
        shell::tells(one, scene);
        return true;
    }
    for wanted in row.command.split(' ').skip(1) {
        rest = row.after_options(rest, &mut texts);
        match rest.split_first() {
            Some((word, others)) if wanted.split('|').any(|one| word.is(one)) => rest = others,
            _ => return false,
        }
    }
    rest = row.after_options(rest, &mut texts);
    let mut inner = one.with_words(vec![]);
    let mut left = row.before;
    loop {
        match rest.split_first() {
            Some((word, others)) if row.assigns && assignment(word, scene).is_some() => {
                inner.variables.extend(assignment(word, scene));
                rest = others;
            }
            Some((word, others)) if left > 0 => {
                if row.command == "aws-vault exec" {
                    inner.variables.push(("AWS_PROFILE".to_owned(), word.clone()));
                }
                left -= 1;
                rest = row.after_options(others, &mut texts);
            }
            _ => break,
        }
    }
    // `npx -p PACKAGE -- CMD`, `doppler run -- CMD`.
    if let Some((word, others)) = rest.split_first()
        && word.is("--")
    {
        rest = others;
    }
    inner.repeats |= row.repeats;
    for text in &texts {
        let text = scene.veiled(text);
        scene.script(&text, Shell::Posix, &inner);
    }
    if row.runs == Runs::Nothing && !rest.is_empty() {
        return !texts.is_empty();
    }
    match rest {
        [] if !texts.is_empty() => {}
        [] => quiet(one, scene, row.bare),
        words => runs(row, words, &inner, scene),
    }
    true
}

/// Reads the words that a wrapper runs, as it would run them.
fn runs(row: &Row, words: &[Word], inner: &Invocation, scene: &mut Scene<'_>) {
    match row.runs {
        Runs::Words => {
            let mut words = words.to_vec();
            // A script that uv gets is Python's.
            if row.command == "uv run" && words.first().and_then(Word::text).is_some_and(|name| name.ends_with(".py")) {
                words.insert(0, Word::known("python3"));
            }
            scene.invocation(&inner.with_words(words));
        }
        Runs::Package => {
            let mut words = words.to_vec();
            if let Some(first) = words.first_mut() {
                *first = unversioned(first);
            }
            scene.invocation(&inner.with_words(words));
        }
        Runs::Joined => {
            let text = joined(words, scene);
            scene.script(&text, Shell::Posix, inner);
        }
        Runs::Each => {
            for word in words.iter().filter(|word| !word.leading().starts_with('-')) {
                let text = scene.veiled(word);
                // `npm:dev` is short for `npm run dev`.
                let short = ["npm", "pnpm", "yarn", "bun", "node"].iter().find_map(|tool| {
                    let name = text.strip_prefix(tool)?.strip_prefix(':')?;
                    Some(format!("{tool} run '{}'", name.replace('\'', "")))
                });
                scene.script(short.as_deref().unwrap_or(&text), Shell::Posix, inner);
            }
        }
        Runs::Nothing => {}
    }
}

/// `nix develop -c CMD…`, `nix run PACKAGE -- ARGUMENTS`; `false` for every other call of it.
fn nix(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let words = one.arguments();
    let Some(verb) = words.first().and_then(Word::text) else { return false };
    let after = |marks: &[&str]| {
        let at = words.iter().position(|word| marks.iter().any(|mark| word.is(mark)))?;
        words.get(at + 1..).map(<[Word]>::to_vec)
    };
    let inner = match &*verb {
        "develop" | "shell" => after(&["-c", "--command"]),
        "run" => {
            let package = words.get(1).map(ToString::to_string).unwrap_or_default();
            let name = package.rsplit('#').next().unwrap_or_default().to_owned();
            let rest = after(&["--"]).unwrap_or_default();
            package.contains('#').then(|| std::iter::once(Word::known(name)).chain(rest).collect())
        }
        _ => None,
    };
    let Some(inner) = inner.filter(|words: &Vec<Word>| !words.is_empty()) else { return false };
    scene.invocation(&one.with_words(inner));
    true
}

/// Packages whose command is called otherwise.
const PACKAGES: &[(&str, &str)] = &[
    ("@railway/cli", "railway"),
    ("aws-cdk", "cdk"),
    ("firebase-tools", "firebase"),
    ("netlify-cli", "netlify"),
    ("@sentry/cli", "sentry-cli"),
    ("@cloudflare/wrangler", "wrangler"),
    ("@planetscale/cli", "pscale"),
    ("@supabase/cli", "supabase"),
];

/// A package's command without its version and its owner: `cdk@2`, `@angular/cli`.
fn unversioned(word: &Word) -> Word {
    let known = |text: &str| {
        let name = text.rsplit_once('@').map_or(text, |(name, _)| if name.is_empty() { text } else { name });
        PACKAGES.iter().find(|(package, _)| *package == name).map(|(_, program)| Word::known(*program))
    };
    if let Some(program) = word.text().and_then(|text| known(&text)) {
        return program;
    }
    match word.text() {
        Some(text) => match text.rsplit_once('@') {
            Some((name, _)) if !name.is_empty() => Word::known(name),
            _ => word.clone(),
        },
        None => word.clone(),
    }
}

/// The wrapper runs nothing that its words say.
fn quiet(one: &Invocation, scene: &mut Scene<'_>, impact: Impact) {
    let name = one.program().unwrap_or_default();
    // What a program without arguments reads is what it runs, where it is a shell.
    scene.effect(one, Effect::new(&format!("shell:exec:{name}"), impact, Scope::Local));
}

/// `NAME=value` among a wrapper's arguments.
fn assignment(word: &Word, scene: &mut Scene<'_>) -> Option<(String, Word)> {
    let text = scene.veiled(word);
    let (name, value) = text.split_once('=')?;
    // A function for the shells that are run.
    if name.starts_with("BASH_FUNC_") && name.ends_with("%%") {
        return Some((name.to_owned(), scene.unveil(value, false)));
    }
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    let valid = begins && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    valid.then(|| (name.to_owned(), scene.unveil(value, false)))
}

/// Words joined by blanks into a text that a shell reads.
fn joined(words: &[Word], scene: &mut Scene<'_>) -> String {
    words.iter().map(|word| scene.veiled(word)).collect::<Vec<_>>().join(" ")
}

/// Reads words that run inside something else: a container, a pod.
pub(super) fn inside(words: impl AsRef<[Word]>, machine: Machine, one: &Invocation, scene: &mut Scene<'_>) {
    let words = words.as_ref();
    let inner = Invocation {
        words: words.to_vec(),
        variables: vec![],
        directory: None,
        writes: vec![],
        machine,
        ..one.clone()
    };
    if words.is_empty() {
        let bare = Invocation { words: one.words.clone(), ..inner };
        scene.effect(&bare, Effect::new("shell:exec:session", Impact::Execute, Scope::Local));
    } else {
        scene.invocation(&inner);
    }
}

/// Programs that print settings for a shell.
const TOOLS: &[&str] = &[
    "ssh-agent",
    "pyenv",
    "rbenv",
    "nodenv",
    "goenv",
    "jenv",
    "direnv",
    "brew",
    "/opt/homebrew/bin/brew",
    "minikube",
    "starship",
    "zoxide",
    "fnm",
    "mise",
    "rtx",
    "asdf",
    "conda",
    "mamba",
    "micromamba",
    "opam",
    "dircolors",
    "docker-machine",
    "keychain",
    "gpg-agent",
    "lesspipe",
    "thefuck",
    "atuin",
    "fzf",
    "register-python-argcomplete",
    "pipenv",
    "poetry",
    "uv",
    "pip",
    "pdm",
    "hatch",
    "luarocks",
    "perl",
    "podman",
    "gh",
    "kubectl",
    "helm",
    "npm",
    "tmuxifier",
    "hub",
    "resize",
    "locale",
    "tset",
    "nvm",
    "volta",
    "aws",
    "cargo",
    "rustup",
    "xauth",
    "fasd",
    "mcfly",
    "devbox",
    "nix",
];

/// Whether what this prints is made to be taken up by a shell, as its text shows.
pub(super) fn prints_settings(asked: &str) -> bool {
    let inner = asked.trim_start_matches("$(").trim_start_matches('`');
    let mut words = inner.split_whitespace();
    let Some(program) = words.next() else { return false };
    let safe_only_with =
        |wanted: &[&str]| inner.split_whitespace().any(|word| wanted.iter().any(|one| word.starts_with(one)));
    match program {
        "aws" => safe_only_with(&["configure"]),
        "perl" => safe_only_with(&["-Mlocal::lib", "-I"]),
        "gh" | "kubectl" | "helm" | "npm" | "pip" | "nix" | "cargo" | "podman" => {
            safe_only_with(&["completion", "print-dev-env", "prefix", "env"])
        }
        program => TOOLS.contains(&program) && !inner.contains("curl") && !inner.contains('|'),
    }
}

/// A file that a shell takes up, where nobody knows what it holds: what prepares a workspace is ordinary.
pub(super) fn sourced(path: &Word, one: &Invocation, scene: &mut Scene<'_>) {
    if is_stream(path) && !matches!(one.input, Input::Inherited)
        || path.text().is_some_and(|path| path.starts_with("/dev/fd/"))
    {
        scene.unknown(one, "runs a text that nobody knows");
        return;
    }
    scene.effect(one, Effect::new("shell:exec:source", Impact::Execute, Scope::Local).on(path.to_string()));
}

fn is_stream(path: &Word) -> bool {
    path.is("/dev/stdin") || path.is("-")
}

/// A program that is called by its path, and whose file is a script that can be read; `false` when it is not.
pub(super) fn script_file(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some(path) = one.words.first().and_then(Word::text).map(std::borrow::Cow::into_owned) else { return false };
    if !path.contains('/') || one.machine != Machine::Own {
        return false;
    }
    let Some(absolute) = path_from(one.directory.as_deref(), &path) else { return false };
    let Contents::Whole(bytes) = scene.contents(&absolute) else { return false };
    let Ok(text) = String::from_utf8(bytes) else { return false };
    if text.contains('\0') {
        return false;
    }
    let first = text.lines().next().unwrap_or_default();
    let mut words: Vec<Word> = match first.strip_prefix("#!") {
        Some(line) => {
            let mut parts = line.split_whitespace();
            let interpreter = parts.next().unwrap_or("sh");
            let options: Vec<&str> = parts.collect();
            let is_env = interpreter.ends_with("/env");
            let rest = options.iter().filter(|word| !is_env || **word != "-S").map(|word| Word::known(*word));
            if is_env { rest.collect() } else { std::iter::once(Word::known(interpreter)).chain(rest).collect() }
        }
        None => match interpreter_of(&path) {
            Some(interpreter) => vec![Word::known(interpreter)],
            None => return false,
        },
    };
    words.push(Word::known(path));
    words.extend(one.arguments().iter().cloned());
    scene.invocation(&one.with_words(words));
    true
}

/// What runs a script that does not say so itself.
fn interpreter_of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name.rsplit_once('.').map(|(_, ending)| ending) {
        None | Some("sh" | "bash") => "sh",
        Some("zsh") => "zsh",
        Some("py") => "python3",
        Some("js" | "mjs" | "cjs") => "node",
        Some("ts" | "mts" | "tsx") => "tsx",
        Some("rb") => "ruby",
        Some("pl") => "perl",
        Some("php") => "php",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
