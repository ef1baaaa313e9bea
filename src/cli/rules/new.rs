//! `rules new`: a first text for a rule.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::own_configuration;
use crate::prove::{Seed, skeleton};
use crate::rules::RuleSet;

/// Write a new rule: complete, commented, in mode `shadow`, with tests that pass.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is run, and no file is overwritten.

Examples:
  blastgate rules new acme/payments-database --command 'aws rds delete-db-instance --db-instance-identifier payments'
  blastgate rules new acme/no-namespace-delete --operation kubernetes:core:namespaces.delete
  blastgate rules new acme/first --into rules")]
pub(super) struct New {
    /// The rule's id, `folder/name`: it becomes the file's path.
    id: String,
    /// The folder of rules [default: `rules` beside your config.yaml, else here]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// About what this command line does.
    #[arg(long, value_name = "CMD", conflicts_with = "operation")]
    command: Option<String>,
    /// About this operation; `blastgate operations` lists them.
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
}

pub(super) fn run(args: &New, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let seed = match (&args.command, &args.operation) {
        (Some(command), _) => Seed::Command(command),
        (None, Some(operation)) => Seed::Operation(operation),
        (None, None) => Seed::Example,
    };
    let text = match skeleton(&args.id, seed, &RuleSet::builtin()) {
        Ok(text) => text,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(2);
        }
    };
    let beside = |file: PathBuf| if file.is_dir() { file } else { file.parent().map(Into::into).unwrap_or_default() };
    let folder = args.into.clone().unwrap_or_else(|| own_configuration().map(beside).unwrap_or_default().join("rules"));
    let file = folder.join(format!("{}.yaml", args.id));
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| fs::File::create_new(&file)).and_then(|mut file| file.write_all(text.as_bytes()));
    let shown = file.display();
    if let Err(error) = written {
        if error.kind() == io::ErrorKind::AlreadyExists {
            writeln!(err, "{shown} stands there already, and is left as it is\n  help: choose another id")?;
        } else {
            writeln!(err, "{shown}: cannot be written: {error}")?;
        }
        return Ok(2);
    }
    let id = &args.id;
    writeln!(
        out,
        "\
{shown} is written. It loads, its tests pass, and it is in shadow: decided and recorded, nothing is stopped.

Next:
  1. write owner, message and instead; narrow `match` to what you mean, and add near misses to the tests
  2. blastgate rules test -v {shown}
  3. blastgate rules check {}
  4. let the gate run with it, and see what it would have stopped: blastgate log rule:{id}
  5. take the line `mode: shadow` away",
        folder.display()
    )?;
    Ok(0)
}
