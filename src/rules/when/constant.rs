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
    questions.collect(flag);
    let sizes: Vec<usize> = questions.words.values().copied().chain(questions.others.values().map(|_| 2)).collect();
    let combinations = sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size))?;
    if combinations > COMBINATIONS_MAX {
        return None;
    }
    let mut answers = (0..combinations).map(|number| questions.answer(flag, &digits(number, &sizes)));
    let first = answers.next()?;
    answers.all(|answer| answer == first).then_some(first)
}

/// The digits of a number whose places have these sizes.
fn digits(mut number: usize, sizes: &[usize]) -> Vec<usize> {
    let digit = |size: &usize| {
        let digit = number % size;
        number /= size;
        digit
    };
    sizes.iter().map(digit).collect()
}

/// What an expression asks.
#[derive(Debug, Default)]
struct Questions {
    /// The closed words, with how many values each has.
    words: BTreeMap<&'static str, usize>,
    /// Everything else, by its spelling, with its position.
    others: BTreeMap<String, usize>,
}

impl Questions {
    fn collect(&mut self, flag: &Flag) {
        match flag {
            Flag::Const(_) => {}
            Flag::Not(inner) => self.collect(inner),
            Flag::And(parts) | Flag::Or(parts) => parts.iter().for_each(|part| self.collect(part)),
            Flag::If(parts) => parts.iter().for_each(|part| self.collect(part)),
            Flag::Same(parts) => parts.iter().for_each(|part| self.collect(part)),
            Flag::Word(path, _) => {
                self.words.insert(path.as_str(), size_of(*path));
            }
            other => {
                let next = self.others.len();
                self.others.entry(format!("{other:?}")).or_insert(next);
            }
        }
    }

    fn answer(&self, flag: &Flag, digits: &[usize]) -> bool {
        match flag {
            Flag::Const(value) => *value,
            Flag::Not(inner) => !self.answer(inner, digits),
            Flag::And(parts) => parts.iter().all(|part| self.answer(part, digits)),
            Flag::Or(parts) => parts.iter().any(|part| self.answer(part, digits)),
            Flag::If(parts) => {
                let [condition, one, other] = parts.as_ref();
                self.answer(if self.answer(condition, digits) { one } else { other }, digits)
            }
            Flag::Same(parts) => {
                let [a, b] = parts.as_ref();
                self.answer(a, digits) == self.answer(b, digits)
            }
            Flag::Word(path, mask) => {
                let place = self.words.keys().position(|known| *known == path.as_str());
                let index = place.and_then(|place| digits.get(place)).copied().unwrap_or(0);
                mask >> index & 1 == 1
            }
            other => {
                let position = self.others.get(&format!("{other:?}")).copied().unwrap_or(0);
                digits.get(self.words.len() + position) == Some(&1)
            }
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
