//! What a node knows of its copy of the shard, in memory and on disk.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::message::Change;
use crate::allocation::{FailedShard, ShardAllocation};
use crate::node_set::NodeId;
use crate::replication::{AllocationId, CopyTerms, PrimaryTerm, ReplicationTracker, SeqNo, Translog};

/// The operations of a copy. What is pending confirmation is in the translog
/// alone: a rollback has taken it out of the index.
pub type Log = Translog<Change>;

/// The history of a store that has no data yet.
pub const NO_HISTORY: PrimaryTerm = 0;

/// What a node has on disk of the shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store {
    /// `ShardStateMetadata`: the copy that was made here last, written when it is made.
    pub allocation_id: AllocationId,
    /// The copy that it is about to be, where the id is written when it is
    /// replaced: its recovery has ended, and the master has not said so yet.
    pub successor: Option<AllocationId>,
    /// Whether that copy was the primary.
    pub primary: bool,
    /// The operations.
    pub log: Log,
    /// The global checkpoint.
    pub global_checkpoint: SeqNo,
    /// `history_uuid`: the term of the primary that began this history, by
    /// creating it or by being forced; [`NO_HISTORY`] before there is any data.
    pub history: PrimaryTerm,
}

impl Store {
    /// The ids under which what is here can be found.
    pub fn ids(&self) -> impl Iterator<Item = AllocationId> + Clone {
        [self.allocation_id].into_iter().chain(self.successor)
    }
}

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Disk {
    /// How often the node has been started.
    pub life: u8,
    /// Its data, if it ever had any.
    pub store: Option<Store>,
}

/// How far a copy has come (`IndexShardState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// It asks a primary for what it misses; no operation can reach it yet.
    Recovering,
    /// The engine is open: it takes operations, and recovers.
    Open,
    /// It has everything; the master has not said yet that it may serve.
    PostRecovery,
    /// It serves.
    Started,
}

/// Something that a primary does on its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OperationId {
    /// A client's write, by its sequence number.
    Write(SeqNo),
    /// The resync after a promotion.
    Resync,
    /// The background sync of the global checkpoint.
    SyncGlobalCheckpoint,
}

/// A copy that the primary asks the master to fail (`FailedShardEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Report {
    /// The copy.
    pub allocation_id: AllocationId,
    /// Whether it misses an operation and must leave the in-sync set.
    pub mark_as_stale: bool,
}

/// An operation that is not finished (`ReplicationOperation`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicationOperation {
    /// Which.
    pub id: OperationId,
    /// The request of the client who waits for it.
    pub request: Option<u8>,
    /// The copies that have not answered.
    pub copies: SmallVec<[AllocationId; 2]>,
    /// The reports that the master has not answered.
    pub reports: SmallVec<[Report; 2]>,
}

/// How far a recovery has come, as its source sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SourceStage {
    /// The target opens its engine.
    Preparing,
    /// The target stores the history.
    Sending,
    /// The target stored less than the global checkpoint and has to catch up.
    CatchingUp,
}

/// A recovery from this copy (`RecoverySourceHandler`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceRecovery {
    /// The copy that recovers.
    pub target: AllocationId,
    /// How far it has come.
    pub stage: SourceStage,
    /// The first operation that the target misses.
    pub starting_seq_no: SeqNo,
    /// The history for the target, where it was taken too early.
    pub snapshot: Option<SmallVec<[super::message::Placed; 2]>>,
}

/// A copy of the shard, in memory (`IndexShard`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Copy {
    /// Which copy.
    pub allocation_id: AllocationId,
    /// Whether the routing table names it as primary.
    pub primary: bool,
    /// How far it has come.
    pub stage: Stage,
    /// Its terms.
    pub terms: CopyTerms,
    /// What it knows of all copies, and the global checkpoint.
    pub tracker: ReplicationTracker,
    /// Its operations; of a copy whose engine is not open, those on disk.
    pub log: Log,
    /// See [`Store::history`].
    pub history: PrimaryTerm,
    /// What is under way, of a primary.
    pub operations: SmallVec<[ReplicationOperation; 1]>,
    /// Recoveries from here.
    pub recoveries: SmallVec<[SourceRecovery; 1]>,
}

/// A report about a node's own copy that the master has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnReport {
    /// The copy.
    pub allocation_id: AllocationId,
    /// Whether there has been reason for a second one since.
    pub again: bool,
}

/// What a data node knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DataNode {
    /// What it has on disk.
    pub disk: Disk,
    /// The cluster state that it has applied.
    pub applied: Option<ShardAllocation>,
    /// Its copy.
    pub copy: Option<Copy>,
    /// `failedShardsCache`: a copy that has failed here, for as long as the
    /// cluster state has it here.
    pub failed: Option<AllocationId>,
    /// A copy whose failure is reported, while the master has not answered.
    pub reporting: Option<OwnReport>,
}

/// What the master knows: the committed cluster state, and what waits to change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Master {
    /// The committed state.
    pub allocation: ShardAllocation,
    /// In which life each node was let in last.
    pub lives: SmallVec<[u8; 4]>,
    /// Failures that wait for a choice between copies, with who reported them.
    pub waiting: SmallVec<[(NodeId, FailedShard); 1]>,
}

/// A node of this layer's world. There is one master, so its size is no matter.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ShardNode {
    /// A node that holds copies.
    Data(DataNode),
    /// The elected master, over the contract of the coordination layer.
    Master(Master),
}

impl Copy {
    /// The persisted local checkpoint.
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Recovering
    }
}

impl ShardNode {
    /// The data node, unless it is the master.
    pub fn data(&self) -> Option<&DataNode> {
        match self {
            ShardNode::Data(data) => Some(data),
            ShardNode::Master(_) => None,
        }
    }

    /// The master, unless it is a data node.
    pub fn master(&self) -> Option<&Master> {
        match self {
            ShardNode::Data(_) => None,
            ShardNode::Master(master) => Some(master),
        }
    }
}
