//! Stand-ins for the platform providers: each knows its provider's own table of operations or its published GraphQL schema,
//! takes what stands in it with a body that can be read, answers as little as the clients take, and remembers what was asked.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::clients;
use super::examiner::Examiner;
use super::server::{self, Answer};
use super::stage::Stage;

/// One row of the table.
#[derive(Debug)]
struct Row {
    /// `zones:delete`.
    id: String,
    method: String,
    path: String,
}

impl Row {
    /// How many of its segments are literal, where the path is one of its own.
    fn fits(&self, method: &str, path: &str) -> Option<usize> {
        let (here, there): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        let is_label = |part: &str| part.starts_with('{') && part.ends_with('}');
        let same = |(mine, other): (&&str, &&str)| mine == other || (is_label(mine) && !other.is_empty());
        let fits = self.method == method && here.len() == there.len() && here.iter().zip(there.iter()).all(same);
        fits.then(|| here.iter().filter(|part| !is_label(part)).count())
    }
}

/// What the provider answers: to an operation (`zones:delete`) or a GraphQL document.
pub(crate) type Answers = fn(&str) -> (u16, Value);

/// The stand-in.
#[derive(Clone)]
pub(crate) struct Platform(Arc<State>);

struct State {
    rows: Vec<Row>,
    /// `None`: it speaks no GraphQL.
    schema: Option<Examiner>,
    base: &'static str,
    answers: Answers,
    calls: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Platform {
    /// Stands in for `host` on this stage: the provider of that folder, whose paths begin with `base`, or whose GraphQL is
    /// there.
    pub(crate) fn on(stage: &mut Stage, folder: &str, (host, base): (&str, &'static str), answers: Answers) -> Self {
        let state = State {
            rows: rows(folder),
            schema: schema(folder),
            base,
            answers,
            calls: Mutex::default(),
            wrong: Mutex::default(),
        };
        let platform = Self(Arc::new(state));
        let taking = platform.clone();
        let handler: server::Handler = Arc::new(move |request, _| {
            let platform = taking.clone();
            Box::pin(async move { platform.take(request).await })
        });
        let address = server::serve(Some(stage.ca.server(&[host], &["h2", "http/1.1"])), handler);
        stage.resolve(host, address);
        platform
    }

    /// The operations that came through, by their names in the table; GraphQL documents as they are.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.calls.lock().unwrap().clone()
    }

    /// Every call that came through was one of the table's or the schema's, and its body could be read.
    #[track_caller]
    pub(crate) fn was_called_as_published(&self) {
        assert_eq!(self.wrong(), Vec::<String>::new());
    }

    /// What was wrong with the calls that are not published.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.0.wrong.lock().unwrap().clone()
    }

    async fn take(&self, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        match body.collect().await {
            Ok(body) => self.answer(&Request::from_parts(parts, body.to_bytes())),
            Err(_) => self.refusal(&format!("{} {}: the body broke", parts.method, parts.uri.path())),
        }
    }

    fn refusal(&self, text: &str) -> Answer {
        self.0.wrong.lock().unwrap().push(text.to_owned());
        server::json(400, &json!({ "message": text, "errors": [{ "message": text }] }))
    }

    /// What it answers to a whole request.
    pub(crate) fn answer(&self, request: &Request<Bytes>) -> Answer {
        let state = &self.0;
        let asked = match &state.schema {
            Some(schema) => state.document(schema, request),
            None => state.operation(request),
        };
        let asked = match asked {
            Ok(asked) => asked,
            Err(flaw) => return self.refusal(&format!("{} {}: {flaw}", request.method(), request.uri().path())),
        };
        let (status, answer) = (state.answers)(&asked);
        state.calls.lock().unwrap().push(asked);
        if status == 204 { server::answer(204, "application/json", "") } else { server::json(status, &answer) }
    }
}

impl State {
    /// The operation that a request asks for, by its name in the table, or what is wrong with it.
    fn operation(&self, request: &Request<Bytes>) -> Result<String, String> {
        if !request.body().is_empty() {
            serde_json::from_slice::<Value>(request.body()).map_err(|_| "not JSON")?;
        }
        let path = request.uri().path().strip_prefix(self.base).unwrap_or("?");
        let fitting = self.rows.iter().filter_map(|row| Some((row.fits(request.method().as_str(), path)?, row)));
        let (_, row) = fitting.max_by_key(|(literal, _)| *literal).ok_or("not in the table")?;
        Ok(row.id.clone())
    }

    /// The document of a request, or what is wrong with it.
    fn document(&self, schema: &Examiner, request: &Request<Bytes>) -> Result<String, String> {
        if request.method() != Method::POST || request.uri().path_and_query().is_none_or(|one| one != self.base) {
            return Err("GraphQL is not there".to_owned());
        }
        let media = request.headers().get("content-type").map_or("", |value| value.to_str().unwrap_or_default());
        if media.split(';').next() != Some("application/json") {
            return Err(format!("no body of JSON, but `{media}`"));
        }
        let call: Value = serde_json::from_slice(request.body()).map_err(|_| "not JSON")?;
        if let Some(flaw) = schema.flaw(&call) {
            return Err(flaw);
        }
        Ok(call["query"].as_str().unwrap_or_default().to_owned())
    }
}

/// What knows the published schema, where the platform speaks GraphQL.
fn schema(folder: &str) -> Option<Examiner> {
    let file = match folder {
        "railway" => clients::railway_schema().to_owned(),
        "linear" => clients::linear_schema().expect("npm, which holds the schema"),
        _ => return None,
    };
    let python = clients::platforms().join("bin/python");
    Some(Examiner::start(&python, include_str!("graphql_examiner.py"), &[&file]))
}

/// The rows of the provider's table; none where it has nothing but GraphQL.
fn rows(folder: &str) -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog").join(folder).join("operations.tsv");
    let text = fs::read_to_string(file).unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let path = cells[3].split('?').next().unwrap_or_default();
        Row { id: format!("{}:{}", cells[0], cells[1]), method: cells[2].to_owned(), path: path.to_owned() }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}
