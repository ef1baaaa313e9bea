use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{answered, at, decision, entries, forwarded, id, read, refused, runtime, start};
use crate::decide::Finding;
use crate::model::{Effect, Mode, Parameter, Resource};
use crate::record::tree::{self, Tree};
use crate::record::{Entry, GapCause, GapEntry, Grade, Ledger, LedgerError, LedgerOptions, PAYLOAD_BYTES_MAX};

const SMALL: LedgerOptions = LedgerOptions { segment_bytes: 16 * 1024 };

#[test]
fn what_is_appended_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, recovered) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    assert_eq!(recovered.entries, 0);
    let written =
        [start(0, vec![]), forwarded(1), answered(1, 5), refused(2), Entry::Stop { at: at(9), session: None }];
    runtime().block_on(async {
        for (n, entry) in written.iter().enumerate() {
            let grade = if n % 2 == 0 { Grade::Durable } else { Grade::Written };
            let receipt = ledger.append(entry, grade).await.unwrap();
            assert_eq!(receipt.sequence(), n as u64);
            assert_eq!(*receipt.leaf(), tree::leaf(&serde_json::to_vec(entry).unwrap()));
        }
        // While the gate writes, everything acknowledged can be read.
        assert_eq!(entries(folder.path()), written);
    });
    ledger.close();
    ledger.close();
    assert_eq!(entries(folder.path()), written);
    assert!(!folder.path().join("lock").exists());
}

#[test]
fn a_closed_ledger_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    ledger.close();
    ledger.note(&forwarded(1));
    let error = runtime().block_on(ledger.append(&forwarded(1), Grade::Written)).unwrap_err();
    assert!(matches!(error, LedgerError::Stopped));
}

#[test]
fn a_second_gate_is_refused_and_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    let error = Ledger::open(folder.path(), LedgerOptions::default()).unwrap_err();
    assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    drop(ledger);
    Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
}

#[test]
fn segments_rotate_and_the_tree_goes_on_over_them_and_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Tree::default();
    let runtime = runtime();
    for round in 0..4 {
        let (ledger, recovered) = Ledger::open(folder.path(), SMALL).unwrap();
        assert_eq!(recovered.entries, round * 60);
        for n in round * 60..(round + 1) * 60 {
            let receipt = runtime.block_on(ledger.append(&refused(n), Grade::Written)).unwrap();
            assert_eq!(receipt.sequence(), n);
            expected.push(*receipt.leaf());
        }
        let head = runtime.block_on(ledger.tree_head()).unwrap();
        assert_eq!((head.base, head.size, head.root), (0, expected.size(), expected.root()));
    }
    let segments = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(segments > 4, "{segments}");
    assert_eq!(entries(folder.path()), (0..240).map(refused).collect::<Vec<_>>());
}

#[test]
fn a_short_log_takes_little_room_and_a_closed_one_no_more_than_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    let _ = runtime().block_on(ledger.append(&forwarded(1), Grade::Durable)).unwrap();
    let length = || std::fs::metadata(folder.path().join("0000000000.seg")).unwrap().len();
    assert!(length() <= 128 * 1024, "{}", length());
    ledger.close();
    assert!(length() < 4096 + 2048, "{}", length());
}

#[test]
fn many_writers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions { segment_bytes: 256 * 1024 }).unwrap();
    let receipts = runtime().block_on(async {
        let tasks = (0..64u64).map(|writer| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                for n in 0..20 {
                    let entry = refused(writer * 100 + n);
                    let grade = if n % 3 == 0 { Grade::Durable } else { Grade::Written };
                    let receipt = ledger.append(&entry, grade).await.unwrap();
                    receipts.push((receipt.sequence(), *receipt.leaf(), entry));
                }
                receipts
            })
        });
        let mut all = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            all.extend(task.await.unwrap());
        }
        all
    });
    drop(ledger);
    let stored = entries(folder.path());
    assert_eq!(stored.len(), 64 * 20);
    assert_eq!(receipts.iter().map(|(sequence, ..)| sequence).collect::<BTreeSet<_>>().len(), 64 * 20);
    for (sequence, leaf, entry) in receipts {
        assert_eq!(stored[usize::try_from(sequence).unwrap()], entry);
        assert_eq!(leaf, tree::leaf(&serde_json::to_vec(&entry).unwrap()));
    }
}

#[test]
fn decisions_without_an_outcome_are_found_at_the_next_start_however_long_ago() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let (ledger, _) = Ledger::open(folder.path(), SMALL).unwrap();
    runtime.block_on(async {
        for n in [1, 2, 3] {
            let _ = ledger.append(&forwarded(n), Grade::Durable).await.unwrap();
        }
        ledger.note(&answered(2, 1));
        // Several segments later:
        for n in 100..200 {
            let _ = ledger.append(&refused(n), Grade::Written).await.unwrap();
        }
    });
    drop(ledger);
    let (ledger, recovered) = Ledger::open(folder.path(), SMALL).unwrap();
    assert_eq!(recovered.open, [id(1), id(3)]);
    drop(ledger);
    let (ledger, recovered) = Ledger::open(folder.path(), SMALL).unwrap();
    assert_eq!(recovered.open, [id(1), id(3)], "nobody has recorded them yet");
    let _ = runtime.block_on(ledger.append(&start(500, recovered.open), Grade::Durable)).unwrap();
    drop(ledger);
    assert_eq!(Ledger::open(folder.path(), SMALL).unwrap().1.open, [], "the start entry names them");
}

