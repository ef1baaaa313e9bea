//! What a document asks for, whatever it is wrapped in.

use proptest::prelude::*;
use serde_json::json;

use super::frames::{Frame, Subprotocol};
use super::request::Requests;
use super::{Asked, Root, document, frames};
use crate::classify::graphql::by_words;
use crate::model::{Count, Impact};

/// What a JSON text at an endpoint asks for.
fn asked(text: &str) -> Vec<Asked> {
    let mut requests = Requests::new(true);
    requests.add_text(text);
    requests.judge().expect("GraphQL").asked()
}

fn of(document: &str, variables: serde_json::Value) -> Vec<Asked> {
    asked(&json!({ "query": document, "variables": variables }).to_string())
}

fn parameter<'a>(one: &'a Asked, name: &str) -> Option<&'a str> {
    one.parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.as_str())
}

#[test]
fn things_are_counted() {
    let check = |document: &str, variables, expected: Count| {
        assert_eq!(of(document, variables)[0].count, expected, "{document}");
    };
    let none = || json!({});
    check("mutation { deleteThing(id: 1) }", none(), Count::ONE);
    check("mutation { a: deleteThing(id: 1) b: deleteThing(id: 2) }", none(), Count::Exact(2));
    check("mutation { deleteThings(ids: [1, 2, 3]) }", none(), Count::Exact(3));
    check("mutation($ids: [ID!]!) { deleteThings(ids: $ids) }", json!({ "ids": ["a", "b"] }), Count::Exact(2));
    check("mutation($a: ID!) { deleteThings(ids: [$a, \"b\", \"c\"]) }", json!({ "a": "x" }), Count::Exact(3));
    check("mutation { deleteThings(input: [{id: 1}, {id: 2}]) }", none(), Count::Exact(2));
    check("mutation { a: deleteThings(ids: [1, 2]) b: deleteThings(ids: [3]) }", none(), Count::Exact(3));
    check("mutation { deleteThings(ids: []) }", none(), Count::ONE);
    check("mutation { tagThing(id: 1, tags: [\"a\", \"b\"]) }", none(), Count::ONE);
    // Hasura and its like
    check("mutation { delete_users(where: {}) { affected_rows } }", none(), Count::Unbounded);
    check("mutation { delete_users { affected_rows } }", none(), Count::Unbounded);
    check("mutation { delete_users(where: {id: {_eq: 3}}) { affected_rows } }", none(), Count::AtLeast(1));
    check("mutation { delete_users(where: {id: {_gt: 3}}) { affected_rows } }", none(), Count::Unbounded);
    check("mutation { delete_users(where: {_or: [{id: {_eq: 3}}, {}]}) { affected_rows } }", none(), Count::Unbounded);
    check("mutation { delete_users(where: {_not: {id: {_eq: 3}}}) { affected_rows } }", none(), Count::Unbounded);
    check("mutation($w: users_bool_exp!) { delete_users(where: $w) { n } }", json!({ "w": {} }), Count::Unbounded);
    check("mutation { delete_users_by_pk(id: 3) { id } }", none(), Count::ONE);
    check("mutation { deleteAllThings }", none(), Count::Unbounded);
    check("mutation { deleteManyThings(where: {}) { n } }", none(), Count::Unbounded);
    check("mutation { delete_board(board_id: 3) { id } }", none(), Count::ONE);
    let long: Vec<u32> = (0..5000).collect();
    check("mutation($ids: [ID!]!) { deleteThings(ids: $ids) }", json!({ "ids": long }), Count::Unbounded);
}

