//! What the Docker command line is promised, against a real daemon behind a reverse listener on a socket file.

use std::os::unix::net::UnixStream;

use crate::support::child::{self, Ended};
use crate::support::dockerd::Dockerd;
use crate::support::listeners::{SharedGate, free_port};
use crate::support::stage::Stage;
use crate::support::{PATIENCE, clients, eventually};

/// A daemon and a gate before it.
struct Host {
    stage: Stage,
    /// The gate's other listener, as `DOCKER_HOST` has it.
    tcp: String,
    // The gate ends before its upstream.
    _gate: SharedGate,
    daemon: Dockerd,
}

impl Host {
    /// `environment` is where the inventory puts it; `None` without a daemon.
    fn start(environment: &str) -> Option<Self> {
        let stage = Stage::new();
        let daemon = Dockerd::on(&stage)?;
        let hosts = "{ host: docker.socket }, { host: docker-tcp.socket }";
        stage.write(
            "config/inventory.yaml",
            format!("version: 1\nenvironments:\n  - name: {environment}\n    match: [{hosts}]\n"),
        );
        let at = free_port();
        let listener = |name: &str, listen: &str| {
            format!(
                "{{ name: {name}, listen: \"{listen}\", upstream: \"unix:{}\", provider: docker }}",
                daemon.socket.display()
            )
        };
        let listeners = [
            listener("docker", &format!("unix:{}", stage.path("gate.sock").display())),
            listener("docker-tcp", &at.to_string()),
        ];
        let gate = SharedGate::start(&stage, &listeners, "");
        eventually("the gate's socket file", || UnixStream::connect(stage.path("gate.sock")).ok());
        Some(Self { stage, tcp: format!("tcp://{at}"), _gate: gate, daemon })
    }

    fn at(&self, socket: &std::path::Path, arguments: &[&str]) -> Ended {
        self.on(&format!("unix://{}", socket.display()), arguments)
    }

    fn on(&self, host: &str, arguments: &[&str]) -> Ended {
        let mut command = self.stage.command("docker");
        command.args(arguments).env("DOCKER_HOST", host).env("DOCKER_BUILDKIT", "0");
        child::run(command, PATIENCE)
    }

    /// Through the gate.
    fn docker(&self, arguments: &[&str]) -> Ended {
        self.at(&self.stage.path("gate.sock"), arguments)
    }

    /// Past the gate: what the machine's owner does.
    #[track_caller]
    fn owner(&self, arguments: &[&str]) -> String {
        self.at(&self.daemon.socket, arguments).succeeded().stdout
    }

    /// Through the gate, and it succeeds; gives what it printed, without the line's end.
    #[track_caller]
    fn works(&self, arguments: &[&str]) -> String {
        self.docker(arguments).succeeded().stdout.trim_end().to_owned()
    }

    /// Whether this machine lets containers run at all.
    fn runs_containers(&self) -> bool {
        let ended =
            self.at(&self.daemon.socket, &["run", "--rm", "--network", "none", "tiny:1", "/bin/sh", "-c", "exit 0"]);
        if ended.code != Some(0) {
            eprintln!("SKIPPED: containers do not start here, so only what needs none was tested: {ended:#?}");
        }
        ended.code == Some(0)
    }
}

