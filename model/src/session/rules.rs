//! The one place where a session may differ from a session.
//!
//! Endpoints and exchanges are generic over [`SessionRules`] and read as if
//! there were only [`SoundSession`], which has no size. The mutants of
//! [`world`](super::world) override some of them.

use std::fmt::Debug;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::effect::LossReason;
use super::exchange::AnswerDrop;
use super::packet::PacketDrop;

/// Guards and habits of both ends of a session.
pub trait SessionRules: Clone + Debug + Eq + Ord + Hash {
    /// A guard: the packet is dropped unless `holds`.
    fn require(&self, guard: PacketDrop, holds: bool) -> Result<(), PacketDrop> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// A guard of exchanges: the answer is dropped unless `holds`.
    fn require_answer(&self, guard: AnswerDrop, holds: bool) -> Result<(), AnswerDrop> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// The session after `session`, where this end has ended it.
    fn session_after(&self, session: u32) -> u32 {
        session + 1
    }

    /// Whether the owner is told that a session has ended.
    fn tells(&self, _reason: LossReason) -> bool {
        true
    }

    /// Whether payloads without acknowledgement are transmitted again.
    fn retransmits(&self) -> bool {
        true
    }

    /// Whether a peer from which something is expected is asked whether it is there.
    fn probes(&self) -> bool {
        true
    }

    /// Whether the numbers received from a life are forgotten with it.
    fn forgets_numbers(&self) -> bool {
        true
    }

    /// Whether a peer that writes to an earlier life is remembered like one that says `Hello`.
    fn admits_survivors(&self) -> bool {
        true
    }

    /// Whether a `Goodbye` ends the sender's life for the receiver.
    fn believes_goodbye(&self) -> bool {
        true
    }

    /// Whether requests that arrived in a session are forgotten with it.
    fn forgets_callers(&self) -> bool {
        true
    }

    /// Whether requests without an answer are settled when their session ends.
    fn settles_lost(&self) -> bool {
        true
    }
}

/// Sessions as they are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SoundSession;

impl SessionRules for SoundSession {}
