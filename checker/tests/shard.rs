//! What Elasticsearch does not promise does happen, and the hole that a copy
//! which recovers leaves in the in-sync set can be closed.

use quorate_checker::liveness::LivenessOptions;
use quorate_checker::{Control, Options, Verdict, check, recovery};
use quorate_model::Specification;
use quorate_model::replication::Sound;
use quorate_model::shard::{IdWritten, ShardMutant, ShardRules};
use quorate_model::shard_world::{Question, ShardBounds, ShardWorld, shard_world};
use stateright::Model;

const PAIR: ShardBounds = ShardBounds {
    nodes: 2,
    replicas: 1,
    writes: 1,
    departures: 1,
    allocations: 0,
    restores: 0,
    losses: 0,
    crashes: 0,
    lost: 0,
    failures: 0,
    commands: 0,
    reads: 0,
    retries: 0,
    syncs: 0,
};

/// A node that is in sync leaves, comes back, recovers, and the primary is lost for good.
const HOLE: ShardBounds = ShardBounds { nodes: 3, writes: 0, allocations: 1, restores: 1, crashes: 1, lost: 1, ..PAIR };

fn world<R: ShardRules>(rules: R, bounds: ShardBounds, question: Question, sound: bool) -> ShardWorld<R> {
    shard_world(rules, bounds, question, sound).unwrap()
}

/// The one claim of an instance, which is violated: its name, the reason and the steps.
fn exception(bounds: ShardBounds) -> (String, String, Vec<String>) {
    let world = world(Sound, bounds, Question::Exceptions, true);
    let outcome = check(&world, &Options::default(), &Control::new());
    let [property] = &outcome.properties[..] else { panic!("one claim: {:?}", outcome.properties.len()) };
    assert_eq!(property.verdict, Verdict::Violated, "{}", property.name);
    let steps = property.path.as_ref().unwrap().steps.iter().map(|(action, _)| world.format_action(action)).collect();
    (property.name.clone(), property.reason.clone().unwrap(), steps)
}

#[test]
fn a_read_finds_what_is_gone_later() {
    let (name, reason, steps) = exception(ShardBounds { reads: 1, ..PAIR });
    assert_eq!(name, "NoDirtyReads");
    assert!(reason.starts_with("a client has read request 1, and the primary on n2 has not got it"), "{reason}");
    assert_eq!(steps.len(), 7, "{steps:#?}");
}

#[test]
fn a_write_that_was_not_acknowledged_may_survive() {
    let (name, _, steps) = exception(PAIR);
    assert_eq!((name.as_str(), steps.len()), ("UnacknowledgedWritesVanish", 6), "{steps:#?}");
}

#[test]
fn a_retry_may_be_a_second_operation() {
    let (name, reason, steps) = exception(ShardBounds { retries: 1, ..PAIR });
    assert_eq!(
        (name.as_str(), reason.as_str(), steps.len()),
        ("RetriesNeverDuplicate", "n2 has request 1 twice", 7),
        "{steps:#?}"
    );
}

/// How the claims that something is possible again end.
fn possible<R: ShardRules>(world: &ShardWorld<R>) -> Vec<(String, Verdict, Vec<String>)> {
    let result = recovery::check(world, &LivenessOptions::default(), &Control::new()).unwrap();
    let of_path =
        |path: &quorate_model::Path<ShardWorld<R>>| path.steps.iter().map(|(action, _)| world.format_action(action)).collect();
    let properties = result.outcome.properties.iter().map(|property| &property.outcome);
    properties.map(|p| (p.name.clone(), p.verdict, p.path.as_ref().map(of_path).unwrap_or_default())).collect()
}

/// A copy that was in sync leaves, and no write follows, so that its id stays in
/// the in-sync set; it recovers under a new id, which its node writes over the
/// old one; then the primary is lost. The data is there, and neither id will do.
#[test]
fn a_copy_that_recovers_forgets_that_it_was_in_sync() {
    let (name, verdict, steps) = possible(&world(Sound, HOLE, Question::Exceptions, true)).remove(0);
    assert_eq!((name.as_str(), verdict), ("PrimaryIsAlwaysPossible", Verdict::Violated));
    let told = ["NodeLeft", "NodeJoined", "AllocateReplica", "ClusterState", "crashes"];
    assert_eq!(steps.len(), told.len(), "{steps:#?}");
    assert!(told.iter().all(|word| steps.iter().any(|step| step.contains(word))), "{steps:#?}");
}

/// Where some node has a copy of the in-sync set on disk, there is a way back;
/// and a node that keeps the old id until the new copy has started always has one.
#[test]
fn the_hole_is_the_only_one_and_can_be_closed() {
    for (name, verdict, steps) in possible(&world(Sound, HOLE, Question::Recovery, true)) {
        assert_eq!(verdict, Verdict::Holds, "{name}: {steps:#?}");
    }
    let keeps = ShardMutant::with_id_written(IdWritten::WhenReplaced);
    for (name, verdict, steps) in possible(&world(keeps, HOLE, Question::Exceptions, false)) {
        assert_eq!(verdict, Verdict::Holds, "{name}: {steps:#?}");
    }
}

/// The rule that closes the hole costs nothing in safety.
#[test]
fn keeping_the_old_id_is_safe() {
    let keeps = ShardMutant::with_id_written(IdWritten::WhenReplaced);
    for bounds in [
        ShardBounds { allocations: 1, ..PAIR },
        ShardBounds { nodes: 3, allocations: 1, ..PAIR },
        ShardBounds { writes: 1, ..HOLE },
        ShardBounds { allocations: 1, restores: 1, crashes: 1, ..PAIR },
    ] {
        let world = world(keeps, bounds, Question::Safety, false);
        let outcome = check(&world, &Options::default(), &Control::new());
        let dead: Vec<_> = outcome.properties.iter().filter(|p| p.verdict != Verdict::Holds).map(|p| p.name.clone()).collect();
        assert!(dead.is_empty() && outcome.is_complete(), "{bounds:?}: {dead:?}");
        assert!(outcome.distinct_states > 1_000, "{bounds:?}: {}", outcome.distinct_states);
    }
}

/// Dropping messages that nobody heeds any more changes no verdict.
#[test]
fn obsolete_messages_change_no_verdict() {
    for bounds in [PAIR, ShardBounds { allocations: 1, ..PAIR }] {
        let with = check(&world(Sound, bounds, Question::Safety, false), &Options::default(), &Control::new());
        let without = check(&world(Sound, bounds, Question::Safety, true), &Options::default(), &Control::new());
        assert!(with.distinct_states >= without.distinct_states, "{bounds:?}");
        for (one, other) in with.properties.iter().zip(&without.properties) {
            assert_eq!((&one.name, one.verdict), (&other.name, other.verdict), "{bounds:?}");
        }
    }
}

#[test]
fn impossible_instances_are_refused() {
    let refused = |bounds| shard_world(Sound, bounds, Question::Safety, true).err().unwrap().to_string();
    assert_eq!(refused(ShardBounds { replicas: 2, ..PAIR }), "--replicas must be 0 to 1, not 2");
    assert_eq!(refused(ShardBounds { nodes: 6, ..PAIR }), "--nodes must be 1 to 5, not 6");
    assert_eq!(refused(ShardBounds { writes: 51, ..PAIR }), "--writes must be 0 to 50, not 51");
    assert_eq!(world(Sound, PAIR, Question::Safety, true).name(), "shard");
}
