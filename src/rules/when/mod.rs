//! `when:` expressions: CEL over a closed schema, for what `match:` and `unless:` cannot say.
//!
//! An expression is checked when it is loaded: every name, type, closed word, function and regular expression. What stays
//! can be evaluated in bounded time and cannot panic. It is read by the parser of the `cel` crate; the types and the
//! evaluation are this module's, because that crate has no type check and no bound on the work that an agent could make
//! it do.
//!
//! Two kinds of missing values are told apart, as in `match:`. What an action certainly does not have (a parameter that it
//! does not give, the region of a global service) equals nothing: a comparison with it is false. What it should have and
//! does not tell (the account of an AWS call) cannot be evaluated, and then the rule counts as a match.

mod check;
mod constant;
mod evaluate;
mod form;
mod read;
#[allow(unreachable_pub, reason = "one macro spells all closed words, and makes them public")]
mod schema;
mod syntax;

use self::check::Checker;
use self::evaluate::Evaluation;
use self::form::Flag;
use self::read::{Input, Stop};
use self::schema::Path;
use super::View;
use crate::config::{Report, Spot};

/// A checked expression.
#[derive(Clone, Debug)]
pub(crate) struct When {
    text: String,
    flag: Flag,
    refers: Vec<Refers>,
}

/// What an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refers {
    Path(Path),
    /// The parameter of this name.
    Parameter(String),
}

impl When {
    /// Checks the expression of a scalar that begins `at`; what is wrong is reported at its place inside the file, or at the
    /// scalar's beginning where YAML does not let the place be found again (an alias, a rare escape).
    pub(crate) fn check(text: &str, at: Spot, report: &mut Report<'_>) -> Option<Self> {
        let (tree, places) = match syntax::parse(text) {
            Ok(parsed) => parsed,
            Err(wrong) => {
                report.say_inside((at, text), wrong.offset, wrong.message, wrong.help);
                return None;
            }
        };
        let mut checker = Checker::new(text, &places);
        let flag = checker.whole(&tree);
        let Checker { wrong, refers, .. } = checker;
        let is_right = wrong.is_empty();
        for wrong in wrong {
            report.say_inside((at, text), wrong.offset, wrong.message, wrong.help);
        }
        flag.filter(|_| is_right).map(|flag| Self { text: super::rule::one_line(text), flag, refers })
    }

    /// The expression as it was written, on one line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds. For an action that looks like others on the wire it holds when it does under any of their names.
    ///
    /// # Errors
    /// Why it cannot be evaluated; the caller counts that as a match.
    pub(crate) fn holds(&self, view: &View<'_>) -> Result<bool, String> {
        let mut failed = None;
        for operation in std::iter::once(view.action.operation()).chain(self.twins(view)) {
            match Evaluation::of(Input { view: *view, operation }).holds(&self.flag) {
                Ok(true) => return Ok(true),
                Ok(false) | Err(Stop::Absent) => {}
                Err(Stop::Fault(why)) => failed = failed.or(Some(why)),
            }
        }
        failed.map_or(Ok(false), Err)
    }

    /// The action's other names, where the expression asks for the name.
    fn twins<'a>(&self, view: &View<'a>) -> impl Iterator<Item = &'a crate::model::Operation> {
        let names = [Path::Operation, Path::Provider, Path::Service].map(Refers::Path);
        let asks = self.refers.iter().any(|refers| names.contains(refers));
        view.action.aliases().iter().filter(move |_| asks)
    }

    /// What the expression refers to, with the action's values.
    pub(crate) fn trace(&self, view: &View<'_>) -> Vec<(String, String)> {
        let input = Input { view: *view, operation: view.action.operation() };
        let shown = |refers: &Refers| match refers {
            Refers::Path(path) => (path.to_string(), input.shown(*path)),
            Refers::Parameter(name) => (format!("parameters[\"{name}\"]"), input.parameter_shown(name)),
        };
        self.refers.iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests;
