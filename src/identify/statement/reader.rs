//! From a statement's first word to whoever reads the rest.

use sha2::{Digest, Sha256};

use super::lex::{Kind, Token, joined};
use super::{SqlDialect, Statement, Tokens};
use crate::model::{BlastRadius, Count, Hazard, Impact, Operation, Parameter, Resource, Scope};

/// How deep statements may stand in statements.
const DEPTH_MAX: usize = 12;
/// How many statements in parentheses are read in one.
const NESTED_MAX: usize = 12;
/// How many statements are read; what follows is unidentified.
const FOUND_MAX: usize = 20_000;

/// Words that change something wherever a statement begins with them.
pub(super) const VERBS: &[&str] = &[
    "DELETE", "DROP", "TRUNCATE", "ALTER", "UPDATE", "INSERT", "REPLACE", "MERGE", "CREATE", "GRANT", "REVOKE", "DENY",
    "EXEC", "EXECUTE", "CALL", "COPY", "LOAD", "KILL", "SHUTDOWN", "RENAME", "PURGE", "VACUUM", "DETACH", "RESTORE",
    "REASSIGN", "FLUSH", "LOCK", "REINDEX", "CLUSTER", "UNLOAD", "BACKUP", "DBCC", "RESET", "OPTIMIZE", "REFRESH",
    "IMPORT", "DO", "PREPARE", "SYSTEM", "PERFORM",
];

/// Reads statements of one dialect, and remembers what holds from one to the next.
pub(super) struct Reader {
    pub(super) dialect: SqlDialect,
    pub(super) found: Vec<Statement>,
    depth: usize,
    /// A statement was prepared whose text was read then.
    pub(super) has_prepared: bool,
    shape: String,
}

/// An operation that nobody can name.
pub(super) fn unidentified(dialect: SqlDialect, why: &str) -> Statement {
    Statement {
        operation: Operation::new("sql", dialect.as_str(), "unidentified"),
        blast: BlastRadius::new(Impact::Unknown, Scope::Resource),
        resources: vec![],
        parameters: vec![Parameter::new("why", why)],
    }
}

impl Statement {
    pub(super) fn on(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.resources.extend(names.into_iter().filter(|name| !name.is_empty()).map(Resource));
        self
    }

    pub(super) const fn count(mut self, count: Count) -> Self {
        self.blast.count = count;
        self
    }

    pub(super) const fn hazard(mut self, hazard: Hazard) -> Self {
        self.blast = self.blast.hazard(hazard);
        self
    }

    pub(super) const fn reversible(mut self, reversible: crate::model::Reversible) -> Self {
        self.blast.reversible = reversible;
        self
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push(Parameter::new(name, value));
        self
    }
}

impl Reader {
    pub(super) fn new(dialect: SqlDialect) -> Self {
        Self { dialect, found: vec![], depth: 0, has_prepared: false, shape: String::new() }
    }

    /// An operation of this dialect.
    pub(super) fn says(&self, name: &str, impact: Impact, scope: Scope) -> Statement {
        Statement {
            operation: Operation::new("sql", self.dialect.as_str(), name),
            blast: BlastRadius::new(impact, scope),
            resources: vec![],
            parameters: vec![],
        }
    }

    /// Adds an operation. What changes something is bound to its whole text, by a digest: the text may hold secrets.
    pub(super) fn push(&mut self, mut one: Statement) {
        if self.found.len() >= FOUND_MAX {
            return;
        }
        if one.blast.impact != Impact::Read && !self.shape.is_empty() {
            one.parameters.push(Parameter::new("statement", self.shape.clone()));
        }
        self.found.push(one);
    }

    pub(super) fn unknown(&mut self, why: &str) {
        let one = unidentified(self.dialect, why);
        self.push(one);
    }

    /// Reads one statement of the text.
    pub(super) fn statement(&mut self, tokens: &Tokens) {
        if self.found.len() + 1 >= FOUND_MAX {
            if self.found.len() + 1 == FOUND_MAX {
                self.unknown("more statements than are read");
            }
            return;
        }
        self.shape = digest(&tokens.words);
        let before = self.found.len();
        if self.dialect == SqlDialect::Mssql {
            super::block::unseparated(self, &tokens.words);
        } else if tokens.words.iter().any(|word| word.is_symbol(';')) {
            super::block::multiple(self, &tokens.words);
        } else {
            self.one(&tokens.words);
        }
        let is_plan = matches!(self.found.get(before..), Some([one]) if one.operation.name() == "explain");
        if !is_plan {
            self.nested(&tokens.words);
        }
        if self.found.len() == before && !tokens.words.is_empty() {
            self.unknown("nothing that is known begins like this");
        }
        let is_harmless = self.found.iter().skip(before).all(|one| one.blast.impact == Impact::Read);
        if tokens.is_broken && is_harmless {
            self.unknown("a quote or comment in it is never closed");
        }
        self.shape.clear();
    }

