//! What deletes: rm and its kin.

use super::super::{Effect, Invocation, Machine, Scene, Word};
use super::options::options;
use super::standing::{Reach, Standing, Where, standing};
use crate::model::{Count, Hazard, Impact, Operation, Reversible, Scope};

/// `rm` (GNU coreutils, BSD).
pub(super) fn rm(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "f/force i I interactive=? one-file-system no-preserve-root preserve-root=? r/R/recursive d/dir v/verbose help version P W x",
    );
    if given.any(&["help", "version"]) {
        return reads(at, scene);
    }
    let whole = given.has("recursive") || given.open;
    if given.operands.is_empty() {
        // Without names there is nothing to delete; behind a pipe that nobody reads the words are not all here.
        return if given.open { scene.unknown(at, "what is deleted is not known") } else { reads(at, scene) };
    }
    for word in &given.operands {
        delete(word, whole, at, scene);
    }
}

/// `rmdir` takes away empty folders only.
pub(super) fn rmdir(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "ignore-fail-on-non-empty p/parents v/verbose help version");
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    given.operands.iter().for_each(|word| delete(word, false, at, scene));
}

/// `unlink FILE`.
pub(super) fn unlink(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "help version");
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    given.operands.iter().for_each(|word| delete(word, false, at, scene));
}

/// `shred` overwrites what a file or a disk holds.
pub(super) fn shred(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "f/force n/iterations= random-source= s/size= u remove=? v/verbose x/exact z/zero help version",
    );
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    for word in &given.operands {
        let it = standing(word, at, Reach::default(), scene);
        removed(&it, false, "shell:fs:overwrite", at, scene);
    }
}

/// `truncate -s SIZE FILE`: shrinking loses what is cut off.
pub(super) fn truncate(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "c/no-create o/io-blocks r/reference= s/size= help version");
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    let grows = given.value("size").is_some_and(|size| size.leading().trim_start().starts_with(['+', '>']));
    for word in &given.operands {
        if grows {
            super::change::write(word, super::Writing::Append, at, scene);
        } else {
            let it = standing(word, at, Reach::default(), scene);
            removed(&it, false, "shell:fs:overwrite", at, scene);
        }
    }
}

/// Deletes what the word names; `whole`: with everything below.
pub(super) fn delete(word: &Word, whole: bool, at: &Invocation, scene: &mut Scene<'_>) {
    let it = standing(word, at, Reach { whole, link: true }, scene);
    removed(&it, whole, "shell:fs:delete", at, scene);
}

/// What stands there goes away.
pub(super) fn removed(it: &Standing, whole: bool, operation: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let outer = if it.root {
        Scope::Account
    } else if whole {
        Scope::Resource
    } else {
        Scope::Item
    };
    let lost =
        |scope| Effect::new(operation, Impact::Destroy, scope).hazard(Hazard::DataLoss).reversible(Reversible::No);
    let local = || Effect::new(operation, Impact::Destroy, Scope::Local).reversible(Reversible::Yes);
    let effect = match it.place {
        Where::Unknown => return scene.unknown(at, "what is deleted is not known"),
        Where::Guard => lost(Scope::Resource).hazard(Hazard::GuardTamper),
        Where::Device => Effect { operation: Operation::from_id("shell:disk:write"), ..lost(Scope::Resource) },
        // Scratch of another machine: nobody's data, but not the agent's own either.
        Where::ThrowAway if is_far(at) => Effect::new(operation, Impact::Update, Scope::Item),
        Where::ThrowAway => local().reversible(Reversible::No),
        Where::Container => local().reversible(Reversible::No),
        Where::Workspace if it.precious => lost(if whole { Scope::Resource } else { Scope::Item }),
        Where::Workspace => local(),
        Where::WorkspaceRoot | Where::Repository => lost(Scope::Resource),
        Where::Home | Where::System | Where::OtherMount | Where::Elsewhere => lost(outer),
    };
    let count = if it.many || whole && it.root { Count::Unbounded } else { Count::ONE };
    scene.effect(at, effect.on(it.path.clone()).count(count).with("where", it.place.as_str()));
}

/// Whether the command runs on a machine that is not the agent's.
pub(super) const fn is_far(at: &Invocation) -> bool {
    matches!(at.machine, Machine::Remote(_) | Machine::Pod { .. })
}

/// Whether changing what the word names changes what guards the agent.
pub(in crate::identify::command) fn guards(word: &Word, whole: bool, at: &Invocation, scene: &Scene<'_>) -> bool {
    standing(word, at, Reach { whole, link: false }, scene).place == Where::Guard
}

/// The command only prints something.
pub(super) fn reads(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    scene.effect(at, Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local));
}
