//! Handing the primary role to the target of a relocation, within a term.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::membership::AssignedCopy;
use super::{CheckpointState, ReplicationTracker};
use crate::replication::fencing::AllocationId;
use crate::replication::rejection::Rejection::{self, *};
use crate::replication::rule_set::RuleSet;
use crate::replication::types::SeqNo;

/// All that a primary knows, for its successor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrimaryContext {
    /// The cluster state that it has applied.
    pub version: u64,
    /// Its routing table.
    pub routing: SmallVec<[AssignedCopy; 3]>,
    /// What it knows of every copy.
    pub checkpoints: SmallVec<[(AllocationId, CheckpointState); 3]>,
    /// Its global checkpoint.
    pub global_checkpoint: SeqNo,
}

impl ReplicationTracker {
    /// `startRelocationHandoff`: no operation is under way, and none may start.
    pub fn start_relocation_handoff(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        target: AllocationId,
    ) -> Result<PrimaryContext, Rejection> {
        self.require_tracking(rules)?;
        rules.require(PendingInSyncCopies, self.pending_in_sync.is_empty())?;
        let in_sync = self.checkpoint(target).is_some_and(|state| state.tracked && state.in_sync);
        rules.require(HandoffTargetNotInSync, in_sync)?;

        self.handoff_in_progress = true;
        Ok(PrimaryContext {
            version: self.applied_version,
            routing: self.routing.clone(),
            checkpoints: self.checkpoints.clone(),
            global_checkpoint: self.global_checkpoint,
        })
    }

    /// `abortRelocationHandoff`: the target did not answer, or refused.
    pub fn abort_relocation_handoff(&mut self, rules: &(impl RuleSet + ?Sized)) -> Result<(), Rejection> {
        rules.require(NoHandoffInProgress, self.handoff_in_progress)?;
        self.handoff_in_progress = false;
        Ok(())
    }

    /// `completeRelocationHandoff`: the target is in primary mode, this copy no longer.
    pub fn complete_relocation_handoff(&mut self, rules: &(impl RuleSet + ?Sized)) -> Result<(), Rejection> {
        rules.require(NoHandoffInProgress, self.handoff_in_progress)?;
        self.handoff_in_progress = false;
        self.primary_mode = false;
        self.relocated = true;
        for (_, state) in &mut self.checkpoints {
            *state = CheckpointState::unknown(state.in_sync, state.tracked);
        }
        Ok(())
    }

    /// `activateWithPrimaryContext`: the target takes over. What it has heard
    /// from the master since, it applies again on top.
    pub fn activate_with_primary_context(
        &mut self,
        rules: &(impl RuleSet + ?Sized),
        context: &PrimaryContext,
    ) -> Result<(), Rejection> {
        rules.require(AlreadyInPrimaryMode, !self.primary_mode)?;
        let me = self.allocation_id;
        rules.require(ContextWithoutSelf, context.checkpoints.iter().any(|(id, state)| *id == me && state.in_sync))?;

        let in_sync: SmallVec<[AllocationId; 3]> =
            self.checkpoints().filter(|(_, state)| state.in_sync).map(|(id, _)| id).collect();
        let mut next = self.clone();
        next.primary_mode = true;
        next.applied_version = context.version;
        next.routing = context.routing.clone();
        next.checkpoints = context.checkpoints.clone();
        next.global_checkpoint = self.global_checkpoint.max(context.global_checkpoint);
        next.recompute_global_checkpoint(rules);
        if self.applied_version > context.version {
            next.update_from_master(rules, self.applied_version, &in_sync, &self.routing)?;
        }
        *self = next;
        Ok(())
    }
}
