//! What the Azure SDKs are promised: reads and ordinary changes pass; what would hurt is stopped once, with a text that
//! they show.
//!
//! The blob SDK meets a real server (azurite); Resource Manager's a stand-in that knows the published templates of its
//! calls. None has met Azure.

use std::sync::{Arc, Mutex};

use http::Request;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::child;
use crate::support::listeners::{SharedGate, free_port};
use crate::support::local::{AZURE_KEY, Local};
use crate::support::server::{self, Answer};
use crate::support::stage::Stage;
use crate::support::upstream::{Record, Seen};
use crate::support::{PATIENCE, clients};

/// Method and path of every call that Azure's own clients can send.
const TEMPLATES: &str = include_str!("../../src/catalog/azure/templates.tsv");
const APPROVAL: &str = "Approval needed (a_";
const SLOWER: &str = "One at a time, says the team.";

/// Allowed once in a while.
fn slowly(stage: &Stage, limits: &[(&str, &str)]) {
    let limits: String = limits
        .iter()
        .enumerate()
        .map(|(n, (operation, per))| {
            format!(
                "  - id: acme/slowly-{n}\n    match: {{ operation: [\"{operation}\"] }}\n    key: [session]\n    allow: 1 per \
                 {per}\n    decision: throttle\n    message: {SLOWER}\n    instead: Come back later.\n"
            )
        })
        .collect();
    stage.write("config/rules/acme/limits.yaml", format!("limits:\n{limits}"));
}

/// Whether a template names the call. `~` begins what stands in a resource group, `/{}/` a scope of any length.
fn is_published(method: &str, path: &str) -> bool {
    let path = path.to_lowercase();
    let path: Vec<&str> = path.split('/').collect();
    let rows = TEMPLATES.lines().filter_map(|line| line.split_once('\t')).filter(|(verb, _)| *verb == method);
    rows.into_iter().any(|(_, template)| {
        let whole = template.replacen('~', "/subscriptions/{}/resourceGroups/{}/providers/", 1).to_lowercase();
        let parts: Vec<&str> = whole.split('/').collect();
        let fits = |parts: &[&str], path: &[&str]| {
            parts.len() == path.len()
                && parts.iter().zip(path).all(|(part, given)| part == given || (*part == "{}" && !given.is_empty()))
        };
        let scoped = parts.strip_prefix(&["", "{}"]).filter(|rest| rest.len() <= path.len());
        fits(&parts, &path) || scoped.is_some_and(|rest| fits(rest, &path[path.len() - rest.len()..]))
    })
}

/// What Resource Manager would answer, as short as its clients take it.
async fn done(
    record: Record,
    wrong: Arc<Mutex<Vec<String>>>,
    request: Request<Incoming>,
    peer: server::Peer,
) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    if !is_published(&seen.method, path) || !query.split('&').any(|pair| pair.starts_with("api-version=20")) {
        wrong.lock().unwrap().push(format!("{} {}", seen.method, seen.target));
        return server::json(400, &json!({ "error": { "code": "InvalidRequest", "message": "not published" } }));
    }
    match seen.method.as_str() {
        "GET" => server::json(200, &json!({ "value": [] })),
        _ => server::json(200, &json!({ "id": "/x", "name": "x", "location": "westeurope", "properties": {} })),
    }
}

