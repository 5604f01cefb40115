//! Peer recovery: a new copy gets what the primary has.
//!
//! ```text
//!   target                                    source (primary)
//!     ── Start: from its global checkpoint ──▶ by operations, or by files
//!     ◀── Prepare (files) ──────────────────── phase 1
//!     opens its engine
//!     ── Prepared ───────────────────────────▶ tracks the target: it gets every write from now on
//!     ◀── Operations ───────────────────────── and only then takes the snapshot (phase 2)
//!     ── RecoveredTo its local checkpoint ───▶ marks it in-sync; if it is behind, waits for it
//!     ◀── Finalize ─────────────────────────── the global checkpoint, and what to trim
//!     ── ShardStarted ──▶ master: now in the in-sync set
//! ```
//!
//! A write that is indexed before the target is tracked is in the snapshot; one
//! that comes later is sent to it.

use smallvec::SmallVec;

use super::message::{Files, Placed, Recovery, ShardMsg};
use super::rules::{Duty, IdWritten, Refusal, ShardRules};
use super::state::{Copy, NO_HISTORY, SourceRecovery, SourceStage, Stage};
use super::turn::Turn;
use crate::allocation::StartedShard;
use crate::node_set::NodeId;
use crate::replication::tracker::InSyncOutcome;
use crate::replication::{AllocationId, PrimaryTerm, SeqNo, UNASSIGNED_SEQ_NO, global_checkpoint_on_replica};

