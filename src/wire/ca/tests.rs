use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_312_800_000);

#[test]
fn it_is_made_once_and_loaded_after() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ca");
    let excluded = vec!["api.anthropic.com".to_owned(), "*.githubcopilot.com".to_owned()];
    let made = CertificateAuthority::load_or_create(&folder, &excluded, NOW).unwrap();
    let again = CertificateAuthority::load_or_create(&folder, &excluded, NOW).unwrap();
    assert_eq!(made.pem(), again.pem());
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(KEY_FILE), fs::metadata(&folder).unwrap().permissions().mode() & 0o777), (0o600, 0o700));

    let other = CertificateAuthority::load_or_create(&folder, &[], NOW).unwrap();
    assert_ne!(made.pem(), other.pem(), "other exclusions make another CA");
    let later = Timestamp::from_millis(NOW.millis() + 80 * 24 * 3600 * 1000);
    assert_ne!(CertificateAuthority::load_or_create(&folder, &[], later).unwrap().pem(), other.pem(), "near its end");
}

#[test]
fn a_key_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ca");
    CertificateAuthority::load_or_create(&folder, &[], NOW).unwrap();
    fs::set_permissions(folder.join(KEY_FILE), fs::Permissions::from_mode(0o640)).unwrap();
    let error = CertificateAuthority::load_or_create(&folder, &[], NOW).unwrap_err();
    assert!(matches!(error, CaError::Exposed { mode: 0o640, .. }), "{error}");
    fs::set_permissions(folder.join(KEY_FILE), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(CertificateAuthority::load_or_create(&folder, &[], NOW).is_err());
}

#[test]
fn a_damaged_ca_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ca");
    CertificateAuthority::load_or_create(&folder, &[], NOW).unwrap();
    fs::write(folder.join(KEY_FILE), "not a key").unwrap();
    let error = CertificateAuthority::load_or_create(&folder, &[], NOW).unwrap_err().to_string();
    assert!(error.contains("ca.key") && error.contains("remove the folder"), "{error}");
}

#[test]
fn a_certificate_of_another_key_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let first = CertificateAuthority::load_or_create(&one, &[], NOW).unwrap();
    CertificateAuthority::load_or_create(&other, &[], NOW).unwrap();
    fs::copy(other.join(KEY_FILE), one.join(KEY_FILE)).unwrap();
    let again = CertificateAuthority::load_or_create(&one, &[], NOW).unwrap();
    assert_ne!(first.pem(), again.pem());
    assert_eq!(again.pem(), CertificateAuthority::load_or_create(&one, &[], NOW).unwrap().pem());
}

#[test]
fn gates_that_start_together_get_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca");
    let made: Vec<String> = std::thread::scope(|scope| {
        let start = || CertificateAuthority::load_or_create(&path, &[], NOW).unwrap().pem().to_owned();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|pem| *pem == made[0]));
    assert_eq!(CertificateAuthority::load_or_create(&path, &[], NOW).unwrap().pem(), made[0]);
}
