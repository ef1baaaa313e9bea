use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use vec1::Vec1;

use super::*;
use crate::approvals::{Approvals, Received, Said};
use crate::config::{Inventory, People};
use crate::identify::{self, Identified, Known};
use crate::model::http::{Authority, Captured, Head, Scheme, Unreadable};
use crate::model::{Clock, Disposition, Door, Effect, Evidence, Posture, Principal, SessionId, Timestamp};
use crate::record::query::Reader;
use crate::record::{Entry, Ledger, LedgerOptions, Outcome};
use crate::rules::RuleSet;
use crate::store::Store;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000)
    }
}

fn answered() -> Outcome {
    Outcome::Answered { status: 200, sent_bytes: 0, received_bytes: 0 }
}

struct Bench {
    gate: Gate,
    ledger: Ledger,
    folder: tempfile::TempDir,
}

fn bench(posture: Posture) -> Bench {
    bench_with(posture, crate::config::Approvals::default(), Arc::new(RuleSet::builtin()))
}

fn bench_with(posture: Posture, times: crate::config::Approvals, rules: Arc<RuleSet>) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("log"), LedgerOptions::default()).unwrap();
    let store = Store::at(&folder.path().join("state"));
    let memory = crate::memory::Memory::new(store.clone(), Arc::new(Still));
    let approvals = Approvals::new(store, ledger.clone(), Arc::new(Still), times);
    let parts = GateParts {
        memory: Arc::new(memory),
        rules,
        inventory: Inventory::default(),
        people: People::default(),
        ledger: ledger.clone(),
        posture,
        clock: Arc::new(Still),
        approvals: Arc::new(approvals),
        checks: Arc::new(NoChecks),
        limit_hold: Duration::from_secs(2),
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
    Principal { session: SessionId::new(Still.now(), 7), agent: Some("test".into()), person: None, anonymous: false }
}

impl Bench {
    fn decide(&self, head: &Head) -> Decided {
        let identified = identified(head);
        self.gate.decide(Request {
            identified,
            principal: principal(),
            door: Door::Http,
            evidence: Evidence::Observed,
            said: crate::model::Said::default(),
        })
    }

    async fn clear(&self, method: &str) -> Result<Permit, Refusal> {
        let head = head(method);
        self.gate.clear(self.decide(&head), Destination::of(&head), Carried::Nothing).await
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
    let [Entry::Approval(opened), Entry::Decision(entry)] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.decision, entry.disposition), (Effect::Escalate, Disposition::Refused));
    assert!(entry.approval == Some(opened.id) && Some(entry.id) == refusal.id);
}

