use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::letter::Content;
use super::notice::plain;
use super::worker::{JITTER_PERCENT, PAUSES};
use super::*;
use crate::config::{Desktop, Events, NoticeKind, Notify, SecretSource, WebUrl, Webhook};
use crate::model::{ApprovalId, Clock, SessionId, Timestamp};
use crate::outbound::{Outbound, OutboundParts};
use crate::store::Store;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAA";

/// A clock that goes when it is told to.
#[derive(Debug)]
struct TestClock(Mutex<Timestamp>);

impl TestClock {
    #[allow(clippy::disallowed_methods, reason = "the independent verifier looks at the machine's clock")]
    fn new() -> Arc<Self> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Arc::new(Self(Mutex::new(Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap()))))
    }

    fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap() = at;
    }

    fn go(&self, by: Duration) {
        self.set(self.now().after(by));
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

type Headers = Vec<(&'static str, String)>;

/// A server on loopback that answers as it was told to, 204 when it was told nothing.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<(u16, Headers)>>>,
    port: u16,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { port: listener.local_addr().unwrap().port(), ..Self::default() };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let own = own.clone();
                    async move {
                        let (head, body) = request.into_parts();
                        #[allow(clippy::disallowed_methods, reason = "a test's own small bodies")]
                        let body = body.collect().await.unwrap().to_bytes();
                        own.got.lock().unwrap().push((head.headers, body));
                        let (status, headers) = own.answers.lock().unwrap().pop_front().unwrap_or((204, Vec::new()));
                        let mut response = Response::builder().status(status);
                        for (name, value) in headers {
                            response = response.header(name, value);
                        }
                        Ok::<_, std::convert::Infallible>(response.body(Full::new(Bytes::new())).unwrap())
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new();
                tokio::spawn(serving.serve_connection(TokioIo::new(stream), service));
            }
        });
        receiver
    }

    fn answers(&self, status: u16, times: usize) {
        self.answers.lock().unwrap().extend(std::iter::repeat_n((status, Vec::new()), times));
    }

    fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    fn bodies(&self) -> Vec<Value> {
        self.got.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }

    fn url(&self, path: &str) -> WebUrl {
        WebUrl::parse(&format!("http://127.0.0.1:{}{path}", self.port)).unwrap()
    }
}

/// A state folder of a test's own, with a file of secrets.
struct Place {
    folder: TempDir,
    clock: Arc<TestClock>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{SECRET}\n{OTHER_SECRET}\n")).unwrap();
        Self { folder, clock: TestClock::new() }
    }

    /// A gate's spool: each has a connection of its own, as processes have.
    fn spool(&self, settings: &Notify) -> Spool {
        self.spool_of(settings, "/etc/blastgate")
    }

    fn spool_of(&self, settings: &Notify, scope: &str) -> Spool {
        let outbound = OutboundParts { allow: settings.allow_addresses.clone(), ..OutboundParts::default() };
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let folder = self.folder.path().to_owned();
        let channels = Channels::new(settings, folder, Outbound::new(outbound), clock, no_variable);
        Spool::new(Store::at(&self.folder.path().join("state")), scope.to_owned(), channels)
    }
}

fn no_variable(_: &str) -> Option<OsString> {
    None
}

fn webhook_to(url: WebUrl) -> Notify {
    let secret = SecretSource { file: Some("secret".into()), variable: None };
    Notify { webhook: Some(Webhook { url, secret, events: Events::default() }), ..Notify::default() }
}

fn notice(agent: &str, operation: &str) -> Notice {
    Notice {
        kind: NoticeKind::Opened,
        request: Some(ApprovalId::new(Timestamp::from_millis(1), 7)),
        operation: operation.to_owned(),
        environment: "prod".to_owned(),
        agent: Some(agent.to_owned()),
        person: Some("ada@shop.example".to_owned()),
        by: None,
        may_approve: "2 of senior-sre".to_owned(),
        until: None,
        session: Some(SessionId::new(Timestamp::from_millis(1), 7)),
    }
}

async fn only(spool: &Spool) -> Delivery {
    let status = spool.status().await.unwrap();
    assert_eq!(status.channels.len(), 1);
    status.channels[0].last[0].clone()
}

