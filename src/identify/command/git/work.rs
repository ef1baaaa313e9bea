//! Commands of git that may lose work: uncommitted changes, untracked files, stashes, and what only the reflog holds.

use super::super::files::{self, Where, options};
use super::super::{Kept, Scene, Word};
use super::Command;

/// Reads one of these commands; `false` when it is none.
pub(super) fn read(command: &Command<'_>, scene: &mut Scene<'_>) -> bool {
    match command.name {
        "reset" => reset(command, scene),
        "clean" => clean(command, scene),
        "checkout" => checkout(command, scene),
        "switch" => switch(command, scene),
        "restore" => restore(command, scene),
        "stash" => stash(command, scene),
        "reflog" => reflog(command, scene),
        "gc" => gc(command, scene),
        "prune" => prune(command, scene),
        "update-ref" => update_ref(command, scene),
        "filter-branch" => command.loses("filter_branch", scene),
        "filter-repo" => filter_repo(command, scene),
        "worktree" => worktree(command, scene),
        "rm" => rm(command, scene),
        "mv" => mv(command, scene),
        "branch" => branch(command, scene),
        "tag" => tag(command, scene),
        "read-tree" => read_tree(command, scene),
        "checkout-index" => checkout_index(command, scene),
        _ => return false,
    }
    true
}

/// Whether the repository holds everything that these paths name, as it stands.
fn held(paths: &[Word], command: &Command<'_>, scene: &Scene<'_>) -> bool {
    let is = |path: &Word| {
        let Some(folder) = path.text().and_then(|text| covered(&text, command, scene)) else { return false };
        scene.around().kept(&files::place(&folder, command.at, scene).path) == Kept::Committed
    };
    !command.foreign && !paths.is_empty() && paths.iter().all(is)
}

/// What holds everything that a pathspec (gitglossary(7)) may name; `None` when nobody knows.
fn covered(spec: &str, command: &Command<'_>, scene: &Scene<'_>) -> Option<Word> {
    let (top, rest) = match spec.strip_prefix(':') {
        None => (false, spec),
        Some(rest) => match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((words, rest)) => {
                let known = |word: &str| matches!(word.trim(), "top" | "glob" | "literal" | "");
                if !words.split(',').all(known) {
                    return None;
                }
                (words.split(',').any(|word| word.trim() == "top"), rest)
            }
            None if rest.starts_with('/') => (true, rest.trim_start_matches(['/', ':'])),
            None => return None,
        },
    };
    // Patterns: everything in the folder before them.
    let plain = match rest.find(['*', '?', '[']) {
        Some(at) => rest.get(..at)?.rsplit_once('/').map_or(".", |(folder, _)| folder),
        None if rest.is_empty() => ".",
        None => rest,
    };
    if !top {
        return Some(Word::known(if plain.is_empty() { "/" } else { plain }));
    }
    let here = files::place(&Word::known("."), command.at, scene);
    let own = matches!(here.place, Where::Workspace | Where::WorkspaceRoot);
    let workspace = scene.around().workspace().filter(|_| own && !plain.split('/').any(|name| name == ".."))?;
    Some(Word::known(format!("{workspace}/{plain}")))
}

fn reset(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "q/quiet mixed soft hard merge keep recurse-submodules=? p/patch N/intent-to-add pathspec-from-file= pathspec-file-nul refresh auto-advance U= unified= inter-hunk-context=",
    );
    // The last of the modes counts for git, too; the strictest is enough here.
    match () {
        () if given.has("hard") => command.loses("reset_hard", scene),
        () if given.has("merge") => command.loses("reset_merge", scene),
        () if given.open => scene.unknown(command.at, "a word may be `--hard`"),
        () => command.updates(scene),
    }
}

fn clean(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, "q/quiet n/dry-run f/force i/interactive d e/exclude= x X");
    let required =
        command.config.value("clean.requireforce").is_none_or(|value| !matches!(value, "false" | "no" | "off" | "0"));
    let acts = given.any(&["force", "interactive"]) || !required || given.open;
    if given.has("dry-run") || !acts {
        return command.reads(scene);
    }
    command.loses("clean", scene);
}

const CHECKOUT: &str = "b= B= l detach d t/track=? guess orphan= f/force ours theirs m/merge conflict= p/patch ignore-skip-worktree-bits \
    ignore-other-worktrees overlay pathspec-from-file= pathspec-file-nul progress q/quiet recurse-submodules=? overwrite-ignore 2 3";

