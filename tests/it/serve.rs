//! What a gate that several agents share promises: whose each call is, and what `run` does when there is such a gate.

use crate::support::gate::{read_all, read_answer, read_head};
use crate::support::kube::Kube;
use crate::support::shared::{Agent, SharedGate, json, listen, open_session, operator, status};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, block_on, child, clients, eventually};

use blastgate::model::Principal;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

fn stage() -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example", "api.dev.example"]);
    stage.resolve("shop.example", shop.address).resolve("api.dev.example", shop.address);
    (stage, shop)
}

/// Who made the calls in the log, oldest first.
fn principals(stage: &Stage) -> Vec<Principal> {
    stage.log().decisions().into_iter().map(|one| one.principal.clone()).collect()
}

/// Sends bytes on one connection to the proxy, and reads until it is closed.
fn raw(gate: &SharedGate, bytes: &[u8]) -> String {
    block_on(async {
        let mut stream = tokio::net::TcpStream::connect(gate.proxy).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    })
}

fn connect(host: &str, credentials: Option<&str>) -> Vec<u8> {
    let line = credentials
        .map(|text| format!("Proxy-Authorization: Basic {}\r\n", data_encoding::BASE64.encode(text.as_bytes())));
    format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{}\r\n", line.unwrap_or_default()).into_bytes()
}

#[test]
fn common_clients_name_their_session_by_the_proxy_s_credentials() {
    let (mut stage, shop) = stage();
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "ci");
    let ca = stage.path("state/ca/ca.pem").display().to_string();
    let is_named = |what: &str, command: tokio::process::Command| {
        let ended = child::run(command, PATIENCE).succeeded();
        let callers = principals(&stage);
        let caller = callers.last().unwrap_or_else(|| panic!("{what}: {ended:#?}"));
        assert!(!caller.anonymous && caller.session.to_string() == opened.session, "{what}: {caller:?}");
        assert_eq!(caller.agent.as_deref(), Some("ci"));
    };
    if let Some(curl) = clients::optional("curl") {
        let mut command = stage.command(curl);
        command.args(["-sS", "--fail", "--cacert", &ca, "-x", &opened.proxy, "https://shop.example/curl"]);
        is_named("curl", command);
    }
    let code = "import requests, sys; requests.get('https://shop.example/python').raise_for_status()";
    let mut command = stage.command("python");
    command.args(["-c", code]).env("HTTPS_PROXY", &opened.proxy).env("REQUESTS_CA_BUNDLE", &ca);
    is_named("requests", command);
    if let Some(kubectl) = clients::optional("kubectl") {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [ {{ name: x, cluster: {{ server: \
             'https://shop.example', proxy-url: '{}', certificate-authority: '{ca}' }} }} ]\ncontexts: [ {{ name: x, \
             context: {{ cluster: x, user: x }} }} ]\nusers: [ {{ name: x, user: {{ token: t }} }} ]\n",
            opened.proxy
        );
        let file = stage.write("work/kubeconfig", text);
        let mut command = stage.command(kubectl);
        command.arg("--kubeconfig").arg(file).args(["get", "--raw", "/kubectl"]);
        is_named("kubectl", command);
    }
    assert!(principals(&stage).iter().all(|one| !one.anonymous));
    let targets: Vec<String> = shop.record.all().into_iter().map(|seen| seen.target).collect();
    assert!(targets.contains(&"/python".to_owned()), "{targets:?}");
    let secret = opened.credentials.split_once(':').unwrap().1;
    assert!(shop.record.all().iter().all(|seen| seen.header("proxy-authorization").is_none()));
    let said = gate.stop();
    assert!(!said.contains(secret) && !stage.state_holds(secret), "the token was written down: {said}");
}

