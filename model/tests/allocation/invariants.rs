//! Each claim rejects what it is there to reject, written down by hand.

use quorate_model::allocation::invariants::{INVARIANTS, STEP_INVARIANTS};
use quorate_model::allocation::{CopyState, FORCED_ALLOCATION, RecoverySource, ShardAllocation};
use quorate_model::replication::Sound;

use crate::script::{id, node, run, violated_by};

/// Where a history leads, changed by hand.
fn wrong(history: &str, change: impl FnOnce(&mut ShardAllocation)) -> ShardAllocation {
    let mut shard = run(&Sound, history);
    change(&mut shard);
    shard
}

fn started(shard: &mut ShardAllocation, position: usize, at: &str, copy: &str) {
    shard.copies[position].state = CopyState::Started { node: node(at), allocation_id: id(copy) };
}

/// States that no claim about states accepts all of, by the claim that does not.
fn states() -> Vec<(&'static str, ShardAllocation)> {
    vec![
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.copies[1].primary = true)),
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.copies[0].primary = false)),
        ("WellFormedRoutingTable", wrong("FULL", |shard| started(shard, 1, "n1", "a1"))),
        ("WellFormedRoutingTable", wrong("FULL", |shard| started(shard, 1, "n2", "a0"))),
        ("WellFormedRoutingTable", wrong("PAIR | move n1 n3", |shard| started(shard, 2, "n3", "a1"))),
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.nodes = shard.nodes.without(node("n3")))),
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.next_allocation_id = 2)),
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.in_sync.reverse())),
        ("WellFormedRoutingTable", wrong("FULL", |shard| shard.in_sync[2] = id("a9"))),
        (
            "WellFormedRoutingTable",
            wrong("new n1 | start a0 | left n1", |shard| {
                if let CopyState::Unassigned(info) = &mut shard.copies[0].state {
                    (info.delayed, info.last_node) = (true, Some(node("n1")));
                }
            }),
        ),
        ("ActiveCopiesInSync", wrong("FULL", |shard| shard.in_sync.retain(|copy| *copy != id("a0")))),
        ("ActiveCopiesInSync", wrong("FULL", |shard| shard.in_sync.retain(|copy| *copy != id("a2")))),
        ("RecoveringCopiesNotInSync", wrong("PAIR | replica n3", |shard| shard.in_sync.push(id("a2")))),
        ("RecoveringCopiesNotInSync", wrong("PAIR | move n1 n3", |shard| shard.in_sync.push(id("a2")))),
        ("ReplicasHaveActivePrimary", wrong("FULL", |shard| shard.copies[0] = run(&Sound, "new n1").copies[0])),
        ("PrimarySourceMatchesInSync", wrong("FULL | restart", |shard| shard.in_sync.clear())),
        ("PrimarySourceMatchesInSync", wrong("new n1", |shard| shard.in_sync.push(id("a0")))),
        ("PrimarySourceMatchesInSync", wrong("PAIR | restart | store n1:a0", |shard| shard.in_sync = [id("a1")][..].into())),
        ("PrimarySourceMatchesInSync", wrong("PAIR | restart | stale n1 accept", |shard| shard.in_sync = [id("a1")][..].into())),
        ("InSyncBounded", wrong("FULL", |shard| shard.in_sync.push(FORCED_ALLOCATION))),
    ]
}

