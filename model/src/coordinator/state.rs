//! What a Coordinator knows, beside what the rules know.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use stateright::actor::Id;

use super::metadata::{ClusterChange, ClusterMetadata};
use super::value::ClusterValue;
use crate::coordination::reconfigurator::LeaderView;
use crate::coordination::{ClusterState, CoordinationState, Join, PublicationId, Term};
use crate::membership::JoinRequest;
use crate::node_set::{NodeId, NodeSet};
use crate::settings::Settings;

/// The role that a node plays (`Coordinator.Mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Knows no leader; looks for one, or stands for election.
    Candidate,
    /// Has won the election of its term.
    Leader,
    /// Follows the leader of its term.
    Follower(NodeId),
}

/// A client that waits for the outcome of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Waiting {
    /// Its actor id.
    pub client: u64,
    /// Its request.
    pub request: u64,
}

impl Waiting {
    /// The client's actor id.
    pub fn id(&self) -> Id {
        Id::from(self.client as usize)
    }
}

/// A publication under way (`Publication`, `CoordinatorPublication`). Each node
/// that it goes to is in one of these places:
///
/// ```text
///   asked ──▶ accepted (in the rules' publish votes) ──▶ applied
///     └──────────────┴──▶ failed
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct LeaderPublication<V: ClusterValue> {
    /// The state.
    pub state: ClusterState<ClusterMetadata<V>>,
    /// What it is a difference to, where it was sent as one.
    pub base: PublicationId,
    /// What changed of the value.
    pub change: Option<V::Change>,
    /// The client that waits for it.
    pub waiting: Option<Waiting>,
    /// The nodes that it goes to.
    pub targets: NodeSet,
    /// The nodes that have failed, or have refused it.
    pub failed: NodeSet,
    /// The nodes that have applied it.
    pub applied: NodeSet,
    /// Whether it is committed.
    pub committed: bool,
    /// Votes that came with acceptances: counted at the end, when the leader's
    /// own accepted state is no older than the voters'.
    pub votes: SmallVec<[(NodeId, Join); 2]>,
    /// Nodes that join with it, and wait for an answer.
    pub joining: NodeSet,
}

impl<V: ClusterValue> LeaderPublication<V> {
    /// Which state it is.
    pub fn id(&self) -> PublicationId {
        self.state.id()
    }
}

/// The committed state that a node serves (`applierState`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Applied<V> {
    /// Which state it is.
    pub id: PublicationId,
    /// Its content.
    pub metadata: ClusterMetadata<V>,
}

/// A change that waits for its turn on the leader.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Submission<C> {
    /// Who waits.
    pub waiting: Waiting,
    /// What it asks.
    pub change: ClusterChange<C>,
}

/// A Coordinator. Only `coordination.durable` survives a restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct CoordinatorState<V: ClusterValue> {
    /// The node as the rules see it.
    pub coordination: CoordinationState<ClusterMetadata<V>>,
    /// Its role.
    pub mode: Mode,
    /// `lastJoin`: its vote in the current term, and for whom.
    pub last_join: Option<(NodeId, Join)>,
    /// `maxTermSeen`: the highest term heard of; at least the current one.
    pub max_term_seen: Term,
    /// As candidate: the nodes that it has found (`PeerFinder`).
    pub peers: NodeSet,
    /// As candidate: whom it has asked to be let in and has not heard from.
    pub joining: Option<NodeId>,
    /// As candidate or leader: who has asked to be let in (`JoinAccumulator`).
    pub joins: NodeSet,
    /// As leader: joining nodes that are asked whether they could.
    pub validating: SmallVec<[(NodeId, JoinRequest); 1]>,
    /// As candidate: the pre-voting round, with those that would vote.
    pub pre_voting: Option<NodeSet>,
    /// The election scheduler, if it is open: how many attempts it has made.
    pub attempts: Option<u8>,
    /// As leader: the publication under way.
    pub publication: Option<LeaderPublication<V>>,
    /// As leader: who has yet to apply the last committed state (`LagDetector`).
    pub lagging: NodeSet,
    /// As leader: followers that have failed and are to be removed (`faultyNodes`).
    pub faulty: NodeSet,
    /// Consecutive failures of checks: of followers, or of the leader.
    pub failures: SmallVec<[(NodeId, u8); 2]>,
    /// As leader: changes that wait.
    pub queue: Vec<Submission<V::Change>>,
    /// The last committed state applied since the restart.
    pub applied: Option<Applied<V>>,
    /// Whether the node's disk is well.
    pub healthy: bool,
}

impl<V: ClusterValue> CoordinatorState<V> {
    /// The leader that this node knows: itself, the one it follows, or none.
    pub fn leader(&self, id: NodeId) -> Option<NodeId> {
        match self.mode {
            Mode::Candidate => None,
            Mode::Leader => Some(id),
            Mode::Follower(leader) => Some(leader),
        }
    }

    /// What this node, leading as `id`, asks itself about its voting configuration.
    pub fn leader_view(&self, id: NodeId, settings: &Settings) -> LeaderView {
        let own = self.coordination.accepted();
        LeaderView {
            local: id,
            nodes: own.value.members.nodes,
            master_eligible: own.value.members.master_eligible,
            join_votes: self.coordination.volatile.join_votes,
            excluded: own.value.exclusions,
            accepted_config: own.config,
            committed_config: own.committed_config,
            auto_shrink: settings.auto_shrink_voting_configuration,
        }
    }
}

/// The timers of a Coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CoordinatorTimer {
    /// A candidate asks around (`discovery.find_peers_interval`).
    FindPeers,
    /// A candidate tries an election.
    Election,
    /// A follower checks its leader.
    LeaderCheck,
    /// The leader has not answered.
    LeaderCheckTimeout,
    /// A leader checks this follower.
    FollowerCheck(NodeId),
    /// This follower has not answered.
    FollowerCheckTimeout(NodeId),
    /// A publication takes too long.
    PublicationTimeout,
    /// Some follower takes too long to apply what is committed.
    Lag,
    /// A leader goes on with what is to be published next, at once.
    NextTask,
}
