//! Where the documents of sessions are kept: a table of the state.

use rusqlite::{OptionalExtension as _, params};

use super::Kept;
use crate::model::{SessionId, Timestamp};
use crate::store::{Store, StoreError};

/// Sessions that nothing was written of for this long are forgotten.
const FORGOTTEN_MS: u64 = 90 * 24 * 60 * 60 * 1000;

/// Where documents are kept.
#[derive(Debug)]
pub(super) struct Shelf(pub(super) Store);

impl Shelf {
    /// A session's document.
    pub(super) fn read(&self, session: SessionId) -> Result<Kept, String> {
        let sql = "SELECT document FROM session_memory WHERE session = ?1";
        let found = self.0.read(|ask| {
            ask.prepare_cached(sql)?.query_row([session.to_string()], |row| row.get::<_, String>(0)).optional()
        });
        match found {
            Ok(None) => Ok(Kept::default()),
            Ok(Some(text)) => serde_json::from_str(&text).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) fn write(&self, documents: &[(SessionId, String)], now: Timestamp) -> Result<(), StoreError> {
        let at = |millis: u64| i64::try_from(millis).unwrap_or(i64::MAX);
        self.0.write(|change| {
            change
                .prepare_cached("DELETE FROM session_memory WHERE written_at < ?1")?
                .execute([at(now.millis().saturating_sub(FORGOTTEN_MS))])?;
            let sql = "INSERT OR REPLACE INTO session_memory (session, written_at, document) VALUES (?1, ?2, ?3)";
            for (session, document) in documents {
                change.prepare_cached(sql)?.execute(params![session.to_string(), at(now.millis()), document])?;
            }
            Ok(())
        })
    }
}
