use super::*;

use crate::approvals::{Said as Answer, verify};
use crate::config::People;

const NOW: Timestamp = Timestamp::from_millis(1_795_395_723_000);

/// A folder of keys; `None` where there is no `ssh-keygen`, and none is required.
fn folder() -> Option<tempfile::TempDir> {
    let found = Command::new("ssh-keygen").arg("-?").stderr(Stdio::null()).status().is_ok();
    let required = std::env::var("BLASTGATE_TEST_REQUIRE").unwrap_or_default();
    assert!(found || !required.split(',').any(|one| one == "ssh-keygen"), "`ssh-keygen` is required");
    if !found {
        eprintln!("SKIPPED: `ssh-keygen` is not on the PATH, so nothing was tested with it");
    }
    found.then(|| tempfile::tempdir().unwrap())
}

/// Makes a key and returns the line of its `.pub` file.
fn key(folder: &Path, name: &str, kind: &str) -> String {
    let path = folder.join(name);
    let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(&path).status().unwrap();
    assert!(made.success());
    fs::read_to_string(public_of(&path)).unwrap().trim().to_owned()
}

fn people(keys: &[&str]) -> People {
    let keys: Vec<String> = keys.iter().map(|key| format!("{{ key: {key} }}")).collect();
    let text = format!("version: 1\npeople:\n  - {{ name: ada, keys: [{}] }}\n", keys.join(", "));
    People::parse("people.yaml", &text).unwrap()
}

fn statement() -> Statement {
    Statement {
        request: "a_01KAQ2V5C5M0Q8Z9F3T7W4XN6E".parse().unwrap(),
        content: [1; 32],
        answer: Answer::Approve,
        voter: "ada".to_owned(),
        at: NOW,
        reason: Some("größer".to_owned()),
    }
}

#[test]
fn the_voters_own_key_signs() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    key(folder, "id_ed25519", "ed25519");
    let second = key(folder, "id_ecdsa", "ecdsa");
    let work = key(folder, "work.2026", "ed25519");
    let one = statement();
    for (listed, key, expected) in [
        (vec![&second], None, "id_ecdsa"),
        (vec![&work], None, "work.2026"),
        (vec![&work, &second], None, "id_ecdsa"),
        (vec![&work, &second], Some("work.2026"), "work.2026"),
        (vec![&work, &second], Some("work.2026.pub"), "work.2026"),
    ] {
        let listed: Vec<&str> = listed.into_iter().map(String::as_str).collect();
        let people = people(&listed);
        let ada = &people.all()[0];
        let path = key.map(|key| folder.join(key));
        let armoured = sign(&one, ada, path.as_deref(), folder).unwrap();
        let signed = verify(&one, &armoured, &people, NOW).unwrap();
        let line = fs::read_to_string(public_of(&folder.join(expected))).unwrap();
        assert_eq!(signed.fingerprint, Key::parse(&line).unwrap().fingerprint());
    }
}

#[test]
fn what_does_not_sign_is_told() {
    let Some(folder) = folder() else { return };
    let folder = folder.path();
    let first = key(folder, "id_ed25519", "ed25519");
    let other = key(folder, "other", "ed25519");
    let gone = key(folder, "gone", "ed25519");
    fs::remove_file(folder.join("gone")).unwrap();
    fs::remove_file(folder.join("gone.pub")).unwrap();
    fs::write(folder.join("broken"), "x").unwrap();
    fs::write(folder.join("broken.pub"), "x").unwrap();
    for (listed, key, expected) in [
        (String::new(), None, "people.yaml lists no key for `ada`"),
        (gone.clone(), None, "is one that people.yaml lists for `ada` (SHA256:"),
        (first.clone(), Some("other"), "people.yaml does not list the key of"),
        (first.clone(), Some("nothing"), "cannot read the key"),
        (first.clone(), Some("broken"), "this is not an OpenSSH public key; write the line"),
        (format!("{other}, expires: 2026-01-01"), None, "voted until 2026-01-02T00:00:00.000Z"),
        (format!("{other}, expires: 2026-01-01"), Some("other"), "voted until"),
    ] {
        let listed: Vec<&str> = Some(listed.as_str()).filter(|one| !one.is_empty()).into_iter().collect();
        let people = people(&listed);
        let path = key.map(|key| folder.join(key));
        let error = sign(&statement(), &people.all()[0], path.as_deref(), folder).unwrap_err().to_string();
        assert!(error.contains(expected), "{key:?}: {error}");
    }
    // Its public half is there and its private one nowhere, an agent included.
    fs::remove_file(folder.join("other")).unwrap();
    let error = sign(&statement(), &people(&[&other]).all()[0], None, folder).unwrap_err();
    assert!(matches!(error, SignError::Unsigned(_)), "{error}");
}
