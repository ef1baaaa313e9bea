//! A gate that is killed at any moment has recorded everything that it let through.
//!
//! `BLASTGATE_SOAK=1` kills it 50 times instead of 5 and writes the figures to `docs/soak/crash.md`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::gate::RunningGate;
use crate::support::random::{below, seeded};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, eventually, runtime};

const HOST: &str = "load.dev.example";
const TASKS: usize = 8;

/// What one kill came to.
#[derive(Default)]
struct Figures {
    kills: u64,
    seen: u64,
    recorded: u64,
    missing: u64,
}

#[test]
fn what_reached_upstream_before_a_kill_stands_in_the_log() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let kills = if is_soak { 50 } else { 5 };
    let mut random = seeded("crash");
    let mut stage = Stage::new();
    let upstream = Upstream::start(&stage.ca, &[HOST]);
    stage.resolve(HOST, upstream.address);
    let mut figures = Figures::default();
    let began = Instant::now();
    let ids = Arc::new(AtomicU64::new(0));
    for _ in 0..kills {
        let before = upstream.record.len();
        let gate = Arc::new(stage.gate());
        let load: Vec<_> =
            (0..TASKS).map(|task| runtime().spawn(load(Arc::clone(&gate), Arc::clone(&ids), task))).collect();
        eventually("the first requests", || (upstream.record.len() > before + TASKS).then_some(()));
        std::thread::sleep(Duration::from_millis(below(&mut random, 400)));
        rustix::process::kill_process(gate.pid(), rustix::process::Signal::KILL).unwrap();
        for task in load {
            runtime().block_on(async { tokio::time::timeout(PATIENCE, task).await }).expect("the load ends").unwrap();
        }
        Arc::into_inner(gate).expect("nobody holds the gate").kill();
        figures.kills += 1;
    }
    // Requests that were under way when the gate died may still be arriving.
    let settled = eventually("upstream at rest", || {
        let first = upstream.record.len();
        std::thread::sleep(Duration::from_millis(100));
        (upstream.record.len() == first).then_some(first)
    });
    let log = stage.log();
    let recorded: HashSet<String> = log
        .decisions()
        .iter()
        .flat_map(|one| one.actions.iter())
        .flat_map(|action| action.resources.iter())
        .filter_map(|resource| resource.0.split_once("/u/").map(|(_, id)| id.to_owned()))
        .collect();
    let seen: Vec<String> =
        upstream.record.all().iter().filter_map(|one| one.target.strip_prefix("/u/").map(str::to_owned)).collect();
    assert_eq!(seen.len(), settled);
    let missing: Vec<&String> = seen.iter().filter(|id| !recorded.contains(*id)).collect();
    figures.seen = seen.len() as u64;
    figures.recorded = recorded.len() as u64;
    figures.missing = missing.len() as u64;
    println!(
        "{} kills: upstream saw {} requests, the log holds {}, missing {}",
        figures.kills, figures.seen, figures.recorded, figures.missing
    );
    if is_soak {
        write_figures(&figures, began.elapsed());
    }
    assert!(missing.is_empty(), "upstream saw requests that the log does not know: {missing:?}");
}

/// One client: reads and changes in turn, until the gate is gone.
async fn load(gate: Arc<RunningGate>, ids: Arc<AtomicU64>, task: usize) {
    let Ok(stream) = gate.tunnel(&format!("{HOST}:443")).await else { return };
    let alpn = if task.is_multiple_of(2) { "h2" } else { "http/1.1" };
    let Ok(tls) = gate.handshake(stream, HOST, &[alpn]).await else { return };
    let next = || ids.fetch_add(1, Ordering::Relaxed);
    let method = |id: u64| if id.is_multiple_of(3) { "GET" } else { "PUT" };
    if alpn == "h2" {
        let Ok((mut sender, connection)) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await
        else {
            return;
        };
        tokio::spawn(connection);
        loop {
            let id = next();
            let request = Request::builder().method(method(id)).uri(format!("https://{HOST}/u/{id}"));
            let Ok(answer) = sender.send_request(request.body(Full::new(Bytes::from_static(b"x"))).unwrap()).await
            else {
                return;
            };
            if answer.into_body().collect().await.is_err() {
                return;
            }
        }
    }
    let Ok((mut sender, connection)) = hyper::client::conn::http1::handshake(TokioIo::new(tls)).await else { return };
    tokio::spawn(connection);
    loop {
        let id = next();
        let request = Request::builder().method(method(id)).uri(format!("/u/{id}")).header("host", HOST);
        let Ok(answer) = sender.send_request(request.body(Full::new(Bytes::from_static(b"x"))).unwrap()).await else {
            return;
        };
        if answer.into_body().collect().await.is_err() {
            return;
        }
    }
}

fn write_figures(figures: &Figures, took: Duration) {
    let text = format!(
        "# Killed at any moment\n\n\
         `just soak crash` kills a gate under load ({TASKS} clients, reads and changes, HTTP/1.1 and HTTP/2) at random\n\
         moments and compares what the upstream saw with what the log holds.\n\n\
         | kills | requests that upstream saw | decisions in the log | missing | seconds |\n|---|---|---|---|---|\n\
         | {} | {} | {} | {} | {} |\n",
        figures.kills,
        figures.seen,
        figures.recorded,
        figures.missing,
        took.as_secs()
    );
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("crash.md"), text).unwrap();
}
