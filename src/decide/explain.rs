//! The words of a refusal: what, why, which rule, what to do instead, and not to try another route.
//!
//! Short lines that also read as one paragraph, because some clients print them so. No secrets: operations, resources,
//! places and rules' words only, never parameters, headers or bodies. Whatever could move a cursor or hide is escaped.

use std::fmt::Write;
use std::time::Duration;

use vec1::Vec1;

use super::{Decision, Finding};
use crate::classify::{Action, environment};
use crate::model::{ApprovalId, Count, EnvironmentKind, Hazard, Impact, Reversible, Scope, Timestamp};

/// Why an action does not pass.
#[derive(Clone, Debug)]
pub enum Why {
    /// The decision denies.
    Denied,
    /// The decision escalates.
    People(People),
    /// A limit is used up.
    Limited(Used),
}

/// What became of asking people.
#[derive(Clone, Debug)]
pub enum People {
    /// They are asked.
    Asked {
        /// The approval request.
        id: ApprovalId,
        /// Until when it can be answered.
        until: Timestamp,
        /// Whose answers it takes, in words.
        who: String,
    },
    /// One of them said no to the same call.
    SaidNo {
        /// The approval request.
        id: ApprovalId,
        /// Who.
        voter: String,
        /// Why.
        reason: Option<String>,
        /// Until when the same call is answered so.
        until: Timestamp,
    },
    /// The session has so many open requests that no more are opened.
    Crowded {
        /// How many that is.
        open: u32,
    },
    /// The session is anonymous: nobody could say whose call it is.
    Anonymous,
    /// The agent must say something before people are asked.
    Owing {
        /// What, in words: `a reason, a rollback plan`.
        what: String,
    },
    /// A snapshot must have been made first, and the gate has seen none.
    Unseen {
        /// What is missing, and the command that makes one, in one or two sentences.
        what: String,
    },
    /// People have approved it, and a check of the operator's has not.
    Unchecked {
        /// The approval request.
        id: ApprovalId,
        /// The check.
        check: String,
        /// What it answered.
        said: String,
    },
    /// Approvals cannot be kept at the moment.
    Unreachable,
}

impl People {
    /// The approval request, where there is one.
    #[must_use]
    pub const fn id(&self) -> Option<ApprovalId> {
        match self {
            Self::Asked { id, .. } | Self::SaidNo { id, .. } | Self::Unchecked { id, .. } => Some(*id),
            Self::Crowded { .. } | Self::Anonymous | Self::Owing { .. } | Self::Unseen { .. } | Self::Unreachable => {
                None
            }
        }
    }
}

/// A limit that is used up, as a refusal tells of it.
#[derive(Clone, Debug)]
pub struct Used {
    /// The limit's id.
    pub limit: String,
    /// Why there is one.
    pub message: String,
    /// The safer way.
    pub instead: String,
    /// Until the same call would fit; `None`: it never does, and the message says why.
    pub wait: Option<Duration>,
    /// Asking people, where they can lift it.
    pub people: Option<People>,
}

/// A resource's identifier may be long; its beginning and its end tell it apart.
const RESOURCE_CHARS_MAX: usize = 120;
/// Of what the session's past shows.
const NOTE_CHARS_MAX: usize = 300;
const RESOURCES_MAX: usize = 2;