#[test]
fn arguments_are_resolved_and_flattened() {
    let check = |document: &str, variables, path: &str, expected: &[&str]| {
        let all = of(document, variables);
        let Root::Mutation(mutation) = &all[0].root else { panic!("{document}: {all:?}") };
        assert_eq!(mutation.values(path).collect::<Vec<_>>(), expected, "{document}");
    };
    let none = || json!({});
    let update = "mutation u($v: V = PRIVATE, $i: In) { x(input: {visibility: $v}, more: $i) }";
    check(update, none(), "args.input.visibility", &["PRIVATE"]);
    check(update, json!({ "v": "PUBLIC" }), "args.input.visibility", &["PUBLIC"]);
    check(update, json!({ "v": null }), "args.input.visibility", &[]);
    check(update, json!({ "i": { "a": [{ "b": 1 }, { "b": true }] } }), "args.more.a.b", &["1", "true"]);
    check("mutation { x(input: {a: {}, b: [], c: null}) }", none(), "args.input.a", &[]);
    check("mutation { x(a: 1) y: x(a: 2) }", none(), "args.a", &["2", "1"]);
    check("mutation { x(a: \"1\", a: \"2\") }", none(), "args.a", &["1", "2"]);
    check("mutation { x(a: -1.5e3, b: \"\"\"\n t\n\"\"\") }", none(), "args.a", &["-1500.0"]);
    check("mutation { ...F } fragment F on M { x(a: $q) }", json!({ "q": "z" }), "args.a", &["z"]);
}

#[test]
fn the_record_sees_words_and_no_texts() {
    let document = "mutation { variableUpsert(input: {name: \"A\", value: \"hunter2\", visibility: PUBLIC, pin: 1234, n: 3, on: true}) }";
    let one = &of(document, json!({}))[0];
    let said: Vec<&str> = one.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let expected =
        ["document.sha256", "args.input.n", "args.input.name", "args.input.on", "args.input.visibility", "args.sha256"];
    assert_eq!(said, expected);
    assert!(!format!("{one:?}").is_empty());
    assert!(
        one.parameters
            .iter()
            .all(|parameter| !parameter.value.contains("hunter2") && !parameter.value.contains("1234"))
    );
}

#[test]
fn an_approval_is_bound_to_the_effect_and_not_to_its_form() {
    let digest = |text: &str| parameter(&asked(text)[0], "document.sha256").unwrap().to_owned();
    let document = |text: &str| digest(&json!({ "query": text }).to_string());
    assert_eq!(document("mutation{a(x:1 y:\"b c\")}"), document("mutation {\n  a(x: 1, y: \"b c\") # note\n}"));
    assert_ne!(document("mutation { a(y: \"b c\") }"), document("mutation { a(y: \"b  c\") }"));
    assert_ne!(document("mutation { a(y: \"# c\") }"), document("mutation { a(y: \"# d\") }"));
    assert_ne!(document("mutation { a(y: [1 2]) }"), document("mutation { a(y: [12]) }"));
    assert_ne!(document("mutation { a b }"), document("mutation { ab }"));
    let named = |name: &str| {
        digest(&json!({ "query": "mutation A { a(x: 1) } mutation B { a(x: 2) }", "operationName": name }).to_string())
    };
    assert_ne!(named("A"), named("B"));
    let given =
        |variables| digest(&json!({ "query": "mutation($v: V) { a(x: $v) }", "variables": variables }).to_string());
    assert_ne!(given(json!({ "v": 1 })), given(json!({ "v": 2 })));
    assert_eq!(given(json!({ "v": 1, "w": 2 })), given(json!({ "w": 2, "v": 1 })));
}

