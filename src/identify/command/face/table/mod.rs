//! Programs whose words are described by tables (`catalog/commands`).
//!
//! The rows of the command that the words name are tried from the top: the first that certainly holds speaks, and one of which
//! that is not certain speaks beside it. Of all that speak the strictest counts.

mod fill;
mod given;

#[cfg(test)]
mod tests;

use crate::catalog::commands::{self, Counted, Row, Table, Target};
use crate::identify::command::{Effect, Invocation, Machine, Scene, place_of};
use crate::model::{Count, Impact, Operation, Place, Resource, Scope};

use fill::{fill, lookup};
use given::{Given, Truth};

/// Whether there is a table for this program.
pub(super) fn is_listed(program: &str) -> bool {
    commands::has(program)
}

/// Reads the invocation by the program's table; `false` when there is none.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some(table) = commands::table(program) else { return false };
    let name = table.programs.first().copied().unwrap_or(program);
    let given = Given::read(table, one);
    if given.is_help {
        scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local));
        return true;
    }
    let Some((rows, words)) = rows_of(table, &given) else {
        scene.unknown(one, "the command's word is not known");
        return true;
    };
    let given = given.without_words(words);
    let mut spoken = Vec::new();
    for row in rows {
        match given.holds(&row.when, one) {
            Truth::No => continue,
            Truth::Maybe => spoken.push(row),
            Truth::Yes => {
                spoken.push(row);
                break;
            }
        }
    }
    match spoken.as_slice() {
        [] => {
            let effect = Effect::new(&format!("{name}:unidentified:unidentified"), Impact::Unknown, Scope::Resource);
            let place = place(table, Scope::Resource, &given, (one, scene));
            scene.effect(one, effect.on(one.shown()).at(place));
        }
        rows => speak(table, rows, &given, (one, scene)),
    }
    true
}

/// The rows of the longest command that the operands begin with, and how many words it has; `None` when a word that
/// would decide is not known.
fn rows_of<'t>(table: &'t Table, given: &Given<'_>) -> Option<(Vec<&'t Row>, usize)> {
    let mut longest: Option<usize> = None;
    let matches = |row: &Row| -> Option<Option<usize>> {
        // Outer `None`: not known. Inner: does not match.
        let Some(command) = &row.command else { return Some(None) };
        for (position, alternatives) in command.iter().enumerate() {
            let Some(word) = given.operands.get(position) else { return Some(None) };
            let text = word.text()?;
            if !alternatives.iter().any(|one| *one == text) {
                return Some(None);
            }
        }
        Some(Some(command.len()))
    };
    let mut unsure = false;
    for row in &table.rows {
        match matches(row) {
            None => unsure = true,
            Some(Some(0)) if !given.operands.is_empty() => {}
            Some(Some(words)) => longest = longest.max(Some(words)),
            Some(None) => {}
        }
    }
    if unsure {
        return None;
    }
    let rows = |words: usize| table.rows.iter().filter(move |row| matches(row) == Some(Some(words)));
    match longest {
        Some(words) => Some((rows(words).collect(), words)),
        None => Some((table.rows.iter().filter(|row| row.command.is_none()).collect(), 0)),
    }
}

/// Adds what the rows say.
fn speak(table: &Table, rows: &[&Row], given: &Given<'_>, (one, scene): (&Invocation, &mut Scene<'_>)) {
    for row in rows.iter().filter(|row| row.blast.is_none()) {
        if let Some(sent) = fill::request(row.operation, given, (one, scene)) {
            scene.sends(one, sent);
        } else {
            scene.unknown(one, "the request that it would send cannot be told");
        }
    }
    let told = rows.iter().filter_map(|row| Some((row, row.blast?)));
    let Some((row, mut blast)) = told.max_by_key(|(_, blast)| (blast.impact.strictness(), blast.scope)) else { return };
    blast.count = match row.counted {
        Counted::Fixed(count) => count,
        Counted::Operands if given.operands.iter().any(|word| word.splits()) => Count::Unbounded,
        Counted::Operands => Count::Exact(given.operands.len().max(1) as u64),
    };
    let program = table.programs.first().copied().unwrap_or_default();
    let effect = Effect {
        operation: Operation::from_id(&row.operation.replace("{program}", program)),
        blast,
        resources: resources(row.resource, given, (one, scene)),
        place: place(table, blast.scope, given, (one, scene)),
        parameters: vec![],
    };
    scene.effect(one, effect);
}

fn resources(template: &str, given: &Given<'_>, (one, scene): (&Invocation, &Scene<'_>)) -> Vec<Resource> {
    match template {
        "-" | "" => vec![],
        "{args}" => given.operands.iter().map(|word| Resource(word.to_string())).collect(),
        template => fill(template, given, (one, scene)).map(Resource).into_iter().collect(),
    }
}

/// Where the targets stand: what an option or a variable names, else what the table says.
fn place(table: &Table, scope: Scope, given: &Given<'_>, (one, scene): (&Invocation, &Scene<'_>)) -> Place {
    let here = || place_of(&one.machine);
    if scope == Scope::Local {
        return here();
    }
    let mut place = match (&table.target, &one.machine) {
        (Target::Here, _) => here(),
        (Target::Host(host), _) => Place { host: Some((*host).to_owned()), ..Place::default() },
        (Target::Unknown, Machine::Own) => Place::default(),
        (Target::Unknown, _) => here(),
    };
    for (part, from) in &table.place {
        let Some(value) = from.iter().find_map(|source| lookup(source, given, (one, scene))) else { continue };
        put(&mut place, part, value);
    }
    if place == Place::default() {
        place.host = Some("unknown".to_owned());
    }
    place
}

fn put(place: &mut Place, part: &str, value: String) {
    let slot = match part {
        "host" => {
            let host = host_of(&value);
            place.loopback = crate::model::http::Authority { host: host.clone(), port: 0 }.is_loopback();
            place.host = Some(host);
            return;
        }
        "account" => &mut place.account,
        "region" => &mut place.region,
        "cluster" => &mut place.cluster,
        "namespace" => &mut place.namespace,
        "project" => &mut place.project,
        "subscription" => &mut place.subscription,
        "repository" => &mut place.repository,
        "database" => &mut place.database,
        "state" => &mut place.state,
        "profile" => &mut place.profile,
        _ => &mut place.context,
    };
    *slot = Some(value);
}

/// The host in what may be a URL, or a host with a port.
fn host_of(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase(),
    }
}
