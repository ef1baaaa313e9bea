//! Sessions of those who name none: one for each listener and client, so that limits hold for them too.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::model::SessionId;

/// Clients that are told apart; all others of a listener share one session.
const CLIENTS_MAX: usize = 1024;

/// Where an anonymous request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// The address of a TCP connection.
    Address(IpAddr),
    /// The user at the other end of a unix socket.
    User(u32),
}

impl Client {
    /// One machine counts as one client, however many addresses it can use: another address must not be a way to
    /// fresh limits.
    fn one(self) -> Self {
        let Self::Address(address) = self else { return self };
        let address = address.to_canonical();
        if address.is_loopback() {
            return Self::Address(IpAddr::V6(Ipv6Addr::LOCALHOST));
        }
        Self::Address(match address {
            IpAddr::V4(_) => address,
            // A host is given at least a /64 (RFC 6177).
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        })
    }
}

/// The anonymous sessions of one gate. Nothing is ever taken out: a client that is forgotten would start afresh.
#[derive(Debug, Default)]
pub(super) struct Anonymous {
    clients: HashMap<(String, Client), SessionId>,
    /// By listener, for the clients that are too many.
    crowds: HashMap<String, SessionId>,
}

impl Anonymous {
    pub(super) fn session(&mut self, listener: &str, client: Client, new: impl Fn() -> SessionId) -> SessionId {
        let key = (listener.to_owned(), client.one());
        if let Some(session) = self.clients.get(&key) {
            return *session;
        }
        if self.clients.len() >= CLIENTS_MAX {
            return *self.crowds.entry(key.0).or_insert_with(new);
        }
        *self.clients.entry(key).or_insert_with(new)
    }
}
