//! Variants of the writer that must fail, or must not.

use super::rules::{Effect, StorageRules, Variant};
use crate::seeded::{Expected, Seeded};

/// An entry of the catalogue, at a `max-generation`.
pub type StorageMutant = Seeded<StorageRules, u64>;

/// The catalogue: seeded mutants of the metadata writer.
pub fn catalogue() -> Vec<StorageMutant> {
    use Effect::*;
    use Expected::*;
    let exists = Dies("MetadataFileReferencedByManifestExists");
    let valid = Dies("MetadataReferencedByManifestIsValid");
    let entry = |id, change, variant, effect, expected| StorageMutant {
        id,
        change,
        rules: StorageRules { variant, effect },
        bounds: 3,
        expected,
    };
    let easy = |id, change, effect, expected| entry(id, change, Variant::Easy, Some(effect), expected);
    vec![
        entry("SM01", "the new metadata is deleted though the new manifest may be there (#39077)", Variant::Buggy, None, exists),
        easy("SM02", "a failed metadata write is taken for done", MetaFailureIgnored, exists),
        easy("SM03", "a metadata write of unknown outcome is taken for done", DirtyMetaTakenForWritten, exists),
        easy("SM04", "a failed manifest write is taken for done", ManifestFailureIgnored, valid),
        easy("SM05", "old metadata goes although the new manifest may not be there", DirtyManifestDeletesOldMeta, exists),
        easy("SM06", "metadata is written over the current generation", MetaOverwritten, exists),
        easy("SM07", "the new metadata is deleted where the new manifest is still there", HardReversed, exists),
        easy("SM08", "the new manifest is deleted, not the old ones", DeletesNewManifestForOld, Dies("CleaningUpChangesNothing")),
        easy(
            "SM09",
            "old metadata is deleted before old manifests",
            OldMetaDeletedFirst,
            Equivalent("a reader looks at the newest manifest only, and that is complete before anything is deleted"),
        ),
        easy(
            "SM10",
            "a failed manifest write leaves the new metadata behind",
            NewMetaLeftBehind,
            Equivalent("metadata that no manifest names is never read, and the next success deletes it"),
        ),
    ]
}
