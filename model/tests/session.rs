//! Sessions over channels that lose, duplicate and reorder.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_model::session::{Effect, Endpoint, Packet, PacketDrop, SessionConfig};

/// What the channel does with each packet it is asked to carry, and what else happens.
#[derive(Clone, Debug)]
enum Event {
    Send(u8),
    /// Carries the packet at this place of the pile, and takes it away or not.
    Carry(prop::sample::Index, bool),
    Lose(prop::sample::Index),
    Wait(u16),
    Restart(u8),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..2u8).prop_map(Event::Send),
        6 => (any::<prop::sample::Index>(), prop::bool::weighted(0.8)).prop_map(|(index, once)| Event::Carry(index, once)),
        2 => any::<prop::sample::Index>().prop_map(Event::Lose),
        2 => (1..400u16).prop_map(Event::Wait),
        1 => (0..2u8).prop_map(Event::Restart),
    ]
}

struct Pair {
    now_ms: u64,
    endpoints: [Endpoint<u64>; 2],
    pile: Vec<(u8, Packet<u64>)>,
    sent: BTreeMap<u64, (u8, u64)>,
    delivered: BTreeSet<u64>,
    told_lost: BTreeSet<u64>,
    newest: [u64; 2],
}

impl Pair {
    fn new() -> Self {
        let endpoint = || Endpoint::new(1, SessionConfig { window: 4, ..SessionConfig::default() });
        Pair {
            now_ms: 0,
            endpoints: [endpoint(), endpoint()],
            pile: Vec::new(),
            sent: BTreeMap::new(),
            delivered: BTreeSet::new(),
            told_lost: BTreeSet::new(),
            newest: [0; 2],
        }
    }

