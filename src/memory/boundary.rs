//! Where a session may change things: what it declared, or else where its first change landed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::classify::Action;
use crate::config::Glob;
use crate::model::blast_words as words;

words! {
    /// One way in which places differ.
    Axis {
        /// Cloud account.
        Account = "account",
        /// Cloud region.
        Region = "region",
        /// Cloud project (Google Cloud).
        Project = "project",
        /// Cloud subscription (Azure).
        Subscription = "subscription",
        /// Kubernetes cluster.
        Cluster = "cluster",
        /// Kubernetes namespace.
        Namespace = "namespace",
        /// Source repository.
        Repository = "repository",
        /// Whom the environment serves, by the inventory.
        Tenant = "tenant",
    }
}

impl Axis {
    /// Where the action stands on it.
    pub(super) fn of(self, action: &Action) -> Option<&str> {
        let place = action.place();
        let value = match self {
            Self::Account => &place.account,
            Self::Region => &place.region,
            Self::Project => &place.project,
            Self::Subscription => &place.subscription,
            Self::Cluster => &place.cluster,
            Self::Namespace => &place.namespace,
            Self::Repository => &place.repository,
            Self::Tenant => &action.environment().tenant,
        };
        let value = value.as_deref()?;
        // Google Cloud's calls name a zone where there is one: it lies in its region.
        match self {
            Self::Region if action.operation().provider() == "gcp" => Some(region_of_zone(value)),
            _ => Some(value),
        }
    }

    /// The axis that every call of this provider stands on, whether the request proves where or not.
    fn home(provider: &str) -> Option<Self> {
        match provider {
            "aws" => Some(Self::Account),
            "gcp" => Some(Self::Project),
            "azure" => Some(Self::Subscription),
            "kubernetes" => Some(Self::Cluster),
            "github" => Some(Self::Repository),
            _ => None,
        }
    }
}

/// `europe-west1` of `europe-west1-b`; anything else as it is.
fn region_of_zone(place: &str) -> &str {
    let is_letter = |tail: &str| tail.len() == 1 && tail.bytes().all(|byte| byte.is_ascii_lowercase());
    match place.rsplit_once('-') {
        Some((region, tail)) if is_letter(tail) && region.ends_with(|last: char| last.is_ascii_digit()) => region,
        _ => place,
    }
}

/// What a session said that it will stay within. Where it names an axis, only the named values are inside; where it names
/// none that a provider's calls stand on, all of that provider is outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Axis, Vec<String>>", into = "BTreeMap<Axis, Vec<String>>")]
pub struct Boundary(BTreeMap<Axis, Vec<Glob>>);

/// A boundary that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoundaryError {
    /// No `=`.
    #[error("`{0}` is not a part of a boundary; write it as `account=111122223333` or `region=eu-west-1,eu-central-1`")]
    Form(String),
    /// A pattern that cannot be one.
    #[error("{0}")]
    Pattern(String),
    /// An axis that there is not.
    #[error("a boundary knows no `{name}`{suggestion}")]
    Axis {
        /// What was written.
        name: String,
        /// What may have been meant, as the end of the sentence.
        suggestion: String,
    },
}

impl TryFrom<BTreeMap<Axis, Vec<String>>> for Boundary {
    type Error = BoundaryError;

    fn try_from(axes: BTreeMap<Axis, Vec<String>>) -> Result<Self, BoundaryError> {
        let globs = |values: Vec<String>| {
            values.iter().map(|value| Glob::parse(value)).collect::<Result<_, _>>().map_err(BoundaryError::Pattern)
        };
        let axes = axes.into_iter().map(|(axis, values)| Ok((axis, globs(values)?)));
        Ok(Self(axes.collect::<Result<_, BoundaryError>>()?))
    }
}

impl From<Boundary> for BTreeMap<Axis, Vec<String>> {
    fn from(boundary: Boundary) -> Self {
        let texts = |globs: Vec<Glob>| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
        boundary.0.into_iter().map(|(axis, globs)| (axis, texts(globs))).collect()
    }
}

