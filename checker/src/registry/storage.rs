//! How a node replaces its metadata on disk: Elasticsearch's, and ours.

use quorate_model::replication::storage::{ReferenceStore, Storage, StorageRules, Variant, catalogue, transaction_catalogue};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of};

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
        symmetric_table: false,
        // The module bounds metadata, not manifests.
        first_deaths_only: |_| true,
        small: || vec![vec![0, 3], vec![1, 3], vec![0, 2]],
        guards: Vec::new,
        self_checks: &[],
        mutants: || mutants_of(catalogue(), |entry| vec![entry.rules.variant as u64, entry.bounds]),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let [variant, max_generation] = Self::INFO.exactly(bounds)?;
        let variant = *Variant::ALL.get(variant as usize).ok_or_else(|| Self::INFO.refused(format!("no variant {variant}")))?;
        let sound = StorageRules { variant, effect: None };
        let changed = Self::INFO.changed(rules, sound, &catalogue(), &[], |rules, ()| rules)?;
        // A mutant of one variant is the same mutant of another.
        let rules = StorageRules { variant, ..changed };
        Ok(visitor.visit(Storage::new(rules, max_generation).map_err(|why| Self::INFO.refused(why))?))
    }
}

pub(super) struct ReferenceStoreEntry;

impl Entry for ReferenceStoreEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "reference-store",
        summary: "The store of the reference cluster in the words of the module Storage: pages, two commit slots and the \
                  bit that says which of them counts, with a stop of the process or of the machine anywhere, after which \
                  any part of what was not synced is on the disk. The module's two invariants hold of it.",
        bounds: &[BoundInfo::number("max-generation", "states that write a newer one are checked but not expanded")],
        profile: |profile| match profile {
            Profile::Quick | Profile::Ci => vec![vec![5]],
            Profile::Deep => vec![vec![20]],
        },
        symmetric: false,
        symmetric_table: false,
        // They let writes pile up that are never synced.
        first_deaths_only: |id| ["RS05", "RS06"].contains(&id),
        small: || vec![vec![2], vec![3]],
        guards: Vec::new,
        self_checks: &[],
        mutants: || mutants_of(transaction_catalogue(), |entry| vec![entry.bounds]),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let [max_generation] = Self::INFO.exactly(bounds)?;
        let effect = Self::INFO.changed(rules, None, &transaction_catalogue(), &[], |rules, ()| rules)?;
        Ok(visitor.visit(ReferenceStore::new(effect, max_generation).map_err(|why| Self::INFO.refused(why))?))
    }
}
