//! From datagrams to messages and back: codec, sessions, fragments, addresses.
//!
//! No socket and no clock: the runtime and the client bring both.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::net::SocketAddr;

use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::session::{
    Effect, Endpoint, Fragment, FragmentDrop, Incarnation, Life, LossReason, PacketDrop, PeerId, Reassembly, SessionConfig, split,
};
use quorate_model::wire::{ClusterId, ClusterKey, Datagram, DatagramDrop, FRAGMENT_BYTES_MAX, MESSAGE_BYTES_MAX, decode, encode};
use quorate_model::{NodeId, NodeSet};

const ELSEWHERE: &str = "of a node that is somewhere else";
/// How many clients' addresses are remembered.
const CLIENTS_MAX: usize = 4_096;

/// What comes out of a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A whole message.
    Message {
        /// Who sent it.
        source: PeerId,
        /// Which incarnation of it.
        incarnation: Incarnation,
        /// Its number among those from that incarnation.
        message: u64,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// The end of a session.
    Disconnected {
        /// With whom.
        peer: PeerId,
        /// With which incarnation; 0 if it was never met.
        incarnation: Incarnation,
        /// Why.
        reason: LossReason,
        /// How many datagrams were not acknowledged.
        lost: usize,
    },
}

/// A message that no number of datagrams carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes is longer than the {MESSAGE_BYTES_MAX} that may be sent")]
pub struct MessageTooLarge(pub usize);

/// Who this process is on the wire.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its id.
    pub id: PeerId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// Its cluster.
    pub cluster: ClusterId,
    /// What the cluster's datagrams are authenticated with.
    pub key: ClusterKey,
    /// Where the nodes are. One that is not among them is where its first
    /// datagram comes from.
    pub nodes: BTreeMap<PeerId, SocketAddr>,
}

/// One process's end of the wire.
pub struct Transport {
    station: Station,
    endpoint: Endpoint<Fragment>,
    reassembly: Reassembly,
    last_message: BTreeMap<PeerId, u64>,
    clients: BTreeMap<PeerId, SocketAddr>,
    blocked: BTreeSet<PeerId>,
    /// Of whom something is expected.
    expected: BTreeSet<PeerId>,
    /// Who has said goodbye, in which life.
    departed: BTreeMap<PeerId, Life>,
    drops: BTreeMap<String, u64>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
    arrivals: Vec<Arrival>,
}