#[test]
fn wrong_or_missing_credentials_are_answered_with_407_and_how_to_get_some() {
    let (mut stage, shop) = stage();
    stage.setting("sessions: { require: true }");
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "ci");
    let other = open_session(&stage, "other");
    let swapped = format!("{}:{}", opened.session, other.credentials.split_once(':').unwrap().1);
    for credentials in [None, Some("me:secret"), Some("x"), Some(swapped.as_str())] {
        let answer = raw(&gate, &connect("shop.example", credentials));
        assert!(answer.starts_with("HTTP/1.1 407 Proxy Authentication Required\r\n"), "{answer}");
        assert!(answer.to_lowercase().contains("proxy-authenticate: basic realm=\"blastgate\""), "{answer}");
        assert!(answer.contains("blastgate run -- CMD") && answer.contains("blastgate sessions open"), "{answer}");
        assert!(!answer.contains("exactly one way") && !answer.contains("secret"), "{answer}");
        let plain = b"GET http://shop.example/ HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";
        if credentials.is_none() {
            let answer = raw(&gate, plain);
            assert!(answer.starts_with("HTTP/1.1 407 "), "{answer}");
        }
    }
    assert_eq!(shop.record.len(), 0);
    operator(&stage, &["sessions", "close", &other.session]).succeeded();
    let answer = raw(&gate, &connect("shop.example", Some(&other.credentials)));
    assert!(answer.starts_with("HTTP/1.1 407 "), "a closed session: {answer}");
    let twice = operator(&stage, &["sessions", "close", &other.session]);
    assert_eq!(twice.code, Some(1), "{twice:#?}");
    let listed = operator(&stage, &["sessions"]).succeeded().stdout;
    assert!(listed.contains(&opened.session) && !listed.contains(&other.session), "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
}

/// One exchange inside an open tunnel.
async fn ask(tunnel: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> (String, String) {
    tunnel.write_all(format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n").as_bytes()).await.unwrap();
    tunnel.flush().await.unwrap();
    read_answer(tunnel).await
}

#[test]
fn a_tunnel_of_a_closed_session_carries_nothing_more() {
    let (mut stage, shop) = stage();
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "ci");
    let roots = SharedGate::roots(&stage);
    block_on(async {
        let mut stream = tokio::net::TcpStream::connect(gate.proxy).await.unwrap();
        stream.write_all(&connect("shop.example", Some(&opened.credentials))).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200"));
        let mut tunnel = crate::support::gate::tls_over(stream, "shop.example", &["http/1.1"], roots).await.unwrap();
        assert!(ask(&mut tunnel, "/one").await.0.starts_with("HTTP/1.1 200"));
        let (session, config) = (opened.session.clone(), stage.path("config").display().to_string());
        let close = ["sessions".into(), "close".into(), session, "--config".into(), config];
        let close = stage.blastgate(close);
        tokio::task::spawn_blocking(move || child::run(close, PATIENCE).succeeded()).await.unwrap();
        let (head, body) = ask(&mut tunnel, "/two").await;
        assert!(head.starts_with("HTTP/1.1 403") && body.contains("session of this connection was closed"), "{body}");
    });
    assert_eq!(shop.record.len(), 1);
}

#[test]
fn an_anonymous_session_cannot_ask_people_and_is_told_how_to_become_a_named_one() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, shop) = stage();
    let gate = SharedGate::on(&mut stage);
    let ca = stage.path("state/ca/ca.pem").display().to_string();
    let mut command = stage.command(&curl);
    let proxy = format!("http://{}", gate.proxy);
    command.args(["-sS", "--cacert", &ca, "-x", &proxy, "-X", "DELETE", "https://shop.example/orders/7"]);
    let ended = child::run(command, PATIENCE).succeeded();
    assert!(ended.stdout.contains("blastgate run -- ") && !ended.stdout.contains("a_0"), "{ended:#?}");
    assert_eq!(json(&stage, &["approvals", "list", "--all"]).as_array().unwrap().len(), 0);
    assert!(principals(&stage)[0].anonymous);
    assert_eq!(shop.record.len(), 0);
    drop(gate);
}

#[test]
fn another_user_must_name_a_session() {
    let (Some(curl), Some(_)) = (clients::optional("curl"), clients::optional("setpriv")) else { return };
    if !rustix::process::geteuid().is_root() {
        println!("not root: cannot be another user here");
        return;
    }
    let (mut stage, shop) = stage();
    let gate = SharedGate::on(&mut stage);
    let opened = open_session(&stage, "ci");
    let as_other = |proxy: &str| {
        let mut command = stage.command("setpriv");
        command.args(["--reuid", "65534", "--clear-groups"]).arg(&curl).current_dir("/");
        command.args(["-skv", "-x", proxy, "https://shop.example/x"]);
        child::run(command, PATIENCE)
    };
    let refused = as_other(&format!("http://{}", gate.proxy));
    assert!(refused.stderr.contains("407") && shop.record.len() == 0, "{refused:#?}");
    as_other(&opened.proxy).succeeded();
    assert_eq!(shop.record.len(), 1);
}

