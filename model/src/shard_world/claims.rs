//! What is claimed of a shard: that acknowledged writes are kept, that copies
//! agree, and that the shard can be whole again.

use super::bounds::{Question, ShardBounds};
use super::environment::{ShardWorld, ShardWorldAction, ShardWorldState, data_nodes, master, up};
use super::recovery::{has_in_sync_data, has_primary, is_green};
use crate::allocation::invariants::{INVARIANTS, STEP_INVARIANTS};
use crate::allocation::{CopyState, RecoverySource, ShardAllocation};
use crate::node_set::NodeId;
use crate::property::{Check, Property, Verdict};
use crate::replication::{AllocationId, NO_OPS_PERFORMED, PrimaryTerm, SeqNo};
use crate::shard::{Copy, Log, ShardRules, Stage, Store};

type World<R> = ShardWorld<R>;
type State = ShardWorldState;

/// What is on the disks of nodes, up or down.
fn stores(state: &State) -> impl Iterator<Item = (NodeId, &Store)> + Clone {
    let nodes = state.nodes.iter().enumerate();
    nodes.filter_map(|(index, slot)| Some((NodeId::from_index(index), slot.disk.as_ref()?.store.as_ref()?)))
}

/// The copies in memory.
fn copies(state: &State) -> impl Iterator<Item = (NodeId, &Copy)> {
    up(state).filter_map(|(node, data)| Some((node, data.copy.as_ref()?)))
}

/// Whether the log has the operation of a request at its place.
fn has(log: &Log, request: u8, seq_no: SeqNo, term: PrimaryTerm) -> bool {
    log.get(seq_no).is_some_and(|held| held.term == term && held.source.is_some_and(|change| change.request == request))
}

/// Every acknowledged write is on the disk of every copy in the in-sync set.
fn acknowledged_writes_are_kept<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    if state.ledger.data_loss {
        return Ok(());
    }
    let in_sync = &master(state).allocation.in_sync;
    for (node, store) in stores(state).filter(|(_, store)| store.ids().any(|id| in_sync.contains(&id))) {
        for (request, seq_no, term) in state.ledger.acknowledged() {
            if !has(&store.log, request, seq_no, term) {
                return Err(format!(
                    "request {request} was acknowledged as {seq_no} of term {term}, and in-sync copy {} on {node} has not got it",
                    store.allocation_id
                ));
            }
        }
    }
    Ok(())
}

/// An acknowledged write is in the index of the primary that serves.
fn primaries_serve_acknowledged_writes<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    if state.ledger.data_loss {
        return Ok(());
    }
    let current = |copy: &&Copy| copy.tracker.primary_mode() && copy.terms.operation == allocation.primary_term;
    for copy in copies(state).map(|(_, copy)| copy).filter(current) {
        for (request, seq_no, term) in state.ledger.acknowledged() {
            let pending = copy.log.get(seq_no).is_none_or(|held| held.pending_confirmation);
            if !has(&copy.log, request, seq_no, term) || pending {
                return Err(format!("request {request} was acknowledged, and primary {} does not find it", copy.allocation_id));
            }
        }
    }
    Ok(())
}

/// Up to what both take for stored everywhere, two copies of one history are the same.
fn same_up_to_global_checkpoint<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (one_node, one) in stores(state) {
        for (other_node, other) in stores(state).filter(|(node, other)| *node > one_node && other.history == one.history) {
            for seq_no in 0..=one.global_checkpoint.min(other.global_checkpoint) {
                let content = |store: &Store| store.log.get(seq_no).map(|held| (held.term, held.source));
                if content(one) != content(other) {
                    return Err(format!("{one_node} and {other_node} have different operations {seq_no}"));
                }
            }
        }
    }
    Ok(())
}

/// Of one history, a sequence number and a term are one operation.
fn seq_no_and_term_identify<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (one_node, one) in stores(state) {
        for (other_node, other) in stores(state).filter(|(node, other)| *node > one_node && other.history == one.history) {
            for (seq_no, held) in one.log.iter() {
                let differs = other.log.get(seq_no).is_some_and(|its| its.term == held.term && its.source != held.source);
                if differs {
                    return Err(format!("{one_node} and {other_node} have different operations {seq_no} of term {}", held.term));
                }
            }
        }
    }
    Ok(())
}

