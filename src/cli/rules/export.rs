//! `rules export`: the built-in packs as files.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::rules::builtin_sources;

/// Write the built-in packs into a folder, to read them or to copy from them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate rules export /tmp/packs")]
pub(super) struct Export {
    /// The folder; it is created, and no file in it is overwritten.
    folder: PathBuf,
}

pub(super) fn run(args: &Export, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let sources = builtin_sources();
    for source in &sources {
        let file = args.folder.join(source.file.trim_start_matches("rules/"));
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        let written =
            made.and_then(|()| fs::File::create_new(&file)).and_then(|mut file| file.write_all(source.text.as_bytes()));
        if let Err(error) = written {
            writeln!(err, "{}: cannot be written: {error}", file.display())?;
            return Ok(2);
        }
    }
    writeln!(out, "{} files written to {}", sources.len(), args.folder.display())?;
    Ok(0)
}
