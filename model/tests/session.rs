//! Sessions over channels that lose, duplicate and reorder.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_model::session::{Body, Effect, Endpoint, Life, LossReason, Packet, PacketDrop, SessionConfig};

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
                Effect::Deliver { life: Life { incarnation, .. }, payload, .. } => {
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
    let hello = || Packet { source: Life::first(1), dest: Life::UNKNOWN, body: Body::Hello };
    let mut greet = |now_ms, peer| endpoint.receive(now_ms, peer, hello(), &mut Vec::new());
    for peer in 100..103 {
        assert_eq!(greet(0, peer), Ok(()));
    }
    assert_eq!(greet(1, 103), Err(PacketDrop::TooManyPeers));
    assert_eq!(greet(1, 2), Ok(()), "a node is never refused");
    assert_eq!(greet(15_000, 103), Ok(()));
}

#[test]
fn packets_that_break_the_rules_are_refused() {
    let mut endpoint: Endpoint<u64> = Endpoint::new(2, SessionConfig::default());
    let mut receive = |source: (u64, u32), dest: (u64, u32), body| {
        let life = |(incarnation, session)| Life { incarnation, session };
        endpoint.receive(0, 1, Packet { source: life(source), dest: life(dest), body }, &mut Vec::new())
    };
    let data = |number, floor| Body::Data { number, floor, payload: 0 };
    assert_eq!(receive((1, 1), (2, 1), data(1, 1)), Err(PacketDrop::NoSession));
    assert_eq!(receive((0, 1), (0, 0), Body::Hello), Err(PacketDrop::Malformed));
    assert_eq!(receive((1, 0), (0, 0), Body::Hello), Err(PacketDrop::Malformed));
    assert_eq!(receive((1, 1), (2, 1), Body::Hello), Err(PacketDrop::Malformed));
    assert_eq!(receive((5, 2), (0, 0), Body::Hello), Ok(()));
    assert_eq!(receive((4, 9), (2, 1), data(1, 1)), Err(PacketDrop::OldSender));
    assert_eq!(receive((5, 1), (2, 1), data(1, 1)), Err(PacketDrop::OldSender));
    assert_eq!(receive((5, 2), (1, 9), data(1, 1)), Err(PacketDrop::OldReceiver));
    assert_eq!(receive((5, 2), (2, 2), data(1, 1)), Err(PacketDrop::FutureReceiver));
    assert_eq!(receive((5, 2), (3, 1), data(1, 1)), Err(PacketDrop::FutureReceiver));
    assert_eq!(receive((5, 2), (2, 1), data(0, 0)), Err(PacketDrop::Malformed));
    assert_eq!(receive((5, 2), (2, 1), data(100, 1)), Err(PacketDrop::Malformed));
    assert_eq!(receive((5, 2), (2, 1), data(1, 2)), Err(PacketDrop::Malformed));
    assert_eq!(receive((5, 2), (2, 1), data(1, 1)), Ok(()));
    assert_eq!(receive((5, 2), (2, 1), data(1, 1)), Err(PacketDrop::Duplicate));
    assert_eq!(receive((5, 2), (2, 1), Body::Goodbye), Ok(()));
    assert_eq!(receive((5, 2), (2, 1), data(2, 2)), Err(PacketDrop::Departed));
    assert_eq!(receive((5, 2), (0, 0), Body::Hello), Err(PacketDrop::Departed));
    assert_eq!(receive((5, 3), (0, 0), Body::Hello), Ok(()), "a departed peer may come back in another life");
}

/// Two endpoints with a perfect channel, and what each was told.
struct Talk {
    endpoints: [Endpoint<u64>; 2],
    told: [Vec<LossReason>; 2],
    delivered: [Vec<u64>; 2],
    pile: Vec<(usize, Packet<u64>)>,
}

impl Talk {
    fn new() -> Self {
        let endpoint = || Endpoint::new(1, SessionConfig::default());
        Talk {
            endpoints: [endpoint(), endpoint()],
            told: [Vec::new(), Vec::new()],
            delivered: [Vec::new(), Vec::new()],
            pile: Vec::new(),
        }
    }

    fn act(&mut self, process: usize, act: impl FnOnce(&mut Endpoint<u64>, &mut Vec<Effect<u64>>)) {
        let mut effects = Vec::new();
        act(&mut self.endpoints[process], &mut effects);
        for effect in effects {
            match effect {
                Effect::Transmit { packet, .. } => self.pile.push((process, packet)),
                Effect::Deliver { payload, .. } => self.delivered[process].push(payload),
                Effect::Disconnected { reason, .. } => self.told[process].push(reason),
            }
        }
    }

    fn send(&mut self, now_ms: u64, process: usize, payload: u64) {
        self.act(process, |endpoint, effects| {
            endpoint.send(now_ms, 1 - process as u64, payload, effects);
        });
    }

    /// Until nothing is under way.
    fn settle(&mut self, now_ms: u64) {
        while let Some((source, packet)) = self.pile.pop() {
            self.act(1 - source, |endpoint, effects| {
                let _ = endpoint.receive(now_ms, source as u64, packet, effects);
            });
        }
    }
}

