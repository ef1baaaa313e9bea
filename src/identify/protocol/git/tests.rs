//! Packs made here, in the order in which git writes them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::commands;
use super::pack::{History, Pack};

/// A pack under construction.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    count: u32,
}

impl Made {
    fn entry(&mut self, kind: u8, size: usize, between: &[u8], content: &[u8]) -> usize {
        let at = self.bytes.len() + 12;
        let (mut byte, mut left) = (kind << 4 | (size & 15) as u8, size >> 4);
        while left > 0 {
            self.bytes.push(byte | 0x80);
            byte = (left & 0x7f) as u8;
            left >>= 7;
        }
        self.bytes.push(byte);
        self.bytes.extend_from_slice(between);
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(content).unwrap();
        self.bytes.extend(packed.finish().unwrap());
        self.count += 1;
        at
    }

    fn whole(&self) -> Vec<u8> {
        [&b"PACK\0\0\0\x02"[..], &self.count.to_be_bytes(), &self.bytes].concat()
    }
}

fn commit(parents: &[&str], text: &str) -> (String, Vec<u8>) {
    let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
    let content =
        format!("tree {}\n{parents}author a\ncommitter a\n\nparent {}\n{text}\n", "0".repeat(40), "9".repeat(40));
    let content = content.into_bytes();
    (super::pack::ids(&content)[0].clone(), content)
}

fn old() -> String {
    "1".repeat(40)
}

#[test]
fn ids_are_those_of_git() {
    // The empty commit text of `git hash-object -t commit --literally /dev/null`.
    assert_eq!(super::pack::ids(b"")[0], "dcf5b16e76cce7425d0beaef62d79a7d10fce1f5");
}

#[test]
fn a_chain_is_followed_as_far_as_the_pack_goes() {
    let check = |chain: &[(&str, bool)], cut: usize, expected: History| {
        let mut made = Made::default();
        let mut last = String::new();
        let mut all = vec![];
        for (parent, joined) in chain {
            let parents = if *joined { vec![last.as_str()] } else { vec![] };
            let parents: Vec<&str> = parents.into_iter().chain((!parent.is_empty()).then_some(*parent)).collect();
            let (id, content) = commit(&parents, parent);
            all.push(content);
            last = id;
        }
        // The newest first, as git has them.
        for content in all.iter().rev() {
            made.entry(1, content.len(), b"", content);
        }
        made.entry(2, 3, b"", b"abc");
        let whole = made.whole();
        let pack = Pack::read(&whole[..whole.len().saturating_sub(cut)]);
        assert_eq!(pack.history(&old(), &last), expected, "{chain:?} {cut}");
    };
    let (old, other) = (old(), "2".repeat(40));
    check(&[(&old, false)], 0, History::Forward);
    check(&[(&old, false), ("", true), ("", true)], 0, History::Forward);
    check(&[(&other, false), (&old, true)], 0, History::Forward);
    check(&[(&other, false), ("", true)], 0, History::Unproven);
    check(&[("", false), ("", true)], 0, History::Elsewhere);
    // The trees are cut off; then a commit is.
    check(&[(&old, false)], 5, History::Forward);
    check(&[(&old, false), ("", true)], 60, History::Unproven);
    check(&[(&old, false)], 5000, History::Unproven);
}

#[test]
fn without_a_pack_nothing_is_proved() {
    let new = "2".repeat(40);
    for bytes in
        [&b""[..], b"PACK", b"PACK\0\0\0\x02\0\0\0\0", b"PACK\0\0\0\x09\0\0\0\x01", b"KCAP\0\0\0\x02\0\0\0\x01abc"]
    {
        assert_eq!(Pack::read(bytes).history(&old(), &new), History::Unproven);
    }
}

