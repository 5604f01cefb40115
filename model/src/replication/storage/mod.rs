//! Storage: how a node replaces its metadata on disk so that it can be stopped anywhere.
//!
//! The vocabulary of Elastic's TLA+ module `Storage`: metadata files and
//! manifests with generations, writes that succeed, fail, or fail with unknown
//! outcome (*dirty*), and the cleaning up after each. [`Store::next`] is the
//! writer, [`Storage`] its specification model with the module's state graph,
//! for each of the module's three [`Variant`]s. [`ReferenceStore`] says the same of
//! the store that the reference cluster has: what it writes in which order, what
//! a stop leaves behind, and why the module's two invariants hold.

mod claims;
mod files;
mod model;
mod mutants;
mod rules;
mod transaction;
mod transaction_model;

pub use claims::{referenced_metadata_exists, referenced_metadata_is_valid};
pub use files::{Files, Generation, NO_GENERATION};
pub use model::{MAX_GENERATION, Storage, StorageAction};
pub use mutants::{StorageMutant, catalogue};
pub use rules::{Effect, Outcome, Step, StorageRules, Store, UnknownVariant, Variant};
pub use transaction::{Ending, Image, TransactionEffect, TransactionStep, TransactionalStore, Write};
pub use transaction_model::{ReferenceStore, TransactionAction, TransactionMutant, transaction_catalogue};
