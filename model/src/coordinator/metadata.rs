//! What a cluster agrees on: who belongs to it, and the value of its clients
//! (`ClusterState` with its `DiscoveryNodes`, `CoordinationMetadata` and `Metadata`).

use serde::{Deserialize, Serialize};

use super::value::ClusterValue;
use crate::coordination::Value;
use crate::node_set::{NodeId, NodeSet};

/// Identifies a cluster once it is committed; 0 before one is chosen.
pub type ClusterUuid = u64;

/// The nodes of a cluster state (`DiscoveryNodes`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Members {
    /// Everyone.
    pub nodes: NodeSet,
    /// Those that may vote and be elected.
    pub master_eligible: NodeSet,
}

impl Members {
    /// With one more node.
    #[must_use]
    pub fn with(self, node: NodeId, master_eligible: bool) -> Self {
        let eligible = if master_eligible { self.master_eligible.with(node) } else { self.master_eligible.without(node) };
        Members { nodes: self.nodes.with(node), master_eligible: eligible }
    }

    /// Without some nodes.
    #[must_use]
    pub fn without(self, nodes: NodeSet) -> Self {
        let rest = |set: NodeSet| set.iter().filter(|node| !nodes.contains(*node)).collect();
        Members { nodes: rest(self.nodes), master_eligible: rest(self.master_eligible) }
    }
}

/// The replicated value of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClusterMetadata<V> {
    /// `clusterUUID`: chosen by whoever bootstraps.
    pub cluster_uuid: ClusterUuid,
    /// `clusterUUIDCommitted`: from then on it never changes on this node.
    pub uuid_committed: bool,
    /// The elected master that published this; nobody in a state from before the first election.
    pub master: Option<NodeId>,
    /// The nodes of the cluster.
    pub members: Members,
    /// `votingConfigExclusions`: nodes that are to leave the voting configuration.
    pub exclusions: NodeSet,
    /// What clients wrote.
    pub value: V,
}

impl<V> ClusterMetadata<V> {
    /// The same with another value of its clients.
    pub fn with_value<W>(&self, value: W) -> ClusterMetadata<W> {
        let ClusterMetadata { cluster_uuid, uuid_committed, master, members, exclusions, value: _ } = *self;
        ClusterMetadata { cluster_uuid, uuid_committed, master, members, exclusions, value }
    }
}

impl<V: ClusterValue> ClusterMetadata<V> {
    /// The metadata of a node that was never part of a cluster.
    pub fn blank() -> Self {
        ClusterMetadata {
            cluster_uuid: 0,
            uuid_committed: false,
            master: None,
            members: Members::default(),
            exclusions: NodeSet::EMPTY,
            value: V::initial(),
        }
    }

    /// This metadata after `change`.
    #[must_use]
    pub fn changed(&self, change: &ClusterChange<V::Change>) -> Self {
        let mut next = self.clone();
        match change {
            ClusterChange::Value(change) => next.value = self.value.changed(change),
            ClusterChange::AddVotingConfigExclusions(nodes) => next.exclusions = self.exclusions.union(*nodes),
            ClusterChange::ClearVotingConfigExclusions => next.exclusions = NodeSet::EMPTY,
        }
        next
    }
}

/// Committing a state commits the identity of its cluster.
impl<V: Value> Value for ClusterMetadata<V> {
    fn once_committed(&self) -> Self {
        ClusterMetadata { uuid_committed: true, ..self.clone() }
    }
}

/// What a client may ask a leader to publish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClusterChange<C> {
    /// A change of the value.
    Value(C),
    /// `POST /_cluster/voting_config_exclusions`.
    AddVotingConfigExclusions(NodeSet),
    /// `DELETE /_cluster/voting_config_exclusions`.
    ClearVotingConfigExclusions,
}
