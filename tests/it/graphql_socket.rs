//! What somebody who speaks GraphQL over WebSockets is promised: queries, subscriptions and harmless mutations pass, a
//! refused mutation is told in the subprotocol's own error and never arrives, and the connection goes on.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use blastgate::record::Outcome;

use crate::support::clients;
use crate::support::stage::Stage;

const DEV: &str = "api.dev.example";
const PROD: &str = "api.prod.example";

/// A server of GraphQL over WebSockets, for the rest of the test.
struct Server {
    process: Child,
    said: Receiver<Value>,
    address: SocketAddr,
}

impl Server {
    fn start(stage: &Stage) -> Option<Self> {
        let packages = clients::graphql_sockets()?;
        let mut process = std::process::Command::new("node")
            .args(["-e", include_str!("support/graphql_socket_server.js")])
            .env("NODE_PATH", packages.join("node_modules"))
            .current_dir(stage.path("work"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, said) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}")));
            }
        });
        let first: Value = said.recv_timeout(Duration::from_secs(20)).expect("the server's port");
        let address = SocketAddr::from(([127, 0, 0, 1], first["port"].as_u64().unwrap().try_into().unwrap()));
        Some(Self { process, said, address })
    }

    /// Everything that it said until its end.
    fn end(mut self) -> Vec<Value> {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
        self.said.iter().collect()
    }
}

/// The step of this name.
#[track_caller]
fn of<'a>(all: &'a [Value], what: &str) -> &'a Value {
    all.iter().find(|step| step["what"] == what).unwrap_or_else(|| panic!("no `{what}`: {all:#?}"))
}

#[track_caller]
fn brings(all: &[Value], what: &str, results: Value) {
    let step = of(all, what);
    assert_eq!((&step["results"], &step["shown"]), (&results, &Value::Null), "{step:#}");
}

#[track_caller]
fn is_refused(all: &[Value], what: &str, code: &str) {
    let step = of(all, what);
    assert!(step["shown"].as_str().is_some_and(|text| text.contains("Approval needed (a_")), "{step:#}");
    assert_eq!(step["code"], code, "{step:#}");
}

#[test]
fn messages_are_judged_one_by_one() {
    let mut stage = Stage::new();
    let Some(server) = Server::start(&stage) else { return };
    stage.resolve(&format!("{DEV}:80"), server.address).resolve(&format!("{PROD}:80"), server.address);
    stage.setting("approvals: { hold: 0s }");
    let script = stage.write("work/calls.mjs", include_str!("support/graphql_socket.mjs")).display().to_string();
    let packages = clients::graphql_sockets().unwrap().display().to_string();
    let ended = stage.run(&["node", &script, &packages, DEV, PROD]).succeeded();
    let all: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen = server.end();

    for host in [DEV, PROD] {
        brings(&all, &format!("{host} query"), json!([{ "hello": "world" }]));
        brings(&all, &format!("{host} subscription"), json!([{ "count": 1 }, { "count": 2 }, { "count": 3 }]));
        brings(&all, &format!("{host} query afterwards"), json!([{ "hello": "world" }]));
        brings(&all, &format!("{host} closed early"), json!([]));
    }
    brings(&all, &format!("{DEV} rename"), json!([{ "rename": "x" }]));
    for what in ["delete", "alias", "fragment"] {
        is_refused(&all, &format!("{PROD} {what}"), "FORBIDDEN");
    }
    brings(&all, &format!("{PROD} legacy query"), json!([{ "hello": "world" }]));
    brings(&all, &format!("{PROD} legacy subscription"), json!([{ "count": 1 }, { "count": 2 }]));
    brings(&all, &format!("{PROD} legacy query afterwards"), json!([{ "hello": "world" }]));
    is_refused(&all, &format!("{PROD} legacy delete"), "FORBIDDEN");

    // In pieces, with a ping between them.
    let pieces = of(&all, &format!("{PROD} in pieces"));
    assert_eq!(pieces["results"], json!(["connection_ack", "error"]), "{pieces:#}");
    let pieces = of(&all, &format!("{DEV} in pieces"));
    assert_eq!(pieces["results"], json!(["connection_ack", "next", "complete"]), "{pieces:#}");
    // What cannot be read ends the connection.
    for what in ["binary", "garbage", "too large", "another subprotocol's"] {
        let end = of(&all, &format!("{PROD} {what}"));
        assert_eq!(end["code"], 1008, "{end:#}");
        assert!(end["reason"].as_str().is_some_and(|text| text.starts_with("blastgate: ")), "{end:#}");
    }

    // Nothing that was refused arrived, and nothing was compressed.
    let opened: Vec<&Value> = seen.iter().filter(|one| one["opened"].is_string()).collect();
    assert_eq!(opened.len(), 9, "{seen:#?}");
    assert!(opened.iter().all(|one| one["offered"] == "" && one["extensions"] == ""), "{opened:#?}");
    let documents: Vec<&str> = seen.iter().filter_map(|one| one["asked"].as_str()).collect();
    let deletions = seen.iter().filter(|one| one["did"] == "volumeDelete").count();
    let asked = documents.iter().filter(|text| text.contains("volumeDelete")).count();
    let passed =
        ["delete", "alias", "fragment"].iter().filter(|what| of(&all, &format!("{DEV} {what}"))["shown"].is_null());
    assert_eq!((deletions, asked), (passed.clone().count(), passed.count()), "{seen:#?}");
    assert!(!seen.iter().any(|one| one["type"] == "start" && one["asked"] == "mutation"), "{seen:#?}");
    is_recorded(&stage);
}

/// Every message that asks for something stands in the log, and what was refused says so.
#[track_caller]
fn is_recorded(stage: &Stage) {
    let log = stage.log();
    let (delete, query) = (format!("graphql:{PROD}:volumeDelete"), format!("graphql:{PROD}:query"));
    assert_eq!((log.of(&delete).len(), log.of(&query).len()), (5, 6), "{:#?}", log.decisions());
    let stopped = log.stopped();
    assert_eq!(stopped.iter().filter(|one| one.starts_with(&delete)).count(), 5, "{stopped:#?}");
    assert!(!stopped.iter().any(|one| one.starts_with(&query) || one.contains(":websocket ")), "{stopped:#?}");
    for one in log.of(&format!("graphql:{PROD}:websocket")) {
        assert_eq!(one.actions[0].blast.impact.to_string(), "read");
    }
    assert_eq!(log.rejected().len(), 4, "{:#?}", log.rejected());
    let is_sent = |outcome: &Outcome| matches!(outcome, Outcome::Tunnelled { received_bytes: 0, sent_bytes, .. } if *sent_bytes > 0);
    let sent = log.outcomes().iter().filter(|one| is_sent(&one.outcome)).count();
    assert!(sent >= 10, "{:#?}", log.outcomes());
}
