use super::*;

fn text(file: &str, text: &str) -> Text {
    Text::new(file, text)
}

fn texts(config: &str, rules: &[(&str, &str)]) -> Texts {
    Texts {
        people: None,
        config: Some(text("config.yaml", config)),
        inventory: None,
        rules: rules.iter().map(|(file, rule)| text(file, rule)).collect(),
    }
}

#[test]
fn only_what_tightens_is_taken_up() {
    let accepted = texts("version: 1\n", &[("rules/a.yaml", "one")]);
    let inventory = Texts { inventory: Some(text("inventory.yaml", "version: 1\n")), ..accepted.clone() };
    for (found, taken) in [
        (texts("version: 1\n", &[("rules/a.yaml", "one"), ("rules/b.yaml", "two")]), true),
        (texts("version: 1\nposture: strict\n", &[("rules/a.yaml", "one")]), true),
        (texts("version: 1\n# a remark\n", &[("rules/a.yaml", "one")]), true),
        (texts("version: 1\nposture: observe\n", &[("rules/a.yaml", "one")]), false),
        (texts("version: 1\nposture: strict\nlimits: { hold: 1s }\n", &[("rules/a.yaml", "one")]), false),
        (texts("version: 1\nposture: nonsense\n", &[("rules/a.yaml", "one")]), false),
        (texts("version: 1\n", &[("rules/a.yaml", "other")]), false),
        (texts("version: 1\n", &[]), false),
        (inventory, false),
    ] {
        let outlook = compare(&accepted, &found);
        assert_eq!(outlook.changes.len(), 1, "{found:?}");
        assert_eq!(outlook.is_pending(), !taken, "{found:?}");
        assert_eq!(outlook.effective == found, taken, "{found:?}");
        assert_eq!(outlook.effective == accepted, !taken, "{found:?}");
    }
    assert_eq!(compare(&accepted, &accepted).changes, vec![]);
}

#[test]
fn a_key_that_is_gone_is_taken_up() {
    let first = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    let second = first.replace("XFSqti", "XFSqtj");
    let with = |keys: &str| Texts {
        people: Some(text("people.yaml", &format!("version: 1\npeople: [{{ name: ada, keys: [{keys}] }}]\n"))),
        ..texts("version: 1\n", &[])
    };
    let accepted = with(&format!("{first}, {second}"));
    for (found, taken) in [
        (with(first), true),
        (with(&format!("{second}, {{ key: {first}, expires: 2026-12-31 }}")), true),
        (with(""), false),
        (with("nonsense"), false),
        (Texts { people: None, ..accepted.clone() }, false),
    ] {
        let outlook = compare(&accepted, &found);
        assert_eq!((outlook.is_pending(), outlook.effective == found), (!taken, taken), "{found:?}");
    }
    assert!(compare(&with(first), &accepted).is_pending());
    let pasted = compare(&accepted, &with("\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\nSECRET\n"));
    assert!(pasted.is_pending() && !format!("{:?}", pasted.changes).contains("SECRET"));
}

#[test]
fn what_tightens_does_not_wait_for_what_loosens() {
    let accepted = texts("version: 1\n", &[("rules/a.yaml", "one")]);
    let found = texts("version: 1\n", &[("rules/b.yaml", "two")]);
    let outlook = compare(&accepted, &found);
    let files: Vec<_> = outlook.effective.rules.iter().map(|text| text.file.as_str()).collect();
    assert_eq!(files, ["rules/a.yaml", "rules/b.yaml"]);
    assert!(outlook.is_pending());
}

#[test]
fn a_difference_is_shown_by_its_lines() {
    assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), ["- b", "+ x", "+ y"]);
    assert_eq!(difference("", "a\n"), ["+ a"]);
    assert_eq!(difference("a\na\n", "a\n"), ["- a"]);
}

#[test]
fn whoever_approves_sees_what_waits_and_nothing_else() {
    let accepted = texts("version: 1\nposture: strict\n", &[("rules/a.yaml", "one\ntwo\n")]);
    let hidden = "decision: deny \u{202e}wolla\u{1b}[2K";
    let found = texts("version: 1\nposture: observe\n", &[("rules/a.yaml", hidden), ("rules/b.yaml", "new")]);
    let text = shown(&accepted, &found, &compare(&accepted, &found).changes);
    assert_eq!(
        text,
        "  posture: strict → observe\n  config.yaml changed\n    - posture: strict\n    + posture: observe\n  \
         rules/a.yaml changed\n    - one\n    - two\n    + decision: deny \\u{202e}wolla\\u{1b}[2K\n"
    );
    let long = "x\n".repeat(SHOWN_BYTES_MAX);
    let found = texts("version: 1\nposture: strict\n", &[("rules/a.yaml", &long)]);
    let text = shown(&accepted, &found, &compare(&accepted, &found).changes);
    assert!(text.len() < 2 * SHOWN_BYTES_MAX && text.ends_with("more lines: read the file\n"), "{}", text.len());
}
