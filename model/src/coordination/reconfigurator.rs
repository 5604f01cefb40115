//! Which voting configuration a leader should move to (`Reconfigurator`).
//!
//! ```text
//!   who may be chosen      live, or in the configuration; never retired
//!   in which order         the master, the live, the members, then by id
//!   how many               the live ones rounded down to an odd number, but
//!                          with auto-shrink not below 3 once there were 3,
//!                          without it not below what is there
//!   used only if           the live nodes are a quorum of it; else no change
//! ```
//!
//! A configuration of even size tolerates no more failures than the odd one
//! below it, and splits into halves of which neither is a majority.
//!
//! The function is pure: it asks nothing about elections and decides nothing
//! about when. [`improve_configuration`] is what a leader asks; it adds who
//! counts as live and the rule that one change follows another.

use serde::{Deserialize, Serialize};

use super::quorum::is_majority;
use crate::node_set::{NodeId, NodeSet};

/// What a new configuration is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReconfigurationInput {
    /// Master-eligible nodes that are there and have voted for the leader.
    pub live: NodeSet,
    /// Nodes that are to leave the configuration: excluded, or no longer master-eligible.
    pub retired: NodeSet,
    /// The leader; one of the live nodes.
    pub master: NodeId,
    /// The accepted configuration.
    pub config: NodeSet,
    /// `cluster.auto_shrink_voting_configuration`.
    pub auto_shrink: bool,
}

/// The lines of the algorithm. [`Reconfigurator`] takes each as it stands;
/// tests replace one at a time.
pub trait ReconfiguratorRules {
    /// Whether `node` may be part of the new configuration.
    fn is_candidate(&self, input: &ReconfigurationInput, node: NodeId) -> bool {
        let present = input.live.contains(node) || input.config.contains(node);
        present && !input.retired.contains(node)
    }

    /// What candidates are sorted by; `false` comes first.
    fn order(&self, input: &ReconfigurationInput, node: NodeId) -> (bool, bool, bool, NodeId) {
        (node != input.master, !input.live.contains(node), !input.config.contains(node), node)
    }

    /// The size below which the configuration does not fall by itself, where
    /// `members` of its nodes are still candidates.
    fn least_size(&self, auto_shrink: bool, members: usize) -> usize {
        match auto_shrink {
            true if members < 3 => 1,
            true => 3,
            false => members,
        }
    }

    /// The size to aim for, where `live` nodes are candidates and live.
    fn best_size(&self, live: usize) -> usize {
        round_down_to_odd(live)
    }

    /// Whether the live nodes could go on with `config`. Retired ones are among
    /// the live, but not in `config`, so that it does not matter whether they count.
    fn is_usable(&self, input: &ReconfigurationInput, config: NodeSet) -> bool {
        is_majority(input.live, config)
    }

    /// `Reconfigurator.reconfigure`: the configuration to move to, which is the
    /// present one where nothing is better.
    fn reconfigure(&self, input: &ReconfigurationInput) -> NodeSet {
        let present = input.live.union(input.config);
        let mut candidates: Vec<NodeId> = present.iter().filter(|node| self.is_candidate(input, *node)).collect();
        candidates.sort_by_key(|node| self.order(input, *node));

        let members = candidates.iter().filter(|node| input.config.contains(**node)).count();
        let live = candidates.iter().filter(|node| input.live.contains(**node)).count();
        let size = self.best_size(live).max(self.least_size(input.auto_shrink, members));

        let chosen: NodeSet = candidates.into_iter().take(size).collect();
        if self.is_usable(input, chosen) { chosen } else { input.config }
    }
}

/// The algorithm as Elasticsearch has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconfigurator;

impl ReconfiguratorRules for Reconfigurator {}

/// `Reconfigurator.reconfigure`.
pub fn reconfigure(input: &ReconfigurationInput) -> NodeSet {
    Reconfigurator.reconfigure(input)
}

