//! `explain --jsonl`: one JSON object a line in, one a line out, in the same order, in bounded memory.

use std::fmt;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::bench;
use super::report::Report;
use crate::app::Setup;
use crate::identify::Known;
use crate::model::Timestamp;
use crate::prove::{Request, nobody};

/// A body of 16 MiB in base64, twice over; a longer line is answered with an error and skipped.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// One line in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    http: Option<Http>,
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    mcp: Option<&'a RawValue>,
    #[serde(borrow)]
    sql: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    cwd: Option<&'a RawValue>,
    #[serde(borrow)]
    env: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    at: Option<At>,
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
    let others = [("command", parsed.command), ("mcp", parsed.mcp), ("sql", parsed.sql), ("action", parsed.action)];
    let forms = others.iter().filter(|(_, form)| form.is_some()).count() + usize::from(parsed.http.is_some());
    if forms != 1 {
        return fail(out, id, "a line has exactly one of `http`, `command`, `mcp`, `sql` and `action`".to_owned());
    }
    let Some(http) = parsed.http else {
        let form = others.iter().find(|(_, form)| form.is_some()).map_or("", |(name, _)| name);
        return fail(out, id, format!("the form `{form}` is not supported by this version"));
    };
    if parsed.cwd.is_some() || parsed.env.is_some() {
        return fail(out, id, "`cwd` and `env` belong to the form `command`".to_owned());
    }
    // Sessions carry history, which does not take part here; the key is accepted because callers always send it.
    let _ = parsed.session;
    if let Some(listener) = &http.listener {
        return fail(out, id, format!("there is no listener `{listener}`"));
    }
    let body = match (http.body, http.body_b64) {
        (Some(_), Some(_)) => return fail(out, id, "a request has one of `body` and `body_b64`".to_owned()),
        (Some(text), None) => text.into_bytes(),
        (None, Some(base64)) => match data_encoding::BASE64.decode(base64.as_bytes()) {
            Ok(bytes) => bytes,
            Err(error) => return fail(out, id, format!("`body_b64` is not base64: {error}")),
        },
        (None, None) => Vec::new(),
    };
    let at = match parsed.at {
        None => at,
        Some(At::Millis(millis)) => Timestamp::from_millis(millis),
        Some(At::Text(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Timestamp::from_millis(u64::try_from(time.as_millisecond()).unwrap_or(0)),
            Err(error) => return fail(out, id, format!("`at` is not a time: {error}")),
        },
    };
    let request = Request { method: &http.method, url: &http.url, headers: &http.headers.0, body: &body };
    let report = Report::of(&bench(setup), &request, &Known::default(), &nobody(at));
    let mut answer = report.answer();
    answer.id = id;
    serde_json::to_writer(&mut *out, &answer)?;
    out.write_all(b"\n")
}

fn fail(out: &mut impl Write, id: Option<&RawValue>, error: String) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Failure { id, error })?;
    out.write_all(b"\n")
}
