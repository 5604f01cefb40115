//! Operations that arrive out of order at the engine of a replica.

use quorate_model::replication::replica_engine::{
    EngineBounds, EngineMutant, EngineRejection, EngineRules, ReplicaEngine, catalogue,
};

use super::{BoundInfo, Entry, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor};

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
        endless_under_mutants: false,
        small: || vec![vec![1, 0, 1], vec![1, 1, 1]],
        guards: || EngineRejection::ALL.iter().map(|guard| guard.name()).collect(),
        self_checks: &[],
        mutants: || {
            let row = |entry: EngineMutant| MutantInfo {
                id: entry.id,
                change: entry.change,
                expected: entry.expected,
                bounds: vec![entry.bounds.requests, entry.bounds.duplication_limit, entry.bounds.document_contents],
            };
            catalogue().into_iter().map(row).collect()
        },
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let &[requests, duplication_limit, document_contents] = bounds else {
            unreachable!("the registry has counted the bounds");
        };
        let bounds = EngineBounds { requests, duplication_limit, document_contents };
        let mut changed = match &rules.mutant {
            None => EngineRules::SOUND,
            Some(id) => catalogue().iter().find(|entry| entry.id == id).ok_or_else(|| Self::INFO.no_mutant(id))?.rules,
        };
        for name in &rules.waived {
            let guard = EngineRejection::ALL.iter().find(|guard| guard.name() == name);
            changed = changed.and_waiving(*guard.ok_or_else(|| Self::INFO.no_guard(name))?);
        }
        let refused = |why: String| RegistryError::Bounds { model: Self::INFO.name, why };
        Ok(visitor.visit(ReplicaEngine::new(changed, bounds).map_err(|why| refused(why.to_string()))?))
    }
}
