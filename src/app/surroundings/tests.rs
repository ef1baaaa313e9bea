use std::process::Command;

use super::*;

/// A repository made by git itself.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(folder.path()).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]).args(arguments);
        assert!(command.output().expect("git runs").status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    };
    write(".gitignore", "out/\n*.log\n");
    write("src/main.rs", "fn main() {}");
    write("src/lib.rs", "");
    write("clean/a", "a");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    write("src/lib.rs", "changed");
    write("new/notes.txt", "mine");
    write("out/a.o", "object");
    write("run.log", "log");
    folder
}

#[test]
fn what_git_could_give_back_is_told_from_its_index() {
    for version in ["2", "4"] {
        let folder = repository();
        let status = Command::new("git")
            .current_dir(folder.path())
            .args(["update-index", "--index-version", version])
            .status()
            .expect("git runs");
        assert!(status.success());
        let looked = Looked::new(folder.path(), &[], BTreeMap::new());
        for (path, expected) in [
            ("src/main.rs", Kept::Committed),
            ("src/lib.rs", Kept::Modified),
            ("src", Kept::Modified),
            ("clean", Kept::Committed),
            ("new", Kept::Untracked),
            ("new/notes.txt", Kept::Untracked),
            ("out", Kept::Ignored),
            ("run.log", Kept::Ignored),
            ("absent", Kept::Committed),
            (".", Kept::Untracked),
        ] {
            let path = folder.path().join(path);
            let path = fs::canonicalize(&path).unwrap_or(path);
            assert_eq!(looked.kept(&path.to_string_lossy()), expected, "{} version {version}", path.display());
        }
    }
}

#[test]
fn the_workspace_is_the_repository_and_never_a_home() {
    let folder = repository();
    let inside = folder.path().join("src");
    let home = |home: &str| BTreeMap::from([("HOME".to_owned(), home.to_owned())]);
    let looked = Looked::new(&inside, &[], home("/nowhere"));
    assert_eq!(looked.workspace(), folder.path().to_str());
    let looked = Looked::new(folder.path(), &[], home(folder.path().to_str().expect("text")));
    assert_eq!(looked.workspace(), None, "a home that is a repository is not the agent's to clean");
    let looked = Looked::new(Path::new("/"), &[], home("/nowhere"));
    assert_eq!(looked.workspace(), None);
}

#[test]
fn links_are_followed_and_what_leads_nowhere_is_there() {
    let folder = repository();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/etc", &link).expect("a link");
    let looked = Looked::new(folder.path(), &[], BTreeMap::new());
    assert_eq!(looked.real(&link.to_string_lossy()).path, "/etc");
    let below = looked.real(&link.join("no-such-file-here").to_string_lossy());
    assert_eq!((below.path.as_str(), below.kind), ("/etc/no-such-file-here", RealKind::Absent));
    assert!(looked.real("/proc").mounts);
}

#[test]
fn mounts_with_blanks_are_read() {
    assert_eq!(unescaped("/mnt/my\\040disk"), Path::new("/mnt/my disk"));
    assert_eq!(unescaped("/plain"), Path::new("/plain"));
}
