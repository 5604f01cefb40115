//! Variants of the replication rules that must fail, and what each is meant to show.
//!
//! Ids of changed effects are those of the project's list of seeded mutants
//! (`no_rollback`, …) where it has them; `W-` and the guard for a waived guard.
//! Rows of that list that need an in-sync set (all of its group B, the marking
//! of unavailable copies), recovery or relocation (group D), split execution on
//! a replica (`term_bump_without_permits`) or a master whose publications get
//! lost cannot be said at this level: the module has none of these.

use serde::{Deserialize, Serialize};

use super::model::ReplicationBounds;
use super::rejection::Rejection;
use super::rule_set::RuleSet;
use super::shard_copy::Resync;
use super::translog::Translog;
use super::types::{Operation, PrimaryTerm, Role, RoutingTable, SeqNo, TrimRequest};
use crate::node_set::NodeId;
use crate::seeded::{Expected, Seeded};

/// A change of what a rule does, other than leaving out a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// A failed copy is not reported to the master before the acknowledgement.
    AckWithoutMaster,
    /// A copy that fails during a resync is not reported to the master.
    LenientResync,
    /// A new primary sends nothing to its replicas.
    NoResync,
    /// A new primary sends its operations, but not where they end.
    NoTrim,
    /// A new primary sends its operations as of its own term.
    ResyncUnderNewTerm,
    /// A copy that hears of a new primary goes on counting what it has.
    NoRollback,
    /// A copy that hears of a new primary forgets what is not known to be stored everywhere.
    DestructiveRollback,
    /// A copy that hears of a new primary rolls back to its old global checkpoint, not the one it just got.
    RollbackToOldGlobalCheckpoint,
    /// A copy that hears of a new primary ignores the global checkpoint that comes with it.
    GlobalCheckpointNotInTermBump,
    /// A new primary leaves gaps.
    NoFill,
    /// A new primary does not confirm its own operations.
    NoConfirm,
    /// A trim drops newer operations too.
    TrimIgnoresTerm,
    /// A trim drops whatever is older, wherever it is.
    TrimIgnoresPosition,
    /// An operation that is sent again stays pending.
    ReplayStaysPending,
    /// An operation that is sent again does not replace what is there.
    ReplayKeepsOld,
    /// A primary gives the last sequence number a second time.
    SeqNoReused,
    /// The global checkpoint is what any copy has.
    GlobalCheckpointIsMax,
    /// The local checkpoint is the highest sequence number, gaps or not.
    LocalCheckpointIsMax,
    /// A replica takes over a lower global checkpoint.
    GlobalCheckpointFalls,
    /// The primary term stays when the primary fails.
    TermNotBumped,
    /// A failed primary stays primary next to the promoted one.
    FailedPrimaryStays,
    /// Nobody is promoted when the primary fails.
    NobodyPromoted,
    /// A request is answered and stays in the network.
    AnswerKeepsRequest,
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

