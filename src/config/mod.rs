//! Configuration as checked values. Takes text, reads no files (`app` and `cli` do).

mod address;
mod diagnostic;
mod glob;
mod inventory;
mod kind;
mod pattern;
mod people;
mod quantity;
mod sarif;
mod scalar;
mod settings;

pub use address::AddressKind;
pub use diagnostic::{Diagnostic, Diagnostics};
pub(crate) use diagnostic::{Report, Spot, nearest, parse_yaml};
pub use glob::Glob;
pub use inventory::{Alias, Inventory, Match, MatchKey};
pub use kind::{Gravity, Kind};
pub use pattern::Pattern;
pub(crate) use people::is_role;
pub use people::{People, Person};
pub(crate) use quantity::duration;
pub use sarif::sarif;
pub use settings::{
    AddressRange, Approvals, Bodies, ClientCert, Config, Desktop, Egress, Email, Endpoint, Events, Listen, MailTls,
    NoticeKind, Notify, ProxyChoice, ReverseListener, SecretSource, Slack, Upstream, WebUrl, Webhook,
};

#[cfg(test)]
mod tests;