#[test]
fn a_hash_beside_its_own_text_is_the_text() {
    let text = "{ a }";
    let hash = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()));
    let with = |hash: &str| {
        asked(
            &json!({ "query": text, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
                .to_string(),
        )
    };
    assert!(with(&hash).iter().all(|one| matches!(one.root, Root::Query { certain: true })));
    assert!(with(&hash.replace(['0', '1'], "2")).iter().any(|one| matches!(one.root, Root::TwoReadings(_))));
    let named = asked(&json!({ "query": text, "documentId": format!("sha256:{hash}") }).to_string());
    assert!(named.iter().all(|one| one.root.reads()));
}

#[test]
fn what_is_deep_or_long_is_bounded() {
    let deep =
        |open: &str, close: &str, n: usize| format!("mutation {{ a(x: {}1{}) }}", open.repeat(n), close.repeat(n));
    for document in [
        deep("[", "]", 50_000),
        deep("{x:", "}", 40_000),
        format!("mutation {{ {}b{} }}", "a{".repeat(50_000), "}".repeat(50_000)),
        format!("mutation {{ {}b{} }}", "...{".repeat(40_000), "}".repeat(40_000)),
    ] {
        let all = of(&document, json!({}));
        assert!(!all.is_empty());
        assert!(all.iter().all(|one| !one.root.reads()));
    }
    // A fragment that is spread below each of many fields.
    let fields: String = (0..4000).map(|n| format!("f{n}: a {{ ...F }} ")).collect();
    let inner: String = (0..4000).map(|n| format!("g{n} ")).collect();
    let all = of(&format!("mutation {{ {fields} }} fragment F on X {{ {inner} }}"), json!({}));
    assert!(all.iter().any(|one| one.root == Root::Unreadable));
    let many: String = (0..100).map(|n| format!("m{n} ")).collect();
    assert!(of(&format!("mutation {{ {many} }}"), json!({})).iter().any(|one| one.root == Root::Unreadable));
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let text = format!(r#"{{"query":"mutation($x: X) {{ deleteThings(ids: $x) }}","variables":{{"x":{nested}}}}}"#);
    assert!(asked(&text).iter().any(|one| one.root == Root::Unreadable || one.count == Count::Unbounded));
}

#[test]
fn frames_say_what_they_ask_for() {
    use Subprotocol::{Legacy, Transport};
    let check = |message: &str, subprotocol, expected: &str| {
        let said = match frames::read(message.as_bytes(), subprotocol) {
            Some(Frame::Own { .. }) => "nothing".to_owned(),
            None => "unreadable".to_owned(),
            Some(Frame::Asks { payload, .. }) => {
                asked(&payload).iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(said, expected, "{message}");
    };
    for kind in ["connection_init", "ping", "pong", "complete"] {
        check(&format!(r#"{{"id":"1","type":"{kind}","payload":{{"token":"x"}}}}"#), Transport, "nothing");
    }
    for kind in ["connection_init", "stop", "connection_terminate"] {
        check(&format!(r#"{{"id":"1","type":"{kind}"}}"#), Legacy, "nothing");
    }
    let asks =
        |kind: &str, document: &str| json!({ "id": "1", "type": kind, "payload": { "query": document } }).to_string();
    check(&asks("subscribe", "subscription { a }"), Transport, "query");
    check(&asks("subscribe", "mutation { volumeDelete }"), Transport, "volumeDelete");
    check(&asks("start", "mutation { volumeDelete }"), Legacy, "volumeDelete");
    check(&asks("start", "mutation { volumeDelete }"), Transport, "unreadable");
    check(&asks("subscribe", "{ a }"), Legacy, "unreadable");
    check(&asks("subscribe", "mutation {"), Transport, "unidentified");
    check(
        r#"{"type":"subscribe","id":"1","payload":{"extensions":{"persistedQuery":{"sha256Hash":"0"}}}}"#,
        Transport,
        "unidentified",
    );
    check(r#"{"type":"subscribe","id":"1"}"#, Transport, "unreadable");
    check(r#"{"type":"ping","type":"subscribe","payload":{"query":"{a}"}}"#, Transport, "unreadable");
    check(r#"{"type":"ping","Type":"subscribe","payload":{"query":"{a}"}}"#, Transport, "unreadable");
    check(
        r#"{"type":"subscribe","payload":{"query":"{a}"},"payload":{"query":"mutation { b }"}}"#,
        Transport,
        "unreadable",
    );
    check(r#"{"type":"ka"}"#, Transport, "unreadable");
    check("[]", Transport, "unreadable");
    check("", Transport, "unreadable");
    check(r#"{"type":"ping"} {"type":"ping"}"#, Transport, "unreadable");
    let data = json!({ "query": "mutation { volumeDelete }" }).to_string();
    check(
        &json!({ "id": "1", "type": "start", "payload": { "data": data, "extensions": {} } }).to_string(),
        Legacy,
        "volumeDelete",
    );
    check(
        &json!({ "id": "1", "type": "start", "payload": { "data": data, "query": "{ a }" } }).to_string(),
        Legacy,
        "unreadable",
    );
    assert_eq!(frames::read(b"\xff", Transport), None);
    assert_eq!(Subprotocol::parse("graphql-transport-ws"), Some(Transport));
    assert_eq!(Subprotocol::parse("chat"), None);
}

/// The worst of what is asked for, and how much.
fn worst(all: &[Asked]) -> (u8, u64) {
    let judged = all.iter().map(|one| match &one.root {
        Root::Mutation(asked) => by_words(asked).impact.strictness(),
        Root::Query { .. } => Impact::Read.strictness(),
        Root::Messages | Root::Unreadable | Root::TwoReadings(_) => u8::MAX,
    });
    let count = all.iter().map(|one| one.count.floor().unwrap_or(u64::MAX)).max().unwrap_or_default();
    (judged.max().unwrap_or_default(), count)
}

const FIELDS: &[&str] =
    &["deleteVolume", "volume_delete", "issueUpdate", "createThing", "stopServer", "grantRole", "undeleteThing", "x"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_wrapping_is_milder(
        field in prop::sample::select(FIELDS),
        ids in prop::collection::vec("[a-z]{1,4}", 1..4),
        wrapping in 0..9,
        blank in prop::sample::select(&[" ", "\n", ",", " # x\n", "\t", "\u{feff}"][..]),
    ) {
        let list = json!(ids).to_string();
        let plain = of(&format!("mutation {{ {field}(ids: {list}) }}"), json!({}));
        let call = format!("{field}(ids: {list})");
        let wrapped = match wrapping {
            0 => of(&format!("mutation {{ safe: {call} }}"), json!({})),
            1 => of(&format!("mutation {{ ...F }} fragment F on Mutation {{ {call} }}"), json!({})),
            2 => of(&format!("mutation {{ ... on Mutation {{ ... {{ {call} }} }} }}"), json!({})),
            3 => of(&format!("mutation($v: [ID!]!) {{ {field}(ids: $v) }}"), json!({ "v": ids })),
            4 => of(&format!("mutation($v: [ID!] = {list}) {{ {field}(ids: $v) }}"), json!({})),
            5 => of(&format!("mutation {{ {call} @skip(if: true) }}"), json!({})),
            6 => of(&format!("query Q {{ a }} mutation M {{ {call} }}"), json!({})),
            7 => of(&format!("mutation{blank}{{{blank}{field}{blank}({blank}ids:{blank}{list}{blank}){blank}}}{blank}"), json!({})),
            _ => asked(&json!([{ "query": "{ a }" }, { "query": format!("mutation {{ {call} }}") }]).to_string()),
        };
        prop_assert!(worst(&wrapped) >= worst(&plain), "{:?} < {:?}", wrapped, plain);
        if wrapping == 7 {
            prop_assert_eq!(&wrapped[0].parameters, &plain[0].parameters);
        }
    }

    #[test]
    fn blanks_between_words_change_nothing(document in "mutation \\{ [a-z]{1,5}\\((x: (1|\"[ a#,]{0,6}\"|\\[1, 2\\]|-3|\\$v)(, )){1,3}\\) \\}") {
        let plain = document::plain(&document);
        prop_assert!(document::parse(&document).is_some());
        prop_assert!(document::parse(&plain).is_some(), "{} -> {}", document, plain);
        prop_assert_eq!(document::plain(&plain), plain.clone());
        prop_assert_eq!(worst(&of(&plain, json!({}))), worst(&of(&document, json!({}))));
    }

    #[test]
    fn hostile_frames_are_read_without_panic(message in "[\\[\\]{}:,\"a-z0-9 \\\\]{0,40}|\\{\"type\":\"subscribe\",\"payload\":\\{\"query\":\"[ -~]{0,40}\"\\}\\}") {
        for subprotocol in [Subprotocol::Transport, Subprotocol::Legacy] {
            let _ = frames::read(message.as_bytes(), subprotocol);
        }
    }
}