#[tokio::test]
async fn a_webhook_is_what_standard_webhooks_says() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in?key=hidden")));
    spool.put(&notice("claude", "aws:dynamodb:DeleteTable"));
    assert_eq!(Worker::new(spool.clone()).round().await.unwrap(), 1);
    let (headers, body) = receiver.got.lock().unwrap()[0].clone();
    for secret in [SECRET, OTHER_SECRET] {
        standardwebhooks::Webhook::new(secret).unwrap().verify(&body, &headers).unwrap();
    }
    let stranger = standardwebhooks::Webhook::new("whsec_c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vy").unwrap();
    assert!(stranger.verify(&body, &headers).is_err());
    assert_eq!(headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["type"], "approval.opened");
    assert_eq!(body["data"]["notice"], headers["webhook-id"].to_str().unwrap());
    assert_eq!(body["data"]["summary"], "claude for ada@shop.example wants aws:dynamodb:DeleteTable in prod");
    let request = notice("", "").request.unwrap();
    assert_eq!(body["data"]["command"], format!("blastgate approvals show {request}"));
    let keys: Vec<&str> = body["data"].as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "agent",
        "by",
        "command",
        "environment",
        "may_approve",
        "notice",
        "operation",
        "person",
        "request",
        "session",
        "summary",
        "until",
    ];
    assert_eq!(keys, known);
    let delivery = only(&spool).await;
    assert_eq!((delivery.state.as_str(), delivery.attempts), ("sent", 1));
    assert!(!format!("{:?} {spool:?}", spool.channels()).contains("hidden"));
}

#[tokio::test]
async fn what_fails_is_tried_again_on_the_published_schedule_and_then_given_up() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    receiver.answers(503, 10);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    let worker = Worker::new(spool.clone());
    spool.put(&notice("claude", "x"));
    for (index, pause) in PAUSES.iter().enumerate() {
        let before = place.clock.now();
        assert_eq!(worker.round().await.unwrap(), 1, "attempt {}", index + 1);
        let delivery = only(&spool).await;
        assert_eq!(delivery.state, "waiting");
        assert!(delivery.error.as_ref().unwrap().contains("answered 503"), "{delivery:?}");
        let wait = delivery.due_at.unwrap().since(before);
        assert!(wait >= *pause && wait <= *pause + *pause * JITTER_PERCENT / 100, "{wait:?} for {pause:?}");
        // Not a moment earlier, and after a restart as well.
        place.clock.set(Timestamp::from_millis(delivery.due_at.unwrap().millis() - 1));
        let restarted = Worker::new(place.spool(&webhook_to(receiver.url("/in"))));
        assert_eq!(restarted.round().await.unwrap(), 0);
        place.clock.set(delivery.due_at.unwrap());
    }
    assert_eq!(worker.round().await.unwrap(), 1);
    assert_eq!((only(&spool).await.state.as_str(), receiver.count()), ("failed", 10));
    let got = receiver.got.lock().unwrap().clone();
    let ids: std::collections::HashSet<_> = got.iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), 1, "receivers can tell a repetition");
    place.clock.go(Duration::from_secs(30 * 60 * 60));
    assert_eq!(worker.round().await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    receiver.answers.lock().unwrap().push_back((429, vec![("retry-after", "120".to_owned())]));
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    spool.put(&notice("claude", "x"));
    let before = place.clock.now();
    Worker::new(spool.clone()).round().await.unwrap();
    assert_eq!(only(&spool).await.due_at.unwrap().since(before), Duration::from_secs(120));
}

