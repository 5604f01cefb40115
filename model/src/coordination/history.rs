//! What has happened in a cluster, as the safety properties see it.
//!
//! The specification model reads it off the set of all messages ever sent; the
//! actors' worlds keep it as ghost state, since their messages may be dropped.

use serde::{Deserialize, Serialize};

use super::types::{PublicationId, Term, Version};
use crate::node_set::{NodeId, NodeSet};

/// A publication: who published which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Published {
    /// Its term and version.
    pub id: PublicationId,
    /// The identity of its value.
    pub value: u64,
    /// The configuration that it establishes.
    pub config: NodeSet,
    /// The committed configuration that it quotes.
    pub committed_config: NodeSet,
    /// The leader.
    pub publisher: NodeId,
}

/// An element of TLA+'s `descendant`: the later state was published by a leader
/// whose accepted state was, or descended from, the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descent {
    /// The earlier state.
    pub from: PublicationId,
    /// The later state.
    pub to: PublicationId,
}

/// The conditions at the start: what each node held and the first configuration.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// `initialConfiguration`.
    pub config: NodeSet,
    /// `initialAcceptedVersion`, one entry for each node.
    pub versions: &'a [Version],
}

/// A record of everything that was published, accepted and committed.
pub trait History {
    /// Every publication so far. Two may share an id where the rules are broken.
    fn published(&self) -> impl Iterator<Item = Published> + Clone;
    /// Every commit so far, each id once.
    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone;
    /// The nodes that have said they accepted `id`.
    fn acceptors(&self, id: PublicationId) -> NodeSet;
    /// The relation `descendant`, transitively closed by construction.
    fn descents(&self) -> impl Iterator<Item = Descent> + Clone;
    /// Whether `to` descends from `from`.
    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.descents().any(|descent| descent == Descent { from, to })
    }
    /// Whether `id` is committed.
    fn is_committed(&self, id: PublicationId) -> bool {
        self.commits().any(|commit| commit == id)
    }
    /// How things began.
    fn origin(&self) -> Origin<'_>;
}

/// `(t2,v1)`: how witnesses name a state.
impl std::fmt::Display for PublicationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(t{},v{})", self.term, self.version)
    }
}

impl PublicationId {
    /// The state with this term and version.
    pub fn new(term: Term, version: Version) -> Self {
        PublicationId { term, version }
    }
}
