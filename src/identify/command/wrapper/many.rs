//! Programs that run another one once for each of many things: xargs, parallel, find -exec.

use super::super::face::Reader;
use super::super::shell;
use super::super::{Invocation, Part, Scene, Shell, Word};

/// So many things are read one by one.
const EACH_MAX: usize = 200;

/// The program's reader.
pub(super) fn reader(program: &str) -> Option<Reader> {
    Some(match program {
        "xargs" | "gxargs" => xargs,
        "parallel" | "rush" => parallel,
        _ => return None,
    })
}

/// What `xargs` was told.
#[derive(Default)]
struct Told {
    placeholder: Option<String>,
    delimiter: Option<char>,
    each: usize,
    file: Option<Word>,
}

fn xargs(one: &Invocation, scene: &mut Scene<'_>) {
    let mut told = Told::default();
    let mut rest = one.arguments();
    while let Some((word, others)) = rest.split_first() {
        let option = scene.veiled(word);
        if option == "--" {
            rest = others;
            break;
        }
        if option.len() < 2 || !option.starts_with('-') {
            break;
        }
        rest = others;
        let (name, inline) = match option.strip_prefix("--") {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (format!("--{name}"), value.to_owned()),
                None => (option.clone(), String::new()),
            },
            None => clustered(&option),
        };
        let takes = matches!(
            name.as_str(),
            "-I" | "-n"
                | "-P"
                | "-L"
                | "-d"
                | "-a"
                | "-s"
                | "-E"
                | "-J"
                | "-R"
                | "-S"
                | "--max-args"
                | "--max-procs"
                | "--max-lines"
                | "--delimiter"
                | "--arg-file"
                | "--max-chars"
                | "--replace-with"
        );
        let value = match (takes, inline.is_empty()) {
            (true, true) => {
                let value = rest.first().cloned().unwrap_or_default();
                rest = rest.get(1..).unwrap_or_default();
                value
            }
            _ => scene.unveil(&inline, false),
        };
        let text = value.to_string();
        match name.as_str() {
            "-I" | "-J" => told.placeholder = Some(text),
            "-i" | "--replace" => told.placeholder = Some(if text.is_empty() { "{}".to_owned() } else { text }),
            "-0" | "--null" => told.delimiter = Some('\0'),
            "-d" | "--delimiter" => told.delimiter = text.replace("\\n", "\n").replace("\\0", "\0").chars().next(),
            "-n" | "--max-args" | "-L" | "--max-lines" => told.each = text.parse().unwrap_or(0),
            "-a" | "--arg-file" => told.file = Some(value),
            "--help" | "--version" => return shell::tells(one, scene),
            _ => {}
        }
    }
    let command: Vec<Word> = if rest.is_empty() { vec![Word::known("echo")] } else { rest.to_vec() };
    let text = match &told.file {
        Some(path) => shell::file(path, one, scene),
        None => shell::input(one, scene),
    };
    let items = text.map(|text| split(&text, &told, scene));
    runs(&told, &command, items, one, scene);
}

/// The letter of a cluster that takes a value, with what follows it; else its last one.
fn clustered(option: &str) -> (String, String) {
    for (at, letter) in option.char_indices().skip(1) {
        if "InPLdaseEiJRS".contains(letter) {
            let value = option.get(at + letter.len_utf8()..).unwrap_or_default();
            return (format!("-{letter}"), value.to_owned());
        }
        if letter == '0' {
            return ("-0".to_owned(), String::new());
        }
    }
    (option.to_owned(), String::new())
}

fn split(text: &str, told: &Told, scene: &Scene<'_>) -> Vec<Word> {
    let pieces: Vec<String> = match (told.delimiter, &told.placeholder) {
        (Some(delimiter), _) => {
            let text = text.trim_end_matches(delimiter);
            // `find -print0` and other lists of what is not known are parted by new lines here.
            let parted = |one: char| {
                one == delimiter || delimiter == '\0' && one == '\n' && text.contains(super::super::is_veiled)
            };
            text.split(parted).map(ToOwned::to_owned).collect()
        }
        (None, Some(_)) => text.lines().map(|line| unquoted(line.trim_start())).collect(),
        (None, None) => match brush_parser::tokenize_str(text) {
            Ok(tokens) if !text.contains(['(', '<', '>', '|', '&', ';', '#', '`', '$']) => {
                tokens.iter().filter(|token| token.to_str() != "\n").map(|token| unquoted(token.to_str())).collect()
            }
            _ => text.split_whitespace().map(unquoted).collect(),
        },
    };
    pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| scene.unveil(piece, true)).collect()
}

