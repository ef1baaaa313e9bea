//! Cursor: one event for shell commands, one for MCP tools, one for files that are read, and `preToolUse` for the rest.

use serde_json::{Map, Value};

use super::super::decode::{Fields, HookError};
use super::super::{Agent, Asked, Event};
use super::claude::is_not_a_call;
use super::tools::{Named, calls};
use crate::identify::command::Shell;
use crate::identify::tool::{Annotations, ToolCall};

pub(in super::super) fn read(fields: Fields<'_>) -> Result<Asked, HookError> {
    let roots = fields.texts(&["workspace_roots", "workspaceRoots"]);
    let mut asked = Asked {
        cwd: fields.owned(&["cwd"]).or_else(|| roots.first().cloned()),
        agent_session: fields.owned(&["conversation_id", "conversationId"]),
        sub_agent: fields.owned(&["subagent_id", "agent_id"]),
        roots,
        ..Asked::default()
    };
    let missing = HookError::Missing;
    match fields.text(&["hook_event_name", "hookEventName"]).ok_or(missing("hook_event_name"))? {
        "beforeShellExecution" => {
            let text = fields.owned(&["command"]).ok_or(missing("command"))?;
            asked.calls = vec![ToolCall::Shell { text, shell: Shell::Posix, directory: fields.owned(&["cwd"]) }];
            "Shell".clone_into(&mut asked.tool);
        }
        "beforeMCPExecution" => {
            let tool = fields.owned(&["tool_name", "toolName"]).ok_or(missing("tool_name"))?;
            let arguments = fields.object(&["tool_input", "toolInput"]).unwrap_or_default();
            let server = fields.owned(&["server_name", "server", "mcp_server_name"]);
            let server = server.unwrap_or_else(|| server_of(fields));
            asked.tool.clone_from(&tool);
            asked.calls = vec![mcp(server, tool, arguments)];
        }
        "beforeReadFile" | "beforeTabFileRead" => {
            let path = fields.owned(&["file_path", "filePath", "path"]).ok_or(missing("file_path"))?;
            "Read".clone_into(&mut asked.tool);
            asked.calls = vec![ToolCall::Read { path }];
            asked.event = Event::BeforeWithoutAsk;
        }
        "preToolUse" => {
            let tool = fields.text(&["tool_name", "toolName"]).ok_or(missing("tool_name"))?;
            let input = fields.object(&["tool_input", "toolInput"]).unwrap_or_default();
            tool.clone_into(&mut asked.tool);
            asked.calls = calls(&Named { tool, input: &input, server: None, agent: Agent::Cursor });
            asked.event = Event::BeforeWithoutAsk;
        }
        name if is_not_a_call(name) => asked.event = Event::Other,
        // A name of a later build, perhaps: what holds a tool call is judged.
        _ if fields.text(&["tool_name", "toolName"]).is_some() => {
            let tool = fields.text(&["tool_name", "toolName"]).ok_or(missing("tool_name"))?;
            let input = fields.object(&["tool_input", "toolInput"]).unwrap_or_default();
            tool.clone_into(&mut asked.tool);
            asked.calls = calls(&Named { tool, input: &input, server: None, agent: Agent::Cursor });
            asked.event = Event::BeforeWithoutAsk;
        }
        _ => {
            let text = fields.owned(&["command"]).ok_or(missing("hook_event_name"))?;
            asked.calls = vec![ToolCall::Shell { text, shell: Shell::Posix, directory: fields.owned(&["cwd"]) }];
            "Shell".clone_into(&mut asked.tool);
            asked.event = Event::BeforeWithoutAsk;
        }
    }
    Ok(asked)
}

fn mcp(server: String, tool: String, arguments: Map<String, Value>) -> ToolCall {
    ToolCall::Mcp { server, tool, arguments: Value::Object(arguments), annotations: Annotations::default() }
}

/// By its host, or the program that it is started with.
fn server_of(fields: Fields<'_>) -> String {
    if let Some(url) = fields.text(&["url"]) {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        return rest.split(['/', ':', '?']).next().unwrap_or("unnamed").to_owned();
    }
    let command = fields.text(&["command"]).unwrap_or("unnamed");
    let program = command.split_whitespace().find(|word| !matches!(*word, "npx" | "uvx" | "-y" | "node" | "python"));
    program.and_then(|program| program.rsplit('/').next()).unwrap_or("unnamed").to_owned()
}
