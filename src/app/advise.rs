//! The advisory door: from an agent's hook to an answer, through a gate that runs or through one that lives for this one
//! question.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::base::person;
use super::checks::OperatorChecks;
use super::clock::SystemClock;
use super::files::Loaded;
use super::setup::Setup;
use super::surroundings::{Environment, Looked};
use crate::approvals::{Approvals, Received};
use crate::doors::hook::{self, Agent, Answer, Asked, Event, Verdict};
use crate::enforce::{Advised, Gate, GateParts, Passage, Refusal, Request};
use crate::identify::tool::{self, ToolCall};
use crate::memory::Memory;
use crate::model::{Clock, Door, Evidence, Principal, SessionId};
use crate::record::{HookEntry, Ledger};
use crate::store::Store;

/// The folder of the log that commands without a gate share.
pub(super) const COMMON_LOG: &str = "hooks";
/// Of the words that an agent says of itself.
const CHARS_MAX: usize = 120;

/// Answers hooks.
#[derive(Clone, Debug)]
pub struct Advisor {
    gate: Arc<Gate>,
    /// The person at the agent may let a call pass, where the agent can ask.
    asks: bool,
    /// Without a gate.
    alone: bool,
}

/// Who asks.
#[derive(Debug)]
pub struct Asking {
    /// The session, where it is known; else the agent's own session has one.
    pub principal: Option<Principal>,
    /// Whose variables its commands would inherit.
    pub environment: Environment,
}

impl Advisor {
    /// Of a gate that runs.
    #[must_use]
    pub const fn of(gate: Arc<Gate>, asks: bool) -> Self {
        Self { gate, asks, alone: false }
    }

    /// Without one: the same rules, inventory and settings, and the log that such commands share. Writes nothing before it
    /// is asked.
    #[must_use]
    pub fn alone(loaded: Loaded) -> Self {
        let Loaded { places, setup: Setup { config, inventory, people, rules } } = loaded;
        let checks = OperatorChecks::alone(&config, &places);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ledger = Ledger::common(&places.log().join(COMMON_LOG));
        let store = Store::at(&places.state);
        let approvals = Approvals::new(store.clone(), ledger.clone(), Arc::clone(&clock), config.approvals);
        let gate = Gate::new(GateParts {
            rules: Arc::new(rules),
            inventory,
            people,
            ledger,
            posture: config.posture,
            clock: Arc::clone(&clock),
            approvals: Arc::new(approvals),
            checks: Arc::new(checks),
            memory: Arc::new(Memory::new(store.clone(), Arc::clone(&clock))),
            limit_hold: config.limit_hold,
        });
        gate.buckets().keep_in(store);
        let gate = gate.remembering(places.log().join(COMMON_LOG));
        Self { gate: Arc::new(gate), asks: config.hooks_ask, alone: true }
    }

    /// Judges what the agent's JSON asks, and answers in the agent's form. Blocks.
    #[must_use]
    pub fn answer(&self, agent: Agent, input: &str, asking: Asking) -> Answer {
        match hook::decode(agent, input) {
            Ok(asked) => {
                let event = asked.event;
                hook::answer(agent, event, &self.verdict(agent, asked, asking))
            }
            Err(error) => fault(agent, &error.to_string()),
        }
    }

    fn verdict(&self, agent: Agent, asked: Asked, asking: Asking) -> Verdict {
        if asked.calls.is_empty() {
            return Verdict::Pass;
        }
        let inline = asking.principal.is_some();
        let principal = asking.principal.unwrap_or_else(|| own_session(agent, &asked));
        let around = around(&asked, asking.environment);
        let heard = match tool::tool(&asked.calls, &around) {
            Ok(heard) => heard,
            Err(unreadable) => {
                let target = Some(label(agent, &asked));
                let refusal = self.gate.reject_blocking(&unreadable, target, &principal, Door::Hook);
                return Verdict::Deny(self.said(&refusal));
            }
        };
        // What it said here holds for the requests that come of it too.
        if inline && !asked.told.said.is_empty() {
            let _ = self.gate.approvals().hear(principal.session, &asked.told.said);
        }
        let asks_there = self.asks && hook::holds_ask(agent, asked.event);
        let advised = self.gate.advise(Advised {
            request: Request {
                identified: heard.identified,
                principal,
                door: Door::Hook,
                evidence: Evidence::Parsed,
                said: asked.told.said.clone(),
            },
            label: label(agent, &asked),
            hook: self.entry(agent, &asked),
            passage: if inline { Passage::Inline } else { Passage::Only },
            facts: vec![format!("the tool call with the SHA-256 {}", digest(&asked))],
            asks_there,
            received: received(&asked),
            described: asked.told.described.clone(),
        });
        if self.alone {
            // The next question finds another process. What cannot be written now was at least recorded.
            let _ = self.gate.buckets().save();
            let _ = self.gate.memory().flush();
        }
        match advised {
            Ok(advice) => match advice.refusal {
                None => Verdict::Pass,
                Some(refusal) if advice.disposition == crate::model::Disposition::Pending => {
                    Verdict::Ask(self.said(&refusal))
                }
                Some(refusal) => Verdict::Deny(self.said(&refusal)),
            },
            Err(refusal) => Verdict::Fault(self.said(&refusal)),
        }
    }

