//! What Coordinators and their clients say to each other.

use serde::{Deserialize, Serialize};

use super::value::ClusterValue;
use crate::coordination::{ClusterState, Join, PublicationId, Term};

/// A message between two nodes, or between a client and a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum CoordinatorMsg<V: ClusterValue> {
    /// A candidate asks for a vote (`internal:cluster/coordination/start_join`).
    StartJoin {
        /// The term to enter.
        term: Term,
    },
    /// A vote (`internal:cluster/coordination/join`).
    Join(Join),
    /// Phase 1 of a publication (`…/publish_state`).
    PublishRequest(ClusterState<V>),
    /// The state is accepted and durable.
    PublishResponse(PublicationId),
    /// Phase 2 (`…/commit_state`).
    Commit(PublicationId),
    /// A leader tells its followers that it leads
    /// (`internal:coordination/fault_detection/follower_check`).
    FollowerCheck {
        /// The leader's term.
        term: Term,
    },
    /// A follower answers that it follows, and how far it has come.
    FollowerCheckResponse {
        /// The term in which it follows.
        term: Term,
        /// The state that it has accepted.
        accepted: PublicationId,
        /// Whether it has applied that state.
        applied: bool,
    },
    /// A client asks for a change.
    Submit {
        /// Chosen by the client, returned with the outcome.
        request: u64,
        /// The change.
        change: V::Change,
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
    /// The node does not lead.
    NotLeader,
    /// Another publication is in progress; try again.
    Busy,
    /// A rule refused it, and the leader stepped down.
    Refused,
}
