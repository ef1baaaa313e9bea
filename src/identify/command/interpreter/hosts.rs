//! Programs whose own languages are read no further than what they run or delete: R, AppleScript, debuggers, lftp.

use super::lex::Language;
use super::{Style, interpreter, runs};
use crate::identify::command::{Effect, Input, Invocation, Scene, Shell, Word};
use crate::model::{Count, Hazard, Impact, Place, Scope};

/// R's calls and texts look enough like PHP's.
pub(super) fn r(one: &Invocation, scene: &mut Scene<'_>) {
    let style =
        Style { language: Language::Php, code: &["-e"], valued: &["-f", "-g"], prints: &["--version", "--help"] };
    interpreter(&style, one, scene);
    if one.arguments().iter().any(|word| word.to_string().contains("system2(")) {
        scene.unknown(one, "it runs a command that is put together in R");
    }
}

/// `osascript -e 'do shell script "…"'`.
pub(super) fn osascript(one: &Invocation, scene: &mut Scene<'_>) {
    runs(one, scene);
    let mut all: Vec<String> = one.arguments().iter().map(ToString::to_string).collect();
    if let Input::Text(text) = &one.input {
        all.push(text.clone());
    }
    for text in all {
        for rest in text.split("do shell script").skip(1) {
            match literal(rest) {
                Some(command) => scene.script(&command, Shell::Posix, &one.with_words(vec![])),
                None => scene.unknown(one, "it runs a command that is not known"),
            }
        }
    }
}

/// A text in double quotes, without its escapes.
fn literal(text: &str) -> Option<String> {
    let mut letters = text.trim_start().strip_prefix('"')?.chars();
    let mut out = String::new();
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => out.push(letters.next()?),
            letter => out.push(letter),
        }
    }
    // More may be joined to it.
    (!letters.as_str().trim_start().starts_with('&')).then_some(out)
}

/// `gdb -ex 'shell …'`.
pub(super) fn gdb(one: &Invocation, scene: &mut Scene<'_>) {
    runs(one, scene);
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let leading = word.leading();
        let text = match leading.trim_start_matches('-') {
            "ex" | "eval-command" | "iex" | "init-eval-command" | "o" | "one-line" | "O" | "one-line-before-file" => {
                words.next().map(ToString::to_string)
            }
            other => other
                .strip_prefix("eval-command=")
                .or_else(|| other.strip_prefix("ex="))
                .filter(|_| leading.starts_with('-'))
                .map(ToOwned::to_owned),
        };
        let Some(text) = text else { continue };
        let command =
            ["shell ", "!", "make ", "platform shell "].iter().find_map(|start| text.trim_start().strip_prefix(start));
        match command {
            Some(command) => scene.script(command, Shell::Posix, &one.with_words(vec![])),
            None if text.contains("system(") || text.contains("popen(") => {
                scene.unknown(one, "the debugger runs a command");
            }
            None => {}
        }
    }
}

/// `lftp -c 'open HOST; rm -r …'`.
pub(super) fn lftp(one: &Invocation, scene: &mut Scene<'_>) {
    runs(one, scene);
    let mut all: Vec<String> = one.arguments().iter().map(ToString::to_string).collect();
    if let Input::Text(text) = &one.input {
        all.push(text.clone());
    }
    let place = Place { host: Some("unknown".to_owned()), ..Place::default() };
    for command in all.iter().flat_map(|text| text.split([';', '\n', '&'])) {
        let mut words = command.split_whitespace();
        let verb = words.next().unwrap_or_default();
        if let Some(shell) = command.trim_start().strip_prefix('!') {
            scene.script(shell, Shell::Posix, &one.with_words(vec![]));
        }
        let many = words.any(|word| {
            matches!(word, "--delete" | "--delete-first" | "--Remove-source-files" | "--Remove-source-dirs")
                || word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'e'])
        });
        let effect = match verb {
            "rm" | "glob" if many => {
                Effect::new("ftp:file:delete", Impact::Destroy, Scope::Resource).count(Count::Unbounded)
            }
            "rm" | "rmdir" => Effect::new("ftp:file:delete", Impact::Destroy, Scope::Item),
            "mrm" => Effect::new("ftp:file:delete", Impact::Destroy, Scope::Resource).count(Count::Unbounded),
            "mirror" if many => {
                Effect::new("ftp:folder:mirror", Impact::Destroy, Scope::Resource).count(Count::Unbounded)
            }
            "mirror" | "put" | "mput" | "mv" => {
                scene.effect(one, Effect::new("ftp:file:put", Impact::Update, Scope::Item).at(place.clone()));
                continue;
            }
            _ => continue,
        };
        scene.effect(one, effect.hazard(Hazard::DataLoss).on(command.trim()).at(place.clone()));
    }
}

/// `rimraf PATH…` is `rm -rf`.
pub(super) fn rimraf(one: &Invocation, scene: &mut Scene<'_>) {
    let operands: Vec<Word> = one.arguments().iter().filter(|word| !word.leading().starts_with('-')).cloned().collect();
    if operands.is_empty() {
        return runs(one, scene);
    }
    let words = ["rm", "-rf", "--"].into_iter().map(Word::known).chain(operands).collect();
    scene.invocation(&one.with_words(words));
}
