//! Unassigned copies get a node. Each allocation is a step of its own: when it
//! happens, and which node is asked, the caller decides.

use smallvec::SmallVec;

use super::rejection::Rejection::{self, *};
use super::round::Round;
use super::rules::AllocationRules;
use super::types::*;
use crate::node_set::NodeId;

impl ShardAllocation {
    /// An unassigned replica begins to recover on `node`, as a new copy
    /// (`ReplicaShardAllocator`, `BalancedShardsAllocator`, `allocate_replica`).
    /// One that waits for its last node goes nowhere else, unless `node` has
    /// data of the shard already.
    ///
    /// Of several, the one that waits for this node is taken, then one that
    /// waits for none. Among those that wait for other nodes the order of the
    /// nodes decides, which a renaming of nodes does not keep; that takes two
    /// nodes that left and a third with data.
    pub fn allocate_replica(&self, rules: &impl AllocationRules, node: NodeId, has_data: bool) -> Result<Self, Rejection> {
        self.may_hold(rules, node)?;
        rules.require(PrimaryNotActive, self.primary().is_active())?;
        let mut refused = NoUnassignedReplica;
        for (position, info) in self.unassigned_replicas(node) {
            match may_allocate(rules, &info, node, has_data) {
                Ok(()) => {
                    let mut round = Round::new(rules, self, None);
                    let id = round.new_id();
                    round.initialize(position, node, id, RecoverySource::Peer);
                    return Ok(round.commit());
                }
                Err(guard) => refused = guard,
            }
        }
        Err(refused)
    }

    fn unassigned_replicas(&self, node: NodeId) -> SmallVec<[(usize, Unassigned); 3]> {
        let unassigned = |(position, copy): (usize, &ShardRouting)| match copy.state {
            CopyState::Unassigned(info) if !copy.primary => Some((position, info)),
            _ => None,
        };
        let mut replicas: SmallVec<[(usize, Unassigned); 3]> = self.copies.iter().enumerate().filter_map(unassigned).collect();
        replicas.sort_by_key(|(_, info)| (info.last_node != Some(node), info.delayed));
        replicas
    }

    /// The unassigned primary of a shard without data begins to recover on `node`, empty.
    pub fn allocate_new_primary(&self, rules: &impl AllocationRules, node: NodeId) -> Result<Self, Rejection> {
        let info = self.unassigned_primary(rules)?;
        rules.require(HadData, info.source == RecoverySource::EmptyStore)?;
        rules.require(TooManyFailures, info.failed_allocations < MAX_RETRIES)?;
        self.may_hold(rules, node)?;

        let mut round = Round::new(rules, self, None);
        let id = round.new_id();
        round.initialize(0, node, id, RecoverySource::EmptyStore);
        Ok(round.commit())
    }

    /// The unassigned primary of a shard with data begins to recover on the
    /// node of the first [candidate](Self::candidates), under the allocation id
    /// that is on its disk and a new term (`PrimaryShardAllocator`). Nodes that
    /// are not among `found` are not considered.
    pub fn allocate_primary(&self, rules: &impl AllocationRules, found: &[StoreFound]) -> Result<Self, Rejection> {
        let info = self.unassigned_primary(rules)?;
        rules.require(NoExistingStore, info.source != RecoverySource::EmptyStore)?;
        rules.require(TooManyFailures, info.failed_allocations < MAX_RETRIES)?;
        let store = *self.candidates(rules, found).first().ok_or(self.why_none(rules, found))?;

        let mut round = Round::new(rules, self, None);
        let id = rules.id_of_store(store.allocation_id, &mut round.next.next_allocation_id);
        round.initialize(0, store.node, id, RecoverySource::ExistingStore);
        Ok(round.commit())
    }

    /// The stores of which the primary may be made: in sync, readable, on a
    /// member without a copy. Those that were primary come first, then older
    /// ids; sequence numbers do not matter
    /// (`PrimaryShardAllocator.buildNodeShardsResult`).
    pub fn candidates(&self, rules: &impl AllocationRules, found: &[StoreFound]) -> Vec<StoreFound> {
        let mut stores: Vec<_> = found.iter().copied().filter(|store| self.may_be_primary(rules, store).is_ok()).collect();
        stores.sort_by_key(|store| (!store.primary, store.allocation_id, store.node));
        stores
    }

    fn may_be_primary(&self, rules: &impl AllocationRules, store: &StoreFound) -> Result<(), Rejection> {
        rules.require(NotInSync, self.is_in_sync(store.allocation_id))?;
        rules.require(StoreFailed, !store.failed)?;
        self.may_hold(rules, store.node)
    }

    /// Why none of `found` will do: their one reason, or that there are several or none.
    fn why_none(&self, rules: &impl AllocationRules, found: &[StoreFound]) -> Rejection {
        let mut reasons = found.iter().filter_map(|store| self.may_be_primary(rules, store).err());
        let first = reasons.next();
        first.filter(|first| reasons.all(|reason| reason == *first)).unwrap_or(NoValidShardCopy)
    }

    /// Why the primary is unassigned, unless it is not.
    pub(super) fn unassigned_primary(&self, rules: &impl AllocationRules) -> Result<Unassigned, Rejection> {
        rules.require(PrimaryNotUnassigned, self.primary().is_unassigned())?;
        Ok(match self.primary().state {
            CopyState::Unassigned(info) => info,
            // Only where the guard is waived: what would be if the copy had failed.
            _ => Unassigned::new(UnassignedReason::AllocationFailed, RecoverySource::ExistingStore),
        })
    }

    /// The deciders that look at the node.
    pub(super) fn may_hold(&self, rules: &impl AllocationRules, node: NodeId) -> Result<(), Rejection> {
        rules.require(NotAMember, self.nodes.contains(node))?;
        rules.require(SameShard, self.copy_on(node).is_none())
    }
}

fn may_allocate(rules: &impl AllocationRules, info: &Unassigned, node: NodeId, has_data: bool) -> Result<(), Rejection> {
    rules.require(Delayed, !info.delayed || has_data || info.last_node == Some(node))?;
    rules.require(TooManyFailures, info.failed_allocations < MAX_RETRIES)
}
