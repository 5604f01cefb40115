//! Node identities and sets of them.
//!
//! A node is a small number, so that a set of nodes is one machine word and a
//! voting configuration costs nothing to copy or compare. Names, addresses and
//! incarnations belong to the runtime, which keeps the address book.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A master-eligible node: its index in the cluster, `0..`[`NodeSet::CAPACITY`].
///
/// Printed and written in text formats as `n1`, `n2`, …: the index plus one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u8);

impl NodeId {
    /// The node with this index.
    ///
    /// # Panics
    /// When `index` is not below [`NodeSet::CAPACITY`]; whoever reads an index
    /// from outside checks it first.
    pub fn from_index(index: usize) -> Self {
        assert!(index < NodeSet::CAPACITY, "node index {index} is not below {}", NodeSet::CAPACITY);
        NodeId(index as u8)
    }

    /// Position of this node in tables that hold one entry per node.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Reads `n1`, `n2`, …; `None` for anything else.
    pub fn parse(name: &str) -> Option<Self> {
        let number: usize = name.strip_prefix('n')?.parse().ok()?;
        let canonical = (1..=NodeSet::CAPACITY).contains(&number) && name == format!("n{number}");
        canonical.then(|| NodeId::from_index(number - 1))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", u32::from(self.0) + 1)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u8(self.0) }
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let name = String::deserialize(deserializer)?;
            NodeId::parse(&name)
                .ok_or_else(|| D::Error::custom(format!("'{name}' is not a node name (n1 to n{})", NodeSet::CAPACITY)))
        } else {
            let index = u8::deserialize(deserializer)?;
            if usize::from(index) < NodeSet::CAPACITY {
                Ok(NodeId(index))
            } else {
                Err(D::Error::custom(format!("node index {index} is out of range")))
            }
        }
    }
}

/// A set of nodes; also a voting configuration (`VotingConfiguration` in
/// Elasticsearch, an element of `SUBSET(Nodes)` in TLA+).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeSet(pub u64);

impl NodeSet {
    /// How many nodes a set can tell apart.
    pub const CAPACITY: usize = 64;
    /// The empty set; as a configuration it has no quorum.
    pub const EMPTY: NodeSet = NodeSet(0);

    /// The nodes with index below `count`.
    pub fn first(count: usize) -> Self {
        assert!(count <= Self::CAPACITY, "a set holds at most {} nodes, not {count}", Self::CAPACITY);
        if count == Self::CAPACITY { NodeSet(u64::MAX) } else { NodeSet((1 << count) - 1) }
    }

    /// The set with just this node.
    pub fn single(node: NodeId) -> Self {
        NodeSet(1 << node.0)
    }

    /// This set and `node`.
    #[must_use]
    pub fn with(self, node: NodeId) -> Self {
        NodeSet(self.0 | 1 << node.0)
    }

    /// This set without `node`.
    #[must_use]
    pub fn without(self, node: NodeId) -> Self {
        NodeSet(self.0 & !(1 << node.0))
    }

    /// Whether `node` is a member.
    pub fn contains(self, node: NodeId) -> bool {
        self.0 >> node.0 & 1 == 1
    }

    /// The nodes in both sets.
    #[must_use]
    pub fn intersection(self, other: NodeSet) -> Self {
        NodeSet(self.0 & other.0)
    }

    /// The nodes in either set.
    #[must_use]
    pub fn union(self, other: NodeSet) -> Self {
        NodeSet(self.0 | other.0)
    }

    /// Whether every member is in `other`.
    pub fn is_subset(self, other: NodeSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// Number of members.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Members in ascending order.
    pub fn iter(self) -> impl Iterator<Item = NodeId> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let lowest = rest.trailing_zeros() as u8;
                rest &= rest - 1;
                NodeId(lowest)
            })
        })
    }

    /// Every non-empty subset of this set, in ascending order of its bits:
    /// `SUBSET(Nodes) \ {{}}`.
    pub fn non_empty_subsets(self) -> impl Iterator<Item = NodeSet> + Clone {
        let whole = self.0;
        let mut last = 0u64;
        std::iter::from_fn(move || {
            (last != whole).then(|| {
                // The next larger number whose bits are all in `whole`.
                last = (last | !whole).wrapping_add(1) & whole;
                NodeSet(last)
            })
        })
    }

    /// The same set under a renaming of nodes: `permutation[i]` is the new index of node `i`.
    /// What has no new index keeps its own: placeholders in voting configurations.
    #[must_use]
    pub fn permuted(self, permutation: &[u8]) -> Self {
        self.iter().map(|node| NodeId(permutation.get(node.index()).copied().unwrap_or(node.0))).collect()
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        nodes.into_iter().fold(NodeSet::EMPTY, NodeSet::with)
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (position, node) in self.iter().enumerate() {
            write!(f, "{}{node}", if position == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Marks a sequence as a set for writers that know sets (ITF's `#set`);
/// other formats see a plain list.
pub const SET_MARKER: &str = "#set";

impl Serialize for NodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_newtype_struct(SET_MARKER, &self.iter().collect::<Vec<_>>())
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for NodeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Ok(Vec::<NodeId>::deserialize(deserializer)?.into_iter().collect())
        } else {
            u64::deserialize(deserializer).map(NodeSet)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn subsets_are_those_that_counting_finds() {
        let set = NodeSet(0b1011);
        let found: Vec<u64> = set.non_empty_subsets().map(|subset| subset.0).collect();
        let counted: Vec<u64> = (1..16).filter(|bits| bits & !set.0 == 0).collect();
        assert_eq!(found, counted);
        assert_eq!(NodeSet::EMPTY.non_empty_subsets().count(), 0);
    }

    #[test]
    fn agrees_with_an_ordered_set_on_all_small_inputs() {
        for bits in 0..64u64 {
            let set = NodeSet(bits);
            let twin: BTreeSet<u8> = (0..6).filter(|index| bits >> index & 1 == 1).collect();
            assert_eq!(set.len(), twin.len());
            assert_eq!(set.iter().map(|node| node.0).collect::<Vec<_>>(), twin.iter().copied().collect::<Vec<_>>());
            for node in (0..6).map(NodeId) {
                assert_eq!(set.contains(node), twin.contains(&node.0));
                assert!(set.with(node).contains(node) && !set.without(node).contains(node));
            }
            for other in 0..64u64 {
                let both = set.intersection(NodeSet(other));
                assert!(both.is_subset(set) && both.is_subset(NodeSet(other)));
                assert_eq!(set.union(NodeSet(other)).len() + both.len(), set.len() + NodeSet(other).len());
            }
        }
    }

    #[test]
    fn names_are_read_back_and_others_refused() {
        for index in 0..NodeSet::CAPACITY {
            let node = NodeId::from_index(index);
            assert_eq!(NodeId::parse(&node.to_string()), Some(node));
        }
        for bad in ["", "n", "n0", "n65", "n01", "m1", "n1 ", "n-1"] {
            assert_eq!(NodeId::parse(bad), None, "{bad}");
        }
    }
}
