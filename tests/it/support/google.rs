//! A stand-in for Google's APIs that knows their discovery documents: it answers as little as they allow, and a call that
//! they do not hold, or with parameters or members of a body that they do not name, fails the test. So does a call of gRPC
//! that is not as published; the others are answered with an empty message, and a publisher with an id.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::clients;
use super::google_rpc::{self, Rpcs};
use super::server::{self, Answer, Peer, answer};
use super::stage::Stage;
use super::upstream::{Record, Seen};

/// The documents of what the tests call.
const DOCUMENTS: [&str; 6] = [
    "cloudresourcemanager.v1",
    "cloudresourcemanager.v3",
    "compute.v1",
    "container.v1",
    "sqladmin.v1",
    "sqladmin.v1beta4",
];
/// gRPC only.
const PUBSUB: &str = "pubsub.googleapis.com";

/// One method, as Google describes it.
struct Method {
    id: String,
    host: String,
    verb: String,
    /// `/v1/projects/{projectsId}:undelete`.
    path: String,
    query: BTreeSet<String>,
    required: BTreeSet<String>,
    /// What a body may hold; `None`: there is none.
    body: Option<BTreeSet<String>>,
    answer: Value,
}

impl Method {
    /// How many of its segments are literal, where it matches.
    fn fits(&self, host: &str, verb: &str, path: &str) -> Option<usize> {
        let (template, path): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        if self.host != host || self.verb != verb || template.len() != path.len() {
            return None;
        }
        template.iter().zip(path).try_fold(0, |literal, (part, given)| match part.split_once('}') {
            Some((_, "")) => (!given.is_empty() && !given.contains(':')).then_some(literal),
            Some((_, custom)) => given.strip_suffix(custom).filter(|name| !name.is_empty()).map(|_| literal + 1),
            None => (*part == given).then_some(literal + 1),
        })
    }

