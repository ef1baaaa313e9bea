//! A stand-in for GitHub that knows the published descriptions: it answers what they describe, and a call that they do not
//! hold, or whose body lacks a required member, fails the test.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::clients;
use super::server::{self, Answer, Peer, json};
use super::stage::Stage;
use super::upstream::{Record, Seen};

/// One operation, as GitHub publishes it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// `repos/delete`.
    pub(crate) id: String,
    pub(crate) method: String,
    /// `/repos/{owner}/{repo}`.
    pub(crate) path: String,
    /// Labels that may hold slashes.
    pub(crate) long: Vec<String>,
    /// The first value that a label may have, where the description lists them.
    pub(crate) choices: Vec<(String, String)>,
    /// Media type and smallest body: what must be in it, with values of the right kind.
    pub(crate) body: Option<(String, Value)>,
}

impl Published {
    /// The path with something in place of every label.
    pub(crate) fn filled(&self, long: &str) -> String {
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(label) if self.long.iter().any(|known| known == label) => long.to_owned(),
            Some(label) => self
                .choices
                .iter()
                .find(|(known, _)| known == label)
                .map_or_else(|| "7".to_owned(), |(_, value)| value.clone()),
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// How many of its segments are literal, where it matches.
    fn fits(&self, method: &str, segments: &[&str]) -> Option<usize> {
        let template: Vec<&str> = self.path.split('/').skip(1).collect();
        let is_long =
            |part: &str| part.len() > 2 && self.long.iter().any(|label| part.get(1..part.len() - 1) == Some(label));
        let greedy = template.iter().position(|part| is_long(part));
        let spare = segments.len().checked_sub(template.len())?;
        if self.method != method || (spare > 0 && greedy.is_none()) {
            return None;
        }
        let mut literal = 0;
        for (at, part) in template.iter().enumerate() {
            let at = if greedy.is_some_and(|greedy| at > greedy) { at + spare } else { at };
            if part.starts_with('{') {
                continue;
            }
            if segments.get(at) != Some(part) {
                return None;
            }
            literal += 1;
        }
        Some(literal)
    }
}

fn resolved<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(reference.trim_start_matches('#')).unwrap()),
        None => node,
    }
}

/// The smallest value that a schema takes.
fn sample(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(first) = schema["enum"].get(0).or_else(|| schema.get("const")) {
        return first.clone();
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        if schema.get("properties").is_none()
            && let Some(first) = schema[word].get(0)
        {
            return sample(document, first);
        }
    }
    let kind = if schema["type"].is_array() { &schema["type"][0] } else { &schema["type"] };
    match kind.as_str() {
        Some("array") => json!([sample(document, &schema["items"])]),
        Some("integer" | "number") => json!(7),
        Some("boolean") => json!(true),
        Some("object") | None if schema.get("properties").is_some() => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members: Map<String, Value> =
                required.map(|name| (name.to_owned(), sample(document, &schema["properties"][name]))).collect();
            Value::Object(members)
        }
        Some("object") => json!({}),
        _ => json!("x"),
    }
}

/// All operations of one description: `api.github.com`, `ghec`, `ghes-3.19`.
pub(crate) fn description(octokit: &Path, name: &str) -> Vec<Published> {
    let file = octokit.join(format!("node_modules/@octokit/openapi/generated/{name}.json"));
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut all = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters = parameters.map(|one| resolved(&document, one)).filter(|one| one["in"] == "path");
            let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
            let (mut long, mut choices) = (vec![], vec![]);
            for one in parameters {
                if one["x-multi-segment"] == true {
                    long.push(name(one));
                }
                if let Some(first) = one["schema"]["enum"][0].as_str() {
                    choices.push((name(one), first.to_owned()));
                }
            }
            let content = resolved(&document, &operation["requestBody"])["content"].as_object();
            let body = content.and_then(|content| content.get_key_value("application/json").or(content.iter().next()));
            let body = body.map(|(media, one)| (media.clone(), sample(&document, &one["schema"])));
            all.push(Published {
                id: id.to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                long,
                choices,
                body,
            });
        }
    }
    all
}

