use super::*;
use crate::model::Timestamp;

const ADA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
const HARD: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICFo/k5LU8863u66YC9eUO2170QduohPURkQnbLa/dczAAAABHNzaDo=";

/// A line of a key made of these fields, each as SSH writes it.
fn line(kind: &str, fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in [kind.as_bytes()].iter().chain(fields) {
        blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        blob.extend(*field);
    }
    format!("{kind} {}", data_encoding::BASE64.encode(&blob))
}

fn rsa(bits: usize) -> String {
    let mut modulus = vec![0xff; bits / 8];
    modulus.insert(0, 0);
    line("ssh-rsa", &[&[1, 0, 1], &modulus])
}

fn file(keys: &str) -> String {
    format!("version: 1\npeople:\n  - name: ada@shop.example\n    keys: {keys}\n")
}

fn wrong(text: &str) -> Vec<Diagnostics> {
    People::parse("people.yaml", text).err().into_iter().collect()
}

#[test]
fn keys_of_every_kind_are_read() {
    let point = |first: u8, width: usize| {
        let mut point = vec![first];
        point.resize(2 * width + 1, 7);
        point
    };
    for (text, kind) in [
        (ADA.to_owned(), "ssh-ed25519"),
        (format!("  {ADA} ada at home\n"), "ssh-ed25519"),
        (HARD.to_owned(), "sk-ssh-ed25519@openssh.com"),
        (line("ecdsa-sha2-nistp256", &[b"nistp256", &point(4, 32)]), "ecdsa-sha2-nistp256"),
        (line("ecdsa-sha2-nistp384", &[b"nistp384", &point(4, 48)]), "ecdsa-sha2-nistp384"),
        (
            line("sk-ecdsa-sha2-nistp256@openssh.com", &[b"nistp256", &point(4, 32), b"ssh:"]),
            "sk-ecdsa-sha2-nistp256@openssh.com",
        ),
        (rsa(3072), "ssh-rsa"),
        (rsa(8192), "ssh-rsa"),
    ] {
        let key = Key::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((key.kind().as_str(), key.is_hardware()), (kind, kind.starts_with("sk-")), "{text}");
        assert!(key.fingerprint().starts_with("SHA256:") && key.fingerprint().len() == 50);
    }
    let key = Key::parse(&format!("{ADA} ada@laptop \u{1b}[2K")).unwrap();
    assert_eq!(key.comment(), "ada@laptop [2K");
    assert_eq!(key.fingerprint(), "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ");
}

