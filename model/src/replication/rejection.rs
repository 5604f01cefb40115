//! Why a rule says no: one variant for each guard.

use serde::{Deserialize, Serialize};

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The guard that refused an input, or left a part of a handler undone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rejection {
            $($(#[$doc])* $name,)*
        }

        impl Rejection {
            /// Every guard, in the order of the handlers.
            pub const ALL: &'static [Rejection] = &[$(Rejection::$name,)*];

            /// Those of the TLA+ module; the others belong to what it has no words for.
            pub const OF_MODULE: &'static [Rejection] = Self::ALL.split_at(Rejection::NoLongerPrimary as usize + 1).0;

            /// The name of the variant, as `--waive` takes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Rejection::$name => stringify!($name),)*
                }
            }
        }
    };
}

rejections! {
    /// `ClientRequest`: the node does not believe to be the primary.
    NotPrimary,
    /// `HandleReplicationRequest`: the request is of an older term than the copy has heard of.
    ReplicationTermTooOld,
    /// `HandleTrimTranslogRequest`: the same for a trim.
    TrimTermTooOld,
    /// `ApplyClusterStateFromMaster`: nothing has changed.
    ClusterStateAlreadyApplied,
    /// `FailShardOnMaster`: there is no copy on the node.
    AlreadyUnassigned,
    /// `MaybeMarkPC`: the term is known, so nothing is rolled back.
    TermNotNewer,
    /// `HandleReplicationResponse`: the local checkpoint is not above the known one.
    LocalCheckpointNotNewer,
    /// `HandleReplicationResponse`: the copy that gets the answer is assigned no longer.
    CopyNoLongerAssigned,
    /// `ApplyClusterStateFromMaster`: the node was primary before or is not now, so nothing is sent again.
    NotPromoted,
    /// `FinishIfNeeded`: the operation is not a client's.
    NotAClientRequest,
    /// `FinishIfNeeded`: other copies have not answered yet.
    AnswersOutstanding,
    /// `FinishIfNeeded`: the client has been told that the request failed.
    ReportedAsFailed,
    /// The master: the primary that reports a failed copy has been replaced.
    NoLongerPrimary,
    /// Primary request: it is meant for another copy (`TransportReplicationAction`).
    PrimaryAllocationIdMismatch,
    /// Primary request: it is of another term than the copy knows of.
    PrimaryTermMismatch,
    /// Primary request: the copy is not, or no longer, in primary mode.
    NotInPrimaryMode,
    /// Replica request: it is meant for another copy.
    ReplicaAllocationIdMismatch,
    /// Replica request: it is of an older term than the operations of the copy.
    OperationTermTooOld,
    /// Replica request: a newer term reaches a copy that has not finished recovery.
    ShardNotStarted,
    /// Replica: the global checkpoint is above the copy's own local one and is ignored.
    GlobalCheckpointAboveLocal,
    /// Tracker: only a primary tracks.
    TrackerNotPrimary,
    /// Tracker: the copy is in primary mode already.
    AlreadyInPrimaryMode,
    /// Tracker: the primary has handed over and takes no new work.
    HandoffInProgress,
    /// Tracker: there is no handoff that could end.
    NoHandoffInProgress,
    /// Tracker: the routing table does not name this copy as primary.
    RoutedElsewhere,
    /// Tracker: this copy is not in the in-sync set.
    SelfNotInSync,
    /// Tracker: the cluster state is not newer than the applied one.
    ClusterStateNotNewer,
    /// Tracker: the master names an in-sync copy that the primary does not know.
    InSyncOutOfThinAir,
    /// Tracker: the allocation id is not known.
    UnknownAllocationId,
    /// Tracker: a copy becomes in-sync only after it is tracked.
    NotTracked,
    /// Tracker: the copy waits to become in-sync already.
    AlreadyPendingInSync,
    /// Tracker: a copy below the global checkpoint has to wait (`pendingInSync`).
    BelowGlobalCheckpoint,
    /// Tracker: a handoff waits until no copy is pending in-sync.
    PendingInSyncCopies,
    /// Tracker: the target of a handoff must be in-sync.
    HandoffTargetNotInSync,
    /// Tracker: a primary context must speak of this copy.
    ContextWithoutSelf,
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
