use proptest::prelude::*;

use super::*;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, Some(MASK)).to_vec()
}

fn reader(bytes: &[u8]) -> Reader {
    Reader::new(BytesMut::from(bytes))
}

/// What a client's bytes hold: texts, and controls by their first byte.
fn pieces(bytes: &[u8]) -> Result<Vec<String>, Fault> {
    let mut reader = reader(bytes);
    let mut all = Vec::new();
    while let Some(piece) = reader.piece()? {
        all.push(match piece {
            Piece::Message(message) => String::from_utf8_lossy(message.text()).into_owned(),
            Piece::Control(control) => format!("{:02x}", control.into_raw()[0]),
        });
    }
    Ok(all)
}

#[test]
fn a_head_has_one_reading() {
    use Fault::{Control, Masking, Reserved};
    let check = |bytes: &[u8], side, expected: Result<Option<(u64, usize)>, Fault>| {
        let read = Header::read(bytes, side).map(|head| head.map(|head| (head.payload_bytes, head.bytes)));
        assert_eq!(read, expected, "{bytes:02x?}");
    };
    // RFC 6455, section 5.7.
    check(&[0x81, 0x05, 0x48], Side::Server, Ok(Some((5, 2))));
    check(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f], Side::Client, Ok(Some((5, 6))));
    check(&[0x82, 0x7e, 0x01, 0x00], Side::Server, Ok(Some((256, 4))));
    check(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], Side::Server, Ok(Some((65_536, 10))));
    for cut in [&[][..], &[0x81], &[0x81, 0x85], &[0x81, 0x85, 1, 2, 3], &[0x81, 0xfe, 1], &[0x81, 0xff, 0, 0, 0, 0]] {
        check(cut, Side::Client, Ok(None));
    }
    check(&[0x81, 0x05], Side::Client, Err(Masking));
    check(&[0x81, 0x85], Side::Server, Err(Masking));
    // Compressed, and bits that mean nothing yet.
    for first in [0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f] {
        check(&[first, 0x85], Side::Client, Err(Reserved));
    }
    // Lengths in more bytes than they take.
    check(&[0x81, 0x7e, 0, 125], Side::Server, Err(Reserved));
    check(&[0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Side::Server, Err(Reserved));
    check(&[0x81, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], Side::Server, Err(Reserved));
    // Controls in pieces, or too long.
    check(&[0x09, 0x00], Side::Server, Err(Control));
    check(&[0x88, 0x7e, 0, 126], Side::Server, Err(Control));
}

#[test]
fn messages_are_put_together_and_stay_as_they_came() {
    let parts = [masked(0x01, b"{\"a\""), masked(0x89, b"hi"), masked(0x00, b""), masked(0x80, b":1}")];
    let all = parts.concat();
    assert_eq!(pieces(&all), Ok(vec!["89".to_owned(), "{\"a\":1}".to_owned()]));
    let mut reader = reader(&all);
    let Ok(Some(Piece::Control(ping))) = reader.piece() else { panic!("no ping") };
    assert_eq!(ping.into_raw(), parts[1]);
    let Ok(Some(Piece::Message(message))) = reader.piece() else { panic!("no message") };
    assert_eq!(message.into_raw(), [&*parts[0], &parts[2], &parts[3]].concat());
}

#[test]
fn what_is_no_message_ends_the_connection() {
    let check = |frames: &[Vec<u8>], expected| assert_eq!(pieces(&frames.concat()), Err(expected));
    check(&[masked(0x82, b"{}")], Fault::Binary);
    check(&[masked(0x02, b"{}")], Fault::Binary);
    check(&[masked(0x80, b"{}")], Fault::Fragments);
    check(&[masked(0x01, b"{"), masked(0x81, b"{}")], Fault::Fragments);
    check(&[masked(0x01, b"{"), masked(0x82, b"{}")], Fault::Binary);
    check(&[frame(0x81, b"{}", None).to_vec()], Fault::Masking);
    // By its head alone: not a byte of it is waited for.
    check(&[vec![0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4]], Fault::Oversized);
    let piece = masked(0x00, &vec![b'a'; MESSAGE_BYTES_MAX / 2]);
    check(&[masked(0x01, b"a"), piece.clone(), piece], Fault::Oversized);
    // Empty pieces without end.
    let empty: Vec<Vec<u8>> = std::iter::once(masked(0x01, b"")).chain(vec![masked(0x00, b""); 20_000]).collect();
    check(&empty, Fault::Oversized);
    // The largest that is read.
    let largest = masked(0x81, &vec![b'a'; MESSAGE_BYTES_MAX]);
    assert_eq!(pieces(&largest).map(|all| all[0].len()), Ok(MESSAGE_BYTES_MAX));
}

