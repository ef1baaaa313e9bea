//! What writes, moves and opens files to others.

use super::super::{Effect, Invocation, RealKind, Scene, Word};
use super::delete::{guards, is_far, reads, removed};
use super::into::{Into, lands, tampered};
use super::options::{Given, options};
use super::standing::{Reach, Standing, Where, standing};
use crate::model::{Count, Hazard, Impact, Scope};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identify::command) enum Writing {
    /// At its end.
    Append,
    /// As a whole.
    Replace,
    /// Nothing is left of what it held.
    Empty,
}

/// Writes what the word names.
pub(in crate::identify::command) fn write(word: &Word, how: Writing, at: &Invocation, scene: &mut Scene<'_>) {
    let it = standing(word, at, Reach::default(), scene);
    wrote(&it, how, at, scene);
}

pub(super) fn wrote(it: &Standing, how: Writing, at: &Invocation, scene: &mut Scene<'_>) {
    let update = |scope| Effect::new("shell:fs:write", Impact::Update, scope);
    let effect = match it.place {
        Where::ThrowAway if it.path.starts_with("/dev/") => return,
        Where::Guard => update(Scope::Resource).hazard(Hazard::GuardTamper),
        Where::Device => Effect::new("shell:disk:write", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss),
        Where::ThrowAway if is_far(at) => update(Scope::Item),
        Where::Workspace if how == Writing::Empty && it.precious => {
            return removed(it, false, "shell:fs:overwrite", at, scene);
        }
        Where::ThrowAway | Where::Container | Where::Workspace | Where::WorkspaceRoot | Where::Repository => {
            update(Scope::Local)
        }
        // Which file is not known: it is one.
        Where::Unknown => update(Scope::Item),
        Where::Home | Where::System | Where::OtherMount | Where::Elsewhere if it.power => {
            Effect::new("shell:fs:write", Impact::Permission, Scope::Resource).hazard(Hazard::Privilege)
        }
        Where::Home | Where::System | Where::OtherMount | Where::Elsewhere => {
            let log = it.path.starts_with("/var/log/") && how != Writing::Append;
            if how == Writing::Empty || log {
                return removed(it, false, "shell:fs:overwrite", at, scene);
            }
            update(Scope::Item)
        }
    };
    scene.effect(at, effect.on(it.path.clone()).with("where", it.place.as_str()));
}

const COPIES: &str = "a/archive attributes-only b backup=? copy-contents d f/force i/interactive H l/link L/dereference n/no-clobber \
    P/no-dereference p preserve=? no-preserve= parents r/R/recursive reflink=? remove-destination sparse= \
    strip-trailing-slashes s/symbolic-link S/suffix= t/target-directory= T/no-target-directory u update=? v/verbose \
    x/one-file-system Z context=? help version D C c exchange no-copy debug o/owner= g/group= m/mode= strip strip-program= directory";

/// Sources and the destination.
fn ends(given: &Given) -> Option<(Vec<Word>, Word)> {
    if let Some(target) = given.value("target-directory") {
        return Some((given.operands.clone(), target.clone()));
    }
    let (last, sources) = given.operands.split_last()?;
    Some((sources.to_vec(), last.clone()))
}

/// `mv`: its sources go away from where they were.
pub(super) fn mv(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), COPIES);
    if given.any(&["help", "version"]) {
        return reads(at, scene);
    }
    let Some((sources, target)) = ends(&given).filter(|(sources, _)| !sources.is_empty()) else {
        return reads(at, scene);
    };
    let to = standing(&target, at, Reach::default(), scene);
    for source in &sources {
        let from = standing(source, at, Reach { whole: true, link: true }, scene);
        let lost = match from.place {
            Where::Workspace | Where::ThrowAway | Where::Container => {
                // What is thrown away by being moved there is lost like what is deleted.
                from.precious && to.place == Where::ThrowAway && to.path == "/dev/null"
            }
            Where::Unknown => false,
            _ => true,
        };
        if lost {
            removed(&from, true, "shell:fs:move", at, scene);
        } else {
            scene.effect(at, Effect::new("shell:fs:move", Impact::Update, Scope::Local).on(from.path));
        }
    }
    let several = sources.len() > 1 || sources.iter().any(Word::splits);
    if several && to.kind == RealKind::Absent && !given.has("target-directory") {
        // Each of them would take the name of the one before.
        let effect = Effect::new("shell:fs:move", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss);
        scene.effect(at, effect.on(to.path.clone()).count(Count::Unbounded).with("where", "no-folder"));
    }
    let how = if to.path == "/dev/null" { Writing::Append } else { Writing::Replace };
    lands(&sources, &target, kind(&given, true), at, scene);
    wrote(&to, how, at, scene);
}

