use proptest::prelude::*;

use super::*;

/// Three blocks of one direction, deflated by zlib itself with the dictionary and flushed.
const DEFLATED: [&str; 3] = [
    "78f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45e01c60616061c0c0c0c0590489c64c50f2663400000000ffff",
    "c2aa19540e2512d60b000000ffff",
    "02c96029c538e18149d8604b034b4c830d01000000ffff",
];

fn unhex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// A frame about the connection or a stream.
pub(crate) fn control(kind: u16, flags: u8, content: &[u8]) -> Vec<u8> {
    let [k0, k1] = kind.to_be_bytes();
    let [_, a, b, c] = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[0x80, 3, k0, k1, flags, a, b, c], content].concat()
}

/// Bytes for a stream.
pub(crate) fn data(stream: u32, flags: u8, content: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&stream.to_be_bytes()[..], &[flags, a, b, c], content].concat()
}

/// An opening; what stands in it is stored as it is, the first time behind zlib's head.
pub(crate) fn opening(stream: u32, is_first: bool, headers: &[(&str, &str)]) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let mut block = number(headers.len()).to_vec();
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        block.extend(number(text.len()));
        block.extend(text.bytes());
    }
    let length = u16::try_from(block.len()).unwrap();
    let mut content = [stream.to_be_bytes(), [0; 4]].concat();
    content.extend([0, 0]);
    if is_first {
        content.extend([0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2]);
    }
    content.push(0);
    content.extend(length.to_le_bytes());
    content.extend((!length).to_le_bytes());
    content.extend(block);
    control(1, 0, &content)
}

/// What is said, in pieces of so many bytes.
fn all(bytes: &[u8], steps: &[usize]) -> Result<Vec<Frame>, Fault> {
    let (mut reader, mut said, mut at) = (Reader::default(), Vec::new(), 0);
    for step in steps.iter().cycle() {
        let end = (at + step).min(bytes.len());
        while at < end {
            let (followed, frame) = reader.follow(&bytes[at..end])?;
            assert!(followed > 0, "nothing was followed at {at}");
            said.extend(frame);
            at += followed;
        }
        if at == bytes.len() {
            break;
        }
    }
    Ok(said)
}

