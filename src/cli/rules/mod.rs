//! `rules check`, `rules list`, `rules show`, `rules export`.

mod import;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::{Setup, rule_sources};
use crate::config::{Diagnostic, Diagnostics};
use crate::prove;
use crate::rules::{Layer, RuleSet, Source, builtin_sources};

/// Look at the rules, and prove them.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Load the built-in packs and the given files, look for mistakes, and run the tests inside the rules.
    Check {
        /// Files or folders of rules.
        paths: Vec<PathBuf>,
        /// A configuration folder whose rules are checked too.
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List every rule with what it says.
    List {
        /// A configuration folder whose rules are listed too.
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print a rule's file.
    Show {
        /// The rule's id: `aws/delete-stack`. `base/matrix` shows the matrix, `base/limits` the limits.
        id: String,
        /// A configuration folder whose rules are known too.
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
    },
    /// Write AWS policies' denials, or those of Claude Code's settings, as rules, and list what could not be carried over.
    Import(import::ImportArgs),
    /// Write the built-in packs into a folder, to read them or to copy from them.
    Export {
        /// The folder; it is created, and no file in it is overwritten.
        folder: PathBuf,
    },
}

/// Runs the command; returns the exit code (0 done, 1 a check failed, 2 a mistake in the configuration or the arguments).
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(args: &RulesArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    match &args.command {
        RulesCommand::Check { paths, config, json } => check(paths, config.as_ref(), *json, out, err),
        RulesCommand::List { config, json } => match load(config.as_ref()) {
            Ok(rules) => list(&rules, *json, out),
            Err(wrong) => complain(&wrong, err),
        },
        RulesCommand::Show { id, config } => show(id, config.as_ref(), out, err),
        RulesCommand::Import(args) => import::run(args, out, err),
        RulesCommand::Export { folder } => export(folder, out, err),
    }
}

fn complain(wrong: &Diagnostics, err: &mut impl Write) -> io::Result<u8> {
    writeln!(err, "{wrong}")?;
    Ok(2)
}

fn load(config: Option<&PathBuf>) -> Result<RuleSet, Diagnostics> {
    config.map_or_else(|| Ok(RuleSet::builtin()), |path| Setup::read(path).map(|setup| setup.rules))
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

fn check(
    paths: &[PathBuf],
    config: Option<&PathBuf>,
    json: bool,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<u8> {
    let (rules, problems) = checked(paths, config);
    let is_ok = problems.is_empty();
    let report = Report {
        ok: is_ok,
        revision: rules.as_ref().map(RuleSet::revision),
        rules: rules.as_ref().map_or(0, |rules| rules.rules().len()),
        limits: rules.as_ref().map_or(0, |rules| rules.limits().len()),
        tests: rules.as_ref().map_or(0, prove::count),
        problems: &problems,
    };
    if json {
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

fn is_copy(source: &Source, known: &Source) -> bool {
    let path = known.file.trim_start_matches("rules/");
    source.text == known.text && source.file.replace('\\', "/").ends_with(path)
}

fn list(rules: &RuleSet, json: bool, out: &mut impl Write) -> io::Result<u8> {
    if json {
        for rule in rules.rules() {
            let line = serde_json::json!({
                "id": rule.id, "decision": rule.decision, "mode": rule.mode, "severity": rule.severity,
                "layer": rule.layer.as_str(), "owner": rule.owner, "message": rule.message, "instead": rule.instead,
            });
            writeln!(out, "{line}")?;
        }
        return Ok(0);
    }
    let width = rules.rules().iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.rules() {
        let own = if rule.layer == Layer::BuiltIn { "" } else { "  (organisation)" };
        writeln!(out, "{:width$}  {:8}  {:7}  {:8}{own}", rule.id, rule.decision, rule.mode, rule.severity)?;
    }
    for limit in rules.limits() {
        let minutes = limit.per.as_secs_f64() / 60.0;
        writeln!(out, "{:width$}  {:8}  beyond {} in {minutes} min", limit.id, limit.decision, limit.quantity)?;
    }
    writeln!(out, "{} rules, {} limits ({})", rules.rules().len(), rules.limits().len(), rules.revision())?;
    Ok(0)
}

fn show(id: &str, config: Option<&PathBuf>, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let mut sources = builtin_sources();
    if let Some(path) = config {
        match Setup::sources(path) {
            Ok(found) => sources.extend(found),
            Err(wrong) => return complain(&wrong, err),
        }
    }
    let stem = |source: &Source| {
        let path = source.file.replace('\\', "/");
        path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml")).unwrap_or(&path).to_owned()
    };
    let is_it =
        |source: &&Source| stem(source).strip_suffix(id).is_some_and(|rest| rest.ends_with('/') || rest.is_empty());
    if let Some(source) = sources.iter().find(is_it) {
        writeln!(out, "# {}", source.file)?;
        write!(out, "{}", source.text)?;
        return Ok(0);
    }
    let stems: Vec<String> =
        sources.iter().map(|source| stem(source).trim_start_matches("rules/").to_owned()).collect();
    write!(err, "there is no rule `{id}`")?;
    match crate::config::nearest(id, stems.iter().map(String::as_str)) {
        Some(help) => writeln!(err, "\n  help: {help}")?,
        None => writeln!(err, "\n  help: `rules list` names them all")?,
    }
    Ok(2)
}

fn export(folder: &std::path::Path, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let sources = builtin_sources();
    for source in &sources {
        let file = folder.join(source.file.trim_start_matches("rules/"));
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        let written =
            made.and_then(|()| fs::File::create_new(&file)).and_then(|mut file| file.write_all(source.text.as_bytes()));
        if let Err(error) = written {
            writeln!(err, "{}: cannot be written: {error}", file.display())?;
            return Ok(2);
        }
    }
    writeln!(out, "{} files written to {}", sources.len(), folder.display())?;
    Ok(0)
}
