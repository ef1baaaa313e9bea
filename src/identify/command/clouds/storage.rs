//! Objects and buckets: `gsutil` and `gcloud storage`.

use serde_json::{Value, json};

use super::bucket::{bucket_body, document};
use super::gcloud::segment;
use super::google::encoded;
use super::line::{Line, Takes};
use super::words::{camel, local, unlisted};
use crate::identify::Known;
use crate::identify::command::{Effect, Invocation, Scene, Sent, Word, Written, files};
use crate::model::{Count, Hazard, Impact, Place, Scope};

const HOST: &str = "storage.googleapis.com";

/// `gsutil`.
pub(super) fn gsutil(one: &Invocation, scene: &mut Scene<'_>) {
    let line = Line::read(&parted(one.arguments()), takes);
    let Some(command) = line.operands.first() else {
        return local("gsutil:local:help", Impact::Read, one, scene);
    };
    let Some(command) = command.text().map(|text| text.into_owned()) else {
        return scene.unknown(one, "which of gsutil's commands it is, is not known");
    };
    if line.is_help && command != "setmeta"
        || matches!(command.as_str(), "help" | "version" | "test" | "config" | "update" | "hash")
    {
        return local(&format!("gsutil:local:{command}"), Impact::Read, one, scene);
    }
    let job = Job {
        urls: line.operands.iter().skip(1).cloned().collect(),
        recursive: line.has("r") || line.has("R"),
        deletes: line.has("d"),
        dry: line.has("n"),
        versions: line.has("a") && command == "rm",
        acl: line.shown("a"),
        is_open: line.has("I"),
    };
    match command.as_str() {
        "rm" => job.remove(one, scene),
        "rb" => job.each(|url| request("DELETE", bucket(url), "", None), one, scene),
        "mb" => job.each(
            |url| request("POST", "/storage/v1/b".to_owned(), "", Some(json!({ "name": parts(url).0 }))),
            one,
            scene,
        ),
        "cp" => job.copy(false, one, scene),
        "mv" => job.copy(true, one, scene),
        "rsync" => job.sync(one, scene),
        "ls" | "du" | "stat" | "cat" => job.read(one, scene),
        "setmeta" => job.each(|url| request("PATCH", object(url), "", Some(json!({ "metadata": {} }))), one, scene),
        "rewrite" => job.each(|url| request("PATCH", object(url), "", Some(json!({}))), one, scene),
        "compose" => {
            job.each_last(|url| request("POST", format!("{}/compose", object(url)), "", Some(json!({}))), one, scene)
        }
        "signurl" => scene.effect(
            one,
            Effect::new("gcp:storage:signurl", Impact::Permission, Scope::Item).hazard(Hazard::Exposure).at(there()),
        ),
        "hmac" => hmac(&line, one, scene),
        other => settings(other, &line, one, scene),
    }
}

/// What an option of gsutil's takes, after the operands so far.
fn takes(name: &str, operands: &[Word]) -> (String, Takes) {
    let global = operands.is_empty();
    let command = operands.first().map(ToString::to_string).unwrap_or_default();
    let valued = match (global, command.as_str()) {
        (true, _) => matches!(name, "o" | "h" | "u" | "i"),
        (_, "cp" | "mv") => matches!(name, "a" | "s" | "z" | "j" | "L"),
        (_, "rsync") => matches!(name, "a" | "x" | "y" | "j"),
        (_, "setmeta") => name == "h",
        (_, "mb") => {
            matches!(name, "b" | "c" | "l" | "p" | "s" | "k" | "retention" | "rpo" | "pap" | "autoclass" | "placement")
        }
        (_, "ls") => name == "p",
        (_, "iam" | "acl" | "defacl") => matches!(name, "u" | "g" | "e") || name == "d" && command != "iam",
        (_, "signurl") => matches!(name, "d" | "m" | "c" | "r" | "b" | "p"),
        (_, "web") => matches!(name, "m" | "e"),
        (_, "logging") => matches!(name, "b" | "o"),
        (_, "notification") => matches!(name, "e" | "m" | "t" | "p" | "f"),
        (_, "kms") => matches!(name, "k" | "p"),
        (_, "rewrite") => name == "s",
        _ => false,
    };
    // The options of gsutil itself have names of their own here.
    let name = match name {
        _ if global => format!("global-{name}"),
        // Not help: sizes for people, or a header.
        "h" => "human".to_owned(),
        name => name.to_owned(),
    };
    (name, if valued { Takes::One } else { Takes::Nothing })
}

