//! What notices are sent to: a server that verifies webhooks with the published library, and a mail server.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::stage::Stage;
use super::{clients, eventually};

const PROGRAM: &str = include_str!("receiver.py");

/// One that runs until it is dropped.
pub(crate) struct Receiver {
    child: Child,
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    /// `arguments` as the program's own; it answers to `name` with a certificate of the stage's authority.
    pub(crate) fn start(stage: &Stage, name: &str, arguments: &[&str]) -> Self {
        let (cert, key) = stage.ca.server_pem(&[name]);
        let file = format!("receiver-{}", arguments.concat().len());
        let cert = stage.write(&format!("work/{file}.cert"), cert);
        let key = stage.write(&format!("work/{file}.key"), key);
        let mut command = Command::new(clients::receivers().join("bin/python"));
        command.args(["-c", PROGRAM]).args(arguments).arg(cert).arg(key);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&got);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                list.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), got }
    }

    /// The first so many messages.
    #[track_caller]
    pub(crate) fn got(&self, count: usize) -> Vec<Value> {
        eventually("the messages", || {
            let got = self.got.lock().unwrap();
            (got.len() >= count).then(|| got.clone())
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
