//! What nodes say to each other about a shard, and what they are told.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::state::{Log, OperationId, Report};
use crate::allocation::{FailedShard, ShardAllocation, StartedShard, StoreFound};
use crate::node_set::NodeId;
use crate::replication::{AllocationId, PrimaryTerm, SeqNo};

/// What an operation does to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The client's request; two operations with the same one are a retry.
    pub request: u8,
    /// The document.
    pub document: u8,
    /// Whether it is deleted, instead of indexed with the request as its contents.
    pub delete: bool,
}

/// An operation as the log of a copy has it: `None` for a no-op.
pub type LogOperation = crate::replication::Operation<Change>;

/// Which primary a request is for, as the sender's cluster state names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrimaryTarget {
    /// The copy.
    pub allocation_id: AllocationId,
    /// Its term.
    pub primary_term: PrimaryTerm,
}

/// The operation that a conditional write expects to be the last of its document
/// (`if_seq_no`, `if_primary_term`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expected {
    /// Its sequence number.
    pub seq_no: SeqNo,
    /// The term of its primary.
    pub primary_term: PrimaryTerm,
}

/// What a client hears of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Stored on every copy that counts.
    Acknowledged {
        /// Its sequence number.
        seq_no: SeqNo,
        /// The term of its primary.
        primary_term: PrimaryTerm,
    },
    /// The document is not as expected; nothing was done.
    VersionConflict,
    /// It may be stored or not: the primary lost its role on the way (`RetryOnPrimary`).
    Unknown,
}

/// What a primary sends to a copy (`ConcreteReplicaRequest`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaRequest {
    /// The copy that it is meant for.
    pub target: AllocationId,
    /// The primary that sends it, and its term.
    pub primary: PrimaryTarget,
    /// The global checkpoint as the primary knows it.
    pub global_checkpoint: SeqNo,
    /// What it asks.
    pub action: ReplicaAction,
}

/// An operation with its place in the log.
pub type Placed = (SeqNo, LogOperation);

/// What a replica request asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReplicaAction {
    /// Store a client's operation.
    Replicate(SeqNo, LogOperation),
    /// A new primary's history above the global checkpoint, and where it ends.
    Resync {
        /// The operations.
        operations: SmallVec<[Placed; 2]>,
        /// What is above, and of older terms, is to be dropped; `None` if the
        /// request does not say.
        trim_above: Option<SeqNo>,
    },
    /// Take over the global checkpoint.
    SyncGlobalCheckpoint,
}

/// What a copy answers to a [`ReplicaRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaResponse {
    /// The copy that the request was meant for.
    pub source: AllocationId,
    /// The primary that asked, and the term in which it did: an allocation id
    /// alone may be used again.
    pub primary: PrimaryTarget,
    /// Which operation it answers to.
    pub operation: OperationId,
    /// How it went.
    pub result: ReplicaResult,
}

/// How a replica request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReplicaResult {
    /// Done.
    Done {
        /// The local checkpoint of the copy.
        local_checkpoint: SeqNo,
        /// The global checkpoint that it has persisted.
        global_checkpoint: SeqNo,
    },
    /// Refused: another copy, an older term, not open yet.
    Failed,
}

/// The files of a copy that a recovering one gets (phase 1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Files {
    /// The operations of the safe commit.
    pub log: Log,
    /// The source's last known global checkpoint.
    pub global_checkpoint: SeqNo,
    /// The history that they belong to.
    pub history: PrimaryTerm,
}

/// A step of a peer recovery (`RecoverySourceHandler`, `RecoveryTarget`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Recovery {
    /// The target asks for what it misses from `starting_seq_no` on; all of it if
    /// that is [`UNASSIGNED_SEQ_NO`](crate::replication::UNASSIGNED_SEQ_NO).
    Start {
        /// From where.
        starting_seq_no: SeqNo,
        /// The history of what it has.
        history: PrimaryTerm,
    },
    /// The source does not know the target yet, or is no primary yet.
    Delay,
    /// Open the engine, on these files if there are any.
    Prepare {
        /// The files, unless what is there is enough to start from.
        files: Option<Files>,
    },
    /// The engine is open.
    Prepared,
    /// The history from where the target starts.
    Operations(SmallVec<[Placed; 2]>),
    /// They are stored.
    RecoveredTo {
        /// The local checkpoint of the target.
        local_checkpoint: SeqNo,
    },
    /// The target is in-sync for the source.
    Finalize {
        /// The source's global checkpoint.
        global_checkpoint: SeqNo,
        /// What is above, and not confirmed by the recovery, is to be dropped.
        trim_above: SeqNo,
    },
}

