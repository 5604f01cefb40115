//! The specification model `session`: two processes that ask each other
//! questions, over a network that may do anything to packets, where either may
//! be killed and started again, stop for good, take the other for gone, or say
//! goodbye.
//!
//! Two networks. In the *retained set* every packet ever sent may arrive at any
//! time, any number of times, or never: loss, duplication, delay and reordering
//! need no actions and no budget. In the *consuming set* a packet arrives once,
//! and losses and duplications are budgets, so that after the last loss
//! everything arrives: without that, retransmission would not be needed for
//! liveness, since fairness alone would deliver.
//!
//! Time stands still: retransmission is always possible, a living peer is taken
//! for gone when the environment says so, and one that is no more is given up
//! sooner or later.

mod claims;
mod mutants;
mod specification;
mod state;

use std::collections::{BTreeMap, BTreeSet};

pub use mutants::{GUARDS, Habit, SeededSession, SessionMutant, catalogue};
pub use state::{Budget, Delivery, Item, Ledger, Letter, Process, Question, Sent, SessionAction, SessionState};

use super::{AnswerDrop, Body, Effect, Endpoint, Exchanges, Life, LossReason, Packet, PacketDrop, PeerId, SessionConfig};
use crate::specification::{BoundError, in_range};

/// What happens to packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Every packet ever sent may arrive, again and again.
    Retained,
    /// A packet arrives once.
    Consuming,
}

impl Network {
    /// Both, by number.
    pub const ALL: [Network; 2] = [Network::Retained, Network::Consuming];
}

/// The specification model `session`.
#[derive(Clone, Debug)]
pub struct SessionWorld {
    rules: SessionMutant,
    budget: Budget,
    network: Network,
}

/// Why a step is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It would change nothing.
    Nothing,
    /// A packet is dropped without any consequence.
    Dropped(PacketDrop),
    /// An answer goes no further.
    NotAnswered(AnswerDrop),
}

pub(crate) fn other(process: u8) -> u8 {
    1 - process
}

fn peer_of(process: u8) -> PeerId {
    PeerId::from(other(process))
}

fn config() -> SessionConfig {
    SessionConfig { retransmit_ms: 0, retransmit_ms_max: 0, give_up_ms: u64::MAX, window: 2, ..SessionConfig::default() }
}

impl SessionWorld {
    /// The instance with this budget.
    ///
    /// # Errors
    /// When a number is too large to be explored, or a retained set is to lose packets.
    pub fn new(rules: SessionMutant, network: Network, budget: Budget) -> Result<Self, BoundError> {
        for (name, value) in Self::named(&budget) {
            let max = match (network, name) {
                (Network::Retained, "losses" | "duplications") => 0,
                (_, "deaths") => 2,
                _ => 4,
            };
            in_range(name, u64::from(value), 0, max)?;
        }
        Ok(SessionWorld { rules, budget, network })
    }

