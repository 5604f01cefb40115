//! What a Coordinator is configured with: the nodes there are, Elasticsearch's
//! settings, and which parts of the protocol are driven by messages and timers.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::metadata::ClusterUuid;
use crate::coordination::placeholder;
use crate::node_set::{NodeId, NodeSet};
use crate::settings::Settings;

/// The most nodes that a cluster may have. The numbers above are
/// [`placeholder`]s.
pub const MAX_NODES: usize = placeholder::FIRST as usize;

/// The parts of the protocol that run by messages and timers. In a running
/// cluster all do. A model leaves some to its environment, which may then do
/// at any time what the messages would have brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Driven {
    /// Without it, a candidate has found every node, and nodes neither join nor
    /// leave: the members of the cluster are all nodes, and states go to all.
    pub membership: bool,
    /// Without it, the timer of an election starts it without being asked for:
    /// no quorum need be discovered or promise its votes.
    pub pre_vote: bool,
    /// Without it, a follower is checked once a term, and the timeout of a
    /// check may fire at any time.
    pub checks: bool,
    /// Without it, nothing is answered that only ends somebody's waiting, and a
    /// publication is complete as soon as it is committed.
    pub replies: bool,
    /// Without it, states are always sent whole.
    pub diffs: bool,
    /// Without it, elections do not back off.
    pub back_off: bool,
}

impl Driven {
    /// The protocol as it runs.
    pub const ALL: Driven = Driven { membership: true, pre_vote: true, checks: true, replies: true, diffs: true, back_off: true };
    /// Its smallest model.
    pub const NONE: Driven =
        Driven { membership: false, pre_vote: false, checks: false, replies: false, diffs: false, back_off: false };
}

/// The configuration of a node. `seeds` and Elasticsearch's times may differ
/// between the nodes of a cluster, and between two starts of one; the rest may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoordinatorSettings {
    /// Every node that may ever take part; nobody else is listened to.
    pub nodes: NodeSet,
    /// Those of them that are there when the node starts: `discovery.seed_hosts`,
    /// resolved. The others make themselves known.
    pub seeds: NodeSet,
    /// Those of them with the role `master`.
    pub master_eligible: NodeSet,
    /// Those of them that have the role `voting_only` too: they vote and never lead.
    pub voting_only: NodeSet,
    /// `cluster.initial_master_nodes`, resolved; empty on a node that only joins.
    pub initial_master_nodes: NodeSet,
    /// What a node that bootstraps names the cluster, mixed with its own index.
    pub cluster_uuid: ClusterUuid,
    /// Elasticsearch's settings.
    pub elasticsearch: Settings,
    /// What is driven by messages and timers.
    pub driven: Driven,
}

/// A configuration that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoordinatorSettingsError {
    /// No nodes, or none to lead.
    #[error("a cluster needs at least one master-eligible node that does not only vote")]
    NoMasterEligibleNodes,
    /// More nodes than sets hold.
    #[error("a cluster has at most {MAX_NODES} nodes; {0} is one too many")]
    TooManyNodes(NodeId),
    /// The list names a node that is not there or cannot vote.
    #[error("cluster.initial_master_nodes: {0} is not a master-eligible node of the cluster")]
    NotAMaster(NodeId),
    /// A node that only votes has to be master-eligible.
    #[error("{0} has the role voting_only and not the role master")]
    VotesWithoutRole(NodeId),
    /// A role of a node that is not there.
    #[error("{0} has a role and is not a node of the cluster")]
    UnknownNode(NodeId),
    /// A seed that is not a node.
    #[error("discovery.seed_hosts: {0} is not a node of the cluster")]
    UnknownSeed(NodeId),
    /// Elasticsearch's own limits.
    #[error("{0}")]
    Elasticsearch(#[from] crate::settings::SettingsError),
}

impl CoordinatorSettings {
    /// A cluster of `count` master-eligible nodes that bootstrap together, with
    /// Elasticsearch's defaults.
    pub fn of(count: usize) -> Self {
        let nodes = NodeSet::first(count);
        CoordinatorSettings {
            nodes,
            seeds: nodes,
            master_eligible: nodes,
            voting_only: NodeSet::EMPTY,
            initial_master_nodes: nodes,
            cluster_uuid: 0,
            elasticsearch: Settings::default(),
            driven: Driven::ALL,
        }
    }

    /// The same with timings for a quick cluster on one machine.
    #[must_use]
    pub fn quick(mut self) -> Self {
        let elasticsearch = &mut self.elasticsearch;
        elasticsearch.election_duration_ms = 100;
        elasticsearch.find_peers_interval_ms = 200;
        elasticsearch.leader_check_interval_ms = 200;
        elasticsearch.leader_check_timeout_ms = 1_000;
        elasticsearch.follower_check_interval_ms = 200;
        elasticsearch.follower_check_timeout_ms = 1_000;
        elasticsearch.publish_timeout_ms = 5_000;
        elasticsearch.follower_lag_timeout_ms = 10_000;
        self
    }

    /// Refuses what makes no sense.
    pub fn validate(&self) -> Result<(), CoordinatorSettingsError> {
        if let Some(node) = self.nodes.iter().find(|node| node.index() >= MAX_NODES) {
            return Err(CoordinatorSettingsError::TooManyNodes(node));
        }
        if let Some(node) = self.master_eligible.iter().find(|node| !self.nodes.contains(*node)) {
            return Err(CoordinatorSettingsError::UnknownNode(node));
        }
        if let Some(node) = self.seeds.iter().find(|node| !self.nodes.contains(*node)) {
            return Err(CoordinatorSettingsError::UnknownSeed(node));
        }
        if let Some(node) = self.voting_only.iter().find(|node| !self.master_eligible.contains(*node)) {
            return Err(CoordinatorSettingsError::VotesWithoutRole(node));
        }
        if self.master_eligible.is_subset(self.voting_only) {
            return Err(CoordinatorSettingsError::NoMasterEligibleNodes);
        }
        if let Some(node) = self.initial_master_nodes.iter().find(|node| !self.master_eligible.contains(*node)) {
            return Err(CoordinatorSettingsError::NotAMaster(node));
        }
        Ok(self.elasticsearch.validate()?)
    }

    pub(super) fn exactly(ms: u64) -> Range<Duration> {
        Duration::from_millis(ms)..Duration::from_millis(ms)
    }
}