#[test]
fn commits_that_are_written_as_differences_count_too() {
    let (base_id, base) = commit(&[&old()], "one");
    // Copy everything but the last four bytes, then insert.
    let copied = base.len() - 4;
    let mut text = base[..copied].to_vec();
    text.extend_from_slice(b"two\n");
    let size = |mut n: usize| {
        let mut out = vec![];
        while n > 0x7f {
            out.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out
    };
    let mut delta = [size(base.len()), size(text.len())].concat();
    delta.extend([0x80 | 0x10 | 0x20, (copied & 0xff) as u8, (copied >> 8) as u8]);
    delta.extend([4, b't', b'w', b'o', b'\n']);
    let id = super::pack::ids(&text)[0].clone();
    for by_id in [false, true] {
        let mut made = Made::default();
        let at = made.entry(1, base.len(), b"", &base);
        if by_id {
            made.entry(7, delta.len(), &data_encoding::HEXLOWER.decode(base_id.as_bytes()).unwrap(), &delta);
        } else {
            let mut back = made.bytes.len() + 12 - at;
            let mut offset = vec![(back & 0x7f) as u8];
            while back > 0x7f {
                back = (back >> 7) - 1;
                offset.insert(0, (back & 0x7f) as u8 | 0x80);
            }
            made.entry(6, delta.len(), &offset, &delta);
        }
        let pack = Pack::read(&made.whole());
        assert_eq!(pack.history(&old(), &id), History::Forward, "{by_id}");
    }
}

#[test]
fn a_commit_that_only_says_so_proves_nothing() {
    // Its id is another one than the command names.
    let (_, content) = commit(&[&old()], "x");
    let mut made = Made::default();
    made.entry(1, content.len(), b"", &content);
    // A size that does not fit, and a file that looks like a commit.
    made.entry(1, content.len() - 1, b"", &content);
    assert_eq!(Pack::read(&made.whole()).history(&old(), &"2".repeat(40)), History::Unproven);
    let (id, content) = commit(&[&old()], "y");
    let mut file = Made::default();
    file.entry(3, content.len(), b"", &content);
    assert_eq!(Pack::read(&file.whole()).history(&old(), &id), History::Unproven);
}

#[test]
fn what_unpacks_to_very_much_is_not_unpacked() {
    let mut made = Made::default();
    for _ in 0..4 {
        made.entry(3, 4 << 20, b"", &vec![0; 4 << 20]);
    }
    let (id, content) = commit(&[&old()], "late");
    made.entry(1, content.len(), b"", &content);
    assert_eq!(Pack::read(&made.whole()).history(&old(), &id), History::Unproven);
}

#[test]
fn pkt_lines_are_read_strictly() {
    let line = format!("{} {} refs/heads/a", old(), "2".repeat(40));
    for (body, commands) in [
        (format!("{:04x}{line}0000", line.len() + 4), Some(1)),
        (format!("{:04X}{line}0000", line.len() + 4), Some(1)),
        (format!("{:04x}{line}\n0000", line.len() + 5), Some(1)),
        (format!("{:04x}{line}", line.len() + 4), None),
        (format!("+{:03x}{line}0000", line.len() + 4), None),
        ("0004".into(), None),
        ("00".into(), None),
        ("0000".into(), Some(0)),
    ] {
        assert_eq!(commands::read(body.as_bytes()).map(|push| push.commands.len()), commands, "{body}");
    }
}

#[test]
fn a_certificate_is_read_only_as_git_writes_it() {
    let pkt = |text: &str| format!("{:04x}{text}", text.len() + 4);
    let check = |certificate: &[&str], expected: Option<usize>| {
        let lines: String = certificate.iter().map(|text| pkt(text)).collect();
        let body = format!("{}{lines}0000", pkt("push-cert\0 report-status\n"));
        let read = commands::read(body.as_bytes()).map(|push| push.commands.len());
        assert_eq!(read, expected, "{certificate:?}");
    };
    let (version, pusher, end) = ("certificate version 0.1\n", "pusher a <a@b> 1 +0000\n", "push-cert-end\n");
    let gone = format!("{} {} refs/heads/main\n", old(), "0".repeat(40));
    let gone = gone.as_str();
    let (begin, signature) = ("-----BEGIN SSH SIGNATURE-----\n", "U1NIU0lH\n");
    check(&[version, pusher, "\n", gone, begin, signature, "-----END SSH SIGNATURE-----\n", end], Some(1));
    check(&[version, "\n", gone, gone, end], Some(2));
    check(&[version, "\n", gone, "-----BEGIN PGP SIGNATURE-----\n", "Version: x\n", "\n", "abc\n", end], Some(1));
    // What git joins: headers with a command, a command in two parts, what ends at a NUL, a signature at a command.
    check(&[&format!("{version}{pusher}\n{gone}"), end], None);
    check(&[&format!("{version}{pusher}\n"), gone.split_at(50).0, gone.split_at(50).1, end], None);
    check(&[version, "\n", gone.split_at(50).0, gone.split_at(50).1, end], None);
    check(&[version, "\n\0x", gone, end], None);
    check(&[version, pusher, &format!("\n{gone}"), "\n", end], None);
    check(&[version, "\n", &format!("{gone}{begin}"), end], None);
    check(&[version, "\n", gone.trim_end(), begin, end], None);
    // Commands where none belong, or none at all; two signatures; an unknown one.
    check(&[version, pusher, "\n", begin, signature, end], None);
    check(&[version, "\n", gone, begin, gone, end], None);
    check(&[version, gone, "\n", gone, end], None);
    check(&[version, "\n", gone, begin, signature, begin, end], None);
    check(&[version, "\n", gone, "-----BEGIN X-----\n", end], None);
    check(&["\n", gone, end], None);
    check(&[version, "\n", gone, "push-cert-end"], None);
    check(&[version, "\n", gone], None);
    check(&[version, "\n", gone, "push-cert-end\n\0"], None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_packs_are_read_without_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let _ = Pack::read(&[&b"PACK\0\0\0\x02\0\0\xff\xff"[..], &bytes].concat());
        let _ = commands::read(&bytes);
        let (id, content) = commit(&["3".repeat(40).as_str()], "x");
        let mut made = Made::default();
        made.entry(1, content.len(), b"", &content);
        let mut whole = made.whole();
        for (at, byte) in flips {
            let at = at.index(whole.len());
            whole[at] = byte;
        }
        // No change of a byte makes a proof of what was none.
        prop_assert!(Pack::read(&whole).history(&old(), &id) != History::Forward);
    }
}
