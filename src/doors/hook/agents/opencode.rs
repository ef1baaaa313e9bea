//! opencode has plugins and no hooks: the plugin hands on what `tool.execute.before` gives it, `{tool, sessionID, callID,
//! args}`, with the folder that it knows.

use super::super::decode::{Fields, HookError};
use super::super::{Agent, Asked};
use super::tools::{Named, calls};

pub(in super::super) fn read(fields: Fields<'_>) -> Result<Asked, HookError> {
    let tool = fields.text(&["tool", "tool_name"]).ok_or(HookError::Missing("tool"))?;
    let input = fields.object(&["args", "tool_input"]).ok_or(HookError::Missing("args"))?;
    Ok(Asked {
        calls: calls(&Named { tool, input: &input, server: None, agent: Agent::Opencode }),
        tool: tool.to_owned(),
        cwd: fields.owned(&["cwd", "directory"]),
        agent_session: fields.owned(&["sessionID", "sessionId", "session_id"]),
        roots: fields.owned(&["worktree"]).filter(|root| root != "/").into_iter().collect(),
        ..Asked::default()
    })
}
