//! From a text to the tree of its commands, within bounds: the parser is recursive, and a text may be hostile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use brush_parser::ast::Program;
use brush_parser::word::{self, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions};
use regex::Regex;

/// How deep brackets and compound commands may stand in each other.
const NESTING_MAX: usize = 40;
/// A text with more lines is not tried in pieces.
const LINES_MAX: usize = 400;

/// What could be read of a text.
pub(super) struct Parsed {
    /// In order.
    pub(super) programs: Vec<Program>,
    /// The text goes on, but not in a way that can be read.
    pub(super) breaks_off: bool,
}

/// Reads a text. Where it cannot be read as a whole, as much of its beginning as can be: a shell, too, runs the commands
/// that stand before a mistake.
pub(super) fn program(text: &str) -> Parsed {
    if let Some(program) = whole(text) {
        return Parsed { programs: vec![program], breaks_off: false };
    }
    let text = without_qualifiers(&without_select(text));
    if let Some(program) = whole(&text) {
        return Parsed { programs: vec![program], breaks_off: false };
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut programs = vec![];
    let mut rest: &[&str] = &lines;
    while !rest.is_empty() && lines.len() <= LINES_MAX {
        // The shortest beginning that is whole.
        let found = (1..=rest.len().min(40)).find_map(|n| Some((n, whole(&rest.get(..n)?.concat())?)));
        let Some((taken, program)) = found else { break };
        programs.push(program);
        rest = rest.get(taken..).unwrap_or_default();
    }
    Parsed { programs, breaks_off: !rest.is_empty() }
}

fn whole(text: &str) -> Option<Program> {
    if is_too_deep(text) {
        return None;
    }
    let options = ParserOptions::default();
    let parse = || Parser::new(text.as_bytes(), &options).parse_program().ok();
    catch_unwind(AssertUnwindSafe(parse)).ok().flatten()
}

/// `select` reads like `for`, which the parser knows.
fn without_select(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, piece) in text.split("select ").enumerate() {
        if n > 0 {
            let begins = out.trim_end_matches([' ', '\t']).chars().last();
            let is_command = begins.is_none_or(|last| matches!(last, '\n' | ';' | '&' | '|' | '(' | '{'));
            out.push_str(if is_command { "for " } else { "select " });
        }
        out.push_str(piece);
    }
    out
}

/// What bash and zsh read beside: a loop without end, and zsh's patterns, that may end in what the files must be: `*(.N)`.
fn without_qualifiers(text: &str) -> String {
    static QUALIFIER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"([*?/\]])\([-.@^/+=a-zA-Z0-9]{1,10}\)(\s|$)").ok());
    match QUALIFIER.as_ref() {
        Some(qualifier) => qualifier.replace_all(&text.replace("((;;))", "((1;1;1))"), "$1$2").into_owned(),
        None => text.to_owned(),
    }
}

/// Whether the text nests deeper than the parser may be led. Quotes are not looked at: what stands in them counts too.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut ticks = 0_usize;
    for character in text.chars() {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            '`' => ticks += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let mut compound = 0_usize;
    for line in text.split_inclusive(['\n', ';', '&', '|', '(', '{', '`']) {
        let mut begins = true;
        for word in line.split_whitespace() {
            match word.trim_end_matches([';', '&', '|', '(', ')']) {
                "if" | "case" | "do" if begins => compound += 1,
                "fi" | "esac" | "done" if begins => compound = compound.saturating_sub(1),
                _ => {}
            }
            // Words behind which another command begins.
            begins =
                begins && matches!(word, "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "time");
        }
        deepest = deepest.max(compound);
    }
    let bangs = text.split_whitespace().filter(|word| matches!(*word, "!" | "time" | "coproc")).count();
    deepest > NESTING_MAX || ticks > 2000 || bangs > 500 && longest_run(text) > NESTING_MAX
}

/// How many words that only lead to another command follow each other.
fn longest_run(text: &str) -> usize {
    let (mut run, mut longest) = (0, 0);
    for word in text.split_whitespace() {
        run = if matches!(word, "!" | "time" | "coproc") { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The pieces of a word.
pub(super) fn pieces(text: &str, assigned: bool) -> Option<Vec<WordPieceWithSource>> {
    if is_too_deep(text) {
        return None;
    }
    let options = ParserOptions { tilde_expansion_after_colon: assigned, ..ParserOptions::default() };
    catch_unwind(AssertUnwindSafe(|| word::parse(text, &options).ok())).ok().flatten()
}

/// The pieces of a here-document.
pub(super) fn document(text: &str) -> Option<Vec<WordPieceWithSource>> {
    if is_too_deep(text) {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| word::parse_heredoc(text, &ParserOptions::default()).ok())).ok().flatten()
}

/// The words that a word with braces stands for, not more than so many.
pub(super) fn braces(text: &str, most: usize) -> Option<Vec<String>> {
    let may = text.contains('{') && (text.contains(',') || text.contains(".."));
    if !may || is_too_deep(text) {
        return Some(vec![text.to_owned()]);
    }
    let parse = || word::parse_brace_expansions(text, &ParserOptions::default()).ok().flatten();
    match catch_unwind(AssertUnwindSafe(parse)).ok().flatten() {
        None => Some(vec![text.to_owned()]),
        Some(pieces) => product(&pieces, most),
    }
}

fn product(pieces: &[word::BraceExpressionOrText], most: usize) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    for piece in pieces {
        let choices = match piece {
            word::BraceExpressionOrText::Text(text) => vec![text.clone()],
            word::BraceExpressionOrText::Expr(members) => members_of(members, most)?,
        };
        if all.len() * choices.len() > most {
            return None;
        }
        all = all.iter().flat_map(|begin| choices.iter().map(move |end| format!("{begin}{end}"))).collect();
    }
    Some(all)
}

fn members_of(members: &[word::BraceExpressionMember], most: usize) -> Option<Vec<String>> {
    let mut all = vec![];
    for member in members {
        match member {
            word::BraceExpressionMember::NumberSequence { start, end, increment } => {
                let step = increment.unsigned_abs().max(1);
                let count = start.abs_diff(*end) / step + 1;
                if count > u64::try_from(most).ok()? {
                    return None;
                }
                for n in 0..count {
                    let offset = i64::try_from(n * step).ok()?;
                    all.push(if start <= end { start + offset } else { start - offset }.to_string());
                }
            }
            word::BraceExpressionMember::CharSequence { start, end, increment } => {
                let step = usize::try_from(increment.unsigned_abs().max(1)).ok()?;
                let (low, high) = (*start.min(end), *start.max(end));
                let mut letters: Vec<char> = (low..=high).collect();
                if start > end {
                    letters.reverse();
                }
                all.extend(letters.into_iter().step_by(step).map(String::from));
            }
            word::BraceExpressionMember::Child(pieces) => all.extend(product(pieces, most)?),
        }
        if all.len() > most {
            return None;
        }
    }
    Some(all)
}
