use proptest::prelude::*;

use super::*;

const TEXT: &str = "blastgate vote 1\n\
    request: a_01KAQ2V5C5M0Q8Z9F3T7W4XN6E\n\
    content: 0101010101010101010101010101010101010101010101010101010101010101\n\
    answer: approve\n\
    voter: ada@shop.example\n\
    at: 2026-11-23T01:02:03.000Z\n\
    reason: CHG-42\n";

fn statement() -> Statement {
    Statement {
        request: "a_01KAQ2V5C5M0Q8Z9F3T7W4XN6E".parse().unwrap(),
        content: [1; 32],
        answer: Answer::Approve,
        voter: "ada@shop.example".to_owned(),
        at: Timestamp::from_millis(1_795_395_723_000),
        reason: Some("CHG-42".to_owned()),
    }
}

#[test]
fn a_statement_has_one_text() {
    assert_eq!(statement().to_string(), TEXT);
    assert_eq!(Statement::parse(TEXT), Ok(statement()));
    let silent = Statement { reason: None, ..statement() };
    assert_eq!(silent.to_string(), TEXT.replace("reason: CHG-42\n", ""));
    assert_eq!(Statement::parse(&silent.to_string()), Ok(silent.clone()));
    let empty = Statement { reason: Some(String::new()), ..statement() };
    assert_eq!(Statement::parse(&empty.to_string()), Ok(silent));
}

#[test]
fn what_is_signed_is_one_line_a_key() {
    for (reason, expected) in [
        ("a\nanswer: deny", "a\\u{a}answer: deny"),
        ("a\r\u{1b}[2Kb\u{7f}\u{85}", "a\\u{d}\\u{1b}[2Kb\\u{7f}\\u{85}"),
        ("\\u{a}", "\\\\u{a}"),
        ("C:\\new", "C:\\\\new"),
        ("\u{202e}yned", "\\u{202e}yned"),
        ("a\u{2028}b\u{200b}c\u{e0041}", "a\\u{2028}b\\u{200b}c\\u{e0041}"),
        ("größer – 承認 🙂 \"x\"", "größer – 承認 🙂 \"x\""),
        (" spaces  ", " spaces  "),
    ] {
        let one = Statement { reason: Some(reason.to_owned()), ..statement() };
        let text = one.to_string();
        assert_eq!(text.lines().last(), Some(&*format!("reason: {expected}")));
        assert_eq!(text.lines().count(), 7);
        assert_eq!(Statement::parse(&text), Ok(one));
    }
    let odd = Statement { voter: "ada\nreason: x".to_owned(), ..statement() };
    assert_eq!(Statement::parse(&odd.to_string()), Ok(odd));
}

