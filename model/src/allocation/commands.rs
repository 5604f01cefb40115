//! Commands of an administrator (`cluster/routing/allocation/command`). The two
//! that lose data say so, and are refused unless the caller accepts it.

use super::rejection::Rejection::{self, *};
use super::round::Round;
use super::rules::AllocationRules;
use super::types::*;
use crate::node_set::NodeId;

impl ShardAllocation {
    /// `allocate_stale_primary`: the primary is made from whatever is on the
    /// disk of `node`, in sync or not, as a new copy. What it lacks is lost.
    /// Until it starts the in-sync set names nobody that exists, so that no
    /// other copy becomes primary meanwhile (#34140). Whether there is anything
    /// on that disk only the recovery will show.
    pub fn allocate_stale_primary(
        &self,
        rules: &impl AllocationRules,
        node: NodeId,
        accept_data_loss: bool,
    ) -> Result<Self, Rejection> {
        let info = self.unassigned_primary(rules)?;
        rules.require(DataLossNotAccepted, accept_data_loss)?;
        rules.require(NoExistingStore, info.source != RecoverySource::EmptyStore)?;
        self.force_primary(rules, node, RecoverySource::ForcedStale)
    }

    /// `allocate_empty_primary`: the primary starts empty on `node` and every
    /// operation of the shard is lost. Nothing is lost, and nothing has to be
    /// accepted, where there never was any.
    pub fn allocate_empty_primary(
        &self,
        rules: &impl AllocationRules,
        node: NodeId,
        accept_data_loss: bool,
    ) -> Result<Self, Rejection> {
        let info = self.unassigned_primary(rules)?;
        rules.require(DataLossNotAccepted, accept_data_loss || info.source == RecoverySource::EmptyStore)?;
        self.force_primary(rules, node, RecoverySource::EmptyStore)
    }

    /// Deciders do not count, but a node has to be there and without a copy.
    fn force_primary(&self, rules: &impl AllocationRules, node: NodeId, source: RecoverySource) -> Result<Self, Rejection> {
        self.may_hold(rules, node)?;

        let mut round = Round::new(rules, self, None);
        let id = round.new_id();
        if let (RecoverySource::EmptyStore, CopyState::Unassigned(info)) = (source, &mut round.next.copies[0].state) {
            // Its unassigned info is a new one (`FORCED_EMPTY_PRIMARY`).
            info.failed_allocations = 0;
        }
        round.initialize(0, node, id, source);
        Ok(round.commit())
    }

    /// `move`: the copy on `from` relocates to `to`, where a new copy recovers
    /// that will take its place (`RoutingNodes.relocateShard`).
    pub fn relocate(&self, rules: &impl AllocationRules, from: NodeId, to: NodeId) -> Result<Self, Rejection> {
        let holds = |copy: &ShardRouting| copy.assigned().any(|shard| shard.node == from);
        let position = self.copies.iter().position(holds).ok_or(NoCopyOnNode)?;
        let copy = self.copies[position];
        rules.require(NotStarted, matches!(copy.state, CopyState::Started { .. }))?;
        self.may_hold(rules, to)?;
        rules.require(PrimaryNotActive, self.primary().is_active())?;

        let mut round = Round::new(rules, self, None);
        let target_id = round.new_id();
        let (Some(node), Some(allocation_id)) = (copy.node(), copy.allocation_id()) else { return Err(NoCopyOnNode) };
        round.next.copies[position].state = CopyState::Relocating { node, allocation_id, target: to, target_id };
        Ok(round.commit())
    }

    /// `cancel`: the copy on `node` fails and leaves the in-sync set, so that it
    /// recovers anew. A primary only with `allow_primary`, except that its
    /// relocation may be cancelled at the target.
    pub fn cancel(
        &self,
        rules: &impl AllocationRules,
        node: NodeId,
        allow_primary: bool,
        prefer: Option<NodeId>,
    ) -> Result<Self, Rejection> {
        let copy = self.copy_on(node).ok_or(NoCopyOnNode)?;
        rules.require(PrimaryNotAllowed, allow_primary || !copy.primary || copy.relocates_from.is_some())?;

        let mut round = Round::new(rules, self, prefer);
        round.fail(copy.allocation_id, UnassignedReason::RerouteCancelled, false);
        Ok(round.commit())
    }
}
