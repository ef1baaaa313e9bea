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
