use super::*;
use crate::identify::tests::head;

/// What a message is: `own`, `own ID`, `ID: PAYLOAD`, or nothing that is read.
fn shown(message: &str, subprotocol: Subprotocol) -> String {
    match read(message.as_bytes(), subprotocol) {
        None => "-".to_owned(),
        Some(Frame::Own { ends: None }) => "own".to_owned(),
        Some(Frame::Own { ends: Some(id) }) => format!("own {id}"),
        Some(Frame::Asks { id, payload, is_wrapped }) => {
            format!("{id}{} {payload}", if is_wrapped { " in data:" } else { ":" })
        }
    }
}

#[test]
fn messages_are_read_in_one_way_or_not_at_all() {
    use Subprotocol::{Legacy, Transport};
    for (subprotocol, message, expected) in [
        (Transport, r#"{"type":"connection_init","payload":{"token":"t"}}"#, "own"),
        (Transport, r#"{"type":"ping"}"#, "own"),
        (Transport, r#"{"type":"pong","payload":{}}"#, "own"),
        (Transport, r#"{"id":"1","type":"complete"}"#, "own 1"),
        (Transport, r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#, r#"1: {"query":"{a}"}"#),
        (Legacy, r#"{"type":"connection_init"}"#, "own"),
        (Legacy, r#"{"type":"connection_terminate"}"#, "own"),
        (Legacy, r#"{"id":"1","type":"stop"}"#, "own 1"),
        (Legacy, r#"{"id":"1","type":"start","payload":{"query":"{a}"}}"#, r#"1: {"query":"{a}"}"#),
        (
            Legacy,
            r#"{"id":"1","type":"start","payload":{"data":"{\"query\":\"{a}\"}","extensions":{}}}"#,
            r#"1 in data: {"query":"{a}"}"#,
        ),
        // The other subprotocol's.
        (Transport, r#"{"id":"1","type":"start","payload":{"query":"{a}"}}"#, "-"),
        (Legacy, r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#, "-"),
        // Two readings.
        (Transport, r#"{"type":"ping","type":"subscribe","id":"1","payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"type":"ping","Type":"subscribe","id":"1","payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"id":"1","id":"2","type":"subscribe","payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"id":"1","type":"subscribe","payload":{},"Payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"id":"1","type":"subscribe","payload":{},"query":"{a}"}"#, "-"),
        (Legacy, r#"{"id":"1","type":"start","payload":{"data":"{}","query":"{a}"}}"#, "-"),
        (Legacy, r#"{"id":"1","type":"start","payload":{"data":{"query":"{a}"}}}"#, "-"),
        // Nothing that could be answered, and no message.
        (Transport, r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"id":1,"type":"subscribe","payload":{"query":"{a}"}}"#, "-"),
        (Transport, r#"{"id":"1","type":"subscribe"}"#, "-"),
        (Transport, r#"{"id":"1","type":"subscribe","payload":[{"query":"{a}"}]}"#, "-"),
        (Transport, r#"[{"type":"ping"}]"#, "-"),
        (Transport, r#"{"type":"ping"} {"type":"ping"}"#, "-"),
        (Transport, r#"{"type":"stop","id":"1"}"#, "-"),
        (Transport, "", "-"),
    ] {
        assert_eq!(shown(message, subprotocol), expected, "{message}");
    }
    assert_eq!(read(b"{\"type\":\"ping\xff\"}", Transport), None);
    let long = format!(r#"{{"id":"{}","type":"complete"}}"#, "i".repeat(ID_BYTES_MAX + 1));
    assert_eq!(read(long.as_bytes(), Transport), None);
}

#[test]
fn only_openings_that_offer_nothing_else_are_read() {
    let check = |offered: &str, expected: &str| {
        let headers = [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", offered)];
        let offer = Offer::of(&head("GET https://api.example.com/graphql", &headers));
        let shown = [(Subprotocol::Transport, "transport"), (Subprotocol::Legacy, "legacy")];
        let shown = shown.iter().filter(|(one, _)| offer.is_some_and(|offer| offer.has(*one))).map(|(_, name)| *name);
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{offered}");
        assert_eq!(offer.is_some(), !expected.is_empty(), "{offered}");
    };
    check("graphql-transport-ws", "transport");
    check("graphql-ws", "legacy");
    check("graphql-transport-ws, graphql-ws", "transport legacy");
    check("graphql-ws, header-eyJob3N0", "legacy");
    check("header-eyJob3N0", "");
    check("chat, graphql-transport-ws", "");
    check("Graphql-WS", "");
    check("graphql-ws,", "");
    check("", "");
    let plain = head("GET https://api.example.com/graphql", &[("Sec-WebSocket-Protocol", "graphql-ws")]);
    assert_eq!(Offer::of(&plain), None);
}