#[tokio::test]
async fn observing_stops_nothing_and_says_what_it_would_have() {
    let bench = bench(Posture::Observe);
    bench.clear("DELETE").await.unwrap().close(answered());
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

fn asked(refusal: &Refusal) -> crate::model::ApprovalId {
    match refusal.kind {
        RefusalKind::ApprovalNeeded(id) => id,
        _ => panic!("{refusal:?}"),
    }
}

#[tokio::test]
async fn an_approved_call_passes_once_and_the_log_says_by_what() {
    let bench = bench(Posture::Guarded);
    let id = asked(&bench.clear("DELETE").await.unwrap_err());
    assert_eq!(asked(&bench.clear("DELETE").await.unwrap_err()), id, "the same call joins");
    bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
    let permit = bench.clear("DELETE").await.unwrap();
    let decision = permit.id();
    permit.close(answered());
    assert_ne!(asked(&bench.clear("DELETE").await.unwrap_err()), id, "once");
    let entries = bench.entries();
    let used = entries.iter().position(
        |entry| matches!(entry, Entry::Approval(step) if step.step.as_str() == "used" && step.decision == Some(decision)),
    );
    let passed = entries.iter().position(|entry| {
        matches!(entry, Entry::Decision(entry) if entry.id == decision && entry.approval == Some(id)
            && (entry.decision, entry.disposition) == (Effect::Escalate, Disposition::Forwarded))
    });
    assert!(used.unwrap() < passed.unwrap(), "{entries:#?}");
}

#[tokio::test]
async fn an_approval_is_for_the_call_that_was_shown() {
    let bench = bench(Posture::Guarded);
    let id = asked(&bench.clear("DELETE").await.unwrap_err());
    bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
    let mut other = head("DELETE");
    other.target = "/agents/8?token=hunter2".parse().unwrap();
    let refusal = bench.gate.clear(bench.decide(&other), Destination::of(&other), Carried::Nothing).await.unwrap_err();
    assert_ne!(asked(&refusal), id);
    bench.gate.replace(Arc::new(RuleSet::builtin()), Inventory::default(), People::default(), Posture::Strict);
    assert_eq!(bench.gate.posture(), Posture::Strict);
    bench.clear("DELETE").await.unwrap().close(answered());
}

#[tokio::test]
async fn an_approval_is_for_one_server_and_one_body() {
    let bench = bench(Posture::Guarded);
    let id = asked(&bench.clear("DELETE").await.unwrap_err());
    bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
    let of = head("DELETE");
    for (scheme, port, carried) in [
        (Scheme::Http, 443, Carried::Nothing),
        (Scheme::Https, 8443, Carried::Nothing),
        (Scheme::Https, 443, Carried::Whole("ab".repeat(32))),
        (Scheme::Https, 443, Carried::Unread),
    ] {
        let mut destination = Destination::of(&of);
        (destination.scheme, destination.authority.port) = (scheme, port);
        let refusal = bench.gate.clear(bench.decide(&of), destination, carried.clone()).await.unwrap_err();
        assert_ne!(asked(&refusal), id, "{scheme:?} {port} {carried:?}");
    }
    bench.clear("DELETE").await.unwrap().close(answered());
}

#[tokio::test]
async fn a_denied_call_and_an_anonymous_one_are_told_so() {
    let bench = bench(Posture::Guarded);
    let id = asked(&bench.clear("DELETE").await.unwrap_err());
    bench.gate.approvals().answer(id, Said::Deny, ("bo", Some("not on a Friday")), None).unwrap();
    let refusal = bench.clear("DELETE").await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Denied);
    assert!(refusal.message.contains(&format!("bo said no ({id}): not on a Friday.")), "{}", refusal.message);
    let head = head("DELETE");
    let anonymous = Principal { anonymous: true, session: SessionId::new(Still.now(), 8), ..principal() };
    let identified = identified(&head);
    let request = Request {
        identified,
        principal: anonymous,
        door: Door::Http,
        evidence: Evidence::Observed,
        said: crate::model::Said::default(),
    };
    let refusal =
        bench.gate.clear(bench.gate.decide(request), Destination::of(&head), Carried::Nothing).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Denied);
    assert!(refusal.message.contains("`blastgate run -- COMMAND`"), "{}", refusal.message);
    assert_eq!(bench.gate.tally().total(), 3);
    assert_eq!(bench.gate.tally_of(principal().session).total(), 2);
}

#[tokio::test]
async fn without_a_state_what_needs_people_is_refused_and_the_rest_is_served() {
    let bench = bench(Posture::Guarded);
    std::fs::write(bench.folder.path().join("state"), "in the way").unwrap();
    let refusal = bench.clear("DELETE").await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Unavailable { status: 503 });
    assert!(refusal.message.contains("approvals cannot be kept"), "{}", refusal.message);
    bench.clear("GET").await.unwrap().close(answered());
}

#[tokio::test(start_paused = true)]
async fn a_held_call_passes_when_somebody_says_yes_in_time() {
    let times = crate::config::Approvals { hold: Duration::from_secs(20), ..crate::config::Approvals::default() };
    let bench = Arc::new(bench_with(Posture::Guarded, times, Arc::new(RuleSet::builtin())));
    let call = || {
        tokio::spawn({
            let bench = Arc::clone(&bench);
            async move { bench.clear("DELETE").await }
        })
    };
    let open = || {
        let filter = crate::approvals::Filter { state: Some(crate::approvals::State::Pending), ..Default::default() };
        bench.gate.approvals().list(&filter).unwrap().pop().map(|request| request.id)
    };
    let began = tokio::time::Instant::now();
    let refusal = call().await.unwrap().unwrap_err();
    assert!(began.elapsed() >= Duration::from_secs(20) && Some(asked(&refusal)) == open());
    let held = call();
    tokio::time::sleep(Duration::from_secs(5)).await;
    bench.gate.approvals().answer(asked(&refusal), Said::Approve, ("bo", None), None).unwrap();
    held.await.unwrap().unwrap().close(answered());
    let held = call();
    tokio::time::sleep(Duration::from_secs(5)).await;
    held.abort();
    assert!(held.await.unwrap_err().is_cancelled());
    let waits = open();
    let pending = bench.entries().into_iter().filter_map(|entry| match entry {
        Entry::Decision(entry) if entry.disposition == Disposition::Pending => Some(entry.approval),
        _ => None,
    });
    assert_eq!(pending.collect::<Vec<_>>(), [waits], "who went away while people were asked is in the log");
}