#[test]
fn a_working_day_with_a_daemon_that_is_not_production() {
    let Some(host) = Host::start("dev") else { return };
    let direct = host.owner(&["version", "--format", "{{.Server.Version}} {{.Client.APIVersion}}"]);
    assert_eq!(host.works(&["version", "--format", "{{.Server.Version}} {{.Client.APIVersion}}"]), direct.trim_end());
    assert_eq!(host.works(&["info", "--format", "{{.Driver}}"]), "vfs");
    assert!(host.works(&["network", "ls", "--format", "{{.Name}}"]).contains("none"));
    assert_eq!(host.works(&["volume", "create", "orders"]), "orders");
    assert_eq!(host.works(&["volume", "ls", "-q"]), "orders");
    assert_eq!(host.works(&["volume", "rm", "orders"]), "orders");
    let image = Dockerd::image(&host.stage).display().to_string();
    assert!(host.works(&["import", &image, "tiny:1"]).starts_with("sha256:"));
    host.works(&["tag", "tiny:1", "tiny:2"]);
    let images = host.works(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert!(images.contains("tiny:1") && images.contains("tiny:2"), "{images}");
    assert_eq!(host.works(&["image", "rm", "tiny:2"]), "Untagged: tiny:2");
    host.stage.write("work/context/Dockerfile", "FROM tiny:1\nENV A=b\nCOPY note /note\n");
    host.stage.write("work/context/note", "copied in");
    let built = host.works(&["build", "-t", "built:1", "context"]);
    assert!(built.contains("Successfully tagged built:1"), "{built}");
    let id = host.works(&["create", "--network", "none", "--name", "still", "built:1", "/bin/cat", "/note"]);
    host.works(&["cp", "still:/note", "note.back"]);
    assert_eq!(std::fs::read_to_string(host.stage.path("work/note.back")).unwrap(), "copied in");
    assert_eq!(host.works(&["ps", "-aq", "--no-trunc"]), id);
    if host.runs_containers() {
        works_with_containers(&host);
    }
    host.works(&["rm", "still"]);
    host.works(&["system", "prune", "-f"]);
    assert_eq!(host.owner(&["ps", "-aq"]), "");
    host.stage.log().is_undisturbed();
}

/// What only a running container shows: streams in both directions, and their ends.
#[track_caller]
fn works_with_containers(host: &Host) {
    let run = ["run", "--rm", "--network", "none"];
    let said = host.docker(&[&run[..], &["tiny:1", "/bin/sh", "-c", "echo out; echo err >&2; exit 3"]].concat());
    assert_eq!((said.code, &*said.stdout, &*said.stderr), (Some(3), "out\n", "err\n"), "{said:#?}");
    assert_eq!(host.works(&["start", "-a", "still"]), "copied in");
    // Created to be attached to, so that the end of our input is the end of its own.
    host.works(&["create", "-i", "--network", "none", "--name", "web", "tiny:1", "/bin/sh", "-c", "seq 3; cat"]);
    host.works(&["start", "web"]);
    assert_eq!(host.works(&["exec", "web", "/bin/sh", "-c", "echo $((6 * 7))"]), "42");
    let failed = host.docker(&["exec", "web", "/bin/sh", "-c", "exit 9"]);
    assert_eq!(failed.code, Some(9), "{failed:#?}");
    let over_tcp = host.on(&host.tcp, &["exec", "web", "/bin/sh", "-c", "echo over tcp"]).succeeded();
    assert_eq!(over_tcp.stdout, "over tcp\n");
    let socket = host.stage.path("gate.sock").display().to_string();
    let shell = |script: &str| {
        let mut command = host.stage.command("sh");
        command.args(["-c", script]).env("DOCKER_HOST", format!("unix://{socket}"));
        child::run(command, PATIENCE).succeeded().stdout
    };
    let counted = shell("seq 200000 | docker exec -i web /bin/cat | sha256sum");
    assert_eq!(counted, shell("seq 200000 | sha256sum"));
    // With the program inside its log ends, and whoever follows it.
    let followed = shell("docker logs -f web > followed & echo typed | docker attach web; wait; cat followed");
    assert!(followed.ends_with("1\n2\n3\ntyped\n"), "{followed}");
    assert_eq!(host.works(&["wait", "web"]), "0");
    host.works(&["rm", "web"]);
    let log = host.stage.log();
    let tunnelled = |one: &&blastgate::record::OutcomeEntry| format!("{one:?}").contains("Tunnelled");
    assert!(log.outcomes().into_iter().filter(tunnelled).count() >= 6, "{:#?}", log.outcomes());
}

/// The command line shows our text as the daemon's, once, and does not ask again.
#[track_caller]
fn is_refused(host: &Host, arguments: &[&str], would: &str) {
    let before = host.stage.log().stopped().len();
    let ended = host.docker(arguments);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert_eq!(
        ended.stderr.matches("Error response from daemon: blastgate stopped this call").count(),
        1,
        "{ended:#?}"
    );
    assert!(ended.stderr.contains(would) && ended.stderr.contains("needs approval"), "{ended:#?}");
    assert!(!ended.stderr.contains(['{', '\\']), "{ended:#?}");
    assert_eq!(host.stage.log().stopped().len() - before, 1, "{ended:#?}");
}

#[test]
fn in_production_deletions_and_what_runs_inside_stop() {
    let Some(host) = Host::start("prod") else { return };
    let image = Dockerd::image(&host.stage).display().to_string();
    host.works(&["import", &image, "tiny:1"]);
    host.works(&["volume", "create", "orders"]);
    host.works(&["create", "--network", "none", "--name", "still", "tiny:1", "/bin/cat"]);
    host.stage.log().is_undisturbed();
    for arguments in [
        &["system", "prune", "-f"][..],
        &["volume", "prune", "-f"],
        &["volume", "rm", "orders"],
        &["image", "rm", "tiny:1"],
        &["rm", "-f", "still"],
        &["rm", "-v", "still"],
    ] {
        is_refused(&host, arguments, "would destroy");
    }
    for option in [
        &["--privileged"][..],
        &["-v", "/:/host"],
        &["-v", "/var/run/docker.sock:/var/run/docker.sock"],
        &["--pid", "host"],
        &["--cap-add", "SYS_ADMIN"],
        &["--security-opt", "seccomp=unconfined"],
        &["--security-opt", "systempaths=unconfined"],
        &["--mount", "type=bind,source=/etc,target=/x"],
        &["--device", "/dev/mem"],
    ] {
        let arguments = [&["create", "--network", "none"], option, &["tiny:1", "/bin/cat"]].concat();
        is_refused(&host, &arguments, "would run something in");
    }
    // What looks like it, and takes hold of nothing.
    let note = host.stage.write("work/note", "a").display().to_string();
    for option in [
        &["-v", "orders:/data"][..],
        &["-v", &format!("{note}:/etc/note:ro")],
        &["--cap-add", "NET_BIND_SERVICE"],
        &["--cap-drop", "ALL"],
        &["--security-opt", "no-new-privileges"],
        &["--read-only"],
    ] {
        let id = host.works(&[&["create", "--network", "none"], option, &["tiny:1", "/bin/cat"]].concat());
        host.owner(&["rm", &id]);
    }
    assert_eq!(host.owner(&["volume", "ls", "-q"]), "orders\n");
    assert_eq!(host.owner(&["ps", "-a", "--format", "{{.Names}}"]), "still\n");
    if host.runs_containers() {
        host.owner(&["run", "-d", "-i", "--network", "none", "--name", "web", "tiny:1", "/bin/cat"]);
        let before = host.stage.log().stopped().len();
        let ended = host.docker(&["exec", "web", "/bin/sh", "-c", "ls"]);
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains("Error response from daemon: blastgate stopped"), "{ended:#?}");
        // Who watches is not who types.
        let seen =
            host.docker(&["run", "--rm", "--network", "none", "tiny:1", "/bin/sh", "-c", "echo seen"]).succeeded();
        assert_eq!(seen.stdout, "seen\n");
        assert_eq!(host.stage.log().stopped().len() - before, 1, "{ended:#?}");
        host.owner(&["rm", "-f", "web"]);
    }
}

