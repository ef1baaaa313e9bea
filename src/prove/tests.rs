mod commands;
mod doors;
mod trace;

use super::*;

#[test]
fn every_builtin_rule_is_proved() {
    let rules = RuleSet::builtin();
    let failed = run(&rules);
    let text: Vec<String> = failed.iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{} of {} tests failed:\n{}", failed.len(), count(&rules), text.join("\n"));
}
