use super::*;
use crate::model::{EnvironmentKind, Posture};

/// Parses and returns `line:column message | suggestion` of everything that is wrong.
fn wrong<T: std::fmt::Debug>(result: Result<T, Diagnostics>) -> Vec<String> {
    let Diagnostics(found) = result.expect_err("it should be refused");
    let line = |one: Diagnostic| {
        format!("{}:{} {} | {}", one.line, one.column, one.message, one.suggestion.unwrap_or_default())
    };
    found.into_iter().map(line).collect()
}

fn check_config(text: &str, expected: &str) {
    let found = wrong(Config::parse("config.yaml", text));
    assert!(found.iter().any(|line| line.contains(expected)), "{text}\nexpected: {expected}\nfound: {found:#?}");
}

#[test]
fn a_mistake_in_the_settings_is_told_with_its_place() {
    for (text, expected) in [
        ("version: 1\nposutre: strict\n", "2:1 unknown key `posutre` | did you mean `posture`?"),
        ("version: 1\nposture: strikt\n", "unknown word `strikt` | did you mean `strict`?"),
        ("version: 2\n", "1:10 version 2 is not known"),
        ("posture: strict\n", "key `version` is missing"),
        ("version: 1\nversion: 1\n", "key `version` stands here a second time"),
        ("version: 1\nlisten:\n  console: x\n", "3:12 `listen.console` is not supported by this version"),
        ("version: 1\nlisten: { proxy: \"0.0.0.0:7878\" }\n", "is not a loopback address"),
        ("version: 1\nlisten: { proxy: 7878 }\n", "`7878` is not an address and a port"),
        ("version: 1\nlisten: { proxy: \"127.0.0.1:1\", api: \"127.0.0.1:1\" }\n", "are both"),
        (
            "version: 1\nlisten: { reverse: [ { name: A, listen: \"127.0.0.1:1\", upstream: \"https://k.example\" } ] }\n",
            "`A` is not a listener's name",
        ),
        (
            "version: 1\nlisten: { reverse: [ { name: a, listen: \"unix:x\", upstream: \"https://k.example\" } ] }\n",
            "`unix:x` is not an absolute path",
        ),
        (
            "version: 1\nlisten: { reverse: [ { name: a, listen: \"127.0.0.1:1\", upstream: \"https://k.example/p\" } ] }\n",
            "is not an upstream",
        ),
        (
            "version: 1\nlisten: { reverse: [ { name: a, listen: \"127.0.0.1:1\", upstream: \"https://k\", provider: aws } ] }\n",
            "an AWS signature names the host",
        ),
        ("version: 1\nlisten: { proxi: x }\n", "unknown key `proxi` | did you mean `proxy`?"),
        ("version: 1\nlimits: { hold: 2m }\n", "clients give up"),
        ("version: 1\napprovals: { pending: 0s }\n", "more than nothing"),
        ("version: 1\nledger: { reads: 30d }\n", "`ledger.reads` is not supported"),
        ("version: 1\negress: { unopened: [\"*.com\"] }\n", "`*.com` is not a host"),
        ("version: 1\negress: { proxy: \"socks5://p:1\" }\n", "is not a proxy that the gate can use"),
        (
            "version: 1\negress: { client_certs: [ { server: kube, cert: a, key: b } ] }\n",
            "`kube` is not a host and a port",
        ),
        ("version: 1\nbodies: { capture_max: 16 MB }\n", "`16 MB` is not a size | write a number"),
        ("version: 1\nbodies: { capture_max: 0B }\n", "more than nothing"),
        ("version: 1\nbodies: { capture_max: 16MiB, total_max: 1MiB }\n", "2:42 `bodies.total_max` is less than"),
        ("version: 1\nbodies: { idle: 10 }\n", "is not a duration"),
        ("version: 1\nnotify: { webhok: {} }\n", "2:11 unknown key `webhok` | did you mean `webhook`?"),
        (
            "version: 1\nnotify:\n  webhook: { url: \"https://h.example/\" }\n",
            "3:12 the secret is missing | name a file with `secret_file`",
        ),
        (
            "version: 1\nnotify: { webhook: { url: \"http://h.example/in?key=x\", secret_file: s } }\n",
            "2:27 this is not a URL that the gate posts to: in clear only a loopback address",
        ),
        (
            "version: 1\nnotify: { webhook: { url: \"https://u:p@h.example/\", secret_file: s } }\n",
            "it has a user in it",
        ),
        ("version: 1\nnotify: { webhook: { url: \"https://0x7f.1/\", secret_file: s } }\n", "in exactly one way"),
        (
            "version: 1\nnotify: { webhook: { url: \"https://h.example/\", secret_env: whsec_a+b= } }\n",
            "`secret_env` is not a variable's name | write the variable's name, not the secret",
        ),
        (
            "version: 1\nnotify: { slack: { url_env: SLACK_URL } }\n",
            "`SLACK_URL` would reach what `run` starts | write `BLASTGATE_SLACK_URL`",
        ),
        (
            "version: 1\nnotify: { slack: { url_file: s, events: [openned] } }\n",
            "unknown word `openned` | did you mean `opened`?",
        ),
        ("version: 1\nnotify: { desktop: { event: [] } }\n", "unknown key `event` | did you mean `events`?"),
        ("version: 1\nnotify: { desktop: 1 }\n", "expected `true`, `false` or a map with `events`"),
        (
            "version: 1\nnotify: { email: { smtp: mail.example, from: a@b.example, to: [c@d.example] } }\n",
            "`mail.example` is not a host and a port | write it as `smtp.example:587`",
        ),
        (
            "version: 1\nnotify: { email: { smtp: \"m.example:25\", from: a@b.example, to: [nobody] } }\n",
            "`nobody` is not a mail address",
        ),
        (
            "version: 1\nnotify: { email: { smtp: \"m.example:25\", from: a@b.example, to: [c@d.example], tls: none } }\n",
            "without TLS only a loopback address can be told | write `starttls` or `implicit`",
        ),
        (
            "version: 1\nnotify: { email: { smtp: \"m.example:25\", from: a@b.example, to: [c@d.example], username: u } }\n",
            "a user without a password | name a file with `password_file`",
        ),
        ("version: 1\negress: { allow_addresses: [10.0.0.1/8] }\n", "has bits beyond /8 | write `10.0.0.0/8`"),
        ("version: 1\negress: { allow_addresses: [10.0.0.0/33] }\n", "`10.0.0.0/33` is not an address"),
        ("version: 1\negress: { resolve: { kube: \"10.0.0.5:6443\" } }\n", "`kube` is not a host and a port"),
        ("version: 1\negress: { resolve: { \"kube:6443\": kube2 } }\n", "`kube2` is not an address and a port"),
    ] {
        check_config(text, expected);
    }
}

