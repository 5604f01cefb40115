//! What nodes report: copies that failed, copies that have started.
//!
//! The master takes reports in batches. Each is admitted by what the batch
//! finds, then all of them change one round. An answer is given only once the
//! state with the effect is committed; a report that is sent again after its
//! effect finds nothing to do and succeeds.

use super::rejection::Rejection::{self, *};
use super::round::Round;
use super::rules::AllocationRules;
use super::types::*;
use crate::node_set::NodeId;

/// The answer to each report of a batch.
pub type Answers = Vec<Result<(), Rejection>>;

impl ShardAllocation {
    /// Shards failed (`ShardFailedClusterStateTaskExecutor`, then
    /// `AllocationService.applyFailedShards`). A report of a primary that has
    /// been replaced is refused. An in-sync id without a copy is removed if a
    /// primary says that it is stale; an id that is unknown altogether is
    /// nobody's concern any more, so that the report is a success.
    ///
    /// `prefer` says which node's replica is promoted where there is a choice.
    pub fn fail_shards(&self, rules: &impl AllocationRules, tasks: &[FailedShard], prefer: Option<NodeId>) -> (Self, Answers) {
        let admit = |task: &FailedShard| {
            let fenced = task.primary_term == 0 || task.primary_term == self.primary_term;
            rules.require(NoLongerPrimary, fenced)
        };
        let answers: Answers = tasks.iter().map(admit).collect();
        let admitted = || tasks.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(task, _)| task);
        let (assigned, unassigned): (Vec<&FailedShard>, Vec<&FailedShard>) =
            admitted().partition(|task| self.copy(task.allocation_id).is_some());

        let mut round = Round::new(rules, self, prefer);
        let stale = unassigned.iter().filter(|task| task.primary_term > 0).map(|task| task.allocation_id);
        round.remove_stale_ids(&stale.collect::<AllocationIds>());
        for failed in &assigned {
            let any = assigned.iter().any(|task| task.allocation_id == failed.allocation_id && task.mark_as_stale);
            let stale = rules.stale_in_batch(failed.mark_as_stale, any);
            round.fail(failed.allocation_id, UnassignedReason::AllocationFailed, stale);
        }
        (round.commit(), answers)
    }

    /// Shards started (`ShardStartedClusterStateTaskExecutor`, then
    /// `AllocationService.applyStartedShards`). What is refused here is ignored
    /// by Elasticsearch: the sender hears of success, and sends again as long as
    /// the cluster state says that its copy recovers.
    pub fn start_shards(&self, rules: &impl AllocationRules, tasks: &[StartedShard]) -> (Self, Answers) {
        let admit = |task: &StartedShard| {
            let copy = self.copy(task.allocation_id);
            rules.require(StartedUnknown, copy.is_some())?;
            let old_primary = copy.is_some_and(|copy| copy.primary) && ![0, self.primary_term].contains(&task.primary_term);
            rules.require(StartedByOldPrimaryTerm, !old_primary)?;
            rules.require(NotInitializing, copy.is_none_or(|copy| !copy.is_active()))
        };
        let answers: Answers = tasks.iter().map(admit).collect();
        let mut started: AllocationIds = AllocationIds::new();
        for (task, _) in tasks.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()) {
            if !started.contains(&task.allocation_id) {
                started.push(task.allocation_id);
            }
        }
        // The target of a primary's relocation makes replicas begin anew, so
        // that those which have just finished come first.
        let is_primary = |id| self.copy(id).is_some_and(|copy| copy.primary);
        started.sort_by_key(|id| is_primary(*id) == rules.starts_replicas_first());

        let mut round = Round::new(rules, self, None);
        for id in started {
            if self.copy(id).is_some() {
                round.start(id);
            } else {
                round.add(id);
            }
        }
        (round.commit(), answers)
    }
}
