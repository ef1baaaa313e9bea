use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ::ring::rand::SystemRandom;
use ::ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::*;
use crate::approvals::statement::Answer;

const NOW: Timestamp = Timestamp::from_millis(1_795_395_723_000);

fn statement(voter: &str) -> Statement {
    Statement {
        request: "a_01KAQ2V5C5M0Q8Z9F3T7W4XN6E".parse().unwrap(),
        content: [1; 32],
        answer: Answer::Approve,
        voter: voter.to_owned(),
        at: NOW,
        reason: Some("CHG-42".to_owned()),
    }
}

/// People by name, each with one key and its options.
fn people(keys: &[(&str, &str)]) -> People {
    let mut text = "version: 1\npeople:\n".to_owned();
    for (name, key) in keys {
        text += &format!("  - {{ name: {name}, keys: [{{ key: {key} }}] }}\n");
    }
    People::parse("people.yaml", &text).unwrap()
}

/// By hand.
mod made {
    use super::*;

    pub(super) fn fields(fields: &[&[u8]]) -> Vec<u8> {
        let one = |field: &&[u8]| [&u32::try_from(field.len()).unwrap().to_be_bytes(), *field].concat();
        fields.iter().flat_map(one).collect()
    }

    pub(super) fn armour(bytes: &[u8]) -> String {
        let text = BASE64.encode(bytes);
        let lines: Vec<&str> = text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("{BEGIN}{}\n{END}\n", lines.join("\n"))
    }

    /// Everything in a signature, so that each part can be another.
    #[derive(Clone)]
    pub(super) struct Made {
        pub(super) magic: &'static [u8],
        pub(super) version: u32,
        pub(super) key: Vec<u8>,
        pub(super) namespace: &'static [u8],
        pub(super) reserved: &'static [u8],
        pub(super) hash: &'static [u8],
        pub(super) signature: Vec<u8>,
        pub(super) behind: &'static [u8],
    }

    impl Made {
        pub(super) fn new(key: Vec<u8>, signature: Vec<u8>) -> Self {
            Self {
                magic: MAGIC,
                version: 1,
                key,
                namespace: NAMESPACE.as_bytes(),
                reserved: b"",
                hash: b"sha512",
                signature,
                behind: b"",
            }
        }

        pub(super) fn armoured(&self) -> String {
            let parts = fields(&[&self.key, self.namespace, self.reserved, self.hash, &self.signature]);
            armour(&[self.magic, &self.version.to_be_bytes(), &parts, self.behind].concat())
        }
    }

    pub(super) fn line(blob: &[u8]) -> String {
        let length = usize::from(blob[3]);
        format!("{} {}", std::str::from_utf8(&blob[4..4 + length]).unwrap(), BASE64.encode(blob))
    }
}

use made::{Made, fields, line};

fn plain_key() -> (Ed25519KeyPair, Vec<u8>) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let blob = fields(&[b"ssh-ed25519", pair.public_key().as_ref()]);
    (pair, blob)
}

fn signed_by_hand(hash: Hash, text: &str) -> Made {
    let (pair, blob) = plain_key();
    let signature = pair.sign(&signed_bytes(hash, text.as_bytes()));
    Made::new(blob, fields(&[b"ssh-ed25519", signature.as_ref()]))
}

#[test]
fn a_vote_is_its_owners() {
    let ada = statement("ada");
    let made = signed_by_hand(Hash::Sha512, &ada.to_string());
    let people = people(&[("ada", &line(&made.key)), ("bo", BO)]);
    let signed = verify(&ada, &made.armoured(), &people, NOW).unwrap();
    assert_eq!((signed.person.as_str(), signed.hardware, signed.verified_user), ("ada", false, false));
    assert!(people.by_key(&signed.fingerprint).is_some());
    assert_eq!(verify(&ada, made.armoured().trim_end(), &people, NOW), Ok(signed.clone()));
    let short = Made { hash: b"sha256", ..signed_by_hand(Hash::Sha256, &ada.to_string()) };
    assert_eq!(verify(&ada, &short.armoured(), &people, NOW), Ok(signed));
    let mixed = Made { hash: b"sha256", ..made };
    assert_eq!(verify(&ada, &mixed.armoured(), &people, NOW), Err(SignatureError::Forged));
}

const BO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

