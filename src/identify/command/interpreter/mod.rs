//! Programs in other languages, given on the command line, on standard input or in a file: which commands, requests, deletions
//! and statements stand in them.
//!
//! No language is evaluated. Calls of the common libraries are seen by their names, constants are put together, and what a
//! call would do is said by the command or the request that does the same. What a program does beside is not known here; it
//! still has to pass the gate's other doors.

mod calls;
mod cloud;
mod cmd;
mod hosts;
mod lex;
mod meaning;
mod names;
mod powershell;
mod value;
mod windows;

#[cfg(test)]
mod tests;

use super::face::Reader;
use super::{Contents, Effect, Input, Invocation, Scene, Word};
use crate::model::{Impact, Scope};

use lex::Language;
use meaning::Program;
use value::Names;

pub(super) use cmd::read as cmd;
pub(super) use powershell::read as powershell;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("python", python),
    ("python2", python),
    ("python3", python),
    ("python3.8", python),
    ("python3.9", python),
    ("python3.10", python),
    ("python3.11", python),
    ("python3.12", python),
    ("python3.13", python),
    ("python3.14", python),
    ("pypy3", python),
    ("ipython", python),
    ("node", node),
    ("nodejs", node),
    ("tsx", node),
    ("ts-node", node),
    ("bun", node),
    ("deno", node),
    ("zx", node),
    ("perl", perl),
    ("ruby", ruby),
    ("php", php),
    ("lua", lua),
    ("luajit", lua),
    ("expect", expect),
    ("pwsh", powershell::program),
    ("powershell", powershell::program),
    ("cmd", cmd::program),
    ("Rscript", hosts::r),
    ("R", hosts::r),
    ("osascript", hosts::osascript),
    ("gdb", hosts::gdb),
    ("lldb", hosts::gdb),
    ("lftp", hosts::lftp),
    ("rimraf", hosts::rimraf),
    ("del-cli", hosts::rimraf),
];

/// How deep a text may be run by a text.
const DEPTH_MAX: usize = 8;

/// How an interpreter takes its program.
struct Style {
    language: Language,
    /// Options that are followed by the program's text.
    code: &'static [&'static str],
    /// Options that take a value.
    valued: &'static [&'static str],
    /// Options with which nothing is run.
    prints: &'static [&'static str],
}

const PYTHON: Style = Style {
    language: Language::Python,
    code: &["-c"],
    valued: &["-W", "-X", "--check-hash-based-pycs"],
    prints: &["-V", "--version", "-h", "--help", "-VV"],
};
const NODE: Style = Style {
    language: Language::JavaScript,
    code: &["-e", "--eval", "-p", "--print", "-pe"],
    valued: &[
        "-r",
        "--require",
        "--import",
        "--loader",
        "--input-type",
        "-C",
        "--conditions",
        "--env-file",
        "--max-old-space-size",
    ],
    prints: &["-v", "--version", "-h", "--help", "-c", "--check"],
};
const PERL: Style = Style {
    language: Language::Perl,
    code: &["-e", "-E"],
    valued: &["-I", "-M", "-m"],
    prints: &["-v", "-V", "--version", "-c"],
};
const RUBY: Style = Style {
    language: Language::Ruby,
    code: &["-e"],
    valued: &["-I", "-r", "-C", "-E"],
    prints: &["-v", "--version", "-h", "--help", "-c"],
};
const PHP: Style = Style {
    language: Language::Php,
    code: &["-r", "--run"],
    valued: &["-d", "-c", "-S", "-t", "-z"],
    prints: &["-v", "--version", "-h", "--help", "-l", "-i", "-m"],
};

fn python(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    if let Some(place) = words.iter().position(|word| word.is("-m"))
        && words.iter().take(place).all(|word| word.leading().starts_with('-'))
    {
        runs(one, scene);
        module(words.get(place + 1..).unwrap_or_default(), one, scene);
        return;
    }
    interpreter(&PYTHON, one, scene);
}

