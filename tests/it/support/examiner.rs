//! What says whether a call is one that its maker publishes: a program beside the tests that holds the published
//! description in the form in which it is published, and is asked about one call at a time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The program, for as long as this lives.
pub(crate) struct Examiner(Mutex<Talk>);

struct Talk {
    process: Child,
    /// `None` once it was told to end.
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Examiner {
    /// Starts a script and waits until it has read what it knows.
    pub(crate) fn start(python: &Path, script: &str, arguments: &[&Path]) -> Self {
        let mut process = Command::new(python)
            .args(["-W", "ignore", "-c", script])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asks = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        answers.read_line(&mut first).unwrap();
        assert_eq!(first, "ready\n", "the description cannot be read");
        Self(Mutex::new(Talk { process, asks, answers }))
    }

    /// What is wrong with a call; `None`: nothing is.
    pub(crate) fn flaw(&self, call: &Value) -> Option<String> {
        let mut talk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = talk.ask(call);
        match answer {
            Ok(Value::Null) => None,
            Ok(Value::String(flaw)) => Some(flaw),
            other => Some(format!("the examiner failed: {other:?}")),
        }
    }
}

impl Talk {
    fn ask(&mut self, call: &Value) -> std::io::Result<Value> {
        let asks = self.asks.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        asks.write_all(format!("{call}\n").as_bytes())?;
        asks.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        drop(self.asks.take());
        let _ = self.process.wait();
    }
}
