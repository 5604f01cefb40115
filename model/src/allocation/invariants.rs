//! What holds of the cluster state of a shard, and of each change of it.
//!
//! Each claim does its own arithmetic on the fields: it calls nothing that a
//! mutant may replace.

use super::types::*;
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;
use crate::replication::AllocationId;

/// A claim about one cluster state.
pub type Invariant = fn(&ShardAllocation) -> Verdict;
/// A claim about two cluster states of which the second follows the first, or is the same.
pub type StepInvariant = fn(&ShardAllocation, &ShardAllocation) -> Verdict;

/// Every claim about states, by name.
pub const INVARIANTS: &[(&str, Invariant)] = &[
    ("WellFormedRoutingTable", well_formed_routing_table),
    ("ActiveCopiesInSync", active_copies_in_sync),
    ("RecoveringCopiesNotInSync", recovering_copies_not_in_sync),
    ("ReplicasHaveActivePrimary", replicas_have_active_primary),
    ("PrimarySourceMatchesInSync", primary_source_matches_in_sync),
    ("InSyncBounded", in_sync_bounded),
];

/// Every claim about steps, by name.
pub const STEP_INVARIANTS: &[(&str, StepInvariant)] = &[
    ("VersionsGrow", versions_grow),
    ("PrimaryTermsGrow", primary_terms_grow),
    ("InSyncNonEmpty", in_sync_non_empty),
    ("InSyncByStarting", in_sync_by_starting),
    ("ActiveCopiesStayInSync", active_copies_stay_in_sync),
    ("FailedPrimaryStaysInSync", failed_primary_stays_in_sync),
    ("RelocatedCopiesLeaveInSync", relocated_copies_leave_in_sync),
    ("NodeLeftKeepsInSync", node_left_keeps_in_sync),
    ("NewPrimaryWasInSync", new_primary_was_in_sync),
    ("PrimaryAllocatedOnceUnassigned", primary_allocated_once_unassigned),
    ("RecoveriesEndWithPrimary", recoveries_end_with_primary),
    ("AllocationIdsAreNew", allocation_ids_are_new),
];

/// A copy on a node, by fields alone.
struct Held {
    id: AllocationId,
    node: NodeId,
    primary: bool,
    active: bool,
}

fn held(shard: &ShardAllocation) -> Vec<Held> {
    let mut all = Vec::new();
    for copy in &shard.copies {
        let primary = copy.primary;
        match copy.state {
            CopyState::Unassigned(_) => {}
            CopyState::Initializing { node, allocation_id: id, .. } => all.push(Held { id, node, primary, active: false }),
            CopyState::Started { node, allocation_id: id } => all.push(Held { id, node, primary, active: true }),
            CopyState::Relocating { node, allocation_id: id, target, target_id } => {
                all.push(Held { id, node, primary, active: true });
                all.push(Held { id: target_id, node: target, primary, active: false });
            }
        }
    }
    all
}

/// The id of the primary once it has started.
fn active_primary(shard: &ShardAllocation) -> Option<AllocationId> {
    held(shard).iter().find(|copy| copy.primary && copy.active).map(|copy| copy.id)
}

/// The id of the primary's relocation target.
fn primary_target(shard: &ShardAllocation) -> Option<AllocationId> {
    shard.copies.iter().find_map(|copy| match copy.state {
        CopyState::Relocating { target_id, .. } if copy.primary => Some(target_id),
        _ => None,
    })
}

/// The id and the source of a primary that recovers.
fn recovering_primary(shard: &ShardAllocation) -> Option<(AllocationId, RecoverySource)> {
    shard.copies.iter().find_map(|copy| match copy.state {
        CopyState::Initializing { allocation_id, source, .. } if copy.primary => Some((allocation_id, source)),
        _ => None,
    })
}

/// The ids of replicas that recover, relocation targets included.
fn recovering_replicas(shard: &ShardAllocation) -> Vec<AllocationId> {
    held(shard).iter().filter(|copy| !copy.primary && !copy.active).map(|copy| copy.id).collect()
}

/// S-WF: the first entry and no other is the primary; copies and relocation
/// targets are on nodes of their own, which are members; ids are of one copy
/// each and have been given out; in-sync ids are a set of such; who waits for a
/// node is an unassigned replica.
pub fn well_formed_routing_table(shard: &ShardAllocation) -> Verdict {
    let primaries: Vec<usize> = (0..shard.copies.len()).filter(|position| shard.copies[*position].primary).collect();
    if primaries != [0] {
        return Err(format!("primaries are at {primaries:?} of the table"));
    }
    let (mut nodes, mut ids) = (NodeSet::EMPTY, Vec::new());
    let given_out = |id: AllocationId| id.0 < shard.next_allocation_id;
    for copy in held(shard) {
        if !shard.nodes.contains(copy.node) {
            return Err(format!("{} is on {}, which is no member", copy.id, copy.node));
        }
        if nodes.contains(copy.node) || ids.contains(&copy.id) {
            return Err(format!("{} holds two copies, or {} is two", copy.node, copy.id));
        }
        if !given_out(copy.id) {
            return Err(format!("{} has not been given out yet", copy.id));
        }
        nodes = nodes.with(copy.node);
        ids.push(copy.id);
    }
    if !shard.in_sync.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(format!("the in-sync ids {:?} are not in order", shard.in_sync));
    }
    if let Some(id) = shard.in_sync.iter().find(|id| **id != FORCED_ALLOCATION && !given_out(**id)) {
        return Err(format!("{id} is in sync and has not been given out yet"));
    }
    for copy in &shard.copies {
        if let CopyState::Unassigned(info) = copy.state
            && (info.delayed != info.last_node.is_some() || info.delayed && copy.primary)
        {
            return Err(format!("{copy:?} waits for a node and should not, or should"));
        }
    }
    Ok(())
}