impl<R: ShardRules> Turn<'_, R> {
    /// `PeerRecoveryTargetService`: the target asks, naming what it can be sure
    /// of: what lies below its persisted global checkpoint.
    pub(super) fn ask_for_recovery(&mut self) {
        let store = self.node.disk.store.as_ref().expect("the copy is on disk");
        let starting_seq_no = match store.history != NO_HISTORY {
            false => UNASSIGNED_SEQ_NO,
            true if self.rules().does(Duty::StartFromGlobalCheckpoint) => store.global_checkpoint + 1,
            true => store.log.max_seq_no() + 1,
        };
        let step = Recovery::Start { starting_seq_no, history: store.history };
        self.send_to_primary(step);
    }

    fn send_to_primary(&mut self, step: Recovery) {
        let primary = self.node.applied.as_ref().and_then(|applied| applied.primary().node());
        let copy = self.copy();
        let (target, primary_term) = (copy.allocation_id, copy.terms.pending);
        if let Some(primary) = primary {
            self.send(primary, ShardMsg::Recovery { target, primary_term, step });
        }
    }

    /// A step of a recovery, for the source or for the target.
    pub(super) fn on_recovery(
        &mut self,
        from: NodeId,
        target: AllocationId,
        primary_term: PrimaryTerm,
        step: Recovery,
    ) -> Result<(), Refusal> {
        let rules = self.rules();
        match step {
            Recovery::Start { starting_seq_no, history } => {
                let step = match self.on_start_recovery(target, primary_term, starting_seq_no, history) {
                    Ok(files) => Recovery::Prepare { files },
                    Err(_) => Recovery::Delay,
                };
                self.send(from, ShardMsg::Recovery { target, primary_term, step });
                Ok(())
            }
            Recovery::Prepared => self.on_prepared(from, target, primary_term),
            Recovery::RecoveredTo { local_checkpoint } => self.on_recovered_to(target, primary_term, local_checkpoint),
            step => {
                let copy = self.node.copy.as_mut().ok_or(Refusal::NoCopy)?;
                let same = copy.allocation_id == target && copy.terms.pending == primary_term;
                rules.admit(Refusal::RecoveryOutOfStep, same)?;
                match step {
                    Recovery::Delay => self.on_delay(),
                    Recovery::Prepare { files } => self.on_prepare(files),
                    Recovery::Operations(operations) => self.on_operations(&operations),
                    Recovery::Finalize { global_checkpoint, trim_above } => self.on_finalize(global_checkpoint, trim_above),
                    _ => Err(Refusal::RecoveryOutOfStep),
                }
            }
        }
    }

    /// `RecoverySourceHandler.recoverToTarget`: whether operations are enough, or
    /// files have to be sent.
    fn on_start_recovery(
        &mut self,
        target: AllocationId,
        primary_term: PrimaryTerm,
        starting_seq_no: SeqNo,
        history: PrimaryTerm,
    ) -> Result<Option<Files>, Refusal> {
        let rules = self.rules();
        let copy = self.node.copy.as_mut().filter(|copy| copy.tracker.primary_mode() && copy.terms.operation == primary_term);
        let Some(copy) = copy else { return Err(Refusal::CannotRecoverFromHere) };
        rules.admit(Refusal::CannotRecoverFromHere, copy.tracker.checkpoint(target).is_some())?;
        rules.admit(Refusal::RecoveryOutOfStep, copy.recoveries.iter().all(|known| known.target != target))?;

        let same_history = rules.admit(Refusal::HistoryDiffers, history == copy.history).is_ok();
        let by_operations = starting_seq_no != UNASSIGNED_SEQ_NO && same_history;
        let global_checkpoint = copy.tracker.global_checkpoint();
        let starting_seq_no = if by_operations { starting_seq_no } else { global_checkpoint + 1 };
        let early = !rules.does(Duty::TrackBeforeSnapshot);
        let snapshot = early.then(|| copy.history_from(starting_seq_no));
        copy.recoveries.push(SourceRecovery { target, stage: SourceStage::Preparing, starting_seq_no, snapshot });
        copy.recoveries.sort_unstable();
        Ok((!by_operations).then(|| Files {
            log: copy.log.clone().cut_above(global_checkpoint),
            global_checkpoint,
            history: copy.history,
        }))
    }

    /// The source knows the target by a later cluster state: ask again.
    fn on_delay(&mut self) -> Result<(), Refusal> {
        self.rules().admit(Refusal::RecoveryOutOfStep, self.copy().stage == Stage::Recovering)?;
        self.ask_for_recovery();
        Ok(())
    }

    /// `RecoveryTarget.cleanFiles`, `prepareForTranslogOperations`: the engine opens.
    fn on_prepare(&mut self, files: Option<Files>) -> Result<(), Refusal> {
        let rules = self.rules();
        rules.admit(Refusal::RecoveryOutOfStep, self.copy().stage == Stage::Recovering)?;
        let replaced = files.is_some();
        let kept = self.node.disk.store.as_ref().expect("the copy is on disk").global_checkpoint;
        let copy = self.copy();
        let global_checkpoint = match files {
            Some(files) => {
                (copy.log, copy.history) = (files.log, files.history);
                files.global_checkpoint
            }
            None => {
                copy.log = std::mem::take(&mut copy.log).mark_pending_above(kept);
                kept
            }
        };
        copy.tracker.update_global_checkpoint_on_replica(global_checkpoint);
        copy.stage = Stage::Open;
        if replaced && rules.id_written() == IdWritten::WhenReplaced {
            self.write_id();
        }
        self.send_to_primary(Recovery::Prepared);
        Ok(())
    }

    /// Phase 2: track, then look where the history ends, then send it.
    fn on_prepared(&mut self, from: NodeId, target: AllocationId, primary_term: PrimaryTerm) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.source_of(target, primary_term, SourceStage::Preparing)?;
        let tracked = copy.tracker.initiate_tracking(rules, target);
        tracked.map_err(|_| Refusal::CannotRecoverFromHere)?;
        let known = copy.recoveries.iter().position(|known| known.target == target).expect("asked above");
        copy.recoveries[known].stage = SourceStage::Sending;
        let starting_seq_no = copy.recoveries[known].starting_seq_no;
        let operations = copy.recoveries[known].snapshot.take().unwrap_or_else(|| copy.history_from(starting_seq_no));
        self.send(from, ShardMsg::Recovery { target, primary_term, step: Recovery::Operations(operations) });
        Ok(())
    }

    fn on_operations(&mut self, operations: &[Placed]) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.copy();
        rules.admit(Refusal::RecoveryOutOfStep, copy.stage == Stage::Open)?;
        for (seq_no, operation) in operations {
            copy.store(rules, *seq_no, *operation);
        }
        let local_checkpoint = rules.local_checkpoint(&copy.log);
        self.send_to_primary(Recovery::RecoveredTo { local_checkpoint });
        Ok(())
    }

    /// `RecoverySourceHandler.finalizeRecovery`.
    fn on_recovered_to(
        &mut self,
        target: AllocationId,
        primary_term: PrimaryTerm,
        local_checkpoint: SeqNo,
    ) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.source_of(target, primary_term, SourceStage::Sending)?;
        let marked = copy.tracker.mark_as_in_sync(rules, target, local_checkpoint);
        let outcome = marked.map_err(|_| Refusal::CannotRecoverFromHere)?;
        let known = copy.recoveries.iter_mut().find(|known| known.target == target).expect("asked above");
        known.stage = SourceStage::CatchingUp;
        if outcome == InSyncOutcome::InSync {
            self.catch_up_recoveries();
        }
        Ok(())
    }

    /// Ends the recoveries whose targets have become in-sync.
    pub(super) fn catch_up_recoveries(&mut self) {
        let copy = self.copy();
        let (tracker, primary_term) = (&copy.tracker, copy.terms.operation);
        let global_checkpoint = tracker.global_checkpoint();
        let in_sync = |known: &SourceRecovery| {
            known.stage == SourceStage::CatchingUp && tracker.checkpoint(known.target).is_some_and(|state| state.in_sync)
        };
        let ready: Vec<(AllocationId, SeqNo)> =
            copy.recoveries.iter().filter(|known| in_sync(known)).map(|known| (known.target, known.starting_seq_no)).collect();
        copy.recoveries.retain(|known| ready.iter().all(|(target, _)| *target != known.target));
        for (target, starting_seq_no) in ready {
            let step = Recovery::Finalize { global_checkpoint, trim_above: starting_seq_no - 1 };
            if let Some(node) = self.node_of(target) {
                self.send(node, ShardMsg::Recovery { target, primary_term, step });
            }
        }
    }

    /// `RecoveryTarget.finalizeRecovery`.
    fn on_finalize(&mut self, global_checkpoint: SeqNo, trim_above: SeqNo) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.copy();
        rules.admit(Refusal::RecoveryOutOfStep, copy.stage == Stage::Open)?;
        let (known, local_checkpoint) = (copy.tracker.global_checkpoint(), rules.local_checkpoint(&copy.log));
        if let Ok(taken) = global_checkpoint_on_replica(rules, known, global_checkpoint, local_checkpoint) {
            copy.tracker.update_global_checkpoint_on_replica(taken);
        }
        if rules.does(Duty::TrimAfterRecovery) {
            copy.log = std::mem::take(&mut copy.log).without_pending_above(trim_above);
        }
        copy.stage = Stage::PostRecovery;
        let (allocation_id, primary_term) = (copy.allocation_id, copy.terms.pending);
        if let Some(store) = &mut self.node.disk.store
            && store.allocation_id != allocation_id
            && rules.id_written() == IdWritten::WhenReplaced
        {
            store.successor = Some(allocation_id);
        }
        self.send_to_master(ShardMsg::ShardStarted(StartedShard { allocation_id, primary_term }));
        Ok(())
    }

    /// The copy, where it is the source of this recovery, and the recovery has come so far.
    fn source_of(&mut self, target: AllocationId, primary_term: PrimaryTerm, stage: SourceStage) -> Result<&mut Copy, Refusal> {
        let rules = self.rules();
        let own = self.node.copy.as_mut().filter(|copy| copy.tracker.primary_mode() && copy.terms.operation == primary_term);
        let Some(copy) = own else { return Err(Refusal::CannotRecoverFromHere) };
        let in_step = copy.recoveries.iter().any(|known| known.target == target && known.stage == stage);
        rules.admit(Refusal::RecoveryOutOfStep, in_step)?;
        Ok(copy)
    }
}

impl Copy {
    /// The operations from `starting_seq_no` on, as a snapshot for a recovery.
    fn history_from(&self, starting_seq_no: SeqNo) -> SmallVec<[Placed; 2]> {
        let from = self.log.iter().filter(|(seq_no, _)| *seq_no >= starting_seq_no);
        from.map(|(seq_no, operation)| (seq_no, *operation)).collect()
    }
}
