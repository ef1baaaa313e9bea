//! From the parsed tree to a checked expression: every name, type, word and function against the closed schema.
//!
//! `compare` checks comparisons, `call` functions and macros; `constant` finds what is always the same.

mod call;
mod compare;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, SelectExpr, SourceInfo, operators};

use super::form::{Flag, Number, Sign, Text, Texts, Time};
use super::schema::{Path, Type, Words, members, nearest_root};
use super::syntax::{HAS, Wrong, written};
use super::{Refers, constant};
use crate::config::nearest;

/// Deeper than any expression that a person reads.
const DEPTH_MAX: usize = 48;

/// An expression of some type.
#[derive(Clone, Debug)]
enum Typed {
    Flag(Flag),
    Number(Number),
    /// Where words are given, its value is always one of them.
    Text(Text, Option<Words>),
    /// A path of closed words.
    Word(Path, Words),
    Texts(Texts, Option<Words>),
    Numbers(Vec<Number>),
    /// The parameters.
    Map,
    Time(Time),
    /// Something is wrong with it, and that has been said.
    Broken,
}

impl Typed {
    fn of(path: Path) -> Self {
        match path.kind() {
            Type::Text => Self::Text(Text::Path(path), None),
            Type::Word(words) => Self::Word(path, words),
            Type::Number => Self::Number(Number::Path(path)),
            Type::Flag => Self::Flag(Flag::Path(path)),
            Type::Texts(words) => Self::Texts(Texts::Path(path), words),
            Type::Map => Self::Map,
            Type::Time => Self::Time(Time::At),
        }
    }

    /// What it is, for people.
    fn noun(&self) -> String {
        match self {
            Self::Flag(Flag::Path(path)) => format!("`{path}` (true or false)"),
            Self::Flag(_) => "a condition".to_owned(),
            Self::Number(Number::Path(path)) => format!("`{path}` (a number)"),
            Self::Number(_) => "a number".to_owned(),
            Self::Text(Text::Path(path), _) => format!("`{path}` (a text)"),
            Self::Text(..) => "a text".to_owned(),
            Self::Word(path, _) => format!("`{path}` (a closed word)"),
            Self::Texts(Texts::Path(path), _) => format!("`{path}` (a list of texts)"),
            Self::Texts(..) => "a list of texts".to_owned(),
            Self::Numbers(_) => "a list of numbers".to_owned(),
            Self::Map => "`parameters` (texts by name)".to_owned(),
            Self::Time(Time::At) => "`at` (a point in time)".to_owned(),
            Self::Time(_) => "a point in time".to_owned(),
            Self::Broken => "what is wrong".to_owned(),
        }
    }
}