    /// A command of psql's, where the text is not psql's to run.
    pub(super) fn own(&mut self, command: &str) {
        let name = command.split_whitespace().next().unwrap_or_default().trim_start_matches('\\');
        let one = match name {
            "gexec" => unidentified(self.dialect, "runs every row of an answer as a statement"),
            "!" => self.says("shell", Impact::Execute, Scope::Resource),
            "copy" => {
                super::change::copy(self, &words(self.dialect, command.trim_start_matches('\\')));
                return;
            }
            "i" | "ir" | "include" | "include_relative" => unidentified(self.dialect, "includes a file"),
            "c" | "connect" => unidentified(self.dialect, "goes to another server"),
            _ => self.says("show", Impact::Read, Scope::Resource),
        };
        self.push(one);
    }

    /// Reads a text in a statement: the body of a block, what is executed.
    pub(super) fn inner(&mut self, text: &str) {
        if self.depth >= DEPTH_MAX {
            self.unknown("statements in statements, too deep to be read");
            return;
        }
        self.depth += 1;
        let splitter = super::Splitter {
            dialect: self.dialect,
            client: super::Client::None,
            variables: std::collections::BTreeMap::new(),
            text,
        };
        let escapes = self.dialect.escapes().last().copied().unwrap_or_default();
        for piece in splitter.pieces(escapes) {
            if let super::Piece::Statement(tokens) = piece {
                super::block::part(self, &tokens.words);
                self.nested(&tokens.words);
                if tokens.is_broken {
                    self.unknown("a quote or comment in it is never closed");
                }
            }
        }
        self.depth -= 1;
    }

    /// Reads one statement of which all words are given.
    pub(super) fn one(&mut self, words: &[Token]) {
        if self.depth >= DEPTH_MAX {
            self.unknown("statements in statements, too deep to be read");
            return;
        }
        self.depth += 1;
        self.by_first_word(words);
        self.depth -= 1;
    }

    fn by_first_word(&mut self, words: &[Token]) {
        let Some(first) = words.first() else { return };
        if first.is_symbol('(') || first.is_symbol('{') {
            return match words.get(1) {
                Some(_) if words.len() > 2 => self.one(words.get(1..).unwrap_or_default()),
                _ => self.unknown("nothing that is known begins like this"),
            };
        }
        if first.kind != Kind::Word {
            return self.unknown("nothing that is known begins like this");
        }
        match first.text.to_ascii_uppercase().as_str() {
            "SELECT" | "TABLE" | "VALUES" | "FROM" | "SUMMARIZE" | "PIVOT" | "UNPIVOT" => {
                super::query::select(self, words)
            }
            "WITH" => super::query::with(self, words),
            "EXPLAIN" | "DESCRIBE" | "DESC" => super::query::explain(self, words),
            "DELETE" => super::change::delete(self, words),
            "UPDATE" => super::change::update(self, words),
            "INSERT" | "REPLACE" | "UPSERT" => super::change::insert(self, words),
            "MERGE" => super::change::merge(self, words),
            "TRUNCATE" => super::change::truncate(self, words),
            "COPY" | "LOAD" | "UNLOAD" | "PUT" | "GET" | "REMOVE" | "RM" | "LIST" | "LS" => {
                super::change::copy(self, words)
            }
            "DROP" => super::definition::drop(self, words),
            "ALTER" => super::alteration::alter(self, words),
            "CREATE" => super::definition::create(self, words),
            "RENAME" | "EXCHANGE" | "UNDROP" | "UNDELETE" | "COMMENT" | "ATTACH" | "DETACH" | "REFRESH" => {
                super::definition::rename(self, words);
            }
            "DO" | "CALL" | "EXEC" | "EXECUTE" | "PREPARE" | "BEGIN" | "IF" | "ELSE" | "WHILE" | "LOOP" | "FOR"
            | "DECLARE" | "END" | "PERFORM" | "RETURN" | "RAISE" | "REPEAT" | "FOREACH" | "CASE" | "ELSIF"
            | "ELSEIF" | "THEN" | "TRY" => {
                super::block::control(self, words);
            }
            _ => super::administration::read(self, words),
        }
    }