#[test]
fn the_dictionary_is_that_of_spdy_3() {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in dictionary::bytes() {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    assert_eq!((dictionary::bytes().len(), b << 16 | a), (1423, dictionary::ADLER));
}

#[test]
fn headers_are_inflated_one_after_the_other() {
    let mut inflater = Inflater::default();
    let read = DEFLATED.map(|block| headers::read(&inflater.inflate(&unhex(block)).unwrap()).unwrap());
    let said =
        |headers: &Headers| headers.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    assert_eq!(said(&read[0]), "streamtype=error port=8080 requestid=0");
    assert_eq!(said(&read[1]), "streamtype=data port=8080 requestid=0");
    assert_eq!(said(&read[2]), "content-type=text/html streamtype=data port=9090 requestid=1");
}

#[test]
fn what_inflates_without_end_is_not_read() {
    use flate2::{Compress, Compression, FlushCompress};
    let check = |bytes: usize, expected: Result<usize, Fault>| {
        let mut block = [&unhex("78f9e3c6a7c2")[..], &vec![0; 1 << 16]].concat();
        let mut compress = Compress::new(Compression::best(), false);
        compress.compress(&vec![b'x'; bytes], &mut block[6..], FlushCompress::Sync).unwrap();
        block.truncate(6 + usize::try_from(compress.total_out()).unwrap());
        assert_eq!(Inflater::default().inflate(&block).map(|out| out.len()), expected, "{bytes}");
    };
    check(100, Ok(100));
    check(HEADERS_BYTES_MAX, Ok(HEADERS_BYTES_MAX));
    check(HEADERS_BYTES_MAX + 1, Err(Fault::Compression));
    check(10 * HEADERS_BYTES_MAX, Err(Fault::Compression));
}

#[test]
fn a_frame_has_one_reading() {
    use Fault::{Compression, Headers, Kind, Length, Reserved, Stream};
    let check = |frames: &[Vec<u8>], expected: Result<usize, Fault>| {
        assert_eq!(all(&frames.concat(), &[1000]).map(|said| said.len()), expected, "{frames:02x?}");
    };
    let open = |stream| opening(stream, true, &[("streamtype", "data")]);
    let changed = |at: usize, byte: u8| {
        let mut frame = open(1);
        frame[at] = byte;
        frame
    };
    check(&[open(1), opening(3, false, &[("a", "")]), data(1, 1, b"x"), control(6, 0, &[0; 4])], Ok(4));
    check(&[control(4, 1, &[&[0, 0, 0, 1][..], &[0; 8]].concat()), control(9, 0, &[0; 8])], Ok(2));
    check(&[control(3, 0, &[0, 0, 0, 1, 0, 0, 0, 5]), control(7, 0, &[0; 8])], Ok(2));
    // Another version, and kinds that clients do not send.
    check(&[changed(1, 2)], Err(Kind));
    for kind in [0, 2, 5, 8, 10, 11] {
        check(&[control(kind, 0, &[0; 8])], Err(Kind));
    }
    // Lengths.
    check(&[control(6, 0, &[0; 5])], Err(Length));
    check(&[control(3, 0, &[0; 9])], Err(Length));
    check(&[control(1, 0, &[0; 9])], Err(Length));
    check(&[control(1, 0, &vec![0; CONTROL_BYTES_MAX + 1])], Err(Length));
    check(&[control(4, 0, &[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])], Err(Length));
    // Flags, and streams that do not follow.
    check(&[changed(4, 2)], Err(Reserved));
    check(&[data(1, 2, b"x")], Err(Reserved));
    check(&[open(2)], Err(Stream));
    check(&[open(3), opening(3, false, &[])], Err(Stream));
    check(&[changed(15, 1)], Err(Stream));
    // Headers: another dictionary, doubled, upper case, cut.
    check(&[changed(20, 0)], Err(Compression));
    check(&[opening(1, true, &[("port", "1"), ("port", "2")])], Err(Headers));
    check(&[opening(1, true, &[("Port", "1")])], Err(Headers));
    check(&[opening(1, true, &[("port", "1\u{0}2")])], Err(Headers));
    check(&[opening(1, true, &[("", "1")])], Err(Headers));
}

proptest! {
    #[test]
    fn however_it_is_cut_the_same_is_read(
        lengths in prop::collection::vec(0usize..600, 0..10),
        steps in prop::collection::vec(1usize..60, 1..20),
    ) {
        let mut bytes = opening(1, true, &[("streamtype", "data"), ("port", "80")]);
        for (n, length) in lengths.iter().enumerate() {
            bytes.extend(data(1, 0, &vec![0x80; *length]));
            bytes.extend(opening(u32::try_from(3 + 2 * n).unwrap(), false, &[("streamtype", "error")]));
            bytes.extend(control(6, 0, &[0; 4]));
        }
        prop_assert_eq!(all(&bytes, &steps), all(&bytes, &[usize::MAX >> 1]));
        prop_assert_eq!(all(&bytes, &steps).unwrap().len(), 1 + 3 * lengths.len());
    }

    #[test]
    fn hostile_bytes_are_read_the_same_however_they_are_cut(
        kinds in prop::collection::vec((0u16..11, 0u8..3, prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        tail in prop::collection::vec(any::<u8>(), 0..60),
        steps in prop::collection::vec(1usize..30, 1..20),
    ) {
        let frames = kinds.iter().map(|(kind, flags, content)| control(*kind, *flags, content));
        let mut bytes = opening(1, true, &[]);
        bytes.extend(frames.flatten().chain(tail));
        prop_assert_eq!(all(&bytes, &steps), all(&bytes, &[usize::MAX >> 1]));
    }
}
