use serde_json::{Value, json};

use super::*;
use crate::config::Inventory;

fn lines(setup: &Setup, input: &str) -> Vec<Value> {
    let mut out = Vec::new();
    run_lines(setup, Timestamp::from_millis(0), input.as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn one(input: &Value) -> Value {
    let mut answers = lines(&Setup::default(), &format!("{input}\n"));
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

#[test]
fn every_line_is_answered_in_its_order() {
    let input = concat!(
        r#"{"id":1,"http":{"method":"GET","url":"https://shop.example/a"}}"#,
        "\n",
        "\n",
        r#"{"id":{"n":[2]},"command":"rm -rf /"}"#,
        "\n",
        r#"{"id":"three","http":{"method":"DELETE","url":"https://shop.example/a"},"extra":1}"#,
        "\n",
        "not json\n",
        r#"{"id":5,"http":{"method":"GET","url":"ftp://x"}}"#,
    );
    let answers = lines(&Setup::default(), input);
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0]["id"], json!(1));
    assert_eq!(answers[0]["refused"], Value::Null);
    assert_eq!((&answers[1]["id"], &answers[1]["decision"]), (&json!({"n": [2]}), &json!("deny")));
    assert_eq!(answers[1]["actions"][0]["operation"], json!("shell:fs:delete"));
    assert_eq!(answers[2]["id"], json!("three"));
    assert!(answers[2]["error"].as_str().unwrap().contains("unknown field `extra`"));
    assert_eq!(answers[3]["id"], Value::Null);
    assert_eq!((&answers[4]["decision"], &answers[4]["refused"]["status"]), (&json!("deny"), &json!(400)));
}

#[test]
fn what_cannot_be_answered_says_so() {
    let http = json!({"method": "GET", "url": "https://shop.example/"});
    let cases = [
        (json!({"id": 1}), "exactly one"),
        (json!({"id": 1, "http": http, "command": "ls"}), "exactly one"),
        (json!({"id": 1, "http": http, "cwd": "/"}), "belong to the forms `command` and `mcp`"),
        (json!({"id": 1, "sql": {}}), "missing field `dialect`"),
        (json!({"id": 1, "mcp": {}}), "missing field `server`"),
        (json!({"id": 1, "action": {}}), "not supported"),
        (json!({"id": 1, "http": {"method": "GET", "url": "https://x/", "listener": "y"}}), "no listener `y`"),
        (json!({"id": 1, "http": {"method": "GET", "url": "https://x/", "body": "", "body_b64": ""}}), "one of"),
        (json!({"id": 1, "http": {"method": "GET", "url": "https://x/", "body_b64": "!"}}), "base64"),
        (json!({"id": 1, "http": {"method": "GET"}}), "missing field `url`"),
    ];
    for (input, expected) in cases {
        let answer = one(&input);
        assert_eq!(answer["id"], json!(1));
        assert!(answer["error"].as_str().unwrap_or_default().contains(expected), "{input}: {answer}");
    }
}

#[test]
fn commands_and_statements_are_answered_by_what_the_line_says_of_their_surroundings() {
    let said = |input: serde_json::Value| {
        let answer = one(&input);
        let operation = answer["actions"][0]["operation"].as_str().unwrap_or_default().to_owned();
        (answer["decision"].as_str().unwrap_or_default().to_owned(), operation)
    };
    let expected = |decision: &str, operation: &str| (decision.to_owned(), operation.to_owned());
    let bucket =
        json!({"id": 1, "command": "aws s3api delete-bucket --bucket $B", "cwd": "/repo", "env": {"B": "logs"}});
    assert_eq!(said(bucket), expected("escalate", "aws:s3:DeleteBucket"));
    let sql = |target: &str| json!({"id": 1, "sql": {"dialect": "postgres", "statement": "drop table orders", "target": target}});
    assert_eq!(said(sql("db.example/shop")), expected("escalate", "sql:postgres:drop_table"));
    assert_eq!(said(sql("localhost/shop")), expected("allow", "sql:postgres:drop_table"));
    let refused = one(&json!({"id": 1, "sql": {"dialect": "cobol", "statement": "x"}}));
    assert_eq!(refused["refused"]["status"], json!(400), "{refused}");
}

#[test]
fn an_answer_has_the_documented_shape() {
    let answer = one(&json!({"id": "x", "http": {
        "method": "DELETE", "url": "https://shop.example/api/agents/7", "headers": [["Accept", "*/*"], ["A", "b"]]}}));
    assert_eq!(answer["decision"], json!("escalate"), "{answer}");
    assert_eq!(answer["rules"][0], json!("base/rest-delete"));
    assert!(answer["rules"].as_array().unwrap().contains(&json!("matrix:destroy/resource/unknown")));
    assert!(!answer["message"].as_str().unwrap().is_empty() && !answer["instead"].as_str().unwrap().is_empty());
    let action = &answer["actions"][0];
    assert_eq!(action["operation"], json!("http:shop.example:DELETE"));
    assert_eq!((&action["impact"], &action["scope"]), (&json!("destroy"), &json!("resource")));
    assert_eq!((&action["environment"], &action["evidence"]), (&json!("unknown"), &json!("observed")));
    assert_eq!(action["count"], json!({"at_least": 1}));
    for key in ["reversible", "aliases", "hazards", "resources", "account", "region"] {
        assert!(action.get(key).is_some(), "{key} is missing: {answer}");
    }
}

#[test]
fn doubled_names_stay_doubled() {
    let line = r#"{"id":1,"http":{"method":"GET","url":"https://a.example/","headers":{"Host":"a.example","Host":"a.example"}}}"#;
    assert_eq!(lines(&Setup::default(), line)[0]["refused"]["status"], json!(400));
}

#[test]
fn the_inventory_takes_part() {
    let text = "version: 1\nenvironments: [{ name: dev, match: [{ host: \"*.dev.example\" }] }]\n";
    let setup = Setup { inventory: Inventory::parse("inventory.yaml", text).unwrap(), ..Setup::default() };
    let line = r#"{"id":1,"http":{"method":"DELETE","url":"https://a.dev.example/x"}}"#;
    let answer = lines(&setup, line).remove(0);
    assert_eq!((&answer["decision"], &answer["actions"][0]["environment"]), (&json!("allow"), &json!("dev")));
    assert_eq!(answer["message"], json!(""));
}

/// Gives line after line without end, up to a limit.
struct Endless {
    left: usize,
    line: &'static [u8],
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.len() < self.line.len() {
            return Ok(0);
        }
        self.left -= 1;
        buffer[..self.line.len()].copy_from_slice(self.line);
        Ok(self.line.len())
    }
}

