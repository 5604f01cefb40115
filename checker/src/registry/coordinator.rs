//! The Coordinators in a world with a retained-set network.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_model::coordinator_world::{CoordinatorBounds, coordinator_world};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor};

pub(super) struct CoordinatorEntry;

impl Entry for CoordinatorEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "coordinator",
        summary: "The actor that elects, leads, follows and publishes, in the harshest network: every message once sent \
                  may arrive at any time and any number of times, every timer that is set may fire, anybody may be \
                  suspected. The same code runs as a cluster.",
        bounds: &[
            BoundInfo { name: "nodes", meaning: "how many nodes there are, all of them voting" },
            BoundInfo { name: "max-term", meaning: "nobody stands for election beyond this term" },
            BoundInfo { name: "submissions", meaning: "how many changes clients submit" },
            BoundInfo { name: "restarts", meaning: "how many restarts there are" },
            BoundInfo { name: "checks", meaning: "how many rounds of follower checks leaders send" },
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![3, 1, 1, 1, 1], vec![2, 2, 1, 1, 1]],
            Profile::Ci => vec![vec![3, 2, 1, 1, 0], vec![3, 1, 1, 1, 1]],
            Profile::Deep => vec![vec![3, 2, 1, 1, 1], vec![3, 3, 1, 0, 0]],
        },
        guards: || Rejection::ALL.iter().map(|guard| guard.name()).collect(),
        mutants: Vec::new,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let &[nodes, max_term, submissions, restarts, checks] = bounds else {
            unreachable!("the registry has counted the bounds");
        };
        let bounds = CoordinatorBounds { nodes: nodes as usize, max_term, submissions, restarts, checks };
        let refused = |why: quorate_model::specification::BoundError| RegistryError::Bounds {
            model: Self::INFO.name,
            why: why.to_string(),
        };
        if *rules == Rules::default() {
            return Ok(visitor.visit(coordinator_world(Sound, bounds, true).map_err(refused)?));
        }
        let mut mutant = match &rules.mutant {
            None => Mutant::default(),
            Some(id) => catalogue().iter().find(|entry| entry.id == id).ok_or_else(|| Self::INFO.no_mutant(id))?.rules,
        };
        for name in &rules.waived {
            let guard = Rejection::ALL.iter().find(|guard| guard.name() == name).ok_or_else(|| Self::INFO.no_guard(name))?;
            mutant = mutant.and_waiving(*guard);
        }
        Ok(visitor.visit(coordinator_world(mutant, bounds, false).map_err(refused)?))
    }
}