#[test]
fn a_reverse_listener_takes_the_session_from_its_header_and_keeps_it() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, shop) = stage();
    let port = crate::support::shared::free_port();
    let reverse = format!(
        "  reverse:\n    - {{ name: shop, listen: \"127.0.0.1:{port}\", upstream: \"https://shop.example\" }}\n"
    );
    let ports = listen(&mut stage, &reverse);
    let gate = SharedGate::start(&stage, &ports, &[]);
    let opened = open_session(&stage, "ci");
    let call = |header: &str| {
        let mut command = stage.command(&curl);
        command.args(["-sS", "-w", " %{http_code}", "-H", header, &format!("http://127.0.0.1:{port}/x")]);
        child::run(command, PATIENCE).succeeded().stdout
    };
    assert!(call("X-Other: 1").ends_with(" 200"));
    assert!(call(&format!("X-Blastgate-Session: {}", opened.credentials)).ends_with(" 200"));
    let wrong = call("X-Blastgate-Session: me:secret");
    assert!(wrong.ends_with(" 407") && wrong.contains("blastgate sessions open"), "{wrong}");
    let callers = principals(&stage);
    assert_eq!(callers.iter().map(|one| one.anonymous).collect::<Vec<_>>(), [true, false]);
    assert_eq!(callers[1].session.to_string(), opened.session);
    let seen = shop.record.all();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|one| one.header("x-blastgate-session").is_none() && one.header("host") == Some("shop.example")),
        "{seen:#?}"
    );
    drop(gate);
}

#[test]
fn run_joins_the_gate_that_runs() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, shop) = stage();
    stage.variable("BLASTGATE_OTHER", "x");
    let gate = SharedGate::on(&mut stage);
    let curl = curl.display();
    let script = format!(
        "{curl} -sS https://api.dev.example/a && {curl} -sS -X DELETE https://shop.example/orders/7; env; \
         ps -eo args 2>/dev/null || cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    );
    let ended = stage.run(&["sh", "-c", &script]).succeeded();
    assert!(ended.stderr.contains("2 calls · 1 passed · 1 stopped"), "{ended:#?}");
    assert!(ended.stdout.contains("Approval needed (a_"), "{ended:#?}");
    let callers = principals(&stage);
    assert!(callers.iter().all(|one| !one.anonymous && one.agent.as_deref() == Some("sh")), "{callers:?}");
    assert!(ended.stderr.contains(&callers[0].session.to_string()), "{ended:#?}");
    assert!(!ended.stdout.contains("BLASTGATE_"), "{ended:#?}");
    let value = |name: &str| {
        let line = ended.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} is not set: {ended:#?}")).to_owned()
    };
    let proxy = value("HTTPS_PROXY");
    let (_, token) = proxy.strip_prefix("http://").unwrap().split_once('@').unwrap().0.split_once(':').unwrap();
    assert!(token.len() > 40, "{proxy}");
    let java = value("JAVA_TOOL_OPTIONS");
    assert!(java.contains(&format!("-Dhttps.proxyPort={}", gate.proxy.port())) && !java.contains(token), "{java}");
    // In the child's environment and nowhere else.
    let told: Vec<&str> = ended.stdout.lines().filter(|line| line.contains(token)).collect();
    assert!(told.iter().all(|line| line.contains("roxy") || line.contains("PROXY")), "{told:#?}");
    assert!(!ended.stderr.contains(token) && !stage.state_holds(token));
    assert_eq!(shop.record.len(), 1);
    // One log, that of the gate; the session has ended and left no files.
    assert_eq!(std::fs::read_dir(stage.log_folder()).unwrap().count(), 1);
    assert_eq!(json(&stage, &["sessions", "list"]).as_array().unwrap().len(), 0);
    assert_eq!(std::fs::read_dir(stage.path("state/run")).map_or(0, Iterator::count), 0);
    assert_eq!(raw(&gate, &connect("shop.example", Some(proxy[7..].split_once('@').unwrap().0)))[9..12], *"407");
    assert!(!gate.stop().contains(token));
}

