//! Plain data that every layer shares: the words of `docs/glossary.md` as types.
//!
//! Nothing here does IO, reads a clock or decides anything. The proof types (`Identified`, `Action`, `Decision`,
//! `Receipt`, `Permit`) do not live here: each lives with the stage that alone may make it.

mod blast;
mod clock;
mod demand;
mod effect;
mod environment;
pub mod http;
mod ids;
mod operation;
mod principal;
mod resource;

pub(crate) use blast::words as blast_words;
pub use blast::{BlastRadius, Count, Hazard, Hazards, Impact, Reversible, Scope};
pub use clock::{Clock, Timestamp, Uptime};
pub use demand::{
    Approval, Demand, Obligation, ParseObligationError, ParseVoterError, Part, SNAPSHOT_WITHIN_MAX, Said, Voter,
    is_check,
};
pub use effect::{Disposition, Effect, Mode, Posture};
pub use environment::{Environment, Kind as EnvironmentKind};
pub use ids::{ApprovalId, DecisionId, ParseIdError, SessionId};
pub use operation::Operation;
pub use principal::{Context, Door, Evidence, Level, Principal, Standing};
pub use resource::{Parameter, Place, Resource};

#[cfg(test)]
mod tests;
