//! Membership: which copies there are, as the master says and as recovery goes.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{CheckpointState, ReplicationTracker};
use crate::replication::fencing::AllocationId;
use crate::replication::rejection::Rejection::{self, *};
use crate::replication::rule_set::RuleSet;
use crate::replication::types::SeqNo;

/// A copy that the routing table assigns to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssignedCopy {
    /// Which copy.
    pub allocation_id: AllocationId,
    /// The copy that is to take its place, while it relocates.
    pub relocation_target: Option<AllocationId>,
    /// Whether it is the primary.
    pub primary: bool,
    /// Whether it still recovers.
    pub initializing: bool,
}

/// What a write has to reach (`ReplicationGroup`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicationGroup {
    /// Tracked copies that are assigned, relocation targets included, without the primary.
    pub targets: SmallVec<[AllocationId; 3]>,
    /// In-sync copies that are not assigned: the master must drop them before a
    /// write is acknowledged.
    pub unavailable_in_sync: SmallVec<[AllocationId; 2]>,
}

/// What becomes of a copy at the end of its recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InSyncOutcome {
    /// It counts from now on.
    InSync,
    /// It has to catch up first.
    Pending,
}

impl ReplicationTracker {
    /// `updateFromMaster`: a newer cluster state. In primary mode it may take
    /// copies away and name new ones, but only this primary makes them in-sync.
    pub fn update_from_master(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        version: u64,
        in_sync: &[AllocationId],
        routing: &[AssignedCopy],
    ) -> Result<(), Rejection> {
        rules.require(ClusterStateNotNewer, version > self.applied_version)?;
        let known_in_sync = |id: &AllocationId| self.checkpoint(*id).is_some_and(|state| state.in_sync);
        rules.require(InSyncOutOfThinAir, !self.primary_mode || in_sync.iter().all(known_in_sync))?;

        let initializing: SmallVec<[AllocationId; 3]> = initializing(routing).collect();
        let before = self.checkpoints.len();
        self.checkpoints.retain(|(id, _)| in_sync.contains(id) || initializing.contains(id));
        let removed = self.checkpoints.len() < before;
        if self.primary_mode {
            for id in &initializing {
                if self.checkpoint(*id).is_none() {
                    self.put(*id, CheckpointState::unknown(false, false));
                }
            }
        } else {
            initializing.iter().for_each(|id| self.put(*id, CheckpointState::unknown(false, false)));
            in_sync.iter().for_each(|id| self.put(*id, CheckpointState::unknown(true, true)));
        }
        self.applied_version = version;
        self.routing = routing.iter().copied().collect();
        self.routing.sort_unstable();
        if self.primary_mode && removed {
            let checkpoints = std::mem::take(&mut self.checkpoints);
            self.pending_in_sync.retain(|id| checkpoints.iter().any(|(known, _)| known == id));
            self.checkpoints = checkpoints;
            self.recompute_global_checkpoint(rules);
        }
        Ok(())
    }

    /// `initiateTracking`: a recovering copy gets every operation from now on.
    pub fn initiate_tracking(&mut self, rules: &(impl RuleSet + ?Sized), id: AllocationId) -> Result<(), Rejection> {
        self.require_tracking(rules)?;
        let Some(state) = self.checkpoint_mut(id) else { return Err(UnknownAllocationId) };
        state.tracked = true;
        Ok(())
    }

    /// `markAllocationIdAsInSync`: recovery ends. A copy below the global
    /// checkpoint has to wait, and the global checkpoint waits for it.
    pub fn mark_as_in_sync(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        id: AllocationId,
        local_checkpoint: SeqNo,
    ) -> Result<InSyncOutcome, Rejection> {
        self.require_tracking(rules)?;
        let Some(state) = self.checkpoint(id) else { return Err(UnknownAllocationId) };
        rules.require(NotTracked, state.tracked)?;
        rules.require(AlreadyPendingInSync, !self.is_pending(id))?;

        self.update_checkpoint(id, local_checkpoint);
        let global_checkpoint = self.global_checkpoint;
        let Some(state) = self.checkpoint_mut(id) else { return Err(UnknownAllocationId) };
        if !state.in_sync && rules.require(BelowGlobalCheckpoint, state.local_checkpoint >= global_checkpoint).is_err() {
            self.pending_in_sync.push(id);
            self.pending_in_sync.sort_unstable();
            return Ok(InSyncOutcome::Pending);
        }
        state.in_sync = true;
        self.recompute_global_checkpoint(rules);
        Ok(InSyncOutcome::InSync)
    }

    /// The recovery that waits for a copy to catch up is given up.
    pub fn cancel_pending_in_sync(&mut self, rules: &(impl RuleSet + ?Sized), id: AllocationId) {
        if self.is_pending(id) {
            self.no_longer_pending(id);
            self.recompute_global_checkpoint(rules);
        }
    }

    /// Whom the next write has to reach; `None` on a copy that is not the primary.
    pub fn replication_group(&self) -> Option<ReplicationGroup> {
        let me = self.allocation_id;
        let assigned = |id: &AllocationId| assigned_ids(&self.routing).any(|assigned| assigned == *id);
        self.primary_mode.then(|| ReplicationGroup {
            targets: self
                .checkpoints()
                .filter(|(id, state)| state.tracked && *id != me && assigned(id))
                .map(|(id, _)| id)
                .collect(),
            unavailable_in_sync: self
                .checkpoints()
                .filter(|(id, state)| state.in_sync && !assigned(id))
                .map(|(id, _)| id)
                .collect(),
        })
    }

    /// Whether the routing table names this copy, or the one that it takes over from, as primary.
    pub(super) fn is_routed_primary(&self) -> bool {
        let me = self.allocation_id;
        self.routing.iter().any(|copy| copy.primary && (copy.allocation_id == me || copy.relocation_target == Some(me)))
    }
}

/// Every assigned copy, relocation targets included.
pub(super) fn assigned_ids(routing: &[AssignedCopy]) -> impl Iterator<Item = AllocationId> + Clone {
    routing.iter().flat_map(|copy| std::iter::once(copy.allocation_id).chain(copy.relocation_target))
}

/// The copies that recover, relocation targets included.
fn initializing(routing: &[AssignedCopy]) -> impl Iterator<Item = AllocationId> {
    routing.iter().flat_map(|copy| copy.initializing.then_some(copy.allocation_id).into_iter().chain(copy.relocation_target))
}
