//! What may be different in a variant: the actor's own guards and duties, beside
//! those of the rules that it calls.

use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRules;
use crate::replication::{RuleSet, Sound};

macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $enum {
            $($(#[$variant_doc])* $name,)*
        }

        impl $enum {
            /// All of them.
            pub const ALL: &'static [$enum] = &[$($enum::$name,)*];

            /// The name of the variant.
            pub fn name(self) -> &'static str {
                match self {
                    $($enum::$name => stringify!($name),)*
                }
            }
        }
    };
}

named! {
    /// A guard of the actor itself: why an input is refused.
    Refusal {
        /// The cluster state is for an earlier life of the node.
        AnotherLife,
        /// The cluster state is not newer than the applied one.
        ClusterStateNotApplied,
        /// There is no copy here.
        NoCopy,
        /// The copy has not opened its engine, and takes no operations.
        EngineClosed,
        /// The answer is for another primary, or another term of it.
        AnswerForAnotherPrimary,
        /// Nothing waits for this answer.
        NothingWaits,
        /// A recovery is asked for of a copy that is no primary, or by one that it does not know.
        CannotRecoverFromHere,
        /// The step of a recovery is not the next one.
        RecoveryOutOfStep,
        /// The copy does not serve reads yet.
        NotStarted,
        /// What a recovering copy has belongs to another history.
        HistoryDiffers,
        /// A conditional write finds another operation than it expects.
        UnexpectedVersion,
    }
}

named! {
    /// Something that the actor does and a mutant may leave undone.
    Duty {
        /// A write has the master drop in-sync copies that it cannot reach, because nobody has them.
        FailUnavailableCopies,
        /// A write goes to copies that still recover, once they are tracked.
        ReplicateToRecoveringCopies,
        /// A primary that hears of its successor fails itself.
        FailWhenReplaced,
        /// A copy that fails a resync stays in-sync: it has missed no acknowledged write.
        KeepInSyncAfterResync,
        /// The snapshot of a recovery is taken after the target is tracked.
        TrackBeforeSnapshot,
        /// A recovery drops what its source did not confirm.
        TrimAfterRecovery,
        /// A copy that recovers by operations starts from its global checkpoint.
        StartFromGlobalCheckpoint,
        /// A copy that is made primary by force begins a history of its own.
        BeginHistoryWhenForced,
        /// The global checkpoint is synced in the background.
        SyncGlobalCheckpoint,
        /// A copy that the master initialises again starts over.
        StartOverWhenInitializedAgain,
        /// A copy that the routing table no longer has is closed.
        CloseUnassignedCopies,
        /// A lost report to the master is sent again.
        RepeatReports,
    }
}

impl Refusal {
    /// Those that cannot be left out: what the contract of the coordination
    /// layer promises, and what there is nothing to go on with without.
    pub const STRUCTURAL: &'static [Refusal] =
        &[Refusal::AnotherLife, Refusal::ClusterStateNotApplied, Refusal::NoCopy, Refusal::NothingWaits];
}

/// When a node that recovers a copy from a peer writes its allocation id in the
/// place of the one that it had there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdWritten {
    /// At once (`IndexShard` persists its state when it is made).
    #[default]
    WhenMade,
    /// When what is there is given up for files, or the master says that the copy
    /// has started: until then it still is the copy that it was, and between the
    /// end of the recovery and the start it is both. Elasticsearch has no such rule.
    WhenReplaced,
    /// When the master says that it has started (#16625, the other way round).
    WhenStarted,
}

/// The rules that the actor goes by.
pub trait ShardRules: RuleSet + AllocationRules {
    /// A guard: the input is refused unless `holds`.
    fn admit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// When the allocation id of a copy that recovers is written.
    fn id_written(&self) -> IdWritten {
        IdWritten::WhenMade
    }

    /// Whether the actor does its duty.
    fn does(&self, _duty: Duty) -> bool {
        true
    }
}

impl ShardRules for Sound {}
