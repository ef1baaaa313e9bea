//! One change of a plan as the operation that it stands for: the API call that the provider would send, where the catalog
//! knows it, so that the same effect has the same name and the same verdict at every door; else `terraform:TYPE:delete` and the
//! like, with a reach that the type's own words tell.

mod aws;
mod request;
#[cfg(test)]
mod tests;
mod words;

use serde_json::Value;

use super::command::Call;
use super::plan::{Act, Change};
use crate::identify::Reading;
use crate::identify::command::{Effect, Scene, Word, Written, alone, files};
use crate::model::{Hazard, Impact, Parameter, Place, Reversible, Scope};

/// From this many changes on, those that are alike are told together.
const ALIKE_FROM: usize = 20;

/// Where a plan's resources stand as far as its configuration tells, and the plan's digest.
type Where<'a> = (&'a Place, Option<&'a String>);

/// Adds every change.
pub(super) fn carry_out<'a>(
    changes: impl Iterator<Item = &'a Change>,
    (base, digest): Where<'_>,
    call: &Call<'_>,
    scene: &mut Scene<'_>,
) {
    let changes: Vec<&Change> = changes.collect();
    let mut told = Told { readings: vec![], effects: vec![], merges: changes.len() >= ALIKE_FROM };
    for change in changes {
        let place = place_of(change, base);
        one(change, &place, call, (&mut told, scene));
    }
    for mut reading in told.readings {
        reading.parameters.extend(digest.map(|digest| Parameter::new("plan.sha256", digest)));
        scene.push(alone(reading));
    }
    for effect in told.effects {
        let effect = match digest {
            Some(digest) => effect.with("plan.sha256", digest),
            None => effect,
        };
        scene.effect(call.one, effect);
    }
}

/// What was found so far; of many changes what is alike but for its resources stands once.
struct Told {
    readings: Vec<Reading>,
    effects: Vec<Effect>,
    merges: bool,
}

impl Told {
    fn reading(&mut self, reading: Reading, act: Act) {
        let is_alike = |other: &&mut Reading| {
            (&other.operation, &other.parameters, &other.place)
                == (&reading.operation, &reading.parameters, &reading.place)
        };
        let merges = self.merges && matches!(act, Act::Create | Act::Update);
        match self.readings.iter_mut().find(is_alike).filter(|_| merges) {
            Some(other) => {
                other.count = other.count.plus(reading.count);
                other.resources.extend(reading.resources);
            }
            None => self.readings.push(reading),
        }
    }

    fn effect(&mut self, effect: Effect) {
        let is_mild = matches!(effect.blast.impact, Impact::Create | Impact::Update | Impact::Permission);
        let of = |one: &Effect| (one.operation.clone(), one.blast.impact, one.blast.scope, one.blast.hazards);
        let is_alike = |other: &&mut Effect| {
            of(other) == of(&effect) && (&other.parameters, &other.place) == (&effect.parameters, &effect.place)
        };
        match self.effects.iter_mut().find(is_alike).filter(|_| self.merges && is_mild) {
            Some(other) => {
                other.blast.count = other.blast.count.plus(effect.blast.count);
                other.resources.extend(effect.resources);
            }
            None => self.effects.push(effect),
        }
    }
}

fn one(change: &Change, place: &Place, call: &Call<'_>, (told, scene): (&mut Told, &mut Scene<'_>)) {
    if change.importing {
        let effect = Effect::new("terraform:state:import", Impact::Update, Scope::Resource);
        told.effect(effect.on(&change.address).at(place.clone()));
    }
    if matches!(change.act, Act::Forget | Act::ForgetAndCreate) {
        let effect = Effect::new("terraform:state:rm", Impact::Destroy, Scope::Resource).reversible(Reversible::Partly);
        told.effect(effect.on(&change.address).at(place.clone()));
    }
    let act = match change.act {
        Act::Nothing | Act::Read | Act::Forget => return,
        Act::ForgetAndCreate => Act::Create,
        act => act,
    };
    if words::is_machine_local(change) {
        return machine_local(change, act, call, (told, scene));
    }
    exposed(change, place, told);
    if act == Act::Update && is_only_tags(change) {
        let effect = Effect::new(&format!("terraform:{}:tag", change.kind), Impact::Update, Scope::Item);
        return told.effect(effect.on(named(change)).at(place.clone()));
    }
    let readings = aws::readings(change, act, place);
    let is_known =
        !readings.is_empty() || matches!(act, Act::Delete | Act::Replace) && request::delete(change, call, scene);
    readings.into_iter().for_each(|reading| told.reading(reading, act));
    // Nothing of an API's own names says that what goes is made anew.
    if !is_known || act == Act::Replace {
        told.effect(words::effect(change, act).at(place.clone()));
    }
    if act == Act::Update && is_known {
        permitted(change, place, told);
    }
}

