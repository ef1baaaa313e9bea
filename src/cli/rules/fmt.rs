//! `rules fmt`: files of rules in their canonical form.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::findings;
use super::loaded::complain_of_missing;
use crate::app::rule_sources;
use crate::cli::count;
use crate::config::{Diagnostic, Diagnostics};
use crate::rules::Source;
use crate::rules::format::format;

/// Put files of rules into their canonical form: order of keys, spaces, quotes. Comments and meaning stay.
#[derive(Debug, Args)]
#[command(after_help = "\
What is written is read again and compared: a file that cannot be put in form without a change of its meaning, or
without losing a comment, is left as it is and named.

Exit codes: 0 all are in form now, 1 one is not (--check) or cannot be, 2 the arguments are wrong.

Examples:
  blastgate rules fmt rules/
  blastgate rules fmt --check rules/     for CI: writes nothing, shows what would change")]
pub(super) struct Fmt {
    /// Files or folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write nothing; show what would change, and exit with 1 if anything would.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Fmt, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    if complain_of_missing(&args.paths, err)? {
        return Ok(2);
    }
    let mut refused: Vec<Diagnostic> = Vec::new();
    let (mut same, mut changed) = (0u64, 0u64);
    let mut sources: Vec<Source> = Vec::new();
    for path in &args.paths {
        match rule_sources(path) {
            Ok(found) => sources.extend(found),
            Err(Diagnostics(found)) => refused.extend(found),
        }
    }
    for source in &sources {
        match format(&source.file, &source.text) {
            Ok(text) if text == source.text => same += 1,
            Ok(text) if args.check => {
                changed += 1;
                difference(source, &text, out)?;
            }
            Ok(text) => match fs::write(&source.file, text) {
                Ok(()) => {
                    changed += 1;
                    writeln!(out, "{}", source.file)?;
                }
                Err(error) => refused.push(Diagnostic::new(&source.file, format!("cannot be written: {error}"))),
            },
            Err(found) => refused.push(found),
        }
    }
    findings::write(&refused, out)?;
    let verb = if args.check { "not in form" } else { "put in form" };
    let total = count(sources.len() as u64, "file");
    write!(out, "{total}: {same} in form already, {changed} {verb}")?;
    if !refused.is_empty() {
        write!(out, ", {} left as they are", refused.len())?;
    }
    writeln!(out)?;
    Ok(u8::from(!refused.is_empty() || (args.check && changed > 0)))
}

fn difference(source: &Source, text: &str, out: &mut impl Write) -> io::Result<()> {
    let diff = similar::TextDiff::from_lines(source.text.as_str(), text);
    let file = &source.file;
    writeln!(out, "{}", diff.unified_diff().context_radius(1).header(file, &format!("{file} (in form)")))
}
