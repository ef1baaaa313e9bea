//! What clients are promised that come through a reverse listener: it is their server, judged, and nobody else's.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::child::{self, Ended};
use crate::support::kube::Kube;
use crate::support::listeners::{SharedGate, free_port};
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, clients};

const MANIFEST: &str =
    r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shop"},"data":{"a":"1"}}"#;
const PODS: &str = "/api/v1/namespaces/shop/pods";

/// Runs a program that knows nothing of any proxy.
#[track_caller]
fn plain(stage: &Stage, command: &[&str]) -> Ended {
    let mut running = stage.command(command[0]);
    running.args(&command[1..]);
    child::run(running, PATIENCE)
}

/// A cluster behind a reverse listener that its kubeconfig names as `server:`, without a CA.
struct Cluster {
    stage: Stage,
    kube: Kube,
    at: std::net::SocketAddr,
    _gate: SharedGate,
}

impl Cluster {
    /// `None` without kubectl, or without what speaks SPDY.
    fn start(cluster: &str) -> Option<Self> {
        clients::optional("kubectl")?;
        clients::spdy()?;
        let mut stage = Stage::new();
        let host = format!("{cluster}.kube.example");
        let kube = Kube::on(&mut stage, cluster, &host);
        let pod = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": {},
                          "spec": { "containers": [{ "name": "web", "image": "web", "stdin": true }] },
                          "status": { "phase": "Running" } });
        kube.put(PODS, "web-1", pod);
        let web = json!({ "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}, "spec": { "replicas": 3 } });
        kube.put("/apis/apps/v1/namespaces/shop/deployments", "web", web);
        // The gate's own configuration names what the operator's kubeconfig had.
        let theirs: serde_json::Value =
            serde_json::from_slice(&std::fs::read(stage.path("home/.kube/config")).unwrap()).unwrap();
        let decode = |name: &str| {
            let text = theirs["users"][0]["user"][name].as_str().unwrap();
            data_encoding::BASE64.decode(text.as_bytes()).unwrap()
        };
        let ca = std::fs::read(stage.path("home/.kube/ca.crt")).unwrap();
        stage.write("config/cluster.pem", ca);
        stage.write("config/client.pem", decode("client-certificate-data"));
        let key = stage.write("config/client.key", decode("client-key-data"));
        std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        stage.also_trust("cluster.pem");
        stage.egress(&format!("client_certs: [{{ server: \"{host}:6443\", cert: client.pem, key: client.key }}]"));
        let at = free_port();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "gate",
            "clusters": [{ "name": "gate", "cluster": { "server": format!("http://{at}") } }],
            "users": [{ "name": "me", "user": { "token": "let-me-in" } }],
            "contexts": [{ "name": "gate", "context": { "cluster": "gate", "user": "me", "namespace": "shop" } }],
        });
        stage.write("home/.kube/config", config.to_string());
        let listener = format!(
            "{{ name: {cluster}, listen: \"{at}\", upstream: \"https://{host}:6443\", provider: kubernetes, cluster: \
             {cluster} }}"
        );
        let gate = SharedGate::start(&stage, &[listener], "");
        Some(Self { stage, kube, at, _gate: gate })
    }

    #[track_caller]
    fn kubectl(&self, arguments: &[&str]) -> Ended {
        plain(&self.stage, &[&["kubectl"], arguments].concat())
    }
}

/// Forwards a port and speaks to it.
const FORWARD: &str = r#"
import re, socket, subprocess
forward = subprocess.Popen(["kubectl", "port-forward", "pod/web-1", ":8080"], stdout=subprocess.PIPE, text=True)
port = int(re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())[1])
with socket.create_connection(("127.0.0.1", port)) as connection:
    connection.sendall(b"through the gate")
    back = b""
    while len(back) < 16:
        back += connection.recv(64)
forward.terminate()
forward.wait()
print(back.decode())
"#;

