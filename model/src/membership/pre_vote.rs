//! Pre-votes: asking whether an election could be won before disturbing anybody
//! with a new term (`StatefulPreVoteCollector`).
//!
//! ```text
//!   candidate                                   everybody, itself included
//!     ── PreVoteRequest(term) ───────────────▶  answer_pre_vote: knows no other
//!                                               leader, and is well
//!     PreVoteRound ◀── PreVoteResponse ───────  (term, accepted term, version)
//!       ignores those of fresher nodes; when the rest are a quorum
//!       by the predicate of true elections: start one, once
//! ```
//!
//! Nothing is durable, no term is entered and no vote is spent. Both sides learn
//! of terms ([`TermsSeen`](super::TermsSeen)): a request before any guard, a
//! response if its round is still open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::{Join, Sound, Term, Version};
use crate::node_set::{NodeId, NodeSet};

/// `internal:cluster/request_pre_vote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PreVoteRequest {
    /// The candidate's current term.
    pub current_term: Term,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PreVoteResponse {
    /// The responder's current term; not compared with anything.
    pub current_term: Term,
    /// Term of the state that it has accepted.
    pub last_accepted_term: Term,
    /// Version of the state that it has accepted.
    pub last_accepted_version: Version,
}

impl PreVoteResponse {
    /// How fresh the responder is.
    pub fn accepted(&self) -> (Term, Version) {
        (self.last_accepted_term, self.last_accepted_version)
    }
}

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

/// A candidate's round of pre-votes (`PreVotingRound`). The candidate holds at
/// most one; a new one replaces it, and leaving candidacy closes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PreVoteRound {
    /// Tells rounds apart: a response carries the number of its round.
    pub number: u64,
    /// Term and version of the state that the candidate had accepted when it began.
    pub accepted: (Term, Version),
    /// Who would vote for it.
    pub responses: BTreeMap<NodeId, PreVoteResponse>,
    /// Whether the election has been started: once a round.
    pub started: bool,
}

impl PreVoteRound {
    /// A round of a candidate with this accepted term and version.
    pub fn new(number: u64, accepted: (Term, Version)) -> Self {
        PreVoteRound { number, accepted, responses: BTreeMap::new(), started: false }
    }

    /// The nodes that would vote.
    pub fn voters(&self) -> NodeSet {
        self.responses.keys().copied().collect()
    }

    /// The votes that the responders would cast: what a predicate of elections
    /// that looks at more than who votes is asked about.
    pub fn votes(&self) -> impl Iterator<Item = (NodeId, Join)> + Clone {
        self.responses.iter().map(|(voter, response)| {
            let PreVoteResponse { current_term, last_accepted_term, last_accepted_version } = *response;
            (*voter, Join { term: current_term, last_accepted_term, last_accepted_version })
        })
    }

    /// `PreVotingRound.handlePreVoteResponse`: the round with one more response,
    /// and whether an election is to be started now. `is_quorum` is the
    /// predicate of true elections, asked of this round.
    ///
    /// # Errors
    /// `PreVoteRoundClosed` if the response is of another round,
    /// `PreVoteResponderFresher`.
    pub fn handle_response(
        &self,
        round: u64,
        responder: NodeId,
        response: PreVoteResponse,
        is_quorum: impl Fn(&PreVoteRound) -> bool,
    ) -> Result<(Self, bool), MembershipRejection> {
        PreVoteRoundClosed.unless(round == self.number)?;
        would_vote(&Sound, response.accepted(), self.accepted)?;

        let mut next = self.clone();
        next.responses.insert(responder, response);
        let start = !self.started && is_quorum(&next);
        next.started |= start;
        Ok((next, start))
    }
}
