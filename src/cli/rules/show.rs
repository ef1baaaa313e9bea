//! `rules show`: a rule's file.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::complain;
use crate::app::Setup;
use crate::rules::{Source, builtin_sources};

/// Print a rule's file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate rules show aws/delete-stack
  blastgate rules show base/matrix")]
pub(super) struct Show {
    /// The rule's id: `aws/delete-stack`. `base/matrix` shows the matrix, `base/limits` the limits.
    id: String,
    /// A configuration folder whose rules are known too.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Show, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let id = args.id.as_str();
    let mut sources = builtin_sources();
    if let Some(path) = &args.config {
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