    fn act(&mut self, process: u8, act: impl FnOnce(&mut Endpoint<u64>, u64, &mut Vec<Effect<u64>>)) {
        let endpoint = &mut self.endpoints[usize::from(process)];
        let outstanding: Vec<u64> = endpoint.outstanding_payloads(u64::from(1 - process)).copied().collect();
        let mut effects = Vec::new();
        act(endpoint, self.now_ms, &mut effects);
        for effect in effects {
            match effect {
                Effect::Transmit { packet, .. } => self.pile.push((process, packet)),
                Effect::Deliver { incarnation, payload, .. } => {
                    assert!(self.delivered.insert(payload), "payload {payload} was delivered twice");
                    assert_eq!(self.sent.get(&payload), Some(&(1 - process, incarnation)), "payload {payload}");
                    assert!(incarnation >= self.newest[usize::from(process)], "payload {payload} is outdated");
                    self.newest[usize::from(process)] = incarnation;
                }
                Effect::Disconnected { .. } => self.told_lost.extend(&outstanding),
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Send(process) => {
                let payload = self.sent.len() as u64;
                let incarnation = self.endpoints[usize::from(process)].incarnation();
                self.sent.insert(payload, (process, incarnation));
                self.act(process, |endpoint, now_ms, effects| {
                    endpoint.send(now_ms, u64::from(1 - process), payload, effects);
                });
            }
            Event::Carry(index, once) if !self.pile.is_empty() => {
                let position = index.index(self.pile.len());
                let (source, packet) = if once { self.pile.swap_remove(position) } else { self.pile[position].clone() };
                self.carry(source, packet);
            }
            Event::Lose(index) if !self.pile.is_empty() => {
                let position = index.index(self.pile.len());
                self.pile.swap_remove(position);
            }
            Event::Carry(..) | Event::Lose(_) => {}
            Event::Wait(ms) => {
                self.now_ms += u64::from(ms);
                for process in 0..2 {
                    self.act(process, Endpoint::tick);
                }
            }
            Event::Restart(process) => {
                let endpoint = &mut self.endpoints[usize::from(process)];
                *endpoint = Endpoint::new(endpoint.incarnation() + 1, SessionConfig { window: 4, ..SessionConfig::default() });
                self.newest[usize::from(process)] = 0;
            }
        }
    }

    fn carry(&mut self, source: u8, packet: Packet<u64>) {
        self.act(1 - source, |endpoint, now_ms, effects| {
            let _ = endpoint.receive(now_ms, u64::from(source), packet, effects);
        });
    }

    /// The channel behaves from now on, one packet of two getting through.
    fn settle(&mut self) {
        let mut through = false;
        for _ in 0..200 {
            self.happen(Event::Wait(100));
            for (source, packet) in std::mem::take(&mut self.pile) {
                through = !through;
                if through {
                    self.carry(source, packet);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn at_most_once_and_lost_only_if_told(events in proptest::collection::vec(any_event(), 1..150)) {
        let mut pair = Pair::new();
        for event in events {
            pair.happen(event);
        }
        pair.settle();
        for (payload, (process, incarnation)) in &pair.sent {
            let endpoint = &pair.endpoints[usize::from(*process)];
            let alive = endpoint.incarnation() == *incarnation;
            let settled = pair.delivered.contains(payload) || pair.told_lost.contains(payload);
            prop_assert!(!alive || settled, "payload {payload} of {process} is neither delivered nor told lost");
            prop_assert_eq!(endpoint.outstanding(u64::from(1 - *process)), 0);
        }
    }
}

#[test]
fn without_faults_everything_arrives_through_a_small_window() {
    let mut pair = Pair::new();
    for _ in 0..50 {
        pair.happen(Event::Send(0));
    }
    while let Some((source, packet)) = pair.pile.pop() {
        pair.carry(source, packet);
    }
    assert_eq!(pair.delivered.len(), 50);
    assert_eq!(pair.endpoints[0].next_tick_ms(), None);
}

#[test]
fn a_silent_peer_is_declared_gone_once_and_met_again() {
    let mut pair = Pair::new();
    pair.happen(Event::Send(0));
    for _ in 0..60 {
        pair.pile.clear();
        pair.happen(Event::Wait(100));
    }
    assert_eq!(pair.told_lost, BTreeSet::from([0]));
    pair.happen(Event::Send(0));
    pair.settle();
    assert_eq!(pair.delivered, BTreeSet::from([1]));
}

#[test]
fn a_full_queue_disconnects_instead_of_growing() {
    let mut endpoint = Endpoint::new(1, SessionConfig { queue_max: 10, ..SessionConfig::default() });
    let mut effects = Vec::new();
    for payload in 0..25 {
        endpoint.send(0, 1, payload, &mut effects);
        assert!(endpoint.outstanding(1) <= 10);
    }
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Disconnected { lost: 10, .. })).count(), 2);
}

#[test]
fn strangers_are_bounded_and_forgotten_after_a_long_silence() {
    let mut endpoint: Endpoint<u64> = Endpoint::new(1, SessionConfig { peers_max: 3, ..SessionConfig::default() });
    let hello = || Packet { source_incarnation: 1, dest_incarnation: 0, body: quorate_model::session::Body::Hello };
    let mut greet = |now_ms, peer| endpoint.receive(now_ms, peer, hello(), &mut Vec::new());
    for peer in 100..103 {
        assert_eq!(greet(0, peer), Ok(()));
    }
    assert_eq!(greet(1, 103), Err(PacketDrop::TooManyPeers));
    assert_eq!(greet(1, 2), Ok(()), "a node is never refused");
    assert_eq!(greet(60_000, 103), Ok(()));
}

#[test]
fn packets_that_break_the_rules_are_refused() {
    use quorate_model::session::Body;
    let mut endpoint: Endpoint<u64> = Endpoint::new(2, SessionConfig::default());
    let mut receive = |source_incarnation, dest_incarnation, body| {
        endpoint.receive(0, 1, Packet { source_incarnation, dest_incarnation, body }, &mut Vec::new())
    };
    let data = |number, floor| Body::Data { number, floor, payload: 0 };
    assert_eq!(receive(1, 2, data(1, 1)), Err(PacketDrop::NoSession));
    assert_eq!(receive(0, 0, Body::Hello), Err(PacketDrop::Malformed));
    assert_eq!(receive(1, 2, Body::Hello), Err(PacketDrop::Malformed));
    assert_eq!(receive(5, 0, Body::Hello), Ok(()));
    assert_eq!(receive(4, 2, data(1, 1)), Err(PacketDrop::OldSender));
    assert_eq!(receive(5, 1, data(1, 1)), Err(PacketDrop::OldReceiver));
    assert_eq!(receive(5, 3, data(1, 1)), Err(PacketDrop::FutureReceiver));
    assert_eq!(receive(5, 2, data(0, 0)), Err(PacketDrop::Malformed));
    assert_eq!(receive(5, 2, data(100, 1)), Err(PacketDrop::Malformed));
    assert_eq!(receive(5, 2, data(1, 2)), Err(PacketDrop::Malformed));
    assert_eq!(receive(5, 2, data(1, 1)), Ok(()));
    assert_eq!(receive(5, 2, data(1, 1)), Err(PacketDrop::Duplicate));
}
