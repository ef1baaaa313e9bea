//! A cloud of two accounts and two clusters, in memory: small, but what is changed stays changed, and what is deleted is
//! gone. It checks no signatures and lets its caller do everything: what is stopped was stopped by the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response};
use serde_json::{Value, json};

use super::script::Home;

/// The cloud.
#[derive(Debug)]
pub struct Cloud(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Status by account and name.
    stacks: BTreeMap<(Home, String), &'static str>,
    change_sets: BTreeSet<(Home, String)>,
    environments: BTreeSet<(Home, String)>,
    namespaces: BTreeSet<(Home, String)>,
    replicas: BTreeMap<Home, u64>,
    instances: u64,
    objects: BTreeMap<String, Bytes>,
    logging: BTreeSet<Home>,
    /// How many requests arrived.
    received: usize,
}

/// An answer without its framing.
struct Said {
    status: u16,
    media: &'static str,
    body: String,
}

impl Said {
    const fn new(status: u16, media: &'static str, body: String) -> Self {
        Self { status, media, body }
    }

    fn xml(body: impl Into<String>) -> Self {
        Self::new(200, "text/xml", body.into())
    }

    fn json(value: &Value) -> Self {
        Self::new(200, "application/json", value.to_string())
    }

    fn missing(what: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
             <Message>{what} does not exist</Message></Error></ErrorResponse>"
        );
        Self::new(400, "text/xml", body)
    }
}

impl Default for Cloud {
    fn default() -> Self {
        let named = |name: &str| Home::ALL.map(|home| (home, name.to_owned()));
        Self(Mutex::new(State {
            stacks: [((Home::Prod, "cost-report".to_owned()), "UPDATE_COMPLETE")].into(),
            change_sets: BTreeSet::new(),
            environments: named("cost-report-web").into(),
            namespaces: named("cost-report").into(),
            replicas: Home::ALL.map(|home| (home, 2)).into(),
            instances: 0,
            objects: BTreeMap::new(),
            logging: Home::ALL.into(),
            received: 0,
        }))
    }
}

impl Cloud {
    /// Answers one request.
    pub fn answer(&self, head: &Parts, body: &Bytes) -> Response<Bytes> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = state.answer(head, body);
        let mut response = Response::new(Bytes::from(said.body));
        *response.status_mut() = http::StatusCode::from_u16(said.status).unwrap_or_default();
        response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(said.media));
        response
    }

    /// How many requests arrived.
    #[must_use]
    pub fn received(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).received
    }

    /// Whether everything that production had is still there.
    #[must_use]
    pub fn production_stands(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = |name: &str| (Home::Prod, name.to_owned());
        state.stacks.contains_key(&named("cost-report"))
            && state.environments.contains(&named("cost-report-web"))
            && state.namespaces.contains(&named("cost-report"))
            && state.logging.contains(&Home::Prod)
    }
}

impl State {
    fn answer(&mut self, head: &Parts, body: &Bytes) -> Said {
        self.received += 1;
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = head.uri.host().unwrap_or_else(|| header("host")).to_owned();
        if let Some(home) = Home::ALL.into_iter().find(|home| home.kube_authority() == host) {
            return self.kube(home, head, body);
        }
        let signature = header("authorization");
        let Some(home) = Home::ALL.into_iter().find(|home| signature.contains(&home.access_key())) else {
            return Said::new(403, "text/xml", "<ErrorResponse/>".to_owned());
        };
        if let Some((bucket, _)) = host.split_once(".s3.") {
            return self.object(head, bucket, body);
        }
        let target = header("x-amz-target");
        if let Some((_, operation)) = target.rsplit_once('.') {
            return self.json(home, operation);
        }
        let form: BTreeMap<String, String> = form(body).collect();
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        match get("Action").as_str() {
            "GetCallerIdentity" => Said::xml(format!(
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>",
                home.account()
            )),
            "RunInstances" => {
                self.instances += 1;
                Said::xml(format!(
                    "<RunInstancesResponse><instancesSet><item><instanceId>i-{:017x}</instanceId></item>\
                     </instancesSet></RunInstancesResponse>",
                    self.instances
                ))
            }
            action if action.contains("Environment") => self.environment(home, action, get("EnvironmentName")),
            action => self.stack(home, action, get("StackName"), get("ChangeSetName")),
        }
    }

