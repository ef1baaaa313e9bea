//! Expressions that are always the same: a rule that could never match, or a condition that asks nothing.

use std::collections::BTreeMap;

use super::form::{Flag, Number, Order, Sign};
use super::schema::{Path, Type, Words};

/// More combinations are not tried.
const COMBINATIONS_MAX: usize = 1 << 12;

/// What the expression says for every action, if it is the same for all. Every closed word takes each of its values, every
/// other question both answers; what depends on the relation of two questions to each other is not seen.
pub(super) fn value(flag: &Flag) -> Option<bool> {
    let mut questions = Questions::default();
    let shape = questions.shape(flag);
    let combinations = questions.sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size))?;
    if combinations > COMBINATIONS_MAX {
        return None;
    }
    let mut answers = (0..combinations).map(|number| shape.answer(&questions.digits(number)));
    let first = answers.next()?;
    answers.all(|answer| answer == first).then_some(first)
}

/// How an expression joins its questions.
#[derive(Debug)]
enum Shape {
    Const(bool),
    Not(Box<Shape>),
    And(Vec<Shape>),
    Or(Vec<Shape>),
    If(Box<[Shape; 3]>),
    Same(Box<[Shape; 2]>),
    /// Whether the answer to the question at this place is one of these.
    Asks(usize, u16),
}

/// What an expression asks.
#[derive(Debug, Default)]
struct Questions {
    /// Where each stands, by its path or its spelling.
    places: BTreeMap<String, usize>,
    /// How many answers each has.
    sizes: Vec<usize>,
}

impl Questions {
    fn shape(&mut self, flag: &Flag) -> Shape {
        match flag {
            Flag::Const(value) => Shape::Const(*value),
            Flag::Not(inner) => Shape::Not(Box::new(self.shape(inner))),
            Flag::And(parts) => Shape::And(parts.iter().map(|part| self.shape(part)).collect()),
            Flag::Or(parts) => Shape::Or(parts.iter().map(|part| self.shape(part)).collect()),
            Flag::If(parts) => Shape::If(Box::new(parts.as_ref().each_ref().map(|part| self.shape(part)))),
            Flag::Same(parts) => Shape::Same(Box::new(parts.as_ref().each_ref().map(|part| self.shape(part)))),
            Flag::Word(path, mask) => Shape::Asks(self.place(path.to_string(), size_of(*path)), *mask),
            other => Shape::Asks(self.place(format!("{other:?}"), 2), 1),
        }
    }

    fn place(&mut self, question: String, size: usize) -> usize {
        let next = self.sizes.len();
        let place = *self.places.entry(question).or_insert(next);
        if place == next {
            self.sizes.push(size);
        }
        place
    }

    /// One combination of answers: the digits of a number whose places have these sizes.
    fn digits(&self, mut number: usize) -> Vec<usize> {
        let digit = |size: &usize| {
            let digit = number % size;
            number /= size;
            digit
        };
        self.sizes.iter().map(digit).collect()
    }
}

impl Shape {
    fn answer(&self, digits: &[usize]) -> bool {
        match self {
            Self::Const(value) => *value,
            Self::Not(inner) => !inner.answer(digits),
            Self::And(parts) => parts.iter().all(|part| part.answer(digits)),
            Self::Or(parts) => parts.iter().any(|part| part.answer(digits)),
            Self::If(parts) => {
                let [condition, one, other] = parts.as_ref();
                if condition.answer(digits) { one.answer(digits) } else { other.answer(digits) }
            }
            Self::Same(parts) => {
                let [a, b] = parts.as_ref();
                a.answer(digits) == b.answer(digits)
            }
            Self::Asks(place, mask) => digits.get(*place).is_some_and(|digit| mask >> digit & 1 == 1),
        }
    }
}

fn size_of(path: Path) -> usize {
    match path.kind() {
        Type::Word(words) => Words::all(words).len(),
        _ => 1,
    }
}

/// The least and the most that a number can be.
pub(super) fn range(number: &Number) -> (i64, i64) {
    const ANY: (i64, i64) = (i64::MIN, i64::MAX);
    match number {
        Number::Const(value) => (*value, *value),
        Number::Path(path) => path.range(),
        Number::Length(_) | Number::Size(_) => (0, i64::MAX),
        Number::Clock(unit, ..) => unit.range(),
        Number::Two(Sign::Plus, sides) => {
            let [a, b] = sides.as_ref();
            let (a, b) = (range(a), range(b));
            (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
        }
        Number::If(parts) => {
            let (a, b) = (range(&parts.1), range(&parts.2));
            (a.0.min(b.0), a.1.max(b.1))
        }
        _ => ANY,
    }
}

/// What a comparison of two such numbers always says, if it does.
pub(super) fn of_ranges(order: Order, a: (i64, i64), b: (i64, i64)) -> Option<bool> {
    let (always, never) = match order {
        Order::Equal => (a.0 == a.1 && a == b, a.1 < b.0 || b.1 < a.0),
        Order::Less => (a.1 < b.0, a.0 >= b.1),
        Order::LessOrEqual => (a.1 <= b.0, a.0 > b.1),
        Order::More => (a.0 > b.1, a.1 <= b.0),
        Order::MoreOrEqual => (a.0 >= b.1, a.1 < b.0),
    };
    match (always, never) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}
