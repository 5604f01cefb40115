//! The actions of the module's `Next`.

use serde::{Deserialize, Serialize};

use super::messages::Message;
use crate::node_set::NodeId;

/// One disjunct of `Next` with its bindings; `promoted` is the binding of the
/// quantifier in `FailShardOnMaster`, if the step gets that far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum ReplicationAction {
    /// A client asks a node to store a document.
    ClientRequest {
        /// The node.
        node: NodeId,
        /// The document.
        document: u8,
    },
    /// A replica stores an operation.
    HandleReplicationRequest {
        /// The operation.
        message: Message,
    },
    /// A replica trims its log.
    HandleTrimTranslogRequest {
        /// What to trim.
        message: Message,
    },
    /// A replica answers a request with failure, because its rules refuse it.
    RefuseRequest {
        /// The request.
        message: Message,
    },
    /// A primary gets the answer to an operation.
    HandleReplicationResponse {
        /// The answer.
        message: Message,
        /// Who is promoted, should the sender have been the primary.
        promoted: Option<NodeId>,
    },
    /// A primary gets the answer to a trim.
    HandleTrimTranslogResponse {
        /// The answer.
        message: Message,
        /// Who is promoted, should the sender have been the primary.
        promoted: Option<NodeId>,
    },
    /// A request is lost, and its sender is told so.
    FailRequestMessage {
        /// The request.
        message: Message,
    },
    /// An answer is lost, and its receiver is told so.
    FailResponseMessage {
        /// The answer.
        message: Message,
    },
    /// A node applies the master's cluster state.
    ApplyClusterStateFromMaster {
        /// The node.
        node: NodeId,
    },
    /// The master finds that a node is gone.
    NodeFaultDetectionKicksNodeOut {
        /// The node.
        node: NodeId,
        /// Who is promoted, should it have held the primary.
        promoted: Option<NodeId>,
    },
}

use ReplicationAction::*;

impl ReplicationAction {
    /// The names of the disjuncts.
    pub const CLASSES: [&'static str; 10] = [
        "ClientRequest",
        "HandleReplicationRequest",
        "HandleTrimTranslogRequest",
        "RefuseRequest",
        "HandleReplicationResponse",
        "HandleTrimTranslogResponse",
        "FailRequestMessage",
        "FailResponseMessage",
        "ApplyClusterStateFromMaster",
        "NodeFaultDetectionKicksNodeOut",
    ];

    /// Index of the disjunct in [`CLASSES`](Self::CLASSES).
    pub fn class(&self) -> usize {
        match self {
            ClientRequest { .. } => 0,
            HandleReplicationRequest { .. } => 1,
            HandleTrimTranslogRequest { .. } => 2,
            RefuseRequest { .. } => 3,
            HandleReplicationResponse { .. } => 4,
            HandleTrimTranslogResponse { .. } => 5,
            FailRequestMessage { .. } => 6,
            FailResponseMessage { .. } => 7,
            ApplyClusterStateFromMaster { .. } => 8,
            NodeFaultDetectionKicksNodeOut { .. } => 9,
        }
    }

    /// The message that the step takes from the network.
    pub fn message(&self) -> Option<&Message> {
        match self {
            ClientRequest { .. } | ApplyClusterStateFromMaster { .. } | NodeFaultDetectionKicksNodeOut { .. } => None,
            HandleReplicationRequest { message }
            | HandleTrimTranslogRequest { message }
            | RefuseRequest { message }
            | HandleReplicationResponse { message, .. }
            | HandleTrimTranslogResponse { message, .. }
            | FailRequestMessage { message }
            | FailResponseMessage { message } => Some(message),
        }
    }

    /// The node at which the step happens; `None` for the master alone and for the network.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            ClientRequest { node, .. } | ApplyClusterStateFromMaster { node } => Some(*node),
            HandleReplicationRequest { message }
            | HandleTrimTranslogRequest { message }
            | RefuseRequest { message }
            | HandleReplicationResponse { message, .. }
            | HandleTrimTranslogResponse { message, .. } => Some(message.to),
            FailRequestMessage { .. } | FailResponseMessage { .. } | NodeFaultDetectionKicksNodeOut { .. } => None,
        }
    }

    /// Whether the environment may neglect it for ever: faults and clients.
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            ClientRequest { .. } | FailRequestMessage { .. } | FailResponseMessage { .. } | NodeFaultDetectionKicksNodeOut { .. }
        )
    }
}

impl std::fmt::Display for ReplicationAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::CLASSES[self.class()])?;
        let promotes = |promoted: &Option<NodeId>| promoted.map(|node| format!(", promotes {node}")).unwrap_or_default();
        match self {
            ClientRequest { node, document } => write!(f, "({node}, id{})", document + 1),
            ApplyClusterStateFromMaster { node } => write!(f, "({node})"),
            NodeFaultDetectionKicksNodeOut { node, promoted } => write!(f, "({node}{})", promotes(promoted)),
            HandleReplicationResponse { message, promoted } | HandleTrimTranslogResponse { message, promoted } => {
                write!(f, "({message}{})", promotes(promoted))
            }
            HandleReplicationRequest { message }
            | HandleTrimTranslogRequest { message }
            | RefuseRequest { message }
            | FailRequestMessage { message }
            | FailResponseMessage { message } => write!(f, "({message})"),
        }
    }
}