impl RuleSet for Mutant {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds || self.waived >> guard as u64 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn next_seq_no<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        if self.is(Effect::SeqNoReused) { translog.max_seq_no().max(0) } else { translog.max_seq_no() + 1 }
    }

    fn local_checkpoint<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        if self.is(Effect::LocalCheckpointIsMax) { translog.max_seq_no() } else { translog.max_confirmed_seq_no() }
    }

    fn store<V: Clone>(&self, translog: &mut Translog<V>, seq_no: SeqNo, operation: Operation<V>) {
        match (self.effect, translog.get(seq_no)) {
            (Some(Effect::ReplayKeepsOld), Some(_)) => {}
            (Some(Effect::ReplayStaysPending), Some(held)) => {
                let pending_confirmation = held.pending_confirmation;
                translog.put(seq_no, Operation { pending_confirmation, ..operation });
            }
            _ => translog.put(seq_no, operation),
        }
    }

    fn replica_global_checkpoint(&self, known: SeqNo, received: SeqNo, new_term: bool) -> SeqNo {
        match self.effect {
            Some(Effect::GlobalCheckpointFalls) => received,
            Some(Effect::GlobalCheckpointNotInTermBump) if new_term => known,
            _ => known.max(received),
        }
    }

    fn roll_back<V: Clone>(&self, translog: Translog<V>, known: SeqNo, global_checkpoint: SeqNo) -> Translog<V> {
        match self.effect {
            Some(Effect::NoRollback) => translog,
            Some(Effect::DestructiveRollback) => translog.cut_above(global_checkpoint),
            Some(Effect::RollbackToOldGlobalCheckpoint) => translog.mark_pending_above(known),
            _ => translog.mark_pending_above(global_checkpoint),
        }
    }

    fn fill_and_confirm<V: Clone>(&self, translog: Translog<V>, global_checkpoint: SeqNo, term: PrimaryTerm) -> Translog<V> {
        let closed = translog.clone().fill_and_confirm_above(global_checkpoint, term);
        match self.effect {
            Some(Effect::NoConfirm) => {
                let pending = |seq_no| translog.get(seq_no).is_some_and(|operation| operation.pending_confirmation);
                let as_before = |(seq_no, operation): (SeqNo, &Operation<V>)| {
                    (seq_no, Operation { pending_confirmation: pending(seq_no), ..operation.clone() })
                };
                closed.iter().map(as_before).collect()
            }
            Some(Effect::NoFill) => {
                let held = closed.iter().filter(|(seq_no, _)| translog.get(*seq_no).is_some());
                held.map(|(seq_no, operation)| (seq_no, operation.clone())).collect()
            }
            _ => closed,
        }
    }

    fn trim<V: Clone>(&self, translog: Translog<V>, request: &TrimRequest) -> Translog<V> {
        match self.effect {
            Some(Effect::TrimIgnoresTerm) => translog.cut_above(request.above),
            Some(Effect::TrimIgnoresPosition) => translog.trimmed(-1, request.primary_term),
            _ => translog.trimmed(request.above, request.primary_term),
        }
    }

    fn resync<V: Clone>(&self, mut resync: Resync<V>) -> Resync<V> {
        match self.effect {
            Some(Effect::NoResync) => (resync.operations, resync.trim) = (Vec::new(), None),
            Some(Effect::NoTrim) => resync.trim = None,
            Some(Effect::ResyncUnderNewTerm) => {
                resync.operations.iter_mut().for_each(|request| request.stored_term = request.primary_term);
            }
            _ => {}
        }
        resync
    }

    fn global_checkpoint(&self, local_checkpoints: &[SeqNo]) -> Option<SeqNo> {
        let known = local_checkpoints.iter().copied();
        if self.is(Effect::GlobalCheckpointIsMax) { known.max() } else { known.min() }
    }

    fn term_after_primary_failure(&self, term: PrimaryTerm) -> PrimaryTerm {
        if self.is(Effect::TermNotBumped) { term } else { term + 1 }
    }

    fn routing_after_failure(&self, routing: &RoutingTable, node: NodeId, promoted: Option<NodeId>) -> RoutingTable {
        let failed = match self.effect {
            Some(Effect::FailedPrimaryStays) if promoted.is_some() => *routing,
            _ => routing.with_role(node, Role::Unassigned),
        };
        match promoted {
            Some(promoted) if !self.is(Effect::NobodyPromoted) => failed.with_role(promoted, Role::Primary),
            _ => failed,
        }
    }

    fn reports_failed_copy(&self, resync: bool) -> bool {
        !self.is(if resync { Effect::LenientResync } else { Effect::AckWithoutMaster })
    }

    fn answer_consumes_request(&self) -> bool {
        !self.is(Effect::AnswerKeepsRequest)
    }
}

/// An entry of the catalogue.
pub type ReplicationMutant = Seeded<Mutant, ReplicationBounds>;

/// Two copies, three client values.
const TWO: ReplicationBounds = ReplicationBounds { nodes: 2, documents: 1, max_client_value: 3, max_messages: 3 };
/// Three copies, one operation and what follows from it.
const THREE: ReplicationBounds = ReplicationBounds { nodes: 3, documents: 1, max_client_value: 2, max_messages: 4 };
/// Three copies, two operations, few messages.
const THREE_TWO: ReplicationBounds = ReplicationBounds { nodes: 3, documents: 1, max_client_value: 3, max_messages: 2 };
/// Three copies, two operations of which one is under way to both replicas.
const THREE_AHEAD: ReplicationBounds = ReplicationBounds { nodes: 3, documents: 1, max_client_value: 3, max_messages: 3 };

/// Two copies, three operations.
const TWO_THREE: ReplicationBounds = ReplicationBounds { nodes: 2, documents: 1, max_client_value: 4, max_messages: 4 };

