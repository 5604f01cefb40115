//! The models have the state graphs that TLC finds for the TLA+ modules, in the
//! simplest of searches. More rows are compared by the checker's tests.

use quorate_model::replication::Sound;
use quorate_model::replication::model::{Replication, ReplicationBounds};
use quorate_model::replication::replica_engine::{EngineBounds, EngineRules, ReplicaEngine};
use quorate_model::replication::storage::{Storage, Variant};

use crate::naive::{Found, explore, search};
use stateright::Model;

fn replication(nodes: u64, documents: u64, max_client_value: u64, max_messages: u64) -> Found {
    let bounds = ReplicationBounds { nodes, documents, max_client_value, max_messages };
    search(&Replication::new(Sound, bounds).unwrap())
}

#[test]
fn replication_equals_tlc() {
    let quick = [
        ((1, 1, 3, 1), (3, 8, 3)),
        ((1, 2, 3, 3), (7, 23, 3)),
        ((2, 1, 2, 0), (26, 81, 5)),
        ((2, 1, 2, 1), (160, 601, 8)),
        ((2, 1, 2, 3), (160, 601, 8)),
        ((2, 2, 2, 3), (302, 1_457, 8)),
        ((2, 1, 3, 3), (1_522, 6_903, 12)),
        ((2, 2, 3, 3), (5_750, 32_369, 12)),
        ((2, 1, 4, 4), (15_582, 83_963, 16)),
        ((3, 1, 1, 3), (1_827, 8_908, 9)),
        ((3, 1, 3, 1), (19_107, 91_864, 17)),
    ];
    for ((nodes, documents, values, messages), expected) in quick {
        let found = replication(nodes, documents, values, messages);
        assert_eq!(found.violated, Default::default());
        assert_eq!(found.row(), expected, "nodes {nodes}, documents {documents}, values {values}, messages {messages}");
    }
}

#[test]
fn storage_equals_tlc() {
    let easy = [(17, 53, 5), (64, 199, 8), (278, 863, 12), (1_141, 3_541, 16), (4_267, 13_253, 20), (14_844, 46_163, 23)];
    let hard = [(0, 0, 0), (80, 247, 9), (350, 1_079, 13), (1_453, 4_477, 17), (5_499, 16_949, 21), (19_332, 59_627, 24)];
    for (variant, rows) in [(Variant::Easy, easy), (Variant::Hard, hard)] {
        for (max_generation, expected) in rows.into_iter().enumerate().filter(|(_, row)| row.0 > 0) {
            let found = search(&Storage::of_variant(variant, max_generation as u64).unwrap());
            assert_eq!(found.violated, Default::default());
            assert_eq!(found.row(), expected, "{} {max_generation}", variant.name());
        }
    }
}

#[test]
fn buggy_storage_is_violated_by_the_trace_that_tlc_finds() {
    let model = Storage::of_variant(Variant::Buggy, 5).unwrap();
    let found = explore(&model, model.init_states(), |found| !found.violated.is_empty());
    let violated: Vec<_> = found.violated.iter().map(|(name, (trace, _))| (*name, *trace)).collect();
    assert_eq!(violated, [("MetadataFileReferencedByManifestExists", 5)]);
}

#[test]
fn replica_engine_equals_tlc() {
    let quick = [((1, 0, 1), (87_104, 324_148, 18))];
    for ((requests, duplication_limit, document_contents), expected) in quick {
        let bounds = EngineBounds { requests, duplication_limit, document_contents };
        let found = search(&ReplicaEngine::new(EngineRules::SOUND, bounds).unwrap());
        assert_eq!(found.violated, Default::default());
        assert_eq!(found.row(), expected, "{bounds:?}");
    }
}

/// Nothing is claimed of what never happens, and no action or guard is idle.
#[test]
fn nothing_is_vacuous() {
    // A trim and an answer that is not the last need three copies, an answer that comes late two operations.
    let mut replication_models = replication(3, 1, 2, 2);
    replication_models.refusals.extend(replication(2, 1, 3, 3).refusals);
    let storage = search(&Storage::of_variant(Variant::Hard, 2).unwrap());
    let bounds = EngineBounds { requests: 1, duplication_limit: 1, document_contents: 1 };
    let engine = search(&ReplicaEngine::new(EngineRules::SOUND, bounds).unwrap());
    for (found, classes, guards) in [(replication_models, 10, 13), (storage, 6, 0), (engine, 9, 17)] {
        assert!(found.unreached.is_empty(), "{:?}", found.unreached);
        assert_eq!((found.taken.len(), found.refusals.len()), (classes, guards), "{:?} {:?}", found.taken, found.refusals);
    }
}
