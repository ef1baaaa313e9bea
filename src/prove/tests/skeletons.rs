use crate::prove::{Seed, skeleton};
use crate::rules::{RuleSet, format};

#[test]
fn a_skeleton_loads_proves_itself_and_is_in_form() {
    let rules = RuleSet::builtin();
    for (seed, expected) in [
        (Seed::Example, "impact: [destroy]"),
        (
            Seed::Command("aws rds delete-db-instance --db-instance-identifier shop"),
            "operation: [\"aws:rds:DeleteDBInstance\"]",
        ),
        (Seed::Command("terraform destroy -auto-approve"), "operation: [\"terraform:"),
        (Seed::Command("kubectl delete ns shop"), "operation: [\"kubernetes:core:namespaces.delete\"]"),
        (Seed::Command("rm -rf /etc"), "environment: [local]"),
        (Seed::Command("psql -h db.example shop -c 'drop table \"orders\"'"), "operation: [\"sql:"),
        (Seed::Command("gh repo delete acme/shop --yes"), "operation: [\"github:"),
        (Seed::Command("aws s3 ls"), "# Without this rule: it passes."),
        (Seed::Operation("aws:rds:DeleteDBInstance"), "impact: destroy, scope: resource, environment: prod"),
        (Seed::Operation("kubernetes:core:namespaces.delete"), "environment: dev"),
        (Seed::Operation("github:rest:repos/delete"), "impact: destroy"),
    ] {
        let text = skeleton("acme/own", seed, &rules).unwrap_or_else(|wrong| panic!("{seed:?}: {wrong}"));
        assert!(text.contains(expected), "{seed:?}\nexpected {expected}\n{text}");
        assert_eq!(format::format("rules/acme/own.yaml", &text).unwrap(), text, "{seed:?}");
    }
}

#[test]
fn what_cannot_become_a_rule_is_told() {
    let rules = RuleSet::builtin();
    for (id, seed, expected) in [
        ("Acme/x", Seed::Example, "`Acme/x` is not an id"),
        ("x", Seed::Example, "write `folder/name`"),
        ("../x", Seed::Example, "is not an id"),
        ("acme/x", Seed::Operation("aws:rds:DeleteDB"), "no catalog knows the operation `aws:rds:DeleteDB`"),
        ("acme/x", Seed::Command("echo \"open"), "the command cannot be read"),
    ] {
        let wrong = skeleton(id, seed, &rules).unwrap_err().to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
}