/// `python -m NAME …`: modules that are command lines of their own.
fn module(words: &[Word], one: &Invocation, scene: &mut Scene<'_>) {
    let Some(name) = words.first().and_then(|word| Some(word.text()?.into_owned())) else { return };
    let program = match name.as_str() {
        "awscli" => "aws",
        "azure.cli" => "az",
        "django" => "django-admin",
        other => other,
    };
    if program == "timeit" {
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            match word.leading() {
                "-n" | "-r" | "-u" | "--number" | "--repeat" | "--unit" => drop(rest.next()),
                "-s" | "--setup" => rest.next().into_iter().for_each(|text| text_of(text, &PYTHON, one, scene)),
                option if option.starts_with('-') => {}
                _ => text_of(word, &PYTHON, one, scene),
            }
        }
    } else if super::face::is_listed(program) {
        let mut all = vec![Word::known(program)];
        all.extend(words.iter().skip(1).cloned());
        scene.invocation(&one.with_words(all));
    } else {
        let file = format!("{}.py", name.replace('.', "/"));
        let _ = from_file(&Word::known(file), Language::Python, one, scene);
    }
}

fn node(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let first = words.first().and_then(|word| Some(word.text()?.into_owned())).unwrap_or_default();
    match (one.program().as_deref(), first.as_str()) {
        (
            Some("bun"),
            "run" | "test" | "x" | "install" | "add" | "remove" | "i" | "build" | "create" | "init" | "pm" | "update"
            | "link",
        )
        | (
            Some("deno"),
            "task" | "test" | "fmt" | "lint" | "check" | "cache" | "install" | "compile" | "doc" | "info" | "add",
        ) => {
            let name = words.get(1).and_then(|word| Some(word.text()?.into_owned())).unwrap_or_default();
            let rest = one.with_words(words.get(1..).unwrap_or_default().to_vec());
            runs(one, scene);
            if matches!(first.as_str(), "run" | "task") && !super::recipe::script(&name, &rest, scene) {
                let _ = words.get(1).is_some_and(|file| from_file(file, Language::JavaScript, one, scene));
            } else if first == "x" {
                scene.invocation(&rest);
            }
        }
        (Some("deno"), "run" | "eval" | "serve") => {
            runs(one, scene);
            let operands: Vec<&Word> = words.iter().skip(1).filter(|word| !word.leading().starts_with('-')).collect();
            match (first.as_str(), operands.first()) {
                ("eval", Some(text)) => text_of(text, &NODE, one, scene),
                (_, Some(file)) => drop(from_file(file, Language::JavaScript, one, scene)),
                _ => {}
            }
        }
        (Some("bun"), name)
            if !name.is_empty() && !name.starts_with('-') && !name.contains(['.', '/']) && {
                super::recipe::script(name, one, scene)
            } =>
        {
            runs(one, scene);
        }
        (_, "--run") => {
            runs(one, scene);
            let name = words.get(1).map(ToString::to_string).unwrap_or_default();
            let _ = super::recipe::script(&name, one, scene);
        }
        _ => interpreter(&NODE, one, scene),
    }
}

fn perl(one: &Invocation, scene: &mut Scene<'_>) {
    // `perl -i` writes the files that it is given.
    let edits = one.arguments().iter().take_while(|word| !word.is("--")).any(|word| {
        let text = word.leading();
        text.starts_with("-i")
            || text.starts_with("-pi")
            || text.starts_with("-ni")
            || text.starts_with("-p") && text.contains("i")
    });
    interpreter(&PERL, one, scene);
    if edits {
        let files = one
            .arguments()
            .iter()
            .rev()
            .take_while(|word| !word.leading().starts_with('-'))
            .filter(|word| !word.to_string().contains('/') || !word.to_string().starts_with("s/"));
        let writes = files.map(|path| super::Written { path: path.clone(), appends: false }).collect();
        scene.invocation(&Invocation { writes, ..one.with_words(vec![]) });
    }
}

fn ruby(one: &Invocation, scene: &mut Scene<'_>) {
    interpreter(&RUBY, one, scene);
}

