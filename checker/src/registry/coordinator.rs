//! The Coordinators in a world with a retained-set network: four models of one actor.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordination::{Rejection, Sound};
use quorate_model::coordinator::{CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, coordinator_world};
use quorate_model::seeded::Seeded;

use super::{BoundInfo, Entry, Expected, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

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
type Row = Seeded<CoordinatorMutant, [u64; 8]>;

/// A row of the rules' catalogue.
fn of_rules(id: &'static str, dies: &'static str, bounds: [u64; 8]) -> Row {
    let entry = catalogue().into_iter().find(|entry| entry.id == id).expect("the rows are in the catalogue");
    Row { id, change: entry.change, rules: CoordinatorMutant::on(entry.rules), expected: Expected::Dies(dies), bounds }
}

/// A guard of the Coordinator left out.
fn waived(id: &'static str, change: &'static str, guard: Refusal, dies: &'static str, bounds: [u64; 8]) -> Row {
    Row { id, change, rules: CoordinatorMutant::waiving(guard), expected: Expected::Dies(dies), bounds }
}

fn rows(model: CoordinatorModel) -> Vec<Row> {
    match model {
        CoordinatorModel::Coordinator => vec![
            of_rules("CM02", "OneElectionWinnerPerTerm", [2, 2, 2, 2, 1, 0, 1, 0]),
            of_rules("CM07", "CommitHasQuorumVsPreviousCommittedConfiguration", [2, 2, 2, 2, 1, 0, 1, 0]),
            of_rules("CM09", "P2bInvariant", [3, 3, 2, 2, 1, 0, 0, 0]),
            of_rules("CM12", "OneMasterPerTerm", [3, 3, 2, 2, 0, 0, 0, 0]),
            of_rules("CM13", "OneElectionWinnerPerTerm", [3, 3, 1, 1, 0, 0, 0, 0]),
            of_rules("CM14", "OneMasterPerTerm", [3, 3, 1, 1, 0, 0, 1, 0]),
            of_rules("CM15", "CommittedClusterUuidStays", [2, 2, 2, 2, 0, 0, 1, 0]),
            waived(
                "W-CheckTermIsOver",
                "follower checks of a term that is over are obeyed",
                Refusal::CheckTermIsOver,
                "ModesMeanWhatTheySay",
                [2, 2, 2, 2, 0, 0, 0, 0],
            ),
        ],
        CoordinatorModel::PreVote => vec![waived(
            "LM01",
            "pre-votes are granted while another leader is known",
            Refusal::LeaderKnown,
            "LostContactDeposesNobody",
            [3, 3, 2, 2, 0, 0, 0, 1],
        )],
        CoordinatorModel::Membership | CoordinatorModel::Reconfiguration | CoordinatorModel::Stabilisation => vec![],
    }
}

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

fn build<V: Visitor>(
    info: &ModelInfo,
    model: CoordinatorModel,
    bounds: &[u64],
    rules: &Rules,
    visitor: V,
) -> Result<V::Output, RegistryError> {
    let [nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions] = info.exactly(bounds)?;
    let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
    let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
    let bounds = CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..limits };
    if *rules == Rules::default() {
        return Ok(visitor.visit(coordinator_world(model, Sound, bounds, true).map_err(|why| info.refused(why))?));
    }
    let mutant = info.changed(rules, CoordinatorMutant::default(), &rows(model), &guards(), waiving)?;
    Ok(visitor.visit(coordinator_world(model, mutant, bounds, false).map_err(|why| info.refused(why))?))
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

const NAMES: [&str; 4] = ["coordinator", "prevote", "membership", "reconfiguration"];

coordinator_entry!(
    CoordinatorEntry,
    CoordinatorModel::Coordinator,
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
    "The same actor from the first start of its nodes: they find each other, bootstrap, join, are removed and come back.",
    vec![vec![2, 2, 1, 3, 0, 0, 0, 1]],
    vec![vec![2, 2, 2, 3, 0, 0, 0, 1]],
    vec![vec![3, 3, 1, 2, 0, 0, 0, 0]],
    vec![vec![2, 2, 1, 2, 0, 0, 0, 0]]
);

coordinator_entry!(
    ReconfigurationEntry,
    CoordinatorModel::Reconfiguration,
    "The same actor in a formed cluster whose voting configuration changes: nodes join, fail, and are excluded.",
    vec![vec![2, 2, 2, 3, 0, 1, 0, 0]],
    vec![vec![2, 2, 2, 4, 0, 1, 1, 2], vec![3, 3, 2, 4, 0, 1, 0, 0], vec![3, 1, 2, 4, 0, 1, 0, 0]],
    vec![vec![3, 3, 2, 4, 0, 1, 0, 1]],
    vec![vec![2, 2, 1, 3, 0, 1, 0, 0]]
);
