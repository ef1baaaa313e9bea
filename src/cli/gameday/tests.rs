use clap::Parser as _;

use super::*;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    gameday: Gameday,
}

/// Exit code, output and errors.
fn play(words: &[&str]) -> (u8, String, String) {
    let args = Command::try_parse_from(["gameday"].iter().chain(words)).unwrap_or_else(|error| panic!("{error}"));
    let (mut out, mut err) = (anstream::StripStream::new(Vec::new()), Vec::new());
    let at = Timestamp::from_millis(1_795_312_800_000);
    let code = run(&args.gameday, at, Some(100), &mut out, &mut err).unwrap();
    (code, String::from_utf8(out.into_inner()).unwrap(), String::from_utf8(err).unwrap())
}

const OWN: &str = "\
id: own-table
title: our table
what: A table of ours.
targets: { prod.account: \"000000000001\" }
steps:
  - say: looks
    command: aws dynamodb describe-table --table-name t
    expect: pass
  - say: \"deletes \\e[31mit\"
    http:
      method: POST
      url: https://dynamodb.eu-north-1.amazonaws.com/
      headers: { x-amz-target: DynamoDB_20120810.DeleteTable, content-type: application/x-amz-json-1.0 }
      body: '{\"TableName\":\"t\"}'
      aws: { service: dynamodb, region: eu-north-1, account: \"{prod.account}\" }
    expect: stop
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_library_has_no_gap_and_the_page_fits() {
    let (code, out, err) = play(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("0 gaps, 0 false alarms"), "{out}");
    assert!(out.contains("kiro-delete-and-recreate") && out.contains("Known gaps"), "{out}");
    let table = out.lines().take_while(|line| !line.is_empty());
    for line in table {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 100, "{line}");
    }
    let (code, out, _) = play(&["--posture", "observe"]);
    assert!(code == 0 && out.contains("would stop") && out.contains("stops nothing"), "{out}");
}

#[test]
fn own_incidents_are_played_against_the_own_inventory() {
    let inventory = |kind: &str| {
        format!("version: 1\nenvironments:\n  - {{ name: {kind}, match: [ {{ account: \"444455556666\" }} ] }}\n")
    };
    for (kind, code, words) in [
        ("prod", 0, &["own-table", "{prod.account} = 444455556666", "inventory.yaml:3", "told"] as &[&str]),
        // An entry that calls the story's own account dev.
        ("dev", 1, &["GAP", "if it were prod", "inventory.yaml:3", "to close it"]),
    ] {
        let text = inventory(kind);
        let own = OWN.replace("000000000001", if kind == "dev" { "444455556666" } else { "000000000001" });
        let config = folder(&[("inventory.yaml", &text), ("incidents/own-table.yaml", &own)]);
        let path = config.path().to_str().unwrap();
        let incidents = format!("{path}/incidents");
        let (found, out, err) = play(&[&incidents, "--config", path, "--only", "own-*"]);
        assert_eq!((found, err.as_str()), (code, ""), "{out}");
        for word in words {
            assert!(out.contains(word), "{word}:\n{out}");
        }
        assert!(!out.contains('\u{1b}'), "{out}");
        let (found, out, _) = play(&[&incidents, "--config", path, "--only", "own-table", "--json"]);
        let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((found, answer["ok"].as_bool()), (code, Some(code == 0)), "{out}");
        let way = &answer["incidents"][0]["steps"][1]["ways"][0];
        assert_eq!(way["actions"][0]["operation"], "aws:dynamodb:DeleteTable", "{out}");
        assert_eq!(way["result"], if code == 0 { "held" } else { "gap" });
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let config = folder(&[("a.yaml", "id: a\ntitle: t\nwhat: w\nsteps:\n  - { say: s, expekt: stop, command: ls }\n")]);
    let copy = folder(&[(
        "kiro-cdk-destroy.yaml",
        "id: kiro-cdk-destroy\ntitle: t\nwhat: w\nsteps:\n  - { say: s, expect: stop, command: ls }\n",
    )]);
    let empty = tempfile::tempdir().unwrap();
    let path = |folder: &tempfile::TempDir| folder.path().to_str().unwrap().to_owned();
    for (words, expected) in [
        (vec![path(&config)], "a.yaml:5:15: unknown key `expekt`"),
        (vec![path(&copy)], "stands in `tests/incidents/kiro-cdk-destroy.yaml` too"),
        (vec![path(&empty)], "no .yaml file"),
        (vec!["--only".to_owned(), "kiro-cdk-destory".to_owned()], "did you mean `kiro-cdk-destroy`?"),
        (vec!["--config".to_owned(), "/does/not/exist".to_owned()], "there is no such file or folder"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, out, err) = play(&words);
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}");
        assert!(err.contains(expected), "{expected}: {err}");
    }
}
