//! Secrets never get into a record. Every string of every entry passes here while it becomes bytes, so that no caller can
//! forget it: texts that look like a credential become `[masked:kind]`.
//!
//! Two steps keep it cheap: one search over the whole record for the few letters without which no pattern can match, and
//! only where that finds something, the patterns, string by string. Identifiers are not secrets: access-key ids, ARNs,
//! operation names and digests pass unchanged. What has no known shape cannot be found here; such values must not be put
//! into an entry in the first place.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Masks what looks like a secret in a text. Masking twice changes nothing.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    if TRIGGER.is_match(text.as_bytes()) { mask_triggered(text) } else { Cow::Borrowed(text) }
}

/// Masks what looks like a secret in every string of a JSON text that `serde_json` wrote. The order of members stays.
#[must_use]
pub fn mask_json(json: Vec<u8>) -> Vec<u8> {
    if TRIGGER.is_match(&json) { walk(&json).unwrap_or(json) } else { json }
}

/// Whether a parameter of this name carries a secret: `MasterUserPassword`, `client_secret`, `AuthToken`; not
/// `SecretId`, `PasswordLength`, `HttpTokens`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    SECRET_NAME.is_match(name.as_bytes())
}

/// One shape of secret. In `pattern`, the group `keep` is context that stays; the group `secret` (else the whole match)
/// is handed to `check`.
struct Shape {
    kind: &'static str,
    /// At least one of these stands in every match, in some case.
    triggers: &'static [&'static str],
    pattern: &'static str,
    check: fn(&str) -> bool,
}

/// Words that name a secret. The character behind decides; `secretsmanager:GetSecretValue` is a name.
macro_rules! secret_word {
    () => {
        "(?:password|passwd|passphrase|pwd|secret|token|api[_.-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|auth[_-]?key|\
         account[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|signature|connection[_-]?string)"
    };
}

/// A value, quoted or up to the next separator.
macro_rules! value {
    () => {
        r#"(?:\\?"(?<quoted>[^"]*)"|'(?<single>[^']*)'|(?<secret>[^\s&;,"'<>\\]+))"#
    };
}

const WORDS: &[&str] =
    &["password", "passwd", "passphrase", "pwd", "secret", "token", "key", "credential", "signature", "string"];

