//! `people.yaml`: who there is, how far their own hand reaches, which roles and teams they have, and which keys sign their
//! votes.

mod key;
mod raw;

use std::collections::HashMap;

pub(crate) use self::key::is_private;
pub use self::key::{Key, KeyError};
use self::raw::{RawKey, RawPeople, RawPerson};
use super::diagnostic::{Report, Spot, parse_yaml};
use super::settings::check_version;
use super::{Diagnostics, Edge, checked_moment};
use crate::model::Standing;

/// What votes are signed for: the namespace of `ssh-keygen -Y sign`. A signature for `git` or `file` is no vote, and a vote
/// is nothing else.
pub const VOTE_NAMESPACE: &str = "blastgate-vote@blastgate.dev";

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Like an e-mail address: `ada@shop.example`.
    pub name: String,
    /// The login on the machines where agents run, by which sessions name the person.
    pub os_user: Option<String>,
    /// Level and roles.
    pub standing: Standing,
    /// The teams, as the inventory's `owner:` names them: `@retail-core`.
    pub teams: Vec<String>,
    /// Where to write to, when that is not the name; [`Person::address`] is what to use.
    pub email: Option<String>,
    /// The keys that sign this person's votes.
    pub keys: Vec<Key>,
}

impl Person {
    /// Where to write to: `email`, else the name when it is an address.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().or_else(|| Some(self.name.as_str()).filter(|name| is_address(name)))
    }

    /// Whether the person belongs to this team.
    #[must_use]
    pub fn is_of(&self, team: &str) -> bool {
        self.teams.iter().any(|one| one == team)
    }
}

/// The checked file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    people: Vec<Person>,
    /// By fingerprint: the places of the person and of the key.
    keys: HashMap<String, (usize, usize)>,
}

impl People {
    /// Parses and checks `people.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        // First, so that no other message shows its lines.
        if let Some(line) = text.lines().position(is_private) {
            let mut report = Report::new(file, text);
            let why = KeyError::Private;
            report.say_veiled((line + 1, 1), why.to_string(), Some(why.help().to_owned()));
            return report.finish(Self::default());
        }
        let raw: RawPeople = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        check_version(&raw.version, &mut report);
        let mut people = Self::default();
        let mut taken: HashMap<String, String> = HashMap::new();
        for person in raw.people {
            check_names(&person, &mut taken, &mut report);
            check_words(&person, &mut report);
            let keys = people.keys_of(&person, &mut report);
            people.people.push(Person {
                name: person.name.value,
                os_user: person.os_user.map(|user| user.value),
                standing: Standing {
                    level: person.level,
                    roles: person.roles.into_iter().map(|role| role.value).collect(),
                },
                teams: person.teams.into_iter().map(|team| team.value).collect(),
                email: person.email.map(|email| email.value),
                keys,
            });
        }
        report.finish(people)
    }

    /// Everybody, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Person] {
        &self.people
    }

    /// The person of this name or login.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name || person.os_user.as_deref() == Some(name))
    }

    /// Whether anybody has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.people.iter().any(|person| person.standing.roles.iter().any(|one| one == role))
    }

    /// Whether anybody has a key, expired or not: votes are then signed.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The key with this fingerprint (`SHA256:…`), and whose it is.
    #[must_use]
    pub fn by_key(&self, fingerprint: &str) -> Option<(&Person, &Key)> {
        let (person, key) = self.keys.get(fingerprint)?;
        let person = self.people.get(*person)?;
        Some((person, person.keys.get(*key)?))
    }

    /// Whether it says what `before` said, but for keys that are gone or count less: what a lost key needs at once. Never
    /// where no key is left, because votes would then not have to be signed.
    #[must_use]
    pub fn only_revokes(&self, before: &Self) -> bool {
        let bare = |person: &Person| Person { keys: vec![], ..person.clone() };
        let is_less = |(after, before): (&Person, &Person)| {
            let was = |key: &Key| before.keys.iter().any(|old| key.counts_at_most(old));
            bare(after) == bare(before) && after.keys.iter().all(was)
        };
        let is_same = self.people.len() == before.people.len();
        is_same && self.has_keys() && self.people.iter().zip(&before.people).all(is_less)
    }

    /// The keys of the person that is added next.
    fn keys_of(&mut self, person: &RawPerson, report: &mut Report<'_>) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for raw in &person.keys {
            let (at, line) = match &raw.value {
                RawKey::Line(line) => (Spot::from(raw), line),
                RawKey::Options(options) => (Spot::from(&options.key), &options.key.value),
            };
            let mut key = match Key::parse(line) {
                Ok(key) => key,
                Err(why) => {
                    let help = Some(why.help().to_owned());
                    if why.is_showable() {
                        report.say(at, why.to_string(), help);
                    } else {
                        report.say_veiled(at, why.to_string(), help);
                    }
                    continue;
                }
            };
            if let RawKey::Options(options) = &raw.value {
                key.expires = options.expires.as_ref().and_then(|text| checked_moment(text, Edge::End, report));
                key.verify_required = options.verify_required.as_ref().is_some_and(|required| required.value);
                if let Some(required) = options.verify_required.as_ref().filter(|one| one.value && !key.is_hardware()) {
                    let help = "leave it out, or list a key of `ssh-keygen -t ed25519-sk -O verify-required`";
                    let message = "only a key in a security key (`sk-…`) can say that it asked for its PIN or a finger";
                    report.say(required, message, Some(help.to_owned()));
                }
            }
            let place = (self.people.len(), keys.len());
            if let Some((owner, _)) = self.keys.get(key.fingerprint()) {
                // SECURITY: one key that counts for two people would make one hand a quorum.
                let message = match self.people.get(*owner) {
                    Some(owner) => format!("this key is `{}`'s already: one key is one person", owner.name),
                    None => "this key stands here a second time".to_owned(),
                };
                report.say(at, message, Some("keep one of them".to_owned()));
                continue;
            }
            self.keys.insert(key.fingerprint().to_owned(), place);
            keys.push(key);
        }
        keys
    }
}

