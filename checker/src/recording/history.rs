//! What a recorded run has published, accepted and committed.

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::coordination::history::{Descent, History, Origin, Published};
use quorate_model::coordination::{ClusterState, PublicationId, Version};
use quorate_model::{NodeId, NodeSet};

/// The history of a recorded run. Values are known by the order of their first appearance.
#[derive(Clone, Debug)]
pub struct RecordedHistory<V> {
    initial_config: NodeSet,
    initial_versions: Vec<Version>,
    values: BTreeMap<V, u64>,
    published: BTreeSet<Published>,
    accepted: BTreeMap<PublicationId, NodeSet>,
    committed: BTreeSet<PublicationId>,
    descents: BTreeSet<Descent>,
}

impl<V: Clone + Ord> RecordedHistory<V> {
    /// The history of a cluster in which nothing has happened.
    pub fn new(initial_config: NodeSet, nodes: usize) -> Self {
        RecordedHistory {
            initial_config,
            initial_versions: vec![0; nodes],
            values: BTreeMap::new(),
            published: BTreeSet::new(),
            accepted: BTreeMap::new(),
            committed: BTreeSet::new(),
            descents: BTreeSet::new(),
        }
    }

    /// The identity of a value.
    pub fn identify(&mut self, value: &V) -> u64 {
        let next = self.values.len() as u64;
        *self.values.entry(value.clone()).or_insert(next)
    }

    /// Adds a publication on top of what its leader had accepted; whether it is new.
    pub fn publish(&mut self, publisher: NodeId, request: &ClusterState<V>, base: PublicationId) -> bool {
        let id = PublicationId::new(request.term, request.version);
        let value = self.identify(&request.value);
        let (config, committed_config) = (request.config, request.committed_config);
        let new = self.published.insert(Published { id, value, config, committed_config, publisher });
        if new {
            let below: Vec<PublicationId> =
                self.descents.iter().filter(|descent| descent.to == base).map(|descent| descent.from).collect();
            self.descents.extend(below.into_iter().chain([base]).map(|from| Descent { from, to: id }));
        }
        new
    }

    /// Adds an acceptance.
    pub fn accept(&mut self, node: NodeId, id: PublicationId) {
        let nodes = self.accepted.entry(id).or_default();
        *nodes = nodes.with(node);
    }

    /// Adds a commit; whether it is new.
    pub fn commit(&mut self, id: PublicationId) -> bool {
        self.committed.insert(id)
    }
}

impl<V> History for RecordedHistory<V> {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.published.iter().copied()
    }

    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone {
        self.committed.iter().copied()
    }

    fn acceptors(&self, id: PublicationId) -> NodeSet {
        self.accepted.get(&id).copied().unwrap_or(NodeSet::EMPTY)
    }

    fn descents(&self) -> impl Iterator<Item = Descent> + Clone {
        self.descents.iter().copied()
    }

    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.descents.contains(&Descent { from, to })
    }

    fn is_committed(&self, id: PublicationId) -> bool {
        self.committed.contains(&id)
    }

    fn origin(&self) -> Origin<'_> {
        Origin { config: self.initial_config, versions: &self.initial_versions }
    }
}
