//! Archives, and files from and to other machines.

use super::super::{Effect, Input, Invocation, Machine, Scene, Shell, Word};
use super::change::{Writing, write, wrote};
use super::delete::{delete, is_far, reads, removed};
use super::into::{Into, below, holds_guard, lands, tampered};
use super::options::options;
use super::standing::{Reach, Where, standing};
use crate::model::{Count, Hazard, Impact, Scope};

/// `[user@]host:path`, `rsync://host/path`: the host and the path.
fn remote(word: &Word) -> Option<(String, Word)> {
    let lead = word.leading();
    let (before, rest) = match lead.strip_prefix("rsync://").or_else(|| lead.strip_prefix("scp://")) {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => lead.split_once(':').filter(|(before, _)| !before.is_empty() && !before.contains('/'))?,
    };
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let cut = lead.len() - rest.len();
    Some((host.to_owned(), super::without(word, cut)))
}

/// The circumstances on the other machine.
fn there(host: &str, at: &Invocation) -> Invocation {
    let machine = if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        Machine::Own
    } else {
        Machine::Remote(host.to_owned())
    };
    Invocation { machine, directory: None, ..at.clone() }
}

/// `rsync`.
pub(super) fn rsync(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "v/verbose q/quiet c/checksum a/archive r/recursive R/relative b/backup backup-dir= suffix= u/update inplace append d/dirs \
         l/links L/copy-links k K H p/perms E A X o/owner g/group devices specials D t/times O J S/sparse n/dry-run W \
         x/one-file-system e/rsh= rsync-path= existing ignore-existing remove-source-files del/delete delete-before delete-during \
         delete-delay delete-after delete-excluded ignore-errors force max-delete= max-size= min-size= partial partial-dir= m \
         timeout= I size-only compare-dest= copy-dest= link-dest= z/compress C f/filter= F exclude= exclude-from= include= \
         include-from= files-from= 0 s address= port= stats h/human-readable P progress i/itemize-changes log-file= out-format= \
         bwlimit= list-only M/remote-option= chmod= chown= usermap= groupmap= info= debug= mkpath password-file= T/temp-dir= help version",
    );
    let sink = given.any(&["dry-run", "list-only", "help", "version"]) || given.operands.len() < 2;
    for run in ["rsh", "rsync-path"] {
        if let Some(word) = given.value(run).filter(|word| word.text().is_none() || run == "rsync-path") {
            scene.unknown(at, &format!("rsync runs `{word}`"));
        }
    }
    reads(at, scene);
    if sink {
        return;
    }
    let Some((target, sources)) = given.operands.split_last() else { return };
    let deletes = given.options.iter().any(|(name, _)| name.starts_with("delete"));
    let put = |word: &Word, at: &Invocation, scene: &mut Scene<'_>| {
        if deletes {
            let inner = inside(word);
            delete(&inner, true, at, scene);
        } else {
            write(word, Writing::Replace, at, scene);
        }
    };
    if remote(target).is_none() {
        let how = Into { deep: true, exact: false, folder: true };
        // What ends with a slash is everything in it.
        let inner = |word: &Word| if word.to_string().ends_with('/') { Word::known(".") } else { word.clone() };
        lands(&sources.iter().map(inner).collect::<Vec<_>>(), target, how, at, scene);
    }
    match remote(target) {
        Some((host, path)) => put(&path, &there(&host, at), scene),
        None if deletes && mirrors_own(target, at, scene) => write(target, Writing::Replace, at, scene),
        None => put(target, at, scene),
    }
    if given.has("remove-source-files") {
        for source in sources {
            match remote(source) {
                Some((host, path)) => delete(&path, true, &there(&host, at), scene),
                None => delete(source, true, at, scene),
            }
        }
    }
}

/// A folder of the workspace that is made equal to another: what git holds can be had back.
fn mirrors_own(target: &Word, at: &Invocation, scene: &Scene<'_>) -> bool {
    let it = standing(target, at, Reach { whole: true, link: false }, scene);
    it.place.is_own() && !it.precious
}

/// Without the slash at its end: the folder itself.
fn inside(word: &Word) -> Word {
    match word.text() {
        Some(text) if text.len() > 1 => Word::known(text.trim_end_matches('/')),
        _ => word.clone(),
    }
}

/// `scp`.
pub(super) fn scp(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "3 4 6 A B C O p q R r s T v c= D= F= i= J= l= o= P= S= X=");
    reads(at, scene);
    if proxies(&given.options, at, scene) {
        return;
    }
    let Some((target, _)) = given.operands.split_last().filter(|(_, sources)| !sources.is_empty()) else { return };
    match remote(target) {
        Some((host, path)) => write(&path, Writing::Replace, &there(&host, at), scene),
        None => write(target, Writing::Replace, at, scene),
    }
}