#[test]
fn what_is_no_key_to_vote_with() {
    let compressed = [vec![2], vec![7; 32]].concat();
    let spare = [vec![4], vec![7; 64], vec![0]].concat();
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
    for (text, expected) in [
        (String::new(), KeyError::NotAKey),
        ("ssh-ed25519".to_owned(), KeyError::Damaged),
        ("ssh-ed25519 AAAA".to_owned(), KeyError::Damaged),
        (ADA.replace("ssh-ed25519 ", "ssh-rsa "), KeyError::Damaged),
        (ADA.chars().take(70).collect(), KeyError::Damaged),
        (format!("{ADA}AAAA"), KeyError::Damaged),
        (format!("{ADA}\n{HARD}"), KeyError::Damaged),
        (ADA.replacen("ssh-ed25519", "SSH-ED25519", 1), KeyError::NotAKey),
        ("hunter2".to_owned(), KeyError::NotAKey),
        ("SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ".to_owned(), KeyError::NotAKey),
        (format!("restrict,command=\"x\" {ADA}"), KeyError::Prefixed),
        (format!("ada {ADA}"), KeyError::Prefixed),
        ("-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(), KeyError::Private),
        (body.to_owned(), KeyError::Private),
        ("ssh-ed25519-cert-v01@openssh.com AAAA ada".to_owned(), KeyError::Certificate),
        ("sk-ssh-ed25519-cert-v01@openssh.com AAAA ada".to_owned(), KeyError::Certificate),
        (line("ssh-dss", &[&[1], &[1], &[1], &[1]]), KeyError::Dsa),
        (rsa(1024), KeyError::ShortRsa(1024)),
        (rsa(2048), KeyError::ShortRsa(2048)),
        (rsa(3064), KeyError::ShortRsa(3064)),
        (rsa(16384), KeyError::LongRsa(16384)),
        (line("ecdsa-sha2-nistp521", &[b"nistp521", &[4; 133]]), KeyError::Kind),
        (line("ssh-ed448", &[&[4; 57]]), KeyError::Kind),
        (line("ecdsa-sha2-nistp256", &[b"nistp256", &compressed]), KeyError::Damaged),
        (line("ecdsa-sha2-nistp256", &[b"nistp256", &spare]), KeyError::Damaged),
        (line("ecdsa-sha2-nistp256", &[b"nistp384", &[4; 97]]), KeyError::Damaged),
        (line("ssh-ed25519", &[&[4; 32], b""]), KeyError::Damaged),
        (line("ssh-ed25519", &[&[4; 31]]), KeyError::Damaged),
    ] {
        assert_eq!(Key::parse(&text).map(|key| key.kind()), Err(expected), "{text}");
    }
}

#[test]
fn people_with_keys() {
    let text = format!(
        "version: 1\npeople:\n  - name: ada@shop.example\n    os_user: ada\n    teams: [\"@retail-core\"]\n    keys:\n      \
         - {ADA} ada@laptop\n      - {{ key: \"{HARD}\", verify_required: true, expires: 2027-01-01 }}\n  \
         - {{ name: bo, email: bo@shop.example }}\n  - {{ name: cy }}\n"
    );
    let people = People::parse("people.yaml", &text).unwrap();
    assert!(people.has_keys());
    let [ada, bo, cy] = people.all() else { panic!("three people") };
    assert!(ada.is_of("@retail-core") && !ada.is_of("@retail") && !bo.is_of("@retail-core"));
    assert_eq!([ada, bo, cy].map(Person::address), [Some("ada@shop.example"), Some("bo@shop.example"), None]);
    let [soft, hard] = &ada.keys[..] else { panic!("two keys") };
    assert_eq!((soft.is_verify_required(), soft.expires(), soft.comment()), (false, None, "ada@laptop"));
    assert!(hard.is_verify_required() && soft.is_live(Timestamp::from_millis(u64::MAX)));
    // The day itself counts.
    let end = Timestamp::from_millis(1_798_848_000_000);
    assert_eq!(hard.expires(), Some(end));
    assert!(hard.is_live(Timestamp::from_millis(end.millis() - 1)) && !hard.is_live(end));
    let (owner, key) = people.by_key(hard.fingerprint()).unwrap();
    assert_eq!((owner.name.as_str(), key), ("ada@shop.example", hard));
    assert!(people.by_key("SHA256:x").is_none());
    assert!(!People::parse("people.yaml", "version: 1\npeople: [{ name: ada }]\n").unwrap().has_keys());
}

#[test]
fn a_lost_key_is_taken_out_at_once() {
    let other = line("ssh-ed25519", &[&[9; 32]]);
    let of = |person: &str, keys: &str| {
        let text = format!(
            "version: 1\npeople:\n  - {{ name: ada, {person} keys: [{keys}] }}\n  - {{ name: bo, keys: [{other}] }}\n"
        );
        People::parse("people.yaml", &text).unwrap()
    };
    let before = of("", &format!("{ADA}, {{ key: {HARD}, expires: 2027-01-01 }}"));
    for (person, keys, expected) in [
        ("", format!("{ADA}, {{ key: {HARD}, expires: 2027-01-01 }}"), true),
        ("", format!("{{ key: {HARD}, expires: 2027-01-01 }}"), true),
        ("", String::new(), true),
        ("", format!("{{ key: {ADA}, expires: 2027-01-01 }}, {{ key: {HARD}, expires: 2026-12-31 }}"), true),
        ("", format!("{{ key: {HARD}, expires: 2027-01-01, verify_required: true }}"), true),
        ("", format!("{{ key: {HARD}, expires: 2027-01-02 }}"), false),
        ("", HARD.to_owned(), false),
        ("", format!("{ADA}, {}", rsa(3072)), false),
        ("level: senior,", ADA.to_owned(), false),
        ("roles: [sre],", ADA.to_owned(), false),
    ] {
        assert_eq!(of(person, &keys).only_revokes(&before), expected, "{person} {keys}");
    }
    let nobody = People::parse("people.yaml", "version: 1\npeople: [{ name: ada }, { name: bo }]\n").unwrap();
    assert!(!nobody.only_revokes(&before), "votes would not have to be signed any more");
    assert!(before.only_revokes(&before) && !before.only_revokes(&nobody));
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let two = |first: &str, second: &str| {
        format!("version: 1\npeople:\n  - {{ name: ada, keys: [{first}] }}\n  - {{ name: bo, keys: [{second}] }}\n")
    };
    for (text, expected) in [
        (file("[hunter2]"), "people.yaml:4:12: this is not an OpenSSH public key\n  help: write the line of"),
        (file("[1]"), "people.yaml:4:12: expected the line of a `.pub` file, or a map with `key:`"),
        (file(&format!("[\"{}\"]", rsa(2048))), "people.yaml:4:12: this is an RSA key of 2048 bits: at least 3072"),
        (file(&format!("[{{ key: {ADA}, verify-required: true }}]")), "unknown key `verify-required`\n"),
        (file(&format!("[{{ key: {ADA}, verify-required: true }}]")), "did you mean `verify_required`?"),
        (file("[{ verify_required: true }]"), "key `key` is missing"),
        (file(&format!("[{{ key: {ADA}, verify_required: true }}]")), "only a key in a security key (`sk-…`) can say"),
        (file(&format!("[{{ key: {ADA}, verify_required: yes }}]")), "invalid boolean"),
        (file(&format!("[{{ key: {ADA}, expires: soon }}]")), "`soon` is not a point in time"),
        (file(&format!("[{ADA}, {ADA} again]")), "this key stands here a second time"),
        (two(ADA, &format!("{ADA} bo@desk")), "people.yaml:4:24: this key is `ada`'s already: one key is one person"),
        (file("[{ key: hunter2 }]"), "people.yaml:4:19: this is not an OpenSSH public key"),
        ("version: 1\npeople: [{ name: a, teams: [\"\"] }]\n".to_owned(), "`` is not a team"),
        ("version: 1\npeople: [{ name: a, email: a }]\n".to_owned(), "`a` is not an e-mail address"),
        ("version: 1\npeople: [{ name: a, email: \"a@b, c@d\" }]\n".to_owned(), "is not an e-mail address"),
        ("version: 1\npeople: [{ name: a, email: \"a@b\\nBcc: c@d\" }]\n".to_owned(), "is not an e-mail address"),
    ] {
        let found = wrong(&text).pop().unwrap_or_else(|| panic!("it loads: {text}")).to_string();
        assert!(found.contains(expected), "{text}\nexpected: {expected}\nfound: {found}");
    }
}

#[test]
fn no_message_repeats_a_secret() {
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
    let pem = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----");
    let one_line = pem.replace('\n', "\\n");
    let indented = pem.replace('\n', "\n        ");
    for text in [
        file(&format!("[\"{one_line}\"]")),
        file(&format!("\n      - |\n        {indented}")),
        file(&format!("\n      - key: |\n        {indented}")),
        file(&format!("\n{pem}")),
        file(&format!("[{body}]")),
        file(&format!("[{{ key: {body} }}]")),
        format!("{}# {body}\n", file("[]")),
    ] {
        let found = wrong(&text).pop().unwrap_or_else(|| panic!("it loads: {text}")).to_string();
        assert!(found.contains("this is a private key") && !found.contains("b3Bl"), "{text}\nfound: {found}");
        assert!(found.starts_with("people.yaml:"), "{found}");
    }
    let found = wrong(&file("[\"correct horse\"]")).pop().unwrap().to_string();
    assert!(!found.contains("horse"), "{found}");
}
