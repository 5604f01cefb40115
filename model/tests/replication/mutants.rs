//! The catalogues of mutants are whole. What dies under each is in the kill
//! tables of the checker.

use quorate_model::replication::{Rejection, mutant, replica_engine};

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
