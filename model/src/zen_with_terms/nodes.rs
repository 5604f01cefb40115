//! The nodes of a state, packed.
//!
//! Millions of states are copied, compared and hashed; the rules see one node
//! at a time. So a node is kept as two words and unpacked when a rule is asked.
//!
//! ```text
//!   word 0, from the lowest byte: current term, accepted term, version, value,
//!           configuration, committed configuration, last published version, flags
//!   word 1: last published configuration, join votes, publish votes
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::coordination::{ClusterState, CoordinationState, Durable, Volatile};
use crate::node_set::NodeSet;

const STARTED_JOIN: u64 = 1;
const ELECTION_WON: u64 = 2;

/// A packed node.
pub(super) type Packed = [u64; 2];

pub(super) fn pack(node: &CoordinationState<u8>) -> Packed {
    let CoordinationState { durable, volatile } = node;
    let flags = u64::from(volatile.started_join_since_restart) * STARTED_JOIN + u64::from(volatile.election_won) * ELECTION_WON;
    [
        pack_durable(durable) | volatile.last_published_version << 48 | flags << 56,
        volatile.last_published_config.0 | volatile.join_votes.0 << 8 | volatile.publish_votes.0 << 16,
    ]
}

/// The lowest six bytes of word 0.
pub(super) fn pack_durable(Durable { current_term, accepted }: &Durable<u8>) -> u64 {
    current_term
        | accepted.term << 8
        | accepted.version << 16
        | u64::from(accepted.value) << 24
        | accepted.config.0 << 32
        | accepted.committed_config.0 << 40
}

pub(super) fn unpack([first, second]: Packed) -> CoordinationState<u8> {
    let byte = |word: u64, index: u32| word >> (8 * index) & 0xff;
    CoordinationState {
        durable: Durable {
            current_term: byte(first, 0),
            accepted: ClusterState {
                term: byte(first, 1),
                version: byte(first, 2),
                value: byte(first, 3) as u8,
                config: NodeSet(byte(first, 4)),
                committed_config: NodeSet(byte(first, 5)),
            },
        },
        volatile: Volatile {
            join_votes: NodeSet(byte(second, 1)),
            started_join_since_restart: byte(first, 7) & STARTED_JOIN != 0,
            election_won: byte(first, 7) & ELECTION_WON != 0,
            last_published_version: byte(first, 6),
            last_published_config: NodeSet(byte(second, 0)),
            publish_votes: NodeSet(byte(second, 2)),
        },
    }
}

/// One entry for each node.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZenNodes(SmallVec<[Packed; 3]>);

impl Clone for ZenNodes {
    fn clone(&self) -> Self {
        ZenNodes(SmallVec::from_slice(&self.0))
    }
}

impl FromIterator<CoordinationState<u8>> for ZenNodes {
    fn from_iter<I: IntoIterator<Item = CoordinationState<u8>>>(nodes: I) -> Self {
        ZenNodes(nodes.into_iter().map(|node| pack(&node)).collect())
    }
}

impl ZenNodes {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The node with this index.
    pub fn get(&self, index: usize) -> CoordinationState<u8> {
        unpack(self.0[index])
    }

    /// Replaces the node with this index.
    pub fn set(&mut self, index: usize, node: &CoordinationState<u8>) {
        self.0[index] = pack(node);
    }

    /// Becomes these nodes.
    pub(super) fn refill(&mut self, nodes: impl Iterator<Item = Packed>) {
        self.0.clear();
        self.0.extend(nodes);
    }

    /// The nodes in order.
    pub fn iter(&self) -> impl Iterator<Item = CoordinationState<u8>> + Clone + '_ {
        self.0.iter().map(|packed| unpack(*packed))
    }

    /// Whether the two differ at most in the node with this index.
    pub fn differ_only_in(&self, other: &ZenNodes, index: usize) -> bool {
        (0..self.0.len()).all(|node| node == index || self.0[node] == other.0[node])
    }
}

/// A node under the names that the TLA+ module has for its variables.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeRecord {
    current_term: u64,
    last_accepted_term: u64,
    last_accepted_version: u64,
    last_accepted_value: u8,
    last_accepted_configuration: NodeSet,
    last_committed_configuration: NodeSet,
    started_join_since_last_reboot: bool,
    election_won: bool,
    join_votes: NodeSet,
    last_published_version: u64,
    last_published_configuration: NodeSet,
    publish_votes: NodeSet,
}

impl From<CoordinationState<u8>> for NodeRecord {
    fn from(CoordinationState { durable, volatile }: CoordinationState<u8>) -> Self {
        NodeRecord {
            current_term: durable.current_term,
            last_accepted_term: durable.accepted.term,
            last_accepted_version: durable.accepted.version,
            last_accepted_value: durable.accepted.value,
            last_accepted_configuration: durable.accepted.config,
            last_committed_configuration: durable.accepted.committed_config,
            started_join_since_last_reboot: volatile.started_join_since_restart,
            election_won: volatile.election_won,
            join_votes: volatile.join_votes,
            last_published_version: volatile.last_published_version,
            last_published_configuration: volatile.last_published_config,
            publish_votes: volatile.publish_votes,
        }
    }
}

impl From<NodeRecord> for CoordinationState<u8> {
    fn from(record: NodeRecord) -> Self {
        CoordinationState {
            durable: Durable {
                current_term: record.current_term,
                accepted: ClusterState {
                    term: record.last_accepted_term,
                    version: record.last_accepted_version,
                    value: record.last_accepted_value,
                    config: record.last_accepted_configuration,
                    committed_config: record.last_committed_configuration,
                },
            },
            volatile: Volatile {
                join_votes: record.join_votes,
                started_join_since_restart: record.started_join_since_last_reboot,
                election_won: record.election_won,
                last_published_version: record.last_published_version,
                last_published_config: record.last_published_configuration,
                publish_votes: record.publish_votes,
            },
        }
    }
}

impl Serialize for ZenNodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.iter().map(NodeRecord::from))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ZenNodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Ok(Vec::<NodeRecord>::deserialize(deserializer)?.into_iter().map(CoordinationState::from).collect())
        } else {
            SmallVec::deserialize(deserializer).map(ZenNodes)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packing_loses_nothing(first in any::<u64>(), second in 0..1u64 << 24) {
            let first = first & 0x03ff_ffff_ffff_ffff;
            let node = unpack([first, second]);
            prop_assert_eq!(pack(&node), [first, second]);
            let nodes: ZenNodes = [node.clone(), node].into_iter().collect();
            let text = serde_json::to_string(&nodes).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ZenNodes>(&text).unwrap(), &nodes);
            let bytes = postcard::to_stdvec(&nodes).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<ZenNodes>(&bytes).unwrap(), &nodes);
        }
    }
}