    fn entry(&self, agent: Agent, asked: &Asked) -> HookEntry {
        let bounded = |text: &String| crate::decide::visible(text, CHARS_MAX);
        HookEntry {
            agent: agent.as_str().to_owned(),
            tool: bounded(&asked.tool),
            agent_session: asked.agent_session.as_ref().map(bounded),
            sub_agent: asked.sub_agent.as_ref().map(bounded),
            alone: self.alone,
        }
    }

    /// The refusal's words, and who says them.
    fn said(&self, refusal: &Refusal) -> String {
        let by =
            if self.alone { "Decided by the hook alone: no gate is running." } else { "Decided by the running gate." };
        let id = refusal.id.map_or_else(String::new, |id| format!(" ({id})"));
        format!("{}\n{by}{id}", refusal.message)
    }
}

/// Where agents tell their hooks that the project is.
const PROJECTS: &[&str] = &["CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CURSOR_PROJECT_DIR"];

/// What the call's commands would see.
fn around(asked: &Asked, environment: Environment) -> Looked {
    let variables = environment.variables();
    let named = asked.cwd.as_deref().filter(|cwd| cwd.starts_with('/'));
    let directory = named.map_or_else(|| environment.directory(), PathBuf::from);
    let mut roots: Vec<PathBuf> = asked.roots.iter().map(PathBuf::from).collect();
    roots.extend(PROJECTS.iter().filter_map(|name| variables.get(*name)).map(PathBuf::from));
    Looked::new(&directory, &roots, variables)
}

/// Our own fault, in the agent's form.
#[must_use]
pub fn fault(agent: Agent, why: &str) -> Answer {
    let why = format!("blastgate could not judge this call and so stops it: {why}. Ask your person.");
    hook::answer(agent, Event::Before, &Verdict::Fault(why))
}

/// What the log calls it: nothing of what the call carries.
fn label(agent: Agent, asked: &Asked) -> String {
    format!("{agent} {}", crate::decide::visible(&asked.tool, CHARS_MAX))
}

/// The session that the agent's own session, or the folder that it works in, stands for: the same at every question, so
/// that what people let pass is found again.
fn own_session(agent: Agent, asked: &Asked) -> Principal {
    let folder = || asked.roots.first().or(asked.cwd.as_ref()).cloned();
    let name = asked.agent_session.clone().or_else(folder).unwrap_or_default();
    let uid = rustix::process::getuid().as_raw();
    let digest = Sha256::digest(format!("hook\0{uid}\0{agent}\0{name}"));
    let digest = digest.iter().take(16).fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
    let session = SessionId::named(digest);
    Principal { session, agent: Some(agent.as_str().to_owned()), person: person(), anonymous: name.is_empty() }
}

/// The call as the agent asked it, for people.
fn received(asked: &Asked) -> Received {
    let told = |call: &ToolCall| match call {
        ToolCall::Shell { text, directory, .. } => json!({ "command": text, "in": directory }),
        ToolCall::Program { words, directory } => json!({ "words": words, "in": directory }),
        ToolCall::Write { path, .. } => json!({ "writes": path }),
        ToolCall::Delete { path } => json!({ "deletes": path }),
        ToolCall::Move { from, to } => json!({ "moves": from, "to": to }),
        ToolCall::Read { path } => json!({ "reads": path }),
        ToolCall::Aws { service, operation, parameters, region, profile } => json!({
            "service": service, "operation": operation, "parameters": parameters, "region": region, "profile": profile,
        }),
        ToolCall::Fetch { url } => json!({ "fetches": url }),
        ToolCall::Mcp { server, tool, arguments, .. } => {
            json!({ "server": server, "tool": tool, "arguments": arguments })
        }
        ToolCall::Own { name } | ToolCall::Unknown { name } => json!({ "tool": name }),
    };
    let said = |mut call: Value| {
        if let Some(members) = call.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        call
    };
    let mut calls: Vec<Value> = asked.calls.iter().map(told).map(said).collect();
    let input = if calls.len() == 1 { calls.remove(0) } else { Value::Array(calls) };
    Received::Tool { name: asked.tool.clone(), input }
}

/// What would be done, to the byte, and where.
fn digest(asked: &Asked) -> String {
    let what = format!("{:?}\0{:?}", asked.calls, asked.cwd);
    data_encoding::HEXLOWER.encode(&Sha256::digest(what))
}
