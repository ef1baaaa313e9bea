//! A check that is a program: the JSON on its standard input, exit code 0 is a yes.
//!
//! SECURITY: it inherits nothing that an agent may have set (a hook that decides alone is started by the agent): no variable,
//! no folder, no open file. `PATH` is fixed, `HOME` is what the system knows.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use std::os::unix::process::ExitStatusExt;

use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::{BYTES_MAX, Reply};
use crate::sandbox::OwnProcess;

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What it wrote is in the pipe when it ends, unless somebody who left its group still holds that open.
const DRAIN_TIME_MAX: Duration = Duration::from_millis(500);

pub(super) fn ask(program: &Path, arguments: &[String], about: String, within: Duration) -> Reply {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", PATH).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(home) = home() {
        command.env("HOME", home);
    }
    let mut process = match OwnProcess::start(&mut command) {
        Ok(process) => process,
        Err(error) => return Reply::no(format!("`{}` cannot be run: {error}", program.display())),
    };
    let (stdin, stdout) = (process.child().stdin.take(), process.child().stdout.take());
    let (tell, ended) = mpsc::channel();
    if let Some(pid) = process.pid() {
        // It stays to be waited for: only then is its group killed, which must be nobody else's by then.
        thread::spawn(move || {
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let _ = tell.send(());
        });
    }
    // A check may say yes without having read.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(about.as_bytes())));
    let (give, said) = mpsc::channel();
    thread::spawn(move || give.send(stdout.map(beginning).unwrap_or_default()));
    let is_late = ended.recv_timeout(within).is_err();
    let status = process.end();
    if is_late {
        return Reply::no(format!("no answer within {}", humane(within)));
    }
    let said = said.recv_timeout(DRAIN_TIME_MAX).unwrap_or_default();
    match status {
        Ok(status) => Reply { passed: status.success(), said, why: told(status) },
        Err(error) => Reply::no(format!("how it ended cannot be told: {error}")),
    }
}

/// As much as is kept; the rest is read and dropped, so that nobody waits for room in the pipe.
fn beginning(mut from: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = from.by_ref().take(BYTES_MAX as u64).read_to_end(&mut kept);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    kept
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        (None, None) => "it ended".to_owned(),
    }
}

pub(super) fn humane(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

/// The home folder of the gate's own user, as passwd(5) has it.
fn home() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&uid.as_str())).then(|| fields.get(5).map(|home| (*home).to_owned()))?
    })
}
