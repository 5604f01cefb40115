//! Requests over channels that lose, duplicate and reorder, in real time: every
//! one is settled, once, by its own answer or by the end of the session.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_model::session::{Caller, Effect, Endpoint, Exchanges, Packet, SessionConfig};

/// A request, or the answer to one: which request of the asker, and what was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Letter {
    Request(u64, u64),
    Answer(u64, u64),
}

#[derive(Clone, Debug)]
enum Event {
    Ask(u8),
    Answer(u8, prop::sample::Index),
    /// Carries the packet at this place of the pile, and takes it away or not.
    Carry(prop::sample::Index, bool),
    Lose(prop::sample::Index),
    Wait(u16),
    Restart(u8),
    Leave(u8),
}

fn any_event() -> impl Strategy<Value = Event> {
    let index = || any::<prop::sample::Index>();
    prop_oneof![
        3 => (0..2u8).prop_map(Event::Ask),
        3 => (0..2u8, index()).prop_map(|(process, index)| Event::Answer(process, index)),
        8 => (index(), prop::bool::weighted(0.8)).prop_map(|(index, once)| Event::Carry(index, once)),
        2 => index().prop_map(Event::Lose),
        2 => (1..2_000u16).prop_map(Event::Wait),
        1 => (0..2u8).prop_map(Event::Restart),
        1 => (0..2u8).prop_map(Event::Leave),
    ]
}

/// What became of a question.
#[derive(Clone, Copy, Debug)]
struct Fate {
    asker: u8,
    incarnation: u64,
    request: u64,
    settled: u32,
}

struct Process {
    endpoint: Endpoint<Letter>,
    exchanges: Exchanges,
    asked: Vec<(Caller, u64)>,
}

impl Process {
    fn new(incarnation: u64) -> Self {
        let config = SessionConfig { window: 4, ..SessionConfig::default() };
        Process { endpoint: Endpoint::new(incarnation, config), exchanges: Exchanges::new(), asked: Vec::new() }
    }
}

struct Pair {
    now_ms: u64,
    processes: [Process; 2],
    pile: Vec<(u8, Packet<Letter>)>,
    fates: BTreeMap<u64, Fate>,
    answered: u32,
    lost: u32,
}

impl Pair {
    fn new() -> Self {
        let processes = [Process::new(1), Process::new(1)];
        Pair { now_ms: 0, processes, pile: Vec::new(), fates: BTreeMap::new(), answered: 0, lost: 0 }
    }

