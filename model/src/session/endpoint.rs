//! One process's end of all its sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::link::{Link, Outstanding};
use super::packet::{Body, Incarnation, Packet, PacketDrop, PeerId, UNKNOWN};

/// Times and limits of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionConfig {
    /// Wait before the first retransmission; doubled for each further one.
    pub retransmit_ms: u64,
    /// The longest wait between two retransmissions.
    pub retransmit_ms_max: u64,
    /// A peer that acknowledges nothing for so long is declared gone.
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
            forget_ms: 60_000,
            window: 64,
            queue_max: 65_536,
            peers_max: 256,
            permanent_below: crate::NodeSet::CAPACITY as PeerId,
        }
    }
}

/// Why payloads were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LossReason {
    /// The peer acknowledged nothing for too long.
    Gone,
    /// The peer has been restarted.
    Restarted,
    /// More was queued than may be.
    Overflow,
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
        /// Which incarnation of that peer.
        incarnation: Incarnation,
        /// Its number in this session.
        number: u64,
        /// Everything below is delivered, or never will be.
        floor: u64,
        /// What was sent.
        payload: P,
    },
    /// The session has ended. What was outstanding may or may not have arrived.
    Disconnected {
        /// With whom.
        peer: PeerId,
        /// The incarnation that the session was with; [`UNKNOWN`] if it was never met.
        incarnation: Incarnation,
        /// Why.
        reason: LossReason,
        /// How many payloads were not acknowledged.
        lost: usize,
    },
}

/// A process's end of its sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint<P> {
    incarnation: Incarnation,
    config: SessionConfig,
    links: BTreeMap<PeerId, Link<P>>,
}

impl<P: Clone> Endpoint<P> {
    /// An endpoint that has talked to nobody.
    pub fn new(incarnation: Incarnation, config: SessionConfig) -> Self {
        debug_assert_ne!(incarnation, UNKNOWN, "incarnations count from 1");
        Endpoint { incarnation, config, links: BTreeMap::new() }
    }

    /// The incarnation in whose name this endpoint speaks.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Whether anything is remembered of `peer`.
    pub fn knows(&self, peer: PeerId) -> bool {
        self.links.contains_key(&peer)
    }

    /// Whether any incarnation of `peer` was ever heard of: if not, nothing was
    /// ever transmitted to it.
    pub fn has_met(&self, peer: PeerId) -> bool {
        self.links.get(&peer).is_some_and(|link| link.peer != UNKNOWN)
    }

    /// How many payloads are not acknowledged by `peer`.
    pub fn outstanding(&self, peer: PeerId) -> usize {
        self.links.get(&peer).map_or(0, |link| link.outgoing.len())
    }

    /// The payloads that `peer` has not acknowledged.
    pub fn outstanding_payloads(&self, peer: PeerId) -> impl Iterator<Item = &P> {
        self.links.get(&peer).into_iter().flat_map(|link| link.outgoing.iter().map(|one| &one.payload))
    }

    /// Sends `payload` to `to`; its number in the session.
    pub fn send(&mut self, now_ms: u64, to: PeerId, payload: P, effects: &mut Vec<Effect<P>>) -> u64 {
        let link = self.links.entry(to).or_insert_with(|| Link::new(now_ms));
        if link.outgoing.len() >= self.config.queue_max {
            let lost = link.disconnect();
            effects.push(Effect::Disconnected { peer: to, incarnation: link.peer, reason: LossReason::Overflow, lost });
        }
        if link.outgoing.is_empty() {
            link.progress_ms = now_ms;
        }
        link.last_number += 1;
        let number = link.last_number;
        link.outgoing.push_back(Outstanding { number, payload, due_ms: None, interval_ms: self.config.retransmit_ms });
        self.transmit_due(now_ms, to, effects);
        number
    }

    /// Takes a packet from the wire.
    pub fn receive(
        &mut self,
        now_ms: u64,
        from: PeerId,
        packet: Packet<P>,
        effects: &mut Vec<Effect<P>>,
    ) -> Result<(), PacketDrop> {
        let Packet { source_incarnation: source, dest_incarnation: dest, body } = packet;
        let greeting = matches!(body, Body::Hello);
        if source == UNKNOWN || greeting != (dest == UNKNOWN) {
            return Err(PacketDrop::Malformed);
        }
        if dest > self.incarnation {
            return Err(PacketDrop::FutureReceiver);
        }
        if greeting {
            self.admit(now_ms, from)?;
        }
        let known = self.links.get(&from).map_or(UNKNOWN, |link| link.peer);
        if source < known {
            return Err(PacketDrop::OldSender);
        }
        self.learn(now_ms, from, source, effects);
        if greeting {
            effects.push(self.packet_to(from, source, Body::Welcome));
            return Ok(());
        }
        if dest < self.incarnation {
            // A `Welcome` is not answered, or two old incarnations could talk for ever.
            if !matches!(body, Body::Welcome) {
                effects.push(self.packet_to(from, source, Body::Welcome));
            }
            return Err(PacketDrop::OldReceiver);
        }
        let window = self.config.window as u64;
        let link = self.links.get_mut(&from).ok_or(PacketDrop::NoSession)?;
        if !link.connected {
            // Whatever is meant for this incarnation comes from a peer that knows it.
            link.connected = true;
            link.hello = None;
            link.progress_ms = now_ms;
            self.transmit_due(now_ms, from, effects);
        }
        let link = self.links.get_mut(&from).ok_or(PacketDrop::NoSession)?;
        match body {
            Body::Hello | Body::Welcome => {}
            Body::Ack { number } => {
                if link.acknowledge(number) {
                    link.progress_ms = now_ms;
                    self.transmit_due(now_ms, from, effects);
                }
            }
            Body::Data { number, floor, payload } => {
                if floor == 0 || number < floor || number - floor >= window {
                    return Err(PacketDrop::Malformed);
                }
                let new = link.first_sight(number, floor);
                effects.push(self.packet_to(from, source, Body::Ack { number }));
                if !new {
                    return Err(PacketDrop::Duplicate);
                }
                effects.push(Effect::Deliver { from, incarnation: source, number, floor, payload });
            }
        }
        Ok(())
    }

