//! Checks of the operator's (`approvals.checks`): a command, or an HTTPS endpoint, that must say yes to a call which people
//! have approved, before the approval is used for it.
//!
//! Whatever cannot be asked, or does not answer in time, says no. Both are told the same JSON, without bodies, headers or
//! secrets. The answer's first line is kept, masked and short.

mod command;
mod https;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Instant;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::files::Places;
use super::network::Network;
use crate::config::{Asks, Check, Config};
use crate::decide::visible;
use crate::enforce::Checks;
use crate::model::Posture;
use crate::outbound::Outbound;
use crate::record::{CheckEntry, redact};

/// Checks that are asked at once; more are not.
const AT_ONCE_MAX: usize = 16;
/// Of an answer.
const CHARS_MAX: usize = 200;
/// As much of an answer is read.
const BYTES_MAX: usize = 4096;

/// A check's answer.
#[derive(Debug)]
struct Reply {
    passed: bool,
    /// What it said, as it came.
    said: Vec<u8>,
    /// What a no means that says nothing.
    why: String,
}

impl Reply {
    const fn no(why: String) -> Self {
        Self { passed: false, said: Vec::new(), why }
    }

    /// The first line that says something. What is secret in it, or could move a cursor, is not in it any more.
    fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.said);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(if self.passed {
            ""
        } else {
            &self.why
        });
        // Before it is cut, and again with what could hide a part of it made visible.
        redact::mask(&visible(&redact::mask(line), CHARS_MAX)).into_owned()
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct OperatorChecks {
    checks: BTreeMap<String, Check>,
    way: OnceLock<Result<Outbound, String>>,
    /// What the way is made of when it is first needed.
    from: Option<(Config, Places)>,
    room: Semaphore,
}

impl OperatorChecks {
    /// Of a gate that has its ways out.
    pub(super) fn over(network: &Network, config: &Config) -> Self {
        let way = network.operators(&config.notify.allow_addresses);
        Self { way: Ok(way).into(), ..Self::new(config, None) }
    }

    /// Of a hook that decides alone. Reads nothing before it is needed.
    pub(super) fn alone(config: &Config, places: &Places) -> Self {
        let has_any = !config.approvals.checks.is_empty();
        Self::new(config, has_any.then(|| (config.clone(), places.clone())))
    }

    fn new(config: &Config, from: Option<(Config, Places)>) -> Self {
        let (checks, way) = (config.approvals.checks.clone(), OnceLock::new());
        Self { checks, way, from, room: Semaphore::new(AT_ONCE_MAX) }
    }

    fn way(&self) -> Result<&Outbound, String> {
        let made = self.way.get_or_init(|| {
            let (config, places) = self.from.as_ref().ok_or("there is no way out")?;
            let network = Network::new(config, places, Posture::Guarded, Vec::new());
            let way = network.map(|network| network.operators(&config.notify.allow_addresses));
            way.map_err(|error| error.to_string())
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn ask(&self, check: &Check, about: &Value) -> Reply {
        let about = about.to_string();
        match &check.asks {
            Asks::Command(program, arguments) => command::ask(program, arguments, about, check.within),
            Asks::Url(url) => match self.way() {
                Ok(way) => https::ask(way, url, about, check.within),
                Err(why) => Reply::no(format!("it cannot be asked: {why}")),
            },
        }
    }
}

impl Checks for OperatorChecks {
    fn check(&self, name: &str, about: &Value) -> CheckEntry {
        let Some(check) = self.checks.get(name) else {
            return CheckEntry::failed(
                name,
                "no check of this name stands in the settings that this gate was started with",
            );
        };
        let Ok(_room) = self.room.try_acquire() else {
            return CheckEntry::failed(name, "too many checks are being asked; try again in a moment");
        };
        let began = Instant::now();
        let reply = self.ask(check, about);
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        CheckEntry { name: name.to_owned(), passed: reply.passed, said: reply.words(), took_ms }
    }
}