fn unquoted(text: &str) -> String {
    brush_parser::unquote_str(text)
}

fn runs(told: &Told, command: &[Word], items: Option<Vec<Word>>, one: &Invocation, scene: &mut Scene<'_>) {
    // `pgrep blastgate | xargs kill`: what is meant stands in the command before.
    let guard = matches!(&one.input, super::Input::Unknown(from) if from.contains("blastgate") && !from.contains('/'));
    let unknown = || Word::unknown(if guard { "{blastgate…}" } else { "{…}" }, true);
    let items = items.filter(|items| items.len() <= EACH_MAX).map(|mut items| {
        if told.placeholder.is_none() {
            items.truncate(EACH_MAX);
        }
        items
    });
    let inner = one.with_words(vec![]);
    let inner = Invocation { input: super::Input::Text(String::new()), ..inner };
    match (items, &told.placeholder) {
        (Some(items), _) if items.is_empty() && told.placeholder.is_some() => shell::tells(one, scene),
        (Some(items), Some(mark)) => {
            for item in &items {
                let words = command.iter().map(|word| replaced(word, mark, item, scene)).collect();
                let repeats = inner.repeats || item.has_unknown() || item.has_glob();
                scene.invocation(&Invocation { words, repeats, ..inner.clone() });
            }
        }
        (Some(items), None) => {
            let each = if told.each == 0 { items.len().max(1) } else { told.each };
            let open = items.iter().any(Word::splits);
            if items.is_empty() {
                return scene.invocation(&inner.with_words(command.to_vec()));
            }
            for chunk in items.chunks(each) {
                let words = command.iter().chain(chunk).cloned().collect();
                scene.invocation(&Invocation { words, repeats: inner.repeats || open, ..inner.clone() });
            }
        }
        (None, Some(mark)) => {
            let words = command.iter().map(|word| replaced(word, mark, &Word::unknown("{…}", false), scene)).collect();
            scene.invocation(&Invocation { words, repeats: true, ..inner });
        }
        (None, None) => {
            let words = command.iter().cloned().chain([unknown()]).collect();
            scene.invocation(&Invocation { words, repeats: true, ..inner });
        }
    }
}

/// The word with this in place of the mark.
fn replaced(word: &Word, mark: &str, item: &Word, scene: &mut Scene<'_>) -> Word {
    let (text, with) = (scene.veiled(word), scene.veiled(item));
    if mark.is_empty() || !text.contains(mark) {
        return word.clone();
    }
    scene.unveil(&text.replace(mark, &with), false)
}

/// GNU parallel's options that take a value (parallel(1)).
const PARALLEL_VALUES: &[&str] = &[
    "-j",
    "--jobs",
    "-n",
    "--max-args",
    "-N",
    "-P",
    "-a",
    "--arg-file",
    "--delay",
    "--timeout",
    "--retries",
    "--results",
    "-S",
    "--sshlogin",
    "--joblog",
    "--colsep",
    "-C",
    "-d",
    "--delimiter",
    "--load",
    "--memfree",
    "-L",
    "-I",
];

