//! The actions of the module's `Next`.

use serde::{Deserialize, Serialize};

use crate::coordination::{ClientValue, ClusterState, Join, PublicationId, Term};
use crate::node_set::NodeId;

/// One disjunct of `Next` with its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum ZenAction {
    /// A node gets the first configuration: the cluster's, unless a mutant says otherwise.
    SetInitialState {
        /// The node.
        node: NodeId,
        /// The configuration.
        config: crate::NodeSet,
    },
    /// A node enters a term and votes.
    HandleStartJoin {
        /// The node.
        node: NodeId,
        /// Whom it votes for.
        candidate: NodeId,
        /// The term.
        term: Term,
    },
    /// A vote is counted.
    HandleJoin {
        /// The candidate.
        node: NodeId,
        /// The voter.
        source: NodeId,
        /// The vote.
        join: Join,
    },
    /// A leader publishes.
    HandleClientValue {
        /// The leader.
        node: NodeId,
        /// What is to be published.
        change: ClientValue<u8>,
    },
    /// A publication is accepted.
    HandlePublishRequest {
        /// The acceptor.
        node: NodeId,
        /// The leader.
        source: NodeId,
        /// What is published.
        state: ClusterState<u8>,
    },
    /// An acceptance is counted.
    HandlePublishResponse {
        /// The leader.
        node: NodeId,
        /// The acceptor.
        source: NodeId,
        /// What was accepted.
        id: PublicationId,
    },
    /// A commit is applied.
    HandleCommit {
        /// The node.
        node: NodeId,
        /// The leader.
        source: NodeId,
        /// What is committed.
        id: PublicationId,
    },
    /// A node restarts.
    RestartNode {
        /// The node.
        node: NodeId,
    },
}

impl Copy for ClientValue<u8> {}

impl ZenAction {
    /// The names of the actions, in the order of `Next`.
    pub const CLASSES: [&'static str; 8] = [
        "SetInitialState",
        "HandleStartJoin",
        "HandleJoin",
        "HandleClientValue",
        "HandlePublishRequest",
        "HandlePublishResponse",
        "HandleCommit",
        "RestartNode",
    ];

    /// Index into [`CLASSES`](Self::CLASSES).
    pub fn class(&self) -> usize {
        match self {
            ZenAction::SetInitialState { .. } => 0,
            ZenAction::HandleStartJoin { .. } => 1,
            ZenAction::HandleJoin { .. } => 2,
            ZenAction::HandleClientValue { .. } => 3,
            ZenAction::HandlePublishRequest { .. } => 4,
            ZenAction::HandlePublishResponse { .. } => 5,
            ZenAction::HandleCommit { .. } => 6,
            ZenAction::RestartNode { .. } => 7,
        }
    }

    /// The node at which it happens.
    pub fn node(&self) -> NodeId {
        match self {
            ZenAction::SetInitialState { node, .. }
            | ZenAction::HandleStartJoin { node, .. }
            | ZenAction::HandleJoin { node, .. }
            | ZenAction::HandleClientValue { node, .. }
            | ZenAction::HandlePublishRequest { node, .. }
            | ZenAction::HandlePublishResponse { node, .. }
            | ZenAction::HandleCommit { node, .. }
            | ZenAction::RestartNode { node } => *node,
        }
    }
}
