//! No record, no service.

use crate::support::block_on;
use crate::support::child;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n";
const CHANGE: &[u8] = b"PUT /x HTTP/1.1\r\nHost: api.dev.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn stage() -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let api = Upstream::start(&stage.ca, &["api.dev.example"]);
    stage.resolve("api.dev.example", api.address);
    (stage, api)
}

#[test]
#[cfg(target_os = "linux")]
fn when_the_log_cannot_be_written_nothing_is_forwarded() {
    let (stage, api) = stage();
    use rustix::process::{Resource, Rlimit, prlimit};
    // A file that may not grow is what a full disk looks like from inside. The signal that comes with it is ignored, as
    // on a full disk there is none.
    let mut command = stage.command("sh");
    let gate = env!("CARGO_BIN_EXE_blastgate");
    command.env("BLASTGATE_CONFIG", stage.path("config"));
    command.args(["-c", &format!("trap '' XFSZ; exec {gate} run -- \"$@\""), "sh"]);
    let gate = crate::support::gate::RunningGate::start(command);
    let answer = block_on(gate.raw("api.dev.example:443", ASK));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let before = api.record.len();
    prlimit(Some(gate.pid()), Resource::Fsize, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
    for request in [ASK, CHANGE, ASK] {
        let answer = block_on(gate.raw("api.dev.example:443", request));
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("cannot write its log"), "{answer}");
    }
    // What cannot be read in one way is refused all the same.
    let answer = block_on(gate.raw("api.dev.example:443", b"GET / HTTP/1.1\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 503") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(api.record.len(), before, "something was forwarded without a record");
    gate.kill();
}

#[test]
fn when_the_log_cannot_be_opened_the_gate_does_not_start() {
    let (stage, _) = stage();
    stage.write("state/log", "this is a file, not a folder");
    let ended = stage.run(&["echo", "ran"]);
    assert_eq!(ended.code, Some(4), "{ended:#?}");
    assert!(ended.stderr.contains("the log cannot be kept") && !ended.stdout.contains("ran"), "{ended:#?}");
}

#[test]
fn a_log_tells_the_whole_story_of_a_run() {
    let (stage, _) = stage();
    let gate = stage.gate();
    block_on(gate.raw("api.dev.example:443", ASK));
    block_on(gate.raw("api.dev.example:443", CHANGE));
    gate.stop();
    let log = stage.log();
    let kinds: Vec<&str> = log.entries().iter().map(kind).collect();
    assert_eq!(kinds.first(), Some(&"start"), "{log:#?}");
    assert_eq!(kinds.last(), Some(&"stop"), "{log:#?}");
    assert_eq!((log.decisions().len(), log.outcomes().len()), (2, 2), "{log:#?}");
    for decision in log.decisions() {
        assert!(log.outcomes().iter().any(|outcome| outcome.id == decision.id));
    }
}

fn kind(entry: &blastgate::record::Entry) -> &'static str {
    use blastgate::record::Entry;
    match entry {
        Entry::Start(_) => "start",
        Entry::Decision(_) => "decision",
        Entry::Rejected(_) => "rejected",
        Entry::Outcome(_) => "outcome",
        Entry::Stop { .. } => "stop",
        _ => "other",
    }
}

#[test]
fn what_is_under_way_when_the_command_ends_has_an_outcome() {
    let (stage, _) = stage();
    for alpn in ["http/1.1", "h2"] {
        let gate = stage.gate();
        let held = block_on(async {
            let tls = hyper_util::rt::TokioIo::new(gate.tls("api.dev.example:443", &[alpn]).await);
            let ask = http::Request::get("https://api.dev.example/endless").header("host", "api.dev.example");
            let mut ask = ask.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
            let mut answer = if alpn == "h2" {
                let executor = hyper_util::rt::TokioExecutor::new();
                let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, tls).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(ask).await.unwrap()
            } else {
                *ask.uri_mut() = "/endless".parse().unwrap();
                let (mut sender, connection) = hyper::client::conn::http1::handshake(tls).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(ask).await.unwrap()
            };
            http_body_util::BodyExt::frame(answer.body_mut()).await.unwrap().unwrap();
            answer
        });
        gate.stop();
        drop(held);
    }
    let log = stage.log();
    assert_eq!((log.decisions().len(), log.outcomes().len()), (2, 2), "{log:#?}");
    assert_eq!(log.entries().iter().filter(|entry| kind(entry) == "stop").count(), 2);
    assert_eq!(kind(log.entries().last().unwrap()), "stop");
}

#[test]
fn two_gates_at_once_keep_two_logs() {
    let (stage, api) = stage();
    let (one, two) = (stage.gate(), stage.gate());
    for gate in [&one, &two] {
        let answer = block_on(gate.raw("api.dev.example:443", ASK));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let listing = child::run(stage.blastgate(["--version"]), crate::support::PATIENCE).succeeded();
    assert!(listing.stdout.starts_with("blastgate "), "{listing:#?}");
    drop((one.stop(), two.stop()));
    assert_eq!(api.record.len(), 2);
    assert_eq!(stage.log().decisions().len(), 2);
}
