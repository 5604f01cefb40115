//! The key by which a world's nodes are sorted for a canonical form, in pieces
//! that can be kept: see [`crate::sort_key`].

use super::links::Outage;
use crate::coordination::Envelope;
use crate::node_set::NodeId;
use crate::sort_key;

/// The pieces of one node's key.
#[derive(Clone, Copy, Default)]
pub(super) struct NodeKey {
    /// Of the node itself.
    pub node: u64,
    /// Of what the other nodes have to do with it: a sum.
    pub regards: u64,
    /// Of the messages from and to it: a sum.
    pub messages: u64,
    /// Of the ledger.
    pub ledger: u64,
    /// Of what is out of order about it.
    pub outage: u64,
}

impl NodeKey {
    pub fn of(node_key: u64, outage: &Outage, node: NodeId) -> Self {
        NodeKey { node: node_key, outage: of_outage(outage, node), ..NodeKey::default() }
    }

    /// Adds what another node has to do with this one.
    pub fn regarded(&mut self, regard: u64) {
        self.regards = self.regards.wrapping_add(of_regard(regard));
    }

    pub fn finish(self) -> u64 {
        sort_key::mix([self.node, self.regards, self.messages, self.ledger, self.outage])
    }
}

/// One summand of [`NodeKey::regards`].
pub(super) fn of_regard(regard: u64) -> u64 {
    if regard == 0 { 0 } else { sort_key::mix([regard]) }
}

/// One summand of [`NodeKey::messages`].
pub(super) fn of_envelope<M>(envelope: &Envelope<M>, says: u64, node: NodeId) -> u64 {
    sort_key::of_message(envelope.source, Some(envelope.dest), says, node)
}

/// Whether the node is down, and how many of its links are cut or owe it news.
pub(super) fn of_outage(outage: &Outage, node: NodeId) -> u64 {
    if *outage == Outage::default() {
        return 0;
    }
    let count = |links: super::links::Links| {
        let (from, to) = (links.iter().filter(|(from, _)| *from == node), links.iter().filter(|(_, to)| *to == node));
        (from.count() * 64 + to.count()) as u64
    };
    sort_key::mix([u64::from(outage.down.contains(node)), count(outage.cut), count(outage.untold)])
}
