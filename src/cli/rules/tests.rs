use std::fs;
use std::path::Path;

use clap::Parser as _;
use tempfile::TempDir;

use super::RulesArgs;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    rules: RulesArgs,
}

/// What a command did: its exit code, and what it wrote, without colours and with `DIR` for the folder.
fn run(folder: &Path, words: &[&str]) -> (u8, String, String) {
    let dir = folder.display().to_string();
    let words: Vec<String> = words.iter().map(|word| word.replace("DIR", &dir)).collect();
    let line = Line::try_parse_from(std::iter::once("rules".to_owned()).chain(words))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = super::run(&line.rules, &mut out, &mut err).unwrap();
    let text = |bytes: Vec<u8>| {
        anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string().replace(&dir, "DIR")
    };
    (code, text(out), text(err))
}

const RULE: &str = "\
id: us/x
owner: \"@us\"
severity: high
match: { impact: [destroy], environment: [prod] }
decision: deny
message: no
instead: other
tests:
  match:
    - { http: { method: DELETE, url: \"https://shop.example/a\" } }
  not_match:
    - { http: { method: DELETE, url: \"https://shop.example/a\" }, environment: dev }
";

/// A folder with `us/x.yaml` of this text.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("us")).unwrap();
    fs::write(folder.path().join("us/x.yaml"), text).unwrap();
    folder
}

/// Numbers and revisions change with the built-in packs.
fn steady(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        words.push(if is_number { "N".to_owned() } else { word.to_owned() });
    }
    words.join(" ")
}

#[test]
fn check_says_what_is_wrong_where_and_how_to_mend_it() {
    let it = folder(&RULE.replace("destroy]", "destory]"));
    let (code, out, err) = run(it.path(), &["check", "DIR"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(
        out,
        "\
error[unknown-word]: unknown word `destory`
 --> DIR/us/x.yaml:4:19
4 | match: { impact: [destory], environment: [prod] }
  |                   ^
  = help: did you mean `destroy`?

nothing was loaded: 1 error in 1 file
"
    );
}

#[test]
fn check_says_which_test_failed() {
    let it = folder(&RULE.replace(", environment: dev }", " }"));
    let (code, out, _) = run(it.path(), &["check", "DIR"]);
    assert_eq!(code, 1);
    let (finding, summary) = out.split_once("\n\n").unwrap();
    assert_eq!(
        finding,
        "\
error[failed-test]: us/x: the rule should not match this test and does: it is `http:shop.example:DELETE` \
(destroy/resource/unknown, at least 1 resources, hazards [], parameters [])
  --> DIR/us/x.yaml:12:7
12 |     - { http: { method: DELETE, url: \"https://shop.example/a\" } }
   |       ^"
    );
    assert!(steady(summary).ends_with("tests: N error in N file\n"), "{summary}");
}

#[test]
fn warnings_fail_only_when_that_is_asked_for() {
    let it = folder(
        RULE.replace("severity: high", "severity: high\nmode: off")
            .replace("tests:", "#tests:")
            .replace("  match:\n", "")
            .split("    - {")
            .next()
            .unwrap(),
    );
    let (code, out, err) = run(it.path(), &["check", "DIR"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("warning[idle]: us/x: it is off and does nothing\n --> DIR/us/x.yaml:5:8\n"), "{out}");
    assert!(out.contains("warning[unproved]: us/x: no test shows that it ever matches\n"), "{out}");
    assert!(steady(&out).ends_with("tests: N warnings in N file\n"), "{out}");
    assert_eq!(run(it.path(), &["check", "DIR", "--strict"]).0, 1);
    let (code, out, _) = run(it.path(), &["check", "DIR", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["ok"], &report["problems"][0]["level"]), (0, &true.into(), &"warning".into()));
}

#[test]
fn a_configuration_is_checked_as_a_whole() {
    let it = folder(RULE);
    fs::create_dir(it.path().join("conf")).unwrap();
    fs::rename(it.path().join("us"), it.path().join("conf/us")).unwrap();
    let etc = tempfile::tempdir_in(it.path()).unwrap();
    fs::rename(it.path().join("conf"), etc.path().join("rules")).unwrap();
    let config = etc.path().display().to_string();
    assert_eq!(run(it.path(), &["check", "--config", &config]).0, 0);
    // A file of it that is named as well is one file.
    assert_eq!(
        run(it.path(), &["test", "--config", &config, &format!("{config}/rules/us/x.yaml")]).1,
        "2 tests of 1 rule: all hold\n"
    );
    fs::write(etc.path().join("inventory.yaml"), "version: 1\nenvironments: [{ name: prdo }]\n").unwrap();
    let (code, out, _) = run(it.path(), &["check", "--config", &config]);
    assert_eq!(code, 1);
    assert!(out.contains("inventory.yaml:2:24\n") && out.contains("did you mean `prod`?"), "{out}");
}

#[test]
fn check_passes_what_holds() {
    let it = folder(RULE);
    let (code, out, err) = run(it.path(), &["check", "DIR"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(steady(&out).starts_with("N rules, N limits, N tests: all hold (r_"), "{out}");
    // Named twice it is one file.
    assert_eq!(run(it.path(), &["check", "DIR", "DIR/us/x.yaml", "--strict"]).0, 0);
}

#[test]
fn check_speaks_to_programs() {
    let it = folder(&RULE.replace("destroy]", "destory]"));
    for words in [&["check", "DIR", "--json"][..], &["check", "DIR", "--format", "json"]] {
        let (code, out, _) = run(it.path(), words);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &report["ok"], &report["revision"]), (1, &false.into(), &serde_json::Value::Null));
        let problem = &report["problems"][0];
        assert_eq!(problem["kind"], "unknown-word");
        assert_eq!(problem["level"], "error");
        assert_eq!((&problem["line"], &problem["column"]), (&4.into(), &19.into()));
        assert_eq!(problem["suggestion"], "did you mean `destroy`?");
    }
    let (code, out, _) = run(it.path(), &["check", "DIR", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &log["version"]), (1, &"2.1.0".into()));
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "unknown-word");
    let (code, out, _) = run(folder(RULE).path(), &["check", "DIR", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &log["runs"][0]["results"]), (0, &serde_json::json!([])));
}

#[test]
fn what_is_not_there_is_a_mistake_in_the_arguments() {
    let it = folder(RULE);
    for words in
        [&["check", "DIR/nowhere"][..], &["test", "DIR/nowhere"], &["fmt", "DIR/nowhere"], &["docs", "DIR/nowhere"]]
    {
        let (code, out, err) = run(it.path(), words);
        assert_eq!(
            (code, out.as_str(), err.as_str()),
            (2, "", "there is no file or folder `DIR/nowhere`\n"),
            "{words:?}"
        );
    }
    let (code, _, err) = run(it.path(), &["test", "--rule", "aws/delete-stak"]);
    assert_eq!(
        (code, err.as_str()),
        (2, "there is no rule `aws/delete-stak`\n  help: did you mean `aws/delete-stack`?\n")
    );
    assert!(Line::try_parse_from(["rules", "schema", "--kind", "rules"]).is_err());
}

#[test]
fn test_runs_only_what_is_asked_for() {
    let it = folder(RULE);
    let (code, out, _) = run(it.path(), &["test", "DIR"]);
    assert_eq!((code, out.as_str()), (0, "2 tests of 1 rule: all hold\n"));
    let (code, out, _) = run(it.path(), &["test", "DIR", "-v"]);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "\
us/x
  holds   match      DELETE https://shop.example/a
                     http:shop.example:DELETE (destroy/resource/unknown)
  holds   not_match  DELETE https://shop.example/a
                     http:shop.example:DELETE (destroy/resource/dev)

2 tests of 1 rule: all hold
"
    );
    let (code, out, _) = run(it.path(), &["test", "--rule", "aws/*"]);
    assert!(code == 0 && out.ends_with(": all hold\n"), "{out}");
    let untested = folder(RULE.split("tests:").next().unwrap());
    let (code, out, _) = run(untested.path(), &["test", "DIR"]);
    assert_eq!((code, out.as_str()), (0, "us/x has no tests\n0 tests of 1 rule\n"));
}

#[test]
fn test_shows_what_failed() {
    let it = folder(&RULE.replace(", environment: dev }", " }"));
    let (code, out, _) = run(it.path(), &["test", "DIR"]);
    assert_eq!(code, 1);
    assert_eq!(
        out,
        "\
us/x
  FAILED  not_match  DELETE https://shop.example/a
                     http:shop.example:DELETE (destroy/resource/unknown)
                     the rule should not match this test and does: it is `http:shop.example:DELETE` \
(destroy/resource/unknown, at least 1 resources, hazards [], parameters [])
                     DIR/us/x.yaml:12:7

2 tests of 1 rule: 1 failed
"
    );
    let (code, out, _) = run(it.path(), &["test", "DIR", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["ok"], &report["failed"]), (1, &false.into(), &1.into()));
    assert_eq!(report["trials"][0]["read"][0]["operation"], "http:shop.example:DELETE");
}

#[test]
fn fmt_writes_the_form_and_refuses_what_it_cannot() {
    let it = folder("owner:   '@us' # who\nid: us/x\n");
    let (code, out, _) = run(it.path(), &["fmt", "--check", "DIR"]);
    assert_eq!(code, 1);
    assert_eq!(
        out,
        "\
--- DIR/us/x.yaml
+++ DIR/us/x.yaml (in form)
@@ -1,2 +1,2 @@
-owner:   '@us' # who
 id: us/x
+owner: \"@us\" # who

1 file: 0 in form already, 1 not in form
"
    );
    let file = it.path().join("us/x.yaml");
    assert_eq!(fs::read_to_string(&file).unwrap(), "owner:   '@us' # who\nid: us/x\n");
    let (code, out, _) = run(it.path(), &["fmt", "DIR"]);
    assert_eq!((code, out.as_str()), (0, "DIR/us/x.yaml\n1 file: 0 in form already, 1 put in form\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "id: us/x\nowner: \"@us\" # who\n");
    assert_eq!(run(it.path(), &["fmt", "--check", "DIR"]).0, 0);

    let strange = "{ id: us/x }\n";
    fs::write(&file, strange).unwrap();
    let (code, out, _) = run(it.path(), &["fmt", "DIR"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("error[format]: cannot be put in form: a key of letters"), "{out}");
    assert!(out.ends_with("1 file: 0 in form already, 0 put in form, 1 left as they are\n"), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), strange);
}

#[test]
fn schema_prints_json() {
    let (code, out, _) = run(Path::new("/"), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &schema["title"]), (0, &"A rule of blastgate".into()));
    for kind in ["limits", "exceptions", "freezes", "sets", "pack", "people", "inventory", "config", "repository"] {
        assert_eq!(run(Path::new("/"), &["schema", "--kind", kind]).0, 0, "{kind}");
    }
}

#[test]
fn docs_replace_their_own_pages_only() {
    let it = folder(RULE);
    for _ in 0..2 {
        let (code, out, err) = run(it.path(), &["docs", "DIR/us/x.yaml", "--into", "DIR/pages"]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.ends_with("pages written to DIR/pages\n"), "{out}");
    }
    let page = fs::read_to_string(it.path().join("pages/us.md")).unwrap();
    assert!(page.contains("## us/x\n\n**deny** · high · @us\n\n> no\n"), "{page}");
    fs::write(it.path().join("pages/us.md"), "our own\n").unwrap();
    let (code, _, err) = run(it.path(), &["docs", "DIR/us/x.yaml", "--into", "DIR/pages"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("DIR/pages/us.md: is not a page of ours"), "{err}");
    assert_eq!(fs::read_to_string(it.path().join("pages/us.md")).unwrap(), "our own\n");
}

#[test]
fn new_writes_a_rule_that_holds_and_overwrites_nothing() {
    let it = tempfile::tempdir().unwrap();
    let words = [
        "new",
        "acme/no-drop",
        "--into",
        "DIR/rules",
        "--command",
        "aws rds delete-db-instance --db-instance-identifier shop",
    ];
    let (code, out, err) = run(it.path(), &words);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("DIR/rules/acme/no-drop.yaml is written. It loads, its tests pass"), "{out}");
    for words in [&["check", "DIR/rules"][..], &["test", "DIR/rules"], &["fmt", "--check", "DIR/rules"]] {
        let (code, out, err) = run(it.path(), words);
        assert_eq!(code, 0, "{words:?}\n{out}\n{err}");
    }
    let before = fs::read_to_string(it.path().join("rules/acme/no-drop.yaml")).unwrap();
    let (code, _, err) = run(it.path(), &["new", "acme/no-drop", "--into", "DIR/rules"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("DIR/rules/acme/no-drop.yaml stands there already"), "{err}");
    assert_eq!(fs::read_to_string(it.path().join("rules/acme/no-drop.yaml")).unwrap(), before);
    let (code, _, err) = run(it.path(), &["new", "Nope", "--into", "DIR/rules"]);
    assert_eq!(code, 2);
    assert!(err.contains("is not an id\n  help: write `folder/name`"), "{err}");
}
