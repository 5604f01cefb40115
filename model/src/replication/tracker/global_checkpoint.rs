//! Checkpoints: what the copies report and what follows from it.

use super::ReplicationTracker;
use crate::replication::fencing::AllocationId;
use crate::replication::rejection::Rejection::{self, *};
use crate::replication::rule_set::RuleSet;
use crate::replication::types::{SeqNo, UNASSIGNED_SEQ_NO};

impl ReplicationTracker {
    /// `activatePrimaryMode`: the copy is promoted and knows its own local
    /// checkpoint. Those of the others are unknown until they answer.
    pub fn activate_primary_mode(&mut self, rules: &(impl RuleSet + ?Sized), local_checkpoint: SeqNo) -> Result<(), Rejection> {
        rules.require(AlreadyInPrimaryMode, !self.primary_mode && !self.relocated)?;
        rules.require(RoutedElsewhere, self.is_routed_primary())?;
        let in_sync = self.checkpoint(self.allocation_id).is_some_and(|state| state.in_sync);
        rules.require(SelfNotInSync, in_sync)?;

        self.primary_mode = true;
        self.update_checkpoint(self.allocation_id, local_checkpoint);
        self.recompute_global_checkpoint(rules);
        Ok(())
    }

    /// `updateLocalCheckpoint`: a copy, or this one's own disk, has got further.
    /// A pending copy that has caught up becomes in-sync.
    pub fn update_local_checkpoint(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        id: AllocationId,
        local_checkpoint: SeqNo,
    ) -> Result<(), Rejection> {
        self.require_tracking(rules)?;
        rules.require(UnknownAllocationId, self.checkpoint(id).is_some())?;

        let increased = self.update_checkpoint(id, local_checkpoint);
        let global_checkpoint = self.global_checkpoint;
        let mut pending = self.is_pending(id);
        if let Some(state) = self.checkpoint_mut(id)
            && pending
            && state.local_checkpoint >= global_checkpoint
        {
            state.in_sync = true;
            pending = false;
            self.no_longer_pending(id);
        }
        if increased && !pending {
            self.recompute_global_checkpoint(rules);
        }
        Ok(())
    }

    /// `updateGlobalCheckpointForShard`: a copy has persisted a global checkpoint.
    pub fn update_persisted_global_checkpoint(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        id: AllocationId,
        global_checkpoint: SeqNo,
    ) -> Result<(), Rejection> {
        self.require_tracking(rules)?;
        let Some(state) = self.checkpoint_mut(id) else { return Err(UnknownAllocationId) };
        state.global_checkpoint = state.global_checkpoint.max(global_checkpoint);
        Ok(())
    }

    /// `updateGlobalCheckpointOnReplica`: what the primary says; a lagging new
    /// primary may say less than is known, which changes nothing. See
    /// [`global_checkpoint_on_replica`](crate::replication::global_checkpoint_on_replica).
    pub fn update_global_checkpoint_on_replica(&mut self, global_checkpoint: SeqNo) {
        debug_assert!(!self.primary_mode, "a primary computes its global checkpoint");
        self.global_checkpoint = self.global_checkpoint.max(global_checkpoint);
    }

    /// `computeGlobalCheckpoint`: what every in-sync copy has; `None`, which
    /// leaves it where it is, while somebody is pending or not known.
    pub(super) fn computed_global_checkpoint(&self, rules: &(impl RuleSet + ?Sized)) -> Option<SeqNo> {
        rules.require(PendingInSyncCopies, self.pending_in_sync.is_empty()).ok()?;
        let in_sync = self.checkpoints().filter(|(_, state)| state.in_sync).map(|(_, state)| state.local_checkpoint);
        let known: smallvec::SmallVec<[SeqNo; 8]> = in_sync.collect();
        if known.contains(&UNASSIGNED_SEQ_NO) { None } else { rules.global_checkpoint(&known) }
    }

    pub(super) fn recompute_global_checkpoint(&mut self, rules: &(impl RuleSet + ?Sized)) {
        if let Some(computed) = self.computed_global_checkpoint(rules) {
            self.global_checkpoint = computed;
        }
    }

    /// Whether the local checkpoint grew; it never falls.
    pub(super) fn update_checkpoint(&mut self, id: AllocationId, local_checkpoint: SeqNo) -> bool {
        let Some(state) = self.checkpoint_mut(id) else { return false };
        let increased = local_checkpoint > state.local_checkpoint;
        state.local_checkpoint = state.local_checkpoint.max(local_checkpoint);
        increased
    }

    pub(super) fn require_tracking(&self, rules: &(impl RuleSet + ?Sized)) -> Result<(), Rejection> {
        rules.require(TrackerNotPrimary, self.primary_mode)?;
        rules.require(HandoffInProgress, !self.handoff_in_progress)
    }
}
