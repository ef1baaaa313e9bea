//! A plan: what an `apply` of it would do, resource by resource.
//!
//! Terraform carries out a plan file exactly, or not at all when the state has moved on: it stands for the call, as long as it
//! is the same file. Its SHA-256 is a parameter of every action, so that an approval holds for this plan only. What cannot be
//! read whole is no plan.

mod archive;
mod binary;
mod json;
#[cfg(test)]
mod tests;
mod value;
mod wire;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::change;
use super::command::Call;
use super::configuration::Block;
use super::state;
use crate::identify::command::{Contents, Effect, Scene, Shell, Word};
use crate::model::{Count, Hazard, Impact, Reversible, Scope};

/// Stands for a file that nobody knows which it is, in what a text wrote.
pub(super) const ANY: &str = "/dev/null/any plan";
/// What it then holds.
pub(super) const WRITTEN: &[u8] = b"written";

/// What a plan does to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    Read,
    Create,
    Update,
    Delete,
    /// Deletes and creates, in either order.
    Replace,
    /// Drops it from the state; it stays where it is.
    Forget,
    ForgetAndCreate,
}

/// One object's change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) address: String,
    /// The resource type: `aws_db_instance`.
    pub(super) kind: String,
    /// The provider's address, with its configuration's where the plan tells it.
    pub(super) provider: String,
    pub(super) act: Act,
    /// It is taken into the state first.
    pub(super) importing: bool,
    pub(super) before: Value,
    /// What nobody knows yet is not in it.
    pub(super) after: Value,
}

/// An action that a provider carries out beside its resources (Terraform 1.14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invoked {
    pub(super) address: String,
}

/// A plan.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) invoked: Vec<Invoked>,
    /// Made with `-destroy`.
    pub(super) is_destroy: bool,
    /// The files of its configuration.
    pub(super) modules: Vec<Block>,
    /// All of the configuration could be read.
    pub(super) is_whole: bool,
}

/// What is known of what `apply FILE` carries out.
pub(super) enum Known {
    /// Exactly this.
    Plan(Box<(Plan, String)>),
    /// A document beside it says this; somebody may have written it by hand.
    Hint(Plan),
    Nothing,
}

/// Reads a plan in either form.
#[cfg(test)]
pub(super) fn parse(bytes: &[u8]) -> Option<Plan> {
    if bytes.starts_with(b"PK") { binary::read(bytes) } else { json::read(bytes) }
}

/// The plan of `apply FILE`, where it is certain that it is what stands there now.
pub(super) fn read(call: &Call<'_>, file: &Word, scene: &Scene<'_>) -> Known {
    let path = file.text().and_then(|file| state::join(call.project.directory()?, &file));
    let Some(path) = path else { return Known::Nothing };
    let is_sure = call.arguments.operands.len() == 1 && !call.arguments.is_open;
    // What ran before in the same text may have put another one there.
    let is_settled = !scene.has_changed() && scene.contents(ANY) != Contents::Whole(WRITTEN.to_vec());
    if let (true, Contents::Whole(bytes)) = (is_sure && is_settled && !call.one.repeats, scene.contents(&path))
        && bytes.starts_with(b"PK")
        && let Some(plan) = binary::read(&bytes)
    {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        return Known::Plan(Box::new((plan, digest)));
    }
    let beside = |path: &str| match scene.contents(path) {
        Contents::Whole(bytes) => json::read(&bytes),
        _ => None,
    };
    match beside(&format!("{path}.json")).or_else(|| beside(&path)) {
        Some(plan) => Known::Hint(plan),
        None => Known::Nothing,
    }
}

/// Adds everything that the plan does.
pub(super) fn carry_out(known: &(Plan, String), call: &Call<'_>, scene: &mut Scene<'_>) {
    let (plan, digest) = known;
    let place = call.place();
    let changing: Vec<&Change> = plan
        .changes
        .iter()
        .filter(|change| !matches!(change.act, Act::Nothing | Act::Read) || change.importing)
        .collect();
    let effect = match plan.is_destroy {
        true => Effect::new("terraform:state:destroy", Impact::Destroy, Scope::Environment)
            .hazard(Hazard::DataLoss)
            .count(Count::Exact(changing.len() as u64)),
        false if changing.is_empty() && plan.invoked.is_empty() => {
            Effect::new("terraform:state:apply", Impact::Update, Scope::Item)
        }
        false => Effect::new("terraform:state:apply", Impact::Update, Scope::Resource),
    };
    let effect = counted(effect, &changing).with("plan.sha256", digest);
    scene.effect(call.one, effect.at(place.clone()));
    let changes = changing.into_iter();
    change::carry_out(changes, (&place, Some(digest)), call, scene);
    for Invoked { address } in &plan.invoked {
        let effect = Effect::new("terraform:action:invoke", Impact::Execute, Scope::Resource).on(address);
        scene.effect(call.one, effect.with("plan.sha256", digest).at(place.clone()));
    }
    provisioners(plan, call, scene);
}

