//! The blast radius of an action: impact × scope × count × reversibility, and its hazards.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Gives a closed word list its spelling: `as_str`, `ALL`, `Display`, `FromStr`, serde as that word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as rules, records and messages spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is not one of {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an operation does. The declaration order is for tables and matrices; strictness is [`Impact::strictness`].
    Impact {
        /// Observes only; also every true dry run.
        Read = "read",
        /// Adds something that was not there.
        Create = "create",
        /// Changes what is there, in place.
        Update = "update",
        /// Runs code, commands or messages inside the infrastructure.
        Execute = "execute",
        /// The service suffers, the data stays: stop, reboot, fail over, scale to zero, detach, disable.
        Disrupt = "disrupt",
        /// Changes who may do what, or what is exposed: grants and revokes alike.
        Permission = "permission",
        /// Removes, empties, schedules deletion, replaces by delete-and-create, or overwrites so that the old state is gone.
        Destroy = "destroy",
        /// A known provider's reading could not name it; judged as `destroy`.
        Unknown = "unknown",
    }
}

impl Impact {
    /// read < create < update < execute < disrupt = permission < destroy = unknown. "Milder" means lower here.
    #[must_use]
    pub const fn strictness(self) -> u8 {
        match self {
            Self::Read => 0,
            Self::Create => 1,
            Self::Update => 2,
            Self::Execute => 3,
            Self::Disrupt | Self::Permission => 4,
            Self::Destroy | Self::Unknown => 5,
        }
    }

    /// The stricter of the two; on equal strictness the first.
    #[must_use]
    pub const fn stricter(self, other: Self) -> Self {
        if other.strictness() > self.strictness() { other } else { self }
    }
}

words! {
    /// How far an operation reaches, smallest to largest.
    Scope {
        /// The agent's own workspace and machine-local throw-aways.
        Local = "local",
        /// One element inside a resource: an object, a row, a message, a tag.
        Item = "item",
        /// One resource: a bucket, an instance, a table, a deployment.
        Resource = "resource",
        /// A set of separately managed resources that lives and dies together: a stack, a cluster, a namespace, a VPC.
        Environment = "environment",
        /// Everything of its kind in a region, or a region-wide setting.
        Region = "region",
        /// An account, subscription or project, or a setting for all of it; cluster-wide kinds of Kubernetes.
        Account = "account",
        /// More than one account, tenant or organisation.
        Organization = "organization",
    }
}

words! {
    /// Whether another call undoes it.
    Reversible {
        /// Undone by another call.
        Yes = "yes",
        /// From a backup, or with loss.
        Partly = "partly",
        /// Gone.
        No = "no",
    }
}

words! {
    /// Well-known dangers; an action may carry any number of them.
    Hazard {
        /// Data is lost.
        DataLoss = "data-loss",
        /// Backups, snapshots or their retention are lost.
        BackupLoss = "backup-loss",
        /// Logging, trails or detection are switched off or weakened.
        AuditOff = "audit-off",
        /// Keys become unusable, and what they encrypt with them.
        KeyLoss = "key-loss",
        /// Made public or open to the world.
        Exposure = "exposure",
        /// Somebody can do more than before.
        Privilege = "privilege",
        /// Secrets are read.
        SecretRead = "secret-read",
        /// Deleted and recreated in one step.
        Replace = "replace",
        /// DNS, routing or load balancing changes.
        Traffic = "traffic",
        /// Many resources at once.
        Bulk = "bulk",
        /// Large or lasting spend.
        Cost = "cost",
        /// The guard's own configuration, hooks, log or credentials.
        GuardTamper = "guard-tamper",
        /// Elsewhere than the session declared, or than where its changes were so far.
        OutsideBoundary = "outside-boundary",
        /// The session may only read until a person releases it.
        Quarantine = "quarantine",
        /// The same change went to another place a short while ago, or failed there.
        Rollout = "rollout",
    }
}

/// A set of [`Hazard`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hazards(u16);

impl Hazards {
    /// No hazards.
    pub const NONE: Self = Self(0);

    /// The set with `hazard` added.
    #[must_use]
    pub const fn with(self, hazard: Hazard) -> Self {
        Self(self.0 | 1 << hazard as u16)
    }

    /// Adds `hazard` in place.
    pub fn insert(&mut self, hazard: Hazard) {
        *self = self.with(hazard);
    }

    /// Whether `hazard` is in the set.
    #[must_use]
    pub const fn contains(self, hazard: Hazard) -> bool {
        self.0 & (1 << hazard as u16) != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share a hazard.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The hazards in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Hazard> {
        Hazard::ALL.iter().copied().filter(move |hazard| self.contains(*hazard))
    }
}

impl FromIterator<Hazard> for Hazards {
    fn from_iter<I: IntoIterator<Item = Hazard>>(hazards: I) -> Self {
        hazards.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Hazards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Hazards {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Hazards {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Hazard>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// How many resources an action touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Exactly this many.
    Exact(u64),
    /// This many, possibly more.
    AtLeast(u64),
    /// A collection, a prefix, a wildcard, a query.
    Unbounded,
}

impl Count {
    /// One resource.
    pub const ONE: Self = Self::Exact(1);

    /// The number that is certain; `None` when there is no bound.
    #[must_use]
    pub const fn floor(self) -> Option<u64> {
        match self {
            Self::Exact(n) | Self::AtLeast(n) => Some(n),
            Self::Unbounded => None,
        }
    }

    /// Both counts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unbounded, _) | (_, Self::Unbounded) => Self::Unbounded,
            (Self::Exact(a), Self::Exact(b)) => Self::Exact(a.saturating_add(b)),
            (Self::Exact(a) | Self::AtLeast(a), Self::Exact(b) | Self::AtLeast(b)) => {
                Self::AtLeast(a.saturating_add(b))
            }
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(n) => write!(f, "{n}"),
            Self::AtLeast(n) => write!(f, "at least {n}"),
            Self::Unbounded => f.write_str("any number of"),
        }
    }
}

/// What an action would do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlastRadius {
    /// What it does.
    pub impact: Impact,
    /// How far it reaches.
    pub scope: Scope,
    /// How many resources.
    pub count: Count,
    /// Whether it can be undone.
    pub reversible: Reversible,
    /// Well-known dangers.
    pub hazards: Hazards,
}

impl BlastRadius {
    /// One resource, no hazards; reads, creates and updates count as reversible, everything else as partly.
    #[must_use]
    pub const fn new(impact: Impact, scope: Scope) -> Self {
        let reversible = match impact {
            Impact::Read | Impact::Create | Impact::Update => Reversible::Yes,
            Impact::Execute | Impact::Disrupt | Impact::Permission => Reversible::Partly,
            Impact::Destroy | Impact::Unknown => Reversible::No,
        };
        Self { impact, scope, count: Count::ONE, reversible, hazards: Hazards::NONE }
    }

    /// The same with one more hazard.
    #[must_use]
    pub const fn hazard(mut self, hazard: Hazard) -> Self {
        self.hazards = self.hazards.with(hazard);
        self
    }
}
