//! `blastgate init`: writes a first configuration, and asks before it says anything about anybody's accounts.

mod ask;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::Failure;
use super::table::visible;
use crate::app::init::{
    self, Candidate, PlannedFile, SourceKind, Written, aws_accounts, entry_line, inventory_text, kubernetes_clusters,
};
use crate::app::{StartError, SystemClock};
use crate::config::{Inventory, MatchKey};
use crate::model::{Clock as _, EnvironmentKind};
use crate::sandbox;

/// Write a first configuration, with every setting and its default
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate init                      ask about your accounts and clusters, then write
  blastgate init --print              show what would be written
  blastgate init --yes --json         for a script

Nothing that stands is overwritten without --force, which keeps a copy. On a terminal it offers to fill the \
inventory from the profiles in ~/.aws/config and the clusters of your kubeconfig. It shows every line first, reads no \
credentials file, and sends nothing anywhere.")]
pub(crate) struct Init {
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Ask nothing: accounts and clusters that are found stand in the inventory as comments
    #[arg(short, long)]
    yes: bool,
    /// Replace files that stand; a copy of each is kept beside it
    #[arg(long)]
    force: bool,
    /// Print the files instead of writing them
    #[arg(long)]
    print: bool,
    /// Say what was done as one JSON object
    #[arg(long)]
    json: bool,
}

/// Exit code: refused by the gate.
const EXIT_REFUSED: u8 = 3;

/// A candidate with what a person said of it.
type Answered = (Candidate, Option<EnvironmentKind>);

pub(crate) fn run(args: &Init) -> Result<ExitCode, Failure> {
    if let Some(outer) = sandbox::outer_gate() {
        let error = anyhow::anyhow!(
            "this runs behind the gate of process {outer}: its configuration is written by the operator, outside of `run`"
        );
        return Err(Failure { error, code: EXIT_REFUSED });
    }
    let (folder, config_file) =
        init::target(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let inventory_file = folder.join("inventory.yaml");
    let (mut found, notes) = discover(|name| std::env::var_os(name));
    let stands = std::fs::read_to_string(&inventory_file).ok();
    let kept = stands.as_ref().filter(|_| !args.force);
    if let Some(known) = kept.and_then(|text| Inventory::parse("inventory.yaml", text).ok()) {
        for (_, candidates) in &mut found {
            candidates.retain(|candidate| !is_named(&known, candidate));
        }
    }
    let is_writable = args.force || stands.is_none();
    let is_asking = is_writable && !args.yes && !args.print && io::stdin().is_terminal() && io::stderr().is_terminal();
    let answered = if is_asking {
        ask::ask(&found, &mut io::stdin().lock(), &mut anstream::stderr()).map_err(Failure::fault)?
    } else {
        found.into_iter().flat_map(|(_, candidates)| candidates).map(|one| (one, None)).collect()
    };
    let files = init::plan(&folder, &config_file, inventory_text(&answered));
    let out = &mut super::out();
    let ended = if args.print {
        print(&files, args.json, out)
    } else {
        let done = carry_out(&files, &config_file, args.force)?;
        let said = Said { done: &done, answered: &answered, notes: &notes, inventory_file: &inventory_file };
        if args.json { said.json(out) } else { said.text(is_writable, out) }
    };
    super::finish(ended.and_then(|()| out.flush()).map(|()| 0))
}

/// What was done.
#[derive(Debug)]
struct Done {
    files: Vec<(PathBuf, Written)>,
    ca: PathBuf,
}

fn carry_out(files: &[PlannedFile], config_file: &Path, force: bool) -> Result<Done, Failure> {
    let now = SystemClock.now();
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let written = init::write(file, force, now)
            .map_err(|error| Failure::usage(anyhow::anyhow!("cannot write `{}`: {error}", file.path.display())))?;
        done.push((file.path.clone(), written));
    }
    let ca = init::make_ca(config_file).map_err(|error| match error {
        StartError::Load(wrong) => Failure::usage(wrong),
        other => Failure::fault(other),
    })?;
    Ok(Done { files: done, ca })
}

