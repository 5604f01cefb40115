//! What an endpoint is configured with, and what it asks of its owner.

use serde::{Deserialize, Serialize};

use super::packet::{Life, Packet, PeerId};

/// Times and limits of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionConfig {
    /// Wait before the first retransmission; doubled for each further one.
    pub retransmit_ms: u64,
    /// The longest wait between two retransmissions.
    pub retransmit_ms_max: u64,
    /// A peer that acknowledges nothing, or of which nothing is heard while
    /// something is expected of it, is declared gone after so long.
    pub give_up_ms: u64,
    /// A peer at or above [`permanent_below`](Self::permanent_below) may be
    /// forgotten after so long a silence. No datagram lives that long.
    pub forget_ms: u64,
    /// How many payloads may be in flight to one peer.
    pub window: usize,
    /// How many payloads may be outstanding to one peer, queued ones included;
    /// one more disconnects it.
    pub queue_max: usize,
    /// How many peers are remembered at a time.
    pub peers_max: usize,
    /// Peers below are never forgotten: the nodes of the cluster.
    pub permanent_below: PeerId,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            retransmit_ms: 100,
            retransmit_ms_max: 1_000,
            give_up_ms: 5_000,
            forget_ms: 15_000,
            window: 64,
            queue_max: 65_536,
            peers_max: 4_096,
            permanent_below: crate::NodeSet::CAPACITY as PeerId,
        }
    }
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LossReason {
    /// The peer was silent for too long.
    Gone,
    /// The peer has been restarted.
    Restarted,
    /// More was queued than may be.
    Overflow,
    /// The peer has ended the session, and this end hears of it afterwards.
    Reset,
    /// The peer has said `Goodbye`.
    Left,
    /// This end has said `Goodbye`.
    Closed,
}

impl LossReason {
    /// Every reason.
    pub const ALL: [LossReason; 6] = {
        use LossReason::*;
        [Gone, Restarted, Overflow, Reset, Left, Closed]
    };
}

/// What the runtime has to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect<P> {
    /// Put a packet on the wire.
    Transmit {
        /// To whom.
        to: PeerId,
        /// What.
        packet: Packet<P>,
    },
    /// Hand a payload to its receiver.
    Deliver {
        /// Who sent it.
        from: PeerId,
        /// In which life.
        life: Life,
        /// Its number among those of that incarnation.
        number: u64,
        /// Everything below is delivered, or never will be.
        floor: u64,
        /// What was sent.
        payload: P,
    },
    /// The session has ended. What was outstanding may or may not have arrived,
    /// what was expected will not come.
    Disconnected {
        /// With whom.
        peer: PeerId,
        /// The peer's life in that session; [`Life::UNKNOWN`] if it was never met.
        life: Life,
        /// Why.
        reason: LossReason,
        /// How many payloads were not acknowledged.
        lost: usize,
    },
}
