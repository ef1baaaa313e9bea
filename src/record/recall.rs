//! From a record back to what was decided on, so that other rules can be asked about it.
//!
//! A record holds everything that a rule may look at, unless a value was masked. The digest that every action carries tells:
//! where it does not fit what stands in the record, nothing is said rather than guessed.

use vec1::Vec1;

use super::entry::{ActionEntry, DecisionEntry};
use crate::classify::{Action, Declaration, recalled};
use crate::model::{Context, Standing};

/// What was decided on.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// What was asked for.
    pub actions: Vec1<Action>,
    /// Who, through which door, when.
    pub context: Context,
    /// What was known of the person.
    pub standing: Option<Standing>,
}

/// Why a decision cannot be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unsaid {
    /// A value that rules look at stands masked in the record.
    #[error("a value in it was masked as a secret, and rules may look at it")]
    Masked,
    /// The record does not fit its own digest.
    #[error("the record is of another version, or was changed: it does not fit its own digest")]
    Unfit,
    /// Nothing was asked for.
    #[error("the record names no action")]
    Empty,
    /// The inventory cannot be asked again.
    #[error("the record does not tell whose account it is, and the inventory depends on it")]
    Account,
}

/// How every masked value begins.
const MASKED: &str = "[masked:";

impl DecisionEntry {
    /// What it was decided on.
    ///
    /// # Errors
    /// The record does not hold all of it.
    pub fn recall(&self) -> Result<Recalled, Unsaid> {
        let actions = self.actions.iter().map(ActionEntry::recall).collect::<Result<Vec<_>, _>>()?;
        let principal = self.principal.clone();
        let names = [&principal.agent, &principal.person];
        if names.into_iter().flatten().any(|name| name.contains(MASKED)) {
            return Err(Unsaid::Masked);
        }
        Ok(Recalled {
            actions: Vec1::try_from_vec(actions).map_err(|_| Unsaid::Empty)?,
            context: Context { principal, door: self.door, at: self.at },
            standing: self.standing.clone(),
        })
    }
}

impl ActionEntry {
    fn recall(&self) -> Result<Action, Unsaid> {
        let told = Declaration {
            operation: self.operation.clone(),
            resources: self.resources.clone(),
            place: self.place.clone(),
            parameters: self.parameters.clone(),
            blast: self.blast,
            environment: self.environment.clone(),
        };
        let action = recalled(told, self.aliases.clone(), self.evidence);
        if data_encoding::HEXLOWER.encode(&action.digest()) == self.digest {
            return Ok(action);
        }
        Err(if self.is_masked() { Unsaid::Masked } else { Unsaid::Unfit })
    }

    fn is_masked(&self) -> bool {
        // Serialising plain data cannot fail.
        serde_json::to_string(self).unwrap_or_default().contains(MASKED)
    }
}
