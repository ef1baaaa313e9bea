//! `rclone`: what each of its commands does to a remote (`name:path`), which may be anybody's storage.

use super::custom::shown;
use super::reads;
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Count, Impact, Place, Scope};

/// `rclone`'s commands on a remote (`name:path`): what each does to its last operand, and to its first.
const RCLONE: [(&str, Impact, bool); 16] = [
    ("bisync", Impact::Destroy, true),
    ("cleanup", Impact::Destroy, true),
    ("copy", Impact::Update, true),
    ("copyto", Impact::Update, false),
    ("copyurl", Impact::Update, false),
    ("dedupe", Impact::Destroy, true),
    ("delete", Impact::Destroy, true),
    ("deletefile", Impact::Destroy, false),
    ("mkdir", Impact::Create, false),
    ("move", Impact::Destroy, true),
    ("moveto", Impact::Destroy, false),
    ("purge", Impact::Destroy, true),
    ("rcat", Impact::Update, false),
    ("rmdir", Impact::Destroy, false),
    ("rmdirs", Impact::Destroy, true),
    ("sync", Impact::Destroy, true),
];

/// Those that show, test or serve.
const RCLONE_READS: [&str; 24] = [
    "about",
    "authorize",
    "cat",
    "check",
    "checksum",
    "completion",
    "config",
    "cryptcheck",
    "cryptdecode",
    "genautocomplete",
    "hashsum",
    "help",
    "link",
    "listremotes",
    "ls",
    "lsd",
    "lsf",
    "lsjson",
    "lsl",
    "md5sum",
    "sha1sum",
    "size",
    "tree",
    "version",
];

/// A command's row, and the words behind it.
type Command<'a> = ((&'static str, Impact, bool), Vec<&'a Word>);

/// The command among the words; else whether it is one that only reads. A word behind an option may be its value: of both the
/// stricter counts.
fn rclone_command(arguments: &[Word]) -> Result<Command<'_>, bool> {
    let is_option = |word: &Word| word.leading().starts_with('-');
    let operands: Vec<(usize, &Word)> = arguments.iter().enumerate().filter(|(_, word)| !is_option(word)).collect();
    let mut reads = operands.is_empty();
    for (index, (at, word)) in operands.iter().enumerate() {
        if let Some(row) = RCLONE.iter().find(|(name, ..)| word.is(name)) {
            return Ok((*row, operands.iter().skip(index + 1).map(|(_, word)| *word).collect()));
        }
        reads |= RCLONE_READS.iter().any(|name| word.is(name));
        let before = at.checked_sub(1).and_then(|before| arguments.get(before));
        // The word is the command, as nothing before it takes it.
        if !before.is_some_and(|before| is_option(before) && !before.leading().contains('=')) {
            break;
        }
    }
    Err(reads)
}

/// `rclone`. Source: rclone.org/commands.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let is_flag = |names: &[&str]| {
        let given = |name: &&str| one.arguments().iter().any(|word| word.is(name) || word.is(&format!("{name}=true")));
        names.iter().any(given)
    };
    if is_flag(&["--help", "-h"]) {
        return reads(one, scene);
    }
    let (command, rest) = match rclone_command(one.arguments()) {
        Ok(found) => found,
        Err(true) => return reads(one, scene),
        Err(false) => return scene.unknown(one, "what it does with files is not known"),
    };
    let (name, impact, wide) = command;
    if is_flag(&["--dry-run", "-n"]) {
        return reads(one, scene);
    }
    // A remote's name stands before a colon; a path of this machine has none before its first slash.
    let is_remote = |word: &Word| {
        let text = shown(word);
        word.has_unknown() || text.split('/').next().is_some_and(|first| first.contains(':'))
    };
    let meant = match name {
        "move" | "moveto" => rest.iter().find(|word| is_remote(word)).or(rest.last()),
        _ => rest.iter().rev().find(|word| !word.leading().is_empty() || word.has_unknown()),
    };
    let remote = meant.is_some_and(|word| is_remote(word));
    let scope = match (remote, impact) {
        (true, Impact::Destroy) if wide => Scope::Resource,
        (true, _) => Scope::Item,
        (false, _) => Scope::Local,
    };
    let mut effect = Effect::new(&format!("rclone:remote:{name}"), impact, scope);
    if let Some(word) = meant {
        effect = effect.on(shown(word));
        if remote {
            let host = shown(word).split(':').next().unwrap_or_default().to_owned();
            effect = effect.at(Place { host: Some(host), ..Place::default() });
        }
    }
    scene.effect(one, effect.count(if wide { Count::AtLeast(1) } else { Count::ONE }));
}
