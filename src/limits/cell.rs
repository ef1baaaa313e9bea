//! What stands in one bucket: when its tokens are back, or which resources were touched.

use std::collections::HashMap;
use std::time::Duration;

use super::quota::Moment;
use crate::rules::Name;

/// A bucket.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Tokens(Tokens),
    Names(Box<Names>),
}

impl Cell {
    /// When nothing of it will be left, as far as known now.
    pub(super) fn ends(&self) -> Moment {
        match self {
            Self::Tokens(tokens) => tokens.full_at,
            Self::Names(names) => names.ends(),
        }
    }
}

/// A bucket of tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tokens {
    /// When it will be full.
    pub(super) full_at: Moment,
    /// When something was taken last.
    last: Moment,
    /// What was taken, less what was given back, since it was written down.
    pub(super) spent: i64,
}

impl Tokens {
    /// One that others wrote down.
    pub(super) const fn known(full_at: Moment) -> Self {
        Self { full_at, last: 0, spent: 0 }
    }

    pub(super) fn take(&mut self, full_at: Moment, cost: u64, now: Moment) {
        self.full_at = full_at;
        self.last = self.last.max(now);
        self.spent = self.spent.saturating_add_unsigned(cost);
    }

    /// Gives back what was taken at this time. Where others have taken since, what would have come back to a full bucket
    /// meanwhile stays lost: a bucket never holds more than if nothing had been taken.
    pub(super) fn give_back(&mut self, cost: u64, at: Moment) {
        let back = cost.saturating_sub(self.last.saturating_sub(at));
        self.full_at = self.full_at.saturating_sub(back);
        self.spent = self.spent.saturating_sub_unsigned(back);
    }

    /// What is taken, by others too: they had come to `theirs`, and what was spent here since comes on top.
    pub(super) fn absorb(&mut self, theirs: Moment) {
        self.full_at = joined(theirs, self.full_at, self.spent);
    }
}

/// A bucket that was full at `theirs` elsewhere, and here at `ours`, after so much was spent that they do not know.
pub(super) fn joined(theirs: Moment, ours: Moment, spent: i64) -> Moment {
    theirs.max(ours.saturating_add_signed(spent.saturating_neg())).saturating_add_signed(spent)
}

/// A set of different resources.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// How long each counts after it was touched.
    pub(super) per: u64,
    seen: HashMap<Name, Touch>,
}

/// One resource.
#[derive(Clone, Copy, Debug, Default)]
struct Touch {
    /// When last.
    at: Moment,
    /// Calls that are about to touch it.
    held: u32,
}

impl Names {
    pub(super) fn of(per: u64) -> Self {
        Self { per, seen: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    fn ends(&self) -> Moment {
        let end = |touch: &Touch| if touch.held > 0 { Moment::MAX } else { touch.at.saturating_add(self.per) };
        self.seen.values().map(end).max().unwrap_or(0)
    }

    fn is_live(&self, touch: &Touch, now: Moment) -> bool {
        touch.held > 0 || touch.at.saturating_add(self.per) > now
    }

    /// How many of these are new.
    pub(super) fn new_of(&self, names: &[Name], now: Moment) -> usize {
        let known = |name: &&Name| self.seen.get(name).is_some_and(|touch| self.is_live(touch, now));
        names.len() - names.iter().filter(known).count()
    }

    /// Whether these, sorted, fit beside what was touched; else how long until they would.
    pub(super) fn fit(&self, names: &[Name], quantity: u32, now: Moment) -> Result<(), Duration> {
        let new = self.new_of(names, now);
        let live = self.seen.values().filter(|touch| self.is_live(touch, now)).count();
        let over = (live + new).saturating_sub(usize::try_from(quantity).unwrap_or(usize::MAX));
        if new == 0 || over == 0 {
            return Ok(());
        }
        // So many of the others must have been left alone for long enough.
        let is_other = |name: &Name| names.binary_search(name).is_err();
        let others = self.seen.iter().filter(|(name, touch)| self.is_live(touch, now) && is_other(name));
        let mut free: Vec<Moment> = others
            .map(|(_, touch)| if touch.held > 0 { now } else { touch.at })
            .map(|at| at.saturating_add(self.per).min(now.saturating_add(self.per)))
            .collect();
        free.sort_unstable();
        let when = free.get(over - 1).copied().unwrap_or(now.saturating_add(self.per));
        Err(Duration::from_nanos(when.saturating_sub(now).max(1)))
    }

    /// A call is about to touch these.
    pub(super) fn hold(&mut self, names: &[Name]) {
        for name in names {
            let touch = self.seen.entry(*name).or_default();
            touch.held = touch.held.saturating_add(1);
        }
    }

    /// It has touched them now, or will not.
    pub(super) fn settle(&mut self, names: &[Name], touched: Option<Moment>) {
        for name in names {
            let Some(touch) = self.seen.get_mut(name) else { continue };
            touch.held = touch.held.saturating_sub(1);
            touch.at = touch.at.max(touched.unwrap_or(0));
            if touch.at == 0 && touch.held == 0 {
                self.seen.remove(name);
            }
        }
    }

    /// What was touched for certain, and when.
    pub(super) fn touched(&self) -> Vec<(Name, Moment)> {
        self.seen.iter().filter(|(_, touch)| touch.at > 0).map(|(name, touch)| (*name, touch.at)).collect()
    }

    /// What others touched.
    pub(super) fn absorb(&mut self, theirs: &[(Name, Moment)]) {
        for (name, at) in theirs {
            let touch = self.seen.entry(*name).or_default();
            touch.at = touch.at.max(*at);
        }
    }

    /// Forgets what no longer counts.
    pub(super) fn sweep(&mut self, now: Moment) {
        let per = self.per;
        self.seen.retain(|_, touch| touch.held > 0 || touch.at.saturating_add(per) > now);
        self.seen.shrink_to_fit();
    }
}
