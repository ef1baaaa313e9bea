//! A gate that is replaced under load refuses no connection, loses no call and repeats none.
//!
//! `BLASTGATE_SOAK=1` replaces it 20 times at 500 requests a second instead of 3 times at fewer, and writes the figures to
//! `docs/soak/restart.md`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::Signal;
use rustls::RootCertStore;
use tokio::net::TcpStream;
use tokio::time::{Interval, MissedTickBehavior};

use crate::support::gate::{read_all, read_head, tls_over};
use crate::support::shared::{Ports, SharedGate, listen, operator, status};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, block_on, eventually, runtime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOST: &str = "load.dev.example";
/// Ways to come: kept or new connections, in clear or inside a tunnel.
const WAYS: [Way; 5] = [Way::PlainKept, Way::PlainNew, Way::TunnelKept, Way::TunnelNew, Way::Http2];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    PlainKept,
    PlainNew,
    TunnelKept,
    TunnelNew,
    Http2,
}

/// What the load shares.
struct Load {
    ports: Ports,
    roots: Arc<RootCertStore>,
    ids: AtomicU64,
    over: AtomicBool,
    answered: AtomicU64,
    connections: AtomicU64,
    failures: std::sync::Mutex<Vec<String>>,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    fn is_open(&self) -> bool {
        match self {
            Self::One(sender) => !sender.is_closed(),
            Self::Two(sender) => !sender.is_closed(),
        }
    }

    async fn ready(&mut self) -> bool {
        match self {
            Self::One(sender) => sender.ready().await.is_ok(),
            Self::Two(sender) => sender.ready().await.is_ok(),
        }
    }

    /// The error says whether the request was surely not taken up, as clients know it.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, (String, bool)> {
        let said = |error: &hyper::Error, unsent: bool| (format!("{error:?}"), unsent);
        match self {
            Self::One(sender) => sender.try_send_request(request).await.map_err(|mut error| {
                let unsent = error.take_message().is_some();
                said(error.error(), unsent)
            }),
            Self::Two(sender) => sender.try_send_request(request).await.map_err(|mut error| {
                // Of what comes after a GOAWAY the library sends nothing (RFC 9113, section 6.8), but keeps the message.
                let goes = format!("{:?}", error.error()).contains("GoAway(b\"\", NO_ERROR, Remote)");
                let unsent = error.take_message().is_some() || goes;
                said(error.error(), unsent)
            }),
        }
    }
}

