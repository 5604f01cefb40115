//! What a node knows: the part that survives a restart and the part that does not.

use serde::{Deserialize, Serialize};

use super::types::{ClusterState, Term, Version};
use crate::node_set::NodeSet;

/// What must be on disk before a message that depends on it may leave
/// (`PersistedState` in Elasticsearch). The runtime syncs it; the checker's
/// worlds keep it over a restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Durable<V> {
    /// `currentTerm`: the highest term that the node has entered.
    pub current_term: Term,
    /// The last accepted cluster state, with both voting configurations.
    pub accepted: ClusterState<V>,
}

impl<V> Durable<V> {
    /// A node that has never been part of a cluster. `value` and `version` are
    /// what it holds from before (TLA+ `initialValue`, `initialAcceptedVersion`).
    pub fn blank(value: V, version: Version) -> Self {
        let accepted = ClusterState { term: 0, version, value, config: NodeSet::EMPTY, committed_config: NodeSet::EMPTY };
        Durable { current_term: 0, accepted }
    }
}

/// What a restart forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Volatile {
    /// `joinVotes`: who voted for this node in the current term.
    pub join_votes: NodeSet,
    /// `startedJoinSinceLastReboot`: whether a term was entered since the restart.
    pub started_join_since_restart: bool,
    /// `electionWon`: whether the votes are an election quorum.
    pub election_won: bool,
    /// `lastPublishedVersion`: 0 unless the election is won.
    pub last_published_version: Version,
    /// `lastPublishedConfiguration`.
    pub last_published_config: NodeSet,
    /// `publishVotes`: who accepted the last published state.
    pub publish_votes: NodeSet,
}

/// A node as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoordinationState<V> {
    /// Survives a restart.
    pub durable: Durable<V>,
    /// Lost by a restart.
    pub volatile: Volatile,
}

impl<V> CoordinationState<V> {
    /// `ZenWithTerms!RestartNode`, the constructor of `CoordinationState`: a
    /// node that comes up with what its disk holds.
    pub fn restart(durable: Durable<V>) -> Self {
        let volatile = Volatile {
            join_votes: NodeSet::EMPTY,
            started_join_since_restart: false,
            election_won: false,
            last_published_version: 0,
            last_published_config: durable.accepted.config,
            publish_votes: NodeSet::EMPTY,
        };
        CoordinationState { durable, volatile }
    }

    /// The highest term that this node has entered.
    pub fn current_term(&self) -> Term {
        self.durable.current_term
    }

    /// The last accepted cluster state.
    pub fn accepted(&self) -> &ClusterState<V> {
        &self.durable.accepted
    }

    /// Whether this node has won the election of its current term.
    pub fn election_won(&self) -> bool {
        self.volatile.election_won
    }

    /// Whether the node has a voting configuration.
    pub fn is_bootstrapped(&self) -> bool {
        !self.durable.accepted.config.is_empty()
    }
}
