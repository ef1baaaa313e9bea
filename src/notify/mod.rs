//! People are told that a call waits for them, and what became of it: over a webhook, Slack, mail, or their own terminal.
//!
//! A [`Notice`] holds what anybody may know: who wants which operation where, until when, who may answer, and the command
//! that shows the rest. Arguments, resources and reasons are not in it, and nothing in a message acts.
//!
//! [`Spool::put`] writes it down beside the rest of the state and returns; a [`Worker`] of any gate of this user sends it: at
//! least once, again after failures, and after a restart. Telling people lets nothing pass and stops nothing.

mod channel;
mod desktop;
mod email;
mod letter;
mod notice;
mod rows;
mod secret;
mod slack;
mod spool;
mod webhook;
mod worker;

pub use channel::{Channel, Channels, Failure, Sent};
pub use letter::{Content, Letter};
pub use notice::Notice;
pub use spool::{ChannelStatus, Delivery, Spool, Status};
pub use worker::Worker;

pub use crate::config::NoticeKind as Kind;

/// Notices of one agent in an hour; what comes beyond is summed up.
pub const AN_HOUR_MAX: u32 = 20;

#[cfg(test)]
mod tests;
