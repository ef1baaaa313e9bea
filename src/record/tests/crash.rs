use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{entries, forwarded, read, refused, runtime, start};
use crate::record::{Entry, GapCause, Grade, Ledger, LedgerOptions, Trouble};

const SEGMENT: &str = "0000000000.seg";

/// A closed log of these entries in one segment; where each record begins, and the end.
fn make(folder: &Path, entries: &[Entry]) -> Vec<u64> {
    let (ledger, _) = Ledger::open(folder, LedgerOptions::default()).unwrap();
    entries.iter().for_each(|entry| ledger.note(entry));
    drop(ledger);
    let mut starts = vec![4096];
    for entry in entries {
        starts.push(starts.last().unwrap() + 48 + serde_json::to_vec(entry).unwrap().len() as u64);
    }
    assert_eq!(fs::metadata(folder.join(SEGMENT)).unwrap().len(), *starts.last().unwrap());
    starts
}

#[test]
fn a_torn_tail_is_cut_at_every_byte_and_nothing_else_is() {
    let made = tempfile::tempdir().unwrap();
    let written = [forwarded(1), start(2, vec![]), start(3, vec![]), start(4, vec![])];
    let starts = make(made.path(), &written);
    let bytes = fs::read(made.path().join(SEGMENT)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SEGMENT);
    // With and without the preallocated zeros behind the cut.
    for zeros in [0, 5_000] {
        for cut in starts[1]..=*starts.last().unwrap() {
            let mut torn = bytes[..usize::try_from(cut).unwrap()].to_vec();
            let real = torn.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
            torn.resize(torn.len() + zeros, 0);
            fs::write(&path, torn).unwrap();
            let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
            let (ledger, recovered) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
            assert_eq!(recovered.entries, whole as u64, "cut at {cut}");
            assert_eq!(recovered.cut_bytes, real.saturating_sub(starts[whole]), "cut at {cut}");
            assert_eq!(recovered.troubles, Vec::<String>::new());
            ledger.note(&refused(99));
            drop(ledger);
            let mut expected = written[..whole].to_vec();
            expected.push(refused(99));
            assert_eq!(entries(folder.path()), expected, "cut at {cut}");
            fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn every_flipped_bit_is_reported_at_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let written = [start(0, vec![]), start(1, vec![]), start(2, vec![])];
    let starts = make(folder.path(), &written);
    let path = folder.path().join(SEGMENT);
    let bytes = fs::read(&path).unwrap();
    for bit in 4096 * 8..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bad).unwrap();
        let hit = starts.iter().filter(|start| **start <= bit as u64 / 8).count() as u64 - 1;
        let (stored, damages) = read(folder.path());
        let sequences: Vec<u64> = stored.iter().map(|stored| stored.sequence()).collect();
        assert_eq!(sequences, (0..3).filter(|sequence| *sequence != hit).collect::<Vec<_>>(), "bit {bit}");
        let next = if hit == 2 { None } else { Some(hit + 1) };
        assert_eq!(damages.len(), 1, "bit {bit}");
        assert_eq!(damages[0].trouble, Trouble::Lost { first: hit, next }, "bit {bit}");
    }
    // The header: the records stand.
    for byte in (0..4096).step_by(7) {
        let mut bad = bytes.clone();
        bad[byte] ^= 1;
        fs::write(&path, bad).unwrap();
        let (stored, damages) = read(folder.path());
        assert_eq!(stored.len(), 3, "byte {byte}");
        assert_eq!(damages[0].trouble, Trouble::Header { first: 0 }, "byte {byte}");
    }
}

#[test]
fn damage_is_never_cut_and_a_new_segment_begins_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let starts = make(folder.path(), &[refused(0), refused(1), refused(2)]);
    let path = folder.path().join(SEGMENT);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(starts[1]).unwrap() + 100] ^= 4;
    fs::write(&path, &bytes).unwrap();
    let (ledger, recovered) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    assert_eq!((recovered.entries, recovered.cut_bytes), (3, 0));
    assert!(recovered.troubles[0].contains("record 1 is unreadable"), "{:?}", recovered.troubles);
    let receipt = runtime().block_on(ledger.append(&refused(4), Grade::Durable)).unwrap();
    assert_eq!(receipt.sequence(), 4, "the gap's own record comes first");
    assert_eq!(runtime().block_on(ledger.tree_head()).unwrap().base, 3);
    drop(ledger);
    assert_eq!(fs::read(&path).unwrap(), bytes, "evidence stays as it is");
    let (stored, damages) = read(folder.path());
    assert_eq!(damages.len(), 1);
    assert_eq!(damages[0].trouble, Trouble::Lost { first: 1, next: Some(2) });
    assert_eq!(stored.iter().map(|stored| stored.sequence()).collect::<Vec<_>>(), [0, 2, 3, 4]);
    let Entry::Gap(gap) = stored[2].entry().unwrap() else { panic!() };
    assert_eq!(gap.cause, GapCause::Damaged);
    assert!(gap.why.contains("record 1"), "{}", gap.why);
    let (_ledger, recovered) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
    assert_eq!(recovered.troubles, Vec::<String>::new(), "known by now");
    assert_eq!(recovered.entries, 5);
}

