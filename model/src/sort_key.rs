//! Keys by which interchangeable nodes are sorted for a canonical form.
//!
//! A key may depend on what a node is and on what it has to do with others, but
//! on no node's index, so that it moves with the node when nodes are renamed.
//! The better it tells nodes apart, the fewer orders have to be tried.

use crate::node_set::{NodeId, NodeSet};

/// Mixes numbers into one (the finalizer of SplitMix64 over a running sum).
pub fn mix(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0x9e37_79b9_7f4a_7c15, |sum: u64, part| {
        let mut z = (sum ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    })
}

/// What a set has to do with a node: its size, and whether the node is in it.
pub fn of_set(set: NodeSet, node: NodeId) -> u64 {
    set.len() as u64 * 2 + u64::from(set.contains(node))
}

/// What a message has to do with a node, given the key of what it says: nothing,
/// or whether it is from or to it.
pub fn of_message(source: NodeId, dest: Option<NodeId>, says: u64, node: NodeId) -> u64 {
    let role = u64::from(source == node) + 2 * u64::from(dest == Some(node));
    if role == 0 { 0 } else { mix([says, role]) }
}
