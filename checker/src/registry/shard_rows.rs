//! The rows of the kill tables of the models of a shard.

use quorate_model::allocation::{self, Effect as OfMaster};
use quorate_model::replication::{Rejection, mutant::Effect};
use quorate_model::seeded::Seeded;
use quorate_model::shard::mutant::Guard;
use quorate_model::shard::{Duty, IdWritten, ShardMutant};
use quorate_model::shard_world::Question;

use super::Expected;

/// nodes, replicas, writes, departures, allocations, restores, losses, crashes,
/// lost, failures, commands, reads, retries, syncs.
type Bounds = [u64; 14];

/// A row of a kill table.
type Row = Seeded<ShardMutant, Bounds>;

/// A primary and a replica, one write, a node taken for gone.
const PAIR: Bounds = [2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// The same with two replicas.
const TRIO: Bounds = [3, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// The same with two writes, so that a history can have a gap.
const TRIO_TWO: Bounds = [3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// A replica recovers.
const RECOVERY: Bounds = [3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// Copies fail, and the primary is looked for on disks.
const FAILURE: Bounds = [2, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
/// Two copies fail at once.
const BATCH: Bounds = [3, 2, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
/// A replica recovers from a primary that fails.
const FAILING_SOURCE: Bounds = [2, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0];
/// The only copy fails and an operator forces one.
const FORCE: Bounds = [2, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0];
/// The global checkpoint is synced in the background.
const SYNC: Bounds = [3, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// A replica recovers while messages are lost.
const LOSS: Bounds = [2, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0];
/// A write is reported to a master whose answer is lost.
const LOST_ANSWER: Bounds = [2, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
/// A node that is in sync leaves, comes back, recovers, and the primary is lost for good.
const HOLE: Bounds = [3, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0];

fn row(id: &'static str, change: &'static str, rules: ShardMutant, bounds: Bounds, dies: &'static str) -> Row {
    Row { id, change, rules, bounds, expected: Expected::Dies(dies) }
}

/// The rows of the model that asks this; for exceptions, variants of the rules.
pub(super) fn rows(question: Question) -> Vec<Row> {
    match question {
        Question::Safety => [of_the_actor(), of_replication(), of_the_master(), waived()].concat(),
        Question::Recovery => of_recovery(),
        Question::Exceptions => vec![Row {
            id: "keep_id_until_started",
            change: "a node that recovers a copy keeps the id that it had until the new one has started (a rule of ours)",
            rules: ShardMutant::with_id_written(IdWritten::WhenReplaced),
            bounds: HOLE,
            expected: Expected::Equivalent("it closes the hole: nothing is violated here any more"),
        }],
    }
}

/// What the actor leaves undone.
fn of_the_actor() -> Vec<Row> {
    let neglects = |id, change, duty, bounds, dies| row(id, change, ShardMutant::neglecting(duty), bounds, dies);
    let (acked, gaps) = ("AcknowledgedWritesAreKept", "NoGapsWhenQuiet");
    vec![
        neglects(
            "no_mark_unavailable",
            "a write is acknowledged though an in-sync copy is on no node (#14671)",
            Duty::FailUnavailableCopies,
            PAIR,
            acked,
        ),
        neglects("fail_not_when_replaced", "a primary that hears of its successor goes on", Duty::FailWhenReplaced, PAIR, acked),
        neglects(
            "recovering_copies_miss_writes",
            "writes go to in-sync copies alone",
            Duty::ReplicateToRecoveringCopies,
            RECOVERY,
            acked,
        ),
        neglects(
            "snapshot_before_track",
            "the snapshot of a recovery is taken before its target is tracked",
            Duty::TrackBeforeSnapshot,
            RECOVERY,
            acked,
        ),
        neglects(
            "no_recovery_trim",
            "a recovery leaves what its source never had (#44756)",
            Duty::TrimAfterRecovery,
            RECOVERY,
            gaps,
        ),
        neglects(
            "recover_from_own_maximum",
            "a recovery by operations starts above all that the copy has",
            Duty::StartFromGlobalCheckpoint,
            RECOVERY,
            gaps,
        ),
        neglects(
            "no_bg_gcp_sync",
            "copies are not told the global checkpoint (#26591)",
            Duty::SyncGlobalCheckpoint,
            SYNC,
            "GlobalCheckpointCompleteWhenQuiet",
        ),
    ]
}

/// What the replication rules do otherwise.
fn of_replication() -> Vec<Row> {
    let effect = |id, change, effect, bounds, dies| row(id, change, ShardMutant::with_replication(effect), bounds, dies);
    let (acked, same, gaps) = ("AcknowledgedWritesAreKept", "SameContentsWhenQuiet", "NoGapsWhenQuiet");
    vec![
        effect("ack_without_master", "a copy that failed is not reported (#14252)", Effect::AckWithoutMaster, TRIO, acked),
        effect("no_resync", "a new primary sends nothing to its copies (#24841)", Effect::NoResync, TRIO, same),
        effect("no_trim", "a new primary does not say where its history ends (#30176)", Effect::NoTrim, TRIO, same),
        effect("resync_under_new_term", "a resync is of the new term", Effect::ResyncUnderNewTerm, TRIO, acked),
        effect(
            "trim_ignores_term",
            "a trim drops newer operations too",
            Effect::TrimIgnoresTerm,
            TRIO,
            "KnownCheckpointsAreTrue",
        ),
        effect("trim_ignores_position", "a trim drops whatever is older", Effect::TrimIgnoresPosition, TRIO, acked),
        effect("replay_stays_pending", "what is sent again stays pending", Effect::ReplayStaysPending, TRIO, gaps),
        effect("replay_keeps_old", "what is sent again does not replace what is there", Effect::ReplayKeepsOld, TRIO, gaps),
        effect(
            "gcp_is_max",
            "the global checkpoint is what any copy has",
            Effect::GlobalCheckpointIsMax,
            RECOVERY,
            "SameUpToGlobalCheckpoint",
        ),
        effect(
            "lcp_is_max",
            "the local checkpoint ignores gaps",
            Effect::LocalCheckpointIsMax,
            RECOVERY,
            "KnownCheckpointsAreTrue",
        ),
        effect(
            "no_rollback",
            "a copy goes on counting what no new primary confirmed (#32867)",
            Effect::NoRollback,
            TRIO_TWO,
            "KnownCheckpointsAreTrue",
        ),
        effect("destructive_rollback", "a rollback forgets", Effect::DestructiveRollback, TRIO_TWO, acked),
        effect(
            "rollback_to_old",
            "a copy rolls back below its global checkpoint",
            Effect::RollbackToOldGlobalCheckpoint,
            TRIO_TWO,
            "GlobalCheckpointBelowLocal",
        ),
        effect("no_fill", "a new primary leaves gaps", Effect::NoFill, TRIO_TWO, gaps),
        effect(
            "seq_no_reused",
            "a primary gives its last sequence number again",
            Effect::SeqNoReused,
            TRIO_TWO,
            "SeqNoAndTermIdentifyOperation",
        ),
    ]
}

/// What the master does otherwise.
fn of_the_master() -> Vec<Row> {
    let effect = |id, change, effect, bounds, dies| row(id, change, ShardMutant::with_allocation(effect), bounds, dies);
    let (acked, changes) = ("AcknowledgedWritesAreKept", "AllocationChangesByTheRules");
    vec![
        effect("no_remove_on_fail", "a stale copy stays in the in-sync set (#14671)", OfMaster::NoRemoveOnFail, FAILURE, acked),
        effect("stales_kept", "a stale id that nobody has stays in the in-sync set", OfMaster::StalesKept, FAILURE, acked),
        effect("empty_insync", "the last copy leaves the in-sync set (#21976)", OfMaster::EmptyInSync, FORCE, "InSyncNeverEmpty"),
        effect("batch_wrong_primary", "of a batch the last primary is added back", OfMaster::LastFailedAddedBack, BATCH, changes),
        effect("no_fail_init", "recoveries outlive their primary", OfMaster::NoFailInitializing, FAILING_SOURCE, changes),
        effect("promotes_nobody", "a failed primary has no successor", OfMaster::PromotesNobody, PAIR, "AllocationIsConsistent"),
        effect(
            "forced_keeps_ids",
            "a forced primary leaves the in-sync set (#34140)",
            OfMaster::ForcedKeepsIds,
            FORCE,
            "AllocationIsConsistent",
        ),
        effect(
            "forced_names_itself",
            "a forced primary is in sync before it starts",
            OfMaster::ForcedNamesItself,
            FORCE,
            changes,
        ),
        effect("term_not_bumped", "a promotion keeps the term", OfMaster::TermNotBumpedOnFailure, PAIR, changes),
        effect(
            "term_not_bumped_on_allocation",
            "an allocation keeps the term",
            OfMaster::TermNotBumpedOnAllocation,
            FAILURE,
            changes,
        ),
        effect(
            "term_bumped_per_failure",
            "a batch bumps the term twice",
            OfMaster::TermBumpedPerFailure,
            BATCH,
            "PrimaryTermsGrow",
        ),
        effect(
            "started_not_in_sync",
            "a copy that starts is not in sync",
            OfMaster::StartedNotInSync,
            PAIR,
            "ActiveCopiesAreInSync",
        ),
        effect(
            "insync_without_limit",
            "the in-sync set is not trimmed (#21719)",
            OfMaster::NoTrim,
            RECOVERY,
            "AllocationIsConsistent",
        ),
        effect(
            "new_id_on_store_allocation",
            "a primary from a disk gets a new id (#16530)",
            OfMaster::NewIdOnStoreAllocation,
            FAILURE,
            "PrimariesComeFromTheInSyncSet",
        ),
        effect(
            "node_left_marks_stale",
            "a node that leaves takes its id with it (#20023)",
            OfMaster::NodeLeftMarksStale,
            PAIR,
            changes,
        ),
    ]
}

/// Guards that are left out.
fn waived() -> Vec<Row> {
    let waive = |id, change, guard, bounds, dies| row(id, change, ShardMutant::waiving(guard), bounds, dies);
    let acked = "AcknowledgedWritesAreKept";
    vec![
        waive(
            "no_master_term_check",
            "the master obeys primaries that it has replaced (#19715)",
            Guard::Allocation(allocation::Rejection::NoLongerPrimary),
            PAIR,
            acked,
        ),
        waive(
            "no_replica_term_check",
            "copies obey primaries that were replaced (#17044)",
            Guard::Replication(Rejection::OperationTermTooOld),
            TRIO,
            acked,
        ),
        waive(
            "W-AnswersOutstanding",
            "the first answer acknowledges",
            Guard::Replication(Rejection::AnswersOutstanding),
            PAIR,
            acked,
        ),
        waive(
            "no_pending_insync",
            "a copy below the global checkpoint becomes in-sync (#24404)",
            Guard::Replication(Rejection::BelowGlobalCheckpoint),
            RECOVERY,
            "GlobalCheckpointsNeverFall",
        ),
        waive(
            "W-SameShard",
            "a node gets two copies",
            Guard::Allocation(allocation::Rejection::SameShard),
            RECOVERY,
            "WellFormedRoutingTable",
        ),
    ]
}

/// What cannot be put right any more.
fn of_recovery() -> Vec<Row> {
    vec![
        row(
            "reports_not_repeated",
            "a report whose answer is lost is not sent again",
            ShardMutant::neglecting(Duty::RepeatReports),
            LOST_ANSWER,
            "AnswersArePossible",
        ),
        row(
            "promotes_nobody",
            "a failed primary has no successor",
            ShardMutant::with_allocation(OfMaster::PromotesNobody),
            LOSS,
            "GreenIsPossible",
        ),
    ]
}
