//! The tables, and how an older database becomes one of today: forward only, one step for each version.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// `blgt`: a database that carries another number is another program's.
const APPLICATION_ID: i32 = 0x626c_6774;

/// The steps; the version of a database is how many of them it has taken. A step that was published never changes.
const STEPS: &[&str] = &[
    "
    CREATE TABLE sessions (
        id           TEXT PRIMARY KEY,
        agent        TEXT,
        person       TEXT,
        command      TEXT,
        pid          INTEGER,
        kubeconfigs  TEXT NOT NULL,
        token_sha256 BLOB NOT NULL,
        opened_at    INTEGER NOT NULL,
        closed_at    INTEGER
    ) STRICT;
    CREATE INDEX sessions_open ON sessions (opened_at) WHERE closed_at IS NULL;

    CREATE TABLE approvals (
        id           TEXT PRIMARY KEY,
        session      TEXT NOT NULL,
        person       TEXT,
        agent        TEXT,
        binding      TEXT NOT NULL,
        digests      TEXT NOT NULL,
        operation    TEXT NOT NULL,
        shown        TEXT NOT NULL,
        requirement  TEXT NOT NULL,
        revision     TEXT NOT NULL,
        opened_at    INTEGER NOT NULL,
        state        TEXT NOT NULL
            CHECK (state IN ('pending', 'approved', 'used', 'denied', 'expired', 'void')),
        ends_at      INTEGER NOT NULL,
        ends_boot    INTEGER,
        ends_uptime  INTEGER,
        voter        TEXT,
        reason       TEXT,
        answered_at  INTEGER,
        decision     TEXT,
        ended_at     INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX approvals_live ON approvals (binding) WHERE state IN ('pending', 'approved');
    CREATE INDEX approvals_by_binding ON approvals (binding, state);
    CREATE INDEX approvals_by_session ON approvals (session, state);
    CREATE INDEX approvals_by_state ON approvals (state, opened_at);
",
    // A request is one document, which one pure machine changes; the columns are what is looked for. Open requests are
    // asked for anew.
    "
    DROP TABLE approvals;
    CREATE TABLE approvals (
        id           TEXT PRIMARY KEY,
        session      TEXT NOT NULL,
        agent        TEXT,
        state        TEXT NOT NULL
            CHECK (state IN ('pending', 'approved', 'used', 'denied', 'expired', 'void')),
        opened_at    INTEGER NOT NULL,
        ends_at      INTEGER NOT NULL,
        ends_boot    INTEGER,
        ends_uptime  INTEGER,
        ended_at     INTEGER,
        document     TEXT NOT NULL
    ) STRICT;
    CREATE INDEX approvals_by_session ON approvals (session, state);
    CREATE INDEX approvals_by_agent ON approvals (agent, state);
    CREATE INDEX approvals_by_state ON approvals (state, opened_at);
    CREATE TABLE approvals_said (session TEXT PRIMARY KEY, said_at INTEGER NOT NULL, said TEXT NOT NULL) STRICT;
    CREATE TABLE approvals_clock (id INTEGER PRIMARY KEY CHECK (id = 1), seen_at INTEGER NOT NULL) STRICT;
",
    include_str!("schema/notices.sql"),
    include_str!("schema/memory.sql"),
    include_str!("schema/limits.sql"),
];

/// Takes the steps that are missing.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > known {
        return Err(StoreError::Newer { path: path.to_owned(), version, known });
    }
    if version < known {
        for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()?;
    }
    Ok(())
}
