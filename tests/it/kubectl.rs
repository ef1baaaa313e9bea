//! What `kubectl` is promised about connections into pods, over both of its transports.

use blastgate::record::Outcome;
use serde_json::json;

use crate::support::child::Ended;
use crate::support::clients;
use crate::support::kube::Kube;
use crate::support::stage::Stage;

const PODS: &str = "/api/v1/namespaces/shop/pods";
/// Without these kubectl asks for WebSockets first (since 1.31), and for SPDY where they are refused.
const SPDY: [(&str, &str); 2] =
    [("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false"), ("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false")];

/// A stage with one cluster in which one pod runs; `None` without kubectl or without what speaks SPDY.
fn stage(cluster: &str, variables: &[(&str, &str)]) -> Option<(Stage, Kube)> {
    clients::optional("kubectl")?;
    clients::spdy()?;
    let mut stage = Stage::new();
    for (name, value) in variables {
        stage.variable(name, *value);
    }
    let kube = Kube::on(&mut stage, cluster, &format!("{cluster}.kube.example"));
    let pod = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": {},
                      "spec": { "containers": [{ "name": "web", "image": "web", "stdin": true }] },
                      "status": { "phase": "Running" } });
    kube.put(PODS, "web-1", pod);
    Some((stage, kube))
}

#[track_caller]
fn kubectl(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.run(&[&["kubectl"], arguments].concat())
}

/// Works with a pod in all the ways there are; `upgrade` is what the server was asked for each time.
#[track_caller]
fn works_with_a_pod(stage: &Stage, kube: &Kube, upgrade: &str) {
    let ended = kubectl(stage, &["exec", "web-1", "--", "sh", "-c", "echo out; echo err >&2; pwd"]).succeeded();
    assert!(ended.stdout.starts_with("out\n/") && ended.stdout.ends_with("/pod\n"), "{ended:#?}");
    assert!(ended.stderr.contains("err\n"), "{ended:#?}");
    let ended = kubectl(stage, &["exec", "web-1", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ended.code, Some(7), "{ended:#?}");
    let ended = stage.run(&["sh", "-c", "seq 100000 | kubectl exec -i web-1 -- sha256sum"]).succeeded();
    let expected = stage.run(&["sh", "-c", "seq 100000 | sha256sum"]).succeeded();
    assert_eq!(ended.stdout, expected.stdout);
    let content: Vec<u8> = (0..2 * 1024 * 1024u32).map(|at| (at / 7).to_le_bytes()[0]).collect();
    stage.write("work/there.bin", &content);
    kubectl(stage, &["cp", "there.bin", "web-1:copied.bin"]).succeeded();
    assert!(std::fs::read(stage.path("pod/copied.bin")).unwrap() == content, "another file arrived");
    kubectl(stage, &["cp", "web-1:copied.bin", "back.bin"]).succeeded();
    assert!(std::fs::read(stage.path("work/back.bin")).unwrap() == content, "another file came back");
    let ended = stage.run(&["sh", "-c", "echo hello | kubectl attach -i web-1"]).succeeded();
    assert!(ended.stdout.ends_with("attached\nhello\n"), "{ended:#?}");
    let ended = stage.run(&["python", "-c", FORWARD]).succeeded();
    assert!(ended.stdout.ends_with("came back: 1048576, and again\n"), "{ended:#?}");
    let opened: Vec<_> = kube.record.all().into_iter().filter(|seen| seen.header("upgrade").is_some()).collect();
    assert!(opened.len() >= 7, "{opened:#?}");
    for seen in &opened {
        assert_eq!(seen.header("upgrade"), Some(upgrade), "{seen:#?}");
        assert!(seen.client_certificate && seen.version == "HTTP/1.1", "{seen:#?}");
    }
    let log = stage.log();
    log.is_undisturbed();
    for operation in ["exec", "attach", "portforward"] {
        assert!(!log.of(&format!("kubernetes:core:pods/{operation}.connect")).is_empty(), "{operation}");
    }
    // Every connection was followed to its end, also where the client was gone before it, and none was cut.
    let outcomes = log.outcomes();
    let streamed = outcomes.iter().filter_map(|one| match &one.outcome {
        Outcome::Tunnelled { streamed, broken: None, .. } => {
            Some(streamed.as_ref().expect("streams that were followed"))
        }
        Outcome::Answered { .. } => None,
        other => panic!("{other:?}"),
    });
    let streamed: Vec<_> = streamed.collect();
    assert_eq!(streamed.len(), opened.len(), "{streamed:#?}");
    assert!(streamed.iter().all(|one| one.cut.is_none()), "{streamed:#?}");
    let sum = stage.run(&["sh", "-c", "seq 100000 | wc -c"]).succeeded().stdout;
    let sum: u64 = sum.trim().parse().unwrap();
    assert!(streamed.iter().any(|one| one.sent.get("stdin") == Some(&sum)), "{streamed:#?}");
    assert!(streamed.iter().any(|one| one.ports == [8080] && one.sent["data"] == 1_048_581), "{streamed:#?}");
    assert!(streamed.iter().any(|one| !one.sent.contains_key("stdin")), "{streamed:#?}");
}

/// Forwards a port and speaks to it twice.
pub(crate) const FORWARD: &str = r#"
import re, socket, subprocess
forward = subprocess.Popen(["kubectl", "port-forward", "pod/web-1", ":8080"], stdout=subprocess.PIPE, text=True)
port = int(re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())[1])
def say(data):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        back = b""
        for at in range(0, len(data), 65536):
            connection.sendall(data[at:at + 65536])
            while len(back) < min(at + 65536, len(data)):
                back += connection.recv(65536)
    assert back == data
    return len(back)