impl Load {
    async fn connect(&self, way: Way) -> Result<Sender, String> {
        let error = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
        self.connections.fetch_add(1, Ordering::Relaxed);
        let mut stream = TcpStream::connect(self.ports.proxy).await.map_err(error("refused"))?;
        stream.set_nodelay(true).unwrap();
        if matches!(way, Way::PlainKept | Way::PlainNew) {
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| format!("{e:?}"))?;
            tokio::spawn(connection);
            return Ok(Sender::One(sender));
        }
        let head = format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n");
        stream.write_all(head.as_bytes()).await.map_err(error("CONNECT"))?;
        let answer = read_head(&mut stream).await;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("CONNECT: {answer:?}"));
        }
        let alpn: &[&str] = if way == Way::Http2 { &["h2"] } else { &["http/1.1"] };
        let tls = tls_over(stream, HOST, alpn, Arc::clone(&self.roots)).await.map_err(error("TLS"))?;
        if way == Way::Http2 {
            let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await;
            let (sender, connection) = shaken.map_err(|e| format!("{e:?}"))?;
            tokio::spawn(connection);
            return Ok(Sender::Two(sender));
        }
        let (sender, connection) = http1::handshake(TokioIo::new(tls)).await.map_err(|e| format!("{e:?}"))?;
        tokio::spawn(connection);
        Ok(Sender::One(sender))
    }

    /// One client: reads and changes in turn, each at its time.
    async fn client(self: Arc<Self>, way: Way, mut pace: Interval) {
        let mut kept: Option<Sender> = None;
        while !self.over.load(Ordering::Relaxed) {
            pace.tick().await;
            let id = self.ids.fetch_add(1, Ordering::Relaxed);
            match self.exchange(way, &mut kept, id).await {
                Ok(()) => self.answered.fetch_add(1, Ordering::Relaxed),
                Err(why) => {
                    kept = None;
                    self.failures.lock().unwrap().push(format!("{way:?} {id}: {why}"));
                    0
                }
            };
            if matches!(way, Way::PlainNew | Way::TunnelNew) {
                kept = None;
            }
        }
    }

    async fn exchange(&self, way: Way, kept: &mut Option<Sender>, id: u64) -> Result<(), String> {
        loop {
            // A connection that was said to be the last is not used again, as no client does.
            let reused = match kept.as_mut() {
                Some(sender) => sender.is_open() && sender.ready().await,
                None => false,
            };
            if !reused {
                *kept = Some(self.connect(way).await?);
            }
            let Some(sender) = kept.as_mut() else { return Err("no connection".to_owned()) };
            let method = if id.is_multiple_of(2) { "GET" } else { "PUT" };
            let uri = match way {
                Way::PlainKept | Way::PlainNew => format!("http://{HOST}/u/{id}"),
                Way::Http2 => format!("https://{HOST}/u/{id}"),
                Way::TunnelKept | Way::TunnelNew => format!("/u/{id}"),
            };
            let mut request = Request::builder().method(method).uri(uri);
            if way != Way::Http2 {
                request = request.header("host", HOST);
            }
            let body = if method == "GET" { Bytes::new() } else { Bytes::from_static(b"x") };
            match sender.send(request.body(Full::new(body)).unwrap()).await {
                Ok(answer) => {
                    let status = answer.status();
                    let is_last = answer.headers().get("connection").is_some_and(|value| value == "close");
                    answer.into_body().collect().await.map_err(|error| format!("the answer broke: {error:?}"))?;
                    if is_last {
                        *kept = None;
                    }
                    return if status == 200 { Ok(()) } else { Err(format!("answered with {status}")) };
                }
                // The library had not begun with it: every client takes a fresh connection then.
                Err((_, true)) if reused => *kept = None,
                Err((why, unsent)) => return Err(format!("{why} (reused {reused}, unsent {unsent})")),
            }
        }
    }
}

#[test]
fn restarts_under_load_refuse_lose_and_repeat_nothing() {
    let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
    let (restarts, per_second, clients) = if is_soak { (20, 500, 100) } else { (3, 60, 10) };
    let mut stage = Stage::new();
    let tls = Upstream::start(&stage.ca, &[HOST]);
    let clear = Upstream::start_clear();
    stage.resolve(HOST, tls.address).resolve(&format!("{HOST}:80"), clear.address);
    let ports = listen(&mut stage, "");
    let mut gate = SharedGate::start(&stage, &ports, &[]);
    let load = Arc::new(Load {
        ports: Ports { proxy: ports.proxy, api: ports.api },
        roots: SharedGate::roots(&stage),
        ids: AtomicU64::new(0),
        over: AtomicBool::new(false),
        answered: AtomicU64::new(0),
        connections: AtomicU64::new(0),
        failures: std::sync::Mutex::default(),
    });
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|n| {
            let _inside = runtime().enter();
            let mut pace = tokio::time::interval(Duration::from_secs(1) * clients / per_second);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let way = WAYS[n as usize % WAYS.len()];
            runtime().spawn(Arc::clone(&load).client(way, pace))
        })
        .collect();
    let passed = |more: u64| {
        let from = load.answered.load(Ordering::Relaxed);
        eventually("some answers", || (load.answered.load(Ordering::Relaxed) >= from + more).then_some(()));
    };
    passed(u64::from(per_second));
    for _ in 0..restarts {
        let next = SharedGate::start(&stage, &ports, &["--replace"]);
        let (code, said) = std::mem::replace(&mut gate, next).ended();
        assert_eq!(code, Some(0), "{said}");
        passed(u64::from(per_second));
    }
    load.over.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime().block_on(async { tokio::time::timeout(PATIENCE, task).await }).expect("the load ends").unwrap();
    }
    let took = began.elapsed();
    gate.stop();
    let mut seen: HashMap<String, u64> = HashMap::new();
    for one in tls.record.all().into_iter().chain(clear.record.all()) {
        *seen.entry(format!("{} {}", one.method, one.target)).or_default() += 1;
    }
    let repeated: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    let failures = load.failures.lock().unwrap().clone();
    let (asked, answered) = (load.ids.load(Ordering::Relaxed), load.answered.load(Ordering::Relaxed));
    let connections = load.connections.load(Ordering::Relaxed);
    let figures =
        Figures { restarts, asked, answered, connections, failed: failures.len(), repeated: repeated.len(), took };
    println!("{}", figures.row());
    if is_soak {
        figures.write();
    }
    assert!(failures.is_empty(), "{} failed: {:#?}", failures.len(), &failures[..failures.len().min(20)]);
    assert!(repeated.is_empty(), "upstream saw these more than once: {repeated:?}");
    assert_eq!((asked, seen.len() as u64), (answered, answered));
    assert_eq!(stage.log().decisions().len() as u64, answered);
}