#[tokio::test]
async fn a_throttling_limit_says_when_and_an_escalating_one_asks() {
    let limits = |decision: &str| {
        let text = format!(
            "limits:\n  - {{ id: us/one, match: {{ impact: [read] }}, key: [session], allow: 1 per 1h, decision: {decision}, \
             message: One., instead: None. }}\n"
        );
        let layer = crate::rules::Layer::Organisation;
        let source = crate::rules::Source { file: "us/limits.yaml".into(), text, layer };
        Arc::new(RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}")))
    };
    let times = crate::config::Approvals::default();
    let bench = bench_with(Posture::Guarded, times, limits("throttle"));
    bench.clear("GET").await.unwrap().close(answered());
    let refusal = bench.clear("GET").await.unwrap_err();
    assert!(
        matches!(refusal.kind, RefusalKind::Throttled { retry_after } if retry_after.as_secs() > 3_500),
        "{refusal:?}"
    );
    bench.gate.replace(limits("escalate"), Inventory::default(), People::default(), Posture::Guarded);
    let id = asked(&bench.clear("GET").await.unwrap_err());
    bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
    bench.clear("GET").await.unwrap().close(answered());
    assert_ne!(asked(&bench.clear("GET").await.unwrap_err()), id);
    bench.gate.replace(limits("deny"), Inventory::default(), People::default(), Posture::Guarded);
    assert_eq!(bench.clear("GET").await.unwrap_err().kind, RefusalKind::Denied);
    assert_eq!(bench.gate.tally().of(Disposition::Throttled), 4);
}

fn advised(bench: &Bench, method: &str, passage: Passage, asks_there: bool) -> Result<Advice, Refusal> {
    let identified = identified(&head(method));
    let request = Request {
        identified,
        principal: principal(),
        door: Door::Hook,
        evidence: Evidence::Parsed,
        said: crate::model::Said::default(),
    };
    let hook = crate::record::HookEntry { agent: "codex".into(), tool: "Bash".into(), ..Default::default() };
    let facts = vec!["the tool call with the SHA-256 0".to_owned()];
    bench.gate.advise(Advised {
        request,
        label: "codex Bash".into(),
        hook,
        passage,
        facts,
        asks_there,
        received: Received::Tool { name: "Bash".into(), input: serde_json::json!({ "command": "curl" }) },
        described: None,
    })
}

#[test]
fn advice_is_recorded_before_it_is_given() {
    let bench = bench(Posture::Guarded);
    let passed = advised(&bench, "GET", Passage::Only, false).unwrap();
    assert!(passed.refusal.is_none() && passed.disposition == Disposition::Forwarded);
    let stopped = advised(&bench, "DELETE", Passage::Only, false).unwrap();
    let id = asked(stopped.refusal.as_ref().unwrap());
    let entries = bench.entries();
    let decisions: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Decision(entry) => Some((entry.id, entry.disposition, entry.door, entry.approval)),
            _ => None,
        })
        .collect();
    let hook = Door::Hook;
    let expected =
        [(passed.id, Disposition::Forwarded, hook, None), (stopped.id, Disposition::Refused, hook, Some(id))];
    assert_eq!(decisions, expected);
}

#[test]
fn advice_uses_an_approval_up_only_where_nobody_else_does() {
    for (passage, again) in [(Passage::Only, false), (Passage::Inline, true)] {
        let bench = bench(Posture::Guarded);
        let id = asked(&advised(&bench, "DELETE", passage, false).unwrap().refusal.unwrap());
        bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
        assert!(advised(&bench, "DELETE", passage, false).unwrap().refusal.is_none());
        let passes = advised(&bench, "DELETE", passage, false).unwrap().refusal.is_none();
        assert_eq!(passes, again, "{passage:?}");
    }
}

#[test]
fn a_call_that_is_left_to_the_person_at_the_agent_opens_no_request() {
    let bench = bench(Posture::Guarded);
    let advice = advised(&bench, "DELETE", Passage::Only, true).unwrap();
    assert_eq!(advice.disposition, Disposition::Pending);
    assert!(advice.refusal.is_some());
    assert!(bench.entries().iter().all(|entry| !matches!(entry, Entry::Approval(_))));
}

#[test]
fn watching_stops_nothing_at_a_hook_either() {
    let bench = bench(Posture::Observe);
    let advice = advised(&bench, "DELETE", Passage::Only, true).unwrap();
    assert!(advice.refusal.is_none() && advice.disposition == Disposition::Observed, "{advice:?}");
}

