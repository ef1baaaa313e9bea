use super::*;

fn whole(bytes: &[u8]) -> Option<usize> {
    let mut scanner = Chunked::default();
    scanner.scan(bytes).ok().filter(|_| scanner.is_done())
}

#[test]
fn bodies_end_where_they_end() {
    assert_eq!(whole(b"0\r\n\r\nGET"), Some(5));
    assert_eq!(whole(b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET / "), Some(28));
    assert_eq!(whole(b"1\r\na\r\n0\r\nx-checksum: 1\r\ny:\r\n\r\nrest"), Some(30));
}

#[test]
fn any_split_gives_the_same_end() {
    let body = b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
    for split in 0..body.len() {
        let mut scanner = Chunked::default();
        let first = scanner.scan(&body[..split]).unwrap();
        assert_eq!(first, split);
        assert_eq!(scanner.scan(&body[split..]).unwrap(), body.len() - split);
        assert!(scanner.is_done());
    }
}

#[test]
fn disguises_are_refused() {
    for body in [
        &b"\r\n"[..],
        b"3;a=b\r\nabc\r\n",
        b"3\nabc\r\n",
        b"3 \r\nabc\r\n",
        b" 3\r\nabc",
        b"0x3\r\nabc",
        b"+3\r\n",
        b"-1\r\n",
        b"3\r\nabcd\r\n",
        b"3\r\nab\r\n\r\n",
        b"3\r\nabc\n",
        b"0\r\n\n",
        b"0\r\nx y: z\r\n\r\n",
        b"0\r\n: z\r\n",
        b"0\r\nx: \0\r\n",
        b"1000000000000\r\n",
        b"0\r\n folded\r\n",
    ] {
        let mut scanner = Chunked::default();
        assert!(scanner.scan(body).is_err(), "{:?}", String::from_utf8_lossy(body));
    }
}
