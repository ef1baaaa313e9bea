//! What `run` promises to the person who wraps an agent.

use crate::support::clients;
use crate::support::stage::Stage;
use crate::support::upstream::Upstream;

fn stage() -> (Stage, Upstream) {
    let mut stage = Stage::new();
    let shop = Upstream::start(&stage.ca, &["shop.example"]);
    stage.resolve("shop.example", shop.address);
    (stage, shop)
}

#[test]
fn a_gate_inside_a_gate_loosens_nothing() {
    if clients::optional("curl").is_none() {
        return;
    }
    let (stage, shop) = stage();
    let gate = env!("CARGO_BIN_EXE_blastgate");
    let script = format!("{gate} run --observe -- curl -sS -X DELETE https://shop.example/orders/7");
    let ended = stage.run(&["sh", "-c", &script]).succeeded();
    assert!(ended.stdout.contains("Approval needed"), "{ended:#?}");
    assert!(ended.stderr.contains("already behind the gate") && ended.stderr.contains("1 stopped"), "{ended:#?}");
    assert_eq!(shop.record.len(), 0);
}

#[test]
fn another_user_of_the_machine_gets_nothing() {
    if clients::optional("curl").is_none() || clients::optional("setpriv").is_none() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("not root: cannot be another user here");
        return;
    }
    let (stage, shop) = stage();
    let other = "setpriv --reuid 65534 --clear-groups env -i https_proxy=$https_proxy curl -sk https://shop.example/x";
    let ended = stage.run(&["sh", "-c", &format!("{other}; echo as another: $?; curl -sS https://shop.example/mine")]);
    assert!(!ended.stdout.contains("as another: 0"), "{ended:#?}");
    let seen = shop.record.all();
    assert_eq!(seen.iter().map(|one| one.target.as_str()).collect::<Vec<_>>(), ["/mine"], "{ended:#?}");
}

#[test]
fn a_token_in_a_path_is_not_shown_to_anybody() {
    if clients::optional("curl").is_none() {
        return;
    }
    let (stage, _) = stage();
    for path in ["x/ghp_abcdefghijklmnopqrstuvwxyz0123", "services/T0ABC/B0DEF/s3cr3ts3cr3ts3cr3t"] {
        let ended = stage.run(&["curl", "-sS", "-X", "DELETE", &format!("https://shop.example/{path}")]);
        let secret = path.rsplit('/').next().unwrap();
        assert!(ended.stderr.contains("1 stopped"), "{ended:#?}");
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:#?}");
    }
}

#[test]
fn ignored_signals_stay_ignored_for_the_command() {
    let (stage, _) = stage();
    let gate = env!("CARGO_BIN_EXE_blastgate");
    let mut command = stage.command("sh");
    command.env("BLASTGATE_CONFIG", stage.path("config"));
    command.args(["-c", &format!("trap '' HUP; exec {gate} run -q -- grep SigIgn /proc/self/status")]);
    let output = crate::support::block_on(async { command.output().await }).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mask = u64::from_str_radix(said.trim().trim_start_matches("SigIgn:").trim(), 16).unwrap();
    assert_eq!(mask & 1, 1, "{said}");
}

#[test]
fn a_stale_kubeconfig_entry_keeps_nothing_else_from_running() {
    let (stage, _) = stage();
    stage.write(
        "home/.kube/config",
        "clusters: [ { name: gone, cluster: { server: 'https://gone.example', certificate-authority: /no/such/ca.crt } } ]\n",
    );
    let ended = stage.run(&["echo", "ran"]).succeeded();
    assert!(ended.stdout.contains("ran") && ended.stderr.contains("warning: `gone`"), "{ended:#?}");
}

#[test]
fn a_get_with_a_body_of_unknown_length_is_refused() {
    let (stage, shop) = stage();
    let gate = stage.gate();
    let head = b"GET /g HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let answer = crate::support::block_on(gate.raw("shop.example:443", head));
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let head = b"GET /g HTTP/1.1\r\nHost: shop.example:443\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    let answer = crate::support::block_on(gate.raw("shop.example:443", head));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    gate.stop();
    assert_eq!(shop.record.len(), 1);
}