/// Options of ssh that run a command on this machine.
fn proxies(options: &[(String, Option<Word>)], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let runs = |(name, value): &(String, Option<Word>)| {
        name == "S"
            || name == "o"
                && value.as_ref().is_some_and(|value| {
                    let lower = value.to_string().to_lowercase();
                    lower.starts_with("proxycommand") || lower.starts_with("localcommand")
                })
    };
    let any = options.iter().any(runs);
    if any {
        scene.unknown(at, "an option runs a command of its own");
    }
    any
}

/// `sftp HOST`: what it does stands in its input.
pub(super) fn sftp(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "4 6 A a C f N p q r v B= b= c= D= F= i= J= l= o= P= R= S= s= X=");
    reads(at, scene);
    let Some(target) = given.operands.first() else { return };
    let name = target.to_string();
    let host = remote(target).map_or_else(|| name.rsplit('@').next().unwrap_or(&name).to_owned(), |(host, _)| host);
    let far = there(&host, at);
    let script = match (given.value("b").and_then(Word::text), &at.input) {
        (Some(file), Input::Text(text)) if file == "-" => Some(text.clone()),
        (None, Input::Text(text)) => Some(text.clone()),
        (Some(_), _) | (None, Input::File(_) | Input::Unknown(_)) => None,
        (None, Input::Inherited) => return,
    };
    let Some(script) = script else { return scene.unknown(&far, "what sftp is told is not known") };
    for line in script.lines() {
        let words: Vec<Word> = line.split_whitespace().map(Word::known).collect();
        let bare = words.first().and_then(Word::text).map(|verb| verb.trim_start_matches('-').to_lowercase());
        let rest = words.get(1..).unwrap_or_default();
        match bare.as_deref() {
            Some("rm" | "rmdir" | "rename") => rest.iter().for_each(|word| delete(word, false, &far, scene)),
            Some("put" | "mput" | "mkdir" | "symlink" | "ln" | "reput") => {
                rest.last().into_iter().for_each(|word| write(word, Writing::Replace, &far, scene));
            }
            Some("chmod" | "chown" | "chgrp") => {
                scene.effect(&far, Effect::new("shell:fs:permissions", Impact::Permission, Scope::Item).on(line));
            }
            Some(verb) if verb.starts_with('!') => scene.script(verb.trim_start_matches('!'), Shell::Posix, at),
            _ => {}
        }
    }
}

/// `tar`.
pub(super) fn tar(at: &Invocation, scene: &mut Scene<'_>) {
    let mut words = at.arguments().to_vec();
    // The old style: letters without a dash.
    if let Some(first) = words.first_mut()
        && let Some(text) = first.text().filter(|text| !text.starts_with('-') && !text.is_empty())
    {
        *first = Word::known(format!("-{text}"));
    }
    let given = options(
        &words,
        "A/concatenate/catenate c/create d/diff/compare delete r/append t/list test-label u/update x/get/extract C/directory= \
         f/file= z/gzip/gunzip j/bzip2 J/xz Z lzma zstd lzip a/auto-compress I/use-compress-program= v/verbose k/keep-old-files \
         overwrite O/to-stdout to-command= p/preserve-permissions s same-owner no-same-owner o m/touch h/dereference \
         H/format= P/absolute-names remove-files exclude= X/exclude-from= T/files-from= strip-components= transform/xform= \
         checkpoint=? checkpoint-action= g/listed-incremental= N/newer= mode= owner= group= mtime= one-file-system \
         numeric-owner S/sparse wildcards anchored w/interactive W/verify rsh-command= F/new-volume-script/info-script= \
         b/blocking-factor= V/label= L/tape-length= M/multi-volume l i B R n totals=? help version",
    );
    reads(at, scene);
    let mut runs: Vec<String> = vec![];
    for option in ["to-command", "use-compress-program", "rsh-command", "info-script", "checkpoint-action"] {
        runs.extend(given.values(option).map(ToString::to_string));
    }
    for command in runs {
        if let Some(command) = command.strip_prefix("exec=").or_else(|| (!command.contains('=')).then_some(&command)) {
            scene.script(command, Shell::Posix, at);
        }
    }
    let folder = given.value("directory").cloned().unwrap_or_else(|| Word::known("."));
    if given.any(&["extract"]) && !given.has("to-stdout") && given.value("to-command").is_none() {
        extract(&folder, &given.operands, at, scene);
        if given.has("absolute-names") {
            scene.unknown(at, "the archive's absolute names say where it writes");
        }
    } else if given.any(&["create", "append", "update", "catenate", "delete"]) {
        if let Some(file) = given.value("file").filter(|file| !file.is("-")) {
            write(file, Writing::Replace, at, scene);
        }
        if given.has("remove-files") {
            given.operands.iter().for_each(|word| delete(word, true, at, scene));
        }
    }
}

