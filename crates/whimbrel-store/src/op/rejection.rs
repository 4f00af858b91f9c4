//! Requests to send that were refused, kept so that an account can look them up.

use whimbrel_core::AccountId;
use whimbrel_core::call::history::RefusedSend;

/// A refused request to keep.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// Our id for it: twice is one row.
    pub id: i64,
    /// Whose request it was.
    pub account_id: AccountId,
    /// What was refused, and how.
    pub send: RefusedSend,
}