#[test]
fn listeners_and_what_is_behind_them() {
    let text = "version: 1\nlisten:\n  proxy: 127.0.0.1:1\n  reverse:\n  - { name: prod-eu, listen: \"127.0.0.1:2\", upstream: \"https://kube.example:6443\", provider: kubernetes, cluster: prod-eu }\n  - { name: docker, listen: \"unix:///run/gate.sock\", upstream: \"unix:/run/docker.sock\" }\negress:\n  proxy: http://user:secret@proxy.example:3128\n  unopened: [\"*.npmjs.org\"]\n  client_certs: [ { server: \"kube.example:6443\", cert: c.pem, key: k.pem } ]\nsessions: { require: true }\napprovals: { hold: 5s }\nlimits: { hold: 0s }\n";
    let config = Config::parse("config.yaml", text).unwrap();
    let [kube, docker] = &config.listen.reverse[..] else { panic!("two listeners") };
    assert_eq!(kube.listen, Endpoint::Tcp("127.0.0.1:2".parse().unwrap()));
    assert!(
        matches!(&kube.upstream, Upstream::Server { authority, .. } if authority.to_string() == "kube.example:6443")
    );
    assert_eq!(docker.listen, Endpoint::Unix("/run/gate.sock".into()));
    assert_eq!(docker.upstream, Upstream::Unix("/run/docker.sock".into()));
    assert!(matches!(config.egress.proxy, ProxyChoice::Url(_)) && config.sessions_required);
    assert_eq!(config.egress.client_certs[0].server.to_string(), "kube.example:6443");
    assert_eq!(config.approvals.hold, std::time::Duration::from_secs(5));
    assert!(config.limit_hold.is_zero());
}

#[test]
fn settings_that_have_a_meaning_are_read() {
    let text = "version: 1\nposture: strict\nstate: /var/lib/gate\negress:\n  resolve: { \"kube.example:6443\": \"10.0.0.5:6443\" }\n  extra_ca: [corp.pem]\n  allow_addresses: [\"169.254.0.0/16\", \"::1\"]\nbodies: { capture_max: 1MiB, idle: 500ms }\nrules: { folders: [ours] }\n";
    let config = Config::parse("config.yaml", text).unwrap();
    assert_eq!((config.posture, config.bodies.capture_bytes_max), (Posture::Strict, 1 << 20));
    assert_eq!(config.bodies.idle, std::time::Duration::from_millis(500));
    assert_eq!(config.egress.resolve["kube.example:6443"].to_string(), "10.0.0.5:6443");
    let [link_local, loopback] = config.egress.allow_addresses[..] else { panic!("two ranges") };
    for (range, address, expected) in [
        (link_local, "169.254.1.2", true),
        (link_local, "::ffff:169.254.1.2", true),
        (link_local, "169.255.0.1", false),
        (loopback, "::1", true),
        (loopback, "::2", false),
    ] {
        assert_eq!(range.contains(address.parse().unwrap()), expected, "{range:?} {address}");
    }
}

