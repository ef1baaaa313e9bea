use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::model::http::{Authority, Scheme};
use crate::model::{Evidence, Impact};

fn head(method: &str, host: &str, target: &str) -> Head {
    Head {
        scheme: Scheme::Https,
        authority: Authority { host: host.into(), port: 443 },
        method: method.parse().unwrap(),
        target: target.parse().unwrap(),
        upgrade: None,
        headers: HeaderMap::new(),
    }
}

fn judge(method: &str, target: &str, body: &str) -> Result<Vec<Action>, Unreadable> {
    let host = if target.starts_with("/v1.0") { "graph.microsoft.com" } else { "management.azure.com" };
    let head = head(method, host, target);
    let route = crate::identify::route(&head, &Known::default())?;
    let body = match route.need() {
        BodyNeed::None => Captured::Unread,
        _ => Captured::Whole(Bytes::copy_from_slice(body.as_bytes())),
    };
    let named = crate::identify::identify(&route, &head, &body)?;
    Ok(classify(named, &Inventory::default(), Evidence::Observed).into_vec())
}

/// Every call that the SDKs can send has a name in one spelling; a GET reads, no POST is unknown, nothing that deletes or
/// writes reads.
#[test]
fn every_template_is_named() {
    let mut count = 0;
    for line in include_str!("../../../catalog/azure/templates.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (method, template) = line.split_once('\t').unwrap();
        let template = match template.strip_prefix('~') {
            Some(rest) => format!("/subscriptions/s1/resourceGroups/g1/providers/{rest}"),
            None => template.to_owned(),
        };
        let template = match template.strip_prefix("/{}") {
            Some(rest) if method != "POST" || !rest.is_empty() => format!("/subscriptions/s1/resourceGroups/g1{rest}"),
            Some(_) => "/subscriptions/s1/providers/Microsoft.Compute/virtualMachines/v1/start".to_owned(),
            None => template,
        };
        let template = template
            .replace("providers/{}/{}/{}/{}/{}", "providers/Microsoft.Compute/virtualMachines/n1/extensions/n1")
            .replace("providers/{}/{}/{}/{}", "providers/Microsoft.Compute/virtualMachines/n1/extensions/n1");
        let mut path = template.replace("providers/{}", "providers/Microsoft.Compute");
        if method == "POST" && path.contains("Microsoft.Security/") && path.ends_with("/{}") {
            path = path.trim_end_matches("{}").to_owned() + "dismiss";
        }
        let path = path.replace("{}", "n1");
        let action = &judge(method, &path, "").unwrap_or_else(|why| panic!("{method} {path}: {why}"))[0];
        let (id, impact) = (action.operation().as_str(), action.blast().impact);
        assert!(crate::catalog::operation_exists(id), "{method} {path}: {id}");
        assert!(!id.contains("unidentified") && impact != Impact::Unknown, "{method} {path}: {id} {impact}");
        match method {
            "GET" | "HEAD" => assert_eq!(impact, Impact::Read, "{method} {path}"),
            "DELETE" => assert!(impact.strictness() >= Impact::Disrupt.strictness(), "{method} {path}: {impact}"),
            "PUT" | "PATCH" => assert_ne!(impact, Impact::Read, "{method} {path}"),
            _ => {}
        }
        // No case is milder than another, or has another id.
        let upper = judge(method, &path.to_uppercase(), "").unwrap();
        assert_eq!((id, action.blast()), (upper[0].operation().as_str(), upper[0].blast()), "{method} {path}");
        count += 1;
    }
    assert!(count > 8000, "{count}");
}

#[test]
fn paths_with_two_readings_are_refused() {
    for path in [
        "/subscriptions/s/../t",
        "/subscriptions/s//resourceGroups/g",
        "/subscriptions/s/resourceGroups/a%2Fb",
        "/subscriptions/s/resourceGroups/%2e%2e",
        "/subscriptions/s/resourceGroups/a%252Fb",
        "/subscriptions/s/resourceGroups/a%00",
        "/subscriptions/s/resourceGroups/a%5Cb",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/providers/Microsoft.Authorization/locks/l",
    ] {
        assert!(judge("DELETE", path, "").is_err(), "{path}");
    }
    // An empty parent between namespace and type, as `resources.delete` sends it.
    let named = judge("DELETE", "/subscriptions/s/resourcegroups/g/providers/Microsoft.Web//sites/x", "").unwrap();
    assert_eq!(named[0].operation().as_str(), "azure:Microsoft.Web:sites.delete");
}

#[test]
fn templates_with_loose_spelling_are_read() {
    let path = "/subscriptions/s/resourcegroups/g/providers/Microsoft.Resources/deployments/d?api-version=2024-03-01";
    for (body, expected) in [
        (r#"{"properties": {"mode": "Incremental", template:{"resources":[]}, parameters:{}}}"#, Some(Impact::Update)),
        (r#"{"properties": {"mode": "Complete", template:{"resources":[]}, parameters:{}}}"#, Some(Impact::Destroy)),
        (
            r#"{"properties": {/* a " */ mode: "complete", "template":{"a":"b
            c", } } // d
            }"#,
            Some(Impact::Destroy),
        ),
        (r#"{"properties": {"m\u006fde": "Complete", template:{}}}"#, Some(Impact::Destroy)),
        (r#"{"properties": {"mode": "Incremental", "mode": "Complete", template:{}}}"#, None),
        (r#"{"properties": {"mode": "Incremental", "Mode": "Complete"}}"#, Some(Impact::Destroy)),
        (r#"{"properties": {"mode": "Incremental", "template":{"a":"/* } "}}}"#, Some(Impact::Update)),
        (r#"{"properties": {"mode": 'Complete'}}"#, None),
        (r#"{"properties": {"mode": "Incremental" "#, None),
    ] {
        let judged = judge("PUT", path, body).map(|actions| actions[0].blast().impact).ok();
        assert_eq!(judged, expected, "{body}");
    }
}

#[test]
fn an_approval_is_bound_to_what_decides() {
    let path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v?api-version=1&force=true";
    let actions = judge("PATCH", path, r#"{"sku":{"capacity":0,"name":"B1s"}}"#).unwrap();
    let named: Vec<String> = actions[0].parameters().iter().map(|one| format!("{}={}", one.name, one.value)).collect();
    assert_eq!(named[..2], ["force=true", "sku.capacity=0"]);
    assert!(named[2].starts_with("body.sha256="));
}