#[test]
fn other_bytes_are_no_statement() {
    let with = |from: &str, to: &str| {
        assert!(TEXT.contains(from), "{from}");
        TEXT.replacen(from, to, 1)
    };
    for (text, expected) in [
        (String::new(), StatementError::Head),
        (with("vote 1", "vote 2"), StatementError::Head),
        (with("blastgate", "\u{feff}blastgate"), StatementError::Head),
        (TEXT.replace('\n', "\r\n"), StatementError::Head),
        (with("03.000Z\n", "03.000Z\r\n"), StatementError::Value("at")),
        (TEXT.trim_end().to_owned(), StatementError::Line("reason")),
        (format!("{TEXT}\n"), StatementError::Behind),
        (format!("{TEXT}reason: CHG-42\n"), StatementError::Behind),
        (format!("{TEXT}x: y\n"), StatementError::Behind),
        (with("reason: CHG-42\n", "\n"), StatementError::Line("reason")),
        (with("reason: CHG-42\n", "note: CHG-42\n"), StatementError::Line("reason")),
        (with("reason: CHG-42\n", "reason: \n"), StatementError::Value("reason")),
        (with("answer: approve\n", "answer: approve\nanswer: approve\n"), StatementError::Line("voter")),
        (with("answer: approve\n", ""), StatementError::Line("answer")),
        (with("answer: approve", "Answer: approve"), StatementError::Line("answer")),
        (with("answer: approve", "answer:approve"), StatementError::Line("answer")),
        (with("answer: approve", "answer:  approve"), StatementError::Value("answer")),
        (with("answer: approve", "answer: approve "), StatementError::Value("answer")),
        (with("approve", "Approve"), StatementError::Value("answer")),
        (with("approve", "yes"), StatementError::Value("answer")),
        (with("a_01KAQ", "a_01kaq"), StatementError::Form),
        (with("a_01KAQ", "d_01KAQ"), StatementError::Value("request")),
        (with("0101", "01"), StatementError::Value("content")),
        (with("0101", "010101"), StatementError::Value("content")),
        (with("0101", "0A01"), StatementError::Value("content")),
        (with(".000Z", "Z"), StatementError::Form),
        (with(".000Z", ".0001Z"), StatementError::Form),
        (with("01:02:03.000Z", "02:02:03.000+01:00"), StatementError::Form),
        (with("2026-11-23T01:02:03.000Z", "1969-11-23T01:02:03.000Z"), StatementError::Value("at")),
        (with("ada@shop.example", ""), StatementError::Value("voter")),
        (with("ada@", "\u{200b}ada@"), StatementError::Form),
        (with("CHG-42", "CHG\\-42"), StatementError::Value("reason")),
        (with("CHG-42", "CHG\\u{41}"), StatementError::Form),
        (with("CHG-42", "CHG\\u{00a}"), StatementError::Form),
        (with("CHG-42", "CHG\\u{+a}"), StatementError::Form),
        (with("CHG-42", "CHG\\u{d800}"), StatementError::Value("reason")),
        (with("CHG-42", "CHG\\"), StatementError::Value("reason")),
        (with("CHG-42", "CHG\t42"), StatementError::Form),
        (with("CHG-42", &"x".repeat(REASON_BYTES_MAX + 1)), StatementError::TooLong),
        (with("CHG-42", &"x".repeat(TEXT_BYTES_MAX)), StatementError::TooLong),
    ] {
        assert_eq!(Statement::parse(&text), Err(expected), "{text:?}");
    }
    let long = Statement { reason: Some("\u{2028}".repeat(REASON_BYTES_MAX / 3)), ..statement() };
    assert_eq!(Statement::parse(&long.to_string()), Ok(long));
    let controls = Statement { reason: Some("\u{1f}".repeat(REASON_BYTES_MAX)), ..statement() };
    assert_eq!(Statement::parse(&controls.to_string()), Ok(controls));
}

proptest! {
    #[test]
    fn every_statement_is_read_back(
        (random, content, answer) in (any::<u128>(), any::<[u8; 32]>(), 0..Answer::ALL.len()),
        (voter, reason) in ("\\PC{1,40}", proptest::option::of(any::<String>())),
        at in 0_u64..253_402_300_800_000,
    ) {
        let at = Timestamp::from_millis(at);
        let reason = reason.filter(|reason: &String| !reason.is_empty());
        let answer = Answer::ALL[answer];
        let one = Statement { request: ApprovalId::new(at, random), content, answer, voter, at, reason };
        let text = one.to_string();
        prop_assert_eq!(Statement::parse(&text), Ok(one.clone()));
        prop_assert_eq!(text.lines().count(), 6 + usize::from(one.reason.is_some()));
    }

    #[test]
    fn one_changed_byte_is_another_statement_or_none(place in 0..TEXT.len(), to in 0_u8..0x80) {
        let mut bytes = TEXT.as_bytes().to_vec();
        prop_assume!(bytes[place] != to);
        bytes[place] = to;
        let text = String::from_utf8(bytes).unwrap();
        if let Ok(other) = Statement::parse(&text) {
            prop_assert_ne!(&other, &statement());
            prop_assert_eq!(other.to_string(), text);
        }
    }
}
