//! The Coordinators over sessions, with an adversary who has a budget: liveness and recovery.

use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel};
use quorate_model::seeded::Seeded;

use super::coordinator::{guards, visit_world};
use super::{BoundInfo, Entry, Expected, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// nodes, submissions, exclusions, restarts, suspicions, elections, disconnects, partitions, under way, astray.
pub(super) type Budget = [u64; 10];

/// As [`Budget`] has them.
const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are, all of them master-eligible"),
    BoundInfo::number("submissions", "how many changes clients submit"),
    BoundInfo::number("exclusions", "how often a node is excluded from voting"),
    BoundInfo::number("restarts", "how often a node crashes; it comes up at any later time"),
    BoundInfo::number("suspicions", "how often somebody gives up a node that is there"),
    BoundInfo::number("elections", "how often a candidate stands for election before the cluster recovers"),
    BoundInfo::number("disconnects", "how often a session between two nodes breaks"),
    BoundInfo::number("partitions", "how often a node is cut off from all others"),
    BoundInfo::number("under-way", "messages that may be under way when a timer or the adversary strikes"),
    BoundInfo::number("astray", "the term of the last node, where it is down and outside the cluster"),
];

fn effect(id: &'static str, change: &'static str, effect: CoordinatorEffect, dies: &'static str, bounds: Budget) -> Row {
    Row { id, change, rules: CoordinatorMutant::with_effect(effect), expected: Expected::Dies(dies), bounds }
}

/// A row of the kill table.
pub(super) type Row = Seeded<CoordinatorMutant, Budget>;

pub(super) fn rows() -> Vec<Row> {
    vec![
        effect(
            "LM02",
            "joins do not say in which term their sender is",
            CoordinatorEffect::JoinsSayNoTerm,
            "LeadersHeedWhoAsks",
            [2, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        ),
        effect(
            "LM03",
            "a leader makes do without the vote of a follower",
            CoordinatorEffect::MissingVotesAreIgnored,
            "AllVotesArePossible",
            [2, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ),
        effect(
            "LM14",
            "clients are told that a publication that failed will never surface",
            CoordinatorEffect::CallsFailureFinal,
            "RefinesTheContract",
            [3, 1, 0, 0, 1, 0, 0, 0, 2, 0],
        ),
        effect(
            "LM19",
            "an excluded leader stays",
            CoordinatorEffect::DoesNotHandOver,
            "ExcludedLeaderHandsOver",
            [2, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        ),
        effect(
            "LX02",
            "a publication waits for nodes that have failed",
            CoordinatorEffect::WaitsForTheFailed,
            "PublicationsEnd",
            [2, 1, 0, 1, 0, 0, 0, 0, 9, 0],
        ),
        effect(
            "LX03",
            "a leader publishes no state with the nodes that ask to be let in",
            CoordinatorEffect::LetsNobodyIn,
            "JoinsAreAnswered",
            [3, 0, 0, 0, 0, 0, 1, 0, 0, 0],
        ),
        effect(
            "LX04",
            "a node goes on standing for election when it has a leader, or leads",
            CoordinatorEffect::StandsForEver,
            "WholeClustersStayWhole",
            [2, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        ),
        Row {
            id: "W-InitialMastersNotFound",
            change: "a node bootstraps with a minority of the initial masters",
            rules: CoordinatorMutant::waiving(Refusal::InitialMastersNotFound),
            expected: Expected::Dies("EverybodyFollowsIsPossible"),
            bounds: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        },
        effect(
            "LX01",
            "the voting configuration is left as it is",
            CoordinatorEffect::DoesNotReconfigure,
            "BestConfigurationIsPossible",
            [2, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        ),
    ]
}

pub(super) struct StabilisationEntry;

impl Entry for StabilisationEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "stabilisation",
        summary: "The same actor with everything driven by messages and timers, over sessions that end: from every state that an \
                  adversary can bring about within its budget, the cluster can be whole again, and what was begun ends.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 1, 0, 1, 1, 0, 1, 0, 0, 0]],
            Profile::Ci => vec![
                vec![3, 0, 0, 0, 0, 1, 1, 0, 9, 0],
                vec![3, 0, 0, 1, 0, 0, 0, 0, 9, 0],
                vec![2, 0, 1, 0, 1, 1, 0, 0, 0, 0],
                vec![2, 1, 0, 1, 1, 1, 1, 1, 0, 0],
                vec![2, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                vec![2, 0, 0, 0, 0, 0, 0, 0, 0, 2],
            ],
            Profile::Deep => {
                vec![vec![3, 0, 0, 0, 0, 0, 0, 1, 0, 0], vec![3, 1, 0, 0, 1, 0, 0, 0, 2, 0], vec![3, 0, 0, 0, 0, 2, 1, 0, 9, 0]]
            }
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |id| id == "LM02",
        small: || vec![vec![2, 1, 0, 1, 1, 0, 1, 0, 0, 0]],
        self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let info = &Self::INFO;
        let [nodes, submissions, exclusions, restarts, suspicions, elections, disconnects, partitions, under_way, astray] =
            info.exactly(bounds)?;
        let (nodes, initial_masters) = (nodes as usize, nodes.saturating_sub(u64::from(astray > 0)).max(1) as usize);
        let budget = CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..CoordinatorBounds::default() };
        let bounds =
            CoordinatorBounds { nodes, initial_masters, elections, disconnects, partitions, under_way, astray, ..budget };
        visit_world(info, CoordinatorModel::Stabilisation, bounds, &self::rows(), rules, visitor)
    }
}
