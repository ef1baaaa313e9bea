//! The gate's state: one SQLite file that several gates of one user share (`run`'s private ones and `serve`).
//!
//! The log is the truth about what happened; this is what must be known to go on: open sessions, approval requests.
//! Every change is on the device before it counts (`synchronous=FULL`), and every change that may happen once is a
//! conditional statement inside one immediate transaction, so that of two processes one wins. Nothing secret stands in
//! it: a session's token only as its SHA-256.
//!
//! All of it blocks, for milliseconds as a rule: asynchronous code calls it through `spawn_blocking`.

mod file;
mod schema;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

/// The file in the state folder.
pub const FILE: &str = "state.db";

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Others may read or write it.
    #[error("`{path}` is open to others (mode {mode:o}); run `chmod {wanted:o} {path}`")]
    Exposed {
        /// Which file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// It is a symbolic link, or not a file.
    #[error("`{path}` is {what}")]
    Strange {
        /// Which file or folder.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A later version of the program wrote it.
    #[error("`{path}` has schema version {version}, and this program knows {known}; use the newer program")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// Ours.
        known: u32,
    },
    /// It is the database of another program.
    #[error("`{path}` is not blastgate's; move it away")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("the state database cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// The state. Clones share one connection.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// Opened at the first use, and again after a failure.
    connection: Mutex<Option<Connection>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.folder).finish()
    }
}

impl Store {
    /// Opens `state.db` in this folder now; makes both, for this user only, where they are not there.
    ///
    /// # Errors
    /// It cannot be used, or is open to others.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let store = Self::at(folder);
        store.read(|_| Ok(()))?;
        Ok(store)
    }

    /// The same, opened only when it is first needed: whoever needs nothing of it pays nothing, and a gate whose state
    /// cannot be used still serves what needs none.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self(Arc::new(Inner { folder: folder.to_owned(), connection: Mutex::new(None) }))
    }

    /// Runs statements that change nothing.
    ///
    /// # Errors
    /// The state cannot be used.
    pub(crate) fn read<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.with(|connection| ask(connection))
    }

    /// Runs statements that stand together, on the device, or not at all. The transaction has the right to write from
    /// its beginning: what it reads stays true until it ends.
    ///
    /// # Errors
    /// The state cannot be used; nothing was changed.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = change(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
    }

    fn with<T>(&self, run: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut held = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => connect(&self.0.folder)?,
        };
        let answer = run(&mut connection)?;
        // After a failure the next caller opens it anew: a full disk or a removed file is not for ever.
        *held = Some(connection);
        Ok(answer)
    }
}

fn connect(folder: &Path) -> Result<Connection, StoreError> {
    let (path, _alone) = file::prepare(folder)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(&path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    schema::migrate(&mut connection, &path)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
