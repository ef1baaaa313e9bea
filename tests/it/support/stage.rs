//! A machine of a test's own: a home folder, a configuration, an inventory, and the gate's state.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use super::ca::TestCa;
use super::child::{self, Ended};
use super::gate::RunningGate;
use super::log::Log;
use super::{PATIENCE, clients};

/// Accounts of the inventory that every stage has.
pub(crate) const PROD_ACCOUNT: &str = "111122223333";
pub(crate) const DEV_ACCOUNT: &str = "444455556666";

const INVENTORY: &str = r#"version: 1
environments:
  - name: prod
    tier: 1
    owner: "@retail-core"
    match:
      - { provider: aws, account: "111122223333" }
      - { provider: kubernetes, cluster: prod-eu }
      - { host: "*.prod.example" }
  - name: dev
    match:
      - { provider: aws, account: "444455556666" }
      - { provider: kubernetes, cluster: "kind-*" }
      - { host: "*.dev.example" }
"#;

/// The place where a test plays.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) ca: TestCa,
    resolve: BTreeMap<String, SocketAddr>,
    trusts_ca: bool,
    trusted: Vec<String>,
    egress: String,
    settings: String,
    variables: Vec<(String, String)>,
    /// What its sessions declare.
    boundary: Vec<String>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "config", "state", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let ca = TestCa::new("test servers");
        fs::write(folder.path().join("config/servers.pem"), ca.pem()).unwrap();
        fs::write(folder.path().join("config/inventory.yaml"), INVENTORY).unwrap();
        let stage = Self {
            folder,
            ca,
            resolve: BTreeMap::new(),
            trusts_ca: true,
            trusted: Vec::new(),
            egress: String::new(),
            settings: String::new(),
            variables: Vec::new(),
            boundary: Vec::new(),
        };
        stage.write_config();
        stage
    }

    /// Sends what is for `host` (with port 443) or `host:port` to `address`.
    pub(crate) fn resolve(&mut self, host: &str, address: SocketAddr) -> &mut Self {
        let target = if host.contains(':') { host.to_owned() } else { format!("{host}:443") };
        self.resolve.insert(target, address);
        self.write_config();
        self
    }

    /// The gate is not told about the test servers' CA.
    pub(crate) fn distrust_servers(&mut self) {
        self.trusts_ca = false;
        self.write_config();
    }

    /// The gate is told about another authority, a file beside its configuration.
    pub(crate) fn also_trust(&mut self, file: &str) {
        self.trusted.push(file.to_owned());
        self.write_config();
    }

    /// A line below `egress:` in the configuration.
    pub(crate) fn egress(&mut self, line: &str) -> &mut Self {
        self.egress.push_str(&format!("  {line}\n"));
        self.write_config();
        self
    }

    /// Further lines of the configuration, at its top level.
    pub(crate) fn setting(&mut self, lines: &str) -> &mut Self {
        self.settings.push_str(&format!("{}\n", lines.trim_end()));
        self.write_config();
        self
    }

    /// A variable for the gate and so for its child.
    pub(crate) fn variable(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below the stage; gives its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn write_config(&self) {
        let resolve: Vec<String> =
            self.resolve.iter().map(|(target, address)| format!("{target:?}: \"{address}\"")).collect();
        let mut extra: Vec<&str> = self.trusted.iter().map(String::as_str).collect();
        extra.extend(self.trusts_ca.then_some("servers.pem"));
        let extra = extra.join(", ");
        let text = format!(
            "version: 1\nstate: ../state\negress:\n  resolve: {{ {} }}\n  extra_ca: [{extra}]\n{}{}",
            resolve.join(", "),
            self.egress,
            self.settings
        );
        fs::write(self.path("config/config.yaml"), text).unwrap();
    }

    /// `program` in this place, with nothing of the tester's own environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(clients::python().join("bin")).chain(std::env::split_paths(&path));
        command
            .env_clear()
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("work"))
            .env("LANG", "C.UTF-8")
            .current_dir(self.path("work"))
            .envs(self.variables.iter().cloned());
        command
    }

    /// `blastgate ARGS…`
    pub(crate) fn blastgate<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_blastgate"));
        command.args(arguments).env("BLASTGATE_CONFIG", self.path("config"));
        command
    }

    /// `blastgate run -- COMMAND…`, to its end.
    #[track_caller]
    pub(crate) fn run(&self, command: &[&str]) -> Ended {
        self.run_within(command, PATIENCE)
    }

    #[track_caller]
    pub(crate) fn run_within(&self, command: &[&str], time: Duration) -> Ended {
        let declared = self.boundary.iter().flat_map(|part| ["--boundary", part]);
        let words = std::iter::once("run").chain(declared).chain(["--"]).chain(command.iter().copied());
        child::run(self.blastgate(words.collect::<Vec<_>>()), time)
    }

    /// Where its sessions may change things; else where their first change lands.
    pub(crate) fn boundary(&mut self, part: &str) -> &mut Self {
        self.boundary.push(part.to_owned());
        self
    }

    /// Starts a gate whose child does nothing, for clients in this process.
    pub(crate) fn gate(&self) -> RunningGate {
        RunningGate::start(self.blastgate(["run", "--"]))
    }

    /// What stands in the log.
    pub(crate) fn log(&self) -> Log {
        Log::read(&self.log_folder())
    }

    pub(crate) fn log_folder(&self) -> PathBuf {
        self.path("state/log")
    }

    /// Every byte of every file below the state folder, to look for what must not be there.
    pub(crate) fn state_holds(&self, needle: &str) -> bool {
        fn search(folder: &Path, needle: &[u8]) -> bool {
            fs::read_dir(folder).unwrap().flatten().any(|entry| {
                let path = entry.path();
                if path.is_dir() {
                    return search(&path, needle);
                }
                fs::read(&path).unwrap_or_default().windows(needle.len()).any(|window| window == needle)
            })
        }
        search(&self.path("state"), needle.as_bytes())
    }
}
