//! Keys that are more than a list of words: counts, people, sessions.

use super::Verdict;
use crate::config::Glob;
use crate::model::{Count, Level, Principal};
use crate::rules::View;

/// How many resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CountTest {
    Unbounded,
    MoreThan(u64),
    LessThan(u64),
    Exactly(u64),
}

impl CountTest {
    /// What may be more counts by the number that is certain; a count without bound is more than any number.
    pub(super) fn holds(self, count: Count) -> bool {
        match (self, count) {
            (Self::Unbounded | Self::MoreThan(_), Count::Unbounded) => true,
            (Self::MoreThan(limit), Count::Exact(n) | Count::AtLeast(n)) => n > limit,
            (Self::LessThan(limit), Count::Exact(n)) => n < limit,
            (Self::Exactly(wanted), Count::Exact(n)) => n == wanted,
            _ => false,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "unbounded" {
            return Some(Self::Unbounded);
        }
        let (operator, number) = text.split_once(' ')?;
        let number: u64 = number.trim().parse().ok()?;
        match operator {
            ">" => Some(Self::MoreThan(number)),
            ">=" => number.checked_sub(1).map(Self::MoreThan),
            "<" if number > 0 => Some(Self::LessThan(number)),
            "<=" => number.checked_add(1).map(Self::LessThan),
            "=" => Some(Self::Exactly(number)),
            _ => None,
        }
    }
}

/// Who acts; every part must match.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    pub(super) person: Vec<Glob>,
    pub(super) agent: Vec<Glob>,
    /// Empty: any.
    pub(super) level: Vec<Level>,
    pub(super) role: Vec<Glob>,
}

impl Who {
    /// Somebody of whom nothing is known could be anybody.
    pub(super) fn speaks(&self, view: View<'_>) -> Verdict {
        let Principal { person, agent, .. } = &view.context.principal;
        let level = view.standing.and_then(|standing| standing.level);
        let named = |globs: &[Glob], value: Option<&str>, what: &str| match value {
            _ if globs.is_empty() => Verdict::Yes,
            Some(value) if globs.iter().any(|glob| glob.matches(value)) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::Unsure(format!("nothing says {what}")),
        };
        let level = match level {
            _ if self.level.is_empty() => Verdict::Yes,
            Some(level) if self.level.contains(&level) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::Unsure("nothing says the level of the person that the session acts for".to_owned()),
        };
        let role = match view.standing {
            _ if self.role.is_empty() => Verdict::Yes,
            Some(standing) if standing.roles.iter().any(|role| self.role.iter().any(|glob| glob.matches(role))) => {
                Verdict::Yes
            }
            Some(_) => Verdict::No,
            None => Verdict::Unsure("nothing says the roles of the person that the session acts for".to_owned()),
        };
        let person = named(&self.person, person.as_deref(), "which person the session acts for");
        let parts = [person, named(&self.agent, agent.as_deref(), "which agent this is"), level, role];
        if parts.contains(&Verdict::No) {
            return Verdict::No;
        }
        parts.into_iter().find(|part| *part != Verdict::Yes).unwrap_or(Verdict::Yes)
    }
}

/// Which sessions.
#[derive(Clone, Debug)]
pub(super) enum SessionTest {
    Named,
    Anonymous,
    Id(Glob),
}

impl SessionTest {
    pub(super) fn holds(&self, principal: &Principal) -> bool {
        match self {
            Self::Named => !principal.anonymous,
            Self::Anonymous => principal.anonymous,
            Self::Id(glob) => glob.matches(&principal.session.to_string()),
        }
    }
}
