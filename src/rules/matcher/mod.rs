//! What a rule speaks of: the typed, checked form of `match:` and `unless:`.
//!
//! A key that the request says nothing about, although it should, is *unsure*: it counts as a match of a rule and never
//! as a match of an `unless`. `environment: prod` covers `unknown`, and `impact: destroy` covers the impact `unknown`, in
//! `match:` only: what nobody knows is judged as the worst.

mod compile;
mod facets;
mod key;
mod measure;
mod show;

pub(super) use compile::{Block, Reading, holds_scope};
pub(super) use facets::Facets;
pub use key::Key;
pub use show::Checked;

use self::measure::{CountTest, SessionTest, Who};
use super::View;
use super::moment::Window;
use crate::config::{Glob, Pattern};
use crate::model::{EnvironmentKind, Hazards, Impact, Operation, Parameter, Resource};

/// Whether a rule speaks of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// It cannot be said: why.
    Unsure(String),
}

/// A checked `match:` or `unless:`.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(super) facets: Facets,
    pub(super) hazards: Hazards,
    pub(super) operation: Vec<Glob>,
    pub(super) provider: Vec<Glob>,
    pub(super) service: Vec<Glob>,
    pub(super) resource: Vec<Pattern>,
    /// Account, region, host and their like.
    places: Vec<(Key, Vec<Glob>)>,
    /// The environment's owner and tenant.
    whose: Vec<(Key, Vec<Glob>)>,
    /// One bit each.
    tiers: Option<[u64; 4]>,
    count: Option<CountTest>,
    parameter: Vec<(String, Vec<Pattern>)>,
    who: Who,
    session: Vec<SessionTest>,
    time: Vec<Window>,
    /// The keys that were written, with their values in words; the more, the more specific the rule's message.
    written: Vec<(Key, String)>,
}

impl Matcher {
    /// How many keys were written.
    pub(super) fn keys(&self) -> usize {
        self.written.len()
    }

    /// As it was written, for people.
    pub(super) fn in_words(&self) -> String {
        let words: Vec<String> = self.written.iter().map(|(key, text)| format!("{key} {text}")).collect();
        words.join(", ")
    }

    /// Whether this key was written.
    pub(super) fn has(&self, key: Key) -> bool {
        self.written.iter().any(|(written, _)| *written == key)
    }

    /// The roles that it names.
    pub(super) fn roles(&self) -> impl Iterator<Item = &Glob> {
        self.who.role.iter()
    }

    /// Whether it speaks of the action, as far as `facets` have not already said no.
    pub(crate) fn covers(&self, view: View<'_>) -> Verdict {
        let mut verdict = Verdict::Yes;
        for (key, _) in self.written.iter().filter(|(key, _)| !key.is_facet()) {
            match self.speaks(*key, view) {
                Verdict::No => return Verdict::No,
                Verdict::Yes => {}
                unsure if verdict == Verdict::Yes => verdict = unsure,
                Verdict::Unsure(_) => {}
            }
        }
        verdict
    }

    /// What one key says; of facets, what their bits say.
    fn speaks(&self, key: Key, view: View<'_>) -> Verdict {
        let action = view.action;
        let is = |yes: bool| if yes { Verdict::Yes } else { Verdict::No };
        match key {
            Key::Operation => {
                let named = |operation: &Operation| any(&self.operation, operation.as_str()) && self.names(operation);
                is(named(action.operation()) || action.aliases().iter().any(named))
            }
            Key::Provider | Key::Service => {
                is(self.names(action.operation()) || action.aliases().iter().any(|alias| self.names(alias)))
            }
            Key::Hazards => is(self.hazards.intersects(action.blast().hazards)),
            Key::Resource => match action.resources() {
                [] if action.blast().impact == Impact::Unknown => {
                    Verdict::Unsure("the request does not tell its resources".to_owned())
                }
                resources => is(resources.iter().any(|one| self.is_resource(one))),
            },
            Key::Count => is(self.count.is_some_and(|test| test.holds(action.blast().count))),
            Key::Parameter => {
                let says = |(name, patterns): &(String, Vec<Pattern>)| {
                    values(view, name)
                        .any(|parameter| patterns.iter().any(|one| one.matches_ignoring_case(&parameter.value)))
                };
                is(self.parameter.iter().all(says))
            }
            Key::Tier => self.tier(view),
            Key::Owner | Key::Tenant => self.belongs(key, view),
            Key::Principal => self.who.speaks(view),
            Key::Session => is(self.session.iter().any(|test| test.holds(&view.context.principal))),
            Key::Time => is(self.time.iter().any(|window| window.contains(view.context.at))),
            key if key.is_facet() => is(self.facets.allow_group(key, Facets::of(action, view.context.door))),
            key => self.stands(key, view),
        }
    }

