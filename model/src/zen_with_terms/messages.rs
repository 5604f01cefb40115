//! The set of all messages ever sent, and the lineage relation, packed.
//!
//! A publication and a commit go to every node at once, so a set keeps them as
//! one entry and counts them as many. An entry is one word:
//!
//! ```text
//!   bits 63..62  kind        Join | PublishRequest | PublishResponse | Commit
//!        61..54  term
//!        53..46  version     (Join: accepted version)
//!        45..38  value       (Join: accepted term)
//!        37..30  config      23..16 committed config  (PublishRequest)
//!        15..8   source       7..0  dest              (dest: Join, PublishResponse)
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::coordination::history::Descent;
use crate::coordination::{ClusterState, Join, PublicationId};
use crate::node_set::{NodeId, NodeSet, SET_MARKER};

/// The most nodes that a packed configuration can hold.
pub const MAX_NODES: usize = 8;
/// The highest term, version or value that a packed message can hold.
pub const MAX_NUMBER: u64 = 255;

/// A message of the specification model. Requests and commits are addressed to
/// every node, as in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "method")]
pub enum ZenMessage {
    /// A vote.
    Join {
        /// The voter.
        source: NodeId,
        /// Whom it votes for.
        dest: NodeId,
        /// The vote.
        #[serde(flatten)]
        join: Join,
    },
    /// A publication, to every node.
    PublishRequest {
        /// The leader.
        source: NodeId,
        /// What is published.
        #[serde(flatten)]
        state: ClusterState<u8>,
    },
    /// An acceptance.
    PublishResponse {
        /// Who accepted.
        source: NodeId,
        /// The leader.
        dest: NodeId,
        /// What was accepted.
        #[serde(flatten)]
        id: PublicationId,
    },
    /// A commit, to every node.
    Commit {
        /// The leader.
        source: NodeId,
        /// What is committed.
        #[serde(flatten)]
        id: PublicationId,
    },
}

impl Copy for ClusterState<u8> {}

impl ZenMessage {
    pub(super) fn pack(self) -> u64 {
        let word = |kind: u64, term: u64, version: u64, third: u64| kind << 62 | term << 54 | version << 46 | third << 38;
        let ends = |source: NodeId, dest: NodeId| u64::from(source.0) << 8 | u64::from(dest.0);
        match self {
            ZenMessage::Join { source, dest, join } => {
                word(0, join.term, join.last_accepted_version, join.last_accepted_term) | ends(source, dest)
            }
            ZenMessage::PublishRequest { source, state } => {
                word(1, state.term, state.version, u64::from(state.value))
                    | state.config.0 << 30
                    | state.committed_config.0 << 16
                    | u64::from(source.0) << 8
            }
            ZenMessage::PublishResponse { source, dest, id } => word(2, id.term, id.version, 0) | ends(source, dest),
            ZenMessage::Commit { source, id } => word(3, id.term, id.version, 0) | u64::from(source.0) << 8,
        }
    }

    pub(super) fn unpack(word: u64) -> Self {
        let byte = |shift: u32| word >> shift & 0xff;
        let (source, dest) = (NodeId(byte(8) as u8), NodeId(byte(0) as u8));
        let id = PublicationId { term: byte(54), version: byte(46) };
        match word >> 62 {
            0 => ZenMessage::Join {
                source,
                dest,
                join: Join { term: id.term, last_accepted_term: byte(38), last_accepted_version: id.version },
            },
            1 => ZenMessage::PublishRequest {
                source,
                state: ClusterState {
                    term: id.term,
                    version: id.version,
                    value: byte(38) as u8,
                    config: NodeSet(byte(30)),
                    committed_config: NodeSet(byte(16)),
                },
            },
            2 => ZenMessage::PublishResponse { source, dest, id },
            _ => ZenMessage::Commit { source, id },
        }
    }

    /// Its sender, and its receiver unless that is everybody.
    pub fn ends(self) -> (NodeId, Option<NodeId>) {
        match self {
            ZenMessage::Join { source, dest, .. } | ZenMessage::PublishResponse { source, dest, .. } => (source, Some(dest)),
            ZenMessage::PublishRequest { source, .. } | ZenMessage::Commit { source, .. } => (source, None),
        }
    }

    /// A number for what it says, names of nodes left out.
    pub fn without_nodes(self) -> u64 {
        match self {
            ZenMessage::PublishRequest { state, .. } => {
                let sizes = NodeSet::first(state.config.len()).0 << 30 | NodeSet::first(state.committed_config.len()).0 << 16;
                self.pack() & !(0xff << 30 | 0xffff_ff00) | sizes
            }
            _ => self.pack() & !0xffff,
        }
    }

    /// Whether it goes to every node.
    pub fn is_broadcast(self) -> bool {
        matches!(self, ZenMessage::PublishRequest { .. } | ZenMessage::Commit { .. })
    }

    /// How many messages of the module it stands for among `nodes` nodes.
    #[inline]
    pub fn copies(self, nodes: usize) -> usize {
        if self.is_broadcast() { nodes } else { 1 }
    }

