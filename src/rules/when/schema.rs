//! All that an expression may name: the closed input schema, with its types and its closed words.

use serde::{Deserialize, Serialize};

use crate::config::nearest;
use crate::model::blast_words as words;
use crate::model::{Door, EnvironmentKind, Evidence, Hazard, Impact, Level, Reversible, Scope};

words! {
    /// One path of the schema.
    Path {
        /// The operation's id.
        Operation = "operation",
        /// Its first part.
        Provider = "provider",
        /// Its second part.
        Service = "service",
        /// What it does.
        Impact = "impact",
        /// How far it reaches.
        Scope = "scope",
        /// Well-known dangers.
        Hazards = "hazards",
        /// Whether it can be undone.
        Reversible = "reversible",
        /// What is acted upon.
        Resources = "resources",
        /// What decides, by name.
        Parameters = "parameters",
        /// How many.
        CountResources = "count.resources",
        /// Whether nothing bounds how many.
        CountUnbounded = "count.unbounded",
        /// How we know.
        Evidence = "evidence",
        /// The way it came in.
        Door = "door",
        /// The environment's name in the inventory.
        EnvironmentName = "environment.name",
        /// What the matrix treats it as.
        EnvironmentKind = "environment.kind",
        /// How critical it is.
        EnvironmentTier = "environment.tier",
        /// The team that owns it.
        EnvironmentOwner = "environment.owner",
        /// Whom it serves.
        EnvironmentTenant = "environment.tenant",
        /// Cloud account.
        Account = "account",
        /// Cloud region.
        Region = "region",
        /// Kubernetes namespace.
        Namespace = "namespace",
        /// Kubernetes cluster.
        Cluster = "cluster",
        /// Cloud project.
        Project = "project",
        /// Cloud subscription.
        Subscription = "subscription",
        /// Source repository.
        Repository = "repository",
        /// The host spoken to.
        Host = "host",
        /// The database.
        Database = "database",
        /// Terraform's state.
        State = "state",
        /// The person that the session acts for.
        Person = "principal.person",
        /// The agent's product.
        Agent = "principal.agent",
        /// How far the person's own hand reaches.
        Level = "principal.level",
        /// The person's roles.
        Roles = "principal.roles",
        /// The session.
        SessionId = "session.id",
        /// Whether nobody named the session.
        Anonymous = "session.anonymous",
        /// When.
        At = "at",
    }
}

/// What a path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Word(Words),
    Number,
    Flag,
    /// Of closed words, or of any.
    Texts(Option<Words>),
    Map,
    Time,
}

/// The closed lists of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Impact,
    Scope,
    Reversible,
    Evidence,
    Door,
    Kind,
    Level,
    Hazard,
}

impl Path {
    /// What it holds.
    pub(super) const fn kind(self) -> Type {
        match self {
            Self::Impact => Type::Word(Words::Impact),
            Self::Scope => Type::Word(Words::Scope),
            Self::Reversible => Type::Word(Words::Reversible),
            Self::Evidence => Type::Word(Words::Evidence),
            Self::Door => Type::Word(Words::Door),
            Self::EnvironmentKind => Type::Word(Words::Kind),
            Self::Level => Type::Word(Words::Level),
            Self::Hazards => Type::Texts(Some(Words::Hazard)),
            Self::Resources | Self::Roles => Type::Texts(None),
            Self::Parameters => Type::Map,
            Self::CountResources | Self::EnvironmentTier => Type::Number,
            Self::CountUnbounded | Self::Anonymous => Type::Flag,
            Self::At => Type::Time,
            _ => Type::Text,
        }
    }

    /// Whether an action may be without it: what `has()` is for.
    pub(super) const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::EnvironmentTier
                | Self::EnvironmentOwner
                | Self::EnvironmentTenant
                | Self::Account
                | Self::Region
                | Self::Namespace
                | Self::Cluster
                | Self::Project
                | Self::Subscription
                | Self::Repository
                | Self::Host
                | Self::Database
                | Self::State
                | Self::Person
                | Self::Agent
                | Self::Level
                | Self::Roles
        )
    }

    /// The least and the most that a number can be.
    pub(super) const fn range(self) -> (i64, i64) {
        match self {
            Self::EnvironmentTier => (0, u8::MAX as i64),
            _ => (0, i64::MAX),
        }
    }

    /// Whether it stands in one of the groups that [`members`] lists.
    fn group(self) -> Option<(&'static str, &'static str)> {
        self.as_str().split_once('.')
    }
}

/// The paths in a group: `environment` has `name`, `kind`, …
pub(super) fn members(group: &str) -> Vec<&'static str> {
    let of = |path: &Path| path.group().filter(|(known, _)| *known == group).map(|(_, member)| member);
    Path::ALL.iter().filter_map(of).collect()
}

/// "did you mean …?" for a name that stands first.
pub(super) fn nearest_root(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    if let Some(path) = Path::ALL.iter().find(|path| path.group().is_some_and(|(_, member)| member == lower)) {
        return Some(format!("did you mean `{path}`?"));
    }
    let roots = Path::ALL.iter().map(|path| path.group().map_or(path.as_str(), |(group, _)| group));
    let groups = roots.clone().filter(|root| root.starts_with(&lower) && lower.len() > 2);
    groups.max().map(|root| format!("did you mean `{root}`?")).or_else(|| nearest(&lower, roots))
}

impl Words {
    /// Every word, in order.
    pub(super) fn all(self) -> Vec<&'static str> {
        macro_rules! of {
            ($($list:ident = $type:ident),+) => {
                match self { $(Self::$list => $type::ALL.iter().map(|word| word.as_str()).collect()),+ }
            };
        }
        of!(
            Impact = Impact,
            Scope = Scope,
            Reversible = Reversible,
            Evidence = Evidence,
            Door = Door,
            Kind = EnvironmentKind,
            Level = Level,
            Hazard = Hazard
        )
    }

    /// The bits of the values that count as `word`: the word itself, and for the worst one what nobody knows.
    pub(super) fn mask(self, word: &str) -> Option<u16> {
        let bit = |word: &str| self.all().iter().position(|known| *known == word).map(|index| 1u16 << index);
        let unknown = match (self, word) {
            (Self::Impact, "destroy") | (Self::Kind, "prod") => bit("unknown").unwrap_or(0),
            _ => 0,
        };
        bit(word).map(|own| own | unknown)
    }

    /// The bits of the values that reach as far as `word`, where the words have an order.
    pub(super) fn at_least(self, word: &str) -> Option<u16> {
        let rank = |word: &str| -> Option<usize> {
            match self {
                Self::Impact => word.parse::<Impact>().ok().map(|impact| usize::from(impact.strictness())),
                Self::Scope | Self::Level => self.all().iter().position(|known| *known == word),
                _ => None,
            }
        };
        let least = rank(word)?;
        let words = self.all().into_iter().enumerate();
        Some(words.filter(|(_, word)| rank(word) >= Some(least)).fold(0, |bits, (index, _)| bits | 1 << index))
    }

    /// Whether [`Words::at_least`] says anything about them.
    pub(super) const fn is_ordered(self) -> bool {
        matches!(self, Self::Impact | Self::Scope | Self::Level)
    }
}
