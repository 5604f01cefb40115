//! What a Coordinator knows, beside what the rules know.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::coordination::{ClusterState, CoordinationState, PublicationId};
use crate::node_set::{NodeId, NodeSet};

/// The role that a node plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Knows no leader; stands for election.
    Candidate,
    /// Has won the election of its term.
    Leader,
    /// Follows the leader of its term.
    Follower(NodeId),
}

/// What a leader published last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaderPublication<V> {
    /// The request as it was sent: a follower that missed it gets the very same.
    pub request: ClusterState<V>,
    /// Actor id and request number of the client that waits; nobody for a
    /// leader's first publication, and nobody once answered.
    pub client: Option<(u64, u64)>,
    /// Whether it is committed. Until then no other publication may start.
    pub committed: bool,
}

impl<V> LeaderPublication<V> {
    /// Which state it is.
    pub fn id(&self) -> PublicationId {
        PublicationId { term: self.request.term, version: self.request.version }
    }

    /// The client that waits.
    pub fn client(&self) -> Option<(Id, u64)> {
        self.client.map(|(id, request)| (Id::from(id as usize), request))
    }
}

/// The committed state that a node serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Applied<V> {
    /// Which state it is.
    pub id: PublicationId,
    /// Its value.
    pub value: V,
}

/// A Coordinator. Only `coordination.durable` survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoordinatorState<V> {
    /// The node as the rules see it.
    pub coordination: CoordinationState<V>,
    /// Its role.
    pub mode: Mode,
    /// As leader: what it published last in this term.
    pub publication: Option<LeaderPublication<V>>,
    /// As leader: the followers heard of since they last were a quorum.
    pub heard: NodeSet,
    /// The last committed state applied since the restart.
    pub applied: Option<Applied<V>>,
}

/// The timers of a Coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CoordinatorTimer {
    /// A candidate tries an election.
    Election,
    /// A follower has not heard of its leader.
    LeaderFailure,
    /// A leader checks its followers.
    FollowerCheck,
    /// A leader has not heard of a quorum of its followers.
    FollowerFailure,
    /// A publication takes too long.
    Publication,
}

impl CoordinatorTimer {
    /// Every timer.
    pub const ALL: [CoordinatorTimer; 5] = [
        CoordinatorTimer::Election,
        CoordinatorTimer::LeaderFailure,
        CoordinatorTimer::FollowerCheck,
        CoordinatorTimer::FollowerFailure,
        CoordinatorTimer::Publication,
    ];
}
