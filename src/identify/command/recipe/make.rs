//! make: the recipes of the targets that a command names, and of what they depend on.
//!
//! Facts: the manual of GNU make (3.1 what Makefiles contain, 5 recipes, 6 variables, 9.5 overriding). Conditionals are not
//! evaluated: both branches count. Functions other than plain variables are not known, but what `$(shell …)` runs is read.

use std::collections::BTreeMap;

use super::{first, join, runs};
use crate::identify::command::{Contents, Input, Invocation, Scene, Shell};

/// Variables that make itself sets (GNU make, 10.3), and some that are empty unless somebody sets them.
const BUILT_IN: [(&str, &str); 24] = [
    ("RM", "rm -f"),
    ("CC", "cc"),
    ("CXX", "c++"),
    ("CPP", "cc -E"),
    ("AR", "ar"),
    ("AS", "as"),
    ("LD", "ld"),
    ("FC", "f77"),
    ("LEX", "lex"),
    ("YACC", "yacc"),
    ("ARFLAGS", "-rv"),
    ("CFLAGS", ""),
    ("CXXFLAGS", ""),
    ("CPPFLAGS", ""),
    ("LDFLAGS", ""),
    ("LDLIBS", ""),
    ("Q", ""),
    ("V", ""),
    ("AT", ""),
    ("MAKEFLAGS", ""),
    ("DESTDIR", ""),
    ("PURIFY", ""),
    ("LIBS", ""),
    ("RANLIB", "ranlib"),
];

/// Short options that take a value.
const VALUED: [&str; 3] = ["-I", "-o", "-W"];
/// How deep targets and variables may lead.
const DEPTH_MAX: usize = 32;

/// A Makefile as far as it is read.
#[derive(Default)]
struct Makefile {
    variables: BTreeMap<String, String>,
    /// In the file's order: name, what it depends on, recipe.
    targets: Vec<(String, Vec<String>, Vec<String>)>,
}

/// What the command's words say.
#[derive(Default)]
struct Asked {
    folder: String,
    file: Option<String>,
    targets: Vec<String>,
    overrides: BTreeMap<String, String>,
    prints: bool,
    /// Lines of `--eval`, which are read before the file.
    inline: String,
}

/// `make [-C DIR] [-f FILE] [NAME=VALUE…] [TARGET…]`.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let asked = asked(one);
    runs(one, scene);
    let text = match &asked.file {
        Some(file) if file == "-" || file == "/dev/stdin" => given(one, &asked.folder, scene),
        Some(file) => first(&[file], &asked.folder, scene),
        None => first(&["GNUmakefile", "makefile", "Makefile"], &asked.folder, scene),
    };
    let text = match (text, asked.inline.is_empty()) {
        (Some(text), _) => format!("{}\n{text}", asked.inline),
        (None, false) => asked.inline.clone(),
        (None, true) => return,
    };
    let mut makefile = Makefile::default();
    makefile.parse(&text, (&asked.folder, scene), 0);
    makefile.variables.extend(asked.overrides.clone());
    let at = Invocation { directory: Some(asked.folder.clone()), ..one.with_words(vec![]) };
    let shells = makefile.shells();
    for text in shells {
        scene.script(&makefile.expand(&text, "", 0), Shell::Posix, &at);
    }
    // A dry run still runs what the file's own variables run.
    if asked.prints {
        return;
    }
    let mut targets = asked.targets;
    if targets.is_empty() {
        let goal = makefile.variables.get(".DEFAULT_GOAL").cloned();
        let first = makefile.targets.iter().map(|(name, ..)| name).find(|name| !name.starts_with('.'));
        targets.extend(goal.or_else(|| first.cloned()));
    }
    let mut done = Vec::new();
    for target in targets {
        makefile.run(&target, (&at, scene), &mut done);
    }
}

/// A Makefile on standard input.
fn given(one: &Invocation, folder: &str, scene: &mut Scene<'_>) -> Option<String> {
    match &one.input {
        Input::Text(text) => Some(text.clone()),
        Input::File(path) => first(&[&path.text()?], folder, scene),
        Input::Unknown(_) => {
            scene.unknown(one, "make runs a file that is not known from its standard input");
            None
        }
        Input::Inherited => None,
    }
}

