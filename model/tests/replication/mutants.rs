//! The kill tables: every mutant dies as its catalogue says, at its bounds.
//!
//! Those that need more than some 50,000 states are left to optimised builds.
//! `cargo test --release -p quorate-model --test replication tables -- --nocapture`
//! prints the tables.

use quorate_model::replication::model::{Replication, ReplicationState};
use quorate_model::replication::replica_engine::{self, ReplicaEngine};
use quorate_model::replication::storage::{self, Storage};
use quorate_model::replication::{Rejection, mutant};
use quorate_model::seeded::Expected;
use quorate_model::specification::Specification;
use stateright::Model;

use crate::naive::{Found, explore};

fn verify<M: Specification>(id: &str, model: &M, initial: Vec<M::State>, expected: Expected) {
    let dead = |found: &Found| matches!(expected, Expected::Dies(name) if found.violated.contains_key(name));
    let found = explore(model, initial, dead);
    let deaths: Vec<_> = found.violated.iter().map(|(name, (trace, _))| format!("{name} ({trace})")).collect();
    println!("{id:32} {:>9} states  {}", found.distinct, if deaths.is_empty() { "none".into() } else { deaths.join(", ") });
    match expected {
        Expected::Dies(name) => assert!(found.violated.contains_key(name), "{id}: {name} holds; violated: {deaths:?}"),
        Expected::Equivalent(reason) => assert!(deaths.is_empty(), "{id} is no equivalent ({reason}): {deaths:?}"),
    }
}

fn left_out(id: &str, slow: &[&str]) -> bool {
    cfg!(debug_assertions) && slow.contains(&id)
}

/// All nodes assigned, the first the primary: the other initial states add
/// nothing but fewer copies and other names.
fn full(model: &Replication<mutant::Mutant>) -> Vec<ReplicationState> {
    let nodes = model.bounds()[0].value as usize;
    let is_full = |state: &ReplicationState| {
        let routing = &state.master.routing;
        routing.assigned().len() == nodes && routing.primaries == quorate_model::NodeSet::first(1)
    };
    model.init_states().into_iter().filter(is_full).collect()
}

#[test]
fn tables_of_replication() {
    let slow = [
        "no_replica_term_check",
        "destructive_rollback",
        "no_confirm",
        "replay_stays_pending",
        "W-ReplicationTermTooOld",
        "W-TermNotNewer",
        "no_rollback",
        "rollback_to_old",
        "gcp_not_in_term_bump",
        "W-ClusterStateAlreadyApplied",
        "W-AlreadyUnassigned",
        "W-CopyNoLongerAssigned",
    ];
    for entry in mutant::catalogue().iter().filter(|entry| !left_out(entry.id, &slow)) {
        let model = Replication::new(entry.rules, entry.bounds).unwrap();
        // Liveness is decided elsewhere.
        if entry.expected != Expected::Dies("NoActiveMessages") {
            verify(entry.id, &model, full(&model), entry.expected);
        }
    }
}

#[test]
fn tables_of_storage() {
    for entry in storage::catalogue() {
        let model = Storage::new(entry.rules, entry.bounds).unwrap();
        verify(entry.id, &model, model.init_states(), entry.expected);
    }
}

#[test]
fn tables_of_the_replica_engine() {
    let quick = |entry: &replica_engine::EngineMutant| {
        let early = [Expected::Dies("AddsOnlyWhereNothingIs"), Expected::Dies("LocalCheckpointCompleted")];
        !cfg!(debug_assertions) || early.contains(&entry.expected)
    };
    for entry in replica_engine::catalogue().iter().filter(|entry| quick(entry)) {
        let model = ReplicaEngine::new(entry.rules, entry.bounds).unwrap();
        verify(entry.id, &model, model.init_states(), entry.expected);
    }
}

#[test]
fn every_guard_of_the_module_is_waived_by_some_mutant() {
    let waived = |name: &str| mutant::catalogue().iter().any(|entry| entry.id == format!("W-{name}"));
    let missing: Vec<_> = Rejection::OF_MODULE.iter().map(|guard| guard.name()).filter(|name| !waived(name)).collect();
    assert_eq!(missing, ["NoLongerPrimary"], "waived as no_master_term_check");
    let waived = |name: &str| replica_engine::catalogue().iter().any(|entry| entry.id == format!("W-{name}"));
    let engine = replica_engine::EngineRejection::ALL.iter().filter(|guard| guard.can_be_waived()).map(|guard| guard.name());
    let missing: Vec<_> = engine.filter(|name| !waived(name)).collect();
    assert_eq!(missing, [""; 0]);
}