const SHAPES: &[Shape] = &[
    Shape {
        kind: "private-key",
        triggers: &["-----begin"],
        pattern: r"-----BEGIN [A-Za-z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END [A-Za-z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)",
        check: always,
    },
    Shape {
        kind: "jwt",
        triggers: &["eyj"],
        pattern: r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}",
        check: always,
    },
    Shape {
        kind: "github-token",
        triggers: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})",
        check: always,
    },
    Shape {
        kind: "gitlab-token",
        triggers: &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        pattern: r"gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_.-]{16,}",
        check: always,
    },
    Shape {
        kind: "slack-token",
        triggers: &["xox", "xapp-"],
        pattern: r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,}",
        check: always,
    },
    Shape {
        kind: "slack-hook",
        triggers: &["hooks.slack.com"],
        pattern: r"(?<keep>hooks\.slack\.com/[a-z]+/)[A-Za-z0-9/_-]{8,}",
        check: always,
    },
    Shape {
        kind: "webhook",
        triggers: &["/services/t", "/webhooks/", "/bot"],
        pattern: r"(?<keep>/services/T[A-Z0-9]+/B[A-Z0-9]+/|/webhooks/[0-9]{6,}/|/bot[0-9]{6,}:)[A-Za-z0-9_-]{8,}",
        check: always,
    },
    Shape {
        kind: "aws-session-token",
        triggers: &["iqojb3jpz2lu", "fwogzxivyxdz", "fqogzxivyxdz"],
        pattern: r"\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/=%_-]{16,}",
        check: always,
    },
    Shape {
        kind: "aws-secret-key",
        triggers: &["akia", "asia"],
        pattern: r"(?<keep>\b(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9/+]{1,10})[A-Za-z0-9/+]{40}",
        check: always,
    },
    Shape {
        kind: "api-key",
        triggers: &[
            "sk-",
            "sk_",
            "rk_",
            "aiza",
            "ya29.",
            "npm_",
            "pypi-",
            "dop_v1_",
            "hvs.",
            "hvb.",
            "sg.",
            "age-secret-key-",
            "dckr_pat_",
            "shpat_",
            "lin_api_",
            "glsa_",
            "gsk_",
            "hf_",
            "dapi",
            "xai-",
            "ops_",
            "doo_v1_",
            "pul-",
            "tfp_",
            "sntrys_",
            "figd_",
        ],
        pattern: r"\b(?:sk-[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{20,}|do[op]_v1_[a-f0-9]{32,}|hv[sb]\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}|dckr_pat_[A-Za-z0-9_-]{16,}|shpat_[A-Fa-f0-9]{16,}|lin_api_[A-Za-z0-9]{16,}|glsa_[A-Za-z0-9_]{16,}|gsk_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{30,}|dapi[a-f0-9]{32}|xai-[A-Za-z0-9]{20,}|ops_[A-Za-z0-9]{40,}|pul-[a-f0-9]{32,}|tfp_[A-Za-z0-9]{30,}|sntrys_[A-Za-z0-9_=+/]{20,}|figd_[A-Za-z0-9_-]{20,})",
        check: has_digit,
    },
    Shape {
        kind: "bearer",
        triggers: &["bearer"],
        pattern: r"(?i)(?<keep>\bbearer\s+)[A-Za-z0-9._~+/=-]{6,}",
        check: token_like,
    },
    Shape {
        kind: "basic",
        triggers: &["basic"],
        pattern: r"(?i)(?<keep>\bbasic\s+)[A-Za-z0-9+/]{4,}={0,2}",
        check: basic_credentials,
    },
    Shape {
        kind: "header",
        triggers: &["authorization", "cookie"],
        pattern: r"(?i)(?<keep>\b(?:proxy-)?(?:authorization|cookie|set-cookie):\s+)[^\r\n]+",
        check: not_plain,
    },
    Shape {
        kind: "url-password",
        triggers: &["://"],
        pattern: r#"(?<keep>://[^/\s:@?\#"'<>\[]*:)(?<secret>[^\s"'<>]+)@"#,
        check: not_a_port,
    },
    Shape {
        kind: "url-user",
        triggers: &["://"],
        pattern: r#"(?<keep>://)(?<secret>[^/\s:@?\#"'<>]{20,})@"#,
        check: has_digit,
    },
    Shape {
        kind: "secret",
        triggers: WORDS,
        pattern: concat!(r"(?i)(?<keep>[\w.-]*", secret_word!(), r#"\]?\\?["']?\s?=\s?)"#, value!()),
        check: not_plain,
    },
    Shape {
        kind: "secret",
        triggers: &["sig="],
        pattern: r"(?i)(?<keep>[?&]sig=)[A-Za-z0-9%+/=_-]{8,}",
        check: always,
    },
    Shape {
        kind: "secret",
        triggers: WORDS,
        pattern: concat!(r#"(?i)(?<keep>\\?["'][\w.-]*"#, secret_word!(), r#"\\?["']\s*:\s*)"#, value!()),
        check: not_plain,
    },
    Shape {
        kind: "secret",
        triggers: WORDS,
        pattern: concat!(r"(?i)(?<keep>\b[\w.-]*", secret_word!(), r"\s*:\s+)", value!()),
        check: token_like,
    },
    Shape {
        kind: "secret",
        triggers: &["passw", "pwd"],
        pattern: concat!(r"(?i)(?<keep>\b[\w.-]*(?:password|passwd|pwd)\s*:\s+)", value!()),
        check: not_plain,
    },
    Shape {
        kind: "secret",
        triggers: WORDS,
        pattern: concat!(r"(?i)(?<keep>--?[\w-]*", secret_word!(), r"\s+)", value!()),
        check: not_plain,
    },
    Shape {
        kind: "secret",
        triggers: WORDS,
        pattern: concat!(r"(?i)(?<keep><[\w:.-]*", secret_word!(), r">)[^<]+"),
        check: not_plain,
    },
];

/// The beginnings that make a parameter's value a secret by its name.
static SECRET_NAME: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
    let pattern = concat!("(?i-u)(?:", secret_word!(), r"|secret[_-]?(?:string|binary|value)|user[_-]?data)\]?$");
    compiled(regex::bytes::RegexBuilder::new(pattern).build())
});

/// Without one of these no shape and no secret name can match. Words are narrowed to what stands in `secret_word!`.
static TRIGGER: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
    let mut words: Vec<&str> = SHAPES.iter().flat_map(|shape| shape.triggers).copied().collect();
    words.retain(|word| !WORDS.contains(word));
    let fixed: Vec<String> = words.into_iter().map(regex::escape).collect();
    let pattern = concat!("|", secret_word!(), "|user[_-]?data");
    compiled(regex::bytes::RegexBuilder::new(&format!("(?i-u){}{pattern}", fixed.join("|"))).build())
});

static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    compiled(RegexSetBuilder::new(SHAPES.iter().map(|shape| shape.pattern)).size_limit(SIZE_MAX).build())
});

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    SHAPES.iter().map(|shape| compiled(RegexBuilder::new(shape.pattern).size_limit(SIZE_MAX).build())).collect()
});