    /// The message under a renaming of nodes.
    pub fn permuted(self, permutation: &[u8]) -> Self {
        let to = |node: NodeId| NodeId(permutation[node.index()]);
        match self {
            ZenMessage::Join { source, dest, join } => ZenMessage::Join { source: to(source), dest: to(dest), join },
            ZenMessage::PublishRequest { source, state } => ZenMessage::PublishRequest {
                source: to(source),
                state: ClusterState {
                    config: state.config.permuted(permutation),
                    committed_config: state.committed_config.permuted(permutation),
                    ..state
                },
            },
            ZenMessage::PublishResponse { source, dest, id } => {
                ZenMessage::PublishResponse { source: to(source), dest: to(dest), id }
            }
            ZenMessage::Commit { source, id } => ZenMessage::Commit { source: to(source), id },
        }
    }
}

/// A sorted set of packed messages.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ZenMessages(SmallVec<[u64; 8]>);

impl Clone for ZenMessages {
    fn clone(&self) -> Self {
        ZenMessages(SmallVec::from_slice(&self.0))
    }
}

impl ZenMessages {
    /// This set and `message`; sending again what was sent changes nothing.
    pub fn insert(&mut self, message: ZenMessage) {
        let word = message.pack();
        if let Err(position) = self.0.binary_search(&word) {
            self.0.insert(position, word);
        }
    }

    /// Whether `message` was ever sent.
    pub fn contains(&self, message: ZenMessage) -> bool {
        self.0.binary_search(&message.pack()).is_ok()
    }

    /// The messages in a fixed order, broadcasts once.
    pub fn iter(&self) -> impl Iterator<Item = ZenMessage> + Clone {
        self.0.iter().map(|word| ZenMessage::unpack(*word))
    }

    /// The entries of one kind: they stand together, since the kind is in the highest bits.
    fn of_kind(&self, kind: u64) -> impl Iterator<Item = ZenMessage> + Clone {
        let from = self.0.partition_point(|word| word >> 62 < kind);
        let to = from + self.0[from..].partition_point(|word| word >> 62 == kind);
        self.0[from..to].iter().map(|word| ZenMessage::unpack(*word))
    }

    /// The publications.
    pub fn publish_requests(&self) -> impl Iterator<Item = ZenMessage> + Clone {
        self.of_kind(1)
    }

    /// The acceptances.
    pub fn publish_responses(&self) -> impl Iterator<Item = ZenMessage> + Clone {
        self.of_kind(2)
    }

    /// The commits.
    pub fn commits(&self) -> impl Iterator<Item = ZenMessage> + Clone {
        self.of_kind(3)
    }

    /// The packed messages, ascending.
    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }

    /// Becomes the set of these, which are ascending.
    pub(super) fn refill(&mut self, words: impl Iterator<Item = u64>) {
        self.0.clear();
        self.0.extend(words);
    }

    /// Whether this set is `before` and, if there is one, `sent`.
    pub fn is_after_sending(&self, before: &ZenMessages, sent: Option<ZenMessage>) -> bool {
        let word = sent.map(ZenMessage::pack);
        match word.filter(|word| before.0.binary_search(word).is_err()) {
            None => self.0 == before.0,
            Some(new) => {
                let at = self.0.partition_point(|word| *word < new);
                self.0.get(at) == Some(&new)
                    && self.0[..at] == before.0[..at.min(before.0.len())]
                    && self.0[at + 1..] == before.0[at.min(before.0.len())..]
            }
        }
    }

    /// `Cardinality(messages)` among `nodes` nodes: a broadcast counts once for each.
    pub fn cardinality(&self, nodes: usize) -> usize {
        self.iter().map(|message| message.copies(nodes)).sum()
    }

    /// The set under a renaming of nodes.
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        let mut words: SmallVec<[u64; 8]> = self.iter().map(|message| message.permuted(permutation).pack()).collect();
        words.sort_unstable();
        ZenMessages(words)
    }
}

impl Serialize for ZenMessages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_newtype_struct(SET_MARKER, &self.iter().collect::<Vec<_>>())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ZenMessages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let mut set = ZenMessages::default();
            Vec::<ZenMessage>::deserialize(deserializer)?.into_iter().for_each(|message| set.insert(message));
            Ok(set)
        } else {
            SmallVec::deserialize(deserializer).map(ZenMessages)
        }
    }
}

/// The relation `descendant`, a sorted set of packed pairs (term and version of
/// the earlier state, then of the later one, a byte each).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Descents(SmallVec<[u32; 8]>);

impl Clone for Descents {
    fn clone(&self) -> Self {
        Descents(SmallVec::from_slice(&self.0))
    }
}

impl Descents {
    fn pack(Descent { from, to }: Descent) -> u32 {
        u32::from_be_bytes([from.term as u8, from.version as u8, to.term as u8, to.version as u8])
    }

