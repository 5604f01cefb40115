//! A state of the specification model: the variables of the TLA+ module.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::messages::{Document, Messages};
use crate::node_set::{NodeId, NodeSet};
use crate::replication::shard_copy::ShardCopy;
use crate::replication::types::{PrimaryTerm, SeqNo, ShardClusterState};

/// What a client has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClientResponse {
    /// The operation is stored.
    Stored {
        /// What it does. A no-op is never a client's, unless a mutant says so.
        source: Option<Document>,
        /// Where.
        seq_no: SeqNo,
        /// Under which term.
        term: PrimaryTerm,
    },
    /// The request failed.
    Failed {
        /// Its `req`.
        req: u64,
    },
}

/// All variables of `replication`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicationState {
    /// `clusterStateOnMaster`.
    pub master: ShardClusterState,
    /// The variables of each node.
    pub copies: SmallVec<[ShardCopy<Document>; 3]>,
    /// `messages`.
    pub messages: Messages,
    /// `clientResponses`, sorted.
    pub responses: SmallVec<[ClientResponse; 2]>,
    /// `nextClientValue`.
    pub next_client_value: u8,
    /// `nextRequestId`.
    pub next_request_id: u16,
}

impl ReplicationState {
    /// The copies with the nodes that hold them.
    pub fn named_copies(&self) -> impl Iterator<Item = (NodeId, &ShardCopy<Document>)> + Clone {
        self.copies.iter().enumerate().map(|(index, copy)| (NodeId::from_index(index), copy))
    }

    /// The copies that the master has assigned (`ActiveShard`).
    pub fn active_copies(&self) -> impl Iterator<Item = (NodeId, &ShardCopy<Document>)> + Clone {
        let NodeSet(active) = self.master.routing.assigned();
        self.named_copies().filter(move |(node, _)| active >> node.0 & 1 == 1)
    }

    /// `NoActiveMessages`, and every node with an active copy has applied the master's state.
    pub fn is_quiet(&self) -> bool {
        self.messages.is_empty() && self.active_copies().all(|(_, copy)| copy.applied == self.master)
    }

    /// `clientResponses \cup {response}`.
    pub fn respond(&mut self, response: ClientResponse) {
        if let Err(position) = self.responses.binary_search(&response) {
            self.responses.insert(position, response);
        }
    }
}
