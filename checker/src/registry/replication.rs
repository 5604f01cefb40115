//! Replication of operations from a primary to its replicas, and promotion.

use quorate_model::replication::model::{Limits, Replication, ReplicationBounds};
use quorate_model::replication::mutant::{Mutant, ReplicationMutant, catalogue};
use quorate_model::replication::{Rejection, Sound};

use super::{BoundInfo, Entry, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor};

const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are, at least one of them with a copy"),
    BoundInfo::number("documents", "how many documents there are"),
    BoundInfo::number("max-client-value", "the highest value that a client writes"),
    BoundInfo::number("max-messages", "how many messages may be under way"),
];

fn guards() -> Vec<&'static str> {
    Rejection::ALL.iter().map(|guard| guard.name()).collect()
}

fn mutants() -> Vec<MutantInfo> {
    let row = |entry: ReplicationMutant| MutantInfo {
        id: entry.id,
        change: entry.change,
        expected: entry.expected,
        bounds: vec![entry.bounds.nodes, entry.bounds.documents, entry.bounds.max_client_value, entry.bounds.max_messages],
    };
    catalogue().into_iter().map(row).collect()
}

/// The module as TLC explores it.
pub(super) struct ReplicationEntry;

impl Entry for ReplicationEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "replication",
        summary: "Operations with sequence numbers and primary terms, local and global checkpoints, failed copies, \
                  promotion, resync and trim. The state graph of Elastic's TLA+ module replication.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 1, 3, 3], vec![2, 1, 2, 3]],
            Profile::Ci => vec![vec![3, 1, 2, 3], vec![2, 1, 3, 4], vec![2, 2, 2, 3]],
            Profile::Deep => vec![vec![3, 1, 3, 4]],
        },
        symmetric: false,
        endless_under_mutants: false,
        small: || vec![vec![2, 1, 2, 3], vec![1, 1, 3, 2], vec![2, 1, 2, 2]],
        guards,
        self_checks: &[],
        mutants,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Limits::Constraint, bounds, rules, visitor)
    }
}

/// The same with its limits as budgets, so that claims about what happens
/// eventually mean something.
pub(super) struct QuietingEntry;

impl Entry for QuietingEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "replication-liveness",
        summary: "The model replication with the limits on client values and messages as the clients' budget: nothing is \
                  cut, so that it can be asked what happens eventually. (The temporal properties of the TLA+ module are \
                  true from the start and say nothing.)",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 1, 2, 3]],
            Profile::Ci => vec![vec![2, 1, 3, 3]],
            Profile::Deep => vec![vec![3, 1, 2, 3]],
        },
        symmetric: false,
        endless_under_mutants: false,
        small: || vec![vec![2, 1, 2, 3], vec![1, 1, 2, 2]],
        guards,
        self_checks: &[],
        mutants: Vec::new,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Limits::Budget, bounds, rules, visitor)
    }
}

fn build<V: Visitor>(
    info: &ModelInfo,
    limits: Limits,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let &[nodes, documents, max_client_value, max_messages] = bounds else {
        unreachable!("the registry has counted the bounds");
    };
    let bounds = ReplicationBounds { nodes, documents, max_client_value, max_messages };
    let refused = |why: String| RegistryError::Bounds { model: info.name, why };
    if *rules == Rules::default() {
        let model = Replication::new(Sound, bounds).map_err(|why| refused(why.to_string()))?;
        return Ok(visitor.visit(model.with_limits(limits)));
    }
    let mut mutant = match &rules.mutant {
        None => Mutant::default(),
        Some(id) => catalogue().iter().find(|entry| entry.id == id).ok_or_else(|| info.no_mutant(id))?.rules,
    };
    for name in &rules.waived {
        let guard = Rejection::ALL.iter().find(|guard| guard.name() == name).ok_or_else(|| info.no_guard(name))?;
        mutant = mutant.and_waiving(*guard);
    }
    let model = Replication::new(mutant, bounds).map_err(|why| refused(why.to_string()))?;
    Ok(visitor.visit(model.with_limits(limits)))
}
