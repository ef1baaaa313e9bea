use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{answered, entries, forwarded, id, read, refused, runtime};
use crate::record::disk::{Disk, Faults};
use crate::record::{Entry, GapCause, Grade, Ledger, LedgerError, LedgerOptions, Outcome, OutcomeEntry};

struct Bench {
    folder: tempfile::TempDir,
    disk: Disk,
    ledger: Ledger,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        Self::with(LedgerOptions::default())
    }

    fn with(options: LedgerOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let (ledger, _) = Ledger::open_on(disk.clone(), folder.path(), options).unwrap();
        Self { folder, disk, ledger, runtime: runtime() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fail(&self, faults: Faults) {
        *self.disk.faults.lock().unwrap() = faults;
    }

    fn append(&self, entry: &Entry, grade: Grade) -> Result<u64, LedgerError> {
        self.runtime.block_on(self.ledger.append(entry, grade)).map(|receipt| receipt.sequence())
    }

    /// What stands at the end: `(entries, the one gap)`.
    fn finish(self) -> (Vec<Entry>, crate::record::GapEntry) {
        drop(self.ledger);
        let all = entries(self.folder.path());
        assert!(!self.folder.path().join("lock").exists());
        let (gaps, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|entry| matches!(entry, Entry::Gap(_)));
        let [Entry::Gap(gap)] = &gaps[..] else { panic!("{gaps:?}") };
        (rest, gap.clone())
    }
}

/// A write that stops after any number of bytes leaves nothing behind, and the log goes on when the fault ends.
#[test]
fn a_full_disk_turns_everything_away_and_is_over_when_it_is_over() {
    for room in [0, 1, 40, 48, 100, 700, 1_000, 20_000] {
        for grade in [Grade::Written, Grade::Durable] {
            let bench = Bench::new();
            assert_eq!(bench.append(&refused(0), grade).unwrap(), 0);
            bench.fail(Faults { write: Some(ErrorKind::StorageFull), room, ..Faults::default() });
            let mut turned_away = 0;
            let mut stood = vec![refused(0)];
            for n in 1..60 {
                match bench.append(&refused(n), grade) {
                    Ok(sequence) => {
                        assert_eq!(sequence, stood.len() as u64);
                        stood.push(refused(n));
                    }
                    Err(error) => {
                        assert!(error.to_string().contains("cannot"), "{error}");
                        turned_away += 1;
                    }
                }
            }
            assert!(turned_away > 0, "room {room}");
            // Nobody waits for an outcome: it is kept.
            bench.ledger.note(&answered(0, 70));
            bench.fail(Faults::default());
            bench.append(&refused(80), grade).unwrap();
            stood.extend([answered(0, 70), refused(80)]);
            let (rest, gap) = bench.finish();
            assert_eq!(rest, stood, "room {room}");
            assert_eq!((gap.cause, gap.turned_away, gap.lost), (GapCause::Unwritable, turned_away, 0));
            assert!(gap.since.unwrap() < gap.at && gap.why.contains("0000000000.seg"), "{gap:?}");
        }
    }
}

#[test]
fn a_crash_while_the_disk_is_full_loses_nothing_acknowledged() {
    for room in [1, 48, 700, 1_400] {
        let bench = Bench::new();
        bench.append(&refused(0), Grade::Durable).unwrap();
        bench.fail(Faults { write: Some(ErrorKind::StorageFull), room, ..Faults::default() });
        let mut stood = 1;
        for n in 1..5 {
            stood += u64::from(bench.append(&refused(n), Grade::Written).is_ok());
        }
        // As the dead gate leaves it: the file as it is, in a folder of its own.
        let copy = tempfile::tempdir().unwrap();
        fs::copy(bench.path().join("0000000000.seg"), copy.path().join("0000000000.seg")).unwrap();
        let (ledger, recovered) = Ledger::open(copy.path(), LedgerOptions::default()).unwrap();
        assert_eq!((recovered.entries, recovered.troubles), (stood, vec![]), "room {room}");
        drop(ledger);
        assert_eq!(entries(copy.path()).len() as u64, stood);
    }
}

#[test]
fn a_failed_sync_gives_no_durable_receipt_and_says_so_in_the_log() {
    let bench = Bench::new();
    bench.append(&forwarded(0), Grade::Durable).unwrap();
    bench.fail(Faults { sync: Some(ErrorKind::Other), ..Faults::default() });
    bench.append(&forwarded(1), Grade::Written).unwrap();
    bench.append(&forwarded(2), Grade::Durable).unwrap_err();
    bench.append(&refused(3), Grade::Written).unwrap_err();
    bench.append(&refused(4), Grade::Durable).unwrap_err();
    bench.fail(Faults::default());
    bench.append(&refused(5), Grade::Durable).unwrap();
    let (rest, gap) = bench.finish();
    assert_eq!((gap.cause, gap.turned_away), (GapCause::Unwritable, 3));
    let [first, second, third, unsent, last] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!([first, second, third, last], [&forwarded(0), &forwarded(1), &forwarded(2), &refused(5)]);
    // It stands, but its writer was turned away: nothing was sent on it.
    let Entry::Outcome(OutcomeEntry { id: of, outcome: Outcome::Unreachable { .. }, .. }) = unsent else { panic!() };
    assert_eq!(*of, id(2));
}

#[test]
fn a_log_that_is_removed_underneath_turns_away_and_goes_on_in_a_new_segment() {
    let bench = Bench::new();
    bench.append(&refused(0), Grade::Durable).unwrap();
    fs::remove_file(bench.path().join("0000000000.seg")).unwrap();
    let error = bench.append(&forwarded(1), Grade::Durable).unwrap_err();
    assert!(matches!(error, LedgerError::Missing { .. }), "{error}");
    bench.append(&refused(2), Grade::Durable).unwrap();
    let (rest, gap) = bench.finish();
    assert_eq!(rest, [refused(2)]);
    assert_eq!(gap.turned_away, 1);
    assert!(gap.why.contains("removed or replaced"), "{gap:?}");
}

#[test]
fn a_folder_that_is_removed_underneath_is_made_again() {
    let bench = Bench::new();
    bench.append(&refused(0), Grade::Durable).unwrap();
    fs::remove_dir_all(bench.path()).unwrap();
    bench.append(&refused(1), Grade::Written).unwrap_err();
    bench.append(&refused(2), Grade::Written).unwrap();
    let error = Ledger::open(bench.path(), LedgerOptions::default()).unwrap_err();
    assert!(matches!(error, LedgerError::Held { .. }), "{error}");
    let (rest, _) = bench.finish();
    assert_eq!(rest, [refused(2)]);
}

#[test]
fn a_segment_that_cannot_be_begun_is_begun_later() {
    let bench = Bench::with(LedgerOptions { segment_bytes: 8 * 1024 });
    bench.fail(Faults { create: Some(ErrorKind::StorageFull), ..Faults::default() });
    let fitted = (0..20).take_while(|n| bench.append(&refused(*n), Grade::Durable).is_ok()).count() as u64;
    assert!((2..20).contains(&fitted), "{fitted}");
    bench.append(&refused(50), Grade::Written).unwrap_err();
    bench.fail(Faults::default());
    bench.append(&refused(60), Grade::Written).unwrap();
    let (rest, gap) = bench.finish();
    assert_eq!(rest.len() as u64, fitted + 1);
    assert_eq!(gap.turned_away, 2);
}

#[test]
fn a_close_that_cannot_write_leaves_the_lock_file_for_the_next_start() {
    let bench = Bench::new();
    bench.append(&forwarded(0), Grade::Durable).unwrap();
    bench.fail(Faults { write: Some(ErrorKind::StorageFull), ..Faults::default() });
    bench.ledger.note(&answered(0, 1));
    bench.ledger.close();
    assert!(bench.path().join("lock").exists());
    let (ledger, recovered) = Ledger::open(bench.path(), LedgerOptions::default()).unwrap();
    assert_eq!(recovered.open, [id(0)]);
    drop(ledger);
    assert_eq!(entries(bench.path()), [forwarded(0)]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_found_out_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for faults in [
        Faults { create: Some(ErrorKind::PermissionDenied), ..Faults::default() },
        Faults { write: Some(ErrorKind::StorageFull), ..Faults::default() },
        Faults { sync: Some(ErrorKind::Other), ..Faults::default() },
    ] {
        let disk = Disk::default();
        *disk.faults.lock().unwrap() = faults;
        let error = Ledger::open_on(disk, folder.path(), LedgerOptions::default()).unwrap_err();
        assert!(matches!(error, LedgerError::Io { .. }), "{error}");
    }
    let (stored, damages) = read(folder.path());
    assert_eq!((stored.len(), damages.len()), (0, 0));
}
