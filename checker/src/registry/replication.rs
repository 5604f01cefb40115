//! Replication of operations from a primary to its replicas, and promotion.

use quorate_model::replication::model::claims::liveness_claims;
use quorate_model::replication::model::{Limits, Replication, ReplicationBounds};
use quorate_model::replication::mutant::{Mutant, catalogue};
use quorate_model::replication::{Rejection, RuleSet, Sound};

use super::{
    BoundInfo, Entry, Expected, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor, mutants_of, named, names_of,
};

const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are, at least one of them with a copy"),
    BoundInfo::number("documents", "how many documents there are"),
    BoundInfo::number("max-client-value", "the highest value that a client writes"),
    BoundInfo::number("max-messages", "how many messages may be under way"),
];

fn guards() -> Vec<(&'static str, Rejection)> {
    named(Rejection::OF_MODULE, Rejection::name)
}

/// The mutants that break something about what happens eventually, or the others.
fn mutants(of_liveness: bool) -> Vec<MutantInfo> {
    let liveness: Vec<&str> = liveness_claims::<Sound>().iter().map(|claim| claim.name).collect();
    let breaks_liveness = |expected| matches!(expected, Expected::Dies(name) if liveness.contains(&name));
    let of_kind = catalogue().into_iter().filter(|entry| breaks_liveness(entry.expected) == of_liveness).collect();
    mutants_of(of_kind, |entry| {
        let ReplicationBounds { nodes, documents, max_client_value, max_messages } = entry.bounds;
        vec![nodes, documents, max_client_value, max_messages]
    })
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
        symmetric_table: true,
        first_deaths_only: |id| id == "no_rollback",
        small: || vec![vec![2, 1, 2, 3], vec![1, 1, 3, 2], vec![2, 1, 2, 2]],
        guards: || names_of(guards()),
        self_checks: &[],
        mutants: || mutants(false),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Kind::Module, bounds, rules, visitor)
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
            Profile::Ci => vec![vec![3, 1, 2, 2], vec![2, 1, 3, 3]],
            Profile::Deep => vec![vec![3, 1, 2, 3]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 2, 3], vec![1, 1, 2, 2]],
        guards: || names_of(guards()),
        self_checks: &[],
        mutants: || mutants(true),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Kind::Budget, bounds, rules, visitor)
    }
}

/// A step of the module that Elasticsearch does not take.
pub(super) struct FallingEntry;

impl Entry for FallingEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "replication-falling-checkpoint",
        summary: "A part of the model replication, small enough to be searched with four nodes: every node has a copy, \
                  clients ask the first primary, nothing is lost, and only the first primary fails. It claims what \
                  Elasticsearch asserts and the TLA+ module does not keep: the global checkpoint of a primary never falls.",
        bounds: BOUNDS,
        profile: |_| vec![vec![4, 1, 3, 7]],
        symmetric: false,
        symmetric_table: true,
        first_deaths_only: |_| false,
        small: || vec![vec![3, 1, 3, 4]],
        guards: || names_of(guards()),
        self_checks: &[],
        mutants: Vec::new,
        known_violation: Some(
            "PrimaryGlobalCheckpointNeverFalls is violated with four nodes: a promoted primary of the module takes local \
             checkpoints that it does not know yet for none, where a tracker of Elasticsearch waits for them. With three \
             nodes it holds.",
        ),
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Kind::OneFailure, bounds, rules, visitor)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Module,
    Budget,
    OneFailure,
}

fn build<V: Visitor>(
    info: &ModelInfo,
    kind: Kind,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let [nodes, documents, max_client_value, max_messages] = info.exactly(bounds)?;
    let bounds = ReplicationBounds { nodes, documents, max_client_value, max_messages };
    if *rules == Rules::default() {
        return Ok(visitor.visit(of_kind(Replication::new(Sound, bounds).map_err(|why| info.refused(why))?, kind)));
    }
    let mutant = info.changed(rules, Mutant::default(), &catalogue(), &guards(), Mutant::and_waiving)?;
    Ok(visitor.visit(of_kind(Replication::new(mutant, bounds).map_err(|why| info.refused(why))?, kind)))
}

fn of_kind<R: RuleSet>(model: Replication<R>, kind: Kind) -> Replication<R> {
    match kind {
        Kind::Module => model,
        Kind::Budget => model.with_limits(Limits::Budget),
        Kind::OneFailure => model.with_one_failure(),
    }
}
