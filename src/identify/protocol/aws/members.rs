//! The values of the members that the catalog names, whichever way they came: label, query, header, form, document.

use crate::catalog::aws::{Location, Member, Role};
use crate::model::http::Unreadable;

/// One step into an input document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A structure's member.
    Key(&'a str),
    /// Every element of a list.
    List,
    /// Every value of a map.
    AnyEntry,
    /// One value of a map.
    Entry(&'a str),
    /// What a map is keyed by.
    Keys,
}

impl<'a> Step<'a> {
    /// Reads `RequestItems{}[].DeleteRequest`, `Attributes{Policy}`, `RequestItems{*}`.
    #[must_use]
    pub(super) fn parse(path: &'a str) -> Vec<Self> {
        let mut steps = vec![];
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let end = part.find(['[', '{']).unwrap_or(part.len());
            let (name, mut rest) = part.split_at(end);
            if !name.is_empty() {
                steps.push(Self::Key(name));
            }
            while let Some((bracket, after)) = rest.split_once([']', '}']) {
                steps.push(match bracket.get(1..).unwrap_or_default() {
                    "" if bracket.starts_with('[') => Self::List,
                    "" => Self::AnyEntry,
                    "*" => Self::Keys,
                    key => Self::Entry(key),
                });
                rest = after;
            }
        }
        steps
    }
}

/// The values that were found, in the order in which they stand in the request.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(&'static Member, String)>);

impl Values {
    /// Adds a value.
    pub fn push(&mut self, member: &'static Member, value: impl Into<String>) {
        self.0.push((member, value.into()));
    }

    /// Every value, with its member.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Member, &str)> {
        self.0.iter().map(|(member, value)| (*member, value.as_str()))
    }

    /// The values of the member of this dotted name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(member, _)| member.name.get() == name).map(|(_, value)| value)
    }

    /// The first value of the member of this dotted name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member.name.get() == name).map(|(_, value)| value.as_str())
    }

    /// Whether a list-free member has more than one value: which of them counts is not known.
    ///
    /// # Errors
    /// There is one.
    pub fn refuse_repeated(&self) -> Result<(), Unreadable> {
        for (at, (member, _)) in self.0.iter().enumerate() {
            let single = !member.path.get().contains(['[', '{']);
            if single && self.0.iter().skip(at + 1).any(|(other, _)| std::ptr::eq(*other, *member)) {
                return Err(Unreadable::new(format!("`{}` is there twice", member.name.get())));
            }
        }
        Ok(())
    }
}

/// The members that stand at this location.
pub(super) fn at(members: &'static [Member], location: Location) -> impl Iterator<Item = &'static Member> {
    members.iter().filter(move |member| member.location() == location)
}

/// Whether the member does more than name a resource.
#[must_use]
pub(super) const fn decides(member: &Member) -> bool {
    member.roles.contains(Role::Deciding)
        || member.roles.contains(Role::Counting)
        || member.roles.contains(Role::Wide)
        || member.roles.contains(Role::DryRun)
}