#[test]
fn an_end_is_said_within_its_room() {
    assert_eq!(close(POLICY, "no", None)[..], [0x88, 4, 3, 0xf0, b'n', b'o']);
    let long = close(POLICY, &"é".repeat(100), None);
    assert_eq!((long.len(), long[1]), (2 + 124, 124));
    let read = Header::read(&close(GOING_AWAY, "", Some(MASK)), Side::Client);
    assert!(matches!(read, Ok(Some(Header { opcode: Opcode::Close, payload_bytes: 2, .. }))), "{read:?}");
}

/// Messages, each with the sizes of its pieces, and whether a ping stands between them.
fn said() -> impl Strategy<Value = Vec<(String, Vec<usize>, bool)>> {
    let message = ("[a-z\"{}é]{0,300}", prop::collection::vec(0usize..200, 0..4), any::<bool>());
    prop::collection::vec(message, 1..5)
}

/// The frames of a message.
fn in_pieces(text: &str, cuts: &[usize], pings: bool, mask: Option<[u8; 4]>) -> Vec<u8> {
    let (mut rest, mut out, mut opcode) = (text.as_bytes(), Vec::new(), 0x01);
    for cut in cuts {
        let (piece, left) = rest.split_at((*cut).min(rest.len()));
        out.extend_from_slice(&frame(opcode, piece, mask));
        if pings {
            out.extend_from_slice(&frame(0x89, b"?", mask));
        }
        (rest, opcode) = (left, 0x00);
    }
    out.extend_from_slice(&frame(0x80 | opcode, rest, mask));
    out
}

proptest! {
    #[test]
    fn however_it_is_cut_the_same_is_read(all in said(), steps in prop::collection::vec(1usize..50, 1..20)) {
        let bytes: Vec<u8> =
            all.iter().flat_map(|(text, cuts, pings)| in_pieces(text, cuts, *pings, Some(MASK))).collect();
        let (mut reader, mut texts, mut at) = (Reader::default(), Vec::new(), 0);
        for step in steps.iter().cycle() {
            let end = (at + step).min(bytes.len());
            reader.unread().extend_from_slice(&bytes[at..end]);
            at = end;
            while let Some(piece) = reader.piece().unwrap() {
                if let Piece::Message(message) = piece {
                    texts.push(String::from_utf8(message.text().to_vec()).unwrap());
                }
            }
            if at == bytes.len() {
                break;
            }
        }
        prop_assert_eq!(texts, all.into_iter().map(|(text, ..)| text).collect::<Vec<_>>());
    }

    #[test]
    fn places_between_messages_are_found(all in said(), steps in prop::collection::vec(1usize..50, 1..20)) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (text, cuts, pings) in &all {
            bytes.extend(in_pieces(text, cuts, *pings, None));
            ends.push(bytes.len());
        }
        let (mut outline, mut at, mut found) = (Outline::default(), 0, Vec::new());
        for step in steps.iter().cycle() {
            let end = (at + step).min(bytes.len());
            while at < end {
                at += outline.follow(&bytes[at..end]).unwrap();
                if outline.is_between() {
                    found.push(at);
                }
            }
            if at == bytes.len() {
                break;
            }
        }
        prop_assert_eq!(found, ends);
    }

    #[test]
    fn nothing_makes_it_panic_or_hold_more_than_it_may(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut reader = reader(&bytes);
        while let Ok(Some(_)) = reader.piece() {}
        let mut outline = Outline::default();
        let mut at = 0;
        while at < bytes.len() {
            match outline.follow(&bytes[at..]) {
                Ok(followed) => at += followed,
                Err(_) => break,
            }
        }
    }
}
