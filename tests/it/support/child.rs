//! Running a program to its end, within a time, with what it said.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::runtime;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "it should have succeeded: {self:#?}");
        self
    }
}

/// Runs `command` in a process group of its own; when its time is over, all of it is killed and the test fails.
#[track_caller]
pub(crate) fn run(mut command: Command, time: Duration) -> Ended {
    let what = format!("{:?}", command.as_std());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let output = runtime().block_on(async {
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        match tokio::time::timeout(time, child.wait_with_output()).await {
            Ok(output) => output.expect("the child's end"),
            Err(_) => {
                if let Some(group) = group {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                panic!("{what} did not end in {time:?}");
            }
        }
    });
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
