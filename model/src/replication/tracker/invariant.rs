//! What is true of a tracker after every call: the assertions of
//! `ReplicationTracker.invariant`, in their own words and arithmetic.

use super::ReplicationTracker;
use super::membership::assigned_ids;
use crate::property::Verdict;
use crate::replication::types::UNASSIGNED_SEQ_NO;

impl ReplicationTracker {
    /// Every invariant that does not speak of retention leases (i to x of the
    /// list in the project's notes; xi is about leases, and xii about a cache
    /// that this tracker does not have).
    pub fn invariant(&self) -> Verdict {
        let claim = |holds: bool, text: &str| {
            if holds { Ok(()) } else { Err(format!("tracker of {}: {text}: {self:?}", self.allocation_id)) }
        };
        let entry = |id| self.checkpoints.iter().find(|(known, _)| *known == id).map(|(_, state)| state);
        let none_known = self
            .checkpoints
            .iter()
            .all(|(_, state)| state.local_checkpoint == UNASSIGNED_SEQ_NO && state.global_checkpoint == UNASSIGNED_SEQ_NO);
        claim(self.primary_mode || none_known, "checkpoints are known in primary mode only")?;
        claim(!self.handoff_in_progress || self.primary_mode, "only a primary hands over")?;
        claim(!self.relocated || !self.primary_mode, "who has handed over is no primary")?;
        if self.primary_mode {
            let in_sync = entry(self.allocation_id).is_some_and(|state| state.in_sync);
            claim(in_sync, "a primary is in-sync")?;
            let me = Some(self.allocation_id);
            let routed =
                self.routing.iter().any(|copy| copy.primary && (Some(copy.allocation_id) == me || copy.relocation_target == me));
            claim(routed, "a primary is routed as primary")?;
            self.global_checkpoint_is_what_it_should_be()?;
        }
        claim(!self.handoff_in_progress || self.pending_in_sync.is_empty(), "a handoff waits for pending copies")?;
        let may_be_pending = self.primary_mode && !self.handoff_in_progress;
        claim(self.pending_in_sync.is_empty() || may_be_pending, "only a primary has pending copies")?;
        claim(assigned_ids(&self.routing).all(|id| entry(id).is_some()), "every assigned copy is known")?;
        for id in &self.pending_in_sync {
            let waits = entry(*id).is_some_and(|state| state.tracked && !state.in_sync);
            claim(waits, "a pending copy is tracked and not in-sync")?;
        }
        claim(self.checkpoints.iter().all(|(_, state)| state.tracked || !state.in_sync), "in-sync copies are tracked")
    }

    fn global_checkpoint_is_what_it_should_be(&self) -> Verdict {
        let mut known = Vec::new();
        let mut all_known = self.pending_in_sync.is_empty();
        for (id, state) in self.checkpoints.iter().filter(|(_, state)| state.in_sync) {
            if state.local_checkpoint == UNASSIGNED_SEQ_NO {
                all_known = false;
            } else if state.local_checkpoint < self.global_checkpoint {
                return Err(format!(
                    "in-sync copy {id} has local checkpoint {} below the global checkpoint {}",
                    state.local_checkpoint, self.global_checkpoint
                ));
            }
            known.push(state.local_checkpoint);
        }
        match known.into_iter().min() {
            Some(least) if all_known && least != self.global_checkpoint => {
                Err(format!("every in-sync copy has {least}, and the global checkpoint is {}", self.global_checkpoint))
            }
            _ => Ok(()),
        }
    }
}
