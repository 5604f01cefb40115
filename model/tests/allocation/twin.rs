//! A second copy of the rules for reports, departures and cancellations, in the
//! shape that they have in Elasticsearch: one flat list of routing entries in
//! which the target of a relocation is an entry of its own, and one observer
//! that adds up what happens to them. Both lead to the same state, on every
//! step of many histories.

use std::collections::BTreeSet;

use quorate_model::NodeId;
use quorate_model::allocation::{
    CopyState, FailedShard, RecoverySource, ShardAllocation, ShardRouting, Unassigned, UnassignedReason,
};
use quorate_model::replication::AllocationId;

use crate::script::Step;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unassigned,
    Initializing,
    Started,
    Relocating,
}

/// `ShardRouting`.
#[derive(Clone, Debug)]
struct Entry {
    state: State,
    primary: bool,
    node: Option<NodeId>,
    /// Of a source the target's, of a target the source's.
    relocating_node: Option<NodeId>,
    id: Option<AllocationId>,
    relocation_id: Option<AllocationId>,
    source: RecoverySource,
    info: Unassigned,
}

impl Entry {
    fn active(&self) -> bool {
        matches!(self.state, State::Started | State::Relocating)
    }

    fn is_target(&self) -> bool {
        self.state == State::Initializing && self.relocating_node.is_some()
    }
}

/// `RoutingAllocation`: entries, and what the observer has noted.
#[derive(Clone, Debug)]
struct Twin {
    entries: Vec<Entry>,
    in_sync: BTreeSet<AllocationId>,
    term: u64,
    next_id: u32,
    added: BTreeSet<AllocationId>,
    removed: BTreeSet<AllocationId>,
    increase_term: bool,
    first_failed_primary: Option<AllocationId>,
    prefer: Option<NodeId>,
}

const NEVER: Unassigned = Unassigned {
    reason: UnassignedReason::IndexCreated,
    delayed: false,
    last_node: None,
    failed_allocations: 0,
    source: RecoverySource::Peer,
};

impl Twin {
    fn read(shard: &ShardAllocation, prefer: Option<NodeId>) -> Self {
        let mut entries = Vec::new();
        for copy in &shard.copies {
            let blank = Entry {
                state: State::Unassigned,
                primary: copy.primary,
                node: None,
                relocating_node: None,
                id: None,
                relocation_id: None,
                source: RecoverySource::Peer,
                info: NEVER,
            };
            match copy.state {
                CopyState::Unassigned(info) => entries.push(Entry { source: info.source, info, ..blank }),
                CopyState::Initializing { node, allocation_id, source, failed_allocations } => entries.push(Entry {
                    state: State::Initializing,
                    node: Some(node),
                    id: Some(allocation_id),
                    source,
                    info: Unassigned { failed_allocations, ..NEVER },
                    ..blank
                }),
                CopyState::Started { node, allocation_id } => {
                    entries.push(Entry { state: State::Started, node: Some(node), id: Some(allocation_id), ..blank });
                }
                CopyState::Relocating { node, allocation_id, target, target_id } => {
                    entries.push(Entry {
                        state: State::Relocating,
                        node: Some(node),
                        id: Some(allocation_id),
                        relocating_node: Some(target),
                        relocation_id: Some(target_id),
                        ..blank.clone()
                    });
                    entries.push(Entry {
                        state: State::Initializing,
                        node: Some(target),
                        id: Some(target_id),
                        relocating_node: Some(node),
                        relocation_id: Some(allocation_id),
                        ..blank
                    });
                }
            }
        }
        Twin {
            entries,
            in_sync: shard.in_sync.iter().copied().collect(),
            term: shard.primary_term,
            next_id: shard.next_allocation_id,
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
            increase_term: false,
            first_failed_primary: None,
            prefer,
        }
    }