#[test]
fn every_field_counts() {
    let ada = statement("ada");
    let made = signed_by_hand(Hash::Sha512, &ada.to_string());
    let people = people(&[("ada", &line(&made.key)), ("bo", BO)]);
    let fields_wrong = || SignatureError::NotASignature("its fields are not those of version 1");
    let kind = |kind: &[u8], body: &[u8]| fields(&[kind, body]);
    let body = &made.signature[4 + 11 + 4..];
    let bo = people.named("bo").unwrap().keys[0].clone();
    let signature_wrong = || SignatureError::NotASignature("its signature's fields are not those of its kind");
    for (one, expected) in [
        (Made { magic: b"SSHSIH", ..made.clone() }, fields_wrong()),
        (Made { version: 0, ..made.clone() }, fields_wrong()),
        (Made { version: 2, ..made.clone() }, fields_wrong()),
        (Made { reserved: b"x", ..made.clone() }, fields_wrong()),
        (Made { behind: b"\0", ..made.clone() }, fields_wrong()),
        (Made { namespace: b"git", ..made.clone() }, SignatureError::Namespace("git".to_owned())),
        (Made { namespace: b"file", ..made.clone() }, SignatureError::Namespace("file".to_owned())),
        (Made { namespace: b"", ..made.clone() }, SignatureError::Namespace(String::new())),
        (
            Made { namespace: b"blastgate-vote@blastgate.dev\0", ..made.clone() },
            SignatureError::Namespace("blastgate-vote@blastgate.dev\\u{0}".to_owned()),
        ),
        (Made { hash: b"sha1", ..made.clone() }, SignatureError::Weak("sha1".to_owned())),
        (Made { hash: b"md5\x1b[2K", ..made.clone() }, SignatureError::Weak("md5\\u{1b}[2K".to_owned())),
        (Made { key: vec![], ..made.clone() }, SignatureError::UnknownKey(print(&[]))),
        (
            Made { key: bo.blob().to_vec(), ..made.clone() },
            SignatureError::OtherVoter {
                fingerprint: bo.fingerprint().to_owned(),
                owner: "bo".to_owned(),
                voter: "ada".to_owned(),
            },
        ),
        (Made { signature: kind(b"ssh-rsa", body), ..made.clone() }, SignatureError::Weak("ssh-rsa".to_owned())),
        (
            Made { signature: kind(b"rsa-sha2-512", body), ..made.clone() },
            SignatureError::Weak("rsa-sha2-512".to_owned()),
        ),
        (Made { signature: kind(b"ssh-ed25519", &body[..63]), ..made.clone() }, SignatureError::Forged),
        (Made { signature: kind(b"ssh-ed25519", b""), ..made.clone() }, SignatureError::Forged),
        (Made { signature: [&made.signature[..], b"\0"].concat(), ..made.clone() }, signature_wrong()),
        (Made { signature: vec![], ..made.clone() }, signature_wrong()),
    ] {
        assert_eq!(verify(&ada, &one.armoured(), &people, NOW), Err(expected));
    }
    assert_eq!(
        verify(&statement("bo"), &made.armoured(), &people, NOW),
        Err(SignatureError::OtherVoter { fingerprint: print(&made.key), owner: "ada".into(), voter: "bo".into() })
    );
    // Every length that lies.
    let bytes = unarmoured(&made.armoured()).unwrap();
    for place in 0..bytes.len() {
        for other in [1, 0x80] {
            let mut changed = bytes.clone();
            changed[place] ^= other;
            assert!(verify(&ada, &made::armour(&changed), &people, NOW).is_err(), "byte {place} ^ {other}");
        }
        assert!(verify(&ada, &made::armour(&bytes[..place]), &people, NOW).is_err(), "cut at {place}");
    }
}

fn print(blob: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(blob)))
}

