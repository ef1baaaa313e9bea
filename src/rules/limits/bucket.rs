//! Whose tokens: which bucket of a limit an action takes from.
//!
//! A bucket is known by a digest, which says the same in every process and after every restart. What an action does not tell
//! (no person, no region) is a value of its own: all that do not tell it share a bucket.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::View;
use super::super::text::RawLimit;
use super::LimitSpec;
use super::allowance::Allowance;
use crate::config::Report;
use crate::model::{Impact, blast_words as words};

words! {
    /// What a limit counts apart.
    By {
        /// The session.
        Session = "session",
        /// The agent's product and the person it acts for, of all their sessions together.
        Principal = "principal",
        /// The person that sessions act for.
        Person = "person",
        /// The operation.
        Operation = "operation",
        /// The first part of the operation.
        Provider = "provider",
        /// What it does; the impact unknown counts as destroy.
        Impact = "impact",
        /// The environment, by its name in the inventory.
        Environment = "environment",
        /// Whom the environment serves.
        Tenant = "tenant",
        /// Cloud account.
        Account = "account",
        /// Cloud project.
        Project = "project",
        /// Cloud region.
        Region = "region",
        /// Kubernetes cluster.
        Cluster = "cluster",
        /// Kubernetes namespace.
        Namespace = "namespace",
    }
}

/// Buckets live in so many homes; all that belong to one session and no wider key live in the same.
pub const HOMES: usize = 64;
const HOME_BITS: u32 = HOMES.trailing_zeros();
const HOME_AT: u32 = u128::BITS - HOME_BITS;

/// A bucket of tokens, or a set of different resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u128);

impl Bucket {
    /// As it is kept.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// As it was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes_to_u128(bytes))
    }

    /// Where it lives, below [`HOMES`].
    #[must_use]
    pub fn home(self) -> usize {
        usize::try_from(self.0 >> HOME_AT).unwrap_or(0)
    }

    /// Bits that are as good as random.
    #[must_use]
    pub fn hash(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or(0)
    }

    const fn living(digest: u128, home: u128) -> Self {
        Self(digest << HOME_BITS >> HOME_BITS | home << HOME_AT)
    }
}

const fn bytes_to_u128(bytes: [u8; 16]) -> u128 {
    u128::from_be_bytes(bytes)
}

/// A limit's overflow is the bucket of no values at all.
const OVERFLOW: u128 = 0x6f76_6572_666c_6f77_6f76_6572_666c_6f77;

impl LimitSpec {
    /// The bucket that this action takes from.
    pub(super) fn bucket(&self, view: View<'_>) -> Bucket {
        let mut digest = Digester::of(self.print);
        let mut home = None;
        for by in &self.by {
            match by {
                By::Session => {
                    let session = view.context.principal.session.bits();
                    digest.number(session);
                    // The last bits are random, or of a digest.
                    home = Some(session & (HOMES as u128 - 1));
                }
                by => told(*by, view, &mut digest),
            }
        }
        let digest = digest.end();
        Bucket::living(digest, home.unwrap_or(digest >> HOME_AT))
    }

    /// The bucket that stands in for this one while there is no room for another.
    #[must_use]
    pub fn overflow(&self, bucket: Bucket) -> Bucket {
        Bucket::living(self.print ^ OVERFLOW, bucket.0 >> HOME_AT)
    }
}

fn told(by: By, view: View<'_>, digest: &mut Digester) {
    let (action, principal) = (view.action, &view.context.principal);
    let (environment, place) = (action.environment(), action.place());
    match by {
        By::Session => {}
        By::Principal => {
            digest.text(principal.agent.as_deref());
            digest.text(principal.person.as_deref());
        }
        By::Person => digest.text(principal.person.as_deref()),
        By::Operation => digest.text(Some(action.operation().as_str())),
        By::Provider => digest.text(Some(action.operation().provider())),
        By::Impact => digest.text(Some(match action.blast().impact {
            Impact::Unknown => Impact::Destroy.as_str(),
            named => named.as_str(),
        })),
        By::Environment => digest.text(Some(&environment.name)),
        By::Tenant => digest.text(environment.tenant.as_deref()),
        By::Account => digest.text(place.account.as_deref()),
        By::Project => digest.text(place.project.as_deref()),
        By::Region => digest.text(place.region.as_deref()),
        By::Cluster => digest.text(place.cluster.as_deref()),
        By::Namespace => digest.text(place.namespace.as_deref()),
    }
}

/// What `by` says; the session where it is not there.
pub(super) fn check(limit: &RawLimit, report: &mut Report<'_>) -> Vec<By> {
    let Some(written) = &limit.by else { return vec![By::Session] };
    let mut by = written.value.clone();
    if by.is_empty() {
        let help = "write `by: [session]`, or leave it out";
        report.say(written, "`by` is empty: nothing says whose tokens they are", Some(help.to_owned()));
    }
    by.sort_unstable();
    if by.windows(2).any(|two| two.first() == two.last()) {
        report.say(written, "`by` names a key twice", None);
    }
    by.dedup();
    by
}

/// Other words, other buckets: who takes a limit back to what it was finds what was taken then.
pub(super) fn print(id: &str, allowance: &Allowance, distinct: bool, by: &[By]) -> u128 {
    let mut digest = Digester::of(1);
    digest.text(Some(id));
    digest.number(u128::from(allowance.quantity) << 32 | u128::from(allowance.burst));
    digest.number(allowance.per.as_nanos() << 1 | u128::from(distinct));
    for one in by {
        digest.text(Some(one.as_str()));
    }
    digest.end()
}

/// A digest of texts and numbers, none of which can be taken for two others.
pub(super) struct Digester(Sha256);

impl Digester {
    pub(super) fn of(start: u128) -> Self {
        Self(Sha256::new_with_prefix(start.to_be_bytes()))
    }

    pub(super) fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
        self.0.update(length.to_be_bytes());
        self.0.update(text.unwrap_or_default());
    }

    fn number(&mut self, number: u128) {
        self.0.update(number.to_be_bytes());
    }

    pub(super) fn end(self) -> u128 {
        self.0.finalize().iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    }
}
