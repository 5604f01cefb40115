//! Copies of a shard over the contract of the coordination layer.

use quorate_model::replication::Sound;
use quorate_model::shard::mutant::{Guard, ShardMutant};
use quorate_model::shard_world::{ShardBounds, shard_world};

use super::shard_rows::rows;
use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// As [`ShardBounds`] has them.
const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many data nodes there are"),
    BoundInfo::number("replicas", "how many copies beside the primary are started at the beginning"),
    BoundInfo::number("writes", "how many writes clients ask for"),
    BoundInfo::number("departures", "how often the master takes a node for gone that is there"),
    BoundInfo::number("allocations", "how often a replica is allocated"),
    BoundInfo::number("restores", "how often an unassigned primary is allocated to a node that has it on disk"),
    BoundInfo::number("losses", "how often a message is lost, or given up by its sender though it arrives"),
    BoundInfo::number("crashes", "how often a node crashes; it comes up at any later time"),
    BoundInfo::number("failures", "how often a copy fails on its node"),
    BoundInfo::number("commands", "how often an operator forces a primary or cancels a copy"),
    BoundInfo::number("reads", "how often a client reads a document, at any copy"),
    BoundInfo::number("retries", "how often a client asks again that does not know what became of its write"),
    BoundInfo::number("syncs", "how often the global checkpoint is synced in the background"),
];

fn guards() -> Vec<(&'static str, Guard)> {
    Guard::all().into_iter().map(|guard| (guard.name(), guard)).collect()
}

fn bounds_of(values: [u64; 13]) -> ShardBounds {
    let [nodes, replicas, writes, departures, allocations, restores, losses, crashes, failures, commands, reads, retries, syncs] =
        values;
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
        failures,
        commands,
        reads,
        retries,
        syncs,
    }
}

fn build<V: Visitor>(
    info: &ModelInfo,
    recovers: bool,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let bounds = bounds_of(info.exactly(bounds)?);
    if *rules == Rules::default() {
        return Ok(visitor.visit(shard_world(Sound, bounds, recovers, true).map_err(|why| info.refused(why))?));
    }
    let mutant = info.changed(rules, ShardMutant::default(), &rows(recovers), &guards(), ShardMutant::and_waiving)?;
    Ok(visitor.visit(shard_world(mutant, bounds, recovers, false).map_err(|why| info.refused(why))?))
}

/// What must never happen.
pub(super) struct ShardEntry;

impl Entry for ShardEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "shard",
        summary: "Copies of a shard and their clients, with a master over the contract of the coordination layer: writes, \
                  acknowledgements, in-sync sets, promotion, resync, peer recovery, allocation by what is on disk.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
            Profile::Ci => vec![vec![3, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
            Profile::Deep => vec![vec![3, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
        self_checks: &["TrackerInvariants"],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(false), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        build(&Self::INFO, false, bounds, rules, visitor)
    }
}
