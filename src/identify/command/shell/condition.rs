//! Questions: `[[ … ]]` and `[ … ]`, answered where only known texts are compared.

use brush_parser::ast::{BinaryPredicate, ExtendedTestExpr, UnaryPredicate};

use super::super::Word;
use super::walk::{Status, Walk};
use super::{fields, pattern};

impl Walk<'_, '_> {
    pub(super) fn extended_test(&mut self, test: &ExtendedTestExpr) -> Status {
        status(self.answer(test))
    }

    fn answer(&mut self, test: &ExtendedTestExpr) -> Option<bool> {
        match test {
            ExtendedTestExpr::And(left, right) => {
                let (left, right) = (self.answer(left), self.answer(right));
                if left == Some(false) || right == Some(false) { Some(false) } else { left.and(right) }
            }
            ExtendedTestExpr::Or(left, right) => {
                let (left, right) = (self.answer(left), self.answer(right));
                if left == Some(true) || right == Some(true) { Some(true) } else { left.and(right) }
            }
            ExtendedTestExpr::Not(inner) => self.answer(inner).map(|answer| !answer),
            ExtendedTestExpr::Parenthesized(inner) => self.answer(inner),
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let text = self.value(&word.value);
                match predicate {
                    UnaryPredicate::ShellVariableIsSetAndAssigned | UnaryPredicate::ShellVariableIsSetAndNameRef => {
                        self.subscripts(&text);
                        None
                    }
                    UnaryPredicate::StringHasZeroLength => emptiness(&text),
                    UnaryPredicate::StringHasNonZeroLength => emptiness(&text).map(|empty| !empty),
                    _ => None,
                }
            }
            ExtendedTestExpr::BinaryTest(predicate, left, right) => {
                let text = self.value(&left.value);
                let (wanted, equal) = match predicate {
                    BinaryPredicate::StringExactlyMatchesPattern | BinaryPredicate::StringExactlyMatchesString => {
                        (self.pattern(&right.value), true)
                    }
                    BinaryPredicate::StringDoesNotExactlyMatchPattern
                    | BinaryPredicate::StringDoesNotExactlyMatchString => (self.pattern(&right.value), false),
                    _ => {
                        // What is asked does not matter, what the words run does.
                        let right = self.value(&right.value);
                        if is_arithmetic(predicate) {
                            self.named_subscripts(&text);
                            self.named_subscripts(&right);
                        }
                        return None;
                    }
                };
                pattern::matches(&wanted?, &text).map(|matches| matches == equal)
            }
        }
    }
}

const fn is_arithmetic(predicate: &BinaryPredicate) -> bool {
    matches!(
        predicate,
        BinaryPredicate::ArithmeticEqualTo
            | BinaryPredicate::ArithmeticNotEqualTo
            | BinaryPredicate::ArithmeticLessThan
            | BinaryPredicate::ArithmeticLessThanOrEqualTo
            | BinaryPredicate::ArithmeticGreaterThan
            | BinaryPredicate::ArithmeticGreaterThanOrEqualTo
    )
}

/// What `test` with these arguments answers.
pub(super) fn test(arguments: &[Word]) -> Status {
    let texts: Option<Vec<_>> = arguments.iter().map(Word::text).collect();
    let Some(texts) = texts else { return Status::Maybe };
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    let answer = match texts.as_slice() {
        [] => Some(false),
        [one] => Some(!one.is_empty()),
        ["!", one] => Some(one.is_empty()),
        ["-z", one] => Some(one.is_empty()),
        ["-n", one] => Some(!one.is_empty()),
        [left, "=" | "==", right] => Some(left == right),
        [left, "!=", right] => Some(left != right),
        [left, "-eq", right] => number(left).zip(number(right)).map(|(left, right)| left == right),
        [left, "-ne", right] => number(left).zip(number(right)).map(|(left, right)| left != right),
        [left, "-lt", right] => number(left).zip(number(right)).map(|(left, right)| left < right),
        [left, "-le", right] => number(left).zip(number(right)).map(|(left, right)| left <= right),
        [left, "-gt", right] => number(left).zip(number(right)).map(|(left, right)| left > right),
        [left, "-ge", right] => number(left).zip(number(right)).map(|(left, right)| left >= right),
        _ => None,
    };
    status(answer)
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn emptiness(text: &str) -> Option<bool> {
    match fields::is_known(text) {
        true => Some(text.is_empty()),
        // Something known stands beside.
        false if text.chars().any(|one| !super::super::is_veiled(one)) => Some(false),
        false => None,
    }
}

const fn status(answer: Option<bool>) -> Status {
    match answer {
        Some(true) => Status::Success,
        Some(false) => Status::Failure,
        None => Status::Maybe,
    }
}

/// How deep brackets stand in each other.
pub(super) fn brackets(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for character in text.chars() {
        match character {
            '(' | '[' | '?' | '!' | '~' | '-' | '+' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
