use super::*;
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    match format("rules/us/x.yaml", text) {
        Ok(text) => text,
        Err(found) => format!("refused: {found}"),
    }
}

#[test]
fn keys_come_in_order_and_comments_stay_with_them() {
    for (text, expected) in [
        ("decision: deny\nid: a/b\n", "id: a/b\ndecision: deny\n"),
        ("# about\nowner: x\nid: a/b\n", "# about\nid: a/b\nowner: x\n"),
        // A comment above a key goes where the key goes, and so does one behind it.
        (
            "owner: x\n\n# why\ntests:\n  match: []\n# who\nid: a/b # it\n",
            "# who\nid: a/b # it\nowner: x\n\n# why\ntests:\n  match: []\n",
        ),
        (
            "references:\n- a\n-   b\n# the message\nmessage: x\n",
            "# the message\nmessage: x\nreferences:\n  - a\n  - b\n",
        ),
        // Quotes and spaces.
        ("id:   'a/b'\nmatch: {impact: [destroy,update]}\n", "id: \"a/b\"\nmatch: { impact: [destroy, update] }\n"),
        ("when: 'a == \"x\"'\n", "when: 'a == \"x\"'\n"),
        // Texts are nobody's but their author's.
        (
            "message: >\n  Foo   bar\n    baz\n\n  qux # not a comment\nid: a/b\n",
            "id: a/b\nmessage: >\n  Foo   bar\n    baz\n\n  qux # not a comment\n",
        ),
        ("message: |\n  a\n  # b\n\nid: a/b\n# end\n", "id: a/b\nmessage: |\n  a\n  # b\n# end\n"),
        // Blank lines: one is kept, more are not.
        ("\n\nid: a/b\n\n\n\nowner: x\n\n", "id: a/b\n\nowner: x\n"),
        ("id: a/b\r\nowner: x\r\n", "id: a/b\nowner: x\n"),
        // A key that nobody knows keeps its place after the others.
        ("tests: {}\nzzz: 1\nid: a/b\n", "id: a/b\nzzz: 1\ntests: {}\n"),
        // A list that its author broke stays broken.
        (
            "match:\n  operation: [\n    \"a:b:c\",\n    \"d:e:f\"\n  ]\n",
            "match:\n  operation: [\n    \"a:b:c\",\n    \"d:e:f\"\n  ]\n",
        ),
    ] {
        let found = formatted(text);
        assert_eq!(found, expected, "of:\n{text}");
        assert_eq!(formatted(&found), found, "a second time, of:\n{text}");
    }
}

#[test]
fn what_cannot_be_put_in_form_is_refused_with_its_place() {
    for (text, expected) in [
        ("{ id: a/b }\n", "rules/us/x.yaml:1:1: cannot be put in form"),
        ("---\nid: a/b\n", "rules/us/x.yaml:1:1: cannot be put in form"),
        ("id: a/b\n? x\n: y\n", "rules/us/x.yaml:2:1: cannot be put in form"),
        ("id: a/b\nid: c/d\n", "stands here a second time"),
        ("id: [a\n", "rules/us/x.yaml"),
        ("owner: &me x\nrunbook: y\nid: *me\n", "meaning would change"),
    ] {
        let found = formatted(text);
        assert!(
            found.starts_with("refused: ") && found.contains(expected),
            "{text}\nexpected {expected}\nfound {found}"
        );
    }
}

#[test]
fn other_files_have_their_own_order() {
    assert_eq!(format("x/pack.yaml", "owner: x\nversion: 1\nid: a\n").unwrap(), "id: a\nversion: 1\nowner: x\n");
    assert_eq!(format("config.yaml", "rules: {}\nversion: 1\n").unwrap(), "version: 1\nrules: {}\n");
}

#[test]
fn every_builtin_file_is_in_form() {
    let wrong: Vec<String> = crate::rules::builtin_sources()
        .iter()
        .filter_map(|source| match format(&source.file, &source.text) {
            Ok(text) if text == source.text => None,
            Ok(_) => Some(format!("{}: run `blastgate rules fmt`", source.file)),
            Err(found) => Some(found.to_string()),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("id: a/b".to_owned()),
        Just("owner:   \"@us\"  # who".to_owned()),
        Just("decision: deny".to_owned()),
        Just("match: {impact: [destroy,  update], count: '> 1'}".to_owned()),
        Just("match:\n    operation:\n    - a:b:c\n    # c\n    - 'd:e:f'".to_owned()),
        Just("message: >\n  two  \n   lines # no\n\n  more".to_owned()),
        Just("instead: |+\n  kept\n\n".to_owned()),
        Just("runbook: a plain\n  text of two lines".to_owned()),
        Just("references:\n- a # b\n\n# c\n- d".to_owned()),
        Just("tests:\n  match: [ { command: \"x # y\" } ]".to_owned()),
        Just("when: \"a\\tb\"".to_owned()),
        Just("until: 2026-12-31".to_owned()),
        Just("# a comment".to_owned()),
        Just("  # one further in".to_owned()),
        Just(String::new()),
        "[a-z]{1,3}: [ a-z#'\"\\[\\]{},:>|&*-]{0,12}",
        "[ a-z#'\"\\[\\]{},:>|&*-]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// The meaning stays, every comment stays, and a second time changes nothing.
    #[test]
    fn formatting_changes_no_meaning(lines in proptest::collection::vec(line(), 0..12)) {
        let text = lines.join("\n") + "\n";
        if let Ok(once) = format("rules/us/x.yaml", &text) {
            let before: Value = parse_yaml("x", &text).unwrap();
            let after: Value = parse_yaml("x", &once).unwrap();
            prop_assert_eq!(before, after);
            prop_assert_eq!(format("rules/us/x.yaml", &once).unwrap(), once);
        }
    }
}