    /// The instance with these bounds: network, questions of either process,
    /// restarts, suspicions, goodbyes, deaths, losses, duplications.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn with_bounds(rules: SessionMutant, bounds: [u64; 9]) -> Result<Self, BoundError> {
        in_range("network", bounds[0], 0, 1)?;
        let names = Self::named(&Budget::default()).map(|(name, _)| name);
        for (name, value) in names.into_iter().zip(&bounds[1..]) {
            in_range(name, *value, 0, 4)?;
        }
        let [network, asks_a, asks_b, restarts, suspicions, leaves, deaths, losses, duplications] =
            bounds.map(|value| value as u8);
        let budget = Budget { asks: [asks_a, asks_b], restarts, suspicions, leaves, deaths, losses, duplications };
        Self::new(rules, Network::ALL[usize::from(network)], budget)
    }

    fn named(budget: &Budget) -> [(&'static str, u8); 8] {
        [
            ("asks-a", budget.asks[0]),
            ("asks-b", budget.asks[1]),
            ("restarts", budget.restarts),
            ("suspicions", budget.suspicions),
            ("leaves", budget.leaves),
            ("deaths", budget.deaths),
            ("losses", budget.losses),
            ("duplications", budget.duplications),
        ]
    }

    fn process(&self, incarnation: u64) -> Process {
        Process {
            endpoint: Endpoint::with_rules(self.rules, incarnation, config()),
            exchanges: Exchanges::with_rules(self.rules),
            asked: BTreeMap::new(),
            alive: true,
        }
    }

    fn initial(&self) -> SessionState {
        let packets = if self.rules.is(Habit::Forgery) {
            let payload = Letter::Request { request: 1, question: u8::MAX };
            let body = Body::Data { number: 1, floor: 1, payload };
            BTreeSet::from([(0, Packet { source: Life::first(1), dest: Life::first(1), body })])
        } else {
            BTreeSet::new()
        };
        let processes = [self.process(1), self.process(1)];
        SessionState { processes, packets, ledger: Ledger::default(), budget: self.budget }
    }

    fn list(&self, state: &SessionState, actions: &mut Vec<SessionAction>) {
        let budget = &state.budget;
        for process in (0..2u8).filter(|process| state.processes[usize::from(*process)].alive) {
            let Process { endpoint, exchanges, asked, .. } = &state.processes[usize::from(process)];
            let peer = peer_of(process);
            let waits = endpoint.outstanding(peer) > 0 || exchanges.expects(peer);
            let peer_alive = state.processes[usize::from(other(process))].alive;
            actions.extend(asked.keys().map(|caller| SessionAction::Answer(process, *caller)));
            let possible = [
                (budget.asks[usize::from(process)] > 0, SessionAction::Ask(process)),
                (waits, SessionAction::Tick(process)),
                (waits && !peer_alive, SessionAction::GiveUp(process)),
                (waits && peer_alive && budget.suspicions > 0, SessionAction::Suspect(process)),
                (endpoint.is_connected(peer) && budget.leaves > 0, SessionAction::Leave(process)),
                (budget.restarts > 0, SessionAction::Restart(process)),
                (budget.deaths > 0, SessionAction::Die(process)),
            ];
            actions.extend(possible.into_iter().filter(|(possible, _)| *possible).map(|(_, action)| action));
        }
        for (source, packet) in &state.packets {
            if state.processes[usize::from(other(*source))].alive {
                actions.push(SessionAction::Arrive(*source, packet.clone()));
                if budget.duplications > 0 {
                    actions.push(SessionAction::Duplicate(*source, packet.clone()));
                }
            }
            if budget.losses > 0 {
                actions.push(SessionAction::Lose(*source, packet.clone()));
            }
        }
    }

    fn take(&self, before: &SessionState, action: &SessionAction) -> Result<SessionState, Refusal> {
        let mut state = before.clone();
        let mut effects = Vec::new();
        let mut refusal = Refusal::Nothing;
        let process = action.process();
        let (index, peer) = (usize::from(process), peer_of(process));
        let outstanding: Vec<Item> =
            state.processes[index].endpoint.outstanding_payloads(peer).map(|letter| letter.item()).collect();
        let Process { endpoint, exchanges, asked, alive } = &mut state.processes[index];
        match action {
            SessionAction::Ask(_) => {
                state.budget.asks[index] -= 1;
                let question = 2 * state.budget.asks[index] + process;
                let (incarnation, restarts, request) =
                    (endpoint.incarnation(), state.ledger.restarts[index], exchanges.ask(peer));
                let put = Question { source: process, restarts, request, answers: 0, losses: 0 };
                state.ledger.questions.insert(question, put);
                let letter = Letter::Request { request, question };
                state.ledger.sent.insert(letter.item(), Sent { source: process, incarnation, restarts, meant: None });
                endpoint.send(0, peer, letter, &mut effects);
            }
            SessionAction::Answer(_, caller) => {
                exchanges.answer(caller).map_err(Refusal::NotAnswered)?;
                let question = asked[caller];
                let earlier = |item: &&Item| item.question == question && item.answer.is_some();
                let copy = state.ledger.sent.keys().filter(earlier).count() as u8;
                let letter = Letter::Answer { request: caller.request, question, copy };
                let (incarnation, restarts) = (endpoint.incarnation(), state.ledger.restarts[index]);
                state.ledger.sent.insert(letter.item(), Sent { source: process, incarnation, restarts, meant: None });
                endpoint.send(0, peer, letter, &mut effects);
            }
            SessionAction::Arrive(source, packet) | SessionAction::Duplicate(source, packet) => {
                if matches!(action, SessionAction::Duplicate(..)) {
                    state.budget.duplications -= 1;
                } else if self.network == Network::Consuming {
                    state.packets.remove(&(*source, packet.clone()));
                }
                // A dropped packet may still have consequences: an answer, or news of a restart.
                if let Err(reason) = endpoint.receive(0, PeerId::from(*source), packet.clone(), &mut effects) {
                    refusal = Refusal::Dropped(reason);
                }
            }
            SessionAction::Lose(source, packet) => {
                state.budget.losses -= 1;
                state.packets.remove(&(*source, packet.clone()));
            }
            SessionAction::Tick(_) => endpoint.tick(0, &mut effects),
            SessionAction::GiveUp(_) => endpoint.give_up(peer, &mut effects),
            SessionAction::Suspect(_) => {
                state.budget.suspicions -= 1;
                endpoint.give_up(peer, &mut effects);
            }
            SessionAction::Leave(_) => {
                state.budget.leaves -= 1;
                endpoint.leave(peer, &mut effects);
            }
            SessionAction::Restart(_) => {
                state.budget.restarts -= 1;
                state.ledger.restarts[index] += 1;
                let next = endpoint.incarnation() + u64::from(!self.rules.is(Habit::IncarnationReused));
                state.processes[index] = self.process(next);
                state.ledger.newest[index] = Life::UNKNOWN;
                state.ledger.parted[index].clear();
            }
            SessionAction::Die(_) => {
                state.budget.deaths -= 1;
                *alive = false;
            }
        }
        self.apply(&mut state, process, effects, &outstanding);
        if state == *before { Err(refusal) } else { Ok(state) }
    }

    /// Carries out what the endpoint asks for.
    fn apply(&self, state: &mut SessionState, process: u8, effects: Vec<Effect<Letter>>, outstanding: &[Item]) {
        let (index, peer) = (usize::from(process), peer_of(process));
        let SessionState { processes, packets, ledger, .. } = state;
        let Process { endpoint, exchanges, asked, .. } = &mut processes[index];
        for effect in effects {
            match effect {
                Effect::Transmit { packet, .. } => {
                    if let Body::Data { payload, .. } = &packet.body
                        && let Some(sent) = ledger.sent.get_mut(&payload.item())
                    {
                        sent.meant = sent.meant.or(Some(packet.dest));
                    }
                    packets.insert((process, packet));
                }
                Effect::Deliver { life, payload, .. } => {
                    ledger.deliver(process, life, endpoint.life_towards(peer), payload.item());
                    match payload {
                        Letter::Request { request, question } => {
                            asked.insert(exchanges.arrived(peer, life, request), question);
                        }
                        Letter::Answer { request, question, .. } => {
                            if exchanges.answered(peer, request).is_ok() {
                                ledger.answered(process, request, question);
                            }
                        }
                    }
                }
                Effect::Disconnected { life, reason, .. } => {
                    ledger.told_lost.extend(outstanding);
                    let parted = reason == LossReason::Left;
                    ledger.newest[index] = ledger.newest[index].max(life);
                    if parted {
                        ledger.parted[index].insert(life);
                    }
                    for request in exchanges.disconnected(peer) {
                        ledger.lost(process, request);
                    }
                }
            }
        }
        let expects = exchanges.expects(peer);
        endpoint.expect(0, peer, expects);
    }
}