#[test]
fn an_unreadable_header_keeps_the_records_and_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let small = LedgerOptions { segment_bytes: 8 * 1024 };
    let (ledger, _) = Ledger::open(folder.path(), small.clone()).unwrap();
    for n in 0..10 {
        let _ = runtime().block_on(ledger.append(&refused(n), Grade::Written)).unwrap();
    }
    drop(ledger);
    let mut segments: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().path()).collect();
    segments.sort();
    assert!(segments.len() > 1);
    let last = segments.last().unwrap();
    let mut bytes = fs::read(last).unwrap();
    bytes[20] ^= 1;
    fs::write(last, &bytes).unwrap();
    let (ledger, recovered) = Ledger::open(folder.path(), small).unwrap();
    assert_eq!(recovered.entries, 10);
    assert_eq!(recovered.troubles.len(), 2, "{:?}", recovered.troubles);
    let receipt = runtime().block_on(ledger.append(&refused(11), Grade::Written)).unwrap();
    assert_eq!(receipt.sequence(), 11);
    drop(ledger);
    let (stored, damages) = read(folder.path());
    assert_eq!(stored.len(), 12);
    assert_eq!(damages.len(), 1);
}

#[test]
fn removed_and_exchanged_segments_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(folder.path(), LedgerOptions { segment_bytes: 8 * 1024 }).unwrap();
    for n in 0..20 {
        let _ = runtime().block_on(ledger.append(&refused(n), Grade::Written)).unwrap();
    }
    drop(ledger);
    let path = |n: u32| folder.path().join(format!("{n:010}.seg"));
    let removed = fs::read(path(1)).unwrap();
    fs::remove_file(path(1)).unwrap();
    let (stored, damages) = read(folder.path());
    assert!(
        matches!(damages[..], [ref one] if matches!(one.trouble, Trouble::Lost { next: Some(_), .. })),
        "{damages:?}"
    );
    assert!(stored.len() < 20);
    fs::copy(path(2), path(1)).unwrap();
    fs::write(path(2), removed).unwrap();
    let (_, damages) = read(folder.path());
    assert!(damages.iter().any(|damage| matches!(damage.trouble, Trouble::Order { .. })), "{damages:?}");
    // What came first may have been removed in good order.
    for n in [0, 1, 2] {
        fs::remove_file(path(n)).unwrap();
    }
    assert_eq!(read(folder.path()).1, []);
}

const CHILD: &str = "BLASTGATE_TEST_LEDGER_CHILD";

/// The child of the test below: appends and says what was acknowledged, until it is killed.
#[test]
fn child_that_appends() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let (ledger, _) = Ledger::open(Path::new(&folder), LedgerOptions { segment_bytes: 64 * 1024 }).unwrap();
    runtime().block_on(async {
        let writers = (0..4u64).map(|writer| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for n in 0.. {
                    let n = writer * 1_000_000 + n;
                    let grade = if n % 2 == 0 { Grade::Written } else { Grade::Durable };
                    let receipt = ledger.append(&refused(n), grade).await.unwrap();
                    // One write per line, so that lines of several writers do not mix.
                    let line = format!("@{} {n}\n", receipt.sequence());
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_gate_is_killed() {
    for lines in [1, 50, 333] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "record::tests::crash::child_that_appends", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        let mut killed = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some((sequence, n)) = line.split_once('@').and_then(|(_, rest)| rest.split_once(' ')) else { continue };
            // The line that the kill cuts short says nothing.
            let (Ok(sequence), Ok(n)) = (sequence.parse::<u64>(), n.parse::<u64>()) else { continue };
            acknowledged.push((sequence, n));
            if acknowledged.len() >= lines && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= lines);
        let (ledger, recovered) = Ledger::open(folder.path(), LedgerOptions::default()).unwrap();
        assert_eq!(recovered.troubles, Vec::<String>::new());
        drop(ledger);
        let stored = entries(folder.path());
        for (sequence, n) in &acknowledged {
            let Some(entry) = stored.get(usize::try_from(*sequence).unwrap()) else { panic!("{sequence} is lost") };
            // The last line may have been cut within its number.
            if Some((sequence, n)) != acknowledged.last().map(|(sequence, n)| (sequence, n)) {
                assert_eq!(*entry, refused(*n));
            }
        }
    }
}
