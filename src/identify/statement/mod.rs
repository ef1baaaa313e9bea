//! SQL.
use super::Identified;
use crate::model::http::Unreadable;
use vec1::Vec1;
/// A statement.
///
/// # Errors
/// Always.
pub fn statement(_dialect: &str, _text: &str, _target: Option<&str>) -> Result<Vec1<Identified>, Unreadable> {
    Err(Unreadable::new("no SQL yet"))
}
