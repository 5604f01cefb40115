//! What a reader of the store is promised, in every state: the writer may be
//! stopped anywhere.

use super::files::{Generation, NO_GENERATION};
use super::model::{Storage, StorageAction};
use super::rules::{Step, Store};
use crate::property::{Property, Verdict};

pub(super) fn claims() -> Vec<Property<Storage>> {
    vec![
        Property::invariant(
            "MetadataFileReferencedByManifestExists",
            "Storage!MetadataFileReferencedByManifestExists (S-COMMIT)",
            "the newest manifest names a metadata file that is there",
            |_: &Storage, store: &Store| referenced_metadata_exists(store),
        ),
        Property::invariant(
            "MetadataReferencedByManifestIsValid",
            "Storage!MetadataReferencedByManifestIsValid (S-COMMIT)",
            "the newest manifest names the last state written, or one whose write was interrupted since",
            |_: &Storage, store: &Store| referenced_metadata_is_valid(store),
        ),
        Property::step(
            "CleaningUpChangesNothing",
            "ours",
            "deleting old files and a new metadata file leaves what a reader finds as it was",
            cleaning_up_changes_nothing,
        ),
        Property::reachable("StateIsReplaced", "ours", "a second state can take the place of the first", |_, store: &Store| {
            store.step == Step::DeleteOldMeta && newest(store).is_some_and(|(_, meta)| meta > 0)
        }),
        Property::reachable("UnknownOutcome", "ours", "a reader may be given either of two states", |_, store: &Store| {
            store.readable.count_ones() > 1
        }),
    ]
}

/// The newest manifest and what it names.
fn newest(store: &Store) -> Option<(Generation, Generation)> {
    store.manifest.iter().max_by_key(|(generation, _)| *generation).map(|(generation, meta)| (generation, *meta))
}

/// `Storage!MetadataFileReferencedByManifestExists`.
pub fn referenced_metadata_exists(store: &Store) -> Verdict {
    match newest(store) {
        Some((manifest, meta)) if !store.metadata.iter().any(|(generation, _)| generation == meta) => {
            Err(format!("manifest {manifest} names metadata {meta}, which is not there"))
        }
        _ => Ok(()),
    }
}

/// `Storage!MetadataReferencedByManifestIsValid`.
pub fn referenced_metadata_is_valid(store: &Store) -> Verdict {
    match newest(store) {
        Some((manifest, meta)) if store.readable >> meta & 1 == 0 => {
            Err(format!("manifest {manifest} names metadata {meta}, which a reader must not be given"))
        }
        _ => Ok(()),
    }
}

fn cleaning_up_changes_nothing(_: &Storage, before: &Store, action: &StorageAction, after: &Store) -> Verdict {
    let cleans = matches!(action.step, Step::DeleteOldManifest | Step::DeleteOldMeta | Step::DeleteNewMeta);
    let (had, has) = (newest(before), newest(after));
    if !cleans || had == has {
        return Ok(());
    }
    let named = |newest: Option<(Generation, Generation)>| newest.map_or(NO_GENERATION, |(manifest, _)| manifest);
    Err(format!("{} replaces manifest {} by {}", action.step.name(), named(had), named(has)))
}
