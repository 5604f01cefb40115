//! Copies of a shard over the contract of the coordination layer.

use quorate_model::replication::Sound;
use quorate_model::shard::mutant::{Guard, ShardMutant};
use quorate_model::shard_world::{Question, ShardBounds, shard_world};

use super::shard_rows::rows;
use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// As [`ShardBounds`] has them.
const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many data nodes there are"),
    BoundInfo::number("replicas", "how many copies beside the primary are started at the beginning"),
    BoundInfo::number("writes", "how many writes clients ask for"),
    BoundInfo::number("departures", "how often the master takes a node for gone that is there"),
    BoundInfo::number("allocations", "how often a replica is allocated"),
    BoundInfo::number("restores", "how often a primary is allocated to a node that has it on disk"),
    BoundInfo::number("losses", "how often a message is lost, or given up by its sender though it arrives"),
    BoundInfo::number("crashes", "how often a node crashes; it comes up at any later time"),
    BoundInfo::number("lost", "how many of the nodes that crash, the first ones, never come up again"),
    BoundInfo::number("failures", "how often a copy fails on its node"),
    BoundInfo::number("commands", "how often an operator forces a primary or cancels a copy"),
    BoundInfo::number("reads", "how often a client reads a document, at any copy"),
    BoundInfo::number("retries", "how often a client asks again that does not know what became of its write"),
    BoundInfo::number("syncs", "how often the global checkpoint is synced in the background"),
];

fn guards() -> Vec<(&'static str, Guard)> {
    Guard::all().into_iter().map(|guard| (guard.name(), guard)).collect()
}

fn bounds_of(values: [u64; 14]) -> ShardBounds {
    let [
        nodes,
        replicas,
        writes,
        departures,
        allocations,
        restores,
        losses,
        crashes,
        lost,
        failures,
        commands,
        reads,
        retries,
        syncs,
    ] = values;
    let (nodes, replicas) = (nodes as usize, replicas as usize);
    ShardBounds {
        nodes,
        replicas,
        writes,
        departures,
        allocations,
        restores,
        losses,
        crashes,
        lost,
        failures,
        commands,
        reads,
        retries,
        syncs,
    }
}

fn build<V: Visitor>(
    info: &ModelInfo,
    question: Question,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let bounds = bounds_of(info.exactly(bounds)?);
    if *rules == Rules::default() {
        return Ok(visitor.visit(shard_world(Sound, bounds, question, true).map_err(|why| info.refused(why))?));
    }
    let mutant = info.changed(rules, ShardMutant::default(), &rows(question), &guards(), ShardMutant::and_waiving)?;
    Ok(visitor.visit(shard_world(mutant, bounds, question, false).map_err(|why| info.refused(why))?))
}

/// What must never happen.
pub(super) struct ShardEntry;

impl Entry for ShardEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "shard",
        summary: "Copies of a shard and their clients, with a master over the contract of the coordination layer: writes, \
                  acknowledgements, in-sync sets, promotion, resync, peer recovery, allocation of what is on disk, force.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
            Profile::Ci => vec![
                vec![3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                vec![3, 2, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0],
                vec![3, 2, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
                vec![2, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0],
                vec![1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0],
            ],
            Profile::Deep => vec![
                vec![3, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            ],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
        self_checks: &["TrackerInvariants"],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(Question::Safety), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Question::Safety, bounds, rules, visitor)
    }
}

/// What must be possible again from everywhere.
pub(super) struct ShardRecoveryEntry;

impl Entry for ShardRecoveryEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "shard-recovery",
        summary: "The model shard, asked what is possible again from every state that an adversary can bring about: all copies \
                  active, a primary, every write answered.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
            Profile::Ci => vec![
                vec![3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                vec![3, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0],
                vec![2, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1],
            ],
            Profile::Deep => vec![vec![3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], vec![3, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
        self_checks: &[],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(Question::Recovery), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Question::Recovery, bounds, rules, visitor)
    }
}

/// What one might expect, and what does happen.
pub(super) struct ShardExceptionsEntry;

impl Entry for ShardExceptionsEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "shard-exceptions",
        summary: "The model shard, asked what one might expect and Elasticsearch does not promise: no dirty reads, nothing left of \
                  writes that were not acknowledged, no duplicates by retries, a primary without force.",
        bounds: BOUNDS,
        profile: |_| {
            vec![
                vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
                vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
                vec![3, 1, 0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0],
            ]
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
        self_checks: &[],
        guards: || names_of(guards()),
        mutants: Vec::new,
        known_violation: Some(
            "each of the four is violated, at the bounds of its own in the profile: a primary that was replaced serves reads, a \
             copy keeps what its primary could not acknowledge, a retry is a second operation, and a copy that recovers forgets \
             under which id it was in sync. The variant keep_id_until_started of the rules closes the last of them.",
        ),
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, Question::Exceptions, bounds, rules, visitor)
    }
}
