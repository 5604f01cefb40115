//! What is read from a cluster state.

use quorate_model::allocation::{AllocationRules, Health, Mutant, Rejection, ShardAllocation};
use quorate_model::replication::{AllocationId, ReplicationTracker, Sound};
use quorate_model::{NodeId, NodeSet};

use crate::script::{id, node, run};

#[test]
fn the_candidates_for_promotion_are_the_active_replicas() {
    let names = |rules: &dyn Fn(&ShardAllocation) -> NodeSet, history: &str| rules(&run(&Sound, history)).to_string();
    fn of<R: AllocationRules>(rules: R) -> impl Fn(&ShardAllocation) -> NodeSet {
        move |shard| shard.promotion_candidates(&rules)
    }
    assert_eq!(names(&of(Sound), "FULL"), "{n2,n3}");
    assert_eq!(names(&of(Sound), "PAIR | replica n3"), "{n2}");
    assert_eq!(names(&of(Sound), "PAIR | move n2 n3"), "{n2}");
    assert_eq!(names(&of(Sound), "new n1"), "{}");
    assert_eq!(names(&of(Mutant::waiving(&[Rejection::NotActive])), "PAIR | replica n3"), "{n2,n3}");
}

#[test]
fn health_is_that_of_the_primary_and_then_of_all() {
    let cases = [
        ("nothing", Health::Yellow),
        ("new n1", Health::Yellow),
        ("new n1 | fail a0", Health::Red),
        ("new n1 | fail a0 | new n1", Health::Red),
        ("new n1 | start a0", Health::Yellow),
        ("FULL", Health::Green),
        ("FULL | move n1 n4", Health::Green),
        ("FULL | fail a1 by 1", Health::Yellow),
        ("FULL | fail a0", Health::Yellow),
        ("FULL | restart", Health::Red),
        ("FULL | restart | store n1:a0", Health::Red),
        ("FULL | restart | stale n1 accept", Health::Red),
        ("FULL | restart | empty n1 accept", Health::Yellow),
    ];
    for (history, health) in cases {
        assert_eq!(run(&Sound, history).health(), health, "{history}");
    }
}

#[test]
fn copies_are_found_by_node_and_by_id() {
    let shard = run(&Sound, "PAIR | move n1 n3 | replica n4");
    let (source, target) = (shard.copy(id("a0")).unwrap(), shard.copy_on(node("n3")).unwrap());
    assert_eq!((source.relocates_to, source.is_active(), source.primary), (Some((node("n3"), id("a2"))), true, true));
    assert_eq!((target.relocates_from, target.is_active(), target.primary), (Some(id("a0")), false, true));
    assert_eq!(shard.node_of(id("a3")), Some(node("n4")));
    assert_eq!(shard.copy(id("a7")), None);
    assert_eq!(run(&Sound, "PAIR").copy_on(node("n3")), None);
    assert_eq!(shard.assigned_ids().collect::<Vec<_>>(), ["a0", "a2", "a3", "a1"].map(id));
    assert_eq!(shard.active().count(), 2);
    assert!(shard.is_in_sync(id("a1")) && !shard.is_in_sync(id("a2")));
}

/// The primary's tracker takes each state of a history, and names as
/// unavailable who is in sync without a copy.
#[test]
fn a_tracker_takes_what_the_master_says() {
    let mut shard = run(&Sound, "PAIR | replica n3");
    let mut tracker = ReplicationTracker::new(AllocationId(0), -1);
    tracker.update_from_master(&Sound, shard.version, &shard.in_sync, &shard.tracker_view()).unwrap();
    tracker.activate_primary_mode(&Sound, -1).unwrap();
    shard = shard.node_left(&Sound, node("n2"), None).unwrap();
    tracker.update_from_master(&Sound, shard.version, &shard.in_sync, &shard.tracker_view()).unwrap();
    let group = tracker.replication_group().unwrap();
    assert_eq!(group.unavailable_in_sync[..], [id("a1")]);
}

#[test]
fn a_renaming_renames_everything_and_its_reverse_undoes_it() {
    for history in ["FULL", "PAIR | move n2 n3", "FULL | left n3", "FULL | left n1", "PAIR | replica n4 | move n1 n3"] {
        let shard = run(&Sound, history);
        let renamed = shard.permuted(&[2, 0, 3, 1]);
        assert_eq!(renamed.permuted(&[1, 3, 0, 2]), shard, "{history}");
        let by_id = |shard: &ShardAllocation| shard.assigned().map(|copy| (copy.allocation_id, copy.node)).collect::<Vec<_>>();
        let mut expected: Vec<_> = by_id(&shard).into_iter().map(|(id, node)| (id, NodeId([2, 0, 3, 1][node.index()]))).collect();
        let mut found = by_id(&renamed);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{history}");
    }
}

#[test]
fn states_are_read_back() {
    for history in ["nothing", "FULL | left n3", "PAIR | move n2 n3", "PAIR | restart | stale n1 accept"] {
        let shard = run(&Sound, history);
        assert_eq!(serde_json::from_str::<ShardAllocation>(&serde_json::to_string(&shard).unwrap()).unwrap(), shard);
    }
}
