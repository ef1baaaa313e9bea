//! Built-ins that change what later commands see, and those that only tell something.

use super::super::{Effect, Input, Word};
use super::simple::{Expanded, known};
use super::state::{Stop, Value, Variable};
use super::walk::{Status, Walk};
use crate::identify::command::face::Reader;
use crate::identify::command::{Invocation, Scene};
use crate::model::{Impact, Scope};

impl Walk<'_, '_> {
    /// Carries out a built-in that changes the shell; `None` for what is read like any program.
    pub(super) fn builtin(&mut self, name: &str, expanded: &Expanded) -> Option<Status> {
        let words = expanded.words.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" | "popd" | "chdir" => return Some(self.changes_directory(name, words)),
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declares(name, words, &expanded.declared),
            "unset" => {
                for name in words.iter().filter_map(known).filter(|name| !name.starts_with('-')) {
                    self.state.functions.remove(&name);
                    self.state.set(&name, Value::Unset);
                }
            }
            "alias" => {
                for text in words.iter().map(|word| self.scene.veiled(word)).collect::<Vec<_>>() {
                    if let Some((name, text)) = text.split_once('=') {
                        self.state.aliases.insert(name.to_owned(), text.to_owned());
                    }
                }
                self.prints(None);
            }
            "unalias" => self.state.aliases.retain(|name, _| !words.iter().any(|word| word.is(name) || word.is("-a"))),
            "set" => self.sets(words),
            "shift" => {
                let count = words.first().map_or(Some(1), |word| known(word)?.parse().ok());
                self.state.arguments = match (self.state.arguments.take(), count) {
                    (Some(all), Some(count)) => Some(all.into_iter().skip(count).collect()),
                    _ => None,
                };
            }
            "exit" => self.state.stop = Some(Stop::Exit),
            "return" => self.state.stop = Some(Stop::Return),
            "break" | "continue" => self.state.stop = Some(Stop::Loop),
            "eval" => {
                let text = words.iter().map(|word| self.scene.veiled(word)).collect::<Vec<_>>().join(" ");
                return Some(self.evaluates(&text, words));
            }
            "source" | "." => return Some(self.sources(words, expanded)),
            "exec" => self.replaces(words, expanded),
            "trap" => self.traps(words),
            "read" => return Some(self.reads(words, expanded)),
            "mapfile" | "readarray" => self.maps(words, expanded),
            "getopts" => {
                for name in words.get(1..).unwrap_or_default().iter().filter_map(known).chain(["OPTARG".to_owned()]) {
                    self.forgets(&name);
                }
                return Some(Status::Maybe);
            }
            "let" => {
                // `*` is no pattern here.
                let text = |word: &Word| if word.has_unknown() { self.scene.veiled(word) } else { word.to_string() };
                let texts: Vec<String> = words.iter().map(text).collect();
                let answers: Vec<Status> = texts.iter().map(|text| self.arithmetic_command(text)).collect();
                return Some(answers.last().copied().unwrap_or(Status::Failure));
            }
            "printf" if words.first().is_some_and(|word| word.is("-v")) => self.prints_into(words),
            _ => return None,
        }
        Some(Status::Success)
    }

    pub(super) fn forgets(&mut self, name: &str) {
        let unknown = self.unknown(format!("${name}")).to_string();
        self.state.set(name, Value::Scalar(unknown));
    }

    /// `exec`: another program takes the shell's place, or its standard input changes.
    fn replaces(&mut self, words: &[Word], expanded: &Expanded) {
        if let Some((_, words)) = without_options(words, &["-a"]) {
            let one = Invocation { writes: expanded.redirected.writes.clone(), ..self.invocation(words) };
            let one = match &expanded.redirected.input {
                Some(input) => Invocation { input: input.clone(), ..one },
                None => one,
            };
            self.scene.invocation(&one);
            self.prints(None);
            self.state.stop = Some(Stop::Exit);
        } else if let Some(input) = &expanded.redirected.input {
            self.state.input = input.clone();
        }
    }

    /// `printf -v NAME`.
    fn prints_into(&mut self, words: &[Word]) {
        if let Some(name) = words.get(1).and_then(known) {
            let rest: Vec<Word> = words.get(2..).unwrap_or_default().to_vec();
            let texts: Vec<String> = rest.iter().map(|word| self.scene.veiled(word)).collect();
            match super::fold::formatted(&texts) {
                Some(text) => self.state.set(&name, Value::Scalar(text)),
                None => self.forgets(&name),
            }
        }
    }

    fn changes_directory(&mut self, name: &str, words: &[Word]) -> Status {
        let target = words.iter().find(|word| {
            let option = word.leading();
            !(option.starts_with('-') && option.len() > 1)
        });
        let before = self.state.directory.clone();
        let path = match (name, target) {
            ("popd", _) => self.state.stack.pop().flatten(),
            ("pushd", None) => {
                let top = self.state.stack.pop().flatten();
                self.state.stack.push(before.clone());
                top
            }
            (_, None) => self.state.scalar("HOME", &self.at, self.scene).ok().flatten(),
            (_, Some(word)) if word.is("-") => self.state.earlier.clone(),
            (_, Some(word)) => known(word)
                .filter(|path| !self.is_looked_for(path))
                .and_then(|path| super::path_from(before.as_deref(), &path)),
        };
        if name == "pushd" && target.is_some() {
            self.state.stack.push(before.clone());
        }
        self.state.earlier = before;
        self.state.directory = path;
        if words.iter().any(|word| word.is("-")) || name != "cd" {
            self.prints(None);
        }
        Status::Likely
    }

    /// Whether `CDPATH` says where else a folder of this name may be.
    fn is_looked_for(&self, path: &str) -> bool {
        let elsewhere = self.state.scalar("CDPATH", &self.at, self.scene);
        let first = path.split('/').next().unwrap_or_default();
        !matches!(first, "" | "." | "..")
            && matches!(elsewhere, Ok(Some(folders)) if !matches!(&*folders, "" | "." | ":"))
    }

    fn declares(&mut self, builtin: &str, words: &[Word], declared: &[(String, Value)]) {
        let flags: String = words.iter().filter(|word| word.leading().starts_with('-')).map(Word::leading).collect();
        if builtin == "export" && flags.contains('f') {
            self.exports_functions(words);
            return;
        }
        if flags.contains('f') || flags.contains('p') || words.is_empty() && declared.is_empty() {
            self.prints(None);
            return;
        }
        let local = builtin != "export" && builtin != "readonly" && !flags.contains('g');
        let exported = builtin == "export" && !flags.contains('n') || flags.contains('x');
        let bare: Vec<(String, Option<Value>)> = words
            .iter()
            .filter(|word| !word.leading().starts_with('-'))
            .map(|word| {
                let text = self.scene.veiled(word);
                match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(Value::Scalar(value.to_owned()))),
                    None => (text, None),
                }
            })
            .collect();
        let declared = declared.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
        for (name, value) in bare.into_iter().chain(declared) {
            if local && let Some(kept) = self.state.locals.last_mut() {
                kept.entry(name.clone()).or_insert_with(|| self.state.variables.get(&name).cloned());
                if value.is_none() {
                    self.state.variables.insert(name.clone(), Variable { value: Value::Unset, exported: false });
                }
            }
            if let Some(value) = &value {
                self.sets_prompt(&name, value);
                if flags.contains('i')
                    && let Value::Scalar(text) = value
                {
                    self.named_subscripts(text);
                }
            }
            let refers = value.as_ref().filter(|_| flags.contains('n') && builtin != "export").cloned();
            if let Some(value) = value {
                // Integers, and names that stand for other names, are worked out when they are used.
                let value = if flags.contains(['i', 'n', 'l', 'u', 'c']) { None } else { Some(value) };
                match value {
                    Some(value) => self.state.set(&name, value),
                    None => self.forgets(&name),
                }
            }
            if let Some(Value::Scalar(to)) = refers.filter(|_| !flags.contains('p')) {
                self.state.references.insert(name.clone(), to);
            }
            if !local && (builtin == "readonly" || flags.contains('r'))
                || builtin == "declare" && flags.contains('r') && self.state.locals.is_empty()
            {
                self.state.fixed.insert(name.clone());
            }
            if exported && let Some(variable) = self.state.variables.get_mut(&name) {
                variable.exported = true;
            }
        }
    }

    /// Functions that shells in this one know too, by variables of their own.
    fn exports_functions(&mut self, words: &[Word]) {
        for name in words.iter().filter_map(known) {
            let Some(body) = self.state.functions.get(&name).and_then(|bodies| bodies.first()) else { continue };
            let value = Value::Scalar(format!("() {body}"));
            self.state.variables.insert(format!("BASH_FUNC_{name}%%"), Variable { value, exported: true });
        }
    }

    fn sets(&mut self, words: &[Word]) {
        let mut words = words.iter();
        let mut arguments: Option<Vec<Word>> = None;
        while let Some(word) = words.next() {
            let text = word.text();
            match text.as_deref() {
                Some("--") => {
                    arguments = Some(words.cloned().collect());
                    break;
                }
                Some("-o" | "+o") => {
                    if words.next().is_some_and(|name| name.is("allexport")) {
                        self.state.exports = word.is("-o");
                    }
                }
                Some(flags) if flags.starts_with('-') || flags.starts_with('+') => {
                    if flags.contains('a') {
                        self.state.exports = flags.starts_with('-');
                    }
                }
                _ => {
                    arguments = Some(std::iter::once(word).chain(words).cloned().collect());
                    break;
                }
            }
        }
        if let Some(arguments) = arguments {
            let known = !arguments.iter().any(Word::splits);
            self.state.arguments = known.then(|| arguments.iter().map(|word| self.scene.veiled(word)).collect());
        }
    }

    fn evaluates(&mut self, text: &str, words: &[Word]) -> Status {
        // What a program prints to be taken up: `eval "$(ssh-agent -s)"` sets variables.
        if !text.is_empty() && text.trim().chars().all(super::super::is_veiled) {
            let mut shown = vec![Word::known("eval")];
            shown.extend(words.iter().cloned());
            let one = self.invocation(shown);
            let asked = words.first().map(ToString::to_string).unwrap_or_default();
            if super::super::wrapper::prints_settings(&asked) {
                let operation = "shell:exec:eval";
                self.scene.effect(&one, Effect::new(operation, Impact::Execute, Scope::Local));
            } else {
                self.scene.unknown(&one, "runs a text that nobody knows");
            }
            return Status::Maybe;
        }
        self.text(text)
    }

    fn sources(&mut self, words: &[Word], expanded: &Expanded) -> Status {
        let words = match words.first() {
            Some(word) if word.is("--") => words.get(1..).unwrap_or_default(),
            _ => words,
        };
        let mut shown = vec![Word::known("source")];
        shown.extend(words.iter().cloned());
        let one = self.invocation(shown);
        let one = match &expanded.redirected.input {
            Some(input) => Invocation { input: input.clone(), ..one },
            None => one,
        };
        let Some(path) = words.first() else { return Status::Failure };
        let Some(text) = super::file(path, &one, self.scene) else {
            super::super::wrapper::sourced(path, &one, self.scene);
            return Status::Maybe;
        };
        self.scene.effect(&one, Effect::new("shell:exec:source", Impact::Read, Scope::Local).on(path.to_string()));
        let arguments = words.get(1..).filter(|rest| !rest.is_empty());
        let arguments = arguments.map(|rest| rest.iter().map(|word| self.scene.veiled(word)).collect::<Vec<_>>());
        let before = arguments.map(|new| self.state.arguments.replace(new));
        let name = std::mem::replace(&mut self.state.name, path.to_string());
        let status = self.text(&text);
        self.state.name = name;
        if let Some(before) = before {
            self.state.arguments = before;
        }
        if self.state.stop == Some(Stop::Return) {
            self.state.stop = None;
        }
        status
    }

    fn traps(&mut self, words: &[Word]) {
        let words: Vec<&Word> = words.iter().filter(|word| !word.is("--")).collect();
        match words.as_slice() {
            [] => {}
            [flag, ..] if flag.is("-p") || flag.is("-l") => self.prints(None),
            [text, signals @ ..] => {
                if text.is("-") || text.is("") || signals.is_empty() {
                    return;
                }
                let text = self.scene.veiled(text);
                // These run before, or after, whatever follows.
                if signals.iter().any(|signal| ["DEBUG", "ERR", "RETURN"].iter().any(|name| signal.is(name))) {
                    let before = self.state.clone();
                    self.text(&text);
                    let after = std::mem::replace(&mut self.state, before.clone());
                    self.state = before.merge(after, self.scene);
                }
                if !self.state.traps.contains(&text) && self.state.traps.len() < 16 {
                    self.state.traps.push(text);
                }
            }
        }
    }

    fn reads(&mut self, words: &[Word], expanded: &Expanded) -> Status {
        let Some((options, names)) = without_options(words, &["-d", "-i", "-n", "-N", "-p", "-t", "-u", "-a"])
            .or_else(|| Some((words.to_vec(), vec![])))
        else {
            return Status::Maybe;
        };
        let names: Vec<String> = names.iter().filter_map(known).collect();
        let names = if names.is_empty() { vec!["REPLY".to_owned()] } else { names };
        let option = |wanted: char| {
            options.iter().any(|word| word.leading().starts_with('-') && word.leading().contains(wanted))
        };
        let unusual = ['d', 'n', 'N', 'u', 'a'].into_iter().any(option);
        let input = expanded.redirected.input.clone();
        let from_state = input.is_none();
        let mut one = self.invocation(vec![]);
        one.input = input.unwrap_or(one.input);
        let text = if unusual { None } else { super::input(&one, self.scene) };
        let Some(text) = text else {
            for name in &names {
                self.forgets(name);
            }
            if option('a') {
                let last = options.last().and_then(known).unwrap_or_default();
                self.forgets(&last);
            }
            if from_state && matches!(self.state.input, Input::Text(_)) {
                self.state.input = Input::Unknown("what is left to be read".to_owned());
            }
            return Status::Maybe;
        };
        let (line, rest) = text.split_once('\n').map_or((text.as_str(), None), |(line, rest)| (line, Some(rest)));
        if from_state {
            self.state.input = Input::Text(rest.unwrap_or_default().to_owned());
        }
        let separators = match expanded.assigned.iter().find(|(name, _)| name == "IFS") {
            Some((_, Value::Scalar(text))) => text.clone(),
            _ => self.separators(),
        };
        let line = if option('r') { line.to_owned() } else { line.replace('\\', "") };
        let mut left = line.trim_matches(|c: char| separators.contains(c) && c.is_ascii_whitespace());
        for (n, name) in names.iter().enumerate() {
            let value = match left.split_once(|c: char| separators.contains(c)) {
                Some((one, rest)) if n + 1 < names.len() => {
                    left = rest.trim_start_matches(|c: char| separators.contains(c) && c.is_ascii_whitespace());
                    one
                }
                _ => std::mem::take(&mut left),
            };
            self.state.set(name, Value::Scalar(value.to_owned()));
        }
        // A last line without its end is read, and the answer says that the text is over.
        if rest.is_none() { Status::Failure } else { Status::Success }
    }

    fn maps(&mut self, words: &[Word], expanded: &Expanded) {
        let name = words.iter().rfind(|word| !word.leading().starts_with('-')).and_then(known);
        let name = name.unwrap_or_else(|| "MAPFILE".to_owned());
        let plain = words.iter().filter(|word| word.leading().starts_with('-')).all(|word| word.is("-t"));
        let mut one = self.invocation(vec![]);
        one.input = expanded.redirected.input.clone().unwrap_or(one.input);
        match super::input(&one, self.scene).filter(|text| plain && text.len() < 10_000) {
            Some(text) => {
                let lines = text.lines().enumerate().map(|(n, line)| (n.to_string(), line.to_owned()));
                self.state.set(&name, Value::Array(lines.collect()));
            }
            None => self.forgets(&name),
        }
    }
}

