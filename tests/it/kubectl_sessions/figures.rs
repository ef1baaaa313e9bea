//! What the sessions came to, for `docs/soak/kubectl-sessions.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

/// Sessions in both clusters.
const ROWS: usize = 12;

static FIGURES: Mutex<BTreeMap<(&str, &str), [usize; 4]>> = Mutex::new(BTreeMap::new());

static CLIENTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes which clients there were.
pub(super) fn meet(clients: Vec<String>) {
    CLIENTS.lock().unwrap().extend(clients);
}

/// Notes a session: steps, requests, what the server saw, what was stopped. The last one writes the file.
pub(super) fn add(session: &'static str, is_production: bool, is_real: bool, row: [usize; 4]) {
    let kind = if is_production { "production" } else { "development" };
    let mut figures = FIGURES.lock().unwrap();
    figures.insert((session, kind), row);
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    if figures.len() < ROWS || !is_soak || !is_real {
        return;
    }
    let mut text = "# Sessions of kubectl against a real API server\n\n\
        `just soak kubectl-sessions`: kubectl works through the gate in a cluster for development and in one for production. The\n\
        server is kube-apiserver 1.20.2 with etcd 3.4 and its controller manager, built from Debian's sources; a kubelet of the\n\
        tests' own runs the pods. Seen: requests in the server's audit log. Every request that the log says was let through stands\n\
        in the audit log with the same operation and name, and no other does: a difference fails the run, and so does a step that\n\
        is stopped where it should pass, or passes where it should be stopped.\n\n"
        .to_owned();
    writeln!(text, "| session | cluster | commands | requests | seen | stopped |\n|---|---|---:|---:|---:|---:|")
        .unwrap();
    for ((session, kind), [steps, requests, seen, stopped]) in &*figures {
        writeln!(text, "| {session} | {kind} | {steps} | {requests} | {seen} | {stopped} |").unwrap();
    }
    let clients: Vec<String> = CLIENTS.lock().unwrap().iter().cloned().collect();
    writeln!(text, "\nClients, as they named themselves: {}.", clients.join(", ")).unwrap();
    println!("{text}");
    std::fs::write("docs/soak/kubectl-sessions.md", text).unwrap();
}