fn asked(one: &Invocation) -> Asked {
    let mut asked = Asked { folder: one.directory.clone().unwrap_or_default(), ..Asked::default() };
    let mut words = one.arguments().iter().map(ToString::to_string);
    while let Some(word) = words.next() {
        let value = |words: &mut dyn Iterator<Item = String>, attached: &str| {
            if attached.is_empty() {
                words.next().unwrap_or_default()
            } else {
                attached.trim_start_matches('=').to_owned()
            }
        };
        if let Some(rest) = word.strip_prefix("--directory").or_else(|| word.strip_prefix("-C")) {
            asked.folder = join(&asked.folder, &value(&mut words, rest));
        } else if let Some(rest) = word.strip_prefix("--file").or_else(|| word.strip_prefix("--makefile")) {
            asked.file = Some(value(&mut words, rest));
        } else if let Some(rest) = word.strip_prefix("-f") {
            asked.file = Some(value(&mut words, rest));
        } else if let Some(rest) = word.strip_prefix("--eval").or_else(|| word.strip_prefix("-E")) {
            asked.inline.push_str(&value(&mut words, rest));
            asked.inline.push('\n');
        } else if VALUED.contains(&word.as_str()) {
            words.next();
        } else if word.starts_with("--") {
            asked.prints |= matches!(word.as_str(), "--just-print" | "--dry-run" | "--recon" | "--question" | "--help");
        } else if let Some(letters) = word.strip_prefix('-') {
            asked.prints |= letters.contains(['n', 'q', 'h', 'v']);
        } else if let Some((name, text)) = word.split_once('=') {
            asked.overrides.insert(name.trim_end_matches([':', '+', '?']).to_owned(), text.to_owned());
        } else {
            asked.targets.push(word);
        }
    }
    asked
}

