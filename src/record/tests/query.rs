use super::{BEGAN, answered, at, decision, forwarded, id, read, refused, runtime, start};
use crate::model::{Hazard, SessionId, Timestamp};
use crate::record::query::{Filter, Reader, parse_time};
use crate::record::{Entry, Grade, Ledger, LedgerOptions, Outcome, OutcomeEntry, RejectedEntry, Streamed};

const NOW: u64 = 1_000_000_000;

fn filter(words: &[&str]) -> Filter {
    Filter::parse(words, at(NOW)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn check(words: &[&str], entry: &Entry, expected: bool) {
    assert_eq!(filter(words).wants(entry, None), expected, "{words:?}");
}

fn rejected() -> Entry {
    let decision = decision(5);
    Entry::Rejected(RejectedEntry {
        id: decision.id,
        at: decision.at,
        principal: decision.principal,
        door: decision.door,
        target: Some("kube.prod:6443".into()),
        status: 400,
        why: "two Host headers".into(),
    })
}

#[test]
fn words_pick_decisions() {
    let entry = refused(3);
    for words in [
        &[] as &[&str],
        &["decision:deny"],
        &["decision:allow,deny"],
        &["decision:allow", "decision:deny"],
        &["DECISION:Deny"],
        &["disposition:refused", "impact:destroy", "scope:environment", "env:prod"],
        &["agent:claude", "person:ada@*", "door:http", "evidence:observed"],
        &["op:aws:cloudformation:*"],
        &["op:aws:cloudformation:deletestack"],
        &["op:*:delete*"],
        &["rule:aws/*"],
        &["resource:*stack/shop-3"],
        &["account:111122223333", "region:us-*"],
        &["shop-3"],
        &["EVERYTHING in it"],
        &["\"goes with\"", "\"stack/shop\""],
        &["text:arn:aws"],
        &["since:2020-01-01"],
        &["id:d_*"],
    ] {
        check(words, &entry, true);
    }
    for words in [
        &["decision:allow"] as &[&str],
        &["decision:deny", "env:dev"],
        &["op:aws:s3:*"],
        &["op:delete"],
        &["hazard:data-loss"],
        &["nowhere"],
        &["shop-3", "shop-4"],
        &["until:2020-01-01"],
        &["since:1m"],
        &["session:s_00000000000000000000"],
        &["outcome:none"],
    ] {
        check(words, &entry, false);
    }
    let session = SessionId::new(at(0), 7).to_string();
    check(&[&session], &entry, true);
    check(&[&entry_id(&entry)], &entry, true);
    check(&["decision:rejected", "host:kube.*", "two host"], &rejected(), true);
    check(&["impact:destroy"], &rejected(), false);
    check(&[], &answered(1, 2), false);
    let mut dangerous = decision(1);
    dangerous.actions[0].blast = dangerous.actions[0].blast.hazard(Hazard::DataLoss);
    check(&["hazard:data-loss"], &Entry::Decision(Box::new(dangerous)), true);
}

fn entry_id(entry: &Entry) -> String {
    serde_json::to_value(entry).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn outcomes_pick_decisions() {
    let broken = Outcome::Broken { status: None, error: String::new() };
    assert!(filter(&["outcome:none"]).wants(&forwarded(1), None));
    assert!(!filter(&["outcome:none"]).wants(&forwarded(1), Some(&broken)));
    assert!(filter(&["outcome:broken,none"]).wants(&forwarded(1), Some(&broken)));
    assert!(filter(&["outcome:broken"]).may_want(&forwarded(1)));
    assert!(!filter(&["outcome:broken", "decision:deny"]).may_want(&forwarded(1)));
}

#[test]
fn what_cannot_be_understood_is_an_error_with_a_suggestion() {
    for (word, expected) in [
        ("decison:deny", "there is no key `decison`; did you mean `decision`?"),
        ("impact:destory", "`destory` is not a value of `impact`; did you mean `destroy`?"),
        ("door:telnet", "`telnet` is not a value of `door`; there are http, mcp, hook, api"),
        ("aws:s3:DeleteBucket", "there is no key `aws`; for an operation type `op:aws:s3:DeleteBucket`"),
        ("arn:aws:s3:::x", "there is no key `arn`; for a resource type `resource:arn:aws:s3:::x`"),
        ("env:", "`` is not a value of `env`"),
        (
            "since:yesterdayish",
            "`yesterdayish` is not a value of `since`: `30m`, `7d`, `2026-11-22` and `2026-11-22T06:00` are",
        ),
    ] {
        let error = Filter::parse(&[word], at(NOW)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = Filter::parse(&["x-y-z:1"], at(NOW)).unwrap_err().to_string();
    assert!(error.contains("there are decision, disposition"), "{error}");
}

#[test]
fn times_are_read() {
    let now = Timestamp::from_millis(10_000_000_000);
    for (text, expected) in [
        ("30m", Some(10_000_000_000 - 1_800_000)),
        ("2h", Some(10_000_000_000 - 7_200_000)),
        ("7d", Some(10_000_000_000 - 604_800_000)),
        ("99999w", Some(0)),
        ("1970-01-02", Some(86_400_000)),
        ("1970-01-01T01:00", Some(3_600_000)),
        ("1970-01-01T01:00:00Z", Some(3_600_000)),
        ("1970-01-01T01:00:00+01:00", Some(0)),
        ("d", None),
        ("7y", None),
        ("18446744073709551615w", None),
        ("", None),
        ("tomorrow", None),
    ] {
        assert_eq!(parse_time(text, now).map(Timestamp::millis), expected, "{text}");
    }
}

#[test]
fn the_logs_of_all_gates_are_merged_by_time() {
    let root = tempfile::tempdir().unwrap();
    for (name, numbers) in [("a", [5, 1, 9, 20]), ("b", [2, 6, 7, 30])] {
        let (ledger, _) = Ledger::open(&root.path().join(name), LedgerOptions::default()).unwrap();
        numbers.iter().for_each(|n| ledger.note(&refused(*n)));
    }
    let (own, _) = Ledger::open(root.path(), LedgerOptions::default()).unwrap();
    own.note(&refused(8));
    own.close();
    std::fs::create_dir(root.path().join("empty")).unwrap();
    let (stored, damages) = read(root.path());
    assert_eq!(damages, []);
    // A log is read in its own order, even where its clock went back.
    let times: Vec<u64> = stored.iter().map(|stored| stored.at().since(at(0)).as_millis() as u64).collect();
    assert_eq!(times, [2, 5, 1, 6, 7, 8, 9, 20, 30]);
    let logs: std::collections::HashSet<_> = stored.iter().map(super::Stored::log).collect();
    assert_eq!(logs.len(), 3);
}

#[test]
fn a_reader_goes_on_with_what_is_written_later() {
    let root = tempfile::tempdir().unwrap();
    let options = LedgerOptions { segment_bytes: 8 * 1024 };
    let runtime = runtime();
    let (first, _) = Ledger::open(&root.path().join("first"), options.clone()).unwrap();
    let mut reader = Reader::open(root.path()).unwrap();
    let sequences = |reader: &mut Reader| -> Vec<u64> {
        reader.refresh().unwrap();
        reader.map(|item| item.unwrap().sequence()).collect()
    };
    assert!(sequences(&mut reader).is_empty());
    let mut next = 0;
    for round in 0..30 {
        for n in 0..round % 4 {
            let _ = runtime.block_on(first.append(&refused(round * 10 + n), Grade::Written)).unwrap();
        }
        assert_eq!(sequences(&mut reader), (next..next + round % 4).collect::<Vec<_>>());
        next += round % 4;
    }
    // A gate that began meanwhile, and one that closed.
    let (second, _) = Ledger::open(&root.path().join("second"), options).unwrap();
    second.note(&start(1_000, vec![]));
    second.close();
    first.note(&refused(2_000));
    first.close();
    assert_eq!(sequences(&mut reader).len(), 2);
    assert!(sequences(&mut reader).is_empty());
}

#[test]
fn old_segments_are_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(root.path(), LedgerOptions { segment_bytes: 8 * 1024 }).unwrap();
    for n in 0..100 {
        let _ = runtime().block_on(ledger.append(&refused(n * 1_000), Grade::Written)).unwrap();
    }
    let since = Filter::parse(&["since:1h"], at(50_000 + 3_600_000)).unwrap().since();
    assert_eq!(since, Some(at(50_000)));
    let read: Vec<_> = Reader::open_since(root.path(), since).unwrap().map(Result::unwrap).collect();
    assert!(read.len() < 60, "{}", read.len());
    assert!(read.iter().filter(|stored| stored.at() >= at(50_000)).count() == 50);
}

#[test]
fn reading_while_a_gate_writes_never_sees_damage() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(root.path(), LedgerOptions { segment_bytes: 32 * 1024 }).unwrap();
    let runtime = runtime();
    let writer = runtime.spawn({
        let ledger = ledger.clone();
        async move {
            for n in 0..2_000 {
                let _ = ledger.append(&refused(n), Grade::Written).await.unwrap();
            }
        }
    });
    let mut reader = Reader::open(root.path()).unwrap();
    let mut next = 0;
    while next < 2_000 {
        reader.refresh().unwrap();
        for item in &mut reader {
            assert_eq!(item.unwrap().sequence(), next);
            next += 1;
        }
    }
    runtime.block_on(writer).unwrap();
}

#[test]
fn outcomes_of_before_streams_were_followed_read_as_they_did() {
    let check = |text: &str, expected: Option<Streamed>| {
        let entry: OutcomeEntry = serde_json::from_str(text).unwrap();
        let outcome = Outcome::Tunnelled { sent_bytes: 1, received_bytes: 2, streamed: expected, broken: None };
        assert_eq!(entry.outcome, outcome);
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
    };
    let head = format!(r#"{{"id":"{}","at":{BEGAN},"outcome":"tunnelled","sent_bytes":1,"received_bytes":2"#, id(1));
    check(&format!("{head}}}"), None);
    let cut = Some("why".to_owned());
    let streamed = Streamed { sent: [("stdin".to_owned(), 3)].into(), ports: vec![8080], cut };
    check(&format!(r#"{head},"streamed":{{"sent":{{"stdin":3}},"ports":[8080],"cut":"why"}}}}"#), Some(streamed));
    check(&format!(r#"{head},"streamed":{{}}}}"#), Some(Streamed::default()));
}
