//! This program's own commands: those that answer for people, or change how agents are judged, are none of an agent's.

use super::face::Reader;
use super::{Effect, Invocation, Scene};
use crate::model::{Hazard, Impact, Scope};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[("blastgate", read)];

/// What only a person may do: the words of the command.
const ANSWERS: &[&str] =
    &["approvals approve", "approvals deny", "changes accept", "sessions close", "install", "init", "serve"];
/// Options whose values stand apart.
const VALUED: &[&str] = &["--config", "--reason", "--drain", "--within"];

fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let mut words: Vec<String> = vec![];
    let mut rest = one.arguments().iter();
    while let Some(word) = rest.next() {
        let Some(text) = word.text() else {
            return scene.unknown(one, "what blastgate is told is not known");
        };
        if text == "--" {
            break;
        } else if VALUED.contains(&&*text) {
            rest.next();
        } else if !text.starts_with('-') {
            words.push(text.into_owned());
        }
        // The agent's own command stands behind these, its own words, and words that only name something.
        if words.len() == 2 || words.first().is_some_and(|first| first == "run" || first == "reason") {
            break;
        }
    }
    let is_help = one.arguments().iter().any(|word| word.is("--help") || word.is("-h") || word.is("--check"));
    let command = words.join(" ");
    let answers = ANSWERS.iter().any(|known| command == *known || command.starts_with(&format!("{known} ")));
    let name = words.first().map_or("help", String::as_str);
    if words.first().is_some_and(|first| first == "run") {
        runs(one, scene);
    } else if answers && !is_help {
        let effect = Effect::new(&format!("shell:exec:blastgate_{name}"), Impact::Permission, Scope::Resource);
        scene.effect(one, effect.hazard(Hazard::GuardTamper).on(format!("blastgate {command}")));
    } else {
        scene.effect(one, Effect::new(&format!("shell:exec:blastgate_{name}"), Impact::Read, Scope::Local));
    }
}

/// `run -- CMD` runs what stands behind it.
fn runs(one: &Invocation, scene: &mut Scene<'_>) {
    let mut behind = one.arguments().iter().skip_while(|word| !word.is("--")).skip(1).cloned().peekable();
    if behind.peek().is_none() {
        return scene.effect(one, Effect::new("shell:exec:blastgate_run", Impact::Read, Scope::Local));
    }
    scene.invocation(&one.with_words(behind.collect()));
}

#[cfg(test)]
mod tests {
    use crate::identify::command::tests::said;

    #[test]
    fn an_agent_does_not_answer_for_its_person() {
        for command in [
            "blastgate approvals approve a_01",
            "blastgate approvals --config /x approve a_01 --yes",
            "/usr/bin/blastgate --config /x approvals deny a_01",
            "blastgate changes accept c_1",
            "blastgate init --force",
        ] {
            let said = said(command);
            assert!(said.ends_with(" permission resource"), "{command}: {said}");
        }
        for command in [
            "blastgate approvals",
            "blastgate log",
            "blastgate approvals approve --help",
            "blastgate",
            "blastgate hook codex",
            "blastgate reason 'approvals approve' --ticket CHG-42 --show",
            "blastgate reason \"$WHY\" --rollback-plan=none",
        ] {
            let said = said(command);
            assert!(said.ends_with(" read local"), "{command}: {said}");
        }
        let said = said("blastgate run -- frobnicate approvals approve");
        assert_eq!(said, "shell:exec:frobnicate execute local");
    }
}
