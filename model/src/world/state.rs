//! A state of a world.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::links::Outage;
use super::network::Network;
use crate::node_set::NodeId;

/// A node: its memory, its disk, and the timers it has set. A node that is down
/// has no timers and the memory with which it would come up.
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
    /// Nodes that are down, links that are cut, sessions that have ended.
    pub outage: Outage,
    /// What the environment remembers and may still do.
    pub ledger: L,
}

impl<S, T, D, M, L> WorldState<S, T, D, M, L> {
    /// The nodes that are up, with what they know.
    pub fn up(&self) -> impl Iterator<Item = (NodeId, &Slot<S, T, D>)> + Clone {
        let nodes = self.nodes.iter().enumerate().map(|(index, slot)| (NodeId::from_index(index), slot.as_ref()));
        nodes.filter(|(node, _)| !self.outage.down.contains(*node))
    }
}