fn checkout(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, CHECKOUT);
    let paths: &[Word] = match given.after {
        Some(after) => given.operands.get(after..).unwrap_or_default(),
        None if given.any(&["b", "B", "orphan", "track", "detach", "d"]) => &[],
        None => match given.operands.as_slice() {
            [one] if !looks_like_path(one, command, scene) => &[],
            [_] => &given.operands,
            [_, rest @ ..] => rest,
            [] => &[],
        },
    };
    command.guards(paths, scene);
    let forced = given.has("force");
    let sides = given.any(&["ours", "theirs", "2", "3"]) || given.has("merge");
    if forced || given.value("pathspec-from-file").is_some() {
        return command.loses("checkout_discard", scene);
    }
    let same = given.after.is_some_and(|after| after == 0) || given.operands.len() == paths.len();
    if paths.is_empty() || sides || same && held(paths, command, scene) {
        return command.updates(scene);
    }
    command.loses("checkout_discard", scene);
}

/// Whether the one operand of `checkout` is a file rather than a branch.
fn looks_like_path(word: &Word, command: &Command<'_>, scene: &Scene<'_>) -> bool {
    let Some(text) = word.text() else { return word.has_glob() };
    if matches!(text.as_ref(), "." | ".." | ":/" | ":")
        || text.starts_with("./")
        || text.starts_with("../")
        || text.ends_with('/')
    {
        return true;
    }
    // No ref's name holds a pattern (git-check-ref-format(1)).
    if text.starts_with('/') || text.starts_with(':') || text.contains(['*', '?', '[']) {
        return true;
    }
    if matches!(text.as_ref(), "-" | "HEAD") || text.contains(['@', '~', '^']) {
        return false;
    }
    use super::super::RealKind;
    match files::place(word, command.at, scene).kind {
        RealKind::File | RealKind::Directory => !matches!(text.as_ref(), "main" | "master" | "develop"),
        RealKind::Absent => false,
        _ => {
            let end = text.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, end)| end);
            end.is_some_and(|end| {
                (end.len() > 1 || matches!(end, "c" | "h" | "m" | "r"))
                    && end.len() < 6
                    && end.chars().all(|letter| letter.is_ascii_lowercase())
            })
        }
    }
}

fn switch(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "c/create= C/force-create= guess discard-changes f/force q/quiet recurse-submodules=? progress m/merge conflict= d/detach \
         t/track=? orphan= ignore-other-worktrees overwrite-ignore",
    );
    if given.any(&["force", "discard-changes"]) {
        command.loses("checkout_discard", scene)
    } else {
        command.updates(scene)
    }
}

fn restore(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "s/source= S/staged W/worktree ignore-unmerged overlay q/quiet recurse-submodules=? progress m/merge conflict= 2/ours 3/theirs \
         p/patch ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
    );
    let index_only = given.has("staged") && !given.has("worktree") && !given.open;
    if index_only || given.any(&["ours", "theirs", "merge"]) {
        return command.updates(scene);
    }
    command.guards(&given.operands, scene);
    if given.value("source").is_none() && held(&given.operands, command, scene) {
        return command.updates(scene);
    }
    command.loses("restore", scene);
}

fn stash(command: &Command<'_>, scene: &mut Scene<'_>) {
    let first = command.words.first();
    match first.map(ToString::to_string).as_deref() {
        Some("drop") => command.loses("stash_drop", scene),
        Some("clear") => command.loses("stash_clear", scene),
        Some("list" | "show") => command.reads(scene),
        _ if first.is_some_and(|word| word.leading().is_empty() && word.has_unknown()) => {
            scene.unknown(command.at, "which stash command it is is not known");
        }
        _ => command.updates(scene),
    }
}

fn reflog(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "n/dry-run expire=? expire-unreachable=? all updateref rewrite stale-fix verbose single-worktree",
    );
    match command.words.first().map(ToString::to_string).as_deref() {
        Some("expire" | "delete" | "drop") if !given.has("dry-run") => command.loses("reflog_expire", scene),
        _ => command.reads(scene),
    }
}

