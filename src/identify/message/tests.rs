use super::*;
use crate::classify::classify;
use crate::config::Inventory;
use crate::identify::Reading;
use crate::identify::tests::head;
use crate::model::Evidence;

/// The POST that a message on a connection to this URL stands for.
fn post(url: &str) -> Head {
    let headers = [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "graphql-transport-ws")];
    posted(&head(&format!("GET {url}"), &headers))
}

fn asked(url: &str, payload: &str) -> Asked {
    let text = format!(r#"{{"id":"1","type":"subscribe","payload":{payload}}}"#);
    match message(&post(url), &Known::default(), text.as_bytes(), Subprotocol::Transport) {
        Ok(Said::Asks(asked)) => asked,
        other => panic!("{text}: {other:?}"),
    }
}

/// What a request is judged as: `id impact` each.
fn judged(url: &str, payload: &str) -> String {
    match asked(url, payload).identified {
        Err(unreadable) => format!("{}", unreadable.status),
        Ok(identified) => {
            let actions = classify(identified, &Inventory::default(), Evidence::Observed);
            let each = actions.iter().map(|one| format!("{} {}", one.operation(), one.blast().impact));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

#[test]
fn a_message_is_judged_as_what_it_asks_for() {
    let api = "https://api.example.com/graphql";
    for (url, payload, expected) in [
        (api, r#"{"query":"{ me { id } }"}"#, "graphql:api.example.com:query read"),
        (api, r#"{"query":"subscription { deleted { id } }"}"#, "graphql:api.example.com:query read"),
        (api, r#"{"query":"mutation { volumeDelete(id: 1) }"}"#, "graphql:api.example.com:volumeDelete destroy"),
        (
            api,
            r#"{"query":"mutation { a: renameIssue volumeDelete }"}"#,
            "graphql:api.example.com:renameIssue update; graphql:api.example.com:volumeDelete destroy",
        ),
        (api, r#"{"query":"mutation { ok: volumeDelete(id: 1) }"}"#, "graphql:api.example.com:volumeDelete destroy"),
        (
            api,
            r#"{"query":"mutation { ...F } fragment F on M { volumeDelete }"}"#,
            "graphql:api.example.com:volumeDelete destroy",
        ),
        (
            api,
            r#"{"query":"query A { a } mutation B { volumeDelete }","operationName":"B"}"#,
            "graphql:api.example.com:volumeDelete destroy",
        ),
        (api, r#"{"query":"mutation {"}"#, "graphql:api.example.com:unidentified unknown"),
        (
            api,
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0a"}}}"#,
            "graphql:api.example.com:unidentified unknown",
        ),
        (api, "{}", "graphql:api.example.com:unidentified unknown"),
        (api, r#"{"query":"{ a }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"0a"}}}"#, "400"),
        // The connection speaks GraphQL, wherever it was opened.
        ("https://api.example.com/subscriptions", r#"{"query":"{ me { id } }"}"#, "graphql:api.example.com:query read"),
        (
            "https://api.example.com/subscriptions?x=1",
            r#"{"query":"mutation { volumeDelete }"}"#,
            "graphql:api.example.com:volumeDelete destroy",
        ),
        (
            "https://api.example.com/api/v1/namespaces/a/pods",
            r#"{"query":"mutation { volumeDelete }"}"#,
            "graphql:api.example.com:volumeDelete destroy",
        ),
        // By the provider's own tables.
        (
            "https://backboard.railway.com/graphql/v2",
            r#"{"query":"mutation { volumeDelete(volumeId: \"v\") }"}"#,
            "railway:graphql:volumeDelete destroy",
        ),
        (
            "https://backboard.railway.com/graphql/internal",
            r#"{"query":"mutation { volumeDelete(volumeId: \"v\") }"}"#,
            "railway:graphql:volumeDelete destroy",
        ),
    ] {
        assert_eq!(judged(url, payload), expected, "{url} {payload}");
    }
}

#[test]
fn a_message_has_the_same_parameters_as_the_post() {
    for url in [
        "https://api.example.com/graphql",
        "https://backboard.railway.com/graphql/v2",
        "https://api.linear.app/graphql",
    ] {
        let payload = r#"{"query":"mutation($i: ID!) { volumeDelete(id: $i) teamCreate(name: \"x\") }","variables":{"i":"vol-1"}}"#;
        let here = asked(url, payload).identified.unwrap();
        let post = head(&format!("POST {url}"), &[("content-type", "application/json")]);
        let route = crate::identify::route(&post, &Known::default()).unwrap();
        let body = Captured::Whole(Bytes::from(payload));
        let there = crate::identify::identify(&route, &post, &body).unwrap();
        let shown = |reading: &Reading| {
            format!(
                "{:?} {:?} {:?} {:?} {:?}",
                reading.operation, reading.resources, reading.parameters, reading.place, reading.count
            )
        };
        let (here, there): (Vec<_>, Vec<_>) = (
            here.iter().map(|one| shown(one.reading())).collect(),
            there.iter().map(|one| shown(one.reading())).collect(),
        );
        assert_eq!(here, there, "{url}");
    }
}
