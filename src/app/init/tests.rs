use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::*;
use crate::config::{Config, Inventory};
use crate::model::{EnvironmentKind, Timestamp};
use crate::prove;
use crate::rules::{Layer, RuleSet, Source};

/// The template with every key at work: `#key: value` loses its mark, whatever its indent.
fn uncommented(with_examples: bool) -> String {
    let mut out = String::new();
    let mut examples: Vec<String> = Vec::new();
    for line in CONFIG.lines() {
        let bare = line.trim_start();
        let indent = line.strip_suffix(bare).unwrap();
        if let Some(example) = bare.strip_prefix("#   ") {
            examples.push(format!("{indent}  {example}\n"));
        } else if let Some(key) = bare.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' ')) {
            let name = key.split(':').next().unwrap();
            if with_examples && !examples.is_empty() {
                out.push_str(&format!("{indent}{name}:\n{}", examples.concat()));
            } else {
                out.push_str(&format!("{indent}{key}\n"));
            }
            examples.clear();
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[track_caller]
fn parsed(text: &str) -> Config {
    Config::parse("config.yaml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_settings_as_written_and_with_every_key_uncommented_are_the_defaults() {
    let defaults = format!("{:?}", Config::default());
    assert_eq!(format!("{:?}", parsed(CONFIG)), defaults);
    let text = uncommented(false);
    assert_eq!(format!("{:?}", parsed(&text)), defaults, "{text}");
}

#[test]
fn every_example_of_the_settings_can_be_used() {
    let config = parsed(&uncommented(true));
    assert_eq!(config.listen.reverse.len(), 2);
    assert_eq!((config.egress.resolve.len(), config.egress.client_certs.len()), (1, 1));
    assert_eq!((config.egress.extra_ca.len(), config.egress.unopened.len()), (1, 1));
    assert_eq!(config.egress.allow_addresses.len(), 1);
}

/// The fields of every `struct Raw…` of the settings, with their types, from the source itself.
fn schema() -> BTreeMap<String, Vec<(String, String)>> {
    let mut structs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for entry in fs::read_dir("src/config/settings").unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut current: Option<String> = None;
        for line in text.lines() {
            if let Some(name) =
                line.trim_end_matches(" {").split("struct ").nth(1).filter(|name| name.starts_with("Raw"))
            {
                current = Some(name.to_owned());
            } else if line.starts_with('}') {
                current = None;
            } else if let (Some(name), Some((field, kind))) =
                (&current, line.trim().trim_end_matches(',').split_once(": "))
            {
                let field = (field.to_owned(), kind.to_owned());
                structs.entry(name.clone()).or_default().push(field);
            }
        }
    }
    structs
}

#[test]
fn every_key_of_the_settings_stands_in_the_template() {
    let structs = schema();
    let uncommented: Value = serde_saphyr::from_str(&uncommented(true)).unwrap();
    let mut missing = Vec::new();
    let mut seen = 0;
    let mut open = vec![("RawConfig".to_owned(), vec![String::new()])];
    while let Some((name, places)) = open.pop() {
        for (field, kind) in &structs[&name] {
            if kind.contains("Unbuilt") || kind.contains("RawLedger") {
                continue;
            }
            let paths: Vec<String> = places.iter().map(|at| format!("{at}/{field}")).collect();
            seen += 1;
            if paths.iter().all(|path| uncommented.pointer(path).is_none()) {
                missing.push(paths.join(" or "));
            }
            let Some(inner) = structs.keys().find(|inner| kind.contains(inner.as_str())) else { continue };
            let inside = |path: String| match uncommented.pointer(&path) {
                // Of a map any entry may show a key.
                Some(Value::Object(map)) if kind.contains("BTreeMap<") => {
                    map.keys().map(|entry| format!("{path}/{entry}")).collect()
                }
                _ if kind.contains("Vec<") => vec![format!("{path}/0")],
                _ => vec![path],
            };
            open.push((inner.clone(), paths.into_iter().flat_map(inside).collect()));
        }
    }
    assert!(seen >= 25, "the settings' source was understood: {seen} keys");
    assert!(missing.is_empty(), "not in files/config.yaml: {missing:?}");
}

#[test]
fn the_example_rule_is_not_loaded_and_holds_when_it_is() {
    let (folder, state) = (tempfile::tempdir().unwrap(), Timestamp::from_millis(1_795_312_800_000));
    for file in plan(folder.path(), &folder.path().join("config.yaml"), inventory_text(&[])) {
        write(&file, false, state).unwrap();
    }
    let setup = super::super::Setup::read(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    assert!(setup.rules.rule("own/payments-database").is_none());
    for mode in ["shadow ", "enforce"] {
        let text = EXAMPLE_RULE.replace("mode: shadow ", &format!("mode: {mode}"));
        let file = "rules/own/payments-database.yaml".to_owned();
        let rules = RuleSet::load(&[Source { file, text, layer: Layer::Organisation }]).unwrap();
        assert_eq!(rules.rule("own/payments-database").unwrap().mode.as_str(), mode.trim());
        let failed = prove::run(&rules);
        assert!(failed.is_empty(), "{mode}: {failed:?}");
    }
}

#[test]
fn the_inventory_parses_with_and_without_its_examples() {
    let text = inventory_text(&[]);
    assert_eq!(Inventory::parse("inventory.yaml", &text).unwrap().environments().len(), 0);
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("version")).collect();
    let text: String = lines.iter().map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line))).collect();
    let inventory = Inventory::parse("inventory.yaml", &text).unwrap();
    assert_eq!((inventory.environments().len(), inventory.entries().count()), (2, 5));
    assert!(inventory.warnings().is_empty());
}