    fn at(&self, id: AllocationId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == Some(id))
    }

    /// `RoutingNodes.failShard`.
    fn fail_shard(&mut self, id: AllocationId, info: Unassigned) {
        let failed = self.entries[self.at(id).expect("only assigned shards fail")].clone();
        if failed.primary {
            let assigned: Vec<Entry> = self.entries.clone();
            for routing in assigned.iter().filter(|entry| !entry.primary && entry.state == State::Initializing) {
                let replica = routing.id.expect("it is assigned");
                self.fail_shard(replica, Unassigned { reason: UnassignedReason::PrimaryFailed, ..NEVER });
            }
        }
        if failed.state == State::Relocating {
            let target = self.at(failed.relocation_id.unwrap()).unwrap();
            if failed.primary {
                self.entries.remove(target);
            } else {
                let target = &mut self.entries[target];
                (target.relocating_node, target.relocation_id) = (None, None);
            }
        }
        let position = self.at(id).unwrap();
        if failed.state == State::Initializing && failed.relocating_node.is_some() {
            let source = self.at(failed.relocation_id.unwrap()).unwrap();
            let source = &mut self.entries[source];
            (source.state, source.relocating_node, source.relocation_id) = (State::Started, None, None);
            self.entries.remove(position);
        } else if failed.primary {
            self.unassign_primary(position, info);
        } else if failed.state == State::Relocating {
            self.entries.remove(position);
        } else {
            self.move_to_unassigned(position, info);
        }
        if failed.active() && failed.primary {
            self.first_failed_primary.get_or_insert(id);
            self.increase_term = true;
        }
    }

    /// `unassignPrimaryAndPromoteActiveReplicaIfExists`; versions are equal, so
    /// that it is up to `prefer` or to age.
    fn unassign_primary(&mut self, position: usize, info: Unassigned) {
        let mut active: Vec<usize> =
            (0..self.entries.len()).filter(|at| self.entries[*at].active() && !self.entries[*at].primary).collect();
        active.sort_by_key(|at| (self.entries[*at].node != self.prefer, self.entries[*at].id));
        self.move_to_unassigned(position, info);
        if let Some(promoted) = active.first() {
            self.entries[position].primary = false;
            self.entries[position].source = RecoverySource::Peer;
            self.entries[*promoted].primary = true;
        }
    }

    /// `ShardRouting.moveToUnassigned`.
    fn move_to_unassigned(&mut self, position: usize, info: Unassigned) {
        let entry = &mut self.entries[position];
        if entry.active() {
            entry.source = if entry.primary { RecoverySource::ExistingStore } else { RecoverySource::Peer };
        }
        (entry.state, entry.info, entry.id, entry.node) = (State::Unassigned, info, None, None);
        (entry.relocating_node, entry.relocation_id) = (None, None);
    }

    /// `RoutingAllocation.removeAllocationId`.
    fn remove_allocation_id(&mut self, id: AllocationId) {
        if self.entries[self.at(id).unwrap()].active() {
            self.removed.insert(id);
        }
    }

    /// `RoutingNodes.startShard`.
    fn start_shard(&mut self, id: AllocationId) {
        let position = self.at(id).expect("it is assigned");
        let initializing = self.entries[position].clone();
        self.added.insert(id);
        if initializing.primary && initializing.source == RecoverySource::ForcedStale {
            self.removed.insert(AllocationId(u32::MAX));
        }
        let entry = &mut self.entries[position];
        (entry.state, entry.relocating_node, entry.relocation_id) = (State::Started, None, None);
        let Some(source_id) = initializing.relocation_id else { return };
        self.entries.retain(|entry| entry.id != Some(source_id));
        self.removed.insert(source_id);
        if initializing.primary {
            for at in 0..self.entries.len() {
                if self.entries[at].state == State::Initializing && !self.entries[at].primary {
                    let new = AllocationId(self.next_id);
                    self.next_id += 1;
                    if self.entries[at].is_target() {
                        let source = self.at(self.entries[at].relocation_id.unwrap()).unwrap();
                        self.entries[source].relocation_id = Some(new);
                    }
                    self.entries[at].id = Some(new);
                }
            }
        }
    }

    /// `IndexMetadataUpdater.applyChanges`, then back into our shape.
    fn apply_changes(mut self, before: &ShardAllocation) -> ShardAllocation {
        let mut in_sync: BTreeSet<AllocationId> = self.in_sync.union(&self.added).copied().collect();
        in_sync = in_sync.difference(&self.removed).copied().collect();
        let limit = before.copies.len();
        if in_sync.len() > self.in_sync.len() && in_sync.len() > limit {
            let routed: BTreeSet<AllocationId> =
                self.entries.iter().filter(|entry| !entry.is_target()).filter_map(|entry| entry.id).collect();
            let (with, without): (Vec<_>, Vec<_>) = in_sync.into_iter().partition(|id| routed.contains(id));
            in_sync = with.into_iter().chain(without).take(limit).collect();
        }
        if self.entries.iter().all(|entry| !entry.active()) {
            in_sync.extend(self.first_failed_primary);
        }
        if !in_sync.is_empty() {
            self.in_sync = in_sync;
        }
        let mut shard = before.clone();
        shard.primary_term = self.term + u64::from(self.increase_term);
        shard.in_sync = self.in_sync.iter().copied().collect();
        shard.next_allocation_id = self.next_id;
        let copies = self.entries.iter().filter(|entry| !entry.is_target());
        shard.copies = copies.map(|entry| ShardRouting { primary: entry.primary, state: self.state_of(entry) }).collect();
        shard.copies.sort_by_key(|copy| (!copy.primary, copy.state));
        shard
    }

    fn state_of(&self, entry: &Entry) -> CopyState {
        match (entry.state, entry.node, entry.id) {
            (State::Initializing, Some(node), Some(allocation_id)) => CopyState::Initializing {
                node,
                allocation_id,
                source: entry.source,
                failed_allocations: entry.info.failed_allocations,
            },
            (State::Started, Some(node), Some(allocation_id)) => CopyState::Started { node, allocation_id },
            (State::Relocating, Some(node), Some(allocation_id)) => {
                let target = &self.entries[self.at(entry.relocation_id.unwrap()).unwrap()];
                CopyState::Relocating { node, allocation_id, target: target.node.unwrap(), target_id: target.id.unwrap() }
            }
            _ => {
                let delayed = entry.info.delayed && !entry.primary;
                let last_node = entry.info.last_node.filter(|_| delayed);
                CopyState::Unassigned(Unassigned { source: entry.source, delayed, last_node, ..entry.info })
            }
        }
    }
}

