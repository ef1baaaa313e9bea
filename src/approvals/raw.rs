//! The call as it came, for the people who are asked about it: each part by itself, cut by itself, secrets masked, nothing
//! that could move a cursor or hide.
//!
//! What it means stands in the request's items, which an approval is bound to; this stands beside them so that nobody has
//! to take our reading for it. SECURITY: it goes to disk with the request, so a value whose name or shape may be a secret's
//! is masked, and what cannot be taken apart is told by its length and digest only.

use data_encoding::HEXLOWER;
use http::Method;
use http::uri::PathAndQuery;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::decide::visible;
use crate::model::http::{Authority, Captured, Head, Scheme};
use crate::record::redact;

/// Lines of one call, and characters of one value.
const LINES_MAX: usize = 60;
const VALUE_CHARS_MAX: usize = 160;
/// Bodies above this are told by their length.
const BYTES_MAX: usize = 256 * 1024;
/// Objects within objects.
const DEPTH_MAX: usize = 24;
/// From so many characters on, text without spaces of all three kinds of character may be a key.
const RANDOM_CHARS_MIN: usize = 24;

/// A call as a door received it, until it is known whether people are asked about it.
#[derive(Clone, Debug)]
pub enum Received {
    /// An HTTP request, or a tunnel (`CONNECT`).
    Http {
        /// As received.
        method: Method,
        /// Whom it is for.
        to: (Scheme, Authority),
        /// Path and query as received; a tunnel has none.
        target: Option<PathAndQuery>,
        /// What was read of its body.
        body: Captured,
    },
    /// A call of an agent's tool.
    Tool {
        /// The tool, as the agent calls it.
        name: String,
        /// What it would do with it.
        input: Value,
    },
}

impl Received {
    /// An HTTP request whose body was read so far.
    #[must_use]
    pub fn http(head: &Head, body: &Captured) -> Self {
        let (method, to) = (head.method.clone(), (head.scheme, head.authority.clone()));
        Self::Http { method, to, target: Some(head.target.clone()), body: body.clone() }
    }

    /// As people are shown it.
    #[must_use]
    pub fn raw(&self) -> Raw {
        match self {
            Self::Http { method, to: (_, authority), target: None, body } => {
                Raw::http(method.as_str(), &authority.to_string(), body)
            }
            Self::Http { method, to: (scheme, authority), target: Some(target), body } => {
                Raw::http(method.as_str(), &format!("{}://{authority}{target}", scheme.as_str()), body)
            }
            Self::Tool { name, input } => Raw::tool(name, input),
        }
    }
}

/// One call as it came, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Vec<String>);

impl Raw {
    /// An HTTP request: its line, and its body as far as it can be taken apart. Headers are not part of it: what decides is
    /// in the request's items, the rest is the client's own, and credentials are among them.
    #[must_use]
    fn http(method: &str, target: &str, body: &Captured) -> Self {
        let mut lines = Lines::default();
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        lines.say(format!("{} {}", visible(method, 20), masked(path)));
        for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            lines.field(&format!("?{}", plain(name)), &plain(value));
        }
        match body {
            Captured::Unread => {}
            Captured::Whole(bytes) if bytes.is_empty() => {}
            Captured::Whole(bytes) => lines.body(bytes),
            Captured::Prefix(_) | Captured::Overflow => lines.say("a body that was not read whole".to_owned()),
            Captured::Undecodable(why) => lines.say(format!("a body that cannot be read: {why}")),
        }
        lines.done()
    }

    /// A call of an agent's tool, with its input as the agent gave it.
    #[must_use]
    fn tool(name: &str, input: &Value) -> Self {
        let mut lines = Lines::default();
        lines.say(visible(name, VALUE_CHARS_MAX));
        lines.json("", input, DEPTH_MAX, false);
        lines.done()
    }

    /// Whether nothing is told.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Line by line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    more: usize,
}

impl Lines {
    fn say(&mut self, line: String) {
        if self.lines.len() < LINES_MAX { self.lines.push(line) } else { self.more += 1 }
    }

    fn field(&mut self, name: &str, value: &str) {
        let told = if redact::is_secret_name(name) && !value.is_empty() { MASKED.to_owned() } else { masked(value) };
        self.say(format!("{} = {told}", visible(name, VALUE_CHARS_MAX)));
    }

