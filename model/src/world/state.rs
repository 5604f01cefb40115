//! A state of a world.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::network::Network;

/// A node: its memory, its disk, and the timers it has set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot<S, T, D> {
    /// What the actor knows.
    pub state: S,
    /// What it saved last.
    pub disk: Option<D>,
    /// The timers that may fire, sorted.
    pub timers: SmallVec<[T; 4]>,
}

/// Nodes, network and the environment's ledger (ghost state and budgets).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "S: Serialize, T: Serialize, D: Serialize, M: Serialize, L: Serialize"))]
#[serde(bound(
    deserialize = "S: Deserialize<'de>, T: Deserialize<'de>, D: Deserialize<'de>, M: Deserialize<'de>, L: Deserialize<'de>"
))]
pub struct WorldState<S, T, D, M, L> {
    /// One slot for each node; shared between states in which the node is the same.
    pub nodes: SmallVec<[Arc<Slot<S, T, D>>; 3]>,
    /// The messages that can be delivered.
    pub network: Network<M>,
    /// What the environment remembers and may still do.
    pub ledger: L,
}