const AWS: &str = "\
[default]
region = eu-west-1
[profile shop-prod]
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = default
s3 =
  addressing_style = path
  sso_account_id = 000000000000
[ profile \"shop dev\" ]
sso_account_id=444455556666 # the sandbox
[sso-session main]
sso_account_id = 999999999999
[profile shop-readonly]
role_arn = arn:aws:iam::111122223333:role/read
[profile broken]
role_arn = nonsense
sso_account_id = 12
[profile china]
role_arn = arn:aws-cn:iam::777788889999:role/x
";

#[test]
fn accounts_are_found_with_their_profiles() {
    let found = aws_accounts(AWS);
    let told: Vec<(&str, String)> = found.iter().map(|one| (one.value.as_str(), one.known_as())).collect();
    assert_eq!(
        told,
        [
            ("111122223333", "profiles shop-prod, shop-readonly".to_owned()),
            ("444455556666", "profile shop dev".to_owned()),
            ("777788889999", "profile china".to_owned()),
        ]
    );
    assert_eq!(found[0].proposal(), Some(EnvironmentKind::Prod));
    assert_eq!(entry_line(&found[0]).unwrap(), r#"- { provider: aws, account: "111122223333" }"#);
}

#[test]
fn clusters_are_found_and_nothing_else_of_a_kubeconfig() {
    let text = "\
clusters:
- { name: prod-eu, cluster: { server: 'https://kube.example', certificate-authority-data: AAAA } }
- { name: 'arn:aws:eks:eu-west-1:111122223333:cluster/shop', cluster: { server: 'https://x' } }
- { name: 'odd*name', cluster: {} }
contexts:
- { name: work, context: { cluster: prod-eu, user: me } }
- { name: empty }
users:
- { name: me, user: { token: very-secret-token } }
";
    let found = kubernetes_clusters(text).unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!((found[0].known_as().as_str(), found[0].proposal()), ("context work", Some(EnvironmentKind::Prod)));
    assert!(!format!("{found:?}").contains("very-secret"));
    assert_eq!(entry_line(&found[2]), None, "a pattern would name other clusters too");
    assert_eq!(kubernetes_clusters("").unwrap(), []);
    let error = kubernetes_clusters("clusters: very-secret-token").unwrap_err();
    assert_eq!(error, "it is not a kubeconfig");
}

#[test]
fn a_name_proposes_and_the_strictest_word_stands() {
    use EnvironmentKind::{Dev, Local, Prod, Staging};
    for (name, expected) in [
        ("shop-prod", Some(Prod)),
        ("prod2", Some(Prod)),
        ("dev-access-to-prod", Some(Prod)),
        ("preprod", Some(Staging)),
        ("shop_staging_eu", Some(Staging)),
        ("dev", Some(Dev)),
        ("kind-prod", Some(Local)),
        ("minikube", Some(Local)),
        ("non-prod", None),
        ("shop-nonprod", None),
        ("products", None),
        ("device-farm", None),
        ("shop", None),
        ("", None),
    ] {
        assert_eq!(guess(name), expected, "{name}");
    }
}

fn candidate(key: Named, value: &str, names: &[&str]) -> Candidate {
    let source = if key == Named::Account { SourceKind::Aws } else { SourceKind::Kubernetes };
    Candidate { source, key, value: value.to_owned(), names: names.iter().map(|&name| name.to_owned()).collect() }
}

#[test]
fn only_what_was_answered_is_an_entry_and_it_reads_as_it_was_meant() {
    let nasty = "ev\"il\n- { name: dev }\\";
    let text = inventory_text(&[
        (candidate(Named::Account, "111122223333", &["shop\n      - { provider: aws }"]), Some(EnvironmentKind::Prod)),
        (candidate(Named::Account, "011122223333", &["dev"]), Some(EnvironmentKind::Dev)),
        (candidate(Named::Cluster, nasty, &[]), Some(EnvironmentKind::Dev)),
        (candidate(Named::Cluster, "guess-dev", &["guess-dev"]), None),
        (candidate(Named::Cluster, "*", &[]), Some(EnvironmentKind::Dev)),
    ]);
    let inventory = Inventory::parse("inventory.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let entries: Vec<(String, &str)> = inventory
        .entries()
        .map(|(entry, environment)| (entry.keys[1].1.to_string(), environment.name.as_str()))
        .collect();
    assert_eq!(
        entries,
        [("111122223333".to_owned(), "prod"), ("011122223333".to_owned(), "dev"), (nasty.to_owned(), "dev"),]
    );
    assert!(text.contains(
        "#      - { provider: kubernetes, cluster: \"guess-dev\" } # context guess-dev; the name looks like dev"
    ));
}

#[test]
fn nothing_is_overwritten_unless_asked_for_and_then_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/config.yaml");
    let file = |text: &str| PlannedFile { path: path.clone(), text: text.to_owned() };
    let now = Timestamp::from_millis(1_795_312_800_000);
    assert_eq!(write(&file("one"), false, now).unwrap(), Written::New);
    assert_eq!(write(&file("one"), true, now).unwrap(), Written::Unchanged);
    assert_eq!(write(&file("two"), false, now).unwrap(), Written::Kept);
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    let Written::Replaced { backup } = write(&file("two"), true, now).unwrap() else { panic!("replaced") };
    assert_eq!(fs::read_to_string(&backup).unwrap(), "one");
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    assert!(write(&file("three"), true, now).is_err(), "no backup is lost");
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_target_need_not_exist() {
    let none = |_: &str| None;
    for (named, folder, file) in [
        ("/nowhere/at/all", "/nowhere/at/all", "/nowhere/at/all/config.yaml"),
        ("/nowhere/own.yaml", "/nowhere", "/nowhere/own.yaml"),
    ] {
        assert_eq!(target(Some(Path::new(named)), none).unwrap(), (PathBuf::from(folder), PathBuf::from(file)));
    }
    let home = |name: &str| (name == "HOME").then(|| "/home/me".into());
    assert_eq!(target(None, home).unwrap().1, PathBuf::from("/home/me/.config/blastgate/config.yaml"));
}
