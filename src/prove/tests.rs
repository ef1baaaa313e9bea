mod commands;
mod copies;
mod doors;
mod skeletons;
mod trace;

use super::*;

#[test]
fn every_builtin_rule_is_proved() {
    let rules = RuleSet::builtin();
    let failed = run(&rules);
    let text: Vec<String> = failed.iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} tests failed:\n{}", failed.len(), count(&rules), text.join("\n"));
}

#[test]
fn warnings_and_kinds_go_into_sarif() {
    use crate::config::{Diagnostic, Gravity, Kind, sarif};
    let schema: serde_json::Value = serde_json::from_str(include_str!("tests/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let failed = Diagnostic { line: 4, column: 19, ..Diagnostic::new("./rules/us/a b.yaml", "unknown word `x`") };
    let failed =
        Diagnostic { snippet: Some("match: { impact: [x] }".to_owned()), suggestion: Some("y".to_owned()), ..failed };
    let whole = Diagnostic {
        gravity: Gravity::Warning,
        ..Diagnostic::new("/etc/rules/us/x.yaml", "wide").kind(Kind::WideException)
    };
    let nowhere = Diagnostic::new("", "nothing");
    let log = sarif(&[failed.kind(Kind::UnknownWord), whole, nowhere]);
    let faults: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let results = &log["runs"][0]["results"];
    let rules = &log["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(results[0]["ruleId"], "unknown-word");
    assert_eq!(rules[usize::try_from(results[0]["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], "unknown-word");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/us/a%20b.yaml");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&4.into(), &19.into()));
    assert_eq!(results[1]["level"], "warning");
    assert_eq!(
        results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "file:///etc/rules/us/x.yaml"
    );
    assert_eq!(results[2].get("locations"), None);
    assert!(validator.validate(&serde_json::json!({ "version": "2.0.0", "runs": [] })).is_err());
}

#[test]
fn a_trial_says_what_the_test_was_read_as() {
    use crate::rules::{Layer, Source};
    let text = "id: us/x\nowner: \"@us\"\nseverity: high\nmatch: { impact: [destroy], environment: [prod] }\ndecision: deny\n\
                message: no\ninstead: other\ntests:\n  match:\n    - { http: { method: DELETE, url: \"https://a.example/b\" } }\n\
                \x20 not_match:\n    - { http: { method: DELETE, url: \"https://a.example/b\" } }\n";
    let source = Source { file: "rules/us/x.yaml".to_owned(), text: text.to_owned(), layer: Layer::Organisation };
    let rules = RuleSet::only(&[source]).unwrap();
    let found = trials(&rules, |rule| rule.id == "us/x");
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].name.as_str(), found[0].line, found[0].expected),
        ("DELETE https://a.example/b", 10, Expected::Match)
    );
    assert_eq!(found[0].read[0].to_string(), "http:a.example:DELETE (destroy/resource/unknown)");
    assert_eq!(found[0].fault, None);
    assert!(found[1].fault.as_deref().unwrap().starts_with("the rule should not match this test and does"));
    assert!(trials(&rules, |_| false).is_empty());
}
