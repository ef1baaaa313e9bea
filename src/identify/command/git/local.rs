//! Commands of git that only look, or that change what git can bring back.

use super::super::files::{self, Writing, options};
use super::super::{Effect, Input, Scene, Word};
use super::{Command, key, runs};
use crate::model::{Impact, Place, Scope};

const READS: &[&str] = &[
    "status",
    "log",
    "diff",
    "show",
    "blame",
    "annotate",
    "grep",
    "shortlog",
    "rev-parse",
    "rev-list",
    "merge-base",
    "describe",
    "name-rev",
    "ls-files",
    "ls-tree",
    "cat-file",
    "count-objects",
    "fsck",
    "check-ignore",
    "check-attr",
    "check-mailmap",
    "check-ref-format",
    "var",
    "for-each-ref",
    "show-ref",
    "show-branch",
    "show-index",
    "cherry",
    "whatchanged",
    "range-diff",
    "diff-tree",
    "diff-index",
    "diff-files",
    "verify-commit",
    "verify-tag",
    "verify-pack",
    "hash-object",
    "interpret-trailers",
    "request-pull",
    "help",
    "version",
    "get-tar-commit-id",
    "merge-tree",
    "patch-id",
    "stripspace",
    "column",
    "bugreport",
    "diagnose",
    "for-each-repo",
    "diff-pairs",
    "last-modified",
    "archive",
    "format-patch",
    "bundle",
    "instaweb",
    "gitk",
    "citool",
    "gui",
    "whatsnew",
    "backfill",
    "merge-file",
    "unpack-file",
    "upload-pack",
];

const UPDATES: &[&str] = &[
    "add",
    "stage",
    "commit",
    "commit-tree",
    "merge",
    "cherry-pick",
    "revert",
    "am",
    "apply",
    "init",
    "notes",
    "replace",
    "sparse-checkout",
    "update-index",
    "maintenance",
    "repack",
    "pack-refs",
    "pack-objects",
    "rerere",
    "mktree",
    "mktag",
    "write-tree",
    "symbolic-ref",
    "update-server-info",
    "multi-pack-index",
    "commit-graph",
    "merge-index",
    "merge-one-file",
    "credential",
    "hook",
    "mergetool",
    "fast-export",
    "fast-import",
    "index-pack",
    "unpack-objects",
    "prune-packed",
    "history",
    "replay",
    "refs",
    "scalar",
    "credential-cache",
    "credential-store",
];

/// Reads one of these commands; `false` when it is none.
pub(super) fn read(command: &Command<'_>, scene: &mut Scene<'_>) -> bool {
    match command.name {
        "archive" | "format-patch" | "bundle" | "diff" | "log" | "show" => output(command, scene),
        "apply" | "am" => applies(command, scene),
        "config" => config(command, scene),
        "remote" => remote(command, scene),
        "fetch" | "ls-remote" | "fetch-pack" => fetches(command, scene),
        "pull" => command.updates(scene),
        "clone" => clone(command, scene),
        "lfs" => lfs(command, scene),
        "send-email" | "imap-send" => sends(command, scene),
        "svn" | "p4" | "cvsexportcommit" => foreign(command, scene),
        name if READS.contains(&name) => command.reads(scene),
        name if UPDATES.contains(&name) => command.updates(scene),
        _ => return false,
    }
    true
}

/// `-o FILE`, `--output=FILE`.
fn output(command: &Command<'_>, scene: &mut Scene<'_>) {
    command.reads(scene);
    if let ("bundle", [verb, rest @ ..]) = (command.name, command.words)
        && verb.is("create")
        && let Some(file) = rest.iter().find(|word| !word.leading().starts_with('-'))
    {
        files::write(file, Writing::Replace, command.at, scene);
    }
    let mut words = command.words.iter();
    while let Some(word) = words.next() {
        let short = word.is("-o") && matches!(command.name, "archive" | "format-patch");
        if word.is("--") {
            break;
        }
        if short || word.is("--output") || word.is("--output-directory") {
            words.next().into_iter().for_each(|file| files::write(file, Writing::Append, command.at, scene));
        } else if let Some(start) =
            ["--output=", "--output-directory="].iter().find(|start| word.leading().starts_with(*start))
        {
            files::write(&files::without(word, start.len()), Writing::Append, command.at, scene);
        }
    }
}

/// `apply`, `am`: a patch; what it changes in the work tree stands in the patch.
fn applies(command: &Command<'_>, scene: &mut Scene<'_>) {
    let reads = ["--check", "--stat", "--numstat", "--summary"];
    if command.words.iter().any(|word| reads.iter().any(|option| word.is(option))) {
        return command.reads(scene);
    }
    let given = options(
        command.words,
        "R/reverse 3/3way cached index intent-to-add reject whitespace= p= C= directory= exclude= include= z v/verbose q/quiet \
         s/signoff k/keep m/message-id patch-format= allow-empty unidiff-zero recount N build-fake-ancestor= inaccurate-eof",
    );
    files::patch_guards(&given.operands, given.value("directory"), command.at, scene);
    // What differs from the last commit, taken back.
    let undoes = matches!(&command.at.input, Input::Unknown(from)
        if from.trim_start().starts_with("git ") && from.contains(" diff") && !from.contains(".."));
    if command.name == "apply" && given.has("reverse") && !given.has("cached") && undoes && given.operands.is_empty() {
        return command.loses("checkout_discard", scene);
    }
    command.updates(scene)
}

