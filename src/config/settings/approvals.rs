//! `approvals:` of the settings: times, whose answers are asked where no rule says it, emergencies, checks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::held;
use crate::config::Report;
use crate::config::quantity::Lapse;
use crate::model::{Approval, Part, Voter, is_check};

/// What approval requests are handled by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// A request that nobody answers ends after this time.
    pub pending: Duration,
    /// An approval must be used within this time.
    pub use_within: Duration,
    /// How long the agent's call is held open for an answer before it is refused.
    pub hold: Duration,
    /// What a rule without `approval:` asks for.
    pub default: Approval,
    /// What a change of the gate itself asks for, where it does not only tighten.
    pub changes: Approval,
    /// So many people must say no to end a request.
    pub denials: u32,
    /// Who may let a call through alone in an emergency; `None`: nobody.
    pub break_glass: Option<BreakGlass>,
    /// What rules may ask to be checked, by name.
    pub checks: BTreeMap<String, Check>,
}

/// Who may let a call through alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// Whoever has this role.
    pub role: String,
    /// It must be used within this time.
    pub expires: Duration,
}

/// Something of the operator's that must say yes to a call before it passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is asked.
    pub asks: Asks,
    /// No answer within this time is a no.
    pub within: Duration,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A program with its arguments: exit code 0 is a yes.
    Command(PathBuf, Vec<String>),
    /// An HTTPS endpoint: status 200 is a yes.
    Url(String),
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            pending: Duration::from_secs(8 * 60 * 60),
            use_within: Duration::from_secs(30 * 60),
            hold: Duration::ZERO,
            default: Approval::of_anybody(),
            changes: Approval::of_anybody(),
            denials: 1,
            break_glass: None,
            checks: BTreeMap::new(),
        }
    }
}

/// How long breaking the glass lasts where nothing says it.
const GLASS_FOR: Duration = Duration::from_secs(15 * 60);
/// How long a check may take where nothing says it.
const CHECK_WITHIN: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApprovals {
    pending: Option<Spanned<Lapse>>,
    use_within: Option<Spanned<Lapse>>,
    hold: Option<Spanned<Lapse>>,
    quorum: Option<Spanned<u32>>,
    #[serde(default)]
    from: Vec<Spanned<String>>,
    changes: Option<RawChanges>,
    denials: Option<Spanned<u32>>,
    break_glass: Option<RawBreakGlass>,
    #[serde(default)]
    checks: BTreeMap<String, Spanned<RawCheck>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChanges {
    quorum: Option<Spanned<u32>>,
    #[serde(default)]
    from: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBreakGlass {
    role: Spanned<String>,
    expires: Option<Spanned<Lapse>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    #[serde(default)]
    command: Vec<String>,
    url: Option<Spanned<String>>,
    within: Option<Spanned<Lapse>>,
}

impl RawApprovals {
    pub(super) fn check(self, report: &mut Report<'_>) -> Approvals {
        let defaults = Approvals::default();
        let pending = time(self.pending, defaults.pending, report);
        let use_within = time(self.use_within, defaults.use_within, report);
        let hold = self.hold.map_or(defaults.hold, |hold| held(&hold, report));
        let quorum = count(self.quorum.as_ref(), "a quorum of nobody is none", report);
        let denials = count(self.denials.as_ref(), "nobody's no would end every request", report);
        let from = voters(&self.from, report);
        let break_glass = self.break_glass.map(|glass| {
            if !crate::config::is_role(&glass.role.value) {
                let help = "write it in lower case, with hyphens: `incident-commander`".to_owned();
                report.say(&glass.role, format!("`{}` is not a role", glass.role.value), Some(help));
            }
            BreakGlass { role: glass.role.value, expires: time(glass.expires, GLASS_FOR, report) }
        });
        let mut checks = BTreeMap::new();
        for (name, raw) in self.checks {
            if !is_check(&name) {
                let help = "write it in lower case, with hyphens: `change-window`".to_owned();
                report.say(&raw, format!("`{name}` cannot be a check's name"), Some(help));
            } else if let Some(check) = check(raw, report) {
                checks.insert(name, check);
            }
        }
        let default = Approval { part: Part { quorum, from }, including: Vec::new(), expires_ms: None };
        let changes = match self.changes {
            Some(raw) => changes(&raw, report),
            None => unowned(default.clone()),
        };
        Approvals { pending, use_within, hold, default, changes, denials, break_glass, checks }
    }
}

fn changes(raw: &RawChanges, report: &mut Report<'_>) -> Approval {
    let quorum = count(raw.quorum.as_ref(), "a quorum of nobody is none", report);
    if let Some(owner) = raw.from.iter().find(|text| text.value == Voter::Owner.to_string()) {
        let help = "write `role:…`, `level:…`, `team:…` or `person:…`".to_owned();
        report.say(owner, "a change of the gate has no owner in the inventory", Some(help));
    }
    let part = Part { quorum, from: voters(&raw.from, report) };
    Approval { part, including: Vec::new(), expires_ms: None }
}

/// The same, without the owners of what a call would change: a change of the gate has none.
fn unowned(mut approval: Approval) -> Approval {
    approval.part.from.retain(|voter| *voter != Voter::Owner);
    approval
}

fn voters(texts: &[Spanned<String>], report: &mut Report<'_>) -> Vec<Voter> {
    let mut voters = Vec::new();
    for text in texts {
        match text.value.parse::<Voter>() {
            Ok(voter) => voters.push(voter),
            Err(error) => {
                report.say(text, format!("`{}` names no approvers", text.value), Some(format!("it is {error}")))
            }
        }
    }
    voters
}

fn check(raw: Spanned<RawCheck>, report: &mut Report<'_>) -> Option<Check> {
    let at = crate::config::Spot::from(&raw);
    let RawCheck { command, url, within } = raw.value;
    let within = within.map_or(CHECK_WITHIN, |within| held(&within, report));
    let asks = match (command.split_first(), url) {
        (Some((program, arguments)), None) => {
            if !program.starts_with('/') {
                let help = "what the folder of a call holds must not be run in its place".to_owned();
                report.say(at, format!("`{program}` must be a whole path"), Some(help));
            }
            Asks::Command(PathBuf::from(program), arguments.to_vec())
        }
        (None, Some(url)) => {
            let host = url.value.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
            if host.is_none_or(|host| host.is_empty() || host.contains('@')) {
                report.say(&url, "a check is asked over HTTPS", Some("write `https://host/path`".to_owned()));
            }
            Asks::Url(url.value)
        }
        _ => {
            report.say(at, "a check has either `command:` or `url:`", None);
            return None;
        }
    };
    Some(Check { asks, within })
}

fn count(given: Option<&Spanned<u32>>, wrong: &str, report: &mut Report<'_>) -> u32 {
    let Some(given) = given else { return 1 };
    if given.value == 0 {
        report.say(given, wrong, Some("write 1 or more".to_owned()));
    }
    given.value
}

fn time(lapse: Option<Spanned<Lapse>>, default: Duration, report: &mut Report<'_>) -> Duration {
    match lapse {
        None => default,
        Some(lapse) if lapse.value.0.is_zero() => {
            report.say(&lapse, "the time must be more than nothing", None);
            default
        }
        Some(lapse) => lapse.value.0,
    }
}
