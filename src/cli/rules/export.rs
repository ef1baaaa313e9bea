//! `rules export`: the built-in packs as files.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::config::nearest;
use crate::rules::{Source, builtin_sources, optional_sources};

/// Write the built-in packs into a folder, to read them or to copy from them; or a pack that one opts into.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate rules export /tmp/packs
  blastgate rules export --pack controlled-friction ~/.config/blastgate/rules")]
pub(super) struct Export {
    /// The folder; it is created, and no file in it is overwritten.
    folder: PathBuf,
    /// Only this pack. `controlled-friction` takes part only where it was written into a folder of rules.
    #[arg(long, value_name = "NAME")]
    pack: Option<String>,
}

pub(super) fn run(args: &Export, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let sources = match &args.pack {
        None => builtin_sources(),
        Some(pack) => {
            let all: Vec<Source> = builtin_sources().into_iter().chain(optional_sources()).collect();
            let named = |source: &&Source| folder(source) == pack;
            let found: Vec<Source> = all.iter().filter(named).cloned().collect();
            if found.is_empty() {
                writeln!(err, "there is no pack `{pack}`")?;
                if let Some(help) = nearest(pack, all.iter().map(folder)) {
                    writeln!(err, "  help: {help}")?;
                }
                return Ok(2);
            }
            found
        }
    };
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

/// The pack that a file belongs to.
fn folder(source: &Source) -> &str {
    source.file.rsplit('/').nth(1).unwrap_or_default()
}
