//! The walk over everything that a text would run: what was found so far, how it was reached, and how much more may be read.

use std::collections::BTreeMap;

use bytes::Bytes;
use vec1::Vec1;

use super::face;
use super::invocation::without_passwords;
use super::{Contents, Heard, Input, Invocation, Machine, Part, Shell, Surroundings, Word, alone};
use crate::head::text::head_from_parts;
use crate::identify::protocol::Face;
use crate::identify::{Identified, Known, Reading, command, identify, route};
use crate::model::http::{BodyNeed, Captured, Unreadable};
use crate::model::{BlastRadius, Count, Hazard, Impact, Operation, Parameter, Place, Resource, Reversible, Scope};

/// How deep commands may stand in commands.
const DEPTH_MAX: usize = 24;
/// How many simple commands are read; a longer script is `unidentified` from there.
const INVOCATIONS_MAX: usize = 4000;
/// How many steps of scripts are followed: commands, words and rounds of loops.
const STEPS_MAX: usize = 40_000;
/// The first of the characters that stand for values: a private use plane of Unicode, and how many of them there are.
const VEILED_FIRST: u32 = 0xF_0000;
const VEILED_COUNT: usize = 0xFFFD;

/// What is found while a text is read.
pub(in crate::identify) struct Scene<'a> {
    around: &'a dyn Surroundings,
    found: Vec<(Identified, Vec<String>)>,
    trail: Vec<String>,
    depth: usize,
    invocations: usize,
    unreadable: Option<Unreadable>,
    /// What commands before have changed that later ones depend on: kind, name, value.
    remembered: Vec<(&'static str, String, String)>,
    steps: usize,
    veiled: Vec<Part>,
    wrote: BTreeMap<String, Contents>,
}

/// An operation that a command carries out without sending a request that the gate could judge.
#[derive(Clone, Debug)]
pub(in crate::identify) struct Effect {
    /// Its id.
    pub(in crate::identify) operation: Operation,
    /// What it would do.
    pub(in crate::identify) blast: BlastRadius,
    /// On what.
    pub(in crate::identify) resources: Vec<Resource>,
    /// Where it stands. Empty for what the command does to the machine that it runs on.
    pub(in crate::identify) place: Place,
    /// What decides.
    pub(in crate::identify) parameters: Vec<Parameter>,
}

impl Effect {
    /// One resource, no hazards.
    pub(in crate::identify) fn new(operation: &str, impact: Impact, scope: Scope) -> Self {
        Self {
            operation: Operation::from_id(operation),
            blast: BlastRadius::new(impact, scope),
            resources: vec![],
            place: Place::default(),
            parameters: vec![],
        }
    }

    /// The same with one more hazard.
    pub(in crate::identify) fn hazard(mut self, hazard: Hazard) -> Self {
        self.blast = self.blast.hazard(hazard);
        self
    }

    /// The same on one more resource.
    pub(in crate::identify) fn on(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(Resource(resource.into()));
        self
    }

    /// The same on so many.
    pub(in crate::identify) const fn count(mut self, count: Count) -> Self {
        self.blast.count = count;
        self
    }

    /// The same, undone so.
    pub(in crate::identify) const fn reversible(mut self, reversible: Reversible) -> Self {
        self.blast.reversible = reversible;
        self
    }

    /// The same with one more parameter.
    pub(in crate::identify) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push(Parameter::new(name, value));
        self
    }

    /// The same in this place.
    pub(in crate::identify) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

/// A request that a command would send.
#[derive(Clone, Debug, Default)]
pub(in crate::identify) struct Sent {
    /// The method.
    pub(in crate::identify) method: String,
    /// The whole URL.
    pub(in crate::identify) url: String,
    /// Its headers.
    pub(in crate::identify) headers: Vec<(String, String)>,
    /// Its body; `None` when nobody knows what it will be.
    pub(in crate::identify) body: Option<Vec<u8>>,
    /// What is known of the target beside.
    pub(in crate::identify) known: Known,
}

impl<'a> Scene<'a> {
    /// Nothing yet.
    pub(in crate::identify) fn new(around: &'a dyn Surroundings) -> Self {
        let (found, trail, veiled) = (vec![], vec![], vec![]);
        Self {
            around,
            found,
            trail,
            depth: 0,
            invocations: 0,
            unreadable: None,
            steps: 0,
            veiled,
            wrote: BTreeMap::new(),
            remembered: vec![],
        }
    }