    fn stack(&mut self, home: Home, action: &str, name: String, change_set: String) -> Said {
        let key = (home, name);
        match action {
            "CreateStack" => {
                self.stacks.insert(key, "CREATE_COMPLETE");
            }
            _ if !self.stacks.contains_key(&key) => return Said::missing(&key.1),
            "UpdateStack" => {
                self.stacks.insert(key, "UPDATE_COMPLETE");
            }
            "DeleteStack" => {
                self.stacks.remove(&key);
            }
            "CreateChangeSet" => {
                self.change_sets.insert((home, change_set));
            }
            "DescribeChangeSet" if !self.change_sets.contains(&(home, change_set)) => {
                return Said::missing("the change set");
            }
            _ => {
                let status = self.stacks.get(&key).copied().unwrap_or_default();
                let (name, action) = (&key.1, action);
                return Said::xml(format!(
                    "<{action}Response><{action}Result><StackName>{name}</StackName>\
                     <StackStatus>{status}</StackStatus></{action}Result></{action}Response>"
                ));
            }
        }
        Said::xml(format!("<{action}Response/>"))
    }

    fn environment(&mut self, home: Home, action: &str, name: String) -> Said {
        if action == "TerminateEnvironment" && !self.environments.remove(&(home, name)) {
            return Said::missing("the environment");
        }
        let status = if self.environments.iter().any(|(of, _)| *of == home) { "Ready" } else { "Terminated" };
        Said::xml(format!(
            "<{action}Response><{action}Result><Status>{status}</Status></{action}Result></{action}Response>"
        ))
    }

    fn json(&mut self, home: Home, operation: &str) -> Said {
        match operation {
            "StopLogging" => {
                self.logging.remove(&home);
                Said::json(&json!({}))
            }
            "GetItem" => Said::json(&json!({ "Item": { "month": { "S": "2025-12" }, "total": { "N": "1204.11" } } })),
            _ => Said::json(&json!({})),
        }
    }

    fn object(&mut self, head: &Parts, bucket: &str, body: &Bytes) -> Said {
        let name = format!("{bucket}{}", head.uri.path());
        if head.method == Method::PUT {
            self.objects.insert(name, body.clone());
            return Said::xml("");
        }
        match self.objects.get(&name) {
            Some(object) => Said::new(200, "text/csv", String::from_utf8_lossy(object).into_owned()),
            None => Said::new(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>".to_owned()),
        }
    }

    fn kube(&mut self, home: Home, head: &Parts, body: &Bytes) -> Said {
        let path = head.uri.path();
        let namespace = path.split('/').skip_while(|part| *part != "namespaces").nth(1).unwrap_or_default().to_owned();
        if !self.namespaces.contains(&(home, namespace.clone())) {
            let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
                "message": format!("namespaces \"{namespace}\" not found"), "code": 404 });
            return Said::new(404, "application/json", status.to_string());
        }
        if head.method == Method::DELETE && path.ends_with(&format!("/namespaces/{namespace}")) {
            self.namespaces.remove(&(home, namespace));
            return Said::json(&json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" }));
        }
        let written = serde_json::from_slice(body).unwrap_or(Value::Null);
        if let Some(replicas) = written.pointer("/spec/replicas").and_then(Value::as_u64) {
            self.replicas.insert(home, replicas);
        }
        let replicas = self.replicas.get(&home).copied().unwrap_or(0);
        if path.ends_with("/pods") {
            let pod = |n| json!({ "metadata": { "name": format!("web-{n}"), "namespace": namespace } });
            let items: Vec<Value> = (0..replicas).map(pod).collect();
            return Said::json(&json!({ "kind": "PodList", "apiVersion": "v1", "items": items }));
        }
        Said::json(&json!({ "metadata": { "name": "web", "namespace": namespace }, "spec": { "replicas": replicas } }))
    }
}

/// The members of an `application/x-www-form-urlencoded` body, decoded.
fn form(body: &Bytes) -> impl Iterator<Item = (String, String)> + '_ {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let decoded = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter_map(move |pair| pair.split_once('='))
        .map(move |(name, value)| (decoded(name), decoded(value)))
}