/// The options before the first operand (with the values of those that take one), and what follows them; `None` when
/// nothing does.
fn without_options(words: &[Word], values: &[&str]) -> Option<(Vec<Word>, Vec<Word>)> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.leading();
        if text == "--" {
            at += 1;
            break;
        }
        if !text.starts_with('-') || text.len() < 2 {
            break;
        }
        let takes = values.iter().any(|value| {
            let letter = value.trim_start_matches('-');
            text == *value || !text.starts_with("--") && text.ends_with(letter)
        });
        at += if takes { 2 } else { 1 };
    }
    let options = words.get(..at.min(words.len()))?.to_vec();
    let rest = words.get(at..)?.to_vec();
    (!rest.is_empty()).then_some((options, rest))
}

/// Built-ins, and programs beside them, that only tell or wait, read like any program.
const TELLING: &[&str] = &[
    ":",
    "true",
    "false",
    "test",
    "[",
    "echo",
    "printf",
    "pwd",
    "type",
    "which",
    "whereis",
    "hash",
    "jobs",
    "wait",
    "times",
    "umask",
    "ulimit",
    "dirs",
    "history",
    "fc",
    "help",
    "compgen",
    "complete",
    "compopt",
    "bind",
    "shopt",
    "sleep",
    "disown",
    "fg",
    "bg",
    "caller",
    "enable",
    "suspend",
    "logout",
    "cd",
    "pushd",
    "popd",
    "export",
    "declare",
    "typeset",
    "local",
    "readonly",
    "unset",
    "alias",
    "unalias",
    "set",
    "shift",
    "exit",
    "return",
    "break",
    "continue",
    "trap",
    "read",
    "mapfile",
    "readarray",
    "getopts",
    "let",
    "setopt",
    "unsetopt",
    "emulate",
    "autoload",
    "zmodload",
    "print",
];

pub(super) const fn names() -> &'static [&'static str] {
    TELLING
}

/// Reads what only tells something.
pub(in crate::identify::command) fn tells(one: &Invocation, scene: &mut Scene<'_>) {
    let name = one.program().unwrap_or_default();
    scene.effect(one, Effect::new(&format!("shell:exec:{name}"), Impact::Read, Scope::Local));
}

/// The reader of a built-in.
pub(in crate::identify::command) fn reader(program: &str) -> Option<Reader> {
    names().contains(&program).then_some(tells as Reader)
}
