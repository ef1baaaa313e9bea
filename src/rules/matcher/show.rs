//! A matcher's comparison with one action, value by value, for people.

use super::{Facets, Key, Matcher, Verdict};
use crate::rules::View;

/// One key of a rule beside what the action says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// `match`, `unless`, or a key of the rule itself (`when`, `until`).
    pub block: &'static str,
    /// The key.
    pub key: String,
    /// What the rule asks for.
    pub wanted: String,
    /// What the action says.
    pub found: String,
    /// Whether they fit. Of `unless`, whether it certainly covers the whole action.
    pub verdict: Verdict,
}

impl Matcher {
    /// Every key that was written.
    pub(in crate::rules) fn show(&self, block: &'static str, view: View<'_>) -> Vec<Checked> {
        let is_unless = block == "unless";
        let checked = |(key, wanted): &(Key, String)| {
            let verdict = if is_unless {
                let is_covered = if key.is_facet() {
                    self.facets.allow_group(*key, Facets::of(view.action, view.context.door))
                } else {
                    self.is_certain(*key, view)
                };
                if is_covered { Verdict::Yes } else { Verdict::No }
            } else {
                self.speaks(*key, view)
            };
            Checked { block, key: key.to_string(), wanted: wanted.clone(), found: key.found(view), verdict }
        };
        self.written.iter().map(checked).collect()
    }
}

impl Key {
    /// What the action says about it, in words.
    fn found(self, view: View<'_>) -> String {
        let View { action, context, standing, .. } = view;
        let (blast, environment) = (action.blast(), action.environment());
        let known = |value: Option<&str>| value.unwrap_or("not known").to_owned();
        let list = |values: Vec<String>| if values.is_empty() { "none".to_owned() } else { values.join(", ") };
        match self {
            Self::Operation | Self::Provider | Self::Service => {
                let aliases = action.aliases().iter();
                list(std::iter::once(action.operation()).chain(aliases).map(ToString::to_string).collect())
            }
            Self::Impact => blast.impact.to_string(),
            Self::Scope => blast.scope.to_string(),
            Self::Environment => environment.kind.to_string(),
            Self::Tier => environment.tier.map_or_else(|| "not known".to_owned(), |tier| tier.to_string()),
            Self::Owner => known(environment.owner.as_deref()),
            Self::Tenant => known(environment.tenant.as_deref()),
            Self::Hazards => list(blast.hazards.iter().map(|hazard| hazard.to_string()).collect()),
            Self::Resource => list(action.resources().iter().map(|one| one.as_str().to_owned()).collect()),
            Self::Count => blast.count.to_string(),
            Self::Reversible => blast.reversible.to_string(),
            Self::Parameter => {
                list(action.parameters().iter().map(|one| format!("{}={}", one.name, one.value)).collect())
            }
            Self::Evidence => action.evidence().to_string(),
            Self::Door => context.door.to_string(),
            Self::Principal => {
                let principal = &context.principal;
                let level = standing.and_then(|standing| standing.level).map_or("not known", |level| level.as_str());
                let roles = standing.map_or_else(|| "not known".to_owned(), |standing| list(standing.roles.clone()));
                format!(
                    "person {}, agent {}, level {level}, roles {roles}",
                    known(principal.person.as_deref()),
                    known(principal.agent.as_deref())
                )
            }
            Self::Session => {
                let kind = if context.principal.anonymous { "anonymous" } else { "named" };
                format!("{kind} ({})", context.principal.session)
            }
            Self::Time => context.at.to_string(),
            place => known(place.place(action.place())),
        }
    }
}
