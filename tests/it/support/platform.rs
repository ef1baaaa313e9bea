//! Stand-ins for the platform providers: each knows its provider's own table of operations, takes what stands in it with a
//! body that can be read, answers as little as the clients take, and remembers what was asked.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

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
    base: &'static str,
    answers: Answers,
    calls: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Platform {
    /// Stands in for `host` on this stage: the provider of that folder, whose paths begin with `base`.
    pub(crate) fn on(stage: &mut Stage, folder: &str, (host, base): (&str, &'static str), answers: Answers) -> Self {
        let state = State { rows: rows(folder), base, answers, calls: Mutex::default(), wrong: Mutex::default() };
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

    /// Every call that came through was one of the table's, and its body could be read.
    #[track_caller]
    pub(crate) fn was_called_as_published(&self) {
        assert_eq!(*self.0.wrong.lock().unwrap(), Vec::<String>::new());
    }

    fn wrong(&self, text: String) -> Answer {
        self.0.wrong.lock().unwrap().push(text.clone());
        server::json(400, &json!({ "message": text }))
    }

    async fn take(&self, request: Request<Incoming>) -> Answer {
        let state = &self.0;
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return self.wrong("the body broke".to_owned()) };
        let body = body.to_bytes();
        let whole = format!("{} {}", parts.method, parts.uri.path());
        let read: Result<Value, _> = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
        let Ok(read) = read else { return self.wrong(format!("{whole}: not JSON")) };
        let document = read["query"].as_str().filter(|_| parts.uri.path().contains("graphql"));
        let asked = if let Some(document) = document {
            document.to_owned()
        } else {
            let path = parts.uri.path().strip_prefix(state.base).unwrap_or("?");
            let method = parts.method.as_str();
            let fitting = state.rows.iter().filter_map(|row| Some((row.fits(method, path)?, row)));
            let Some((_, row)) = fitting.max_by_key(|(literal, _)| *literal) else {
                return self.wrong(format!("not in the table: {whole}"));
            };
            row.id.clone()
        };
        let (status, answer) = (state.answers)(&asked);
        state.calls.lock().unwrap().push(asked);
        if status == 204 { server::answer(204, "application/json", "") } else { server::json(status, &answer) }
    }
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