#[tokio::test]
async fn gone_is_told_nothing_until_the_settings_change() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    receiver.answers(410, 1);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    let worker = Worker::new(spool.clone());
    spool.put(&notice("claude", "x"));
    worker.round().await.unwrap();
    spool.put(&notice("claude", "y"));
    worker.round().await.unwrap();
    assert_eq!(receiver.count(), 1);
    let status = spool.status().await.unwrap().channels.remove(0);
    assert!(status.disabled.as_ref().unwrap().contains("410 Gone"), "{status:?}");
    assert_eq!(status.failed, 2);
    let moved = place.spool(&webhook_to(receiver.url("/other")));
    assert_eq!(moved.status().await.unwrap().channels[0].disabled, None);
    moved.put(&notice("claude", "z"));
    Worker::new(moved).round().await.unwrap();
    assert_eq!(receiver.count(), 2);
    // Or until a test has arrived.
    spool.enable("webhook").unwrap();
    spool.put(&notice("claude", "z"));
    worker.round().await.unwrap();
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (place, receiver, elsewhere) = (Place::new(), Receiver::start().await, Receiver::start().await);
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://127.0.0.1:{}/", elsewhere.port);
        receiver.answers.lock().unwrap().push_back((status, vec![("location", to)]));
        let spool = place.spool_of(&webhook_to(receiver.url("/in")), &status.to_string());
        spool.put(&notice("claude", "x"));
        Worker::new(spool.clone()).round().await.unwrap();
        let delivery = only(&spool).await;
        assert!(delivery.error.as_ref().unwrap().contains("redirects are not followed"), "{delivery:?}");
    }
    assert_eq!((receiver.count(), elsewhere.count()), (5, 0));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_told() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let url = WebUrl::parse(&format!("https://localhost:{}/in?token=hidden", receiver.port)).unwrap();
    let spool = place.spool(&webhook_to(url));
    spool.put(&notice("claude", "x"));
    Worker::new(spool.clone()).round().await.unwrap();
    let error = only(&spool).await.error.unwrap();
    assert!(error.contains("no public address") && !error.contains("hidden"), "{error}");
    assert_eq!(receiver.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_gates_send_each_notice_once() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let settings = webhook_to(receiver.url("/in"));
    let first = place.spool(&settings);
    for index in 0..AN_HOUR_MAX {
        first.put(&notice("claude", &format!("op-{index}")));
    }
    let gates = (0..4).map(|_| {
        let worker = Worker::new(place.spool(&settings));
        tokio::spawn(async move { worker.round().await.unwrap() })
    });
    let mut attempts = 0;
    for gate in gates.collect::<Vec<_>>() {
        attempts += gate.await.unwrap();
    }
    assert_eq!((attempts, receiver.count()), (AN_HOUR_MAX, 20));
    // Gates of another configuration tell other people.
    let other = place.spool_of(&settings, "/home/other");
    first.put(&notice("codex", "x"));
    assert_eq!(Worker::new(other).round().await.unwrap(), 0);
    assert_eq!(Worker::new(first).round().await.unwrap(), 1);
}

#[tokio::test]
async fn who_dies_while_sending_is_followed_by_another_with_the_same_id() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    spool.put(&notice("claude", "x"));
    let taken = spool.claim("webhook").await.unwrap().unwrap();
    let other = Worker::new(place.spool(&webhook_to(receiver.url("/in"))));
    assert_eq!(other.round().await.unwrap(), 0);
    place.clock.go(Duration::from_secs(181));
    assert_eq!(other.round().await.unwrap(), 1);
    assert_eq!(receiver.bodies()[0]["data"]["notice"], taken.letter.id);
    // The first one comes back: it changes nothing any more.
    spool.finish("webhook", taken, rows::Outcome::Failed { error: "late".to_owned() }).await.unwrap();
    assert_eq!(only(&spool).await.state, "sent");
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    spool.put(&notice("claude", "x"));
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    place.clock.set(Timestamp::from_millis(place.clock.now().millis() - u64::try_from(year.as_millis()).unwrap()));
    assert_eq!(Worker::new(spool).round().await.unwrap(), 1);
}

#[tokio::test]
async fn a_flood_is_summed_up_and_others_are_heard() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    let worker = Worker::new(spool.clone());
    for index in 0..57 {
        spool.put(&notice("mad", &format!("op-{index}")));
    }
    spool.put(&notice("calm", "op"));
    spool.put(&Notice { kind: NoticeKind::BreakGlass, ..notice("mad", "now") });
    assert_eq!(worker.round().await.unwrap(), 22);
    let titles: Vec<String> =
        receiver.bodies().iter().map(|body| body["data"]["summary"].as_str().unwrap().to_owned()).collect();
    assert!(titles[0].starts_with("BREAK-GLASS"), "{titles:?}");
    assert!(titles[1..3].iter().any(|title| title.starts_with("calm")), "{titles:?}");
    place.clock.go(Duration::from_secs(61));
    assert_eq!(worker.round().await.unwrap(), 1);
    let last = receiver.bodies().pop().unwrap();
    assert_eq!(last["data"]["summary"], "… and 37 more about mad for ada@shop.example");
    assert_eq!((&last["data"]["command"], &last["type"]), (&"blastgate approvals list".into(), &"notices.more".into()));
    assert_eq!(last["data"]["more"], 37);
    // One summary an hour.
    for _ in 0..5 {
        spool.put(&notice("mad", "again"));
    }
    place.clock.go(Duration::from_secs(10 * 60));
    assert_eq!(worker.round().await.unwrap(), 0);
    place.clock.go(Duration::from_secs(51 * 60));
    assert_eq!(worker.round().await.unwrap(), 1);
    assert_eq!(receiver.bodies().pop().unwrap()["data"]["more"], 5);
    spool.put(&notice("mad", "a new hour"));
    assert_eq!(worker.round().await.unwrap(), 1);
}

