//! What single words of the clouds' command lines mean, where no table says more.

use crate::identify::command::{Effect, Invocation, Scene};
use crate::model::{Hazard, Impact, Place, Scope};

/// `kebab-case` as `camelCase`.
pub(super) fn camel(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut upper = false;
    for letter in text.chars() {
        match letter {
            '-' | '_' => upper = true,
            letter if upper => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => out.push(letter),
        }
    }
    out
}

/// `camelCase` as `kebab-case`.
pub(super) fn kebab(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for letter in text.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// What a verb that no table knows does, as its first word says; `None` where it says nothing.
pub(super) fn impact(verb: &str) -> Option<Impact> {
    let first = verb.split('-').next().unwrap_or(verb);
    Some(match first {
        "delete" | "destroy" | "purge" | "drop" | "truncate" | "wipe" | "rm" | "remove" | "unlink" | "discard"
        | "uninstall" => Impact::Destroy,
        "list" | "describe" | "get" | "show" | "search" | "read" | "tail" | "wait" | "exists" | "check" | "lookup"
        | "validate" | "diff" | "explain" | "preview" | "ls" => Impact::Read,
        "stop" | "disable" | "deallocate" | "restart" | "reset" | "failover" | "suspend" | "cancel" | "abandon"
        | "detach" | "drain" | "pause" | "revoke" => Impact::Disrupt,
        "create" | "export" | "clone" | "copy" | "snapshot" | "backup" => Impact::Create,
        "run" | "execute" | "invoke" | "submit" | "ssh" | "call" => Impact::Execute,
        _ => return None,
    })
}

/// Adds a call whose API has no such row: what its verb's word says.
pub(super) fn unlisted(
    service: &str,
    verb: &str,
    on: String,
    (at, scene): (&Invocation, &mut Scene<'_>),
    place: Place,
) {
    let impact = impact(verb).unwrap_or(Impact::Unknown);
    let id = format!("{service}:unidentified");
    let mut effect = Effect::new(&id, impact, Scope::Resource).on(on).with("verb", verb).at(place);
    if impact == Impact::Destroy {
        effect = effect.hazard(Hazard::DataLoss);
    }
    scene.effect(at, effect);
}

/// Something that only concerns the machine that the command runs on.
pub(super) fn local(id: &str, impact: Impact, at: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(at, Effect::new(id, impact, Scope::Local));
}
