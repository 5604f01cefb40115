//! Who may still write: primary terms and allocation ids.
//!
//! A node may have two copies of a shard after one another, a shard two
//! primaries at once. A request names the copy that it is meant for and the
//! term in which it was sent, and the copy compares both.

use serde::{Deserialize, Serialize};

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;
use super::types::{PrimaryTerm, SeqNo};

/// The identity of a copy; another for each time that one is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AllocationId(pub u32);

impl std::fmt::Display for AllocationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a{}", self.0)
    }
}

/// The terms of a copy (`IndexShard.pendingPrimaryTerm`, `getOperationPrimaryTerm`).
/// The pending one is bumped as soon as a newer is heard of, the other when no
/// operation of the old term is under way any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CopyTerms {
    /// The highest term heard of.
    pub pending: PrimaryTerm,
    /// The term of its operations; never above `pending`.
    pub operation: PrimaryTerm,
}

/// What a copy has to do before it handles a replica request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermChange {
    /// Nothing.
    None,
    /// Wait until nothing is under way, enter the term of the request, roll back.
    Enter(PrimaryTerm),
}

impl CopyTerms {
    /// A copy that is made in `term`.
    pub fn new(term: PrimaryTerm) -> Self {
        CopyTerms { pending: term, operation: term }
    }

    /// A write for the primary, as the coordinating node's cluster state names
    /// it. Ids and terms have to agree.
    pub fn admit_primary_request(
        &self,
        rules: &impl RuleSet,
        (own, target): (AllocationId, AllocationId),
        term: PrimaryTerm,
        primary_mode: bool,
    ) -> Result<(), Rejection> {
        rules.require(PrimaryAllocationIdMismatch, own == target)?;
        rules.require(PrimaryTermMismatch, term == self.pending)?;
        rules.require(NotInPrimaryMode, primary_mode)
    }

    /// An operation from the primary. `started` says whether the copy has
    /// finished its recovery.
    pub fn admit_replica_request(
        &self,
        rules: &impl RuleSet,
        (own, target): (AllocationId, AllocationId),
        term: PrimaryTerm,
        started: bool,
    ) -> Result<TermChange, Rejection> {
        rules.require(ReplicaAllocationIdMismatch, own == target)?;
        rules.require(OperationTermTooOld, term >= self.operation)?;
        if term > self.pending {
            rules.require(ShardNotStarted, started)?;
        }
        Ok(if term > self.operation { TermChange::Enter(term) } else { TermChange::None })
    }

    /// A newer term is heard of, from the master or from its primary.
    pub fn hear_of(&mut self, term: PrimaryTerm) {
        self.pending = self.pending.max(term);
    }

    /// Nothing of the old term is under way any more.
    pub fn enter(&mut self, term: PrimaryTerm) {
        self.hear_of(term);
        self.operation = self.operation.max(term);
    }
}

/// `IndexShard.updateGlobalCheckpointOnReplica`: a replica takes over what its
/// primary takes for stored everywhere, unless it does not have that itself
/// (it is still recovering and does not count yet).
pub fn global_checkpoint_on_replica(
    rules: &impl RuleSet,
    known: SeqNo,
    received: SeqNo,
    local_checkpoint: SeqNo,
) -> Result<SeqNo, Rejection> {
    rules.require(GlobalCheckpointAboveLocal, received <= local_checkpoint)?;
    Ok(rules.replica_global_checkpoint(known, received, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::{Mutant, Sound};

    const OWN: AllocationId = AllocationId(1);

    /// Every small case, said a second time.
    #[test]
    fn admission_is_what_the_table_says() {
        for (pending, operation, term) in (0..4).flat_map(|p| (0..=p).flat_map(move |o| (0..5).map(move |t| (p, o, t)))) {
            let terms = CopyTerms { pending, operation };
            for (target, flag) in [(OWN, false), (OWN, true), (AllocationId(2), true)] {
                let as_primary = terms.admit_primary_request(&Sound, (OWN, target), term, flag);
                let expected = match () {
                    () if target != OWN => Err(PrimaryAllocationIdMismatch),
                    () if term != pending => Err(PrimaryTermMismatch),
                    () if !flag => Err(NotInPrimaryMode),
                    () => Ok(()),
                };
                assert_eq!(as_primary, expected, "{terms:?} {term}");
                let as_replica = terms.admit_replica_request(&Sound, (OWN, target), term, flag);
                let expected = match () {
                    () if target != OWN => Err(ReplicaAllocationIdMismatch),
                    () if term < operation => Err(OperationTermTooOld),
                    () if term > pending && !flag => Err(ShardNotStarted),
                    () if term == operation => Ok(TermChange::None),
                    () => Ok(TermChange::Enter(term)),
                };
                assert_eq!(as_replica, expected, "{terms:?} {term}");
            }
        }
    }

    #[test]
    fn terms_never_fall_and_the_operations_never_run_ahead() {
        let mut terms = CopyTerms::new(1);
        let mut before = terms;
        for (hear, term) in [(true, 3), (false, 2), (false, 3), (true, 2), (true, 5), (false, 4), (false, 1)] {
            if hear {
                terms.hear_of(term)
            } else {
                terms.enter(term)
            }
            assert!(terms.operation <= terms.pending, "{terms:?}");
            assert!(terms.pending >= before.pending && terms.operation >= before.operation, "{before:?} {terms:?}");
            before = terms;
        }
        assert_eq!(terms, CopyTerms { pending: 5, operation: 4 });
    }

    #[test]
    fn a_replica_believes_no_checkpoint_above_its_own() {
        for (known, received, local) in (-1..4).flat_map(|k| (-1..4).flat_map(move |r| (k..4).map(move |l| (k, r, l)))) {
            let expected = if received > local { Err(GlobalCheckpointAboveLocal) } else { Ok(known.max(received)) };
            assert_eq!(global_checkpoint_on_replica(&Sound, known, received, local), expected);
        }
        let waived = Mutant::waiving(&[GlobalCheckpointAboveLocal]);
        assert_eq!(global_checkpoint_on_replica(&waived, 0, 3, 1), Ok(3), "gcp_above_lcp");
    }
}