/// S-PIS: every copy that could be promoted, the primary above all, is in the in-sync set.
pub fn active_copies_in_sync(shard: &ShardAllocation) -> Verdict {
    match held(shard).iter().find(|copy| copy.active && !shard.in_sync.contains(&copy.id)) {
        None => Ok(()),
        Some(copy) => Err(format!("{} on {} is active and not in sync {:?}", copy.id, copy.node, shard.in_sync)),
    }
}

/// A copy that recovers from a primary is not in sync before it has started
/// (asserted in `IndexMetadataUpdater` for relocation targets).
pub fn recovering_copies_not_in_sync(shard: &ShardAllocation) -> Verdict {
    let target = primary_target(shard);
    let mut recovering = recovering_replicas(shard).into_iter().chain(target);
    match recovering.find(|id| shard.in_sync.contains(id)) {
        None => Ok(()),
        Some(id) => Err(format!("{id} recovers and is in sync already")),
    }
}

/// Replicas have been given to nodes, and stay there, only next to an active primary.
pub fn replicas_have_active_primary(shard: &ShardAllocation) -> Verdict {
    match held(shard).iter().find(|copy| !copy.primary) {
        Some(copy) if active_primary(shard).is_none() => Err(format!("{} is a replica without an active primary", copy.id)),
        _ => Ok(()),
    }
}

/// A primary that is not active is to start empty exactly if nobody is in sync.
/// While it recovers from a store it is in sync itself; while it is forced to
/// recover from a stale one, nobody that exists is.
pub fn primary_source_matches_in_sync(shard: &ShardAllocation) -> Verdict {
    let (CopyState::Unassigned(Unassigned { source, .. }) | CopyState::Initializing { source, .. }) = shard.copies[0].state
    else {
        return Ok(());
    };
    let recovering = recovering_primary(shard).map(|(id, _)| id);
    let fits = match (source, recovering) {
        (RecoverySource::EmptyStore, _) => shard.in_sync.is_empty(),
        (RecoverySource::ExistingStore, None) => !shard.in_sync.is_empty(),
        (RecoverySource::ExistingStore, Some(id)) => shard.in_sync.contains(&id),
        (RecoverySource::ForcedStale, _) => shard.in_sync[..] == [FORCED_ALLOCATION],
        (RecoverySource::Peer, _) => false,
    };
    if fits { Ok(()) } else { Err(format!("the primary is to recover from {source:?} where {:?} are in sync", shard.in_sync)) }
}

/// There are no more in-sync ids than the index has copies (#21976). Holds while the
/// number of replicas stays the same.
pub fn in_sync_bounded(shard: &ShardAllocation) -> Verdict {
    let (ids, copies) = (shard.in_sync.len(), shard.copies.len());
    if ids <= copies { Ok(()) } else { Err(format!("{ids} in-sync ids for {copies} copies")) }
}

/// A change has the next version, and no change has none.
pub fn versions_grow(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    if before == after || after.version == before.version + 1 {
        Ok(())
    } else {
        Err(format!("version {} follows {}", after.version, before.version))
    }
}

/// S-TERM: the term grows by one when an active primary fails, whoever follows
/// it, and when a primary is given to a node; otherwise it stays. A relocation
/// and a full restart keep it.
pub fn primary_terms_grow(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let restarted =
        matches!(after.copies[0].state, CopyState::Unassigned(info) if info.reason == UnassignedReason::ClusterRecovered);
    let failed = match active_primary(before) {
        Some(id) => active_primary(after).is_none_or(|now| now != id && Some(now) != primary_target(before)) && !restarted,
        None => false,
    };
    let recovering = |shard| recovering_primary(shard).map(|(id, _)| id);
    let allocated = recovering(after).is_some() && recovering(before) != recovering(after);
    let expected = before.primary_term + u64::from(failed || allocated);
    if after.primary_term == expected {
        Ok(())
    } else {
        Err(format!("the primary term goes from {} to {}, not to {expected}", before.primary_term, after.primary_term))
    }
}

/// S-NE: a shard that had data never looks new, unless it is forced to be empty.
pub fn in_sync_non_empty(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let forced_empty = matches!(recovering_primary(after), Some((_, RecoverySource::EmptyStore)));
    if before.in_sync.is_empty() || !after.in_sync.is_empty() || forced_empty {
        Ok(())
    } else {
        Err(format!("of {:?} nobody is in sync any more", before.in_sync))
    }
}

