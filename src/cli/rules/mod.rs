//! `blastgate rules …`: one file for each command.

mod check;
mod diff;
mod docs;
mod explain;
mod export;
mod findings;
mod fmt;
mod import;
mod list;
mod loaded;
mod new;
mod period;
mod schema;
mod shadow;
mod show;
mod test;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::Setup;
use crate::config::Diagnostics;
use crate::rules::RuleSet;

/// Write, check, test and look at rules.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    Check(check::Check),
    Test(test::Test),
    New(new::New),
    Fmt(fmt::Fmt),
    List(list::List),
    Show(show::Show),
    Export(export::Export),
    Explain(Box<explain::Explain>),
    Diff(diff::DiffArgs),
    ShadowReport(shadow::ShadowArgs),
    /// Write AWS policies' denials, or those of Claude Code's settings, as rules, and list what could not be carried over.
    Import(import::ImportArgs),
    Schema(schema::Schema),
    Docs(docs::Docs),
}

/// Runs the command; returns the exit code (0 done, 1 a check failed, 2 a mistake in the configuration or the arguments).
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(args: &RulesArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    match &args.command {
        RulesCommand::Check(args) => check::run(args, out, err),
        RulesCommand::Test(args) => test::run(args, out, err),
        RulesCommand::New(args) => new::run(args, out, err),
        RulesCommand::Fmt(args) => fmt::run(args, out, err),
        RulesCommand::List(args) => list::run(args, out, err),
        RulesCommand::Show(args) => show::run(args, out, err),
        RulesCommand::Export(args) => export::run(args, out, err),
        RulesCommand::Explain(args) => explain::run(args, out, err),
        RulesCommand::Diff(args) => diff::run(args, out, err),
        RulesCommand::ShadowReport(args) => shadow::run(args, out, err),
        RulesCommand::Import(args) => import::run(args, out, err),
        RulesCommand::Schema(args) => schema::run(args, out),
        RulesCommand::Docs(args) => docs::run(args, out, err),
    }
}

/// Says what is wrong with the configuration.
fn complain(wrong: &Diagnostics, err: &mut impl Write) -> io::Result<u8> {
    writeln!(err, "{wrong}")?;
    Ok(2)
}

/// The rules of a configuration folder, or the built-in ones.
fn load(config: Option<&PathBuf>) -> Result<RuleSet, Diagnostics> {
    config.map_or_else(|| Ok(RuleSet::builtin()), |path| Setup::read(path).map(|setup| setup.rules))
}

#[cfg(test)]
mod tests;
