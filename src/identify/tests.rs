//! The cases beside the providers, and properties of every reading.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::model::http::{Authority, Scheme, Upgrade};
use crate::model::{Evidence, Hazard, Hazards, Impact};

mod described;
mod laws;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    call: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(rename = "type")]
    media: Option<String>,
    #[serde(default)]
    body: String,
    hex: Option<String>,
    /// The credential scope that a request is signed for: `eu-west-1/ec2`. Every header of the case is signed, but the `unsigned`.
    scope: Option<String>,
    #[serde(default)]
    unsigned: Vec<String>,
    is: Option<String>,
    refused: Option<u16>,
    #[serde(default)]
    hazards: Vec<Hazard>,
    resources: Option<Vec<String>>,
    /// The first action's: `3`, `at least 1`, `any number of`.
    count: Option<String>,
    /// What a listener calls the target's provider.
    listener: Option<String>,
}

/// A head from `METHOD URL`.
pub(super) fn head(call: &str, headers: &[(&str, &str)]) -> Head {
    let (method, url) = call.split_once(' ').unwrap();
    let (scheme, rest) = url.split_once("://").unwrap();
    let (scheme, at) = (if scheme == "https" { Scheme::Https } else { Scheme::Http }, rest.find('/').unwrap());
    let (authority, target) = rest.split_at(at);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap()),
        _ => (authority, scheme.default_port()),
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    Head {
        scheme,
        authority: Authority { host, port },
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        target: target.parse().unwrap(),
        upgrade: map.get("upgrade").and_then(|value| Upgrade::parse(value.to_str().unwrap())),
        headers: map,
    }
}

/// What `wire::intake` would capture.
fn capture(need: BodyNeed, body: &[u8]) -> Captured {
    match need {
        BodyNeed::None => Captured::Unread,
        BodyNeed::Prefix(max) if body.len() > max.max(16 * 1024) => {
            Captured::Prefix(Bytes::copy_from_slice(&body[..max.max(16 * 1024)]))
        }
        BodyNeed::Whole(max) if body.len() > max => Captured::Overflow,
        BodyNeed::Prefix(_) | BodyNeed::Whole(_) => Captured::Whole(Bytes::copy_from_slice(body)),
    }
}

fn judge(head: &Head, known: &Known, body: &[u8]) -> Result<Vec<Action>, Unreadable> {
    let route = route(head, known)?;
    let identified = identify(&route, head, &capture(route.need(), body))?;
    Ok(classify(identified, &Inventory::default(), Evidence::Observed).into_vec())
}

fn cluster() -> Known {
    Known { provider: Some("kubernetes".into()), cluster: Some("prod-eu".into()) }
}

/// SigV4, or SigV4A where the scope names no region. The key id is invented and encodes the account 111122223333.
fn signature(scope: &str, headers: &[(&str, &str)], unsigned: &[String]) -> String {
    let signed = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).filter(|name| !unsigned.contains(name));
    let signed: Vec<String> = std::iter::once("host".to_owned()).chain(signed).collect();
    let algorithm = if scope.contains('/') { "AWS4-HMAC-SHA256" } else { "AWS4-ECDSA-P256-SHA256" };
    format!(
        "{algorithm} Credential=AKIARTX3GSDSQAAAAAAA/20260101/{scope}/aws4_request, SignedHeaders={}, Signature=0",
        signed.join(";")
    )
}

