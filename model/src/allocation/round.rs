//! One round: the routing table changes step by step, then the index metadata
//! follows once (`RoutingAllocation` with its `IndexMetadataUpdater`).
//!
//! ```text
//!   reports, commands ──▶ RoutingNodes changes, what happened is noted ──▶ one new term, one new in-sync set
//! ```

use smallvec::SmallVec;

use super::rejection::Rejection::NotActive;
use super::rules::{AllocationRules, PrimaryChange, insert};
use super::types::*;
use crate::node_set::{NodeId, NodeSet};
use crate::replication::AllocationId;

/// A round under way. Nothing of it is seen before [`commit`](Round::commit).
pub(super) struct Round<'a, R> {
    pub(super) rules: &'a R,
    /// What the routing table has become; the metadata is still the old one.
    pub(super) next: ShardAllocation,
    before: &'a ShardAllocation,
    /// The node whose copy is promoted, where there is a choice.
    prefer: Option<NodeId>,
    added: AllocationIds,
    removed: AllocationIds,
    failed_primaries: AllocationIds,
    initialized_primary: Option<(AllocationId, RecoverySource)>,
    relocated_primary: bool,
}

impl<'a, R: AllocationRules> Round<'a, R> {
    pub(super) fn new(rules: &'a R, before: &'a ShardAllocation, prefer: Option<NodeId>) -> Self {
        Round {
            rules,
            next: before.clone(),
            before,
            prefer,
            added: AllocationIds::new(),
            removed: AllocationIds::new(),
            failed_primaries: AllocationIds::new(),
            initialized_primary: None,
            relocated_primary: false,
        }
    }

    /// `AllocationService.buildResultAndLogHealthChange`: the next cluster state,
    /// which has a version of its own if anything is different.
    pub(super) fn commit(mut self) -> ShardAllocation {
        let change = PrimaryChange {
            failed: self.failed_primaries.len() as u32,
            allocated: self.initialized_primary.is_some(),
            relocated: self.relocated_primary,
        };
        self.next.in_sync = self.updated_in_sync();
        self.next.primary_term = self.rules.term_after(self.next.primary_term, change);
        self.commit_as_is()
    }

    /// The next cluster state, whose metadata says already what it is to say.
    pub(super) fn commit_as_is(mut self) -> ShardAllocation {
        self.next.put_in_order();
        self.next.version += u64::from(self.next != *self.before);
        self.next
    }

    /// `IndexMetadataUpdater.updateInSyncAllocations`.
    fn updated_in_sync(&self) -> AllocationIds {
        let old = &self.next.in_sync;
        if let Some((id, source)) = self.initialized_primary
            && !old.is_empty()
            && !old.contains(&id)
        {
            return self.rules.in_sync_when_forced(old, source, id);
        }

        let mut ids = old.clone();
        self.added.iter().for_each(|id| insert(&mut ids, *id));
        ids.retain(|id| !self.removed.contains(id));
        if ids.len() > old.len() && self.rules.trims_in_sync() {
            self.trim(&mut ids);
        }
        if self.next.active().next().is_none() {
            self.rules.add_back_failed_primary(&mut ids, &self.failed_primaries);
        }
        if ids.is_empty() && !self.rules.may_become_empty() { old.clone() } else { ids }
    }

    /// Drops ids above the number of copies: those without a copy first. Which
    /// of these go is not specified in Elasticsearch; here the newer ones do.
    fn trim(&self, ids: &mut AllocationIds) {
        let assigned: AllocationIds = self.next.copies.iter().filter_map(ShardRouting::allocation_id).collect();
        ids.sort_unstable_by_key(|id| (!assigned.contains(id), *id));
        ids.truncate(self.next.copies.len());
        ids.sort_unstable();
    }

    /// Stale ids without copies leave the in-sync set before anything else
    /// happens, unless that would leave nothing
    /// (`IndexMetadataUpdater.removeStaleIdsWithoutRoutings`).
    pub(super) fn remove_stale_ids(&mut self, stale: &[AllocationId]) {
        let mut remaining = self.next.in_sync.clone();
        remaining.retain(|id| !stale.contains(id));
        if self.rules.removes_stale_ids() && (!remaining.is_empty() || self.rules.may_become_empty()) {
            self.next.in_sync = remaining;
        }
    }

