use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::sandbox::OwnProcess;

fn settings(checks: impl IntoIterator<Item = (&'static str, Asks, Duration)>) -> OperatorChecks {
    let mut config = Config::default();
    config
        .approvals
        .checks
        .extend(checks.into_iter().map(|(name, asks, within)| (name.to_owned(), Check { asks, within })));
    OperatorChecks::new(&config, None)
}

fn shell(script: &str) -> Asks {
    Asks::Command(PathBuf::from("/bin/sh"), vec!["-c".to_owned(), script.to_owned()])
}

#[track_caller]
fn check(script: &str, passes: bool, said: &str) {
    let checks = settings([("own", shell(script), Duration::from_secs(30))]);
    let entry = checks.check("own", &json!({"digests": ["ab".repeat(40_000)], "person": "ada"}));
    assert_eq!((entry.passed, entry.said.as_str()), (passes, said), "{script}");
}

#[test]
fn a_command_says_yes_with_its_exit_code_and_no_with_every_other_end() {
    check("exit 0", true, "");
    check("cat >/dev/null; echo; echo '  inside the window '; echo more", true, "inside the window");
    check("grep -q '\"person\":\"ada\"' && echo heard", true, "heard");
    check("echo 'no window is open'; exit 1", false, "no window is open");
    check("exit 7", false, "it ended with exit code 7");
    check("kill -9 $$", false, "signal 9 ended it");
    check("echo password=hunter2hunter2; exit 1", false, "password=[masked:secret]");
    check("printf 'a\\033[2Jb'", true, "a\\u{1b}[2Jb");
    // More than a pipe holds, without reading or being read.
    check("yes | head -c 1000000", true, "y");
}

#[test]
fn a_command_inherits_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("check");
    std::fs::write(
        &script,
        "#!/bin/sh\nenv | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD=' | cut -d= -f1 | sort | tr '\\n' ' '\npwd\n",
    )
    .unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    let checks = settings([("own", Asks::Command(script, vec![]), Duration::from_secs(30))]);
    assert_eq!(checks.check("own", &json!({})).said, "HOME PATH /");
}

#[test]
fn what_takes_too_long_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = format!("sleep 300 & echo $! >{0}.new; mv {0}.new {0}; wait", file.display());
    let within = Duration::from_secs(2);
    let began = Instant::now();
    let entry = settings([("slow", shell(&script), within)]).check("slow", &json!({}));
    assert_eq!((entry.passed, entry.said.as_str()), (false, "no answer within 2 s"));
    assert!(began.elapsed() >= within && began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let left: u32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let is_over = || std::fs::read_to_string(format!("/proc/{left}/stat")).map_or(true, |stat| stat.contains(") Z "));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_over() {
        assert!(Instant::now() < deadline, "{left} still runs");
        std::thread::yield_now();
    }
}

#[test]
fn who_leaves_a_process_behind_has_answered() {
    let began = Instant::now();
    check("sleep 300 & echo done", true, "done");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn what_cannot_be_asked_says_no() {
    let missing = Asks::Command(PathBuf::from("/nowhere/check"), vec![]);
    let hidden = Asks::Url("https://checks.example/".to_owned());
    let checks = settings([("gone", missing, Duration::from_secs(5)), ("far", hidden, Duration::from_secs(5))]);
    for (name, part) in
        [("gone", "`/nowhere/check` cannot be run"), ("far", "no way out"), ("other", "no check of this name")]
    {
        let entry = checks.check(name, &json!({}));
        assert!(!entry.passed && entry.said.contains(part), "{name}: {entry:?}");
    }
    let busy = settings([("own", shell("exit 0"), Duration::from_secs(5))]);
    let _all = busy.room.try_acquire_many(AT_ONCE_MAX as u32).unwrap();
    assert!(busy.check("own", &json!({})).said.contains("too many"));
}

#[test]
fn who_ends_its_process_leaves_none() {
    let mut process = OwnProcess::start(std::process::Command::new("sleep").arg("300")).unwrap();
    let folder = format!("/proc/{}", process.pid().unwrap().as_raw_nonzero());
    assert!(Path::new(&folder).exists());
    assert!(!process.end().unwrap().success());
    assert!(!Path::new(&folder).exists());
}
