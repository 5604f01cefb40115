//! The one place where a variant of the allocation rules may differ from them.
//!
//! As for the [replication rules](crate::replication::RuleSet): the functions are
//! generic over [`AllocationRules`] and read as if there were only one set.
//! [`Sound`] is the protocol; [`Mutant`](super::Mutant) overrides some methods.

use super::rejection::Rejection;
use super::types::{AllocationIds, FORCED_ALLOCATION, RecoverySource, UnassignedReason};
use crate::replication::{AllocationId, PrimaryTerm, Sound};

/// What happened to the primary in one round, as far as its term is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrimaryChange {
    /// How many active primaries failed.
    pub failed: u32,
    /// Whether an unassigned primary was given to a node.
    pub allocated: bool,
    /// Whether the target of a relocation took over.
    pub relocated: bool,
}

/// Guards and effects of the allocation rules.
pub trait AllocationRules: Clone + Send + Sync + 'static {
    /// A guard: refused unless `holds`.
    #[inline]
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// The primary term after a round: one more, however much happened in it,
    /// if an active primary failed or a primary was allocated. A relocation
    /// keeps it (`IndexMetadataUpdater.increasePrimaryTerm`).
    fn term_after(&self, term: PrimaryTerm, change: PrimaryChange) -> PrimaryTerm {
        term + u64::from(change.failed > 0 || change.allocated)
    }

    /// Whether a copy that leaves its node for `reason` leaves the in-sync set.
    /// Where it has missed an operation it must, before the operation is
    /// acknowledged; where its node left it has missed nothing yet (#20023).
    fn leaves_in_sync(&self, reason: UnassignedReason, marked_as_stale: bool) -> bool {
        marked_as_stale || reason == UnassignedReason::RerouteCancelled
    }

    /// Whether a copy that several reports of a batch name fails as stale, where
    /// the `first` of them says so, or where `any` does.
    ///
    /// Elasticsearch takes the first and skips the others, answering success:
    /// a copy that a resync fails, which is not stale by that, stays in sync
    /// although a write that it missed is acknowledged. Here it leaves.
    fn stale_in_batch(&self, _first: bool, any: bool) -> bool {
        any
    }

    /// Whether an in-sync id without a copy is removed when the primary asks for it.
    fn removes_stale_ids(&self) -> bool {
        true
    }

    /// What a round in which primaries failed leaves in sync where no copy is
    /// active any more. `failed` are those primaries in order, of which the
    /// first is added back: should a batch fail the primary, promote a replica
    /// and fail that too, the first alone is sure to have everything that was
    /// acknowledged (#21976).
    fn add_back_failed_primary(&self, remaining: &mut AllocationIds, failed: &[AllocationId]) {
        if let Some(first) = failed.first() {
            insert(remaining, *first);
        }
    }

    /// Whether an in-sync set that was not empty may become so otherwise than by
    /// force. An empty one says that there never was any data, and the next
    /// primary would start empty.
    fn may_become_empty(&self) -> bool {
        false
    }

    /// Whether replicas that recover fail when their primary does.
    fn recoveries_fail_with_primary(&self) -> bool {
        true
    }

    /// Whether an active replica is promoted when the primary fails.
    fn promotes(&self) -> bool {
        true
    }

    /// The in-sync set when a primary is made from a copy that is not in it: by
    /// force, or because a mutant allocates what it should not. The last case is
    /// what Elasticsearch does with its assertions off.
    fn in_sync_when_forced(&self, _old: &AllocationIds, source: RecoverySource, id: AllocationId) -> AllocationIds {
        match source {
            RecoverySource::EmptyStore => AllocationIds::new(),
            RecoverySource::ForcedStale => AllocationIds::from_slice(&[FORCED_ALLOCATION]),
            RecoverySource::ExistingStore | RecoverySource::Peer => AllocationIds::from_slice(&[id]),
        }
    }

    /// The id of a primary that is made from the copy `on_disk`: the same (#16530).
    fn id_of_store(&self, on_disk: AllocationId, _next: &mut u32) -> AllocationId {
        on_disk
    }

    /// Whether a copy that starts enters the in-sync set.
    fn started_is_in_sync(&self) -> bool {
        true
    }

    /// Whether the source of a finished relocation leaves the in-sync set.
    fn relocation_removes_source(&self) -> bool {
        true
    }

    /// Whether replicas that recover start anew when their primary has moved.
    fn recoveries_restart_after_relocation(&self) -> bool {
        true
    }

    /// Whether of a batch of started copies the replicas come first.
    fn starts_replicas_first(&self) -> bool {
        true
    }

    /// Whether the in-sync set is kept to as many ids as there are copies when it grows (#21976).
    fn trims_in_sync(&self) -> bool {
        true
    }

    /// Whether a replica whose node left waits for it.
    fn delays(&self) -> bool {
        true
    }

    /// What index metadata a full restart finds: the primary term and the in-sync set.
    fn metadata_after_restart(&self, term: PrimaryTerm, in_sync: &AllocationIds) -> (PrimaryTerm, AllocationIds) {
        (term, in_sync.clone())
    }
}

impl AllocationRules for Sound {}

/// Puts `id` into a set that is kept in ascending order.
pub(super) fn insert(ids: &mut AllocationIds, id: AllocationId) {
    if let Err(position) = ids.binary_search(&id) {
        ids.insert(position, id);
    }
}
