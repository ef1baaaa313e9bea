//! What the opening of a connection into a container asks to be carried, and which framings of it can be followed.
//!
//! Pure. One value, made from the head alone, says what the client may send once the connection is open; the relay holds
//! the client's bytes to it. Docker's attachments without input stand here too: they are let through as reads.
//!
//! Sources: `k8s.io/apimachinery/pkg/util/remotecommand/constants.go`, `k8s.io/apiserver/pkg/util/wsstream`,
//! `k8s.io/apimachinery/pkg/util/httpstream/wsstream`, `k8s.io/kubelet/pkg/cri/streaming/portforward`.

use super::{Target, Verb, path, query};
use crate::model::http::{Head, Upgrade};

/// What a connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `exec`, `attach`: a program's streams.
    Program {
        /// Its input was asked for.
        stdin: bool,
    },
    /// `portforward`.
    Forward {
        /// The only ports that may be asked for, where the opening names any, in the order of their channels.
        ports: Vec<u16>,
        /// It names some; else any port may be asked for on the way.
        is_named: bool,
    },
    /// Only the server speaks.
    Listening,
}

/// How streams share the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// WebSocket messages whose first byte is the channel.
    Channels {
        /// Text: the channel is a digit, what follows is Base64.
        is_base64: bool,
        /// Channel 255 closes another one (`v5`).
        closes: bool,
    },
    /// SPDY/3.1 inside WebSocket messages.
    Tunnel,
    /// SPDY/3.1.
    Spdy,
    /// Bytes.
    Raw,
}

impl Framing {
    /// The framing of a subprotocol's name, as `Sec-WebSocket-Protocol` spells it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "v5.channel.k8s.io" => Self::Channels { is_base64: false, closes: true },
            "channel.k8s.io" | "v2.channel.k8s.io" | "v3.channel.k8s.io" | "v4.channel.k8s.io" => Self::PLAIN,
            "base64.channel.k8s.io"
            | "v2.base64.channel.k8s.io"
            | "v3.base64.channel.k8s.io"
            | "v4.base64.channel.k8s.io" => Self::Channels { is_base64: true, closes: false },
            "SPDY/3.1+portforward.k8s.io" => Self::Tunnel,
            _ => return None,
        })
    }

    /// What is spoken where no subprotocol is.
    const PLAIN: Self = Self::Channels { is_base64: false, closes: false };
}

/// What an opening asks to be carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    purpose: Purpose,
    upgrade: Upgrade,
    /// The subprotocols of the offer that can be followed.
    offered: Vec<String>,
    /// Something else was offered too.
    others: bool,
}

impl Channels {
    /// `None` where nothing is known of what the client may send.
    #[must_use]
    pub fn of(head: &Head) -> Option<Self> {
        let upgrade = head.upgrade?;
        let purpose = match upgrade {
            Upgrade::WebSocket | Upgrade::Spdy => purpose(head)?,
            Upgrade::Tcp if listens(head) => Purpose::Listening,
            Upgrade::Tcp | Upgrade::H2c => return None,
        };
        let (mut offered, mut others) = (vec![], false);
        for value in head.headers.get_all("sec-websocket-protocol") {
            for name in value.to_str().unwrap_or("?").split(',').map(str::trim) {
                match Framing::parse(name) {
                    Some(_) => offered.push(name.to_owned()),
                    None => others = true,
                }
            }
        }
        Some(Self { purpose, upgrade, offered, others })
    }

    /// What the connection is for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// How the client's direction is to be followed, by what the server `picked`; `None` where nobody offered anything
    /// that can be.
    ///
    /// # Errors
    /// The server picked what cannot be followed, although it was offered what can.
    pub fn framing(&self, picked: &[&str]) -> Result<Option<Framing>, &'static str> {
        match (self.upgrade, picked) {
            (Upgrade::Spdy, _) => Ok(Some(Framing::Spdy)),
            (Upgrade::Tcp | Upgrade::H2c, _) => Ok(Some(Framing::Raw)),
            (Upgrade::WebSocket, []) if self.offered.is_empty() => Ok(Some(Framing::PLAIN)),
            (Upgrade::WebSocket, [one]) => match Framing::parse(one) {
                Some(framing) if self.offered.iter().any(|offered| offered == one) => Ok(Some(framing)),
                None if self.offered.is_empty() && self.others => Ok(None),
                _ => Err(NOT_FOLLOWED),
            },
            (Upgrade::WebSocket, _) => Err(NOT_FOLLOWED),
        }
    }
}

const NOT_FOLLOWED: &str = "upstream picked no subprotocol of the offer whose streams can be followed";

/// What a connection into a pod is for.
fn purpose(head: &Head) -> Option<Purpose> {
    let Ok(Target::Object(object)) = path::parse(&head.method, head.path(), false) else { return None };
    if object.verb != Verb::Connect || object.plural != "pods" || !object.group.is_empty() {
        return None;
    }
    let all = query(head);
    let values = |name: &'static str| all.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
    match object.sub.as_deref()? {
        // Any value but these two is true to the API server, which takes the first one.
        "exec" | "attach" => {
            let is_on = |value: &str| value != "0" && !value.eq_ignore_ascii_case("false");
            let (first, no) = (values("stdin").next(), values("stdin").any(|value| !is_on(value)));
            Some(Purpose::Program { stdin: first.is_some() && !no })
        }
        "portforward" => {
            let named: Vec<&str> = values("ports").flat_map(|value| value.split(',')).collect();
            let ports = named.iter().filter_map(|port| port_of(port)).collect();
            Some(Purpose::Forward { ports, is_named: !named.is_empty() })
        }
        _ => None,
    }
}

/// A port in plain spelling.
#[must_use]
pub fn port_of(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// Docker's `containers/ID/attach` without input, by the conditions of `catalog/docker/conditions.tsv`.
fn listens(head: &Head) -> bool {
    let is_off = |value: &str| matches!(value, "" | "0" | "no" | "false" | "none" | "False");
    let is_form = head
        .headers
        .get_all("content-type")
        .iter()
        .any(|media| media.to_str().map_or(true, |media| media.to_ascii_lowercase().contains("form")));
    let all = query(head);
    let is_asked = all.iter().any(|(name, value)| name.eq_ignore_ascii_case("stdin") && !is_off(value));
    head.path().ends_with("/attach") && !is_form && !is_asked
}

#[cfg(test)]
mod tests;
