//! What endpoints say to each other.

use serde::{Deserialize, Serialize};

/// A process as the wire names it: an actor's id. Nodes are below
/// [`NodeSet::CAPACITY`](crate::NodeSet::CAPACITY), clients are not.
pub type PeerId = u64;

/// How many times a process has been started: 1, 2, … It is durable before
/// anything is sent in its name.
pub type Incarnation = u64;

/// The incarnation of a peer that has not been met.
pub const UNKNOWN: Incarnation = 0;

/// One packet of a session; with an address on either end it is a datagram.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Packet<P> {
    /// The incarnation that sent it.
    pub source_incarnation: Incarnation,
    /// The incarnation that it is meant for; [`UNKNOWN`] in a `Hello`.
    pub dest_incarnation: Incarnation,
    /// What it says.
    pub body: Body<P>,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Body<P> {
    /// Which incarnation are you?
    Hello,
    /// This one. The answer to a `Hello`, and to whatever was meant for an
    /// earlier incarnation.
    Welcome,
    /// A payload.
    Data {
        /// Counts the payloads from this source incarnation to this peer, from 1.
        number: u64,
        /// The lowest number that the sender may still retransmit: everything
        /// below is acknowledged or given up.
        floor: u64,
        /// What is to be delivered.
        payload: P,
    },
    /// The payload of this number has arrived.
    Ack {
        /// Which one.
        number: u64,
    },
}

/// Why a packet was dropped. Each is counted by the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PacketDrop {
    /// Its sender has been restarted since.
    OldSender,
    /// It is meant for an earlier incarnation of this process.
    OldReceiver,
    /// It is meant for an incarnation that this process has not reached: this
    /// process has lost its disk, or somebody lies.
    FutureReceiver,
    /// Its sender never said `Hello`, or was forgotten.
    NoSession,
    /// There are too many peers already.
    TooManyPeers,
    /// The payload was delivered before.
    Duplicate,
    /// It breaks the rules of the session: an incarnation or number of zero, a
    /// number outside the window.
    Malformed,
}