/// The catalogue: seeded mutants of the replication rules.
pub fn catalogue() -> Vec<ReplicationMutant> {
    use Effect::*;
    use Rejection::*;
    let dies = Expected::Dies;
    let effect = |id, change, effect, bounds, expected| ReplicationMutant {
        id,
        change,
        rules: Mutant::with_effect(effect),
        bounds,
        expected,
    };
    let waive = |id, change, guards: &[Rejection], bounds, expected| ReplicationMutant {
        id,
        change,
        rules: Mutant::waiving(guards),
        bounds,
        expected,
    };
    let (acked, quiet) = (dies("AllAckedResponsesStored"), dies("AllCopiesSameContentsOnQuietDown"));
    let (local, below) = (dies("LocalCheckPointMatchesMaxConfirmedSeq"), dies("GlobalCheckPointBelowLocalCheckPoints"));
    vec![
        effect("ack_without_master", "a failed copy is not reported before the acknowledgement", AckWithoutMaster, TWO, acked),
        waive("no_master_term_check", "the master obeys primaries that it has replaced", &[NoLongerPrimary], THREE, acked),
        waive("no_replica_term_check", "copies obey replaced primaries", &[ReplicationTermTooOld, TrimTermTooOld], THREE, quiet),
        effect("no_resync", "a new primary sends nothing to its replicas", NoResync, THREE, quiet),
        effect("no_trim", "a new primary does not say where its history ends", NoTrim, THREE, quiet),
        effect("lenient_resync", "a copy that fails during a resync is not reported", LenientResync, THREE, quiet),
        effect(
            "no_rollback",
            "a copy goes on counting what no new primary confirmed",
            NoRollback,
            THREE_AHEAD,
            dies("SameTranslogUpToGlobalCheckPoint"),
        ),
        effect(
            "destructive_rollback",
            "a copy forgets what is above the global checkpoint",
            DestructiveRollback,
            THREE_TWO,
            acked,
        ),
        effect(
            "rollback_to_old",
            "a copy rolls back below its global checkpoint",
            RollbackToOldGlobalCheckpoint,
            THREE_TWO,
            below,
        ),
        effect(
            "gcp_not_in_term_bump",
            "the global checkpoint of a new primary's request is ignored",
            GlobalCheckpointNotInTermBump,
            THREE_TWO,
            below,
        ),
        effect("no_fill", "a new primary leaves gaps", NoFill, THREE_TWO, local),
        effect("no_confirm", "a new primary does not confirm what it has", NoConfirm, THREE_TWO, local),
        effect(
            "resync_under_new_term",
            "a new primary sends its operations as of its own term",
            ResyncUnderNewTerm,
            THREE,
            acked,
        ),
        effect("trim_ignores_term", "a trim drops newer operations too", TrimIgnoresTerm, THREE, acked),
        effect("trim_ignores_position", "a trim drops whatever is older", TrimIgnoresPosition, THREE, acked),
        effect(
            "replay_stays_pending",
            "an operation that is sent again stays pending",
            ReplayStaysPending,
            THREE,
            dies("NothingPendingOnQuietDown"),
        ),
        effect(
            "replay_keeps_old",
            "an operation that is sent again does not replace what is there",
            ReplayKeepsOld,
            THREE_TWO,
            acked,
        ),
        effect(
            "seq_no_reused",
            "a primary gives its last sequence number a second time",
            SeqNoReused,
            TWO,
            dies("LocalCheckPointIncremented"),
        ),
        effect(
            "gcp_is_max",
            "the global checkpoint is what any copy has",
            GlobalCheckpointIsMax,
            TWO,
            dies("SameTranslogUpToGlobalCheckPoint"),
        ),
        effect(
            "lcp_is_max",
            "the local checkpoint ignores gaps",
            LocalCheckpointIsMax,
            TWO,
            dies("SameTranslogUpToGlobalCheckPoint"),
        ),
        effect(
            "gcp_falls",
            "a replica takes over a lower global checkpoint",
            GlobalCheckpointFalls,
            TWO_THREE,
            dies("ReplicaGlobalCheckpointNeverFalls"),
        ),
        effect("term_not_bumped", "a new primary has the old term", TermNotBumped, TWO, dies("PrimaryTermsNeverFall")),
        effect("failed_primary_stays", "a failed primary stays primary", FailedPrimaryStays, TWO, dies("WellFormedRoutingTable")),
        effect("nobody_promoted", "a failed primary has no successor", NobodyPromoted, TWO, dies("WellFormedRoutingTable")),
        effect(
            "answer_keeps_request",
            "a request is answered and stays in the network",
            AnswerKeepsRequest,
            TWO,
            dies("NoActiveMessages"),
        ),
        waive("W-NotPrimary", "replicas take client requests", &[NotPrimary], TWO, acked),
        waive("W-ReplicationTermTooOld", "copies store operations of replaced primaries", &[ReplicationTermTooOld], THREE, quiet),
        waive("W-TrimTermTooOld", "copies trim for replaced primaries", &[TrimTermTooOld], THREE, local),
        waive(
            "W-ClusterStateAlreadyApplied",
            "a cluster state is applied again",
            &[ClusterStateAlreadyApplied],
            THREE,
            Expected::Equivalent("nothing changes"),
        ),
        waive(
            "W-AlreadyUnassigned",
            "a copy is failed again",
            &[AlreadyUnassigned],
            THREE,
            Expected::Equivalent("nothing changes"),
        ),
        waive("W-TermNotNewer", "every request rolls back", &[TermNotNewer], THREE_TWO, dies("NothingPendingOnQuietDown")),
        waive(
            "W-LocalCheckpointNotNewer",
            "a late answer lowers a local checkpoint",
            &[LocalCheckpointNotNewer],
            TWO,
            dies("TrackedLocalCheckpointsNeverFall"),
        ),
        waive(
            "W-CopyNoLongerAssigned",
            "a failed primary goes on tracking",
            &[CopyNoLongerAssigned],
            THREE,
            Expected::Equivalent(
                "a copy that is assigned no longer is never promoted again, and nobody takes its checkpoints over",
            ),
        ),
        waive(
            "W-NotPromoted",
            "every cluster state is taken for a promotion",
            &[NotPromoted],
            TWO,
            dies("SeqNoAndTermIdentifyOperation"),
        ),
        waive("W-NotAClientRequest", "answers to a resync acknowledge", &[NotAClientRequest], THREE, acked),
        waive("W-AnswersOutstanding", "the first answer acknowledges", &[AnswersOutstanding], THREE, acked),
        waive("W-ReportedAsFailed", "what was reported as failed is acknowledged", &[ReportedAsFailed], THREE, acked),
    ]
}