impl Ledger {
    fn deliver(&mut self, process: u8, sender: Life, receiver: Life, item: Item) {
        let index = usize::from(process);
        let delivery = Delivery { item, sender, receiver };
        if sender < self.newest[index] {
            self.outdated = Some(delivery);
        }
        if self.parted[index].contains(&sender) {
            self.late = Some(delivery);
        }
        self.newest[index] = self.newest[index].max(sender);
        let position = self.delivered.partition_point(|earlier| *earlier <= delivery);
        self.delivered.insert(position, delivery);
    }

    fn asked(&mut self, process: u8, request: u64) -> Option<(u8, &mut Question)> {
        let restarts = self.restarts[usize::from(process)];
        let is = |asked: &Question| (asked.source, asked.restarts, asked.request) == (process, restarts, request);
        self.questions.iter_mut().find(|(_, asked)| is(asked)).map(|(question, asked)| (*question, asked))
    }

    fn answered(&mut self, process: u8, request: u64, answered: u8) {
        let Some((question, asked)) = self.asked(process, request) else { return };
        asked.answers += 1;
        if question != answered {
            self.mixed_up = Some((question, answered));
        }
    }

    fn lost(&mut self, process: u8, request: u64) {
        if let Some((_, asked)) = self.asked(process, request) {
            asked.losses += 1;
        }
    }
}