    /// What is wrong with a call of it.
    fn flaw(&self, query: &str, body: &[u8]) -> Option<String> {
        let given: BTreeSet<String> = query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .map(str::to_owned)
            .filter(|one| !one.is_empty())
            .collect();
        if let Some(name) = given.difference(&self.query).next() {
            return Some(format!("parameter `{name}` is unknown"));
        }
        if let Some(name) = self.required.difference(&given).next() {
            return Some(format!("parameter `{name}` is missing"));
        }
        let Some(known) = &self.body else {
            return (!body.is_empty()).then(|| "it has no body".to_owned());
        };
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return Some("its body is no object".to_owned());
        };
        members.keys().find(|name| !known.contains(*name)).map(|name| format!("member `{name}` is unknown"))
    }
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// The smallest answer: what was begun is done, and a list is empty.
fn smallest(members: &BTreeSet<String>) -> Value {
    let all = [("name", json!("o")), ("done", json!(true)), ("status", json!("DONE"))];
    let is_operation = members.contains("error") && members.contains("name");
    let known = all.into_iter().filter(|(name, _)| is_operation && members.contains(*name));
    known.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// The methods of a resource and of what is below it.
fn collect(document: &Value, resource: &Value, into: &mut Vec<Method>) {
    for method in resource["methods"].as_object().into_iter().flat_map(Map::values) {
        let parameters = method["parameters"].as_object().into_iter().flatten();
        let parameters = parameters.filter(|(_, one)| one["location"] == "query");
        let query = parameters.clone().map(|(name, _)| name.clone()).chain(names(&document["parameters"])).collect();
        let required = parameters.filter(|(_, one)| one["required"] == true).map(|(name, _)| name.clone()).collect();
        let members = |kind: &str| {
            let schema = method[kind]["$ref"].as_str()?;
            Some(names(&document["schemas"][schema]["properties"]))
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        into.push(Method {
            id: text(&method["id"]),
            host: text(&document["rootUrl"]).trim_start_matches("https://").trim_end_matches('/').to_owned(),
            verb: text(&method["httpMethod"]),
            path: format!(
                "/{}{}",
                text(&document["servicePath"]),
                text(method.get("flatPath").unwrap_or(&method["path"]))
            ),
            query,
            required,
            body: members("request"),
            answer: smallest(&members("response").unwrap_or_default()),
        });
    }
    for below in resource["resources"].as_object().into_iter().flat_map(Map::values) {
        collect(document, below, into);
    }
}

/// The stand-in.
pub(crate) struct Google {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    record: Record,
    state: Arc<State>,
}

struct State {
    methods: Vec<Method>,
    /// `None`: it takes no gRPC.
    rpcs: Option<Rpcs>,
    /// `compute.instances.list` of every call, those in batches too.
    called: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Google {
    /// Stands in for the hosts of the documents.
    pub(crate) fn on(stage: &mut Stage) -> Self {
        Self::with(stage, None)
    }

    /// The same, and takes gRPC.
    pub(crate) fn speaking_grpc(stage: &mut Stage) -> Self {
        Self::with(stage, Some(Rpcs::published()))
    }

    fn with(stage: &mut Stage, rpcs: Option<Rpcs>) -> Self {
        let folder = clients::google_cloud().join("lib");
        let version = fs::read_dir(&folder).unwrap().flatten().next().expect("a Python").path();
        let folder = version.join("site-packages/googleapiclient/discovery_cache/documents");
        let mut methods = vec![];
        for name in DOCUMENTS {
            let document = fs::read(folder.join(format!("{name}.json"))).unwrap();
            let document: Value = serde_json::from_slice(&document).unwrap();
            collect(&document, &document, &mut methods);
        }
        let hosts: BTreeSet<String> = methods.iter().map(|one| one.host.clone()).chain([PUBSUB.to_owned()]).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let tls = stage.ca.server(&hosts, &["h2", "http/1.1"]);
        let state = Arc::new(State { methods, rpcs, called: Mutex::default(), wrong: Mutex::default() });
        let record = Record::default();
        let (seen, known) = (record.clone(), Arc::clone(&state));
        let handler: server::Handler =
            Arc::new(move |request, peer| Box::pin(take(seen.clone(), Arc::clone(&known), request, peer)));
        let address = server::serve(Some(tls), handler);
        for host in hosts {
            stage.resolve(host, address);
        }
        Self { address, record, state }
    }

    /// `compute.instances.list` of every call that came through, those in batches too; gRPC's have paths.
    pub(crate) fn called(&self) -> Vec<String> {
        self.state.called.lock().unwrap().clone()
    }

    /// How many requests reached it.
    pub(crate) fn requests(&self) -> usize {
        self.record.len()
    }

    /// Every call was one that Google describes.
    #[track_caller]
    pub(crate) fn was_called_as_described(&self) {
        assert_eq!(self.wrong(), Vec::<String>::new());
    }

    /// What was wrong with the calls that Google does not describe.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.state.wrong.lock().unwrap().clone()
    }

    /// What it answers to a call of gRPC.
    pub(crate) fn rpc(&self, seen: &Seen, body: &[u8]) -> Answer {
        self.state.rpc(seen, body)
    }
}

impl State {
    /// Status and document.
    fn call(&self, host: &str, verb: &str, target: &str, body: &[u8]) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let best = self.methods.iter().filter_map(|one| Some((one.fits(host, verb, path)?, one)));
        let flaw = match best.max_by_key(|(literal, _)| *literal) {
            None => "no such method".to_owned(),
            Some((_, method)) => match method.flaw(query, body) {
                None => {
                    self.called.lock().unwrap().push(method.id.clone());
                    return (200, method.answer.clone());
                }
                Some(flaw) => format!("{}: {flaw}", method.id),
            },
        };
        self.wrong.lock().unwrap().push(format!("{verb} {host}{target}: {flaw}"));
        (400, json!({ "error": { "code": 400, "message": flaw, "status": "INVALID_ARGUMENT" } }))
    }

    fn rpc(&self, seen: &Seen, body: &[u8]) -> Answer {
        let flaw = match &self.rpcs {
            None => Some((google_rpc::UNIMPLEMENTED, "no gRPC was expected".to_owned())),
            Some(rpcs) => rpcs.flaw(seen, body),
        };
        let Some((code, flaw)) = flaw else {
            self.called.lock().unwrap().push(seen.target.clone());
            return google_rpc::answer(&seen.target);
        };
        self.wrong.lock().unwrap().push(format!("{}{}: {flaw}", seen.host, seen.target));
        google_rpc::refusal(code, &flaw)
    }

    /// Every part's answer, in the order of the parts.
    fn batch(&self, host: &str, media: &str, body: &[u8]) -> Answer {
        let boundary = media.split_once("boundary=").map(|(_, rest)| rest.trim_matches('"')).expect("a boundary");
        let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
        let boundary = format!("--{boundary}");
        let parts = text.split(&boundary).skip(1).take_while(|part| !part.starts_with("--"));
        let mut said = String::new();
        for part in parts {
            let (about, request) = part.split_once("\n\n").expect("a head before the request");
            let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
            let mut line = head.split_whitespace();
            let (verb, target) = (line.next().expect("a method"), line.next().expect("a target"));
            let target = target.strip_prefix(&format!("https://{host}")).unwrap_or(target);
            let (status, document) = self.call(host, verb, target, body.trim().as_bytes());
            let id = about.lines().find_map(|line| line.strip_prefix("Content-ID: <")).unwrap_or(">");
            said += &format!(
                "--answers\r\nContent-Type: application/http\r\nContent-ID: <response-{id}\r\n\r\nHTTP/1.1 {status} \
                 Said\r\nContent-Type: application/json\r\n\r\n{document}\r\n"
            );
        }
        answer(200, "multipart/mixed; boundary=answers", said + "--answers--\r\n")
    }
}

async fn take(record: Record, state: Arc<State>, request: Request<Incoming>, peer: Peer) -> Answer {
    let seen = Seen::of(&request, &peer);
    record.push(seen.clone());
    let Ok(body) = request.into_body().collect().await else { return answer(400, "text/plain", "the body broke") };
    let body = body.to_bytes();
    let media = seen.header("content-type").unwrap_or_default();
    if media.starts_with("application/grpc") {
        return state.rpc(&seen, &body);
    }
    if seen.target.starts_with("/batch") {
        return state.batch(&seen.host, media, &body);
    }
    let (status, document) = state.call(&seen.host, &seen.method, &seen.target, &body);
    server::json(status, &document)
}
