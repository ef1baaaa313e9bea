//! The language of `cmd.exe`, as far as the incidents need it: commands parted by `&`, `&&`, `||`, `|`, quotes, `%VAR%`, `for`
//! and `cmd /c` in `cmd /c`.

use super::windows;
use crate::identify::command::{Effect, Invocation, Part, Scene, Shell, Word, Written};
use crate::model::{Count, Hazard, Impact, Scope};

/// `cmd /c TEXT`.
pub(super) fn program(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let Some(place) = words.iter().position(|word| {
        word.text().is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "/c" | "/k" | "/r" | "//c"))
    }) else {
        scene.effect(one, Effect::new("shell:exec:cmd", Impact::Execute, Scope::Local));
        return;
    };
    let text: Vec<String> = words.iter().skip(place + 1).map(ToString::to_string).collect();
    scene.script(&text.join(" "), Shell::Cmd, &one.with_words(vec![]));
}

/// Reads a text.
pub(in crate::identify::command) fn read(text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let joined = text.replace("^\r\n", "").replace("^\n", "");
    for line in joined.lines() {
        for command in commands(line) {
            simple(&command, at, scene);
        }
    }
}

/// The commands of a line.
fn commands(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for letter in line.chars() {
        let Some(last) = out.last_mut() else { break };
        match letter {
            '^' if !quoted && !escaped => {
                escaped = true;
                continue;
            }
            '"' if !escaped => {
                quoted = !quoted;
                last.push(letter);
            }
            '&' | '|' if !quoted && !escaped => out.push(String::new()),
            '(' | ')' if !quoted && !escaped && last.trim().is_empty() => {}
            letter => last.push(letter),
        }
        escaped = false;
    }
    out.retain(|command| !command.trim().trim_matches([')', '(']).is_empty());
    out
}

/// The words of a command: blanks part, double quotes keep together, `%VAR%` is not known.
fn words(command: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let (mut text, mut quoted, mut any) = (String::new(), false, false);
    for letter in command.trim().chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                any = true;
            }
            letter if letter.is_whitespace() && !quoted => {
                if !text.is_empty() || any {
                    out.push(word(&std::mem::take(&mut text)));
                }
                any = false;
            }
            letter => text.push(letter),
        }
    }
    if !text.is_empty() || any {
        out.push(word(&text));
    }
    out
}

fn word(text: &str) -> Word {
    let Some((before, rest)) = text.split_once('%').filter(|(_, rest)| rest.contains('%')) else {
        return Word::known(text);
    };
    let (name, after) = rest.split_once('%').unwrap_or((rest, ""));
    let hole = Part::Unknown { shown: format!("%{name}%"), splits: false };
    let parts = [Part::Text(before.to_owned()), hole, Part::Text(after.to_owned())];
    Word { parts: parts.into_iter().filter(|part| !matches!(part, Part::Text(text) if text.is_empty())).collect() }
}

