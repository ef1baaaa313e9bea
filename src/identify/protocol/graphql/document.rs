//! One document: parsed within bounds, its operation picked, its root fields followed through fragments.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::common::OperationType;
use cynic_parser::executable::{
    ExecutableDocument, FieldSelection, FragmentDefinition, OperationDefinition, Selection,
};
use cynic_parser::values::Value as Written;
use serde_json::Value;

use super::arguments::{self, Arguments, CALLS_MAX};
use super::{FIELDS_MAX, Field, Found, Mutation};
use crate::model::Count;

/// Longer documents are not parsed: the parser takes some 130 bytes of memory for a byte of text.
pub(super) const DOCUMENT_MAX: usize = 256 * 1024;
/// Inner fields that are looked at in one document: a fragment may be spread below each of many root fields.
const STEPS_MAX: usize = 500_000;

/// The document; `None` for what is none, and for what is too long to be read.
pub(super) fn parse(text: &str) -> Option<ExecutableDocument> {
    if text.len() > DOCUMENT_MAX {
        return None;
    }
    let text = &shortened(text);
    // The lexer takes U+0020 to U+FFFF and the three blanks below, and panics on others inside block texts. What lies
    // outside can stand in texts and comments only, which are not judged, or makes the document invalid.
    let odd = |c: char| c > '\u{ffff}' || c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let basic: String = text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect();
    // SECURITY: an assertion inside the parser must not end the request before it is recorded.
    std::panic::catch_unwind(|| cynic_parser::parse_executable_document(&basic).ok()).ok().flatten()
}

/// The text with number literals cut to what 64 bits hold: the parser would not survive longer ones, and how large a
/// number is decides nothing here.
fn shortened(text: &str) -> String {
    let mut digits = 0;
    let mut literal = false;
    let mut before = ' ';
    text.chars()
        .filter(|c| {
            if c.is_ascii_digit() {
                if digits == 0 {
                    literal = !(before.is_alphabetic() || before == '_' || before == '"');
                }
                digits += 1;
            } else {
                digits = 0;
            }
            before = *c;
            !(literal && digits > 18)
        })
        .collect()
}

/// The document without what means nothing: blanks, commas, comments and a byte order mark between its words. Two documents
/// that differ are never alike in it: texts stand as they are written.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut gap = false;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => quoted(rest),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        rest = after;
        if c == '#' || c == ',' || c == '\u{feff}' || c.is_whitespace() {
            gap = true;
            continue;
        }
        // Only between two words, or numbers, does a blank mean something.
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+' | '"');
        if gap && is_word(c) && out.chars().next_back().is_some_and(is_word) {
            out.push(' ');
        }
        gap = false;
        out.push_str(token);
    }
    out
}

/// How long the text literal is that `rest` begins with.
fn quoted(rest: &str) -> usize {
    let block = rest.starts_with("\"\"\"");
    let from = if block { 3 } else { 1 };
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(from) {
        let tail = rest.get(at..).unwrap_or_default();
        match c {
            _ if escaped => escaped = false,
            '\\' if !block || tail.starts_with("\\\"\"\"") => escaped = true,
            '"' if !block => return at + 1,
            '"' if tail.starts_with("\"\"\"") => return at + 3,
            '\n' | '\r' if !block => return at,
            _ => {}
        }
    }
    rest.len()
}

/// What a document is read with.
pub(super) struct Reading<'d> {
    document: &'d ExecutableDocument,
    variables: &'d [Value],
    fragments: BTreeMap<&'d str, Vec<FragmentDefinition<'d>>>,
    /// Inner fields that may still be looked at.
    steps: Cell<usize>,
}

impl<'d> Reading<'d> {
    pub(super) fn new(document: &'d ExecutableDocument, variables: &'d [Value]) -> Self {
        let mut fragments: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fragment in document.fragments() {
            fragments.entry(fragment.name()).or_default().push(fragment);
        }
        Self { document, variables, fragments, steps: Cell::new(STEPS_MAX) }
    }

