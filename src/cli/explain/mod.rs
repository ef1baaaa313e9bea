//! `explain`: what a request, a command or a statement would do and what the gate would say, for a person or line by line
//! for a program.
//!
//! Nothing is sent. The readings, the rules and the decision are those of the gate; only its memory (limits, approvals)
//! does not take part.

mod forms;
mod lines;
mod report;

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::Args;

use crate::app::Setup;
use crate::config::{Diagnostic, Diagnostics};
use crate::identify::Known;
use crate::model::Timestamp;
use crate::prove::{Bench, Request, nobody};

pub(super) use forms::Language;
pub(super) use lines::run_lines;

/// Explain what a request or a command would do and what would be decided. Nothing is sent or run.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate explain -X DELETE https://api.github.com/repos/acme/shop
  blastgate explain -- terraform apply tfplan
  blastgate explain -- 'cd infra && terraform destroy -auto-approve'
  blastgate explain --script deploy.sh
  blastgate explain --sql 'drop table orders' --dialect postgres --target db.example/shop
  blastgate explain --jsonl < calls.jsonl")]
pub(super) struct ExplainArgs {
    /// The method; POST when there is a body, else GET.
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// The whole URL.
    #[arg(required_unless_present_any = ["jsonl", "command", "script", "sql"], conflicts_with_all = ["jsonl", "command", "script", "sql"])]
    pub(super) url: Option<String>,
    /// A command: its words, or one text in the shell's language.
    #[arg(last = true, value_name = "CMD", conflicts_with_all = ["jsonl", "script", "sql"])]
    pub(super) command: Vec<String>,
    /// A script in a file; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["jsonl", "sql"])]
    pub(super) script: Option<PathBuf>,
    /// The language of the command or script.
    #[arg(long, value_name = "SHELL", value_enum, default_value_t = forms::Language::Bash)]
    pub(super) shell: forms::Language,
    /// A statement in SQL.
    #[arg(long, value_name = "STATEMENT", conflicts_with = "jsonl")]
    pub(super) sql: Option<String>,
    /// The statement's dialect: postgres, mysql, sqlite, mssql, snowflake, bigquery, clickhouse …
    #[arg(long, value_name = "DIALECT", requires = "sql", default_value = "postgres")]
    pub(super) dialect: String,
    /// Where the statement would run: `host/database`.
    #[arg(long, value_name = "HOST/DB", requires = "sql")]
    pub(super) target: Option<String>,
    /// A header, `Name: value`; may be given again.
    #[arg(short = 'H', long = "header", value_name = "HEADER", conflicts_with = "jsonl")]
    pub(super) headers: Vec<String>,
    /// The body; `@file` reads it from a file, `@-` from standard input.
    #[arg(short = 'd', long = "data", value_name = "BODY", conflicts_with = "jsonl")]
    pub(super) body: Option<String>,
    /// Print the answer as JSON.
    #[arg(long, conflicts_with = "jsonl")]
    pub(super) json: bool,
    /// Read one JSON object a line from standard input, answer each with one line.
    #[arg(long)]
    pub(super) jsonl: bool,
    /// The configuration folder [default: your own; with --jsonl, the built-in packs and an empty inventory]
    #[arg(long, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,
}

impl ExplainArgs {
    /// For a person, their own configuration counts; for programs (`--jsonl`) only what the command line names.
    pub(super) fn default_config(&mut self, own: impl FnOnce() -> Option<PathBuf>) {
        if self.config.is_none() && !self.jsonl {
            self.config = own();
        }
    }
}

/// Runs the command; returns the exit code (0 answered, 2 a mistake in the configuration or the arguments).
///
/// # Errors
/// Input or output fails.
pub(super) fn run(
    args: &ExplainArgs,
    at: Timestamp,
    mut input: impl Read,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<u8> {
    let setup = match args.config.as_deref().map_or_else(|| Ok(Setup::default()), Setup::read) {
        Ok(setup) => setup,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(2);
        }
    };
    for warning in setup.inventory.warnings() {
        writeln!(err, "warning: {warning}")?;
    }
    if args.jsonl {
        run_lines(&setup, at, input, out)?;
        return Ok(0);
    }
    match judge(args, &setup, at, &mut input) {
        Ok(report) if args.json => {
            serde_json::to_writer_pretty(&mut *out, &report.answer())?;
            writeln!(out)?;
            Ok(0)
        }
        Ok(report) => {
            report.print(out)?;
            Ok(0)
        }
        Err(Diagnostics(wrong)) => {
            for one in wrong {
                writeln!(err, "{}", one.message)?;
            }
            Ok(2)
        }
    }
}

/// Judges the request, the command or the statement.
///
/// # Errors
/// The arguments do not say one.
pub(super) fn judge(
    args: &ExplainArgs,
    setup: &Setup,
    at: Timestamp,
    input: &mut impl Read,
) -> Result<report::Report, Diagnostics> {
    match forms::of(args) {
        Some(form) => forms::explain(form, setup, at, input),
        None => explain_one(args, setup, at, input),
    }
}

fn explain_one(
    args: &ExplainArgs,
    setup: &Setup,
    at: Timestamp,
    input: &mut impl Read,
) -> Result<report::Report, Diagnostics> {
    let wrong = |message: String| Diagnostics(vec![Diagnostic::new("", message)]);
    let mut headers = Vec::with_capacity(args.headers.len() + 1);
    for header in &args.headers {
        let (name, value) =
            header.split_once(':').ok_or_else(|| wrong("a header is written as `Name: value`".to_owned()))?;
        headers.push((name.to_owned(), value.trim_start().to_owned()));
    }
    let body = match args.body.as_deref() {
        None => Vec::new(),
        Some("@-") => {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(|error| wrong(format!("standard input cannot be read: {error}")))?;
            bytes
        }
        Some(text) => match text.strip_prefix('@') {
            Some(file) => fs::read(file).map_err(|error| wrong(format!("`{file}` cannot be read: {error}")))?,
            None => text.as_bytes().to_vec(),
        },
    };
    let has_body = args.body.is_some();
    if has_body && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        // As curl does.
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = args.method.as_deref().unwrap_or(if has_body { "POST" } else { "GET" });
    let url = args.url.as_deref().unwrap_or_default();
    let request = Request { method, url, headers: &headers, body: &body };
    Ok(report::Report::of(&bench(setup), &request, &Known::default(), &nobody(at)))
}

fn bench(setup: &Setup) -> Bench<'_> {
    Bench {
        rules: &setup.rules,
        inventory: &setup.inventory,
        bodies: &setup.config.bodies,
        posture: setup.config.posture,
    }
}

#[cfg(test)]
mod tests;