const SIZE_MAX: usize = 32 << 20;

#[allow(clippy::panic, reason = "the patterns are constants of this file, and a test compiles each")]
fn compiled<T>(regex: Result<T, regex::Error>) -> T {
    regex.unwrap_or_else(|error| panic!("{error}"))
}

fn mask_triggered(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for index in SET.matches(text) {
        let (Some(shape), Some(regex)) = (SHAPES.get(index), PATTERNS.get(index)) else { continue };
        if let Cow::Owned(changed) = regex.replace_all(&masked, |found: &Captures<'_>| replacement(shape, found)) {
            masked = Cow::Owned(changed);
        }
    }
    masked
}

fn replacement(shape: &Shape, found: &Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |all| all.as_str());
    let keep = found.name("keep").map_or("", |keep| keep.as_str());
    let secret = ["secret", "quoted", "single"].iter().find_map(|name| found.name(name)).map(|secret| secret.as_str());
    let body = whole.strip_prefix(keep).unwrap_or(whole);
    if !(shape.check)(secret.unwrap_or(body)) {
        return whole.to_owned();
    }
    let tail = if shape.kind.starts_with("url-") { "@" } else { "" };
    format!("{keep}[masked:{}]{tail}", shape.kind)
}

fn always(_: &str) -> bool {
    true
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Not a word of a sentence: it has a digit, or is longer than words are.
fn token_like(text: &str) -> bool {
    not_plain(text) && (has_digit(text) || text.len() >= 16)
}

/// Not a switch, a number, a variable's name, or something masked before.
fn not_plain(text: &str) -> bool {
    let plain =
        ["true", "false", "null", "none", "required", "optional", "enabled", "disabled", "yes", "no", "*", "***"];
    !(text.is_empty()
        || text.starts_with("[masked:")
        || text.starts_with('$')
        || plain.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

/// `://host:443/path@v1` is a port and a path, not a password.
fn not_a_port(text: &str) -> bool {
    let (before, path) = text.split_once('/').unwrap_or((text, ""));
    not_plain(text) && (path.is_empty() || !before.bytes().all(|byte| byte.is_ascii_digit()))
}

/// RFC 7617: base64 of `user:password`.
fn basic_credentials(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    // The last, incomplete group of four does not matter for finding the colon.
    let whole = bare.get(..bare.len() / 4 * 4).unwrap_or_default();
    has_digit(text) && bare.len() >= 16
        || data_encoding::BASE64.decode(whole.as_bytes()).is_ok_and(|bytes| {
            bytes.contains(&b':') && bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte >= 0x80)
        })
}

/// Copies JSON, masking its strings. `None` when it is not JSON as `serde_json` writes it.
fn walk(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut member = Member::default();
    while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
        let (before, literal) = rest.split_at_checked(start)?;
        if before.contains(&b'{') {
            member = Member::default();
        }
        out.extend_from_slice(before);
        let length = literal_length(literal)?;
        let (literal, after) = literal.split_at_checked(length)?;
        rest = after;
        if after.first() == Some(&b':') {
            member.key = literal;
            out.extend_from_slice(literal);
            continue;
        }
        if !(TRIGGER.is_match(literal) || member.is_secret()) {
            member.read(literal);
            out.extend_from_slice(literal);
            continue;
        }
        let text: Cow<'_, str> = serde_json::from_slice(literal).map(Cow::Owned as fn(String) -> _).ok()?;
        member.read(literal);
        if member.is_secret() && not_plain(&text) && !text.bytes().all(|byte| byte.is_ascii_digit()) {
            out.extend_from_slice(b"\"[masked:parameter]\"");
        } else {
            match mask(&text) {
                Cow::Borrowed(_) => out.extend_from_slice(literal),
                Cow::Owned(masked) => serde_json::to_writer(&mut out, &masked).ok()?,
            }
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// Where the walk is: a parameter is an object of `name` and `value`, in this order.
#[derive(Default)]
struct Member<'a> {
    key: &'a [u8],
    secret_name: bool,
}

impl Member<'_> {
    fn is_secret(&self) -> bool {
        self.secret_name && self.key == b"\"value\""
    }

    fn read(&mut self, literal: &[u8]) {
        if self.key == b"\"name\"" {
            let name = literal.strip_suffix(b"\"").unwrap_or(literal);
            self.secret_name = SECRET_NAME.is_match(name);
        }
    }
}

/// The length of the string literal at the beginning, with its quotes.
fn literal_length(json: &[u8]) -> Option<usize> {
    let mut bytes = json.iter().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
    None
}
