//! Watching each other: what a follower answers its leader, a leader its
//! follower, and when somebody counts as gone (`FollowersChecker`, `LeaderChecker`).

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::Term;
use crate::node_set::{NodeId, NodeSet};

/// What a node knows when a leader checks on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FollowerCheckView {
    /// Whether its disk is well.
    pub healthy: bool,
    /// Whether it follows somebody.
    pub is_follower: bool,
    /// Its term.
    pub current_term: Term,
    /// The term of the state that it has accepted.
    pub accepted_term: Term,
    /// Whether it waits for the answer to a request to join.
    pub join_pending: bool,
}

/// What a follower check leads to, beside the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FollowerCheckRuling {
    /// Nothing.
    Nothing,
    /// The node follows the sender.
    Follow,
    /// It enters the sender's term, voting for it, and asks again: what holds
    /// of it then decides ([`answer_follower_check`]).
    EnterTerm,
}

/// `FollowersChecker.handleFollowerCheck` and `Coordinator.onFollowerCheckRequest`:
/// a leader of `term` checks on this node. In the fast path nobody asks who the
/// leader is.
///
/// A candidate follows if it has accepted nothing in this term (#37003). If it
/// has, it was a follower and gave the leader up; it has put up the block for
/// want of a master and must ask to join again (#36449).
///
/// # Errors
/// `FollowerCheckUnhealthy`, `FollowerCheckTermOlder`, `FollowerCheckFaultyMaster`.
pub fn answer_follower_check(
    rules: &impl MembershipRules,
    view: &FollowerCheckView,
    term: Term,
) -> Result<FollowerCheckRuling, MembershipRejection> {
    rules.heed(FollowerCheckUnhealthy, view.healthy)?;
    if view.is_follower && term == view.current_term {
        return Ok(FollowerCheckRuling::Nothing);
    }
    rules.heed(FollowerCheckTermOlder, term >= view.current_term)?;
    if term > view.current_term {
        return Ok(FollowerCheckRuling::EnterTerm);
    }
    if view.accepted_term < view.current_term {
        return Ok(FollowerCheckRuling::Follow);
    }
    if view.join_pending {
        return Ok(FollowerCheckRuling::Nothing);
    }
    rules.heed(FollowerCheckFaultyMaster, false)?;
    Ok(FollowerCheckRuling::Follow)
}

/// What a leader knows when a follower checks on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaderCheckView {
    /// Whether its disk is well.
    pub healthy: bool,
    /// Whether it is the master of the state that it publishes or published last.
    pub is_master: bool,
    /// The nodes of that state.
    pub nodes: NodeSet,
}

/// `LeaderChecker.handleLeaderCheck`: whether this node still leads `follower`.
/// The check has no term.
///
/// # Errors
/// `LeaderCheckUnhealthy`, `LeaderCheckNotMaster`, `LeaderCheckSenderRemoved`.
pub fn answer_leader_check(
    rules: &impl MembershipRules,
    view: &LeaderCheckView,
    follower: NodeId,
) -> Result<(), MembershipRejection> {
    rules.heed(LeaderCheckUnhealthy, view.healthy)?;
    rules.heed(LeaderCheckNotMaster, view.is_master)?;
    rules.heed(LeaderCheckSenderRemoved, view.nodes.contains(follower))
}

/// How a check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CheckFailure {
    /// No answer in time.
    Timeout,
    /// The peer refused, for a reason other than its disk.
    Rejected,
    /// The peer says that its disk is not well.
    Unhealthy,
    /// The session with the peer has ended.
    Disconnected,
}

/// Failed checks of one peer in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckCount(pub u64);

impl CheckCount {
    /// A check succeeded: earlier failures are forgotten.
    #[must_use]
    pub fn succeeded(self) -> Self {
        CheckCount(0)
    }

    /// A check failed; whether the peer counts as faulty now: at once without a
    /// session or with an unhealthy disk, else after `retry_count` failures in a row.
    pub fn failed(self, failure: CheckFailure, retry_count: u64) -> (Self, bool) {
        let next = CheckCount(self.0 + 1);
        let at_once = matches!(failure, CheckFailure::Unhealthy | CheckFailure::Disconnected);
        (next, at_once || next.0 >= retry_count)
    }
}