/// GNU parallel: `parallel CMD ::: a b`, or what it reads, line by line. The words are a text for a shell.
fn parallel(one: &Invocation, scene: &mut Scene<'_>) {
    let mut rest = one.arguments();
    let (mut dry, mut file, mut hosts) = (false, None, None);
    while let Some((word, others)) = rest.split_first() {
        let option = word.to_string();
        if option.len() < 2 || !option.starts_with('-') {
            break;
        }
        rest = others;
        dry |= matches!(option.as_str(), "--dry-run" | "--dryrun" | "--help" | "--version");
        if option == "--" {
            break;
        }
        if PARALLEL_VALUES.contains(&option.as_str()) {
            match option.as_str() {
                "-a" | "--arg-file" => file = rest.first().cloned(),
                "-S" | "--sshlogin" => hosts = rest.first().cloned(),
                _ => {}
            }
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    if dry {
        return shell::tells(one, scene);
    }
    let at = rest.iter().position(is_mark).unwrap_or(rest.len());
    let (command, given) = rest.split_at(at);
    let items = parallel_items(given, file.as_ref(), one, scene);
    let unknown = vec![Word::unknown("{…}", false)];
    let items = items.filter(|items| items.len() <= EACH_MAX && !items.is_empty()).unwrap_or(unknown);
    let template = super::joined(command, scene);
    let mut inner = Invocation { repeats: true, ..one.with_words(vec![]) };
    if let Some(host) = hosts {
        let host = host.to_string().rsplit(['@', '/']).next().unwrap_or_default().to_owned();
        inner.machine = super::Machine::Remote(host);
    }
    for item in &items {
        let with = scene.veiled(item);
        if template.trim().is_empty() && item.has_unknown() {
            scene.unknown(one, "runs what nobody knows");
            return;
        }
        let text = match ["{}", "{.}", "{/}", "{//}", "{/.}", "{1}"].iter().any(|mark| template.contains(mark)) {
            true => ["{}", "{.}", "{/}", "{//}", "{/.}", "{1}"]
                .iter()
                .fold(template.clone(), |text, mark| text.replace(mark, &with)),
            false => format!("{template} {with}"),
        };
        scene.script(&text, Shell::Posix, &inner);
    }
}

/// What `parallel` runs its command for; `None` when nobody knows.
fn parallel_items(given: &[Word], file: Option<&Word>, one: &Invocation, scene: &Scene<'_>) -> Option<Vec<Word>> {
    if given.first().is_some_and(|mark| mark.is(":::")) {
        return Some(given.iter().filter(|word| !is_mark(word)).cloned().collect());
    }
    let text = match given.get(1).or(file) {
        Some(path) => shell::file(path, one, scene),
        None => shell::input(one, scene),
    };
    text.map(|text| text.lines().map(|line| scene.unveil(line, false)).collect())
}

/// What stands before `parallel`'s arguments.
fn is_mark(word: &Word) -> bool {
    word.is(":::") || word.is("::::") || word.is(":::+")
}

/// What `find` finds, as patterns: each folder that it looks in with what the names must look like.
pub(in crate::identify::command) fn found_paths(one: &Invocation) -> Vec<Word> {
    let words = one.arguments();
    let is_test = |word: &&Word| word.leading().starts_with('-') || word.is("(") || word.is("!") || word.is(")");
    let follows = |word: &&Word| matches!(word.leading(), "-H" | "-L" | "-P");
    let words: Vec<&Word> = words.iter().skip_while(follows).collect();
    let mut roots: Vec<Word> = words.iter().take_while(|word| !is_test(word)).map(|word| (*word).clone()).collect();
    if roots.is_empty() {
        roots.push(Word::known("."));
    }
    let tests = words.get(words.iter().take_while(|word| !is_test(word)).count()..).unwrap_or_default();
    let positive =
        |at: usize| !at.checked_sub(1).and_then(|at| tests.get(at)).is_some_and(|word| word.is("!") || word.is("-not"));
    let either = tests.iter().any(|word| word.is("-o") || word.is("-or"));
    let mut names: Vec<String> = vec![];
    for (at, word) in tests.iter().enumerate() {
        if (word.is("-name") || word.is("-iname")) && positive(at) {
            names.extend(tests.get(at + 1).map(|name| format!("**/{name}")));
        }
    }
    if names.is_empty() || either && names.len() < 2 {
        names = vec!["**".to_owned()];
    }
    let joined = |root: &Word, name: &String| {
        let mut parts = root.parts.clone();
        parts.push(Part::Text("/".to_owned()));
        parts.push(Part::Glob(name.clone()));
        let mut word = Word { parts: vec![] };
        for part in parts {
            match (word.parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => {
                    if !(before.ends_with('/') && text == "/") {
                        before.push_str(&text);
                    }
                }
                (_, part) => word.parts.push(part),
            }
        }
        word
    };
    roots.iter().flat_map(|root| names.iter().map(move |name| joined(root, name))).take(16).collect()
}
