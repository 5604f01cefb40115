//! The write path of a primary, and what it does with the answers.
//!
//! ```text
//!   client        primary                          copies              master
//!     ── Write ──▶ index, give a number
//!                  sample: global checkpoint, group
//!                  ──── Replicate ───────────────▶ every tracked copy
//!                  ──── ShardFailed (stale) ─────────────────────────▶ in-sync copies that nobody has
//!                  ◀─── Done, or Failed ──────────┘
//!                  ──── ShardFailed (stale) ─────────────────────────▶ copies that failed
//!                  ◀─────────────────────────────────── answered once it is committed
//!     ◀── Acknowledged: nothing is waited for any more
//! ```
//!
//! The acknowledgement does not look at the global checkpoint: every copy in the
//! in-sync set has the operation, or is in it no longer.

use smallvec::SmallVec;

use super::message::{Change, Expected, Outcome, PrimaryTarget, ReplicaAction, ReplicaResponse, ReplicaResult, ShardMsg};
use super::rules::{Duty, Refusal, ShardRules};
use super::state::{Copy, OperationId, ReplicationOperation, Report, Stage};
use super::turn::Turn;
use crate::allocation::FailedShard;
use crate::replication::{AllocationId, Operation, PrimaryTerm, Progress};

impl<R: ShardRules> Turn<'_, R> {
    /// `TransportReplicationAction.AsyncPrimaryAction`, `ReplicationOperation.execute`.
    pub(super) fn on_write(&mut self, target: PrimaryTarget, change: Change, expected: Option<Expected>) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.node.copy.as_mut().ok_or(Refusal::NoCopy)?;
        let ids = (copy.allocation_id, target.allocation_id);
        let admitted = copy.terms.admit_primary_request(rules, ids, target.primary_term, copy.tracker.primary_mode());
        admitted.map_err(|_| Refusal::AnswerForAnotherPrimary)?;
        let as_expected = expected.is_none_or(|expected| copy.last_of(change.document) == Some(expected));
        if rules.admit(Refusal::UnexpectedVersion, as_expected).is_err() {
            self.tell_client(change.request, Outcome::VersionConflict);
            return Ok(());
        }

        let seq_no = rules.next_seq_no(&copy.log);
        let operation = Operation::confirmed(copy.terms.operation, Some(change));
        copy.log.put(seq_no, operation);
        self.replicate(OperationId::Write(seq_no), Some(change.request), &ReplicaAction::Replicate(seq_no, operation));
        self.count_own();
        self.finish();
        Ok(())
    }

    /// Sends something to every copy, and has the master fail those that cannot
    /// be reached because nobody has them.
    pub(super) fn replicate(&mut self, id: OperationId, request: Option<u8>, action: &ReplicaAction) {
        let rules = self.rules();
        let copy = self.copy();
        let global_checkpoint = copy.tracker.global_checkpoint();
        let Some(mut group) = copy.tracker.replication_group() else { return };
        if !rules.does(Duty::ReplicateToRecoveringCopies) {
            let tracker = &copy.tracker;
            group.targets.retain(|id| tracker.checkpoint(*id).is_some_and(|state| state.in_sync));
        }
        let copies: SmallVec<[AllocationId; 2]> = group.targets.iter().copied().collect();
        copy.operations.push(ReplicationOperation { id, request, copies: copies.clone(), reports: SmallVec::new() });
        copy.operations.sort_unstable();
        if matches!(id, OperationId::Write(_)) && rules.does(Duty::FailUnavailableCopies) {
            for allocation_id in group.unavailable_in_sync {
                self.report(id, Report { allocation_id, mark_as_stale: true });
            }
        }
        for target in copies {
            self.send_to_copy(target, global_checkpoint, action.clone());
        }
    }

    /// The primary's own local checkpoint, once its operations are on disk.
    fn count_own(&mut self) {
        let rules = self.rules();
        let copy = self.copy();
        let (own, local_checkpoint) = (copy.allocation_id, rules.local_checkpoint(&copy.log));
        _ = copy.tracker.update_local_checkpoint(rules, own, local_checkpoint);
    }

    /// `ReplicationOperation.performOnReplica`: a copy has answered.
    pub(super) fn on_replica_response(&mut self, response: ReplicaResponse) -> Result<(), Refusal> {
        let ReplicaResponse { source, primary, operation, result } = response;
        let rules = self.rules();
        let own = self.node.copy.as_ref().filter(|copy| copy.tracker.primary_mode()).map(Copy::as_target);
        rules.admit(Refusal::AnswerForAnotherPrimary, own.ok_or(Refusal::NoCopy)? == primary)?;
        match result {
            ReplicaResult::Done { local_checkpoint, global_checkpoint } => {
                let tracker = &mut self.copy().tracker;
                // What the tracker does not know any more counts no longer.
                _ = tracker.update_local_checkpoint(rules, source, local_checkpoint);
                _ = tracker.update_persisted_global_checkpoint(rules, source, global_checkpoint);
                self.answered(operation, source);
            }
            ReplicaResult::Failed => self.failed(operation, source),
        }
        self.catch_up_recoveries();
        self.finish();
        Ok(())
    }

    /// A request to a copy has failed on the way, or took too long.
    pub(super) fn on_request_failed(&mut self, operation: OperationId, target: AllocationId) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.node.copy.as_ref().ok_or(Refusal::NoCopy)?;
        let waits = copy.operations.iter().any(|known| known.id == operation && known.copies.contains(&target));
        rules.admit(Refusal::NothingWaits, waits)?;
        self.failed(operation, target);
        self.finish();
        Ok(())
    }

    /// Nothing more is expected of a copy.
    fn answered(&mut self, operation: OperationId, source: AllocationId) {
        for known in self.copy().operations.iter_mut().filter(|known| known.id == operation) {
            known.copies.retain(|copy| *copy != source);
        }
    }

    /// A copy did not do as told: the master has to fail it, before the
    /// operation goes on. A copy that misses a write is stale; one that misses
    /// a resync is not, and the background sync is sent again anyway.
    fn failed(&mut self, operation: OperationId, source: AllocationId) {
        let rules = self.rules();
        let waited = self.copy().operations.iter().any(|known| known.id == operation && known.copies.contains(&source));
        self.answered(operation, source);
        let resync = operation == OperationId::Resync;
        if waited && operation != OperationId::SyncGlobalCheckpoint && rules.reports_failed_copy(resync) {
            let mark_as_stale = !resync || !rules.does(Duty::KeepInSyncAfterResync);
            self.report(operation, Report { allocation_id: source, mark_as_stale });
        }
    }

    /// `ShardStateAction.remoteShardFailed`: an operation waits for the master's
    /// answer; the same report is sent once.
    fn report(&mut self, operation: OperationId, report: Report) {
        let copy = self.copy();
        let sent = copy.operations.iter().any(|known| known.reports.contains(&report));
        for known in copy.operations.iter_mut().filter(|known| known.id == operation) {
            known.reports.push(report);
            known.reports.sort_unstable();
        }
        if !sent {
            self.send_report(report);
        }
    }

    fn send_report(&mut self, Report { allocation_id, mark_as_stale }: Report) {
        let primary_term = self.copy().terms.operation;
        self.send_to_master(ShardMsg::ShardFailed(FailedShard { allocation_id, primary_term, mark_as_stale }));
    }

    /// The master did not answer: the report is sent again.
    pub(super) fn on_master_unavailable(&mut self, report: Report) -> Result<(), Refusal> {
        let rules = self.rules();
        if self.node.reporting.is_some_and(|own| own.allocation_id == report.allocation_id) {
            self.send_own_report(report.allocation_id);
            return Ok(());
        }
        let copy = self.node.copy.as_ref();
        let waits = copy.is_some_and(|copy| copy.operations.iter().any(|known| known.reports.contains(&report)));
        rules.admit(Refusal::NothingWaits, waits && rules.does(Duty::RepeatReports))?;
        self.send_report(report);
        Ok(())
    }

    /// The master has failed a copy, or says that this primary has been replaced.
    pub(super) fn on_shard_failed_response(
        &mut self,
        report: Report,
        primary_term: PrimaryTerm,
        no_longer_primary: bool,
    ) -> Result<(), Refusal> {
        let rules = self.rules();
        if primary_term == 0 {
            return self.on_own_report_answered(report.allocation_id);
        }
        let own = self.node.copy.as_ref().filter(|copy| copy.tracker.primary_mode());
        let own = own.ok_or(Refusal::NoCopy)?;
        rules.admit(Refusal::AnswerForAnotherPrimary, own.terms.operation == primary_term)?;
        let waits = own.operations.iter().any(|known| known.reports.contains(&report));
        rules.admit(Refusal::NothingWaits, waits)?;
        if no_longer_primary && rules.does(Duty::FailWhenReplaced) {
            return self.on_engine_failed();
        }
        for known in &mut self.copy().operations {
            known.reports.retain(|known| *known != report);
        }
        self.finish();
        Ok(())
    }

    /// The master has handled a report about this node's own copy. If it came
    /// back here since, as the node skipped the state that took it away, the
    /// master has to hear of it once more.
    fn on_own_report_answered(&mut self, allocation_id: AllocationId) -> Result<(), Refusal> {
        let own = self.node.reporting.take_if(|own| own.allocation_id == allocation_id).ok_or(Refusal::NothingWaits)?;
        if own.again && self.node.failed == Some(allocation_id) {
            self.report_own(allocation_id);
        }
        Ok(())
    }

    /// Ends the operations that wait for nothing any more.
    pub(super) fn finish(&mut self) {
        let rules = self.rules();
        let copy = self.copy();
        let mut acknowledged = Vec::new();
        let primary_term = copy.terms.operation;
        copy.operations.retain(|operation| {
            let answers_outstanding = !operation.copies.is_empty() || !operation.reports.is_empty();
            let OperationId::Write(seq_no) = operation.id else { return answers_outstanding };
            let progress = Progress { from_client: true, answers_outstanding, reported_as_failed: false };
            let ends = progress.may_acknowledge(rules).is_ok();
            if ends && let Some(request) = operation.request {
                acknowledged.push((request, Outcome::Acknowledged { seq_no, primary_term }));
            }
            !ends
        });
        for (request, outcome) in acknowledged {
            self.tell_client(request, outcome);
        }
    }

    /// `GlobalCheckpointSyncAction`: copies are told the global checkpoint.
    pub(super) fn sync_global_checkpoint(&mut self) {
        if self.rules().does(Duty::SyncGlobalCheckpoint) && self.node.copy.is_some() {
            self.replicate(OperationId::SyncGlobalCheckpoint, None, &ReplicaAction::SyncGlobalCheckpoint);
        }
    }

    /// A read of one document, here and now.
    pub(super) fn on_get(&mut self, request: u8, document: u8) -> Result<(), Refusal> {
        let rules = self.rules();
        let copy = self.node.copy.as_mut().ok_or(Refusal::NoCopy)?;
        rules.admit(Refusal::NotStarted, copy.stage == Stage::Started)?;
        let found = copy.contents(document).map(|change| change.request);
        self.sent.push((self.actor.settings.client(), ShardMsg::Got { request, found }));
        Ok(())
    }
}

impl Copy {
    /// The last operation on a document that is in the index.
    fn last_of(&self, document: u8) -> Option<Expected> {
        let (seq_no, operation) = self.last_operation(document)?;
        Some(Expected { seq_no, primary_term: operation.term })
    }

    /// What a read of a document finds: the last operation on it, unless that deletes it.
    pub fn contents(&self, document: u8) -> Option<Change> {
        self.last_operation(document)?.1.source.filter(|change| !change.delete)
    }

    fn last_operation(&self, document: u8) -> Option<(crate::replication::SeqNo, &Operation<Change>)> {
        let about = |operation: &Operation<Change>| operation.source.is_some_and(|change| change.document == document);
        self.log.iter().filter(|(_, operation)| !operation.pending_confirmation && about(operation)).last()
    }
}