fn php(one: &Invocation, scene: &mut Scene<'_>) {
    let artisan = one.arguments().iter().position(|word| word.leading().ends_with("artisan"));
    if let Some(place) = artisan {
        let mut words = vec!["artisan".into()];
        words.extend(one.arguments().iter().skip(place + 1).cloned());
        scene.invocation(&one.with_words(words));
        return;
    }
    interpreter(&PHP, one, scene);
}

/// Lua's calls and texts look enough like JavaScript's.
fn lua(one: &Invocation, scene: &mut Scene<'_>) {
    interpreter(&Style { valued: &["-l"], prints: &["-v"], ..NODE }, one, scene);
}

/// `expect -c 'spawn CMD; …'`: what it spawns, answered by nobody that could be asked.
fn expect(one: &Invocation, scene: &mut Scene<'_>) {
    runs(one, scene);
    let words = one.arguments();
    let text = words.iter().position(|word| word.is("-c")).and_then(|at| words.get(at + 1)).map(ToString::to_string);
    let file = || words.first().and_then(|word| super::shell::file(word, one, scene));
    let Some(text) = text.or_else(file) else { return };
    for line in text.split([';', '\n']) {
        if let Some(command) = line.trim().strip_prefix("spawn ") {
            scene.script(command.trim_start_matches("-noecho "), super::Shell::Posix, &one.with_words(vec![]));
        }
    }
}

/// All that is known is that code runs here.
fn runs(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Execute, Scope::Local));
}

/// The program's text: behind an option, in a file, or on standard input.
fn interpreter(style: &Style, one: &Invocation, scene: &mut Scene<'_>) {
    let mut words = one.arguments().iter();
    let mut texts = Vec::new();
    while let Some(word) = words.next() {
        let spelling = word.leading();
        if style.prints.contains(&spelling) && word.text().is_some() && texts.is_empty() {
            scene.effect(
                one,
                Effect::new(&format!("shell:exec:{}", one.program().unwrap_or_default()), Impact::Read, Scope::Local),
            );
            return;
        }
        if style.code.contains(&spelling) {
            texts.extend(words.next().cloned());
        } else if let Some(text) = attached(style, word) {
            texts.push(text);
        } else if spelling.len() > 2 && !spelling.starts_with("--") && ends_with_code(style, spelling) {
            // `-ne`, `-lane`, `-Ic`: the last letter takes the text.
            texts.extend(words.next().cloned());
        } else if style.valued.contains(&spelling) {
            words.next();
        } else if word.is("-") || word.is("--") {
            break;
        } else if spelling.starts_with('-') {
            continue;
        } else if texts.is_empty() {
            runs(one, scene);
            script_file(word, words.as_slice(), style, one, scene);
            return;
        } else {
            break;
        }
    }
    runs(one, scene);
    if texts.is_empty() {
        standard_input(style, one, scene);
    }
    for text in texts {
        text_of(&text, style, one, scene);
    }
}

/// The text that stands in one word with its option: `--eval=…`, `-Ec'…'`.
fn attached(style: &Style, word: &Word) -> Option<Word> {
    let spelling = word.leading();
    if let Some((name, _)) = spelling.split_once('=').filter(|_| spelling.starts_with("--")) {
        return style.code.contains(&name).then(|| without(word, name.len() + 1));
    }
    let flags = match style.language {
        Language::Python => "bBdEiIOPqsSuvx",
        Language::Perl => "nplawWtTuUsSX0123456789",
        Language::Ruby => "nplasw",
        Language::Php => "nq",
        Language::JavaScript => return None,
    };
    for (at, letter) in spelling.strip_prefix('-')?.char_indices() {
        let end = at + 1 + letter.len_utf8();
        if style.code.iter().any(|code| code.len() == 2 && code.ends_with(letter)) {
            return (spelling.len() > end || word.parts.len() > 1).then(|| without(word, end));
        }
        if !flags.contains(letter) {
            return None;
        }
    }
    None
}

/// A word without its first bytes, which are known.
fn without(word: &Word, bytes: usize) -> Word {
    let mut parts = word.parts.clone();
    if let Some(super::Part::Text(text)) = parts.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
    }
    Word { parts }
}

