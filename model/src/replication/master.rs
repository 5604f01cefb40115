//! The master's part: it fails copies, promotes replicas, and fences old primaries.
//!
//! Nothing here knows sequence numbers. Which replica is promoted is the
//! caller's choice: any that is assigned will do, because an operation is not
//! acknowledged before every assigned copy has it or is assigned no longer.

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;
use super::types::{PrimaryTerm, Role, ShardClusterState};
use crate::node_set::{NodeId, NodeSet};

impl ShardClusterState {
    /// The replicas of which one is to be promoted should `node` fail; empty
    /// where its failure promotes nobody.
    pub fn promotion_candidates(&self, node: NodeId) -> NodeSet {
        if self.routing.role(node) == Role::Primary { self.routing.replicas } else { NodeSet::EMPTY }
    }

    /// `FailShardOnMaster`, `AllocationService.applyFailedShards`: the copy on
    /// `node` is assigned no longer. If it was the primary, the term grows and
    /// `promoted` takes its place.
    pub fn fail_shard(&self, rules: &(impl RuleSet + ?Sized), node: NodeId, promoted: Option<NodeId>) -> Result<Self, Rejection> {
        rules.require(AlreadyUnassigned, self.routing.role(node) != Role::Unassigned)?;

        let mut next = *self;
        if self.routing.role(node) == Role::Primary {
            next.primary_term = rules.term_after_primary_failure(self.primary_term);
        }
        next.routing = rules.routing_after_failure(&self.routing, node, promoted);
        Ok(next)
    }

    /// A primary of term `reporter_term` asks to fail another copy. This is the
    /// fence: a primary that has been replaced is refused here, if nowhere else
    /// (`ShardStateAction`, `NoLongerPrimaryShardException`).
    pub fn may_fail_others(&self, rules: &(impl RuleSet + ?Sized), reporter_term: PrimaryTerm) -> Result<(), Rejection> {
        rules.require(NoLongerPrimary, reporter_term >= self.primary_term)
    }
}
