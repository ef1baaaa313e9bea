//! GraphQL over a WebSocket: what one text message from the client asks for.
//!
//! Pure. The relay gives every text message of the client to [`read`] before it passes it on: [`Frame::Nothing`] may pass,
//! [`Frame::Asks`] is judged as a POST with [`Frame::Asks::payload`] as its JSON body to the path of the opening, and
//! [`Frame::Unreadable`] (binary messages and messages in several frames that were not joined included) must not pass.
//!
//! Sources: `graphql-transport-ws` (graphql-ws, PROTOCOL.md), `graphql-ws` (subscriptions-transport-ws, PROTOCOL.md), and
//! AppSync's real-time protocol, which wraps the request of the latter in `payload.data`.

use serde_json::Value;

use super::request::Requests;
use super::text::{self, Members};
use super::{Asked, BODY_MAX};

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

/// What a message asks for.
#[derive(Clone, Debug)]
pub enum Frame {
    /// Nothing that is executed: the connection's own messages.
    Nothing,
    /// A request.
    Asks {
        /// The request as JSON, as the body of a POST would have it.
        payload: String,
        /// Everything in it; never empty. Holds [`super::Root::Unreadable`] where the document cannot be read.
        asked: Vec<Asked>,
    },
    /// No message of this subprotocol, or one with two readings.
    Unreadable,
}

/// Reads one text message.
#[must_use]
pub fn read(message: &[u8], subprotocol: Subprotocol) -> Frame {
    let text = match std::str::from_utf8(message) {
        Ok(text) if text.len() <= BODY_MAX => text.trim(),
        _ => return Frame::Unreadable,
    };
    let Some(Members(members)) = text::object(text) else { return Frame::Unreadable };
    let (mut kinds, mut payloads) = (vec![], vec![]);
    for (name, raw) in members {
        match name.to_ascii_lowercase().as_str() {
            "type" => kinds.push(raw),
            "payload" => payloads.push(raw),
            "id" => {}
            // What a lenient server reads from here is not known.
            _ => return Frame::Unreadable,
        }
    }
    let ([kind], 0..=1) = (kinds.as_slice(), payloads.len()) else { return Frame::Unreadable };
    let Ok(kind) = serde_json::from_str::<String>(kind.get()) else { return Frame::Unreadable };
    match (subprotocol, kind.as_str()) {
        (_, "connection_init")
        | (Subprotocol::Transport, "complete" | "ping" | "pong")
        | (Subprotocol::Legacy, "stop" | "connection_terminate") => Frame::Nothing,
        (Subprotocol::Transport, "subscribe") | (Subprotocol::Legacy, "start") => {
            payloads.first().map_or(Frame::Unreadable, |payload| asks(payload.get()))
        }
        _ => Frame::Unreadable,
    }
}

fn asks(payload: &str) -> Frame {
    let Some(payload) = unwrapped(payload) else { return Frame::Unreadable };
    let mut requests = Requests::new(true);
    requests.add_text(&payload);
    match requests.judge() {
        Some(found) => Frame::Asks { payload, asked: found.asked() },
        None => Frame::Unreadable,
    }
}

/// The request itself: AppSync's stands as a text in `data`, beside how it is signed.
fn unwrapped(payload: &str) -> Option<String> {
    let Members(members) = text::object(payload)?;
    let data: Vec<_> = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("data")).collect();
    let asks = members.iter().any(|(name, _)| name.eq_ignore_ascii_case("query"));
    match data.as_slice() {
        [] => Some(payload.to_owned()),
        [(_, data)] if !asks => match serde_json::from_str(data.get()).ok()? {
            Value::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
