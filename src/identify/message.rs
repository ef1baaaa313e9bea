//! One message of a connection that speaks GraphQL, named as the POST that it stands for.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use vec1::Vec1;

use super::protocol::graphql::frames::{self, Frame, Subprotocol};
use super::{Identified, Known, protocol};
use crate::model::http::{Captured, Head, Unreadable};

/// What a message says.
#[derive(Debug)]
pub enum Said {
    /// Nothing that is executed.
    Own {
        /// The request that its sender wants no more of.
        ends: Option<String>,
    },
    /// A request.
    Asks(Asked),
}

/// A request in a message.
#[derive(Debug)]
pub struct Asked {
    /// What answers to it are marked with.
    pub id: String,
    /// It was wrapped as AppSync's clients do.
    pub is_wrapped: bool,
    /// What a POST would carry.
    pub payload: Bytes,
    /// Every operation that it asks for, or why there is more than one reading of it.
    pub identified: Result<Vec1<Identified>, Unreadable>,
}

/// The head of the POST that each message of the opened connection stands for: to the same path, with nothing of what only
/// the opening says.
#[must_use]
pub fn posted(opening: &Head) -> Head {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Head {
        scheme: opening.scheme,
        authority: opening.authority.clone(),
        method: Method::POST,
        target: opening.path().parse().unwrap_or_else(|_| PathAndQuery::from_static("/")),
        headers,
        upgrade: None,
    }
}

/// Reads a text message of the client. `posted`: what [`posted`] makes of the opening.
///
/// # Errors
/// It is no message of the subprotocol, or one with two readings.
pub fn message(posted: &Head, known: &Known, text: &[u8], subprotocol: Subprotocol) -> Result<Said, Unreadable> {
    let not_one = || Unreadable::new("a WebSocket message that cannot be read as GraphQL in exactly one way");
    Ok(match frames::read(text, subprotocol).ok_or_else(not_one)? {
        Frame::Own { ends } => Said::Own { ends },
        Frame::Asks { id, payload, is_wrapped } => {
            let payload = Bytes::from(payload);
            let readings = protocol::message(posted, &Captured::Whole(payload.clone()), known);
            // The connection speaks GraphQL, whoever chose its name: there are no other readings.
            let one = |reading| Identified { reading, others: vec![], by_shape: false };
            Said::Asks(Asked { id, is_wrapped, payload, identified: readings.map(|all| all.mapped(one)) })
        }
    })
}

#[cfg(test)]
mod tests;