    /// Whether one more step may be taken through the scripts that are read.
    pub(in crate::identify) const fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps <= STEPS_MAX
    }

    /// A character that stands for this in a text that is otherwise known, so that the text can still be read: the
    /// command of `bash -c "cd $DIR && npm test"`. [`Self::unveil`] gives it back.
    pub(in crate::identify) fn veil(&mut self, part: Part) -> char {
        let at = self.veiled.iter().position(|known| *known == part).unwrap_or_else(|| {
            if self.veiled.len() < VEILED_COUNT {
                self.veiled.push(part);
            }
            self.veiled.len().saturating_sub(1)
        });
        u32::try_from(at).ok().and_then(|at| char::from_u32(VEILED_FIRST + at)).unwrap_or('\u{F0000}')
    }

    /// A text as a word: what stands for something that nobody knows, or for a pattern, is that again. A text that holds
    /// such characters of its own is not known there.
    pub(in crate::identify) fn unveil(&self, text: &str, splits: bool) -> Word {
        let mut parts: Vec<Part> = vec![];
        for character in text.chars() {
            if is_veiled(character) {
                let at = usize::try_from(u32::from(character) - VEILED_FIRST).unwrap_or(usize::MAX);
                parts.push(match self.veiled.get(at) {
                    Some(Part::Unknown { shown, .. }) => Part::Unknown { shown: shown.clone(), splits },
                    Some(part) => part.clone(),
                    None => Part::Unknown { shown: character.to_string(), splits },
                });
            } else if let Some(Part::Text(known)) = parts.last_mut() {
                known.push(character);
            } else {
                parts.push(Part::Text(character.to_string()));
            }
        }
        Word { parts }
    }

    /// The word as a text, with characters in it for what nobody knows.
    pub(in crate::identify) fn veiled(&mut self, word: &Word) -> String {
        let mut text = String::new();
        for part in &word.parts {
            match part {
                Part::Text(known) => text.push_str(known),
                other => text.push(self.veil(other.clone())),
            }
        }
        text
    }

    /// Whether a command before may have changed files: anything but a read, Terraform's own work aside.
    pub(in crate::identify) fn has_changed(&self) -> bool {
        self.found.iter().map(|(one, _)| one.reading()).any(|reading| match &reading.face {
            Face::Command(seen) => seen.blast.impact != Impact::Read && reading.operation.provider() != "terraform",
            _ => false,
        })
    }

    /// What a file of the agent's own machine will hold by then: what the text wrote to it, else what it holds now.
    pub(in crate::identify) fn contents(&self, path: &str) -> Contents {
        self.wrote.get(path).cloned().unwrap_or_else(|| self.around.read(path))
    }

    /// Whether the text makes this file out of something that nobody knows: a download.
    pub(in crate::identify) fn comes_from_elsewhere(&self, path: &str, at: &Invocation) -> bool {
        let path = super::shell::path_from(at.directory.as_deref(), path);
        path.is_some_and(|path| self.wrote.get(&path) == Some(&Contents::Unknown))
    }

    /// The text writes this to a file of the agent's own machine.
    pub(in crate::identify) fn wrote(&mut self, path: &str, contents: Contents) {
        self.wrote.insert(path.to_owned(), contents);
    }

    /// What can be known beside the text.
    pub(in crate::identify) const fn around(&self) -> &'a dyn Surroundings {
        self.around
    }

    /// A variable as the command would see it: what the text sets, else what it inherits. `None` when it is not set.
    pub(in crate::identify) fn variable(&self, at: &Invocation, name: &str) -> Option<Word> {
        at.set(name).cloned().or_else(|| self.around.variable(name).map(Word::known))
    }

    /// Keeps what a command changes for those after it: a `link` that it makes, a git `alias`.
    pub(in crate::identify) fn remember(
        &mut self,
        kind: &'static str,
        name: impl Into<String>,
        value: impl Into<String>,
    ) {
        self.remembered.push((kind, name.into(), value.into()));
    }

    /// What commands before have changed of this kind: name and value, the latest first.
    pub(in crate::identify) fn recalled(&self, kind: &'static str) -> impl Iterator<Item = (&str, &str)> {
        let of = move |(known, ..): &&(&'static str, String, String)| *known == kind;
        self.remembered.iter().rev().filter(of).map(|(_, name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads a script that runs in these circumstances.
    pub(in crate::identify) fn script(&mut self, text: &str, shell: Shell, at: &Invocation) {
        self.nested(at, |scene| face::script(text, shell, at, scene));
    }

    /// Goes one deeper, to read what stands in a command.
    pub(in crate::identify) fn nested(&mut self, at: &Invocation, read: impl FnOnce(&mut Self)) {
        if self.depth >= DEPTH_MAX {
            self.unknown(at, "commands in commands, too deep to be read");
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    /// Reads one simple command: what it runs, writes and sends.
    pub(in crate::identify) fn invocation(&mut self, one: &Invocation) {
        self.invocations += 1;
        if self.depth >= DEPTH_MAX || self.invocations > INVOCATIONS_MAX {
            if self.invocations <= INVOCATIONS_MAX + 1 {
                self.unknown(one, "more commands than are read");
            }
            return;
        }
        self.depth += 1;
        self.trail.push(one.shown());
        face::invocation(one, self);
        self.trail.pop();
        self.depth -= 1;
    }

    /// Adds an operation that the command at `at` carries out.
    pub(in crate::identify) fn effect(&mut self, at: &Invocation, effect: Effect) {
        let Effect { operation, mut blast, resources, mut place, parameters } = effect;
        if place == Place::default() {
            place = place_of(&at.machine);
            if !place.loopback && blast.scope == Scope::Local {
                blast.scope = Scope::Item;
            }
        }
        if at.repeats && blast.impact != Impact::Read {
            blast.count = match blast.count {
                Count::Exact(n) => Count::AtLeast(n),
                other => other,
            };
        }
        let seen = command::Seen { blast };
        let count = blast.count;
        let face = Face::Command(seen);
        self.push(alone(Reading { operation, aliases: vec![], resources, place, parameters, count, face }));
    }

    /// Adds what the request asks for that the command would send. A body that nobody knows is `unidentified` where the
    /// call is named by it.
    pub(in crate::identify) fn sends(&mut self, at: &Invocation, sent: Sent) {
        self.sends_to(at, &sent, &Place::default());
    }

    /// The same, where the command's own names say where the target stands (a context, a profile), or that it is this
    /// machine: they complete what the request itself tells.
    pub(in crate::identify) fn sends_to(&mut self, at: &Invocation, sent: &Sent, known: &Place) {
        match read(sent) {
            Ok(all) => all.into_iter().for_each(|mut one| {
                one.each_place(|place| complete(place, known));
                self.push(one);
            }),
            Err(unreadable) => self.refuse(at, unreadable),
        }
    }

    /// Adds what is read already.
    pub(in crate::identify) fn push(&mut self, identified: Identified) {
        self.found.push((identified, self.trail.clone()));
    }

    /// Adds an operation that nobody knows: judged as `destroy`.
    pub(in crate::identify) fn unknown(&mut self, at: &Invocation, why: &str) {
        let why = without_passwords(why);
        let shown = if at.words.is_empty() { why.clone() } else { at.shown() };
        let effect = Effect::new("shell:unidentified:unidentified", Impact::Unknown, Scope::Resource);
        let place = match place_of(&at.machine) {
            // It may reach anything from here.
            here if here.loopback => Place { host: Some("unknown".to_owned()), ..Place::default() },
            there => there,
        };
        self.effect(at, effect.on(shown).with("why", why).at(place));
    }

    /// The text has more than one reading, or none: the whole of it is refused.
    pub(in crate::identify) fn refuse(&mut self, at: &Invocation, mut unreadable: Unreadable) {
        if !at.words.is_empty() {
            unreadable.why = format!("`{}`: {}", at.shown(), unreadable.why);
        }
        self.unreadable.get_or_insert(unreadable);
    }

    /// Everything that was found.
    pub(in crate::identify) fn finish(self) -> Result<Heard, Unreadable> {
        if let Some(unreadable) = self.unreadable {
            return Err(unreadable);
        }
        let (identified, trail): (Vec<_>, Vec<_>) = self.found.into_iter().unzip();
        match (Vec1::try_from_vec(identified), Vec1::try_from_vec(trail)) {
            (Ok(identified), Ok(trail)) => Ok(Heard { identified, trail }),
            _ => Ok(Heard { identified: Vec1::new(nothing()), trail: Vec1::new(vec![]) }),
        }
    }
}

/// Nothing that would be run: a comment, an assignment, a definition that nobody calls.
fn nothing() -> Identified {
    let blast = BlastRadius::new(Impact::Read, Scope::Local);
    alone(Reading {
        operation: Operation::from_id("shell:exec:nothing"),
        aliases: vec![],
        resources: vec![],
        place: Place { loopback: true, ..Place::default() },
        parameters: vec![],
        count: Count::ONE,
        face: Face::Command(command::Seen { blast }),
    })
}

/// Where a command's machine stands.
pub(in crate::identify) fn place_of(machine: &Machine) -> Place {
    match machine {
        Machine::Own | Machine::Container(_) => Place { loopback: true, ..Place::default() },
        Machine::Remote(host) => Place { host: Some(host.clone()), ..Place::default() },
        Machine::Pod { cluster, namespace, .. } => {
            Place { cluster: cluster.clone(), namespace: namespace.clone(), ..Place::default() }
        }
    }
}

/// Fills in what the request left open.
fn complete(place: &mut Place, known: &Place) {
    let fill = |open: &mut Option<String>, known: &Option<String>| {
        if open.is_none() {
            open.clone_from(known);
        }
    };
    fill(&mut place.cluster, &known.cluster);
    fill(&mut place.profile, &known.profile);
    fill(&mut place.context, &known.context);
    place.loopback |= known.loopback;
}

/// What a request asks for, exactly as the HTTP door reads it.
fn read(sent: &Sent) -> Result<Vec1<Identified>, Unreadable> {
    let head = head_from_parts(&sent.method, &sent.url, &sent.headers)?;
    let route = route(&head, &sent.known)?;
    let body = match (&sent.body, route.need()) {
        (_, BodyNeed::None) => Captured::Unread,
        (Some(bytes), _) => Captured::Whole(Bytes::copy_from_slice(bytes)),
        (None, _) => Captured::Undecodable("nobody knows what the body will be"),
    };
    identify(&route, &head, &body)
}

/// Whether this character may stand for something that nobody knows ([`Scene::veil`]).
pub(in crate::identify) fn is_veiled(character: char) -> bool {
    matches!(character, '\u{F0000}'..='\u{FFFFD}')
}

/// What a text is for the programs that read it.
impl Input {
    /// The text, where it is known.
    pub(in crate::identify) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
