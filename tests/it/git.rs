//! What git is promised over HTTPS, against git's own server.

use crate::support::child::Ended;
use crate::support::clients;
use crate::support::git::GitServer;
use crate::support::stage::Stage;

/// A stage with a repository behind `host` that has one commit; `None` without git.
fn stage(host: &str) -> Option<(Stage, GitServer, String)> {
    clients::optional("git")?;
    let mut stage = Stage::new();
    for (name, value) in [("GIT_AUTHOR_NAME", "ana"), ("GIT_AUTHOR_EMAIL", "ana@shop.example")] {
        stage.variable(name, value).variable(&name.replace("AUTHOR", "COMMITTER"), value);
    }
    let server = GitServer::on(&mut stage, host);
    let seed = format!(
        "git init -q -b main seed && cd seed && for n in 1 2 3; do echo $n >file && git add file && git commit -qm $n; \
         done && git push -q {} main main:old",
        server.repository.display()
    );
    let mut shell = stage.command("sh").into_std();
    assert!(shell.args(["-c", &seed]).status().unwrap().success());
    let url = format!("https://{host}/shop/orders.git");
    Some((stage, server, url))
}

/// A script behind the gate.
#[track_caller]
fn run(stage: &Stage, script: &str) -> Ended {
    stage.run(&["sh", "-ec", script])
}

