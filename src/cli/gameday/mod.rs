//! `blastgate gameday`: what agents have done to others, played against the operator's rules and inventory. Nothing is sent.

mod answer;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::app::{Setup, rule_sources};
use crate::config::{Diagnostic, Diagnostics, Glob, Inventory, nearest};
use crate::model::{Posture, Timestamp};
use crate::prove::Bench;
use crate::prove::gameday::{Incident, Outcome, Played, library_sources};

/// Play incidents against your rules and inventory. Nothing is sent or run.
#[derive(Debug, Args)]
#[command(after_help = "\
Each incident is something that an agent did to somebody, step by step. What must be stopped has to be, and what \
is harmless has to pass. Placeholders in it, such as {prod.account}, are filled from your inventory.

Examples:
  blastgate gameday                             the library
  blastgate gameday incidents/                  and your own
  blastgate gameday --only 'kiro-*' --full      some of them, every step
  blastgate gameday --posture guarded --json    in CI

Exits with 0, with 1 where something passes that must not (or the reverse), with 2 where a file is wrong. Known \
gaps, which the incidents themselves name, are shown and do not count.")]
pub(super) struct Gameday {
    /// Incidents of your own: files, or folders of them.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only the incident of this id; with `*`, all that fit; may be given again.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Play as if the gate had this posture [default: that of config.yaml]
    #[arg(long, value_name = "POSTURE", value_parser = posture())]
    posture: Option<Posture>,
    /// Show every step, and what the agent would have been told.
    #[arg(long, conflicts_with = "json")]
    full: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The configuration folder [default: your own]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

fn posture() -> impl clap::builder::TypedValueParser<Value = Posture> {
    let words = Posture::ALL.iter().map(|posture| posture.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Posture>())
}

impl Gameday {
    /// The operator's own configuration counts where none is named.
    pub(super) fn default_config(&mut self, own: impl FnOnce() -> Option<PathBuf>) {
        self.config = self.config.take().or_else(own);
    }
}

/// What was played, and with what.
struct Day<'a> {
    played: Vec<Played<'a>>,
    bench: Bench<'a>,
}

/// Runs the command; returns the exit code (0 no gap, 1 a gap, 2 a mistake in a file or the arguments).
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(
    args: &Gameday,
    at: Timestamp,
    width: Option<usize>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let prepared = prepare(args);
    let (setup, incidents) = match prepared {
        Ok(prepared) => prepared,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(super::EXIT_USAGE);
        }
    };
    for warning in setup.inventory.warnings() {
        writeln!(err, "warning: {warning}")?;
    }
    let bench = Bench {
        rules: &setup.rules,
        inventory: &setup.inventory,
        bodies: &setup.config.bodies,
        posture: args.posture.unwrap_or(setup.config.posture),
    };
    let played = incidents.iter().map(|incident| incident.play(&bench, at)).collect();
    let day = Day { played, bench };
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&answer::answer(&day))?)?;
    } else {
        page::Page { day: &day, width, is_full: args.full || incidents.len() == 1 }.write(out)?;
    }
    out.flush()?;
    let is_red = |one: &Played<'_>| matches!(one.outcome(), Outcome::Gap | Outcome::FalseAlarm);
    Ok(u8::from(day.played.iter().any(is_red)))
}

fn prepare(args: &Gameday) -> Result<(Setup, Vec<Incident>), Diagnostics> {
    let setup = args.config.as_deref().map_or_else(|| Ok(Setup::default()), Setup::read)?;
    let incidents = incidents(args, &setup.inventory)?;
    Ok((setup, incidents))
}

/// The library and the operator's own, checked; everything that is wrong is told at once.
fn incidents(args: &Gameday, inventory: &Inventory) -> Result<Vec<Incident>, Diagnostics> {
    let mut wrong = Vec::new();
    let mut texts: Vec<(String, String)> =
        library_sources().iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    for path in &args.paths {
        match rule_sources(path) {
            Ok(found) if found.is_empty() => {
                wrong.push(Diagnostic::new(path.display().to_string(), "there is no incident in it: no .yaml file"));
            }
            Ok(found) => texts.extend(found.into_iter().map(|source| (source.file, source.text))),
            Err(Diagnostics(found)) => wrong.extend(found),
        }
    }
    let mut incidents: Vec<Incident> = Vec::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in texts {
        match Incident::parse(&file, &text, inventory) {
            Ok(incident) => {
                if let Some(other) = files.insert(incident.id.clone(), file.clone()) {
                    let mut twin =
                        Diagnostic::new(file, format!("the incident `{}` stands in `{other}` too", incident.id));
                    twin.suggestion = Some("choose another name for the file and the id".to_owned());
                    wrong.push(twin);
                }
                incidents.push(incident);
            }
            Err(Diagnostics(found)) => wrong.extend(found),
        }
    }
    if wrong.is_empty() { only(incidents, &args.only) } else { Err(Diagnostics(wrong)) }
}

/// Those that were asked for.
fn only(incidents: Vec<Incident>, asked: &[String]) -> Result<Vec<Incident>, Diagnostics> {
    if asked.is_empty() {
        return Ok(incidents);
    }
    let mut wrong = Vec::new();
    let mut globs = Vec::new();
    for pattern in asked {
        match Glob::parse(pattern) {
            Ok(glob) if incidents.iter().any(|incident| glob.matches(&incident.id)) => globs.push(glob),
            Ok(_) => {
                let mut unknown = Diagnostic::new("--only", format!("there is no incident `{pattern}`"));
                let known = incidents.iter().map(|incident| incident.id.as_str());
                unknown.suggestion = nearest(pattern, known).or(Some("`blastgate gameday` lists them all".to_owned()));
                wrong.push(unknown);
            }
            Err(message) => wrong.push(Diagnostic::new("--only", message)),
        }
    }
    if !wrong.is_empty() {
        return Err(Diagnostics(wrong));
    }
    Ok(incidents.into_iter().filter(|incident| globs.iter().any(|glob| glob.matches(&incident.id))).collect())
}

/// An attempt as a text. Nothing secret of an operator's own incident reaches a screen or a CI's log.
fn attempt_text(attempt: &crate::prove::gameday::Attempt) -> String {
    use crate::identify::tool::ToolCall;
    use crate::prove::gameday::Attempt;
    let text = match attempt {
        Attempt::Http { request, .. } => {
            let line = format!("{} {}", request.method, request.url);
            if request.body.is_empty() { line } else { format!("{line}\n{}", request.body) }
        }
        Attempt::Command { text, .. } => text.trim_end().to_owned(),
        Attempt::Sql { dialect, text, target } => {
            format!("{} ({dialect}, {})", text.trim_end(), target.as_deref().unwrap_or("nobody knows where"))
        }
        Attempt::Tool { call, .. } => match call.as_ref() {
            ToolCall::Mcp { server, tool, arguments, .. } => format!("{server}.{tool} {arguments}"),
            other => format!("{other:?}"),
        },
    };
    crate::record::redact::mask(&text).into_owned()
}
