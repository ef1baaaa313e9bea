//! From an agent's JSON to what it is about to do. Every form that builds of the agent are known to send is taken; what
//! has none of them is an error, and the call does not go on.

use serde_json::{Map, Value};

use super::agents;
use super::said::told;
use super::{Agent, Asked};
use crate::identify::strict_json;

/// The hook's input cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Not JSON, or not an object.
    #[error("its input is not a JSON object: {0}")]
    Json(String),
    /// It names no tool.
    #[error("its input names no tool call ({0} is missing): this build of the agent cannot be judged by its hook")]
    Missing(&'static str),
    /// It is too long.
    #[error("its input is longer than {0} bytes")]
    TooLong(usize),
}

/// The longest input that is read: agents put whole files in.
pub const INPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads what this agent sends.
///
/// # Errors
/// It has no form that the agent is known to send.
pub fn decode(agent: Agent, text: &str) -> Result<Asked, HookError> {
    if text.len() > INPUT_BYTES_MAX {
        return Err(HookError::TooLong(INPUT_BYTES_MAX));
    }
    // Some editors put a byte order mark in front.
    let text = text.trim_start_matches('\u{feff}').trim();
    // Which of two equal members counts differs from reader to reader.
    let fields = match strict_json(text.as_bytes()) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(HookError::Json("it is another value".to_owned())),
        Err(wrong) => return Err(HookError::Json(wrong)),
    };
    let fields = Fields(&fields);
    let read = match agent {
        Agent::ClaudeCode
        | Agent::ClaudeCompatible
        | Agent::Codex
        | Agent::Vscode
        | Agent::Copilot
        | Agent::GeminiCli
        | Agent::KiroCli
        | Agent::KiroIde
        | Agent::QCli => agents::claude::read(agent, fields),
        Agent::Cursor => agents::cursor::read(fields),
        Agent::Windsurf => agents::windsurf::read(fields),
        Agent::Cline => agents::cline::read(fields),
        Agent::Antigravity => agents::antigravity::read(fields),
        Agent::Opencode => agents::opencode::read(fields),
    };
    read.map(|asked| Asked { told: told(&asked.calls, fields), ..asked })
}

/// The members of an object, under any of the names that builds gave them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The first that is there and not null.
    pub(super) fn get(self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.0.get(*name)).filter(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(super) fn text(self, names: &[&str]) -> Option<&'a str> {
        self.get(names).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The same, owned.
    pub(super) fn owned(self, names: &[&str]) -> Option<String> {
        self.text(names).map(ToOwned::to_owned)
    }

    /// A list of texts.
    pub(super) fn texts(self, names: &[&str]) -> Vec<String> {
        let list = self.get(names).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    }

    /// An object, or the text of one. What is neither stands whole under `input`.
    pub(super) fn object(self, names: &[&str]) -> Option<Map<String, Value>> {
        match self.get(names)? {
            Value::Object(object) => Some(object.clone()),
            Value::String(text) => match strict_json(text.as_bytes()) {
                Ok(Value::Object(object)) => Some(object),
                // An object of which there are two readings is none.
                _ if text.trim_start().starts_with('{') => None,
                _ => Some([("input".to_owned(), Value::String(text.clone()))].into_iter().collect()),
            },
            other => Some([("input".to_owned(), other.clone())].into_iter().collect()),
        }
    }
}
