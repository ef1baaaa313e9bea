//! What an agent says about its own tool call: nobody checks it, and nothing is decided by it.
//!
//! Three places, the first that says a thing counts: the members `blastgate/reason`, `blastgate/ticket` and
//! `blastgate/rollback-plan` of an MCP call's `_meta`; an object `blastgate` in the tool's input; and, since most tools take
//! no input but their own, a comment in the command itself, `# blastgate: reason=…`, one thing a line.
//!
//! Besides, most agents describe each command that they run to their person. That is a reason where there is no better one.

use serde_json::Value;

use super::decode::Fields;
use crate::identify::tool::ToolCall;
use crate::model::{Obligation, Said};

/// Before `reason=…`.
const MARK: &str = "# blastgate:";
/// In `_meta`, before the name.
const PREFIX: &str = "blastgate/";
/// Where agents put a call, and in it its input.
const CALLS: &[&str] = &["toolCall", "tool_call", "preToolUse"];
const INPUTS: &[&str] =
    &["tool_input", "toolInput", "toolArgs", "tool_args", "args", "arguments", "parameters", "input", "tool_info"];
/// Where they say what a command is for: Claude Code, Copilot, Gemini CLI, opencode · Cursor, VS Code · Codex · Kiro, Q.
const DESCRIPTIONS: &[&str] = &["description", "explanation", "justification", "summary", "goal", "label"];

/// What an agent says about a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it says to the gate.
    pub said: Said,
    /// What it says the call is for, to whoever reads along.
    pub described: Option<String>,
}

/// What is said about these calls, in the agent's JSON.
pub(super) fn told(calls: &[ToolCall], fields: Fields<'_>) -> Told {
    let mut told = Told::default();
    let is_command =
        |call: &ToolCall| matches!(call, ToolCall::Shell { .. } | ToolCall::Program { .. } | ToolCall::Aws { .. });
    let commands = calls.iter().any(is_command);
    // Of other tools, which may bring whole files, nothing is looked for.
    if !commands && !calls.iter().any(|call| matches!(call, ToolCall::Mcp { .. })) {
        return told;
    }
    let call = fields.object(CALLS);
    let input = call.as_ref().map_or(fields, Fields).object(INPUTS).or_else(|| fields.object(INPUTS));
    for object in [Some(fields), input.as_ref().map(Fields)].into_iter().flatten() {
        members(object.get(&["_meta"]), PREFIX, &mut told.said);
        members(object.get(&["blastgate"]), "", &mut told.said);
    }
    for call in calls {
        match call {
            ToolCall::Shell { text, .. } => comments(text, &mut told.said),
            ToolCall::Program { words, .. } => words.iter().for_each(|word| comments(word, &mut told.said)),
            _ => {}
        }
    }
    if let Some(input) = input.as_ref().filter(|_| commands) {
        told.described = Fields(input).owned(DESCRIPTIONS);
    }
    told
}

fn say(said: &mut Said, name: &str, text: &str) {
    let name = name.trim().replace('_', "-");
    let known = Obligation::BROUGHT.into_iter().find(|one| one.to_string() == name);
    if let Some(obligation) = known.filter(|one| said.to(one).is_none()) {
        said.say(&obligation, text);
    }
}

fn members(object: Option<&Value>, prefix: &str, said: &mut Said) {
    for (name, value) in object.and_then(Value::as_object).into_iter().flatten() {
        if let (Some(name), Some(text)) = (name.strip_prefix(prefix), value.as_str()) {
            say(said, name, text);
        }
    }
}

/// A comment also behind a command; where it stands inside a quoted text it is heard all the same.
fn comments(text: &str, said: &mut Said) {
    for line in text.lines() {
        if let Some((name, text)) = line.split_once(MARK).and_then(|(_, rest)| rest.split_once('=')) {
            say(said, name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Agent, decode};

    #[track_caller]
    fn check(agent: Agent, input: &serde_json::Value, expected: [Option<&str>; 4]) {
        let told = decode(agent, &input.to_string()).unwrap().told;
        let found = [told.said.reason, told.said.ticket, told.said.rollback_plan, told.described];
        assert_eq!(found, expected.map(|text| text.map(str::to_owned)), "{agent}: {input}");
    }

    fn bash(input: &serde_json::Value) -> serde_json::Value {
        json!({"session_id": "s", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": input})
    }

    #[test]
    fn a_command_is_described_and_speaks_for_itself() {
        let claude = |input| bash(&input);
        check(
            Agent::ClaudeCode,
            &claude(json!({"command": "ls", "description": "List files"})),
            [None, None, None, Some("List files")],
        );
        check(
            Agent::ClaudeCode,
            &claude(
                json!({"command": "aws s3 rb s3://x --force # blastgate: reason=empty since May\n# blastgate: ticket = CHG-42\n#blastgate: reason=no\n# blastgate: reason=later\n# blastgate: approve=yes"}),
            ),
            [Some("empty since May"), Some("CHG-42"), None, None],
        );
        check(
            Agent::ClaudeCode,
            &claude(
                json!({"command": "ls", "blastgate": {"reason": "because", "rollback_plan": "none needed", "ticket": 7}}),
            ),
            [Some("because"), None, Some("none needed"), None],
        );
        // A file may hold anything, and says nothing.
        let write = json!({"tool_name": "Write", "tool_input": {"file_path": "/a", "content": "# blastgate: reason=x", "description": "y"}});
        check(Agent::ClaudeCode, &write, [None; 4]);
    }

    #[test]
    fn each_agent_s_own_place() {
        let words = json!({"tool_name": "shell", "tool_input": {"command": ["bash", "-lc", "terraform destroy # blastgate: reason=end of the trial"], "justification": "needs the network"}});
        check(Agent::Codex, &words, [Some("end of the trial"), None, None, Some("needs the network")]);
        let nested =
            json!({"toolCall": {"name": "run_command", "args": {"CommandLine": "ls", "explanation": "looks around"}}});
        check(Agent::Antigravity, &nested, [None, None, None, Some("looks around")]);
        let flat =
            json!({"hook_event_name": "beforeShellExecution", "command": "ls # blastgate: ticket=T-1", "cwd": "/"});
        check(Agent::Cursor, &flat, [None, Some("T-1"), None, None]);
        let opencode = json!({"tool": "bash", "sessionID": "o", "args": {"command": "ls", "description": "Lists"}});
        check(Agent::Opencode, &opencode, [None, None, None, Some("Lists")]);
    }

    #[test]
    fn an_mcp_call_says_it_in_its_meta_and_its_arguments_are_no_reason() {
        let call = json!({"tool_name": "mcp__shop__delete_all", "tool_input": {"description": "an argument", "name": "x"},
            "_meta": {"blastgate/reason": "moved to the new shop", "blastgate/rollback-plan": "restore", "reason": "not ours"}});
        check(Agent::ClaudeCode, &call, [Some("moved to the new shop"), None, Some("restore"), None]);
        let inside =
            json!({"tool_name": "mcp__shop__delete_all", "tool_input": {"_meta": {"blastgate/ticket": "CHG-1"}}});
        check(Agent::ClaudeCode, &inside, [None, Some("CHG-1"), None, None]);
    }
}
