use super::*;
use crate::rules::{Layer, builtin_sources};

fn made(text: &str) -> String {
    let file = "rules/us/x.yaml".to_owned();
    let source = Source { file, text: text.to_owned(), layer: Layer::Organisation };
    let sources = [source];
    let rules = RuleSet::only(&sources).unwrap_or_else(|wrong| panic!("{wrong}"));
    pages(&rules, &sources).pop().unwrap().text
}

#[test]
fn a_rule_is_told_in_words() {
    let text = "\
id: us/x
owner: \"@us\"
severity: high
match: { operation: [\"aws:rds:Delete*\", \"aws:s3:Delete*\"], impact: [destroy], scope: \">= resource\", environment: [prod], count: \"> 10\", parameter: { Force: \"true\" } }
unless: { resource: [\"*test*\"], environment: [prod] }
decision: escalate
message: The database goes. Nobody gets it back | ever.
instead: Look at `db_1` first.
references: [https://wiki.example/a_b]
tests:
  match:
    - { action: { operation: \"aws:rds:DeleteDBInstance\", impact: destroy, scope: resource, environment: prod, count: unbounded, parameters: { Force: \"true\" }, resources: [\"shop\"] } }
  not_match:
    - { command: \"echo `date`\", environment: dev }
";
    assert_eq!(
        made(text),
        "\
# us

| rule | says | severity | why |
|---|---|---|---|
| [x](#usx) | escalate | high | The database goes. |

## us/x

**escalate** · high · @us

> The database goes. Nobody gets it back \\| ever.

Instead: Look at `db_1` first.

Matches when all of this holds:

- the operation is `aws:rds:Delete*` or `aws:s3:Delete*`
- the impact is destroy or unknown
- the scope is resource or wider
- the environment is prod or unknown
- the number of resources is more than 10, or without bound
- the parameter `Force` is `true`

Except when all of this certainly holds:

- the environment is prod
- every resource is `*test*`

Matches, for example:

- `aws:rds:DeleteDBInstance shop`

Does not match:

- `` echo `date` `` in dev

References:

- https://wiki.example/a\\_b
"
    );
}

#[test]
fn phrases_for_what_is_rare() {
    for (value, expected) in [
        (
            r#"{ "time": { "days": ["fri"], "hours": "16:00-24:00", "zone": "Europe/Berlin" } }"#,
            "the time is fri 16:00-24:00 (Europe/Berlin)",
        ),
        (r#"{ "principal": { "level": "< senior" } }"#, "the person's level is `< senior`"),
        (r#"{ "tier": 1 }"#, "the tier is `1`"),
        (r#"{ "count": "unbounded" }"#, "the number of resources is without bound"),
        (r#"{ "scope": "< account" }"#, "the scope is narrower than account"),
    ] {
        assert_eq!(words::block(&serde_json::from_str(value).unwrap(), false), [expected]);
    }
}

#[test]
fn the_builtin_packs_have_a_page_each() {
    let rules = RuleSet::builtin();
    let pages = pages(&rules, &builtin_sources());
    assert_eq!(pages[0].file, "README.md");
    for rule in rules.rules() {
        let page = pages.iter().find(|page| page.file == format!("{}.md", folder(&rule.id))).unwrap();
        assert!(page.text.contains(&format!("\n## {}\n", rule.id)), "{}", rule.id);
        assert!(page.text.contains("Matches when"), "{}", rule.id);
    }
}

#[test]
fn a_sequence_is_told_in_words() {
    let text = "\
id: us/x
owner: \"@us\"
severity: high
match: { impact: [read] }
after:
  - { match: { impact: [update], provider: aws }, unless: { environment: [dev] }, within: 30m, same: [account, resource], outcome: [refused, failed] }
decision: deny
message: no
instead: other
tests:
  match:
    - { command: ls, after: [{ command: pwd, outcome: refused }] }
";
    let page = made(text);
    for line in [
        "and the same session did before, in this order:",
        "- the provider is `aws`, the impact is update, except when the environment is dev; with the same account, resource; \
         it was refused or failed; no longer ago than 30m",
        "- `pwd`, then `ls`",
    ] {
        assert!(page.contains(line), "{line} is missing in\n{page}");
    }
}
