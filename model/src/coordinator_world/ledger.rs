//! What the world remembers of a run: the ghost state of the properties, and
//! what the adversary may still spend.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::coordination::history::{Descent, History, Origin, Published};
use crate::coordination::{ClusterState, PublicationId};
use crate::node_set::{NodeId, NodeSet};
use crate::zen_with_terms::Descents;

/// Ghost state and budgets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// The voting configuration that the nodes were bootstrapped with.
    pub initial_config: NodeSet,
    /// Every publication, sorted.
    pub published: SmallVec<[Published; 4]>,
    /// Who has accepted what, durably, sorted.
    pub accepted: SmallVec<[(PublicationId, NodeSet); 4]>,
    /// Every commit, sorted.
    pub committed: SmallVec<[PublicationId; 4]>,
    /// Which publication builds on which.
    pub descents: Descents,
    /// Client changes that may still be submitted.
    pub submissions_left: u8,
    /// Restarts that may still happen.
    pub restarts_left: u8,
    /// Rounds of follower checks that may still be sent.
    pub checks_left: u8,
}

impl Ledger {
    /// Adds a publication on top of what its leader had accepted.
    pub fn publish(&mut self, publisher: NodeId, request: &ClusterState<u8>, base: PublicationId) {
        let id = PublicationId { term: request.term, version: request.version };
        let publication = Published {
            id,
            value: u64::from(request.value),
            config: request.config,
            committed_config: request.committed_config,
            publisher,
        };
        if let Err(position) = self.published.binary_search(&publication) {
            self.published.insert(position, publication);
            self.descents.publish(base, id);
        }
    }

    /// Adds an acceptance.
    pub fn accept(&mut self, node: NodeId, id: PublicationId) {
        match self.accepted.binary_search_by_key(&id, |(accepted, _)| *accepted) {
            Ok(position) => self.accepted[position].1 = self.accepted[position].1.with(node),
            Err(position) => self.accepted.insert(position, (id, NodeSet::single(node))),
        }
    }

    /// Adds a commit.
    pub fn commit(&mut self, id: PublicationId) {
        if let Err(position) = self.committed.binary_search(&id) {
            self.committed.insert(position, id);
        }
    }

    /// The ledger under a renaming of nodes.
    pub fn permuted(&self, permutation: &[u8]) -> Self {
        let mut next = self.clone();
        next.initial_config = self.initial_config.permuted(permutation);
        for publication in &mut next.published {
            publication.config = publication.config.permuted(permutation);
            publication.committed_config = publication.committed_config.permuted(permutation);
            publication.publisher = NodeId(permutation[publication.publisher.index()]);
        }
        next.published.sort_unstable();
        for (_, nodes) in &mut next.accepted {
            *nodes = nodes.permuted(permutation);
        }
        next
    }
}

/// Coordinators start with version 0 everywhere.
static INITIAL_VERSIONS: [u64; NodeSet::CAPACITY] = [0; NodeSet::CAPACITY];

impl History for Ledger {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.published.iter().copied()
    }

    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone {
        self.committed.iter().copied()
    }

    fn acceptors(&self, id: PublicationId) -> NodeSet {
        self.accepted.iter().find(|(accepted, _)| *accepted == id).map_or(NodeSet::EMPTY, |(_, nodes)| *nodes)
    }

    fn descents(&self) -> impl Iterator<Item = Descent> + Clone {
        self.descents.iter()
    }

    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.descents.contains(Descent { from, to })
    }

    fn origin(&self) -> Origin<'_> {
        Origin { config: self.initial_config, versions: &INITIAL_VERSIONS }
    }
}
