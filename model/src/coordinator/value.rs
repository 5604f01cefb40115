//! What a cluster agrees on, and how a client changes it.

use std::fmt::Debug;
use std::hash::Hash;

use im::OrdMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::coordination::Value;

/// A replicated value that clients change step by step.
pub trait ClusterValue: Value + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// What a client submits.
    type Change: Clone + Debug + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static;

    /// The value of a cluster that was never written to.
    fn initial() -> Self;

    /// This value after `change`.
    #[must_use]
    fn changed(&self, change: &Self::Change) -> Self;
}

/// In the checker a value is the number of the submission that wrote it.
impl ClusterValue for u8 {
    type Change = u8;

    fn initial() -> Self {
        0
    }

    fn changed(&self, change: &u8) -> Self {
        *change
    }
}

/// The running cluster's value: keys with values. Persistent, so that a change
/// costs its size and not the map's.
pub type KeyValues = OrdMap<String, String>;

/// Sets one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PutKey {
    /// The key.
    pub key: String,
    /// Its new value.
    pub value: String,
}

impl ClusterValue for KeyValues {
    type Change = PutKey;

    fn initial() -> Self {
        OrdMap::new()
    }

    fn changed(&self, change: &PutKey) -> Self {
        self.update(change.key.clone(), change.value.clone())
    }
}