first = say(bytes(range(256)) * 4096)
say(b"again")
forward.terminate()
forward.wait()
print(f"came back: {first}, and again")
"#;

#[test]
fn exec_cp_attach_and_port_forward_over_web_sockets() {
    let Some((stage, kube)) = stage("kind-dev", &[]) else { return };
    works_with_a_pod(&stage, &kube, "websocket");
}

#[test]
fn exec_cp_attach_and_port_forward_over_spdy() {
    let Some((stage, kube)) = stage("kind-dev", &SPDY) else { return };
    works_with_a_pod(&stage, &kube, "SPDY/3.1");
}

#[test]
fn logs_are_followed_and_changes_watched() {
    let Some((stage, kube)) = stage("kind-dev", &[]) else { return };
    let ended = kubectl(&stage, &["logs", "-f", "web-1"]).succeeded();
    assert_eq!(ended.stdout, "first line\nsecond line\n");
    let ended = kubectl(&stage, &["get", "pods", "--watch", "-o", "name"]).succeeded();
    assert_eq!(ended.stdout, "pod/web-1\npod/web-1\n");
    kubectl(&stage, &["delete", "pod", "web-1"]).succeeded();
    kubectl(&stage, &["delete", "namespace", "shop"]).succeeded();
    assert_eq!(kube.get("/api/v1/namespaces", "shop"), None);
    stage.log().is_undisturbed();
}

#[test]
fn an_exec_in_production_is_stopped_on_either_transport_and_kubectl_says_why() {
    for (variables, tries) in [(&[][..], 2), (&SPDY[..], 1)] {
        let Some((stage, kube)) = stage("prod-eu", variables) else { return };
        let ended = kubectl(&stage, &["exec", "web-1", "--", "rm", "-rf", "/data"]);
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert_eq!(ended.stderr.matches("Approval needed (a_").count(), 1, "{ended:#?}");
        assert!(ended.stderr.contains("kubernetes:core:pods/exec.connect would run something in"), "{ended:#?}");
        assert_eq!(stage.log().stopped(), vec!["kubernetes:core:pods/exec.connect escalate"; tries], "{ended:#?}");
        assert!(kube.record.all().iter().all(|seen| seen.header("upgrade").is_none()), "an opening arrived");
    }
}

/// It writes texts, closes a channel by name and says goodbye twice.
#[test]
fn python_s_client_works_in_pods_and_is_cut_where_it_writes_unasked() {
    const SCRIPT: &str = r#"
from kubernetes import client, config
from kubernetes.stream import stream
config.load_kube_config()
connect = client.CoreV1Api().connect_get_namespaced_pod_exec
def run(command, **options):
    return stream(connect, "web-1", "shop", command=command, stdout=True, stderr=True, tty=False, **options)
print(run(["sh", "-c", "echo out; echo err >&2"], stdin=False))
asked = run(["cat"], stdin=True, _preload_content=False)
asked.write_stdin("hello\n")
asked.close_channel(0)
asked.run_forever(timeout=20)
print(asked.read_stdout(), asked.returncode)
asked.close()
unasked = run(["sh", "-c", "sleep 30"], stdin=False, _preload_content=False)
unasked.write_stdin("hello\n")
unasked.run_forever(timeout=20)
print("open" if unasked.is_open() else "ended")
"#;
    let mut stage = Stage::new();
    let kube = Kube::on(&mut stage, "kind-dev", "kind-dev.kube.example");
    kube.put(PODS, "web-1", json!({ "kind": "Pod", "apiVersion": "v1", "metadata": {} }));
    let python = clients::kubernetes().join("bin/python").display().to_string();
    let ended = stage.run(&[&python, "-c", SCRIPT]).succeeded();
    assert!(ended.stdout.contains("hello\n 0\n") && ended.stdout.ends_with("ended\n"), "{ended:#?}");
    let log = stage.log();
    log.is_undisturbed();
    let told = log.outcomes().into_iter().map(|one| match &one.outcome {
        Outcome::Tunnelled { streamed: Some(streamed), .. } => {
            (streamed.sent.get("stdin").copied(), streamed.cut.clone())
        }
        other => panic!("{other:?}"),
    });
    let cut = Some("input that the opening did not ask for".to_owned());
    assert_eq!(told.collect::<Vec<_>>(), [(None, None), (Some(6), None), (None, cut)]);
}