#[test]
fn on_the_developer_s_own_machine_only_volumes_are_kept() {
    let Some(host) = Host::start("local") else { return };
    let image = Dockerd::image(&host.stage).display().to_string();
    host.works(&["import", &image, "tiny:1"]);
    for name in ["one", "two"] {
        host.works(&["volume", "create", name]);
        host.works(&[
            "create",
            "--privileged",
            "--network",
            "none",
            "-v",
            &format!("{name}:/data"),
            "--name",
            name,
            "tiny:1",
            "/bin/cat",
        ]);
        host.works(&["rm", "-f", name]);
    }
    host.works(&["system", "prune", "-f", "-a"]);
    assert_eq!(host.owner(&["image", "ls", "-q"]), "");
    host.stage.log().is_undisturbed();
    // Whoever has the machine's own root has the machine, the gate included.
    let ended = host.docker(&["create", "-v", "/:/host", "tiny:1", "/bin/cat"]);
    assert!(ended.code != Some(0) && ended.stderr.contains("docker/host-takeover"), "{ended:#?}");
    // Databases of development live in them, and no registry brings them back.
    for arguments in [&["volume", "prune", "-f"][..], &["volume", "rm", "one"]] {
        let ended = host.docker(arguments);
        assert_ne!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains("volumes of this machine"), "{arguments:?}: {ended:#?}");
    }
    assert_eq!(host.owner(&["volume", "ls", "-q"]), "one\ntwo\n");
}