    /// `RoutingNodes.failShard`: the copy with this id leaves its node. Without
    /// such a copy there is nothing to do.
    pub(super) fn fail(&mut self, id: AllocationId, reason: UnassignedReason, mark_as_stale: bool) {
        let Some(position) = self.position(id) else { return };
        let copy = self.next.copies[position];
        let promoted = if copy.primary && self.rules.promotes() { self.promoted() } else { None };
        // Their recovery was the old primary's affair, which it takes with it.
        // This is so even for the target of a primary's relocation.
        if copy.primary && self.rules.recoveries_fail_with_primary() {
            let keeps = promoted.and_then(|position| self.next.copies[position].allocation_id());
            let recovering = |shard: &AssignedShard| !shard.primary && !shard.is_active() && Some(shard.allocation_id) != keeps;
            let replicas: AllocationIds = self.next.assigned().filter(recovering).map(|shard| shard.allocation_id).collect();
            replicas.iter().for_each(|replica| self.fail(*replica, UnassignedReason::PrimaryFailed, false));
        }
        match copy.state {
            CopyState::Relocating { node, allocation_id, target_id, .. } if target_id == id => {
                self.next.copies[position].state = CopyState::Started { node, allocation_id };
            }
            _ => {
                if copy.is_active() && self.rules.leaves_in_sync(reason, mark_as_stale) {
                    insert(&mut self.removed, id);
                }
                if copy.primary {
                    self.unassign_primary(position, promoted, reason);
                } else {
                    self.unassign_replica(position, reason);
                }
            }
        }
    }

    /// `unassignPrimaryAndPromoteActiveReplicaIfExists`: the roles are swapped,
    /// so that the failed copy becomes a replica to be allocated anew. Where
    /// nobody can be promoted, the primary waits for a copy with its data.
    fn unassign_primary(&mut self, position: usize, promoted: Option<usize>, reason: UnassignedReason) {
        let copy = self.next.copies[position];
        if let (true, Some(id)) = (copy.is_active(), copy.allocation_id()) {
            self.failed_primaries.push(id);
        }
        let source = match copy.state {
            _ if promoted.is_some() => RecoverySource::Peer,
            CopyState::Initializing { source, .. } => source,
            _ => RecoverySource::ExistingStore,
        };
        self.next.copies[position] = self.unassigned(&copy, promoted.is_none(), reason, source);
        if let Some(promoted) = promoted {
            self.next.copies[promoted].primary = true;
        }
    }

    /// A replica that was moving has a successor already, which goes on as an
    /// ordinary recovery; any other becomes unassigned.
    fn unassign_replica(&mut self, position: usize, reason: UnassignedReason) {
        let copy = self.next.copies[position];
        self.next.copies[position] = match copy.state {
            CopyState::Relocating { target, target_id, .. } => ShardRouting {
                primary: false,
                state: CopyState::Initializing {
                    node: target,
                    allocation_id: target_id,
                    source: RecoverySource::Peer,
                    failed_allocations: 0,
                },
            },
            _ => self.unassigned(&copy, false, reason, RecoverySource::Peer),
        };
    }

    fn unassigned(&self, copy: &ShardRouting, primary: bool, reason: UnassignedReason, source: RecoverySource) -> ShardRouting {
        let delayed = reason == UnassignedReason::NodeLeft && !primary && self.rules.delays();
        let failed_before = match copy.state {
            CopyState::Initializing { failed_allocations, .. } => failed_allocations,
            _ => 0,
        };
        let failed_allocations = if reason == UnassignedReason::AllocationFailed { failed_before.saturating_add(1) } else { 0 };
        let last_node = if delayed { copy.node() } else { None };
        ShardRouting {
            primary,
            state: CopyState::Unassigned(Unassigned { reason, delayed, last_node, failed_allocations, source }),
        }
    }