/// 4 becomes 3, 3 stays, 0 stays.
fn round_down_to_odd(count: usize) -> usize {
    if count % 2 == 0 { count.saturating_sub(1) } else { count }
}

/// What a leader knows when it asks for a better configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaderView {
    /// The leader itself.
    pub local: NodeId,
    /// The nodes of its cluster state.
    pub nodes: NodeSet,
    /// Those of them, and of the configuration, that are master-eligible.
    pub master_eligible: NodeSet,
    /// Who has voted for it in its term.
    pub join_votes: NodeSet,
    /// Who is on the list of voting configuration exclusions.
    pub excluded: NodeSet,
    /// `lastAcceptedConfiguration`.
    pub accepted_config: NodeSet,
    /// `lastCommittedConfiguration`.
    pub committed_config: NodeSet,
    /// `cluster.auto_shrink_voting_configuration`.
    pub auto_shrink: bool,
}

impl LeaderView {
    /// Who counts as live: present, master-eligible, and known to have voted.
    /// A node whose vote is missing could not help to commit the change.
    pub fn live(&self) -> NodeSet {
        self.nodes.intersection(self.master_eligible).intersection(self.join_votes.with(self.local))
    }

    /// Who is to leave: the excluded, and members that are present and no
    /// longer master-eligible.
    pub fn retired(&self) -> NodeSet {
        let present_members = self.nodes.intersection(self.accepted_config);
        present_members.iter().filter(|node| !self.master_eligible.contains(*node)).fold(self.excluded, NodeSet::with)
    }

    /// What [`reconfigure`] is asked.
    pub fn input(&self) -> ReconfigurationInput {
        ReconfigurationInput {
            live: self.live(),
            retired: self.retired(),
            master: self.local,
            config: self.accepted_config,
            auto_shrink: self.auto_shrink,
        }
    }
}

/// Why a leader publishes no new configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NotReconfigured {
    /// The accepted configuration is not committed: at most one change at a time.
    ChangeInFlight,
    /// The configuration is as good as it gets.
    AlreadyBest,
    /// The votes held are no quorum of the better configuration
    /// (`joinVotesHaveQuorumFor`; publishing it would be refused).
    VotesAreNoQuorum,
}

impl NotReconfigured {
    /// Every reason.
    pub const ALL: [NotReconfigured; 3] =
        [NotReconfigured::ChangeInFlight, NotReconfigured::AlreadyBest, NotReconfigured::VotesAreNoQuorum];
}

/// `Coordinator.improveConfiguration`: the configuration that a leader should
/// publish next, if any.
///
/// # Errors
/// The reason to leave it as it is. [`NotReconfigured::VotesAreNoQuorum`] is an
/// assertion in Elasticsearch: [`LeaderView::live`] leaves it no way to happen
/// while the leader holds its own vote.
pub fn improve_configuration(rules: &impl ReconfiguratorRules, view: &LeaderView) -> Result<NodeSet, NotReconfigured> {
    may_reconfigure(view.accepted_config, view.committed_config)?;
    let better = rules.reconfigure(&view.input());
    if better == view.accepted_config {
        return Err(NotReconfigured::AlreadyBest);
    }
    if !is_majority(view.join_votes, better) {
        return Err(NotReconfigured::VotesAreNoQuorum);
    }
    Ok(better)
}

/// The in-flight rule: a new configuration may be published only if the
/// accepted one is committed. (The guard `ReconfigurationInProgress` of
/// `handle_client_value` enforces it; here it is asked beforehand.) A leader
/// that inherits a change finishes it with its first publication.
///
/// # Errors
/// [`NotReconfigured::ChangeInFlight`].
pub fn may_reconfigure(accepted_config: NodeSet, committed_config: NodeSet) -> Result<(), NotReconfigured> {
    if accepted_config == committed_config { Ok(()) } else { Err(NotReconfigured::ChangeInFlight) }
}