fn lines(ended: &child::Ended) -> Vec<Value> {
    ended.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn the_sdks_show_a_refusal_and_send_it_once() {
    const MANAGE: &str = "management.azure.com";
    let mut stage = Stage::new();
    let (record, wrong) = (Record::default(), Arc::<Mutex<Vec<String>>>::default());
    let (seen, odd) = (record.clone(), Arc::clone(&wrong));
    let handler: server::Handler =
        Arc::new(move |request, peer| Box::pin(done(seen.clone(), Arc::clone(&odd), request, peer)));
    let address = server::serve(Some(stage.ca.server(&[MANAGE], &["http/1.1"])), handler);
    stage.resolve(MANAGE, address);
    slowly(
        &stage,
        &[("azure:Microsoft.Resources:resourceGroups.write", "10m"), ("azure:Microsoft.Resources:tags.write", "7s")],
    );
    let script = stage.write("work/azure_calls.py", include_str!("support/azure_calls.py")).display().to_string();
    let python = clients::azure().join("bin/python").display().to_string();

    let ended = stage.run_within(&[&python, &script], 4 * PATIENCE);
    let said: Vec<(String, bool, u64)> = lines(&ended)
        .iter()
        .map(|line| (line["what"].as_str().unwrap().to_owned(), line["done"] == true, line["sent"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("read", true, 1),
        ("create", true, 1),
        // After a 429 without a time every SDK of Azure's would try three times more.
        ("create again", false, 1),
        ("tags", true, 1),
        // It waits as it is told.
        ("tags again", true, 2),
        ("delete", false, 1),
        ("delete by kind", false, 1),
    ];
    assert_eq!(said, expected.map(|(what, is_done, sent)| (what.to_owned(), is_done, sent)), "{ended:#?}");
    for line in lines(&ended).iter().filter(|line| line["done"] == false) {
        let (text, status, code) = match line["what"].as_str() {
            Some("create again") => (SLOWER, 403, "RequestDisallowedByPolicy"),
            _ => (APPROVAL, 403, "RequestDisallowedByPolicy"),
        };
        assert!(line["message"].as_str().unwrap().contains(text), "{line:#}");
        assert_eq!((&line["status"], &line["code"]), (&json!(status), &json!(code)), "{line:#}");
    }
    assert_eq!(*wrong.lock().unwrap(), Vec::<String>::new());
    assert!(record.all().iter().all(|one| one.method != "DELETE"), "{:#?}", record.all());
    let log = stage.log();
    for operation in ["azure:Microsoft.Resources:resourceGroups.delete", "azure:Microsoft.Web:sites.delete"] {
        assert_eq!(log.of(operation).len(), 1, "{operation}");
    }
}

#[test]
fn blobs_in_a_real_server_pass_and_a_container_stays() {
    let mut stage = Stage::new();
    let Some(server) = Local::azurite(&mut stage) else { return };
    let inventory = "version: 1\nenvironments:\n  - name: prod\n    match: [{ provider: azure, resource: \"orders*\" }]\n  - name: \
                     dev\n    match: [{ provider: azure, resource: \"dev-*\" }]\n";
    stage.write("config/inventory.yaml", inventory);
    let at = free_port();
    let listener =
        format!("{{ name: blobs, listen: \"{at}\", upstream: \"http://{}\", provider: azure-blob }}", server.address);
    let _gate = SharedGate::start(&stage, &[listener], "");
    let script = stage.write("work/azure_blobs.py", include_str!("support/azure_blobs.py"));
    let mut command = stage.command(clients::azure().join("bin/python"));
    command.arg(script).args([&format!("http://{at}"), AZURE_KEY]);
    let ended = child::run(command, 4 * PATIENCE).succeeded();
    let all = lines(&ended);
    let failed: Vec<&Value> = all.iter().filter(|line| line["status"] != 200).collect();
    let what: Vec<&str> = failed.iter().filter_map(|line| line["what"].as_str()).collect();
    let refused = ["delete", "delete big", "delete container", "delete several"].map(|what| format!("orders: {what}"));
    assert_eq!(what, refused, "{failed:#?}");
    for line in failed {
        assert_eq!(
            (&line["status"], &line["sent"], &line["code"]),
            (&json!(403), &json!(1), &json!("AuthorizationFailure"))
        );
        let shown = line["shown"].as_str().unwrap();
        assert!(shown.contains("Environment: prod") && shown.contains("Ask your person"), "{line:#}");
    }
    assert_eq!(all.len(), 23, "{all:#?}");
    let calls = server.calls();
    let deleted = calls.iter().filter(|call| call.starts_with("DELETE "));
    assert!(deleted.clone().all(|call| call.contains("/dev-images")) && deleted.count() == 3, "{calls:#?}");
    let log = stage.log();
    assert_eq!(log.of("azure:blob:Container_Delete").len(), 2);
    assert!(log.rejected().is_empty(), "{:#?}", log.rejected());
}
