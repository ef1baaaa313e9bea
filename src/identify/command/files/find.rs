//! `find` and `fd`: what they delete, and what they run on what they find.

use super::super::{Effect, Invocation, Part, Scene, Word};
use super::change::{Writing, write};
use super::delete::{delete, reads};
use super::guard;
use super::options::options;
use crate::model::{Impact, Scope};

/// What an action of `find` does.
enum Act {
    Delete,
    /// The command's words, with `{}`.
    Run(Vec<Word>),
    Write(Word),
}

/// An expression of tests and actions, as far as it says which names are met.
#[derive(Default)]
struct Expression {
    /// Patterns of which one must fit; `None` when any name may be met.
    names: Option<Vec<String>>,
    /// Only empty files and folders.
    empty: bool,
    acts: Vec<(Act, Option<Vec<String>>, bool)>,
}

/// `find [OPTIONS] START… EXPRESSION` (GNU findutils, BSD).
pub(super) fn find(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
    let mut words = at.arguments();
    while let Some((first, rest)) = words.split_first() {
        match first.leading() {
            "-H" | "-L" | "-P" | "-E" | "-X" | "-d" | "-s" | "-x" => words = rest,
            "-D" => words = rest.get(1..).unwrap_or_default(),
            lead if lead.starts_with("-O") => words = rest,
            _ => break,
        }
    }
    let begins = |word: &Word| word.leading().starts_with('-') || word.is("(") || word.is("!") || word.is("\\(");
    let split = words.iter().position(begins).unwrap_or(words.len());
    let (starts, tests) = words.split_at(split);
    let here = [Word::known(".")];
    let starts = if starts.is_empty() { &here[..] } else { starts };
    let mut tests = tests.iter().peekable();
    let whole = alternatives(&mut tests, 0);
    for (act, names, empty) in whole.acts {
        let all = |name: &String| name.chars().all(|letter| matches!(letter, '*' | '?' | '.'));
        let every = names.as_ref().is_none_or(|names| names.iter().any(all));
        for start in starts {
            let met = met(start, names.as_deref());
            match &act {
                Act::Delete if empty && names.is_none() && super::place(start, at, scene).place.is_own() => {}
                Act::Delete => met.iter().for_each(|word| delete(word, every, at, scene)),
                Act::Write(file) => write(file, Writing::Replace, at, scene),
                Act::Run(command) => met.iter().for_each(|word| {
                    let runs = Invocation { repeats: true, ..at.with_words(vec![]) };
                    let words = command.iter().map(|part| filled(part, word)).collect();
                    scene.invocation(&runs.with_words(words));
                }),
            }
        }
    }
}

/// A regular expression of `fd`'s as a pattern: what is tied to the beginning or the end of a name is so here too.
fn unanchored(pattern: &str) -> String {
    let (begins, pattern) = pattern.strip_prefix('^').map_or(("*", pattern), |rest| ("", rest));
    let (ends, pattern) = pattern.strip_suffix('$').map_or(("*", pattern), |rest| ("", rest));
    format!("{begins}{pattern}{ends}")
}

type Tests<'a> = std::iter::Peekable<std::slice::Iter<'a, Word>>;

/// `A -o B`.
fn alternatives(tests: &mut Tests<'_>, depth: usize) -> Expression {
    let mut all = chain(tests, depth);
    while tests.next_if(|word| word.is("-o") || word.is("-or") || word.is(",")).is_some() {
        let other = chain(tests, depth);
        all.names = match (all.names.take(), other.names) {
            (Some(mut names), Some(more)) => {
                names.extend(more);
                Some(names)
            }
            _ => None,
        };
        all.empty &= other.empty;
        all.acts.extend(other.acts);
    }
    all
}

/// `A B -a C`: an action is done where everything before it holds.
fn chain(tests: &mut Tests<'_>, depth: usize) -> Expression {
    let mut all = Expression::default();
    while let Some(word) = tests.peek() {
        if word.is("-o") || word.is("-or") || word.is(",") || word.is(")") {
            break;
        }
        let negated = negations(tests);
        let Some(word) = tests.next() else { break };
        let one = match word.text().as_deref() {
            Some("-a" | "-and") => continue,
            Some("(") if depth < 16 => {
                let inner = alternatives(tests, depth + 1);
                tests.next_if(|word| word.is(")"));
                inner
            }
            Some(test) => primary(test, tests),
            None => Expression::default(),
        };
        let earlier = all.names.clone();
        all.acts.extend(
            one.acts
                .into_iter()
                .map(|(act, names, empty)| (act, names.or_else(|| earlier.clone()), empty || all.empty)),
        );
        if !negated {
            all.names = all.names.or(one.names);
            all.empty |= one.empty;
        }
    }
    all
}

/// Whether what follows is negated.
fn negations(tests: &mut Tests<'_>) -> bool {
    let mut negated = false;
    while tests.next_if(|word| word.is("!") || word.is("-not")).is_some() {
        negated = !negated;
    }
    negated
}

