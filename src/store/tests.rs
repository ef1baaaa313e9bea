use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_file_is_its_owners_alone_and_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("deep/state");
    let store = Store::open(&state).unwrap();
    let insert = "INSERT INTO sessions (id, kubeconfigs, token_sha256, opened_at) VALUES ('s', '[]', x'00', 1)";
    store.write(|change| change.execute(insert, [])).unwrap();
    for (name, wanted) in [("", 0o700), (FILE, 0o600), ("state.db-wal", 0o600), ("state.db-shm", 0o600)] {
        assert_eq!(mode(&state.join(name)), wanted, "{name}");
    }
    let other = Store::open(&state).unwrap();
    let count: u32 = other.read(|ask| ask.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))).unwrap();
    assert_eq!(count, 1);
    let journal: String = other.read(|ask| ask.pragma_query_value(None, "journal_mode", |row| row.get(0))).unwrap();
    let synchronous: u32 = other.read(|ask| ask.pragma_query_value(None, "synchronous", |row| row.get(0))).unwrap();
    assert_eq!((journal.as_str(), synchronous), ("wal", 2));
}

#[test]
fn what_is_open_to_others_or_a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, prepare: &dyn Fn(&Path), expected: &str| {
        let state = folder.path().join(name);
        std::fs::create_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o700)).unwrap();
        prepare(&state);
        let error = Store::open(&state).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    };
    let open_to = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    check("folder", &|state| open_to(state, 0o770), "chmod 700");
    check(
        "file",
        &|state| {
            std::fs::write(state.join(FILE), "").unwrap();
            open_to(&state.join(FILE), 0o644);
        },
        "chmod 600",
    );
    check(
        "link",
        &|state| {
            let elsewhere = state.join("elsewhere");
            std::fs::write(&elsewhere, "").unwrap();
            symlink(elsewhere, state.join(FILE)).unwrap();
        },
        "a symbolic link",
    );
    let linked = folder.path().join("linked");
    symlink(folder.path().join("link"), &linked).unwrap();
    assert!(matches!(Store::open(&linked), Err(StoreError::Strange { .. })));
}

#[test]
fn another_programs_database_and_a_later_versions_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.read(|ask| ask.pragma_update(None, "user_version", 99)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Newer { version: 99, .. })));
    store.read(|ask| ask.pragma_update(None, "application_id", 5)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Foreign { .. })));
}

#[test]
fn many_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Store::open(folder.path()).unwrap());
        }
    });
}

#[test]
fn a_state_that_could_not_be_used_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::write(&state, "in the way").unwrap();
    let store = Store::at(&state);
    assert!(store.read(|_| Ok(())).is_err());
    std::fs::remove_file(&state).unwrap();
    store.read(|_| Ok(())).unwrap();
}
