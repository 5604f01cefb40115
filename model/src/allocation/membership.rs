//! New indices, nodes that come and go, and the restart of the whole cluster.

use smallvec::SmallVec;

use super::rejection::Rejection::{self, *};
use super::round::Round;
use super::rules::AllocationRules;
use super::types::*;
use crate::node_set::{NodeId, NodeSet};

impl ShardAllocation {
    /// The shard of a new index (`IndexRoutingTable.Builder.initializeAsNew`):
    /// every copy unassigned, the primary to start empty.
    pub fn created(nodes: NodeSet, replicas: usize) -> Self {
        ShardAllocation {
            version: 0,
            nodes,
            primary_term: 0,
            in_sync: AllocationIds::new(),
            copies: unassigned(replicas, UnassignedReason::IndexCreated, RecoverySource::EmptyStore),
            next_allocation_id: 0,
        }
    }

    /// A node is removed from the cluster (`AllocationService.disassociateDeadNodes`).
    /// Its copy fails: a replica is promoted and the term grows at once. The
    /// in-sync set stays: a copy is stale only once it has missed a write, and
    /// the first write sees to it (#20023). Replicas wait for the node.
    pub fn node_left(&self, rules: &impl AllocationRules, node: NodeId, prefer: Option<NodeId>) -> Result<Self, Rejection> {
        rules.require(NotAMember, self.nodes.contains(node))?;

        let mut round = Round::new(rules, self, prefer);
        round.next.nodes = self.nodes.without(node);
        if let Some(copy) = self.copy_on(node) {
            round.fail(copy.allocation_id, UnassignedReason::NodeLeft, false);
        }
        Ok(round.commit())
    }

    /// A node joins; what it may hold is decided by allocations.
    pub fn node_joined(&self, rules: &impl AllocationRules, node: NodeId) -> Result<Self, Rejection> {
        rules.require(AlreadyMember, !self.nodes.contains(node))?;

        let mut round = Round::new(rules, self, None);
        round.next.nodes = self.nodes.with(node);
        Ok(round.commit())
    }

    /// The time to wait for a node is up (`DelayedAllocationService`,
    /// `AllocationService.removeDelayMarkers`).
    pub fn delay_expired(&self, rules: &impl AllocationRules) -> Result<Self, Rejection> {
        let delayed = |copy: &ShardRouting| matches!(copy.state, CopyState::Unassigned(info) if info.delayed);
        rules.require(NothingDelayed, self.copies.iter().any(delayed))?;

        let mut round = Round::new(rules, self, None);
        for copy in &mut round.next.copies {
            if let CopyState::Unassigned(info) = &mut copy.state {
                (info.delayed, info.last_node) = (false, None);
            }
        }
        Ok(round.commit())
    }

    /// Reroute with `retry_failed=true`: failures are forgotten.
    pub fn retry_failed(&self, rules: &impl AllocationRules) -> Result<Self, Rejection> {
        let failed = |copy: &ShardRouting| matches!(copy.state, CopyState::Unassigned(info) if info.failed_allocations > 0);
        rules.require(NothingFailed, self.copies.iter().any(failed))?;

        let mut round = Round::new(rules, self, None);
        for copy in &mut round.next.copies {
            if let CopyState::Unassigned(info) = &mut copy.state {
                info.failed_allocations = 0;
            }
        }
        Ok(round.commit())
    }

    /// The whole cluster restarts (`IndexRoutingTable.Builder.initializeAsRecovery`):
    /// the routing table is not persisted, the index metadata is. Where the
    /// in-sync set says that there is data, only a copy in it may become primary.
    pub fn full_restart(&self, rules: &impl AllocationRules) -> Self {
        let mut round = Round::new(rules, self, None);
        (round.next.primary_term, round.next.in_sync) = rules.metadata_after_restart(self.primary_term, &self.in_sync);
        let had_data = !round.next.in_sync.is_empty();
        let source = if had_data { RecoverySource::ExistingStore } else { RecoverySource::EmptyStore };
        round.next.copies = unassigned(self.number_of_replicas(), UnassignedReason::ClusterRecovered, source);
        round.commit_as_is()
    }
}

fn unassigned(replicas: usize, reason: UnassignedReason, source: RecoverySource) -> SmallVec<[ShardRouting; 3]> {
    let copy = |primary, source| ShardRouting { primary, state: CopyState::Unassigned(Unassigned::new(reason, source)) };
    std::iter::once(copy(true, source)).chain((0..replicas).map(|_| copy(false, RecoverySource::Peer))).collect()
}