    /// Account, namespace, host and their like.
    fn stands(&self, key: Key, view: View<'_>) -> Verdict {
        let globs = self.places.iter().find(|(known, _)| *known == key).map_or(&[][..], |(_, globs)| globs.as_slice());
        match key.place(view.action.place()) {
            Some(value) if any(globs, value) => Verdict::Yes,
            None if key.must_be_known(view.action.operation(), view.action.place()) => {
                Verdict::Unsure(format!("the request does not prove its {}", key.as_str()))
            }
            _ => Verdict::No,
        }
    }

    /// The inventory does not know the target: it could be anybody's, of any tier.
    fn is_unplaced(view: View<'_>) -> bool {
        view.action.environment().kind == EnvironmentKind::Unknown
    }

    fn tier(&self, view: View<'_>) -> Verdict {
        match view.action.environment().tier {
            Some(tier) if self.has_tier(tier) => Verdict::Yes,
            None if Self::is_unplaced(view) => Verdict::Unsure("nothing says which tier the target is".to_owned()),
            _ => Verdict::No,
        }
    }

    fn has_tier(&self, tier: u8) -> bool {
        let word = |tiers: &[u64; 4]| tiers.get(usize::from(tier / 64)).copied().unwrap_or(0);
        self.tiers.as_ref().is_some_and(|tiers| word(tiers) & 1 << (tier % 64) != 0)
    }

    fn belongs(&self, key: Key, view: View<'_>) -> Verdict {
        let environment = view.action.environment();
        let value = if key == Key::Owner { &environment.owner } else { &environment.tenant };
        let globs = self.whose.iter().find(|(known, _)| *known == key).map_or(&[][..], |(_, globs)| globs.as_slice());
        match value {
            Some(value) if any(globs, value) => Verdict::Yes,
            None if Self::is_unplaced(view) => Verdict::Unsure(format!("nothing says the target's {}", key.as_str())),
            _ => Verdict::No,
        }
    }

    /// Whether it certainly covers all of the action: what an `unless` must do to lift its rule, and an exception to lift
    /// what it names.
    pub(crate) fn excuses(&self, view: View<'_>) -> bool {
        self.facets.allows(Facets::of(view.action, view.context.door))
            && self.written.iter().filter(|(key, _)| !key.is_facet()).all(|(key, _)| self.is_certain(*key, view))
    }

    fn is_certain(&self, key: Key, view: View<'_>) -> bool {
        let action = view.action;
        match key {
            Key::Operation | Key::Provider | Key::Service => {
                let named = |operation: &Operation| any(&self.operation, operation.as_str()) && self.names(operation);
                named(action.operation()) && action.aliases().iter().all(named)
            }
            Key::Resource => {
                !action.resources().is_empty() && action.resources().iter().all(|one| self.is_resource(one))
            }
            Key::Parameter => self.parameter.iter().all(|(name, patterns)| {
                let is_one =
                    |parameter: &Parameter| patterns.iter().any(|one| one.matches_ignoring_case(&parameter.value));
                values(view, name).next().is_some() && values(view, name).all(is_one)
            }),
            key => self.speaks(key, view) == Verdict::Yes,
        }
    }

    fn is_resource(&self, resource: &Resource) -> bool {
        self.resource.iter().any(|one| one.matches(resource.as_str()))
    }

    fn names(&self, operation: &Operation) -> bool {
        any(&self.provider, operation.provider()) && any(&self.service, operation.service())
    }

    /// Whether everything that `other` covers is covered by this one; false when that cannot be told.
    pub(super) fn swallows(&self, other: &Self) -> bool {
        let lists =
            [(&self.operation, &other.operation), (&self.provider, &other.provider), (&self.service, &other.service)];
        let same = |key: Key| {
            let of = |matcher: &Self| {
                matcher.written.iter().find(|(written, _)| *written == key).map(|(_, text)| text.clone())
            };
            of(self) == of(other)
        };
        let is_listed = |key: &Key| matches!(key, Key::Operation | Key::Provider | Key::Service);
        let others = self.written.iter().map(|(key, _)| *key).filter(|key| !key.is_facet() && !is_listed(key));
        self.facets.cover(other.facets)
            && lists.iter().all(|(mine, theirs)| {
                let within = |glob: &Glob| {
                    mine.iter().any(|wide| wide == glob || glob.is_exact() && wide.matches(glob.as_str()))
                };
                mine.is_empty() || !theirs.is_empty() && theirs.iter().all(within)
            })
            && { others }.all(same)
    }
}

fn any(globs: &[Glob], value: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(value))
}

fn values<'a>(view: View<'a>, name: &'a str) -> impl Iterator<Item = &'a Parameter> {
    view.action.parameters().iter().filter(move |parameter| parameter.name == name)
}