#[test]
fn without_a_record_there_is_no_advice() {
    let bench = bench(Posture::Guarded);
    bench.ledger.close();
    let refusal = advised(&bench, "GET", Passage::Only, false).unwrap_err();
    assert_eq!((refusal.kind, refusal.id), (RefusalKind::Unavailable { status: 503 }, None));
    let unreadable = Unreadable::new("two readings");
    let refusal = bench.gate.reject_blocking(&unreadable, None, &principal(), Door::Hook);
    assert_eq!(refusal.kind, RefusalKind::Unavailable { status: 503 });
}

#[tokio::test]
async fn what_asks_for_more_than_one_answer_stays_stopped_and_says_what_it_needs() {
    let text = "id: us/two\nowner: x\nseverity: high\nmatch: { provider: http, impact: [destroy] }\ndecision: escalate\n\
                message: no\ninstead: other\napproval: { quorum: 2, from: [role:sre] }\nobligations: [reason]\n";
    let source = crate::rules::Source {
        file: "rules/us/two.yaml".to_owned(),
        text: text.to_owned(),
        layer: crate::rules::Layer::Organisation,
    };
    let rules = Arc::new(RuleSet::load(&[source]).unwrap());
    let bench = bench_with(Posture::Guarded, crate::config::Approvals::default(), rules);
    let refusal = bench.clear("DELETE").await.unwrap_err();
    assert!(refusal.message.contains("Before people are asked, say a reason"), "{}", refusal.message);
    let approvals = bench.gate.approvals();
    assert!(approvals.list(&crate::approvals::Filter::default()).unwrap().is_empty());
    let mut said = crate::model::Said::default();
    said.say(&crate::model::Obligation::Reason, "CHG-7");
    approvals.hear(principal().session, &said).unwrap();
    let refusal = bench.clear("DELETE").await.unwrap_err();
    assert!(refusal.message.contains("It takes 2 approvals of role:sre."), "{}", refusal.message);
    // Nobody is listed with a key: the operator alone is not two people.
    let unsigned = approvals.answer(asked(&refusal), Said::Approve, ("bo", None), None);
    assert!(unsigned.unwrap_err().to_string().contains("people.yaml lists nobody's key"));
}

fn following(outcome: &str) -> Arc<RuleSet> {
    let text = format!(
        "id: us/after\nowner: x\nseverity: high\nmatch: {{ impact: [read] }}\n\
         after: [{{ match: {{ impact: [destroy] }}, within: 10m, same: [host], outcome: {outcome} }}]\n\
         decision: deny\nmessage: no\ninstead: other\n"
    );
    let layer = crate::rules::Layer::Organisation;
    let source = crate::rules::Source { file: "rules/us/after.yaml".to_owned(), text, layer };
    Arc::new(RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}")))
}

fn bench_after(posture: Posture, outcome: &str) -> Bench {
    bench_with(posture, crate::config::Approvals::default(), following(outcome))
}

#[tokio::test]
async fn a_refused_call_is_remembered_in_its_session_and_told_of() {
    let bench = bench_after(Posture::Guarded, "refused");
    bench.clear("GET").await.unwrap().close(Outcome::Abandoned);
    asked(&bench.clear("DELETE").await.unwrap_err());
    let refusal = bench.clear("GET").await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Denied);
    assert!(refusal.message.contains("It follows http:api.example.com:DELETE 7, 0 s earlier, refused."), "{refusal:?}");
    let head = head("GET");
    let other = Principal { session: SessionId::new(Still.now(), 8), ..principal() };
    let request = Request {
        identified: identified(&head),
        principal: other,
        door: Door::Http,
        evidence: Evidence::Observed,
        said: crate::model::Said::default(),
    };
    bench
        .gate
        .clear(bench.gate.decide(request), Destination::of(&head), Carried::Nothing)
        .await
        .unwrap()
        .close(Outcome::Abandoned);
    let told = bench.entries().into_iter().filter_map(|entry| match entry {
        Entry::Decision(entry) => entry.findings.into_iter().find_map(|finding| finding.after),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["http:api.example.com:DELETE 7, 0 s earlier, refused"]);
}