/// What a provider does that only knows this machine: names, times, files.
fn machine_local(change: &Change, act: Act, call: &Call<'_>, (told, scene): (&mut Told, &mut Scene<'_>)) {
    if let ("local_file" | "local_sensitive_file", Act::Create | Act::Update | Act::Replace) =
        (change.kind.as_str(), act)
    {
        let name = change.after.get("filename").and_then(Value::as_str);
        let path = name.map_or_else(|| Word::unknown("a file of the plan", false), Word::known);
        let mut at = call.one.with_words(vec![]);
        at.directory = call.project.directory().map(ToOwned::to_owned);
        return files::written(&at, &Written { path, appends: false }, scene);
    }
    let (name, impact) = match act {
        Act::Create => ("create", Impact::Create),
        Act::Update => ("update", Impact::Update),
        _ => ("delete", Impact::Destroy),
    };
    let effect = Effect::new(&format!("terraform:{}:{name}", change.kind), impact, Scope::Local);
    told.effect(effect.on(&change.address));
}

/// The provider's own name for the object, where the plan holds it.
fn named(change: &Change) -> String {
    let of = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let either = |name| of(&change.before, name).or_else(|| of(&change.after, name));
    either("arn").filter(|arn| arn.starts_with("arn:")).unwrap_or_else(|| change.address.clone())
}

/// The attributes that an update changes, or a creation sets.
fn changed(change: &Change) -> impl Iterator<Item = (&str, &Value)> {
    let entries = change.after.as_object().into_iter().flatten();
    let is_new =
        |(name, value): &(&String, &Value)| !value.is_null() && change.before.get(name.as_str()) != Some(*value);
    entries.filter(is_new).map(|(name, value)| (name.as_str(), value))
}

fn is_only_tags(change: &Change) -> bool {
    let mut names = changed(change).map(|(name, _)| name).peekable();
    let lost = change.before.as_object().into_iter().flatten().any(|(name, value)| {
        !value.is_null() && change.after.get(name).is_none_or(Value::is_null) && !words::is_tag(name)
    });
    names.peek().is_some() && !lost && names.all(words::is_tag)
}

/// A change that opens something to the world, whatever its type is called.
fn exposed(change: &Change, place: &Place, told: &mut Told) {
    if !matches!(change.act, Act::Create | Act::Update | Act::Replace) {
        return;
    }
    // What goes out to everywhere lets nobody in.
    let goes_out =
        change.after.get("type").and_then(Value::as_str) == Some("egress") || change.kind.ends_with("_egress_rule");
    if let Some((name, _)) = changed(change).find(|(name, value)| !goes_out && words::is_public(name, value)) {
        let effect = Effect::new(&format!("terraform:{}:expose", change.kind), Impact::Permission, Scope::Resource);
        let effect = effect.hazard(Hazard::Exposure).on(named(change)).with("attribute", name);
        told.effect(effect.at(place.clone()));
    }
}

/// Who may do what is often an attribute of the resource itself, and another call than its update.
fn permitted(change: &Change, place: &Place, told: &mut Told) {
    if let Some((name, _)) = changed(change).find(|(name, _)| words::is_permission(name)) {
        let effect = Effect::new(&format!("terraform:{}:permit", change.kind), Impact::Permission, Scope::Resource);
        told.effect(effect.on(named(change)).with("attribute", name).at(place.clone()));
    }
}

/// Where the object stands: what its own attributes say, else what the configuration does.
fn place_of(change: &Change, base: &Place) -> Place {
    let mut place = base.clone();
    let of = |name: &str| {
        let value = change.before.get(name).or_else(|| change.after.get(name));
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    };
    match change.kind.split('_').next().unwrap_or_default() {
        "aws" => {
            let arn = of("arn").filter(|arn| arn.starts_with("arn:"));
            let part = |index| arn.as_deref().and_then(|arn| arn.split(':').nth(index)).filter(|part| !part.is_empty());
            place.account = part(4).map(ToOwned::to_owned).or_else(|| of("owner_id")).or(place.account);
            place.region = part(3).map(ToOwned::to_owned).or_else(|| of("region")).or(place.region);
        }
        "google" => {
            place.project = of("project").or(place.project);
            place.region = of("region").or_else(|| of("location")).or(place.region);
        }
        "azurerm" => {
            let id = of("id").unwrap_or_default();
            let named = id.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next());
            place.subscription = named.map(ToOwned::to_owned).or(place.subscription);
        }
        "kubernetes" => {
            let value = if change.before.is_null() { &change.after } else { &change.before };
            let namespace = value.pointer("/metadata/0/namespace").and_then(Value::as_str);
            place.namespace = namespace.map(ToOwned::to_owned);
        }
        "github" => place.repository = of("full_name").or(place.repository),
        _ => {}
    }
    place
}
