//! `blastgate man`: manual pages, made from the same definitions as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Command;

/// Print the manual page, or write the pages of all commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate man | man -l -                         read it
  blastgate man --dir ~/.local/share/man/man1      install every page: `man blastgate-run`")]
pub(crate) struct Man {
    /// Write blastgate.1, blastgate-run.1 … into this folder, which is made; pages that stand are replaced
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command; the exit code.
///
/// # Errors
/// A page cannot be written.
pub(crate) fn run(args: &Man, mut command: Command, out: &mut dyn Write) -> io::Result<u8> {
    command.build();
    match &args.dir {
        None => {
            clap_mangen::Man::new(command).render(out)?;
            out.flush()?;
        }
        Some(dir) => {
            fs::create_dir_all(dir)?;
            let pages = write_pages(&command, command.get_name(), dir)?;
            writeln!(out, "{pages} pages written to {}", dir.display())?;
            out.flush()?;
        }
    }
    Ok(0)
}

/// The page of this command and those of its subcommands: `blastgate-log-show.1`.
fn write_pages(command: &Command, name: &str, dir: &Path) -> io::Result<usize> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut text)?;
    fs::write(dir.join(format!("{name}.1")), text)?;
    let mut pages = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        pages += write_pages(inner, &format!("{name}-{}", inner.get_name()), dir)?;
    }
    Ok(pages)
}
