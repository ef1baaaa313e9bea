use std::path::PathBuf;

use super::ask::ask;
use super::*;
use crate::app::init::Named;

fn candidates() -> Vec<(PathBuf, Vec<Candidate>)> {
    let one = |value: &str, names: &[&str]| Candidate {
        source: SourceKind::Aws,
        key: Named::Account,
        value: value.to_owned(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    };
    vec![(
        PathBuf::from("/home/me/.aws/config"),
        vec![one("111122223333", &["shop-prod"]), one("444455556666", &["dev"]), one("777788889999", &["main"])],
    )]
}

fn answers(input: &str) -> (Vec<Option<EnvironmentKind>>, String) {
    let mut out = Vec::new();
    let answered = ask(&candidates(), &mut input.as_bytes(), &mut out).unwrap();
    (answered.into_iter().map(|(_, answer)| answer).collect(), String::from_utf8(out).unwrap())
}

#[test]
fn nothing_is_taken_from_a_name_alone() {
    use EnvironmentKind::{Dev, Prod, Staging};
    for (input, expected) in [
        ("", [None, None, None]),
        ("n\n", [None, None, None]),
        ("\n", [None, None, None]),
        // The return key takes `prod`, and never anything milder.
        ("y\n\n\n\n\n", [Some(Prod), None, None]),
        ("y\nprod\ndev\nstaging\ny\n", [Some(Prod), Some(Dev), Some(Staging)]),
        ("y\nprod\ndevel\nDEV\nunknown\n\n", [Some(Prod), Some(Dev), None]),
        ("y\nprod\ndev\nstaging\nn\n", [None, None, None]),
        // The input ends before the lines were accepted.
        ("y\nprod\ndev\nstaging\n", [None, None, None]),
    ] {
        let (given, said) = answers(input);
        assert_eq!(given, expected, "{input:?}\n{said}");
    }
}

#[test]
fn every_line_is_shown_before_it_is_written() {
    let (_, said) = answers("y\nprod\ndev\n\ny\n");
    for part in [
        "/home/me/.aws/config names:",
        r#"- { provider: aws, account: "111122223333" }  (profile shop-prod, looks like prod)"#,
        r#"444455556666 (profile dev, looks like dev) [unknown]: "#,
        "inventory.yaml will say:",
        "      - name: dev\n",
        "Write that? [Y/n]",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn credentials_are_not_read() {
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("credentials");
    std::fs::write(&secret, "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\n").unwrap();
    let named = |variable: &'static str| {
        let secret = secret.clone();
        move |name: &str| (name == variable).then(|| secret.clone().into_os_string())
    };
    assert!(discover(named("AWS_CONFIG_FILE")).0.is_empty());
    assert!(discover(named("AWS_SHARED_CREDENTIALS_FILE")).0.is_empty());
}
