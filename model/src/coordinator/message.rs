//! What Coordinators and their clients say to each other. The comment of each
//! message names Elasticsearch's transport action.

use serde::{Deserialize, Serialize};

use super::metadata::{ClusterChange, ClusterMetadata};
use super::value::ClusterValue;
use crate::coordination::{ClusterState, Join, PublicationId, Term};
use crate::membership::JoinRequest;
use crate::node_set::{NodeId, NodeSet};

/// A published state, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Publication<V: ClusterValue> {
    /// The whole state.
    Full(ClusterState<ClusterMetadata<V>>),
    /// What differs from a state that the receiver should have.
    Diff(StateDiff<V>),
}

/// What a state differs in. Both configurations always travel along: what the
/// receiver accepted may quote an older committed one (#90158).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct StateDiff<V: ClusterValue> {
    /// What it is a difference to.
    pub base: PublicationId,
    /// The state without its value: that of the base is put in its place.
    pub state: ClusterState<ClusterMetadata<()>>,
    /// What became of the value.
    pub change: Option<V::Change>,
}

impl<V: ClusterValue> Publication<V> {
    /// Which state it is.
    pub fn id(&self) -> PublicationId {
        match self {
            Publication::Full(state) => state.id(),
            Publication::Diff(diff) => diff.state.id(),
        }
    }
}

/// A message between two nodes, or between a client and a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum CoordinatorMsg<V: ClusterValue> {
    /// Who is there, and who leads? (`internal:discovery/request_peers`)
    PeersRequest {
        /// The nodes that the sender has found.
        known: NodeSet,
    },
    /// The answer.
    PeersResponse {
        /// Whom the sender leads or follows: itself, another, or nobody.
        leader: Option<NodeId>,
        /// The nodes that the sender has found; none if it is not looking.
        known: NodeSet,
        /// The sender's term.
        term: Term,
    },
    /// Would you vote for me? (`internal:cluster/request_pre_vote`)
    PreVoteRequest {
        /// The sender's term.
        term: Term,
    },
    /// A node without a leader says how fresh it is.
    PreVoteResponse {
        /// Its term.
        term: Term,
        /// The state that it has accepted.
        accepted: PublicationId,
    },
    /// Asks to enter a term and to vote for a candidate
    /// (`internal:cluster/coordination/start_join`).
    StartJoin {
        /// The candidate: the sender, or the one to which it hands over.
        candidate: NodeId,
        /// The term to enter.
        term: Term,
    },
    /// Asks to be let in, mostly with a vote (`internal:cluster/coordination/join`).
    Join(JoinRequest),
    /// The joining node is in the cluster's state, or was refused.
    JoinResponse {
        /// Whether it was let in.
        accepted: bool,
    },
    /// Could you be part of this cluster? (`internal:cluster/coordination/join/validate`)
    ValidateJoin {
        /// The identity of the leader's cluster.
        cluster_uuid: u64,
    },
    /// The answer.
    JoinValidated {
        /// Whether it could.
        valid: bool,
    },
    /// Phase 1 of a publication (`internal:cluster/coordination/publish_state`).
    Publish(Publication<V>),
    /// The state is accepted and durable (`PublishWithJoinResponse`).
    PublishResponse {
        /// Which state.
        id: PublicationId,
        /// The sender's vote, if it voted for the leader in this term.
        vote: Option<Join>,
    },
    /// The state is not accepted.
    PublishRefused {
        /// Which state.
        id: PublicationId,
        /// Whether the whole state may help (`IncompatibleClusterStateVersionException`).
        needs_full_state: bool,
    },
    /// Phase 2 (`internal:cluster/coordination/commit_state`).
    Commit(PublicationId),
    /// The state is applied.
    Applied(PublicationId),
    /// Do you follow me? (`internal:coordination/fault_detection/follower_check`)
    FollowerCheck {
        /// The sender's term.
        term: Term,
    },
    /// The answer.
    FollowerCheckResponse {
        /// The term that was asked about.
        term: Term,
        /// Whether it follows.
        follows: bool,
    },
    /// Do you lead me? (`internal:coordination/fault_detection/leader_check`)
    LeaderCheck,
    /// The answer.
    LeaderCheckResponse {
        /// Whether it leads.
        leads: bool,
    },
    /// From the session layer: the connection to the sender is lost, and with
    /// it whatever was not answered.
    Disconnected,
    /// From the node's monitor (`FsHealthService`): whether it is healthy.
    Health {
        /// Whether it is.
        healthy: bool,
    },
    /// A client asks for a change.
    Submit {
        /// Chosen by the client, returned with the outcome.
        request: u64,
        /// The change.
        change: ClusterChange<V::Change>,
    },
    /// What became of a client's change.
    Outcome {
        /// The request.
        request: u64,
        /// What became of it.
        outcome: PublicationOutcome,
    },
}

/// The three things that a submitter can learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PublicationOutcome {
    /// Committed, and applied on the leader.
    Committed(PublicationId),
    /// Definitely not published (`NotMasterException`).
    NotPublished(NotPublished),
    /// It may or may not surface later (`FailedToCommitClusterStateException`).
    Unknown,
}

/// Why a change was not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NotPublished {
    /// The node does not lead, or no longer does.
    NotLeader,
    /// Too many changes wait already.
    Busy,
    /// A rule refused it, and the leader stepped down.
    Refused,
    /// More nodes would be excluded than `cluster.max_voting_config_exclusions`.
    TooManyExclusions,
}
