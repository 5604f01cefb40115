//! Sets of directed links between nodes, and what is out of order in a world.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::node_set::{NodeId, NodeSet};

/// A set of links, each from one node to another: one bit for each pair of the
/// first [`Links::NODES`] nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Links(u64);

impl Links {
    /// How many nodes the links can be between.
    pub const NODES: usize = 8;
    /// No links.
    pub const EMPTY: Links = Links(0);

    /// # Panics
    /// When a node's index is not below [`Links::NODES`].
    fn bit(from: NodeId, to: NodeId) -> u64 {
        assert!(from.index().max(to.index()) < Self::NODES, "there are no links between more than {} nodes", Self::NODES);
        1 << (from.index() * Self::NODES + to.index())
    }

    /// Both directions between every node of `one` and every node of `other`.
    pub fn between(one: NodeSet, other: NodeSet) -> Self {
        let pairs = one.iter().flat_map(|from| other.iter().map(move |to| (from, to)));
        pairs.filter(|(from, to)| from != to).fold(Links::EMPTY, |links, (from, to)| links.with(from, to).with(to, from))
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, from: NodeId, to: NodeId) -> Self {
        Links(self.0 | Self::bit(from, to))
    }

    /// These without one.
    #[must_use]
    pub fn without(self, from: NodeId, to: NodeId) -> Self {
        Links(self.0 & !Self::bit(from, to))
    }

    /// The links in either.
    #[must_use]
    pub fn union(self, other: Links) -> Self {
        Links(self.0 | other.0)
    }

    /// The links of this set that are not in the other.
    #[must_use]
    pub fn difference(self, other: Links) -> Self {
        Links(self.0 & !other.0)
    }

    /// Whether the link is in the set.
    pub fn contains(self, from: NodeId, to: NodeId) -> bool {
        self.0 != 0 && self.0 & Self::bit(from, to) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The links in ascending order.
    pub fn iter(self) -> impl Iterator<Item = (NodeId, NodeId)> + Clone {
        (0..64u8).filter(move |bit| self.0 >> bit & 1 == 1).map(|bit| (NodeId(bit / 8), NodeId(bit % 8)))
    }

    /// The links under a renaming of nodes.
    #[must_use]
    pub fn permuted(self, permutation: &[u8]) -> Self {
        let to = |node: NodeId| NodeId(permutation[node.index()]);
        self.iter().fold(Links::EMPTY, |links, (from, dest)| links.with(to(from), to(dest)))
    }
}

/// `n1→n2, n2→n1`
impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.iter().map(|(from, to)| format!("{from}→{to}")).collect();
        f.write_str(&words.join(", "))
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_seq(self.iter()) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Links);
        }
        let pairs: Vec<(NodeId, NodeId)> = Vec::deserialize(deserializer)?;
        if let Some((from, to)) = pairs.iter().find(|(from, to)| from.index().max(to.index()) >= Self::NODES) {
            return Err(D::Error::custom(format!("there is no link from {from} to {to}: more than {} nodes", Self::NODES)));
        }
        Ok(pairs.into_iter().fold(Links::EMPTY, |links, (from, to)| links.with(from, to)))
    }
}

/// What is out of order: nothing, in a world without faults that last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Outage {
    /// The nodes that are down.
    pub down: NodeSet,
    /// The links that swallow what is sent over them.
    pub cut: Links,
    /// Ends of sessions of which nodes have yet to be told: from who is told to
    /// the other end.
    pub untold: Links,
}

impl Outage {
    /// Whether a message from `source` can arrive at `dest` now: the receiver is
    /// up, the link works, and the end of an older session was told.
    pub fn passes(&self, source: NodeId, dest: NodeId) -> bool {
        !self.down.contains(dest) && !self.cut.contains(source, dest) && !self.untold.contains(dest, source)
    }

    /// The same under a renaming of nodes.
    #[must_use]
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        Outage {
            down: self.down.permuted(permutation),
            cut: self.cut.permuted(permutation),
            untold: self.untold.permuted(permutation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_a_set_of_directed_pairs() {
        let (a, b, c) = (NodeId(0), NodeId(1), NodeId(7));
        let links = Links::between(NodeSet::single(a), NodeSet::single(b).with(c));
        assert_eq!(links.to_string(), "n1→n2, n1→n8, n2→n1, n8→n1");
        assert!(links.contains(a, c) && links.contains(c, a) && !links.contains(b, c));
        assert_eq!(links.without(a, b).iter().count(), 3);
        assert_eq!(links.permuted(&[1, 0, 2, 3, 4, 5, 6, 7]).to_string(), "n1→n2, n2→n1, n2→n8, n8→n2");
        let text = serde_json::to_string(&links).unwrap();
        assert_eq!(serde_json::from_str::<Links>(&text).unwrap(), links);
        assert!(serde_json::from_str::<Links>(r#"[["n1","n9"]]"#).is_err());
        assert_eq!(postcard::from_bytes::<Links>(&postcard::to_stdvec(&links).unwrap()).unwrap(), links);
    }
}
