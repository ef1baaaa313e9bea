//! Configuration as checked values. Takes text, reads no files (`app` and `cli` do).

mod address;
mod diagnostic;
mod glob;
mod inventory;
mod kind;
mod moment;
mod pattern;
mod people;
mod quantity;
mod sarif;
mod scalar;
mod settings;
mod voters;

pub use address::AddressKind;
pub use diagnostic::{Diagnostic, Diagnostics};
pub(crate) use diagnostic::{Report, Spot, nearest, parse_yaml};
pub use glob::Glob;
pub use inventory::{Alias, Inventory, Match, MatchKey};
pub use kind::{Gravity, Kind};
pub(crate) use moment::{Edge, checked_moment};
pub use pattern::Pattern;
pub use people::{Key, KeyError, People, Person, VOTE_NAMESPACE};
pub(crate) use people::{is_private, is_role};
pub(crate) use quantity::duration;
pub use sarif::sarif;
pub use settings::{
    AddressRange, Approvals, Asks, Bodies, BreakGlass, Check, ClientCert, Config, Desktop, Egress, Email, Endpoint,
    Events, Listen, MailTls, NoticeKind, Notify, ProxyChoice, ReverseListener, SecretSource, Slack, Upstream, WebUrl,
    Webhook,
};

#[cfg(test)]
mod tests;