/// The global checkpoint is not above what the copy has itself.
fn global_checkpoint_below_local<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (node, copy) in copies(state).filter(|(_, copy)| copy.is_open()) {
        let (global, local) = (copy.tracker.global_checkpoint(), contiguous(&copy.log));
        if global > local {
            return Err(format!("{} on {node} has global checkpoint {global} and local checkpoint {local}", copy.allocation_id));
        }
    }
    Ok(())
}

/// Up to where everything is there and counts: the local checkpoint, in own arithmetic.
fn contiguous(log: &Log) -> SeqNo {
    let mut checkpoint = NO_OPS_PERFORMED;
    while log.get(checkpoint + 1).is_some_and(|held| !held.pending_confirmation) {
        checkpoint += 1;
    }
    checkpoint
}

/// What the primary knows of a copy, that copy has.
fn known_checkpoints_are_true<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let term = master(state).allocation.primary_term;
    for (_, primary) in copies(state).filter(|(_, copy)| copy.tracker.primary_mode() && copy.terms.operation == term) {
        for (id, known) in primary.tracker.checkpoints() {
            for (node, store) in
                stores(state).filter(|(_, store)| store.ids().any(|its| its == id) && store.history == primary.history)
            {
                let missing = (0..=known.local_checkpoint).find(|seq_no| store.log.get(*seq_no).is_none());
                if let Some(missing) = missing {
                    return Err(format!(
                        "primary {} counts on {id} up to {}, and {node} has not got {missing}",
                        primary.allocation_id, known.local_checkpoint
                    ));
                }
            }
        }
    }
    Ok(())
}

/// One primary serves in a term.
fn one_primary_per_term<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let primaries: Vec<_> = copies(state).filter(|(_, copy)| copy.tracker.primary_mode()).collect();
    for (index, (one_node, one)) in primaries.iter().enumerate() {
        for (other_node, other) in &primaries[index + 1..] {
            if one.terms.operation == other.terms.operation {
                return Err(format!("{one_node} and {other_node} are both primary in term {}", one.terms.operation));
            }
        }
    }
    Ok(())
}

/// No primary serves in a term that the master has not given.
fn primaries_have_terms_of_the_master<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    for (node, copy) in copies(state).filter(|(_, copy)| copy.tracker.primary_mode()) {
        if copy.terms.operation > allocation.primary_term {
            return Err(format!(
                "{node} is primary in term {}, and the master is at {}",
                copy.terms.operation, allocation.primary_term
            ));
        }
    }
    Ok(())
}

/// What the assertions of `ReplicationTracker` say.
fn tracker_invariants<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    copies(state).try_for_each(|(_, copy)| copy.tracker.invariant())
}

/// The primary of the current term counts every copy that the master has in the in-sync set.
fn in_sync_copies_are_tracked<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    let current = |copy: &&Copy| copy.tracker.primary_mode() && copy.terms.operation == allocation.primary_term;
    for primary in copies(state).map(|(_, copy)| copy).filter(current) {
        let tracked = |id: &AllocationId| primary.tracker.checkpoint(*id).is_some_and(|known| known.in_sync);
        if let Some(id) = allocation.in_sync.iter().find(|id| !tracked(id)) {
            return Err(format!("{id} is in the in-sync set, and primary {} does not count it", primary.allocation_id));
        }
    }
    Ok(())
}

/// Every active copy is in the in-sync set, the primary among them.
fn active_copies_are_in_sync<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    for copy in allocation.assigned().filter(|copy| copy.recovers_from.is_none()) {
        if !allocation.in_sync.contains(&copy.allocation_id) {
            return Err(format!("{} on {} is active and not in the in-sync set", copy.allocation_id, copy.node));
        }
    }
    Ok(())
}

/// At most one primary, one copy on a node, nodes that are members.
fn well_formed_routing_table<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    let primaries = allocation.copies.iter().filter(|routing| routing.primary).count();
    if primaries != 1 {
        return Err(format!("the routing table has {primaries} primaries"));
    }
    let mut nodes: Vec<NodeId> = allocation.assigned().map(|copy| copy.node).collect();
    nodes.sort_unstable();
    if nodes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(String::from("a node has two copies"));
    }
    match nodes.iter().find(|node| !allocation.nodes.contains(**node)) {
        Some(node) => Err(format!("{node} has a copy and is no member")),
        None => Ok(()),
    }
}

/// What the committed state must be by itself.
fn allocation_is_consistent<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let allocation = &master(state).allocation;
    INVARIANTS.iter().try_for_each(|(name, holds)| holds(allocation).map_err(|why| format!("{name}: {why}")))
}

