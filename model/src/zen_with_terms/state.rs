//! A state of the specification model: the variables of the TLA+ module.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::messages::{Descents, ZenMessage, ZenMessages};
use crate::coordination::history::{Descent, History, Origin, Published};
use crate::coordination::{CoordinationState, Durable, PublicationId, Version};
use crate::node_set::{NodeId, NodeSet};

/// A node: its variables, and its disk where a mutant lets that fall behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ZenNode {
    /// The node as the rules see it.
    pub state: CoordinationState<u8>,
    /// What a restart would find, if that is not `state.durable`. Always `None`
    /// under the sound rules.
    pub stale_disk: Option<Box<Durable<u8>>>,
}

/// What is chosen once, in the initial state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bootstrap {
    /// `initialConfiguration`.
    pub config: NodeSet,
    /// `initialValue`.
    pub value: u8,
    /// `initialAcceptedVersion`.
    pub versions: SmallVec<[Version; 3]>,
}

/// All variables of `ZenWithTerms`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ZenState {
    /// One entry for each node.
    pub nodes: SmallVec<[ZenNode; 3]>,
    /// `messages`.
    pub messages: ZenMessages,
    /// `descendant`.
    pub descendant: Descents,
    /// `initialConfiguration`, `initialValue`, `initialAcceptedVersion`.
    pub bootstrap: Bootstrap,
}

impl ZenState {
    /// The nodes with their names.
    pub fn named_nodes(&self) -> impl Iterator<Item = (NodeId, &CoordinationState<u8>)> + Clone {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId::from_index(index), &node.state))
    }
}

impl History for ZenState {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.messages.iter().filter_map(|message| match message {
            ZenMessage::PublishRequest { source, state } => Some(Published {
                id: PublicationId::new(state.term, state.version),
                value: u64::from(state.value),
                config: state.config,
                committed_config: state.committed_config,
                publisher: source,
            }),
            _ => None,
        })
    }

    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone {
        self.messages.iter().filter_map(|message| match message {
            ZenMessage::Commit { id, .. } => Some(id),
            _ => None,
        })
    }

    fn acceptors(&self, accepted: PublicationId) -> NodeSet {
        self.messages
            .iter()
            .filter_map(|message| match message {
                ZenMessage::PublishResponse { source, id, .. } if id == accepted => Some(source),
                _ => None,
            })
            .collect()
    }

    fn descents(&self) -> impl Iterator<Item = Descent> + Clone {
        self.descendant.iter()
    }

    fn descends(&self, from: PublicationId, to: PublicationId) -> bool {
        self.descendant.contains(Descent { from, to })
    }

    fn origin(&self) -> Origin<'_> {
        Origin { config: self.bootstrap.config, versions: &self.bootstrap.versions }
    }
}