/// The text that the agent and its person read; some 900 characters at most.
#[must_use]
pub fn refusal_text(decision: &Decision, actions: &Vec1<Action>, why: &Why) -> String {
    let finding = decision.deciding().next();
    let index = finding.map_or(0, |finding| finding.action);
    let action = actions.get(index).unwrap_or_else(|| actions.first());
    let people = match why {
        Why::People(people) => Some(people),
        Why::Limited(used) => used.people.as_ref(),
        Why::Denied => None,
    };
    let mut text = match people {
        Some(People::Asked { id, .. }) => format!("Approval needed ({id}): "),
        _ => "blastgate stopped this call: ".to_owned(),
    };
    text.push_str(&visible(action.operation().as_str(), RESOURCE_CHARS_MAX));
    let _ = write!(text, " {}.", blast_words(action));
    if actions.len() > 1 {
        let _ = write!(text, " (One of {} actions in the request; all were stopped.)", actions.len());
    }
    if let Some(target) = target(action) {
        let _ = write!(text, "\nTarget: {target}.");
    }
    // What is a read is so because nothing passes there unread.
    let is_unread = action.blast().impact != Impact::Read;
    if let Some(upgrade) = action.parameters().iter().find(|one| one.name == "upgrade" && is_unread) {
        let _ = write!(
            text,
            "\nIt opens a {} connection, in which nothing is read or judged.",
            visible(&upgrade.value, 16)
        );
    }
    let _ = write!(text, "\n{}", environment_words(action));
    for note in action.notes() {
        let _ = write!(text, "\nThe session so far: {}.", visible(note, NOTE_CHARS_MAX));
    }
    if let Why::Limited(used) = why {
        limit_words(&mut text, used);
    } else if let Some(finding) = finding {
        rule_words(&mut text, decision, (finding, may_be_recreated(action)));
    }
    match (why, people) {
        (_, Some(people)) => people_words(&mut text, people),
        (Why::Limited(_), None) => {
            text.push_str("\nWait, or ask your person. Do not go round it with another tool, route or credential.");
        }
        (Why::Denied | Why::People(_), None) => text.push_str(
            "\nNobody can approve this call. Do not try another tool, route or credential: tell your person what you need.",
        ),
    }
    text
}

/// How a person can let it pass, or why not.
fn people_words(text: &mut String, people: &People) {
    let _ = match people {
        People::Asked { id, until, who } => {
            // One answer of anybody's goes without saying.
            let who = if who == "1 approval" { String::new() } else { format!("It takes {}. ", visible(who, 160)) };
            write!(
                text,
                "\n{who}Stop and ask your person: `blastgate approvals approve {id}` in their terminal lets only this call \
                 pass once (by {}); then retry. Other routes get this answer.",
                minute(*until)
            )
        }
        People::SaidNo { id, voter, reason, until } => {
            let reason = reason.as_deref().map_or_else(String::new, |reason| format!(": {}", visible(reason, 200)));
            let said = sentence(&format!("{} said no ({id}){reason}", visible(voter, 60)));
            write!(
                text,
                "\n{said} The same call gets this answer until {}. Do not try another tool, route or credential: talk to \
                 your person.",
                minute(*until)
            )
        }
        People::Crowded { open } => write!(
            text,
            "\nIt needs approval, and this session has {open} open requests already. Stop here: your person can answer them \
             (`blastgate approvals list`); then repeat this call."
        ),
        People::Anonymous => write!(
            text,
            "\nIt needs approval, which a call without a session cannot get. Ask your person to start you with \
             `blastgate run -- COMMAND`, or to give you a session's proxy credentials."
        ),
        People::Owing { what } => write!(
            text,
            "\nBefore people are asked, say {what}: run `blastgate reason 'TEXT' [--ticket T] [--rollback-plan TEXT]`, or send \
             the headers X-Blastgate-Reason, X-Blastgate-Ticket, X-Blastgate-Rollback-Plan. Then repeat this call. Other \
             routes get this answer."
        ),
        People::Unseen { what } => {
            write!(
                text,
                "\nBefore people are asked: {} Then repeat this call. Other routes get this answer.",
                visible(what, 420)
            )
        }
        People::Unchecked { id, check, said } => write!(
            text,
            "\nPeople approved it ({id}), but the check `{}` says no: {} Do not try another tool, route or credential: tell \
             your person.",
            visible(check, 60),
            sentence(&visible(said, 200))
        ),
        People::Unreachable => write!(
            text,
            "\nIt needs approval, and approvals cannot be kept at the moment (the gate's state cannot be used). Tell your \
             person; what needs no approval still works."
        ),
    };
}

