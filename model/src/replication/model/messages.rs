//! The messages in flight and the answers to clients, packed.
//!
//! ```text
//!   message, one word
//!     bits 59..58  kind          request | answer | answer of failure
//!          57      method        replication | trim
//!          56..54  source        53..51  dest
//!          50..35  req
//!          34..30  primary term  29..25  stored term
//!          24..19  sequence number + 1 (replication), trim above + 1 (trim)
//!          18..13  checkpoint + 1: global (request), local (answer)
//!          12      client
//!          11..7   document + 1  6..1    value          (0, 0: a no-op)
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::node_set::{NodeId, SET_MARKER};
use crate::replication::types::{NO_OPS_PERFORMED, PrimaryTerm, ReplicationRequest, SeqNo, TrimRequest};

/// The most nodes that a packed message can name.
pub const MAX_NODES: u64 = 8;
/// The most documents that a packed message can name.
pub const MAX_DOCUMENTS: u64 = 30;
/// The highest client value: sequence numbers, terms and request ids that grow with it still fit.
pub const MAX_CLIENT_VALUE: u64 = 60;

/// The payload of an operation: a document and what it is to hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Document {
    /// `id`: which document, from 0.
    pub id: u8,
    /// `value`: different for each client request.
    pub value: u8,
}

/// `id1=3`, as everywhere in words.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "id{}={}", self.id + 1, self.value)
    }
}

/// What a message asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Body {
    /// An operation for a replica.
    Replication {
        /// Whether a client asked for it, rather than a resync.
        client: bool,
        /// The operation.
        #[serde(flatten)]
        request: ReplicationRequest<Document>,
    },
    /// The end of a new primary's history.
    Trim {
        /// What is to be trimmed.
        #[serde(flatten)]
        request: TrimRequest,
    },
    /// The answer to an operation; it repeats the request without its global checkpoint.
    ReplicationAnswer {
        /// Whether a client asked for the operation.
        client: bool,
        /// The term of the request.
        primary_term: PrimaryTerm,
        /// The sequence number of the operation.
        seq_no: SeqNo,
        /// The term under which it is stored.
        stored_term: PrimaryTerm,
        /// What it does.
        source: Option<Document>,
        /// The local checkpoint of the replica.
        local_checkpoint: SeqNo,
        /// Whether it is stored.
        success: bool,
    },
    /// The answer to a trim.
    TrimAnswer {
        /// The term of the request.
        primary_term: PrimaryTerm,
        /// Operations above it were to be trimmed.
        above: SeqNo,
        /// Whether they are.
        success: bool,
    },
}

/// A message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who sent it.
    pub from: NodeId,
    /// Who is to receive it.
    pub to: NodeId,
    /// `req`: shared by the requests of one operation and by their answers.
    pub req: u64,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

impl Message {
    /// Whether it asks, rather than answers.
    pub fn is_request(&self) -> bool {
        matches!(self.body, Body::Replication { .. } | Body::Trim { .. })
    }

    /// `DefaultResponse`, with `local_checkpoint` in the answer to an operation;
    /// an answer as it is, if it already was one.
    #[must_use]
    pub fn answer(&self, local_checkpoint: SeqNo, success: bool) -> Message {
        let body = match self.body {
            Body::Replication { client, request } => Body::ReplicationAnswer {
                client,
                primary_term: request.primary_term,
                seq_no: request.seq_no,
                stored_term: request.stored_term,
                source: request.source,
                local_checkpoint,
                success,
            },
            Body::Trim { request } => Body::TrimAnswer { primary_term: request.primary_term, above: request.above, success },
            answer => answer,
        };
        Message { from: self.to, to: self.from, req: self.req, body }
    }

    /// The same answer with the failure flag: the answer was lost.
    #[must_use]
    pub fn failed(&self) -> Message {
        let mut message = *self;
        match &mut message.body {
            Body::ReplicationAnswer { success, .. } | Body::TrimAnswer { success, .. } => *success = false,
            Body::Replication { .. } | Body::Trim { .. } => return self.answer(NO_OPS_PERFORMED, false),
        }
        message
    }

    fn pack(&self) -> u64 {
        let fields = match self.body {
            Body::Replication { client, request: r } => {
                let times = times(r.primary_term, r.stored_term, r.seq_no, r.global_checkpoint);
                times | u64::from(client) << 12 | document(r.source)
            }
            Body::Trim { request: r } => 1 << 57 | times(r.primary_term, 0, r.above, r.global_checkpoint),
            Body::ReplicationAnswer { client, primary_term, seq_no, stored_term, source, local_checkpoint, success } => {
                let times = times(primary_term, stored_term, seq_no, local_checkpoint);
                answer(success) | times | u64::from(client) << 12 | document(source)
            }
            Body::TrimAnswer { primary_term, above, success } => {
                answer(success) | 1 << 57 | times(primary_term, 0, above, NO_OPS_PERFORMED)
            }
        };
        debug_assert!(self.req < 1 << 16, "request id {} does not fit", self.req);
        fields | u64::from(self.from.0) << 54 | u64::from(self.to.0) << 51 | self.req << 35
    }

