//! A real Kubernetes API server with its controllers and etcd, on loopback, with a kubelet of the tests' own
//! (`support/kubelet.rs`); one for all tests of a process, which ends with it.
//!
//! `just soak kubectl-sessions` builds it (`apiserver.sh`, once, some 12 minutes). Where it has been built the tests
//! use it; elsewhere they say so, and meet the cluster of `support/kube.rs`.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ca::TestCa;
use super::kubelet;
use super::shared::free_port;
use super::{block_on, clients, eventually};

/// Ends everything when this process does, because its standard input does then. A line on it starts the controllers.
const SERVER: &str = r#"
trap '' INT
cd "$1"
"$2/etcd" --data-dir etcd --listen-client-urls "http://127.0.0.1:$4" --advertise-client-urls "http://127.0.0.1:$4" \
    --listen-peer-urls "http://127.0.0.1:$5" --initial-advertise-peer-urls "http://127.0.0.1:$5" \
    --initial-cluster "default=http://127.0.0.1:$5" >etcd.log 2>&1 &
ended=$!
"$2/kube-apiserver" --etcd-servers "http://127.0.0.1:$4" --bind-address 127.0.0.1 --secure-port "$3" --insecure-port 0 \
    --advertise-address 192.0.2.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/24 \
    --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt --token-auth-file tokens.csv \
    --service-account-issuer https://cluster.example --service-account-signing-key-file server.key \
    --service-account-key-file server.crt --kubelet-certificate-authority ca.crt --allow-privileged \
    --kubelet-preferred-address-types InternalIP --authorization-mode Node,RBAC \
    --audit-policy-file audit.json --audit-log-path audit.log >apiserver.log 2>&1 &
ended="$! $ended"
if read -r _; then
    "$2/kube-controller-manager" --kubeconfig controllers.json --leader-elect=false --port 0 --secure-port 0 \
        --service-account-private-key-file server.key --root-ca-file ca.crt --cluster-signing-cert-file ca.crt \
        --cluster-signing-key-file ca.key --kube-api-qps 500 --kube-api-burst 500 --deleting-pods-qps 100 \
        --controllers '*,-nodelifecycle,-nodeipam,-ttl,-attachdetach,-service,-route,-cloud-node-lifecycle' \
        >controllers.log 2>&1 &
    ended="$! $ended"
    read -r _
fi
kill $ended
wait
cd /
rm -rf "$1"
"#;

const TOKEN: &str = "the-harness";

/// The server.
pub(crate) struct Apiserver {
    pub(crate) ca: TestCa,
    pub(crate) address: SocketAddr,
    /// All that it keeps; it goes with it.
    pub(crate) folder: PathBuf,
    tls: Arc<ClientConfig>,
    /// Ends when its input does.
    process: Mutex<Child>,
}

impl Apiserver {
    /// The one of this process; `None` where none has been built and none is required.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Apiserver>> = OnceLock::new();
        SERVER.get_or_init(|| clients::apiserver().map(Self::start)).as_ref()
    }

    fn start(programs: &Path) -> Self {
        let ca = TestCa::new("cluster");
        let folder = tempfile::tempdir().unwrap().keep();
        let (port, etcd, peer) = (free_port(), free_port(), free_port());
        let (certificate, key) = ca.server_pem(&["*.kube.example", "localhost", "127.0.0.1"]);
        let cluster = json!({ "server": format!("https://127.0.0.1:{port}"), "certificate-authority": "ca.crt" });
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{ "name": "it", "cluster": cluster }], "users": [{ "name": "it", "user": { "token": TOKEN } }],
            "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
        });
        // What the cluster's own parts do is none of the agents' doing.
        let own = ["system:masters", "system:serviceaccounts", "system:nodes"];
        let audit = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived", "ResponseStarted"],
            "rules": [{ "level": "None", "userGroups": own },
                      { "level": "None", "users": ["system:apiserver", "system:anonymous"] },
                      { "level": "Metadata" }],
        });
        for (name, text) in [
            ("ca.crt", ca.pem().to_owned()),
            ("ca.key", ca.key_pem()),
            ("server.crt", certificate),
            ("server.key", key),
            ("tokens.csv", format!("{TOKEN},harness,harness,\"system:masters\"\n")),
            ("controllers.json", config.to_string()),
            ("audit.json", audit.to_string()),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        let mut command = Command::new("sh");
        command.args(["-c", SERVER, "sh"]).arg(&folder).arg(programs.join("bin"));
        command.args([port, etcd, peer].map(|port| port.to_string()));
        let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        let server = Self {
            tls: tls(&ca),
            ca,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            folder,
            process: Mutex::new(process),
        };
        server.becomes_ready();
        kubelet::start(&server);
        server
    }

    fn becomes_ready(&self) {
        let is_ready = || {
            let _connects = std::net::TcpStream::connect(self.address).ok()?;
            (self.ask("GET", "/readyz", None).0 == 200).then_some(())
        };
        eventually("the API server", is_ready);
        self.process.lock().unwrap().stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        eventually("the controllers", || self.get("/api/v1/namespaces/default/serviceaccounts/default"));
    }

    /// Asks with the rights of the harness; gives status and answer.
    pub(crate) fn ask(&self, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
        block_on(ask(self.address, Arc::clone(&self.tls), method, target, body))
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        Some(self.ask("GET", path, None)).filter(|(status, _)| *status == 200).map(|(_, object)| object)
    }

    /// Puts an object there.
    #[track_caller]
    pub(crate) fn create(&self, collection: &str, object: Value) {
        let (status, said) = self.ask("POST", collection, Some(object));
        assert!(matches!(status, 201 | 409), "{said:#}");
    }

    /// What the server says that `user` asked of it, as it has ended.
    pub(crate) fn audit(&self, user: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("audit.log")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let events = whole.lines().map(|line| serde_json::from_str::<Value>(line).expect("an audit event"));
        events.filter(|event| event["user"]["username"] == user).collect()
    }

    pub(crate) fn connection(&self) -> (SocketAddr, Arc<ClientConfig>) {
        (self.address, Arc::clone(&self.tls))
    }
}

fn tls(ca: &TestCa) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// One request with the rights of the harness.
pub(crate) async fn ask(
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    method: &str,
    target: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let stream = TcpStream::connect(address).await.expect("the API server");
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(tls).connect(name, stream).await.expect("TLS");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", media)
        .body(Full::new(Bytes::from(body.map_or(String::new(), |body| body.to_string()))))
        .unwrap();
    let answer = sender.send_request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("the answer's end").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}