impl Boundary {
    /// Reads `account=111122223333`, `region=eu-*,us-east-1` and so on; the same axis twice is one list.
    ///
    /// # Errors
    /// A part cannot be understood.
    pub fn parse<S: AsRef<str>>(parts: &[S]) -> Result<Self, BoundaryError> {
        let mut axes: BTreeMap<Axis, Vec<String>> = BTreeMap::new();
        for part in parts.iter().map(AsRef::as_ref) {
            let bad = || BoundaryError::Form(part.to_owned());
            let (name, values) = part.split_once('=').ok_or_else(bad)?;
            let name = name.trim();
            let axis: Axis = name
                .parse()
                .map_err(|_| BoundaryError::Axis { name: name.to_owned(), suggestion: suggestion(name) })?;
            let values: Vec<String> =
                values.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect();
            if values.is_empty() {
                return Err(bad());
            }
            axes.entry(axis).or_default().extend(values);
        }
        axes.try_into()
    }

    /// Whether nothing was declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why the action is outside, for people; `None`: it is inside.
    pub(super) fn left_by(&self, action: &Action) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        for (axis, values) in &self.0 {
            if let Some(value) = axis.of(action)
                && !values.iter().any(|one| one.matches_ignoring_case(value))
            {
                return Some(format!("{axis} {value} is not within what the session declared ({self})"));
            }
        }
        let provider = action.operation().provider();
        let home = Axis::home(provider)?;
        match (self.0.get(&home), home.of(action)) {
            (None, _) => Some(format!("the session declared nothing of {provider} ({self})")),
            (Some(_), None) => {
                Some(format!("the request does not prove its {home}, and the session declared one ({self})"))
            }
            (Some(_), Some(_)) => None,
        }
    }
}

fn suggestion(name: &str) -> String {
    let known = Axis::ALL.iter().map(|axis| axis.as_str());
    match crate::config::nearest(name, known.clone()) {
        Some(near) => format!(": {near}"),
        None => format!("; it knows {}", known.collect::<Vec<_>>().join(", ")),
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (axis, values)) in self.0.iter().enumerate() {
            let gap = if at > 0 { " " } else { "" };
            let values: Vec<&str> = values.iter().map(Glob::as_str).collect();
            write!(f, "{gap}{axis}={}", values.join(","))?;
        }
        Ok(())
    }
}

/// Where the first changes of a session that declared nothing landed: of each provider its own axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Landed(BTreeMap<String, String>);

/// More are not kept: there are not that many axes of providers that have them.
const LANDED_MAX: usize = 64;

impl Landed {
    /// Takes note of where a change landed; true where that was not known.
    pub(super) fn learn(&mut self, action: &Action) -> bool {
        let mut is_new = false;
        for (key, value) in axes(action) {
            if self.0.len() < LANDED_MAX && !self.0.contains_key(&key) {
                self.0.insert(key, value.to_owned());
                is_new = true;
            }
        }
        is_new
    }

    /// Why the action is elsewhere, for people; `None`: nothing says so.
    pub(super) fn left_by(&self, action: &Action) -> Option<String> {
        axes(action).find_map(|(key, value)| {
            let first = self.0.get(&key).filter(|first| *first != value)?;
            let axis = key.rsplit('/').next().unwrap_or(&key);
            Some(format!("the session's changes were in {axis} {first} so far, and this one is in {value}"))
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Landed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&told.join(" "))
    }
}

/// `aws/region`, and where the action stands on it. A tenant is one whoever serves it.
fn axes(action: &Action) -> impl Iterator<Item = (String, &str)> {
    Axis::ALL.iter().filter_map(|axis| {
        let value = axis.of(action)?;
        let key = match axis {
            Axis::Tenant => axis.to_string(),
            _ => format!("{}/{axis}", action.operation().provider()),
        };
        Some((key, value))
    })
}