    fn body(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= BYTES_MAX);
        let Some(text) = text else {
            let digest = HEXLOWER.encode(&Sha256::digest(bytes));
            return self.say(format!("a body of {} bytes, SHA-256 {digest}", bytes.len()));
        };
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            return self.json("", &value, DEPTH_MAX, false);
        }
        if is_form(text) {
            for pair in text.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                self.field(&plain(name), &plain(value));
            }
            return;
        }
        // A key may go over many lines: masked as a whole, then cut.
        let whole = redact::mask(text);
        for line in whole.lines().filter(|line| !line.trim().is_empty()) {
            self.say(masked(line.trim_end()));
        }
    }

    /// `a.b[0].c = value`, a line each. `hides`: every value below is somebody's secret, whatever its name.
    fn json(&mut self, path: &str, value: &Value, depth: usize, hides: bool) {
        let here = if path.is_empty() { "body" } else { path };
        match value {
            Value::Object(members) if members.is_empty() => {
                self.say(format!("{} = {{}}", visible(here, VALUE_CHARS_MAX)))
            }
            Value::Array(items) if items.is_empty() => self.say(format!("{} = []", visible(here, VALUE_CHARS_MAX))),
            Value::Object(_) | Value::Array(_) if depth == 0 => {
                self.say(format!("{} = more, deeper than this shows", visible(here, VALUE_CHARS_MAX)));
            }
            Value::Object(members) => {
                let is_secret = members.get("kind").and_then(Value::as_str) == Some("Secret");
                // `name` and `value` beside each other: the first names what the second is.
                let named = members.get("name").or_else(|| members.get("Name")).and_then(Value::as_str);
                for (name, value) in members {
                    let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let hides = hides
                        || is_secret && matches!(name.as_str(), "data" | "stringData")
                        || is_environment(name) && value.is_object()
                        || name.eq_ignore_ascii_case("value") && named.is_some_and(redact::is_secret_name)
                        || name.eq_ignore_ascii_case("value") && is_environment(last(path));
                    self.json(&below, value, depth - 1, hides);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    self.json(&format!("{path}[{at}]"), value, depth - 1, hides);
                }
            }
            Value::String(text) if hides && !text.is_empty() => {
                self.say(format!("{} = {MASKED}", visible(here, VALUE_CHARS_MAX)));
            }
            Value::String(text) => self.text(here, text),
            Value::Null | Value::Bool(_) => self.say(format!("{} = {value}", visible(here, VALUE_CHARS_MAX))),
            Value::Number(number) => self.field(here, &number.to_string()),
        }
    }

    /// A text of one line stands behind its name; of several, each by itself below it.
    fn text(&mut self, name: &str, text: &str) {
        if !text.trim_end().contains('\n') || redact::is_secret_name(name) {
            return self.field(name, text.trim_end());
        }
        self.say(format!("{} =", visible(name, VALUE_CHARS_MAX)));
        let whole = redact::mask(text);
        for line in whole.lines() {
            self.say(format!("  {}", masked(line)));
        }
    }

    fn done(mut self) -> Raw {
        if self.more > 0 {
            self.lines.push(format!("and {} more lines", self.more));
        }
        Raw(self.lines)
    }
}

const MASKED: &str = "[masked]";

