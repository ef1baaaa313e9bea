//! `rules import`: policies of AWS and settings of Claude Code as rules.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::model::Mode;
use crate::prove::import::{Form, Import, Imported, Wanted, form_of};
use crate::rules::import::{Fit, Kind, Left};
use crate::rules::{Layer, RuleSet, Source};

/// What `rules import` is told.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files with AWS policies (a document, a list of them, or what `aws organizations describe-policy` and
    /// `aws iam get-policy-version` print) or settings of Claude Code; `-` is the standard input. `scp`, `iam` or
    /// `claude-code` before them says what they are, where their members do not.
    #[arg(required = true, value_name = "[scp|iam|claude-code] FILE")]
    files: Vec<PathBuf>,
    /// The folder of rules that they go into, each policy into a folder of its own. No file is overwritten.
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    into: Option<PathBuf>,
    /// Who answers for the rules.
    #[arg(long, default_value = "@security")]
    owner: String,
    /// One folder for all of them: the first part of their ids.
    #[arg(long, value_name = "NAME")]
    pack: Option<String>,
    /// Whether the rules count. Without it, a rule that stops more than its original is in shadow, the others are enforced.
    #[arg(long, value_name = "MODE")]
    mode: Option<Counts>,
    /// Write nothing; show the rules.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Counts {
    Enforce,
    Shadow,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    ok: bool,
    written: Vec<String>,
    rules: &'a [Imported],
    left: &'a [Left],
    problems: &'a [String],
}

/// Runs the command; returns the exit code (0 done, 2 a file cannot be read, or nothing was written).
///
/// # Errors
/// The output cannot be written.
pub(super) fn run(args: &ImportArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let (import, mut problems) = read(args);
    let mut written = vec![];
    if problems.is_empty() {
        problems.extend(together(&import.rules));
    }
    if let Some(folder) = args.into.as_ref().filter(|_| problems.is_empty() && !args.dry_run) {
        match write(folder, &import.rules) {
            Ok(files) => written = files,
            Err(wrong) => problems.extend(wrong),
        }
    }
    let ok = problems.is_empty();
    if args.json {
        let printed = Printed { ok, written, rules: &import.rules, left: &import.left, problems: &problems };
        writeln!(out, "{}", serde_json::to_string(&printed)?)?;
        return Ok(if ok { 0 } else { 2 });
    }
    show(&import, args.dry_run, out)?;
    for problem in &problems {
        writeln!(err, "{problem}")?;
    }
    if !ok {
        writeln!(err, "nothing was written")?;
        return Ok(2);
    }
    let count = import.rules.len();
    match &args.into {
        Some(folder) if !args.dry_run => {
            writeln!(out, "{} files written to {}", written.len(), folder.display())?;
            if count > 0 {
                writeln!(out, "next: `blastgate rules check {}`", folder.display())?;
            }
        }
        _ => writeln!(out, "{count} rules; nothing was written")?,
    }
    Ok(0)
}

fn read(args: &ImportArgs) -> (Import, Vec<String>) {
    let mut import = Import::default();
    let mut problems = vec![];
    let mode = args.mode.map(|mode| match mode {
        Counts::Enforce => Mode::Enforce,
        Counts::Shadow => Mode::Shadow,
    });
    let wanted = Wanted { pack: args.pack.as_deref(), owner: &args.owner, mode };
    let told = args.files.first().and_then(|first| match first.to_str() {
        Some("scp") => Some(Form::Aws(Kind::ServiceControl)),
        Some("iam") => Some(Form::Aws(Kind::Iam)),
        Some("claude-code") => Some(Form::ClaudeCode),
        _ => None,
    });
    let files: Vec<&PathBuf> = args.files.iter().skip(usize::from(told.is_some())).collect();
    if files.is_empty() {
        problems.push("no file is named".to_owned());
    }
    for file in files {
        let name = file.display().to_string();
        let text = match content(file) {
            Ok(text) => text,
            Err(error) => {
                problems.push(format!("{name}: cannot be read: {error}"));
                continue;
            }
        };
        let Some(form) = told.or_else(|| form_of(&text)) else {
            problems.push(format!("{name}: it is neither JSON with a `Statement` nor settings with `permissions`"));
            continue;
        };
        if let Err(why) = import.add(&name, &text, form, &wanted) {
            problems.push(format!("{name}: {why}"));
        }
    }
    (import, problems)
}

fn content(file: &Path) -> io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

/// What is wrong with the rules beside the built-in ones: an id that is taken.
fn together(rules: &[Imported]) -> Vec<String> {
    let source = |rule: &Imported| Source {
        file: format!("{}.yaml", rule.id),
        text: rule.text.clone(),
        layer: Layer::Organisation,
    };
    match RuleSet::load(&rules.iter().map(source).collect::<Vec<_>>()) {
        Ok(_) => vec![],
        Err(wrong) => wrong
            .0
            .iter()
            .map(|one| format!("{one}\n  help: `--pack NAME` puts the rules into another folder"))
            .collect(),
    }
}

/// Writes every rule, or none where one would take the place of another file.
fn write(folder: &Path, rules: &[Imported]) -> Result<Vec<String>, Vec<String>> {
    let paths: Vec<PathBuf> = rules.iter().map(|rule| folder.join(format!("{}.yaml", rule.id))).collect();
    let is_same = |path: &Path, rule: &Imported| fs::read_to_string(path).is_ok_and(|text| text == rule.text);
    let taken: Vec<String> = paths
        .iter()
        .zip(rules)
        .filter(|(path, rule)| path.exists() && !is_same(path, rule))
        .map(|(path, _)| {
            format!("{}: is there already and differs; move it away, or name another `--pack`", path.display())
        })
        .collect();
    if !taken.is_empty() {
        return Err(taken);
    }
    let mut written = vec![];
    for (path, rule) in paths.iter().zip(rules).filter(|(path, _)| !path.exists()) {
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        let done =
            made.and_then(|()| fs::File::create_new(path)).and_then(|mut file| file.write_all(rule.text.as_bytes()));
        if let Err(error) = done {
            return Err(vec![format!("{}: cannot be written: {error}", path.display())]);
        }
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn show(import: &Import, whole: bool, out: &mut impl Write) -> io::Result<()> {
    for rule in &import.rules {
        writeln!(out, "{}  {}  ({})", rule.id, rule.mode, rule.origin)?;
        for note in &rule.notes {
            let direction = match note.fit {
                Fit::Wider => "wider: ",
                Fit::Narrower => "NARROWER: ",
                Fit::Same => "",
            };
            writeln!(out, "    {direction}{}", note.text)?;
        }
        if whole {
            rule.text.lines().try_for_each(|line| writeln!(out, "  | {line}"))?;
        }
    }
    if !import.left.is_empty() {
        writeln!(out, "\nnot carried over: {}", import.left.len())?;
    }
    for left in &import.left {
        writeln!(out, "  {}: {}\n      {}", left.origin, left.what, left.why)?;
        if let Some(hint) = &left.hint {
            writeln!(out, "      help: {hint}")?;
        }
    }
    let shadow = import.rules.iter().filter(|rule| rule.mode == Mode::Shadow).count();
    writeln!(out)?;
    if shadow > 0 {
        writeln!(
            out,
            "{shadow} of {} rules stop more than their originals and are in shadow: recorded, not enforced",
            import.rules.len()
        )?;
    }
    Ok(())
}