/// One name for two people would lend one of them the other's standing.
fn check_names(person: &RawPerson, taken: &mut HashMap<String, String>, report: &mut Report<'_>) {
    for name in [Some(&person.name), person.os_user.as_ref()].into_iter().flatten() {
        if name.value.trim().is_empty() {
            report.say(name, "an empty name names nobody", None);
        }
        match taken.insert(name.value.clone(), person.name.value.clone()) {
            Some(other) if other != person.name.value || name.value == person.name.value => {
                report.say(name, format!("`{}` already names `{other}`", name.value), None);
            }
            _ => {}
        }
    }
}

/// Roles, teams, the address.
fn check_words(person: &RawPerson, report: &mut Report<'_>) {
    for role in person.roles.iter().filter(|role| !is_role(&role.value)) {
        let help = "write it in lower case, with hyphens: `senior-sre`";
        report.say(role, format!("`{}` is not a role", role.value), Some(help.to_owned()));
    }
    for team in person.teams.iter().filter(|team| team.value.trim() != team.value || team.value.is_empty()) {
        let help = "write it as the inventory's `owner:` does: `\"@retail-core\"`";
        report.say(team, format!("`{}` is not a team", team.value), Some(help.to_owned()));
    }
    if let Some(email) = person.email.as_ref().filter(|email| !is_address(&email.value)) {
        let help = "write one address and nothing else: `ada@shop.example`";
        report.say(email, format!("`{}` is not an e-mail address", email.value), Some(help.to_owned()));
    }
}

/// Lower case, digits, hyphens.
pub(crate) fn is_role(role: &str) -> bool {
    !role.is_empty() && role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// One mailbox, with nothing that a mail header or a list of recipients could be broken with.
fn is_address(text: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\"\\@".contains(c);
    text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && local.chars().chain(domain.chars()).all(is_plain)
        })
}

#[cfg(test)]
mod tests;
