//! The door of agents' pre-tool hooks: the JSON that an agent hands to its hook, and the answer in that agent's form.
//!
//! A hook is early warning and no wall: agents skip hooks for their sub-agents, and some let a call through when a hook is
//! slow or fails. So it says no as loudly as its agent's form allows, never says `allow` where "no opinion" exists, and
//! fails closed.
//!
//! Pure: text in, text out. The formats' facts come from the agents' own sources and type files.

mod agents;
mod answer;
mod decode;
mod said;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::identify::tool::ToolCall;

pub use answer::{Answer, Verdict, answer, holds_ask};
pub use decode::{HookError, INPUT_BYTES_MAX, decode};
pub use said::Told;

/// Whose hook this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agent {
    /// Claude Code.
    ClaudeCode,
    /// OpenAI Codex CLI.
    Codex,
    /// Gemini CLI.
    GeminiCli,
    /// Cursor.
    Cursor,
    /// Kiro CLI.
    KiroCli,
    /// Kiro's editor.
    KiroIde,
    /// Amazon Q Developer CLI.
    QCli,
    /// GitHub Copilot CLI and its cloud agent.
    Copilot,
    /// VS Code's own agent hooks.
    Vscode,
    /// opencode, through a plugin that asks.
    Opencode,
    /// Windsurf (Cascade).
    Windsurf,
    /// Cline.
    Cline,
    /// Antigravity CLI.
    Antigravity,
    /// Whatever copies Claude Code's form.
    ClaudeCompatible,
}

impl Agent {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::ClaudeCode,
        Self::Codex,
        Self::GeminiCli,
        Self::Cursor,
        Self::KiroCli,
        Self::KiroIde,
        Self::QCli,
        Self::Copilot,
        Self::Vscode,
        Self::Opencode,
        Self::Windsurf,
        Self::Cline,
        Self::Antigravity,
        Self::ClaudeCompatible,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::GeminiCli => "gemini-cli",
            Self::Cursor => "cursor",
            Self::KiroCli => "kiro-cli",
            Self::KiroIde => "kiro-ide",
            Self::QCli => "q-cli",
            Self::Copilot => "copilot",
            Self::Vscode => "vscode",
            Self::Opencode => "opencode",
            Self::Windsurf => "windsurf",
            Self::Cline => "cline",
            Self::Antigravity => "antigravity",
            Self::ClaudeCompatible => "claude-compatible",
        }
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Agent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Kiro's later hooks are the same for its command line and its editor.
        let text = if text == "kiro" { "kiro-cli" } else { text };
        Self::ALL.into_iter().find(|agent| agent.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is not an agent with hooks that are known: {known}")
        })
    }
}

/// What an agent asks its hook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// What it is about to do; nothing where the event is no tool call.
    pub calls: Vec<ToolCall>,
    /// The tool, as the agent calls it.
    pub tool: String,
    /// Where the agent is; absolute.
    pub cwd: Option<String>,
    /// The agent's own name for its session.
    pub agent_session: Option<String>,
    /// The agent below it that asks.
    pub sub_agent: Option<String>,
    /// The folders that the agent works in.
    pub roots: Vec<String>,
    /// In which form the answer must come, where that depends on the event.
    pub event: Event,
    /// What it says about it.
    pub told: Told,
}

/// The events whose answers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Event {
    /// A tool call is about to be made.
    #[default]
    Before,
    /// The same, where the agent does not heed `ask`.
    BeforeWithoutAsk,
    /// The agent is about to ask its person itself (`PermissionRequest`).
    Permission,
    /// Anything else: nobody asks for an opinion.
    Other,
}

#[cfg(test)]
mod tests;
