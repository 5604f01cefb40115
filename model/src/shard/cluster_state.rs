//! A data node follows the committed cluster state: it makes its copy, closes
//! it, starts it, promotes it. (`IndicesClusterStateService`, `IndexShard.updateShardState`)
//!
//! ```text
//!   the routing table says       there is no copy             there is one
//!     nothing of this node       –                            close it, keep the data
//!     initializing               make one, recover            recovered: say so again
//!     active                     report it as failed          recovered: it serves
//!     active primary             report it as failed          was a replica: promote it
//! ```

use super::message::{Outcome, ReplicaAction, ShardMsg};
use super::rules::{Duty, IdWritten, Refusal, ShardRules};
use super::state::{Copy, NO_HISTORY, OperationId, OwnReport, Stage, Store};
use super::turn::Turn;
use crate::allocation::{AssignedShard, FailedShard, RecoverySource, ShardAllocation, StartedShard};
use crate::node_set::NodeSet;
use crate::replication::{
    AllocationId, CopyTerms, NO_OPS_PERFORMED, PrimaryTerm, ReplicationRequest, ReplicationTracker, Resync, RuleSet, TrimRequest,
};

impl<R: ShardRules> Turn<'_, R> {
    /// The coordination layer has a committed state for this node.
    pub(super) fn on_cluster_state(&mut self, life: u8, state: ShardAllocation) -> Result<(), Refusal> {
        let rules = self.rules();
        rules.admit(Refusal::AnotherLife, life == self.node.disk.life)?;
        let newer = self.node.applied.as_ref().is_none_or(|applied| state.version > applied.version);
        rules.admit(Refusal::ClusterStateNotApplied, newer)?;

        let routed = state.copy_on(self.me);
        let term = state.primary_term;
        self.node.applied = Some(state);
        if self.node.copy.as_ref().is_some_and(|copy| !copy.continues(rules, routed, term)) {
            self.close();
        }
        self.node.failed = self.node.failed.filter(|failed| routed.is_some_and(|routed| routed.allocation_id == *failed));
        match (self.node.copy.is_some(), routed) {
            (true, Some(routed)) => self.follow(routed, term),
            // What has failed is not made again before the master has taken it away.
            (false, Some(routed)) if self.node.failed.is_some() => self.report_own(routed.allocation_id),
            (false, Some(routed)) => match routed.recovers_from {
                Some(source) => self.make(routed, source, term),
                None => self.report_own(routed.allocation_id),
            },
            (_, None) => {}
        }
        Ok(())
    }

    /// The copy is gone from memory; what is on disk stays.
    fn close(&mut self) {
        let Some(copy) = self.node.copy.take() else { return };
        for request in copy.operations.iter().filter_map(|operation| operation.request) {
            self.tell_client(request, Outcome::Unknown);
        }
    }

    /// The copy cannot go on: it is closed, and the master hears of it.
    pub(super) fn on_engine_failed(&mut self) -> Result<(), Refusal> {
        let id = self.node.copy.as_ref().ok_or(Refusal::NoCopy)?.allocation_id;
        self.close();
        self.report_own(id);
        Ok(())
    }

    /// A node reports its own copy, in no term (`ShardStateAction.localShardFailed`);
    /// one report at a time. (In Elasticsearch a second one is made at the next
    /// cluster state; where there is none, a copy that failed stays initializing.)
    pub(super) fn report_own(&mut self, allocation_id: AllocationId) {
        self.node.failed = Some(allocation_id);
        let again = self.node.reporting.is_some_and(|report| report.allocation_id == allocation_id);
        self.node.reporting = Some(OwnReport { allocation_id, again });
        if !again {
            self.send_own_report(allocation_id);
        }
    }

    pub(super) fn send_own_report(&mut self, allocation_id: AllocationId) {
        self.send_to_master(ShardMsg::ShardFailed(FailedShard { allocation_id, primary_term: 0, mark_as_stale: true }));
    }

    fn report_started(&mut self) {
        let copy = self.copy();
        let (allocation_id, primary_term) = (copy.allocation_id, copy.terms.pending);
        self.send_to_master(ShardMsg::ShardStarted(StartedShard { allocation_id, primary_term }));
    }

    /// `IndicesClusterStateService.createShard`: the allocation id is on disk
    /// before anything else, so that nobody takes what is there for the copy
    /// that it was.
    fn make(&mut self, routed: AssignedShard, source: RecoverySource, term: PrimaryTerm) {
        let rules = self.rules();
        let AssignedShard { allocation_id, primary, .. } = routed;
        let history = if source == RecoverySource::EmptyStore { term } else { NO_HISTORY };
        let empty = || Store {
            allocation_id,
            successor: None,
            primary,
            log: Default::default(),
            global_checkpoint: NO_OPS_PERFORMED,
            history,
        };
        let kept = self.node.disk.store.take().filter(|_| source != RecoverySource::EmptyStore);
        let has_data = kept.is_some();
        if !has_data && matches!(source, RecoverySource::ExistingStore | RecoverySource::ForcedStale) {
            return self.report_own(allocation_id); // nothing to recover from
        }
        let mut store = kept.unwrap_or_else(empty);
        let recovers_from_peer = source == RecoverySource::Peer;
        if !recovers_from_peer || !has_data || rules.id_written() == IdWritten::WhenMade {
            (store.allocation_id, store.successor, store.primary) = (allocation_id, None, primary);
        }
        let known = if recovers_from_peer { NO_OPS_PERFORMED } else { store.global_checkpoint };
        let mut copy = Copy {
            allocation_id,
            primary,
            stage: Stage::Recovering,
            terms: CopyTerms::new(term),
            tracker: ReplicationTracker::new(allocation_id, known),
            log: store.log.clone(),
            history: store.history,
            operations: Default::default(),
            recoveries: Default::default(),
        };
        if !recovers_from_peer {
            copy.recover_from_disk(rules, source == RecoverySource::ForcedStale, term);
        }
        self.node.disk.store = Some(store);
        self.node.copy = Some(copy);
        self.update_from_master();
        if recovers_from_peer {
            self.ask_for_recovery();
        } else {
            self.report_started();
        }
    }

    /// The copy stays, and hears what is new.
    fn follow(&mut self, routed: AssignedShard, term: PrimaryTerm) {
        self.update_from_master();
        let copy = self.copy();
        match routed.recovers_from {
            Some(_) if copy.stage == Stage::PostRecovery => self.report_started(),
            Some(_) => {}
            None => {
                if copy.stage == Stage::PostRecovery {
                    copy.stage = Stage::Started;
                    self.write_id();
                }
                let copy = self.copy();
                if routed.primary && !copy.primary {
                    self.promote(term);
                } else if routed.primary && !copy.tracker.primary_mode() {
                    self.activate();
                }
            }
        }
        self.catch_up_recoveries();
        self.finish();
    }

    /// From now on, what is on disk is this copy.
    pub(super) fn write_id(&mut self) {
        let (allocation_id, primary) = (self.copy().allocation_id, self.copy().primary);
        if let Some(store) = &mut self.node.disk.store {
            (store.allocation_id, store.successor, store.primary) = (allocation_id, None, primary);
        }
    }

    fn update_from_master(&mut self) {
        let rules = self.rules();
        let applied = self.node.applied.clone().expect("applied before it is followed");
        let copy = self.copy();
        // Refused where the master knows an in-sync copy that its primary does
        // not, which `InSyncCopiesAreTracked` says never happens.
        _ = copy.tracker.update_from_master(rules, applied.version, &applied.in_sync, &applied.tracker_view());
        copy.recoveries.retain(|recovery| copy.tracker.checkpoint(recovery.target).is_some());
    }

    /// A primary that has recovered from its disk serves.
    fn activate(&mut self) {
        let rules = self.rules();
        let copy = self.copy();
        copy.primary = true;
        _ = copy.tracker.activate_primary_mode(rules, rules.local_checkpoint(&copy.log));
    }

    /// `IndexShard.bumpPrimaryTerm`: a replica is primary from now on. It closes
    /// its history, and sends what lies above the global checkpoint to the others.
    fn promote(&mut self, term: PrimaryTerm) {
        let rules = self.rules();
        let copy = self.copy();
        copy.terms.enter(term);
        self.activate();
        let copy = self.copy();
        copy.close_history(rules, term);
        let (own, local_checkpoint) = (copy.allocation_id, rules.local_checkpoint(&copy.log));
        _ = copy.tracker.update_local_checkpoint(rules, own, local_checkpoint);
        if let Some(disk) = &mut self.node.disk.store {
            disk.primary = true;
        }
        self.resync();
    }

    /// `PrimaryReplicaSyncer.resync`.
    fn resync(&mut self) {
        let rules = self.rules();
        let copy = self.copy();
        let (primary_term, global_checkpoint) = (copy.terms.operation, copy.tracker.global_checkpoint());
        let above = copy.log.iter().filter(|(seq_no, _)| *seq_no > global_checkpoint);
        let operations = above.map(|(seq_no, operation)| ReplicationRequest {
            primary_term,
            seq_no,
            stored_term: operation.term,
            source: operation.source,
            global_checkpoint,
        });
        let trim = Some(TrimRequest { primary_term, above: copy.log.max_seq_no(), global_checkpoint });
        let all = Resync { replicas: NodeSet::EMPTY, operations: operations.collect(), trim };
        let resync = rules.resync(all);
        if resync.operations.is_empty() && resync.trim.is_none() {
            return;
        }
        let placed = |request: &ReplicationRequest<_>| {
            (request.seq_no, crate::replication::Operation::confirmed(request.stored_term, request.source))
        };
        let operations = resync.operations.iter().map(placed).collect();
        let trim_above = resync.trim.map(|trim| trim.above);
        self.replicate(OperationId::Resync, None, &ReplicaAction::Resync { operations, trim_above });
    }
}

