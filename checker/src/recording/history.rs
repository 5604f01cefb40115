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
    /// In the order of the run, each once.
    published: Vec<Published>,
    known: BTreeSet<Published>,
    accepted: BTreeMap<PublicationId, NodeSet>,
    committed: BTreeSet<PublicationId>,
    /// For each state, everything that it descends from.
    ancestors: BTreeMap<PublicationId, BTreeSet<PublicationId>>,
}

impl<V: Clone + Ord> RecordedHistory<V> {
    /// The history of a cluster in which nothing has happened.
    pub fn new(initial_config: NodeSet, nodes: usize) -> Self {
        RecordedHistory {
            initial_config,
            initial_versions: vec![0; nodes],
            values: BTreeMap::new(),
            published: Vec::new(),
            known: BTreeSet::new(),
            accepted: BTreeMap::new(),
            committed: BTreeSet::new(),
            ancestors: BTreeMap::new(),
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
        let published = Published { id, value, config, committed_config, publisher };
        let new = self.known.insert(published);
        if new {
            self.published.push(published);
            let mut ancestors = self.ancestors.get(&base).cloned().unwrap_or_default();
            ancestors.insert(base);
            self.ancestors.entry(id).or_default().extend(ancestors);
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

    /// The publication with this id and value, if there is one.
    pub fn find(&self, id: PublicationId, value: u64) -> Option<&Published> {
        self.published.iter().rev().find(|published| published.id == id && published.value == value)
    }

    /// The history as if only its last `count` publications had been made,
    /// with everything that they descend from.
    pub fn recent(&self, count: usize) -> Recent<'_, V> {
        Recent { whole: self, first: self.published.len().saturating_sub(count) }
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
        self.ancestors.iter().flat_map(|(to, ancestors)| ancestors.iter().map(|from| Descent { from: *from, to: *to }))
    }

    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.ancestors.get(&to).is_some_and(|ancestors| ancestors.contains(&from))
    }

    fn is_committed(&self, id: PublicationId) -> bool {
        self.committed.contains(&id)
    }

    fn origin(&self) -> Origin<'_> {
        Origin { config: self.initial_config, versions: &self.initial_versions }
    }
}

/// The end of a history: what was published before is out of sight.
#[derive(Clone, Copy, Debug)]
pub struct Recent<'a, V> {
    whole: &'a RecordedHistory<V>,
    first: usize,
}

impl<V> History for Recent<'_, V> {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.whole.published[self.first..].iter().copied()
    }

    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone {
        self.published().map(|published| published.id).filter(|id| self.whole.is_committed(*id))
    }

    fn acceptors(&self, id: PublicationId) -> NodeSet {
        self.whole.acceptors(id)
    }

    fn descents(&self) -> impl Iterator<Item = Descent> + Clone {
        let of =
            |to: PublicationId| self.whole.ancestors.get(&to).into_iter().flatten().map(move |from| Descent { from: *from, to });
        self.published().flat_map(move |published| of(published.id))
    }

    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.whole.descends(from, to)
    }

    fn is_committed(&self, id: PublicationId) -> bool {
        self.whole.is_committed(id)
    }

    fn origin(&self) -> Origin<'_> {
        self.whole.origin()
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::coordination::properties::{descent_is_strictly_ordered, one_master_per_term};

    use super::*;

    fn state(term: u64, version: u64, value: u8) -> ClusterState<u8> {
        let config = NodeSet::first(3);
        ClusterState { term, version, value, config, committed_config: config }
    }

    #[test]
    fn the_recent_end_sees_what_is_near_and_the_whole_what_is_far() {
        let mut history = RecordedHistory::new(NodeSet::first(3), 3);
        assert!(history.publish(NodeId(0), &state(1, 1, 0), PublicationId::new(0, 0)));
        assert!(!history.publish(NodeId(0), &state(1, 1, 0), PublicationId::new(0, 0)), "it is known");
        for version in 2..50 {
            history.publish(NodeId(0), &state(1, version, 0), PublicationId::new(1, version - 1));
        }
        assert!(history.descends(PublicationId::new(0, 0), PublicationId::new(1, 49)));
        assert_eq!(history.descents().count(), 49 * 50 / 2);
        assert_eq!(descent_is_strictly_ordered(&history), Ok(()));
        assert_eq!(history.recent(10).published().count(), 10);
        assert!(history.recent(10).descents().count() < history.descents().count());

        for version in 2..50 {
            history.publish(NodeId(1), &state(2, version, 0), PublicationId::new(1, 49));
        }
        assert_eq!(one_master_per_term(&history), Ok(()));
        history.publish(NodeId(2), &state(1, 7, 0), PublicationId::new(1, 6));
        assert_eq!(one_master_per_term(&history.recent(32)), Ok(()), "n3's publication of term 1 is alone in sight");
        assert!(one_master_per_term(&history.recent(usize::MAX)).is_err());
        assert!(one_master_per_term(&history).is_err());
    }
}