/// How the committed state may change.
fn allocation_changes_by_the_rules<R: ShardRules>(_: &World<R>, before: &State, _: &ShardWorldAction, after: &State) -> Verdict {
    let Some((old, new)) = at_master(before, after) else { return Ok(()) };
    STEP_INVARIANTS.iter().try_for_each(|(name, holds)| holds(old, new).map_err(|why| format!("{name}: {why}")))
}

/// The committed state before and after a step of the master.
fn at_master<'a>(before: &'a State, after: &'a State) -> Option<(&'a ShardAllocation, &'a ShardAllocation)> {
    let (before, after) = (&master(before).allocation, &master(after).allocation);
    (before != after).then_some((before, after))
}

/// An in-sync set that was not empty never becomes so, but by force.
fn in_sync_never_empty<R: ShardRules>(_: &World<R>, before: &State, _: &ShardWorldAction, after: &State) -> Verdict {
    let Some((old, new)) = at_master(before, after) else { return Ok(()) };
    let emptied = !old.in_sync.is_empty() && new.in_sync.is_empty();
    if emptied && !after.ledger.data_loss { Err(String::from("the in-sync set has become empty")) } else { Ok(()) }
}

/// A copy becomes primary from the in-sync set, or by force: a replica that was
/// active, or what a disk has under an id in the set.
fn primaries_come_from_the_in_sync_set<R: ShardRules>(
    _: &World<R>,
    before: &State,
    _: &ShardWorldAction,
    after: &State,
) -> Verdict {
    let Some((old, new)) = at_master(before, after) else { return Ok(()) };
    let id = |allocation: &ShardAllocation| allocation.primary().allocation_id();
    let forced = matches!(
        new.primary().state,
        CopyState::Initializing { source: RecoverySource::ForcedStale | RecoverySource::EmptyStore, .. }
    );
    match id(new) {
        Some(primary) if id(old) != Some(primary) && !forced && !old.in_sync.contains(&primary) => {
            Err(format!("{primary} has become primary and was not in the in-sync set"))
        }
        _ => Ok(()),
    }
}

/// Terms, of the master and of copies, never fall; the master's grows by one at
/// most, and does when the primary is another copy.
fn primary_terms_grow<R: ShardRules>(_: &World<R>, before: &State, _: &ShardWorldAction, after: &State) -> Verdict {
    let (old, new) = (&master(before).allocation, &master(after).allocation);
    if new.primary_term < old.primary_term || new.primary_term > old.primary_term + 1 {
        return Err(format!("the primary term goes from {} to {}", old.primary_term, new.primary_term));
    }
    for ((node, one), (_, other)) in data_nodes(before).zip(data_nodes(after)) {
        if let (Some(one), Some(other)) = (&one.copy, &other.copy)
            && one.allocation_id == other.allocation_id
            && (other.terms.pending < one.terms.pending || other.terms.operation < one.terms.operation)
        {
            return Err(format!("the terms of {} on {node} fall", one.allocation_id));
        }
    }
    Ok(())
}

/// The global checkpoint of a copy never falls.
fn global_checkpoints_never_fall<R: ShardRules>(_: &World<R>, before: &State, _: &ShardWorldAction, after: &State) -> Verdict {
    for ((node, one), (_, other)) in data_nodes(before).zip(data_nodes(after)) {
        if let (Some(one), Some(other)) = (&one.copy, &other.copy)
            && one.allocation_id == other.allocation_id
            && one.terms.pending <= other.terms.pending
        {
            let (from, to) = (one.tracker.global_checkpoint(), other.tracker.global_checkpoint());
            if to < from && one.stage <= other.stage {
                return Err(format!("the global checkpoint of {} on {node} falls from {from} to {to}", one.allocation_id));
            }
        }
    }
    Ok(())
}

/// A copy starts with everything that is acknowledged and everything up to the
/// global checkpoint of its primary.
fn started_copies_are_complete<R: ShardRules>(_: &World<R>, before: &State, _: &ShardWorldAction, after: &State) -> Verdict {
    let Some((old, new)) = at_master(before, after) else { return Ok(()) };
    for id in new.in_sync.iter().filter(|id| !old.in_sync.contains(id)) {
        let Some((node, store)) = stores(after).find(|(_, store)| store.ids().any(|its| its == *id)) else { continue };
        let current = |copy: &&Copy| copy.tracker.primary_mode() && copy.terms.operation == new.primary_term;
        for primary in copies(after).map(|(_, copy)| copy).filter(current) {
            let upto = primary.tracker.global_checkpoint();
            if let Some(missing) = (0..=upto).find(|seq_no| store.log.get(*seq_no).is_none_or(|held| held.pending_confirmation)) {
                return Err(format!("{id} on {node} has started without {missing}, and the global checkpoint is {upto}"));
            }
        }
    }
    Ok(())
}

