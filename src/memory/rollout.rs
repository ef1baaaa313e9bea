//! One change in many places: the same operation with the same parameters, elsewhere. It goes place by place, with a time in
//! between in which the first place can show that it holds; where it failed, it goes no further.

use std::collections::VecDeque;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::boundary::Axis;
use crate::classify::Action;
use crate::model::Timestamp;

/// Between one place and the next.
pub const BAKE: Duration = Duration::from_secs(10 * 60);
/// A failure holds the change up for so long.
const FAILED_FOR: Duration = Duration::from_secs(6 * 60 * 60);
/// Changes of one session that are remembered; the oldest goes first.
const KEPT_MAX: usize = 256;

/// A shorter word of a place may stand for anything in a name.
const TELLING_CHARS_MIN: usize = 4;

/// The axes on which the places of one change differ.
const AXES: [Axis; 6] = [Axis::Account, Axis::Project, Axis::Subscription, Axis::Region, Axis::Cluster, Axis::Tenant];

/// One change in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// A digest of what is changed, without where.
    what: String,
    place: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    failed: bool,
}

/// What a session changed where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Rollouts(VecDeque<Done>);

impl Rollouts {
    /// Why the action must not go on elsewhere yet, for people.
    pub(super) fn held(&self, action: &Action, now: Timestamp) -> Option<String> {
        let (what, place) = change(action)?;
        let elsewhere = || self.0.iter().filter(|done| done.what == what && done.place != place);
        if let Some(failed) = elsewhere().rfind(|done| done.failed && now.since(done.at) < FAILED_FOR) {
            return Some(format!("the same change failed in {} at {}: it goes no further", failed.place, failed.at));
        }
        // Where it stands already it is no step further.
        if self.0.iter().any(|done| done.what == what && done.place == place) {
            return None;
        }
        let latest = elsewhere().rfind(|done| now.since(done.at) < BAKE)?;
        Some(format!(
            "the same change went to {} at {}; the next place is due at {}",
            latest.place,
            latest.at,
            latest.at.after(BAKE)
        ))
    }

    /// Takes note of a change that was let through.
    pub(super) fn went(&mut self, action: &Action, now: Timestamp) -> bool {
        let Some((what, place)) = change(action) else { return false };
        self.0.retain(|done| now.since(done.at) < FAILED_FOR && (done.what != what || done.place != place));
        if self.0.len() >= KEPT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Done { what, place, at: now, failed: false });
        true
    }

    /// Takes note of how it ended.
    pub(super) fn ended(&mut self, action: &Action, failed: bool) -> bool {
        let Some((what, place)) = change(action) else { return false };
        let found = self.0.iter_mut().rfind(|done| done.what == what && done.place == place);
        found.is_some_and(|done| std::mem::replace(&mut done.failed, failed) != failed)
    }
}

/// What is changed, without where, and where; nothing where the action stands in no place of its own.
fn change(action: &Action) -> Option<(String, String)> {
    let stands: Vec<(Axis, &str)> = AXES.iter().filter_map(|axis| Some((*axis, axis.of(action)?))).collect();
    if stands.is_empty() {
        return None;
    }
    let place: Vec<String> = stands.iter().map(|(axis, value)| format!("{axis} {value}")).collect();
    // Names and parameters carry the place with them: `arn:aws:lambda:eu-west-1:…:function:shop`.
    let telling = || stands.iter().filter(|(_, value)| value.len() >= TELLING_CHARS_MIN);
    let without = |text: &str| telling().fold(text.to_owned(), |text, (_, value)| text.replace(value, "*"));
    let mut resources: Vec<String> = action.resources().iter().map(|one| without(one.as_str())).collect();
    resources.sort_unstable();
    let parameters: Vec<(&str, String)> =
        action.parameters().iter().map(|one| (one.name.as_str(), without(&one.value))).collect();
    let what = (action.operation().as_str(), resources, parameters);
    let digest = Sha256::digest(serde_json::to_vec(&what).unwrap_or_default());
    Some((HEXLOWER.encode(digest.get(..16).unwrap_or_default()), place.join(", ")))
}