fn primary(test: &str, tests: &mut Tests<'_>) -> Expression {
    let mut one = Expression::default();
    let text = |word: Option<&Word>| word.map(ToString::to_string).unwrap_or_default();
    match test {
        "-name" | "-iname" | "-lname" | "-ilname" => one.names = Some(vec![text(tests.next())]),
        "-path" | "-ipath" | "-wholename" | "-iwholename" => {
            let pattern = text(tests.next());
            let name = pattern.trim_end_matches("/*").trim_start_matches("./").trim_start_matches("*/").to_owned();
            // `*/cache/*` is what stands below a name.
            let mut names = vec![name];
            names.extend(guard::met(&pattern));
            one.names = Some(names).filter(|names| names.iter().all(|name| name.chars().any(char::is_alphanumeric)));
        }
        "-regex" | "-iregex" => {
            let pattern = text(tests.next());
            let end =
                pattern.rsplit_once("\\.").map(|(_, end)| format!("*.{}", end.trim_matches(['$', '(', ')', '\\'])));
            one.names = end.map(|end| vec![end]);
        }
        "-empty" => one.empty = true,
        "-delete" => one.acts.push((Act::Delete, None, false)),
        "-exec" | "-execdir" | "-ok" | "-okdir" => {
            let mut command = vec![];
            for word in tests.by_ref() {
                if word.is(";")
                    || word.is("\\;")
                    || word.is("+") && command.last().is_some_and(|last: &Word| last.is("{}"))
                {
                    break;
                }
                command.push(word.clone());
            }
            one.acts.push((Act::Run(command), None, false));
        }
        "-fprint" | "-fprint0" | "-fls" => {
            one.acts.extend(tests.next().map(|file| (Act::Write(file.clone()), None, false)))
        }
        "-fprintf" => {
            one.acts.extend(tests.next().map(|file| (Act::Write(file.clone()), None, false)));
            tests.next();
        }
        "-print"
        | "-print0"
        | "-ls"
        | "-prune"
        | "-quit"
        | "-true"
        | "-false"
        | "-depth"
        | "-daystart"
        | "-xdev"
        | "-mount"
        | "-follow"
        | "-nouser"
        | "-nogroup"
        | "-readable"
        | "-writable"
        | "-executable"
        | "-noleaf"
        | "-warn"
        | "-nowarn"
        | "-ignore_readdir_race" => {}
        _ => {
            tests.next();
        }
    }
    one
}

/// The words that name what is met below a start.
fn met(start: &Word, names: Option<&[String]>) -> Vec<Word> {
    let mut base = start.clone();
    if base.leading().starts_with('-') || base.parts.is_empty() {
        base = Word::known(".");
    }
    let below = |pattern: &str| {
        let mut word = base.clone();
        let slash = matches!(word.parts.last(), Some(Part::Text(text)) if text.ends_with('/'));
        word.parts.push(Part::Text(if slash { "" } else { "/" }.to_owned()));
        word.parts.push(Part::Glob("**".to_owned()));
        if !pattern.is_empty() {
            word.parts.push(Part::Text("/".to_owned()));
            let glob = pattern.contains(['*', '?', '[']);
            word.parts.push(if glob { Part::Glob(pattern.to_owned()) } else { Part::Text(pattern.to_owned()) });
        }
        word
    };
    match names {
        Some(names) => names.iter().map(|name| below(name)).collect(),
        None => vec![below("")],
    }
}

/// A word of the command with `{}` replaced.
fn filled(part: &Word, met: &Word) -> Word {
    let mut word = Word::default();
    for one in &part.parts {
        match one {
            Part::Text(text) if text.contains("{}") => {
                let mut pieces = text.split("{}").peekable();
                while let Some(piece) = pieces.next() {
                    if !piece.is_empty() {
                        word.parts.push(Part::Text(piece.to_owned()));
                    }
                    if pieces.peek().is_some() {
                        word.parts.extend(met.parts.iter().cloned());
                    }
                }
            }
            other => word.parts.push(other.clone()),
        }
    }
    word
}

/// `fd`: reads, but with `-x` and `-X`.
pub(super) fn fd(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
    let words = at.arguments();
    let runs = |word: &&Word| ["-x", "--exec", "-X", "--exec-batch"].iter().any(|option| word.is(option));
    let Some(position) = words.iter().position(|word| runs(&word)) else { return };
    let (before, command) = words.split_at(position);
    let given = options(
        before,
        "H/hidden I/no-ignore u/unrestricted s/case-sensitive i/ignore-case g/glob F/fixed-strings a/absolute-path l/list-details \
         L/follow p/full-path d/max-depth= min-depth= exact-depth= E/exclude= prune t/type= e/extension= S/size= changed-within= \
         changed-before= o/owner= c/color= j/threads= max-results= 1 q/quiet base-directory= search-path= 0/print0 format=",
    );
    let start =
        given.operands.get(1).or_else(|| given.value("search-path")).cloned().unwrap_or_else(|| Word::known("."));
    let ends: Vec<String> = given.values("extension").map(|end| format!("*.{end}")).collect();
    let pattern = given.operands.first().filter(|word| !word.is(".") && !word.is("")).map(ToString::to_string);
    // The name alone finds the guard's file of that name where hidden folders are searched.
    let hidden = given.any(&["hidden", "unrestricted"]);
    let pattern = pattern.map(|one| [Some(unanchored(&one)), hidden.then_some(one)]);
    let names = if ends.is_empty() { pattern.map(|all| all.into_iter().flatten().collect()) } else { Some(ends) };
    let mut command: Vec<Word> = command.iter().skip(1).take_while(|word| !word.is(";")).cloned().collect();
    if !command.iter().any(|word| word.to_string().contains('{')) {
        command.push(Word::known("{}"));
    }
    for word in met(&start, names.as_deref()) {
        let inner = Invocation { repeats: true, ..at.with_words(vec![]) };
        scene.invocation(&inner.with_words(command.iter().map(|part| filled(part, &word)).collect()));
    }
    if command.is_empty() {
        scene.effect(at, Effect::new("shell:exec:fd", Impact::Execute, Scope::Local));
    }
}