struct Figures {
    restarts: u32,
    asked: u64,
    answered: u64,
    connections: u64,
    failed: usize,
    repeated: usize,
    took: Duration,
}

impl Figures {
    fn row(&self) -> String {
        let seconds = self.took.as_secs_f64();
        format!(
            "| {} | {} | {:.0} | {} | {} | {} | {} | {seconds:.0} |",
            self.restarts,
            self.asked,
            self.answered as f64 / seconds,
            self.connections,
            self.answered,
            self.failed,
            self.repeated
        )
    }

    fn write(&self) {
        let text = format!(
            "# Replaced under load\n\n\
             `just soak restart` replaces a gate (`serve --replace`) again and again under load: plain requests and tunnels,\n\
             HTTP/1.1 on kept and on new connections, HTTP/2 on kept ones, reads and changes in turn. A request counts as failed\n\
             for whatever reason, a refused connection and an answer other than 200 included; repeated ones are counted upstream.\n\n\
             Measured with {}; what a second holds is what the machine gave, 500 were asked for.\n\n\
             | restarts | requests | a second | connections | answered | failed | repeated | seconds |\n\
             |---|---|---|---|---|---|---|---|\n{}\n",
            if cfg!(debug_assertions) { "an unoptimised build" } else { "an optimised build" },
            self.row()
        );
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("restart.md"), text).unwrap();
    }
}

fn stage() -> (Stage, Upstream, Ports) {
    let mut stage = Stage::new();
    let api = Upstream::start_clear();
    stage.resolve("api.dev.example:80", api.address);
    let ports = listen(&mut stage, "");
    (stage, api, ports)
}