#[test]
fn what_runs_below_a_run_is_its_session_s_with_credentials_or_without() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, _) = stage();
    stage.setting("sessions: { require: true }");
    let port = crate::support::shared::free_port();
    let reverse = format!(
        "  reverse:\n    - {{ name: shop, listen: \"127.0.0.1:{port}\", upstream: \"https://shop.example\" }}\n    - {{ \
         name: file, listen: \"unix:{}\", upstream: \"https://shop.example\" }}\n",
        stage.path("runtime/shop.sock").display()
    );
    let ports = listen(&mut stage, &reverse);
    let gate = SharedGate::start(&stage, &ports, &[]);
    let (curl, proxy) = (curl.display(), gate.proxy);
    let mut agent = Agent::start(&stage, &[], &[]);
    let ways = [
        format!("-x http://{proxy} https://shop.example/x"),
        format!("--noproxy '*' http://127.0.0.1:{port}/x"),
        format!("--noproxy '*' --unix-socket {} http://localhost/x", stage.path("runtime/shop.sock").display()),
    ];
    let works = |agent: &mut Agent| {
        for way in &ways {
            let (code, said) = agent.does(&format!("{curl} -sS --fail {way}"));
            assert_eq!(code, 0, "{way}: {said}");
            let mut other = stage.command("sh");
            other.args(["-c", &format!("{curl} -k --fail {way}")]);
            let refused = child::run(other, PATIENCE);
            assert!(refused.code != Some(0) && refused.stderr.contains("407"), "{refused:#?}");
        }
    };
    works(&mut agent);
    let callers = principals(&stage);
    assert!(callers.iter().all(|one| !one.anonymous && one.session == callers[0].session), "{callers:#?}");
    // The next gate knows them too.
    let next = SharedGate::start(&stage, &ports, &["--replace"]);
    gate.ended();
    eventually("the next gate's first look", || {
        agent.does(&format!("{curl} -sS --fail {}", ways[0])).0.eq(&0).then_some(())
    });
    works(&mut agent);
    let (_, said) = agent.ends();
    assert!(said.contains("4 passed"), "{said}");
    next.stop();
}

#[test]
fn run_has_a_gate_of_its_own_where_it_must() {
    let (mut stage, _) = stage();
    let gate = SharedGate::on(&mut stage);
    let other = stage.write("other/config.yaml", "version: 1\n");
    let other = other.parent().unwrap().display().to_string();
    for (arguments, is_private) in
        [(&[][..], false), (&["--observe"], true), (&["--private"], true), (&["--config", &other], true)]
    {
        let mut command = stage.blastgate(["run"]);
        command.args(arguments).args(["--", "sh", "-c", "echo $https_proxy"]);
        let ended = child::run(command, PATIENCE).succeeded();
        let is_other = !ended.stdout.trim_end().ends_with(&format!(":{}", gate.proxy.port()));
        assert_eq!(is_other, is_private, "{arguments:?}: {ended:#?}");
    }
}