impl Copy {
    /// Whether this copy is the one that the routing table has here. A copy that
    /// is to initialise again, after it was active or in a newer term, starts over.
    fn continues(&self, rules: &impl ShardRules, routed: Option<AssignedShard>, term: PrimaryTerm) -> bool {
        let Some(routed) = routed else { return !rules.does(Duty::CloseUnassignedCopies) };
        let again = routed.recovers_from.is_some()
            && (self.stage == Stage::Started || routed.primary != self.primary || routed.primary && term > self.terms.pending);
        routed.allocation_id == self.allocation_id && !(again && rules.does(Duty::StartOverWhenInitializedAgain))
    }

    /// `StoreRecovery`: everything that is on disk counts, gaps are filled. A copy
    /// that is forced has a history of its own from now on, so that nobody takes
    /// what the lost copies had for a part of it.
    fn recover_from_disk(&mut self, rules: &impl ShardRules, forced: bool, term: PrimaryTerm) {
        if forced && rules.does(Duty::BeginHistoryWhenForced) {
            self.history = term;
        }
        self.close_history(rules, term);
        self.stage = Stage::PostRecovery;
    }

    /// What was rolled back is taken into the index again, and gaps are filled
    /// with no-ops of this term (`restoreLocalHistoryFromTranslog`, `fillSeqNoGaps`).
    fn close_history(&mut self, rules: &impl RuleSet, term: PrimaryTerm) {
        let log = std::mem::take(&mut self.log);
        self.log = rules.fill_and_confirm(log, self.tracker.global_checkpoint(), term);
    }
}
