//! Who of the listed people may answer what.

use super::People;
use super::people::Person;
use crate::model::Voter;

impl Person {
    /// Whether one of these names this person; nobody named: anybody. Whom `owner` means is not known here, and anybody
    /// who belongs to a team might be.
    #[must_use]
    pub fn may_be(&self, voters: &[Voter]) -> bool {
        voters.is_empty() || voters.iter().any(|voter| self.is(voter, None))
    }

    /// Whether this names the person, where what would be changed belongs to these teams.
    ///
    /// `None` for the teams: nobody knows yet; then whoever has a team might be of it.
    #[must_use]
    pub fn is(&self, voter: &Voter, owners: Option<&[String]>) -> bool {
        match voter {
            Voter::Role(role) => self.standing.roles.contains(role),
            Voter::Level(level) => self.standing.level.is_some_and(|one| one >= *level),
            Voter::Person(name) => self.name == *name,
            Voter::Team(team) => self.teams.contains(team),
            Voter::Owner => match owners {
                Some(owners) => owners.iter().any(|owner| self.name == *owner || self.teams.contains(owner)),
                None => !self.teams.is_empty(),
            },
        }
    }
}

impl People {
    /// The first of these that nobody listed could ever be.
    pub fn nobodys<'a>(&self, voters: &'a [Voter]) -> Option<&'a Voter> {
        voters.iter().find(|voter| !self.all().iter().any(|person| person.is(voter, None)))
    }
}