/// Whether nothing is under way, everybody has applied the last state, and nobody waits.
pub(super) fn is_quiet(state: &State) -> bool {
    let master = master(state);
    let idle = |copy: &Copy| copy.operations.is_empty() && copy.recoveries.is_empty() && matches!(copy.stage, Stage::Started);
    state.network.is_empty()
        && master.waiting.is_empty()
        && data_nodes(state).all(|(node, data)| {
            !master.allocation.nodes.contains(node)
                || !state.outage.down.contains(node)
                    && data.disk.life == master.lives[node.index()]
                    && data.applied.as_ref().is_some_and(|applied| applied.version == master.allocation.version)
                    && data.reporting.is_none()
                    && data.copy.as_ref().is_none_or(idle)
        })
}

/// The active copies of a quiet state.
fn quiet_copies(state: &State) -> Vec<(NodeId, &Copy)> {
    if !is_quiet(state) {
        return Vec::new();
    }
    let active = |id| master(state).allocation.copy(id).is_some_and(|copy| copy.recovers_from.is_none());
    copies(state).filter(|(_, copy)| active(copy.allocation_id)).collect()
}

/// When nothing is under way, active copies are the same.
fn same_contents_when_quiet<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let copies = quiet_copies(state);
    for pair in copies.windows(2) {
        let content = |copy: &Copy| -> Vec<_> {
            let counts = copy.log.iter().filter(|(_, held)| !held.pending_confirmation);
            counts.map(|(seq_no, held)| (seq_no, held.term, held.source)).collect()
        };
        if content(pair[0].1) != content(pair[1].1) {
            return Err(format!("{} and {} have different contents, and nothing is under way", pair[0].0, pair[1].0));
        }
    }
    Ok(())
}

/// When nothing is under way, active copies have no gaps and nothing unconfirmed.
fn no_gaps_when_quiet<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (node, copy) in quiet_copies(state) {
        let missing =
            (0..=copy.log.max_seq_no()).find(|seq_no| copy.log.get(*seq_no).is_none_or(|held| held.pending_confirmation));
        if let Some(missing) = missing {
            return Err(format!("{node} has no confirmed operation {missing}, and nothing is under way"));
        }
    }
    Ok(())
}

/// When nothing is under way and every in-sync copy is there, they all know that everything is everywhere.
fn global_checkpoint_complete_when_quiet<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let copies = quiet_copies(state);
    let allocation = &master(state).allocation;
    let told = state.nodes.iter().all(|slot| slot.timers.is_empty());
    let all_there = told && allocation.in_sync.iter().all(|id| allocation.copy(*id).is_some());
    for (node, copy) in copies {
        let (global, most) = (copy.tracker.global_checkpoint(), copy.log.max_seq_no());
        if all_there && global < most {
            return Err(format!("{node} has global checkpoint {global} and operations up to {most}, and nothing is under way"));
        }
    }
    Ok(())
}

/// Nobody waits for an answer.
fn answered<R: ShardRules>(_: &World<R>, state: &State) -> bool {
    state.ledger.writes.iter().all(|write| *write != super::ledger::WriteState::Asked)
}