#[test]
fn kubectl_works_with_a_development_cluster_as_with_its_own_server() {
    let Some(cluster) = Cluster::start("kind-dev") else { return };
    let manifest = cluster.stage.write("work/settings.json", MANIFEST).display().to_string();
    let changed =
        cluster.stage.write("work/changed.json", MANIFEST.replace(r#""a":"1""#, r#""a":"2""#)).display().to_string();
    cluster.stage.write("work/there.bin", (0..300_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    let steps: &[(&[&str], &str)] = &[
        (&["get", "pods", "-o", "name"], "pod/web-1\n"),
        (&["apply", "--validate=false", "-f", &manifest], "configmap/settings created\n"),
        (&["apply", "--validate=false", "-f", &changed], "configmap/settings configured\n"),
        (&["scale", "deployment/web", "--replicas=5"], "deployment.apps/web scaled\n"),
        (&["get", "pods", "--watch", "-o", "name"], "pod/web-1\npod/web-1\n"),
        (&["logs", "-f", "web-1"], "first line\nsecond line\n"),
        (&["exec", "web-1", "--", "sh", "-c", "echo out; echo err >&2"], "out\n"),
        (&["cp", "there.bin", "web-1:copied.bin"], ""),
        (&["cp", "web-1:copied.bin", "back.bin"], ""),
        (&["delete", "pod", "web-1"], "pod \"web-1\" deleted\n"),
        (&["delete", "namespace", "shop"], "namespace \"shop\" deleted\n"),
    ];
    let forwarded = plain(&cluster.stage, &["python", "-c", FORWARD]).succeeded();
    assert_eq!(forwarded.stdout, "through the gate\n");
    for (step, said) in steps {
        let ended = cluster.kubectl(step);
        assert_eq!((ended.code, &*ended.stdout), (Some(0), *said), "kubectl {}: {ended:#?}", step.join(" "));
    }
    let back = std::fs::read(cluster.stage.path("work/back.bin")).unwrap();
    assert!(back == std::fs::read(cluster.stage.path("work/there.bin")).unwrap(), "another file came back");
    assert_eq!(cluster.kube.get("/api/v1/namespaces", "shop"), None);
    // kubectl gives a server in clear no credentials of its user (client-go, `clientcmd`): what speaks is the operator's
    // certificate, and the token stays at home.
    for seen in cluster.kube.record.all() {
        assert!(seen.client_certificate && seen.header("authorization").is_none(), "{seen:#?}");
        assert_eq!(seen.host, "kind-dev.kube.example:6443", "{seen:#?}");
    }
    let log = cluster.stage.log();
    log.is_undisturbed();
    for operation in ["exec", "portforward"] {
        let found = log.of(&format!("kubernetes:core:pods/{operation}.connect"));
        assert_eq!(found[0].actions[0].place.cluster.as_deref(), Some("kind-dev"));
    }
}

#[test]
fn whoever_brings_a_token_does_not_have_the_operator_s_certificate_beside_it() {
    let Some(cluster) = Cluster::start("kind-dev") else { return };
    if clients::optional("curl").is_none() {
        return;
    }
    let url = format!("http://{}/api/v1/namespaces/shop/pods", cluster.at);
    plain(&cluster.stage, &["curl", "-sSf", "-H", "Authorization: Bearer let-me-in", &url]).succeeded();
    plain(&cluster.stage, &["curl", "-sSf", &url]).succeeded();
    let seen = cluster.kube.record.all();
    let shown = seen.iter().map(|one| (one.header("authorization"), one.client_certificate)).collect::<Vec<_>>();
    assert_eq!(shown, [(Some("Bearer let-me-in"), false), (None, true)]);
}

#[test]
fn in_production_kubectl_is_stopped_once_and_told_why() {
    let Some(cluster) = Cluster::start("prod-eu") else { return };
    cluster.kubectl(&["get", "pods"]).succeeded();
    cluster.kubectl(&["scale", "deployment/web", "--replicas=5"]).succeeded();
    cluster.stage.log().is_undisturbed();
    let writes = cluster.kube.writes().len();
    // For a refused exec kubectl tries its second transport too: two requests, one text.
    let stopped: &[(&[&str], &str, usize)] = &[
        (&["delete", "namespace", "shop"], "core:namespaces.delete", 1),
        (&["delete", "deployment", "web"], "apps:deployments.delete", 1),
        (&["scale", "deployment/web", "--replicas=0"], "apps:deployments/scale", 1),
        (&["exec", "web-1", "--", "ls"], "core:pods/exec.connect", 2),
    ];
    for (step, operation, requests) in stopped {
        let before = cluster.stage.log().stopped().len();
        let ended = cluster.kubectl(step);
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert_eq!(ended.stderr.matches("needs approval").count(), 1, "{ended:#?}");
        assert!(ended.stderr.contains(operation) && ended.stderr.contains("prod"), "{ended:#?}");
        assert_eq!(cluster.stage.log().stopped().len() - before, *requests, "{ended:#?}");
    }
    assert_eq!(cluster.kube.writes().len(), writes, "a refused call reached the cluster");
    let opened = cluster.kube.record.all().iter().filter(|seen| seen.header("upgrade").is_some()).count();
    assert_eq!(opened, 0, "a refused connection was opened");
}

#[test]
fn a_page_in_a_browser_and_a_request_for_elsewhere_are_refused() {
    if clients::optional("curl").is_none() {
        return;
    }
    let stage = Stage::new();
    let upstream = Upstream::start_clear();
    let at = free_port();
    let listener = format!("{{ name: rest, listen: \"{at}\", upstream: \"http://{}\" }}", upstream.address);
    let _gate = SharedGate::start(&stage, &[listener], "");
    let url = format!("http://{at}/orders");
    let check = |more: &[&str], expected: &str| {
        let ended = plain(&stage, &[&["curl", "-sS", "-w", " %{http_code}"], more, &[&url]].concat());
        let ended = ended.succeeded();
        assert!(ended.stdout.ends_with(expected), "{more:?}: {ended:#?}");
    };
    let port = at.port();
    let named = upstream.address.to_string();
    check(&[], " 200");
    check(&["-H", &format!("Host: localhost:{port}")], " 200");
    check(&["-H", &format!("Host: {named}")], " 200");
    let fine = upstream.record.len();
    for host in ["evil.example", "evil.example:80", "localhost", "127.0.0.1:1", "localhost.evil.example", ""] {
        check(&["-H", &format!("Host: {host}")], " 400");
    }
    check(&["-H", &format!("Host: evil.example:{port}")], " 400");
    // Other listeners and other servers are not asked through this one.
    check(&["--request-target", "http://shop.example/orders"], " 400");
    assert_eq!(upstream.record.len(), fine, "{:#?}", upstream.record.all());
    assert!(upstream.record.all().iter().all(|seen| seen.host == named));
}

#[test]
fn a_redirection_to_the_upstream_itself_stays_behind_the_gate() {
    use crate::support::server::{self, answer};
    if clients::optional("curl").is_none() {
        return;
    }
    let stage = Stage::new();
    let handler: server::Handler = std::sync::Arc::new(|request, _| {
        Box::pin(async move {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            let location = match request.uri().path() {
                "/self" => format!("http://{host}/there?a=1"),
                "/bare" => format!("http://{host}"),
                "/other" => "http://other.example/there".to_owned(),
                "/near" => format!("http://{host}.other.example/there"),
                "/tls" => format!("https://{host}/there"),
                _ => return answer(200, "text/plain", "arrived"),
            };
            let mut answer = answer(302, "text/plain", "");
            answer.headers_mut().insert("location", location.parse().unwrap());
            answer
        })
    });
    let upstream = server::serve(None, handler);
    let at = free_port();
    let listener = format!("{{ name: rest, listen: \"{at}\", upstream: \"http://{upstream}\" }}");
    let _gate = SharedGate::start(&stage, &[listener], "");
    for (path, expected) in [
        ("self", format!("http://{at}/there?a=1")),
        ("bare", format!("http://{at}/")),
        ("other", "http://other.example/there".to_owned()),
        ("near", format!("http://{upstream}.other.example/there")),
        ("tls", format!("https://{upstream}/there")),
    ] {
        let url = format!("http://{at}/{path}");
        let ended = plain(&stage, &["curl", "-sS", "-o", "/dev/null", "-w", "%{redirect_url}", &url]).succeeded();
        assert_eq!(ended.stdout, expected);
    }
    let ended = plain(&stage, &["curl", "-sSL", &format!("http://{at}/self")]).succeeded();
    assert_eq!(ended.stdout, "arrived");
    assert_eq!(stage.log().decisions().len(), 7);
}

#[test]
fn socket_files_lead_to_servers_and_servers_to_socket_files() {
    if clients::optional("curl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let upstream = Upstream::start(&stage.ca, &["api.dev.example"]);
    stage.resolve("api.dev.example", upstream.address);
    let (at, inner) = (free_port(), stage.path("inner.sock"));
    let listeners = [
        format!("{{ name: inner, listen: \"unix:{}\", upstream: \"https://api.dev.example\" }}", inner.display()),
        format!("{{ name: outer, listen: \"{at}\", upstream: \"unix:{}\" }}", inner.display()),
    ];
    let _gate = SharedGate::start(&stage, &listeners, "");
    let socket = inner.display().to_string();
    plain(&stage, &["curl", "-sSf", "--unix-socket", &socket, "http://anything/first"]).succeeded();
    plain(&stage, &["curl", "-sSf", &format!("http://{at}/second"), "-d", "a=b"]).succeeded();
    let seen = upstream.record.all();
    let told: Vec<_> = seen.iter().map(|one| format!("{} {} {}", one.method, one.host, one.target)).collect();
    assert_eq!(told, ["GET api.dev.example /first", "POST api.dev.example /second"]);
    let log = stage.log();
    log.is_undisturbed();
    let hosts: Vec<_> = log.decisions().iter().map(|one| one.actions[0].place.host.clone().unwrap()).collect();
    assert_eq!(hosts, ["api.dev.example", "outer.socket", "api.dev.example"]);
}

#[test]
fn curl_sends_and_fetches_in_every_framing_and_a_hundred_megabytes_both_ways() {
    const MIB: usize = 1024 * 1024;
    if clients::optional("curl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let upstream = Upstream::start(&stage.ca, &["api.dev.example"]);
    stage.resolve("api.dev.example", upstream.address);
    let at = free_port();
    let listener = format!("{{ name: rest, listen: \"{at}\", upstream: \"https://api.dev.example\" }}");
    let _gate = SharedGate::start(&stage, &[listener], "");
    let content: Vec<u8> = (0..100 * MIB / 4).flat_map(|n| u32::try_from(n).unwrap().to_le_bytes()).collect();
    let digest = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    stage.write("work/big", &content);
    stage.write("work/small", &content[..3000]);
    let check = |arguments: &[&str], path: &str, body: &[u8]| {
        let url = format!("http://{at}{path}");
        plain(&stage, &[&["curl", "-sSf", "-o", "got"], arguments, &[&url]].concat()).succeeded();
        let seen = upstream.record.all().pop().unwrap();
        assert_eq!(
            (seen.body_bytes, seen.body_sha256),
            (Some(body.len() as u64), digest(body)),
            "{arguments:?} {path}"
        );
    };
    let media = ["-H", "content-type: application/octet-stream"];
    let small = &content[..3000];
    check(&[], "/nothing", b"");
    check(&["-X", "POST"], "/empty", b"");
    check(&["--data-binary", "@small", media[0], media[1]], "/length", small);
    check(&["-T", "small"], "/put", small);
    check(&["--data-binary", "@small", "-H", "transfer-encoding: chunked"], "/chunked-post", small);
    check(&["-T", "small", "-H", "transfer-encoding: chunked"], "/chunked-put", small);
    check(&["--data-binary", "@small", "-H", "expect: 100-continue", media[0], media[1]], "/expect", small);
    check(&["--data-binary", "@big", media[0], media[1]], "/big-length", &content);
    check(&["-T", "big", "-H", "transfer-encoding: chunked", "-H", "expect:"], "/big-chunked", &content);
    check(&["-T", "big"], "/big-put", &content);
    for (path, length) in
        [("/answer?bytes=0", 0), ("/answer?bytes=70000", 70_000), ("/zeros?bytes=104857600", 100 * MIB)]
    {
        check(&[], path, b"");
        assert_eq!(std::fs::metadata(stage.path("work/got")).unwrap().len(), length as u64, "{path}");
    }
    check(&[], "/pieces?count=200", b"");
    let got = std::fs::read_to_string(stage.path("work/got")).unwrap();
    assert_eq!(got, (0..200).map(|n| format!("data: {n}\n\n")).collect::<String>());
    let ended = plain(&stage, &["curl", "-sS", "--head", &format!("http://{at}/answer")]).succeeded();
    assert!(ended.stdout.starts_with("HTTP/1.1 200"), "{ended:#?}");
    stage.log().is_undisturbed();
}

#[test]
fn a_deletion_through_a_listener_is_refused_once_and_curl_shows_why() {
    if clients::optional("curl").is_none() {
        return;
    }
    let mut stage = Stage::new();
    let upstream = Upstream::start(&stage.ca, &["api.prod.example"]);
    stage.resolve("api.prod.example", upstream.address);
    let at = free_port();
    let listener = format!("{{ name: rest, listen: \"{at}\", upstream: \"https://api.prod.example\" }}");
    let _gate = SharedGate::start(&stage, &[listener], "");
    let url = format!("http://{at}/orders/7");
    let ended =
        plain(&stage, &["curl", "-sS", "--retry", "3", "-w", " %{http_code}", "-X", "DELETE", &url]).succeeded();
    assert!(ended.stdout.ends_with(" 403") && ended.stdout.contains("http:api.prod.example:DELETE"), "{ended:#?}");
    assert_eq!((stage.log().stopped().len(), upstream.record.len()), (1, 0));
}