/// The accounts and clusters that this machine's own files name, by the file; and what could not be read.
fn discover(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> (Vec<(PathBuf, Vec<Candidate>)>, Vec<String>) {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let home = set("HOME").map(PathBuf::from);
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    let aws = set("AWS_CONFIG_FILE").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".aws/config")));
    let credentials = set("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    let is_secret = |path: &PathBuf| path.ends_with("credentials") || credentials.as_ref() == Some(path);
    if let Some(path) = aws.filter(|path| !is_secret(path))
        && let Some(text) = read(&path, &mut notes)
    {
        found.push((path, aws_accounts(&text)));
    }
    let kubeconfigs: Vec<PathBuf> = match set("KUBECONFIG") {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => home.iter().map(|home| home.join(".kube/config")).collect(),
    };
    for path in kubeconfigs {
        let Some(text) = read(&path, &mut notes) else { continue };
        match kubernetes_clusters(&text) {
            Ok(clusters) => found.push((path, clusters)),
            Err(why) => notes.push(format!("`{}` is passed over: {why}", path.display())),
        }
    }
    let mut seen = std::collections::HashSet::new();
    for (_, candidates) in &mut found {
        candidates.retain(|one| entry_line(one).is_some_and(|line| seen.insert(line)));
    }
    (found, notes)
}

fn read(path: &Path, notes: &mut Vec<String>) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            notes.push(format!("`{}` is passed over: {error}", path.display()));
            None
        }
    }
}

/// Whether the inventory has an entry for it.
fn is_named(inventory: &Inventory, candidate: &Candidate) -> bool {
    let wanted = match candidate.source {
        SourceKind::Aws => MatchKey::Account,
        SourceKind::Kubernetes => MatchKey::Cluster,
    };
    let mut keys = inventory.entries().flat_map(|(entry, _)| &entry.keys);
    keys.any(|(key, glob)| *key == wanted && glob.matches(&candidate.value))
}

fn print(files: &[PlannedFile], json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::json!({ "files": files }));
    }
    for file in files {
        writeln!(out, "# --- {}\n{}", file.path.display(), file.text)?;
    }
    Ok(())
}

/// What is said at the end.
struct Said<'a> {
    done: &'a Done,
    answered: &'a [Answered],
    notes: &'a [String],
    inventory_file: &'a Path,
}

/// A file, as a program reads of it.
#[derive(Serialize)]
struct FileDone<'a> {
    path: &'a Path,
    #[serde(flatten)]
    written: &'a Written,
}

impl Said<'_> {
    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let files: Vec<_> = self.done.files.iter().map(|(path, written)| FileDone { path, written }).collect();
        let candidates = self.answered.iter().map(|(candidate, answer)| {
            serde_json::json!({
                "source": candidate.source, "key": candidate.key, "value": candidate.value, "names": candidate.names,
                "entry": entry_line(candidate), "proposal": candidate.proposal(), "environment": answer,
            })
        });
        let candidates: Vec<_> = candidates.collect();
        let line = serde_json::json!({
            "files": files, "ca": self.done.ca, "candidates": candidates, "notes": self.notes,
        });
        writeln!(out, "{line}")
    }

    fn text(&self, is_writable: bool, out: &mut dyn Write) -> io::Result<()> {
        let dimmed = anstyle::Style::new().dimmed();
        for (path, written) in &self.done.files {
            let path = path.display();
            match written {
                Written::New => writeln!(out, "wrote      {path}")?,
                Written::Kept => {
                    writeln!(out, "kept       {path} {dimmed}(it differs; --force replaces it){dimmed:#}")?
                }
                Written::Unchanged => writeln!(out, "unchanged  {path}")?,
                Written::Replaced { backup } => {
                    writeln!(out, "replaced   {path}\n           {dimmed}the old one: {}{dimmed:#}", backup.display())?;
                }
            }
        }
        writeln!(out, "CA         {}", self.done.ca.display())?;
        for note in self.notes {
            writeln!(out, "note       {}", visible(note))?;
        }
        let open: Vec<&Candidate> =
            self.answered.iter().filter(|(_, answer)| answer.is_none()).map(|(candidate, _)| candidate).collect();
        let inventory = self.inventory_file.display();
        writeln!(out, "\nNext")?;
        match (open.is_empty(), is_writable) {
            (true, _) => writeln!(out, "  say what is production       {inventory}")?,
            (false, true) => {
                writeln!(out, "  say what is production       {inventory}")?;
                writeln!(out, "                               (as comments in it: {})", count(open.len()))?;
            }
            (false, false) => {
                writeln!(out, "  say what is production       {inventory}")?;
                writeln!(
                    out,
                    "                               (it does not name these; put each under its environment)"
                )?;
                for candidate in &open {
                    let line = entry_line(candidate).unwrap_or_default();
                    writeln!(out, "      {} # {}", visible(&line), visible(&candidate.known_as()))?;
                }
            }
        }
        writeln!(out, "  watch, and stop nothing      blastgate run --observe -- <your agent>")?;
        writeln!(out, "  see what would have stopped  blastgate report")?;
        writeln!(out, "  then for real                blastgate run -- <your agent>")
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 account or cluster".to_owned() } else { format!("{n} accounts and clusters") }
}
