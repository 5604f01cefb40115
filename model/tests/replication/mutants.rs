//! The kill tables: every mutant dies as the catalogue says, at its bounds.

use crate::naive::explore;
use quorate_model::replication::model::Replication;
use quorate_model::replication::mutant::{self, Expected};
use stateright::Model;

#[test]
fn table() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for entry in mutant::catalogue() {
        if !only.is_empty() && !only.split(',').any(|o| entry.id == o) {
            continue;
        }
        let t = std::time::Instant::now();
        let model = Replication::new(entry.rules, entry.bounds).unwrap();
        let full = model
            .init_states()
            .into_iter()
            .filter(|s| s.master.routing.assigned().len() == entry.bounds.nodes as usize && s.master.routing.primaries.0 == 1)
            .collect();
        let found = explore(&model, full, |found| match entry.expected {
            Expected::Dies(n) => found.violated.contains_key(n),
            _ => false,
        });
        println!(
            "{} {:?} {:?} -> {:?} {:?}",
            entry.id,
            entry.expected,
            found.row(),
            found.violated.iter().map(|(n, (l, _))| (n, l)).collect::<Vec<_>>(),
            t.elapsed()
        );
    }
}

#[test]
fn engine_table() {
    let only = std::env::var("ONLY").unwrap_or_default();
    use quorate_model::replication::{replica_engine, storage};
    for entry in storage::catalogue() {
        let model = storage::Storage::new(entry.rules, entry.max_generation).unwrap();
        let found = explore(&model, model.init_states(), |found| match entry.expected {
            Expected::Dies(n) => found.violated.contains_key(n),
            _ => false,
        });
        println!(
            "{} {:?} -> {:?} {:?}",
            entry.id,
            entry.expected,
            found.row(),
            found.violated.iter().map(|(n, (l, _))| (n, l)).collect::<Vec<_>>()
        );
    }
    for entry in replica_engine::catalogue() {
        if !only.is_empty() && !only.split(',').any(|o| entry.id == o) {
            continue;
        }
        let t = std::time::Instant::now();
        let model = replica_engine::ReplicaEngine::new(entry.rules, entry.bounds).unwrap();
        let found = explore(&model, model.init_states(), |found| match entry.expected {
            Expected::Dies(n) => found.violated.contains_key(n),
            _ => false,
        });
        println!(
            "{} {:?} {:?} -> {:?} {:?} {:?}",
            entry.id,
            entry.expected,
            entry.bounds,
            found.row(),
            found.violated.iter().map(|(n, (l, _))| (n, l)).collect::<Vec<_>>(),
            t.elapsed()
        );
    }
}
