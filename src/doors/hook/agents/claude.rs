//! Claude Code's form, and those that were made after it: Codex, VS Code, Copilot, Gemini CLI, Kiro and Amazon Q.
//!
//! `{session_id, cwd, hook_event_name, tool_name, tool_input, …}`; Copilot also in camel case with `toolArgs`, VS Code
//! with both cases mixed.

use super::super::decode::{Fields, HookError};
use super::super::{Agent, Asked, Event};
use super::tools::{Named, calls};

pub(in super::super) fn read(agent: Agent, fields: Fields<'_>) -> Result<Asked, HookError> {
    let event = event(agent, fields.text(&["hook_event_name", "hookEventName", "event", "trigger"]));
    let mut asked = Asked {
        cwd: fields.owned(&["cwd", "workspace_root", "workspaceRoot"]),
        agent_session: fields.owned(&["session_id", "sessionId", "conversation_id"]),
        sub_agent: fields.owned(&["agent_id", "agentId", "agent_type"]),
        roots: fields.texts(&["workspace_roots", "workspaceRoots"]),
        event,
        ..Asked::default()
    };
    if event == Event::Other {
        return Ok(asked);
    }
    let Some(tool) = fields.text(&["tool_name", "toolName"]) else { return Err(HookError::Missing("tool_name")) };
    let Some(input) = fields.object(&["tool_input", "toolArgs", "tool_args", "toolInput"]) else {
        return Err(HookError::Missing("tool_input"));
    };
    tool.clone_into(&mut asked.tool);
    let server = fields.get(&["mcp_server", "mcp_context", "mcpServer"]).and_then(server);
    asked.calls = calls(&Named { tool, input: &input, server: server.as_deref(), agent });
    Ok(asked)
}

/// `{"name": …}`, or the name itself.
fn server(value: &serde_json::Value) -> Option<String> {
    let name = value
        .as_str()
        .or_else(|| ["name", "server_name", "serverName"].iter().find_map(|key| value.get(key)?.as_str()));
    name.map(ToOwned::to_owned)
}

/// Events that ask about no tool call: what comes after one, a session's beginning and end, what a person wrote.
pub(in super::super) fn is_not_a_call(name: &str) -> bool {
    const BEGINNINGS: [&str; 22] = [
        "post",
        "after",
        "session",
        "stop",
        "subagent",
        "notification",
        "userprompt",
        "user_prompt",
        "beforesubmitprompt",
        "precompact",
        "permissiondenied",
        "elicitation",
        "worktree",
        "configchange",
        "agentspawn",
        "beforeagent",
        "beforemodel",
        "beforetoolselection",
        "task",
        "erroroccurred",
        "setup",
        "precompress",
    ];
    let name = name.to_ascii_lowercase();
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Without a name it is what the hook is there for.
fn event(agent: Agent, name: Option<&str>) -> Event {
    match name {
        None | Some("PreToolUse" | "preToolUse" | "BeforeTool" | "beforeTool") => Event::Before,
        Some("PermissionRequest") if agent != Agent::GeminiCli => Event::Permission,
        Some(name) if is_not_a_call(name) => Event::Other,
        // A name of a later build, perhaps: what holds a tool call is judged.
        Some(_) => Event::Before,
    }
}
