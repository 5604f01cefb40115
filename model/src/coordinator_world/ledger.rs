//! What the world remembers of a run: the ghost state of the properties, and
//! what the adversary may still spend.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::renaming::{Renamed, renamed_uuid};
use crate::coordination::history::{Descent, History, Origin, Published};
use crate::coordination::{ClusterState, PublicationId};
use crate::coordinator::{ClusterMetadata, Members};
use crate::node_set::{NodeId, NodeSet};
use crate::zen_with_terms::Descents;

/// What may still happen that the protocol does not do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// Client changes of the value.
    pub submissions: u8,
    /// Exclusions of a node from the voting configuration.
    pub exclusions: u8,
    /// Restarts.
    pub restarts: u8,
    /// Suspicions of a leader or a follower that is there.
    pub suspicions: u8,
    /// Elections that somebody stands for.
    pub elections: u8,
    /// Sessions that break.
    pub disconnects: u8,
    /// Nodes that are cut off.
    pub partitions: u8,
    /// Elections beyond the budget, which only a recovery uses.
    pub overdrawn: u8,
    /// Disks that fall ill.
    pub illnesses: u8,
}

/// Ghost state and budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// The initial master nodes: the true set, of which every first
    /// configuration holds a majority.
    pub initial_config: NodeSet,
    /// Every publication, sorted.
    pub published: SmallVec<[Published; 4]>,
    /// Who has accepted what, durably, sorted.
    pub accepted: SmallVec<[(PublicationId, NodeSet); 4]>,
    /// Every commit, sorted.
    pub committed: SmallVec<[PublicationId; 4]>,
    /// Which publication builds on which.
    pub descents: Descents,
    /// Requests of clients that were answered as not published, sorted.
    pub refused: SmallVec<[u8; 2]>,
    /// What may still happen.
    pub left: Budget,
}

/// The content of a state in one number, so that a publication's value can be
/// compared: eight bits each for value, members, master-eligible members,
/// exclusions, master and cluster.
pub(super) fn content(metadata: &ClusterMetadata<u8>) -> u64 {
    let parts = [
        u64::from(metadata.value),
        metadata.members.nodes.0,
        metadata.members.master_eligible.0,
        metadata.exclusions.0,
        metadata.master.map_or(0, |master| master.index() as u64 + 1),
        metadata.cluster_uuid,
    ];
    parts.iter().rev().fold(0, |packed, part| packed << 8 | part & 0xff)
}

fn renamed_content(content: u64, names: &[u8]) -> u64 {
    let part = |index: u32| content >> (8 * index) & 0xff;
    let set = |index| NodeSet(part(index)).renamed(names);
    let metadata = ClusterMetadata {
        value: part(0) as u8,
        members: Members { nodes: set(1), master_eligible: set(2) },
        exclusions: set(3),
        master: (part(4) > 0).then(|| NodeId::from_index(part(4) as usize - 1).renamed(names)),
        cluster_uuid: renamed_uuid(part(5), names),
        uuid_committed: false,
    };
    self::content(&metadata)
}

impl Ledger {
    /// Adds a publication on top of what its leader had accepted.
    pub fn publish(&mut self, publisher: NodeId, state: &ClusterState<ClusterMetadata<u8>>, base: PublicationId) {
        let publication = Published {
            id: state.id(),
            value: content(&state.value),
            config: state.config,
            committed_config: state.committed_config,
            publisher,
        };
        if let Err(position) = self.published.binary_search(&publication) {
            self.published.insert(position, publication);
            self.descents.publish(base, state.id());
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

    /// Adds a request that was answered as not published.
    pub fn refuse(&mut self, request: u8) {
        if let Err(position) = self.refused.binary_search(&request) {
            self.refused.insert(position, request);
        }
    }

    /// The identity of the cluster in a publication.
    pub fn cluster(publication: &Published) -> u64 {
        publication.value >> 40 & 0xff
    }

    /// The value that clients wrote in a publication.
    pub fn written(publication: &Published) -> u8 {
        publication.value as u8
    }
}

impl Renamed for Ledger {
    fn renamed(&self, names: &[u8]) -> Self {
        let mut next = self.clone();
        next.initial_config = self.initial_config.renamed(names);
        for publication in &mut next.published {
            publication.value = renamed_content(publication.value, names);
            publication.config = publication.config.renamed(names);
            publication.committed_config = publication.committed_config.renamed(names);
            publication.publisher = publication.publisher.renamed(names);
        }
        next.published.sort_unstable();
        for (_, nodes) in &mut next.accepted {
            *nodes = nodes.renamed(names);
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