#[test]
fn a_line_without_end_is_skipped_in_bounded_memory() {
    let input = Endless { left: 70 << 10, line: &[b'x'; 1024] };
    let tail = b"\n{\"id\":2,\"sql\":{}}\n";
    let mut out = Vec::new();
    run_lines(&Setup::default(), Timestamp::from_millis(0), input.chain(&tail[..]), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let answers: Vec<&str> = text.lines().collect();
    assert_eq!(answers.len(), 2, "{text}");
    assert!(answers[0].contains("longer than") && answers[1].contains("\"id\":2"));
}

#[test]
fn a_person_reads_why() {
    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        explain: ExplainArgs,
    }
    let args =
        <Command as clap::Parser>::parse_from(["x", "-X", "DELETE", "https://shop.example/api/agents/7"]).explain;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    assert_eq!(run(&args, Timestamp::from_millis(0), io::empty(), &mut out, &mut err).unwrap(), 0);
    let text = String::from_utf8(out).unwrap();
    for part in [
        "http:shop.example:DELETE",
        "destroy / resource",
        "no entry of the inventory",
        "base/rest-delete: escalate",
        "matrix:destroy/resource/unknown: escalate",
        "Approval needed (a_",
        "host: shop.example",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn a_tool_of_an_mcp_server_is_judged_by_its_arguments() {
    let query = json!({"mcp": {"server": "postgres", "tool": "query", "arguments": {"sql": "DROP TABLE orders"}}});
    let answer = one(&query);
    assert_eq!(answer["decision"], json!("escalate"), "{answer}");
    assert_eq!(answer["actions"][0]["operation"], json!("sql:postgres:drop_table"), "{answer}");
    let unknown = json!({"mcp": {"server": "x", "tool": "zap", "annotations": {"readOnlyHint": true}}});
    assert_ne!(one(&unknown)["actions"][0]["impact"], json!("read"), "an annotation is the server's word");
}