/// A text in JavaScript that another program runs.
pub(super) fn javascript(text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let program = Program { language: Language::JavaScript, text, is_file: false };
    code(text, &program, at, scene);
}

fn ends_with_code(style: &Style, spelling: &str) -> bool {
    let last = spelling.chars().last().unwrap_or_default();
    spelling.starts_with('-')
        && spelling.chars().skip(1).all(|one| one.is_ascii_alphanumeric())
        && style.code.iter().any(|code| code.len() == 2 && code.ends_with(last))
        && !style.valued.iter().any(|valued| spelling.starts_with(valued))
}

fn text_of(word: &Word, style: &Style, one: &Invocation, scene: &mut Scene<'_>) {
    let is_known = |part: &super::Part| matches!(part, super::Part::Text(text) if !text.trim().is_empty());
    if word.has_unknown() && !word.parts.iter().any(is_known) {
        scene.unknown(one, "it runs a program that nobody knows");
        return;
    }
    // What the shell fills in is part of the text: a value that nobody knows.
    let text = word.text().map_or_else(|| word.to_string(), std::borrow::Cow::into_owned);
    let program = Program { language: style.language, text: &text, is_file: false };
    code(&text, &program, one, scene);
}

fn standard_input(style: &Style, one: &Invocation, scene: &mut Scene<'_>) {
    match &one.input {
        Input::Text(text) => {
            let text = text.clone();
            let program = Program { language: style.language, text: &text, is_file: false };
            code(&text, &program, one, scene);
        }
        Input::File(path) => drop(from_file(&path.clone(), style.language, one, scene)),
        Input::Unknown(_) => scene.unknown(one, "it runs a program that is not known from its standard input"),
        Input::Inherited => {}
    }
}

/// `python FILE …`: command lines in files are read as such.
fn script_file(file: &Word, rest: &[Word], style: &Style, one: &Invocation, scene: &mut Scene<'_>) {
    let name = file.text().map(|text| text.rsplit('/').next().unwrap_or(&text).to_owned()).unwrap_or_default();
    if super::face::is_listed(&name) {
        let mut words = vec![Word::known(name)];
        words.extend(rest.iter().cloned());
        scene.invocation(&one.with_words(words));
        return;
    }
    let _ = from_file(file, style.language, one, scene);
}

/// Reads a program in a file; `false` when it cannot be read.
fn from_file(file: &Word, language: Language, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let (Some(path), Some(folder)) = (file.text(), one.directory.as_deref()) else { return false };
    let path =
        if path.starts_with('/') { path.into_owned() } else { format!("{folder}/{}", path.trim_start_matches("./")) };
    let Contents::Whole(bytes) = scene.contents(&path) else { return false };
    let Ok(text) = String::from_utf8(bytes) else { return false };
    let program = Program { language, text: &text, is_file: true };
    code(&text, &program, one, scene);
    true
}

/// Reads a program's text.
fn code(text: &str, program: &Program<'_>, at: &Invocation, scene: &mut Scene<'_>) {
    let depth = at.variables.iter().filter(|(name, _)| name == DEPTH).count();
    if depth >= DEPTH_MAX {
        scene.unknown(at, "code in code, too deep to be read");
        return;
    }
    let mut inside = at.with_words(vec![]);
    inside.input = Input::Inherited;
    inside.variables.push((DEPTH.to_owned(), Word::known("1")));
    let tokens = calls::plain(lex::tokens(text, program.language), program.language);
    let mut names = Names::default();
    // Calls are taken in their order, with what is known up to them; what they do is told afterwards, because that needs
    // the scene for itself.
    let mut found = Vec::new();
    calls::imports(&tokens, program.language, &mut names);
    calls::calls(&tokens, program.language, &mut names, (&inside, scene), &mut |call, names: &Names| {
        found.push((call, Names { known: names.known.clone(), imported: names.imported.clone() }));
    });
    for (call, names) in found {
        meaning::read(&call, &names, program, &inside, scene);
    }
}

/// Counts how deep code runs code.
const DEPTH: &str = "BLASTGATE_CODE_DEPTH";