/// What is bound to a process's environment, where credentials are kept: `Environment.Variables` of a function, `env` of a
/// container.
fn is_environment(name: &str) -> bool {
    const NAMES: &[&str] = &["variables", "env", "environment", "envvars", "environmentvariables"];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The last name of a path, without its index.
fn last(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    name.split('[').next().unwrap_or(name)
}

/// What a part of a query or a form stands for.
fn plain(part: &str) -> String {
    percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn is_form(text: &str) -> bool {
    let first = text.split('&').next().unwrap_or_default();
    !text.contains(['\n', ' ', '<', '{']) && first.split_once('=').is_some_and(|(name, _)| !name.is_empty())
}

/// Cut only after masking: half a secret is one too.
fn masked(text: &str) -> String {
    let text = redact::mask(text);
    let words = text.split_inclusive([' ', '"', '\'', ',', ';', '=', '(', ')', '/', ':', '&']);
    let hidden: String = words
        .map(|word| {
            let bare = word.trim_end_matches([' ', '"', '\'', ',', ';', '=', '(', ')', '/', ':', '&']);
            if is_random(bare) { word.replacen(bare, MASKED, 1) } else { word.to_owned() }
        })
        .collect();
    visible(&hidden, VALUE_CHARS_MAX)
}

/// Long, of one piece, and of small and capital letters and digits mixed through: what keys look like and names do not.
fn is_random(word: &str) -> bool {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'_' | b'-');
    if word.len() < RANDOM_CHARS_MIN || !word.bytes().all(is_key) {
        return false;
    }
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let has = |wanted| word.bytes().any(|byte| class(byte) == wanted);
    let turns = word.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b))).count();
    has(1) && has(2) && has(3) && turns * 3 >= word.len()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    fn sent(body: &str) -> String {
        let body = Captured::Whole(Bytes::copy_from_slice(body.as_bytes()));
        Raw::http("POST", "https://api.shop.example/v1/things?force=true&token=abcdef", &body).0.join("\n")
    }

    #[test]
    fn a_request_is_taken_apart_line_by_line() {
        let shown = sent(r#"{"name":"shop","tags":[{"Key":"a","Value":"b"}],"size":3,"none":{}}"#);
        let told = "POST https://api.shop.example/v1/things\n?force = true\n?token = [masked]\nname = shop\n\
                    none = {}\nsize = 3\ntags[0].Key = a\ntags[0].Value = b";
        assert_eq!(shown, told);
        assert!(sent("Action=DeleteStack&StackName=a+b%2Fc").ends_with("Action = DeleteStack\nStackName = a b/c"));
    }

    #[test]
    fn secrets_are_masked_by_their_name_their_place_and_their_shape() {
        for body in [
            r#"{"MasterUserPassword":"hunter2"}"#,
            r#"{"kind":"Secret","data":{"a":"hunter2"},"stringData":{"b":"hunter2"}}"#,
            r#"{"Environment":{"Variables":{"DSN":"hunter2"}}}"#,
            r#"{"spec":{"containers":[{"env":[{"name":"DSN","value":"hunter2"}]}]}}"#,
            r#"{"parameters":[{"name":"db_password","value":"hunter2"}]}"#,
            r#"{"dsn":"postgres://app:hunter2@db.shop.example/app"}"#,
            r#"{"script":"set -e\nexport DB_PASSWORD=hunter2\nrun"}"#,
            "Action=ModifyDBInstance&MasterUserPassword=hunter2",
            "<Request><Password>hunter2</Password></Request>",
            "export DB_PASSWORD=hunter2",
        ] {
            assert!(!sent(body).contains("hunter2"), "{body}\n{}", sent(body));
        }
        let key = "a9Xk2Lm8Qp4Rt6Vw1Yz3Bc5D";
        assert!(!sent(&json!({ "other": key, "line": format!("curl -u me:{key} x") }).to_string()).contains(key));
        // What only looks long is a name.
        for name in [
            "arn:aws:iam::123456789012:role/AWSServiceRoleForElasticLoadBalancing",
            "0123456789abcdef0123456789abcdef",
            "shop-checkout-service-production-eu-central-1",
            "AWSReservedSSOAdministratorAccess",
        ] {
            assert!(sent(&json!({ "arn": name }).to_string()).contains(name), "{name}");
        }
    }

    #[test]
    fn one_part_cannot_push_another_out_of_sight() {
        let shown = sent(&json!({ "a": "x".repeat(100_000), "b": "seen\u{1b}[2J" }).to_string());
        assert!(shown.len() < 1000 && shown.contains("b = seen\\u{1b}[2J"), "{shown}");
        let many: serde_json::Map<String, Value> = (0..1000).map(|n| (format!("k{n}"), json!(n))).collect();
        assert!(sent(&Value::Object(many).to_string()).ends_with("and 943 more lines"));
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(sent(&deep).contains("deeper than this shows"));
        assert!(sent("\u{0}\u{1}").contains("\\u{0}"));
        let bytes = Captured::Whole(Bytes::from_static(&[0xff, 0xfe]));
        assert!(Raw::http("PUT", "https://h.example/", &bytes).0.join(" ").contains("a body of 2 bytes, SHA-256"));
    }

    #[test]
    fn a_tool_call_is_shown_as_the_agent_gave_it() {
        let raw = Raw::tool("Bash", &json!({ "command": "terraform destroy\n-auto-approve" }));
        assert_eq!(raw.0, ["Bash", "command =", "  terraform destroy", "  -auto-approve"]);
    }
}