/// `2026-11-22 17:20 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// `would destroy a whole environment (cannot be undone; data loss)`.
#[must_use]
pub fn blast_words(action: &Action) -> String {
    let blast = action.blast();
    let verb = match blast.impact {
        Impact::Read => "would read",
        Impact::Create => "would create",
        Impact::Update => "would change",
        Impact::Execute => "would run something in",
        Impact::Disrupt => "would stop or disrupt",
        Impact::Permission => "would change who may use",
        Impact::Destroy => "would destroy",
        Impact::Unknown => "could not be named and is judged as if it would destroy",
    };
    let reach = match (blast.scope, blast.count) {
        (Scope::Region, _) => "everything of its kind in a region".to_owned(),
        (Scope::Account, _) => "something that holds for a whole account or cluster".to_owned(),
        (Scope::Organization, _) => "something that holds for a whole organisation".to_owned(),
        (scope, Count::Exact(1) | Count::AtLeast(1)) => {
            let noun = match scope {
                Scope::Environment => "a whole environment",
                Scope::Resource => "one resource",
                Scope::Item => "one item",
                _ => "something local",
            };
            let more =
                if matches!(blast.count, Count::AtLeast(_)) && scope != Scope::Environment { " or more" } else { "" };
            format!("{noun}{more}")
        }
        (scope, count) => {
            let noun = match scope {
                Scope::Environment => "environments",
                Scope::Resource => "resources",
                _ => "items",
            };
            format!("{count} {noun}")
        }
    };
    let mut notes: Vec<&str> = Vec::new();
    if !matches!(blast.impact, Impact::Read | Impact::Create) {
        notes.push(match blast.reversible {
            Reversible::Yes => "another call undoes it",
            Reversible::Partly => "only partly undone",
            Reversible::No => "cannot be undone",
        });
    }
    notes.extend(blast.hazards.iter().map(hazard_words));
    if notes.is_empty() { format!("{verb} {reach}") } else { format!("{verb} {reach} ({})", notes.join("; ")) }
}

const fn hazard_words(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::DataLoss => "data is lost",
        Hazard::BackupLoss => "backups are lost",
        Hazard::AuditOff => "the audit trail is weakened",
        Hazard::KeyLoss => "a key is lost",
        Hazard::Exposure => "opened to the world",
        Hazard::Privilege => "somebody gets more rights",
        Hazard::SecretRead => "secrets are read",
        Hazard::Replace => "delete and recreate in one step",
        Hazard::Traffic => "users are sent elsewhere",
        Hazard::Bulk => "many at once",
        Hazard::Cost => "it costs",
        Hazard::GuardTamper => "the guard itself",
        Hazard::OutsideBoundary => "outside the session's boundary",
        Hazard::Quarantine => "the session is in quarantine",
        Hazard::Rollout => "the same change elsewhere",
    }
}

/// Resources and where they stand.
fn target(action: &Action) -> Option<String> {
    let resources = action.resources();
    let mut parts: Vec<String> =
        resources.iter().take(RESOURCES_MAX).map(|one| visible(one.as_str(), RESOURCE_CHARS_MAX)).collect();
    if resources.len() > RESOURCES_MAX {
        parts.push(format!("and {} more", resources.len() - RESOURCES_MAX));
    }
    let mut text = parts.join(", ");
    let place = action.place();
    let stands: Vec<String> = [
        ("account", &place.account),
        ("project", &place.project),
        ("cluster", &place.cluster),
        ("namespace", &place.namespace),
        ("region", &place.region),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name} {}", visible(value.as_deref()?, 64))))
    .collect();
    let stands = match (stands.is_empty(), &place.host) {
        (true, Some(host)) => format!("host {}", visible(host, 64)),
        _ => stands.join(", "),
    };
    match (text.is_empty(), stands.is_empty()) {
        (true, true) => return None,
        (true, false) => text = stands,
        (false, true) => {}
        (false, false) => {
            let _ = write!(text, " ({stands})");
        }
    }
    Some(text)
}

