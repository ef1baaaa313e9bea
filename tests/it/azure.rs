//! What the Azure SDKs are promised: reads and ordinary changes pass; what would hurt is stopped once, with a text that
//! they show. They have met a stand-in that takes everything, no real Azure.

use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::child;
use crate::support::server::{self, Answer};
use crate::support::stage::Stage;
use crate::support::upstream::{Record, Seen};
use crate::support::{PATIENCE, clients};

const CALLS: &str = include_str!("support/azure_calls.py");

/// What Azure would answer, as short as its clients take it.
async fn done(record: Record, request: Request<Incoming>, peer: server::Peer) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    match (seen.method.as_str(), seen.host.starts_with("management.")) {
        ("GET", true) => server::json(200, &json!({ "value": [] })),
        (_, true) => server::json(200, &json!({ "id": "/x", "name": "x", "location": "westeurope", "properties": {} })),
        (_, false) => server::answer(201, "application/xml", ""),
    }
}

#[test]
fn the_sdks_show_a_refusal_and_send_it_once() {
    let mut stage = Stage::new();
    let (manage, shop) = ("management.azure.com", "shop.blob.core.windows.net");
    let record = Record::default();
    let seen = record.clone();
    let handler: server::Handler = Arc::new(move |request, peer| Box::pin(done(seen.clone(), request, peer)));
    let address = server::serve(Some(stage.ca.server(&[manage, shop], &["http/1.1"])), handler);
    stage.resolve(manage, address).resolve(shop, address);
    let script = stage.write("work/azure_calls.py", CALLS).display().to_string();
    let python = clients::azure().join("bin/python").display().to_string();

    let mut command = stage.blastgate(["run", "--", &python, &script]);
    command.arg(format!("https://{shop}"));
    let ended = child::run(command, 4 * PATIENCE);
    let lines: Vec<Value> = ended.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| (line["what"].as_str().unwrap_or_default(), line["done"].as_bool().unwrap_or_default()))
        .collect();
    assert_eq!(
        said,
        [
            ("read", true),
            ("create", true),
            ("delete", false),
            ("delete by kind", false),
            ("upload", true),
            ("container", false)
        ],
        "{ended:#?}"
    );
    for line in lines.iter().filter(|line| line["done"] == false) {
        let message = line["message"].as_str().unwrap_or_default();
        assert!(message.contains("Approval needed (a_"), "{line:#}");
        assert_eq!((&line["status"], &line["sent"]), (&json!(403), &json!(1)), "{line:#}");
    }
    let code = |at: usize| lines[at]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!([code(2), code(5)], ["RequestDisallowedByPolicy", "AuthorizationFailure"], "{lines:#?}");
    assert!(record.all().iter().all(|one| one.method != "DELETE"), "{:#?}", record.all());
    let log = stage.log();
    for operation in [
        "azure:Microsoft.Resources:resourceGroups.delete",
        "azure:Microsoft.Web:sites.delete",
        "azure:blob:Container_Delete",
    ] {
        assert_eq!(log.of(operation).len(), 1, "{operation}");
    }
}
