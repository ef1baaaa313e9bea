//! From what was read to what it would do: [`Identified`] + catalog + inventory → [`Action`] with its blast radius.

pub mod aws;
pub mod azure;
mod condition;
pub mod described;
mod effect;
pub mod environment;
pub mod git;
pub mod graphql;
pub mod kubernetes;
pub mod lifeline;
pub mod rest;

use sha2::{Digest, Sha256};
use vec1::Vec1;

use crate::config::Inventory;
use crate::identify::{Face, Identified, Reading};
use crate::model::{
    BlastRadius, Count, Environment, EnvironmentKind, Evidence, Hazard, Impact, Operation, Parameter, Place, Resource,
};

/// The whole attempted act, but for who and when. Made only by [`classify`].
#[derive(Clone, Debug)]
pub struct Action {
    operation: Operation,
    aliases: Vec<Operation>,
    resources: Vec<Resource>,
    place: Place,
    parameters: Vec<Parameter>,
    blast: BlastRadius,
    environment: Environment,
    evidence: Evidence,
    /// What else speaks of it, in words: see [`Action::note`].
    notes: Vec<String>,
}

impl Action {
    /// The operation's id.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Operations that look the same on the wire and have the same effect.
    #[must_use]
    pub fn aliases(&self) -> &[Operation] {
        &self.aliases
    }

    /// What is acted upon.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The parameters that decide what the operation does.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What it would do.
    #[must_use]
    pub const fn blast(&self) -> &BlastRadius {
        &self.blast
    }

    /// What the resources belong to.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How we know.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// What only the session's past shows of it, in words for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds a hazard that only the session's past shows, and why. What the action does is told by its request alone and stays
    /// as it is: a note can make a decision stricter, never milder, and no approval is bound to it.
    pub fn note(&mut self, hazard: Hazard, why: String) {
        self.blast.hazards.insert(hazard);
        self.notes.push(why);
    }

    /// SHA-256 over what will be done: operation, resources, deciding parameters, place and environment; not the door,
    /// not headers, not bytes. Approvals bind to it (together with person and session).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let effect = (
            1u8,
            &self.operation,
            &self.resources,
            &self.parameters,
            &self.place,
            &self.environment.name,
            self.environment.kind,
        );
        // Serialising plain data to JSON cannot fail; an empty text would still be a digest of its own.
        Sha256::digest(serde_json::to_vec(&effect).unwrap_or_default()).into()
    }
}

/// An action as somebody tells it, without bytes that would prove it.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// What.
    pub(crate) operation: Operation,
    /// On what.
    pub(crate) resources: Vec<Resource>,
    /// Where.
    pub(crate) place: Place,
    /// What decides.
    pub(crate) parameters: Vec<Parameter>,
    /// What it would do.
    pub(crate) blast: BlastRadius,
    /// What it belongs to.
    pub(crate) environment: Environment,
}

/// The declared action: its evidence is [`Evidence::Declared`], so that it never passes for an observed one.
#[must_use]
pub(crate) fn declared(declaration: Declaration) -> Action {
    let Declaration { operation, resources, place, parameters, blast, environment } = declaration;
    let evidence = Evidence::Declared;
    Action { operation, aliases: vec![], resources, place, parameters, blast, environment, evidence, notes: vec![] }
}

/// The action that a record tells of, to be judged again: what is decided of it is told, and nothing goes on by it.
#[must_use]
pub(crate) fn recalled(told: Declaration, aliases: Vec<Operation>, evidence: Evidence) -> Action {
    Action { aliases, evidence, ..declared(told) }
}

/// The same action with one thing otherwise, to say what would have been decided of that.
impl Action {
    /// In another environment.
    #[must_use]
    pub(crate) fn if_in(&self, environment: Environment) -> Self {
        Self { environment, ..self.clone() }
    }

    /// With another blast radius.
    #[must_use]
    pub(crate) fn if_it(&self, blast: BlastRadius) -> Self {
        Self { blast, ..self.clone() }
    }
}

