//! The forms in which model APIs ask for a shell command, and in which agents tell what came of it: OpenAI's Responses and
//! Chat Completions, and Gemini's. (Anthropic's is in `model`.)

use bytes::Bytes;
use serde_json::{Value, json};

use super::server::{Answer, streaming};

/// Which form a path speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Responses,
    Chat,
    Gemini,
}

/// What is said when the script is at its end.
pub(crate) const END: &str = "Done as far as I may.";

impl Dialect {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            _ if path.ends_with("/responses") => Some(Self::Responses),
            _ if path.ends_with("/chat/completions") => Some(Self::Chat),
            _ if path.ends_with(":streamGenerateContent") => Some(Self::Gemini),
            _ => None,
        }
    }

    /// Whether the agent offers a shell here: others of its questions are about titles and summaries.
    pub(crate) fn has_shell(self, sent: &Value) -> bool {
        let tools = sent["tools"].to_string();
        ["\"exec_command\"", "\"bash\"", "\"run_shell_command\""].iter().any(|name| tools.contains(name))
    }

    /// The texts of all tool results of the conversation.
    pub(crate) fn results(self, sent: &Value) -> Vec<String> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let texts = |found: Vec<Value>| found.into_iter().map(|value| value.to_string()).collect();
        match self {
            Self::Responses => {
                let outputs = list(&sent["input"]).into_iter().filter(|item| item["type"] == "function_call_output");
                texts(outputs.map(|item| item["output"].clone()).collect())
            }
            Self::Chat => {
                let tools = list(&sent["messages"]).into_iter().filter(|message| message["role"] == "tool");
                texts(tools.map(|message| message["content"].clone()).collect())
            }
            Self::Gemini => {
                let parts = list(&sent["contents"]).into_iter().flat_map(|content| list(&content["parts"]));
                texts(parts.filter_map(|part| part.get("functionResponse").cloned()).collect())
            }
        }
    }

    /// The next command of the script, or its end.
    pub(crate) fn say(self, at: usize, command: Option<&str>) -> Answer {
        let events = match self {
            Self::Responses => responses(at, command),
            Self::Chat => chat(at, command),
            Self::Gemini => gemini(command),
        };
        let (sender, answer) = streaming("text/event-stream");
        tokio::spawn(async move {
            for event in events {
                if sender.send(Bytes::from(event)).await.is_err() {
                    return;
                }
            }
        });
        answer
    }
}

/// <https://platform.openai.com/docs/api-reference/responses-streaming>
fn responses(at: usize, command: Option<&str>) -> Vec<String> {
    let item = match command {
        Some(command) => json!({ "type": "function_call", "id": format!("fc_{at}"), "call_id": format!("call_{at}"),
                                 "name": "exec_command", "arguments": json!({ "cmd": command }).to_string() }),
        None => json!({ "type": "message", "id": "msg_1", "role": "assistant",
                        "content": [{ "type": "output_text", "text": END }] }),
    };
    let events = [
        json!({ "type": "response.created", "response": { "id": "resp_1" } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": { "id": "resp_1", "output": [item], "usage": {
            "input_tokens": 1, "input_tokens_details": null, "output_tokens": 1, "output_tokens_details": null,
            "total_tokens": 2 } } }),
    ];
    let named = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.iter().map(named).collect()
}

/// <https://platform.openai.com/docs/api-reference/chat-streaming>
fn chat(at: usize, command: Option<&str>) -> Vec<String> {
    let (delta, reason) = match command {
        Some(command) => (
            json!({ "role": "assistant", "tool_calls": [{ "index": 0, "id": format!("call_{at}"), "type": "function",
                    "function": { "name": "bash",
                                  "arguments": json!({ "command": command, "description": "Look" }).to_string() } }] }),
            "tool_calls",
        ),
        None => (json!({ "role": "assistant", "content": END }), "stop"),
    };
    let chunk = |delta: Value, reason: Option<&str>| {
        json!({ "id": "c_1", "object": "chat.completion.chunk", "created": 1, "model": "test",
                "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }],
                "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 } })
    };
    let chunks = [chunk(delta, None).to_string(), chunk(json!({}), Some(reason)).to_string(), "[DONE]".to_owned()];
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

/// <https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse>
fn gemini(command: Option<&str>) -> Vec<String> {
    let part = match command {
        Some(command) => json!({ "functionCall": { "name": "run_shell_command",
                                                   "args": { "command": command, "description": "Look" } } }),
        None => json!({ "text": END }),
    };
    let answer = json!({
        "candidates": [{ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2 },
    });
    vec![format!("data: {answer}\n\n")]
}