#[tokio::test]
async fn what_nobody_need_answer_any_more_is_not_told() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    let until = Some(place.clock.now().after(Duration::from_secs(60)));
    spool.put(&Notice { until, ..notice("claude", "x") });
    place.clock.go(Duration::from_secs(61));
    Worker::new(spool.clone()).round().await.unwrap();
    assert_eq!((only(&spool).await.state.as_str(), receiver.count()), ("lapsed", 0));
}

#[tokio::test]
async fn only_what_is_wanted_is_written_down() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let mut settings = webhook_to(receiver.url("/in"));
    settings.webhook.as_mut().unwrap().events = vec![NoticeKind::BreakGlass].into();
    let spool = place.spool(&settings);
    spool.put(&notice("claude", "x"));
    assert!(!place.folder.path().join("state").exists(), "nothing was opened for it");
    spool.put(&Notice { kind: NoticeKind::BreakGlass, ..notice("claude", "x") });
    assert_eq!(Worker::new(spool).round().await.unwrap(), 1);
}

#[tokio::test]
async fn a_state_that_cannot_be_used_troubles_nobody_but_the_operator() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("state"), "a file").unwrap();
    let spool = place.spool(&webhook_to(WebUrl::parse("https://hooks.example/").unwrap()));
    spool.put(&notice("claude", "x"));
    spool.put(&notice("claude", "x"));
    assert!(spool.trouble().unwrap().starts_with("2 notices were lost"), "{:?}", spool.trouble());
}

#[tokio::test]
async fn a_notice_stands_or_falls_with_the_change_that_it_is_about() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    Store::open(&place.folder.path().join("state")).unwrap();
    let mut connection = rusqlite::Connection::open(place.folder.path().join("state/state.db")).unwrap();
    let undone = connection.transaction().unwrap();
    spool.put_within(&undone, &notice("claude", "undone"));
    undone.rollback().unwrap();
    let stands = connection.transaction().unwrap();
    spool.put_within(&stands, &notice("claude", "stands"));
    stands.commit().unwrap();
    // What cannot be written leaves the change as it was.
    let broken = connection.transaction().unwrap();
    broken.execute_batch("CREATE TABLE kept (x) STRICT").unwrap_err();
    broken.execute_batch("CREATE TABLE kept (x ANY) STRICT; ALTER TABLE deliveries RENAME TO away").unwrap();
    spool.put_within(&broken, &notice("claude", "lost"));
    broken.execute_batch("ALTER TABLE away RENAME TO deliveries").unwrap();
    broken.commit().unwrap();
    assert!(spool.trouble().unwrap().starts_with("1 notices were lost"), "{:?}", spool.trouble());
    assert_eq!(Worker::new(spool).round().await.unwrap(), 1);
    assert_eq!(receiver.bodies()[0]["data"]["operation"], "stands");
}

