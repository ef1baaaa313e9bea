//! Antigravity CLI: `{conversationId, workspacePaths[], toolCall{name, args{CommandLine}}}`.

use super::super::decode::{Fields, HookError};
use super::super::{Agent, Asked, Event};
use super::claude::is_not_a_call;
use super::tools::{Named, calls};

pub(in super::super) fn read(fields: Fields<'_>) -> Result<Asked, HookError> {
    let roots = fields.texts(&["workspacePaths", "workspace_paths"]);
    let mut asked = Asked {
        cwd: fields.owned(&["cwd"]).or_else(|| roots.first().cloned()),
        agent_session: fields.owned(&["conversationId", "conversation_id"]),
        roots,
        ..Asked::default()
    };
    if fields.text(&["hookEventName", "hook_event_name"]).is_some_and(is_not_a_call) {
        asked.event = Event::Other;
        return Ok(asked);
    }
    let call = fields.object(&["toolCall", "tool_call"]).ok_or(HookError::Missing("toolCall"))?;
    let call = Fields(&call);
    let tool = call.text(&["name"]).ok_or(HookError::Missing("toolCall.name"))?;
    let input = call.object(&["args", "arguments"]).unwrap_or_default();
    if let Some(cwd) = Fields(&input).owned(&["Cwd", "cwd"]) {
        asked.cwd = Some(cwd);
    }
    tool.clone_into(&mut asked.tool);
    asked.calls = calls(&Named { tool, input: &input, server: None, agent: Agent::Antigravity });
    Ok(asked)
}
