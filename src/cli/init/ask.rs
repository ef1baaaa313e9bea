//! The questions of `init`: which environment each account and cluster is. Nothing is taken from a name alone.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use super::Answered;
use crate::app::init::{Candidate, entry_line, inventory_text};
use crate::cli::table::visible;
use crate::model::EnvironmentKind;

/// An answer that cannot be understood is asked for again so often.
const TRIES_MAX: usize = 3;

/// Asks, file by file; what was not answered has no environment. Shows the entries before they are taken.
pub(super) fn ask(
    found: &[(PathBuf, Vec<Candidate>)],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Vec<Answered>> {
    let mut answered: Vec<Answered> = Vec::new();
    for (path, candidates) in found.iter().filter(|(_, candidates)| !candidates.is_empty()) {
        writeln!(out, "{} names:", path.display())?;
        for candidate in candidates {
            writeln!(out, "  {}", described(candidate))?;
        }
        let wanted = yes(input, out, "Say now which environment each one is? Nothing leaves this machine.", false)?;
        if wanted {
            writeln!(out, "  prod, staging, dev, local, or unknown (which counts as production)")?;
        }
        for candidate in candidates {
            let answer = if wanted { environment(candidate, input, out)? } else { None };
            answered.push((candidate.clone(), answer));
        }
        writeln!(out)?;
    }
    if answered.iter().any(|(_, answer)| answer.is_some()) {
        writeln!(out, "inventory.yaml will say:\n")?;
        for line in inventory_text(&answered).lines().skip_while(|line| !line.starts_with("version")) {
            writeln!(out, "    {}", visible(line))?;
        }
        if !yes(input, out, "\nWrite that?", true)? {
            answered.iter_mut().for_each(|(_, answer)| *answer = None);
            writeln!(out, "They will stand in it as comments.")?;
        }
        writeln!(out)?;
    }
    Ok(answered)
}

fn described(candidate: &Candidate) -> String {
    let likely = candidate.proposal().map_or_else(String::new, |kind| format!(", looks like {kind}"));
    let line = entry_line(candidate).unwrap_or_default();
    visible(&format!("{line}  ({}{likely})", candidate.known_as())).into_owned()
}

/// Only what is stricter or equal may be answered by the return key: a guess that loosens must be typed.
fn environment(
    candidate: &Candidate,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Option<EnvironmentKind>> {
    let proposal = candidate.proposal();
    let default = proposal.filter(|kind| kind.counts_as_prod());
    let shown = default.map_or("unknown", EnvironmentKind::as_str);
    let likely = match proposal {
        Some(kind) if default.is_none() => format!(", looks like {kind}"),
        _ => String::new(),
    };
    let name = visible(&candidate.value).into_owned();
    for _ in 0..TRIES_MAX {
        write!(out, "  {name} ({}{likely}) [{shown}]: ", visible(&candidate.known_as()))?;
        out.flush()?;
        let Some(answer) = line(input)? else { return Ok(None) };
        match answer.as_str() {
            "" => return Ok(default),
            "unknown" => return Ok(None),
            word => match word.parse::<EnvironmentKind>() {
                Ok(kind) => return Ok(Some(kind)),
                Err(_) => writeln!(out, "  one of prod, staging, dev, local, unknown")?,
            },
        }
    }
    Ok(None)
}

fn yes(input: &mut dyn BufRead, out: &mut dyn Write, question: &str, default: bool) -> io::Result<bool> {
    write!(out, "{question} [{}] ", if default { "Y/n" } else { "y/N" })?;
    out.flush()?;
    Ok(match line(input)?.as_deref() {
        Some("") => default,
        Some("y" | "yes") => true,
        _ => false,
    })
}

/// One line, trimmed and in lower case; `None` at the end of the input.
fn line(input: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    Ok((input.read_line(&mut text)? > 0).then(|| text.trim().to_ascii_lowercase()))
}