fn gc(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "q/quiet prune=? cruft max-cruft-size= aggressive auto detach force keep-largest-pack expire-to=",
    );
    let now =
        |word: &Word| !word.text().is_some_and(|text| text.contains("ago") || text.contains("week") || text == "never");
    if given.value("prune").is_some_and(now) { command.loses("gc_prune", scene) } else { command.updates(scene) }
}

fn prune(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, "n/dry-run v/verbose progress expire= exclude-promisor-objects");
    if given.has("dry-run") { command.reads(scene) } else { command.loses("gc_prune", scene) }
}

fn update_ref(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, "d stdin z m= no-deref create-reflog");
    let stash = given.operands.first().is_some_and(|word| word.is("refs/stash"));
    match given.has("d") {
        true if stash => command.loses("stash_clear", scene),
        true => command.drops("ref_delete", scene),
        false => command.updates(scene),
    }
}

fn filter_repo(command: &Command<'_>, scene: &mut Scene<'_>) {
    let harmless = |word: &Word| word.is("--analyze") || word.is("--dry-run") || word.is("--version") || word.is("-h");
    if command.words.iter().any(harmless) { command.reads(scene) } else { command.loses("filter_repo", scene) }
}

fn worktree(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "f/force d/detach checkout lock reason= q/quiet track=? guess-remote b= B= orphan n/dry-run v/verbose expire= porcelain z relative-paths",
    );
    match given.operands.first().map(ToString::to_string).as_deref() {
        Some("list") => command.reads(scene),
        Some("remove") if given.has("force") => {
            let own = |word: &Word| files::place(word, command.at, scene).place == files::Where::ThrowAway;
            if given.operands.get(1).is_some_and(own) {
                command.drops("worktree_remove", scene)
            } else {
                command.loses("worktree_remove", scene)
            }
        }
        _ => command.updates(scene),
    }
}

fn rm(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "n/dry-run q/quiet cached f/force r ignore-unmatch sparse pathspec-from-file= pathspec-file-nul",
    );
    if given.has("dry-run") {
        return command.reads(scene);
    }
    if given.has("cached") {
        return command.updates(scene);
    }
    command.guards(&given.operands, scene);
    // Without `-f` git keeps what differs from the last commit.
    if given.has("force") && !held(&given.operands, command, scene) {
        command.loses("rm_force", scene)
    } else {
        command.drops("rm", scene)
    }
}

fn mv(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(command.words, "v/verbose n/dry-run f/force k sparse");
    if given.has("dry-run") {
        return command.reads(scene);
    }
    command.guards(&given.operands, scene);
    command.updates(scene);
}

fn branch(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "v/verbose q/quiet t/track=? u/set-upstream-to= unset-upstream color=? r/remotes contains= no-contains= abbrev=? a/all d/delete D \
         m/move M c/copy C l/list show-current create-reflog edit-description f/force merged= no-merged= column=? sort= points-at= \
         i/ignore-case recurse-submodules format=",
    );
    match () {
        () if given.any(&["delete", "D"]) => command.drops("branch_delete", scene),
        () if given.any(&["list", "all", "remotes", "show-current", "contains", "merged", "no-merged"])
            || given.operands.is_empty() =>
        {
            command.reads(scene);
        }
        () => command.updates(scene),
    }
}

fn tag(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "l/list n=? d/delete v/verify a/annotate m/message= F/file= trailer= e/edit s/sign cleanup= u/local-user= f/force create-reflog column=? \
         contains= no-contains= merged= no-merged= sort= points-at= format= color=? i/ignore-case",
    );
    match () {
        () if given.has("delete") => command.drops("tag_delete", scene),
        () if given.any(&["list", "verify", "contains", "merged", "points-at", "n"]) || given.operands.is_empty() => {
            command.reads(scene)
        }
        () => command.updates(scene),
    }
}

fn read_tree(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "m u i n/dry-run v trivial aggressive reset prefix= index-output= no-sparse-checkout empty q quiet",
    );
    if given.has("reset") && given.has("u") && !given.has("dry-run") {
        command.loses("reset_hard", scene)
    } else {
        command.updates(scene)
    }
}

fn checkout_index(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "u/index q/quiet f/force a/all n/no-create prefix= stage= temp z stdin ignore-skip-worktree-bits",
    );
    if given.has("force") && given.value("prefix").is_none() {
        command.loses("checkout_discard", scene)
    } else {
        command.updates(scene)
    }
}
