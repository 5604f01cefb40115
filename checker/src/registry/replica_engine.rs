//! Operations that arrive out of order at the engine of a replica.

use quorate_model::replication::replica_engine::{EngineBounds, EngineRejection, EngineRules, ReplicaEngine, catalogue};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, named, names_of};

pub(super) struct ReplicaEngineEntry;

impl Entry for ReplicaEngineEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "replica-engine",
        summary: "One document at a replica: operations out of order and repeated, the append-only optimisation, the \
                  version map and the Lucene buffer. The state graph of Elastic's PlusCal module ReplicaEngine, program \
                  counters included.",
        bounds: &[
            BoundInfo::number("requests", "the largest number of requests"),
            BoundInfo::number("duplication-limit", "how often requests are repeated in all"),
            BoundInfo::number("document-contents", "how many contents a document can have"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![1, 1, 2]],
            Profile::Ci => vec![vec![1, 1, 2], vec![2, 1, 1]],
            Profile::Deep => vec![vec![3, 0, 1], vec![2, 2, 1]],
        },
        symmetric: false,
        symmetric_table: false,
        // Its local checkpoint has no end.
        first_deaths_only: |id| id == "W-NextNotCompleted",
        small: || vec![vec![1, 0, 1]],
        guards: || names_of(guards()),
        self_checks: &[],
        mutants: || {
            mutants_of(catalogue(), |entry| {
                vec![entry.bounds.requests, entry.bounds.duplication_limit, entry.bounds.document_contents]
            })
        },
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let [requests, duplication_limit, document_contents] = Self::INFO.exactly(bounds)?;
        let bounds = EngineBounds { requests, duplication_limit, document_contents };
        let changed = Self::INFO.changed(rules, EngineRules::SOUND, &catalogue(), &guards(), EngineRules::and_waiving)?;
        Ok(visitor.visit(ReplicaEngine::new(changed, bounds).map_err(|why| Self::INFO.refused(why))?))
    }
}

fn guards() -> Vec<(&'static str, EngineRejection)> {
    let waivable: Vec<EngineRejection> = EngineRejection::ALL.iter().copied().filter(|guard| guard.can_be_waived()).collect();
    named(&waivable, EngineRejection::name)
}
