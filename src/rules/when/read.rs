//! What an action says about a path.

use std::borrow::Cow;

use super::schema::Path;
use crate::model::{Count, EnvironmentKind, Impact, Operation};
use crate::rules::{Key, View};

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The action certainly has none: a global service's region, the tier of an environment without one.
    Absent,
    /// It should have one and does not tell, or cannot be worked out: why.
    Fault(String),
}

/// What an expression may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    pub(super) view: View<'a>,
    /// The action's name, or one of its twins on the wire.
    pub(super) operation: &'a Operation,
}

fn fault<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::Fault(why.to_owned()))
}

/// The key of `match:` that says the same about where the target stands.
const fn key(path: Path) -> Option<Key> {
    Some(match path {
        Path::Account => Key::Account,
        Path::Region => Key::Region,
        Path::Namespace => Key::Namespace,
        Path::Cluster => Key::Cluster,
        Path::Project => Key::Project,
        Path::Subscription => Key::Subscription,
        Path::Repository => Key::Repository,
        Path::Host => Key::Host,
        Path::Database => Key::Database,
        Path::State => Key::State,
        _ => return None,
    })
}

impl<'a> Input<'a> {
    pub(super) fn text(self, path: Path) -> Result<Cow<'a, str>, Stop> {
        let View { action, context, .. } = self.view;
        let (environment, principal) = (action.environment(), &context.principal);
        let value = match path {
            Path::Operation => Some(self.operation.as_str()),
            Path::Provider => Some(self.operation.provider()),
            Path::Service => Some(self.operation.service()),
            Path::EnvironmentName => Some(environment.name.as_str()),
            Path::EnvironmentOwner => environment.owner.as_deref(),
            Path::EnvironmentTenant => environment.tenant.as_deref(),
            Path::Person => principal.person.as_deref(),
            Path::Agent => principal.agent.as_deref(),
            Path::SessionId => return Ok(Cow::Owned(principal.session.to_string())),
            place => self.place(place),
        };
        value.map_or_else(|| self.missing(path), |value| Ok(Cow::Borrowed(value)))
    }

    fn place(self, path: Path) -> Option<&'a str> {
        key(path)?.place(self.view.action.place())
    }

    /// A value that is not there: what every such action has it only does not prove.
    fn missing<T>(self, path: Path) -> Result<T, Stop> {
        let action = self.view.action;
        let must = match path {
            Path::EnvironmentTier | Path::EnvironmentOwner | Path::EnvironmentTenant => {
                if action.environment().kind != EnvironmentKind::Unknown {
                    return Err(Stop::Absent);
                }
                return Err(Stop::Fault(format!("nothing says the target's `{path}`")));
            }
            Path::Person => return fault("nothing says which person the session acts for"),
            Path::Agent => return fault("nothing says which agent this is"),
            Path::Level => return fault("nothing says the level of the person that the session acts for"),
            Path::Roles => return fault("nothing says the roles of the person that the session acts for"),
            place => key(place).is_some_and(|key| key.must_be_known(self.operation, action.place())),
        };
        if must { Err(Stop::Fault(format!("the request does not prove its {path}"))) } else { Err(Stop::Absent) }
    }

    /// The position of a closed word in its list.
    pub(super) fn word(self, path: Path) -> Result<usize, Stop> {
        let View { action, context, standing, .. } = self.view;
        let blast = action.blast();
        Ok(match path {
            Path::Impact => blast.impact as usize,
            Path::Scope => blast.scope as usize,
            Path::Reversible => blast.reversible as usize,
            Path::Evidence => action.evidence() as usize,
            Path::Door => context.door as usize,
            Path::EnvironmentKind => action.environment().kind as usize,
            Path::Level => match standing.and_then(|standing| standing.level) {
                Some(level) => level as usize,
                None => return self.missing(path),
            },
            _ => return Err(Stop::Absent),
        })
    }

    pub(super) fn number(self, path: Path) -> Result<i64, Stop> {
        let action = self.view.action;
        match (path, action.blast().count) {
            // A count without bound is more than any number.
            (Path::CountResources, Count::Unbounded) => Ok(i64::MAX),
            (Path::CountResources, Count::Exact(n) | Count::AtLeast(n)) => Ok(i64::try_from(n).unwrap_or(i64::MAX)),
            (Path::EnvironmentTier, _) => {
                action.environment().tier.map_or_else(|| self.missing(path), |tier| Ok(tier.into()))
            }
            _ => Err(Stop::Absent),
        }
    }

    pub(super) fn flag(self, path: Path) -> bool {
        match path {
            Path::CountUnbounded => self.view.action.blast().count == Count::Unbounded,
            Path::Anonymous => self.view.context.principal.anonymous,
            _ => false,
        }
    }

    pub(super) fn texts(self, path: Path) -> Result<Vec<Cow<'a, str>>, Stop> {
        let View { action, standing, .. } = self.view;
        match path {
            Path::Hazards => Ok(action.blast().hazards.iter().map(|hazard| Cow::Borrowed(hazard.as_str())).collect()),
            Path::Roles => match standing {
                Some(standing) => Ok(standing.roles.iter().map(|role| Cow::Borrowed(role.as_str())).collect()),
                None => self.missing(path),
            },
            Path::Resources => match action.resources() {
                [] if action.blast().impact == Impact::Unknown => fault("the request does not tell its resources"),
                resources => Ok(resources.iter().map(|one| Cow::Borrowed(one.as_str())).collect()),
            },
            _ => Err(Stop::Absent),
        }
    }

    /// The parameters' names, in the order of the request.
    pub(super) fn names(self) -> Vec<Cow<'a, str>> {
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        for parameter in self.view.action.parameters() {
            let name = parameter.name.as_str();
            if names.last().is_none_or(|last| last.as_ref() != name) {
                names.push(Cow::Borrowed(name));
            }
        }
        names
    }

    /// A parameter's value. Where it stands more than once, only one value is an answer.
    pub(super) fn parameter(self, name: &str) -> Result<&'a str, Stop> {
        let mut values =
            self.view.action.parameters().iter().filter(|one| one.name == name).map(|one| one.value.as_str());
        let first = values.next().ok_or(Stop::Absent)?;
        if values.any(|other| other != first) {
            return Err(Stop::Fault(format!("the request gives the parameter `{name}` several values")));
        }
        Ok(first)
    }

    pub(super) fn has_parameter(self, name: &str) -> bool {
        self.view.action.parameters().iter().any(|one| one.name == name)
    }

    /// Whether an optional path has a value.
    pub(super) fn has(self, path: Path) -> bool {
        match path {
            Path::EnvironmentTier => self.number(path).is_ok(),
            Path::Level => self.word(path).is_ok(),
            Path::Roles => self.texts(path).is_ok(),
            path => self.text(path).is_ok(),
        }
    }

    /// The value for people.
    pub(super) fn shown(self, path: Path) -> String {
        let View { action, context, .. } = self.view;
        let list = |values: Vec<Cow<'_, str>>| if values.is_empty() { "none".to_owned() } else { values.join(", ") };
        let of_type = match path {
            Path::Operation | Path::Provider | Path::Service => {
                let names = std::iter::once(action.operation()).chain(action.aliases());
                let parts =
                    names.map(|operation| Input { operation, ..self }.text(path)).collect::<Result<Vec<_>, _>>();
                parts.map(list)
            }
            Path::Impact => Ok(action.blast().impact.to_string()),
            Path::Scope => Ok(action.blast().scope.to_string()),
            Path::Reversible => Ok(action.blast().reversible.to_string()),
            Path::Evidence => Ok(action.evidence().to_string()),
            Path::Door => Ok(context.door.to_string()),
            Path::EnvironmentKind => Ok(action.environment().kind.to_string()),
            Path::Level => self
                .word(path)
                .map(|index| crate::model::Level::ALL.get(index).map_or_else(String::new, ToString::to_string)),
            Path::CountResources => Ok(action.blast().count.to_string()),
            Path::EnvironmentTier => self.number(path).map(|tier| tier.to_string()),
            Path::CountUnbounded | Path::Anonymous => Ok(self.flag(path).to_string()),
            Path::Hazards | Path::Resources | Path::Roles => self.texts(path).map(list),
            Path::Parameters => Ok(list(self.names())),
            Path::At => Ok(context.at.to_string()),
            path => self.text(path).map(Cow::into_owned),
        };
        of_type.unwrap_or_else(missing_words)
    }

    /// The parameter's value for people.
    pub(super) fn parameter_shown(self, name: &str) -> String {
        self.parameter(name).map_or_else(missing_words, str::to_owned)
    }
}

fn missing_words(stop: Stop) -> String {
    match stop {
        Stop::Absent => "none".to_owned(),
        Stop::Fault(why) => format!("not known: {why}"),
    }
}
