//! What `blastgate init` promises: a configuration that changes nothing until somebody changes it.

use std::fs;

use serde_json::Value;

use crate::support::child;
use crate::support::stage::Stage;
use crate::support::{PATIENCE, clients};

/// `blastgate ARGS…` with a home of its own and no configuration.
fn fresh(stage: &Stage, arguments: &[&str]) -> child::Ended {
    let mut command = stage.blastgate(arguments);
    command.env_remove("BLASTGATE_CONFIG");
    child::run(command, PATIENCE)
}

fn files(stage: &Stage) -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, found) } else { found.push(path.display().to_string()) }
        }
    }
    let mut found = Vec::new();
    walk(&stage.path("home"), &mut found);
    let home = stage.path("home").display().to_string();
    let mut found: Vec<String> = found.iter().map(|path| path.replace(&home, "~")).collect();
    found.sort();
    found
}

#[test]
fn a_first_configuration_is_written_once_and_changes_nothing() {
    let stage = Stage::new();
    stage.write("home/.aws/config", "[profile shop-prod]\nrole_arn = arn:aws:iam::111122223333:role/x\n");
    stage.write("home/.aws/credentials", "[default]\naws_secret_access_key = very-secret\n");
    stage
        .write("home/.kube/config", "clusters:\n- name: prod-eu\n  cluster: { server: 'https://kube.example:6443' }\n");
    let before = files(&stage);
    assert_eq!(fresh(&stage, &["init", "--print"]).succeeded().stderr, "");
    assert_eq!(files(&stage), before, "--print writes nothing");

    let said = fresh(&stage, &["init"]).succeeded();
    assert!(said.stdout.contains("wrote      ") && said.stdout.contains("blastgate run --observe"), "{said:#?}");
    let folder = stage.path("home/.config/blastgate");
    let inventory = fs::read_to_string(folder.join("inventory.yaml")).unwrap();
    assert!(
        inventory.contains("#      - { provider: aws, account: \"111122223333\" } # profile shop-prod"),
        "{inventory}"
    );
    assert!(inventory.contains("#      - { provider: kubernetes, cluster: \"prod-eu\" }"), "{inventory}");
    for file in files(&stage).iter().filter(|file| !file.contains(".aws")) {
        let text = fs::read_to_string(file.replace('~', &stage.path("home").display().to_string())).unwrap();
        assert!(!text.contains("very-secret"), "{file}");
    }

    let ended = fresh(&stage, &["run", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ended.code, Some(7), "{ended:#?}");
    let checked = fresh(&stage, &["rules", "check", "--config", &folder.display().to_string()]).succeeded();
    assert!(checked.stdout.contains("all hold"), "{checked:#?}");

    let ca = fs::read(stage.path("home/.local/state/blastgate/ca/ca.pem")).unwrap();
    fs::write(folder.join("config.yaml"), "version: 1\nposture: strict\n").unwrap();
    let again = fresh(&stage, &["init", "--yes", "--json"]).succeeded();
    let told: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(
        (told["files"][0]["what"].as_str(), told["files"][1]["what"].as_str()),
        (Some("kept"), Some("unchanged"))
    );
    assert_eq!(told["candidates"][0]["value"], "111122223333");
    let forced = fresh(&stage, &["init", "--force", "--json"]).succeeded();
    let told: Value = serde_json::from_str(&forced.stdout).unwrap();
    assert_eq!(told["files"][0]["what"], "replaced");
    let backup = fs::read_to_string(told["files"][0]["backup"].as_str().unwrap()).unwrap();
    assert_eq!(backup, "version: 1\nposture: strict\n");
    assert_eq!(fs::read(stage.path("home/.local/state/blastgate/ca/ca.pem")).unwrap(), ca, "the CA stays");
}

#[test]
fn a_configuration_elsewhere_is_written_where_it_was_named() {
    let stage = Stage::new();
    let named = stage.path("elsewhere/own.yaml");
    fresh(&stage, &["init", "--config", &named.display().to_string()]).succeeded();
    assert!(named.exists() && stage.path("elsewhere/inventory.yaml").exists());
    assert!(files(&stage).iter().all(|file| !file.contains(".config")), "{:?}", files(&stage));
    let ended = fresh(&stage, &["run", "--config", &named.display().to_string(), "--", "true"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn an_agent_cannot_write_the_configuration_of_its_gate() {
    let stage = Stage::new();
    let program = env!("CARGO_BIN_EXE_blastgate");
    let ended = fresh(&stage, &["run", "--", program, "init", "--force"]);
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert!(ended.stderr.contains("behind the gate"), "{ended:#?}");
    assert!(!stage.path("home/.config/blastgate/config.yaml").exists());
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let stage = Stage::new();
    let folder = stage.path("man");
    fresh(&stage, &["man", "--dir", &folder.display().to_string()]).succeeded();
    for name in ["blastgate", "blastgate-run", "blastgate-init", "blastgate-report", "blastgate-log-show"] {
        let text = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{name}");
    }
    let Some(man) = clients::optional("man") else { return };
    let mut command = stage.command(man);
    command.arg("-l").arg(folder.join("blastgate-run.1")).env("MANPAGER", "cat");
    let shown = child::run(command, PATIENCE).succeeded();
    assert!(shown.stdout.contains("observe"), "{shown:#?}");
}
