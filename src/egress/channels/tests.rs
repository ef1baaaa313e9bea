use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::spdy::tests::{control, data, opening};

const PLAIN: Framing = Framing::Channels { is_base64: false, closes: false };
const CLOSING: Framing = Framing::Channels { is_base64: false, closes: true };
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's WebSocket frame of at most 125 bytes.
fn framed(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

fn binary(payload: &[u8]) -> Vec<u8> {
    framed(0x82, payload)
}

const fn program(stdin: bool) -> Purpose {
    Purpose::Program { stdin }
}

fn forward(ports: &[u16]) -> Purpose {
    Purpose::Forward { ports: ports.to_vec(), is_named: !ports.is_empty() }
}

/// What is read of these bytes in pieces of so many, and how many of them pass.
fn read(purpose: &Purpose, framing: Framing, bytes: &[u8], steps: &[usize]) -> (Streamed, usize) {
    let mut follower = follower(purpose.clone(), framing);
    let (mut at, mut passed) = (0, 0);
    for step in steps.iter().cycle() {
        let end = (at + step).min(bytes.len());
        let passes = follower.follow(&bytes[at..end]);
        assert!(passes == end - at || follower.breach().is_some());
        (at, passed) = (end, passed + passes);
        if at == bytes.len() {
            break;
        }
    }
    (follower.streamed(), passed)
}

fn follower(purpose: Purpose, framing: Framing) -> Follower {
    let carrier = match framing {
        Framing::Channels { is_base64, closes } => {
            Carrier::Channels { frames: Passing::default(), message: Message::Begun, is_base64, closes }
        }
        Framing::Tunnel => Carrier::Tunnel(Passing::default(), Box::default()),
        Framing::Spdy => Carrier::Spdy(Box::default()),
        Framing::Raw => Carrier::Raw,
    };
    Follower { carrier, streams: Streams::of(purpose, framing), breach: None }
}

/// `stdin 3, ports 80, cut: why`, whichever way the bytes are cut.
#[track_caller]
fn check(purpose: &Purpose, framing: Framing, frames: &[Vec<u8>], expected: &str) {
    let bytes = frames.concat();
    for steps in [&[usize::MAX >> 1][..], &[1], &[7, 1, 3]] {
        let Streamed { sent, ports, cut } = read(purpose, framing, &bytes, steps).0;
        let mut said: Vec<String> = sent.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
        said.extend(ports.iter().map(|port| format!("port {port}")));
        said.extend(cut.map(|cut| format!("cut: {cut}")));
        assert_eq!(said.join(", "), expected, "{frames:02x?} by {steps:?}");
    }
}

const INPUT: &str = "cut: input that the opening did not ask for";

#[test]
fn channels_of_a_program() {
    let (asked, silent) = (program(true), program(false));
    check(
        &asked,
        PLAIN,
        &[binary(b"\0ls\n"), framed(0x81, b"\x04{}"), binary(b"\0"), binary(b"")],
        "resize 2, stdin 3",
    );
    check(
        &asked,
        PLAIN,
        &[framed(0x02, b""), framed(0x00, b"\0a"), framed(0x89, b"p"), framed(0x80, b"bc")],
        "stdin 3",
    );
    check(&silent, PLAIN, &[binary(b"\x04{}"), binary(b"\0"), framed(0x88, b"\x03\xe8")], "resize 2");
    check(&silent, PLAIN, &[binary(b"\0x")], INPUT);
    check(&silent, PLAIN, &[framed(0x02, b"\0"), framed(0x80, b"x")], INPUT);
    for channel in [1, 2, 3, 5, 254, 255] {
        let why = format!("cut: bytes for channel {channel}, to which clients do not write");
        check(&asked, PLAIN, &[binary(&[channel, b'x'])], &why);
    }
    let is_base64 = Framing::Channels { is_base64: true, closes: false };
    check(&asked, is_base64, &[framed(0x81, b"0bHM="), framed(0x81, b"4e30=")], "resize 4, stdin 4");
    check(&silent, is_base64, &[framed(0x81, b"0bHM=")], INPUT);
    check(&asked, is_base64, &[binary(b"\0ls")], "cut: bytes for channel 208, to which clients do not write");
}

#[test]
fn channels_are_closed_one_by_one() {
    let asked = program(true);
    check(&asked, CLOSING, &[binary(b"\0ls"), binary(&[255, 0])], "stdin 2");
    for payload in [&[255][..], &[255, 0, 0], &[255, 1], &[255, 255]] {
        check(&asked, CLOSING, &[binary(payload)], "cut: a message that closes no channel");
    }
}

#[test]
fn frames_are_read_strictly() {
    let asked = program(true);
    let why = |fault: websocket::Fault| format!("cut: {fault}");
    check(&asked, PLAIN, &[vec![0x82, 0x02, 0, 1]], &why(websocket::Fault::Masking));
    check(&asked, PLAIN, &[framed(0xc2, b"\0x")], &why(websocket::Fault::Reserved));
    check(&asked, PLAIN, &[framed(0x80, b"\0x")], &why(websocket::Fault::Fragments));
    check(
        &asked,
        PLAIN,
        &[framed(0x02, b"\0x"), binary(b"\0x")],
        &format!("stdin 1, {}", why(websocket::Fault::Fragments)),
    );
    check(&asked, PLAIN, &[binary(b"\0x"), framed(0x88, b"\x03\xe8"), framed(0x88, b"")], "stdin 1");
    check(&asked, PLAIN, &[framed(0x88, b""), binary(b"\0x")], &why(websocket::Fault::Closed));
}

#[test]
fn ports_that_the_opening_names_have_channels() {
    let two = forward(&[8080, 9090]);
    check(&two, PLAIN, &[binary(b"\0GET"), binary(b"\x02x")], "data 4, port 8080, port 9090");
    for channel in [1, 3, 4] {
        let why = format!("port 8080, port 9090, cut: bytes for channel {channel}, to which clients do not write");
        check(&two, PLAIN, &[binary(&[channel, b'x'])], &why);
    }
    check(&forward(&[]), PLAIN, &[binary(b"\0x")], "cut: bytes for channel 0, to which clients do not write");
}

/// Openings of streams by type and port.
fn streams(all: &[(&str, &str)]) -> Vec<u8> {
    let opening = |(n, (kind, port)): (usize, &(&str, &str))| {
        let headers = [("streamtype", *kind), ("port", *port), ("requestid", "0")];
        opening(u32::try_from(2 * n + 1).unwrap(), n == 0, if port.is_empty() { &headers[..1] } else { &headers })
    };
    all.iter().enumerate().flat_map(opening).collect()
}

#[test]
fn streams_of_a_program() {
    let four = streams(&[("error", ""), ("stdin", ""), ("stdout", ""), ("resize", "")]);
    let asked = program(true);
    let closed = data(1, 1, b"");
    check(&asked, Framing::Spdy, &[four.clone(), closed, data(3, 0, b"ls\n"), data(7, 1, b"{}")], "resize 2, stdin 3");
    // Late, and dropped by the server.
    check(&asked, Framing::Spdy, &[four.clone(), control(3, 0, &[0, 0, 0, 3, 0, 0, 0, 5]), data(3, 0, b"x")], "");
    check(&program(false), Framing::Spdy, std::slice::from_ref(&four), INPUT);
    check(&program(false), Framing::Spdy, &[streams(&[("error", ""), ("stdout", "")])], "");
    let why = "cut: bytes for a stream to which clients do not write";
    check(&asked, Framing::Spdy, &[four.clone(), data(5, 0, b"x")], why);
    check(&asked, Framing::Spdy, &[four.clone(), data(9, 0, b"x")], why);
    check(&asked, Framing::Spdy, &[four, data(2, 0, b"x")], why);
    let why = "cut: a stream of a type that was not asked for";
    for wrong in [&[("data", "80")][..], &[("", "")], &[("stdin", ""), ("stdin", "")]] {
        check(&asked, Framing::Spdy, &[streams(wrong)], why);
    }
}

#[test]
fn streams_of_ports() {
    let pair = streams(&[("error", "8080"), ("data", "8080")]);
    for framing in [Framing::Spdy, Framing::Tunnel] {
        let wrapped = |bytes: &[u8]| match framing {
            Framing::Tunnel => bytes.chunks(100).flat_map(binary).collect(),
            _ => bytes.to_vec(),
        };
        let check = |purpose: &Purpose, frames: &[Vec<u8>], expected: &str| {
            check(purpose, framing, &[wrapped(&frames.concat())], expected);
        };
        let long = data(3, 0, &[0x80; 700]);
        check(&forward(&[]), &[pair.clone(), long.clone(), data(3, 1, b"")], "data 700, port 8080");
        check(&forward(&[8080]), &[pair.clone(), long], "data 700, port 8080");
        let why = "cut: a port that the opening did not name, or that cannot be read";
        check(&forward(&[80]), std::slice::from_ref(&pair), why);
        for port in ["0", "080", "+80", "65536", "http"] {
            check(&forward(&[]), &[streams(&[("data", port)])], why);
        }
        check(
            &forward(&[]),
            &[pair.clone(), data(1, 0, b"x")],
            "port 8080, cut: bytes for a stream to which clients do not write",
        );
        check(&forward(&[]), &[streams(&[("stdin", "80")])], "cut: a stream of a type that was not asked for");
    }
    check(&forward(&[]), Framing::Tunnel, &[framed(0x81, &pair[..20])], "cut: a text message in a tunnel");
    let many: Vec<(String, &str)> = (1..=257).map(|port: u16| (port.to_string(), "data")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(port, kind)| (*kind, port.as_str())).collect();
    let (said, _) = read(&forward(&[]), Framing::Spdy, &streams(&many), &[1000]);
    assert_eq!(said.cut.as_deref(), Some("more streams or ports than are followed"));
}

#[test]
fn what_only_listens_says_nothing() {
    assert_eq!(read(&Purpose::Listening, Framing::Raw, b"", &[1]).0, Streamed::default());
    check(&Purpose::Listening, Framing::Raw, &[b"x".to_vec()], INPUT);
}

#[test]
fn nothing_of_a_breach_passes() {
    let (good, bad) = (binary(b"\x04{}"), binary(b"\0rm -rf /"));
    let all = Bytes::from([good.clone(), bad].concat());
    let (_, passed) = read(&program(false), PLAIN, &all, &[1000]);
    assert_eq!(passed, good.len());
    for step in 1..all.len() {
        // At most the head and the channel, one byte at a time.
        assert!(read(&program(false), PLAIN, &all, &[step]).1 <= good.len() + 7, "{step}");
    }
}

fn framings() -> impl Strategy<Value = (Purpose, Framing)> {
    let purpose = prop_oneof![any::<bool>().prop_map(program), Just(forward(&[])), Just(forward(&[80, 81]))];
    (purpose, prop_oneof![Just(PLAIN), Just(CLOSING), Just(Framing::Tunnel), Just(Framing::Spdy)])
}

proptest! {
    #[test]
    fn hostile_bytes_are_read_the_same_however_they_are_cut(
        (purpose, framing) in framings(),
        frames in prop::collection::vec((any::<u8>(), prop::collection::vec(0u8..8, 0..20)), 0..12),
        is_framed in any::<bool>(),
        tail in prop::collection::vec(any::<u8>(), 0..20),
        steps in prop::collection::vec(1usize..30, 1..20),
    ) {
        let mut bytes = if framing == Framing::Spdy { streams(&[("error", ""), ("stdout", "")]) } else { vec![] };
        for (first, payload) in &frames {
            let kinds = [0x82, 0x81, 0x02, 0x80, 0x00, 0x89];
            let first = if is_framed { kinds[usize::from(*first) % kinds.len()] } else { *first };
            bytes.extend(if framing == Framing::Spdy { data(u32::from(first) % 6, 0, payload) } else { framed(first, payload) });
        }
        bytes.extend(tail);
        prop_assert_eq!(read(&purpose, framing, &bytes, &steps).0, read(&purpose, framing, &bytes, &[usize::MAX >> 1]).0);
    }
}