/// `cp`.
pub(super) fn cp(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), COPIES);
    let Some((sources, target)) = ends(&given).filter(|_| !given.any(&["help", "version"])) else {
        return reads(at, scene);
    };
    let mut how = Writing::Replace;
    let mut copied = Effect::new("shell:exec:cp", Impact::Read, Scope::Local);
    for source in &sources {
        let from = standing(source, at, Reach::default(), scene);
        if from.path == "/dev/null" {
            how = Writing::Empty;
        }
        if from.secret {
            copied = copied.hazard(Hazard::SecretRead).on(from.path);
        }
    }
    scene.effect(at, copied);
    let links = given.has("link") && !given.has("recursive");
    // A second name for the same file: what is written there is written here.
    if let Some(source) = sources.iter().find(|source| links && guards(source, false, at, scene)) {
        return tampered(source, at, scene);
    }
    let deep = given.any(&["recursive", "archive"]);
    lands(&sources, &target, kind(&given, deep), at, scene);
    write(&target, how, at, scene);
}

/// How `cp`, `mv` and `install` take a folder as their target.
fn kind(given: &Given, deep: bool) -> Into {
    Into { deep, exact: given.has("no-target-directory"), folder: given.has("target-directory") }
}

/// `ln`: a name that leads to something else.
pub(super) fn ln(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "b backup=? d F/directory f/force i/interactive L/logical n h no-dereference P/physical r/relative s/symbolic S/suffix= \
         t/target-directory= T/no-target-directory v/verbose help version",
    );
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    let (sources, target) = match given.operands.as_slice() {
        [source] if given.value("target-directory").is_none() => (vec![source.clone()], None),
        _ => ends(&given).map_or((vec![], None), |(sources, target)| (sources, Some(target))),
    };
    let target = target.unwrap_or_else(|| {
        let name = sources.first().map(ToString::to_string).unwrap_or_default();
        Word::known(name.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    });
    let to = standing(&target, at, Reach { whole: false, link: true }, scene);
    if let Some(source) = sources.iter().find(|source| !given.has("symbolic") && guards(source, false, at, scene)) {
        return tampered(source, at, scene);
    }
    let exact = given.any(&["n", "h", "no-dereference", "no-target-directory"]);
    lands(&sources, &target, Into { deep: true, exact, folder: given.has("target-directory") }, at, scene);
    if let [source] = sources.as_slice() {
        let folder = to.path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let there = Invocation { directory: folder, ..at.clone() };
        let from = standing(source, &there, Reach::default(), scene);
        scene.remember("link", to.path.clone(), from.path);
    }
    wrote(&to, Writing::Replace, at, scene);
    if to.place.is_own() && to.path.starts_with("/dev/") {
        reads(at, scene);
    }
}

/// `install`: cp with a mode.
pub(super) fn install(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "b backup=? C/compare c d/directory D g/group= m/mode= o/owner= p/preserve-timestamps s/strip strip-program= S/suffix= \
         t/target-directory= T/no-target-directory v/verbose Z context=? help version",
    );
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    if given.has("directory") {
        return given.operands.iter().for_each(|word| write(word, Writing::Append, at, scene));
    }
    if let Some((sources, target)) = ends(&given) {
        lands(&sources, &target, kind(&given, false), at, scene);
        write(&target, Writing::Replace, at, scene);
    }
}

/// `touch`, `mkdir`: something new, or a new date.
pub(super) fn makes(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "a c/no-create d/date= f h/no-dereference m/mode= r/reference= t= time= p/parents=? v/verbose Z context=? help version u/dry-run \
         q/quiet tmpdir=? suffix= directory",
    );
    if given.any(&["help", "version"]) || at.program().as_deref() == Some("mktemp") {
        return reads(at, scene);
    }
    for word in &given.operands {
        let it = standing(word, at, Reach::default(), scene);
        // A folder or an empty file gives no power by itself.
        wrote(&Standing { power: it.power && it.path.contains("/.ssh/"), ..it }, Writing::Append, at, scene);
    }
    if given.operands.is_empty() {
        reads(at, scene);
    }
}

/// `tee`: what it reads, into every file.
pub(super) fn tee(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "a/append i/ignore-interrupts p output-error=? help version");
    let how = if given.has("append") { Writing::Append } else { Writing::Replace };
    reads(at, scene);
    if !given.any(&["help", "version"]) {
        given.operands.iter().for_each(|word| write(word, how, at, scene));
    }
}

