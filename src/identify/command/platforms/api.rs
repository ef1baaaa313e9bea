//! `gh api` and `glab api`: a request written out.
//!
//! Semantics: the manuals of GitHub CLI 2 and GitLab CLI 1 (`gh api --help`): fields make a GET a POST unless a method is
//! given; a GET's fields go into its query; `graphql` takes `query` and `operationName`, every other field is a variable.

use serde_json::{Map, Value};

use super::joined;
use crate::identify::Known;
use crate::identify::command::http::{Body, Grammar, Item, Request, after, file, items, request, stand_in};
use crate::identify::command::{Effect, Invocation, Part, Scene, Word};
use crate::model::{Impact, Scope};

const GRAMMAR: Grammar = Grammar {
    valued: &[
        "method",
        "raw-field",
        "field",
        "header",
        "input",
        "hostname",
        "jq",
        "template",
        "cache",
        "preview",
        "output",
        "form",
    ],
    plain: &[],
    short: &[
        ('X', "method"),
        ('f', "raw-field"),
        ('F', "field"),
        ('H', "header"),
        ('q', "jq"),
        ('t', "template"),
        ('p', "preview"),
    ],
    flags: &[('i', "include"), ('h', "help")],
    equals: true,
    abbreviates: false,
    ends: true,
};

/// Where a forge's API stands.
pub(super) struct Forge {
    /// The address that paths go behind.
    pub(super) base: &'static str,
    /// What goes before paths on a host of its owners'.
    pub(super) prefix: &'static str,
    /// Where its GraphQL stands.
    pub(super) graphql: &'static str,
    /// The repository that placeholders stand for, `owner/repo`.
    pub(super) repository: String,
    /// The variable that names another host.
    pub(super) host: &'static str,
}

/// The options of the call.
#[derive(Default)]
struct Asked {
    method: Option<Word>,
    endpoint: Option<Word>,
    fields: Vec<(Word, bool)>,
    headers: Vec<(String, Word)>,
    input: Option<Word>,
    host: Option<Word>,
    help: bool,
}

/// Reads the words behind `api`.
pub(super) fn read(words: &[Word], forge: &Forge, one: &Invocation, scene: &mut Scene<'_>) {
    let mut asked = Asked::default();
    for item in items(words, &GRAMMAR) {
        asked.take(item);
    }
    let Some(endpoint) = asked.endpoint.clone().filter(|_| !asked.help) else {
        return scene.effect(one, Effect::new("shell:exec:gh", Impact::Read, Scope::Local));
    };
    let is_graphql = endpoint.text().is_some_and(|text| text.trim_matches('/') == "graphql");
    let mut fields = Fields::default();
    for (field, typed) in &asked.fields {
        fields.take(field, *typed, one, scene);
    }
    let body = match &asked.input {
        Some(input) => Some(file(input, one, scene)),
        None if asked.fields.is_empty() => None,
        None => Some(fields.body(is_graphql)),
    };
    let plain = if body.is_some() || is_graphql { "POST" } else { "GET" };
    let method = asked.method.clone().map_or_else(|| Word::known(plain), |word| upper(&word));
    let host = asked.host.clone().or_else(|| scene.variable(one, forge.host)).filter(|host| !is_public(host));
    let mut url = address(&endpoint, is_graphql, forge, host.as_ref());
    let mut headers = asked.headers;
    let looks = method.is("GET") || method.is("HEAD");
    let body = if looks && asked.input.is_none() {
        url = fields.query().iter().fold(url, |url, (name, value)| with_query(&url, name, value));
        None
    } else {
        body
    };
    if body.is_some() {
        headers.push(("content-type".to_owned(), Word::known("application/json")));
    }
    let known = Known {
        provider: host.is_some().then(|| "github".to_owned()).filter(|_| forge.prefix == "/api/v3"),
        cluster: None,
    };
    request(&Request { method, url, headers, body: body.unwrap_or_default(), known }, one, scene);
}

fn is_public(host: &Word) -> bool {
    host.is("github.com") || host.is("gitlab.com") || host.is("")
}

fn upper(word: &Word) -> Word {
    word.text().map_or_else(|| word.clone(), |text| Word::known(text.to_ascii_uppercase()))
}

impl Asked {
    fn take(&mut self, item: Item) {
        match item {
            Item::Operand(word) => drop(self.endpoint.get_or_insert(word)),
            Item::Option(name, Some(value)) => match name.as_str() {
                "method" => self.method = Some(value),
                "raw-field" => self.fields.push((value, false)),
                "field" => self.fields.push((value, true)),
                "input" => self.input = Some(value),
                "hostname" => self.host = Some(value),
                "header" => {
                    let text = value.leading().to_owned();
                    if let Some(at) = text.find(':') {
                        let blanks = text.get(at + 1..).map_or(0, |rest| rest.len() - rest.trim_start().len());
                        let name = text.get(..at).unwrap_or_default().to_owned();
                        self.headers.push((name, after(&value, at + 1 + blanks)));
                    }
                }
                _ => {}
            },
            Item::Option(name, None) => self.help |= name == "help",
        }
    }
}

