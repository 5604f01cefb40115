//! What can happen in a world.

use serde::{Deserialize, Serialize};

use super::links::Links;
use crate::coordination::Envelope;
use crate::node_set::NodeId;

/// What can happen in a world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum WorldAction<M, T> {
    /// A message arrives.
    Deliver {
        /// Its sender.
        source: NodeId,
        /// Its receiver.
        dest: NodeId,
        /// What it says.
        message: M,
    },
    /// A timer fires.
    Timeout {
        /// Whose timer.
        node: NodeId,
        /// Which.
        timer: T,
    },
    /// A client asks something of a node.
    Request {
        /// The node.
        node: NodeId,
        /// The actor id of the client.
        client: u64,
        /// What it asks.
        message: M,
    },
    /// A node crashes and comes up again.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// A node crashes and stays down for a while.
    Crash {
        /// Which.
        node: NodeId,
    },
    /// A node that is down comes up.
    Start {
        /// Which.
        node: NodeId,
    },
    /// A node is told that its session with another has ended: what it had under
    /// way to the other, and what it expected from it, may be lost.
    Disconnected {
        /// Who is told.
        node: NodeId,
        /// The other end of the session.
        peer: NodeId,
    },
    /// A fault: the session between two connected nodes breaks.
    Disconnect {
        /// One end.
        one: NodeId,
        /// The other, with a higher index.
        other: NodeId,
    },
    /// Two nodes give up a session over a link that is cut.
    GiveUp {
        /// One end.
        one: NodeId,
        /// The other, with a higher index.
        other: NodeId,
    },
    /// Links swallow what is sent over them.
    Cut {
        /// Which links.
        links: Links,
    },
    /// Links work again.
    Heal {
        /// Which links.
        links: Links,
    },
    /// A message is lost, and nobody is told.
    Lose {
        /// Its sender.
        source: NodeId,
        /// Its receiver.
        dest: NodeId,
        /// What it says.
        message: M,
    },
    /// A message arrives, and will arrive once more.
    Duplicate {
        /// Its sender.
        source: NodeId,
        /// Its receiver.
        dest: NodeId,
        /// What it says.
        message: M,
    },
}

/// The kinds of actions that a world has beside deliveries, requests and timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// [`WorldAction::Restart`]
    Restart,
    /// [`WorldAction::Crash`]
    Crash,
    /// [`WorldAction::Start`]
    Start,
    /// [`WorldAction::Disconnected`]
    Disconnected,
    /// [`WorldAction::Disconnect`]
    Disconnect,
    /// [`WorldAction::GiveUp`]
    GiveUp,
    /// [`WorldAction::Cut`]
    Cut,
    /// [`WorldAction::Heal`]
    Heal,
    /// [`WorldAction::Lose`]
    Lose,
    /// [`WorldAction::Duplicate`]
    Duplicate,
}

impl FaultKind {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Restart => "Restart",
            FaultKind::Crash => "Crash",
            FaultKind::Start => "Start",
            FaultKind::Disconnected => "Disconnected",
            FaultKind::Disconnect => "Disconnect",
            FaultKind::GiveUp => "GiveUp",
            FaultKind::Cut => "Cut",
            FaultKind::Heal => "Heal",
            FaultKind::Lose => "Lose",
            FaultKind::Duplicate => "Duplicate",
        }
    }

    /// Whether it takes something away. The others are what follows a fault, or
    /// what repairs one, and are recovery steps.
    pub fn is_harm(self) -> bool {
        !matches!(self, FaultKind::Start | FaultKind::Disconnected | FaultKind::GiveUp | FaultKind::Heal)
    }
}

impl<M, T> WorldAction<M, T> {
    /// The node to which it happens. Where it happens to a link or to a message
    /// under way, no node changes, and this is one end.
    pub fn node(&self) -> NodeId {
        match self {
            WorldAction::Deliver { dest, .. } | WorldAction::Duplicate { dest, .. } | WorldAction::Lose { dest, .. } => *dest,
            WorldAction::Timeout { node, .. }
            | WorldAction::Request { node, .. }
            | WorldAction::Restart { node }
            | WorldAction::Crash { node }
            | WorldAction::Start { node }
            | WorldAction::Disconnected { node, .. } => *node,
            WorldAction::Disconnect { one, .. } | WorldAction::GiveUp { one, .. } => *one,
            WorldAction::Cut { links } | WorldAction::Heal { links } => links.iter().next().map_or(NodeId(0), |(from, _)| from),
        }
    }

    /// Whether a node takes a turn.
    pub fn is_turn(&self) -> bool {
        !matches!(
            self.fault(),
            Some(FaultKind::Disconnect | FaultKind::GiveUp | FaultKind::Cut | FaultKind::Heal | FaultKind::Lose)
        )
    }

    /// Which kind it is, unless it is a delivery, a request or a timer.
    pub fn fault(&self) -> Option<FaultKind> {
        match self {
            WorldAction::Deliver { .. } | WorldAction::Timeout { .. } | WorldAction::Request { .. } => None,
            WorldAction::Restart { .. } => Some(FaultKind::Restart),
            WorldAction::Crash { .. } => Some(FaultKind::Crash),
            WorldAction::Start { .. } => Some(FaultKind::Start),
            WorldAction::Disconnected { .. } => Some(FaultKind::Disconnected),
            WorldAction::Disconnect { .. } => Some(FaultKind::Disconnect),
            WorldAction::GiveUp { .. } => Some(FaultKind::GiveUp),
            WorldAction::Cut { .. } => Some(FaultKind::Cut),
            WorldAction::Heal { .. } => Some(FaultKind::Heal),
            WorldAction::Lose { .. } => Some(FaultKind::Lose),
            WorldAction::Duplicate { .. } => Some(FaultKind::Duplicate),
        }
    }
}

impl<M: Clone, T> WorldAction<M, T> {
    /// The message that arrives or is lost, with its sender and receiver.
    pub fn envelope(&self) -> Option<Envelope<M>> {
        match self {
            WorldAction::Deliver { source, dest, message }
            | WorldAction::Lose { source, dest, message }
            | WorldAction::Duplicate { source, dest, message } => {
                Some(Envelope { source: *source, dest: *dest, message: message.clone() })
            }
            _ => None,
        }
    }
}