impl Transport {
    /// A transport that has talked to nobody.
    pub fn new(station: Station, config: SessionConfig) -> Self {
        Transport {
            endpoint: Endpoint::new(station.incarnation, config),
            station,
            reassembly: Reassembly::new(MESSAGE_BYTES_MAX),
            last_message: BTreeMap::new(),
            clients: BTreeMap::new(),
            blocked: BTreeSet::new(),
            expected: BTreeSet::new(),
            departed: BTreeMap::new(),
            drops: BTreeMap::new(),
            datagrams: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// The number of the next message to `peer`; it counts as used.
    pub fn number_message(&mut self, peer: PeerId) -> u64 {
        let last = self.last_message.entry(peer).or_insert(0);
        *last += 1;
        *last
    }

    /// Sends the message with that number. A process that has said goodbye is
    /// no more, which is told at once, as TCP refuses a connection: the process
    /// that takes its place speaks first.
    pub fn post(&mut self, now_ms: u64, peer: PeerId, message: u64, bytes: &[u8]) -> Result<(), MessageTooLarge> {
        let fragments = split(message, bytes, FRAGMENT_BYTES_MAX).filter(|_| bytes.len() <= MESSAGE_BYTES_MAX);
        let fragments = fragments.ok_or(MessageTooLarge(bytes.len()))?;
        let life = self.endpoint.life_of(peer);
        if self.departed.get(&peer) == Some(&life) {
            let Life { incarnation, .. } = life;
            self.arrivals.push(Arrival::Disconnected { peer, incarnation, reason: LossReason::Left, lost: fragments.len() });
            return Ok(());
        }
        let mut effects = Vec::new();
        for fragment in fragments {
            self.endpoint.send(now_ms, peer, fragment, &mut effects);
        }
        self.carry_out(effects);
        Ok(())
    }

    /// Takes a datagram from the network.
    pub fn receive(&mut self, now_ms: u64, from: SocketAddr, bytes: &[u8]) {
        let Datagram { source, packet, .. } = match decode(self.station.cluster, &self.station.key, self.station.id, bytes) {
            Ok(datagram) => datagram,
            Err(reason) => return self.drop_datagram(reason, from, bytes.len()),
        };
        if self.blocked.contains(&source) {
            return self.count("blocked");
        }
        if self.is_elsewhere(source, from) {
            return self.count(ELSEWHERE);
        }
        if source >= NodeSet::CAPACITY as PeerId {
            if self.clients.len() >= CLIENTS_MAX && !self.clients.contains_key(&source) {
                self.clients.clear(); // whoever is still there says so with its next datagram
            }
            self.clients.insert(source, from);
        } else if source >= MAX_NODES as PeerId {
            return self.count("of a node that no cluster has");
        } else if let Entry::Vacant(unknown) = self.station.nodes.entry(source) {
            eprintln!("{} makes itself known from {from}", NodeId::from_index(source as usize));
            unknown.insert(from);
        }
        let mut effects = Vec::new();
        if let Err(reason) = self.endpoint.receive(now_ms, source, packet, &mut effects) {
            self.count(match reason {
                PacketDrop::OldSender => "of an older incarnation of its sender",
                PacketDrop::OldReceiver => "for an older incarnation",
                PacketDrop::FutureReceiver => "for an incarnation that is yet to come",
                PacketDrop::NoSession => "without a session",
                PacketDrop::Departed => "of a peer that has said goodbye",
                PacketDrop::TooManyPeers => "of one peer too many",
                PacketDrop::Duplicate => "a duplicate",
                PacketDrop::Malformed => "against the rules of sessions",
            });
        }
        self.carry_out(effects);
    }

    /// Lets time pass.
    pub fn tick(&mut self, now_ms: u64) {
        let mut effects = Vec::new();
        self.endpoint.tick(now_ms, &mut effects);
        self.reassembly.retain_peers(|peer| self.endpoint.knows(peer));
        self.carry_out(effects);
    }

    /// Says of whom something is expected: answers, checks, a place in the
    /// cluster. If one of them falls silent its session ends.
    pub fn expect(&mut self, now_ms: u64, peers: BTreeSet<PeerId>) {
        for peer in self.expected.union(&peers) {
            // What was expected in a session that has ended does not come any more.
            let in_session = self.endpoint.is_connected(*peer) || self.endpoint.outstanding(*peer) > 0;
            self.endpoint.expect(now_ms, *peer, in_session && peers.contains(peer));
        }
        self.expected = peers;
    }

    /// Says goodbye to everybody: the process is about to stop. What was not
    /// acknowledged is lost, and what others expect of this process ends with
    /// their sessions.
    pub fn leave_all(&mut self) {
        let mut effects = Vec::new();
        self.endpoint.leave_all(&mut effects);
        self.carry_out(effects);
    }

    /// Whether `peer` was ever heard of; if not, it has received nothing.
    pub fn has_met(&self, peer: PeerId) -> bool {
        self.endpoint.has_met(peer)
    }

    /// When [`tick`](Self::tick) is wanted next.
    pub fn next_tick_ms(&self) -> Option<u64> {
        self.endpoint.next_tick_ms()
    }

    /// What is to be put on the wire.
    pub fn take_datagrams(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.datagrams)
    }

    /// Whether anything has.
    pub fn has_arrivals(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// What has arrived.
    pub fn take_arrivals(&mut self) -> Vec<Arrival> {
        std::mem::take(&mut self.arrivals)
    }

    /// Exchanges no datagrams with `peers` from now on.
    pub fn block(&mut self, peers: BTreeSet<PeerId>) {
        self.blocked = peers;
    }

    /// The peers that no datagrams are exchanged with.
    pub fn blocked(&self) -> &BTreeSet<PeerId> {
        &self.blocked
    }

    /// What was dropped, by reason.
    pub fn drops(&self) -> &BTreeMap<String, u64> {
        &self.drops
    }

    /// Counts something dropped, and logs it the 1st, 2nd, 4th, 8th … time.
    pub fn count(&mut self, reason: &str) {
        let count = self.drops.entry(reason.to_owned()).or_insert(0);
        *count += 1;
        if count.is_power_of_two() && reason != "a duplicate" {
            eprintln!("dropped a datagram that is {reason} ({count} so far)");
        }
    }

    /// Whether a datagram in the name of a node comes from where that node is
    /// not: there are two nodes with one id. Only one of them is listened to.
    fn is_elsewhere(&self, source: PeerId, from: SocketAddr) -> bool {
        let Some(known) = self.station.nodes.get(&source).filter(|known| **known != from) else { return false };
        if self.drops.get(ELSEWHERE).copied().unwrap_or(0).saturating_add(1).is_power_of_two() {
            let node = NodeId::from_index(source as usize);
            eprintln!("{from} speaks as {node}, which is at {known}: are there two nodes with one id?");
        }
        true
    }

    fn drop_datagram(&mut self, reason: DatagramDrop, from: SocketAddr, bytes: usize) {
        let count = self.drops.entry(reason.to_string()).or_insert(0);
        *count += 1;
        if count.is_power_of_two() {
            eprintln!("dropped a datagram of {bytes} bytes from {from}: {reason} ({count} so far)");
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect<Fragment>>) {
        for effect in effects {
            match effect {
                Effect::Transmit { to, packet } => {
                    let address = self.station.nodes.get(&to).or_else(|| self.clients.get(&to));
                    if let Some(address) = address.filter(|_| !self.blocked.contains(&to)) {
                        let datagram = Datagram { source: self.station.id, dest: to, packet };
                        self.datagrams.push((*address, encode(self.station.cluster, &self.station.key, &datagram)));
                    }
                }
                Effect::Deliver { from, life: Life { incarnation, .. }, number, floor, payload } => {
                    match self.reassembly.accept(from, number, floor, payload) {
                        Ok(Some((message, bytes))) => {
                            self.arrivals.push(Arrival::Message { source: from, incarnation, message, bytes });
                        }
                        Ok(None) => {}
                        Err(FragmentDrop::Inconsistent) => self.count("a fragment that contradicts others"),
                        Err(FragmentDrop::TooLarge) => self.count("a fragment of a message that is too long"),
                    }
                }
                Effect::Disconnected { peer, life, reason, lost } => {
                    if reason == LossReason::Left {
                        self.departed.insert(peer, life);
                    }
                    let Life { incarnation, .. } = life;
                    if reason == LossReason::Restarted {
                        self.reassembly.forget(peer);
                    }
                    self.arrivals.push(Arrival::Disconnected { peer, incarnation, reason, lost });
                }
            }
        }
    }
}