/// What a step that is admitted leads to; `None` for steps that have no second copy.
pub fn twin(shard: &ShardAllocation, step: &Step) -> Option<ShardAllocation> {
    match step {
        Step::Fail(tasks, prefer) => Some(fail(shard, tasks, *prefer)),
        Step::Start(tasks) => {
            let mut twin = Twin::read(shard, None);
            let current = |(id, term): &&(AllocationId, Option<u64>)| {
                let entry = twin.at(*id).map(|at| &twin.entries[at]);
                let term = term.unwrap_or(shard.primary_term);
                entry.is_some_and(|entry| {
                    entry.state == State::Initializing && !(entry.primary && term > 0 && term != shard.primary_term)
                })
            };
            let mut started: Vec<AllocationId> = tasks.iter().filter(current).map(|(id, _)| *id).collect();
            let mut unique = BTreeSet::new();
            started.retain(|id| unique.insert(*id));
            started.sort_by_key(|id| twin.entries[twin.at(*id).unwrap()].primary);
            started.into_iter().for_each(|id| twin.start_shard(id));
            Some(twin.apply_changes(shard))
        }
        Step::Left(node, prefer) => {
            let mut twin = Twin::read(shard, *prefer);
            let dead: Vec<AllocationId> =
                twin.entries.iter().filter(|entry| entry.node == Some(*node)).filter_map(|entry| entry.id).collect();
            for id in dead {
                let reason = UnassignedReason::NodeLeft;
                twin.fail_shard(id, Unassigned { reason, delayed: true, last_node: Some(*node), ..NEVER });
            }
            let mut next = twin.apply_changes(shard);
            next.nodes = shard.nodes.without(*node);
            Some(next)
        }
        Step::Cancel(node, _, prefer) => {
            let mut twin = Twin::read(shard, *prefer);
            let id = twin.entries.iter().find(|entry| entry.node == Some(*node))?.id?;
            twin.remove_allocation_id(id);
            twin.fail_shard(id, Unassigned { reason: UnassignedReason::RerouteCancelled, ..NEVER });
            Some(twin.apply_changes(shard))
        }
        _ => None,
    }
}

fn fail(shard: &ShardAllocation, tasks: &[FailedShard], prefer: Option<NodeId>) -> ShardAllocation {
    let mut twin = Twin::read(shard, prefer);
    let admitted: Vec<&FailedShard> =
        tasks.iter().filter(|task| task.primary_term == 0 || task.primary_term == shard.primary_term).collect();
    let stale: BTreeSet<AllocationId> = admitted
        .iter()
        .filter(|task| twin.at(task.allocation_id).is_none() && task.primary_term > 0)
        .map(|task| task.allocation_id)
        .collect();
    let remaining: BTreeSet<AllocationId> = twin.in_sync.difference(&stale).copied().collect();
    if !remaining.is_empty() {
        twin.in_sync = remaining;
    }
    // Unlike Elasticsearch, the rules take a report as stale wherever in the batch it is.
    let marked: BTreeSet<AllocationId> =
        admitted.iter().filter(|task| task.mark_as_stale).map(|task| task.allocation_id).collect();
    for task in admitted {
        let Some(position) = twin.at(task.allocation_id) else { continue };
        let failed_allocations = match twin.entries[position].state {
            State::Initializing => twin.entries[position].info.failed_allocations + 1,
            _ => 1,
        };
        if marked.contains(&task.allocation_id) {
            twin.remove_allocation_id(task.allocation_id);
        }
        twin.fail_shard(
            task.allocation_id,
            Unassigned { reason: UnassignedReason::AllocationFailed, failed_allocations, ..NEVER },
        );
    }
    twin.apply_changes(shard)
}
