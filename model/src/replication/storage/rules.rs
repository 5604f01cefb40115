//! The writer of metadata: what it writes, in which order, and how it cleans up.
//!
//! ```text
//!   WriteMeta ─ok──▶ WriteManifest ─ok──▶ DeleteOldManifest ─▶ DeleteOldMeta ─▶ WriteMeta …
//!     │ fail: again      │ fail: DeleteNewMeta
//!     │ dirty:           │ dirty: the manifest may be there or not
//!     ▼                  ▼
//!   DeleteNewMeta     DeleteNewManifest ─▶ easy:  leave the metadata, begin again
//!                                          hard:  delete it if the manifest is known to be gone
//!                                          buggy: delete it in any case (issue 39077)
//! ```
//!
//! A metadata file holds the state, the manifest says which one counts. The
//! state changes when the new manifest is there, not before, and nothing that
//! a manifest may still name is ever deleted.

use serde::{Deserialize, Serialize};

use super::files::{Files, Generation, NO_GENERATION};

/// What the writer does next (`state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Write the metadata under the next generation.
    WriteMeta,
    /// Write a manifest that names it.
    WriteManifest,
    /// Delete all manifests but the new one.
    DeleteOldManifest,
    /// Delete all metadata but the new.
    DeleteOldMeta,
    /// Clean up after a manifest write of unknown outcome.
    DeleteNewManifest,
    /// Clean up after a metadata write that came to nothing.
    DeleteNewMeta,
}

impl Step {
    /// Every step.
    pub const ALL: [Step; 6] = [
        Step::WriteMeta,
        Step::WriteManifest,
        Step::DeleteOldManifest,
        Step::DeleteOldMeta,
        Step::DeleteNewManifest,
        Step::DeleteNewMeta,
    ];

    /// The name of the action in the module.
    pub fn name(self) -> &'static str {
        match self {
            Step::WriteMeta => "WriteMeta",
            Step::WriteManifest => "WriteManifest",
            Step::DeleteOldManifest => "DeleteOldManifest",
            Step::DeleteOldMeta => "DeleteOldMeta",
            Step::DeleteNewManifest => "DeleteNewManifest",
            Step::DeleteNewMeta => "DeleteNewMeta",
        }
    }
}

/// How a write or a deletion ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Done, and known to be done.
    Done,
    /// A write that failed before anything reached the disk, or a deletion that did nothing.
    Failed,
    /// A write that reports an error although the file is there.
    DirtyWritten,
    /// A write that reports an error, and the file is not there; nobody can tell which.
    DirtyLost,
}

impl Outcome {
    /// What may become of a write.
    pub const OF_WRITE: &'static [Outcome] = &[Outcome::Done, Outcome::Failed, Outcome::DirtyWritten, Outcome::DirtyLost];
    /// What may become of a deletion.
    pub const OF_DELETION: &'static [Outcome] = &[Outcome::Done, Outcome::Failed];

    /// Whether the file is there afterwards (a write) or gone (a deletion).
    pub fn took_effect(self) -> bool {
        matches!(self, Outcome::Done | Outcome::DirtyWritten)
    }
}

/// How the writer cleans up after a manifest write of unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Variant {
    /// Leaves the metadata alone: what Elasticsearch does (#40519).
    Easy,
    /// Deletes the metadata where the manifest is known to be gone.
    Hard,
    /// Deletes the metadata whether the manifest is gone or not (#39077).
    Buggy,
}

impl Variant {
    /// Every variant.
    pub const ALL: [Variant; 3] = [Variant::Easy, Variant::Hard, Variant::Buggy];

    /// As the command line writes it.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Easy => "easy",
            Variant::Hard => "hard",
            Variant::Buggy => "buggy",
        }
    }
}

/// A name that is no variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--variant must be easy, hard or buggy, not '{0}'")]
pub struct UnknownVariant(pub String);

impl std::str::FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        Variant::ALL.into_iter().find(|variant| variant.name() == name).ok_or_else(|| UnknownVariant(name.to_owned()))
    }
}

/// A change of what the writer does, for checks that must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// A failed metadata write is taken for done.
    MetaFailureIgnored,
    /// A metadata write of unknown outcome is taken for done.
    DirtyMetaTakenForWritten,
    /// A failed manifest write is taken for done.
    ManifestFailureIgnored,
    /// After a manifest write of unknown outcome the old metadata is deleted.
    DirtyManifestDeletesOldMeta,
    /// Metadata is written over the current generation.
    MetaOverwritten,
    /// The new metadata is deleted where the manifest is *not* gone.
    HardReversed,
    /// Old manifests are kept and the new one is deleted instead.
    DeletesNewManifestForOld,
    /// Old metadata is deleted before old manifests.
    OldMetaDeletedFirst,
    /// A failed manifest write leaves the new metadata behind.
    NewMetaLeftBehind,
}

/// The writer's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageRules {
    /// How it cleans up.
    pub variant: Variant,
    /// What is wrong with it; `None` for the rules as they are.
    pub effect: Option<Effect>,
}

