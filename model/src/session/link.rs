//! One end of the conversation with one peer: lives, numbers, window, what was seen.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::packet::Life;

/// A payload that is not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Outstanding<P> {
    pub number: u64,
    pub payload: P,
    /// When to transmit it (again), in ms; `None` while it waits for the window.
    pub due_ms: Option<u64>,
    /// How long to wait after that transmission.
    pub interval_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Link<P> {
    /// The session of this end's life towards the peer. It never falls.
    pub session: u32,
    /// The latest life of the peer that was heard of. It never falls.
    pub peer: Life,
    /// Whether that life has said goodbye.
    pub departed: bool,
    /// Whether the peer has addressed this end's life: there is a session.
    pub connected: bool,
    /// When to say `Hello` (again), and how long to wait after that.
    pub hello: Option<(u64, u64)>,
    /// The last number given to a payload.
    pub last_number: u64,
    /// Payloads without acknowledgement, in ascending order.
    pub outgoing: VecDeque<Outstanding<P>>,
    /// Since when, if at all, the owner expects something of the peer.
    pub expects: bool,
    /// When the peer last acknowledged something or, while nothing is
    /// outstanding, was heard of; or when the waiting for it began. Meaningless
    /// while nothing is outstanding or expected.
    pub progress_ms: u64,
    /// When a packet of the peer last arrived.
    pub heard_ms: u64,
    /// Everything below was delivered, or given up by the peer.
    pub received_below: u64,
    /// What was delivered from there on: at most one window of numbers.
    pub received: BTreeSet<u64>,
}

impl<P> Link<P> {
    pub fn new(session: u32, now_ms: u64) -> Self {
        Link {
            session,
            peer: Life::UNKNOWN,
            departed: false,
            connected: false,
            hello: None,
            last_number: 0,
            outgoing: VecDeque::new(),
            expects: false,
            progress_ms: now_ms,
            heard_ms: now_ms,
            received_below: 1,
            received: BTreeSet::new(),
        }
    }

    /// The lowest number that may still be transmitted.
    pub fn floor(&self) -> u64 {
        self.outgoing.front().map_or(self.last_number + 1, |first| first.number)
    }

    /// Takes an acknowledgement; whether it was news.
    pub fn acknowledge(&mut self, number: u64) -> bool {
        match self.outgoing.binary_search_by_key(&number, |outstanding| outstanding.number) {
            Ok(position) => {
                self.outgoing.remove(position);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether there is anything to lose by the end of the session.
    pub fn is_in_use(&self) -> bool {
        self.connected || !self.outgoing.is_empty()
    }

    /// Whether silence of the peer matters.
    pub fn is_waiting(&self) -> bool {
        !self.outgoing.is_empty() || self.expects
    }

    /// Forgets what is outstanding, because the session has ended; how many
    /// payloads are lost.
    pub fn disconnect(&mut self) -> usize {
        let lost = self.outgoing.len();
        self.outgoing.clear();
        self.connected = false;
        self.hello = None;
        self.expects = false;
        lost
    }

    /// The peer leads another life.
    pub fn meet(&mut self, life: Life) {
        self.peer = life;
        self.departed = false;
    }

    /// Another life's numbers begin again.
    pub fn forget_numbers(&mut self) {
        self.received_below = 1;
        self.received.clear();
    }

    /// Whether a payload of the peer is new; remembers that it was seen.
    /// `number` lies within `window` of `floor`.
    pub fn first_sight(&mut self, number: u64, floor: u64) -> bool {
        if floor > self.received_below {
            self.received_below = floor;
            self.received = self.received.split_off(&floor);
        }
        if number < self.received_below || !self.received.insert(number) {
            return false;
        }
        while self.received.remove(&self.received_below) {
            self.received_below += 1;
        }
        true
    }
}
