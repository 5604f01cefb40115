//! Why the master says no: one variant for each guard.

use serde::{Deserialize, Serialize};
use thiserror::Error;

macro_rules! rejections {
    ($($(#[doc = $doc:literal])* $name:ident: $message:literal,)*) => {
        /// The guard that refused a report, a command or an allocation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Error)]
        pub enum Rejection {
            $($(#[doc = $doc])* #[error($message)] $name,)*
        }

        impl Rejection {
            /// Every guard, in the order of the functions.
            pub const ALL: &'static [Rejection] = &[$(Rejection::$name,)*];

            /// The guards that ask for something to act on; without it there is
            /// nothing to do, so that to waive them changes nothing.
            pub const STRUCTURAL: &'static [Rejection] =
                &[Rejection::NoUnassignedReplica, Rejection::NoValidShardCopy, Rejection::NoCopyOnNode];

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
    /// Shard failed: the primary that reports it has been replaced
    /// (`NoLongerPrimaryShardException`). The sender learns it; this is the fence.
    NoLongerPrimary: "the primary that reports the failure is of another term than the shard",
    /// Promotion: a copy that still recovers cannot become primary.
    NotActive: "a copy that recovers cannot be promoted",
    /// Shard started: no copy has that id any more.
    StartedUnknown: "no assigned copy has this allocation id",
    /// Shard started: the primary was made again since, under a newer term (#37899).
    StartedByOldPrimaryTerm: "the primary that started was made in another term",
    /// Shard started: it is active already.
    NotInitializing: "the copy is active already",
    /// Node joined: it is a member.
    AlreadyMember: "the node is a member already",
    /// Node left, and every allocation: the node is no member.
    NotAMember: "the node is not a member",
    /// Delay expired: nothing waits.
    NothingDelayed: "no copy waits for its node to come back",
    /// Retry failed: nothing has failed.
    NothingFailed: "no unassigned copy has failed allocations",
    /// Allocation of a replica: all of them are assigned.
    NoUnassignedReplica: "there is no unassigned replica",
    /// A replica has to recover from an active primary (`ReplicaAfterPrimaryActiveAllocationDecider`).
    PrimaryNotActive: "the primary is not active",
    /// A node holds at most one copy of a shard (`SameShardAllocationDecider`).
    SameShard: "the node holds a copy of the shard already",
    /// The copy waits for its last node (`index.unassigned.node_left.delayed_timeout`).
    Delayed: "the copy waits for its node to come back",
    /// The copy failed too often in a row (`MaxRetryAllocationDecider`).
    TooManyFailures: "the allocation failed too often in a row",
    /// Allocation of a primary, forced or not: it is assigned.
    PrimaryNotUnassigned: "the primary is assigned",
    /// Allocation from a store: the primary is to start empty.
    NoExistingStore: "the primary never had data",
    /// Allocation of a store: the copy on the node may lack acknowledged operations (#14671).
    NotInSync: "the copy on the node is not in sync",
    /// Allocation from a store: it cannot be opened.
    StoreFailed: "the store on the node cannot be opened",
    /// Allocation from a store: no listed node has a copy that would do (`NO_VALID_SHARD_COPY`).
    NoValidShardCopy: "no node has a valid copy",
    /// Allocation of a new primary: the shard had data.
    HadData: "the shard had data, so a primary must not start empty",
    /// A forced primary loses data, and the command does not say that this is accepted.
    DataLossNotAccepted: "the command does not accept data loss",
    /// Move, cancel: there is no copy on the node.
    NoCopyOnNode: "there is no copy on the node",
    /// Move: only a started copy moves.
    NotStarted: "the copy on the node is not started",
    /// Cancel: of a primary only with `allow_primary`.
    PrimaryNotAllowed: "the copy is the primary, which the command does not allow",
}
