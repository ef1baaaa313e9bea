//! A model API that plays a script: each turn asks for one shell command; the last turn is a text.
//!
//! It speaks the streaming form of Anthropic's Messages API, and in clear text those of others (`dialect`). It goes on in the script when the conversation holds the
//! result of the last command, so that a client may repeat a question.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::ca::TestCa;
use super::dialect::Dialect;
use super::server::{self, Answer, Peer, answer, json, streaming};
use super::upstream::{Record, Seen};

/// The API, and what the agent told it.
pub(crate) struct ModelApi {
    pub(crate) address: SocketAddr,
    pub(crate) record: Record,
    results: Arc<Mutex<Vec<String>>>,
}

impl ModelApi {
    pub(crate) fn start(ca: &TestCa, commands: &[&str]) -> Self {
        Self::serve(Some(ca.server(&["api.anthropic.com"], &["http/1.1"])), commands)
    }

    /// In clear text, for agents that can be pointed at any address.
    pub(crate) fn plain(commands: &[&str]) -> Self {
        Self::serve(None, commands)
    }

    fn serve(tls: Option<Arc<ServerConfig>>, commands: &[&str]) -> Self {
        let (record, results) = (Record::default(), Arc::new(Mutex::new(Vec::new())));
        let commands: Arc<Vec<String>> = Arc::new(commands.iter().map(|one| (*one).to_owned()).collect());
        let (seen, told) = (record.clone(), Arc::clone(&results));
        let handler: server::Handler = Arc::new(move |request, peer| {
            Box::pin(take(seen.clone(), Arc::clone(&told), Arc::clone(&commands), request, peer))
        });
        let address = server::serve(tls, handler);
        Self { address, record, results }
    }

    /// What the commands printed, as the agent passed it to the model, in order.
    pub(crate) fn results(&self) -> Vec<String> {
        self.results.lock().unwrap().clone()
    }
}

async fn take(
    record: Record,
    told: Arc<Mutex<Vec<String>>>,
    commands: Arc<Vec<String>>,
    request: Request<Incoming>,
    peer: Peer,
) -> Answer {
    record.push(Seen::of(&request, &peer));
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(400, "text/plain", "the body broke") };
    let sent: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
    if let Some(dialect) = Dialect::of(parts.uri.path()) {
        let results = dialect.results(&sent);
        let command = commands.get(results.len()).filter(|_| dialect.has_shell(&sent));
        let answer = dialect.say(results.len(), command.map(String::as_str));
        keep(&told, results);
        return answer;
    }
    match parts.uri.path() {
        "/v1/messages" => {}
        "/v1/messages/count_tokens" => return json(200, &json!({ "input_tokens": 10 })),
        _ => return json(200, &json!({})),
    }
    let has_shell = sent["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["name"] == "Bash"));
    let results = results_in(&sent);
    let block = match commands.get(results.len()) {
        Some(command) if has_shell => json!({ "type": "tool_use", "id": format!("toolu_{:02}", results.len()),
                                              "name": "Bash", "input": { "command": command, "description": "Look" } }),
        _ => json!({ "type": "text", "text": "Done as far as I may." }),
    };
    if has_shell {
        keep(&told, results);
    }
    if sent["stream"] == true { stream(block) } else { json(200, &message(&sent, &block)) }
}

fn keep(told: &Mutex<Vec<String>>, results: Vec<String>) {
    let mut told = told.lock().unwrap();
    if results.len() > told.len() {
        *told = results;
    }
}

/// The texts of all tool results of the conversation.
fn results_in(sent: &Value) -> Vec<String> {
    let messages = sent["messages"].as_array().into_iter().flatten();
    let blocks = messages.filter_map(|message| message["content"].as_array()).flatten();
    blocks
        .filter(|block| block["type"] == "tool_result")
        .map(|block| block["content"].as_str().map_or_else(|| block["content"].to_string(), str::to_owned))
        .collect()
}

fn message(sent: &Value, block: &Value) -> Value {
    let reason = if block["type"] == "tool_use" { "tool_use" } else { "end_turn" };
    json!({ "id": "msg_01", "type": "message", "role": "assistant", "model": sent["model"], "content": [block],
            "stop_reason": reason, "stop_sequence": null, "usage": { "input_tokens": 10, "output_tokens": 10 } })
}

/// <https://docs.anthropic.com/en/api/messages-streaming>: one event a piece, so that a proxy that buffers is found out.
fn stream(block: Value) -> Answer {
    let is_tool = block["type"] == "tool_use";
    let (begin, delta) = if is_tool {
        let mut begin = block.clone();
        begin["input"] = json!({});
        (begin, json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }))
    } else {
        (json!({ "type": "text", "text": "" }), json!({ "type": "text_delta", "text": block["text"] }))
    };
    let reason = if is_tool { "tool_use" } else { "end_turn" };
    let events = [
        json!({ "type": "message_start", "message": {
            "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-test", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": { "input_tokens": 10, "output_tokens": 1 } } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": begin }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
                "usage": { "output_tokens": 10 } }),
        json!({ "type": "message_stop" }),
    ];
    let (sender, answer) = streaming("text/event-stream");
    tokio::spawn(async move {
        for event in events {
            let text = format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
            if sender.send(Bytes::from(text)).await.is_err() {
                return;
            }
        }
    });
    answer
}