#[tokio::test]
async fn a_worker_sends_what_is_put_and_ends_when_it_is_told_to() {
    let (place, receiver) = (Place::new(), Receiver::start().await);
    let spool = place.spool(&webhook_to(receiver.url("/in")));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(Worker::new(spool.clone()).run(async { drop(stopped.await) }));
    spool.put(&notice("claude", "x"));
    tokio::time::timeout(Duration::from_secs(60), async {
        while only(&spool).await.state != "sent" {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    stop.send(()).unwrap();
    worker.await.unwrap();
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_secret_that_is_wrong_is_not_repeated() {
    let place = Place::new();
    let spool = place.spool(&webhook_to(WebUrl::parse("https://hooks.example/").unwrap()));
    for (text, expected) in [
        ("hunter2hunter2hunter2hunter2", "does not begin with `whsec_`"),
        ("whsec_hunter2!", "is not base64"),
        ("whsec_aHVudGVyMg==", "does not have 24 to 64 bytes"),
        ("", "is empty"),
    ] {
        std::fs::write(place.folder.path().join("secret"), text).unwrap();
        let letter = Letter::test(&*place.clock);
        let failure = spool.channels().send("webhook", &letter).await.unwrap_err();
        assert!(failure.said.contains(expected) && !failure.said.contains("hunter2"), "{failure:?}");
    }
    std::fs::remove_file(place.folder.path().join("secret")).unwrap();
    let failure = spool.channels().send("webhook", &Letter::test(&*place.clock)).await.unwrap_err();
    assert!(failure.said.contains("cannot read"), "{failure:?}");
}

/// A text that tries everything.
fn hostile() -> String {
    let begin = "<!channel> <!here|x> <@U123> <https://evil.example|ok> *b* `c` \u{202e}drawkcab\u{2066}\u{200b} @channel & \x1b]0;t\x07";
    format!("{begin}\r\nSubject: x\r\n.\r\n{}", "A&<>".repeat(260_000))
}

#[test]
fn slack_s_limits_hold_and_nothing_mentions_or_links() {
    let hostile = hostile();
    let notice = Notice {
        operation: hostile.clone(),
        environment: hostile.clone(),
        agent: Some(hostile.clone()),
        person: Some(hostile.clone()),
        by: Some(hostile.clone()),
        may_approve: hostile.clone(),
        until: Some(Timestamp::from_millis(1_795_312_800_000)),
        ..notice("", "")
    };
    let at = Timestamp::from_millis(1);
    for kind in NoticeKind::ALL {
        let plain = Notice { kind, ..notice.clone() }.plain();
        for content in [Content::Notice(plain.clone()), Content::More(37, plain), Content::Test] {
            slack_holds(&slack::message(&Letter { id: "n_1".to_owned(), at, content }));
        }
    }
    // Even what was not made plain before.
    slack_holds(&slack::message(&Letter { id: "n_1".to_owned(), at, content: Content::Notice(notice) }));
}

/// <https://docs.slack.dev/reference/block-kit/blocks>
#[track_caller]
fn slack_holds(message: &Value) {
    let length = |value: &Value| value.as_str().unwrap().encode_utf16().count();
    let blocks = message["blocks"].as_array().unwrap();
    assert!(!blocks.is_empty() && blocks.len() <= 50);
    for block in blocks {
        let max = match block["type"].as_str().unwrap() {
            "header" => 150,
            "section" => 3000,
            other => panic!("a block of type {other}"),
        };
        assert_eq!(block["text"]["type"], "plain_text");
        let length = length(&block["text"]["text"]);
        assert!((1..=max).contains(&length), "{length} characters");
    }
    assert!(length(&message["text"]) <= 3000);
    let text = message.to_string();
    assert!(!text.contains(['<', '>']), "{}", text.get(..500).unwrap());
    let entities = ["&amp;", "&lt;", "&gt;"];
    let bare = entities.iter().fold(text, |text, entity| text.replace(entity, ""));
    assert!(!bare.contains('&'), "an escape was cut");
}

#[test]
fn nothing_hides_in_a_notice() {
    for (text, expected) in [
        ("aws:dynamodb:DeleteTable", "aws:dynamodb:DeleteTable"),
        ("a\r\nb\tc", "a b c"),
        ("\u{202e}evil\u{2066}\u{200b}", "evil"),
        ("  a  ", "a"),
        ("\x1b]0;title\x07x", "]0;title x"),
        ("token=ghp_0123456789abcdefghijklmnop", "token=[masked:github-token]"),
    ] {
        assert_eq!(plain(text, 60), expected, "{text:?}");
    }
    assert_eq!(plain(&"x".repeat(1_000_000), 10), "xxxxxxxxx…");
    let hostile = Notice { operation: hostile(), ..notice("a", "") }.plain();
    assert!(hostile.operation.chars().count() <= 160 && !hostile.operation.contains(['\n', '\u{202e}', '\x1b']));
}

#[test]
fn a_terminal_is_rung_and_told_without_being_moved() {
    let check = |term, program, title: &str, expected: &str| {
        assert_eq!(desktop::sequence(term, program, title), expected, "{term} {program}");
    };
    check("xterm-256color", "WezTerm", "a wants b", "\x07\x1b]9;blastgate: a wants b\x1b\\");
    check("xterm-256color", "", "a; wants b", "\x07\x1b]777;notify;blastgate;a, wants b\x1b\\");
    check("dumb", "", "a", "\x07");
    check("xterm-kitty", "", "a\x1b\\\x07\u{9c}b\n", "\x07\x1b]9;blastgate: a\\b\x1b\\");
}

#[tokio::test]
async fn a_channel_that_nobody_named_is_told_so() {
    let place = Place::new();
    let settings = Notify { desktop: Some(Desktop { events: Events::default() }), ..Notify::default() };
    let spool = place.spool(&settings);
    let failure = spool.channels().send("slack", &Letter::test(&*place.clock)).await.unwrap_err();
    assert!(failure.said.contains("notify.slack"), "{failure:?}");
}
