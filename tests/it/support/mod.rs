//! What the tests stand on: servers, clients, places, and bounded waiting.

pub(crate) mod apiserver;
pub(crate) mod ca;
pub(crate) mod child;
pub(crate) mod clients;
pub(crate) mod cluster;
pub(crate) mod dialect;
pub(crate) mod dockerd;
pub(crate) mod examiner;
pub(crate) mod gate;
pub(crate) mod git;
pub(crate) mod github;
pub(crate) mod google;
pub(crate) mod google_rpc;
pub(crate) mod kube;
pub(crate) mod kubelet;
pub(crate) mod listeners;
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod moto;
pub(crate) mod platform;
pub(crate) mod pod;
pub(crate) mod random;
pub(crate) mod receiver;
pub(crate) mod server;
pub(crate) mod shared;
pub(crate) mod squid;
pub(crate) mod stage;
pub(crate) mod upstream;

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// Nothing that a test waits for takes longer, on a slow machine under load.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The runtime of all servers. It outlives every test.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
    })
}

/// Runs a test's own asynchronous part, bounded.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(async { tokio::time::timeout(4 * PATIENCE, future).await }).expect("the test ends in its time")
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
