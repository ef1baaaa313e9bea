//! The answer in each agent's own form: exit code, standard output, standard error.
//!
//! Three traps decide the forms. `allow` is not neutral: it skips an agent's own question to its person, so that no
//! opinion is said as each agent says it. `ask` is an error to some agents, which then go on. And a refusal without a
//! reason is none at all to Codex, so that there always is one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Agent, Event};

/// What is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is said against it.
    Pass,
    /// The person at the agent may let it pass.
    Ask(String),
    /// No, and why.
    Deny(String),
    /// It could not be judged, and so does not go on.
    Fault(String),
}

/// What the hook's process does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its exit code.
    pub exit: u8,
    /// What it prints.
    #[serde(default)]
    pub stdout: String,
    /// What it says on standard error.
    #[serde(default)]
    pub stderr: String,
}

/// The exit code that stops a call wherever exit codes count.
const BLOCK: u8 = 2;

impl Answer {
    fn silent() -> Self {
        Self::default()
    }

    fn blocked(reason: &str) -> Self {
        Self { exit: BLOCK, stdout: String::new(), stderr: format!("{reason}\n") }
    }

    fn json(value: &Value) -> Self {
        Self { exit: 0, stdout: format!("{value}\n"), stderr: String::new() }
    }

    /// As it is answered over HTTP, where there is no exit code: JSON that the agent, or its plugin, reads.
    #[must_use]
    pub fn body(&self) -> String {
        match (self.exit, self.stdout.is_empty()) {
            (0, true) => "{}\n".to_owned(),
            (0, false) => self.stdout.clone(),
            _ => format!("{}\n", json!({"decision": "deny", "reason": self.stderr.trim_end()})),
        }
    }
}

/// The verdict as this agent takes it.
#[must_use]
pub fn answer(agent: Agent, event: Event, verdict: &Verdict) -> Answer {
    if event == Event::Other && !matches!(verdict, Verdict::Fault(_)) {
        return no_opinion(agent);
    }
    match verdict {
        Verdict::Pass => no_opinion(agent),
        Verdict::Ask(reason) => match ask(agent, event, &said(reason)) {
            Some(answer) => answer,
            None => deny(agent, event, &said(reason)),
        },
        Verdict::Deny(reason) => deny(agent, event, &said(reason)),
        Verdict::Fault(reason) => fault(agent, &said(reason)),
    }
}

/// Whether this agent holds a call until its person has answered, when it is told to ask.
#[must_use]
pub fn holds_ask(agent: Agent, event: Event) -> bool {
    ask(agent, event, "?").is_some()
}

/// Never nothing.
fn said(reason: &str) -> String {
    let reason = reason.trim();
    if reason.is_empty() { "blastgate stopped this call.".to_owned() } else { reason.to_owned() }
}

fn no_opinion(agent: Agent) -> Answer {
    match agent {
        Agent::ClaudeCode
        | Agent::ClaudeCompatible
        | Agent::Vscode
        | Agent::Codex
        | Agent::Copilot
        | Agent::KiroCli
        | Agent::KiroIde
        | Agent::QCli
        | Agent::Windsurf => Answer::silent(),
        Agent::GeminiCli | Agent::Cline => Answer::json(&json!({})),
        // It knows no silence; this does not skip its own list of allowed commands.
        Agent::Cursor => Answer::json(&json!({"permission": "allow"})),
        // `{}` would deny.
        Agent::Antigravity | Agent::Opencode => Answer::json(&json!({"decision": "allow"})),
    }
}

fn deny(agent: Agent, event: Event, reason: &str) -> Answer {
    match agent {
        Agent::ClaudeCode | Agent::ClaudeCompatible | Agent::Vscode | Agent::Codex if event == Event::Permission => {
            Answer::json(&json!({"hookSpecificOutput": {
                "hookEventName": "PermissionRequest",
                "decision": {"behavior": "deny", "message": reason},
            }}))
        }
        Agent::ClaudeCode | Agent::ClaudeCompatible | Agent::Vscode | Agent::Codex => nested("deny", reason),
        Agent::GeminiCli | Agent::Antigravity | Agent::Opencode => {
            Answer::json(&json!({"decision": "deny", "reason": reason}))
        }
        Agent::Cursor => cursor("deny", reason),
        Agent::Copilot => flat("deny", reason),
        Agent::KiroCli | Agent::KiroIde | Agent::QCli | Agent::Windsurf => Answer::blocked(reason),
        Agent::Cline => Answer::json(&json!({"cancel": true, "errorMessage": reason})),
    }
}

/// `None` where asking would be as good as letting it pass.
fn ask(agent: Agent, event: Event, reason: &str) -> Option<Answer> {
    if event != Event::Before {
        return None;
    }
    match agent {
        Agent::ClaudeCode | Agent::Vscode => Some(nested("ask", reason)),
        Agent::Cursor => Some(cursor("ask", reason)),
        Agent::Copilot => Some(flat("ask", reason)),
        Agent::Antigravity => Some(Answer::json(&json!({"decision": "force_ask", "reason": reason}))),
        Agent::Codex
        | Agent::ClaudeCompatible
        | Agent::GeminiCli
        | Agent::KiroCli
        | Agent::KiroIde
        | Agent::QCli
        | Agent::Opencode
        | Agent::Windsurf
        | Agent::Cline => None,
    }
}

/// Our own fault, in the form that stops the call even when nothing else about the answer can be trusted.
fn fault(agent: Agent, reason: &str) -> Answer {
    match agent {
        // Their exit codes are ignored, or mean that the call goes on.
        Agent::Antigravity | Agent::Cline | Agent::Opencode => deny(agent, Event::Before, reason),
        _ => Answer::blocked(reason),
    }
}

fn nested(decision: &str, reason: &str) -> Answer {
    Answer::json(&json!({"hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": decision,
        "permissionDecisionReason": reason,
    }}))
}

fn flat(decision: &str, reason: &str) -> Answer {
    Answer::json(&json!({"permissionDecision": decision, "permissionDecisionReason": reason}))
}

/// Early builds read the names in camel case.
fn cursor(permission: &str, reason: &str) -> Answer {
    Answer::json(&json!({
        "permission": permission,
        "user_message": reason,
        "agent_message": reason,
        "userMessage": reason,
        "agentMessage": reason,
    }))
}