/// `-rd` as `-r -d`: its options are single letters, also joined.
fn parted(words: &[Word]) -> Vec<Word> {
    let mut command = None;
    let mut out = vec![];
    for word in words {
        let text = word.text().map(|text| text.into_owned()).unwrap_or_default();
        let letters = text.strip_prefix('-').unwrap_or_default();
        if command.is_none()
            && !text.starts_with('-')
            && ["rm", "cp", "mv", "rsync", "ls", "du"].contains(&text.as_str())
        {
            command = Some(text.clone());
        }
        let flags = !letters.is_empty() && letters.chars().all(|letter| "rRdnceCpPuUDavLlhbfJIeit".contains(letter));
        let joins = letters.len() > 1 && flags && command.is_some() && !matches!(letters, "help");
        if joins {
            out.extend(letters.chars().map(|letter| Word::known(format!("-{letter}"))));
        } else {
            out.push(word.clone());
        }
    }
    out
}

/// `gcloud storage …`: the words from `storage` on.
pub(super) fn gcloud(line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let words = line.words();
    let at = |place: usize| words.get(place).map(String::as_str).unwrap_or_default();
    let verb_at = match at(1) {
        "buckets" | "objects" | "hmac" | "managed-folders" | "folders" => 2,
        _ => 1,
    };
    let job = Job {
        urls: line.operands.iter().skip(verb_at + 1).cloned().collect(),
        recursive: line.has("recursive") || line.has("r") || line.has("R"),
        deletes: line.has("delete-unmatched-destination-objects"),
        dry: line.has("dry-run"),
        versions: line.has("all-versions") || line.has("a"),
        acl: line.first(&["predefined-acl", "canned-acl", "a"]).map(ToString::to_string),
        is_open: line.has("read-paths-from-stdin") || line.has("I"),
    };
    match (at(1), at(2)) {
        ("" | "buckets" | "objects", "") if at(1).is_empty() || line.operands.len() < 3 => {
            local("gcloud:local:help", Impact::Read, one, scene)
        }
        ("rm", _) | ("objects", "delete") => job.remove(one, scene),
        ("cp", _) => job.copy(false, one, scene),
        ("mv", _) => job.copy(true, one, scene),
        ("rsync", _) => job.sync(one, scene),
        ("ls" | "du" | "cat", _) | ("objects" | "buckets", "list" | "describe") => job.read(one, scene),
        ("hash" | "service-agent", _) => local("gcloud:local:storage-hash", Impact::Read, one, scene),
        ("sign-url", _) => {
            scene.effect(
                one,
                Effect::new("gcp:storage:signurl", Impact::Permission, Scope::Item)
                    .hazard(Hazard::Exposure)
                    .at(there()),
            );
        }
        (kind, verb) => things((kind, verb, &words, verb_at), &job, line, (one, scene)),
    }
}