/// What was found in an expression.
pub(super) struct Checker<'a> {
    text: &'a str,
    places: &'a SourceInfo,
    pub(super) wrong: Vec<Wrong>,
    /// The names of the elements of enclosing lists, and how often each was used.
    elements: Vec<(&'a str, Option<Words>, usize)>,
    pub(super) refers: Vec<Refers>,
    /// How many paths and elements have been named so far: a part that names none is always the same.
    named: usize,
    depth: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(text: &'a str, places: &'a SourceInfo) -> Self {
        Self { text, places, wrong: vec![], elements: vec![], refers: vec![], named: 0, depth: 0 }
    }

    /// Checks a whole expression: it must be true or false, and not always the same.
    pub(super) fn whole(&mut self, expr: &'a IdedExpr) -> Option<Flag> {
        let flag = self.condition(expr)?;
        if let (true, Some(value)) = (self.wrong.is_empty(), constant::value(&flag)) {
            let help = if value { "remove it" } else { "the rule could never match" };
            self.say(self.start(expr), format!("the expression is always `{value}`"), Some(help));
        }
        Some(flag)
    }

    fn say(&mut self, offset: usize, message: impl Into<String>, help: Option<&str>) -> Typed {
        self.wrong.push(Wrong::new(offset, message, help));
        Typed::Broken
    }

    /// The byte of the node's own token: an operator, a bracket, a name.
    fn own(&self, expr: &IdedExpr) -> usize {
        self.places.offset_for(expr.id).map_or(0, |(start, _)| start as usize)
    }

    /// The byte where the node's text begins.
    fn start(&self, expr: &IdedExpr) -> usize {
        match &expr.expr {
            Expr::Select(select) if !select.test => self.start(&select.operand),
            Expr::Comprehension(each) => self.start(&each.iter_range),
            Expr::Call(call) => match (&call.target, call.args.first()) {
                (Some(target), _) => self.start(target),
                (None, Some(first)) if call.args.len() > 1 && is_operator(&call.func_name) => self.start(first),
                (None, Some(_)) if is_operator(&call.func_name) => self.own(expr),
                _ => self.own_name(expr),
            },
            // The sign is a part of a negative number.
            Expr::Literal(LiteralValue::Int(value)) if *value.inner() < 0 => {
                let before = self.text.get(..self.own(expr)).unwrap_or_default().trim_end();
                before.len().saturating_sub(usize::from(before.ends_with('-')))
            }
            _ => self.own(expr),
        }
    }

    /// The byte of the name before a call's bracket.
    fn own_name(&self, expr: &IdedExpr) -> usize {
        let before = self.text.get(..self.own(expr)).unwrap_or_default().trim_end();
        let name = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        if name < before.len() { name } else { self.own(expr) }
    }

    /// The byte of a member's name, after its dot.
    fn member(&self, expr: &IdedExpr) -> usize {
        let dot = self.own(expr);
        let after = self.text.get(dot + 1..).unwrap_or_default();
        dot + 1 + (after.len() - after.trim_start().len())
    }

    fn check(&mut self, expr: &'a IdedExpr) -> Typed {
        self.depth += 1;
        let typed = if self.depth > DEPTH_MAX {
            self.say(self.start(expr), "the expression is nested too deep", Some("write two rules"))
        } else {
            self.kind(expr)
        };
        self.depth -= 1;
        typed
    }

    fn kind(&mut self, expr: &'a IdedExpr) -> Typed {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) => self.name(expr, written(name)),
            Expr::Select(select) => self.select(expr, select),
            Expr::List(list) => self.list(expr, &list.elements),
            Expr::Call(call) => match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
                (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [_, _]) => self.joined(expr),
                (operators::LOGICAL_NOT, None, [inner]) => {
                    self.condition(inner).map_or(Typed::Broken, |flag| Typed::Flag(Flag::Not(Box::new(flag))))
                }
                (operators::CONDITIONAL, None, [condition, one, other]) => self.choice(condition, one, other),
                (operators::NEGATE, None, [inner]) => match self.check(inner) {
                    Typed::Number(number) => Typed::Number(Number::Negate(Box::new(number))),
                    Typed::Broken => Typed::Broken,
                    other => self.say(self.own(expr), format!("`-` stands before {}", other.noun()), None),
                },
                (operators::INDEX, None, [list, index]) => self.index(expr, list, index),
                (operator, None, [a, b]) if is_operator(operator) => self.two(expr, a, b),
                (HAS, None, [path]) => self.has(path),
                (name, target, arguments) => self.function(expr, name, target, arguments),
            },
            Expr::Comprehension(each) => self.comprehension(expr, each),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.say(self.own(expr), "this has no meaning here", None)
            }
        }
    }

    fn literal(&mut self, expr: &'a IdedExpr, literal: &LiteralValue) -> Typed {
        match literal {
            LiteralValue::Boolean(value) => Typed::Flag(Flag::Const(*value.inner())),
            LiteralValue::Int(value) => Typed::Number(Number::Const(*value.inner())),
            LiteralValue::String(value) => Typed::Text(Text::Const(value.inner().to_owned()), None),
            _ => self.say(self.own(expr), "only texts, whole numbers, `true` and `false` stand here", None),
        }
    }

    /// A name that stands alone.
    fn name(&mut self, expr: &'a IdedExpr, name: &'a str) -> Typed {
        match self.element(name) {
            Some(typed) => typed,
            None => self.path(&[(name, self.own(expr))]).map_or(Typed::Broken, |path| self.refer(path)),
        }
    }

    fn element(&mut self, name: &str) -> Option<Typed> {
        let (depth, (_, words, used)) =
            self.elements.iter_mut().enumerate().rev().find(|(_, (known, ..))| *known == name)?;
        *used += 1;
        self.named += 1;
        Some(Typed::Text(Text::Element(depth), *words))
    }

    fn refer(&mut self, path: Path) -> Typed {
        // Of the parameters, those are noted that are asked for.
        if path == Path::Parameters {
            self.named += 1;
        } else {
            self.note(Refers::Path(path));
        }
        Typed::of(path)
    }

    fn note(&mut self, refers: Refers) {
        self.named += 1;
        if !self.refers.contains(&refers) {
            self.refers.push(refers);
        }
    }

    /// `a.b.c` as names with their places; `None` where something else than a name stands before a dot.
    fn chain(&self, expr: &'a IdedExpr) -> Option<Vec<(&'a str, usize)>> {
        match &expr.expr {
            Expr::Ident(name) => Some(vec![(written(name), self.own(expr))]),
            Expr::Select(select) if !select.test => {
                let mut chain = self.chain(&select.operand)?;
                chain.push((select.field.as_str(), self.member(expr)));
                Some(chain)
            }
            _ => None,
        }
    }

    fn select(&mut self, expr: &'a IdedExpr, select: &'a SelectExpr) -> Typed {
        let chain = self.chain(expr).filter(|chain| chain.first().is_some_and(|(root, _)| !self.is_element(root)));
        let Some(chain) = chain else {
            let member = &select.field;
            return match self.check(&select.operand) {
                Typed::Broken => Typed::Broken,
                other => self.say(self.member(expr), format!("{} has no member `{member}`", other.noun()), None),
            };
        };
        if let [("parameters", _), (name, _)] = chain.as_slice() {
            return self.parameter(Text::Const((*name).to_owned()));
        }
        self.path(&chain).map_or(Typed::Broken, |path| self.refer(path))
    }

    fn is_element(&self, name: &str) -> bool {
        self.elements.iter().any(|(known, ..)| *known == name)
    }

    fn parameter(&mut self, name: Text) -> Typed {
        match &name {
            Text::Const(name) => self.note(Refers::Parameter(name.clone())),
            _ => self.note(Refers::Path(Path::Parameters)),
        }
        Typed::Text(Text::Parameter(Box::new(name)), None)
    }

    /// The path of these names.
    fn path(&mut self, chain: &[(&str, usize)]) -> Option<Path> {
        let [(root, at), rest @ ..] = chain else { return None };
        let whole = chain.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(".");
        if let Ok(path) = whole.parse::<Path>() {
            return Some(path);
        }
        let known = members(root);
        let one_of = format!(
            "one of {}",
            known.iter().map(|member| format!("`{root}.{member}`")).collect::<Vec<_>>().join(", ")
        );
        match rest {
            _ if known.is_empty() && root.parse::<Path>().is_err() => {
                let help = nearest_root(root);
                self.say(*at, format!("unknown name `{root}`"), help.as_deref());
            }
            [] => {
                self.say(*at, format!("`{root}` is a group"), Some(&one_of));
            }
            [(member, at), ..] if known.is_empty() => {
                self.say(*at, format!("`{root}` has no member `{member}`"), None);
            }
            [(member, _), (third, at), ..] if known.contains(member) => {
                self.say(*at, format!("`{root}.{member}` has no member `{third}`"), None);
            }
            [(member, at), ..] => {
                let help = nearest(member, known.iter().copied()).unwrap_or(one_of);
                self.say(*at, format!("`{root}` has no member `{member}`"), Some(&help));
            }
        }
        None
    }

    fn list(&mut self, expr: &'a IdedExpr, items: &'a [IdedExpr]) -> Typed {
        if items.is_empty() {
            return self.say(self.own(expr), "an empty list holds nothing", None);
        }
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for item in items {
            match self.check(item) {
                Typed::Text(text, _) => texts.push(text),
                Typed::Number(number) => numbers.push(number),
                Typed::Broken => return Typed::Broken,
                other => {
                    let message = format!("{} cannot stand in a list", other.noun());
                    return self.say(self.start(item), message, Some("a list holds texts or numbers"));
                }
            }
        }
        match (texts.is_empty(), numbers.is_empty()) {
            (false, true) => Typed::Texts(Texts::Items(texts), None),
            (true, false) => Typed::Numbers(numbers),
            _ => self.say(self.own(expr), "a list holds either texts or numbers", None),
        }
    }

    /// `a && b && c` is one list of parts.
    fn joined(&mut self, expr: &'a IdedExpr) -> Typed {
        let Expr::Call(call) = &expr.expr else { return Typed::Broken };
        let parts: Vec<Option<Flag>> = call.args.iter().map(|part| self.condition(part)).collect();
        let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return Typed::Broken };
        let is_and = call.func_name == operators::LOGICAL_AND;
        let flat = parts.into_iter().flat_map(|part| match part {
            Flag::And(inner) if is_and => inner,
            Flag::Or(inner) if !is_and => inner,
            other => vec![other],
        });
        Typed::Flag(if is_and { Flag::And(flat.collect()) } else { Flag::Or(flat.collect()) })
    }

    /// A part that must be true or false, and must depend on the action.
    fn condition(&mut self, expr: &'a IdedExpr) -> Option<Flag> {
        let (named, wrong) = (self.named, self.wrong.len());
        let typed = self.check(expr);
        let at = self.start(expr);
        match typed {
            Typed::Broken => None,
            Typed::Flag(_) if self.named == named && self.wrong.len() == wrong => {
                self.say(at, "this is the same for every action", Some("a condition asks something of the action"));
                None
            }
            Typed::Flag(flag) => Some(flag),
            other => {
                let help = compare::question(&other);
                self.say(at, format!("{} stands where a condition belongs", other.noun()), help.as_deref());
                None
            }
        }
    }

    fn choice(&mut self, condition: &'a IdedExpr, one: &'a IdedExpr, other: &'a IdedExpr) -> Typed {
        let at = self.start(other);
        match (self.condition(condition), self.check(one), self.check(other)) {
            (None, ..) | (_, Typed::Broken, _) | (_, _, Typed::Broken) => Typed::Broken,
            (Some(when), Typed::Flag(a), Typed::Flag(b)) => Typed::Flag(Flag::If(Box::new([when, a, b]))),
            (Some(when), Typed::Number(a), Typed::Number(b)) => Typed::Number(Number::If(Box::new((when, a, b)))),
            (Some(when), Typed::Text(a, _), Typed::Text(b, _)) => Typed::Text(Text::If(Box::new((when, a, b))), None),
            (_, a, b) => self.say(at, format!("`? :` chooses between {} and {}", a.noun(), b.noun()), None),
        }
    }

    fn index(&mut self, expr: &'a IdedExpr, list: &'a IdedExpr, index: &'a IdedExpr) -> Typed {
        match (self.check(list), self.check(index)) {
            (Typed::Broken, _) | (_, Typed::Broken) => Typed::Broken,
            (Typed::Map, Typed::Text(name, _)) => self.parameter(name),
            (Typed::Texts(list, words), Typed::Number(index)) => {
                Typed::Text(Text::Item(Box::new((list, index))), words)
            }
            (list, index) => {
                self.say(self.own(expr), format!("{} has no element at {}", list.noun(), index.noun()), None)
            }
        }
    }

    /// `+ - * / %`.
    fn arithmetic(&mut self, expr: &'a IdedExpr, sign: Sign, a: Typed, b: Typed) -> Typed {
        match (a, b) {
            (Typed::Broken, _) | (_, Typed::Broken) => Typed::Broken,
            (Typed::Number(a), Typed::Number(b)) => Typed::Number(Number::Two(sign, Box::new([a, b]))),
            (Typed::Text(a, _), Typed::Text(b, _)) if sign == Sign::Plus => {
                Typed::Text(Text::Join(Box::new([a, b])), None)
            }
            (a, b) => {
                let token = self.text.get(self.own(expr)..).and_then(|rest| rest.chars().next()).unwrap_or('+');
                self.say(self.own(expr), format!("`{token}` stands between {} and {}", a.noun(), b.noun()), None)
            }
        }
    }
}

/// Whether the function is an operator: no name that a person could write.
fn is_operator(function: &str) -> bool {
    function == operators::IN || function.contains(|c: char| !(c.is_ascii_alphanumeric() || "_.@".contains(c)))
}
