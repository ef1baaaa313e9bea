//! One row of a table: which command it speaks of, when, and what that does.

use crate::model::{BlastRadius, Count, Hazard, Impact, Reversible, Scope};

/// What one command means.
#[derive(Debug)]
pub struct Row {
    /// The command's words, each with its alternatives; `None` stands for any other command.
    pub command: Option<Vec<Vec<&'static str>>>,
    /// All of them must hold.
    pub when: Vec<Condition>,
    /// An id, or behind `= ` a request.
    pub operation: &'static str,
    /// What it does; `None` for a request, which is judged as such.
    pub blast: Option<BlastRadius>,
    /// How the count is found.
    pub counted: Counted,
    /// Templates of what it acts upon.
    pub resource: &'static str,
    /// For people.
    pub why: &'static str,
}

/// How many resources a command touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// As many as there are operands.
    Operands,
    /// This.
    Fixed(Count),
}

/// A question about a command's words.
#[derive(Debug, PartialEq, Eq)]
pub struct Condition {
    /// It must not be so.
    pub negated: bool,
    /// An option's key, `argN`, `args` or `stdin`.
    pub subject: &'static str,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Test {
    /// It is there.
    Given,
    /// It is one of these.
    Is(Vec<&'static str>),
    /// It begins with one of these.
    Begins(Vec<&'static str>),
    /// It holds one of these.
    Holds(Vec<&'static str>),
    /// There are more.
    More(usize),
    /// There are fewer.
    Fewer(usize),
}

impl Row {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(line: &'static str) -> Result<Self, String> {
        let mut cells = line.split('\t').map(str::trim);
        let mut next = || cells.next().unwrap_or("-");
        let command = match next() {
            "*" => None,
            "-" => Some(vec![]),
            words => Some(words.split_whitespace().map(|word| word.split('|').collect()).collect()),
        };
        let when = match next() {
            "-" | "" => vec![],
            text => text.split(" & ").map(Condition::parse).collect::<Result<_, _>>()?,
        };
        let operation = next();
        let (impact, scope, count, reversible, hazards) = (next(), next(), next(), next(), next());
        let (resource, why) = (next(), next());
        let counted = match count {
            "args" => Counted::Operands,
            "-" | "" => Counted::Fixed(Count::ONE),
            "least" => Counted::Fixed(Count::AtLeast(1)),
            "unbounded" => Counted::Fixed(Count::Unbounded),
            other => return Err(format!("`{other}` is no count")),
        };
        let is_request = operation.starts_with("= ");
        if !is_request && operation.split(':').count() < 3 {
            return Err(format!("`{operation}` is neither an operation's id nor a request"));
        }
        let blast = if is_request {
            None
        } else {
            let mut blast = BlastRadius::new(impact.parse::<Impact>()?, scope.parse::<Scope>()?);
            if !matches!(reversible, "-" | "") {
                blast.reversible = reversible.parse::<Reversible>()?;
            }
            for hazard in hazards.split(',').filter(|hazard| !matches!(*hazard, "-" | "")) {
                blast = blast.hazard(hazard.trim().parse::<Hazard>()?);
            }
            Some(blast)
        };
        Ok(Self { command, when, operation, blast, counted, resource, why })
    }
}

impl Condition {
    fn parse(text: &'static str) -> Result<Self, String> {
        let text = text.trim();
        let (mut negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let some = |values: &'static str| values.split('|').collect::<Vec<_>>();
        let number = |value: &str| value.parse().map_err(|_| format!("`{value}` is no number"));
        let at = text.find(['=', '^', '~', '<', '>']).unwrap_or(text.len());
        let (subject, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let (subject, is_unequal) = subject.strip_suffix('!').map_or((subject, false), |subject| (subject, true));
        negated ^= is_unequal;
        let mut signs = rest.chars();
        let test = match (signs.next(), signs.as_str()) {
            (None, _) => Test::Given,
            (Some('='), values) => Test::Is(some(values)),
            (Some('^'), values) => Test::Begins(some(values)),
            (Some('~'), values) => Test::Holds(some(values)),
            (Some('>'), value) => Test::More(number(value)?),
            (Some('<'), value) => Test::Fewer(number(value)?),
            (Some(other), _) => return Err(format!("`{other}` is no test")),
        };
        if subject.is_empty() {
            Err(format!("`{text}` asks about nothing"))
        } else {
            Ok(Self { negated, subject, test })
        }
    }
}
