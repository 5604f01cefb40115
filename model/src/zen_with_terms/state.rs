//! A state of the specification model: the variables of the TLA+ module.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::environment::Place;
use super::messages::{Descents, ZenMessage, ZenMessages};
use super::nodes::ZenNodes;
use crate::coordination::history::{Descent, History, Origin, Published};
use crate::coordination::{CoordinationState, Durable, PublicationId, Version};
use crate::node_set::{NodeId, NodeSet};

/// What is chosen once, in the initial state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
#[serde(rename_all = "camelCase")]
pub struct ZenState {
    /// The variables of the nodes.
    pub nodes: ZenNodes,
    /// `messages`.
    pub messages: ZenMessages,
    /// `descendant`.
    pub descendant: Descents,
    /// `initialConfiguration`, `initialValue`, `initialAcceptedVersion`: the
    /// same in all states of a behaviour, and shared by them.
    pub bootstrap: Arc<Bootstrap>,
    /// What a restart would find where that is not what the node knows; by
    /// node. Always `None` under the sound rules.
    pub stale_disks: Option<Box<BTreeMap<NodeId, Durable<u8>>>>,
}

impl ZenState {
    /// The nodes with their names.
    pub fn named_nodes(&self) -> impl Iterator<Item = (NodeId, CoordinationState<u8>)> + Clone + '_ {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId::from_index(index), node))
    }

    /// A node with its disk.
    pub(super) fn place(&self, node: NodeId) -> Place {
        Place { node: self.nodes.get(node.index()), disk: self.disk(node).cloned() }
    }

    /// What the disk of a node holds.
    pub fn disk(&self, node: NodeId) -> Option<&Durable<u8>> {
        self.stale_disks.as_ref()?.get(&node)
    }

    /// Says what the disk of a node holds; `None` when it is up to date.
    pub fn set_disk(&mut self, node: NodeId, disk: Option<Durable<u8>>) {
        let mut disks = self.stale_disks.take().map(|disks| *disks).unwrap_or_default();
        match disk {
            Some(disk) => disks.insert(node, disk),
            None => disks.remove(&node),
        };
        self.stale_disks = (!disks.is_empty()).then(|| Box::new(disks));
    }
}

impl History for ZenState {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.messages.publish_requests().filter_map(|message| match message {
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
        self.messages.commits().filter_map(|message| match message {
            ZenMessage::Commit { id, .. } => Some(id),
            _ => None,
        })
    }

    fn acceptors(&self, accepted: PublicationId) -> NodeSet {
        self.messages
            .publish_responses()
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
