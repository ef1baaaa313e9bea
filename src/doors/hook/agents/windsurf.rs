//! Windsurf: `{agent_action_name, trajectory_id, tool_info{…}}`.

use serde_json::Value;

use super::super::decode::{Fields, HookError};
use super::super::{Asked, Event};
use crate::identify::command::Shell;
use crate::identify::tool::{Annotations, ToolCall};

pub(in super::super) fn read(fields: Fields<'_>) -> Result<Asked, HookError> {
    let missing = HookError::Missing;
    let action = fields.text(&["agent_action_name"]).ok_or(missing("agent_action_name"))?;
    let info = fields.object(&["tool_info"]).unwrap_or_default();
    let info = Fields(&info);
    let mut asked = Asked {
        tool: action.to_owned(),
        cwd: info.owned(&["cwd"]).or_else(|| fields.owned(&["cwd"])),
        agent_session: fields.owned(&["trajectory_id"]),
        roots: fields.texts(&["workspace_roots"]),
        ..Asked::default()
    };
    asked.calls = match action {
        "pre_run_command" => {
            let text = info.owned(&["command_line"]).ok_or(missing("tool_info.command_line"))?;
            vec![ToolCall::Shell { text, shell: Shell::Posix, directory: info.owned(&["cwd"]) }]
        }
        "pre_mcp_tool_use" => {
            let tool = info.owned(&["mcp_tool_name"]).ok_or(missing("tool_info.mcp_tool_name"))?;
            let server = info.owned(&["mcp_server_name"]).unwrap_or_else(|| "unnamed".to_owned());
            let arguments = Value::Object(info.object(&["mcp_tool_arguments"]).unwrap_or_default());
            vec![ToolCall::Mcp { server, tool, arguments, annotations: Annotations::default() }]
        }
        "pre_write_code" => {
            let path = info.owned(&["file_path"]).ok_or(missing("tool_info.file_path"))?;
            vec![ToolCall::Write { path, keeps: true }]
        }
        "pre_read_code" => {
            let path = info.owned(&["file_path"]).ok_or(missing("tool_info.file_path"))?;
            vec![ToolCall::Read { path }]
        }
        action if action.starts_with("post_") || action == "pre_user_prompt" => {
            asked.event = Event::Other;
            vec![]
        }
        // A name of a later build, perhaps: nobody knows what it is about to do.
        _ => return Err(missing("an agent_action_name that is known")),
    };
    Ok(asked)
}