#[test]
fn an_append_that_nobody_waits_for_any_more_is_abandoned() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    runtime().block_on(async {
        let entry = forwarded(1);
        let mut append = Box::pin(ledger.append(&entry, Grade::Durable));
        // One poll queues it; then the caller goes away.
        let _ = futures_poll(append.as_mut());
        drop(append);
    });
    drop(ledger);
    let stored = entries(folder.path());
    assert_eq!(stored.len(), 2);
    assert_eq!(serde_json::to_value(&stored[1]).unwrap()["outcome"], "abandoned");
}

/// Polls once.
fn futures_poll<F: Future + Unpin>(future: F) -> std::task::Poll<F::Output> {
    let mut future = future;
    std::pin::Pin::new(&mut future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[test]
fn an_entry_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), SMALL).unwrap();
    let mut long = decision(1);
    long.request = "x".repeat(PAYLOAD_BYTES_MAX);
    let runtime = runtime();
    let error = runtime.block_on(ledger.append(&Entry::Decision(Box::new(long.clone())), Grade::Written)).unwrap_err();
    assert!(matches!(error, LedgerError::TooLong { .. }), "{error}");
    // The longest that fits is longer than a segment here, and still stands.
    long.request = "x".repeat(PAYLOAD_BYTES_MAX - 2_000);
    let long = Entry::Decision(Box::new(long));
    for entry in [&long, &refused(2), &long] {
        let _ = runtime.block_on(ledger.append(entry, Grade::Durable)).unwrap();
    }
    drop(ledger);
    assert_eq!(entries(folder.path()), [long.clone(), refused(2), long]);
}

#[test]
fn a_gate_of_its_own_recovers_those_that_died() {
    let root = tempfile::tempdir().unwrap();
    let open = |name: &str, n| Ledger::open_own(root.path(), name, at(n), LedgerOptions::default());
    let runtime = runtime();
    let (alive, _) = open("s_alive", 1).unwrap();
    let _ = runtime.block_on(alive.append(&forwarded(1), Grade::Durable)).unwrap();
    let (dead, _) = open("s_dead", 2).unwrap();
    for n in [2, 3] {
        let _ = runtime.block_on(dead.append(&forwarded(n), Grade::Durable)).unwrap();
    }
    dead.close();
    // As a killed gate leaves it: half a record, and the lock file.
    let segment = root.path().join("s_dead/0000000000.seg");
    let length = std::fs::metadata(&segment).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(length - 100).unwrap();
    std::fs::write(root.path().join("s_dead/lock"), "1").unwrap();

    let (own, recovered) = open("s_new", 4).unwrap();
    assert_eq!(recovered.open, [id(2)]);
    assert!(recovered.cut_bytes > 100, "{}", recovered.cut_bytes);
    assert_eq!(recovered.troubles, Vec::<String>::new());
    let left = entries(&root.path().join("s_dead"));
    let Some(Entry::Gap(gap)) = left.last() else { panic!("{left:?}") };
    let expected = GapEntry {
        at: at(4),
        since: None,
        cause: GapCause::Died,
        why: "the gate ended without closing its log".into(),
        turned_away: 0,
        lost: 0,
        cut_bytes: recovered.cut_bytes,
        open: vec![id(2)],
    };
    assert_eq!(*gap, expected);
    drop(own);
    assert_eq!(open("s_later", 5).unwrap().1.open, [], "once is enough");
    let error = open("../x", 6).unwrap_err();
    assert!(matches!(error, LedgerError::Name { .. }), "{error}");
    let error = open("s_alive", 6).unwrap_err();
    assert!(matches!(error, LedgerError::Held { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A secret in any text of an entry never reaches the file.
    #[test]
    fn no_seeded_secret_reaches_the_file(secret in "ghp_[A-Za-z0-9]{36}|xoxb-[0-9]{11}-[0-9]{12}-[A-Za-z]{24}|sk-[A-Za-z]{30}[0-9]{4}|eyJ[a-z]{20}\\.eyJ[a-z]{20}\\.[A-Za-z]{30}", front in "[a-z\"\\\\ ü]{0,10} ") {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{front}{secret} behind");
        let mut entry = decision(1);
        entry.request = text.clone();
        entry.revision = text.clone();
        entry.limit = Some(text.clone());
        entry.principal.agent = Some(text.clone());
        entry.principal.person = Some(text.clone());
        entry.actions[0].resources.push(Resource(text.clone()));
        entry.actions[0].parameters.push(Parameter::new(&text, &text));
        entry.actions[0].parameters.push(Parameter::new("MasterUserPassword", secret.to_lowercase()));
        entry.actions[0].place.host = Some(text.clone());
        entry.actions[0].place.namespace = Some(text.clone());
        entry.actions[0].environment.name = text.clone();
        entry.actions[0].environment.owner = Some(text.clone());
        entry.findings.push(Finding {
            rule: text.clone(),
            effect: Effect::Deny,
            mode: Mode::Shadow,
            action: 0,
            message: text.clone(),
            instead: text.clone(),
            lifted: None, demand: None, after: None, follows: vec![],
            failed: Some(text.clone()),
        });
        let (ledger, _) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
        ledger.note(&Entry::Decision(Box::new(entry)));
        drop(ledger);
        let bytes = std::fs::read(folder.path().join("0000000000.seg")).unwrap();
        for needle in [secret.as_str(), &secret.to_lowercase()] {
            prop_assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
        }
        let (stored, damages) = read(folder.path());
        prop_assert_eq!((stored.len(), damages.len()), (1, 0));
        prop_assert!(stored[0].entry().is_ok());
    }
}
