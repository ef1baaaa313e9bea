//! A shared gate: `blastgate serve` with reverse listeners, for as long as a test needs it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::eventually;
use super::stage::Stage;

/// A gate with listeners.
pub(crate) struct SharedGate {
    process: Child,
    said: std::path::PathBuf,
}

impl SharedGate {
    /// Starts it on this stage. `reverse` are entries of `listen.reverse` as `config.yaml` has them, `more` further lines.
    #[track_caller]
    pub(crate) fn start(stage: &Stage, reverse: &[String], more: &str) -> Self {
        let (proxy, api) = (free_port(), free_port());
        let config = fs::read_to_string(stage.path("config/config.yaml")).unwrap();
        let listen = format!(
            "listen:\n  proxy: \"{proxy}\"\n  api: \"{api}\"\n  control: ../control/gate.sock\n  reverse:\n{}",
            reverse.iter().map(|one| format!("    - {one}\n")).collect::<String>()
        );
        fs::write(stage.path("config/config.yaml"), config + &listen + more).unwrap();
        fs::create_dir_all(stage.path("control")).unwrap();
        fs::set_permissions(stage.path("control"), fs::Permissions::from_mode(0o700)).unwrap();
        let said = stage.path("serve.log");
        let mut command = stage.blastgate(["serve"]).into_std();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&said).unwrap());
        let mut gate = Self { process: command.spawn().expect("the gate"), said };
        eventually("the gate's listeners", || {
            let ended = gate.process.try_wait().unwrap();
            assert!(ended.is_none(), "the gate did not start: {}", gate.said());
            TcpStream::connect(api).ok()
        });
        gate
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }
}

impl Drop for SharedGate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A loopback address that nobody listens on. Below the range that the system gives out by itself, so that no other test
/// gets it meanwhile.
pub(crate) fn free_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let own = u16::try_from(std::process::id() % 1000).unwrap() * 10;
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % 1000;
        let at = SocketAddr::from(([127, 0, 0, 1], 20_000 + own + next));
        if TcpListener::bind(at).is_ok() {
            return at;
        }
    }
}
