//! `rules check`: load, look for mistakes, run the tests inside the rules.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::app::{Setup, rule_sources};
use crate::config::{Diagnostic, Diagnostics};
use crate::prove;
use crate::rules::{RuleSet, Source, builtin_sources};

/// Load the built-in packs and the given files, look for mistakes, and run the tests inside the rules.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files or folders of rules.
    paths: Vec<PathBuf>,
    /// A configuration folder whose rules are checked too.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `rules check --json` prints.
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
    let (rules, problems) = checked(&args.paths, args.config.as_ref());
    let is_ok = problems.is_empty();
    let report = Report {
        ok: is_ok,
        revision: rules.as_ref().map(RuleSet::revision),
        rules: rules.as_ref().map_or(0, |rules| rules.rules().len()),
        limits: rules.as_ref().map_or(0, |rules| rules.limits().len()),
        tests: rules.as_ref().map_or(0, prove::count),
        problems: &problems,
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        for problem in &problems {
            writeln!(err, "{problem}")?;
        }
        let Report { rules, limits, tests, revision, .. } = report;
        match revision {
            Some(revision) if is_ok => {
                writeln!(out, "{rules} rules, {limits} limits, {tests} tests: all hold ({revision})")?;
            }
            Some(_) => writeln!(out, "{rules} rules, {limits} limits, {tests} tests: {} failed", problems.len())?,
            None => writeln!(out, "nothing was loaded: {} problems", problems.len())?,
        }
    }
    Ok(u8::from(!is_ok))
}

fn checked(paths: &[PathBuf], config: Option<&PathBuf>) -> (Option<RuleSet>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    if let Some(path) = config {
        match Setup::sources(path) {
            Ok(found) => sources.extend(found),
            Err(Diagnostics(found)) => problems.extend(found),
        }
    }
    for path in paths {
        match rule_sources(path) {
            Ok(found) => sources.extend(found),
            Err(Diagnostics(found)) => problems.extend(found),
        }
    }
    // An exported pack that nobody changed is the built-in one; it would only collide with itself.
    sources.retain(|source| !builtin_sources().iter().any(|known| is_copy(source, known)));
    if !problems.is_empty() {
        return (None, problems);
    }
    match RuleSet::load(&sources) {
        Ok(rules) => {
            let failed = prove::run(&rules);
            (Some(rules), failed)
        }
        Err(Diagnostics(found)) => (None, found),
    }
}

/// Whether it is a built-in file that was exported and not changed.
pub(super) fn is_copy(source: &Source, known: &Source) -> bool {
    let path = known.file.trim_start_matches("rules/");
    source.text == known.text && source.file.replace('\\', "/").ends_with(path)
}