#[tokio::test]
async fn what_became_of_a_call_is_known_when_it_has_ended() {
    let answered = |status| Outcome::Answered { status, sent_bytes: 0, received_bytes: 0 };
    for (outcome, of_sent, of_failed) in [
        (answered(204), true, false),
        (answered(404), false, true),
        (answered(503), true, true),
        (Outcome::Unreachable { error: "no".to_owned() }, false, true),
        (Outcome::Abandoned, true, true),
    ] {
        for (wanted, expected) in [("sent", of_sent), ("failed", of_failed), ("refused", false), ("any", true)] {
            let bench = bench_after(Posture::Guarded, wanted);
            let id = asked(&bench.clear("DELETE").await.unwrap_err());
            bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
            // What was refused at first is not forgotten; those who ask for it are asked before.
            let bench = if wanted == "refused" { bench_after(Posture::Observe, wanted) } else { bench };
            let permit = bench.clear("DELETE").await.unwrap();
            permit.close(outcome.clone());
            let decided = bench.decide(&head("GET"));
            let is_denied = decided.decision().effect() == Effect::Deny;
            assert_eq!(is_denied, expected, "{wanted} {outcome:?}");
        }
    }
}

#[tokio::test]
async fn of_two_calls_at_once_one_sees_the_other() {
    let bench = bench_after(Posture::Guarded, "any");
    let first = bench.decide(&head("DELETE"));
    let second = bench.decide(&head("GET"));
    assert_eq!(second.decision().effect(), Effect::Deny, "the first has not been cleared yet");
    drop((first, second));
}

#[tokio::test]
async fn a_reload_forgets_only_what_nobody_asks_for_any_more() {
    let bench = bench_after(Posture::Guarded, "any");
    asked(&bench.clear("DELETE").await.unwrap_err());
    let denied = || bench.decide(&head("GET")).decision().effect() == Effect::Deny;
    let replace = |rules| bench.gate.replace(rules, Inventory::default(), People::default(), Posture::Guarded);
    replace(following("any"));
    assert!(denied());
    replace(Arc::new(RuleSet::builtin()));
    replace(following("any"));
    assert!(!denied());
}

#[test]
fn advice_is_remembered_too() {
    let bench = bench_after(Posture::Guarded, "refused");
    assert!(advised(&bench, "GET", Passage::Only, false).unwrap().refusal.is_none());
    advised(&bench, "DELETE", Passage::Only, false).unwrap();
    assert!(advised(&bench, "GET", Passage::Only, false).unwrap().refusal.is_some());
}

/// The same gate, started again on its own log.
fn again(bench: &Bench, rules: Arc<RuleSet>) -> (Bench, Remembered) {
    bench.ledger.close();
    let next = bench_with(Posture::Guarded, crate::config::Approvals::default(), rules);
    let remembered = next.gate.remember(&bench.folder.path().join("log")).unwrap();
    (next, remembered)
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let answered = |status| Outcome::Answered { status, sent_bytes: 0, received_bytes: 0 };
    for (outcome, sent, failed) in
        [(answered(204), true, false), (answered(404), false, true), (answered(503), true, true)]
    {
        for (wanted, expected) in [("sent", sent), ("failed", failed), ("any", true)] {
            let bench = bench_after(Posture::Guarded, wanted);
            let id = asked(&bench.clear("DELETE").await.unwrap_err());
            bench.gate.approvals().answer(id, Said::Approve, ("bo", None), None).unwrap();
            let permit = bench.clear("DELETE").await.unwrap();
            let decision = permit.id();
            permit.close(outcome.clone());
            let (next, remembered) = again(&bench, following(wanted));
            assert_eq!(remembered, Remembered { decisions: 2, has_gaps: false });
            let decided = next.decide(&head("GET"));
            assert_eq!(decided.decision().effect() == Effect::Deny, expected, "{wanted} {outcome:?}");
            let rule = decided.decision().findings().iter().find(|one| one.rule == "us/after");
            assert_eq!(rule.is_some_and(|one| one.follows.contains(&decision)), expected && wanted != "refused");
        }
    }
    let bench = bench_after(Posture::Guarded, "refused");
    let stopped = bench.clear("DELETE").await.unwrap_err();
    let (next, _) = again(&bench, following("refused"));
    let decided = next.decide(&head("GET"));
    assert_eq!(decided.decision().effect(), Effect::Deny);
    assert_eq!(decided.decision().findings()[0].follows, [stopped.id.unwrap()]);
}

