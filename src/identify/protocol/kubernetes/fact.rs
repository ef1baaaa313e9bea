//! What a body can say beyond its path: a closed list, and a set of it.

/// Something in a body that decides what the call does. What only a change can do is not said of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Nothing runs any more: replicas, instances, nodes are 0, or a number that nobody can read.
    ScaledToZero,
    /// Every pod is renewed.
    Restarted,
    /// The template of the pods is replaced whole, as `kubectl rollout undo` does.
    RolledBack,
    /// A schedule, a job, a database or its caretaker stops.
    Suspended,
    /// A node takes no new pods, or evicts those that it has.
    Drained,
    /// A daemon set leaves nodes.
    Withdrawn,
    /// Finalizers go: a pending deletion completes without its cleaning up.
    Unguarded,
    /// The spec, or all data, is gone.
    Emptied,
    /// What has no owner that lives is collected as garbage.
    Disowned,
    /// What is no longer described goes, or volumes go with what used them.
    Discarded,
    /// What is deployed is deleted and made anew.
    Recreated,
    /// Data goes from now on when its claim goes.
    Reclaimed,
    /// A volume loses its claim.
    Detached,
    /// Runs with the node's own rights: privileged, host namespaces, host paths.
    HostAccess,
    /// Labels that switch the checks of a namespace's pods on or off.
    PodSecurity,
    /// A network policy, or a load balancer, lets everybody in.
    Opened,
    /// A service is reached from outside the cluster.
    Published,
    /// Rights for whoever is signed in, or not even that.
    Anybody,
    /// A secret that the control plane fills with a service account's token.
    Token,
    /// Pods act as an identity of the cloud.
    Identity,
    /// The record of a Helm release: what it holds runs on without it.
    Record,
}

impl Fact {
    /// What `annotations.tsv` calls it.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "scaled-to-zero" => Self::ScaledToZero,
            "restarted" => Self::Restarted,
            "suspended" => Self::Suspended,
            "discarded" => Self::Discarded,
            "published" => Self::Published,
            "identity" => Self::Identity,
            _ => return None,
        })
    }

    /// Whether it says something of what is only being created.
    pub(super) const fn holds_for_new(self) -> bool {
        matches!(
            self,
            Self::HostAccess
                | Self::PodSecurity
                | Self::Published
                | Self::Anybody
                | Self::Token
                | Self::Identity
                | Self::Record
                | Self::Recreated
                | Self::Discarded
        )
    }
}

/// A set of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u32);

impl Facts {
    /// Adds one.
    pub(super) fn insert(&mut self, fact: Fact) {
        self.0 |= 1 << fact as u32;
    }

    /// Whether it is there.
    #[must_use]
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u32) != 0
    }
}