/// `split FILE PREFIX`: new files.
pub(super) fn split(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "a/suffix-length= additional-suffix= b/bytes= C/line-bytes= d e filter= hex-suffixes=? l/lines= n/number= \
         numeric-suffixes=? t/separator= u/unbuffered x verbose help version f/prefix= k s z",
    );
    if let Some(command) = given.value("filter") {
        match command.text() {
            Some(text) => scene.script(&text, super::super::Shell::Posix, at),
            None => scene.unknown(at, "what it runs is not known"),
        }
    }
    let prefix = given.value("prefix").or_else(|| given.operands.get(1)).cloned().unwrap_or_else(|| Word::known("x"));
    write(&prefix, Writing::Append, at, scene);
}

/// `chmod MODE FILE…`.
pub(super) fn chmod(at: &Invocation, scene: &mut Scene<'_>) {
    let words = at.arguments();
    // `-x`, `-rwx`: a mode that looks like options.
    let minus = |word: &Word| {
        word.text().is_some_and(|text| {
            text.len() > 1 && text.starts_with('-') && text.chars().skip(1).all(|c| "rwxXstugoa,+-=".contains(c))
        })
    };
    let given = options(
        words,
        "c/changes f/silent/quiet v/verbose no-preserve-root preserve-root=? reference= R/recursive help version h H L P",
    );
    let (mode, files) = match (given.value("reference"), words.iter().find(|word| minus(word))) {
        (None, None) => {
            given.operands.split_first().map_or((None, &[][..]), |(mode, files)| (Some(mode.clone()), files))
        }
        (_, mode) => (mode.cloned(), given.operands.as_slice()),
    };
    let mode = mode.and_then(|mode| mode.text().map(|text| text.into_owned())).unwrap_or_default();
    let narrow = matches!(
        mode.as_str(),
        "600" | "0600" | "400" | "0400" | "700" | "0700" | "go-rwx" | "og-rwx" | "u+x" | "+x" | "644" | "0644" | "go-w"
    );
    access(files, given.has("recursive") || given.open, narrow, at, scene);
}

/// `chown OWNER FILE…`, `chgrp GROUP FILE…`.
pub(super) fn chown(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "c/changes f/silent/quiet v/verbose dereference h/no-dereference from= no-preserve-root preserve-root=? reference= R/recursive H L P help version",
    );
    let skip = usize::from(given.value("reference").is_none());
    access(given.operands.get(skip..).unwrap_or_default(), given.has("recursive") || given.open, false, at, scene);
}

/// `chattr`, `xattr`.
pub(super) fn chattr(at: &Invocation, scene: &mut Scene<'_>) {
    let files: Vec<Word> =
        at.arguments().iter().filter(|word| !word.leading().starts_with(['-', '+', '='])).cloned().collect();
    let recursive = at.arguments().iter().any(|word| word.is("-R") || word.is("-r"));
    access(&files, recursive, false, at, scene);
}

/// `setfacl`.
pub(super) fn setfacl(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "b/remove-all k/remove-default n/no-mask mask d/default R/recursive P/physical L/logical test m/modify= M/modify-file= \
         x/remove= X/remove-file= set= set-file= restore= v/version h/help",
    );
    if given.any(&["test", "help", "version"]) {
        return reads(at, scene);
    }
    access(&given.operands, given.has("recursive"), false, at, scene);
}

/// Who may read and write files changes.
fn access(files: &[Word], whole: bool, narrow: bool, at: &Invocation, scene: &mut Scene<'_>) {
    if files.is_empty() {
        return reads(at, scene);
    }
    for word in files {
        let it = standing(word, at, Reach { whole, link: false }, scene);
        let of = |impact, scope| Effect::new("shell:fs:permissions", impact, scope);
        let effect = match it.place {
            Where::Guard => of(Impact::Permission, Scope::Resource).hazard(Hazard::GuardTamper),
            Where::ThrowAway | Where::Container | Where::Workspace | Where::WorkspaceRoot | Where::Repository => {
                of(Impact::Update, Scope::Local)
            }
            Where::Home if !whole && (narrow || !it.power) => of(Impact::Update, Scope::Item),
            Where::Unknown if !whole => of(Impact::Update, Scope::Item),
            _ if it.root && whole => of(Impact::Permission, Scope::Account),
            _ => of(Impact::Permission, Scope::Resource),
        };
        let count = if whole || it.many { Count::Unbounded } else { Count::ONE };
        scene.effect(at, effect.on(it.path.clone()).count(count).with("where", it.place.as_str()));
    }
}
