//! Asking to join (`JoinHelper`, `JoinValidationService`).

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::{Join, Term};

/// `internal:cluster/coordination/join`. The sender wants to be part of the
/// receiver's cluster, and votes for it if it has entered its term for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JoinRequest {
    /// The sender's term: a leader of a lower one cannot have it as a follower,
    /// and has to stand again (#53338).
    pub minimum_term: Term,
    /// The vote, if there is one.
    pub vote: Option<Join>,
}

impl JoinRequest {
    /// The term that it speaks of: what the receiver hears.
    pub fn term(&self) -> Term {
        self.vote.map_or(0, |vote| vote.term).max(self.minimum_term)
    }
}

/// What the sender makes of the state that it is asked to validate. `own` is the
/// UUID of its cluster, if one is committed: a node never changes its cluster.
///
/// # Errors
/// `JoinClusterUuidDiffers`.
pub fn accept_validation<U: PartialEq>(
    rules: &impl MembershipRules,
    own: Option<&U>,
    offered: &U,
) -> Result<(), MembershipRejection> {
    rules.heed(JoinClusterUuidDiffers, own.is_none_or(|own| own == offered))
}
