//! The messages that can be delivered.

use serde::{Deserialize, Serialize};

use crate::coordination::Envelope;
use crate::node_set::{NodeId, SET_MARKER};

/// What delivery does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Nothing: it stays deliverable.
    RetainedSet,
    /// It is gone.
    Consuming {
        /// Whether a message that its receiver ignores stays, as in `ActorModel`.
        keep_ignored: bool,
    },
    /// It is gone, and sending what is under way already adds nothing. Every
    /// message belongs to a session between its two nodes: it arrives, or both
    /// are told that the session has ended ([`WorldAction::Disconnected`]).
    ///
    /// [`WorldAction::Disconnected`]: super::WorldAction::Disconnected
    Sessions,
}

impl NetworkKind {
    /// Whether delivery takes a message away.
    pub fn consumes(self) -> bool {
        self != NetworkKind::RetainedSet
    }
}

/// The messages under way, sorted: a set or a multiset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network<M>(Vec<Envelope<M>>);

impl<M> Default for Network<M> {
    fn default() -> Self {
        Network(Vec::new())
    }
}

impl<M: Clone + Ord> Network<M> {
    /// Adds a message; a set holds it once.
    pub fn send(&mut self, kind: NetworkKind, envelope: Envelope<M>) {
        match (self.0.binary_search(&envelope), kind) {
            (Ok(_), NetworkKind::RetainedSet | NetworkKind::Sessions) => {}
            (Ok(position) | Err(position), _) => self.0.insert(position, envelope),
        }
    }

    /// Takes one copy of a message away.
    pub fn take(&mut self, envelope: &Envelope<M>) {
        if let Ok(position) = self.0.binary_search(envelope) {
            self.0.remove(position);
        }
    }

    /// Whether the message can be delivered.
    pub fn contains(&self, envelope: &Envelope<M>) -> bool {
        self.0.binary_search(envelope).is_ok()
    }

    /// The different messages in order.
    pub fn iter(&self) -> impl Iterator<Item = &Envelope<M>> + Clone {
        self.0
            .iter()
            .enumerate()
            .filter(|(position, envelope)| *position == 0 || self.0[position - 1] != **envelope)
            .map(|(_, e)| e)
    }

    /// All messages in order, copies included.
    pub(super) fn copies(&self) -> impl Iterator<Item = &Envelope<M>> + Clone {
        self.0.iter()
    }

    /// Replaces the messages by these, which are in order.
    pub(super) fn fill<'a>(&mut self, sorted: impl Iterator<Item = &'a Envelope<M>>)
    where
        M: 'a,
    {
        self.0.clear();
        self.0.extend(sorted.cloned());
    }

    /// Keeps what `keep` says.
    pub fn retain(&mut self, keep: impl FnMut(&Envelope<M>) -> bool) {
        self.0.retain(keep);
    }

    /// How many messages there are, copies included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The network under a renaming of nodes.
    pub fn permuted(&self, permutation: &[u8], rename: impl Fn(&M) -> M) -> Self {
        let to = |node: NodeId| NodeId(permutation[node.index()]);
        let mut renamed: Vec<Envelope<M>> =
            self.0.iter().map(|e| Envelope { source: to(e.source), dest: to(e.dest), message: rename(&e.message) }).collect();
        renamed.sort_unstable();
        Network(renamed)
    }
}

impl<M: Serialize> Serialize for Network<M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SET_MARKER, &self.0)
    }
}

impl<'de, M: Deserialize<'de>> Deserialize<'de> for Network<M> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Network)
    }
}