    /// Reads every statement that stands in parentheses and changes something: `WITH x AS (DELETE …)`.
    fn nested(&mut self, words: &[Token]) {
        let mut seen = 0;
        for (at, pair) in words.windows(2).enumerate() {
            let [open, verb] = pair else { continue };
            let changes = ["DELETE", "UPDATE", "INSERT", "MERGE"].iter().any(|word| verb.is(word));
            if !open.is_symbol('(') || !changes {
                continue;
            }
            let inside = words.get(at + 1..).unwrap_or_default();
            // `f(update)`, `(insert, delete)`: names, or a list of them.
            if inside.get(1).is_none_or(|next| next.is_symbol(')') || next.is_symbol(',') || next.is_symbol('(')) {
                continue;
            }
            seen += 1;
            if seen > NESTED_MAX {
                return self.unknown("more statements in parentheses than are read");
            }
            let inside = inside.get(..closing(inside)).unwrap_or(inside);
            self.one(inside);
        }
    }
}

/// Where the parenthesis closes that stands open before these words.
pub(super) fn closing(words: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if word.is_symbol('(') {
            depth += 1;
        } else if word.is_symbol(')') {
            if depth == 0 {
                return at;
            }
            depth -= 1;
        }
    }
    words.len()
}

/// The place of the first of these keywords outside parentheses, from `from` on.
pub(super) fn find(words: &[Token], from: usize, wanted: &[&str]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(from) {
        if word.is_symbol('(') {
            depth += 1;
        } else if word.is_symbol(')') {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && wanted.iter().any(|one| word.is(one)) {
            return Some(at);
        }
    }
    None
}

/// Whether any of these keywords stands anywhere.
pub(super) fn has(words: &[Token], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.iter().any(|one| word.is(one)))
}

/// Whether these keywords stand one after the other anywhere.
pub(super) fn has_phrase(words: &[Token], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| starts(window, phrase))
}

/// Whether the words begin with these keywords.
pub(super) fn starts(words: &[Token], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, wanted)| word.is(wanted))
}

/// A name with its dots, and where it ends.
pub(super) fn name(words: &[Token], from: usize) -> (String, usize) {
    let mut text = String::new();
    let mut at = from;
    let mut wants_name = true;
    while let Some(word) = words.get(at) {
        let is_part = if wants_name {
            word.is_name() || matches!(word.kind, Kind::Text) || word.is_symbol('*')
        } else {
            word.is_symbol('.')
        };
        // `:t`, `$TABLE`, `{name}`: what something else fills in.
        if wants_name && text.is_empty() && (word.is_symbol(':') || word.is_symbol('$') || word.is_symbol('{')) {
            text.push_str(&word.text);
            at += 1;
            continue;
        }
        if !is_part {
            break;
        }
        text.push_str(&word.text);
        wants_name = !wants_name;
        at += 1;
    }
    (text, at)
}

/// Names in a list, separated by commas, with words left out that may stand before each.
pub(super) fn names(words: &[Token], from: usize) -> (Vec<String>, usize) {
    let mut all = Vec::new();
    let mut at = from;
    loop {
        while words.get(at).is_some_and(|word| word.is("ONLY") || word.is("TABLE")) {
            at += 1;
        }
        let (one, next) = name(words, at);
        if next == at {
            break;
        }
        all.push(one);
        at = next;
        // The arguments of a function, the `*` of a table with children.
        if words.get(at).is_some_and(|word| word.is_symbol('(')) {
            at += 2 + closing(words.get(at + 1..).unwrap_or_default());
        }
        if words.get(at).is_some_and(|word| word.is_symbol('*')) {
            at += 1;
        }
        if !words.get(at).is_some_and(|word| word.is_symbol(',')) {
            break;
        }
        at += 1;
    }
    (all, at)
}

/// So many, as a count.
pub(super) fn exactly(names: &[String]) -> Count {
    Count::Exact(u64::try_from(names.len()).unwrap_or(u64::MAX).max(1))
}

/// The words of a text.
pub(super) fn words(dialect: SqlDialect, text: &str) -> Vec<Token> {
    let escapes = dialect.escapes().last().copied().unwrap_or_default();
    let mut lexer = super::lex::Lexer::new(text, dialect, escapes);
    std::iter::from_fn(|| lexer.token()).collect()
}

/// A digest of a statement's words.
fn digest(words: &[Token]) -> String {
    let sum = Sha256::digest(joined(words).as_bytes());
    sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
