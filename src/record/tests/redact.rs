use proptest::prelude::*;
use proptest::string::string_regex;

use crate::record::redact::{is_secret_name, mask, mask_json};

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(mask(text), expected, "{text}");
    assert_eq!(mask(expected), expected, "masking twice changes nothing");
}

#[test]
fn well_known_shapes_are_masked() {
    check("used ghp_0123456789abcdefABCDEF0123456789abcd here", "used [masked:github-token] here");
    check("github_pat_11ABCDEFG0123456789_abcdefghij", "[masked:github-token]");
    check("glpat-ABCdef1234567890_-xy", "[masked:gitlab-token]");
    check("xoxb-1234567890-abcdefghij", "[masked:slack-token]");
    check(
        "https://hooks.slack.com/services/T000/B000/XXXXyyyy",
        "https://hooks.slack.com/services/[masked:slack-hook]",
    );
    check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP", "[masked:jwt]");
    check("Authorization: Bearer abcdef0123456789", "Authorization: [masked:header]");
    check("got `bearer abc123def`", "got `bearer [masked:bearer]`");
    check("Basic dXNlcjpwYXNz", "Basic [masked:basic]");
    check("sk-proj-abcdefghijklmnop1234", "[masked:api-key]");
    check("AIzaSyA1234567890abcdefghijklmnopqrstuv", "[masked:api-key]");
    check("postgres://app:hunter2@db.prod/x", "postgres://app:[masked:url-password]@db.prod/x");
    check("postgres://app:p@ss/w0rd@db.prod/x", "postgres://app:[masked:url-password]@db.prod/x");
    check("https://x-access-token-0123456789@github.com/a/b", "https://[masked:url-user]@github.com/a/b");
    check("password=hunter2&user=bob", "password=[masked:secret]&user=bob");
    check(r#"password="two words" x"#, "password=[masked:secret] x");
    check(r#"{"client_secret": "abc", "id": 1}"#, r#"{"client_secret": [masked:secret], "id": 1}"#);
    check("DB_PASSWORD: hunter", "DB_PASSWORD: [masked:secret]");
    check("mysql --password hunter2 -h db", "mysql --password [masked:secret] -h db");
    check("<SecretAccessKey>wJalrXUtnFEMI</SecretAccessKey>", "<SecretAccessKey>[masked:secret]</SecretAccessKey>");
    check("https://a.blob/x?sv=1&sig=abc%2Bdef0123", "https://a.blob/x?sv=1&sig=[masked:secret]");
    check("X-Amz-Signature=0123abcd&X-Amz-Date=1", "X-Amz-Signature=[masked:secret]&X-Amz-Date=1");
    check(
        "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIAIOSFODNN7EXAMPLE [masked:aws-secret-key]",
    );
    check("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- tail", "[masked:private-key] tail");
    check("-----BEGIN PRIVATE KEY-----\nMIIE", "[masked:private-key]");
}

#[test]
fn names_are_not_secrets() {
    for text in [
        "aws:secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab12Cd",
        "kubernetes:core:secrets.delete",
        "kubernetes:rbac.authorization.k8s.io:roles.delete",
        "azure:Microsoft.Authorization:roleAssignments.delete",
        "POST cloudformation.us-east-1.amazonaws.com:443",
        "AKIAIOSFODNN7EXAMPLE",
        "d_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "invalid token: expired",
        "basic authentication",
        "bearer authentication",
        "ManageMasterUserPassword=true",
        "HttpTokens=required",
        "https://kube.prod:6443/apis/x@v1",
        "https://example.com/a?b=c",
        "namespaces/prod/secrets/db",
        "PasswordResetRequired: see the documentation",
        "ask-for-more-information-please",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn parameters_are_masked_by_their_name() {
    for name in ["MasterUserPassword", "client_secret", "SecretString", "AuthToken", "ApiKey", "UserData"] {
        assert!(is_secret_name(name), "{name}");
    }
    for name in ["SecretId", "MinimumPasswordLength", "HttpTokens", "ForceDelete", "KeyId", "PasswordPolicy"] {
        assert!(!is_secret_name(name), "{name}");
    }
    let json = r#"[{"name":"MasterUserPassword","value":"correct horse"},{"name":"Other","value":"x"},{"name":"Password","value":"true"}]"#;
    let masked = r#"[{"name":"MasterUserPassword","value":"[masked:parameter]"},{"name":"Other","value":"x"},{"name":"Password","value":"true"}]"#;
    assert_eq!(String::from_utf8(mask_json(json.into())).unwrap(), masked);
}

#[test]
fn escaped_json_strings_are_read_as_their_text() {
    let value = serde_json::json!({"why": "sent {\"password\": \"hunter2\"}\n\u{1b}[1m -- ütf"});
    let masked = mask_json(serde_json::to_vec(&value).unwrap());
    let back: serde_json::Value = serde_json::from_slice(&masked).unwrap();
    assert_eq!(back["why"], "sent {\"password\": [masked:secret]}\n\u{1b}[1m -- ütf");
}

/// Secrets by shape, each with text in front that gives its context.
fn secret() -> impl Strategy<Value = (String, String)> {
    let shape = |before: &'static str, pattern: &'static str| {
        string_regex(pattern).unwrap().prop_map(move |secret| (before.to_owned(), secret))
    };
    prop_oneof![
        shape("", "ghp_[A-Za-z0-9]{36}"),
        shape("", "xoxb-[0-9]{10,12}-[0-9a-zA-Z]{24}"),
        shape("", "eyJ[A-Za-z0-9_-]{20}\\.eyJ[A-Za-z0-9_-]{20}\\.[A-Za-z0-9_-]{40}"),
        shape("Bearer ", "[A-Za-z0-9._-]{24,40}"),
        shape("aws_secret_access_key=", "[A-Za-z0-9/+]{40}"),
        shape("AKIAIOSFODNN7EXAMPLE:", "[A-Za-z0-9/+]{40}"),
        shape("", "IQoJb3JpZ2lu[A-Za-z0-9+/]{200}"),
        shape("", "AIza[A-Za-z0-9_]{30}[0-9]{5}"),
        shape("", "sk-[A-Za-z0-9]{30}[0-9]{4}"),
        shape("postgres://app:", "[A-Za-z0-9!.%]{12,20}@db"),
        shape("password=", "[A-Za-z0-9!#%]{10,20}"),
        shape("\"client_secret\":", "\"[A-Za-z0-9]{20}\""),
        shape("--password ", "[A-Za-z0-9]{12}[0-9]"),
        shape("-----BEGIN EC PRIVATE KEY-----\n", "[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{20}"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn seeded_secrets_never_pass((before, secret) in secret(), front in "[a-z ]{0,12} ", back in "( [a-z ]{0,12})?") {
        let text = format!("{front}{before}{secret}{back}");
        let masked = mask(&text);
        prop_assert!(!masked.contains(&secret), "{text} -> {masked}");
        prop_assert!(masked.starts_with(&front), "{text} -> {masked}");
        prop_assert_eq!(mask(&masked), masked.clone());
    }

    #[test]
    fn any_json_stays_json_of_the_same_shape(text in any::<String>(), other in ".*password=.*") {
        let value = serde_json::json!({"a": text, "b": [other, 1, null], "c": {"name": text, "value": other}});
        let masked = mask_json(serde_json::to_vec(&value).unwrap());
        let back: serde_json::Value = serde_json::from_slice(&masked).unwrap();
        prop_assert_eq!(back["a"].as_str().unwrap(), mask(&text));
        prop_assert_eq!(&back["b"][1], 1);
    }

    #[test]
    fn identifiers_pass_unchanged(id in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{64}|i-[0-9a-f]{17}|d_[0-9A-HJKMNP-TV-Z]{26}") {
        prop_assert_eq!(mask(&id), id.as_str());
    }
}
