//! The statements. Each change of state names the states it may start from: whoever comes second changes nothing.

use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{ApprovalEntry, ApprovalStep, Filter, Now, Question, Request, State};
use crate::model::{ApprovalId, DecisionId, SessionId, Timestamp};

const COLUMNS: &str = "id, session, person, agent, operation, shown, digests, requirement, revision, opened_at, state, \
                       ends_at, voter, reason, answered_at, decision";

/// ?1 wall clock, ?2 boot, ?3 uptime. On either clock: one of them may have been set back, or know nothing (a comparison
/// with nothing is neither true nor false, which `NOT` would keep).
const OVERDUE: &str = "(ends_at <= ?1 OR coalesce(ends_boot = ?2 AND ends_uptime <= ?3, 0))";

/// Ended requests are forgotten after this time; the log knows them for longer.
const FORGOTTEN: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A change under way, and the steps that the log must be told of when it stands.
pub(super) struct Change<'a, 'c> {
    transaction: &'a Transaction<'c>,
    now: Now,
    steps: Vec<ApprovalEntry>,
}

/// The end of a state on the wall clock, and on the machine's uptime where that is known.
struct End {
    at: Timestamp,
    boot: Option<u64>,
    uptime: Option<u64>,
}

impl<'a, 'c> Change<'a, 'c> {
    pub(super) const fn new(transaction: &'a Transaction<'c>, now: Now) -> Self {
        Self { transaction, now, steps: Vec::new() }
    }

    pub(super) fn into_steps(self) -> Vec<ApprovalEntry> {
        self.steps
    }

    /// Marks what is overdue.
    pub(super) fn expire(&mut self) -> rusqlite::Result<()> {
        let sql = format!(
            "UPDATE approvals SET state = 'expired', ended_at = ?1 \
             WHERE state IN ('pending', 'approved') AND {OVERDUE} RETURNING {COLUMNS}"
        );
        let (boot, uptime) = self.uptime();
        let expired: Vec<Request> = self
            .transaction
            .prepare_cached(&sql)?
            .query_map(params![self.now.wall.millis(), boot, uptime], request)?
            .collect::<rusqlite::Result<_>>()?;
        for request in &expired {
            self.step(request, ApprovalStep::Expired);
        }
        Ok(())
    }