#[test]
fn the_armour_is_read_strictly() {
    let ada = statement("ada");
    let made = signed_by_hand(Hash::Sha512, &ada.to_string());
    let people = people(&[("ada", &line(&made.key))]);
    let good = made.armoured();
    assert!(verify(&ada, &good, &people, NOW).is_ok());
    let lines: Vec<&str> = good.lines().collect();
    for bad in [
        String::new(),
        "yes".to_owned(),
        format!("\n{good}"),
        format!("Hello\n{good}"),
        format!("{good}\n"),
        format!("{good}{good}"),
        format!("{good}x"),
        good.replace('\n', "\r\n"),
        good.replacen("SIGNATURE-----\n", "SIGNATURE-----\nComment: x\n\n", 1),
        good.replacen(lines[2], &format!("{}\n", lines[2]), 1),
        good.replacen(lines[2], &format!(" {}", lines[2]), 1),
        good.replacen(lines[2], &format!("{}=", lines[2]), 1),
        good.replace('+', "-").replace('/', "_").replacen("SSH SIGNATURE", "SSH-SIGNATURE", 2),
        good.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        good.replacen(&format!("{}\n", lines[2]), "", 1),
        good.replace(lines[1], &lines[1].to_lowercase()),
        format!("{BEGIN}{END}\n"),
        format!("{BEGIN}\n{END}\n"),
        format!("{BEGIN}{}\n{END}\n", "A".repeat(100_000)),
    ] {
        assert!(verify(&ada, &bad, &people, NOW).is_err(), "{bad}");
    }
    // The case of one letter of base64 is another byte.
    for (place, letter) in good.char_indices().filter(|(place, _)| (BEGIN.len()..good.len() - 30).contains(place)) {
        let other = if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        if other != letter {
            let mut bad = good.clone();
            bad.replace_range(place..place + 1, other.encode_utf8(&mut [0; 4]));
            assert!(verify(&ada, &bad, &people, NOW).is_err(), "{place}");
        }
    }
}

#[test]
fn a_vote_counts_only_around_its_time() {
    let ada = statement("ada");
    let made = signed_by_hand(Hash::Sha512, &ada.to_string());
    let people = people(&[("ada", &format!("{}, expires: 2026-11-23T01:05Z", line(&made.key)))]);
    let expires = Timestamp::from_millis(NOW.millis() + 177_000);
    let later = |seconds: i64| Timestamp::from_millis(NOW.millis().saturating_add_signed(1000 * seconds));
    let expired = SignatureError::KeyExpired { fingerprint: print(&made.key), since: expires };
    for (now, expected) in [
        (later(176), Ok(())),
        (later(-600), Ok(())),
        (later(-601), Err(SignatureError::Early(NOW))),
        (later(177), Err(expired.clone())),
        (later(601), Err(expired)),
    ] {
        assert_eq!(verify(&ada, &made.armoured(), &people, now).map(drop), expected, "{now}");
    }
    let people = super::tests::people(&[("ada", &line(&made.key))]);
    assert!(verify(&ada, &made.armoured(), &people, later(600)).is_ok());
    assert_eq!(verify(&ada, &made.armoured(), &people, later(601)), Err(SignatureError::Stale(NOW)));
}

