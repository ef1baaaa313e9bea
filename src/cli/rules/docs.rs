//! `rules docs`: reference pages from the rules themselves.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::findings;
use super::loaded::{Loaded, complain_of_missing};
use crate::cli::count;
use crate::rules::docs::{Page, pages};

/// The last line of each page: a file that does not end with it is somebody's own.
const MARK: &str = "<!-- written by `blastgate rules docs` -->\n";

/// Write reference pages of the rules in Markdown: an index, and a page for each pack.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate rules docs --into docs/rules                    the built-in packs
  blastgate rules docs --into docs/rules --config /etc/blastgate
  blastgate rules docs rules/ | less")]
pub(super) struct Docs {
    /// Files or folders of rules, beside the built-in packs.
    paths: Vec<PathBuf>,
    /// The folder for the pages; without it they are printed. Pages written before are replaced, other files are not.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// A configuration folder whose rules are described too.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Docs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    if complain_of_missing(&args.paths, err)? {
        return Ok(2);
    }
    let loaded = Loaded::of(&args.paths, args.config.as_deref());
    let Some(rules) = &loaded.rules else {
        findings::write(&loaded.quoted(loaded.found.iter().cloned()), err)?;
        return Ok(1);
    };
    let pages = pages(rules, &loaded.sources);
    let Some(folder) = &args.into else {
        for page in &pages {
            writeln!(out, "{}", page.text)?;
        }
        return Ok(0);
    };
    if let Err(wrong) = save(&pages, folder) {
        writeln!(err, "{wrong}")?;
        return Ok(2);
    }
    writeln!(out, "{} written to {}", count(pages.len() as u64, "page"), folder.display())?;
    Ok(0)
}

fn save(pages: &[Page], folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: cannot be made: {error}", folder.display()))?;
    for page in pages {
        let file = folder.join(&page.file);
        if fs::read_to_string(&file).is_ok_and(|text| !text.ends_with(MARK)) {
            let help = "move it away, or choose another folder";
            return Err(format!("{}: is not a page of ours, and is left as it is\n  help: {help}", file.display()));
        }
        let text = format!("{}\n{MARK}", page.text);
        fs::write(&file, text).map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
    }
    Ok(())
}