/// Without the folders of the operator's machine: the agent need not know them.
fn without_folders(because: &str) -> &str {
    let place = because.split(": ").next().unwrap_or(because);
    let file = place.rfind('/').map_or(0, |slash| slash + 1);
    because.get(file..).unwrap_or(because)
}

fn environment_words(action: &Action) -> String {
    let environment = action.environment();
    if environment.kind == EnvironmentKind::Unknown {
        let lines = visible(&environment::inventory_lines(action), 180);
        return format!(
            "Environment: unknown, counts as prod. Your person can name it (prod, staging or dev) in inventory.yaml under environments: {lines}"
        );
    }
    let mut text = format!("Environment: {}", visible(&environment.name, 40));
    if environment.name != environment.kind.as_str() {
        let _ = write!(text, " (as {})", environment.kind);
    }
    if let Some(tier) = environment.tier {
        let _ = write!(text, ", tier {tier}");
    }
    if let Some(owner) = &environment.owner {
        let _ = write!(text, ", owner {}", visible(owner, 40));
    }
    if let Some(because) = &environment.because {
        let _ = write!(text, " ({})", visible(without_folders(because), 100));
    }
    text.push('.');
    text
}

fn limit_words(text: &mut String, used: &Used) {
    let _ = write!(text, "\nLimit {}: {}", visible(&used.limit, 80), sentence(&visible(&used.message, 400)));
    if let Some(wait) = used.wait {
        let _ = write!(text, " It is used up for another {}.", seconds(wait));
    }
    if !used.instead.is_empty() {
        let _ = write!(text, "\nInstead: {}", sentence(&visible(&used.instead, 300)));
    }
}

/// Whether an action takes away something that could be made again under the same name.
fn may_be_recreated(action: &Action) -> bool {
    let blast = action.blast();
    let is_thing = blast.scope >= Scope::Resource && blast.scope <= Scope::Environment;
    // Where it says so itself it is said already.
    blast.impact == Impact::Destroy && is_thing && !blast.hazards.contains(Hazard::Replace)
}

fn rule_words(text: &mut String, decision: &Decision, (finding, one_act): (&Finding, bool)) {
    let others = decision.deciding().filter(|other| !other.rule.starts_with("matrix:")).count();
    let _ = write!(text, "\nRule {}", visible(&finding.rule, 80));
    if others > 1 {
        let _ = write!(text, " (and {} more)", others - 1);
    }
    let _ = write!(text, ": {}", sentence(&visible(&finding.message, 300)));
    if let Some(after) = &finding.after {
        let _ = write!(text, " It follows {}.", visible(after, 160));
    }
    if one_act {
        text.push_str(" Recreating it is one act with this.");
    }
    if let Some(failed) = &finding.failed {
        let _ = write!(text, " It could not be evaluated and counts: {}.", visible(failed, 100));
    }
    if !finding.instead.is_empty() {
        let _ = write!(text, "\nInstead: {}", sentence(&visible(&finding.instead, 300)));
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn seconds(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

/// At most so many characters (the middle is left out), and nothing that does not show: control characters, and the
/// invisible and direction-changing ones of Unicode, are escaped.
#[must_use]
pub(crate) fn visible(text: &str, chars_max: usize) -> String {
    let count = text.chars().count();
    let mut out = String::with_capacity(text.len().min(chars_max * 4));
    let head = chars_max.saturating_sub(chars_max / 3 + 1);
    let tail = chars_max / 3;
    for (index, c) in text.chars().enumerate() {
        if count > chars_max && index == head {
            out.push('…');
        }
        if count > chars_max && index >= head && index < count - tail {
            continue;
        }
        let hides = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hides {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