async fn begin(ports: &Ports, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(ports.proxy).await.unwrap();
    let head = format!("GET http://api.dev.example{path} HTTP/1.1\r\nHost: api.dev.example\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[test]
fn an_end_lets_what_runs_end_and_closes_what_rests() {
    let (stage, _, ports) = stage();
    let gate = SharedGate::start(&stage, &ports, &[]);
    block_on(async {
        let mut resting = begin(&ports, "/").await;
        crate::support::gate::read_answer(&mut resting).await;
        let mut running = begin(&ports, "/zeros?bytes=60000000").await;
        let head = read_head(&mut running).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        gate.signal(Signal::TERM);
        // It ends by itself, while the other one is not read.
        assert_eq!(read_all(&mut resting).await, "");
        assert!(TcpStream::connect(ports.proxy).await.is_err(), "who comes now would wait in vain");
        let mut bytes = vec![0; 60_000_000];
        tokio::time::timeout(PATIENCE, running.read_exact(&mut bytes)).await.unwrap().unwrap();
    });
    let began = Instant::now();
    let (code, said) = gate.ended();
    assert!(code == Some(0) && said.contains("stopped"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let log = stage.log();
    assert!(matches!(log.entries().last(), Some(blastgate::record::Entry::Stop { .. })), "{log:#?}");
    assert!(!stage.path("runtime/blastgate/control.sock").exists());
}

#[test]
fn what_never_ends_is_cut_when_the_time_is_over_or_at_the_second_signal() {
    let (stage, _, ports) = stage();
    for (drain, signals) in [("1s", 1), ("10m", 2)] {
        let gate = SharedGate::start(&stage, &ports, &["--drain", drain]);
        let mut running = block_on(async {
            let mut running = begin(&ports, "/endless").await;
            read_head(&mut running).await;
            running
        });
        for _ in 0..signals {
            gate.signal(Signal::TERM);
            // The second one must not be merged with the first.
            eventually("the drain", || status(&stage).is_none_or(|status| status["draining"] == true).then_some(()));
        }
        let began = Instant::now();
        let (code, said) = gate.ended();
        assert_eq!(code, Some(0), "{said}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        block_on(read_all(&mut running));
    }
    let log = stage.log();
    let ends = log.outcomes();
    assert_eq!(ends.len(), 2, "{ends:#?}");
}

#[test]
fn files_of_a_killed_gate_are_no_obstacle_and_a_second_gate_is_told_what_is_wrong() {
    let (stage, _, ports) = stage();
    let gate = SharedGate::start(&stage, &ports, &[]);
    let (code, said) = SharedGate::begin(&stage, &ports, &[]).ended();
    assert!(code == Some(2) && said.contains("a gate runs already") && said.contains("--replace"), "{said}");
    // Other listeners, another control socket, the same state.
    let config = std::fs::read_to_string(stage.path("config/config.yaml")).unwrap();
    let other = Ports {
        proxy: ([127, 0, 0, 1], crate::support::shared::free_port()).into(),
        api: ([127, 0, 0, 1], crate::support::shared::free_port()).into(),
    };
    let text = config.replace(&ports.proxy.to_string(), &other.proxy.to_string());
    let text = text.replace(&ports.api.to_string(), &format!("{}\n  control: other.sock", other.api));
    stage.write("second/servers.pem", std::fs::read(stage.path("config/servers.pem")).unwrap());
    stage.write("second/config.yaml", text);
    let second = stage.path("second").display().to_string();
    let (code, said) = SharedGate::begin(&stage, &other, &["--config", &second]).ended();
    assert!(code == Some(2) && said.contains("--accept"), "nobody accepted that configuration: {said}");
    let (code, said) = SharedGate::begin(&stage, &other, &["--accept", "--config", &second]).ended();
    let pid = gate.pid().as_raw_nonzero().to_string();
    assert!(code == Some(2) && said.contains("uses the state folder") && said.contains(&pid), "{said}");
    // Another process on the port.
    gate.kill();
    assert!(stage.path("runtime/blastgate/control.sock").exists());
    let taken = std::net::TcpListener::bind(ports.proxy).unwrap();
    let (code, said) = SharedGate::begin(&stage, &ports, &[]).ended();
    assert!(code == Some(2) && said.contains("taken by another process"), "{said}");
    drop(taken);
    SharedGate::start(&stage, &ports, &[]).stop();
}

#[test]
fn sockets_may_come_from_systemd() {
    let Some(activate) = crate::support::clients::optional("systemd-socket-activate") else { return };
    let (stage, api, ports) = stage();
    let mut command = stage.command(activate).into_std();
    let sockets = [format!("--listen={}", ports.proxy), format!("--listen={}", ports.api)];
    // It hands no environment on by itself.
    for (name, folder) in [("BLASTGATE_CONFIG", "config"), ("HOME", "home"), ("XDG_RUNTIME_DIR", "runtime")] {
        command.arg(format!("--setenv={name}={}", stage.path(folder).display()));
    }
    command.args(sockets).args(["--fdname=proxy:api", env!("CARGO_BIN_EXE_blastgate"), "serve"]);
    command.stderr(std::process::Stdio::null());
    let mut process = command.spawn().unwrap();
    let mut stream = eventually("the socket", || std::net::TcpStream::connect(ports.proxy).ok());
    use std::io::{Read, Write};
    let head = "GET http://api.dev.example/first HTTP/1.1\r\nHost: api.dev.example\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && api.record.len() == 1, "{answer}");
    let listed = operator(&stage, &["status"]).succeeded().stdout;
    assert!(listed.contains(&format!("proxy    {}", ports.proxy)), "{listed}");
    rustix::process::kill_process(rustix::process::Pid::from_child(&process), Signal::TERM).unwrap();
    assert!(eventually("its end", || process.try_wait().unwrap()).success());
}
