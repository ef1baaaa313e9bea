//! What edits files in place, and little languages that can write and run: sed, awk, dd.

use super::super::{Effect, Input, Invocation, RealKind, Scene, Shell, Word};
use super::change::{Writing, write};
use super::delete::reads;
use super::options::options;
use super::patches::patch_guards;
use super::standing::place;
use crate::model::{Impact, Scope};

/// `dd if=… of=…`.
pub(super) fn dd(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
    let mut given = at.arguments().iter().filter(|word| word.leading().starts_with("of="));
    if let Some(word) = given.next_back() {
        let kept =
            at.arguments().iter().any(|word| word.leading().contains("notrunc") || word.leading().contains("append"));
        let file = tilde(super::without(word, "of=".len()), scene);
        let nothing = ["if=/dev/zero", "if=/dev/null", "if=/dev/urandom"];
        let nothing = at.arguments().iter().any(|word| nothing.iter().any(|from| word.is(from)));
        let there = place(&file, at, scene).kind != RealKind::Absent;
        let how = match () {
            () if kept => Writing::Append,
            () if nothing && there => Writing::Empty,
            () => Writing::Replace,
        };
        write(&file, how, at, scene);
    } else if at.arguments().iter().any(|word| word.leading().is_empty() && word.has_unknown()) {
        scene.unknown(at, "where it writes is not known");
    }
}

/// bash expands a tilde behind `=` in a word that looks like an assignment.
fn tilde(word: Word, scene: &Scene<'_>) -> Word {
    let Some(home) = scene.around().home().filter(|_| word.leading() == "~" || word.leading().starts_with("~/")) else {
        return word;
    };
    let mut word = super::without(&word, "~".len());
    word.parts.insert(0, super::super::Part::Text(home.to_owned()));
    word
}

/// `sed`: reads, but with `-i`.
pub(super) fn sed(at: &Invocation, scene: &mut Scene<'_>) {
    let mut given = options(
        at.arguments(),
        "n/quiet/silent debug e/expression= f/file= E/r/regexp-extended i/in-place=? l/line-length= posix s/separate sandbox \
         u/unbuffered z/null-data follow-symlinks help version",
    );
    let listed: Vec<Word> = given.values("expression").cloned().collect();
    let in_place = given.has("in-place");
    // BSD's takes the suffix of the backup as a word of its own.
    if in_place && given.operands.first().is_some_and(|word| word.is("")) {
        given.operands.remove(0);
    }
    let (scripts, files) = if listed.is_empty() && given.value("file").is_none() {
        given.operands.split_first().map_or((vec![], &[][..]), |(first, files)| (vec![first.clone()], files))
    } else {
        (listed, given.operands.as_slice())
    };
    reads(at, scene);
    for script in &scripts {
        let text = script.text().map_or_else(|| script.to_string(), |text| text.into_owned());
        if !given.any(&["sandbox", "posix"]) && sed_runs(&text) {
            scene.effect(at, Effect::new("shell:exec:sed", Impact::Execute, Scope::Local).on(text.clone()));
            scene.unknown(at, "the script runs what it reads");
        }
        if let Some(file) = sed_writes(&text) {
            write(&Word::known(file), Writing::Replace, at, scene);
        }
    }
    if in_place {
        files.iter().for_each(|word| write(word, Writing::Replace, at, scene));
    }
}

/// GNU's `e`, as a command or as a flag of `s`.
fn sed_runs(script: &str) -> bool {
    script.split(['\n', ';']).map(str::trim).any(|command| {
        let bare = command.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '$' | ',' | '{' | '!' | ' '));
        bare == "e" || bare.starts_with("e ") || flags(command).is_some_and(|flags| flags.contains('e'))
    })
}

/// `w FILE`, as a command or as a flag of `s`.
fn sed_writes(script: &str) -> Option<&str> {
    script.split('\n').map(str::trim).find_map(|command| {
        let file = command.strip_prefix("w ").or_else(|| command.rsplit_once("/w ").map(|(_, file)| file))?;
        (!file.trim().is_empty() && command.starts_with(['s', 'w', '/'])).then(|| file.trim())
    })
}

