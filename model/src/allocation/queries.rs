//! What can be read from the cluster state of a shard.

use smallvec::SmallVec;

use super::types::*;
use crate::node_set::NodeId;
use crate::replication::AllocationId;
use crate::replication::tracker::AssignedCopy;

impl ShardRouting {
    /// Whether it has started: started or relocating.
    pub fn is_active(&self) -> bool {
        matches!(self.state, CopyState::Started { .. } | CopyState::Relocating { .. })
    }

    /// Whether it is on no node.
    pub fn is_unassigned(&self) -> bool {
        matches!(self.state, CopyState::Unassigned(_))
    }

    /// The id of the copy, not that of a relocation target.
    pub fn allocation_id(&self) -> Option<AllocationId> {
        match self.state {
            CopyState::Unassigned(_) => None,
            CopyState::Initializing { allocation_id, .. }
            | CopyState::Started { allocation_id, .. }
            | CopyState::Relocating { allocation_id, .. } => Some(allocation_id),
        }
    }

    /// The node of the copy, not that of a relocation target.
    pub fn node(&self) -> Option<NodeId> {
        match self.state {
            CopyState::Unassigned(_) => None,
            CopyState::Initializing { node, .. } | CopyState::Started { node, .. } | CopyState::Relocating { node, .. } => {
                Some(node)
            }
        }
    }

    /// The id of the copy that is to take its place.
    pub fn target_id(&self) -> Option<AllocationId> {
        match self.state {
            CopyState::Relocating { target_id, .. } => Some(target_id),
            _ => None,
        }
    }

    /// Itself and the target of its relocation, as far as they are on nodes.
    pub fn assigned(&self) -> impl Iterator<Item = AssignedShard> + use<> {
        let primary = self.primary;
        let shard = |node, allocation_id, recovers_from| AssignedShard {
            node,
            allocation_id,
            primary,
            recovers_from,
            relocates_from: None,
            relocates_to: None,
        };
        let (own, target) = match self.state {
            CopyState::Unassigned(_) => (None, None),
            CopyState::Initializing { node, allocation_id, source, .. } => (Some(shard(node, allocation_id, Some(source))), None),
            CopyState::Started { node, allocation_id } => (Some(shard(node, allocation_id, None)), None),
            CopyState::Relocating { node, allocation_id, target, target_id } => {
                let own = AssignedShard { relocates_to: Some((target, target_id)), ..shard(node, allocation_id, None) };
                let peer = Some(RecoverySource::Peer);
                (Some(own), Some(AssignedShard { relocates_from: Some(allocation_id), ..shard(target, target_id, peer) }))
            }
        };
        own.into_iter().chain(target)
    }
}

impl ShardAllocation {
    /// The primary, active or not.
    pub fn primary(&self) -> &ShardRouting {
        &self.copies[0]
    }

    /// The replicas.
    pub fn replicas(&self) -> &[ShardRouting] {
        &self.copies[1..]
    }

    /// Every copy on a node, relocation targets included.
    pub fn assigned(&self) -> impl Iterator<Item = AssignedShard> + Clone + '_ {
        self.copies.iter().flat_map(|copy| copy.assigned().collect::<SmallVec<[_; 2]>>())
    }

    /// The ids of [`assigned`](Self::assigned).
    pub fn assigned_ids(&self) -> impl Iterator<Item = AllocationId> + Clone + '_ {
        self.assigned().map(|shard| shard.allocation_id)
    }

    /// The copies that have started.
    pub fn active(&self) -> impl Iterator<Item = &ShardRouting> + Clone {
        self.copies.iter().filter(|copy| copy.is_active())
    }

    /// What `node` holds.
    pub fn copy_on(&self, node: NodeId) -> Option<AssignedShard> {
        self.assigned().find(|shard| shard.node == node)
    }

    /// The copy with this id, which may be the target of a relocation.
    pub fn copy(&self, id: AllocationId) -> Option<AssignedShard> {
        self.assigned().find(|shard| shard.allocation_id == id)
    }

    /// The node of the copy with this id.
    pub fn node_of(&self, id: AllocationId) -> Option<NodeId> {
        self.copy(id).map(|shard| shard.node)
    }

    /// Whether the copy with this id counts as in sync.
    pub fn is_in_sync(&self, id: AllocationId) -> bool {
        self.in_sync.binary_search(&id).is_ok()
    }

    /// How many replicas the index is to have.
    pub fn number_of_replicas(&self) -> usize {
        self.copies.len() - 1
    }

    /// The routing table as a primary's
    /// [`ReplicationTracker::update_from_master`](crate::replication::ReplicationTracker::update_from_master) takes it.
    pub fn tracker_view(&self) -> SmallVec<[AssignedCopy; 3]> {
        let view = |copy: &ShardRouting| {
            Some(AssignedCopy {
                allocation_id: copy.allocation_id()?,
                relocation_target: copy.target_id(),
                primary: copy.primary,
                initializing: !copy.is_active(),
            })
        };
        self.copies.iter().filter_map(view).collect()
    }

    /// `ClusterShardHealth.getShardHealth`. Without deciders that look at disks,
    /// the last status of an allocation is never that they all refused.
    pub fn health(&self) -> Health {
        let being_created = |source, failed_allocations| source == RecoverySource::EmptyStore && failed_allocations == 0;
        match self.primary().state {
            _ if self.copies.iter().all(ShardRouting::is_active) => Health::Green,
            CopyState::Started { .. } | CopyState::Relocating { .. } => Health::Yellow,
            CopyState::Unassigned(info) if being_created(info.source, info.failed_allocations) => Health::Yellow,
            CopyState::Initializing { source, failed_allocations, .. } if being_created(source, failed_allocations) => {
                Health::Yellow
            }
            _ => Health::Red,
        }
    }

    /// The same under a renaming of nodes: `permutation[i]` is the new index of node `i`.
    #[must_use]
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        let rename = |node: NodeId| NodeId(permutation.get(node.index()).copied().unwrap_or(node.0));
        let mut renamed = self.clone();
        renamed.nodes = self.nodes.permuted(permutation);
        for copy in &mut renamed.copies {
            match &mut copy.state {
                CopyState::Unassigned(info) => info.last_node = info.last_node.map(rename),
                CopyState::Initializing { node, .. } | CopyState::Started { node, .. } => *node = rename(*node),
                CopyState::Relocating { node, target, .. } => (*node, *target) = (rename(*node), rename(*target)),
            }
        }
        renamed.put_in_order();
        renamed
    }

    /// The primary first, then ascending.
    pub(super) fn put_in_order(&mut self) {
        self.copies.sort_unstable_by_key(|copy| (!copy.primary, copy.state));
    }
}
