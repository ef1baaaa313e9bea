use proptest::prelude::*;

use super::{at, id};
use crate::record::LogId;
use crate::record::format::{Framed, Header, HeaderFault, OPEN_MAX, PREFIX, Step, frame, resync, step};
use crate::record::tree::{self, Tree};

fn header(leaves: u64, open: usize) -> Header {
    let mut tree = Tree::default();
    (0..leaves).for_each(|n| tree.push(tree::leaf(&n.to_le_bytes())));
    let open = (0..open as u64).map(id).collect();
    Header { log: LogId::new(at(0), 5), segment: 3, first: leaves + 10, at: at(9), base: 10, tree, open }
}

#[test]
fn headers_round_trip() {
    for (leaves, open) in [(0, 0), (1, 0), (7, 3), (1_000, 200), (u64::from(u16::MAX), OPEN_MAX)] {
        let header = header(leaves, open);
        let bytes = header.encode();
        assert_eq!(bytes.len() % 4096, 0);
        assert_eq!(Header::decode(&bytes), Ok((header.clone(), bytes.len())));
        let mut more = bytes.clone();
        more.extend_from_slice(b"records");
        assert_eq!(Header::decode(&more), Ok((header, bytes.len())));
    }
}

#[test]
fn of_too_many_open_decisions_the_newest_stand() {
    let (decoded, _) = Header::decode(&header(1, OPEN_MAX + 5).encode()).unwrap();
    assert_eq!(decoded.open.len(), OPEN_MAX);
    assert_eq!(decoded.open.first(), Some(&id(5)));
}

#[test]
fn every_flipped_bit_of_a_header_is_found() {
    let bytes = header(5, 2).encode();
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Header::decode(&bad).is_err(), "bit {bit}");
    }
    assert_eq!(Header::decode(&bytes[..4095]), Err(HeaderFault::Damaged));
    assert_eq!(Header::decode(&[]), Err(HeaderFault::Damaged));
    let mut later = bytes;
    later[8] = 2;
    assert_eq!(Header::decode(&later), Err(HeaderFault::Version(2)));
}

#[test]
fn a_record_is_framed_as_documented() {
    let payload = br#"{"kind":"stop","at":1}"#;
    let leaf = tree::leaf(payload);
    let mut bytes = Vec::new();
    frame(&mut bytes, 7, &leaf, payload);
    assert_eq!(bytes[..4], 22u32.to_le_bytes());
    assert_eq!(bytes[8..16], 7u64.to_le_bytes());
    assert_eq!(bytes[16..48], leaf);
    assert_eq!(&bytes[48..], payload);
    let covered: Vec<u8> = bytes[..4].iter().chain(&bytes[8..]).copied().collect();
    assert_eq!(bytes[4..8], crc32c::crc32c(&covered).to_le_bytes());
    assert_eq!(step(&bytes), Step::Record(Framed { sequence: 7, leaf: &leaf, payload }));
    for cut in 0..bytes.len() {
        assert!(matches!(step(&bytes[..cut]), Step::More(_)), "{cut}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(!matches!(step(&bad), Step::Record(_)), "bit {bit}");
    }
    assert_eq!(step(&[0; PREFIX]), Step::Nothing);
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = step(&bytes);
        let _ = Header::decode(&bytes);
        prop_assert_eq!(resync(&bytes, 0), None);
    }

    #[test]
    fn the_next_sound_record_is_found_behind_any_rubbish(rubbish in proptest::collection::vec(any::<u8>(), 1..200), text in "[ -~]{1,80}") {
        let payload = serde_json::to_vec(&text).unwrap();
        let mut bytes = rubbish.clone();
        frame(&mut bytes, 9, &tree::leaf(&payload), &payload);
        prop_assert_eq!(resync(&bytes, 9), Some((rubbish.len(), 9)));
        prop_assert_eq!(resync(&bytes, 10), None);
    }
}