/// An archive's files are written into a folder.
fn extract(folder: &Word, members: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    if members.is_empty() && holds_guard(folder, at, scene) {
        return tampered(folder, at, scene);
    }
    for member in members {
        let Some(name) = member.text() else { continue };
        let inner = below(folder, super::super::Part::Text(name.into_owned()));
        if holds_guard(&inner, at, scene) {
            return tampered(inner, at, scene);
        }
    }
    let it = standing(folder, at, Reach::default(), scene);
    match it.place {
        Where::Home | Where::System | Where::OtherMount | Where::Elsewhere | Where::Guard | Where::Unknown => {
            let guard = it.place == Where::Guard;
            // Over a whole home or the machine: whatever the archive holds takes the place of what is there.
            let over = it.root || it.power;
            let (impact, scope) = if over && !is_far(at) {
                (Impact::Permission, Scope::Resource)
            } else {
                (Impact::Update, Scope::Resource)
            };
            let mut effect = Effect::new("shell:fs:extract", impact, scope).on(it.path.clone()).count(Count::Unbounded);
            if guard {
                effect = effect.hazard(Hazard::GuardTamper);
            }
            scene.effect(at, effect.with("where", it.place.as_str()));
        }
        _ => wrote(&it, Writing::Append, at, scene),
    }
}

/// `unzip`.
pub(super) fn unzip(at: &Invocation, scene: &mut Scene<'_>) {
    let given =
        options(at.arguments(), "Z c f l p t T u v z a aa b B C D d= h j J K L M n N o O= I= P= q S U V W X x :");
    reads(at, scene);
    if !given.any(&["Z", "c", "l", "p", "t", "v", "z", "h"]) {
        let members = given.operands.get(1..).unwrap_or_default();
        extract(given.value("d").unwrap_or(&Word::known(".")), members, at, scene);
    }
}

/// `zip ARCHIVE FILES…`; with `-m` it moves them in.
pub(super) fn zip(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "r/recurse-paths q/quiet u/update f/freshen d/delete m/move j/junk-paths T/test TT/unzip-command= x/exclude= i/include= e 9 1 0 y/symlinks o @ b= n= P=",
    );
    reads(at, scene);
    if let Some(command) = given.value("unzip-command") {
        scene.script(&command.to_string(), Shell::Posix, at);
    }
    let Some((archive, files)) = given.operands.split_first() else { return };
    write(archive, Writing::Replace, at, scene);
    if given.has("move") {
        files.iter().for_each(|word| delete(word, true, at, scene));
    }
}

/// `7z x|e ARCHIVE -oFOLDER`.
pub(super) fn seven(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
    let words = at.arguments();
    if words.first().is_some_and(|word| word.is("x") || word.is("e")) {
        let folder = words.iter().find(|word| word.leading().starts_with("-o")).map(|word| super::without(word, 2));
        extract(&folder.unwrap_or_else(|| Word::known(".")), &[], at, scene);
    } else if words.first().is_some_and(|word| word.is("a") || word.is("u") || word.is("d"))
        && let Some(archive) = words.iter().skip(1).find(|word| !word.leading().starts_with('-'))
    {
        write(archive, Writing::Replace, at, scene);
        if words.iter().any(|word| word.is("-sdel")) {
            // What went into the archive is deleted.
            let given = words.iter().skip(1).filter(|word| !word.leading().starts_with('-')).skip(1).cloned();
            let all = ["rm", "-r", "--"].into_iter().map(Word::known).chain(given).collect();
            scene.invocation(&at.with_words(all));
        }
    }
}

/// `gzip FILE` and its kin put another file in its place; what it held stays.
pub(super) fn compress(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "c/to-stdout/stdout d/decompress/uncompress f/force k/keep l/list t/test r/recursive q/quiet v/verbose S/suffix= o= T/threads= n/no-name N/name 1/fast 2 3 4 5 6 7 8 9/best e/extreme z h/help V/version rm",
    );
    reads(at, scene);
    if given.any(&["stdout", "list", "test", "help", "version"]) {
        return;
    }
    for word in &given.operands {
        let it = standing(word, at, Reach::default(), scene);
        if it.place == Where::Guard {
            removed(&it, false, "shell:fs:delete", at, scene);
        } else {
            wrote(&it, Writing::Append, at, scene);
        }
    }
    given.value("o").into_iter().for_each(|word| write(word, Writing::Replace, at, scene));
}