/// What must never happen.
fn safety_claims<R: ShardRules>() -> Vec<Property<World<R>>> {
    let invariant = Property::<World<R>>::invariant;
    let step = Property::<World<R>>::step;
    vec![
        invariant(
            "AcknowledgedWritesAreKept",
            "replication!AllAckedResponsesStored, ClusterDisruptionIT.testAckedIndexing",
            "every acknowledged write is on disk in every copy of the in-sync set, unless an operator accepted the loss of data",
            acknowledged_writes_are_kept,
        ),
        invariant(
            "PrimariesServeAcknowledgedWrites",
            "replication!AllAckedResponsesStored",
            "the primary of the current term has every acknowledged write in its index",
            primaries_serve_acknowledged_writes,
        ),
        invariant(
            "SameUpToGlobalCheckpoint",
            "replication!SameTranslogUpToGlobalCheckPoint, InternalTestCluster.assertSeqNos",
            "two copies of one history have the same operations up to the lower of their global checkpoints",
            same_up_to_global_checkpoint,
        ),
        invariant(
            "SeqNoAndTermIdentifyOperation",
            "InternalEngine: operations with equal sequence number and term are identical",
            "of one history, a sequence number and a term are one operation",
            seq_no_and_term_identify,
        ),
        invariant(
            "GlobalCheckpointBelowLocal",
            "replication!GlobalCheckPointBelowLocalCheckPoints, IndexShard",
            "no copy has a global checkpoint above its local one",
            global_checkpoint_below_local,
        ),
        invariant(
            "KnownCheckpointsAreTrue",
            "ReplicationTracker",
            "a copy has everything up to the local checkpoint that the primary of the current term knows of it",
            known_checkpoints_are_true,
        ),
        invariant("OnePrimaryPerTerm", "IndexShard", "two copies are never primary in the same term", one_primary_per_term),
        invariant(
            "PrimariesHaveTermsOfTheMaster",
            "IndexMetadata.primaryTerm",
            "no primary serves in a term above the master's",
            primaries_have_terms_of_the_master,
        ),
        invariant(
            "TrackerInvariants",
            "ReplicationTracker.invariant",
            "what the assertions of the tracker say",
            tracker_invariants,
        ),
        invariant(
            "InSyncCopiesAreTracked",
            "ReplicationTracker.updateFromMaster",
            "the primary of the current term counts every copy of the in-sync set",
            in_sync_copies_are_tracked,
        ),
        invariant(
            "ActiveCopiesAreInSync",
            "IndexMetadataUpdater, InSyncAllocationIdTests",
            "every active copy is in the in-sync set",
            active_copies_are_in_sync,
        ),
        invariant(
            "WellFormedRoutingTable",
            "replication!WellFormedRoutingTable, RoutingNodes.assertShardStats",
            "one primary, one copy on a node, and only on members",
            well_formed_routing_table,
        ),
        invariant(
            "AllocationIsConsistent",
            "AllocationService, IndexMetadataUpdater: their assertions",
            "what a committed state alone must be: ids, sizes, sources of recoveries (`allocation::invariants`)",
            allocation_is_consistent,
        ),
        step(
            "AllocationChangesByTheRules",
            "AllocationService, IndexMetadataUpdater: their assertions",
            "what must be of two committed states after one another: who leaves the in-sync set, and why (`allocation::invariants`)",
            allocation_changes_by_the_rules,
        ),
        step(
            "InSyncNeverEmpty",
            "IndexMetadataUpdater, InSyncAllocationIdTests",
            "an in-sync set that was not empty stays so, unless an operator accepted the loss of data",
            in_sync_never_empty,
        ),
        step(
            "PrimariesComeFromTheInSyncSet",
            "PrimaryShardAllocator, PrimaryAllocationIT",
            "a copy becomes primary from the in-sync set, or by force",
            primaries_come_from_the_in_sync_set,
        ),
        step(
            "PrimaryTermsGrow",
            "IndexMetadataUpdater, IndexShard",
            "primary terms never fall, and the master's grows by one at a time",
            primary_terms_grow,
        ),
        step(
            "GlobalCheckpointsNeverFall",
            "ReplicationTracker, ReplicationTrackerTests",
            "the global checkpoint of a copy never falls",
            global_checkpoints_never_fall,
        ),
        step(
            "StartedCopiesAreComplete",
            "RecoveryDuringReplicationTests",
            "a copy enters the in-sync set with everything up to the global checkpoint",
            started_copies_are_complete,
        ),
        invariant(
            "SameContentsWhenQuiet",
            "replication!AllCopiesSameContentsOnQuietDown, InternalTestCluster.assertSameDocIdsOnShards",
            "when nothing is under way, active copies are the same",
            same_contents_when_quiet,
        ),
        invariant(
            "NoGapsWhenQuiet",
            "InternalTestCluster.assertSeqNos",
            "when nothing is under way, active copies have no gaps and nothing unconfirmed",
            no_gaps_when_quiet,
        ),
        invariant(
            "GlobalCheckpointCompleteWhenQuiet",
            "GlobalCheckpointSyncIT",
            "when nothing is under way and every in-sync copy is assigned, all know that everything is everywhere",
            global_checkpoint_complete_when_quiet,
        ),
    ]
}