/// A command line with BuildKit's client in it: the newer ones want a plugin.
fn with_build_kit() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("docker")).find(|file| {
        let said = std::process::Command::new(file).arg("--version").output();
        said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("version 20."))
    });
    if found.is_none() {
        eprintln!("SKIPPED: no `docker` of version 20 is on the PATH, so nothing was tested with BuildKit");
    }
    found
}

#[test]
fn build_kit_builds_on_a_host_that_is_not_production_and_waits_for_people_on_one_that_is() {
    let Some(client) = with_build_kit() else { return };
    for (environment, code) in [("dev", 0), ("prod", 1)] {
        let Some(host) = Host::start(environment) else { return };
        host.stage.write("work/context/Dockerfile", "FROM scratch\nCOPY note /note\n");
        host.stage.write("work/context/note", "copied in");
        let mut command = host.stage.command(&client);
        command.args(["build", "--progress=plain", "-t", "kit:1", "context"]);
        command.env("DOCKER_HOST", format!("unix://{}", host.stage.path("gate.sock").display()));
        command.env("DOCKER_BUILDKIT", "1");
        let ended = child::run(command, PATIENCE);
        assert_eq!(ended.code, Some(code), "{ended:#?}");
        let images = host.owner(&["image", "ls", "-q", "kit:1"]);
        assert_eq!(images.is_empty(), environment == "prod", "{ended:#?}");
        if environment == "dev" {
            host.stage.log().is_undisturbed();
        } else {
            assert!(!host.stage.log().stopped().is_empty(), "{ended:#?}");
        }
    }
}

#[test]
fn what_is_no_engine_opens_no_http_2() {
    if clients::optional("curl").is_none() {
        return;
    }
    let Some(host) = Host::start("dev") else { return };
    let mut command = host.stage.command("curl");
    command.args(["-sS", "-X", "POST", "-w", " %{http_code}", "-H", "connection: Upgrade", "-H", "upgrade: h2c"]);
    command.arg("--unix-socket").arg(host.stage.path("gate.sock")).arg("http://docker/v1.41/containers/create");
    let ended = child::run(command, PATIENCE).succeeded();
    assert!(ended.stdout.starts_with("{\"message\":\"blastgate") && ended.stdout.ends_with(" 501"), "{ended:#?}");
}

#[test]
fn a_session_in_the_client_s_own_configuration_can_be_approved() {
    let Some(host) = Host::start("prod") else { return };
    let opened = child::run(host.stage.blastgate(["sessions", "open"]), PATIENCE).succeeded();
    let credentials =
        opened.stdout.split("http://").nth(1).and_then(|text| text.split('@').next()).expect("credentials");
    let settings = serde_json::json!({ "HttpHeaders": { "X-Blastgate-Session": credentials } });
    host.stage.write("home/.docker/config.json", settings.to_string());
    host.works(&["volume", "create", "orders"]);
    let ended = host.docker(&["volume", "rm", "orders"]);
    let id = ended.stderr.split("Approval needed (").nth(1).and_then(|text| text.split(')').next());
    let id = id.unwrap_or_else(|| panic!("{ended:#?}"));
    child::run(host.stage.blastgate(["approvals", "approve", id]), PATIENCE).succeeded();
    assert_eq!(host.works(&["volume", "rm", "orders"]), "orders");
    assert_eq!(host.owner(&["volume", "ls", "-q"]), "");
}