/// How many of each, for a person and for approvals to bind to.
fn counted(effect: Effect, changes: &[&Change]) -> Effect {
    let acts = [
        ("creates", Act::Create),
        ("updates", Act::Update),
        ("deletes", Act::Delete),
        ("replaces", Act::Replace),
        ("forgets", Act::Forget),
    ];
    let of = |act: Act| changes.iter().filter(|change| change.act == act).count();
    acts.into_iter()
        .filter(|(_, act)| of(*act) > 0)
        .fold(effect, |effect, (name, act)| effect.with(name, of(act).to_string()))
}

/// Adds what a document beside an unread plan says that it destroys: it can only make the answer stricter.
pub(super) fn show(plan: &Plan, call: &Call<'_>, scene: &mut Scene<'_>) {
    let destroys = plan.changes.iter().filter(|change| matches!(change.act, Act::Delete | Act::Replace));
    change::carry_out(destroys, (&call.place(), None), call, scene);
}

/// Commands that creating and deleting runs beside what the provider does.
fn provisioners(plan: &Plan, call: &Call<'_>, scene: &mut Scene<'_>) {
    let runs = |change: &&Change| matches!(change.act, Act::Create | Act::Delete | Act::Replace | Act::ForgetAndCreate);
    let begun: Vec<&Change> = plan.changes.iter().filter(runs).collect();
    if begun.is_empty() {
        return;
    }
    if !plan.is_whole {
        scene.unknown(call.one, "the plan's configuration may run commands, and cannot be read");
        return;
    }
    for resource in plan.modules.iter().flat_map(|file| file.inner("resource")) {
        let [kind, name] = resource.labels.as_slice() else { continue };
        let is_its = |change: &&&Change| change.kind == *kind && name_of(&change.address) == Some(name);
        let Some(change) = begun.iter().find(is_its) else { continue };
        for provisioner in resource.inner("provisioner") {
            if provisioner.labels.first().is_some_and(|kind| kind == "file") && change.act == Act::Delete {
                continue;
            }
            let on_destroy = provisioner.text("when") == Some("destroy");
            let is_run = match change.act {
                Act::Create | Act::ForgetAndCreate => !on_destroy,
                Act::Delete => on_destroy,
                _ => true,
            };
            if is_run {
                provisioned(provisioner, change, call, scene);
            }
        }
    }
}

fn provisioned(provisioner: &Block, change: &Change, call: &Call<'_>, scene: &mut Scene<'_>) {
    let is_local = provisioner.labels.first().is_some_and(|kind| kind == "local-exec");
    let is_plain = !provisioner.attributes.iter().any(|(name, _)| name == "interpreter" || name == "environment");
    match provisioner.text("command") {
        Some(command) if is_local && is_plain => {
            let mut one = call.one.with_words(vec![]);
            let folder = match provisioner.attributes.iter().find(|(name, _)| name == "working_dir") {
                None => call.project.directory().map(ToOwned::to_owned),
                Some((_, value)) => value.as_deref().and_then(|folder| state::join(call.project.directory()?, folder)),
            };
            one.directory = folder;
            scene.script(command, Shell::Posix, &one);
        }
        _ if is_local => scene.unknown(call.one, "a provisioner runs a command that cannot be read"),
        _ => {
            let effect = Effect::new("terraform:provisioner:run", Impact::Execute, Scope::Resource);
            let effect = effect.on(&change.address).at(call.place()).reversible(Reversible::No);
            scene.effect(call.one, effect);
        }
    }
}

/// The type in an address: `module.a["x"].aws_vpc.main[0]` is an `aws_vpc`; `None` for what is no resource.
pub(super) fn kind_of(address: &str) -> Option<&str> {
    parts(address).map(|(kind, _)| kind)
}

/// The resource's own name in an address.
fn name_of(address: &str) -> Option<&str> {
    parts(address).map(|(_, name)| name)
}

fn parts(address: &str) -> Option<(&str, &str)> {
    let mut rest = address;
    loop {
        let (word, after) = step(rest)?;
        match word {
            "module" => rest = step(after)?.1,
            "data" => rest = after,
            kind => return step(after).map(|(name, _)| (kind, name)),
        }
    }
}

/// The first name of an address, and what stands behind it and its index.
fn step(address: &str) -> Option<(&str, &str)> {
    let end = address.find(['.', '[']).unwrap_or(address.len());
    let (word, mut rest) = address.split_at_checked(end)?;
    if let Some(index) = rest.strip_prefix('[') {
        rest = match index.strip_prefix('"') {
            // A quote in a key is escaped.
            Some(key) => {
                let mut is_escaped = false;
                let end = key.find(|letter| {
                    let ends = letter == '"' && !is_escaped;
                    is_escaped = letter == '\\' && !is_escaped;
                    ends
                })?;
                key.get(end..)?.strip_prefix("\"]")?
            }
            None => index.split_once(']')?.1,
        };
    }
    (!word.is_empty()).then(|| (word, rest.strip_prefix('.').unwrap_or(rest)))
}
