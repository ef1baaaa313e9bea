//! `config.yaml`: the checked settings.
//!
//! A documented key that this version does not act on is an error, never silently inert.

mod approvals;
mod bodies;
mod egress;
mod listen;
mod notify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use self::approvals::RawApprovals;
pub use self::approvals::{Approvals, Asks, BreakGlass, Check};
pub use self::bodies::Bodies;
pub use self::egress::{AddressRange, ClientCert, Egress, ProxyChoice};
pub use self::listen::{Endpoint, Listen, ReverseListener, Upstream};
pub use self::notify::{Desktop, Email, Events, MailTls, NoticeKind, Notify, SecretSource, Slack, WebUrl, Webhook};
use super::Diagnostics;
use super::diagnostic::{Report, parse_yaml};
use super::quantity::Lapse;
use crate::model::Posture;

/// The checked settings. `Default` is what an absent file means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How strict the gate is.
    pub posture: Posture,
    /// Where the state lives, when the file says so.
    pub state: Option<PathBuf>,
    /// Where `serve` listens.
    pub listen: Listen,
    /// How the gate reaches the outside.
    pub egress: Egress,
    /// A request without a session is refused by `serve`.
    pub sessions_required: bool,
    /// What becomes of an escalation.
    pub approvals: Approvals,
    /// Who is told about them.
    pub notify: Notify,
    /// How long a throttled call may wait inside the gate.
    pub limit_hold: Duration,
    /// How much of a body is read.
    pub bodies: Bodies,
    /// Where an agent's hook can ask its person: an escalated tool call is put to them there, and no approval request is
    /// opened for it.
    pub hooks_ask: bool,
    /// Folders of the organisation's rules, relative to the configuration folder.
    pub rule_folders: Vec<PathBuf>,
    /// Folders with rules of teams, by the team's name: they can only tighten.
    pub rule_teams: BTreeMap<String, PathBuf>,
}

/// The default of `limits.hold`.
const LIMIT_HOLD: Duration = Duration::from_secs(2);
/// Clients give up on a call that is held longer: boto3 after 60 s, Azure's and Google's after more.
const HOLD_MAX: Duration = Duration::from_secs(50);

impl Default for Config {
    fn default() -> Self {
        Self {
            posture: Posture::Guarded,
            state: None,
            listen: Listen::default(),
            egress: Egress::default(),
            sessions_required: false,
            approvals: Approvals::default(),
            notify: Notify::default(),
            limit_hold: LIMIT_HOLD,
            bodies: Bodies::default(),
            hooks_ask: false,
            rule_folders: vec![PathBuf::from("rules")],
            rule_teams: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Parses and checks `config.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let raw: RawConfig = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        check_version(&raw.version, &mut report);
        if let Some(ledger) = &raw.ledger {
            ledger.value.refuse("ledger", &mut report);
        }
        let defaults = Self::default();
        let rules = raw.rules.unwrap_or_default();
        let config = Self {
            posture: raw.posture.unwrap_or(defaults.posture),
            state: raw.state.map(PathBuf::from),
            listen: raw.listen.map(|listen| listen.check(&mut report)).unwrap_or_default(),
            egress: raw.egress.map(|egress| egress.check(&mut report)).unwrap_or_default(),
            sessions_required: raw.sessions.and_then(|sessions| sessions.require).unwrap_or(false),
            approvals: raw.approvals.map(|approvals| approvals.check(&mut report)).unwrap_or_default(),
            notify: raw.notify.map(|notify| notify.check(&mut report)).unwrap_or_default(),
            limit_hold: raw.limits.and_then(|limits| limits.hold).map_or(LIMIT_HOLD, |hold| held(&hold, &mut report)),
            bodies: raw.bodies.map_or(defaults.bodies, |bodies| bodies.check(&mut report)),
            hooks_ask: raw.hooks.and_then(|hooks| hooks.ask).unwrap_or(false),
            rule_folders: rules
                .folders
                .map_or(defaults.rule_folders, |folders| folders.into_iter().map(PathBuf::from).collect()),
            rule_teams: rules.teams.into_iter().map(|(team, folder)| (team, PathBuf::from(folder))).collect(),
        };
        report.finish(config)
    }
}

/// Every file begins with `version: 1`.
pub(super) fn check_version(version: &Spanned<u64>, report: &mut Report<'_>) {
    if version.value != 1 {
        report.say(version, format!("version {} is not known", version.value), Some("write `version: 1`".to_owned()));
    }
}

/// A key that is documented and not built yet.
type Unbuilt = Option<Spanned<IgnoredAny>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    version: Spanned<u64>,
    posture: Option<Posture>,
    state: Option<String>,
    listen: Option<listen::RawListen>,
    egress: Option<egress::RawEgress>,
    sessions: Option<RawSessions>,
    bodies: Option<bodies::RawBodies>,
    approvals: Option<RawApprovals>,
    notify: Option<notify::RawNotify>,
    limits: Option<RawLimits>,
    ledger: Option<Spanned<RawLedger>>,
    rules: Option<RawRules>,
    hooks: Option<RawHooks>,
}

/// A section of which nothing is built yet: its keys are known so that a typo is told as one.
macro_rules! unbuilt {
    ($name:ident { $($key:ident),+ }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($key: Unbuilt),+ }

        impl $name {
            fn refuse(&self, section: &str, report: &mut Report<'_>) {
                $(refuse(&self.$key, &format!("{section}.{}", stringify!($key)), report);)+
            }
        }
    };
}
unbuilt!(RawLedger { reads, rest, max_size });

fn refuse(key: &Unbuilt, name: &str, report: &mut Report<'_>) {
    if let Some(key) = key {
        report.say(key, format!("`{name}` is not supported by this version"), Some("remove the key".to_owned()));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSessions {
    require: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHooks {
    ask: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    hold: Option<Spanned<Lapse>>,
}

/// A time for which a call may be held.
fn held(hold: &Spanned<Lapse>, report: &mut Report<'_>) -> Duration {
    if hold.value.0 > HOLD_MAX {
        report.say(
            hold,
            "clients give up on a call that is held for longer than 50 s",
            Some("write `50s` or less".to_owned()),
        );
    }
    hold.value.0
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    folders: Option<Vec<String>>,
    #[serde(default)]
    teams: BTreeMap<String, String>,
}

fn say_with_help<T>(at: &Spanned<T>, message: &str, report: &mut Report<'_>) {
    match message.split_once("; help: ") {
        Some((message, help)) => report.say(at, message, Some(help.to_owned())),
        None => report.say(at, message, None),
    }
}
