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
    /// What is not known of each action: a decision that depends on it cannot be made again.
    pub masked: Vec<Masked>,
}

/// Values of an action that stand masked in its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// Resources, or parts of them.
    pub resources: bool,
    /// The values of these parameters.
    pub parameters: Vec<String>,
}

impl Masked {
    /// Whether all is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.resources && self.parameters.is_empty()
    }
}

/// Why a decision cannot be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unsaid {
    /// A value that rules look at stands masked in the record.
    #[error("a value that a rule looks at was masked as a secret")]
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
        let recalled = self.actions.iter().map(ActionEntry::recall).collect::<Result<Vec<_>, _>>()?;
        let (actions, masked) = recalled.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let principal = self.principal.clone();
        let names = [&principal.agent, &principal.person];
        if names.into_iter().flatten().any(|name| name.contains(MASKED)) {
            return Err(Unsaid::Masked);
        }
        Ok(Recalled {
            actions: Vec1::try_from_vec(actions).map_err(|_| Unsaid::Empty)?,
            context: Context { principal, door: self.door, at: self.at },
            standing: self.standing.clone(),
            masked,
        })
    }
}

impl ActionEntry {
    /// The action, and what of it is masked.
    fn recall(&self) -> Result<(Action, Masked), Unsaid> {
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
            return Ok((action, Masked::default()));
        }
        let is_masked = |text: &str| text.contains(MASKED);
        let masked = Masked {
            resources: self.resources.iter().any(|one| is_masked(one.as_str())),
            parameters: self
                .parameters
                .iter()
                .filter(|one| is_masked(&one.value))
                .map(|one| one.name.clone())
                .collect(),
        };
        // Serialising plain data cannot fail.
        let rest = serde_json::to_string(&(&self.operation, &self.place, &self.environment)).unwrap_or_default();
        match (masked.is_empty(), is_masked(&rest)) {
            (_, true) => Err(Unsaid::Masked),
            (true, false) => Err(Unsaid::Unfit),
            (false, false) => Ok((action, masked)),
        }
    }
}