/// The stand-in.
pub(crate) struct Github {
    pub(crate) record: Record,
    state: Arc<State>,
}

struct State {
    published: Vec<Published>,
    documents: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Github {
    /// Stands in for `api.github.com` and `uploads.github.com` on this stage; `None` without npm, which holds the descriptions.
    pub(crate) fn on(stage: &mut Stage) -> Option<Self> {
        let published = description(clients::octokit()?, "api.github.com");
        let state = Arc::new(State { published, documents: Mutex::default(), wrong: Mutex::default() });
        let record = Record::default();
        let (seen, known) = (record.clone(), Arc::clone(&state));
        let handler: server::Handler =
            Arc::new(move |request, peer| Box::pin(take(seen.clone(), Arc::clone(&known), request, peer)));
        let names = ["api.github.com", "uploads.github.com"];
        let address = server::serve(Some(stage.ca.server(&names, &["h2", "http/1.1"])), handler);
        for name in names {
            stage.resolve(name, address);
        }
        Some(Self { record, state })
    }

    /// `METHOD /path` of every call that came through, without the query.
    pub(crate) fn calls(&self) -> Vec<String> {
        let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
        self.record.all().iter().map(|seen| format!("{} {}", seen.method, path(&seen.target))).collect()
    }

    /// The GraphQL documents that came through.
    pub(crate) fn documents(&self) -> Vec<String> {
        self.state.documents.lock().unwrap().clone()
    }

    /// Every call was one that GitHub publishes.
    #[track_caller]
    pub(crate) fn was_called_as_published(&self) {
        assert_eq!(*self.state.wrong.lock().unwrap(), Vec::<String>::new());
    }
}

async fn take(record: Record, state: Arc<State>, request: Request<Incoming>, peer: Peer) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    let Ok(body) = request.into_body().collect().await else {
        return json(400, &json!({ "message": "the body broke" }));
    };
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let path = seen.target.split('?').next().unwrap_or_default();
    if path == "/graphql" {
        state.documents.lock().unwrap().push(body["query"].as_str().unwrap_or_default().to_owned());
        return json(200, &json!({ "data": repository() }));
    }
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let best = state.published.iter().filter_map(|one| Some((one.fits(&seen.method, &segments)?, one)));
    let Some((_, operation)) = best.max_by_key(|(literal, _)| *literal) else {
        state.wrong.lock().unwrap().push(format!("not published: {} {path}", seen.method));
        return json(404, &json!({ "message": "Not Found" }));
    };
    if let Some((_, Value::Object(required))) = &operation.body {
        let missing: Vec<&String> = required.keys().filter(|name| body.get(name).is_none()).collect();
        if !missing.is_empty() {
            state.wrong.lock().unwrap().push(format!("{}: {missing:?} missing in {body}", operation.id));
        }
    }
    match seen.method.as_str() {
        "GET" if operation.id.contains("/list") => json(200, &json!([])),
        "GET" => json(200, &repository()["repository"]),
        "POST" => json(201, &item()),
        "DELETE" => server::answer(204, "application/json", ""),
        _ => json(200, &item()),
    }
}

fn item() -> Value {
    json!({ "id": 7, "number": 7, "node_id": "I_7", "title": "t", "body": "b", "html_url": "https://github.com/shop/web/issues/7",
        "url": "https://api.github.com/repos/shop/web/issues/7", "ref": "refs/heads/x", "object": { "sha": "aa" } })
}

fn repository() -> Value {
    let repository = json!({ "id": "R_7", "name": "web", "full_name": "shop/web", "nameWithOwner": "shop/web", "owner": { "login": "shop" },
        "default_branch": "main", "viewerPermission": "ADMIN", "isArchived": false, "private": true,
        "url": "https://api.github.com/repos/shop/web", "issues": { "nodes": [], "totalCount": 0, "pageInfo": { "hasNextPage": false } } });
    json!({ "repository": repository, "viewer": { "login": "ann" }, "addComment": { "clientMutationId": null } })
}
