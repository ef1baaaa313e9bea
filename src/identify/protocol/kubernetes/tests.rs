use super::*;
use serde_json::json;

#[test]
fn strict_json() {
    for (text, reads) in [
        (r#"{"a":[1,-2,3.5,null,true,"x"]}"#, true),
        (r#"{"a":1,"a":1}"#, false),
        (r#"{"a":1,"\u0061":1}"#, false),
        (r#"[{"a":{"b":1,"b":2}}]"#, false),
        ("{} {}", false),
        ("\u{feff}{}", false),
        ("{'a':1}", false),
        ("", false),
    ] {
        assert_eq!(json::parse(text.as_bytes()).is_ok(), reads, "{text}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(json::parse(deep(60).as_bytes()).is_ok());
    assert!(json::parse(deep(70).as_bytes()).is_err());
    assert!(json::parse(deep(100_000).as_bytes()).is_err());
}

/// A protobuf field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
}

/// A path that takes this kind.
fn target(kind: &str) -> Object {
    let (plural, sub, verb) = match kind {
        "Scale" => ("deployments".to_owned(), Some("scale"), Verb::Update),
        "DeleteOptions" => ("pods".to_owned(), None, Verb::Delete),
        _ => (format!("{}s", kind.to_lowercase()), None, Verb::Create),
    };
    Object {
        group: String::new(),
        version: "v1".into(),
        namespace: None,
        plural,
        name: None,
        sub: sub.map(str::to_owned),
        verb,
    }
}

fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
    [b"k8s\0".to_vec(), field(1, &field(2, kind.as_bytes())), field(2, raw)].concat()
}

#[test]
fn protobuf_gives_the_members_that_decide() {
    let check = |kind: &str, raw: &[u8], pointer: &str, expected: serde_json::Value| {
        let value = protobuf::parse(&target(kind), &envelope(kind, raw)).unwrap();
        assert_eq!(value.pointer(pointer).cloned().unwrap_or_default(), expected, "{kind} {pointer}: {value}");
    };
    let meta = field(1, &field(1, b"web"));
    check("ConfigMap", &meta, "/metadata/name", json!("web"));
    check("Scale", &meta, "/spec/replicas", json!(0));
    check("Deployment", &[meta.clone(), field(2, &[0x08, 0])].concat(), "/spec/replicas", json!(0));
    check("Node", &[meta.clone(), field(2, &[0x20, 1])].concat(), "/spec/unschedulable", json!(true));
    check("Pod", &[meta.clone(), field(2, &[0x60, 1])].concat(), "/spec/hostPID", json!(true));
    check("DeleteOptions", &field(5, b"All"), "/dryRun", json!(["All"]));
    let role = [field(2, b"ClusterRole"), field(3, b"cluster-admin")].concat();
    check("RoleBinding", &[meta, field(3, &role)].concat(), "/roleRef/name", json!("cluster-admin"));
}

#[test]
fn repeated_protobuf_fields_have_no_single_reading() {
    let twice = [field(1, &field(1, b"a")), field(1, &field(1, b"b"))].concat();
    assert!(protobuf::parse(&target("ConfigMap"), &envelope("ConfigMap", &twice)).is_err());
    assert!(protobuf::parse(&target("ConfigMap"), b"{}").is_err());
    assert!(protobuf::parse(&target("ConfigMap"), b"k8s\0\x0a\xff").is_err());
}

#[test]
fn only_what_is_kubernetes_beyond_doubt_has_its_shape() {
    let check = |method: Method, path: &str, expected: bool| {
        assert_eq!(path::has_shape(&method, path), expected, "{method} {path}");
    };
    for path in [
        "/api/v1/namespaces/prod",
        "/api/v1/nodes/n1",
        "/apis/apps/v1/deployments",
        "/apis/a.example/v1beta2/x/y",
        "/x/../api/v1/namespaces",
        "//api//v1/namespaces",
        "/%61pi/v1/namespaces",
        "/%2561pi/v1/namespaces",
    ] {
        check(Method::DELETE, path, true);
    }
    for path in [
        "/api/v1/users",
        "/api/v1/pods/5",
        "/api/v1/events",
        "/api/v2/namespaces",
        "/apis/apps/latest/x",
        "/apis/x/v1/y",
        "/api",
        "/version",
    ] {
        check(Method::POST, path, false);
    }
    check(Method::GET, "/api/v1/events", true);
}

/// Every operation of the published description, with the action that it says, and each list once more as a watch.
#[test]
fn every_path_of_the_description_is_named() {
    let sample = |path: &str| {
        path.split('/')
            .map(|part| match part {
                "{group}" => "example.com",
                "{version}" => "v1",
                "{plural}" | "{resource_plural}" => "widgets",
                _ if part.starts_with('{') => "x",
                _ => part,
            })
            .collect::<Vec<_>>()
            .join("/")
    };
    let name = |method: &Method, path: &str, watching: bool| match path::parse(method, path, watching).unwrap() {
        Target::Object(object) => id_of(&object, object.verb.as_str()).to_string(),
        Target::Server(what) => format!("kubernetes:server:{what}.get"),
        Target::Unidentified => "unidentified".to_owned(),
    };
    let (mut seen, mut watches) = (0, 0);
    for row in include_str!("../../../catalog/kubernetes/paths.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [path, method, action, operation, kind] = cells[..] else { panic!("{row}") };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let path = sample(path);
        assert_eq!(name(&method, &path, false), operation, "{row}");
        assert!(crate::catalog::operation_exists(operation), "{row}");
        let verb = match action {
            "post" => "create",
            "put" => "update",
            "-" => "get",
            other => other,
        };
        assert!(operation.ends_with(&format!(".{verb}")), "{row}");
        if action == "list" {
            let watch = operation.replace(".list", ".watch");
            assert_eq!(name(&method, &path, true), watch, "{row}");
            let (root, rest) = if let Some(rest) = path.strip_prefix("/api/v1/") {
                ("/api/v1".to_owned(), rest)
            } else {
                let mut parts = path.splitn(5, '/');
                let root: Vec<&str> = parts.by_ref().take(4).collect();
                (root.join("/"), parts.next().unwrap())
            };
            assert_eq!(name(&method, &format!("{root}/watch/{rest}"), false), watch, "{row}");
            watches += 1;
        }
        // A protobuf body is read by the kind that the path takes: it is the one of the description.
        if kind != "-"
            && let Target::Object(object) = path::parse(&method, &path, false).unwrap()
        {
            assert_eq!(protobuf::expected(&object), Some(kind), "{row}");
        }
        seen += 1;
    }
    assert!(seen > 990 && watches > 130, "{seen} {watches}");
}

fn head(target: &str, accept: &str) -> Head {
    let mut headers = http::HeaderMap::new();
    headers.insert("accept", accept.parse().unwrap());
    Head {
        scheme: crate::model::http::Scheme::Https,
        authority: crate::model::http::Authority { host: "k".into(), port: 443 },
        method: Method::GET,
        target: target.parse().unwrap(),
        upgrade: None,
        headers,
    }
}

#[test]
fn only_answers_that_cannot_hold_a_secret_are_metadata() {
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let partial = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    for (target, accept, expected) in [
        ("/", table.to_owned(), true),
        ("/", partial.to_owned(), true),
        ("/", format!("{table}, {partial}"), true),
        ("/?includeObject=None", table.to_owned(), true),
        ("/?includeObject=Object", table.to_owned(), false),
        ("/", format!("{table},application/json"), false),
        ("/", "application/json".to_owned(), false),
        ("/", "application/json;as=Table;as=Secret".to_owned(), false),
        ("/", "*/*".to_owned(), false),
        ("/", String::new(), false),
    ] {
        let head = head(target, &accept);
        assert_eq!(metadata_only(&head, &query(&head)), expected, "{target} {accept}");
    }
}

#[test]
fn a_json_patch_is_what_it_writes() {
    let check = |patch: serde_json::Value, expected: Option<(bool, bool, bool)>| {
        let read = patch::read(&patch).ok().map(|writes| {
            let any = |what: fn(&patch::Write) -> bool| writes.iter().any(what);
            (any(|one| one.unguards), any(|one| one.empties), any(|one| one.replaces_template))
        });
        assert_eq!(read, expected, "{patch}");
    };
    let one = |op: &str, path: &str| json!([{ "op": op, "path": path, "from": "/x", "value": { "a": 1 } }]);
    check(json!([]), Some((false, false, false)));
    check(one("test", "/metadata/finalizers"), Some((false, false, false)));
    check(one("remove", "/metadata/finalizers/0"), Some((true, false, false)));
    check(one("remove", "/metadata"), Some((true, false, false)));
    check(one("remove", ""), Some((true, true, false)));
    check(one("copy", "/metadata/finalizers"), Some((true, false, false)));
    check(one("add", "/metadata/finalizers/0"), Some((false, false, false)));
    check(one("replace", "/metadata/finalizers/0"), Some((true, false, false)));
    check(one("replace", "/metadata/finalizersx"), Some((false, false, false)));
    check(one("replace", "/spec/template"), Some((false, false, true)));
    check(one("replace", "/spec/template/spec/containers/0/image"), Some((false, false, false)));
    check(one("replace", ""), Some((true, false, false)));
    check(one("move", "/spec"), Some((false, true, false)));
    check(one("remove", "spec"), None);
    check(one("remove", "x/spec"), None);
    check(one("REMOVE", "/spec"), None);
    check(json!({ "op": "remove", "path": "/spec" }), None);
    check(json!([{ "op": "add", "path": "/spec" }]), None);
    check(json!(["remove"]), None);
}
