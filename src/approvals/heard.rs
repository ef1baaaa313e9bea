//! What sessions have said about their next calls.

use super::Approvals;
use crate::model::{Said, SessionId};
use crate::store::StoreError;

impl Approvals {
    /// What this session has said, as far as it counts still; masked. Blocks.
    ///
    /// # Errors
    /// The state cannot be used.
    pub fn heard(&self, session: SessionId) -> Result<Said, StoreError> {
        self.change(|change| change.table.heard(session, change.now))
    }
}
