//! What endpoints say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process as the wire names it: an actor's id. Nodes are below
/// [`NodeSet::CAPACITY`](crate::NodeSet::CAPACITY), clients are not.
pub type PeerId = u64;

/// How many times a process has been started: 1, 2, … It is durable before
/// anything is sent in its name.
pub type Incarnation = u64;

/// The incarnation of a peer that has not been met.
pub const UNKNOWN: Incarnation = 0;

/// One end of one session. A session is between two lives; it ends when either
/// end begins another life, by being started again or by giving the other up.
/// Lives of one end towards one peer only ever grow.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Life {
    /// Which start of the process.
    pub incarnation: Incarnation,
    /// Counts the sessions with this peer that the process has ended since, from 1.
    pub session: u32,
}

impl Life {
    /// The life of a peer that has not been met.
    pub const UNKNOWN: Life = Life { incarnation: UNKNOWN, session: 0 };

    /// The first life of an incarnation.
    pub const fn first(incarnation: Incarnation) -> Self {
        Life { incarnation, session: 1 }
    }

    /// Whether somebody can live it: both numbers count from 1.
    pub fn is_real(self) -> bool {
        self.incarnation > 0 && self.session > 0
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.session)
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One packet of a session; with an address on either end it is a datagram.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Packet<P> {
    /// The life in which it was sent.
    pub source: Life,
    /// The life that it is meant for; [`Life::UNKNOWN`] in a `Hello`.
    pub dest: Life,
    /// What it says.
    pub body: Body<P>,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Body<P> {
    /// Which life do you lead? Also asked of a peer from which something is
    /// expected and nothing is heard.
    Hello,
    /// This one. The answer to a `Hello`, and to whatever was meant for an
    /// earlier life.
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
    /// This life is over: expect nothing more of it, and send it nothing.
    Goodbye,
}

/// Why a packet was dropped: one for each guard. Each is counted by the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PacketDrop {
    /// Its sender leads a later life.
    OldSender,
    /// It is meant for an earlier life of this process.
    OldReceiver,
    /// It is meant for a life that this process has not reached: this process
    /// has lost its disk, or somebody lies.
    FutureReceiver,
    /// Its sender never said `Hello`, or was forgotten.
    NoSession,
    /// Its sender has said `Goodbye`.
    Departed,
    /// There are too many peers already.
    TooManyPeers,
    /// The payload was delivered before.
    Duplicate,
    /// It breaks the rules of the session: an incarnation or number of zero, a
    /// number outside the window.
    Malformed,
}

impl PacketDrop {
    /// Every guard, in the order in which they are asked.
    pub const ALL: [PacketDrop; 8] = {
        use PacketDrop::*;
        [Malformed, FutureReceiver, TooManyPeers, OldSender, Departed, OldReceiver, NoSession, Duplicate]
    };

    /// The name of the variant.
    pub fn name(self) -> &'static str {
        match self {
            PacketDrop::OldSender => "OldSender",
            PacketDrop::OldReceiver => "OldReceiver",
            PacketDrop::FutureReceiver => "FutureReceiver",
            PacketDrop::NoSession => "NoSession",
            PacketDrop::Departed => "Departed",
            PacketDrop::TooManyPeers => "TooManyPeers",
            PacketDrop::Duplicate => "Duplicate",
            PacketDrop::Malformed => "Malformed",
        }
    }
}
