//! Pre-votes: asking whether an election could be won before disturbing anybody
//! with a new term (`StatefulPreVoteCollector`).
//!
//! ```text
//!   candidate                                   everybody, itself included
//!     ── PreVoteRequest(term) ───────────────▶  answer_pre_vote: knows no other
//!                                               leader, and is well
//!     would_vote ◀── PreVoteResponse ─────────  (term, accepted term, version)
//!       ignores those of fresher nodes; when the rest are a quorum
//!       by the predicate of true elections: start one, once
//! ```
//!
//! Nothing is durable, no term is entered and no vote is spent. Both sides learn
//! of terms ([`TermsSeen`](super::TermsSeen)): a request before any guard, a
//! response if its round is still open.

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::{Term, Version};
use crate::node_set::NodeId;

/// What a node knows when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PreVoteView {
    /// Whether its disk is well.
    pub healthy: bool,
    /// The leader that it follows; itself if it leads.
    pub leader: Option<NodeId>,
}

/// `StatefulPreVoteCollector.handlePreVoteRequest`: whether `candidate` is answered.
/// The leader itself is answered even though it is the known leader: it has
/// stood down, and this node has not noticed.
///
/// # Errors
/// `PreVoteUnhealthy`, `PreVoteLeaderKnown`.
pub fn answer_pre_vote(rules: &impl MembershipRules, view: &PreVoteView, candidate: NodeId) -> Result<(), MembershipRejection> {
    rules.heed(PreVoteUnhealthy, view.healthy)?;
    rules.heed(PreVoteLeaderKnown, view.leader.is_none_or(|leader| leader == candidate))
}

/// Whether a responder with this accepted state would vote for a candidate with
/// that one.
///
/// # Errors
/// `PreVoteResponderFresher`.
pub fn would_vote(
    rules: &impl MembershipRules,
    responder: (Term, Version),
    candidate: (Term, Version),
) -> Result<(), MembershipRejection> {
    rules.heed(PreVoteResponderFresher, responder <= candidate)
}