/// The URL; `{owner}/{repo}`, `:owner/:repo` and GitLab's `:id` and `:fullpath` are the repository's.
fn address(endpoint: &Word, is_graphql: bool, forge: &Forge, host: Option<&Word>) -> Word {
    let base = match host {
        Some(host) => format!("https://{}{}", stand_in(host), forge.prefix),
        None => forge.base.to_owned(),
    };
    if is_graphql {
        return match host {
            Some(host) => Word::known(format!("https://{}/api/graphql", stand_in(host))),
            None => Word::known(forge.graphql),
        };
    }
    let (owner, name) = forge.repository.split_once('/').unwrap_or(("unknown", "unknown"));
    let full = format!("{owner}%2F{name}");
    let filled = |text: &str| {
        let text =
            text.replace("{owner}", owner).replace("{repo}", name).replace(":owner", owner).replace(":repo", name);
        text.replace(":fullpath", &full).replace(":id", &full)
    };
    let mut endpoint = endpoint.clone();
    for part in &mut endpoint.parts {
        if let Part::Text(text) | Part::Glob(text) = part {
            *text = filled(text);
        }
    }
    if endpoint.leading().starts_with("http") && endpoint.leading().contains("://") {
        return endpoint;
    }
    let slash = if endpoint.leading().starts_with('/') { "" } else { "/" };
    joined(&format!("{base}{slash}"), &endpoint)
}

fn with_query(url: &Word, name: &str, value: &str) -> Word {
    let sign = if stand_in(url).contains('?') { '&' } else { '?' };
    let mut parts = url.parts.clone();
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    parts.push(Part::Text(format!("{sign}{}={}", encode(name), encode(value))));
    Word { parts }
}

/// What the fields say.
#[derive(Default)]
struct Fields {
    members: Map<String, Value>,
    unknown: bool,
}

impl Fields {
    fn take(&mut self, field: &Word, typed: bool, one: &Invocation, scene: &Scene<'_>) {
        let leading = field.leading();
        let Some(at) = leading.find('=') else {
            self.unknown |= field.has_unknown();
            return;
        };
        let name = leading.get(..at).unwrap_or_default().to_owned();
        let value = after(field, at + 1);
        let body = match value.leading().strip_prefix('@') {
            Some(_) if typed => file(&after(&value, 1), one, scene),
            _ => Body::word(&value),
        };
        // A variable's own value says only which thing is meant.
        self.unknown |= !body.known && matches!(name.as_str(), "query" | "operationName");
        let text = String::from_utf8_lossy(&body.bytes).into_owned();
        let json = match (typed, text.as_str()) {
            (true, "true") => Value::Bool(true),
            (true, "false") => Value::Bool(false),
            (true, "null") => Value::Null,
            (true, number) if number.parse::<i64>().is_ok() => Value::from(number.parse::<i64>().unwrap_or_default()),
            _ => Value::String(text),
        };
        self.insert(&name, json);
        self.unknown |= !body.known && self.members.get("query").is_none();
    }

    /// `a[b]=c` is a member of a member, `a[]=c` one of a list.
    fn insert(&mut self, name: &str, value: Value) {
        let mut keys = name.split('[').map(|key| key.trim_end_matches(']'));
        let first = keys.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = keys.collect();
        let value = rest.iter().rev().fold(value, |value, key| match *key {
            "" => Value::Array(vec![value]),
            key => Value::Object(Map::from_iter([(key.to_owned(), value)])),
        });
        match (self.members.get_mut(&first), value) {
            (Some(Value::Object(held)), Value::Object(more)) => held.extend(more),
            (Some(Value::Array(held)), Value::Array(more)) => held.extend(more),
            (_, value) => {
                self.members.insert(first, value);
            }
        }
    }

    fn body(&self, is_graphql: bool) -> Body {
        let mut members = self.members.clone();
        if is_graphql {
            let mut variables = Map::new();
            members.retain(|name, value| {
                let own = matches!(name.as_str(), "query" | "operationName");
                if !own {
                    variables.insert(name.clone(), value.clone());
                }
                own
            });
            if !variables.is_empty() {
                members.insert("variables".to_owned(), Value::Object(variables));
            }
        }
        Body { bytes: serde_json::to_vec(&members).unwrap_or_default(), known: !self.unknown }
    }

    fn query(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        self.members.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}
