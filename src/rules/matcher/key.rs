//! The keys of `match:` and `unless:`.

use serde::{Deserialize, Serialize};

use crate::model::blast_words as words;
use crate::model::{Operation, Place};

words! {
    /// One key.
    Key {
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
        /// The kind of environment.
        Environment = "environment",
        /// How critical the environment is.
        Tier = "tier",
        /// The team that owns the environment.
        Owner = "owner",
        /// Whom the environment serves.
        Tenant = "tenant",
        /// Well-known dangers.
        Hazards = "hazards",
        /// What is acted upon.
        Resource = "resource",
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
        /// How many.
        Count = "count",
        /// Whether it can be undone.
        Reversible = "reversible",
        /// A parameter's value.
        Parameter = "parameter",
        /// How we know.
        Evidence = "evidence",
        /// The way it came in.
        Door = "door",
        /// Who acts.
        Principal = "principal",
        /// Which session.
        Session = "session",
        /// When.
        Time = "time",
        /// Of `same` and `other` only: what kind of thing it is about, whatever is done to it.
        Kind = "kind",
        /// Of `same` and `other` only: what the thing is called, however its identifier is written.
        Name = "name",
    }
}

impl Key {
    /// Whether its words are among those that are compared as bits.
    pub(super) const fn is_facet(self) -> bool {
        matches!(self, Self::Impact | Self::Scope | Self::Environment | Self::Reversible | Self::Evidence | Self::Door)
    }

    /// What the action's place says.
    pub(in crate::rules) fn place(self, place: &Place) -> Option<&str> {
        let value = match self {
            Self::Account => &place.account,
            Self::Region => &place.region,
            Self::Namespace => &place.namespace,
            Self::Cluster => &place.cluster,
            Self::Project => &place.project,
            Self::Subscription => &place.subscription,
            Self::Repository => &place.repository,
            Self::Host => &place.host,
            Self::Database => &place.database,
            Self::State => &place.state,
            _ => &None,
        };
        value.as_deref()
    }

    /// Whether every such action has one, even when the request does not prove which. A global service has no region and a
    /// cluster-wide kind no namespace; but every AWS call has an account, and every Kubernetes call a cluster.
    pub(in crate::rules) fn must_be_known(self, operation: &Operation, place: &Place) -> bool {
        let provider = operation.provider();
        match self {
            Self::Account => provider == "aws",
            Self::Cluster => provider == "kubernetes",
            Self::Project => provider == "gcp",
            Self::Subscription => provider == "azure",
            Self::Database => matches!(provider, "sql" | "redis" | "mongodb" | "influxdb"),
            Self::State => provider == "terraform",
            Self::Repository => provider == "git" && operation.service() == "remote",
            // What is done on this machine goes to no host.
            Self::Host => !place.loopback && !matches!(provider, "shell" | "git"),
            _ => false,
        }
    }
}
