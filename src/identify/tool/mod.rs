//! From an agent's tool call to the operations it asks for: a shell command, a file, an API call, an MCP tool.
//!
//! A tool that does what a program does is read as that program's command, so that the same effect has the same name and
//! the same verdict whichever tool an agent takes. What a call would do is said by its arguments; the tool's own name
//! counts only where nothing else tells, and a name that nobody knows is never a read.

mod mcp;

use serde_json::{Map, Value};

use super::Known;
use super::command::{
    Effect, Heard, Invocation, Scene, Sent, Shell, Surroundings, TEXT_BYTES_MAX, Word, Written, used_aws,
};
use crate::model::http::Unreadable;
use crate::model::{Impact, Scope};

pub use mcp::Annotations;

/// What one tool call asks for, in words that no agent owns.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolCall {
    /// A command line, or a script.
    Shell {
        /// The text.
        text: String,
        /// In whose language.
        shell: Shell,
        /// Where it runs, when the call says so; absolute, or from where the agent is.
        directory: Option<String>,
    },
    /// A program with its arguments, which no shell reads.
    Program {
        /// The program first.
        words: Vec<String>,
        /// Where it runs, when the call says so.
        directory: Option<String>,
    },
    /// A file is written or edited.
    Write {
        /// Which.
        path: String,
        /// Something of what stands in it stays.
        keeps: bool,
    },
    /// A file or folder is removed.
    Delete {
        /// Which.
        path: String,
    },
    /// A file or folder gets another name.
    Move {
        /// Which.
        from: String,
        /// What it is called then.
        to: String,
    },
    /// A file is read.
    Read {
        /// Which.
        path: String,
    },
    /// One AWS call, as the AWS command line names it.
    Aws {
        /// `s3api`.
        service: String,
        /// `delete-bucket`.
        operation: String,
        /// Its parameters, by their names as options or as the API spells them.
        parameters: Map<String, Value>,
        /// The region.
        region: Option<String>,
        /// The profile.
        profile: Option<String>,
    },
    /// A page is fetched.
    Fetch {
        /// Its URL.
        url: String,
    },
    /// A tool of an MCP server.
    Mcp {
        /// The server, as the agent calls it.
        server: String,
        /// The tool.
        tool: String,
        /// Its arguments.
        arguments: Value,
        /// What the server says of the tool.
        annotations: Annotations,
    },
    /// The agent's own affairs: plans, notes, questions, agents below it (whose calls are asked about themselves), and
    /// searches in the workspace.
    Own {
        /// The tool's name.
        name: String,
    },
    /// A tool that nobody knows.
    Unknown {
        /// Its name.
        name: String,
    },
}

/// Names what tool calls ask for. What would be done together is judged together.
///
/// # Errors
/// A call cannot be read in exactly one way, or is too long to be read.
pub fn tool(calls: &[ToolCall], around: &dyn Surroundings) -> Result<Heard, Unreadable> {
    let mut scene = Scene::new(around);
    for call in calls {
        read(call, around, &mut scene)?;
    }
    scene.finish()
}

fn read(call: &ToolCall, around: &dyn Surroundings, scene: &mut Scene<'_>) -> Result<(), Unreadable> {
    let at = Invocation::bare(around);
    let words = |words: &[&str]| words.iter().map(|word| Word::known(*word)).collect::<Vec<_>>();
    match call {
        ToolCall::Shell { text, shell, directory } => {
            within(text.len())?;
            scene.script(text, *shell, &inside(&at, directory.as_deref()));
        }
        ToolCall::Program { words, directory } => {
            within(words.iter().map(String::len).sum())?;
            let words = words.iter().map(Word::known).collect();
            scene.invocation(&inside(&at, directory.as_deref()).with_words(words));
        }
        ToolCall::Write { path, keeps } => written(path, *keeps, &at, scene),
        ToolCall::Delete { path } => scene.invocation(&at.with_words(words(&["rm", "-rf", "--", path]))),
        ToolCall::Move { from, to } => scene.invocation(&at.with_words(words(&["mv", "--", from, to]))),
        ToolCall::Read { path } => scene.invocation(&at.with_words(words(&["cat", "--", path]))),
        ToolCall::Aws { service, operation, parameters, region, profile } => {
            let call = serde_json::json!({
                "service_name": service, "operation_name": operation, "parameters": parameters, "region": region, "profile_name": profile,
            });
            used_aws(&call, &at, scene);
        }
        ToolCall::Fetch { url } => fetched(url, &at, scene),
        ToolCall::Mcp { server, tool, arguments, annotations } => {
            within(arguments.to_string().len())?;
            mcp::read(&mcp::Called { server, tool, arguments, annotations }, &at, scene);
        }
        ToolCall::Own { name } => {
            scene.effect(&at, Effect::new(&format!("shell:exec:{}", id_part(name)), Impact::Read, Scope::Local));
        }
        ToolCall::Unknown { name } => {
            let at = at.with_words(vec![Word::known(id_part(name))]);
            scene.unknown(&at, "a tool that is not known");
        }
    }
    Ok(())
}

fn within(bytes: usize) -> Result<(), Unreadable> {
    let is_within = bytes <= TEXT_BYTES_MAX;
    is_within.then_some(()).ok_or_else(|| Unreadable::status(413, "the call is too long to be judged"))
}

/// The same circumstances in a folder that the call names.
fn inside(at: &Invocation, directory: Option<&str>) -> Invocation {
    let named = directory.filter(|named| !named.is_empty());
    let directory = match (named, &at.directory) {
        (None, here) => here.clone(),
        (Some(named), _) if named.starts_with('/') => Some(named.to_owned()),
        (Some(named), Some(here)) => Some(format!("{}/{named}", here.trim_end_matches('/'))),
        (Some(_), None) => None,
    };
    Invocation { directory, ..at.clone() }
}

/// A file that a tool writes, read as a redirection to it would be.
fn written(path: &str, keeps: bool, at: &Invocation, scene: &mut Scene<'_>) {
    let written = Written { path: Word::known(path), appends: keeps };
    scene.invocation(&Invocation { writes: vec![written], ..at.clone() });
}

/// A page that is only looked at.
fn fetched(url: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let has_scheme = url.starts_with("http://") || url.starts_with("https://");
    if !has_scheme && url.contains("://") {
        // `file:`, `data:` and the like stay on this machine.
        let path = url.strip_prefix("file://").unwrap_or(url);
        return scene.invocation(&at.with_words(vec![Word::known("cat"), Word::known("--"), Word::known(path)]));
    }
    let url = if has_scheme { url.to_owned() } else { format!("https://{url}") };
    let sent = Sent { method: "GET".to_owned(), url, headers: vec![], body: Some(vec![]), known: Known::default() };
    scene.sends(at, sent);
}

/// `DeleteBucket`, `deleteBucket`, `delete_bucket` as the AWS command line has it: `delete-bucket`.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let parts = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
            || before.is_some_and(char::is_uppercase) && rest.peek().is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && parts {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
        before = Some(c);
    }
    out
}

/// A JSON value as one argument; a switch that is off says nothing.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A name as it may stand in an operation's id.
fn id_part(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(120).collect::<String>();
    if kept.is_empty() { "unnamed".to_owned() } else { kept }
}

#[cfg(test)]
mod tests;
