//! The enforcement point: from a decision to a [`Permit`] or a [`Refusal`], and to nothing else.
//!
//! A permit cannot be made by hand:
//! ```compile_fail,E0451
//! fn forge(gate: blastgate::enforce::Permit) -> blastgate::enforce::Permit {
//!     blastgate::enforce::Permit { id: gate.id(), ..gate }
//! }
//! ```
//! nor a receipt, which is what a permit is made of:
//! ```compile_fail,E0451
//! let receipt = blastgate::record::Receipt { sequence: 0, leaf: [0; 32] };
//! ```
//! nor any of the proofs before it:
//! ```compile_fail,E0451
//! fn forge(other: blastgate::classify::Action, milder: blastgate::model::BlastRadius) -> blastgate::classify::Action {
//!     blastgate::classify::Action { blast: milder, ..other }
//! }
//! ```
//! ```compile_fail,E0451
//! fn forge(other: blastgate::decide::Decision) -> blastgate::decide::Decision {
//!     blastgate::decide::Decision { effect: blastgate::model::Effect::Allow, ..other }
//! }
//! ```
//! ```compile_fail,E0451
//! fn forge(reading: blastgate::identify::Reading) -> blastgate::identify::Identified {
//!     blastgate::identify::Identified { reading, generic: None }
//! }
//! ```
//! and a permit is used once:
//! ```compile_fail,E0382
//! fn twice(permit: blastgate::enforce::Permit) {
//!     permit.close(blastgate::record::Outcome::Abandoned);
//!     permit.close(blastgate::record::Outcome::Abandoned);
//! }
//! ```

mod admit;
mod advise;
mod checks;
mod gate;
mod history;
mod mode;
mod permit;
mod recall;
mod refusal;
mod snapshot;
mod snapshots;
mod tally;
mod unfinished;

pub use advise::{Advice, Advised, Passage};
pub use checks::{Checks, NoChecks};
pub use gate::{Decided, Gate, GateParts, Request};
pub use permit::{Carried, Destination, Permit};
pub use recall::Remembered;
pub use refusal::{Refusal, RefusalKind};
pub use tally::{Stopped, Tally};

#[cfg(test)]
mod tests;
