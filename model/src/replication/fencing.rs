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

    /// A write for the primary (facts: a request of the coordinating node's own
    /// cluster state). Both ids and both terms have to agree.
    pub fn admit_primary_request(
        &self,
        rules: &(impl RuleSet + ?Sized),
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
        rules: &(impl RuleSet + ?Sized),
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
    rules: &(impl RuleSet + ?Sized),
    known: SeqNo,
    received: SeqNo,
    local_checkpoint: SeqNo,
) -> Result<SeqNo, Rejection> {
    rules.require(GlobalCheckpointAboveLocal, received <= local_checkpoint)?;
    Ok(rules.replica_global_checkpoint(known, received, false))
}