#[test]
fn a_mistake_in_the_inventory_is_told_with_its_place() {
    for (entry, expected) in [
        (
            "{ name: production, match: [] }",
            "`production` is not one of local, dev, staging, prod | did you mean `prod`?",
        ),
        ("{ name: qa, match: [] }", "an own name needs `like: prod`"),
        ("{ name: prod, like: dev }", "`prod` cannot be like `dev`"),
        ("{ name: unknown }", "`unknown` is what no entry matches"),
        ("{ name: prod, tier: 0 }", "tiers are counted from 1"),
        ("{ name: prod, match: [{}] }", "an entry without keys would match everything"),
        ("{ name: prod, match: [{ acount: x }] }", "unknown key `acount` | did you mean `account`?"),
        (
            "{ name: prod, match: [{ provider: kubernets }] }",
            "provider `kubernets` is not known | did you mean `kubernetes`?",
        ),
        ("{ name: prod, match: [{ provider: aws, account: 1111 }] }", "`1111` is not an AWS account id"),
        ("{ name: prod, match: [{ host: \"*.PROD.example\" }] }", "must be in lower case"),
        ("{ name: prod, match: [{ host: \"{a,b}.example\" }] }", "write a list"),
    ] {
        let found = wrong(Inventory::parse("inventory.yaml", &format!("version: 1\nenvironments:\n  - {entry}\n")));
        assert!(found.iter().any(|line| line.starts_with('3') && line.contains(expected)), "{entry}: {found:#?}");
    }
    let twice = "version: 1\nenvironments: [{ name: prod }, { name: prod }]\n";
    assert!(wrong(Inventory::parse("inventory.yaml", twice))[0].contains("stands here twice"));
}

#[test]
fn the_documented_inventory_is_read() {
    let text = r#"
version: 1
environments:
  - name: shop
    like: prod
    tier: 1
    owner: "@retail-core"
    tenant: retail
    match:
      - { provider: aws, account: 012345678901 }
      - { provider: aws, region: cn-north-1, resource: "arn:aws-cn:cloudformation:*:*:stack/cost-explorer-*" }
      - { provider: kubernetes, cluster: prod-eu, namespace: "*" }
      - { host: "*.prod.example" }
      - { tag: { env: prod } }
      - { alias: { aws_profile: dev, account: "444455556666" } }
  - { name: dev, match: [ { provider: kubernetes, cluster: kind-* } ], alias: [ { kube_context: kind, cluster: kind-a } ] }
"#;
    let inventory = Inventory::parse("inventory.yaml", text).unwrap();
    assert_eq!(inventory.environments().len(), 2);
    let shop = &inventory.environments()[0];
    assert_eq!((shop.name.as_str(), shop.kind, shop.tier), ("shop", EnvironmentKind::Prod, Some(1)));
    assert_eq!(inventory.entries().count(), 6);
    let account = &inventory.entries().next().unwrap().0.keys[1].1;
    assert_eq!(account.as_str(), "012345678901", "leading zeros stay");
    assert_eq!(inventory.aliases().len(), 2);
    assert_eq!(inventory.warnings().len(), 1, "tags are not seen by this version");
}

#[test]
fn stars_match_any_run() {
    for (pattern, text, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("a*", "a", true),
        ("a*c", "abbbc", true),
        ("a*c", "abbbcd", false),
        ("*.example", "a.b.example", true),
        ("*.example", "example", false),
        ("a**b", "ab", true),
        ("*a*b*", "xxaxxbxx", true),
        ("*aab", "aaaab", true),
        ("ü*", "über", true),
    ] {
        assert_eq!(Glob::parse(pattern).unwrap().matches(text), expected, "{pattern} {text}");
    }
    for pattern in ["", " a", "{a,b}"] {
        assert!(Glob::parse(pattern).is_err(), "{pattern}");
    }
    // Linear enough on what makes other matchers explode.
    let many = Glob::parse(&"*a".repeat(40)).unwrap();
    assert!(!many.matches(&"a".repeat(39)));
    assert!(!many.matches(&format!("{}b", "a".repeat(5_000))));
}

#[test]
fn a_diagnostic_shows_the_line() {
    let wrong = Config::parse("config.yaml", "version: 1\nposutre: strict\n").unwrap_err();
    let expected =
        "config.yaml:2:1: unknown key `posutre`\n  2 | posutre: strict\n    | ^\n  help: did you mean `posture`?";
    assert_eq!(wrong.to_string(), expected);
}