/// `config`: aliases and settings that run commands are judged where they are made.
fn config(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "global system local worktree f/file= blob= get get-all get-regexp get-urlmatch= replace-all add unset unset-all rename-section \
         remove-section l/list e/edit get-color get-colorbool t/type= bool int bool-or-int path expiry-date default= z/null name-only \
         includes show-origin show-scope show-names comment= fixed-value all regexp value= url= append",
    );
    let words = match given.operands.as_slice() {
        [verb, rest @ ..] if verb.is("set") => rest,
        [verb, ..] if ["get", "list"].iter().any(|read| verb.is(read)) => return command.reads(scene),
        [verb, ..] if ["unset", "rename-section", "remove-section", "edit"].iter().any(|write| verb.is(write)) => {
            return command.updates(scene);
        }
        words => words,
    };
    if given.any(&["get", "get-all", "get-regexp", "list", "get-color", "get-colorbool"])
        || given.value("get-urlmatch").is_some()
    {
        return command.reads(scene);
    }
    if given.has("system") {
        files::write(&Word::known("/etc/gitconfig"), Writing::Append, command.at, scene);
    }
    if let Some(file) = given.value("file") {
        files::write(file, Writing::Append, command.at, scene);
    }
    let [name, value, ..] = words else {
        let changes = given.any(&["unset", "unset-all", "remove-section", "rename-section", "edit"]);
        return if changes { command.updates(scene) } else { command.reads(scene) };
    };
    let (name, value) = (key(&name.to_string()), value.to_string());
    runs::settings(&[(name.clone(), value.clone())], command.at, scene);
    scene.remember("git", name, value);
    command.updates(scene);
}

fn remote(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, "v/verbose t= m= f tags mirror=? push all add delete n/dry-run p/prune");
    let words: Vec<String> = given.operands.iter().map(ToString::to_string).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["show" | "get-url", ..] => return command.reads(scene),
        ["add" | "set-url", name, url, ..] => {
            let what = if given.has("push") { "pushurl" } else { "url" };
            scene.remember("git", format!("remote.{name}.{what}"), *url);
        }
        _ => {}
    }
    command.updates(scene);
}

/// `fetch`, `ls-remote`: what they read of others.
fn fetches(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "all a/append atomic depth= deepen= shallow-since= shallow-exclude= unshallow update-shallow negotiation-tip= negotiate-only dry-run \
         porcelain f/force k/keep multiple auto-maintenance auto-gc write-commit-graph prefetch p/prune P/prune-tags n refetch refmap= \
         t/tags recurse-submodules=? j/jobs= u/update-head-ok upload-pack= q/quiet v/verbose progress o/server-option= 4 6 heads branches \
         h refs get-url sort= symref exit-code filter= stdin no-tags set-upstream",
    );
    runs::transport(&given, command, scene);
    if command.name == "ls-remote" { command.reads(scene) } else { command.updates(scene) }
}

fn clone(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "v/verbose q/quiet progress reject-shallow n/no-checkout checkout bare mirror l/local hardlinks s/shared recurse-submodules=? \
         recursive=? j/jobs= template= reference= reference-if-able= dissociate o/origin= b/branch= revision= u/upload-pack= depth= \
         shallow-since= shallow-exclude= single-branch tags no-tags shallow-submodules separate-git-dir= ref-format= c/config= server-option= \
         4 6 filter= also-filter-submodules remote-submodules sparse bundle-uri=",
    );
    let settings: Vec<_> = given.values("config").map(super::setting_of).collect();
    runs::settings(&settings, command.at, scene);
    runs::transport(&given, command, scene);
    scene.effect(command.at, Effect::new("git:local:clone", Impact::Create, Scope::Local));
    if let Some(folder) = given.operands.get(1) {
        if files::guards(folder, true, command.at, scene) {
            return command.guards(std::slice::from_ref(folder), scene);
        }
        files::write(folder, Writing::Append, command.at, scene);
    }
}

fn lfs(command: &Command<'_>, scene: &mut Scene<'_>) {
    match command.words.first().map(ToString::to_string).as_deref() {
        None | Some("ls-files" | "status" | "env" | "version" | "logs" | "locks" | "pointer" | "fsck") => {
            command.reads(scene)
        }
        Some("push") => sends(command, scene),
        Some("migrate") if command.words.get(1).is_some_and(|word| word.is("import") || word.is("export")) => {
            command.loses("lfs_migrate", scene)
        }
        _ => command.updates(scene),
    }
}

/// What goes to others without being a push of refs.
fn sends(command: &Command<'_>, scene: &mut Scene<'_>) {
    if command.words.iter().any(|word| word.is("--dry-run") || word.is("--dump-aliases")) {
        return command.reads(scene);
    }
    let place = Place { host: Some("remote".to_owned()), ..Place::default() };
    let name = command.name.replace('-', "_");
    scene.effect(command.at, Effect::new(&format!("git:remote:{name}"), Impact::Create, Scope::Item).at(place));
}

/// Bridges to other systems: what they send changes the shared history there.
fn foreign(command: &Command<'_>, scene: &mut Scene<'_>) {
    let sends = ["dcommit", "submit", "set-tree", "commit-diff", "branch", "tag"];
    if !command.words.first().is_some_and(|word| sends.iter().any(|verb| word.is(verb))) {
        return command.updates(scene);
    }
    let place = Place { host: Some("remote".to_owned()), ..Place::default() };
    scene.effect(
        command.at,
        Effect::new(&format!("git:remote:{}", command.name), Impact::Update, Scope::Resource).at(place),
    );
}
