use super::*;

#[test]
fn every_listed_call_parses_and_holds_no_upper_case_host() {
    for text in [
        include_str!("models.yaml"),
        include_str!("signin.yaml"),
        include_str!("registries.yaml"),
        include_str!("telemetry.yaml"),
    ] {
        let file: File = crate::catalog::parse(text);
        for host in file.unopened.iter().chain(file.opened.iter().flat_map(|entry| &entry.hosts)) {
            assert_eq!(host.to_lowercase(), *host);
            assert!(
                !file.opened.iter().any(|entry| entry.hosts.contains(host)) || !file.unopened.contains(host),
                "{host}"
            );
        }
        for call in file.opened.iter().flat_map(|entry| &entry.calls) {
            let parsed = Call::parse(Purpose::Model, call).unwrap();
            let is_socket = parsed.method == "GET" && parsed.path.first().is_some_and(|first| first == "ws");
            assert!(is_socket || parsed.method == "POST", "{call}: reads need no entry, deletions get none");
            assert!(parsed.path.iter().all(|segment| segment == "**" || segment.matches('*').count() <= 1), "{call}");
        }
    }
}

#[test]
fn unopened_hosts_are_models_only() {
    for host in
        ["api.anthropic.com", "api.openai.com", "chatgpt.com", "ab.chatgpt.com", "api2.cursor.sh", "repo42.cursor.sh"]
    {
        assert!(unopened(host), "{host}");
    }
    for host in [
        "anthropic.com",
        // One front end serves many of Google's APIs; Copilot's host serves an MCP server; aggregators administer keys.
        "generativelanguage.googleapis.com",
        "cloudcode-pa.googleapis.com",
        "api.githubcopilot.com",
        "api.individual.githubcopilot.com",
        "openrouter.ai",
        "api.fireworks.ai",
        "api.together.xyz",
        "api.anthropic.com.evil.example",
        "storage.googleapis.com",
        "github.com",
        "cursor.sh",
        "s3.amazonaws.com",
        "bedrock.us-east-1.amazonaws.com",
        "registry.npmjs.org",
    ] {
        assert!(!unopened(host), "{host}");
    }
}

#[test]
fn paths_match_as_received() {
    let check = |host: &str, method: &str, path: &str, expected: Option<Purpose>| {
        assert_eq!(purpose(host, method, path), expected, "{method} {host}{path}");
    };
    check("github.com", "POST", "/login/device/code", Some(Purpose::SignIn));
    check("github.com", "POST", "/login/device/code/", None);
    check("github.com", "post", "/login/device/code", None);
    check("login.microsoftonline.com", "POST", "/tenant/oauth2/v2.0/token", Some(Purpose::SignIn));
    check("login.microsoftonline.com", "POST", "/../oauth2/v2.0/token", None);
    check("login.microsoftonline.com", "POST", "//oauth2/v2.0/token", None);
    check("packagist.org", "POST", "/downloads/", Some(Purpose::Registry));
    check("opencode.ai", "POST", "/zen/v1/chat/completions", Some(Purpose::Model));
    check("opencode.ai", "POST", "/zen/../share", None);
    check("opencode.ai", "POST", "/zen", None);
    check("metrics.semgrep.dev", "POST", "/", Some(Purpose::Telemetry));
}