/// The flags of a substitution.
fn flags(command: &str) -> Option<&str> {
    let rest = command.strip_prefix('s')?;
    let mark = rest.chars().next().filter(|mark| mark.is_ascii_punctuation())?;
    let mut marks = rest.match_indices(mark).filter(|(at, _)| !rest.get(..*at).unwrap_or_default().ends_with('\\'));
    let (last, _) = marks.nth(2)?;
    let flags = rest.get(last + mark.len_utf8()..)?;
    flags.chars().all(|flag| flag.is_ascii_alphanumeric()).then_some(flags)
}

/// `awk PROGRAM FILE…`: reads, but its programs can write files and run commands.
pub(super) fn awk(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "F/field-separator= v/assign= f/file= e/source= E/exec= i/include= b c C d D g h/help I l/load= L M n N o=? O p P r s S/sandbox t V/version",
    );
    reads(at, scene);
    let mut programs: Vec<Word> = given.values("source").cloned().collect();
    let mut files = given.operands.as_slice();
    if programs.is_empty() && given.value("file").is_none() && given.value("exec").is_none() {
        let Some((first, rest)) = files.split_first() else { return };
        programs.push(first.clone());
        files = rest;
    }
    for program in &programs {
        let text = program.text().map_or_else(|| program.to_string(), |text| text.into_owned());
        awk_program(&text, at, scene);
    }
    let in_place = given.values("include").any(|library| library.is("inplace"));
    if in_place {
        files.iter().for_each(|word| write(word, Writing::Replace, at, scene));
    }
}