    fn unpack(word: u64) -> Self {
        let bits = |shift: u32, width: u32| word >> shift & ((1 << width) - 1);
        let (primary_term, stored_term) = (bits(30, 5), bits(25, 5));
        let (seq_no, checkpoint) = (bits(19, 6) as SeqNo - 1, bits(13, 6) as SeqNo - 1);
        let client = bits(12, 1) == 1;
        let source = (bits(7, 5) != 0).then(|| Document { id: bits(7, 5) as u8 - 1, value: bits(1, 6) as u8 });
        let success = bits(58, 2) == 1;
        let global_checkpoint = checkpoint;
        let body = match (bits(58, 2), bits(57, 1)) {
            (0, 0) => Body::Replication {
                client,
                request: ReplicationRequest { primary_term, seq_no, stored_term, source, global_checkpoint },
            },
            (0, _) => Body::Trim { request: TrimRequest { primary_term, above: seq_no, global_checkpoint } },
            (_, 0) => Body::ReplicationAnswer {
                client,
                primary_term,
                seq_no,
                stored_term,
                source,
                local_checkpoint: checkpoint,
                success,
            },
            _ => Body::TrimAnswer { primary_term, above: seq_no, success },
        };
        Message { from: NodeId(bits(54, 3) as u8), to: NodeId(bits(51, 3) as u8), req: bits(35, 16), body }
    }

    /// The message under a renaming of nodes.
    #[must_use]
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        let to = |node: NodeId| NodeId(permutation[node.index()]);
        Message { from: to(self.from), to: to(self.to), ..*self }
    }
}

fn answer(success: bool) -> u64 {
    if success { 1 << 58 } else { 2 << 58 }
}

fn times(primary_term: PrimaryTerm, stored_term: PrimaryTerm, seq_no: SeqNo, checkpoint: SeqNo) -> u64 {
    let (seq_no, checkpoint) = ((seq_no + 1) as u64, (checkpoint + 1) as u64);
    debug_assert!(primary_term < 32 && stored_term < 32 && seq_no < 64 && checkpoint < 64, "a message does not fit");
    primary_term << 30 | stored_term << 25 | seq_no << 19 | checkpoint << 13
}

fn document(source: Option<Document>) -> u64 {
    source.map_or(0, |document| u64::from(document.id + 1) << 7 | u64::from(document.value) << 1)
}

/// A sorted set of packed messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Messages(SmallVec<[u64; 6]>);

impl Messages {
    /// This set and `message`.
    pub fn insert(&mut self, message: &Message) {
        let word = message.pack();
        if let Err(position) = self.0.binary_search(&word) {
            self.0.insert(position, word);
        }
    }

    /// This set without `message`.
    pub fn remove(&mut self, message: &Message) {
        if let Ok(position) = self.0.binary_search(&message.pack()) {
            self.0.remove(position);
        }
    }

    /// Whether `message` is in flight.
    pub fn contains(&self, message: &Message) -> bool {
        self.0.binary_search(&message.pack()).is_ok()
    }

    /// The messages in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Message> + Clone {
        self.0.iter().map(|word| Message::unpack(*word))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `NoActiveMessages`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The set under a renaming of nodes.
    #[must_use]
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        let mut words: SmallVec<[u64; 6]> = self.iter().map(|message| message.permuted(permutation).pack()).collect();
        words.sort_unstable();
        Messages(words)
    }
}

impl Serialize for Messages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_newtype_struct(SET_MARKER, &self.iter().collect::<Vec<_>>())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let mut set = Messages::default();
            Vec::<Message>::deserialize(deserializer)?.iter().for_each(|message| set.insert(message));
            Ok(set)
        } else {
            SmallVec::deserialize(deserializer).map(Messages)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = Message> {
        let node = || (0..MAX_NODES as u8).prop_map(NodeId);
        let document = || {
            let some = (0..MAX_DOCUMENTS as u8, 1..=MAX_CLIENT_VALUE as u8 + 1);
            proptest::option::of(some.prop_map(|(id, value)| Document { id, value }))
        };
        let (term, place) = (|| 0..32u64, || -1..63i64);
        let body = prop_oneof![
            (any::<bool>(), term(), term(), place(), document(), place()).prop_map(
                |(client, primary_term, stored_term, seq_no, source, global_checkpoint)| Body::Replication {
                    client,
                    request: ReplicationRequest { primary_term, seq_no, stored_term, source, global_checkpoint },
                }
            ),
            (term(), place(), place()).prop_map(|(primary_term, above, global_checkpoint)| Body::Trim {
                request: TrimRequest { primary_term, above, global_checkpoint }
            }),
            (any::<(bool, bool)>(), term(), term(), place(), document(), place()).prop_map(
                |((client, success), primary_term, stored_term, seq_no, source, local_checkpoint)| Body::ReplicationAnswer {
                    client,
                    primary_term,
                    seq_no,
                    stored_term,
                    source,
                    local_checkpoint,
                    success
                }
            ),
            (term(), place(), any::<bool>()).prop_map(|(primary_term, above, success)| Body::TrimAnswer {
                primary_term,
                above,
                success
            }),
        ];
        (node(), node(), 0..1u64 << 16, body).prop_map(|(from, to, req, body)| Message { from, to, req, body })
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(message in message()) {
            prop_assert_eq!(Message::unpack(message.pack()), message);
        }

        #[test]
        fn the_set_behaves_like_an_ordered_set(changes in proptest::collection::vec((any::<bool>(), 0..4usize), 0..20),
                                               pool in proptest::collection::vec(message(), 4)) {
            let (mut set, mut twin) = (Messages::default(), std::collections::BTreeSet::new());
            for (insert, index) in changes {
                if insert {
                    set.insert(&pool[index]);
                    twin.insert(pool[index]);
                } else {
                    set.remove(&pool[index]);
                    twin.remove(&pool[index]);
                }
                prop_assert_eq!(set.len(), twin.len());
                prop_assert!(pool.iter().all(|message| set.contains(message) == twin.contains(message)));
            }
            prop_assert_eq!(set.iter().collect::<std::collections::BTreeSet<_>>(), twin);
            let text = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Messages>(&text).unwrap(), &set);
            let bytes = postcard::to_stdvec(&set).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Messages>(&bytes).unwrap(), &set);
        }
    }
}
