//! Whether a condition holds for every row.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, Dialect, DuckDbDialect, GenericDialect, MsSqlDialect, MySqlDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SQLiteDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;

use super::SqlDialect;
use super::lex::{Kind, Token, joined};

/// How many words of a condition are looked at.
const WORDS_MAX: usize = 2000;
/// How deep an expression may be.
const DEPTH_MAX: usize = 60;

/// Whether the condition, as its words stand, is met by every row, or by all that are worth the name.
pub(super) fn holds_always(dialect: SqlDialect, words: &[Token]) -> bool {
    // What is longer is a list of values: it says which rows.
    if words.is_empty() {
        return true;
    }
    if words.len() > WORDS_MAX {
        return false;
    }
    let text = match words {
        // `WHERE 1` and the like, which not every dialect takes.
        [one] if one.kind == Kind::Number => return !one.text.trim_matches(['0', '.']).is_empty(),
        words => joined(words),
    };
    let dialect = parsers(dialect);
    let parser = Parser::new(&*dialect).with_recursion_limit(DEPTH_MAX).try_with_sql(&text);
    let Ok(expression) = parser.and_then(|mut parser| parser.parse_expr()) else { return false };
    truth(&expression, 0) == Some(true)
}

fn parsers(dialect: SqlDialect) -> Box<dyn Dialect> {
    match dialect {
        SqlDialect::Generic => Box::new(GenericDialect {}),
        SqlDialect::Postgres => Box::new(PostgreSqlDialect {}),
        SqlDialect::Mysql => Box::new(MySqlDialect {}),
        SqlDialect::Sqlite => Box::new(SQLiteDialect {}),
        SqlDialect::Mssql => Box::new(MsSqlDialect {}),
        SqlDialect::Snowflake => Box::new(SnowflakeDialect {}),
        SqlDialect::BigQuery => Box::new(BigQueryDialect {}),
        SqlDialect::Redshift => Box::new(RedshiftSqlDialect {}),
        SqlDialect::ClickHouse => Box::new(ClickHouseDialect {}),
        SqlDialect::DuckDb => Box::new(DuckDbDialect {}),
    }
}

/// What an expression is for every row alike; `None` where it depends on the row.
fn truth(expression: &Expr, depth: usize) -> Option<bool> {
    if depth > DEPTH_MAX {
        return None;
    }
    let deeper = |inner: &Expr| truth(inner, depth + 1);
    match expression {
        Expr::Nested(inner) | Expr::IsTrue(inner) | Expr::IsNotFalse(inner) => deeper(inner),
        Expr::Cast { expr, .. } => deeper(expr),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } | Expr::IsFalse(expr) | Expr::IsNotTrue(expr) => {
            deeper(expr).map(|holds| !holds)
        }
        Expr::Value(value) => constant(&value.value),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => match (deeper(left), deeper(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => match (deeper(left), deeper(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Expr::BinaryOp { left, op, right } => compared(left, op, right),
        Expr::IsNotNull(inner) => (is_key(inner) || matches!(**inner, Expr::Value(_))).then_some(true),
        Expr::Like { negated: false, pattern, .. } | Expr::ILike { negated: false, pattern, .. } => {
            (text(pattern)? == "%").then_some(true)
        }
        Expr::Exists { subquery, negated: false } => {
            let shown = subquery.to_string();
            (!shown.to_ascii_uppercase().contains(" FROM ")).then_some(true)
        }
        Expr::InList { expr, list, negated: false } => list.contains(expr).then_some(true),
        Expr::Between { expr, negated: false, low, high } if is_key(expr) => {
            let (low, high) = (number(low)?, number(high)?);
            (low <= 1.0 && high >= 1e6).then_some(true)
        }
        _ => None,
    }
}

fn constant(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(holds) => Some(*holds),
        Value::Null => Some(false),
        Value::Number(digits, _) => digits.parse::<f64>().ok().map(|number| number != 0.0),
        Value::SingleQuotedString(text) => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
            "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A comparison of two constants, of a thing with itself, or of a key with less than any key is.
fn compared(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<bool> {
    use BinaryOperator as Op;
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        return match op {
            Op::Eq | Op::Spaceship => Some(a == b),
            Op::NotEq => Some(a != b),
            Op::Lt => Some(a < b),
            Op::LtEq => Some(a <= b),
            Op::Gt => Some(a > b),
            Op::GtEq => Some(a >= b),
            _ => None,
        };
    }
    if let (Some(a), Some(b)) = (text(left), text(right)) {
        return match op {
            Op::Eq => Some(a == b),
            Op::NotEq => Some(a != b),
            _ => None,
        };
    }
    if left == right && matches!(op, Op::Eq | Op::Spaceship | Op::LtEq | Op::GtEq) {
        return Some(true);
    }
    let limit = number(right).filter(|_| is_key(left))?;
    let holds = match op {
        Op::Gt | Op::NotEq => limit <= 0.0,
        Op::GtEq => limit <= 1.0,
        _ => false,
    };
    holds.then_some(true)
}

fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Nested(inner) => number(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|number| -number),
        Expr::BinaryOp { left, op, right } => {
            let (a, b) = (number(left)?, number(right)?);
            match op {
                BinaryOperator::Plus => Some(a + b),
                BinaryOperator::Minus => Some(a - b),
                BinaryOperator::Multiply => Some(a * b),
                _ => None,
            }
        }
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        Expr::Nested(inner) => text(inner),
        _ => None,
    }
}

/// A column that names the row.
fn is_key(expression: &Expr) -> bool {
    let last = match expression {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(names) => names.last().map(|name| &name.value),
        _ => None,
    };
    last.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "id" | "_id" | "uuid" | "guid" | "pk" | "rowid" | "ctid")
    })
}
