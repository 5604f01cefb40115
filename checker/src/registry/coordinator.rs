//! The Coordinators in a world with a retained-set network.

use quorate_model::coordination::Sound;
use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordinator_world::{CoordinatorBounds, coordinator_world};

use super::zen_with_terms::{coordination_mutant, guards};
use super::{BoundInfo, Entry, Expected, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor, names_of};

/// The rows of the catalogue that an actor with a fixed configuration can
/// express, with the property that must die and the bounds at which it does.
/// The others need reconfiguration, or a state that the actor never comes to:
/// it counts its own acceptance in the same turn in which it publishes, and
/// publishes nothing while a publication is under way.
const MUTANTS: [(&str, &str, [u64; 5]); 8] = [
    ("CM02", "OneElectionWinnerPerTerm", [2, 2, 1, 1, 0]),
    ("CM07", "CommitHasQuorumVsPreviousCommittedConfiguration", [2, 2, 1, 1, 0]),
    ("CM09", "P2bInvariant", [3, 2, 1, 0, 0]),
    ("CM10", "P2bInvariant", [3, 2, 1, 0, 0]),
    ("CM12", "OneMasterPerTerm", [3, 2, 1, 0, 0]),
    ("CM13", "OneElectionWinnerPerTerm", [3, 2, 1, 0, 0]),
    ("CM14", "OneMasterPerTerm", [3, 2, 1, 1, 0]),
    ("CM15", "P2bInvariant", [3, 2, 1, 1, 0]),
];

fn mutants() -> Vec<MutantInfo> {
    let row = |&(id, dies, bounds): &(&'static str, &'static str, [u64; 5])| {
        let entry = catalogue().into_iter().find(|entry| entry.id == id).expect("the rows are in the catalogue");
        MutantInfo { id, change: entry.change, expected: Expected::Dies(dies), bounds: bounds.to_vec() }
    };
    MUTANTS.iter().map(row).collect()
}

pub(super) struct CoordinatorEntry;

impl Entry for CoordinatorEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "coordinator",
        summary: "The actor that elects, leads, follows and publishes, in the harshest network: every message once sent \
                  may arrive at any time and any number of times, every timer that is set may fire, anybody may be \
                  suspected. The same code runs as a cluster.",
        bounds: &[
            BoundInfo::number("nodes", "how many nodes there are, all of them voting"),
            BoundInfo::number("max-term", "nobody stands for election beyond this term"),
            BoundInfo::number("submissions", "how many changes clients submit"),
            BoundInfo::number("restarts", "how many restarts there are"),
            BoundInfo::number("checks", "how many rounds of follower checks leaders send"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![3, 1, 1, 1, 1], vec![2, 2, 1, 1, 1]],
            Profile::Ci => vec![vec![3, 2, 1, 1, 0], vec![3, 1, 1, 1, 1]],
            Profile::Deep => vec![vec![3, 2, 1, 1, 1], vec![3, 3, 1, 0, 0]],
        },
        symmetric: true,
        symmetric_table: true,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 1, 1, 1], vec![1, 2, 1, 1, 1], vec![2, 2, 1, 0, 0], vec![2, 1, 1, 1, 0]],
        self_checks: &["SingleNodeInvariant", "RefinesTheRules"],
        guards: || names_of(guards()),
        mutants,
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let [nodes, max_term, submissions, restarts, checks] = Self::INFO.exactly(bounds)?;
        let bounds = CoordinatorBounds { nodes: nodes as usize, max_term, submissions, restarts, checks };
        if *rules == Rules::default() {
            return Ok(visitor.visit(coordinator_world(Sound, bounds, true).map_err(|why| Self::INFO.refused(why))?));
        }
        let mutant = coordination_mutant(&Self::INFO, rules)?;
        Ok(visitor.visit(coordinator_world(mutant, bounds, false).map_err(|why| Self::INFO.refused(why))?))
    }
}