fn simple(command: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let (command, writes) = redirects(command.trim().trim_start_matches('@'));
    for path in writes {
        scene.invocation(&Invocation { writes: vec![Written { path, appends: false }], ..at.with_words(vec![]) });
    }
    let all = words(&command);
    let Some(name) = all.first().and_then(|word| Some(word.text()?.to_ascii_lowercase())) else {
        if !all.is_empty() {
            scene.unknown(at, "the program's name is not known");
        }
        return;
    };
    let name = name
        .rsplit(['\\', '/'])
        .next()
        .unwrap_or(&name)
        .trim_end_matches(".exe")
        .trim_end_matches(".cmd")
        .trim_end_matches(".bat")
        .to_owned();
    let is_option = |word: &&Word| word.leading().starts_with('/') && word.leading().len() <= 6;
    let has = |option: &str| all.iter().any(|word| word.text().is_some_and(|text| text.eq_ignore_ascii_case(option)));
    let operands = || all.iter().skip(1).filter(|word| !is_option(word));
    let here = |name: &str, impact, scope| Effect::new(&format!("shell:exec:{name}"), impact, scope);
    if let Some(effect) = machine(&name, &has) {
        scene.effect(at, effect);
        return;
    }
    match name.as_str() {
        "rd" | "rmdir" => operands().for_each(|path| windows::delete(path, has("/s"), at, scene)),
        "del" | "erase" => operands().for_each(|path| windows::delete(path, has("/s"), at, scene)),
        "for" => body(&command, at, scene),
        "if" => {
            let words = all.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>();
            if let Some(place) = words.iter().position(|word| is_command(word)) {
                simple(&words.get(place..).unwrap_or_default().join(" "), at, scene);
            }
        }
        "call" | "start" => {
            let rest: Vec<Word> = all.iter().skip(1).filter(|word| !is_option(word) && !word.is("")).cloned().collect();
            run(rest, at, scene);
        }
        "echo" | "rem" | "cd" | "chdir" | "set" | "dir" | "type" | "ver" | "cls" | "pause" | "exit" | "pushd"
        | "popd" | "title" | "where" | "findstr" | "tree" | "setlocal" | "endlocal" | "goto" | "more" => {
            scene.effect(at, here(&name, Impact::Read, Scope::Local));
        }
        "copy" | "xcopy" | "robocopy" | "move" | "ren" | "rename" | "mkdir" | "md" | "mklink" => {
            let destroys = name == "robocopy" && (has("/mir") || has("/purge")) && !has("/l")
                || name == "move" && operands().any(|word| word.to_string().contains('*'));
            if destroys {
                scene.effect(
                    at,
                    Effect::new("shell:fs:delete", Impact::Destroy, Scope::Item)
                        .hazard(Hazard::DataLoss)
                        .on(command.clone())
                        .with("where", "no-folder"),
                );
            } else {
                scene.effect(at, Effect::new(&format!("shell:fs:{name}"), Impact::Update, Scope::Local));
            }
        }
        _ => run(all, at, scene),
    }
}

/// What changes the machine itself, whatever else its words say.
fn machine(name: &str, has: &dyn Fn(&str) -> bool) -> Option<Effect> {
    let effect = |operation, impact, scope| Effect::new(operation, impact, scope);
    Some(match name {
        "format" | "diskpart" | "cipher" => {
            let lost = effect("shell:disk:format", Impact::Destroy, Scope::Account).hazard(Hazard::DataLoss);
            lost.count(Count::Unbounded)
        }
        "vssadmin" | "wbadmin" | "wmic" if has("delete") => {
            effect("shell:disk:shadowcopy", Impact::Destroy, Scope::Account).hazard(Hazard::BackupLoss)
        }
        "reg" if has("delete") => effect("shell:system:settings_delete", Impact::Destroy, Scope::Resource),
        "shutdown" => effect("shell:system:shutdown", Impact::Disrupt, Scope::Resource),
        "icacls" | "takeown" => effect("shell:fs:chmod", Impact::Permission, Scope::Resource).with("where", "system"),
        "schtasks" if has("/delete") || has("/create") => {
            effect("shell:system:crontab", Impact::Update, Scope::Resource)
        }
        _ => return None,
    })
}

fn is_command(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    matches!(
        word.as_str(),
        "rd" | "rmdir" | "del" | "erase" | "format" | "echo" | "copy" | "move" | "call" | "cmd" | "goto" | "set"
    ) || super::super::face::is_listed(&word)
}

fn run(mut words: Vec<Word>, at: &Invocation, scene: &mut Scene<'_>) {
    if let Some(first) = words.first_mut()
        && let Some(text) = first.text()
    {
        *first = Word::known(text.replace('\\', "/"));
    }
    scene.invocation(&at.with_words(words));
}

/// `for … do COMMAND`.
fn body(command: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let lower = command.to_ascii_lowercase();
    if let Some(place) = lower.find(" do ") {
        let inside = Invocation { repeats: true, ..at.clone() };
        simple(command.get(place + 4..).unwrap_or_default().trim_matches(['(', ')', ' ']), &inside, scene);
    }
}

/// The text without its redirections, and the files that they write.
fn redirects(command: &str) -> (String, Vec<Word>) {
    let (mut out, mut files, mut quoted) = (String::new(), Vec::new(), false);
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        quoted ^= letter == '"';
        if letter != '>' || quoted {
            out.push(letter);
            continue;
        }
        if out.ends_with(['1', '2']) {
            out.pop();
        }
        while letters.next_if(|next| matches!(next, '>' | ' ')).is_some() {}
        let mut path = String::new();
        while let Some(next) = letters.next_if(|next| !next.is_whitespace()) {
            path.push(next);
        }
        if !path.starts_with('&') && !path.eq_ignore_ascii_case("nul") {
            files.push(word(path.trim_matches('"')));
        }
    }
    (out, files)
}
