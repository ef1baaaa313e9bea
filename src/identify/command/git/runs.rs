//! Commands that git runs for others: of options, settings and aliases.

use super::super::files::{Given, options};
use super::super::{Invocation, Scene, Shell, Word};
use super::{Command, key};

/// Settings that name a command (git-config(1)).
pub(super) fn settings(settings: &[(String, String)], at: &Invocation, scene: &mut Scene<'_>) {
    for (name, value) in settings {
        let runs = match name.as_str() {
            "core.sshcommand"
            | "core.fsmonitor"
            | "core.editor"
            | "core.pager"
            | "sequence.editor"
            | "diff.external"
            | "core.askpass"
            | "gpg.program"
            | "core.gitproxy"
            | "uploadpack.packobjectshook" => true,
            name if name.starts_with("credential.") && name.ends_with("helper") => value.starts_with('!'),
            name if name.starts_with("filter.") || name.starts_with("diff.") || name.starts_with("merge.") => {
                ["clean", "smudge", "process", "textconv", "command", "driver", "cmd"]
                    .iter()
                    .any(|end| name.ends_with(&format!(".{end}")))
            }
            name if name.starts_with("pager.") || name.ends_with("tool.cmd") => {
                !matches!(value.as_str(), "true" | "false")
            }
            _ => false,
        };
        if runs && !is_usual(value) {
            scene.script(value.trim_start_matches('!'), Shell::Posix, &at.with_words(vec![]));
        }
    }
}

/// Settings that the text gives in variables (git-config(1), "ENVIRONMENT").
pub(super) fn from_variables(at: &Invocation) -> Vec<(String, String)> {
    let count = at.set("GIT_CONFIG_COUNT").and_then(|count| count.text()?.parse::<usize>().ok()).unwrap_or(0);
    let mut all: Vec<(String, String)> = (0..count.min(64))
        .filter_map(|n| {
            let name = at.set(&format!("GIT_CONFIG_KEY_{n}"))?.to_string();
            let value = at.set(&format!("GIT_CONFIG_VALUE_{n}"))?.to_string();
            Some((key(&name), value))
        })
        .collect();
    // `'name=value'`, `'name'='value'`, as git hands its `-c` on.
    if let Some(given) = at.set("GIT_CONFIG_PARAMETERS").and_then(Word::text) {
        let words = given.split("' '").map(|word| word.replace('\'', ""));
        all.extend(words.filter_map(|word| word.split_once('=').map(|(name, value)| (key(name), value.to_owned()))));
    }
    all
}

/// `--config-env=NAME=VARIABLE`.
pub(super) fn from_variable(setting: &str, at: &Invocation, scene: &Scene<'_>) -> Option<(String, String)> {
    let (name, variable) = setting.rsplit_once('=')?;
    Some((key(name), scene.variable(at, variable)?.to_string()))
}

/// What people set there: transports, pagers, editors, and git's own helpers.
pub(in crate::identify::command) fn is_usual(value: &str) -> bool {
    const USUAL: &[&str] = &[
        "ssh",
        "less",
        "more",
        "cat",
        "delta",
        "bat",
        "vim",
        "vi",
        "nvim",
        "nano",
        "emacs",
        "code",
        "true",
        "false",
        "",
        ":",
        "git-lfs",
        "gpg",
        "gpg2",
        "diff-so-fancy",
        "difft",
        "git",
        "cursor",
        "1",
        "0",
    ];
    let plain = !value.contains([';', '|', '&', '`', '$', '\n', '>']);
    let proxied = value.to_lowercase().contains("proxycommand");
    plain && !proxied && USUAL.contains(&value.split_whitespace().next().unwrap_or_default())
}

/// `--upload-pack=COMMAND`, and URLs that are commands (gitremote-helpers(7), `ext::`).
pub(super) fn transport(given: &Given, command: &Command<'_>, scene: &mut Scene<'_>) {
    for option in ["upload-pack", "receive-pack"] {
        if let Some(value) = given.value(option).filter(|value| !value.is(&format!("git-{option}"))) {
            script(value, command, scene);
        }
    }
    for word in given.operands.iter().take(1) {
        let text = word.to_string();
        let url = command.config.value(&format!("remote.{text}.url")).map_or(text.as_str(), |url| url).to_owned();
        if let Some(run) = url.strip_prefix("ext::") {
            scene.script(run, Shell::Posix, &command.at.with_words(vec![]));
        }
    }
}

fn script(word: &Word, command: &Command<'_>, scene: &mut Scene<'_>) {
    match word.text() {
        Some(text) => scene.script(&text, Shell::Posix, &command.at.with_words(vec![])),
        None => scene.unknown(command.at, "what it runs is not known"),
    }
}

/// Reads a command that runs others; `false` when it is none.
pub(super) fn read(command: &Command<'_>, scene: &mut Scene<'_>) -> bool {
    match command.name {
        "rebase" => rebase(command, scene),
        "bisect" => bisect(command, scene),
        "submodule" => submodule(command, scene),
        "difftool" => difftool(command, scene),
        _ => return false,
    }
    true
}

fn rebase(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "onto= keep-base upstream q/quiet v/verbose n/no-stat stat signoff committer-date-is-author-date ignore-date C= ignore-whitespace \
         whitespace= f/force-rebase no-ff continue skip abort quit edit-todo show-current-patch m/merge i/interactive rerere-autoupdate \
         empty= autosquash S/gpg-sign=? autostash x/exec= r/rebase-merges=? fork-point s/strategy= X/strategy-option= root \
         reschedule-failed-exec reapply-cherry-picks update-refs verify no-verify apply",
    );
    given.values("exec").cloned().collect::<Vec<_>>().iter().for_each(|word| script(word, command, scene));
    command.updates(scene);
}

fn bisect(command: &Command<'_>, scene: &mut Scene<'_>) {
    match command.words.split_first() {
        Some((first, rest)) if first.is("run") => {
            command.updates(scene);
            scene.invocation(&Invocation { repeats: true, ..command.at.with_words(rest.to_vec()) });
        }
        Some((first, _)) if first.is("log") || first.is("view") || first.is("visualize") => command.reads(scene),
        _ => command.updates(scene),
    }
}

fn submodule(command: &Command<'_>, scene: &mut Scene<'_>) {
    let verb = command.words.iter().position(|word| !word.leading().starts_with('-'));
    let name = verb.and_then(|verb| command.words.get(verb)).map(ToString::to_string).unwrap_or_default();
    let rest = verb.and_then(|verb| command.words.get(verb + 1..)).unwrap_or_default();
    match name.as_str() {
        "" | "status" | "summary" => command.reads(scene),
        "foreach" => {
            let skip = rest.iter().take_while(|word| word.leading().starts_with("--")).count();
            let run = rest.get(skip..).unwrap_or_default();
            let at = Invocation { repeats: true, ..command.at.with_words(vec![]) };
            match run {
                [only] => script(only, &Command { at: &at, ..*command }, scene),
                words => scene.invocation(&at.with_words(words.to_vec())),
            }
        }
        "deinit" | "update" if rest.iter().any(|word| word.is("-f") || word.is("--force")) => {
            command.loses("submodule_force", scene)
        }
        _ => command.updates(scene),
    }
}

fn difftool(command: &Command<'_>, scene: &mut Scene<'_>) {
    let given = options(
        command.words,
        "g/gui y/no-prompt prompt rotate-to= skip-to= d/dir-diff t/tool= tool-help trust-exit-code x/extcmd= no-index index cached staged",
    );
    given.value("extcmd").into_iter().for_each(|word| script(word, command, scene));
    command.reads(scene);
}
