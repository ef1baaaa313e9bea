//! What the words of a program that nobody knows say that it may do: a wrapper of somebody's own runs what it is given.

use super::super::face;
use super::super::{Effect, Invocation, Scene, Shell, Word};
use crate::model::{Impact, Place, Scope};

/// First operands that say plainly what is done.
const DESTROYING: [&str; 7] = ["delete", "destroy", "drop", "purge", "terminate", "wipe", "nuke"];

/// Programs whose name is an ordinary word, or that do nothing by being named.
const ORDINARY: &[&str] = &[
    "test", "time", "set", "read", "type", "which", "true", "false", "echo", "printf", "help", "history", "find", "at",
    "batch", "watch", "script", "install", "command", "exec", "make", "task", "just", "node", "python", "python3",
    "ruby", "perl", "php", "go", "cargo", "npm", "yarn", "pnpm", "bun", "deno", "git", "docker", "podman", "screen",
    "parallel", "retry", "export", "sort", "cut", "split", "join", "link", "more", "less", "file", "top", "host",
    "local", "let", "wait", "jobs", "fc", "bind", "complete", "env", "sh", "bash", "zsh", "fish", "ls", "cat", "head",
    "tail", "cp", "mv", "date", "id", "su", "w", "who", "service", "dd", "ed", "ex", "vi", "vim", "nano", "cd", "init",
    "session", "mail", "last", "mix", "open", "print", "start", "stop", "kill", "run", "expand", "factor", "unset",
    "alias", "return", "exit", "shift", "trap", "source", ".", ":", "[", "eval", "nice", "chronic", "entr",
];

/// Reads what the words name.
pub(in crate::identify::command) fn mentioned(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let tells =
        one.program().is_some_and(|program| matches!(program.as_str(), "man" | "apropos" | "whatis" | "info" | "tldr"));
    if tells || words.iter().any(|word| word.is("--help")) {
        return;
    }
    let operand = words.iter().position(|word| !word.leading().starts_with('-'));
    if let Some(verb) = operand.and_then(|at| words.get(at))
        && verb.text().is_some_and(|verb| DESTROYING.contains(&&*verb))
    {
        let what = words.iter().skip(1).map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let program = one.program().unwrap_or_default();
        let effect = Effect::new(&format!("shell:exec:{program}.{verb}"), Impact::Destroy, Scope::Resource).on(what);
        // Nobody knows whose it is.
        scene.effect(one, effect.at(Place { host: Some("unknown".to_owned()), ..Place::default() }));
        return;
    }
    for (at, word) in words.iter().enumerate() {
        let Some(text) = word.text() else { continue };
        let after_message = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(is_message);
        if after_message || text.starts_with('-') {
            continue;
        }
        if names_a_tool(&text)
            && words.get(at + 1).is_some_and(|next| !next.text().is_some_and(|next| face::is_listed(&next)))
        {
            let rest: Vec<Word> = words.get(at..).unwrap_or_default().to_vec();
            scene.invocation(&one.with_words(rest));
            return;
        }
        let first = text.split_whitespace().next().unwrap_or_default();
        if text.contains(' ') && names_a_tool(first) {
            let text = text.into_owned();
            scene.script(&text, Shell::Posix, &one.with_words(vec![]));
        }
    }
}

/// Whether this is a tool whose words say what is done.
fn names_a_tool(name: &str) -> bool {
    !name.contains('/') && !ORDINARY.contains(&name) && face::is_listed(name)
}

/// Whether the option is followed by text for people.
fn is_message(option: &Word) -> bool {
    const MESSAGES: &[&str] = &[
        "-m",
        "--message",
        "--title",
        "--body",
        "-t",
        "--text",
        "--description",
        "--comment",
        "--name",
        "-n",
        "--notes",
        "--prompt",
        "--label",
        "--tag",
    ];
    option.text().is_some_and(|option| MESSAGES.contains(&&*option))
}