/// What the master is asked or told to do beside the tasks of nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Fault detection gives up a node. If its copy was the primary, `promote`
    /// says which copy of several takes over.
    NodeLeft {
        /// Which.
        node: NodeId,
        /// The node whose copy is promoted.
        promote: Option<NodeId>,
    },
    /// A node is let in, in this of its lives.
    NodeJoined {
        /// Which.
        node: NodeId,
        /// Its life.
        life: u8,
    },
    /// What nodes have reported and waits for a choice is carried out, in one batch.
    Process {
        /// The node whose copy is promoted.
        promote: Option<NodeId>,
    },
    /// An unassigned replica gets a node.
    AllocateReplica {
        /// Which.
        node: NodeId,
        /// Whether it has data of the shard.
        has_data: bool,
        /// Whether the delay for nodes that left is over.
        delay_expired: bool,
    },
    /// The primary of a new index gets a node.
    AllocateNewPrimary {
        /// Which.
        node: NodeId,
    },
    /// The unassigned primary is looked for on the disks of nodes.
    AllocatePrimary {
        /// What was found.
        found: StoreFound,
    },
    /// `allocate_stale_primary`.
    AllocateStalePrimary {
        /// The node that has it.
        node: NodeId,
        /// Whether the operator accepts the loss of data.
        accept_data_loss: bool,
    },
    /// `allocate_empty_primary`.
    AllocateEmptyPrimary {
        /// Which node.
        node: NodeId,
        /// Whether the operator accepts the loss of data.
        accept_data_loss: bool,
    },
    /// `cancel`.
    Cancel {
        /// The node whose copy is given up.
        node: NodeId,
        /// Whether it may be the primary.
        allow_primary: bool,
    },
}

/// Everything that an actor of this layer can receive or send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ShardMsg {
    /// The coordination layer: this state is committed, and to be applied.
    ClusterState {
        /// The life of the node that it is for.
        life: u8,
        /// What it says of the shard.
        state: ShardAllocation,
    },
    /// A node to the master: a copy has failed.
    ShardFailed(FailedShard),
    /// A node to the master: a copy has recovered.
    ShardStarted(StartedShard),
    /// The master, after what a [`ShardMsg::ShardFailed`] led to is committed.
    ShardFailedResponse {
        /// What was reported.
        report: Report,
        /// The term in which it was reported.
        primary_term: PrimaryTerm,
        /// Whether the reporting primary has been replaced.
        no_longer_primary: bool,
    },
    /// A client's write, on its way to the primary.
    Write {
        /// Which copy the coordinating node takes for the primary.
        target: PrimaryTarget,
        /// What it does.
        change: Change,
        /// What it is conditional on.
        expected: Option<Expected>,
    },
    /// A client's read of a document, at any active copy.
    Get {
        /// The client's request.
        request: u8,
        /// Which document.
        document: u8,
    },
    /// What a client reads.
    Got {
        /// The client's request.
        request: u8,
        /// The request that wrote what is there, if anything is.
        found: Option<u8>,
    },
    /// What a client hears of its write.
    Outcome {
        /// The client's request.
        request: u8,
        /// How it went.
        outcome: Outcome,
    },
    /// A primary to a copy.
    Replica(ReplicaRequest),
    /// A copy to its primary.
    ReplicaResponse(ReplicaResponse),
    /// A step of the recovery of `target` from the primary of `primary_term`.
    Recovery {
        /// The copy that recovers.
        target: AllocationId,
        /// The term in which it does.
        primary_term: PrimaryTerm,
        /// The step.
        step: Recovery,
    },
    /// The transport: a request has failed, or was not answered in time. It may
    /// have been carried out.
    RequestFailed {
        /// The operation that it was part of.
        operation: OperationId,
        /// The copy that it was meant for.
        target: AllocationId,
        /// Whether it was given up, so that it may still arrive, and was not lost.
        timed_out: bool,
    },
    /// The transport: the master did not answer a report. It is sent again.
    MasterUnavailable {
        /// The report.
        report: Report,
    },
    /// The transport: a recovery got no answer in time, and is given up.
    RecoveryFailed,
    /// The engine: the copy cannot go on (a broken disk).
    EngineFailed,
    /// To the master.
    Command(Command),
}