#[test]
fn the_operator_s_client_certificate_serves_the_joined_session_only() {
    if clients::optional("kubectl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let kube = Kube::on(&mut stage, "kind-dev", "kind-dev.kube.example");
    let gate = SharedGate::on(&mut stage);
    for arguments in [&["get", "namespaces"][..], &["delete", "namespace", "shop"]] {
        let ended = stage.run(&[&["kubectl"], arguments].concat()).succeeded();
        assert!(ended.stderr.contains(" passed"), "{ended:#?}");
    }
    assert!(!kube.record.all().is_empty() && kube.record.all().iter().all(|seen| seen.client_certificate));
    let before = kube.record.len();
    let opened = open_session(&stage, "other");
    let answer = raw(&gate, &connect("kind-dev.kube.example", Some(&opened.credentials)));
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(kube.record.len(), before);
    let log = stage.log();
    log.is_undisturbed();
    assert!(!log.of("kubernetes:core:namespaces.delete").is_empty());
}

#[test]
fn a_session_ends_with_its_run_however_that_ends() {
    let (mut stage, _) = stage();
    let gate = SharedGate::on(&mut stage);
    let sessions = |stage: &Stage| json(stage, &["sessions", "list"]).as_array().unwrap().len();
    // The command is killed: `run` closes the session.
    let mut agent = Agent::start(&stage, &[], &[]);
    agent.does("true");
    assert_eq!(sessions(&stage), 1);
    let mut killed = Agent::start(&stage, &[], &[]);
    let (_, shell) = killed.does("echo $$");
    kill(&shell);
    let (code, said) = killed.ends();
    assert_eq!(code, Some(128 + 9), "{said}");
    assert!(said.contains("no calls went through the gate"), "{said}");
    assert_eq!(sessions(&stage), 1);
    // `run` itself is killed: the gate sees that it is gone.
    let (_, shell) = agent.does("echo $$");
    agent.kill();
    kill(&shell);
    eventually("the end of the session", || (sessions(&stage) == 0).then_some(()));
    // One that the operator opened belongs to no process.
    let opened = open_session(&stage, "ci");
    // A gate that starts looks at once.
    let mut left = Agent::start(&stage, &[], &[]);
    let (_, shell) = left.does("echo $$");
    assert_eq!(sessions(&stage), 2);
    let ports = crate::support::shared::Ports { proxy: gate.proxy, api: gate.api };
    gate.kill();
    left.kill();
    kill(&shell);
    let gate = SharedGate::start(&stage, &ports, &[]);
    eventually("the end of the session", || (sessions(&stage) == 1).then_some(()));
    assert_eq!(json(&stage, &["sessions", "list"])[0]["session"], opened.session);
    drop(gate);
}

fn kill(pid: &str) {
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

#[test]
fn watching_stops_nothing_and_the_report_tells() {
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, shop) = stage();
    stage.setting("posture: observe");
    let gate = SharedGate::on(&mut stage);
    assert_eq!(status(&stage).unwrap()["posture"], "observe");
    let curl = curl.display();
    let ended =
        stage.run(&["sh", "-c", &format!("{curl} -sS --fail -X DELETE https://shop.example/orders/7")]).succeeded();
    assert!(ended.stderr.contains("1 would have been stopped"), "{ended:#?}");
    assert_eq!(shop.record.len(), 1);
    let report = operator(&stage, &["report"]).succeeded().stdout;
    assert!(report.contains("1 would have been stopped") && report.contains("http:shop.example:DELETE"), "{report}");
    gate.stop();
}

#[test]
#[cfg(target_os = "linux")]
fn health_says_whether_calls_can_pass() {
    use rustix::process::{Resource, Rlimit, prlimit};
    let Some(curl) = clients::optional("curl") else { return };
    let (mut stage, _) = stage();
    let gate = SharedGate::on(&mut stage);
    assert_eq!(gate.health("/healthz"), ("200".to_owned(), "ok\n".to_owned()));
    assert_eq!(gate.health("/readyz"), ("200".to_owned(), "ready\n".to_owned()));
    assert_eq!(status(&stage).unwrap()["connections"], 0);
    let metrics = gate.health("/metrics").1;
    assert!(metrics.contains("blastgate_log_writable 1\n") && metrics.contains("blastgate_troubles 0\n"), "{metrics}");
    // A file that may not grow is what a full disk looks like from inside.
    let limit = |bytes| {
        prlimit(Some(gate.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    };
    limit(Some(0));
    let ca = stage.path("state/ca/ca.pem").display().to_string();
    let call = || {
        let mut command = stage.command(&curl);
        let proxy = format!("http://{}", gate.proxy);
        command.args(["-sS", "-w", "%{http_code}", "-o", "/dev/null", "--cacert", &ca, "-x", &proxy]);
        command.args(["-X", "PUT", "https://api.dev.example/"]);
        child::run(command, PATIENCE).succeeded().stdout
    };
    assert_eq!(call(), "503");
    let (code, why) = gate.health("/readyz");
    assert_eq!((code.as_str(), why.as_str()), ("503", "the log cannot be written\n"));
    let told = operator(&stage, &["status"]);
    assert_eq!(told.code, Some(1), "{told:#?}");
    assert!(told.stdout.contains("the log cannot be written"), "{told:#?}");
    limit(None);
    // Without any call: who balances load by this would send none.
    assert_eq!(gate.health("/readyz").0, "200");
    assert_eq!(call(), "200");
    assert_eq!(operator(&stage, &["status"]).code, Some(0));
}

#[test]
fn the_operator_s_commands_say_what_to_do_without_a_gate() {
    let (mut stage, _) = stage();
    listen(&mut stage, "");
    for command in [&["status"][..], &["sessions"], &["approvals"], &["changes"], &["serve", "--replace"]] {
        let ended = operator(&stage, command);
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        assert!(ended.stderr.contains("blastgate serve") || ended.stderr.contains("no gate to replace"), "{ended:#?}");
    }
}
