//! A small instance of the same world with everything driven: what the other
//! models leave to the environment is here what it is.

use quorate_model::coordinator::CoordinatorMutant;
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel};
use quorate_model::seeded::Seeded;

use super::coordinator::{guards, visit_world};
use super::coordinator_rows;
use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, names_of};

/// nodes, initial masters, max term, max version, submissions, exclusions, restarts, suspicions, elections, formed.
type Bounds = [u64; 10];

const BOUNDS: &[BoundInfo] = &[
    BoundInfo::number("nodes", "how many nodes there are, all of them master-eligible"),
    BoundInfo::number("initial-masters", "how many of them are in cluster.initial_master_nodes"),
    BoundInfo::number("max-term", "states in a higher term are checked but not expanded"),
    BoundInfo::number("max-version", "states with a higher version are checked but not expanded"),
    BoundInfo::number("submissions", "how many changes clients submit"),
    BoundInfo::number("exclusions", "how often a node is excluded from voting"),
    BoundInfo::number("restarts", "how many restarts there are"),
    BoundInfo::number("suspicions", "how often somebody gives up a node that is there"),
    BoundInfo::number("elections", "how often a candidate tries an election"),
    BoundInfo::number("formed", "1 to begin with a formed cluster, 0 with the first start of nodes"),
];

/// A row of the kill table.
type Row = Seeded<CoordinatorMutant, Bounds>;

/// Rows of the other models, as they are there, at bounds of this one: what dies
/// there is to die here (`tests/whole.rs`).
const ROWS: &[(CoordinatorModel, &str, Bounds)] = {
    use CoordinatorModel::{Coordinator, Duties, Membership, Reconfiguration};
    const ONE_ELECTION: Bounds = [2, 2, 1, 1, 0, 0, 0, 0, 1, 0];
    const TWO_ELECTIONS: Bounds = [2, 2, 1, 1, 0, 0, 0, 0, 2, 0];
    const SUSPECTED: Bounds = [2, 2, 1, 1, 0, 0, 0, 1, 1, 0];
    const SUBMITTED: Bounds = [2, 2, 1, 3, 1, 0, 0, 0, 0, 1];
    const EXCLUDED: Bounds = [2, 2, 1, 3, 0, 1, 0, 0, 0, 1];
    &[
        (Coordinator, "CM01", TWO_ELECTIONS),
        (Coordinator, "CM02", TWO_ELECTIONS),
        (Coordinator, "CM07", SUSPECTED),
        (Coordinator, "CM23", SUBMITTED),
        (Coordinator, "W-GivenUpInThisTerm", [2, 2, 1, 2, 0, 0, 0, 1, 0, 1]),
        (Coordinator, "LM13", SUSPECTED),
        (Membership, "CM32", TWO_ELECTIONS),
        (Membership, "W-InitialMastersNotFound", ONE_ELECTION),
        (Membership, "W-NoQuorumFound", ONE_ELECTION),
        (Reconfiguration, "W-ReconfigurationInProgress", EXCLUDED),
        (Reconfiguration, "E-DoesNotReconfigure", EXCLUDED),
        (Reconfiguration, "W-PublicationInProgress", EXCLUDED),
        (Duties, "W-DoesNotLead", [2, 2, 2, 2, 0, 0, 1, 0, 1, 1]),
        (Duties, "LM15", SUBMITTED),
    ]
};

fn rows() -> Vec<Row> {
    let row = |(model, id, bounds): &(CoordinatorModel, &'static str, Bounds)| {
        let all = coordinator_rows::rows(*model);
        let row = all.into_iter().find(|row| row.id == *id).expect("it is a row of that model");
        Row { id, change: row.change, rules: row.rules, expected: row.expected, bounds: *bounds }
    };
    ROWS.iter().map(row).collect()
}

/// From which model a row is.
pub fn origin_of_row(id: &str) -> Option<&'static str> {
    ROWS.iter().find(|(_, row, _)| *row == id).map(|(model, ..)| model.name())
}

pub(super) struct WholeEntry;

impl Entry for WholeEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "whole",
        summary: "The same actor with everything driven by messages and timers: pre-votes, joins, checks, \
                  answers, differences between states, back-off. Small, to be compared with the models that leave some of \
                  it out.",
        bounds: BOUNDS,
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 2, 2, 2, 0, 0, 0, 1, 1, 1]],
            Profile::Ci => vec![
                vec![2, 2, 1, 1, 0, 0, 0, 0, 1, 0],
                vec![2, 2, 2, 2, 0, 0, 1, 0, 1, 1],
                vec![2, 2, 2, 2, 0, 0, 0, 1, 1, 1],
                vec![2, 2, 1, 3, 1, 0, 0, 0, 0, 1],
                vec![2, 2, 1, 3, 0, 1, 0, 0, 0, 1],
            ],
            Profile::Deep => {
                vec![
                    vec![2, 2, 2, 3, 0, 0, 0, 1, 1, 1],
                    vec![2, 2, 1, 1, 0, 0, 0, 1, 1, 0],
                    vec![3, 3, 1, 3, 0, 0, 0, 0, 0, 1],
                    vec![2, 2, 1, 4, 0, 1, 0, 0, 0, 1],
                ]
            }
        },
        symmetric: true,
        symmetric_table: true,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 2, 1, 2, 0, 0, 0, 1, 0, 1]],
        self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
        guards: || names_of(guards()),
        mutants: || mutants_of(rows(), |row| row.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let info = &Self::INFO;
        let [nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions, elections, formed] =
            info.exactly(bounds)?;
        let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
        let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
        let bounds = CoordinatorBounds { submissions, exclusions, restarts, suspicions, elections, formed, ..limits };
        visit_world(info, CoordinatorModel::Whole, bounds, &self::rows(), rules, visitor)
    }
}
