//! `Read(./.env)`, `Edit(//etc/**)`, `Write(~/.ssh/**)`: patterns of paths, as gitignore has them.

use crate::classify::Action;
use crate::identify::tool::ToolCall;
use crate::rules::import::{Fit, Note};

use super::pattern as pattern_of;
use super::{ANY, Meant, Refused, judged, malformed, samples};

/// Where a pattern begins.
enum Root {
    /// `//etc`: the machine's.
    Machine,
    /// `~/`: the home folder.
    Home,
    /// Anything else: the settings' folder, or where the agent stands.
    Folder,
}

/// What reading or changing the files asks for.
pub(super) fn meant(name: &str, inside: &str) -> Result<Meant, Refused> {
    if inside.trim() != inside || inside.contains(['\\', '\n']) {
        return Err(malformed("its path begins or ends with a space, or holds what no path should"));
    }
    if inside.starts_with('!') || inside.contains(['[', '{']) {
        let why = "the rules' patterns have no classes, alternatives and negations".to_owned();
        return Err((why, Some("write the paths out, each by itself")));
    }
    let (root, rest) = if let Some(rest) = inside.strip_prefix("//") {
        (Root::Machine, rest)
    } else if let Some(rest) = inside.strip_prefix("~/") {
        (Root::Home, rest)
    } else {
        (Root::Folder, inside.trim_start_matches("./").trim_start_matches('/'))
    };
    if rest.is_empty() || rest.split('/').any(|part| part == "..") {
        return Err(("it names no path that could be compared".to_owned(), None));
    }
    let mut meant = Meant::default();
    let mut body = rest.replace("**/", "*/").replace("**", "*").replace('?', "*");
    while body.contains("*/*/") {
        body = body.replace("*/*/", "*/");
    }
    if rest.contains('?') {
        meant.notes.push(Note { fit: Fit::Wider, text: "`?` became `*`".to_owned() });
    }
    let folder = match root {
        Root::Machine => "",
        Root::Home => "/home/dev",
        Root::Folder => "/repo",
    };
    // `*/` at the beginning is any folder, also none.
    let body = body.trim_start_matches("*/").to_owned();
    let pattern = match root {
        Root::Machine => format!("/{body}"),
        _ => format!("*/{body}"),
    };
    let Some((path, actions)) = named(name, folder, &body)? else {
        let why = "the gate names a file that is read only where it looks as if it held secrets".to_owned();
        return Err((why, Some("leave it in Claude Code's settings, where it works")));
    };
    let is_read = name == "Read";
    let operations = actions.iter().map(|action| pattern_of(action.operation().as_str()));
    let operations: Vec<String> = if is_read { vec!["shell:exec:*".to_owned()] } else { operations.collect() };
    meant.matches.set("operation", operations);
    meant.matches.set("resource", [pattern.clone()]);
    let does = if is_read { "reads" } else { "writes" };
    let text = match root {
        Root::Machine => format!("whatever {does} `{pattern}` counts, not this tool alone"),
        _ => format!("`{pattern}` counts in every folder, and whatever {does} it, not this tool alone"),
    };
    meant.notes.push(Note { fit: Fit::Wider, text });
    if is_read && body.contains('*') {
        let text = "of the files that are read the gate names only those that look as if they held secrets";
        meant.notes.push(Note { fit: Fit::Narrower, text: text.to_owned() });
    }
    let line = if is_read { format!("cat {path}") } else { format!("echo x > {path}") };
    meant.samples = samples(actions.get(..1).unwrap_or_default(), Some(&line));
    Ok(meant)
}

/// What may stand for a star: anything, then names under which secrets are kept.
const FILLS: [&str; 6] = [ANY, "id_rsa", "credentials", ".env", "key.pem", "secrets.yaml"];

/// A path that the pattern covers, and what the call asks for, where that names the path.
fn named(name: &str, folder: &str, body: &str) -> Result<Option<(String, Vec<Action>)>, Refused> {
    for fill in FILLS {
        let path = format!("{folder}/{}", body.replace('*', fill));
        let calls = match name {
            "Read" => vec![ToolCall::Read { path: path.clone() }],
            "Write" => vec![ToolCall::Write { path: path.clone(), keeps: false }],
            _ => [true, false].map(|keeps| ToolCall::Write { path: path.clone(), keeps }).into(),
        };
        let mut actions = vec![];
        for call in calls {
            actions.extend(judged(&[call])?);
        }
        let is_named = |action: &Action| action.resources().iter().any(|one| one.as_str() == path);
        if !actions.is_empty() && actions.iter().all(is_named) {
            return Ok(Some((path, actions)));
        }
    }
    Ok(None)
}
