//! GraphQL over a WebSocket: which openings can become nothing else, and what one text message of the client asks for.
//!
//! Pure. The relay gives every text message of the client to [`read`] before it passes it on: [`Frame::Own`] may pass,
//! [`Frame::Asks`] is judged as a POST of [`Frame::Asks::payload`] to the path of the opening, and what is none of both
//! must not pass.
//!
//! Sources: `graphql-transport-ws` (graphql-ws, PROTOCOL.md), `graphql-ws` (subscriptions-transport-ws, PROTOCOL.md), and
//! AppSync's real-time protocol, which wraps the request of the latter in `payload.data` and offers its credentials as a
//! subprotocol `header-…` that no server picks.

use serde_json::Value;

use super::BODY_MAX;
use super::text::{self, Members};
use crate::model::http::{Head, Upgrade};

/// The longest name of a request that is answered; clients use UUIDs and counters.
const ID_BYTES_MAX: usize = 1024;

/// What an opening's answer says is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subprotocol {
    /// `graphql-transport-ws`: `subscribe`, `complete`, `ping`, `pong`.
    Transport,
    /// `graphql-ws`, the older one, and what AppSync makes of it: `start`, `stop`, `connection_terminate`.
    Legacy,
}

impl Subprotocol {
    /// The subprotocol of this name, as `Sec-WebSocket-Protocol` spells it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "graphql-transport-ws" => Some(Self::Transport),
            "graphql-ws" => Some(Self::Legacy),
            _ => None,
        }
    }
}

/// What a WebSocket's opening offers, where that is nothing but GraphQL: every message of such a connection is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    transport: bool,
    legacy: bool,
}

impl Offer {
    /// `None` where the connection may become anything else. The one question that decides both what the opening is judged
    /// as and whether its messages are read.
    #[must_use]
    pub fn of(head: &Head) -> Option<Self> {
        let mut offer = Self::default();
        for value in head.headers.get_all("sec-websocket-protocol") {
            for name in value.to_str().ok()?.split(',') {
                match Subprotocol::parse(name.trim()) {
                    Some(Subprotocol::Transport) => offer.transport = true,
                    Some(Subprotocol::Legacy) => offer.legacy = true,
                    None if name.trim().starts_with("header-") => {}
                    None => return None,
                }
            }
        }
        (head.upgrade == Some(Upgrade::WebSocket) && offer != Self::default()).then_some(offer)
    }

    /// Whether the client offered to speak it.
    #[must_use]
    pub const fn has(self, subprotocol: Subprotocol) -> bool {
        match subprotocol {
            Subprotocol::Transport => self.transport,
            Subprotocol::Legacy => self.legacy,
        }
    }
}

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Nothing that is executed: one of the connection's own.
    Own {
        /// The request that its sender wants no more of.
        ends: Option<String>,
    },
    /// A request.
    Asks {
        /// What answers to it are marked with.
        id: String,
        /// The request as JSON, as the body of a POST would have it.
        payload: String,
        /// It was wrapped as AppSync's clients do.
        is_wrapped: bool,
    },
}

/// Reads one text message; `None` when it is none of this subprotocol, or has two readings.
#[must_use]
pub fn read(message: &[u8], subprotocol: Subprotocol) -> Option<Frame> {
    let text = std::str::from_utf8(message).ok().filter(|text| text.len() <= BODY_MAX)?.trim();
    let Members(members) = text::object(text)?;
    let (mut kinds, mut ids, mut payloads) = (vec![], vec![], vec![]);
    for (name, raw) in &members {
        match name.to_ascii_lowercase().as_str() {
            "type" => kinds.push(raw.get()),
            "id" => ids.push(raw.get()),
            "payload" => payloads.push(raw.get()),
            // What a lenient server reads from here is not known.
            _ => return None,
        }
    }
    let ([kind], 0..=1, 0..=1) = (kinds.as_slice(), ids.len(), payloads.len()) else { return None };
    let id = ids.first().and_then(|id| serde_json::from_str::<String>(id).ok());
    let id = id.filter(|id| id.len() <= ID_BYTES_MAX);
    match (subprotocol, serde_json::from_str::<String>(kind).ok()?.as_str()) {
        (_, "connection_init")
        | (Subprotocol::Transport, "ping" | "pong")
        | (Subprotocol::Legacy, "connection_terminate") => Some(Frame::Own { ends: None }),
        (Subprotocol::Transport, "complete") | (Subprotocol::Legacy, "stop") => Some(Frame::Own { ends: Some(id?) }),
        (Subprotocol::Transport, "subscribe") | (Subprotocol::Legacy, "start") => {
            let (payload, is_wrapped) = unwrapped(payloads.first()?)?;
            Some(Frame::Asks { id: id?, payload, is_wrapped })
        }
        _ => None,
    }
}

/// The request itself: AppSync's stands as a text in `data`, beside how it is signed.
fn unwrapped(payload: &str) -> Option<(String, bool)> {
    let Members(members) = text::object(payload)?;
    let data: Vec<_> = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("data")).collect();
    let asks = members.iter().any(|(name, _)| name.eq_ignore_ascii_case("query"));
    match data.as_slice() {
        [] => Some((payload.to_owned(), false)),
        [(_, data)] if !asks => match serde_json::from_str(data.get()).ok()? {
            Value::String(text) => Some((text, true)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
