use serde_json::{Value, json};

use super::*;
use crate::classify::classify;
use crate::config::Inventory;
use crate::identify::command::tests::stated;
use crate::model::Evidence;

fn said(call: &ToolCall) -> String {
    match tool(std::slice::from_ref(call), &stated()) {
        Ok(heard) => classify(heard.identified, &Inventory::default(), Evidence::Parsed)
            .iter()
            .map(|action| format!("{} {} {}", action.operation(), action.blast().impact, action.blast().scope))
            .collect::<Vec<_>>()
            .join("; "),
        Err(unreadable) => format!("refused {}", unreadable.status),
    }
}

fn mcp(tool: &str, arguments: Value) -> ToolCall {
    let server = "srv".to_owned();
    ToolCall::Mcp { server, tool: tool.to_owned(), arguments, annotations: Annotations::default() }
}

#[test]
fn a_tool_s_name_counts_where_its_arguments_say_nothing() {
    let check = |tool: &str, expected: &str| {
        assert_eq!(said(&mcp(tool, json!({}))), format!("mcp:srv:{tool} {expected} resource"), "{tool}");
    };
    for (tool, expected) in [
        ("list_issues", "read"),
        ("getProject", "read"),
        ("get_commit", "read"),
        ("sequentialthinking", "read"),
        ("resolve-library-id", "read"),
        ("create_issue", "create"),
        ("update_issue", "update"),
        ("merge_pull_request", "update"),
        ("volumeDelete", "destroy"),
        ("list_and_delete", "destroy"),
        ("search_and_replace", "update"),
        ("project.destroy", "destroy"),
        ("stopServer", "disrupt"),
        ("grant_access", "permission"),
        ("frobnicate", "execute"),
        ("run_pipeline", "execute"),
    ] {
        check(tool, expected);
    }
}

#[test]
fn annotations_only_raise() {
    let with = |tool: &str, destructive, read_only| {
        let annotations = Annotations { destructive, read_only };
        said(&ToolCall::Mcp { server: "s".into(), tool: tool.into(), arguments: json!({}), annotations })
    };
    assert_eq!(with("delete_x", None, Some(true)), "mcp:s:delete_x destroy resource");
    assert_eq!(with("frob", None, Some(true)), "mcp:s:frob execute resource");
    assert_eq!(with("update_x", Some(true), None), "mcp:s:update_x destroy resource");
    assert_eq!(with("get_x", None, Some(false)), "mcp:s:get_x update resource");
}

#[test]
fn a_page_is_the_request_that_fetches_it() {
    let get = said(&ToolCall::Fetch { url: "https://shop.example/x".into() });
    assert_eq!(get, "http:shop.example:GET read resource");
    assert_eq!(said(&mcp("fetch", json!({"url": "https://shop.example/x"}))), get);
}

#[test]
fn what_nobody_knows_is_unknown() {
    let unknown = said(&ToolCall::Unknown { name: "frob".into() });
    assert!(unknown.contains(" unknown "), "{unknown}");
    assert!(said(&ToolCall::Own { name: "TodoWrite".into() }).ends_with("read local"));
}

#[test]
fn too_long_to_be_read() {
    let text = "x".repeat(TEXT_BYTES_MAX + 1);
    assert_eq!(said(&ToolCall::Shell { text, shell: Shell::Posix, directory: None }), "refused 413");
}
