//! The Coordinators in a world with a retained-set network: models of one actor.

use quorate_model::coordination::{Rejection, Sound};
use quorate_model::coordinator::{CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, coordinator_world};
use quorate_model::seeded::Seeded;

use super::coordinator_rows::rows;
use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// nodes, initial masters, max term, max version, submissions, exclusions, restarts, suspicions.
const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are, all of them master-eligible"),
    BoundInfo::number("initial-masters", "how many of them are in cluster.initial_master_nodes"),
    BoundInfo::number("max-term", "states in a higher term are checked but not expanded"),
    BoundInfo::number("max-version", "states with a higher version are checked but not expanded"),
    BoundInfo::number("submissions", "how many changes clients submit"),
    BoundInfo::number("exclusions", "how often a node is excluded from voting"),
    BoundInfo::number("restarts", "how many restarts there are"),
    BoundInfo::number("suspicions", "how often somebody gives up a node that is there; free in `coordinator`"),
];

/// Where nodes have roles, and disks fall ill.
const DUTIES: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are"),
    BoundInfo::number("voting-only", "how many of those with the role master only vote"),
    BoundInfo::number("ineligible", "how many have not the role master"),
    BoundInfo::number("max-term", "states in a higher term are checked but not expanded"),
    BoundInfo::number("max-version", "states with a higher version are checked but not expanded"),
    BoundInfo::number("submissions", "how many changes clients submit"),
    BoundInfo::number("illnesses", "how often a disk falls ill"),
    BoundInfo::number("suspicions", "how often somebody gives up a node that is there"),
];

/// A guard that can be waived: of the rules, or of the Coordinator.
#[derive(Clone, Copy)]
pub(super) enum Guard {
    Rule(Rejection),
    Own(Refusal),
}

pub(super) fn guards() -> Vec<(&'static str, Guard)> {
    let rules = Rejection::ALL.iter().map(|guard| (guard.name(), Guard::Rule(*guard)));
    rules.chain(Refusal::ALL.iter().map(|guard| (guard.name(), Guard::Own(*guard)))).collect()
}

pub(super) fn waiving(mut mutant: CoordinatorMutant, guard: Guard) -> CoordinatorMutant {
    match guard {
        Guard::Rule(guard) => mutant.rules = mutant.rules.and_waiving(guard),
        Guard::Own(guard) => mutant = mutant.and_waiving(guard),
    }
    mutant
}

fn instance(info: &ModelInfo, model: CoordinatorModel, bounds: &[u64]) -> Result<CoordinatorBounds, RegistryError> {
    if model == CoordinatorModel::Duties {
        let [nodes, voting_only, ineligible, max_term, max_version, submissions, illnesses, suspicions] = info.exactly(bounds)?;
        let (nodes, voting_only, ineligible) = (nodes as usize, voting_only as usize, ineligible as usize);
        let initial_masters = nodes.saturating_sub(ineligible).max(1);
        let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
        return Ok(CoordinatorBounds { voting_only, ineligible, submissions, illnesses, suspicions, ..limits });
    }
    let [nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions] = info.exactly(bounds)?;
    let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
    let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
    Ok(CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..limits })
}

fn build<V: Visitor>(
    info: &ModelInfo,
    model: CoordinatorModel,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    visit_world(info, model, instance(info, model, bounds)?, &rows(model), rules, visitor)
}

/// Calls `visitor` with the world of a model under some rules.
pub(super) fn visit_world<B, V: Visitor>(
    info: &ModelInfo,
    model: CoordinatorModel,
    bounds: CoordinatorBounds,
    rows: &[Seeded<CoordinatorMutant, B>],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    if *rules == Rules::default() {
        return Ok(visitor.visit(coordinator_world(model, Sound, bounds, true).map_err(|why| info.refused(why))?));
    }
    let mutant = info.changed(rules, CoordinatorMutant::default(), rows, &guards(), waiving)?;
    Ok(visitor.visit(coordinator_world(model, mutant, bounds, false).map_err(|why| info.refused(why))?))
}

