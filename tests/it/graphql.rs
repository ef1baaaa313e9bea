//! What clients of GraphQL are promised: their own errors, and nobody else a 200.

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::support::block_on;
use crate::support::gate::{RunningGate, read_answer};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;

/// One POST, and what came back: status, body.
fn post(gate: &RunningGate, path: &str, media: &str, body: &str) -> (u16, String) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: shop.example\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let (head, said) = block_on(async {
        let mut tls = gate.tls("shop.example:443", &["http/1.1"]).await;
        tls.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        read_answer(&mut tls).await
    });
    (head[9..12].parse().unwrap(), said)
}

#[test]
fn a_refused_mutation_is_an_error_of_graphql_s_own() {
    let mut stage = Stage::new();
    let upstream = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", upstream.address);
    let gate = stage.gate();
    let deletion = r#"{"query":"mutation { volumeDelete(id: 1) }"}"#;
    let (status, said) = post(&gate, "/graphql", "application/json", deletion);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &said["data"]), (200, &Value::Null));
    let error = &said["errors"][0];
    assert_eq!((error["type"].as_str(), error["path"][0].as_str()), (Some("FORBIDDEN"), Some("volumeDelete")));
    assert!(error["message"].as_str().unwrap().contains("Approval needed (a_"), "{said}");
    for (path, media, body, expected) in [
        ("/graphql", "text/plain", deletion, 403),
        ("/rpc", "application/json", deletion, 403),
        ("/graphql", "application/json", r#"{"extensions":{"persistedQuery":{"sha256Hash":"0"}}}"#, 403),
        (
            "/graphql",
            "application/json",
            r#"{"query":"{ a }","extensions":{"persistedQuery":{"sha256Hash":"0"}}}"#,
            400,
        ),
    ] {
        assert_eq!(post(&gate, path, media, body).0, expected, "{path} {media} {body}");
    }
    assert_eq!(upstream.record.len(), 0);
    gate.stop();
}
