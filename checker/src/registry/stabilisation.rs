//! The Coordinators over sessions, with an adversary who has a budget: liveness and recovery.

use quorate_model::coordination::Sound;
use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, coordinator_world};
use quorate_model::seeded::Seeded;

use super::coordinator::{guards, waiving};
use super::{BoundInfo, Entry, Expected, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// nodes, submissions, exclusions, restarts, suspicions, elections, disconnects, partitions, under way.
pub(super) type Budget = [u64; 9];

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
];

fn effect(id: &'static str, change: &'static str, effect: CoordinatorEffect, dies: &'static str, bounds: Budget) -> Row {
    Row { id, change, rules: CoordinatorMutant::with_effect(effect), expected: Expected::Dies(dies), bounds }
}

/// A row of the kill table.
pub(super) type Row = Seeded<CoordinatorMutant, Budget>;

pub(super) fn rows() -> Vec<Row> {
    vec![
        effect(
            "LM14",
            "clients are told that a publication that failed will never surface",
            CoordinatorEffect::CallsFailureFinal,
            "RefinesTheContract",
            [3, 1, 0, 0, 1, 0, 0, 0, 2],
        ),
        effect(
            "LM19",
            "an excluded leader stays",
            CoordinatorEffect::DoesNotHandOver,
            "ExcludedLeaderHandsOver",
            [2, 0, 1, 0, 0, 0, 0, 0, 0],
        ),
        effect(
            "LX02",
            "a publication waits for nodes that have failed",
            CoordinatorEffect::WaitsForTheFailed,
            "PublicationsEnd",
            [2, 1, 0, 1, 0, 0, 0, 0, 9],
        ),
        effect(
            "LX03",
            "a leader publishes no state with the nodes that ask to be let in",
            CoordinatorEffect::LetsNobodyIn,
            "JoinsAreAnswered",
            [3, 0, 0, 0, 0, 0, 1, 0, 0],
        ),
        Row {
            id: "W-InitialMastersNotFound",
            change: "a node bootstraps with a minority of the initial masters",
            rules: CoordinatorMutant::waiving(Refusal::InitialMastersNotFound),
            expected: Expected::Dies("EverybodyFollowsIsPossible"),
            bounds: [3, 0, 0, 0, 0, 0, 0, 0, 0],
        },
        effect(
            "LX01",
            "the voting configuration is left as it is",
            CoordinatorEffect::DoesNotReconfigure,
            "BestConfigurationIsPossible",
            [2, 0, 1, 0, 0, 0, 0, 0, 0],
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
            Profile::Quick => vec![vec![2, 1, 0, 1, 1, 0, 1, 0, 0]],
            Profile::Ci => vec![
                vec![3, 0, 0, 0, 0, 1, 1, 0, 9],
                vec![3, 0, 0, 1, 0, 0, 0, 0, 9],
                vec![2, 0, 1, 0, 1, 1, 0, 0, 0],
                vec![2, 1, 0, 1, 1, 1, 1, 1, 0],
            ],
            Profile::Deep => {
                vec![vec![3, 0, 0, 0, 0, 0, 0, 1, 0], vec![3, 1, 0, 0, 1, 0, 0, 0, 2], vec![3, 0, 0, 0, 0, 2, 1, 0, 9]]
            }
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 0, 1, 1, 0, 1, 0, 0]],
        self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let info = &Self::INFO;
        let [nodes, submissions, exclusions, restarts, suspicions, elections, disconnects, partitions, under_way] =
            info.exactly(bounds)?;
        let (nodes, initial_masters) = (nodes as usize, nodes as usize);
        let budget = CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..CoordinatorBounds::default() };
        let bounds = CoordinatorBounds { nodes, initial_masters, elections, disconnects, partitions, under_way, ..budget };
        let model = CoordinatorModel::Stabilisation;
        if *rules == Rules::default() {
            return Ok(visitor.visit(coordinator_world(model, Sound, bounds, true).map_err(|why| info.refused(why))?));
        }
        let mutant = info.changed(rules, CoordinatorMutant::default(), &self::rows(), &guards(), waiving)?;
        Ok(visitor.visit(coordinator_world(model, mutant, bounds, false).map_err(|why| info.refused(why))?))
    }
}