/// `system("…")`, `print | "…"`, `"…" | getline`, `print > "…"`.
fn awk_program(text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let literal = |rest: &str| -> Option<(String, bool)> {
        let inner = rest.trim_start().strip_prefix('"')?;
        let (literal, after) = inner.split_once('"')?;
        // More text is joined to it where no end follows.
        let ends = after.trim_start().starts_with([')', ';', '}', '\n', '|']) || after.trim().is_empty();
        Some((literal.to_owned(), ends))
    };
    let mut runs = |rest: &str| match literal(rest) {
        Some((command, true)) => {
            let fed = Invocation { input: Input::Unknown("what awk prints".to_owned()), ..at.with_words(vec![]) };
            scene.script(&command, Shell::Posix, &fed);
        }
        _ => scene.unknown(at, "the awk program runs commands that it puts together"),
    };
    for (start, _) in text.match_indices("system") {
        let rest = text.get(start + "system".len()..).unwrap_or_default().trim_start();
        if let Some(rest) = rest.strip_prefix('(') {
            runs(rest);
        }
    }
    let bytes = text.as_bytes();
    let beside = |at: usize| bytes.get(at).copied().unwrap_or_default();
    for (start, _) in text.match_indices('|') {
        let doubled = beside(start + 1) == b'|' || start > 0 && beside(start - 1) == b'|';
        let rest = text.get(start + 1..).unwrap_or_default().trim_start_matches('&');
        if doubled || in_quotes(text, start) {
            continue;
        }
        if rest.trim_start().starts_with('"') {
            runs(rest);
        } else if rest.trim_start().starts_with("getline") {
            let before = text.get(..start).unwrap_or_default().trim_end();
            match before.strip_suffix('"').and_then(|before| before.rsplit_once('"')) {
                Some((_, command)) => runs(&format!("\"{command}\"")),
                None => runs(""),
            }
        } else if rest.trim_start().starts_with(|letter: char| letter.is_alphabetic() || letter == '$') {
            runs("");
        }
    }
    // gawk calls the function whose name a variable holds.
    if text.match_indices('@').any(|(start, _)| {
        let name = text.get(start + 1..).unwrap_or_default();
        let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
        end > 0 && name.get(end..).is_some_and(|rest| rest.starts_with('(')) && !in_quotes(text, start)
    }) {
        runs("");
    }
    for (start, _) in text.match_indices('>') {
        let rest = text.get(start + 1..).unwrap_or_default().trim_start_matches('>').trim_start();
        if let Some((file, _)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'))
            && !in_quotes(text, start)
        {
            write(&Word::known(file), Writing::Replace, at, scene);
        }
    }
}

/// Whether a byte of an awk program stands in a string, or in a pattern.
fn in_quotes(text: &str, at: usize) -> bool {
    let (mut inside, mut before, mut escaped) = (None, ' ', false);
    for letter in text.get(..at).unwrap_or_default().chars() {
        match (inside, letter) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(mark), _) if letter == mark || letter == '\n' => inside = None,
            (Some(_), _) => {}
            (None, '"') => inside = Some('"'),
            // Behind a value it divides.
            (None, '/') if !before.is_alphanumeric() && !matches!(before, '_' | ')' | ']' | '$') => inside = Some('/'),
            (None, _) => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    inside.is_some()
}

/// Words in an editor's commands that run others or delete.
const EDITOR_RUNS: [&str; 22] = [
    "system(",
    "systemlist(",
    "jobstart(",
    "job_start(",
    "term_start(",
    "termopen(",
    ":term",
    "terminal",
    "lua ",
    "luaeval(",
    "py ",
    "py3 ",
    "python ",
    "python3 ",
    "perl ",
    "ruby ",
    "delete(",
    "shell-command",
    "call-process",
    "start-process",
    "make-process",
    "delete-",
];

/// Whether an editor's command runs others: `!ls`, `w !sh`, but not `wq!`.
fn runs_others(command: &str) -> bool {
    let mut before = ' ';
    let bang = command.chars().any(|letter| {
        let is_bang = letter == '!' && !before.is_ascii_alphanumeric();
        before = letter;
        is_bang
    });
    bang || EDITOR_RUNS.iter().any(|word| command.contains(word))
}

/// Editors: what they write is typed; a script of commands that runs others is not read.
pub(super) fn editor(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
    let mut is_command = false;
    for word in at.arguments() {
        let text = word.to_string();
        let is_option = text.starts_with(['+', '-', ':']);
        if (is_option || is_command) && runs_others(&text) {
            return scene.unknown(at, "an editor's commands can run others");
        }
        is_command = matches!(text.as_str(), "-c" | "--cmd" | "--eval" | "-eval" | "--execute" | "-e");
    }
    if matches!(&at.input, Input::Text(text) if text.lines().any(|line| line.trim_start().starts_with('!') || line.trim_start().starts_with("w !")))
    {
        return scene.unknown(at, "an editor's commands can run others");
    }
    let files = at.arguments().iter().filter(|word| !word.leading().starts_with(['-', '+', ':']));
    files.for_each(|word| write(word, Writing::Append, at, scene));
}

/// `patch`: edits what the patch names, or the file that is given.
pub(super) fn patch(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "b/backup B/prefix= c/context d/directory= D/ifdef= dry-run e/ed E/remove-empty-files f/force F/fuzz= g/get= i/input= \
         l/ignore-whitespace n/normal N/forward o/output= p/strip= r/reject-file= R/reverse s/quiet t/batch u/unified verbose \
         V/version-control= z/suffix= Z/set-utc T/set-time help version posix merge=?",
    );
    if given.any(&["dry-run", "help", "version"]) {
        return reads(at, scene);
    }
    let files: Vec<Word> = given.value("input").or_else(|| given.operands.get(1)).cloned().into_iter().collect();
    patch_guards(&files, given.value("directory"), at, scene);
    let target = given.value("output").or_else(|| given.operands.first()).or_else(|| given.value("directory"));
    let here = Word::known("./patched");
    write(target.unwrap_or(&here), Writing::Append, at, scene);
}