    /// Adds what the chosen operation asks for. Without exactly one choice any of them might be executed: all are judged.
    pub(super) fn add(&self, found: &mut Found, names: &BTreeSet<String>) {
        let all: Vec<OperationDefinition<'_>> = self.document.operations().collect();
        let named: Vec<_> =
            all.iter().filter(|one| one.name().is_some_and(|name| names.contains(name))).copied().collect();
        let chosen = if names.len() == 1 && named.len() == 1 { named } else { all };
        found.unreadable |= chosen.is_empty();
        for operation in chosen {
            match operation.operation_type() {
                OperationType::Query | OperationType::Subscription => found.query = true,
                OperationType::Mutation => self.mutation(found, operation),
            }
        }
    }

    fn mutation(&self, found: &mut Found, operation: OperationDefinition<'d>) {
        let defaults: BTreeMap<&str, Value> = operation
            .variable_definitions()
            .filter_map(|one| Some((one.name(), arguments::constant(Written::from(one.default_value()?))?)))
            .collect();
        let variables = |name: &str| {
            let given: Vec<Value> = self.variables.iter().filter_map(|all| all.get(name)).cloned().collect();
            if given.is_empty() { defaults.get(name).cloned().into_iter().collect() } else { given }
        };
        let mut any = false;
        self.each_field(operation.selection_set().collect(), |field| {
            any = true;
            if field.name().starts_with("__") {
                return Some(true);
            }
            let written = field.arguments().map(|one| (one.name(), one.value()));
            let read = arguments::read(field.name(), written, &variables);
            let inner = self.inner(field);
            let known = found.mutations.entry(field.name().to_owned()).or_insert_with(|| Field {
                count: Count::Exact(0),
                ids: BTreeSet::new(),
                mutation: Mutation { field: field.name().to_owned(), calls: vec![], inner: BTreeSet::new() },
            });
            known.count = known.count.plus(read.count);
            known.ids.extend(read.ids);
            known.mutation.inner.extend(inner);
            match known.mutation.calls.len() {
                0..CALLS_MAX => known.mutation.calls.push(read.arguments),
                _ => known.mutation.calls.last_mut().into_iter().for_each(Arguments::cut),
            }
            Some(found.mutations.len() <= FIELDS_MAX)
        })
        .unwrap_or_else(|| found.unreadable = true);
        found.unreadable |= !any || found.mutations.len() > FIELDS_MAX || self.steps.get() == 0;
    }

    /// Calls `take` for every field of a selection, through fragments of any depth; a fragment counts once. `None` where a
    /// fragment is missing, or `take` says so.
    fn each_field(
        &self,
        mut open: Vec<Selection<'d>>,
        mut take: impl FnMut(FieldSelection<'d>) -> Option<bool>,
    ) -> Option<()> {
        let mut seen = BTreeSet::new();
        let mut complete = Some(());
        while let Some(selection) = open.pop() {
            match selection {
                Selection::Field(field) => {
                    if !take(field)? {
                        return complete;
                    }
                }
                Selection::InlineFragment(fragment) => open.extend(fragment.selection_set()),
                Selection::FragmentSpread(spread) if !seen.insert(spread.fragment_name()) => {}
                Selection::FragmentSpread(spread) => match self.fragments.get(spread.fragment_name()) {
                    Some(all) => all.iter().for_each(|fragment| open.extend(fragment.selection_set())),
                    None => complete = None,
                },
            }
        }
        complete
    }

    /// The names of the fields below a root field that may do something themselves.
    fn inner(&self, root: FieldSelection<'d>) -> BTreeSet<String> {
        let bare = root.arguments().next().is_none();
        let mut names = BTreeSet::new();
        let mut open: Vec<Selection<'_>> = root.selection_set().collect();
        let mut seen = BTreeSet::new();
        while let Some(selection) = open.pop() {
            self.steps.set(self.steps.get().saturating_sub(1));
            if self.steps.get() == 0 {
                break;
            }
            match selection {
                Selection::Field(field) => {
                    let before = open.len();
                    open.extend(field.selection_set());
                    let acts = bare || open.len() > before || field.arguments().next().is_some();
                    if acts && !field.name().starts_with("__") {
                        names.insert(field.name().to_owned());
                    }
                }
                Selection::InlineFragment(fragment) => open.extend(fragment.selection_set()),
                Selection::FragmentSpread(spread) => {
                    if seen.insert(spread.fragment_name()) {
                        let all = self.fragments.get(spread.fragment_name()).into_iter().flatten();
                        all.for_each(|fragment| open.extend(fragment.selection_set()));
                    }
                }
            }
        }
        names
    }
}
