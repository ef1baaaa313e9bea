//! What a hook costs an agent: from its start to its exit, beside an empty process, alone and with a running gate.
//!
//! Percentiles of whole processes, so not criterion's: `cargo bench --bench hook`. Compare within one run only.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up ends")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 400;
const PROGRAM: &str = env!("CARGO_BIN_EXE_blastgate");

/// A call as Claude Code tells it.
fn call(folder: &Path, command: &str) -> String {
    let folder = folder.display().to_string();
    serde_json::json!({
        "session_id": "bench", "cwd": folder, "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": { "command": command },
    })
    .to_string()
}

fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").env("XDG_RUNTIME_DIR", folder.join("run"));
    command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn once(mut command: Command, input: &str) -> Duration {
    let start = Instant::now();
    let mut child: Child = command.spawn().unwrap();
    // A program that reads nothing may be gone by then.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait().unwrap();
    start.elapsed()
}

fn measure(name: &str, mut one: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| one()).collect();
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!("{name:44} p50 {:>8.2?}  p95 {:>8.2?}  p99 {:>8.2?}", at(50), at(95), at(99));
    at(50)
}

fn main() {
    let folder = std::env::temp_dir().join(format!("blastgate-bench-hook-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("run")).unwrap();
    Command::new("git").arg("init").arg("-q").current_dir(&folder).status().unwrap();
    let hook = |text: &str| {
        let mut command = command(&folder, PROGRAM);
        command.arg("hook").arg("claude-code");
        once(command, &call(&folder, text))
    };
    let empty = measure("an empty process (true)", || once(command(&folder, "/bin/true"), ""));
    measure("blastgate --version", || {
        let mut command = command(&folder, PROGRAM);
        command.arg("--version");
        once(command, "")
    });
    let script = "cd src && for f in *.rs; do grep -n 'fn main' \"$f\" | head -5; done && cargo test 2>&1 | tail -20";
    for (name, text) in [
        ("alone: ls -la", "ls -la"),
        ("alone: a loop with pipelines", script),
        ("alone: terraform destroy", "terraform destroy -auto-approve"),
        ("alone: aws rds delete-db-instance", "aws rds delete-db-instance --db-instance-identifier shop"),
    ] {
        let half = measure(name, || hook(text));
        println!("{:44} {:.1} x an empty process", "", half.as_secs_f64() / empty.as_secs_f64());
    }
    let mut gate = command(&folder, PROGRAM);
    gate.arg("serve");
    let mut gate = gate.spawn().unwrap();
    let socket = folder.join("run/blastgate/control.sock");
    let waiting = Instant::now();
    while !socket.exists() && waiting.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    for (name, text) in
        [("with a gate: ls -la", "ls -la"), ("with a gate: terraform destroy", "terraform destroy -auto-approve")]
    {
        measure(name, || hook(text));
    }
    let _ = gate.kill();
    let _ = gate.wait();
    let _ = std::fs::remove_dir_all(&folder);
}
