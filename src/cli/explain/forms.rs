//! Commands and statements, beside requests.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::report::Report;
use super::{ExplainArgs, bench};
use crate::app::Setup;
use crate::app::surroundings::Looked;
use crate::config::{Diagnostic, Diagnostics};
use crate::identify::command::Shell;
use crate::model::Timestamp;
use crate::prove::{Command, Statement, nobody};

/// In whose language a command is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Language {
    /// bash, and what POSIX shells share with it.
    #[default]
    Bash,
    /// `PowerShell`.
    Powershell,
    /// cmd.exe.
    Cmd,
}

impl From<Language> for Shell {
    fn from(language: Language) -> Self {
        match language {
            Language::Bash => Self::Posix,
            Language::Powershell => Self::PowerShell,
            Language::Cmd => Self::Cmd,
        }
    }
}

/// What is to be explained, when it is no request.
pub(super) enum Form<'a> {
    /// The words of one command, or one text.
    Words(&'a [String], Language),
    /// A file, or `-`.
    Script(&'a Path, Language),
    /// A statement.
    Statement(Statement<'a>),
}

/// The form that the arguments have; `None` for a request.
pub(super) fn of(args: &ExplainArgs) -> Option<Form<'_>> {
    if !args.command.is_empty() {
        return Some(Form::Words(&args.command, args.shell));
    }
    if let Some(path) = &args.script {
        return Some(Form::Script(path, args.shell));
    }
    let text = args.sql.as_deref()?;
    Some(Form::Statement(Statement { dialect: &args.dialect, text, target: args.target.as_deref() }))
}

/// What it would do here, in the folder and with the environment of whoever asks.
pub(super) fn explain(
    form: Form<'_>,
    setup: &Setup,
    at: Timestamp,
    input: &mut impl Read,
) -> Result<Report, Diagnostics> {
    let (text, language) = match form {
        Form::Statement(statement) => return Ok(Report::of_statement(&bench(setup), &statement, &nobody(at))),
        Form::Words([text], language) => (text.clone(), language),
        Form::Words(words, language) => (words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "), language),
        Form::Script(path, language) => (script(path, input)?, language),
    };
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let around = Looked::new(&directory, &[], std::env::vars().collect());
    let asked = Command { text: &text, shell: language.into(), around: &around };
    Ok(Report::of_command(&bench(setup), &asked, &nobody(at)))
}

fn script(path: &Path, input: &mut impl Read) -> Result<String, Diagnostics> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        input.read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|found| text = found)
    };
    match read {
        Ok(()) => Ok(text),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", path.display());
            Err(Diagnostics(vec![Diagnostic::new("", message)]))
        }
    }
}

/// A word that the shell reads as itself.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|one| one.is_ascii_alphanumeric() || "-_./:=@%+,".contains(one));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// What one line of `--jsonl` says of a command's surroundings. Only the environment in the line counts; files are those
/// of this machine.
pub(super) fn around(cwd: Option<&str>, env: BTreeMap<String, String>) -> Looked {
    let mut variables = env;
    variables.entry("HOME".to_owned()).or_insert_with(|| "/home/agent".to_owned());
    let directory = cwd.map_or_else(|| std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")), PathBuf::from);
    Looked::new(&directory, &[], variables)
}