    /// Lets time pass: retransmits what is due, declares silent peers gone.
    pub fn tick(&mut self, now_ms: u64, effects: &mut Vec<Effect<P>>) {
        let peers: Vec<PeerId> = self.links.keys().copied().collect();
        for peer in peers {
            let link = &self.links[&peer];
            if !link.outgoing.is_empty() && now_ms.saturating_sub(link.progress_ms) >= self.config.give_up_ms {
                self.give_up(peer, effects);
            } else {
                self.transmit_due(now_ms, peer, effects);
            }
        }
    }

    /// When [`tick`](Self::tick) is wanted next.
    pub fn next_tick_ms(&self) -> Option<u64> {
        self.links.values().filter_map(|link| self.next_tick_of(link)).min()
    }

    /// Declares `peer` gone: what is outstanding is lost, and said to be.
    pub fn give_up(&mut self, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        if let Some(link) = self.links.get_mut(&peer) {
            let lost = link.disconnect();
            effects.push(Effect::Disconnected { peer, incarnation: link.peer, reason: LossReason::Gone, lost });
        }
    }

    /// Forgets everything about `peer`, as is done with clients after a long silence.
    pub(super) fn forget(&mut self, peer: PeerId) {
        self.links.remove(&peer);
    }

    /// Makes room for a peer that says `Hello`.
    fn admit(&mut self, now_ms: u64, peer: PeerId) -> Result<(), PacketDrop> {
        if !self.links.contains_key(&peer) {
            if self.links.len() >= self.config.peers_max {
                let (permanent, forget_ms) = (self.config.permanent_below, self.config.forget_ms);
                self.links.retain(|id, link| {
                    *id < permanent || !link.outgoing.is_empty() || now_ms.saturating_sub(link.heard_ms) < forget_ms
                });
            }
            if self.links.len() >= self.config.peers_max && peer >= self.config.permanent_below {
                return Err(PacketDrop::TooManyPeers);
            }
            self.links.insert(peer, Link::new(now_ms));
        }
        Ok(())
    }

    /// Hears that `from` is in incarnation `source`, not below the known one.
    fn learn(&mut self, now_ms: u64, from: PeerId, source: Incarnation, effects: &mut Vec<Effect<P>>) {
        let Some(link) = self.links.get_mut(&from) else { return };
        link.heard_ms = now_ms;
        if source == link.peer {
            return;
        }
        if link.peer != UNKNOWN {
            let (incarnation, lost) = (link.peer, link.disconnect());
            effects.push(Effect::Disconnected { peer: from, incarnation, reason: LossReason::Restarted, lost });
        }
        link.meet(source);
    }

    /// Transmits to `peer` what is due and fits the window, or says `Hello` first.
    fn transmit_due(&mut self, now_ms: u64, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        let (incarnation, max) = (self.incarnation, self.config.retransmit_ms_max);
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.outgoing.is_empty() {
            return;
        }
        if !link.connected {
            let (due, interval) = link.hello.unwrap_or((now_ms, self.config.retransmit_ms));
            if due <= now_ms {
                link.hello = Some((now_ms + interval, (interval * 2).min(max)));
                effects.push(self.packet_to(peer, UNKNOWN, Body::Hello));
            }
            return;
        }
        let (floor, dest) = (link.floor(), link.peer);
        let in_window = link.outgoing.iter_mut().take_while(|one| one.number - floor < self.config.window as u64);
        for one in in_window.filter(|one| one.due_ms.is_none_or(|due| due <= now_ms)) {
            one.due_ms = Some(now_ms + one.interval_ms);
            one.interval_ms = (one.interval_ms * 2).min(max);
            let body = Body::Data { number: one.number, floor, payload: one.payload.clone() };
            let packet = Packet { source_incarnation: incarnation, dest_incarnation: dest, body };
            effects.push(Effect::Transmit { to: peer, packet });
        }
    }

    fn next_tick_of(&self, link: &Link<P>) -> Option<u64> {
        let give_up = link.outgoing.front().map(|_| link.progress_ms.saturating_add(self.config.give_up_ms))?;
        let due = match link.hello {
            Some((due, _)) if !link.connected => Some(due),
            _ => link.outgoing.iter().take(self.config.window).filter_map(|one| one.due_ms).min(),
        };
        Some(due.map_or(give_up, |due| due.min(give_up)))
    }

    fn packet_to(&self, to: PeerId, dest_incarnation: Incarnation, body: Body<P>) -> Effect<P> {
        Effect::Transmit { to, packet: Packet { source_incarnation: self.incarnation, dest_incarnation, body } }
    }
}
