//! Variants of the allocation rules that must fail.

use serde::{Deserialize, Serialize};

use super::rejection::Rejection;
use super::rules::{AllocationRules, PrimaryChange, insert};
use super::types::{AllocationIds, FORCED_ALLOCATION, RecoverySource, UnassignedReason};
use crate::replication::{AllocationId, PrimaryTerm};

/// A change of what a rule does, other than leaving out a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// A copy that is failed as stale stays in the in-sync set.
    NoRemoveOnFail,
    /// A cancelled copy stays in the in-sync set.
    CancelKeepsId,
    /// Of several reports of a copy in a batch only the first counts, as in Elasticsearch.
    StaleReportLostInBatch,
    /// A copy leaves the in-sync set with its node.
    NodeLeftMarksStale,
    /// A stale id without a copy stays in the in-sync set.
    StalesKept,
    /// The last copy leaves the in-sync set when it fails, so that the shard looks new.
    EmptyInSync,
    /// Of the primaries that failed in a batch the last is taken for the one with everything.
    LastFailedAddedBack,
    /// Replicas go on recovering when their primary fails.
    NoFailInitializing,
    /// Nobody is promoted.
    PromotesNobody,
    /// The in-sync set stays as it was when a primary is forced.
    ForcedKeepsIds,
    /// The in-sync set names a forced stale primary before it has started.
    ForcedNamesItself,
    /// The term stays when the primary fails.
    TermNotBumpedOnFailure,
    /// The term stays when a primary is allocated.
    TermNotBumpedOnAllocation,
    /// The term grows when the primary has moved.
    TermBumpedOnRelocation,
    /// The term grows with each primary that fails in a batch.
    TermBumpedPerFailure,
    /// A copy that starts stays out of the in-sync set.
    StartedNotInSync,
    /// The source of a finished relocation stays in the in-sync set.
    RelocationKeepsSource,
    /// Replicas go on recovering when their primary has moved.
    RecoveriesOutliveRelocation,
    /// Of a batch the primaries start first, so that replicas start in vain.
    ReplicasStartedAfterPrimaries,
    /// The in-sync set grows without limit.
    NoTrim,
    /// A primary that is made from a store gets a new id.
    NewIdOnStoreAllocation,
    /// No replica waits for its node.
    NeverDelayed,
    /// A full restart forgets who was in sync.
    RestartForgetsInSync,
    /// A full restart forgets the primary term.
    RestartForgetsTerm,
}

impl Effect {
    /// Every effect.
    pub const ALL: &'static [Effect] = {
        use Effect::*;
        &[
            NoRemoveOnFail,
            CancelKeepsId,
            StaleReportLostInBatch,
            NodeLeftMarksStale,
            StalesKept,
            EmptyInSync,
            LastFailedAddedBack,
            NoFailInitializing,
            PromotesNobody,
            ForcedKeepsIds,
            ForcedNamesItself,
            TermNotBumpedOnFailure,
            TermNotBumpedOnAllocation,
            TermBumpedOnRelocation,
            TermBumpedPerFailure,
            StartedNotInSync,
            RelocationKeepsSource,
            RecoveriesOutliveRelocation,
            ReplicasStartedAfterPrimaries,
            NoTrim,
            NewIdOnStoreAllocation,
            NeverDelayed,
            RestartForgetsInSync,
            RestartForgetsTerm,
        ]
    };
}

/// The rules with something wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mutant {
    waived: u64,
    effect: Option<Effect>,
}

impl Mutant {
    /// The rules without `guards`.
    pub const fn waiving(guards: &[Rejection]) -> Self {
        let (mut waived, mut i) = (0, 0);
        while i < guards.len() {
            waived |= 1 << guards[i] as u64;
            i += 1;
        }
        Mutant { waived, effect: None }
    }

    /// These rules without one more guard.
    #[must_use]
    pub const fn and_waiving(self, guard: Rejection) -> Self {
        Mutant { waived: self.waived | 1 << guard as u64, effect: self.effect }
    }

    /// The rules with one changed effect.
    pub const fn with_effect(effect: Effect) -> Self {
        Mutant { waived: 0, effect: Some(effect) }
    }