/// What can be reached from everywhere, once faults have ended.
fn recovery_claims<R: ShardRules>() -> Vec<Property<World<R>>> {
    let possible = |name, source, meaning, holds| Property { name, source, meaning, check: Check::AlwaysPossible(holds) };
    vec![
        possible(
            "GreenIsPossible",
            "ESIntegTestCase.ensureGreen",
            "from every state all copies can be active again, as long as some node has a copy of the in-sync set on disk",
            |_, state| is_green(state) || !has_in_sync_data(state),
        ),
        possible(
            "PrimaryIsPossible",
            "PrimaryShardAllocator",
            "from every state a primary can serve, as long as some node has a copy of the in-sync set on disk",
            |_, state| has_primary(state) || !has_in_sync_data(state),
        ),
        possible(
            "AnswersArePossible",
            "ClusterDisruptionIT.testAckedIndexing",
            "from every state all writes can be answered",
            answered,
        ),
    ]
}

/// Nothing is read that is gone later.
fn no_dirty_reads<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    let Some(read) = state.ledger.read else { return Ok(()) };
    let found = |copy: &Copy| copy.log.iter().any(|(_, held)| held.source.is_some_and(|change| change.request == read));
    match quiet_copies(state).into_iter().find(|(_, copy)| copy.primary && !found(copy)) {
        Some((node, _)) => Err(format!("a client has read request {read}, and the primary on {node} has not got it")),
        None => Ok(()),
    }
}

/// A write that was not acknowledged leaves nothing behind.
fn unacknowledged_writes_vanish<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (node, copy) in quiet_copies(state) {
        for (_, held) in copy.log.iter() {
            let request = held.source.map_or(0, |change| change.request);
            if state.ledger.write(request) == Some(super::ledger::WriteState::Unknown) {
                return Err(format!("request {request} was not acknowledged, and {node} has it"));
            }
        }
    }
    Ok(())
}

/// A write that a client repeats is there once.
fn retries_never_duplicate<R: ShardRules>(_: &World<R>, state: &State) -> Verdict {
    for (node, copy) in copies(state) {
        let mut requests: Vec<u8> = copy.log.iter().filter_map(|(_, held)| Some(held.source?.request)).collect();
        requests.sort_unstable();
        if let Some(pair) = requests.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("{node} has request {} twice", pair[0]));
        }
    }
    Ok(())
}

/// What one might expect, and what does happen: reads where there are reads,
/// retries where there are retries, and so on, so that each has a behaviour of its own.
fn exceptions<R: ShardRules>(bounds: &ShardBounds) -> Vec<Property<World<R>>> {
    let all = all_exceptions();
    let about = match () {
        () if bounds.reads > 0 => "NoDirtyReads",
        () if bounds.retries > 0 => "RetriesNeverDuplicate",
        () if bounds.lost > 0 => "PrimaryIsAlwaysPossible",
        () => "UnacknowledgedWritesVanish",
    };
    all.into_iter().filter(|claim| claim.name == about).collect()
}

fn all_exceptions<R: ShardRules>() -> Vec<Property<World<R>>> {
    let invariant = Property::<World<R>>::invariant;
    vec![
        invariant(
            "NoDirtyReads",
            "not so: elasticsearch#20031, a primary that is cut off serves reads",
            "what a client has read is there when all is quiet",
            no_dirty_reads,
        ),
        invariant(
            "UnacknowledgedWritesVanish",
            "not so: ReplicationOperation, a copy may have what its primary could not acknowledge",
            "a write that was not acknowledged leaves nothing behind",
            unacknowledged_writes_vanish,
        ),
        invariant(
            "RetriesNeverDuplicate",
            "not so: elasticsearch#9967",
            "a write that a client asks for again is there once",
            retries_never_duplicate,
        ),
        Property {
            name: "PrimaryIsAlwaysPossible",
            source: "not so: ShardStateMetadata names the copy that recovers, and no longer the one that was in sync",
            meaning: "from every state a primary can serve again without force",
            check: Check::AlwaysPossible(|_, state| has_primary(state)),
        },
    ]
}

/// What is claimed where this is asked.
pub(super) fn claims<R: ShardRules>(question: Question, bounds: &ShardBounds) -> Vec<Property<World<R>>> {
    match question {
        Question::Safety => safety_claims(),
        Question::Recovery => recovery_claims(),
        Question::Exceptions => exceptions(bounds),
    }
}