/// What the repository holds under this name.
fn id(server: &GitServer, name: &str) -> Option<String> {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(&server.repository).args(["rev-parse", "-q", "--verify", name]);
    let output = command.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn a_working_day_passes() {
    let Some((stage, server, url)) = stage("git.dev.example") else { return };
    run(&stage, &format!("git clone -q {url} whole && test $(git -C whole rev-list --count HEAD) = 3")).succeeded();
    run(&stage, &format!("git clone -q --depth 1 {url} flat && test $(git -C flat rev-list --count HEAD) = 1"))
        .succeeded();
    run(&stage, "git -C flat fetch -q --unshallow && test $(git -C flat rev-list --count HEAD) = 3").succeeded();
    run(&stage, "cd whole && echo 4 >file && git commit -qam 4 && git push -q").succeeded();
    // Larger than `http.postBuffer`: git asks first with an empty push, then sends the pack in chunks.
    run(&stage, "cd whole && head -c 5000000 /dev/urandom >big && git add big && git commit -qm big && git push -q")
        .succeeded();
    run(&stage, "cd whole && git tag v1 && git push -q --tags && git push -q origin HEAD:refs/heads/new").succeeded();
    assert_eq!(id(&server, "main"), id(&server, "new"));
    // What git already has, it tells in a compressed request once there is much of it.
    let much = "cd flat && git checkout -q -b mine && for n in $(seq 300); do git commit -q --allow-empty -m $n; done; \
                git -c protocol.version=0 fetch -q && git fetch -q && git push -q origin mine";
    run(&stage, much).succeeded();
    assert!(id(&server, "mine").is_some());
    run(&stage, "cd whole && git push -q origin --delete new && git push -q --force origin HEAD~2:main").succeeded();
    assert_eq!(id(&server, "new"), None);
    let seen = server.record.all();
    let pushes = seen.iter().filter(|one| one.target.ends_with("/git-receive-pack") && one.method == "POST");
    let sizes: Vec<u64> = pushes.filter_map(|one| one.body_bytes).collect();
    assert!(sizes.contains(&4) && sizes.iter().any(|bytes| *bytes > 5_000_000), "{sizes:?}");
    assert!(seen.iter().any(|one| one.header("content-encoding") == Some("gzip")), "no request was compressed");
    let log = stage.log();
    log.is_undisturbed();
    for operation in ["fetch", "push", "delete_ref"] {
        let found = log.of(&format!("git:remote:{operation}"));
        assert_eq!(found[0].actions[0].place.repository.as_deref(), Some("shop/orders"), "{operation}");
    }
}

/// git shows our text, once, and fails.
#[track_caller]
fn is_told(ended: &Ended, text: &str) {
    assert!(ended.code.is_some_and(|code| code != 0), "{ended:#?}");
    assert_eq!(ended.stderr.matches(text).count(), 1, "{ended:#?}");
}

#[test]
fn in_production_the_deletion_of_a_branch_stops_and_git_says_why() {
    let Some((stage, server, url)) = stage("git.prod.example") else { return };
    run(&stage, &format!("git clone -q {url} whole && cd whole && echo 4 >file && git commit -qam 4 && git push -q"))
        .succeeded();
    stage.log().is_undisturbed();
    let before = server.record.len();
    for command in ["git push -q origin --delete old", "git push origin main :old"] {
        let ended = run(&stage, &format!("cd whole && {command}"));
        is_told(&ended, "remote: Approval needed (a_");
        assert!(ended.stderr.contains("git:remote:delete_ref"), "{ended:#?}");
        assert!(ended.stderr.contains("stopped by blastgate"), "{ended:#?}");
        assert!(!ended.stderr.contains("protocol error") && !ended.stderr.contains("bad band"), "{ended:#?}");
    }
    assert_eq!(stage.log().stopped(), ["git:remote:delete_ref escalate"; 2]);
    assert!(id(&server, "old").is_some());
    let reached: Vec<_> = server.record.all().split_off(before).into_iter().map(|one| one.method).collect();
    assert!(reached.iter().all(|method| method == "GET"), "{reached:?}");
}

#[test]
fn in_production_what_goes_forward_passes_and_what_is_rewritten_stops() {
    let Some((stage, server, url)) = stage("git.prod.example") else { return };
    run(&stage, &format!("git clone -q {url} whole")).succeeded();
    // Commits on the main branch, many of them, a merge, a new branch, a signed-off tag, a review.
    for script in [
        "echo 4 >file && git commit -qam 4 && git push -q origin main",
        "for n in $(seq 60); do echo $n >>list && git add list && git commit -qm \"the same long text of a commit, number $n\"; done; git push -q origin main",
        "git checkout -q -b topic && echo t >topic && git add topic && git commit -qm topic && git push -q origin topic",
        "git checkout -q main && echo 5 >file && git commit -qam 5 && git merge -q -m merge topic && git push -q origin main",
        "git tag -a v1 -m v1 && git push -q origin v1",
        "git push -q -o ci.skip origin HEAD:refs/heads/other || git push -q origin HEAD:refs/heads/other",
        // One's own branch, rebased: nobody can tell, and few build on it.
        "git checkout -q topic && git commit -q --amend -m again && git push -q --force-with-lease origin topic",
        "git push -q origin topic",
    ] {
        run(&stage, &format!("cd whole && git checkout -q main && {script}")).succeeded();
    }
    let log = stage.log();
    log.is_undisturbed();
    assert!(log.of("git:remote:push_force").is_empty() && log.of("git:remote:push").len() >= 7);
    let before = (id(&server, "main"), id(&server, "v1"));
    for script in [
        "git push -q --force origin HEAD~1:main",
        "git checkout -q main && git commit -q --amend -m other && git push -q --force origin main",
        "git checkout -q --orphan fresh && git commit -q -m fresh && git push -q --force origin fresh:main",
        "git tag -f -a v1 -m v2 && git push -q --force origin v1",
    ] {
        let ended = run(&stage, &format!("cd whole && git checkout -q main && {script}"));
        is_told(&ended, "remote: Approval needed (a_");
        assert!(ended.stderr.contains("git:remote:push_force"), "{ended:#?}");
        assert!(ended.stderr.contains("stopped by blastgate"), "{ended:#?}");
    }
    assert_eq!((id(&server, "main"), id(&server, "v1")), before);
    assert_eq!(stage.log().stopped(), ["git:remote:push_force escalate"; 4]);
    let told: Vec<_> =
        stage.log().of("git:remote:push_force").iter().map(|one| one.actions[0].parameters.clone()).collect();
    let says = |value: &str| {
        told.iter().filter(|all| all.iter().any(|one| one.name == "fast_forward" && one.value == value)).count()
    };
    assert_eq!((says("unproven"), says("no")), (3, 1), "{told:?}");
}

/// A rule that forbids this operation.
fn rule(name: &str, operation: &str, (method, path, media): (&str, &str, &str)) -> String {
    let request =
        format!("url: \"https://git.dev.example/shop/orders.git/{path}\", headers: {{ content-type: {media} }}");
    format!(
        "id: acme/{name}\nowner: \"@acme\"\nseverity: high\nmatch: {{ operation: [\"{operation}\"] }}\ndecision: deny\n\
         message: The archive is closed.\ninstead: Ask ana.\ntests:\n  match:\n    - {{ http: {{ method: {method}, {request} }} \
         }}\n  not_match:\n    - {{ http: {{ method: PUT, {request} }} }}\n"
    )
}

#[test]
fn git_shows_the_text_of_every_refusal() {
    let Some((stage, server, url)) = stage("git.dev.example") else { return };
    run(&stage, &format!("git clone -q {url} whole && cd whole && echo 4 >file && git commit -qam 4")).succeeded();
    let ways = [
        ("push", "git:remote:push", ("POST", "git-receive-pack", "application/x-git-receive-pack-request")),
        ("fetch", "git:remote:fetch", ("POST", "git-upload-pack", "application/x-git-upload-pack-request")),
        ("refs", "http:git.dev.example:GET", ("GET", "info/refs?service=git-upload-pack", "text/plain")),
    ];
    for (name, operation, request) in ways {
        stage.write(&format!("config/rules/acme/{name}.yaml"), rule(name, operation, request));
        let before = (stage.log().stopped().len(), id(&server, "main"));
        let ended = run(&stage, &format!("cd whole && git {} -q", if name == "push" { name } else { "fetch" }));
        is_told(&ended, "The archive is closed.");
        assert_eq!((stage.log().stopped().len() - 1, id(&server, "main")), before, "{ended:#?}");
        std::fs::remove_file(stage.path(&format!("config/rules/acme/{name}.yaml"))).unwrap();
    }
}
