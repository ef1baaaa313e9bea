//! `rules check`: load, look for mistakes, run the tests inside the rules.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::findings;
use super::loaded::{Loaded, complain_of_missing};
use crate::app::SystemClock;
use crate::cli::count;
use crate::config::{Diagnostic, Gravity, sarif};
use crate::model::Clock as _;
use crate::prove;
use crate::rules::RuleSet;

/// Load the built-in packs and the given files, look for mistakes, and run the tests inside the rules.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 everything holds, 1 a mistake was found or a test failed, 2 the arguments are wrong.

Examples:
  blastgate rules check rules/                 your rules beside the built-in packs
  blastgate rules check --config /etc/blastgate
  blastgate rules check --strict rules/        warnings fail too
  blastgate rules check --format sarif rules/ > rules.sarif   for a code scanner")]
pub(super) struct Check {
    /// Files or folders of rules.
    paths: Vec<PathBuf>,
    /// A configuration folder whose rules are checked too.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// How the findings are written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print one JSON object: `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Warnings fail the check too.
    #[arg(long)]
    strict: bool,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code scanners.
    Sarif,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    revision: Option<&'a str>,
    rules: usize,
    limits: usize,
    tests: usize,
    problems: &'a [Diagnostic],
}

pub(super) fn run(args: &Check, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    if complain_of_missing(&args.paths, err)? {
        return Ok(2);
    }
    let loaded = Loaded::of(&args.paths, args.config.as_deref());
    let mut found = loaded.quoted(loaded.found.iter().cloned());
    if let Some(rules) = &loaded.rules {
        found.extend(loaded.quoted(prove::run(rules)));
        found.extend(rules.review(&loaded.sources, &loaded.people, SystemClock.now()));
    }
    let is_ok = !found.iter().any(|one| one.gravity == Gravity::Error || args.strict);
    let rules = loaded.rules.as_ref();
    let report = Report {
        ok: is_ok,
        revision: rules.map(RuleSet::revision),
        rules: rules.map_or(0, |rules| rules.rules().len()),
        limits: rules.map_or(0, |rules| rules.limits().len()),
        tests: rules.map_or(0, prove::count),
        problems: &found,
    };
    match args.format {
        _ if args.json => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        Format::Json => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        Format::Sarif => writeln!(out, "{:#}", sarif(&found))?,
        Format::Human => {
            findings::write(&found, out)?;
            summary(&report, out)?;
        }
    }
    Ok(u8::from(!is_ok))
}

fn summary(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let Report { rules, limits, tests, problems, .. } = *report;
    let Some(revision) = report.revision else {
        return writeln!(out, "nothing was loaded: {}", findings::summary(problems));
    };
    let counted = [count(rules as u64, "rule"), count(limits as u64, "limit"), count(tests as u64, "test")].join(", ");
    if problems.is_empty() {
        return writeln!(out, "{counted}: all hold ({revision})");
    }
    writeln!(out, "{counted}: {}", findings::summary(problems))
}