/// The files, the writer, and what a reader may find: all variables of the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store {
    /// `metadata`: which metadata files exist; they all have the right content.
    pub metadata: Files<()>,
    /// `manifest`: the generation that each manifest names.
    pub manifest: Files<Generation>,
    /// `newMeta`: the metadata generation that is being written.
    pub new_meta: Generation,
    /// `newManifest`: the manifest generation that is being written.
    pub new_manifest: Generation,
    /// `state`.
    pub step: Step,
    /// `possibleStates`: the generations that a reader may be given, as a bit set.
    pub readable: u64,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            metadata: Files::default(),
            manifest: Files::default(),
            new_meta: NO_GENERATION,
            new_manifest: NO_GENERATION,
            step: Step::WriteMeta,
            readable: 0,
        }
    }
}

impl Store {
    /// The next step, which ends as `outcome` says; `None` where a step cannot
    /// end like that.
    pub fn next(&self, rules: &StorageRules, outcome: Outcome) -> Option<Store> {
        if !self.outcomes().contains(&outcome) {
            return None;
        }
        let mut next = self.clone();
        match self.step {
            Step::WriteMeta => next.write_meta(rules, outcome),
            Step::WriteManifest => next.write_manifest(rules, outcome),
            Step::DeleteOldManifest => next.delete_old_manifest(rules, outcome),
            Step::DeleteOldMeta => next.delete_old_meta(rules, outcome),
            Step::DeleteNewManifest => next.delete_new_manifest(rules, outcome),
            Step::DeleteNewMeta => next.delete_new_meta(outcome),
        }
        Some(next)
    }

    /// How the next step may end.
    pub fn outcomes(&self) -> &'static [Outcome] {
        match self.step {
            Step::WriteMeta | Step::WriteManifest => Outcome::OF_WRITE,
            _ => Outcome::OF_DELETION,
        }
    }

    fn write_meta(&mut self, rules: &StorageRules, outcome: Outcome) {
        let overwrites = rules.effect == Some(Effect::MetaOverwritten) && self.metadata.current_generation() >= 0;
        self.new_meta = self.metadata.current_generation() + Generation::from(!overwrites);
        if outcome.took_effect() {
            self.metadata = self.metadata.written(self.new_meta, ());
        }
        self.step = match outcome {
            Outcome::Done => Step::WriteManifest,
            Outcome::Failed if rules.effect == Some(Effect::MetaFailureIgnored) => Step::WriteManifest,
            Outcome::Failed => Step::WriteMeta,
            _ if rules.effect == Some(Effect::DirtyMetaTakenForWritten) => Step::WriteManifest,
            _ => Step::DeleteNewMeta,
        };
    }

    fn write_manifest(&mut self, rules: &StorageRules, outcome: Outcome) {
        let first_deletion = match rules.effect {
            Some(Effect::OldMetaDeletedFirst) => Step::DeleteOldMeta,
            _ => Step::DeleteOldManifest,
        };
        let named = 1 << self.new_meta;
        self.new_manifest = self.manifest.current_generation() + 1;
        if outcome.took_effect() {
            self.manifest = self.manifest.written(self.new_manifest, self.new_meta);
        }
        (self.step, self.readable) = match outcome {
            Outcome::Done => (first_deletion, named),
            Outcome::Failed => match rules.effect {
                Some(Effect::ManifestFailureIgnored) => (Step::DeleteOldManifest, named),
                Some(Effect::NewMetaLeftBehind) => (Step::WriteMeta, self.readable),
                _ => (Step::DeleteNewMeta, self.readable),
            },
            _ if rules.effect == Some(Effect::DirtyManifestDeletesOldMeta) => (Step::DeleteOldMeta, self.readable | named),
            _ => (Step::DeleteNewManifest, self.readable | named),
        };
    }

    fn delete_old_manifest(&mut self, rules: &StorageRules, outcome: Outcome) {
        if outcome.took_effect() {
            self.manifest = match rules.effect {
                Some(Effect::DeletesNewManifestForOld) => self.manifest.deleted(self.new_manifest),
                _ => self.manifest.deleted_except(self.new_manifest),
            };
        }
        self.step = match rules.effect {
            Some(Effect::OldMetaDeletedFirst) => Step::WriteMeta,
            _ => Step::DeleteOldMeta,
        };
    }

    fn delete_old_meta(&mut self, rules: &StorageRules, outcome: Outcome) {
        if outcome.took_effect() {
            self.metadata = self.metadata.deleted_except(self.new_meta);
        }
        self.step = match rules.effect {
            Some(Effect::OldMetaDeletedFirst) => Step::DeleteOldManifest,
            _ => Step::WriteMeta,
        };
    }

    fn delete_new_manifest(&mut self, rules: &StorageRules, outcome: Outcome) {
        let gone = outcome.took_effect();
        if gone {
            self.manifest = self.manifest.deleted(self.new_manifest);
        }
        let delete_meta = match (rules.effect, rules.variant) {
            (Some(Effect::HardReversed), _) => !gone,
            (_, Variant::Easy) => false,
            (_, Variant::Hard) => gone,
            (_, Variant::Buggy) => true,
        };
        self.step = if delete_meta { Step::DeleteNewMeta } else { Step::WriteMeta };
    }

    fn delete_new_meta(&mut self, outcome: Outcome) {
        if outcome.took_effect() {
            self.metadata = self.metadata.deleted(self.new_meta);
        }
        self.step = Step::WriteMeta;
    }
}