    fn act(&mut self, process: u8, act: impl FnOnce(&mut Endpoint<Letter>, u64, &mut Vec<Effect<Letter>>)) {
        let peer = u64::from(1 - process);
        let Process { endpoint, exchanges, asked } = &mut self.processes[usize::from(process)];
        let mut effects = Vec::new();
        act(endpoint, self.now_ms, &mut effects);
        let incarnation = endpoint.incarnation();
        let mut settle = |request: u64, answered: Option<u64>| {
            let mut asked = self.fates.iter_mut();
            let is = |fate: &Fate| (fate.asker, fate.incarnation, fate.request) == (process, incarnation, request);
            let (question, fate) = asked.find(|(_, fate)| is(fate)).expect("what is settled was asked");
            fate.settled += 1;
            assert_eq!(fate.settled, 1, "question {question} is settled again");
            assert!(answered.is_none_or(|answered| answered == *question), "{answered:?} is no answer to {question}");
        };
        for effect in effects {
            match effect {
                Effect::Transmit { packet, .. } => self.pile.push((process, packet)),
                Effect::Deliver { life, payload: Letter::Request(request, question), .. } => {
                    asked.push((exchanges.arrived(peer, life, request), question));
                }
                Effect::Deliver { payload: Letter::Answer(request, question), .. } => {
                    exchanges.answered(peer, request).expect("nothing crosses into the next session");
                    settle(request, Some(question));
                    self.answered += 1;
                }
                Effect::Disconnected { .. } => {
                    for request in exchanges.disconnected(peer) {
                        settle(request, None);
                        self.lost += 1;
                    }
                }
            }
        }
        let expects = exchanges.expects(peer);
        endpoint.expect(self.now_ms, peer, expects);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ask(process) => {
                let Process { endpoint, exchanges, .. } = &mut self.processes[usize::from(process)];
                let (question, request) = (self.fates.len() as u64, exchanges.ask(u64::from(1 - process)));
                let fate = Fate { asker: process, incarnation: endpoint.incarnation(), request, settled: 0 };
                self.fates.insert(question, fate);
                self.act(process, |endpoint, now_ms, effects| {
                    endpoint.send(now_ms, u64::from(1 - process), Letter::Request(request, question), effects);
                });
            }
            Event::Answer(process, index) => {
                let Process { exchanges, asked, .. } = &mut self.processes[usize::from(process)];
                if asked.is_empty() {
                    return;
                }
                // Sometimes late, sometimes twice: the book says whether it goes out.
                let (caller, question) = asked[index.index(asked.len())];
                if exchanges.answer(&caller).is_ok() {
                    self.act(process, |endpoint, now_ms, effects| {
                        endpoint.send(now_ms, u64::from(1 - process), Letter::Answer(caller.request, question), effects);
                    });
                }
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
                self.act(0, Endpoint::tick);
                self.act(1, Endpoint::tick);
            }
            Event::Restart(process) => {
                let next = self.processes[usize::from(process)].endpoint.incarnation() + 1;
                self.processes[usize::from(process)] = Process::new(next);
            }
            Event::Leave(process) => {
                self.act(process, |endpoint, _, effects| endpoint.leave_all(effects));
            }
        }
    }

    fn carry(&mut self, source: u8, packet: Packet<Letter>) {
        self.act(1 - source, |endpoint, now_ms, effects| {
            let _ = endpoint.receive(now_ms, u64::from(source), packet, effects);
        });
    }

    /// The channel behaves from now on, one packet of two getting through, and
    /// everybody answers what he was asked.
    fn settle(&mut self) {
        let mut through = false;
        for _ in 0..200 {
            self.happen(Event::Wait(100));
            for process in 0..2u8 {
                let callers: Vec<(Caller, u64)> = self.processes[usize::from(process)].asked.clone();
                for (caller, question) in callers {
                    if self.processes[usize::from(process)].exchanges.answer(&caller).is_ok() {
                        self.act(process, |endpoint, now_ms, effects| {
                            endpoint.send(now_ms, u64::from(1 - process), Letter::Answer(caller.request, question), effects);
                        });
                    }
                }
            }
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
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_settled_once(events in proptest::collection::vec(any_event(), 1..150), all_lost: bool) {
        let mut pair = Pair::new();
        for event in events {
            pair.happen(event);
        }
        if all_lost {
            // What is under way would tell of restarts; without it, who waits has to find out.
            pair.pile.clear();
        }
        pair.settle();
        for (question, fate) in &pair.fates {
            let lives = pair.processes[usize::from(fate.asker)].endpoint.incarnation() == fate.incarnation;
            prop_assert!(!lives || fate.settled == 1, "question {} is not settled: {:?}", question, fate);
        }
        for (process, one) in pair.processes.iter().enumerate() {
            prop_assert!(!one.exchanges.expects(1 - process as u64));
            prop_assert_eq!(one.endpoint.next_tick_ms(), None, "nobody waits for anything");
        }
    }
}

#[test]
fn an_asker_whose_peer_dies_after_taking_the_request_is_told() {
    let mut pair = Pair::new();
    pair.happen(Event::Ask(0));
    while let Some((source, packet)) = pair.pile.pop() {
        pair.carry(source, packet);
    }
    assert_eq!(pair.processes[0].endpoint.outstanding(1), 0, "the request is acknowledged");
    for _ in 0..7 {
        pair.happen(Event::Wait(1_000));
        pair.pile.clear();
    }
    assert_eq!((pair.answered, pair.lost), (0, 1));
}
