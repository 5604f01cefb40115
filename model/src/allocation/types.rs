//! What the committed cluster state says of one shard.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::node_set::{NodeId, NodeSet};
use crate::replication::{AllocationId, PrimaryTerm};

/// An id that no copy has. It stands in the in-sync set from the time that a
/// stale copy is forced to be primary until that copy starts, so that in
/// between nobody else may become primary either
/// (`RecoverySource.ExistingStoreRecoverySource.FORCED_ALLOCATION_ID`, #34140).
pub const FORCED_ALLOCATION: AllocationId = AllocationId(u32::MAX);

/// How often the allocation of a copy may fail in a row before the master gives
/// up (`index.allocation.max_retries`).
pub const MAX_RETRIES: u8 = 5;

/// A few allocation ids, in ascending order where they are a set.
pub type AllocationIds = SmallVec<[AllocationId; 3]>;

/// One shard in the cluster state: its routing table (`IndexShardRoutingTable`)
/// and what the index metadata says of it (`IndexMetadata.primaryTerm`,
/// `inSyncAllocationIds`). Here the master keeps no sequence number, no
/// checkpoint and no history: it knows copies by their allocation ids alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardAllocation {
    /// Version of the cluster state, one more for each change.
    pub version: u64,
    /// The members of the cluster that may hold copies.
    pub nodes: NodeSet,
    /// Grows when an active primary fails and when a primary is allocated; 0 before the first.
    pub primary_term: PrimaryTerm,
    /// The copies that have every acknowledged operation, in ascending order.
    /// Some of them may be assigned to no node. Empty means that there never was any data.
    pub in_sync: AllocationIds,
    /// The primary first, then the replicas in ascending order; as many as the
    /// index is to have (`number_of_replicas` and one).
    pub copies: SmallVec<[ShardRouting; 3]>,
    /// The allocation id that the next new copy gets.
    pub next_allocation_id: u32,
}

/// One of the copies that the shard is to have (`ShardRouting`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardRouting {
    /// Whether it is the primary.
    pub primary: bool,
    /// Where it is.
    pub state: CopyState,
}

/// Where a copy is, and how far (`ShardRoutingState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CopyState {
    /// On no node.
    Unassigned(Unassigned),
    /// It recovers on a node.
    Initializing {
        /// The node.
        node: NodeId,
        /// Its id.
        allocation_id: AllocationId,
        /// From what it recovers.
        source: RecoverySource,
        /// How often its allocation has failed in a row.
        failed_allocations: u8,
    },
    /// It takes operations and serves reads.
    Started {
        /// The node.
        node: NodeId,
        /// Its id.
        allocation_id: AllocationId,
    },
    /// It is started and another copy recovers from it that will take its place.
    Relocating {
        /// The node where it is.
        node: NodeId,
        /// Its id.
        allocation_id: AllocationId,
        /// The node where it goes.
        target: NodeId,
        /// The id of the copy that recovers there.
        target_id: AllocationId,
    },
}

/// Why a copy is on no node, and what it may become (`UnassignedInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unassigned {
    /// Why.
    pub reason: UnassignedReason,
    /// Whether the master waits for its last node to come back before it gives
    /// the copy to another. Only replicas are delayed.
    pub delayed: bool,
    /// The node whose return is waited for; `None` unless `delayed`, as nothing else asks.
    pub last_node: Option<NodeId>,
    /// How often its allocation has failed in a row.
    pub failed_allocations: u8,
    /// From what it is to recover.
    pub source: RecoverySource,
}

impl Unassigned {
    /// Unassigned for `reason`, to recover from `source`.
    pub fn new(reason: UnassignedReason, source: RecoverySource) -> Self {
        Unassigned { reason, delayed: false, last_node: None, failed_allocations: 0, source }
    }
}

/// `UnassignedInfo.Reason`, those of them that the rules give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnassignedReason {
    /// The index is new.
    IndexCreated,
    /// The whole cluster restarted.
    ClusterRecovered,
    /// The copy failed.
    AllocationFailed,
    /// Its node left the cluster.
    NodeLeft,
    /// The cancel command.
    RerouteCancelled,
    /// It recovered from a primary that failed.
    PrimaryFailed,
}

/// From what a copy recovers (`RecoverySource`). Restoring a snapshot is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RecoverySource {
    /// Nothing: the primary of a new index, or one that is forced to be empty.
    EmptyStore,
    /// What is on the disk of its node.
    ExistingStore,
    /// What is on the disk of its node, in sync or not (`FORCE_STALE_PRIMARY_INSTANCE`).
    ForcedStale,
    /// The primary.
    Peer,
}

/// A copy on a node, relocation targets included, as that node reads it from the cluster state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssignedShard {
    /// The node.
    pub node: NodeId,
    /// Its id.
    pub allocation_id: AllocationId,
    /// Whether it is the primary, or is to take over from it.
    pub primary: bool,
    /// From what it recovers; `None` once it is active.
    pub recovers_from: Option<RecoverySource>,
    /// The copy whose place it is to take.
    pub relocates_from: Option<AllocationId>,
    /// The node and the copy that are to take its place.
    pub relocates_to: Option<(NodeId, AllocationId)>,
}

impl AssignedShard {
    /// Whether it has started.
    pub fn is_active(&self) -> bool {
        self.recovers_from.is_none()
    }
}

/// Whether the shard can be used (`ClusterShardHealth`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Health {
    /// Every copy is active.
    Green,
    /// The primary is active, or is just being created.
    Yellow,
    /// There is no primary.
    Red,
}

/// A copy is reported as failed (`ShardStateAction.FailedShardEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FailedShard {
    /// The copy.
    pub allocation_id: AllocationId,
    /// The term of the primary that reports another copy; 0 where a node reports its own.
    pub primary_term: PrimaryTerm,
    /// Whether the copy may have missed an operation, so that it must not be in
    /// sync any more. Not so only where a resync reports it (#28054); a node
    /// that reports its own copy gives it up (`ShardStateAction.localShardFailed`).
    pub mark_as_stale: bool,
}

/// A copy has finished its recovery (`ShardStateAction.StartedShardEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StartedShard {
    /// The copy.
    pub allocation_id: AllocationId,
    /// The primary term with which it was made.
    pub primary_term: PrimaryTerm,
}

/// What a node has on its disk (`TransportNodesListGatewayStartedShards`). No two nodes have the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StoreFound {
    /// The node.
    pub node: NodeId,
    /// The allocation id in its shard state metadata.
    pub allocation_id: AllocationId,
    /// Whether it was the primary when that was written.
    pub primary: bool,
    /// Whether the store cannot be opened.
    pub failed: bool,
}
