use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, HeaderValue, Method};
use vec1::Vec1;

use super::*;
use crate::config::Inventory;
use crate::identify::{self, Identified, Known};
use crate::model::http::{Authority, Captured, Head, Scheme, Unreadable};
use crate::model::{Clock, Disposition, Door, Effect, Evidence, Posture, Principal, SessionId, Timestamp};
use crate::record::query::Reader;
use crate::record::{Entry, Ledger, LedgerOptions, Outcome};
use crate::rules::RuleSet;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000)
    }
}

struct Bench {
    gate: Gate,
    ledger: Ledger,
    folder: tempfile::TempDir,
}

fn bench(posture: Posture) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("log"), LedgerOptions::default()).unwrap();
    let parts = GateParts {
        rules: Arc::new(RuleSet::builtin()),
        inventory: Inventory::default(),
        ledger: ledger.clone(),
        posture,
        clock: Arc::new(Still),
    };
    Bench { gate: Gate::new(parts), ledger, folder }
}

fn head(method: &str) -> Head {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("api.example.com"));
    Head {
        scheme: Scheme::Https,
        authority: Authority { host: "api.example.com".into(), port: 443 },
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        target: "/agents/7?token=hunter2".parse().unwrap(),
        headers,
        upgrade: None,
    }
}

fn identified(head: &Head) -> Vec1<Identified> {
    let route = identify::route(head, &Known::default()).unwrap();
    identify::identify(&route, head, &Captured::Whole(bytes::Bytes::new())).unwrap()
}

fn principal() -> Principal {
    Principal { session: SessionId::new(Still.now(), 7), agent: Some("test".into()), person: None }
}

impl Bench {
    fn decide(&self, head: &Head) -> Decided {
        let identified = identified(head);
        self.gate.decide(Request { identified, principal: principal(), door: Door::Http, evidence: Evidence::Observed })
    }

    async fn clear(&self, method: &str) -> Result<Permit, Refusal> {
        let head = head(method);
        self.gate.clear(self.decide(&head), Destination::of(&head), None).await
    }

    /// The whole log, after closing it.
    fn entries(&self) -> Vec<Entry> {
        self.ledger.close();
        let reader = Reader::open(&self.folder.path().join("log")).unwrap();
        reader.map(|stored| stored.unwrap().entry().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_read_gets_a_permit_and_its_outcome_is_recorded() {
    let bench = bench(Posture::Guarded);
    let permit = bench.clear("GET").await.unwrap();
    assert_eq!(permit.destination().label(), "GET api.example.com:443");
    permit.close(Outcome::Answered { status: 200, sent_bytes: 0, received_bytes: 5 });
    drop(bench.clear("GET").await.unwrap());
    let entries = bench.entries();
    let outcomes: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Outcome(outcome) => Some(outcome.outcome.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Outcome::Answered { status: 200, sent_bytes: 0, received_bytes: 5 }, Outcome::Abandoned]);
    assert!(!format!("{entries:?}").contains("hunter2"), "queries are not recorded");
}

#[tokio::test]
async fn a_stop_is_recorded_and_told() {
    let bench = bench(Posture::Guarded);
    let refusal = bench.clear("DELETE").await.unwrap_err();
    assert!(matches!(refusal.kind, RefusalKind::ApprovalNeeded(_)), "{refusal:?}");
    assert!(refusal.message.starts_with("Approval needed (a_"), "{}", refusal.message);
    let tally = bench.gate.tally();
    assert_eq!((tally.of(Disposition::Refused), tally.total(), tally.stopped.len()), (1, 1, 1));
    let entries = bench.entries();
    let [Entry::Decision(entry)] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.decision, entry.disposition), (Effect::Escalate, Disposition::Refused));
    assert!(entry.approval.is_some() && Some(entry.id) == refusal.id);
}

#[tokio::test]
async fn observing_stops_nothing_and_says_what_it_would_have() {
    let bench = bench(Posture::Observe);
    bench.clear("DELETE").await.unwrap().close(Outcome::Abandoned);
    let entries = bench.entries();
    let Entry::Decision(entry) = &entries[0] else { panic!("{entries:?}") };
    assert_eq!((entry.decision, entry.disposition), (Effect::Escalate, Disposition::Observed));
}

#[tokio::test]
async fn without_a_record_nothing_passes() {
    let bench = bench(Posture::Guarded);
    bench.ledger.close();
    let refusal = bench.clear("GET").await.unwrap_err();
    assert_eq!((refusal.kind, refusal.id), (RefusalKind::Unavailable { status: 503 }, None));
    let unreadable = Unreadable::new("two readings");
    let refusal = bench.gate.reject(&unreadable, None, &principal(), Door::Http).await;
    assert_eq!(refusal.kind, RefusalKind::Unavailable { status: 503 });
}

#[tokio::test]
async fn an_unreadable_request_is_recorded_before_its_400() {
    let bench = bench(Posture::Observe);
    let unreadable = Unreadable::new("two Hosts");
    let refusal = bench.gate.reject(&unreadable, Some("a:443".into()), &principal(), Door::Http).await;
    assert_eq!(refusal.kind, RefusalKind::Unreadable { status: 400 });
    assert!(matches!(&bench.entries()[0], Entry::Rejected(entry) if entry.why == "two Hosts"));
}

#[tokio::test]
async fn a_request_that_goes_away_while_it_waits_leaves_no_open_decision() {
    let bench = bench(Posture::Guarded);
    let seen = AtomicBool::new(false);
    {
        let clear = std::pin::pin!(bench.clear("GET"));
        let mut clear = clear;
        // Polled once: the entry is queued, the answer is not there.
        let _ = std::future::poll_fn(|cx| {
            seen.store(clear.as_mut().poll(cx).is_pending(), Ordering::SeqCst);
            std::task::Poll::Ready(())
        })
        .await;
    }
    let entries = bench.entries();
    let decisions = entries.iter().filter(|entry| matches!(entry, Entry::Decision(_))).count();
    let outcomes = entries.iter().filter(|entry| matches!(entry, Entry::Outcome(_))).count();
    assert_eq!(decisions, outcomes, "{entries:?}");
}