#[test]
fn a_goodbye_is_heard_at_once_and_ends_the_session_for_both() {
    let mut talk = Talk::new();
    talk.send(0, 0, 7);
    talk.settle(0);
    talk.send(1, 1, 8);
    talk.act(0, |endpoint, effects| endpoint.leave_all(effects));
    talk.settle(1);
    assert_eq!(talk.told, [vec![LossReason::Closed], vec![LossReason::Left]]);
    assert_eq!(talk.delivered, [vec![], vec![7]], "8 was still under way, and both know that it is lost");
    // The leaver may come back.
    talk.send(2, 0, 9);
    talk.settle(2);
    assert_eq!(talk.delivered[1], [7, 9]);
    assert_eq!(talk.endpoints[0].life_towards(1), Life { incarnation: 1, session: 2 });
}

#[test]
fn whoever_is_given_up_hears_of_it_afterwards() {
    let mut talk = Talk::new();
    talk.send(0, 0, 1);
    talk.settle(0);
    talk.act(0, |endpoint, effects| endpoint.give_up(1, effects));
    talk.send(1, 1, 2);
    talk.settle(1);
    assert_eq!(talk.told, [vec![LossReason::Gone], vec![LossReason::Reset]]);
    assert!(talk.delivered[0].is_empty(), "2 was sent in a session that was over");
    talk.send(2, 1, 3);
    talk.settle(2);
    assert_eq!(talk.delivered[0], [3]);
    assert_eq!(talk.told[1].len(), 1, "one session, one end");
}

#[test]
fn a_peer_that_owes_an_answer_is_asked_whether_it_is_there() {
    let mut talk = Talk::new();
    talk.send(0, 0, 1);
    talk.settle(0);
    let end = |talk: &Talk| talk.endpoints[0].next_tick_ms();
    assert_eq!(end(&talk), None, "all is acknowledged");
    talk.act(0, |endpoint, _| endpoint.expect(0, 1, true));
    // It is there: as long as it answers, it is waited for.
    for now_ms in (0..60_000).step_by(500) {
        talk.act(0, |endpoint, effects| endpoint.tick(now_ms, effects));
        talk.settle(now_ms);
    }
    assert!(talk.told[0].is_empty());
    // It is gone: that is known five seconds after it was last heard of.
    let mut now_ms = 60_000;
    while talk.told[0].is_empty() {
        now_ms = end(&talk).unwrap().max(now_ms);
        talk.act(0, |endpoint, effects| endpoint.tick(now_ms, effects));
        talk.pile.clear();
        assert!(now_ms < 70_000, "given up in time");
    }
    assert_eq!(talk.told[0], [LossReason::Gone]);
    assert!((64_000..65_001).contains(&now_ms), "{now_ms}");
    assert_eq!(end(&talk), None);
}

#[test]
fn after_a_restart_the_peers_talk_again_without_waiting() {
    let mut talk = Talk::new();
    talk.send(0, 0, 1);
    talk.settle(0);
    talk.endpoints[1] = Endpoint::new(2, SessionConfig::default());
    talk.send(1, 0, 2);
    talk.settle(1);
    assert_eq!(talk.told[0], [LossReason::Restarted]);
    talk.send(2, 0, 3);
    talk.settle(2);
    assert_eq!(talk.delivered[1], [1, 3], "2 was meant for the earlier incarnation");
}

/// A node forgets a client that was silent for long; the client still knows the node.
#[test]
fn a_forgotten_peer_is_met_again() {
    let config = || SessionConfig { peers_max: 1, ..SessionConfig::default() };
    let (mut node, mut client): (Endpoint<u64>, Endpoint<u64>) = (Endpoint::new(1, config()), Endpoint::new(1, config()));
    let talk = |now_ms: u64, node: &mut Endpoint<u64>, client: &mut Endpoint<u64>, payload: u64| {
        let (mut delivered, mut told) = (Vec::new(), 0);
        let mut effects = Vec::new();
        client.send(now_ms, 0, payload, &mut effects);
        let mut pile: Vec<(u64, Effect<u64>)> = effects.into_iter().map(|effect| (100, effect)).collect();
        while let Some((source, effect)) = pile.pop() {
            let mut effects = Vec::new();
            match effect {
                Effect::Transmit { packet, .. } if source == 100 => _ = node.receive(now_ms, 100, packet, &mut effects),
                Effect::Transmit { packet, .. } => _ = client.receive(now_ms, 0, packet, &mut effects),
                Effect::Deliver { payload, .. } => delivered.push(payload),
                Effect::Disconnected { .. } => told += 1,
            }
            pile.extend(effects.into_iter().map(|effect| (100 - source, effect)));
        }
        (delivered, told)
    };
    assert_eq!(talk(0, &mut node, &mut client, 1), (vec![1], 0));
    let hello = || Packet { source: Life::first(1), dest: Life::UNKNOWN, body: Body::Hello };
    assert_eq!(node.receive(20_000, 101, hello(), &mut Vec::new()), Ok(()), "there is room: 100 is forgotten");
    assert!(!node.knows(100));
    assert_eq!(node.receive(40_000, 102, hello(), &mut Vec::new()), Ok(()));
    assert_eq!(node.receive(60_000, 103, hello(), &mut Vec::new()), Ok(()));
    // The first payload ends the old session, the next goes through.
    let (delivered, told) = talk(80_000, &mut node, &mut client, 2);
    assert_eq!((delivered.len(), told), (0, 1));
    assert_eq!(talk(80_001, &mut node, &mut client, 3), (vec![3], 0));
}