macro_rules! coordinator_entry {
    ($entry:ident, $model:expr, $bounds:expr, $summary:expr, $quick:expr, $ci:expr, $deep:expr, $small:expr) => {
        pub(super) struct $entry;

        impl Entry for $entry {
            const INFO: ModelInfo = ModelInfo {
                name: NAMES[$model as usize],
                summary: $summary,
                bounds: $bounds,
                profile: |profile| match profile {
                    Profile::Quick => $quick,
                    Profile::Ci => $ci,
                    Profile::Deep => $deep,
                },
                symmetric: true,
                symmetric_table: true,
                first_deaths_only: |_| false,
                small: || $small,
                self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
                guards: || names_of(guards()),
                mutants: || mutants_of(rows($model), |row| row.bounds.to_vec()),
                known_violation: None,
            };

            fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
                build(&Self::INFO, $model, bounds, rules, visitor)
            }
        }
    };
}

const NAMES: [&str; 5] = ["coordinator", "prevote", "membership", "reconfiguration", "duties"];

coordinator_entry!(
    CoordinatorEntry,
    CoordinatorModel::Coordinator,
    BOUNDS,
    "The actor that elects, leads, follows and publishes, in the harshest network: every message once sent may arrive \
     at any time and any number of times, elections start at any time, anybody may be suspected. The same code runs as \
     a cluster.",
    vec![vec![3, 3, 1, 2, 1, 0, 1, 0], vec![2, 2, 2, 2, 1, 0, 1, 0]],
    vec![vec![3, 3, 2, 3, 2, 0, 1, 0]],
    vec![vec![3, 3, 3, 3, 1, 0, 1, 0]],
    vec![vec![2, 2, 1, 2, 1, 0, 1, 0], vec![1, 1, 2, 3, 1, 0, 1, 0]]
);

coordinator_entry!(
    PreVoteEntry,
    CoordinatorModel::PreVote,
    BOUNDS,
    "The same actor in a formed cluster, where an election must be promised by a quorum that knows no leader before it \
     starts.",
    vec![vec![3, 3, 2, 2, 0, 0, 0, 1]],
    vec![vec![3, 3, 2, 2, 0, 0, 0, 2], vec![2, 2, 2, 2, 0, 0, 1, 1]],
    vec![vec![3, 3, 3, 3, 0, 0, 0, 3]],
    vec![vec![2, 2, 2, 2, 0, 0, 0, 2]]
);

coordinator_entry!(
    MembershipEntry,
    CoordinatorModel::Membership,
    BOUNDS,
    "The same actor from the first start of its nodes: they find each other, bootstrap, join, are removed and come back.",
    vec![vec![2, 2, 1, 3, 0, 0, 0, 1]],
    vec![vec![2, 2, 2, 3, 0, 0, 0, 1]],
    vec![vec![3, 1, 1, 1, 0, 0, 0, 0], vec![3, 1, 1, 2, 0, 0, 0, 0]],
    vec![vec![2, 2, 1, 2, 0, 0, 0, 0]]
);

coordinator_entry!(
    ReconfigurationEntry,
    CoordinatorModel::Reconfiguration,
    BOUNDS,
    "The same actor in a formed cluster whose voting configuration changes: nodes join, fail, and are excluded.",
    vec![vec![2, 2, 2, 3, 0, 1, 0, 0]],
    vec![vec![2, 2, 2, 4, 0, 1, 1, 2], vec![3, 3, 2, 4, 0, 1, 0, 0], vec![3, 1, 2, 5, 0, 1, 0, 0]],
    vec![vec![3, 3, 2, 4, 0, 1, 0, 1]],
    vec![vec![2, 2, 1, 3, 0, 1, 0, 0]]
);

coordinator_entry!(
    DutiesEntry,
    CoordinatorModel::Duties,
    DUTIES,
    "The same actor in a formed cluster of nodes with roles: some only vote, some do neither. Checks, validation of joins \
     and acknowledgements run by messages and timers, and disks fall ill.",
    vec![vec![2, 0, 1, 1, 3, 0, 1, 1]],
    vec![vec![2, 0, 1, 2, 3, 0, 1, 1], vec![2, 0, 0, 2, 2, 0, 1, 1], vec![2, 1, 0, 2, 2, 0, 0, 1], vec![3, 1, 1, 1, 3, 0, 0, 0],],
    vec![vec![3, 1, 0, 1, 3, 0, 0, 1]],
    vec![vec![2, 1, 0, 1, 2, 0, 0, 0]]
);