/// What is done to buckets, objects and keys by their kind.
fn things(
    (kind, verb, words, verb_at): (&str, &str, &[String], usize),
    job: &Job,
    line: &Line,
    (one, scene): (&Invocation, &mut Scene<'_>),
) {
    let policy = || {
        let binding = json!([{ "role": line.shown("role"), "members": [line.shown("member")] }]);
        Some(json!({ "bindings": binding }))
    };
    match (kind, verb) {
        ("buckets", "delete") => job.each(|url| request("DELETE", bucket(url), "", None), one, scene),
        ("buckets", "create") => {
            let query = job.acl.as_ref().map(|acl| format!("predefinedAcl={}", encoded(acl))).unwrap_or_default();
            job.each(
                |url| request("POST", "/storage/v1/b".to_owned(), &query, Some(json!({ "name": parts(url).0 }))),
                one,
                scene,
            );
        }
        ("buckets", "update") => {
            let body = bucket_body(line, one, scene);
            let query = job.acl.as_ref().map(|acl| format!("predefinedAcl={}", encoded(acl))).unwrap_or_default();
            job.each(|url| request("PATCH", bucket(url), &query, Some(body.clone())), one, scene);
        }
        ("buckets", "get-iam-policy") => {
            job.each(|url| request("GET", format!("{}/iam", bucket(url)), "", None), one, scene)
        }
        ("objects", "get-iam-policy") => {
            job.each(|url| request("GET", format!("{}/iam", object(url)), "", None), one, scene)
        }
        ("buckets", "add-iam-policy-binding" | "remove-iam-policy-binding" | "set-iam-policy") => {
            job.first(|url| request("PUT", format!("{}/iam", bucket(url)), "", policy()), one, scene);
        }
        ("objects", "add-iam-policy-binding" | "remove-iam-policy-binding" | "set-iam-policy") => {
            job.first(|url| request("PUT", format!("{}/iam", object(url)), "", policy()), one, scene);
        }
        ("objects", "update") => {
            let open = line.value("add-acl-grant").is_some_and(|grant| grant.to_string().contains("All"));
            let body = if open { json!({ "acl": [{ "entity": "allUsers" }] }) } else { json!({ "metadata": {} }) };
            let query = job.acl.as_ref().map(|acl| format!("predefinedAcl={}", encoded(acl))).unwrap_or_default();
            job.each(|url| request("PATCH", object(url), &query, Some(body.clone())), one, scene);
        }
        ("objects", "compose") => {
            job.each_last(|url| request("POST", format!("{}/compose", object(url)), "", Some(json!({}))), one, scene)
        }
        ("hmac", _) => hmac(line, one, scene),
        ("restore", _) => {
            job.each(|url| request("POST", format!("{}/restore", object(url)), "", Some(json!({}))), one, scene)
        }
        ("buckets", "relocate") => {
            job.each(|url| request("POST", format!("{}/relocate", bucket(url)), "", Some(json!({}))), one, scene)
        }
        _ => {
            let verb = words.get(verb_at).map(String::as_str).unwrap_or_default();
            unlisted("gcp:storage", verb, one.shown(), (one, scene), there());
        }
    }
}

/// gsutil's commands with `get` and `set`.
fn settings(command: &str, line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let words: Vec<String> = line.operands.iter().map(ToString::to_string).collect();
    let verb = words.get(1).map(String::as_str).unwrap_or_default();
    let url =
        words.iter().rev().find(|word| word.starts_with("gs://")).or_else(|| words.last()).cloned().unwrap_or_default();
    let (holder, is_object) = if parts(&url).1.is_empty() { (bucket(&url), false) } else { (object(&url), true) };
    let open = words
        .iter()
        .chain(&line.options.iter().flat_map(|(_, values)| values).map(ToString::to_string).collect::<Vec<_>>())
        .any(|word| {
            ["allUsers", "AllUsers", "allAuth", "AllAuth", "public-read", "authenticated-read"]
                .iter()
                .any(|all| word.contains(all))
        });
    let member = if open { "allUsers" } else { "somebody" };
    let sent = match (command, verb) {
        ("iam", "get") => request("GET", format!("{holder}/iam"), "", None),
        ("iam", _) => {
            request("PUT", format!("{holder}/iam"), "", Some(json!({ "bindings": [{ "members": [member] }] })))
        }
        ("acl" | "defacl", "get") => {
            request("GET", format!("{holder}/{}", if command == "acl" { "acl" } else { "defaultObjectAcl" }), "", None)
        }
        ("acl", _) if is_object => request("POST", format!("{holder}/acl"), "", Some(json!({ "entity": member }))),
        ("acl", _) => request("POST", format!("{holder}/acl"), "", Some(json!({ "entity": member }))),
        ("defacl", _) => request("POST", format!("{holder}/defaultObjectAcl"), "", Some(json!({ "entity": member }))),
        (_, "get" | "list") => request("GET", holder, "", None),
        ("retention", "lock") => request("POST", format!("{holder}/lockRetentionPolicy"), "", Some(json!({}))),
        ("notification", "delete") => request("DELETE", format!("{holder}/notificationConfigs/all"), "", None),
        ("notification", _) => request("POST", format!("{holder}/notificationConfigs"), "", Some(json!({}))),
        ("versioning", set) => {
            let on = words.get(2).is_some_and(|word| word == "on");
            let _ = set;
            request("PATCH", holder, "", Some(json!({ "versioning": { "enabled": on } })))
        }
        ("lifecycle", _) => {
            let path = words.get(2).cloned().unwrap_or_default();
            request("PATCH", holder, "", Some(json!({ "lifecycle": document(&path, one, scene) })))
        }
        ("logging", set) => {
            let off = set == "set" && words.get(2).is_some_and(|word| word == "off");
            request(
                "PATCH",
                holder,
                "",
                Some(json!({ "logging": if off { Value::Null } else { json!({ "logBucket": "b" }) } })),
            )
        }
        ("pap", _) => {
            let value = if words.iter().any(|word| word == "enforced") { "enforced" } else { "inherited" };
            request("PATCH", holder, "", Some(json!({ "iamConfiguration": { "publicAccessPrevention": value } })))
        }
        ("ubla" | "bucketpolicyonly", _) => request("PATCH", holder, "", Some(json!({ "iamConfiguration": {} }))),
        ("retention", _) => request("PATCH", holder, "", Some(json!({ "retentionPolicy": {} }))),
        ("cors" | "label" | "web" | "requesterpays" | "defstorageclass" | "rpo" | "autoclass" | "kms", _) => {
            request("PATCH", holder, "", Some(json!({ camel(command): {} })))
        }
        _ => return unlisted("gcp:storage", command, one.shown(), (one, scene), there()),
    };
    scene.sends(one, sent);
}

fn hmac(line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let words = line.words();
    let verb =
        words.iter().find(|word| ["create", "delete", "get", "list", "describe", "update"].contains(&word.as_str()));
    let project = super::google::project(line, one, scene);
    let keys = format!("/storage/v1/projects/{}/hmacKeys", segment(&project));
    let key = format!("{keys}/{}", segment(words.last().map(String::as_str).unwrap_or_default()));
    let sent = match verb.map(String::as_str) {
        Some("create") => request("POST", keys, "", Some(json!({}))),
        Some("delete") => request("DELETE", key, "", None),
        Some("update") => request("PUT", key, "", Some(json!({}))),
        Some("list") => request("GET", keys, "", None),
        Some(_) => request("GET", key, "", None),
        None => return unlisted("gcp:storage", "hmac", one.shown(), (one, scene), there()),
    };
    scene.sends(one, sent);
}

/// What such a command was told.
struct Job {
    urls: Vec<Word>,
    recursive: bool,
    deletes: bool,
    dry: bool,
    versions: bool,
    acl: Option<String>,
    /// What it acts on is read from its input.
    is_open: bool,
}

impl Job {
    fn each(&self, sent: impl Fn(&str) -> Sent, one: &Invocation, scene: &mut Scene<'_>) {
        if self.urls.is_empty() {
            scene.sends(one, sent(""));
        }
        for url in &self.urls {
            scene.sends(one, sent(&url.to_string()));
        }
    }

    fn first(&self, sent: impl Fn(&str) -> Sent, one: &Invocation, scene: &mut Scene<'_>) {
        scene.sends(one, sent(&self.urls.first().map(ToString::to_string).unwrap_or_default()));
    }

    fn each_last(&self, sent: impl Fn(&str) -> Sent, one: &Invocation, scene: &mut Scene<'_>) {
        scene.sends(one, sent(&self.urls.last().map(ToString::to_string).unwrap_or_default()));
    }

    fn read(&self, one: &Invocation, scene: &mut Scene<'_>) {
        if self.urls.is_empty() {
            return scene.sends(one, request("GET", "/storage/v1/b".to_owned(), "", None));
        }
        for url in &self.urls {
            let shown = url.to_string();
            let path = if parts(&shown).1.is_empty() { format!("{}/o", bucket(&shown)) } else { object(&shown) };
            scene.sends(one, request("GET", path, "", None));
        }
    }

    fn remove(&self, one: &Invocation, scene: &mut Scene<'_>) {
        if self.is_open || self.urls.is_empty() {
            swept("whatever its input names", one, scene);
        }
        for url in &self.urls {
            let shown = url.to_string();
            let (_, name) = parts(&shown);
            let wide =
                self.recursive || url.has_glob() || url.splits() || name.contains(['*', '?', '[']) || self.versions;
            if wide || name.is_empty() {
                swept(&shown, one, scene);
            } else {
                scene.sends(one, request("DELETE", object(&shown), "", None));
            }
            if self.recursive && name.is_empty() {
                scene.sends(one, request("DELETE", bucket(&shown), "", None));
            }
        }
    }

    fn copy(&self, moves: bool, one: &Invocation, scene: &mut Scene<'_>) {
        let Some((to, from)) = self.urls.split_last() else {
            return local("gsutil:local:help", Impact::Read, one, scene);
        };
        let target = to.to_string();
        let query =
            |name: &str| self.acl.as_ref().map(|acl| format!("{name}={}", encoded(&acl_word(acl)))).unwrap_or_default();
        for source in from {
            let shown = source.to_string();
            let sent = match (is_remote(&shown), is_remote(&target)) {
                (false, true) => {
                    let path = format!("{}/o", bucket(&target));
                    request("POST", path, &query("predefinedAcl"), Some(json!({ "name": parts(&target).1 })))
                }
                (true, true) => {
                    let path = format!(
                        "{}/rewriteTo/b/{}/o/{}",
                        object(&shown),
                        segment(parts(&target).0),
                        segment(parts(&target).1)
                    );
                    request("POST", path, &query("destinationPredefinedAcl"), Some(json!({})))
                }
                (true, false) => request("GET", object(&shown), "", None),
                (false, false) => {
                    scene.invocation(&one.with_words(vec!["cp".into(), "-r".into(), source.clone(), to.clone()]));
                    continue;
                }
            };
            scene.sends(one, sent);
            if moves && is_remote(&shown) {
                if self.recursive || source.has_glob() || shown.ends_with('/') || shown.contains('*') {
                    swept(&shown, one, scene);
                } else {
                    scene.sends(one, request("DELETE", object(&shown), "", None));
                }
            } else if moves {
                scene.invocation(&one.with_words(vec!["rm".into(), "-r".into(), source.clone()]));
            }
        }
        if !is_remote(&target) && !to.is("-") && !to.has_unknown() {
            files::written(one, &Written { path: to.clone(), appends: false }, scene);
        }
    }

    fn sync(&self, one: &Invocation, scene: &mut Scene<'_>) {
        let target = self.urls.get(1).map(ToString::to_string).unwrap_or_default();
        if self.dry {
            return scene.sends(one, request("GET", format!("{}/o", bucket(&target)), "", None));
        }
        if !is_remote(&target) {
            let source = self.urls.first().map(ToString::to_string).unwrap_or_default();
            scene.sends(one, request("GET", format!("{}/o", bucket(&source)), "", None));
            if self.deletes
                && let Some(to) = self.urls.get(1)
            {
                scene.invocation(&one.with_words(vec!["rm".into(), "-r".into(), to.clone()]));
            }
            return;
        }
        let query =
            self.acl.as_ref().map(|acl| format!("predefinedAcl={}", encoded(&acl_word(acl)))).unwrap_or_default();
        scene.sends(
            one,
            request("POST", format!("{}/o", bucket(&target)), &query, Some(json!({ "name": parts(&target).1 }))),
        );
        if self.deletes {
            swept(&target, one, scene);
        }
    }
}

/// `public-read` of gsutil's is `publicRead` of the API's.
fn acl_word(acl: &str) -> String {
    camel(acl)
}

/// Unknown words may be anywhere; what is no path here is taken for a bucket.
fn is_remote(url: &str) -> bool {
    url.starts_with("gs://") || url.starts_with("s3://")
}

fn there() -> Place {
    Place { host: Some(HOST.to_owned()), ..Place::default() }
}

/// Many objects, as many as match.
fn swept(url: &str, one: &Invocation, scene: &mut Scene<'_>) {
    let effect =
        Effect::new("gcp:storage:objects.delete", Impact::Destroy, Scope::Resource).on(url).count(Count::Unbounded);
    scene.effect(one, effect.hazard(Hazard::DataLoss).hazard(Hazard::Bulk).at(there()));
}

/// Bucket and object of `gs://bucket/a/b`.
fn parts(url: &str) -> (&str, &str) {
    let bare = url.strip_prefix("gs://").unwrap_or(url);
    bare.split_once('/').unwrap_or((bare, ""))
}

fn bucket(url: &str) -> String {
    format!("/storage/v1/b/{}", segment(parts(url).0))
}

fn object(url: &str) -> String {
    format!("{}/o/{}", bucket(url), segment(parts(url).1))
}

fn request(method: &str, path: String, query: &str, body: Option<Value>) -> Sent {
    let mark = if query.is_empty() { "" } else { "?" };
    let headers = body.iter().map(|_| ("content-type".to_owned(), "application/json".to_owned())).collect();
    let body = Some(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
    Sent {
        method: method.to_owned(),
        url: format!("https://{HOST}{path}{mark}{query}"),
        headers,
        body,
        known: Known::default(),
    }
}
