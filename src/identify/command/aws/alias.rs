//! Names that a person gave to commands, in `~/.aws/cli/alias`: `[toplevel]` and, for a service's, `[command SERVICE]`.
//! A name may stand for further words of the command line, or behind `!` for a command of the shell.
//! Source: awscli's `alias.py` of version 2.

use crate::identify::command::{Contents, Invocation, Machine, Scene, Shell, Word};

use super::globals::Globals;

/// Runs what stands behind the name; `false` when the name is nobody's.
pub(super) fn runs(
    service: &str,
    operation: Option<&Word>,
    (globals, one): (&Globals, &Invocation),
    scene: &mut Scene<'_>,
) -> bool {
    if one.machine != Machine::Own {
        return false;
    }
    let Some(path) = scene.around().home().map(|home| format!("{home}/.aws/cli/alias")) else { return false };
    let Contents::Whole(bytes) = scene.contents(&path) else { return false };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let behind = |name: &str, globals: &Globals| -> Vec<Word> {
        let at = globals.rest.iter().position(|word| word.is(name));
        globals.rest.iter().skip(at.map_or(0, |at| at + 1)).cloned().collect()
    };
    let own = value(&text, "toplevel", service).map(|value| (vec![], value, behind(service, globals)));
    let found = own.or_else(|| {
        let name = operation?.text()?.into_owned();
        let value = value(&text, &format!("command {service}"), &name)?;
        Some((vec![Word::known(service)], value, behind(&name, globals)))
    });
    let Some((before, value, rest)) = found else { return false };
    if let Some(script) = value.strip_prefix('!') {
        let quoted = rest.iter().map(|word| word.text().map(|text| quote(&text))).collect::<Option<Vec<_>>>();
        match quoted {
            Some(words) => scene.script(&format!("{script} {}", words.join(" ")), Shell::Posix, one),
            None => scene.script(script, Shell::Posix, one),
        }
        return true;
    }
    let mut words = vec![Word::known("aws")];
    words.extend(options_of(one, globals));
    words.extend(before);
    let first = value.split_whitespace().next().unwrap_or_default().to_owned();
    // A name may stand for itself with more words.
    if first == service {
        return false;
    }
    words.extend(value.split_whitespace().map(Word::known));
    words.extend(rest);
    scene.invocation(&one.with_words(words));
    true
}

/// The global options as they were given.
fn options_of(_one: &Invocation, globals: &Globals) -> Vec<Word> {
    let pairs = [("--profile", &globals.profile), ("--region", &globals.region), ("--endpoint-url", &globals.endpoint)];
    pairs.into_iter().filter_map(|(name, value)| Some([Word::known(name), value.clone()?])).flatten().collect()
}

/// A name's value in a section; lines that are indented go on with it.
fn value(text: &str, section: &str, name: &str) -> Option<String> {
    let mut is_in = false;
    let mut found: Option<String> = None;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = found.as_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
            continue;
        }
        if found.is_some() {
            break;
        }
        if let Some(title) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_in = title.trim() == section;
        } else if is_in
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            found = Some(value.trim().to_owned());
        }
    }
    found
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
