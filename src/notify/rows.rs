//! The statements. Who sends a letter is settled by one conditional update, so that of two processes one wins.

use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::AN_HOUR_MAX;
use super::letter::{Content, Letter, id};
use super::notice::Notice;
use crate::model::Timestamp;

/// Whoever took a letter to send it has it for so long.
const CLAIM: Duration = Duration::from_secs(180);
/// The first summary waits so long for more of what it sums up, the next ones for the rest of the hour.
const GATHER: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Letters of one source that wait for one channel, whatever the hour.
const WAITING_MAX: u32 = 200;
/// The longest pause between two attempts, with its jitter: what is due later than that was written by a clock that has been
/// set back since.
const DUE_MAX: Duration = Duration::from_secs(27 * 60 * 60);
const FORGOTTEN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Attempts of one letter on one channel go on for not quite four days.
const GIVEN_UP: Duration = Duration::from_secs(5 * 24 * 60 * 60);
const ERROR_CHARS_MAX: usize = 300;

/// ?1 scope, ?2 channel, ?3 now, ?4 due at the latest, ?5 claimed until at the latest.
const DUE: &str = "n.scope = ?1 AND d.channel = ?2 AND d.state = 'waiting' AND (d.due_at <= ?3 OR d.due_at > ?4) \
                   AND (d.claimed_until IS NULL OR d.claimed_until <= ?3 OR d.claimed_until > ?5)";

/// A letter that this process may send.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) letter: Letter,
    pub(super) claim: i64,
    /// With this one.
    pub(super) attempts: u32,
    /// Nobody need be told any more.
    pub(super) has_lapsed: bool,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Sent,
    Again { at: Timestamp, error: String },
    Failed { error: String },
    Lapsed,
}

fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.millis()).unwrap_or(i64::MAX)
}

/// Writes a notice for these channels, or counts it into its source's summary.
pub(super) fn put(
    change: &Connection,
    scope: &str,
    channels: &[&str],
    notice: &Notice,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let source = notice.source();
    let is_urgent = notice.kind.is_urgent();
    if !is_urgent && is_flood(change, scope, &source, now)? {
        return sum_up(change, scope, channels, notice, now);
    }
    // Whoever is told that somebody waits need not be told it when nobody waits any more.
    let lapses_at = notice.until.filter(|_| notice.kind == crate::config::NoticeKind::Opened).map(millis);
    insert(change, (scope, &source), channels, notice, Times { made: now, due: now, lapses_at, more: 0 })
}

struct Times {
    made: Timestamp,
    due: Timestamp,
    lapses_at: Option<i64>,
    more: u32,
}

fn insert(
    change: &Connection,
    (scope, source): (&str, &str),
    channels: &[&str],
    notice: &Notice,
    times: Times,
) -> rusqlite::Result<()> {
    let id = id(times.made);
    let text = serde_json::to_string(notice).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    change
        .prepare_cached(
            "INSERT INTO notices (id, scope, source, kind, notice, more, urgent, made_at, lapses_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id,
            scope,
            source,
            notice.kind.as_str(),
            text,
            times.more,
            notice.kind.is_urgent(),
            millis(times.made),
            times.lapses_at
        ])?;
    for channel in channels {
        change
            .prepare_cached("INSERT INTO deliveries (notice, channel, state, due_at) VALUES (?1, ?2, 'waiting', ?3)")?
            .execute(params![id, channel, millis(times.due)])?;
    }
    Ok(())
}

fn is_flood(change: &Connection, scope: &str, source: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let hour_ago = millis(now).saturating_sub(millis_of(HOUR));
    let recent: u32 = change
        .prepare_cached(
            "SELECT count(*) FROM notices \
             WHERE scope = ?1 AND source = ?2 AND made_at > ?3 AND more = 0 AND urgent = 0",
        )?
        .query_row(params![scope, source, hour_ago], |row| row.get(0))?;
    let waiting: u32 = change
        .prepare_cached(
            "SELECT count(DISTINCT d.notice) FROM deliveries d JOIN notices n ON n.id = d.notice \
             WHERE n.scope = ?1 AND n.source = ?2 AND n.urgent = 0 AND d.state = 'waiting'",
        )?
        .query_row(params![scope, source], |row| row.get(0))?;
    Ok(recent >= AN_HOUR_MAX || waiting >= WAITING_MAX)
}

