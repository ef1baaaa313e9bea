//! How much a session changes, beside what it changed before and what sessions of its kind change: a sharp departure is told
//! with every number that led there.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::classify::Action;
use crate::model::{Count, Impact, Timestamp};

/// One window.
const WINDOW_MS: u64 = 5 * 60 * 1000;
/// Windows of a session that are compared with, the last hour.
const WINDOWS: usize = 12;
/// Fewer resources in a window are nobody's burst.
const DESTROYED_MIN: u64 = 20;
const CHANGED_MIN: u64 = 150;
/// So many times what the session did on average before.
const TIMES_OWN: f64 = 5.0;
/// So many deviations above what its kind does.
const DEVIATIONS: f64 = 6.0;
/// A kind has a history from so many windows on; before that, so many times the least count.
const WINDOWS_KNOWN: u64 = 30;
const TIMES_UNKNOWN: u64 = 3;

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Destroyed,
    Changed,
}

impl Kind {
    pub(super) const fn of(impact: Impact) -> Option<Self> {
        match impact {
            Impact::Destroy | Impact::Unknown => Some(Self::Destroyed),
            Impact::Update | Impact::Disrupt | Impact::Permission | Impact::Execute => Some(Self::Changed),
            Impact::Create | Impact::Read => None,
        }
    }

    const fn least(self) -> u64 {
        match self {
            Self::Destroyed => DESTROYED_MIN,
            Self::Changed => CHANGED_MIN,
        }
    }
}

/// How many resources an action touches. What has no bound is judged by its rules, and counts as one.
pub(super) const fn weight(action: &Action) -> u64 {
    match action.blast().count {
        Count::Exact(n) | Count::AtLeast(n) => n,
        Count::Unbounded => 1,
    }
}

/// Resources in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    began: u64,
    destroyed: u64,
    changed: u64,
    /// It held a burst: nobody's habit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    burst: bool,
}

impl Window {
    const fn count(self, kind: Kind) -> u64 {
        match kind {
            Kind::Destroyed => self.destroyed,
            Kind::Changed => self.changed,
        }
    }
}

/// What one session changed in the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Rates(VecDeque<Window>);

/// What sessions of one kind (of one agent) change in a window in which they change something: Welford's running mean and
/// sum of squared differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Habit {
    windows: u64,
    mean: f64,
    squares: f64,
}

impl Habit {
    #[allow(clippy::cast_precision_loss, reason = "counts of a window are small")]
    fn learn(&mut self, count: u64) {
        let count = count as f64;
        self.windows += 1;
        let apart = count - self.mean;
        self.mean += apart / self.windows as f64;
        self.squares += apart * (count - self.mean);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of windows are small")]
    fn deviation(&self) -> f64 {
        if self.windows < 2 { 0.0 } else { (self.squares / (self.windows - 1) as f64).sqrt() }
    }
}

/// What sessions of one kind do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Habits {
    destroyed: Habit,
    changed: Habit,
}

impl Habits {
    const fn of(&self, kind: Kind) -> &Habit {
        match kind {
            Kind::Destroyed => &self.destroyed,
            Kind::Changed => &self.changed,
        }
    }

    fn learn(&mut self, window: Window) {
        if window.burst {
            return;
        }
        // What is nothing says nothing of how much it is when it is something.
        if window.destroyed > 0 {
            self.destroyed.learn(window.destroyed);
        }
        if window.changed > 0 {
            self.changed.learn(window.changed);
        }
    }
}

/// A departure, and the numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Burst {
    kind: Kind,
    count: u64,
    own: f64,
    habit: Habit,
    agent: Option<String>,
}

impl fmt::Display for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did = if self.kind == Kind::Destroyed { "destroyed" } else { "changed" };
        write!(
            f,
            "{} resources {did} within 5 minutes; {:.1} on average of this session's hour before",
            self.count, self.own
        )?;
        let agent = self.agent.as_deref().unwrap_or("unnamed agents");
        match self.habit.windows {
            0 => write!(f, "; of sessions of {agent} nothing is known yet"),
            windows => write!(
                f,
                "; {:.1} ± {:.1} of sessions of {agent} (in {windows} such times)",
                self.habit.mean,
                self.habit.deviation()
            ),
        }
    }
}

impl Rates {
    /// Counts what would be touched now; a departure where it is one.
    #[allow(clippy::cast_precision_loss, reason = "counts of a window are small")]
    pub(super) fn add(
        &mut self,
        (kind, count): (Kind, u64),
        (habits, agent): (&mut Habits, Option<&str>),
        now: Timestamp,
    ) -> Option<Burst> {
        let began = now.millis() / WINDOW_MS * WINDOW_MS;
        match self.0.back() {
            // A clock that was set back does not begin a fresh count.
            Some(last) if last.began >= began => {}
            last => {
                if let Some(over) = last {
                    habits.learn(*over);
                }
                self.0.push_back(Window { began, ..Window::default() });
            }
        }
        let oldest = began.saturating_sub(WINDOW_MS * WINDOWS as u64);
        self.0.retain(|window| window.began >= oldest);
        let window = self.0.back_mut()?;
        match kind {
            Kind::Destroyed => window.destroyed = window.destroyed.saturating_add(count),
            Kind::Changed => window.changed = window.changed.saturating_add(count),
        }
        let count = window.count(kind);
        let before = self.0.len().saturating_sub(1);
        let sum: u64 = self.0.iter().take(before).map(|window| window.count(kind)).sum();
        let own = if before == 0 { 0.0 } else { sum as f64 / before as f64 };
        let habit = *habits.of(kind);
        let is_much = count >= kind.least() && count as f64 > own * TIMES_OWN;
        let is_unlike_others = match habit.windows {
            WINDOWS_KNOWN.. => count as f64 > habit.mean + DEVIATIONS * habit.deviation().max(1.0),
            _ => count >= kind.least() * TIMES_UNKNOWN,
        };
        let is_burst = is_much && is_unlike_others;
        if let Some(window) = self.0.back_mut().filter(|_| is_burst) {
            window.burst = true;
        }
        is_burst.then(|| Burst { kind, count, own, habit, agent: agent.map(str::to_owned) })
    }

    /// What was counted did not go on.
    pub(super) fn take_back(&mut self, kind: Kind, count: u64) {
        let Some(window) = self.0.back_mut() else { return };
        match kind {
            Kind::Destroyed => window.destroyed = window.destroyed.saturating_sub(count),
            Kind::Changed => window.changed = window.changed.saturating_sub(count),
        }
    }
}