/// Steps that are no steps, by the claim that says so.
fn steps() -> Vec<(&'static str, ShardAllocation, ShardAllocation)> {
    let full = || run(&Sound, "FULL");
    let promoted = || run(&Sound, "FULL | fail a0");
    let ids = |shard: &mut ShardAllocation, ids: &[&str]| shard.in_sync = ids.iter().map(|name| id(name)).collect();
    vec![
        ("VersionsGrow", full(), wrong("FULL | fail a1 by 1", |shard| shard.version -= 1)),
        ("VersionsGrow", full(), wrong("FULL | fail a1 by 1", |shard| shard.version += 1)),
        ("PrimaryTermsGrow", full(), wrong("FULL | fail a0", |shard| shard.primary_term = 1)),
        ("PrimaryTermsGrow", full(), wrong("FULL | fail a0", |shard| shard.primary_term = 3)),
        ("PrimaryTermsGrow", full(), wrong("FULL | fail a1 by 1", |shard| shard.primary_term = 2)),
        ("PrimaryTermsGrow", full(), wrong("FULL | restart", |shard| shard.primary_term = 2)),
        ("PrimaryTermsGrow", run(&Sound, "nothing"), wrong("new n1", |shard| shard.primary_term = 0)),
        ("InSyncNonEmpty", full(), wrong("FULL | restart", |shard| shard.in_sync.clear())),
        ("InSyncByStarting", full(), wrong("FULL | fail a1 by 1", |shard| ids(shard, &["a0", "a2", "a3"]))),
        ("InSyncByStarting", run(&Sound, "FULL | fail a1 by 1"), full()),
        ("ActiveCopiesStayInSync", full(), wrong("FULL | fail a1 by 1", |shard| ids(shard, &["a0"]))),
        (
            "ActiveCopiesStayInSync",
            run(&Sound, "FULL | restart | store n1:a0"),
            wrong("FULL | restart | store n1:a0", |shard| ids(shard, &["a1"])),
        ),
        ("FailedPrimaryStaysInSync", run(&Sound, "PAIR"), wrong("PAIR | fail a0, a1 by 1", |shard| ids(shard, &["a1"]))),
        (
            "RelocatedCopiesLeaveInSync",
            run(&Sound, "PAIR | move n1 n3"),
            wrong("PAIR | move n1 n3 | start a2", |shard| ids(shard, &["a0", "a1", "a2"])),
        ),
        ("NodeLeftKeepsInSync", full(), wrong("FULL | left n2", |shard| ids(shard, &["a0", "a2"]))),
        ("NewPrimaryWasInSync", wrong("FULL", |shard| ids(shard, &["a0", "a2"])), promoted()),
        (
            "NewPrimaryWasInSync",
            run(&Sound, "PAIR | restart"),
            wrong("PAIR | restart | stale n3 accept", |shard| {
                if let CopyState::Initializing { source, .. } = &mut shard.copies[0].state {
                    *source = RecoverySource::ExistingStore;
                }
            }),
        ),
        ("PrimaryAllocatedOnceUnassigned", run(&Sound, "new n1"), run(&Sound, "new n1 | fail a0 | new n2")),
        (
            "RecoveriesEndWithPrimary",
            run(&Sound, "PAIR | replica n3"),
            wrong("PAIR | replica n3 | fail a0", |shard| {
                shard.copies[2].state = run(&Sound, "PAIR | replica n3").copies[1].state;
            }),
        ),
        ("AllocationIdsAreNew", full(), wrong("FULL | fail a1 by 1", |shard| shard.next_allocation_id = 2)),
        (
            "AllocationIdsAreNew",
            run(&Sound, "FULL | fail a1 by 1"),
            wrong("FULL | fail a1 by 1 | replica n2", |shard| {
                for copy in &mut shard.copies {
                    if let CopyState::Initializing { allocation_id, .. } = &mut copy.state {
                        *allocation_id = id("a1");
                    }
                }
            }),
        ),
    ]
}

#[test]
fn every_claim_about_states_can_fail() {
    for (name, shard) in states() {
        let (_, holds) = INVARIANTS.iter().find(|(claim, _)| *claim == name).unwrap_or_else(|| panic!("no claim {name}"));
        assert!(holds(&shard).is_err(), "{name} accepts {shard}");
    }
    let rejecting = states();
    let missing: Vec<_> = INVARIANTS.iter().filter(|(claim, _)| rejecting.iter().all(|(name, _)| name != claim)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_claim_about_steps_can_fail() {
    for (name, before, after) in steps() {
        let (_, holds) = STEP_INVARIANTS.iter().find(|(claim, _)| *claim == name).unwrap_or_else(|| panic!("no claim {name}"));
        assert!(holds(&before, &after).is_err(), "{name} accepts {before} then {after}");
    }
    let rejecting = steps();
    let missing: Vec<_> = STEP_INVARIANTS.iter().filter(|(claim, _)| rejecting.iter().all(|(name, ..)| name != claim)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What the claims accept: the same state twice, and a step of each kind.
#[test]
fn nothing_and_ordinary_steps_are_accepted() {
    for history in ["nothing", "FULL", "PAIR | move n1 n3", "FULL | restart"] {
        let shard = run(&Sound, history);
        assert_eq!(violated_by(&shard, &shard), [], "{history}");
    }
    assert_eq!(violated_by(&run(&Sound, "FULL"), &run(&Sound, "FULL | fail a0")), []);
}
