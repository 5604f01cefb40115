//! The values that the rules speak of: terms, versions, cluster states and the
//! messages of the protocol.

use serde::{Deserialize, Serialize};

use crate::node_set::{NodeId, NodeSet};

/// Election epoch, `currentTerm`; 0 before the first election.
pub type Term = u64;
/// Position of a cluster state in the history of its leader; 0 for the initial state.
pub type Version = u64;

/// What the rules ask of the replicated value: they store and compare it, and
/// tell it when it is committed.
pub trait Value: Clone + Eq + Ord + std::hash::Hash + std::fmt::Debug {
    /// What a node keeps once it knows that this value is committed: mostly the
    /// same. (`handleCommit` sets `clusterUUIDCommitted`.)
    #[must_use]
    fn once_committed(&self) -> Self {
        self.clone()
    }
}

impl Value for () {}
impl Value for u8 {}
impl Value for u64 {}
impl Value for i64 {}
impl Value for String {}
impl<K: Clone + Ord + std::hash::Hash + std::fmt::Debug, W: Value> Value for im::OrdMap<K, W> {}

/// A cluster state: the unit of replication. There is no log; a state replaces
/// its predecessor. (`ClusterState` with its `CoordinationMetadata`; the
/// `lastAccepted*` variables and the payload of a `PublishRequest` in TLA+.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClusterState<V> {
    /// Term of the leader that published it.
    pub term: Term,
    /// Its version; versions grow within a term and may have gaps.
    pub version: Version,
    /// The replicated value.
    pub value: V,
    /// `lastAcceptedConfiguration`: the voting configuration that this state establishes.
    pub config: NodeSet,
    /// `lastCommittedConfiguration`: the newest one known to be committed.
    pub committed_config: NodeSet,
}

impl<V> ClusterState<V> {
    /// Its place in history.
    pub fn id(&self) -> PublicationId {
        PublicationId { term: self.term, version: self.version }
    }

    /// The same state of another value.
    pub fn with_value<W>(&self, value: W) -> ClusterState<W> {
        let ClusterState { term, version, value: _, config, committed_config } = *self;
        ClusterState { term, version, value, config, committed_config }
    }
}

/// A vote: the sender obeys `term` and tells how fresh its own state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Join {
    /// The term in which the sender votes.
    pub term: Term,
    /// Term of the state that the sender has accepted.
    pub last_accepted_term: Term,
    /// Version of the state that the sender has accepted.
    pub last_accepted_version: Version,
}

/// A publication by its place in history; both the acceptance of a state and
/// the order to apply it name the state this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PublicationId {
    /// Term of the publication.
    pub term: Term,
    /// Version of the published state.
    pub version: Version,
}

/// A change that a client asks the leader to publish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientValue<V> {
    /// Must be the leader's current term.
    pub term: Term,
    /// Must be above the last published version.
    pub version: Version,
    /// The new value.
    pub value: V,
    /// The voting configuration to establish; equal to the accepted one unless reconfiguring.
    pub config: NodeSet,
}

/// The payload of a message between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message<V> {
    /// Asks the receiver to enter `term` and vote for the sender.
    StartJoin {
        /// The term to enter.
        term: Term,
    },
    /// A vote for the receiver.
    Join(Join),
    /// Phase 1 of a publication.
    PublishRequest(ClusterState<V>),
    /// The sender has accepted the named state durably.
    PublishResponse(PublicationId),
    /// Phase 2: the named state is committed, apply it.
    Commit(PublicationId),
}

/// A message with its sender and its receiver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Envelope<M> {
    /// Who sent it.
    pub source: NodeId,
    /// Who is to receive it.
    pub dest: NodeId,
    /// What it says.
    pub message: M,
}
