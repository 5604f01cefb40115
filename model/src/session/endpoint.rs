//! One process's end of all its sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::effect::{Effect, LossReason, SessionConfig};
use super::link::{Link, Outstanding};
use super::packet::{Body, Incarnation, Life, Packet, PacketDrop, PeerId, UNKNOWN};
use super::rules::{SessionRules, SoundSession};

/// A process's end of its sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint<P, R = SoundSession> {
    rules: R,
    incarnation: Incarnation,
    config: SessionConfig,
    /// The session that a new link begins with: above that of any link forgotten.
    first_session: u32,
    links: BTreeMap<PeerId, Link<P>>,
}

impl<P: Clone> Endpoint<P> {
    /// An endpoint that has talked to nobody.
    pub fn new(incarnation: Incarnation, config: SessionConfig) -> Self {
        Endpoint::with_rules(SoundSession, incarnation, config)
    }
}

impl<P: Clone, R: SessionRules> Endpoint<P, R> {
    /// An endpoint that has talked to nobody, under these rules.
    pub fn with_rules(rules: R, incarnation: Incarnation, config: SessionConfig) -> Self {
        debug_assert_ne!(incarnation, UNKNOWN, "incarnations count from 1");
        Endpoint { rules, incarnation, config, first_session: 1, links: BTreeMap::new() }
    }

    /// The incarnation in whose name this endpoint speaks.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The life that this end leads towards `peer`.
    pub fn life_towards(&self, peer: PeerId) -> Life {
        let session = self.links.get(&peer).map_or(self.first_session, |link| link.session);
        Life { incarnation: self.incarnation, session }
    }

    /// The latest life of `peer` that was heard of.
    pub fn life_of(&self, peer: PeerId) -> Life {
        self.links.get(&peer).map_or(Life::UNKNOWN, |link| link.peer)
    }

    /// Whether anything is remembered of `peer`.
    pub fn knows(&self, peer: PeerId) -> bool {
        self.links.contains_key(&peer)
    }

    /// Whether any incarnation of `peer` was ever heard of: if not, nothing was
    /// ever transmitted to it.
    pub fn has_met(&self, peer: PeerId) -> bool {
        self.life_of(peer) != Life::UNKNOWN
    }

    /// Whether there is a session with `peer`: it has addressed this end's life.
    pub fn is_connected(&self, peer: PeerId) -> bool {
        self.links.get(&peer).is_some_and(|link| link.connected)
    }

    /// How many payloads are not acknowledged by `peer`.
    pub fn outstanding(&self, peer: PeerId) -> usize {
        self.links.get(&peer).map_or(0, |link| link.outgoing.len())
    }

    /// The payloads that `peer` has not acknowledged.
    pub fn outstanding_payloads(&self, peer: PeerId) -> impl Iterator<Item = &P> {
        self.links.get(&peer).into_iter().flat_map(|link| link.outgoing.iter().map(|one| &one.payload))
    }

    /// Sends `payload` to `to`; its number among those of this incarnation.
    pub fn send(&mut self, now_ms: u64, to: PeerId, payload: P, effects: &mut Vec<Effect<P>>) -> u64 {
        if self.outstanding(to) >= self.config.queue_max {
            self.end_session(to, LossReason::Overflow, effects);
        }
        let first_session = self.first_session;
        let link = self.links.entry(to).or_insert_with(|| Link::new(first_session, now_ms));
        if link.outgoing.is_empty() {
            link.progress_ms = now_ms;
        }
        link.last_number += 1;
        let number = link.last_number;
        link.outgoing.push_back(Outstanding { number, payload, due_ms: None, interval_ms: self.config.retransmit_ms });
        self.transmit_due(now_ms, to, effects);
        number
    }