/// An id enters the in-sync set when its copy starts, and not otherwise; the id
/// that nobody has, when a stale primary is forced.
pub fn in_sync_by_starting(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let forced = matches!(recovering_primary(after), Some((_, RecoverySource::ForcedStale)));
    let (was, is) = (held(before), held(after));
    let started = |id: AllocationId| {
        was.iter().any(|copy| copy.id == id && !copy.active) && is.iter().any(|copy| copy.id == id && copy.active)
    };
    let entered = |id: &&AllocationId| !before.in_sync.contains(id);
    match after.in_sync.iter().filter(entered).find(|id| !(started(**id) || forced && **id == FORCED_ALLOCATION)) {
        None => Ok(()),
        Some(id) => Err(format!("{id} is in sync and has not just started")),
    }
}

/// An id leaves the in-sync set only where its copy is active no longer, and a
/// primary that recovers from its store keeps it.
pub fn active_copies_stay_in_sync(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let counts = held(after);
    let counts = |id: AllocationId| counts.iter().any(|copy| copy.id == id && (copy.active || copy.primary));
    match before.in_sync.iter().find(|id| !after.in_sync.contains(id) && counts(**id)) {
        None => Ok(()),
        Some(id) => Err(format!("{id} is in sync no longer and still counts")),
    }
}

/// Where the last active copies fail together, the one that was primary first
/// stays in sync: it alone is sure to have every acknowledged operation (#21976).
pub fn failed_primary_stays_in_sync(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    match active_primary(before) {
        Some(id) if held(after).iter().all(|copy| !copy.active) && !after.in_sync.contains(&id) => {
            Err(format!("{id} was the last primary and is in sync no longer"))
        }
        _ => Ok(()),
    }
}

/// When a relocation is over, the copy that was replaced is in sync no longer.
pub fn relocated_copies_leave_in_sync(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let is = held(after);
    for copy in &before.copies {
        if let CopyState::Relocating { allocation_id, target_id, .. } = copy.state
            && is.iter().any(|copy| copy.id == target_id && copy.active)
            && after.in_sync.contains(&allocation_id)
        {
            return Err(format!("{target_id} has replaced {allocation_id}, which is still in sync"));
        }
    }
    Ok(())
}

/// Who is in sync does not change when a node leaves (#20023).
pub fn node_left_keeps_in_sync(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    if before.nodes.is_subset(after.nodes) || before.in_sync == after.in_sync {
        Ok(())
    } else {
        Err(format!("a node left and the in-sync set goes from {:?} to {:?}", before.in_sync, after.in_sync))
    }
}

/// S-STALE: a copy that is made primary was in sync, takes over from the
/// primary in a relocation, or is forced.
pub fn new_primary_was_in_sync(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let forced = |source| matches!(source, RecoverySource::EmptyStore | RecoverySource::ForcedStale);
    let was: Vec<_> = held(before).into_iter().filter(|copy| copy.primary).map(|copy| copy.id).collect();
    let id = match (active_primary(after), recovering_primary(after)) {
        (Some(id), _) => id,
        (None, Some((id, source))) if !forced(source) => id,
        _ => return Ok(()),
    };
    if was.contains(&id) || before.in_sync.contains(&id) {
        Ok(())
    } else {
        Err(format!("{id} becomes primary where {:?} are in sync", before.in_sync))
    }
}

/// A primary is given to a node only where there is none.
pub fn primary_allocated_once_unassigned(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    let was = held(before).into_iter().find(|copy| copy.primary);
    match (was, recovering_primary(after)) {
        (Some(was), Some((id, _))) if was.id != id => Err(format!("{id} is made primary in place of {} on {}", was.id, was.node)),
        _ => Ok(()),
    }
}

/// No replica goes on recovering from a primary that has been replaced: its
/// recovery and its checkpoints were known there alone.
pub fn recoveries_end_with_primary(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    if active_primary(before) == active_primary(after) {
        return Ok(());
    }
    let still = recovering_replicas(after);
    match recovering_replicas(before).iter().find(|id| still.contains(id)) {
        None => Ok(()),
        Some(id) => Err(format!("{id} goes on recovering though its primary has changed")),
    }
}

/// A copy that is given to a node gets an id that no copy had, except that a
/// primary made from a store keeps the in-sync id it has there.
pub fn allocation_ids_are_new(before: &ShardAllocation, after: &ShardAllocation) -> Verdict {
    if after.next_allocation_id < before.next_allocation_id {
        return Err(format!("the next allocation id falls from {} to {}", before.next_allocation_id, after.next_allocation_id));
    }
    let was = held(before);
    let from_store = recovering_primary(after).filter(|(_, source)| *source == RecoverySource::ExistingStore);
    for copy in held(after) {
        let new = copy.id.0 >= before.next_allocation_id;
        let kept = from_store.is_some_and(|(id, _)| id == copy.id) && before.in_sync.contains(&copy.id);
        if !new && !kept && was.iter().all(|before| before.id != copy.id) {
            return Err(format!("{} is given to {} again", copy.id, copy.node));
        }
    }
    Ok(())
}
