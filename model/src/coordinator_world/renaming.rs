//! Nodes by other names: how a permutation of indices acts on everything that
//! names nodes. Placeholders stay as they are.

use smallvec::SmallVec;

use crate::coordination::{ClusterState, CoordinationState, Durable, Volatile};
use crate::coordinator::{
    Applied, ClusterChange, ClusterMetadata, ClusterValue, CoordinatorMsg, CoordinatorState, CoordinatorTimer, LeaderPublication,
    Members, Mode, Publication, StateDiff,
};
use crate::node_set::{NodeId, NodeSet};

/// What names nodes.
pub(super) trait Renamed: Sized {
    /// The same with node `i` called `names[i]`.
    fn renamed(&self, names: &[u8]) -> Self;
}

impl Renamed for NodeId {
    fn renamed(&self, names: &[u8]) -> Self {
        names.get(self.index()).map_or(*self, |name| NodeId::from_index(usize::from(*name)))
    }
}

impl Renamed for NodeSet {
    fn renamed(&self, names: &[u8]) -> Self {
        self.iter().map(|node| node.renamed(names)).collect()
    }
}

impl<T: Renamed> Renamed for Option<T> {
    fn renamed(&self, names: &[u8]) -> Self {
        self.as_ref().map(|inner| inner.renamed(names))
    }
}

/// A sorted list of what is known about some nodes.
fn renamed_list<T: Clone + Ord, const N: usize>(list: &SmallVec<[(NodeId, T); N]>, names: &[u8]) -> SmallVec<[(NodeId, T); N]>
where
    [(NodeId, T); N]: smallvec::Array<Item = (NodeId, T)>,
{
    let mut renamed: SmallVec<[(NodeId, T); N]> = list.iter().map(|(node, what)| (node.renamed(names), what.clone())).collect();
    renamed.sort_unstable();
    renamed
}

impl Renamed for Members {
    fn renamed(&self, names: &[u8]) -> Self {
        Members { nodes: self.nodes.renamed(names), master_eligible: self.master_eligible.renamed(names) }
    }
}

/// In a world, the identity of a cluster is the node that bootstrapped it.
pub(super) fn renamed_uuid(uuid: u64, names: &[u8]) -> u64 {
    if uuid == 0 { 0 } else { u64::from(names[uuid as usize - 1]) + 1 }
}

impl<V: Clone> Renamed for ClusterMetadata<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        ClusterMetadata {
            cluster_uuid: renamed_uuid(self.cluster_uuid, names),
            uuid_committed: self.uuid_committed,
            master: self.master.renamed(names),
            members: self.members.renamed(names),
            exclusions: self.exclusions.renamed(names),
            value: self.value.clone(),
        }
    }
}

impl<V: Renamed> Renamed for ClusterState<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        ClusterState {
            term: self.term,
            version: self.version,
            value: self.value.renamed(names),
            config: self.config.renamed(names),
            committed_config: self.committed_config.renamed(names),
        }
    }
}

impl<V: Renamed> Renamed for Durable<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        Durable { current_term: self.current_term, accepted: self.accepted.renamed(names) }
    }
}

impl<V: Renamed> Renamed for CoordinationState<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        let volatile = &self.volatile;
        CoordinationState {
            durable: self.durable.renamed(names),
            volatile: Volatile {
                join_votes: volatile.join_votes.renamed(names),
                last_published_config: volatile.last_published_config.renamed(names),
                publish_votes: volatile.publish_votes.renamed(names),
                ..*volatile
            },
        }
    }
}

impl<V: ClusterValue> Renamed for LeaderPublication<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        LeaderPublication {
            state: self.state.renamed(names),
            base: self.base,
            change: self.change.clone(),
            waiting: self.waiting,
            targets: self.targets.renamed(names),
            failed: self.failed.renamed(names),
            applied: self.applied.renamed(names),
            committed: self.committed,
            votes: renamed_list(&self.votes, names),
            joining: self.joining.renamed(names),
        }
    }
}

impl<V: ClusterValue> Renamed for CoordinatorState<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        let applied = |applied: &Applied<V>| Applied { id: applied.id, metadata: applied.metadata.renamed(names) };
        let mut queue = self.queue.clone();
        queue.iter_mut().for_each(|submission| submission.change = submission.change.renamed(names));
        CoordinatorState {
            coordination: self.coordination.renamed(names),
            mode: match self.mode {
                Mode::Follower(leader) => Mode::Follower(leader.renamed(names)),
                other => other,
            },
            last_join: self.last_join.map(|(candidate, join)| (candidate.renamed(names), join)),
            max_term_seen: self.max_term_seen,
            peers: self.peers.renamed(names),
            joining: self.joining.renamed(names),
            joins: self.joins.renamed(names),
            validating: renamed_list(&self.validating, names),
            pre_voting: self.pre_voting.renamed(names),
            attempts: self.attempts,
            publication: self.publication.renamed(names),
            lagging: self.lagging.renamed(names),
            faulty: self.faulty.renamed(names),
            failures: renamed_list(&self.failures, names),
            queue,
            applied: self.applied.as_ref().map(applied),
            healthy: self.healthy,
        }
    }
}

impl<C: Clone> Renamed for ClusterChange<C> {
    fn renamed(&self, names: &[u8]) -> Self {
        match self {
            ClusterChange::AddVotingConfigExclusions(nodes) => ClusterChange::AddVotingConfigExclusions(nodes.renamed(names)),
            other => other.clone(),
        }
    }
}

impl<V: ClusterValue> Renamed for Publication<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        match self {
            Publication::Full(state) => Publication::Full(state.renamed(names)),
            Publication::Diff(diff) => {
                Publication::Diff(StateDiff { base: diff.base, state: diff.state.renamed(names), change: diff.change.clone() })
            }
        }
    }
}

impl<V: ClusterValue> Renamed for CoordinatorMsg<V> {
    fn renamed(&self, names: &[u8]) -> Self {
        match self {
            CoordinatorMsg::PeersRequest { known } => CoordinatorMsg::PeersRequest { known: known.renamed(names) },
            CoordinatorMsg::PeersResponse { leader, known, term } => {
                CoordinatorMsg::PeersResponse { leader: leader.renamed(names), known: known.renamed(names), term: *term }
            }
            CoordinatorMsg::StartJoin { candidate, term } => {
                CoordinatorMsg::StartJoin { candidate: candidate.renamed(names), term: *term }
            }
            CoordinatorMsg::ValidateJoin { cluster_uuid } => {
                CoordinatorMsg::ValidateJoin { cluster_uuid: renamed_uuid(*cluster_uuid, names) }
            }
            CoordinatorMsg::Publish(publication) => CoordinatorMsg::Publish(publication.renamed(names)),
            CoordinatorMsg::Submit { request, change } => {
                CoordinatorMsg::Submit { request: *request, change: change.renamed(names) }
            }
            other => other.clone(),
        }
    }
}

impl Renamed for CoordinatorTimer {
    fn renamed(&self, names: &[u8]) -> Self {
        match self {
            CoordinatorTimer::FollowerCheck(node) => CoordinatorTimer::FollowerCheck(node.renamed(names)),
            CoordinatorTimer::FollowerCheckTimeout(node) => CoordinatorTimer::FollowerCheckTimeout(node.renamed(names)),
            other => *other,
        }
    }
}
