//! The values that the replication rules speak of.

use serde::{Deserialize, Serialize};

use crate::node_set::{NodeId, NodeSet};

/// The place of an operation in the history of a shard, from 0. (The TLA+
/// module counts from 1; nothing depends on it.)
pub type SeqNo = i64;
/// `SequenceNumbers.NO_OPS_PERFORMED`: the checkpoint of a copy without operations.
pub const NO_OPS_PERFORMED: SeqNo = -1;
/// `SequenceNumbers.UNASSIGNED_SEQ_NO`: a checkpoint that is not known.
pub const UNASSIGNED_SEQ_NO: SeqNo = -2;
/// How often the primary of a shard has changed; every primary has its own.
pub type PrimaryTerm = u64;

/// What the rules ask of the payload of an operation: they store and compare it.
pub trait Source: Clone + Eq + Ord + std::hash::Hash + std::fmt::Debug {}
impl<V: Clone + Eq + Ord + std::hash::Hash + std::fmt::Debug> Source for V {}

/// An operation in a transaction log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Operation<V> {
    /// The term of the primary that gave the operation its sequence number.
    pub term: PrimaryTerm,
    /// What it does; `None` for a no-op that fills a gap.
    pub source: Option<V>,
    /// `pc`: a new primary has been heard of and has not confirmed it yet.
    pub pending_confirmation: bool,
}

impl<V> Operation<V> {
    /// An operation that its primary has just made or confirmed.
    pub fn confirmed(term: PrimaryTerm, source: Option<V>) -> Self {
        Operation { term, source, pending_confirmation: false }
    }
}

/// What the master says a node holds of the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// No copy.
    Unassigned,
    /// A copy that takes operations from the primary.
    Replica,
    /// The copy that orders operations.
    Primary,
}

/// Who holds what of the one shard. Two sets, so that a table with two
/// primaries, which the rules never make, can be written down and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoutingTable {
    /// `Primaries(routingTable)`.
    pub primaries: NodeSet,
    /// `Replicas(routingTable)`.
    pub replicas: NodeSet,
}

impl RoutingTable {
    /// The role of `node`.
    pub fn role(&self, node: NodeId) -> Role {
        match (self.primaries.contains(node), self.replicas.contains(node)) {
            (true, _) => Role::Primary,
            (_, true) => Role::Replica,
            _ => Role::Unassigned,
        }
    }

    /// `Assigned(routingTable)`.
    pub fn assigned(&self) -> NodeSet {
        self.primaries.union(self.replicas)
    }

    /// The table in which `node` has `role`.
    #[must_use]
    pub fn with_role(&self, node: NodeId, role: Role) -> Self {
        let (primaries, replicas) = (self.primaries.without(node), self.replicas.without(node));
        match role {
            Role::Primary => RoutingTable { primaries: primaries.with(node), replicas },
            Role::Replica => RoutingTable { primaries, replicas: replicas.with(node) },
            Role::Unassigned => RoutingTable { primaries, replicas },
        }
    }

    /// The table under a renaming of nodes.
    #[must_use]
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        RoutingTable { primaries: self.primaries.permuted(permutation), replicas: self.replicas.permuted(permutation) }
    }
}

/// What a cluster state says of the shard: who has it, under which primary term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardClusterState {
    /// The routing table.
    pub routing: RoutingTable,
    /// The primary term, which grows whenever a primary fails.
    pub primary_term: PrimaryTerm,
}

/// One operation on its way to a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicationRequest<V> {
    /// `rterm`: the term in which the primary sends it.
    pub primary_term: PrimaryTerm,
    /// Its sequence number.
    pub seq_no: SeqNo,
    /// `sterm`: the term under which it is to be stored; older than
    /// `primary_term` where a new primary sends again what it found.
    pub stored_term: PrimaryTerm,
    /// What it does; `None` for a no-op.
    pub source: Option<V>,
    /// The global checkpoint as the primary knows it.
    pub global_checkpoint: SeqNo,
}

/// A new primary tells its replicas where its history ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrimRequest {
    /// The term of the new primary; operations of older terms are trimmed.
    pub primary_term: PrimaryTerm,
    /// `maxseq`: operations above it are trimmed.
    pub above: SeqNo,
    /// The global checkpoint as the primary knows it.
    pub global_checkpoint: SeqNo,
}
