//! The rules of this layer with something wrong.

use super::rules::{Duty, IdWritten, Refusal, ShardRules};
use crate::allocation::{self, AllocationIds, AllocationRules, PrimaryChange, RecoverySource, UnassignedReason};
use crate::node_set::NodeId;
use crate::replication::{
    self, AllocationId, Operation, PrimaryTerm, Rejection, Resync, RoutingTable, RuleSet, SeqNo, Translog, TrimRequest,
};

/// The rules with something wrong: in the replication rules, in the master's, or
/// in the actor itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardMutant {
    replication: replication::Mutant,
    allocation: allocation::Mutant,
    waived: u32,
    neglected: Option<Duty>,
    id_written: IdWritten,
}

/// A guard of any of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Of the replication rules.
    Replication(Rejection),
    /// Of the master.
    Allocation(allocation::Rejection),
    /// Of the actor.
    Actor(Refusal),
}

impl Guard {
    /// Every guard of this layer that can be left out.
    pub fn all() -> Vec<Guard> {
        // Relocation is not in the model yet.
        let relocation = [
            Rejection::HandoffInProgress,
            Rejection::NoHandoffInProgress,
            Rejection::HandoffTargetNotInSync,
            Rejection::ContextWithoutSelf,
        ];
        let own = Rejection::ALL[Rejection::OF_MODULE.len()..].iter().filter(move |guard| !relocation.contains(guard));
        let also = [Rejection::NotAClientRequest, Rejection::AnswersOutstanding, Rejection::ReportedAsFailed];
        let replication = also.iter().chain(own).map(|guard| Guard::Replication(*guard));
        let of_master = |guard: &&allocation::Rejection| !allocation::Rejection::STRUCTURAL.contains(guard);
        let allocation = allocation::Rejection::ALL.iter().filter(of_master).map(|guard| Guard::Allocation(*guard));
        let of_actor = |guard: &&Refusal| !Refusal::STRUCTURAL.contains(guard);
        let actor = Refusal::ALL.iter().filter(of_actor).map(|guard| Guard::Actor(*guard));
        replication.chain(allocation).chain(actor).collect()
    }

    /// As `--waive` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Replication(guard) => guard.name(),
            Guard::Allocation(guard) => guard.name(),
            Guard::Actor(guard) => guard.name(),
        }
    }
}

impl ShardMutant {
    /// These rules without one more guard.
    #[must_use]
    pub fn and_waiving(mut self, guard: Guard) -> Self {
        match guard {
            Guard::Replication(guard) => self.replication = self.replication.and_waiving(guard),
            Guard::Allocation(guard) => self.allocation = self.allocation.and_waiving(guard),
            Guard::Actor(guard) => self.waived |= 1 << guard as u32,
        }
        self
    }

    /// The rules without one guard.
    pub fn waiving(guard: Guard) -> Self {
        ShardMutant::default().and_waiving(guard)
    }

    /// The replication rules with one changed effect.
    pub fn with_replication(effect: replication::mutant::Effect) -> Self {
        ShardMutant { replication: replication::Mutant::with_effect(effect), ..ShardMutant::default() }
    }

    /// The master's rules with one changed effect.
    pub fn with_allocation(effect: allocation::Effect) -> Self {
        ShardMutant { allocation: allocation::Mutant::with_effect(effect), ..ShardMutant::default() }
    }

    /// The actor with another time at which allocation ids are written.
    pub fn with_id_written(id_written: IdWritten) -> Self {
        ShardMutant { id_written, ..ShardMutant::default() }
    }

    /// The actor without one of its duties.
    pub fn neglecting(duty: Duty) -> Self {
        ShardMutant { neglected: Some(duty), ..ShardMutant::default() }
    }
}

impl ShardRules for ShardMutant {
    fn admit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds || self.waived >> guard as u32 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn id_written(&self) -> IdWritten {
        self.id_written
    }

    fn does(&self, duty: Duty) -> bool {
        self.neglected != Some(duty)
    }
}