#[test]
fn a_hook_without_a_gate_remembers_its_session() {
    let bench = bench_after(Posture::Guarded, "refused");
    advised(&bench, "DELETE", Passage::Only, false).unwrap();
    bench.ledger.close();
    let log = bench.folder.path().join("log");
    for (session, expected) in [(principal().session, Effect::Deny), (SessionId::new(Still.now(), 8), Effect::Allow)] {
        let next = bench_after(Posture::Guarded, "refused");
        next.gate.remember_session(&log, session).unwrap();
        assert_eq!(next.decide(&head("GET")).decision().effect(), expected);
    }
    let next = bench_after(Posture::Guarded, "refused");
    assert_eq!(next.gate.remember_session(&log.join("none"), principal().session).unwrap(), Remembered::default());
}

/// A rule that asks for a snapshot, and a request to AWS as its SDK sends it.
fn asks_for_snapshot() -> Arc<RuleSet> {
    let text = "id: us/snapshot\nowner: x\nseverity: high\nmatch: { operation: [\"aws:dynamodb:DeleteTable\"] }\n\
                decision: escalate\nobligations: [\"snapshot-seen:1h\"]\nmessage: no\ninstead: other\n";
    let layer = crate::rules::Layer::Organisation;
    let source = crate::rules::Source { file: "rules/us/snapshot.yaml".to_owned(), text: text.to_owned(), layer };
    Arc::new(RuleSet::load(&[source]).unwrap_or_else(|wrong| panic!("{wrong}")))
}

async fn dynamodb(bench: &Bench, operation: &str, table: &str) -> Result<Permit, Refusal> {
    let mut head = Head {
        authority: Authority { host: "dynamodb.eu-west-1.amazonaws.com".into(), port: 443 },
        target: "/".parse().unwrap(),
        ..head("POST")
    };
    let mut set = |name: &'static str, value: String| head.headers.insert(name, value.parse().unwrap());
    set("host", "dynamodb.eu-west-1.amazonaws.com".to_owned());
    set("x-amz-date", "20261121T000000Z".to_owned());
    set("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    set("content-type", "application/x-amz-json-1.0".to_owned());
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target";
    let key = "Credential=AKIAQ3EGTQOVQ3EGTQOV/20261121/eu-west-1/dynamodb/aws4_request";
    set("authorization", format!("AWS4-HMAC-SHA256 {key}, {signed}, Signature={}", "0".repeat(64)));
    let body = serde_json::json!({ "TableName": table, "BackupName": "now" }).to_string();
    let route = identify::route(&head, &Known::default()).unwrap();
    let identified = identify::identify(&route, &head, &Captured::Whole(body.into())).unwrap();
    let (door, evidence) = (Door::Http, Evidence::Observed);
    let request = Request { identified, principal: principal(), door, evidence, said: crate::model::Said::default() };
    bench.gate.clear(bench.gate.decide(request), Destination::of(&head), Carried::Nothing).await
}

#[tokio::test]
async fn people_are_asked_once_a_snapshot_was_seen() {
    let answered = |status| Outcome::Answered { status, sent_bytes: 0, received_bytes: 0 };
    let bench = bench_with(Posture::Guarded, crate::config::Approvals::default(), asks_for_snapshot());
    let owed = |refusal: &Refusal| {
        assert_eq!(refusal.kind, RefusalKind::Denied, "{refusal:?}");
        let command = "`aws dynamodb create-backup --table-name orders --backup-name orders-before`";
        assert!(refusal.message.contains(command) && refusal.message.contains("within 1h"), "{refusal:?}");
    };
    owed(&dynamodb(&bench, "DeleteTable", "orders").await.unwrap_err());
    dynamodb(&bench, "CreateBackup", "orders").await.unwrap().close(answered(400));
    owed(&dynamodb(&bench, "DeleteTable", "orders").await.unwrap_err());
    dynamodb(&bench, "CreateBackup", "invoices").await.unwrap().close(answered(200));
    owed(&dynamodb(&bench, "DeleteTable", "orders").await.unwrap_err());
    let permit = dynamodb(&bench, "CreateBackup", "orders").await.unwrap();
    let made = permit.id();
    permit.close(answered(200));
    asked(&dynamodb(&bench, "DeleteTable", "orders").await.unwrap_err());
    // A restart has not forgotten it.
    let (next, _) = again(&bench, asks_for_snapshot());
    asked(&dynamodb(&next, "DeleteTable", "orders").await.unwrap_err());
    let told = next.entries().into_iter().find_map(|entry| match entry {
        Entry::Decision(entry) => entry.checks.first().cloned(),
        _ => None,
    });
    let told = told.unwrap();
    assert!(told.passed && told.name == "snapshot-seen:1h" && told.said.starts_with(&made.to_string()), "{told:?}");
}