    /// Who is promoted: the copy on the preferred node if it may be, or the oldest that may.
    fn promoted(&self) -> Option<usize> {
        let candidates = self.next.promotable(self.rules);
        let preferred = candidates.iter().find(|position| self.next.copies[**position].node() == self.prefer);
        preferred.or(candidates.iter().min_by_key(|position| self.next.copies[**position].allocation_id())).copied()
    }

    /// `RoutingNodes.startShard`: the copy with this id has recovered.
    pub(super) fn start(&mut self, id: AllocationId) {
        let Some(position) = self.position(id) else { return };
        let copy = self.next.copies[position];
        let (node, replaced) = match copy.state {
            CopyState::Unassigned(_) => return,
            CopyState::Relocating { target, target_id, allocation_id, .. } if target_id == id => (target, Some(allocation_id)),
            CopyState::Initializing { node, .. } | CopyState::Started { node, .. } | CopyState::Relocating { node, .. } => {
                (node, None)
            }
        };
        self.next.copies[position].state = CopyState::Started { node, allocation_id: id };
        self.add(id);
        if matches!(copy.state, CopyState::Initializing { source: RecoverySource::ForcedStale, .. }) {
            insert(&mut self.removed, FORCED_ALLOCATION);
        }
        if let Some(source) = replaced {
            if self.rules.relocation_removes_source() {
                insert(&mut self.removed, source);
            }
            if copy.primary {
                self.relocated_primary = true;
                self.restart_recoveries();
            }
        }
    }

    /// Notes that `id` is in sync from now on.
    pub(super) fn add(&mut self, id: AllocationId) {
        if self.rules.started_is_in_sync() {
            insert(&mut self.added, id);
        }
    }

    /// Replicas that recovered from the source of a relocation begin anew, as other copies.
    fn restart_recoveries(&mut self) {
        if !self.rules.recoveries_restart_after_relocation() {
            return;
        }
        for position in 0..self.next.copies.len() {
            if self.next.copies[position].primary {
                continue;
            }
            let new_id = AllocationId(self.next.next_allocation_id);
            match &mut self.next.copies[position].state {
                CopyState::Initializing { allocation_id: id, .. } | CopyState::Relocating { target_id: id, .. } => {
                    *id = new_id;
                    self.next.next_allocation_id += 1;
                }
                CopyState::Unassigned(_) | CopyState::Started { .. } => {}
            }
        }
    }

    /// An unassigned copy begins to recover on `node` (`RoutingNodes.initializeShard`).
    pub(super) fn initialize(&mut self, position: usize, node: NodeId, allocation_id: AllocationId, source: RecoverySource) {
        let copy = &mut self.next.copies[position];
        let failed_allocations = match copy.state {
            CopyState::Unassigned(info) => info.failed_allocations,
            _ => 0,
        };
        copy.state = CopyState::Initializing { node, allocation_id, source, failed_allocations };
        if copy.primary {
            self.initialized_primary = Some((allocation_id, source));
        }
    }

    /// The id of a new copy.
    pub(super) fn new_id(&mut self) -> AllocationId {
        let id = AllocationId(self.next.next_allocation_id);
        self.next.next_allocation_id += 1;
        id
    }

    fn position(&self, id: AllocationId) -> Option<usize> {
        self.next.copies.iter().position(|copy| copy.allocation_id() == Some(id) || copy.target_id() == Some(id))
    }
}

impl ShardAllocation {
    /// The nodes of which one is to be promoted should the primary fail now:
    /// any with an active replica (`RoutingNodes.activePromotableReplicaWithHighestVersion`
    /// where all nodes run the same version).
    pub fn promotion_candidates(&self, rules: &impl AllocationRules) -> NodeSet {
        self.promotable(rules).iter().filter_map(|position| self.copies[*position].node()).collect()
    }

    fn promotable(&self, rules: &impl AllocationRules) -> SmallVec<[usize; 3]> {
        let may =
            |copy: &ShardRouting| !copy.primary && !copy.is_unassigned() && rules.require(NotActive, copy.is_active()).is_ok();
        (0..self.copies.len()).filter(|position| may(&self.copies[*position])).collect()
    }
}
