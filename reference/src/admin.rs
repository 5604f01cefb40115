//! What operators and nodes say to each other, beside the protocol.
//!
//! It travels in the same authenticated datagrams and sessions as everything
//! else; an operator is a client, with an id above those of nodes.

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::coordination::PublicationId;
use quorate_model::session::{Incarnation, PeerId};
use quorate_model::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};

/// What a message of the runtime carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Payload<M> {
    /// A message of the actors' protocol.
    Actor(M),
    /// A request of an operator.
    Request(u64, AdminRequest),
    /// The answer to it.
    Answer(u64, AdminAnswer),
}

/// A request of an operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AdminRequest {
    /// How are you?
    Report,
    /// Which value has this key in the state that you have applied?
    Read(String),
    /// From now on exchange no datagrams with these peers.
    Block(BTreeSet<PeerId>),
}

/// The answer to an operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AdminAnswer {
    /// To `Report`.
    Report(Box<NodeReport>),
    /// To `Read`.
    Value(Option<String>),
    /// To `Block`.
    Done,
}

/// How a node is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeReport {
    /// How many times it has been started.
    pub incarnation: Incarnation,
    /// Its process.
    pub pid: u32,
    /// Candidate, leader or follower.
    pub mode: String,
    /// Its term.
    pub term: u64,
    /// Whom it takes for the leader, itself included.
    pub leader: Option<NodeId>,
    /// The identity of its cluster, once that is certain.
    pub cluster_uuid: Option<u64>,
    /// The state that it has accepted.
    pub accepted: Option<PublicationId>,
    /// The committed state that it has applied since its start.
    pub applied: Option<PublicationId>,
    /// The voting configuration in the accepted state.
    pub voting_configuration: NodeSet,
    /// The last one that it knows to be committed.
    pub committed_voting_configuration: NodeSet,
    /// The members of the cluster in the applied state.
    pub members: NodeSet,
    /// The voting configuration exclusions in the accepted state.
    pub exclusions: NodeSet,
    /// The peers that it exchanges no datagrams with.
    pub blocked: BTreeSet<PeerId>,
    /// Datagrams and packets dropped, by reason.
    pub drops: BTreeMap<String, u64>,
}