impl Makefile {
    fn parse(&mut self, text: &str, (folder, scene): (&str, &Scene<'_>), depth: usize) {
        let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        let mut current: Vec<usize> = Vec::new();
        for line in joined.lines() {
            if let Some(recipe) = line.strip_prefix('\t') {
                self.recipe(&current, recipe);
                continue;
            }
            let line = line.split_once(" #").map_or(line, |(before, _)| before).trim();
            let word = line.split_whitespace().next().unwrap_or_default();
            if line.is_empty()
                || line.starts_with('#')
                || matches!(word, "ifeq" | "ifneq" | "ifdef" | "ifndef" | "else" | "endif")
            {
                continue;
            }
            if matches!(word, "include" | "-include" | "sinclude") && depth < DEPTH_MAX {
                for file in line.split_whitespace().skip(1) {
                    if let Contents::Whole(bytes) = scene.contents(&join(folder, file)) {
                        self.parse(&String::from_utf8_lossy(&bytes), (folder, scene), depth + 1);
                    }
                }
                continue;
            }
            if let Some((name, sign, value)) = assignment(line) {
                self.assign(name, sign, value);
                continue;
            }
            current = self.rule(line);
        }
    }

    fn recipe(&mut self, current: &[usize], line: &str) {
        for position in current {
            if let Some((.., lines)) = self.targets.get_mut(*position) {
                lines.push(line.to_owned());
            }
        }
    }

    fn assign(&mut self, name: &str, sign: &str, value: &str) {
        let before = self.variables.get(name).cloned();
        let value = match (sign, before) {
            ("?=", Some(before)) => before,
            ("+=", Some(before)) => format!("{before} {value}"),
            ("!=", _) => format!("$(shell {value})"),
            _ => value.to_owned(),
        };
        self.variables.insert(name.to_owned(), value);
    }

    /// A rule's head; what comes back are the targets that the recipe's lines belong to.
    fn rule(&mut self, line: &str) -> Vec<usize> {
        let Some((names, rest)) = line.split_once(':') else { return vec![] };
        let (needs, inline) = rest.split_once(';').map_or((rest, None), |(needs, inline)| (needs, Some(inline)));
        let names = self.expand(names, "", 0);
        let needs: Vec<String> = self
            .expand(needs.trim_start_matches(':'), "", 0)
            .split_whitespace()
            .filter(|word| *word != "|")
            .map(ToOwned::to_owned)
            .collect();
        let mut current = Vec::new();
        for name in names.split_whitespace() {
            let lines = inline.map(|line| vec![line.trim().to_owned()]).unwrap_or_default();
            current.push(self.targets.len());
            self.targets.push((name.to_owned(), needs.clone(), lines));
        }
        current
    }

    /// What `$(shell …)` runs in variables, whichever target is asked for.
    fn shells(&self) -> Vec<String> {
        let mut found = Vec::new();
        for value in self.variables.values() {
            let mut rest = value.as_str();
            while let Some((_, behind)) = rest.split_once("$(shell ") {
                let end = closing(behind).unwrap_or(behind.len());
                found.push(behind.get(..end).unwrap_or_default().to_owned());
                rest = behind.get(end..).unwrap_or_default();
            }
        }
        found
    }

    fn run(&self, target: &str, (at, scene): (&Invocation, &mut Scene<'_>), done: &mut Vec<String>) {
        if done.iter().any(|name| name == target) || done.len() > 500 {
            return;
        }
        done.push(target.to_owned());
        for (_, needs, lines) in self.targets.iter().filter(|(name, ..)| name == target || is_pattern_of(name, target))
        {
            for need in needs {
                self.run(need, (at, scene), done);
            }
            let mut inside = at.clone();
            for (name, value) in &self.variables {
                inside.variables.push((name.clone(), self.expand(value, target, 0).as_str().into()));
            }
            for line in lines {
                let line = line.trim_start_matches(['@', '-', '+', ' ', '\t']);
                scene.script(&self.expand(line, target, 0), Shell::Posix, &inside);
            }
        }
    }

    /// Variables filled; what is not known becomes a variable of the shell's that nobody sets.
    fn expand(&self, text: &str, target: &str, depth: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            out.push_str(before);
            let mut letters = behind.chars();
            let (name, after) = match letters.next() {
                Some('$') => {
                    out.push('$');
                    rest = letters.as_str();
                    continue;
                }
                Some('(' | '{') => {
                    let inner = letters.as_str();
                    let end = closing(inner).unwrap_or(inner.len());
                    (inner.get(..end).unwrap_or_default(), inner.get(end + 1..).unwrap_or_default())
                }
                Some(letter) => (behind.get(..letter.len_utf8()).unwrap_or_default(), letters.as_str()),
                None => break,
            };
            rest = after;
            match name {
                "@" => out.push_str(target),
                "MAKE" => out.push_str("make"),
                "CURDIR" => out.push_str("$PWD"),
                name => match (self.variables.get(name), name.strip_prefix("shell ")) {
                    (Some(value), _) if depth < DEPTH_MAX => out.push_str(&self.expand(value, target, depth + 1)),
                    (_, Some(command)) => {
                        out.push_str("$(");
                        out.push_str(&self.expand(command, target, depth + 1));
                        out.push(')');
                    }
                    _ if BUILT_IN.iter().any(|(known, _)| *known == name) => {
                        let value = BUILT_IN.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
                        out.push_str(value);
                    }
                    // The environment's, or a function.
                    _ if name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_') => {
                        out.push_str("${");
                        out.push_str(name);
                        out.push('}');
                    }
                    _ => out.push_str("${MAKE_VALUE}"),
                },
            }
        }
        out.push_str(rest);
        out
    }
}

/// `NAME = VALUE` in any of its forms.
fn assignment(line: &str) -> Option<(&str, &str, &str)> {
    let at = line.find('=')?;
    let (head, value) = (line.get(..at)?, line.get(at + 1..)?);
    let sign = ["::", ":", "?", "+", "!"].into_iter().find(|sign| head.ends_with(sign)).unwrap_or("");
    let name = head.strip_suffix(sign)?.trim();
    let name = name.strip_prefix("export ").or_else(|| name.strip_prefix("override ")).unwrap_or(name).trim();
    let is_name = !name.is_empty() && !name.contains([' ', '\t', ':', '$', '(']);
    let sign = match sign {
        "?" => "?=",
        "+" => "+=",
        "!" => "!=",
        _ => "=",
    };
    is_name.then_some((name, sign, value.trim()))
}

fn is_pattern_of(pattern: &str, target: &str) -> bool {
    pattern.split_once('%').is_some_and(|(before, after)| {
        target.len() >= before.len() + after.len() && target.starts_with(before) && target.ends_with(after)
    })
}

/// Where the bracket that is open at the beginning closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (place, letter) in text.char_indices() {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' if depth == 0 => return Some(place),
            ')' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