/// Every case of a file; says all that differ at once.
fn run(text: &str) -> usize {
    let cases: Vec<Case> = serde_saphyr::from_str(text).unwrap();
    let wrong: Vec<String> =
        cases.iter().flat_map(|case| one(case).into_iter().map(move |why| format!("{}: {why}", case.call))).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

/// How a case differs from what is said of it.
fn one(case: &Case) -> Vec<String> {
    let (method, target) = case.call.split_once(' ').unwrap();
    let (call, known) = match target.strip_prefix('/') {
        Some(path) => (format!("{method} https://kube.prod.example:6443/{path}"), cluster()),
        None => (case.call.clone(), Known::default()),
    };
    let known = Known { provider: case.listener.clone().or(known.provider), ..known };
    let mut headers: Vec<(&str, &str)> = case.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    headers.extend(case.media.as_deref().map(|media| ("content-type", media)));
    let signature = case.scope.as_ref().map(|scope| signature(scope, &headers, &case.unsigned));
    headers.extend(signature.as_deref().map(|value| ("authorization", value)));
    let body = case.hex.as_ref().map_or_else(
        || case.body.clone().into_bytes(),
        |hex| data_encoding::HEXLOWER.decode(hex.replace(' ', "").as_bytes()).unwrap(),
    );
    let actions = match (judge(&head(&call, &headers), &known, &body), case.refused) {
        (Err(refused), Some(status)) if refused.status == status => return vec![],
        (Ok(actions), None) => actions,
        (answer, expected) => return vec![format!("{answer:?} instead of {expected:?}")],
    };
    let mut wrong = vec![];
    let mut same = |what: &str, got: String, expected: String| {
        if got != expected {
            wrong.push(format!("{what} {got} instead of {expected}"));
        }
    };
    let said = |one: &Action| format!("{} {} {}", one.operation(), one.blast().impact, one.blast().scope);
    same("is", actions.iter().map(said).collect::<Vec<_>>().join("; "), case.is.clone().unwrap_or_default());
    let hazards: Hazards = actions.iter().map(|one| one.blast().hazards).fold(Hazards::NONE, Hazards::union);
    for hazard in case.hazards.iter().filter(|hazard| !hazards.contains(**hazard)) {
        same("hazards", format!("{hazards:?}"), hazard.to_string());
    }
    if let Some(expected) = &case.resources {
        let got = actions.iter().flat_map(|one| one.resources().iter().map(Resource::as_str));
        same("resources", got.collect::<Vec<_>>().join(" "), expected.join(" "));
    }
    if let Some(expected) = &case.count {
        same("count", actions[0].blast().count.to_string(), expected.clone());
    }
    for id in actions.iter().map(|action| action.operation().as_str()) {
        let in_capitals = id.bytes().any(|b| b.is_ascii_uppercase()) && !id.ends_with("unidentified");
        let exists = !in_capitals || crate::catalog::operation_exists(id);
        same("in a catalog:", exists.to_string(), "true".to_owned());
    }
    wrong
}

#[test]
fn kubernetes_cases() {
    assert!(run(include_str!("../catalog/kubernetes/cases.yaml")) >= 400);
}

#[test]
fn azure_cases() {
    assert!(run(include_str!("../catalog/azure/cases.yaml")) >= 120);
}

#[test]
fn generic_cases() {
    assert!(run(include_str!("../catalog/generic/cases.yaml")) >= 70);
}

#[test]
fn graphql_cases() {
    assert!(run(include_str!("../catalog/graphql/cases.yaml")) >= 60);
}

#[test]
fn disguised_calls_of_aws_are_refused_or_judged_as_what_they_are() {
    assert!(run(include_str!("../catalog/aws/cases/disguises.yaml")) >= 60);
}

/// A signature, a target and an ARN are texts that a caller may add to any request: on a host that nobody named they move nothing
/// into the environment of the account that they name.
#[test]
fn a_decoration_moves_no_unnamed_host_into_an_environment() {
    let text = "version: 1\nenvironments:\n  - name: dev\n    match: [ { provider: aws, account: \"444455556666\" }, { provider: aws, resource: \"arn:aws:*\" }, { provider: aws, region: eu-west-1 } ]\n  - { name: staging, match: [ { host: named.example } ] }\n";
    let inventory = Inventory::parse("inventory.yaml", text).unwrap();
    let signed = |scope: &str| signature(scope, &[("x-amz-expected-bucket-owner", ""), ("x-amz-target", "")], &[]);
    let (s3, dynamodb) = (signed("eu-west-1/s3"), signed("eu-west-1/dynamodb"));
    let table = br#"{"TableName":"arn:aws:dynamodb:eu-west-1:444455556666:table/x"}"#;
    for (call, headers, body, expected) in [
        (
            "DELETE https://api.shop.example/v1/customers/all",
            vec![("authorization", s3.as_str()), ("x-amz-expected-bucket-owner", "444455556666")],
            b"".as_slice(),
            "unknown",
        ),
        (
            "DELETE https://named.example/v1/customers/all",
            vec![("authorization", s3.as_str()), ("x-amz-expected-bucket-owner", "444455556666")],
            b"",
            "staging",
        ),
        (
            "POST https://api.shop.example/v1/deleteEverything",
            vec![("authorization", dynamodb.as_str()), ("x-amz-target", "DynamoDB_20120810.DeleteTable")],
            table,
            "unknown",
        ),
        ("POST https://api.shop.example/", vec![("x-amz-target", "DynamoDB_20120810.DeleteTable")], table, "unknown"),
        (
            "DELETE https://b.s3.eu-west-1.amazonaws.com/k?X-Amz-Expected-Bucket-Owner=444455556666",
            vec![("authorization", signature("us-gov-west-1/s3", &[], &[]).leak() as &str)],
            b"",
            "refused",
        ),
    ] {
        let head = head(call, &headers);
        let route = match route(&head, &Known::default()) {
            Ok(route) => route,
            Err(_) => {
                assert_eq!(expected, "refused", "{call}");
                continue;
            }
        };
        let body = capture(route.need(), body);
        let actions = classify(identify(&route, &head, &body).unwrap(), &inventory, Evidence::Observed);
        for action in actions {
            assert_eq!(action.environment().name.as_str(), expected, "{call}");
            assert_eq!(action.place().account, None, "{call}");
        }
    }
}

#[test]
fn cases_of_what_aws_hosts() {
    assert!(run(include_str!("../catalog/aws/cases/planes.yaml")) >= 40);
}

#[test]
fn lifeline_cases() {
    assert!(run(include_str!("../catalog/lifelines/cases.yaml")) >= 50);
}

#[test]
fn a_tunnel_is_local_for_a_lifeline_only() {
    let scope = |host: &str| {
        let tunnel = tunnel(&Authority { host: host.into(), port: 443 });
        let action = classify(tunnel, &Inventory::default(), Evidence::Observed).into_vec().remove(0);
        format!("{} {} {}", action.operation(), action.blast().impact, action.blast().scope)
    };
    assert_eq!(scope("api.anthropic.com"), "net:tunnel:Open update local");
    assert_eq!(scope("files.example.com"), "net:tunnel:Open update resource");
}

#[test]
fn one_effect_has_one_id_over_both_transports() {
    let ids = |method: &str| {
        let url = "https://kube.prod.example/api/v1/namespaces/prod/pods/web/exec?command=ls";
        let one = judge(&head(&format!("{method} {url}"), &[]), &cluster(), b"").unwrap().remove(0);
        (one.operation().clone(), one.aliases().to_vec(), one.digest())
    };
    assert_eq!(ids("GET"), ids("POST"));
    assert_eq!(ids("GET").1[0].as_str(), "kubernetes:core:pods/exec.create");
}

#[test]
fn approvals_are_bound_to_what_decides() {
    let digest =
        |call: &str, body: &str| judge(&head(call, &[]), &cluster(), body.as_bytes()).unwrap().remove(0).digest();
    let exec =
        |command: &str| digest(&format!("GET https://k.example/api/v1/namespaces/a/pods/b/exec?command={command}"), "");
    assert_ne!(exec("ls"), exec("rm"));
    let generic = |call: &str, body: &str| {
        judge(&head(call, &[]), &Known::default(), body.as_bytes()).unwrap().remove(0).digest()
    };
    assert_ne!(generic("DELETE https://a.example/x?id=1", ""), generic("DELETE https://a.example/x?id=2", ""));
    let volume = |id: &str| {
        generic(
            "POST https://a.example/graphql",
            &format!(r#"{{"query":"mutation {{ volumeDelete(id: \"{id}\") }}"}}"#),
        )
    };
    assert_ne!(volume("1"), volume("2"));
}

#[test]
fn a_body_beyond_the_prefix_is_not_a_read() {
    let pad = "x".repeat(1_100_000);
    let first = |call: &str, body: &str| {
        let one = judge(&head(call, &[]), &Known::default(), body.as_bytes()).unwrap().remove(0);
        one.blast().impact
    };
    let padded = format!(r#"{{"pad":"{pad}","query":"mutation {{ volumeDelete }}"}}"#);
    assert_eq!(first("POST https://a.example/graphql", &padded), Impact::Unknown);
    let early = format!(r#"{{"query":"\n mutation {{ volumeDelete }}","pad":"{pad}"}}"#);
    assert_eq!(first("POST https://a.example/rpc", &early), Impact::Unknown);
    let upload = format!(r#"{{"document":"{pad}"}}"#);
    assert_eq!(first("POST https://a.example/rpc", &upload), Impact::Update);
}

#[test]
fn bodies_that_cannot_be_graphql_are_not_read() {
    let need = |media: &str, path: &str| {
        let head = head(&format!("POST https://a.example{path}"), &[("content-type", media)]);
        route(&head, &Known::default()).unwrap().need()
    };
    assert_eq!(need("application/octet-stream", "/upload"), BodyNeed::Prefix(0), "the first piece");
    assert_eq!(need("application/grpc+proto", "/a.B/C"), BodyNeed::None);
    assert_eq!(need("multipart/form-data; boundary=x", "/upload"), BodyNeed::Prefix(1024 * 1024));
    assert_eq!(need("multipart/form-data; boundary=x", "/graphql"), BodyNeed::Prefix(1024 * 1024));
    assert_eq!(need("application/json", "/x"), BodyNeed::Prefix(1024 * 1024));
}

#[test]
fn what_costs_more_to_read_than_it_says_is_not_read() {
    let impact = |body: &str| {
        judge(&head("POST https://a.example/rpc", &[]), &Known::default(), body.as_bytes()).unwrap()[0].blast().impact
    };
    assert_eq!(impact(&format!(r#"{{"query":"{{ {} }}"}}"#, "a ".repeat(140_000))), Impact::Unknown);
    let many = format!(r#"{{"query":"{{a}}","x":[{}0]}}"#, "0,".repeat(200_000));
    assert_eq!(impact(&many), Impact::Unknown);
    let pods = "PUT https://k.example/api/v1/namespaces/a/configmaps/b";
    assert_eq!(judge(&head(pods, &[]), &cluster(), many.as_bytes()).unwrap_err().status, 413);
    assert_eq!(impact(&" ".repeat(1_100_000)), Impact::Unknown);
    assert_eq!(impact("{\0\"\0q\0"), Impact::Unknown);
}

#[test]
fn an_undecodable_body_is_never_harmless() {
    let head = head("POST https://a.example/rpc", &[]);
    let route = route(&head, &Known::default()).unwrap();
    let identified = identify(&route, &head, &Captured::Undecodable("unknown encoding")).unwrap();
    let actions = classify(identified, &Inventory::default(), Evidence::Observed);
    assert_eq!(actions.first().blast().impact, Impact::Unknown);
}

#[test]
fn a_kubernetes_body_beyond_the_limit_is_413() {
    let url = "https://k.example/api/v1/namespaces/a/configmaps";
    let body = vec![b' '; 4 * 1024 * 1024 + 1];
    assert_eq!(judge(&head(&format!("POST {url}"), &[]), &cluster(), &body).unwrap_err().status, 413);
    assert_eq!(judge(&head(&format!("DELETE {url}/x"), &[]), &cluster(), &body[..70_000]).unwrap_err().status, 413);
}

#[test]
fn loopback_is_local_unless_a_cluster_is_known() {
    let place = |known: &Known| {
        let head = head("GET https://127.0.0.1:6443/api/v1/namespaces/a/pods", &[]);
        judge(&head, known, b"").unwrap().remove(0).place().clone()
    };
    assert!(!place(&cluster()).loopback);
    assert_eq!(place(&cluster()).cluster.as_deref(), Some("prod-eu"));
    assert!(place(&Known { provider: Some("kubernetes".into()), cluster: None }).loopback);
}

/// A path or body that holds one of these is most likely to hit a special case.
const PIECES: &[&str] = &[
    "api",
    "v1",
    "apis",
    "apps",
    "namespaces",
    "prod",
    "pods",
    "web",
    "exec",
    "proxy",
    "scale",
    "watch",
    "status",
    "graphql",
    "delete",
    "%2F",
    "%2e",
    "..",
    ".",
    "",
    ";x",
    "%",
    "%zz",
    "deletecollection",
    "git-receive-pack",
    "\u{e9}",
    "%c3%28",
];

fn hostile_path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..9)
        .prop_map(|pieces| format!("/{}", pieces.join("/")).replace('\u{e9}', "%C3%A9"))
}

fn hostile_body() -> impl Strategy<Value = String> {
    let words = prop::sample::select(
        &[
            "{",
            "}",
            "[",
            "]",
            "\"query\"",
            ":",
            "\"mutation { a }\"",
            "mutation",
            "\"",
            "\\",
            "query=",
            "&",
            "{a}",
            "...F",
            "fragment F on M",
            "@skip",
            "(x: 1)",
            "\"\"\"",
            "#",
            "\r",
            "1e9",
            "-",
            "$v",
            "\\u00",
            "\\ud800",
            "k8s\0",
            "0004",
            "0000",
            "spec",
            "\"metadata\"",
            ",",
            "null",
            "\"_method\"",
            "99999999999999999999",
        ][..],
    );
    prop::collection::vec(words, 0..14).prop_map(|words| words.concat())
}

/// The worst of everything a request asks for; what is refused is worst.
fn worst(call: &str, known: &Known, body: &[u8]) -> u8 {
    match judge(&head(call, &[]), known, body) {
        Ok(actions) => actions.iter().map(|one| one.blast().impact.strictness()).max().unwrap(),
        Err(_) => u8::MAX,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_requests_are_read_without_panic(
        method in prop::sample::select(&["GET", "POST", "PUT", "PATCH", "DELETE", "get", "QUERY"][..]),
        host in prop::sample::select(&["a.example", "k.azmk8s.io", "registry.npmjs.org", "backboard.railway.app", "[::1]:80"][..]),
        path in hostile_path(),
        media in prop::sample::select(&["application/json", "application/json-patch+json", "application/apply-patch+yaml",
            "application/vnd.kubernetes.protobuf", "application/x-git-receive-pack-request", "application/graphql", ""][..]),
        body in hostile_body(),
    ) {
        let head = head(&format!("{method} https://{host}{path}"), &[("content-type", media)]);
        for known in [Known::default(), cluster()] {
            let first = judge(&head, &known, body.as_bytes()).map(|all| all.iter().map(Action::digest).collect::<Vec<_>>());
            let second = judge(&head, &known, body.as_bytes()).map(|all| all.iter().map(Action::digest).collect::<Vec<_>>());
            prop_assert_eq!(first, second);
        }
    }

    #[test]
    fn broken_protobuf_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let head = head("PUT https://k.example/apis/apps/v1/namespaces/a/deployments/b",
            &[("content-type", "application/vnd.kubernetes.protobuf")]);
        let body = [&b"k8s\0"[..], &bytes].concat();
        let _ = judge(&head, &cluster(), &body);
    }

    #[test]
    fn hostile_documents_are_read_without_panic(
        document in "[ -~\\t\\r\\n\\x00-\\x1f\u{e9}\u{1f389}]{0,12}([{}()\\[\\]:@$\"#.,!&|=0-9a-z\\\\ -]|\"\"\"|mutation|fragment|on|\\.\\.\\.){0,40}"
    ) {
        let body = serde_json::json!({ "query": document }).to_string();
        let raw = judge(&head("POST https://a.example/graphql", &[]), &Known::default(), document.as_bytes());
        let json = judge(&head("POST https://a.example/graphql", &[]), &Known::default(), body.as_bytes());
        prop_assert!(raw.is_ok() && json.is_ok());
    }

    #[test]
    fn no_spelling_of_a_path_is_milder(
        case in prop::sample::select(&[
            "DELETE /api/v1/namespaces/prod", "DELETE /api/v1/namespaces/prod/pods/web", "POST /users/5/delete",
            "GET /api/v1/namespaces/prod/pods/web/exec", "PATCH /api/v1/nodes/n1", "POST /api/deleteVolume",
            "POST /queue/purgeAll", "PUT /api/v1/namespaces/prod/finalize",
        ][..]),
        shape in any::<bool>(),
        at in any::<prop::sample::Index>(),
        change in 0..5,
    ) {
        let (method, path) = case.split_once(' ').unwrap();
        let known = if shape { Known::default() } else { cluster() };
        let slashes: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        let letters: Vec<usize> = path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
        let (slash, letter) = (slashes[at.index(slashes.len())], letters[at.index(letters.len())]);
        let mut changed = path.to_owned();
        match change {
            0 => changed.insert(slash, '/'),
            1 => changed.insert_str(slash, "/."),
            2 => changed.insert_str(slash, "/x/.."),
            3 => changed.replace_range(letter..=letter, &format!("%{:02x}", path.as_bytes()[letter])),
            _ => {
                let swapped = path.as_bytes()[letter] ^ 0x20;
                changed.replace_range(letter..=letter, &char::from(swapped).to_string());
            }
        }
        let plain = worst(&format!("{method} https://a.example{path}"), &known, b"{}");
        let odd = worst(&format!("{method} https://a.example{changed}"), &known, b"{}");
        // The API server matches case: another case is another path there, and not in its grammar or not found.
        let other = change == 4 && path.starts_with("/api/v1/");
        prop_assert!(odd >= plain || other, "{} {} -> {}: {} < {}", method, path, changed, odd, plain);
    }
}

#[test]
fn a_refusal_has_the_form_that_the_sender_s_client_shows() {
    const PUSH: (&str, &str) = ("content-type", "application/x-git-receive-pack-request");
    const FETCH: (&str, &str) = ("content-type", "application/x-git-upload-pack-request");
    const JSON: (&str, &str) = ("content-type", "application/json");
    let docker = Known { provider: Some("docker".into()), ..Known::default() };
    let check = |call: &str, headers: &[(&str, &str)], known: &Known, expected: Dialect| {
        let head = head(call, headers);
        assert_eq!(dialect(&head, known), expected, "{call}");
        assert_eq!(route(&head, known).unwrap().dialect(), expected, "{call}");
    };
    let nothing = Known::default();
    check("GET https://a.example/v1.41/info", &[], &nothing, Dialect::Docker);
    check("HEAD https://a.example/_ping", &[], &nothing, Dialect::Docker);
    check("GET https://a.example/info", &[], &docker, Dialect::Described("docker"));
    check("GET https://a.example/info", &[], &nothing, Dialect::Problem);
    check("POST https://a.example/v1.41/exec/a/start", &[("upgrade", "tcp")], &docker, Dialect::DockerStream);
    for other in ["v1", "v1.", "v1.x", "v2.0", "v1.1234", "av1.41", ""] {
        check(&format!("GET https://a.example/{other}/info"), &[], &nothing, Dialect::Problem);
    }
    check("LOCK https://a.example/state", &[JSON], &nothing, Dialect::StateLock);
    check("LOCK https://a.example/file", &[("content-type", "application/xml")], &nothing, Dialect::Problem);
    check("POST https://a.example/graphql", &[JSON], &nothing, Dialect::Graphql);
    check("POST https://a.example/graphql", &[("content-type", "text/plain")], &nothing, Dialect::Problem);
    check("GET https://a.example/graphql?query=%7Ba%7D", &[JSON], &nothing, Dialect::Problem);
    check("POST https://a.example/rpc", &[JSON], &nothing, Dialect::Problem);
    check("POST https://a.example/o/r.git/git-receive-pack", &[PUSH], &nothing, Dialect::GitPush);
    check("POST https://a.example/o/r.git/git-upload-pack", &[FETCH], &nothing, Dialect::GitFetch);
    check("GET https://a.example/o/r.git/info/refs?service=git-upload-pack", &[], &nothing, Dialect::GitRefs);
    // What answers with 200 is for nobody else.
    check("POST https://a.example/o/r.git/git-receive-pack", &[JSON], &nothing, Dialect::Problem);
    check("DELETE https://a.example/o/r.git/git-receive-pack", &[PUSH], &nothing, Dialect::Problem);
    check("POST https://a.example/o/r.git/git-upload-pack", &[PUSH], &nothing, Dialect::Problem);
    assert_eq!(dialect_of_target(&docker), Dialect::Docker);
    assert_eq!(dialect_of_target(&nothing), Dialect::Problem);
    let kubernetes = Known { provider: Some("kubernetes".into()), ..Known::default() };
    assert_eq!(dialect_of_target(&kubernetes), Dialect::Kubernetes);
}
