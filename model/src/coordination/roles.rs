//! Who may vote, win and commit, beside the arithmetic of quorums: nodes without
//! the role `master`, nodes that only vote, excluded nodes.
//!
//! None of this is needed for safety as long as votes are those of members of
//! the configuration: it decides who is *not* to lead, and hands over to others.

use serde::{Deserialize, Serialize};

use super::placeholder::STALE_STATE;
use super::quorum::is_majority;
use super::state::Durable;
use super::types::{Join, Term, Version};
use crate::node_set::{NodeId, NodeSet};

/// Why a role stands against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RoleRejection {
    /// The voter, or the node that accepted, is not master-eligible: it does not
    /// count (`VoteCollection`, #43688).
    VoterNotMasterEligible,
    /// A voting-only candidate has votes of voting-only nodes only: there is no
    /// state to hand over, and nobody to hand it to.
    OnlyVotingOnlyVotes,
    /// A voting-only candidate has the vote of a full master that is as fresh,
    /// which had better be elected itself.
    FullMasterIsAsFresh,
    /// A voting-only leader counts no acceptance, not even its own: it hands its
    /// state over and never commits.
    VotingOnlyDoesNotCommit,
    /// The node is excluded, and in neither configuration.
    ExcludedMayNotWin,
}

impl RoleRejection {
    /// Every reason.
    pub const ALL: [RoleRejection; 5] = {
        use RoleRejection::*;
        [VoterNotMasterEligible, OnlyVotingOnlyVotes, FullMasterIsAsFresh, VotingOnlyDoesNotCommit, ExcludedMayNotWin]
    };
}

/// Which nodes have which roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RolesOf {
    /// Those with the role `master`.
    pub master_eligible: NodeSet,
    /// Those of them with the role `voting_only`.
    pub voting_only: NodeSet,
}

impl RolesOf {
    /// Everybody may vote and lead.
    pub fn all_full(nodes: NodeSet) -> Self {
        RolesOf { master_eligible: nodes, voting_only: NodeSet::EMPTY }
    }

    /// Whether `node` may vote and lead.
    pub fn is_full_master(&self, node: NodeId) -> bool {
        self.master_eligible.contains(node) && !self.voting_only.contains(node)
    }

    /// `VoteCollection`: whether a vote or an acceptance of `voter` counts.
    ///
    /// # Errors
    /// [`RoleRejection::VoterNotMasterEligible`].
    pub fn counts(&self, voter: NodeId) -> Result<(), RoleRejection> {
        require(self.master_eligible.contains(voter), RoleRejection::VoterNotMasterEligible)
    }

    /// `VotingOnlyNodePlugin.satisfiesAdditionalQuorumConstraints`: whether the
    /// votes, which are a quorum, may also elect `candidate`, whose accepted
    /// state is of this term and version. A full master always may.
    ///
    /// Another vote never turns a yes into a no: `electionWon` never reverts
    /// within a term. That is what the exception for an older vote is for; the
    /// exception for term 0 lets a cluster of voting-only nodes be founded
    /// together with a full master (#43628).
    ///
    /// # Errors
    /// [`RoleRejection::OnlyVotingOnlyVotes`], [`RoleRejection::FullMasterIsAsFresh`].
    pub fn may_be_elected(
        &self,
        candidate: NodeId,
        accepted: (Term, Version),
        votes: impl Iterator<Item = (NodeId, Join)> + Clone,
    ) -> Result<(), RoleRejection> {
        if !self.voting_only.contains(candidate) {
            return Ok(());
        }
        let full = votes.filter(|(voter, _)| self.is_full_master(*voter));
        let mut states = full.map(|(_, join)| (join.last_accepted_term, join.last_accepted_version));
        let mut copy = states.clone();
        require(copy.next().is_some(), RoleRejection::OnlyVotingOnlyVotes)?;
        let somebody_as_fresh = accepted.0 > 0 && states.clone().any(|state| state == accepted);
        let somebody_older = states.any(|state| state < accepted);
        require(!somebody_as_fresh || somebody_older, RoleRejection::FullMasterIsAsFresh)
    }

    /// To whom `leader` publishes, of the nodes of the published state: a
    /// voting-only leader to full masters only.
    pub fn publication_targets(&self, leader: NodeId, nodes: NodeSet) -> NodeSet {
        if self.voting_only.contains(leader) { nodes.iter().filter(|node| self.is_full_master(*node)).collect() } else { nodes }
    }

    /// Whether `leader` may count an acceptance by `node`.
    ///
    /// # Errors
    /// [`RoleRejection::VotingOnlyDoesNotCommit`], [`RoleRejection::VoterNotMasterEligible`].
    pub fn may_count_acceptance(&self, leader: NodeId, node: NodeId) -> Result<(), RoleRejection> {
        require(!self.voting_only.contains(leader), RoleRejection::VotingOnlyDoesNotCommit)?;
        self.counts(node)
    }
}

/// `Coordinator.nodeMayWinElection`: whether a node should stand for election
/// at all. An excluded node may as long as it is in a configuration; a node
/// outside both may unless it is excluded (#43243).
///
/// # Errors
/// [`RoleRejection::ExcludedMayNotWin`].
pub fn may_win_election(
    node: NodeId,
    accepted_config: NodeSet,
    committed_config: NodeSet,
    excluded: NodeSet,
) -> Result<(), RoleRejection> {
    let member = accepted_config.union(committed_config).contains(node);
    require(member || !excluded.contains(node), RoleRejection::ExcludedMayNotWin)
}

/// What a leader knows at the end of a successful publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbdicationView {
    /// The leader.
    pub local: NodeId,
    /// The nodes that have applied the published state.
    pub completed: NodeSet,
    /// Roles.
    pub roles: RolesOf,
    /// Excluded nodes.
    pub excluded: NodeSet,
    /// `lastAcceptedConfiguration` of the published state.
    pub accepted_config: NodeSet,
    /// `lastCommittedConfiguration`.
    pub committed_config: NodeSet,
    /// Term and version of the published state.
    pub published: (Term, Version),
}

/// To whom a leader that may not win an election hands over: any of these, at
/// random; empty when it may stay or there is nobody. Each would win if all
/// that completed the publication voted for it.
pub fn abdication_candidates(view: &AbdicationView) -> NodeSet {
    let may_win = |node| may_win_election(node, view.accepted_config, view.committed_config, view.excluded).is_ok();
    if may_win(view.local) {
        return NodeSet::EMPTY;
    }
    let voters = view.completed.intersection(view.roles.master_eligible);
    let (term, version) = view.published;
    let vote = Join { term: term + 1, last_accepted_term: term, last_accepted_version: version };
    let would_win = |node| {
        is_majority(voters, view.committed_config)
            && is_majority(voters, view.accepted_config)
            && view.roles.may_be_elected(node, view.published, voters.iter().map(|voter| (voter, vote))).is_ok()
    };
    voters.iter().filter(|node| may_win(*node) && would_win(*node)).collect()
}

/// What a master-ineligible node writes to its disk (`AsyncPersistedState`):
/// everything but the voting configurations. The write is not waited for, so
/// that the state on disk may be older than what the node has acknowledged;
/// should the node come back as master-eligible, it cannot win with it.
pub fn stored_without_role<V: Clone>(durable: &Durable<V>) -> Durable<V> {
    let mut stored = durable.clone();
    let stale = NodeSet::single(STALE_STATE);
    stored.accepted.config = stale;
    stored.accepted.committed_config = stale;
    stored
}

fn require(holds: bool, otherwise: RoleRejection) -> Result<(), RoleRejection> {
    if holds { Ok(()) } else { Err(otherwise) }
}
