//! When a client is told that its operation is stored.
//!
//! After every copy that the primary sent it to has answered, or has been
//! failed by the master: never on the strength of a checkpoint.

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;

/// What a primary knows of an operation when it gets an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether a client asked for it (`m.client`), rather than a resync.
    pub from_client: bool,
    /// Whether other copies have not answered yet.
    pub answers_outstanding: bool,
    /// Whether the client has been told that it failed.
    pub reported_as_failed: bool,
}

impl Progress {
    /// `FinishIfNeeded`: whether the client may be told that the operation is stored.
    pub fn may_acknowledge(&self, rules: &(impl RuleSet + ?Sized)) -> Result<(), Rejection> {
        rules.require(NotAClientRequest, self.from_client)?;
        rules.require(AnswersOutstanding, !self.answers_outstanding)?;
        rules.require(ReportedAsFailed, !self.reported_as_failed)
    }
}