    /// Says whether something is expected of `peer`, such as the answer to a
    /// request that it has acknowledged. As long as there is, silence of the
    /// peer ends the session.
    pub fn expect(&mut self, now_ms: u64, peer: PeerId, expects: bool) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if expects && !link.is_waiting() {
            link.progress_ms = now_ms;
        }
        link.expects = expects;
    }

    /// Takes a packet from the wire.
    pub fn receive(
        &mut self,
        now_ms: u64,
        from: PeerId,
        packet: Packet<P>,
        effects: &mut Vec<Effect<P>>,
    ) -> Result<(), PacketDrop> {
        let Packet { source, dest, body } = packet;
        let greeting = matches!(body, Body::Hello);
        let own = self.life_towards(from);
        self.rules.require(PacketDrop::Malformed, source.is_real() && greeting == (dest == Life::UNKNOWN))?;
        self.rules.require(PacketDrop::FutureReceiver, dest <= own)?;
        if greeting || (dest < own && self.rules.admits_survivors()) {
            self.admit(now_ms, from)?;
        }
        let known = self.life_of(from);
        self.rules.require(PacketDrop::OldSender, source >= known)?;
        let departed = self.links.get(&from).is_some_and(|link| link.departed);
        self.rules.require(PacketDrop::Departed, !departed || source > known)?;
        self.learn(now_ms, from, source, effects);
        if greeting {
            effects.push(self.packet_to(from, Body::Welcome));
            return Ok(());
        }
        // A `Welcome` is not answered, or two old lives could talk for ever.
        let own = self.life_towards(from);
        if dest < own && !matches!(body, Body::Welcome | Body::Goodbye) {
            effects.push(Effect::Transmit { to: from, packet: Packet { source: own, dest: source, body: Body::Welcome } });
        }
        self.rules.require(PacketDrop::OldReceiver, dest >= own)?;
        if matches!(body, Body::Goodbye) {
            self.part(from, effects);
            return Ok(());
        }
        self.hear(now_ms, from, effects)?;
        self.take(now_ms, from, source, body, effects)
    }

    /// Lets time pass: retransmits what is due, asks whether silent peers are
    /// there, declares those gone that are silent for too long.
    pub fn tick(&mut self, now_ms: u64, effects: &mut Vec<Effect<P>>) {
        let peers: Vec<PeerId> = self.links.keys().copied().collect();
        for peer in peers {
            let link = &self.links[&peer];
            if link.is_waiting() && now_ms.saturating_sub(link.progress_ms) >= self.config.give_up_ms {
                self.give_up(peer, effects);
            } else {
                self.transmit_due(now_ms, peer, effects);
                self.probe_due(now_ms, peer, effects);
            }
        }
    }

    /// When [`tick`](Self::tick) is wanted next.
    pub fn next_tick_ms(&self) -> Option<u64> {
        self.links.values().filter_map(|link| self.next_tick_of(link)).min()
    }

    /// Declares `peer` gone: what is outstanding is lost, and said to be.
    pub fn give_up(&mut self, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        self.end_session(peer, LossReason::Gone, effects);
    }

    /// Ends the session with `peer` and says so, so that it need not find out by
    /// silence. What is outstanding is lost; who wants it delivered waits until
    /// nothing is. The word may get lost, and the peer then finds out all the same.
    pub fn leave(&mut self, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        if self.is_connected(peer) {
            effects.push(self.packet_to(peer, Body::Goodbye));
        }
        self.end_session(peer, LossReason::Closed, effects);
    }

    /// [`leave`](Self::leave)s everybody: the process is about to stop.
    pub fn leave_all(&mut self, effects: &mut Vec<Effect<P>>) {
        let peers: Vec<PeerId> = self.links.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.leave(peer, effects));
    }

    /// Makes room for a peer that says `Hello`.
    fn admit(&mut self, now_ms: u64, peer: PeerId) -> Result<(), PacketDrop> {
        if self.links.contains_key(&peer) {
            return Ok(());
        }
        let SessionConfig { peers_max, forget_ms, permanent_below, .. } = self.config;
        if self.links.len() >= peers_max {
            let forgettable = |id: PeerId, link: &Link<P>| {
                id >= permanent_below && !link.is_waiting() && now_ms.saturating_sub(link.heard_ms) >= forget_ms
            };
            let forgotten = self.links.iter().filter(|(id, link)| forgettable(**id, link)).map(|(_, link)| link.session);
            self.first_session = forgotten.fold(self.first_session, |first, session| first.max(session + 1));
            self.links.retain(|id, link| !forgettable(*id, link));
        }
        let room = self.links.len() < peers_max || peer < permanent_below;
        self.rules.require(PacketDrop::TooManyPeers, room)?;
        self.links.insert(peer, Link::new(self.first_session, now_ms));
        Ok(())
    }

    /// Hears that `from` leads the life `source`, not before the known one.
    fn learn(&mut self, now_ms: u64, from: PeerId, source: Life, effects: &mut Vec<Effect<P>>) {
        let Some(link) = self.links.get_mut(&from) else { return };
        link.heard_ms = now_ms;
        let known = link.peer;
        if source == known {
            return;
        }
        if known != Life::UNKNOWN && link.is_in_use() {
            let reason = if source.incarnation > known.incarnation { LossReason::Restarted } else { LossReason::Reset };
            let lost = link.disconnect();
            tell(&self.rules, from, known, reason, lost, effects);
        }
        link.meet(source);
        if self.rules.forgets_numbers() {
            link.forget_numbers();
        }
    }

    /// Hears something from a peer that means this very life: there is a session.
    fn hear(&mut self, now_ms: u64, from: PeerId, effects: &mut Vec<Effect<P>>) -> Result<(), PacketDrop> {
        let link = self.links.get_mut(&from).ok_or(PacketDrop::NoSession)?;
        if link.outgoing.is_empty() || !link.connected {
            link.progress_ms = now_ms;
        }
        if !link.connected {
            link.connected = true;
            link.hello = None;
            self.transmit_due(now_ms, from, effects);
        }
        Ok(())
    }

    /// Takes what a packet of the present session says.
    fn take(
        &mut self,
        now_ms: u64,
        from: PeerId,
        source: Life,
        body: Body<P>,
        effects: &mut Vec<Effect<P>>,
    ) -> Result<(), PacketDrop> {
        let link = self.links.get_mut(&from).ok_or(PacketDrop::NoSession)?;
        match body {
            Body::Hello | Body::Welcome | Body::Goodbye => {}
            Body::Ack { number } => {
                if link.acknowledge(number) {
                    link.progress_ms = now_ms;
                    self.transmit_due(now_ms, from, effects);
                }
            }
            Body::Data { number, floor, payload } => {
                let within = floor > 0 && number >= floor && number - floor < self.config.window as u64;
                self.rules.require(PacketDrop::Malformed, within)?;
                let new = link.first_sight(number, floor);
                effects.push(self.packet_to(from, Body::Ack { number }));
                self.rules.require(PacketDrop::Duplicate, new)?;
                effects.push(Effect::Deliver { from, life: source, number, floor, payload });
            }
        }
        Ok(())
    }

    /// Hears that the peer's life is over.
    fn part(&mut self, from: PeerId, effects: &mut Vec<Effect<P>>) {
        let Some(link) = self.links.get_mut(&from) else { return };
        if link.is_in_use() && self.rules.believes_goodbye() {
            let lost = link.disconnect();
            tell(&self.rules, from, link.peer, LossReason::Left, lost, effects);
        }
        link.departed = true;
    }

    /// Ends a session from this end: this life towards the peer is over.
    fn end_session(&mut self, peer: PeerId, reason: LossReason, effects: &mut Vec<Effect<P>>) {
        let Some(link) = self.links.get_mut(&peer).filter(|link| link.is_in_use()) else { return };
        let lost = link.disconnect();
        link.session = self.rules.session_after(link.session);
        tell(&self.rules, peer, link.peer, reason, lost, effects);
    }

    /// Transmits to `peer` what is due and fits the window, or says `Hello` first.
    fn transmit_due(&mut self, now_ms: u64, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        let (own, again, max) = (self.life_towards(peer), self.rules.retransmits(), self.config.retransmit_ms_max);
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.outgoing.is_empty() {
            return;
        }
        if !link.connected {
            let (due, interval) = link.hello.unwrap_or((now_ms, self.config.retransmit_ms));
            if due <= now_ms && (again || link.hello.is_none()) {
                link.hello = Some((now_ms + interval, (interval * 2).min(max)));
                effects.push(hello(own, peer));
            }
            return;
        }
        let (floor, dest) = (link.floor(), link.peer);
        let in_window = link.outgoing.iter_mut().take_while(|one| one.number - floor < self.config.window as u64);
        for one in in_window.filter(|one| one.due_ms.is_none_or(|due| again && due <= now_ms)) {
            one.due_ms = Some(now_ms + one.interval_ms);
            one.interval_ms = (one.interval_ms * 2).min(max);
            let body = Body::Data { number: one.number, floor, payload: one.payload.clone() };
            effects.push(Effect::Transmit { to: peer, packet: Packet { source: own, dest, body } });
        }
    }

    /// Asks whether `peer` is there, if something is expected of it and nothing
    /// on its way finds out anyway.
    fn probe_due(&mut self, now_ms: u64, peer: PeerId, effects: &mut Vec<Effect<P>>) {
        let (own, interval) = (self.life_towards(peer), self.config.retransmit_ms_max);
        let Some(link) = self.links.get_mut(&peer).filter(|link| link.expects && link.outgoing.is_empty()) else { return };
        let due = link.hello.map_or(link.progress_ms + interval, |(due, _)| due);
        if due <= now_ms && self.rules.probes() {
            link.hello = Some((now_ms + interval, interval));
            effects.push(hello(own, peer));
        }
    }

    fn next_tick_of(&self, link: &Link<P>) -> Option<u64> {
        if !link.is_waiting() {
            return None;
        }
        let give_up = link.progress_ms.saturating_add(self.config.give_up_ms);
        let due = if link.outgoing.is_empty() {
            Some(link.hello.map_or(link.progress_ms + self.config.retransmit_ms_max, |(due, _)| due))
        } else {
            match link.hello {
                Some((due, _)) if !link.connected => Some(due),
                _ => link.outgoing.iter().take(self.config.window).filter_map(|one| one.due_ms).min(),
            }
        };
        Some(due.map_or(give_up, |due| due.min(give_up)))
    }

    fn packet_to(&self, to: PeerId, body: Body<P>) -> Effect<P> {
        let packet = Packet { source: self.life_towards(to), dest: self.life_of(to), body };
        Effect::Transmit { to, packet }
    }
}

fn hello<P>(own: Life, to: PeerId) -> Effect<P> {
    Effect::Transmit { to, packet: Packet { source: own, dest: Life::UNKNOWN, body: Body::Hello } }
}

fn tell<P>(rules: &impl SessionRules, peer: PeerId, life: Life, reason: LossReason, lost: usize, effects: &mut Vec<Effect<P>>) {
    if rules.tells(reason) {
        effects.push(Effect::Disconnected { peer, life, reason, lost });
    }
}
