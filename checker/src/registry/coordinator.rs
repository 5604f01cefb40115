//! The Coordinators in a world with a retained-set network: four models of one actor.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, coordinator_world};

use super::{BoundInfo, Entry, Expected, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor};

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

/// A row of a kill table.
struct Row {
    id: &'static str,
    change: &'static str,
    mutant: CoordinatorMutant,
    dies: &'static str,
    bounds: [u64; 8],
}

/// A row of the rules' catalogue.
fn of_rules(id: &'static str, dies: &'static str, bounds: [u64; 8]) -> Row {
    let entry = catalogue().into_iter().find(|entry| entry.id == id).expect("the rows are in the catalogue");
    Row { id, change: entry.change, mutant: CoordinatorMutant::on(entry.rules), dies, bounds }
}

fn rows(model: CoordinatorModel) -> Vec<Row> {
    match model {
        CoordinatorModel::Coordinator => vec![
            of_rules("CM02", "OneElectionWinnerPerTerm", [2, 2, 2, 2, 1, 0, 1, 0]),
            of_rules("CM07", "CommitHasQuorumVsPreviousCommittedConfiguration", [2, 2, 2, 2, 1, 0, 1, 0]),
        ],
        CoordinatorModel::PreVote => vec![Row {
            id: "LM01",
            change: "pre-votes are granted while another leader is known",
            mutant: CoordinatorMutant::waiving(Refusal::LeaderKnown),
            dies: "LostContactDeposesNobody",
            bounds: [3, 3, 2, 2, 0, 0, 0, 1],
        }],
        CoordinatorModel::Membership | CoordinatorModel::Reconfiguration => vec![],
    }
}

const _: Option<CoordinatorEffect> = None;

fn mutant_infos(model: CoordinatorModel) -> Vec<MutantInfo> {
    let info = |row: Row| MutantInfo {
        id: row.id,
        change: row.change,
        expected: Expected::Dies(row.dies),
        bounds: row.bounds.to_vec(),
    };
    rows(model).into_iter().map(info).collect()
}

fn guards() -> Vec<&'static str> {
    Rejection::ALL.iter().map(|guard| guard.name()).chain(Refusal::ALL.iter().map(|guard| guard.name())).collect()
}

fn mutant(info: &ModelInfo, model: CoordinatorModel, rules: &Rules) -> Result<CoordinatorMutant, RegistryError> {
    let mut mutant = match &rules.mutant {
        None => CoordinatorMutant::on(Mutant::default()),
        Some(id) => rows(model).into_iter().find(|row| row.id == id).ok_or_else(|| info.no_mutant(id))?.mutant,
    };
    for name in &rules.waived {
        let rejection = Rejection::ALL.iter().find(|guard| guard.name() == name);
        let refusal = Refusal::ALL.iter().find(|guard| guard.name() == name);
        match (rejection, refusal) {
            (Some(guard), _) => mutant.rules = mutant.rules.and_waiving(*guard),
            (None, Some(guard)) => mutant = mutant.and_waiving(*guard),
            (None, None) => return Err(info.no_guard(name)),
        }
    }
    Ok(mutant)
}

fn build<V: Visitor>(
    info: &ModelInfo,
    model: CoordinatorModel,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let &[nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions] = bounds else {
        unreachable!("the registry has counted the bounds");
    };
    let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
    let bounds =
        CoordinatorBounds { nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions };
    let refused = |why: quorate_model::specification::BoundError| RegistryError::Bounds { model: info.name, why: why.to_string() };
    if *rules == Rules::default() {
        return Ok(visitor.visit(coordinator_world(model, Sound, bounds, true).map_err(refused)?));
    }
    let mutant = mutant(info, model, rules)?;
    Ok(visitor.visit(coordinator_world(model, mutant, bounds, false).map_err(refused)?))
}

macro_rules! coordinator_entry {
    ($entry:ident, $model:expr, $summary:expr, $quick:expr, $ci:expr, $deep:expr, $small:expr) => {
        pub(super) struct $entry;

        impl Entry for $entry {
            const INFO: ModelInfo = ModelInfo {
                name: NAMES[$model as usize],
                summary: $summary,
                bounds: BOUNDS,
                profile: |profile| match profile {
                    Profile::Quick => $quick,
                    Profile::Ci => $ci,
                    Profile::Deep => $deep,
                },
                symmetric: true,
                endless_under_mutants: false,
                small: || $small,
                self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
                guards,
                mutants: || mutant_infos($model),
            };

            fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
                build(&Self::INFO, $model, bounds, rules, visitor)
            }
        }
    };
}

const NAMES: [&str; 4] = ["coordinator", "prevote", "membership", "reconfiguration"];

coordinator_entry!(
    CoordinatorEntry,
    CoordinatorModel::Coordinator,
    "The actor that elects, leads, follows and publishes, in the harshest network: every message once sent may arrive \
     at any time and any number of times, elections start at any time, anybody may be suspected. The same code runs as \
     a cluster.",
    vec![vec![3, 3, 1, 2, 1, 0, 1, 0], vec![2, 2, 2, 2, 1, 0, 1, 0]],
    vec![vec![3, 3, 2, 2, 1, 0, 1, 0]],
    vec![vec![3, 3, 3, 3, 1, 0, 0, 0]],
    vec![vec![2, 2, 1, 2, 1, 0, 1, 0], vec![1, 1, 2, 3, 1, 0, 1, 0]]
);

coordinator_entry!(
    PreVoteEntry,
    CoordinatorModel::PreVote,
    "The same actor in a formed cluster, where an election must be promised by a quorum that knows no leader before it \
     starts.",
    vec![vec![3, 3, 2, 2, 0, 0, 0, 1]],
    vec![vec![3, 3, 2, 2, 0, 0, 0, 2]],
    vec![vec![3, 3, 3, 3, 1, 0, 0, 3]],
    vec![vec![2, 2, 2, 2, 0, 0, 0, 2]]
);

coordinator_entry!(
    MembershipEntry,
    CoordinatorModel::Membership,
    "The same actor from the first start of its nodes: they find each other, bootstrap, join, are removed and come back.",
    vec![vec![2, 2, 1, 3, 0, 0, 0, 1]],
    vec![vec![2, 2, 2, 3, 0, 0, 0, 1]],
    vec![vec![3, 3, 1, 3, 0, 0, 0, 1]],
    vec![vec![2, 2, 1, 2, 0, 0, 0, 0]]
);

coordinator_entry!(
    ReconfigurationEntry,
    CoordinatorModel::Reconfiguration,
    "The same actor in a formed cluster whose voting configuration changes: nodes join, fail, and are excluded.",
    vec![vec![2, 2, 2, 3, 0, 1, 0, 0]],
    vec![vec![3, 3, 2, 4, 0, 1, 0, 0]],
    vec![vec![3, 3, 2, 4, 0, 1, 0, 1]],
    vec![vec![2, 2, 1, 3, 0, 1, 0, 0]]
);
