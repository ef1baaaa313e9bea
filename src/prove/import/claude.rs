//! Claude Code's `permissions.deny` and `permissions.ask`, as rules.
//!
//! Those strings match the text of a tool's call; rules speak of what is done. Each string is therefore written out as a call,
//! read as the hook reads it, and the operations found become the rule: it then holds at every door and however the command
//! is spelt. What no call can be written for, or what names no operation, is listed.
//!
//! Forms of the strings: code.claude.com/docs/en/permissions.

mod path;
mod program;

use serde_json::{Map, Value};

use crate::catalog::operation_exists;
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::identify::command::{Shell, Stated, command};
use crate::identify::strict_json;
use crate::identify::tool::{Annotations, ToolCall, tool};
use crate::model::{Effect, Evidence};
use crate::rules::Severity;
use crate::rules::import::{Block, Converted, Draft, Fit, Left, Note, Origin, Sample, slug};

/// Stands in a call for whatever may stand there.
const ANY: &str = "blastgate-example";

/// Why a string becomes no rule, and what may be done instead.
type Refused = (String, Option<&'static str>);

/// What a string asks for.
#[derive(Default)]
struct Meant {
    matches: Block,
    samples: Vec<Sample>,
    notes: Vec<Note>,
}

/// The rules of a settings file.
///
/// # Errors
/// It is not JSON with one reading, or holds no permissions.
pub(super) fn convert(file: &str, text: &str) -> Result<Converted, String> {
    let value = strict_json(text.trim_start_matches('\u{feff}').as_bytes())?;
    let Some(permissions) = value.get("permissions").and_then(Value::as_object) else {
        return Err("it has no `permissions`: is it a `settings.json` of Claude Code?".to_owned());
    };
    let mut converted = Converted::default();
    for (list, decision) in [("deny", Effect::Deny), ("ask", Effect::Escalate)] {
        entries(file, (list, decision), permissions, &mut converted);
    }
    let origin =
        |list: &str| Origin { file: file.to_owned(), policy: format!("permissions.{list}"), ..Origin::default() };
    let lists = ["deny", "ask", "defaultMode", "additionalDirectories"];
    for (name, value) in permissions.iter().filter(|(name, _)| !lists.contains(&name.as_str())) {
        let count = value.as_array().map_or(1, Vec::len);
        let (why, hint) = match name.as_str() {
            "allow" => ("they allow, and rules only deny", None),
            _ => (
                "it is no list of denials",
                Some("see Claude Code's own documentation: `deny` and `ask` are carried over".to_owned()),
            ),
        };
        let what = if name == "allow" { format!("{count} entries") } else { format!("`permissions.{name}`") };
        converted.left.push(Left { origin: origin(name), what, why: why.to_owned(), hint });
    }
    Ok(converted)
}

fn entries(file: &str, (list, decision): (&str, Effect), permissions: &Map<String, Value>, converted: &mut Converted) {
    let origin = Origin { file: file.to_owned(), policy: format!("permissions.{list}"), statement: String::new() };
    let items = match permissions.get(list) {
        None => return,
        Some(Value::Array(items)) => items.clone(),
        Some(other) => vec![other.clone()],
    };
    for item in items {
        let (what, read) = match &item {
            Value::String(text) => (format!("`{text}`"), entry(text)),
            other => (other.to_string(), Err(("it is no text: Claude Code does not read it".to_owned(), None))),
        };
        match read {
            Ok(meant) => converted.drafts.push(draft(&what, &origin, decision, meant)),
            Err((why, hint)) => {
                let origin = origin.clone();
                converted.left.push(Left { origin, what, why, hint: hint.map(str::to_owned) });
            }
        }
    }
}

fn draft(what: &str, origin: &Origin, decision: Effect, meant: Meant) -> Draft {
    let does = if decision == Effect::Deny { "deny" } else { "ask about" };
    let list = &origin.policy;
    let misses = ["ls", "git status", "cat README.md"]
        .map(|text| Sample { operation: String::new(), command: Some(text.to_owned()) });
    Draft {
        origin: Origin { statement: what.to_owned(), ..origin.clone() },
        name: slug(what),
        severity: Severity::Medium,
        decision,
        matches: meant.matches,
        unless: Block::default(),
        message: format!("The settings of Claude Code {does} {what} (`{list}`), and this does the same."),
        instead: "Look without changing anything, or ask your person whether this is meant to be done.".to_owned(),
        references: vec![
            format!("Claude Code, {list}: {what}"),
            "https://code.claude.com/docs/en/permissions".to_owned(),
        ],
        notes: meant.notes,
        samples: meant.samples,
        misses: misses.into(),
    }
}

/// Tools of the agent that never leave it.
const OWN: [&str; 14] = [
    "Agent",
    "AskUserQuestion",
    "BashOutput",
    "ExitPlanMode",
    "Glob",
    "Grep",
    "KillShell",
    "LS",
    "NotebookRead",
    "Skill",
    "SlashCommand",
    "Task",
    "TodoWrite",
    "WebSearch",
];

/// One string.
fn entry(text: &str) -> Result<Meant, Refused> {
    let (name, inside) = match text.split_once('(') {
        None if text.contains(')') => return Err(malformed("a `)` without a `(`")),
        None => (text, None),
        Some((name, rest)) => match rest.strip_suffix(')') {
            Some(inside) => (name, Some(inside)),
            None => return Err(malformed("nothing may stand behind the last `)`")),
        },
    };
    if name.trim() != name || name.is_empty() {
        return Err(malformed("it names no tool"));
    }
    if let Some(rest) = name.strip_prefix("mcp__") {
        return if inside.is_some() { Err(malformed("an MCP tool takes no `( )`")) } else { mcp(rest) };
    }
    let inside = inside.filter(|inside| !matches!(*inside, "" | "*" | ":*" | "**"));
    let whole = "it denies the tool as such, and the gate judges what is done, not by which tool";
    let keep = Some("leave it in Claude Code's settings, where it works");
    match (name, inside) {
        ("Bash", Some(inside)) => program::meant(inside),
        ("Read" | "Edit" | "Write" | "MultiEdit" | "NotebookEdit", Some(inside)) => path::meant(name, inside),
        ("WebFetch", Some(inside)) => fetch(inside),
        ("Bash" | "Read" | "Edit" | "Write" | "MultiEdit" | "NotebookEdit" | "WebFetch", None) => {
            Err((whole.to_owned(), keep))
        }
        _ if OWN.contains(&name) => Err(("it is the agent's own tool: nothing of it passes the gate".to_owned(), keep)),
        _ => Err((format!("Claude Code has no tool `{name}`; a name that it does not know denies nothing"), None)),
    }
}

fn malformed(why: &str) -> Refused {
    let why = format!("MALFORMED, and Claude Code denies nothing by it: {why}");
    (why, Some("repair it there as well: as it stands it protects nothing"))
}

/// `server`, `server__*`, `server__tool`.
fn mcp(rest: &str) -> Result<Meant, Refused> {
    let (server, name) = rest.split_once("__").unwrap_or((rest, "*"));
    let is_id = |part: &str| !part.is_empty() && !part.contains([':', ' ', '?', '[']);
    if !is_id(server) || !is_id(name) {
        return Err(malformed("it is not `mcp__server__tool`"));
    }
    let mut meant = Meant::default();
    meant.matches.set("operation", [pattern(&format!("mcp:{server}:{name}"))]);
    let sample = name.replace('*', "example");
    let call = ToolCall::Mcp {
        server: server.replace('*', "example"),
        tool: sample.clone(),
        arguments: Value::Object(Map::new()),
        annotations: Annotations::default(),
    };
    let actions = judged(&[call]).unwrap_or_default();
    meant.samples =
        actions.iter().map(|one| Sample { operation: one.operation().as_str().to_owned(), command: None }).collect();
    let text = "a tool whose arguments hold a command, a file or a URL is judged by those, and then is not called by its own name";
    meant.notes.push(Note { fit: Fit::Narrower, text: text.to_owned() });
    Ok(meant)
}

/// `domain:example.com`.
fn fetch(inside: &str) -> Result<Meant, Refused> {
    let Some(host) = inside.strip_prefix("domain:").map(str::trim).filter(|host| !host.is_empty()) else {
        return Err(malformed("`WebFetch` takes `domain:NAME`"));
    };
    let host = host.to_ascii_lowercase();
    let is_host = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte));
    if !is_host(&host) {
        return Err(malformed("its domain is no name"));
    }
    let url = format!("https://{}/", host.replace('*', ANY));
    let actions = judged(&[ToolCall::Fetch { url }])?;
    let is_plain = actions.iter().all(|action| action.operation().provider() == "http");
    if !is_plain || actions.is_empty() {
        let why = "the gate knows this API and calls its operations by name, not by its host".to_owned();
        return Err((why, Some("write a rule for its `provider:`")));
    }
    let mut meant = Meant::default();
    meant.matches.set("operation", [format!("http:{host}:*")]);
    let text = "every method and every program counts, not only what `WebFetch` sends";
    meant.notes.push(Note { fit: Fit::Wider, text: text.to_owned() });
    meant.samples = samples(&actions, Some(&format!("curl https://{}/", host.replace('*', ANY))));
    Ok(meant)
}

/// An operation's pattern: an id of a grammar, which no catalog holds word for word, with a `*` behind.
fn pattern(id: &str) -> String {
    if id.ends_with('*') || operation_exists(id) { id.to_owned() } else { format!("{id}*") }
}

/// What calls of tools ask for.
fn judged(calls: &[ToolCall]) -> Result<Vec<Action>, Refused> {
    let heard =
        tool(calls, &Stated::in_workspace("/repo")).map_err(|why| (format!("it cannot be read: {why}"), None))?;
    Ok(classify(heard.identified, &Inventory::default(), Evidence::Parsed).into_iter().collect())
}

/// What a command line asks for; nothing where it cannot be read.
fn heard(text: &str) -> Vec<Action> {
    let heard = command(text, Shell::Posix, &Stated::in_workspace("/repo"));
    heard.map_or_else(
        |_| vec![],
        |heard| classify(heard.identified, &Inventory::default(), Evidence::Parsed).into_iter().collect(),
    )
}

fn samples(actions: &[Action], text: Option<&str>) -> Vec<Sample> {
    let one = |action: &Action| Sample {
        operation: action.operation().as_str().to_owned(),
        command: text.map(str::to_owned),
    };
    actions.iter().map(one).collect()
}
