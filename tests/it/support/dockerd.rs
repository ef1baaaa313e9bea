//! A Docker daemon of a test's own, on a unix socket, without a network and without anything of the machine's.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::clients;
use super::eventually;
use super::stage::Stage;

/// Ends when this process does, because its standard input does then.
const DAEMON: &str = r#"dockerd "$@" </dev/null & read -r _; kill "$!"; wait "$!""#;

/// What the containers of the tests can run: programs of this machine and what they are linked with.
const IMAGE: &str = r#"
set -e
mkdir image && cd image
for program in sh cat sleep seq mkdir ls; do
    file=$(command -v $program)
    mkdir -p bin && cp -L "$file" bin/$program
    for library in $(ldd "$file" | grep -o '/[^ ]*'); do
        mkdir -p ".$(dirname "$library")" && cp -Lu "$library" ".$library"
    done
done
mkdir -p proc sys dev etc tmp
tar -cf ../image.tar .
"#;

/// The daemon.
pub(crate) struct Dockerd {
    process: Child,
    pub(crate) socket: PathBuf,
}

impl Dockerd {
    /// Starts one on the stage; `None` where there is none, or where it cannot run (it wants to be root).
    pub(crate) fn on(stage: &Stage) -> Option<Self> {
        clients::optional("dockerd")?;
        clients::optional("docker")?;
        let folder = stage.path("dockerd");
        fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("docker.sock");
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", DAEMON, "sh", "--bridge=none", "--iptables=false", "--storage-driver=vfs"]);
        command.arg("-H").arg(format!("unix://{}", socket.display()));
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(folder.join(name));
        }
        command.env("TMPDIR", &folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let mut daemon = Self { process: command.spawn().expect("sh"), socket };
        let (mut began, mut ended) = (false, false);
        eventually("dockerd", || {
            let is_alive = daemon.is_alive();
            // A shell that has not come to it has no child either.
            ended = daemon.process.try_wait().unwrap().is_some() || (began && !is_alive);
            began |= is_alive;
            let ready = fs::read_to_string(folder.join("log")).unwrap().contains("API listen on");
            (ended || ready).then_some(())
        });
        if ended {
            let said = fs::read_to_string(folder.join("log")).unwrap();
            let required = std::env::var("BLASTGATE_TEST_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|one| one.trim() == "dockerd"), "dockerd does not start: {said}");
            eprintln!("SKIPPED: dockerd does not start here, so nothing was tested with it: {said}");
            return None;
        }
        Some(daemon)
    }

    /// Whether the shell still has its child.
    fn is_alive(&self) -> bool {
        let id = self.process.id();
        fs::read_to_string(format!("/proc/{id}/task/{id}/children")).map_or(true, |text| !text.trim().is_empty())
    }

    /// A file for `docker import`.
    pub(crate) fn image(stage: &Stage) -> PathBuf {
        let mut shell = stage.command("sh").into_std();
        let made = shell.args(["-c", IMAGE]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        stage.path("work/image.tar")
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if let Some(mut input) = self.process.stdin.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.process.wait();
    }
}