impl RuleSet for ShardMutant {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        self.replication.require(guard, holds)
    }

    fn next_seq_no<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        self.replication.next_seq_no(translog)
    }

    fn local_checkpoint<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        self.replication.local_checkpoint(translog)
    }

    fn store<V: Clone>(&self, translog: &mut Translog<V>, seq_no: SeqNo, operation: Operation<V>) {
        self.replication.store(translog, seq_no, operation);
    }

    fn replica_global_checkpoint(&self, known: SeqNo, received: SeqNo, new_term: bool) -> SeqNo {
        self.replication.replica_global_checkpoint(known, received, new_term)
    }

    fn roll_back<V: Clone>(&self, translog: Translog<V>, known: SeqNo, global_checkpoint: SeqNo) -> Translog<V> {
        self.replication.roll_back(translog, known, global_checkpoint)
    }

    fn fill_and_confirm<V: Clone>(&self, translog: Translog<V>, global_checkpoint: SeqNo, term: PrimaryTerm) -> Translog<V> {
        self.replication.fill_and_confirm(translog, global_checkpoint, term)
    }

    fn trim<V: Clone>(&self, translog: Translog<V>, request: &TrimRequest) -> Translog<V> {
        self.replication.trim(translog, request)
    }

    fn resync<V: Clone>(&self, resync: Resync<V>) -> Resync<V> {
        self.replication.resync(resync)
    }

    fn global_checkpoint(&self, local_checkpoints: &[SeqNo]) -> Option<SeqNo> {
        self.replication.global_checkpoint(local_checkpoints)
    }

    fn term_after_primary_failure(&self, term: PrimaryTerm) -> PrimaryTerm {
        self.replication.term_after_primary_failure(term)
    }

    fn routing_after_failure(&self, routing: &RoutingTable, node: NodeId, promoted: Option<NodeId>) -> RoutingTable {
        self.replication.routing_after_failure(routing, node, promoted)
    }

    fn reports_failed_copy(&self, resync: bool) -> bool {
        self.replication.reports_failed_copy(resync)
    }

    fn answer_consumes_request(&self) -> bool {
        self.replication.answer_consumes_request()
    }
}

impl AllocationRules for ShardMutant {
    fn require(&self, guard: allocation::Rejection, holds: bool) -> Result<(), allocation::Rejection> {
        self.allocation.require(guard, holds)
    }

    fn term_after(&self, term: PrimaryTerm, change: PrimaryChange) -> PrimaryTerm {
        self.allocation.term_after(term, change)
    }

    fn leaves_in_sync(&self, reason: UnassignedReason, marked_as_stale: bool) -> bool {
        self.allocation.leaves_in_sync(reason, marked_as_stale)
    }

    fn removes_stale_ids(&self) -> bool {
        self.allocation.removes_stale_ids()
    }

    fn add_back_failed_primary(&self, remaining: &mut AllocationIds, failed: &[AllocationId]) {
        self.allocation.add_back_failed_primary(remaining, failed)
    }

    fn may_become_empty(&self) -> bool {
        self.allocation.may_become_empty()
    }

    fn recoveries_fail_with_primary(&self) -> bool {
        self.allocation.recoveries_fail_with_primary()
    }

    fn promotes(&self) -> bool {
        self.allocation.promotes()
    }

    fn in_sync_when_forced(&self, old: &AllocationIds, source: RecoverySource, id: AllocationId) -> AllocationIds {
        self.allocation.in_sync_when_forced(old, source, id)
    }

    fn id_of_store(&self, on_disk: AllocationId, next: &mut u32) -> AllocationId {
        self.allocation.id_of_store(on_disk, next)
    }

    fn started_is_in_sync(&self) -> bool {
        self.allocation.started_is_in_sync()
    }

    fn relocation_removes_source(&self) -> bool {
        self.allocation.relocation_removes_source()
    }

    fn recoveries_restart_after_relocation(&self) -> bool {
        self.allocation.recoveries_restart_after_relocation()
    }

    fn starts_replicas_first(&self) -> bool {
        self.allocation.starts_replicas_first()
    }

    fn trims_in_sync(&self) -> bool {
        self.allocation.trims_in_sync()
    }

    fn delays(&self) -> bool {
        self.allocation.delays()
    }

    fn metadata_after_restart(&self, term: PrimaryTerm, in_sync: &AllocationIds) -> (PrimaryTerm, AllocationIds) {
        self.allocation.metadata_after_restart(term, in_sync)
    }

    fn stale_in_batch(&self, first: bool, any: bool) -> bool {
        self.allocation.stale_in_batch(first, any)
    }
}
