//! Arithmetic on known numbers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use brush_parser::ast::{ArithmeticExpr, ArithmeticTarget, BinaryOperator, UnaryAssignmentOperator, UnaryOperator};

use super::state::Value;
use super::walk::{Status, Walk};
use super::{condition, fields};

/// A longer expression is not worked out.
const BYTES_MAX: usize = 400;
/// How deep variables may name variables.
const DEPTH_MAX: usize = 30;

impl Walk<'_, '_> {
    /// `(( … ))`.
    pub(super) fn arithmetic_command(&mut self, text: &str) -> Status {
        match self.arithmetic(text) {
            Some(0) => Status::Failure,
            Some(_) => Status::Success,
            None => {
                self.forget_assigned(text);
                Status::Maybe
            }
        }
    }

    /// The number; `None` when nobody knows.
    pub(super) fn arithmetic(&mut self, text: &str) -> Option<i64> {
        self.named_subscripts(text);
        if text.len() > BYTES_MAX || condition::brackets(text) > DEPTH_MAX {
            // What is asked is not worked out, what its substitutions run is read.
            self.value(text);
            return None;
        }
        // Names are variables here even without `$`; with it, or with a substitution, they are expanded first.
        let text = if text.contains(['$', '`', '"', '\'', '\\']) { self.value(text) } else { text.to_owned() };
        self.subscripts(&text);
        if !fields::is_known(&text) {
            return None;
        }
        let parsed = catch_unwind(AssertUnwindSafe(|| brush_parser::arithmetic::parse(&text).ok())).ok().flatten()?;
        self.number(&parsed, 0)
    }

    /// What an expression that nobody works out may have assigned.
    pub(super) fn forget_assigned(&mut self, text: &str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names: Vec<String> = text
            .split(|c: char| !is_name(c))
            .filter(|name| self.state.variables.contains_key(*name))
            .map(ToOwned::to_owned)
            .collect();
        if !text.contains(['=']) && !text.contains("++") && !text.contains("--") {
            return;
        }
        for name in names {
            let unknown = self.unknown(format!("${name}")).to_string();
            self.state.set(&name, Value::Scalar(unknown));
        }
    }

    fn number(&mut self, expression: &ArithmeticExpr, depth: usize) -> Option<i64> {
        if depth > DEPTH_MAX || !self.scene.step() {
            return None;
        }
        match expression {
            ArithmeticExpr::Literal(number) => Some(*number),
            ArithmeticExpr::Reference(target) => self.target(target, depth),
            ArithmeticExpr::UnaryOp(operator, inner) => {
                let inner = self.number(inner, depth + 1)?;
                match operator {
                    UnaryOperator::UnaryPlus => Some(inner),
                    UnaryOperator::UnaryMinus => inner.checked_neg(),
                    UnaryOperator::BitwiseNot => Some(!inner),
                    UnaryOperator::LogicalNot => Some(i64::from(inner == 0)),
                }
            }
            ArithmeticExpr::BinaryOp(operator, left, right) => {
                let left = self.number(left, depth + 1)?;
                let right = self.number(right, depth + 1)?;
                binary(operator, left, right)
            }
            ArithmeticExpr::Conditional(condition, yes, no) => {
                let way = if self.number(condition, depth + 1)? != 0 { yes } else { no };
                self.number(way, depth + 1)
            }
            ArithmeticExpr::Assignment(target, value) => {
                let value = self.number(value, depth + 1)?;
                self.assign(target, value)
            }
            ArithmeticExpr::BinaryAssignment(operator, target, value) => {
                let (before, value) = (self.target(target, depth)?, self.number(value, depth + 1)?);
                let value = binary(operator, before, value)?;
                self.assign(target, value)
            }
            ArithmeticExpr::UnaryAssignment(operator, target) => {
                let before = self.target(target, depth)?;
                let (after, gives_after) = match operator {
                    UnaryAssignmentOperator::PrefixIncrement => (before.checked_add(1)?, true),
                    UnaryAssignmentOperator::PrefixDecrement => (before.checked_sub(1)?, true),
                    UnaryAssignmentOperator::PostfixIncrement => (before.checked_add(1)?, false),
                    UnaryAssignmentOperator::PostfixDecrement => (before.checked_sub(1)?, false),
                };
                self.assign(target, after)?;
                Some(if gives_after { after } else { before })
            }
        }
    }

    fn target(&mut self, target: &ArithmeticTarget, depth: usize) -> Option<i64> {
        let ArithmeticTarget::Variable(name) = target else { return None };
        let text = self.state.scalar(name, &self.at, self.scene).ok()?.unwrap_or_default();
        let text = text.trim();
        if text.is_empty() {
            return Some(0);
        }
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        if text.len() > BYTES_MAX || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        let parsed = brush_parser::arithmetic::parse(text).ok()?;
        self.number(&parsed, depth + 1)
    }

    fn assign(&mut self, target: &ArithmeticTarget, value: i64) -> Option<i64> {
        let ArithmeticTarget::Variable(name) = target else { return None };
        self.state.set(name, Value::Scalar(value.to_string()));
        Some(value)
    }
}

fn binary(operator: &BinaryOperator, left: i64, right: i64) -> Option<i64> {
    let shift = u32::try_from(right & 63).ok()?;
    match operator {
        BinaryOperator::Power => left.checked_pow(u32::try_from(right).ok()?),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::Divide => left.checked_div(right),
        BinaryOperator::Modulo => left.checked_rem(right),
        BinaryOperator::Comma => Some(right),
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::ShiftLeft => Some(left.wrapping_shl(shift)),
        BinaryOperator::ShiftRight => Some(left.wrapping_shr(shift)),
        BinaryOperator::LessThan => Some(i64::from(left < right)),
        BinaryOperator::LessThanOrEqualTo => Some(i64::from(left <= right)),
        BinaryOperator::GreaterThan => Some(i64::from(left > right)),
        BinaryOperator::GreaterThanOrEqualTo => Some(i64::from(left >= right)),
        BinaryOperator::Equals => Some(i64::from(left == right)),
        BinaryOperator::NotEquals => Some(i64::from(left != right)),
        BinaryOperator::BitwiseAnd => Some(left & right),
        BinaryOperator::BitwiseXor => Some(left ^ right),
        BinaryOperator::BitwiseOr => Some(left | right),
        BinaryOperator::LogicalAnd => Some(i64::from(left != 0 && right != 0)),
        BinaryOperator::LogicalOr => Some(i64::from(left != 0 || right != 0)),
    }
}