#[cfg(test)]
impl Action {
    /// A hand-made action, for the tests of the stages that judge actions.
    pub(crate) fn for_test(operation: &str, blast: BlastRadius, environment: crate::model::EnvironmentKind) -> Self {
        let environment = Environment::of(environment);
        let (resources, place, parameters) = (vec![], Place::default(), vec![]);
        let operation = Operation::from_id(operation);
        let evidence = Evidence::Observed;
        Self { operation, aliases: vec![], resources, place, parameters, blast, environment, evidence, notes: vec![] }
    }

    /// The same with these resources.
    pub(crate) fn on<R: Into<Resource>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// The same in an environment of the inventory.
    pub(crate) fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The same with all of these resources.
    pub(crate) fn on_all(mut self, resources: &[String]) -> Self {
        self.resources = resources.iter().map(|one| Resource::from(one.as_str())).collect();
        self
    }

    /// The same in this environment.
    pub(crate) fn within(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The same in this place.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same with one more parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push(Parameter::new(name, value));
        self
    }

    /// The same with a twin on the wire.
    pub(crate) fn or(mut self, alias: &str) -> Self {
        self.aliases.push(Operation::from_id(alias));
        self
    }
}

/// Works out the blast radius of everything a request asks for.
#[must_use]
pub fn classify(identified: Vec1<Identified>, inventory: &Inventory, evidence: Evidence) -> Vec1<Action> {
    identified.mapped(|one| action(one, inventory, evidence))
}

fn action(mut identified: Identified, inventory: &Inventory, evidence: Evidence) -> Action {
    if evidence == Evidence::Parsed {
        identified.each_place(|place| environment::stands_for(inventory, place));
    }
    let mut named = identified.reading();
    let mut blast = blast_radius(named);
    let mut aliases = named.aliases.clone();
    for other in identified.others() {
        let judged = blast_radius(other);
        // By its method alone a harmless call of a known API looks like an update: that is no better name.
        let names = judged.impact.strictness() > blast.impact.strictness().max(Impact::Update.strictness());
        if names {
            aliases.push(named.operation.clone());
            named = other;
        }
        merge(&mut blast, &judged, names);
    }
    let readings = || identified.others().iter().chain([identified.reading()]);
    // What has only the shape of AWS says nothing of where it stands, whatever accounts and ARNs it names.
    let tells = |reading: &&Reading| !identified.is_by_shape() || !matches!(reading.face, Face::Aws(_));
    let first = Some(named).filter(tells).or_else(|| readings().find(tells)).unwrap_or(named);
    let mut environment = environment::resolve(inventory, first);
    // What the inventory says of any reading counts; that it does not know one says nothing.
    for reading in readings().filter(tells) {
        let other = environment::resolve(inventory, reading);
        if other.kind != EnvironmentKind::Unknown && environment::is_stricter(&other, &environment) {
            environment = other;
        }
    }
    let Reading { operation, resources, place, parameters, .. } = named.clone();
    Action { operation, aliases, resources, place, parameters, blast, environment, evidence, notes: Vec::new() }
}

/// Adds what another reading of the same request says: the stricter of both in everything.
fn merge(blast: &mut BlastRadius, other: &BlastRadius, names: bool) {
    if other.impact.strictness() > blast.impact.strictness() {
        blast.impact = other.impact;
    }
    blast.scope = blast.scope.max(other.scope);
    blast.reversible = blast.reversible.max(other.reversible);
    blast.hazards = blast.hazards.union(other.hazards);
    let larger = match (blast.count.floor(), other.count.floor()) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(a), Some(b)) => b > a,
    };
    if names || larger {
        blast.count = match blast.count {
            Count::Unbounded => Count::Unbounded,
            _ => other.count,
        };
    }
}

fn blast_radius(reading: &Reading) -> BlastRadius {
    match &reading.face {
        Face::Aws(seen) => aws::blast_radius(reading, seen),
        Face::Azure(seen) => azure::blast_radius(reading, seen),
        Face::Kubernetes(call) => kubernetes::blast_radius(reading, call),
        Face::Described(seen) => described::blast_radius(reading, seen),
        Face::Rest(seen) => rest::blast_radius(reading, seen),
        Face::Git(seen) => git::blast_radius(reading, *seen),
        Face::Lifeline(seen) => lifeline::blast_radius(reading, seen),
        Face::Command(seen) => seen.blast,
    }
}
