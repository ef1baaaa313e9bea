//! The statements. Everything happens inside one immediate transaction: of two processes that race, the second sees what
//! the first has done.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::request::{Lapse, Request};
use super::{Filter, Now, State};
use crate::model::{ApprovalId, Said, SessionId, Timestamp};

/// ?1 wall clock, ?2 boot, ?3 uptime. On either clock: one of them may have been set back, or know nothing (a comparison
/// with nothing is neither true nor false, which `NOT` would keep).
const OVERDUE: &str = "(ends_at <= ?1 OR coalesce(ends_boot = ?2 AND ends_uptime <= ?3, 0))";

/// Ended requests are forgotten after this time; the log knows them for longer.
const FORGOTTEN_MS: u64 = 90 * 24 * 60 * 60 * 1000;
/// What a session said counts for its calls of this time.
const SAID_FOR_MS: u64 = 30 * 60 * 1000;
/// The latest time seen is kept to this grain, so that looking does not write.
const SEEN_GRAIN_MS: u64 = 30 * 1000;

/// The requests, inside one transaction.
pub(super) struct Table<'a, 'c>(&'a Transaction<'c>);

impl<'a, 'c> Table<'a, 'c> {
    pub(super) const fn new(transaction: &'a Transaction<'c>) -> Self {
        Self(transaction)
    }

    /// The time, never earlier than it was: a clock that is set back revives nothing, also over a restart of the machine.
    pub(super) fn forward(&self, now: Now) -> rusqlite::Result<Now> {
        let seen: Option<u64> =
            self.0.prepare_cached("SELECT seen_at FROM approvals_clock")?.query_row([], |row| row.get(0)).optional()?;
        let (seen, wall) = (seen.unwrap_or(0), now.wall.millis());
        if wall > seen.saturating_add(SEEN_GRAIN_MS) {
            let sql = "INSERT INTO approvals_clock (id, seen_at) VALUES (1, ?1) \
                       ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
            self.0.prepare_cached(sql)?.execute([wall])?;
        }
        Ok(Now { wall: Timestamp::from_millis(wall.max(seen)), ..now })
    }

    /// The live ones whose time is over.
    pub(super) fn overdue(&self, now: Now) -> rusqlite::Result<Vec<Request>> {
        let sql = format!("SELECT document FROM approvals WHERE state IN ('pending', 'approved') AND {OVERDUE}");
        let uptime = Lapse::of(now.uptime);
        let values = params![now.wall.millis(), uptime.map(|one| one.boot), uptime.map(|one| one.millis)];
        self.0.prepare_cached(&sql)?.query_map(values, document)?.collect()
    }

    /// What may concern a call of this session: live ones, and those that ended a while ago.
    pub(super) fn of_session(&self, session: SessionId, now: Now) -> rusqlite::Result<Vec<Request>> {
        let sql = "SELECT document FROM approvals WHERE session = ?1 \
                   AND (state IN ('pending', 'approved') OR (state IN ('used', 'denied') AND ends_at > ?2)) \
                   ORDER BY opened_at, id";
        let values = params![session.to_string(), now.wall.millis()];
        self.0.prepare_cached(sql)?.query_map(values, document)?.collect()
    }

    /// What a session has said about its next calls.
    pub(super) fn heard(&self, session: SessionId, now: Now) -> rusqlite::Result<Said> {
        let sql = "SELECT said FROM approvals_said WHERE session = ?1 AND said_at > ?2";
        let since = now.wall.millis().saturating_sub(SAID_FOR_MS);
        let said: Option<String> =
            self.0.prepare_cached(sql)?.query_row(params![session.to_string(), since], |row| row.get(0)).optional()?;
        Ok(said.and_then(|said| serde_json::from_str(&said).ok()).unwrap_or_default())
    }

    pub(super) fn hear(&self, session: SessionId, said: &Said, now: Now) -> rusqlite::Result<()> {
        let old = now.wall.millis().saturating_sub(SAID_FOR_MS);
        self.0.prepare_cached("DELETE FROM approvals_said WHERE said_at <= ?1")?.execute([old])?;
        let sql = "INSERT OR REPLACE INTO approvals_said (session, said_at, said) VALUES (?1, ?2, ?3)";
        let said = serde_json::to_string(said).map_err(|error| wrong(error.into()))?;
        self.0.prepare_cached(sql)?.execute(params![session.to_string(), now.wall.millis(), said])?;
        Ok(())
    }

    /// How many of this agent's wait, over all sessions.
    pub(super) fn pending_of(&self, agent: Option<&str>) -> rusqlite::Result<u32> {
        let sql = "SELECT count(*) FROM approvals WHERE agent IS ?1 AND state = 'pending'";
        self.0.prepare_cached(sql)?.query_row([agent], |row| row.get(0))
    }

    /// Keeps a request as it is now.
    pub(super) fn put(&self, request: &Request) -> rusqlite::Result<()> {
        let sql = "INSERT INTO approvals \
                   (id, session, agent, state, opened_at, ends_at, ends_boot, ends_uptime, ended_at, document) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, ends_at = excluded.ends_at, \
                   ends_boot = excluded.ends_boot, ends_uptime = excluded.ends_uptime, \
                   ended_at = excluded.ended_at, document = excluded.document";
        let document = serde_json::to_string(request).map_err(|error| wrong(error.into()))?;
        let values = params![
            request.id.to_string(),
            request.session.to_string(),
            request.agent,
            request.state.as_str(),
            request.opened_at.millis(),
            request.until.at.millis(),
            request.until.uptime.map(|end| end.boot),
            request.until.uptime.map(|end| end.millis),
            request.ended_at.map(Timestamp::millis),
            document,
        ];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Forgets what ended long ago, except what was let through in an emergency and nobody has looked at.
    pub(super) fn forget(&self, now: Now) -> rusqlite::Result<()> {
        let old = now.wall.millis().saturating_sub(FORGOTTEN_MS);
        let sql = "DELETE FROM approvals WHERE ended_at < ?1 \
                   AND NOT (document ->> '$.glass' IS NOT NULL AND document ->> '$.glass.reviewed' IS NULL)";
        self.0.prepare_cached(sql)?.execute([old])?;
        Ok(())
    }

    pub(super) fn get(&self, id: ApprovalId) -> rusqlite::Result<Option<Request>> {
        let sql = "SELECT document FROM approvals WHERE id = ?1";
        self.0.prepare_cached(sql)?.query_row([id.to_string()], document).optional()
    }

    /// The oldest first; at most the `last` newest.
    pub(super) fn list(&self, filter: &Filter) -> rusqlite::Result<Vec<Request>> {
        let sql = "SELECT document FROM approvals WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR session = ?2) \
                   AND (NOT ?3 OR (document ->> '$.glass' IS NOT NULL AND document ->> '$.glass.reviewed' IS NULL)) \
                   ORDER BY opened_at DESC, id DESC LIMIT ?4";
        let state = filter.state.map(State::as_str);
        let session = filter.session.map(|session| session.to_string());
        let last = if filter.last == 0 { -1 } else { i64::from(filter.last) };
        let mut query = self.0.prepare_cached(sql)?;
        let found = query.query_map(params![state, session, filter.unreviewed, last], document)?;
        let mut found: Vec<Request> = found.collect::<rusqlite::Result<_>>()?;
        found.reverse();
        Ok(found)
    }
}

fn document(row: &rusqlite::Row<'_>) -> rusqlite::Result<Request> {
    let text: String = row.get(0)?;
    serde_json::from_str(&text).map_err(|error| wrong(error.into()))
}

fn wrong(error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error)
}