#[test]
fn a_security_key_says_whether_its_owner_was_there() {
    let ada = statement("ada");
    let message = signed_bytes(Hash::Sha512, ada.to_string().as_bytes());
    let (pair, _) = plain_key();
    let soft = fields(&[b"sk-ssh-ed25519@openssh.com", pair.public_key().as_ref(), b"ssh:blastgate"]);
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let curve = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let point = curve.public_key().as_ref();
    let hard = fields(&[b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", point, b"ssh:blastgate"]);
    let number = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap();
        let zero: &[u8] = if bytes[start] >= 0x80 { &[0] } else { &[] };
        [zero, &bytes[start..]].concat()
    };
    let sign = |blob: &[u8], application: &[u8], flags: u8| {
        let counter = 77_u32.to_be_bytes();
        let digests = (Sha256::digest(application), Sha256::digest(&message));
        let bytes = [digests.0.as_slice(), &[flags], &counter, digests.1.as_slice()].concat();
        let signature = if blob == soft {
            fields(&[b"sk-ssh-ed25519@openssh.com", pair.sign(&bytes).as_ref()])
        } else {
            let signature = curve.sign(&random, &bytes).unwrap();
            let (r, s) = signature.as_ref().split_at(32);
            let body = fields(&[&number(r), &number(s)]);
            fields(&[b"sk-ecdsa-sha2-nistp256@openssh.com", &body])
        };
        Made::new(blob.to_vec(), [&signature[..], &[flags], &counter].concat())
    };
    for blob in [&soft, &hard] {
        let any = people(&[("ada", &line(blob))]);
        let strict = people(&[("ada", &format!("{}, verify_required: true", line(blob)))]);
        for (flags, loose, strict_is) in [
            (0x05, Ok(true), Ok(true)),
            (0x01, Ok(false), Err(SignatureError::NotVerified)),
            (0x81, Ok(false), Err(SignatureError::NotVerified)),
            (0x00, Err(SignatureError::NotPresent), Err(SignatureError::NotPresent)),
            (0x04, Err(SignatureError::NotPresent), Err(SignatureError::NotPresent)),
        ] {
            let armoured = sign(blob, b"ssh:blastgate", flags).armoured();
            let told = |people: &People| {
                verify(&ada, &armoured, people, NOW).map(|signed| {
                    assert!(signed.hardware);
                    signed.verified_user
                })
            };
            assert_eq!((told(&any), told(&strict)), (loose, strict_is), "{flags:#x}");
        }
        let elsewhere = sign(blob, b"ssh:", 0x05).armoured();
        assert_eq!(verify(&ada, &elsewhere, &any, NOW), Err(SignatureError::Forged), "another application");
        let made = sign(blob, b"ssh:blastgate", 0x01);
        let place = made.signature.len() - 5;
        // The flags and the counter are signed too; without them, or with more, nothing is read.
        for (change, at) in [(0x04, place), (0x01, place + 4)] {
            let mut changed = made.clone();
            changed.signature[at] |= change;
            changed.signature[at] ^= u8::from(at != place) * 2;
            assert_eq!(verify(&ada, &changed.armoured(), &any, NOW), Err(SignatureError::Forged));
        }
        for signature in [made.signature[..place].to_vec(), [&made.signature[..], &[0]].concat()] {
            let changed = Made { signature, ..made.clone() };
            assert!(matches!(verify(&ada, &changed.armoured(), &any, NOW), Err(SignatureError::NotASignature(_))));
        }
    }
    // Without the trailer, as a key in a file would sign: another kind, and not read as one.
    let plain = Made::new(soft.clone(), fields(&[b"ssh-ed25519", pair.sign(&message).as_ref()]));
    let any = people(&[("ada", &line(&soft))]);
    assert!(verify(&ada, &plain.armoured(), &any, NOW).is_err());
    let trailed = Made { signature: [&plain.signature[..], &[5, 0, 0, 0, 1]].concat(), ..plain };
    assert_eq!(verify(&ada, &trailed.armoured(), &any, NOW), Err(SignatureError::Weak("ssh-ed25519".into())));
}

/// Keys and signatures of the real program.
struct Keygen {
    folder: tempfile::TempDir,
}

impl Keygen {
    /// `None` where there is none, and none is required.
    fn found() -> Option<Self> {
        let found = Command::new("ssh-keygen").arg("-?").stderr(Stdio::null()).status().is_ok();
        let required = std::env::var("BLASTGATE_TEST_REQUIRE").unwrap_or_default();
        assert!(found || !required.split(',').any(|one| one == "ssh-keygen"), "`ssh-keygen` is required");
        if !found {
            eprintln!("SKIPPED: `ssh-keygen` is not on the PATH, so nothing was tested with it");
        }
        found.then(|| Self { folder: tempfile::tempdir().unwrap() })
    }

    /// A key: its file, and the line of its `.pub` file.
    fn key(&self, name: &str, kind: &[&str]) -> (PathBuf, String) {
        let path = self.folder.path().join(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", name, "-t"])
            .args(kind)
            .arg("-f")
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success(), "{kind:?}");
        let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        (path, line.trim().to_owned())
    }

    fn sign(&self, key: &Path, namespace: &str, text: &str, options: &[&str]) -> String {
        let file = self.folder.path().join("text");
        std::fs::write(&file, text).unwrap();
        let out = Command::new("ssh-keygen")
            .args(["-Y", "sign", "-n", namespace])
            .args(options)
            .arg("-f")
            .arg(key)
            .stdin(std::fs::File::open(file).unwrap())
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }
}

#[test]
fn what_ssh_keygen_signs_is_verified() {
    let Some(keygen) = Keygen::found() else { return };
    let kinds: [(&str, &[&str]); 6] = [
        ("ed", &["ed25519"]),
        ("p256", &["ecdsa", "-b", "256"]),
        ("p384", &["ecdsa", "-b", "384"]),
        ("rsa", &["rsa", "-b", "3072"]),
        ("p521", &["ecdsa", "-b", "521"]),
        ("rsa2048", &["rsa", "-b", "2048"]),
    ];
    let keys: Vec<(&str, PathBuf, String)> = kinds
        .iter()
        .map(|(name, kind)| {
            let (path, line) = keygen.key(name, kind);
            (*name, path, line)
        })
        .collect();
    let [listed @ .., p521, rsa2048] = &keys[..] else { panic!("six keys") };
    assert!(Key::parse(&p521.2).is_err() && Key::parse(&rsa2048.2).is_err());
    let lines: Vec<(&str, &str)> = listed.iter().map(|(name, _, line)| (*name, line.as_str())).collect();
    let people = people(&lines);
    for (name, path, _) in listed {
        let one = statement(name);
        let text = one.to_string();
        let other = Statement { answer: Answer::Deny, ..one.clone() };
        for options in [&[][..], &["-O", "hashalg=sha256"]] {
            let armoured = keygen.sign(path, NAMESPACE, &text, options);
            let signed = verify(&one, &armoured, &people, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((signed.person.as_str(), signed.hardware), (*name, false));
            for other in [
                other.clone(),
                Statement { content: [2; 32], ..one.clone() },
                Statement { request: "a_01KAQ2V5C5M0Q8Z9F3T7W4XN6F".parse().unwrap(), ..one.clone() },
                Statement { at: Timestamp::from_millis(NOW.millis() + 1), ..one.clone() },
                Statement { reason: None, ..one.clone() },
            ] {
                assert_eq!(verify(&other, &armoured, &people, NOW), Err(SignatureError::Forged), "{name}");
            }
        }
        for namespace in ["git", "file", "blastgate-vote", "blastgate-vote@blastgate.dev.evil"] {
            let armoured = keygen.sign(path, namespace, &text, &[]);
            let expected = Err(SignatureError::Namespace(namespace.to_owned()));
            assert_eq!(verify(&one, &armoured, &people, NOW), expected, "{name}");
        }
        // The signature of this key with the key of another: what it claims and what verifies are not the same.
        let armoured = keygen.sign(path, NAMESPACE, &text, &[]);
        let bytes = unarmoured(&armoured).unwrap();
        let envelope = Envelope::read(&bytes).unwrap();
        for (owner, _, line) in listed.iter().filter(|(other, ..)| other != name) {
            let key = Key::parse(line).unwrap();
            let rebound = Made::new(key.blob().to_vec(), envelope.signature.to_vec());
            let mine = Statement { voter: (*owner).to_owned(), ..one.clone() };
            let told = verify(&mine, &rebound.armoured(), &people, NOW);
            assert!(matches!(told, Err(SignatureError::Forged | SignatureError::Weak(_))), "{name} {owner}: {told:?}");
        }
        let stranger = super::tests::people(&[(name, BO)]);
        assert!(matches!(verify(&one, &armoured, &stranger, NOW), Err(SignatureError::UnknownKey(_))));
    }
    for (_, path, _) in [p521, rsa2048] {
        let one = statement("ed");
        let armoured = keygen.sign(path, NAMESPACE, &one.to_string(), &[]);
        assert!(matches!(verify(&one, &armoured, &people, NOW), Err(SignatureError::UnknownKey(_))));
    }
}

#[test]
fn an_rsa_signature_is_not_one_of_sha_1() {
    let Some(keygen) = Keygen::found() else { return };
    let (path, key) = keygen.key("rsa", &["rsa", "-b", "3072"]);
    let people = people(&[("ada", &key)]);
    let ada = statement("ada");
    let bytes = unarmoured(&keygen.sign(&path, NAMESPACE, &ada.to_string(), &[])).unwrap();
    let envelope = Envelope::read(&bytes).unwrap();
    let mut wire = Wire(envelope.signature);
    let (kind, body) = (wire.string().unwrap(), wire.string().unwrap());
    assert_eq!(kind, b"rsa-sha2-512");
    for (kind, expected) in [
        ("rsa-sha2-512", None),
        ("rsa-sha2-256", Some(SignatureError::Forged)),
        ("ssh-rsa", Some(SignatureError::Weak("ssh-rsa".to_owned()))),
        ("rsa-sha2-512-cert-v01@openssh.com", Some(SignatureError::Weak("rsa-sha2-512-cert-v01@openssh.com".into()))),
    ] {
        let made = Made::new(envelope.key.to_vec(), fields(&[kind.as_bytes(), body]));
        assert_eq!(verify(&ada, &made.armoured(), &people, NOW).err(), expected, "{kind}");
    }
    let padded = Made::new(envelope.key.to_vec(), fields(&[b"rsa-sha2-512", &[&[0], body].concat()]));
    assert_eq!(verify(&ada, &padded.armoured(), &people, NOW), Err(SignatureError::Forged));
}
