//! `people.yaml`: who there is, how far their own hand reaches, and which roles they have.

use std::collections::HashMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Diagnostics;
use super::diagnostic::{Report, parse_yaml};
use super::settings::check_version;
use crate::model::{Level, Standing};

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Like an e-mail address: `ada@shop.example`.
    pub name: String,
    /// The login on the machines where agents run, by which sessions name the person.
    pub os_user: Option<String>,
    /// The teams that own what the inventory says is theirs: `@retail-core`.
    pub teams: Vec<String>,
    /// Level and roles.
    pub standing: Standing,
}

/// The checked file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    people: Vec<Person>,
}

impl People {
    /// Parses and checks `people.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let raw: RawPeople = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        check_version(&raw.version, &mut report);
        let mut people = Self::default();
        let mut taken: HashMap<String, String> = HashMap::new();
        for person in raw.people {
            for name in [Some(&person.name), person.os_user.as_ref()].into_iter().flatten() {
                if name.value.trim().is_empty() {
                    report.say(name, "an empty name names nobody", None);
                }
                // One name for two people would lend one of them the other's standing.
                match taken.insert(name.value.clone(), person.name.value.clone()) {
                    Some(other) if other != person.name.value || name.value == person.name.value => {
                        report.say(name, format!("`{}` already names `{other}`", name.value), None);
                    }
                    _ => {}
                }
            }
            for role in person.roles.iter().filter(|role| !is_role(&role.value)) {
                let help = "write it in lower case, with hyphens: `senior-sre`";
                report.say(role, format!("`{}` is not a role", role.value), Some(help.to_owned()));
            }
            people.people.push(Person {
                name: person.name.value,
                os_user: person.os_user.map(|user| user.value),
                teams: person.teams.into_iter().map(|team| team.value).collect(),
                standing: Standing {
                    level: person.level,
                    roles: person.roles.into_iter().map(|role| role.value).collect(),
                },
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

    /// Whether anybody can sign.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        false
    }

    /// Whether anybody has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.people.iter().any(|person| person.standing.roles.iter().any(|one| one == role))
    }
}

/// Lower case, digits, hyphens.
pub(crate) fn is_role(role: &str) -> bool {
    !role.is_empty() && role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeople {
    version: Spanned<u64>,
    #[serde(default)]
    people: Vec<RawPerson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    name: Spanned<String>,
    os_user: Option<Spanned<String>>,
    level: Option<Level>,
    #[serde(default)]
    teams: Vec<Spanned<String>>,
    #[serde(default)]
    roles: Vec<Spanned<String>>,
}
