//! This program's own commands: those that answer for people, or change how agents are judged, are none of an agent's. Nor
//! is the signature of a vote by another way.

use super::face::{self, Reader};
use super::{Effect, Invocation, Scene};
use crate::config::VOTE_NAMESPACE;
use crate::model::{Hazard, Impact, Scope};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[("blastgate", read), ("ssh-keygen", keygen)];

/// What only a person may do: the words of the command.
const ANSWERS: &[&str] = &["changes accept", "sessions close", "install", "init", "serve"];
/// What is left to an agent of `approvals`: every other word of it answers for a person.
const ASKS: &[&str] = &["approvals", "approvals list", "approvals show", "approvals wait", "approvals help"];
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
    let known = ANSWERS.iter().any(|known| command == *known || command.starts_with(&format!("{known} ")));
    let answers = known || words.first().is_some_and(|first| first == "approvals") && !ASKS.contains(&&*command);
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

/// Options of `ssh-keygen` (OpenSSH 9) that take a value, attached or as the next word.
const KEYGEN_VALUED: &str = "CDEFIKMNOPRTVWYZabfjmnrstwz";

/// SECURITY: what is signed in the namespace of votes is somebody's vote. Everything else about keys is as the table says.
fn keygen(one: &Invocation, scene: &mut Scene<'_>) {
    let (mut modes, mut namespaces): (Vec<Option<String>>, Vec<Option<String>>) = (vec![], vec![]);
    let mut may_hold_more = false;
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let text = word.leading();
        may_hold_more |= text.is_empty() && word.splits();
        let mut letters = text.strip_prefix('-').unwrap_or_default().char_indices();
        let Some((place, letter)) = letters.find(|(_, letter)| KEYGEN_VALUED.contains(*letter)) else { continue };
        let is_last = word.text().is_some_and(|text| text.len() == place + 2);
        let value = if is_last { words.next() } else { Some(word) };
        let value = value.and_then(|word| word.text()).map(|text| match is_last {
            true => text.into_owned(),
            false => text.get(place + 2..).unwrap_or_default().to_owned(),
        });
        match letter {
            'Y' => modes.push(value),
            'n' => namespaces.push(value),
            _ => {}
        }
    }
    let judged = |values: &[Option<String>], is_meant: fn(&str) -> bool| {
        let certain = values.iter().flatten().any(|value| is_meant(value));
        let possible = values.iter().any(Option::is_none) || values.is_empty() && may_hold_more;
        (certain, certain || possible)
    };
    // `ssh-keygen` itself looks at the beginning of the word only.
    let (signs, may_sign) = judged(&modes, |mode| mode.starts_with("sign"));
    let (votes, may_vote) = judged(&namespaces, |namespace| namespace == VOTE_NAMESPACE);
    if signs && may_vote || may_sign && votes {
        let effect = Effect::new("shell:exec:ssh-keygen", Impact::Permission, Scope::Resource);
        scene.effect(one, effect.hazard(Hazard::GuardTamper).on("the signature of a vote"));
    } else {
        face::by_table("ssh-keygen", one, scene);
    }
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
            "blastgate approvals withdraw a_01",
            "blastgate approvals break-glass a_01 --reason x",
            "blastgate approvals --json review a_01",
            "blastgate changes accept c_1",
            "blastgate init --force",
        ] {
            let said = said(command);
            assert!(said.ends_with(" permission resource"), "{command}: {said}");
        }
        for command in [
            "blastgate approvals",
            "blastgate approvals list --all",
            "blastgate approvals show a_01",
            "blastgate approvals --json wait a_01",
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

    #[test]
    fn an_agent_does_not_sign_votes() {
        for command in [
            "ssh-keygen -Y sign -n blastgate-vote@blastgate.dev -f ~/.ssh/id_ed25519 vote",
            "ssh-keygen -Ysign -nblastgate-vote@blastgate.dev -f k",
            "ssh-keygen -qYsign -f k -n blastgate-vote@blastgate.dev -O hashalg=sha256",
            "ssh-keygen -n blastgate-vote@blastgate.dev -fk -Y signal",
            "ssh-keygen -Y sign -n git -n blastgate-vote@blastgate.dev -f k --help",
            "/usr/bin/ssh-keygen -Y sign -n blastgate-vote@blastgate.dev -f k -",
            "sudo -u ada ssh-keygen -Y sign -n blastgate-vote@blastgate.dev -f k",
        ] {
            assert_eq!(said(command), "shell:exec:ssh-keygen permission resource", "{command}");
        }
        for command in [
            "ssh-keygen -t ed25519 -N '' -f /tmp/k -C blastgate-vote@blastgate.dev",
            "ssh-keygen -t ed25519-sk -O verify-required",
            "ssh-keygen -lf ~/.ssh/id_ed25519.pub",
            "ssh-keygen -Y verify -n blastgate-vote@blastgate.dev -f allowed -I ada -s vote.sig",
            "ssh-keygen -Y check-novalidate -n blastgate-vote@blastgate.dev -s vote.sig",
            "ssh-keygen -Y sign -n git -f k blastgate-vote@blastgate.dev",
            "ssh-keygen -Y sign -n file -f k -O blastgate-vote@blastgate.dev",
        ] {
            let said = said(command);
            assert!(said.ends_with(" local") && !said.contains("permission"), "{command}: {said}");
        }
    }
}
