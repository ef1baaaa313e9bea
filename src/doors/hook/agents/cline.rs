//! Cline: `{hookName, taskId, workspaceRoots, preToolUse{toolName, parameters}}` in its editor, `tool_call{name, input}` in
//! its command line.

use super::super::decode::{Fields, HookError};
use super::super::{Agent, Asked, Event};
use super::claude::is_not_a_call;
use super::tools::{Named, calls};

pub(in super::super) fn read(fields: Fields<'_>) -> Result<Asked, HookError> {
    let roots = fields.texts(&["workspaceRoots", "workspace_roots"]);
    let context = fields.object(&["sessionContext"]).unwrap_or_default();
    let workspace = fields.object(&["workspaceInfo"]).unwrap_or_default();
    let root = Fields(&workspace).owned(&["rootPath", "root", "path", "cwd"]);
    let mut asked = Asked {
        cwd: fields.owned(&["cwd"]).or_else(|| roots.first().cloned()).or(root),
        agent_session: fields.owned(&["taskId"]).or_else(|| Fields(&context).owned(&["rootSessionId", "sessionId"])),
        sub_agent: fields.owned(&["parent_agent_id"]).and_then(|_| fields.owned(&["agent_id"])),
        roots,
        ..Asked::default()
    };
    let is_known = |name: &str| is_not_a_call(name) || name == "tool_result" || name.starts_with("agent_");
    if fields.text(&["hookName"]).is_some_and(is_known) {
        asked.event = Event::Other;
        return Ok(asked);
    }
    let call = fields.object(&["preToolUse", "tool_call", "toolCall"]).ok_or(HookError::Missing("preToolUse"))?;
    let call = Fields(&call);
    let tool = call.text(&["toolName", "name", "tool"]).ok_or(HookError::Missing("toolName"))?;
    let input = call.object(&["parameters", "input"]).unwrap_or_default();
    tool.clone_into(&mut asked.tool);
    asked.calls = calls(&Named { tool, input: &input, server: None, agent: Agent::Cline });
    Ok(asked)
}
