//! `explain --jsonl`: one JSON object a line in, one a line out, in the same order, in bounded memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::bench;
use super::forms::around;
use super::report::Report;
use crate::app::Setup;
use crate::identify::Known;
use crate::identify::command::Shell;
use crate::identify::tool::{Annotations, ToolCall};
use crate::model::Timestamp;
use crate::prove::{Command, Request, Statement, nobody};

/// A body of 16 MiB in base64, twice over; a longer line is answered with an error and skipped.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// One line in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    http: Option<Http>,
    command: Option<String>,
    mcp: Option<Mcp>,
    sql: Option<Sql>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    cwd: Option<String>,
    env: Option<BTreeMap<String, String>>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    at: Option<At>,
}

/// A call of an MCP tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mcp {
    server: String,
    tool: String,
    #[serde(default)]
    arguments: Value,
    #[serde(default)]
    annotations: Annotations,
}

/// Milliseconds since the epoch, or RFC 3339.
#[derive(Deserialize)]
#[serde(untagged)]
enum At {
    Millis(u64),
    Text(String),
}

/// Only the id, when the rest of a line does not fit.
#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    method: String,
    url: String,
    #[serde(default)]
    headers: Headers,
    body: Option<String>,
    body_b64: Option<String>,
    listener: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sql {
    dialect: String,
    statement: String,
    target: Option<String>,
}

/// A list of pairs, or an object (whose doubled names stay doubled).
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, or a list of pairs")
            }
            fn visit_unit<E>(self) -> Result<Headers, E> {
                Ok(Headers::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(pair) = sequence.next_element()? {
                    headers.push(pair);
                }
                Ok(Headers(headers))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    headers.push(pair);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_any(Seen)
    }
}

#[derive(Serialize)]
struct Failure<'a> {
    id: Option<&'a RawValue>,
    error: String,
}

/// Answers every line of `input`. The output is flushed whenever no further input lies ready, so that a program may ask
/// and wait.
///
/// # Errors
/// Input or output fails.
pub(crate) fn run_lines(setup: &Setup, at: Timestamp, input: impl Read, out: &mut impl Write) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, input);
    let mut writer = BufWriter::with_capacity(1 << 16, out);
    let mut line = Vec::new();
    loop {
        if reader.buffer().is_empty() {
            writer.flush()?;
        }
        line.clear();
        let read = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return writer.flush();
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 >= LINE_BYTES_MAX {
            reader.skip_until(b'\n')?;
            fail(&mut writer, None, format!("the line is longer than {LINE_BYTES_MAX} bytes"))?;
            continue;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        answer(setup, at, &line, &mut writer)?;
        // One giant line does not keep its memory for the rest of the run.
        line.shrink_to(1 << 20);
    }
}

fn answer(setup: &Setup, at: Timestamp, line: &[u8], out: &mut impl Write) -> io::Result<()> {
    let parsed: Line<'_> = match serde_json::from_slice(line) {
        Ok(parsed) => parsed,
        Err(error) => {
            let id = serde_json::from_slice::<OnlyId<'_>>(line).ok().and_then(|only| only.id);
            return fail(out, id, format!("not a line of this form: {error}"));
        }
    };
    let id = parsed.id;
    let forms = [
        parsed.http.is_some(),
        parsed.command.is_some(),
        parsed.mcp.is_some(),
        parsed.sql.is_some(),
        parsed.action.is_some(),
    ];
    if forms.iter().filter(|form| **form).count() != 1 {
        return fail(out, id, "a line has exactly one of `http`, `command`, `mcp`, `sql` and `action`".to_owned());
    }
    let is_local = parsed.command.is_some() || parsed.mcp.is_some();
    if !is_local && (parsed.cwd.is_some() || parsed.env.is_some()) {
        return fail(out, id, "`cwd` and `env` belong to the forms `command` and `mcp`".to_owned());
    }
    let at = match time(parsed.at, at) {
        Ok(at) => at,
        Err(error) => return fail(out, id, error),
    };
    // Sessions carry history, which does not take part here; the key is accepted because callers always send it.
    let _ = parsed.session;
    let report = if let Some(text) = &parsed.command {
        let around = around(parsed.cwd.as_deref(), parsed.env.unwrap_or_default());
        let asked = Command { text, shell: Shell::Posix, around: &around };
        Report::of_command(&bench(setup), &asked, &nobody(at))
    } else if let Some(Sql { dialect, statement, target }) = &parsed.sql {
        let asked = Statement { dialect, text: statement, target: target.as_deref() };
        Report::of_statement(&bench(setup), &asked, &nobody(at))
    } else if let Some(http) = parsed.http {
        match of_request(setup, at, http) {
            Ok(report) => report,
            Err(error) => return fail(out, id, error),
        }
    } else if let Some(Mcp { server, tool, arguments, annotations }) = parsed.mcp {
        let around = around(parsed.cwd.as_deref(), parsed.env.unwrap_or_default());
        let call = ToolCall::Mcp { server, tool, arguments, annotations };
        Report::of_tool(&bench(setup), &call, &around, &nobody(at))
    } else {
        return fail(out, id, "the form `action` is not supported by this version".to_owned());
    };
    let mut answer = report.answer();
    answer.id = id;
    serde_json::to_writer(&mut *out, &answer)?;
    out.write_all(b"\n")
}

fn time(said: Option<At>, now: Timestamp) -> Result<Timestamp, String> {
    match said {
        None => Ok(now),
        Some(At::Millis(millis)) => Ok(Timestamp::from_millis(millis)),
        Some(At::Text(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Timestamp::from_millis(u64::try_from(time.as_millisecond()).unwrap_or(0))),
            Err(error) => Err(format!("`at` is not a time: {error}")),
        },
    }
}

fn of_request(setup: &Setup, at: Timestamp, http: Http) -> Result<Report, String> {
    if let Some(listener) = &http.listener {
        return Err(format!("there is no listener `{listener}`"));
    }
    let body = match (http.body, http.body_b64) {
        (Some(_), Some(_)) => return Err("a request has one of `body` and `body_b64`".to_owned()),
        (Some(text), None) => text.into_bytes(),
        (None, Some(base64)) => match data_encoding::BASE64.decode(base64.as_bytes()) {
            Ok(bytes) => bytes,
            Err(error) => return Err(format!("`body_b64` is not base64: {error}")),
        },
        (None, None) => Vec::new(),
    };
    let request = Request { method: &http.method, url: &http.url, headers: &http.headers.0, body: &body };
    Ok(Report::of(&bench(setup), &request, &Known::default(), &nobody(at)))
}

fn fail(out: &mut impl Write, id: Option<&RawValue>, error: String) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Failure { id, error })?;
    out.write_all(b"\n")
}