    /// The pairs in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Descent> + Clone {
        self.0.iter().map(|word| {
            let [from_term, from_version, to_term, to_version] = word.to_be_bytes().map(u64::from);
            Descent { from: PublicationId::new(from_term, from_version), to: PublicationId::new(to_term, to_version) }
        })
    }

    /// Whether the pair is in the relation.
    pub fn contains(&self, descent: Descent) -> bool {
        self.0.binary_search(&Self::pack(descent)).is_ok()
    }

    /// `to` was published on top of `from`: adds the pair, and one from each
    /// ancestor of `from`.
    pub fn publish(&mut self, from: PublicationId, to: PublicationId) {
        let added: SmallVec<[u32; 8]> = self.added_by(from, to).collect();
        for word in added {
            if let Err(position) = self.0.binary_search(&word) {
                self.0.insert(position, word);
            }
        }
    }

    /// The packed pairs that [`publish`](Self::publish) adds, each once: under a
    /// mutant a state may be its own ancestor.
    pub(super) fn added_by(&self, from: PublicationId, to: PublicationId) -> impl Iterator<Item = u32> {
        let ancestors = self.iter().filter(move |descent| descent.to == from && descent.from != from);
        let words =
            ancestors.map(|descent| descent.from).chain([from]).map(move |ancestor| Self::pack(Descent { from: ancestor, to }));
        words.filter(|word| self.0.binary_search(word).is_err())
    }

    /// The packed pairs, ascending.
    pub(super) fn words(&self) -> &[u32] {
        &self.0
    }

    /// Becomes the set of these pairs, which are ascending.
    pub(super) fn refill(&mut self, words: impl Iterator<Item = u32>) {
        self.0.clear();
        self.0.extend(words);
    }
}

impl Serialize for Descents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let pairs: Vec<DescentRecord> = self.iter().map(DescentRecord::from).collect();
            serializer.serialize_newtype_struct(SET_MARKER, &pairs)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Descents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let mut words: SmallVec<[u32; 8]> = Vec::<DescentRecord>::deserialize(deserializer)?
                .into_iter()
                .map(|record| u32::from_be_bytes([record.prev_t, record.prev_v, record.next_t, record.next_v]))
                .collect();
            words.sort_unstable();
            words.dedup();
            Ok(Descents(words))
        } else {
            SmallVec::deserialize(deserializer).map(Descents)
        }
    }
}

/// A pair as the TLA+ module writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescentRecord {
    prev_t: u8,
    prev_v: u8,
    next_t: u8,
    next_v: u8,
}

impl From<Descent> for DescentRecord {
    fn from(Descent { from, to }: Descent) -> Self {
        DescentRecord { prev_t: from.term as u8, prev_v: from.version as u8, next_t: to.term as u8, next_v: to.version as u8 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = ZenMessage> {
        let node = || (0..MAX_NODES as u8).prop_map(NodeId);
        let number = || 0..=MAX_NUMBER;
        let set = || (0..256u64).prop_map(NodeSet);
        prop_oneof![
            (node(), node(), number(), number(), number()).prop_map(
                |(source, dest, term, last_accepted_term, last_accepted_version)| {
                    ZenMessage::Join { source, dest, join: Join { term, last_accepted_term, last_accepted_version } }
                }
            ),
            (node(), number(), number(), any::<u8>(), set(), set()).prop_map(
                |(source, term, version, value, config, committed_config)| {
                    ZenMessage::PublishRequest { source, state: ClusterState { term, version, value, config, committed_config } }
                }
            ),
            (node(), node(), number(), number()).prop_map(|(source, dest, term, version)| ZenMessage::PublishResponse {
                source,
                dest,
                id: PublicationId { term, version }
            }),
            (node(), number(), number())
                .prop_map(|(source, term, version)| ZenMessage::Commit { source, id: PublicationId { term, version } }),
        ]
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(message in message()) {
            prop_assert_eq!(ZenMessage::unpack(message.pack()), message);
        }

        #[test]
        fn the_set_behaves_like_an_ordered_set(messages in proptest::collection::vec(message(), 0..20)) {
            let mut set = ZenMessages::default();
            let mut twin = std::collections::BTreeSet::new();
            for message in &messages {
                set.insert(*message);
                twin.insert(*message);
            }
            prop_assert_eq!(set.iter().collect::<std::collections::BTreeSet<_>>(), twin.clone());
            prop_assert_eq!(set.cardinality(3), twin.iter().map(|m| if m.is_broadcast() { 3 } else { 1 }).sum::<usize>());
            for message in &messages {
                let mut without = ZenMessages::default();
                messages.iter().filter(|other| *other != message).for_each(|other| without.insert(*other));
                prop_assert!(set.is_after_sending(&without, Some(*message)));
                prop_assert!(set.is_after_sending(&set, Some(*message)) && set.is_after_sending(&set, None));
                prop_assert!(!set.is_after_sending(&without, None) && !without.is_after_sending(&set, Some(*message)));
            }
            let text = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ZenMessages>(&text).unwrap(), &set);
            let bytes = postcard::to_stdvec(&set).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<ZenMessages>(&bytes).unwrap(), &set);
        }
    }
}