    fn is(&self, effect: Effect) -> bool {
        self.effect == Some(effect)
    }
}

impl AllocationRules for Mutant {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds || self.waived >> guard as u64 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn term_after(&self, term: PrimaryTerm, change: PrimaryChange) -> PrimaryTerm {
        let grows = match self.effect {
            Some(Effect::TermNotBumpedOnFailure) => u64::from(change.allocated),
            Some(Effect::TermNotBumpedOnAllocation) => u64::from(change.failed > 0),
            Some(Effect::TermBumpedOnRelocation) => u64::from(change.failed > 0 || change.allocated || change.relocated),
            Some(Effect::TermBumpedPerFailure) => u64::from(change.failed) + u64::from(change.allocated),
            _ => u64::from(change.failed > 0 || change.allocated),
        };
        term + grows
    }

    fn leaves_in_sync(&self, reason: UnassignedReason, marked_as_stale: bool) -> bool {
        match reason {
            UnassignedReason::RerouteCancelled => !self.is(Effect::CancelKeepsId),
            UnassignedReason::NodeLeft => self.is(Effect::NodeLeftMarksStale),
            _ => marked_as_stale && !self.is(Effect::NoRemoveOnFail),
        }
    }

    fn stale_in_batch(&self, first: bool, any: bool) -> bool {
        if self.is(Effect::StaleReportLostInBatch) { first } else { any }
    }

    fn removes_stale_ids(&self) -> bool {
        !self.is(Effect::StalesKept)
    }

    fn add_back_failed_primary(&self, remaining: &mut AllocationIds, failed: &[AllocationId]) {
        let added_back = match self.effect {
            Some(Effect::EmptyInSync) => None,
            Some(Effect::LastFailedAddedBack) => failed.last(),
            _ => failed.first(),
        };
        if let Some(id) = added_back {
            insert(remaining, *id);
        }
    }

    fn may_become_empty(&self) -> bool {
        self.is(Effect::EmptyInSync)
    }

    fn recoveries_fail_with_primary(&self) -> bool {
        !self.is(Effect::NoFailInitializing)
    }

    fn promotes(&self) -> bool {
        !self.is(Effect::PromotesNobody)
    }

    fn in_sync_when_forced(&self, old: &AllocationIds, source: RecoverySource, id: AllocationId) -> AllocationIds {
        match source {
            RecoverySource::EmptyStore | RecoverySource::ForcedStale if self.is(Effect::ForcedKeepsIds) => old.clone(),
            RecoverySource::EmptyStore => AllocationIds::new(),
            RecoverySource::ForcedStale if !self.is(Effect::ForcedNamesItself) => AllocationIds::from_slice(&[FORCED_ALLOCATION]),
            _ => AllocationIds::from_slice(&[id]),
        }
    }

    fn id_of_store(&self, on_disk: AllocationId, next: &mut u32) -> AllocationId {
        if !self.is(Effect::NewIdOnStoreAllocation) {
            return on_disk;
        }
        *next += 1;
        AllocationId(*next - 1)
    }

    fn started_is_in_sync(&self) -> bool {
        !self.is(Effect::StartedNotInSync)
    }

    fn relocation_removes_source(&self) -> bool {
        !self.is(Effect::RelocationKeepsSource)
    }

    fn recoveries_restart_after_relocation(&self) -> bool {
        !self.is(Effect::RecoveriesOutliveRelocation)
    }

    fn starts_replicas_first(&self) -> bool {
        !self.is(Effect::ReplicasStartedAfterPrimaries)
    }

    fn trims_in_sync(&self) -> bool {
        !self.is(Effect::NoTrim)
    }

    fn delays(&self) -> bool {
        !self.is(Effect::NeverDelayed)
    }

    fn metadata_after_restart(&self, term: PrimaryTerm, in_sync: &AllocationIds) -> (PrimaryTerm, AllocationIds) {
        match self.effect {
            Some(Effect::RestartForgetsInSync) => (term, AllocationIds::new()),
            Some(Effect::RestartForgetsTerm) => (0, in_sync.clone()),
            _ => (term, in_sync.clone()),
        }
    }
}
