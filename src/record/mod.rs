//! The ledger: an append-only log. An entry is written before a byte is forwarded; a [`Receipt`] proves that it stands.

mod common;
mod disk;
mod entry;
mod folder;
mod format;
mod log;
pub mod query;
mod recall;
mod recover;
pub mod redact;
mod scan;
mod seal;
mod segment;
pub mod tree;
mod writer;

pub use entry::{
    ActionEntry, ApprovalEntry, ApprovalStep, CheckEntry, ConfigurationEntry, ConfigurationStep, DecisionEntry, Entry,
    GapCause, GapEntry, Ground, HookEntry, Outcome, OutcomeEntry, RejectedEntry, SessionEntry, SessionStep, StartEntry,
    Streamed,
};
pub use format::{LogId, PAYLOAD_BYTES_MAX};
pub use log::{Ledger, LedgerError, LedgerOptions, Recovered};
pub use recall::{Masked, Recalled, Unsaid};
pub use scan::{Damage, Trouble};
pub use writer::TreeHead;

/// How safe an entry must be before the gate goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Given to the operating system: survives our death, not a power loss. Reads, and outcomes.
    Written,
    /// Synced to the device: survives power loss too. Everything else.
    Durable,
}

/// The proof that an entry stands in the log. Made only by [`Ledger::append`]; used once.
#[derive(Debug)]
#[must_use = "a receipt is what a permit is made of"]
pub struct Receipt {
    sequence: u64,
    leaf: tree::Hash,
}

impl Receipt {
    /// The entry's position in the log, counted from 0.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The entry's Merkle leaf hash (RFC 6962, section 2.1).
    #[must_use]
    pub const fn leaf(&self) -> &tree::Hash {
        &self.leaf
    }
}

#[cfg(test)]
mod tests;
