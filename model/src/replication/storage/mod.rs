//! Storage: how a node replaces its metadata on disk so that it can be stopped anywhere.
//!
//! The vocabulary of Elastic's TLA+ module `Storage`: metadata files and
//! manifests with generations, writes that succeed, fail, or fail with unknown
//! outcome (*dirty*), and the cleaning up after each. [`Store::next`] is the
//! writer, [`Storage`] its specification model with the module's state graph,
//! for each of the module's three [`Variant`]s.

mod claims;
mod files;
mod model;
mod mutants;
mod rules;

pub use claims::{referenced_metadata_exists, referenced_metadata_is_valid};
pub use files::{Files, Generation, NO_GENERATION};
pub use model::{MAX_GENERATION, Storage, StorageAction};
pub use mutants::{StorageMutant, catalogue};
pub use rules::{Effect, Outcome, Step, StorageRules, Store, UnknownVariant, Variant};
