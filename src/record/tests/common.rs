//! The log that short-lived commands share.

use super::*;
use crate::record::{Grade, HookEntry, Ledger, LedgerError, LedgerOptions};

fn hooked(n: u64) -> Entry {
    let hook = HookEntry { agent: "codex".into(), tool: "Bash".into(), alone: true, ..HookEntry::default() };
    Entry::Decision(Box::new(DecisionEntry { hook: Some(hook), door: Door::Hook, ..decision(n) }))
}

fn read(folder: &Path) -> Vec<Entry> {
    Reader::open(folder).unwrap().map(|stored| stored.unwrap().entry().unwrap()).collect()
}

#[test]
fn many_write_one_after_the_other_and_nothing_is_lost() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("hooks");
    let write = |from: u64| {
        for n in from..from + 25 {
            // A handle each, as a process each would have.
            let grade = if n % 2 == 0 { Grade::Durable } else { Grade::Written };
            let _ = Ledger::common(&folder).append_blocking(&hooked(n), grade).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for from in [0, 100, 200, 300] {
            scope.spawn(move || write(from));
        }
    });
    let mut ids: Vec<_> = read(&folder)
        .iter()
        .map(|entry| match entry {
            Entry::Decision(entry) => entry.id,
            other => panic!("{other:?}"),
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
}

#[test]
fn a_gate_that_starts_beside_it_leaves_it_alone() {
    let root = tempfile::tempdir().unwrap();
    let common = Ledger::common(&root.path().join("hooks"));
    let _ = common.append_blocking(&hooked(1), Grade::Durable).unwrap();
    let (own, recovered) = Ledger::open_own(root.path(), "g_1", at(2), LedgerOptions::default()).unwrap();
    assert!(recovered.open.is_empty() && recovered.troubles.is_empty(), "{recovered:?}");
    let _ = common.append_blocking(&hooked(2), Grade::Written).unwrap();
    common.check().unwrap();
    own.close();
    assert_eq!(read(&root.path().join("hooks")), [hooked(1), hooked(2)]);
}

#[test]
fn a_torn_tail_is_cut_by_the_next() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("hooks");
    let _ = Ledger::common(&folder).append_blocking(&hooked(1), Grade::Durable).unwrap();
    let segment = folder.join("0000000000.seg");
    // What a write that was cut off leaves: the beginning of a record where the next one goes.
    let bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut torn = bytes.clone();
    torn[end + 8..end + 16].copy_from_slice(&[7; 8]);
    std::fs::write(&segment, torn).unwrap();
    let _ = Ledger::common(&folder).append_blocking(&hooked(2), Grade::Durable).unwrap();
    assert_eq!(read(&folder), [hooked(1), hooked(2)]);
}

#[test]
fn a_log_grows_by_segments() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("hooks");
    for n in 0..600 {
        let _ = Ledger::common(&folder).append_blocking(&hooked(n), Grade::Written).unwrap();
    }
    assert!(std::fs::read_dir(&folder).unwrap().count() > 2, "a segment and the lock");
    assert_eq!(read(&folder).len(), 600);
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Ledger::common(&file.join("hooks")).append_blocking(&hooked(1), Grade::Written).unwrap_err();
    assert!(matches!(error, LedgerError::Io { .. }), "{error}");
}

#[test]
fn a_gate_s_own_log_takes_entries_from_threads_too() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(root.path(), LedgerOptions::default()).unwrap();
    for grade in [Grade::Durable, Grade::Written] {
        let _ = ledger.append_blocking(&hooked(1), grade).unwrap();
    }
    ledger.close();
    assert!(ledger.append_blocking(&hooked(1), Grade::Written).is_err());
    let (_, recovered) = Ledger::open(root.path(), LedgerOptions::default()).unwrap();
    assert!(recovered.open.is_empty(), "nobody waits for the outcome of what an agent carries out");
}
