//! How a node replaces its metadata on disk.

use quorate_model::replication::storage::{Storage, StorageMutant, StorageRules, Variant, catalogue};

use super::{BoundInfo, Entry, ModelInfo, MutantInfo, Profile, RegistryError, Rules, Visitor};

pub(super) struct StorageEntry;

impl Entry for StorageEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "storage",
        summary: "Metadata files and manifests with generations, writes that succeed, fail, or fail with unknown outcome, \
                  and the cleaning up after each. The state graph of Elastic's TLA+ module Storage in its three variants; \
                  buggy is Elasticsearch issue 39077 and is violated.",
        bounds: &[
            BoundInfo {
                name: "variant",
                meaning: "how the writer cleans up after a manifest write of unknown outcome",
                choices: &["easy", "hard", "buggy"],
            },
            BoundInfo::number("max-generation", "states with newer metadata are checked but not expanded"),
        ],
        profile: |profile| match profile {
            Profile::Quick | Profile::Ci => vec![vec![0, 5], vec![1, 5]],
            Profile::Deep => vec![vec![0, 8], vec![1, 8]],
        },
        symmetric: false,
        // The module bounds metadata, not manifests.
        endless_under_mutants: true,
        small: || vec![vec![0, 3], vec![1, 3], vec![0, 2]],
        guards: Vec::new,
        self_checks: &[],
        mutants: || {
            let row = |entry: StorageMutant| MutantInfo {
                id: entry.id,
                change: entry.change,
                expected: entry.expected,
                bounds: vec![entry.rules.variant as u64, entry.max_generation],
            };
            catalogue().into_iter().map(row).collect()
        },
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let &[variant, max_generation] = bounds else { unreachable!("the registry has counted the bounds") };
        let refused = |why: String| RegistryError::Bounds { model: Self::INFO.name, why };
        let variant = Variant::ALL.get(variant as usize).ok_or_else(|| refused(format!("there is no variant {variant}")))?;
        let effect = match &rules.mutant {
            None => None,
            Some(id) => catalogue().iter().find(|entry| entry.id == id).ok_or_else(|| Self::INFO.no_mutant(id))?.rules.effect,
        };
        if let Some(name) = rules.waived.first() {
            return Err(Self::INFO.no_guard(name));
        }
        let rules = StorageRules { variant: *variant, effect };
        Ok(visitor.visit(Storage::new(rules, max_generation).map_err(|why| refused(why.to_string()))?))
    }
}