    /// The pending or approved request for this; there is one at most.
    pub(super) fn live(&self, binding: &str) -> rusqlite::Result<Option<Request>> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE binding = ?1 AND state IN ('pending', 'approved')");
        self.transaction.prepare_cached(&sql)?.query_row([binding], request).optional()
    }

    /// The latest denial of this that still holds.
    pub(super) fn denied(&self, binding: &str) -> rusqlite::Result<Option<Request>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals \
             WHERE binding = ?4 AND state = 'denied' AND NOT {OVERDUE} ORDER BY answered_at DESC LIMIT 1"
        );
        let (boot, uptime) = self.uptime();
        self.transaction
            .prepare_cached(&sql)?
            .query_row(params![self.now.wall.millis(), boot, uptime, binding], request)
            .optional()
    }

    pub(super) fn open_of(&self, session: SessionId) -> rusqlite::Result<u32> {
        let sql = "SELECT count(*) FROM approvals WHERE session = ?1 AND state = 'pending'";
        self.transaction.prepare_cached(sql)?.query_row([session.to_string()], |row| row.get(0))
    }

    pub(super) fn open(&mut self, id: ApprovalId, question: &Question, lasts: Duration) -> rusqlite::Result<Request> {
        let old = self.now.wall.millis().saturating_sub(u64::try_from(FORGOTTEN.as_millis()).unwrap_or(u64::MAX));
        self.transaction.execute("DELETE FROM approvals WHERE ended_at < ?1", [old])?;
        let end = self.end(lasts);
        let Question { principal, binding, digests, operation, shown, requirement, revision } = question;
        let sql = format!(
            "INSERT INTO approvals (id, session, person, agent, binding, digests, operation, shown, requirement, \
             revision, opened_at, state, ends_at, ends_boot, ends_uptime) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'pending', ?12, ?13, ?14) RETURNING {COLUMNS}"
        );
        let values = params![
            id.to_string(),
            principal.session.to_string(),
            principal.person,
            principal.agent,
            binding,
            serde_json::to_string(digests).unwrap_or_default(),
            operation,
            shown,
            serde_json::to_string(requirement).unwrap_or_default(),
            revision,
            self.now.wall.millis(),
            end.at.millis(),
            end.boot,
            end.uptime,
        ];
        let opened = self.transaction.prepare_cached(&sql)?.query_row(values, request)?;
        self.step(&opened, ApprovalStep::Opened);
        Ok(opened)
    }

    pub(super) fn void(&mut self, id: ApprovalId, why: &str) -> rusqlite::Result<()> {
        let sql = format!(
            "UPDATE approvals SET state = 'void', reason = ?2, ended_at = ?3 \
             WHERE id = ?1 AND state IN ('pending', 'approved') RETURNING {COLUMNS}"
        );
        let values = params![id.to_string(), why, self.now.wall.millis()];
        if let Some(voided) = self.transaction.prepare_cached(&sql)?.query_row(values, request).optional()? {
            self.step(&voided, ApprovalStep::Voided);
        }
        Ok(())
    }

    /// INVARIANT: of all calls, in all processes, one gets true. What is overdue was marked in this same transaction.
    pub(super) fn use_up(&mut self, id: ApprovalId, binding: &str, decision: DecisionId) -> rusqlite::Result<bool> {
        let sql = format!(
            "UPDATE approvals SET state = 'used', decision = ?3, ended_at = ?4 \
             WHERE id = ?1 AND binding = ?2 AND state = 'approved' RETURNING {COLUMNS}"
        );
        let values = params![id.to_string(), binding, decision.to_string(), self.now.wall.millis()];
        let used = self.transaction.prepare_cached(&sql)?.query_row(values, request).optional()?;
        if let Some(used) = &used {
            self.step(used, ApprovalStep::Used);
        }
        Ok(used.is_some())
    }

    /// Counts a vote; false when the request is not in a state that it may change.
    pub(super) fn vote(
        &mut self,
        id: ApprovalId,
        to: State,
        (voter, reason): (&str, Option<&str>),
        lasts: Duration,
    ) -> rusqlite::Result<bool> {
        let (from, ended) = match to {
            State::Approved => ("'pending'", None),
            _ => ("'pending', 'approved'", Some(self.now.wall.millis())),
        };
        let sql = format!(
            "UPDATE approvals SET state = ?2, voter = ?3, reason = ?4, answered_at = ?5, \
             ends_at = ?6, ends_boot = ?7, ends_uptime = ?8, ended_at = ?9 \
             WHERE id = ?1 AND state IN ({from}) RETURNING {COLUMNS}"
        );
        let end = self.end(lasts);
        let values = params![
            id.to_string(),
            to.as_str(),
            voter,
            reason,
            self.now.wall.millis(),
            end.at.millis(),
            end.boot,
            end.uptime,
            ended,
        ];
        let voted = self.transaction.prepare_cached(&sql)?.query_row(values, request).optional()?;
        if let Some(voted) = &voted {
            self.step(voted, if to == State::Approved { ApprovalStep::Approved } else { ApprovalStep::Denied });
        }
        Ok(voted.is_some())
    }

    pub(super) fn get(&self, id: ApprovalId) -> rusqlite::Result<Option<Request>> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1");
        self.transaction.prepare_cached(&sql)?.query_row([id.to_string()], request).optional()
    }

    pub(super) fn list(&self, filter: &Filter) -> rusqlite::Result<Vec<Request>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR session = ?2) \
             ORDER BY opened_at DESC, id DESC LIMIT ?3"
        );
        let state = filter.state.map(State::as_str);
        let session = filter.session.map(|session| session.to_string());
        let last = if filter.last == 0 { -1 } else { i64::from(filter.last) };
        let mut query = self.transaction.prepare_cached(&sql)?;
        let mut found: Vec<Request> =
            query.query_map(params![state, session, last], request)?.collect::<rusqlite::Result<_>>()?;
        found.reverse();
        Ok(found)
    }

    fn uptime(&self) -> (Option<u64>, Option<u64>) {
        (self.now.uptime.map(|uptime| uptime.boot), self.now.uptime.map(|uptime| uptime.millis))
    }

    fn end(&self, lasts: Duration) -> End {
        let lasts_millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        let (boot, uptime) = self.uptime();
        let uptime = uptime.map(|uptime| uptime.saturating_add(lasts_millis));
        End { at: self.now.wall.after(lasts), boot, uptime }
    }

    fn step(&mut self, request: &Request, step: ApprovalStep) {
        let is_first = step == ApprovalStep::Opened;
        let is_vote = matches!(step, ApprovalStep::Approved | ApprovalStep::Denied);
        let lasts = is_first || is_vote;
        self.steps.push(ApprovalEntry {
            id: request.id,
            at: self.now.wall,
            step,
            session: request.session,
            person: request.person.clone(),
            operation: request.operation.clone(),
            until: lasts.then_some(request.until),
            by: request.voter.clone().filter(|_| is_vote),
            reason: request.reason.clone().filter(|_| is_vote || step == ApprovalStep::Voided),
            decision: request.decision,
            shown: if is_first { request.shown.clone() } else { String::new() },
            digests: if is_first { request.digests.clone() } else { Vec::new() },
            requirement: if is_first { request.requirement.ids().map(str::to_owned).collect() } else { Vec::new() },
            revision: if is_first { request.revision.clone() } else { String::new() },
        });
    }
}

fn request(row: &Row<'_>) -> rusqlite::Result<Request> {
    let state: String = row.get(10)?;
    let state = State::ALL.into_iter().find(|known| known.as_str() == state);
    Ok(Request {
        id: parsed(row, 0)?,
        session: parsed(row, 1)?,
        person: row.get(2)?,
        agent: row.get(3)?,
        operation: row.get(4)?,
        shown: row.get(5)?,
        digests: json(row, 6)?,
        requirement: json(row, 7)?,
        revision: row.get(8)?,
        opened_at: time(row.get(9)?),
        state: state.ok_or_else(|| wrong(10, "not a state"))?,
        until: time(row.get(11)?),
        voter: row.get(12)?,
        reason: row.get(13)?,
        answered_at: row.get::<_, Option<u64>>(14)?.map(time),
        decision: match row.get::<_, Option<String>>(15)? {
            Some(_) => Some(parsed(row, 15)?),
            None => None,
        },
    })
}

const fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error: T::Err| wrong(column, error))
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| wrong(column, error))
}

fn wrong(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