/// Adds one to the summary that nobody has begun to send, or begins a new one.
fn sum_up(
    change: &Connection,
    scope: &str,
    channels: &[&str],
    notice: &Notice,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let source = notice.source();
    let open: Option<String> = change
        .prepare_cached(
            "SELECT n.id FROM notices n WHERE n.scope = ?1 AND n.source = ?2 AND n.more > 0 AND NOT EXISTS \
             (SELECT 1 FROM deliveries d WHERE d.notice = n.id AND (d.attempts > 0 OR d.state <> 'waiting'))",
        )?
        .query_row(params![scope, source], |row| row.get(0))
        .optional()?;
    if let Some(open) = open {
        change.prepare_cached("UPDATE notices SET more = more + 1 WHERE id = ?1")?.execute([&open])?;
        // Channels differ in what they want.
        for channel in channels {
            change
                .prepare_cached(
                    "INSERT INTO deliveries (notice, channel, state, due_at) \
                     SELECT ?1, ?2, 'waiting', min(due_at) FROM deliveries WHERE notice = ?1 \
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![open, channel])?;
        }
        return Ok(());
    }
    let last: Option<i64> = change
        .prepare_cached(
            "SELECT max(d.due_at) FROM deliveries d JOIN notices n ON n.id = d.notice \
             WHERE n.scope = ?1 AND n.source = ?2 AND n.more > 0 AND n.made_at > ?3",
        )?
        .query_row(params![scope, source, millis(now).saturating_sub(millis_of(HOUR))], |row| row.get(0))?;
    let next = last.map_or(0, |last| last.saturating_add(millis_of(HOUR))).min(millis(now.after(HOUR)));
    let due = now.after(GATHER).max(Timestamp::from_millis(u64::try_from(next).unwrap_or(0)));
    insert(change, (scope, &source), channels, notice, Times { made: now, due, lapses_at: None, more: 1 })
}

fn millis_of(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Whether this channel has anything to send now.
pub(super) fn is_due(ask: &Connection, scope: &str, channel: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM deliveries d JOIN notices n ON n.id = d.notice WHERE {DUE})");
    let bounds = params![scope, channel, millis(now), millis(now.after(DUE_MAX)), millis(now.after(CLAIM))];
    ask.prepare_cached(&sql)?.query_row(bounds, |row| row.get(0))
}

/// Takes one letter: urgent ones first, then of the source that this channel has heard of least lately.
pub(super) fn claim(
    change: &Transaction<'_>,
    scope: &str,
    channel: &str,
    now: Timestamp,
    claim: i64,
) -> rusqlite::Result<Option<Claimed>> {
    let sql = format!(
        "SELECT n.id, n.notice, n.more, n.made_at, n.lapses_at, d.attempts FROM deliveries d \
         JOIN notices n ON n.id = d.notice WHERE {DUE} \
         ORDER BY n.urgent DESC, (SELECT coalesce(max(e.last_at), 0) FROM notices m JOIN deliveries e ON e.notice = m.id \
         WHERE m.scope = n.scope AND m.source = n.source AND e.channel = d.channel), d.due_at, n.id LIMIT 1"
    );
    let bounds = params![scope, channel, millis(now), millis(now.after(DUE_MAX)), millis(now.after(CLAIM))];
    let found = change.prepare_cached(&sql)?.query_row(bounds, |row| claimed(row, now, claim)).optional()?;
    if let Some(found) = &found {
        change
            .prepare_cached(
                "UPDATE deliveries SET claim = ?3, claimed_until = ?4, attempts = ?5, last_at = ?6 \
                 WHERE notice = ?1 AND channel = ?2",
            )?
            .execute(params![found.letter.id, channel, claim, millis(now.after(CLAIM)), found.attempts, millis(now)])?;
    }
    Ok(found)
}

fn claimed(row: &Row<'_>, now: Timestamp, claim: i64) -> rusqlite::Result<Claimed> {
    let more: u32 = row.get("more")?;
    let notice = notice_of(row)?;
    let content = if more > 0 { Content::More(more, notice) } else { Content::Notice(notice) };
    let made: i64 = row.get("made_at")?;
    let made = Timestamp::from_millis(u64::try_from(made).unwrap_or(0));
    let lapses_at: Option<i64> = row.get("lapses_at")?;
    let attempts: u32 = row.get("attempts")?;
    Ok(Claimed {
        letter: Letter { id: row.get("id")?, at: made, content },
        claim,
        attempts: attempts.saturating_add(1),
        has_lapsed: lapses_at.is_some_and(|at| at <= millis(now)) || now.since(made) > GIVEN_UP,
    })
}

fn notice_of(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let text: String = row.get("notice")?;
    serde_json::from_str(&text).map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// Writes down what became of an attempt, unless somebody else has the letter by now.
pub(super) fn finish(
    change: &Transaction<'_>,
    channel: &str,
    claimed: &Claimed,
    outcome: &Outcome,
) -> rusqlite::Result<()> {
    let (state, due, error) = match outcome {
        Outcome::Sent => ("sent", None, None),
        Outcome::Again { at, error } => ("waiting", Some(millis(*at)), Some(error)),
        Outcome::Failed { error } => ("failed", None, Some(error)),
        Outcome::Lapsed => ("lapsed", None, None),
    };
    let error = error.map(|error| super::notice::plain(error, ERROR_CHARS_MAX));
    change
        .prepare_cached(
            "UPDATE deliveries SET state = ?4, due_at = coalesce(?5, due_at), error = coalesce(?6, error), claim = NULL, \
             claimed_until = NULL WHERE notice = ?1 AND channel = ?2 AND claim = ?3",
        )?
        .execute(params![claimed.letter.id, channel, claimed.claim, state, due, error])?;
    Ok(())
}

/// Why a channel is not told any more, if it leads where it led when that was written.
pub(super) fn disabled(
    ask: &Connection,
    scope: &str,
    channel: &str,
    setting: &str,
) -> rusqlite::Result<Option<String>> {
    ask.prepare_cached("SELECT why FROM notice_channels WHERE scope = ?1 AND channel = ?2 AND setting = ?3")?
        .query_row(params![scope, channel, setting], |row| row.get(0))
        .optional()
}

pub(super) fn disable(
    change: &Transaction<'_>,
    (scope, channel): (&str, &str),
    setting: &str,
    why: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO notice_channels (scope, channel, setting, disabled_at, why) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![scope, channel, setting, millis(now), why])?;
    Ok(())
}

pub(super) fn enable(change: &Transaction<'_>, scope: &str, channel: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM notice_channels WHERE scope = ?1 AND channel = ?2";
    change.prepare_cached(sql)?.execute([scope, channel])?;
    Ok(())
}

/// Forgets what is long over, and gives up what waits for a channel that nobody has any more.
pub(super) fn tidy(change: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let before = |time: Duration| millis(now).saturating_sub(millis_of(time));
    change.execute(
        "UPDATE deliveries SET state = 'failed', error = coalesce(error, 'no gate has this channel any more') \
         WHERE state = 'waiting' AND notice IN (SELECT id FROM notices WHERE made_at < ?1)",
        [before(GIVEN_UP)],
    )?;
    change.execute(
        "DELETE FROM notices WHERE made_at < ?1 \
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = notices.id AND d.state = 'waiting')",
        [before(FORGOTTEN)],
    )?;
    Ok(())
}

/// One delivery as it stands, of the newest first: title's notice, state, attempts, times, error.
pub(super) struct Standing {
    pub(super) letter: Letter,
    pub(super) state: String,
    pub(super) attempts: u32,
    pub(super) due_at: Timestamp,
    pub(super) last_at: Option<Timestamp>,
    pub(super) error: Option<String>,
}

pub(super) fn standing(ask: &Connection, scope: &str, channel: &str, last: u32) -> rusqlite::Result<Vec<Standing>> {
    let stamp = |millis: i64| Timestamp::from_millis(u64::try_from(millis).unwrap_or(0));
    ask.prepare_cached(
        "SELECT n.id, n.notice, n.more, n.made_at, n.lapses_at, d.attempts, d.state, d.due_at, d.last_at, d.error \
         FROM deliveries d JOIN notices n ON n.id = d.notice WHERE n.scope = ?1 AND d.channel = ?2 \
         ORDER BY n.made_at DESC, n.id DESC LIMIT ?3",
    )?
    .query_map(params![scope, channel, last], |row| {
        let last_at: Option<i64> = row.get("last_at")?;
        Ok(Standing {
            letter: claimed(row, Timestamp::from_millis(0), 0)?.letter,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            due_at: stamp(row.get("due_at")?),
            last_at: last_at.map(stamp),
            error: row.get("error")?,
        })
    })?
    .collect()
}

/// How many deliveries of this channel are in each state.
pub(super) fn counts(ask: &Connection, scope: &str, channel: &str) -> rusqlite::Result<Vec<(String, u32)>> {
    ask.prepare_cached(
        "SELECT d.state, count(*) FROM deliveries d JOIN notices n ON n.id = d.notice \
         WHERE n.scope = ?1 AND d.channel = ?2 GROUP BY d.state",
    )?
    .query_map([scope, channel], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

/// When and why this channel was disabled, and where it led then.
pub(super) fn disabling(
    ask: &Connection,
    scope: &str,
    channel: &str,
) -> rusqlite::Result<Option<(String, Timestamp, String)>> {
    ask.prepare_cached("SELECT setting, disabled_at, why FROM notice_channels WHERE scope = ?1 AND channel = ?2")?
        .query_row([scope, channel], |row| {
            let at: i64 = row.get(1)?;
            Ok((row.get(0)?, Timestamp::from_millis(u64::try_from(at).unwrap_or(0)), row.get(2)?))
        })
        .optional()
}
