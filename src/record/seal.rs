//! From an [`Entry`] to the bytes that are kept. The only way there, so that nothing gets around `redact`.

use serde::Deserialize;

use super::format::PAYLOAD_BYTES_MAX;
use super::tree::{self, Hash};
use super::{Entry, GapCause, GapEntry, LedgerError, redact};
use crate::model::{DecisionId, Disposition, Timestamp};

/// An entry as bytes, with what the writer must know of it.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) payload: Vec<u8>,
    pub(super) leaf: Hash,
    pub(super) at: Timestamp,
    pub(super) mark: Mark,
}

/// What an entry says about the life of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Something may be forwarded on it.
    Opens(DecisionId),
    /// Its outcome is known.
    Closes(DecisionId),
    /// It names all decisions before it that have no outcome: they need not be carried further.
    Names,
    /// None of these.
    None,
}

/// Turns an entry into bytes: serialised, masked, bounded, hashed.
pub(super) fn seal(entry: &Entry) -> Result<Sealed, LedgerError> {
    let json = serde_json::to_vec(entry).map_err(|error| LedgerError::Entry { why: error.to_string() })?;
    let payload = redact::mask_json(json);
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(LedgerError::TooLong { bytes: payload.len() });
    }
    let leaf = tree::leaf(&payload);
    Ok(Sealed { payload, leaf, at: entry.at(), mark: Mark::of(entry) })
}

const fn goes_out(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Forwarded | Disposition::Observed)
}

impl Mark {
    fn of(entry: &Entry) -> Self {
        match entry {
            // What a hook lets pass is carried out by the agent: nobody here learns its outcome.
            Entry::Decision(entry) if goes_out(entry.disposition) && entry.hook.is_none() => Self::Opens(entry.id),
            Entry::Outcome(entry) => Self::Closes(entry.id),
            Entry::Start(_) | Entry::Gap(GapEntry { cause: GapCause::Died, .. }) => Self::Names,
            _ => Self::None,
        }
    }

    /// The same from a payload, without reading all of it into an entry.
    pub(super) fn read(payload: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Head {
            id: Option<DecisionId>,
            disposition: Option<Disposition>,
            cause: Option<GapCause>,
            hook: Option<serde::de::IgnoredAny>,
        }
        let kind = payload.strip_prefix(br#"{"kind":""#).unwrap_or_default();
        let is = |word: &str| kind.starts_with(word.as_bytes());
        let head = || serde_json::from_slice::<Head>(payload).ok();
        if is("decision") {
            let goes = head().filter(|head| head.disposition.is_some_and(goes_out) && head.hook.is_none());
            return goes.and_then(|head| head.id).map_or(Self::None, Self::Opens);
        }
        if is("outcome") {
            return head().and_then(|head| head.id).map_or(Self::None, Self::Closes);
        }
        if is("start") || is("gap") && head().is_some_and(|head| head.cause == Some(GapCause::Died)) {
            return Self::Names;
        }
        Self::None
    }
}
