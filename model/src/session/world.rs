//! Two endpoints under the harshest network: every packet ever sent may arrive
//! at any time, any number of times, or never, and either process may be killed
//! and started again.
//!
//! Time stands still: what is retransmitted is in the network already, so that
//! retransmission is no step, and a peer is declared gone when the environment
//! says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stateright::Model;

use super::endpoint::{Effect, Endpoint, SessionConfig};
use super::packet::{Body, Incarnation, Packet, PeerId};
use crate::property::{Property, Verdict};
use crate::specification::{Bound, BoundError, BoundKind, ClassId, Specification, in_range};

/// Something wrong around the endpoints, for checks that must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionFlaw {
    /// The incarnation is not durable: a restart repeats it.
    IncarnationReused,
    /// What was received is forgotten after the first delivery.
    ReceivedForgotten,
    /// Nobody hears of a disconnect.
    DisconnectSilent,
    /// Somebody else can write packets.
    Forgery,
    /// A packet for an older incarnation of the receiver is taken.
    OldReceiverTaken,
    /// A packet of an older incarnation of the sender is taken for one of the newest.
    OldSenderTaken,
    /// A payload is acknowledged and not delivered.
    AcknowledgedAndDropped,
}

/// The specification model `session`: two peers.
#[derive(Clone, Debug)]
pub struct SessionWorld {
    /// How many payloads each of the two may send.
    pub sends: [u8; 2],
    /// How often a process may be killed, in all.
    pub restarts: u8,
    /// How often a peer may be declared gone, in all.
    pub give_ups: u8,
    /// What is wrong, if anything.
    pub flaw: Option<SessionFlaw>,
}

/// A payload with the process that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SentPayload {
    /// The sender.
    pub source: u8,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// What was sent; no two are equal.
    pub payload: u8,
}

/// One delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Delivery {
    /// What, and from whom.
    pub sent: SentPayload,
    /// Which incarnation of the other process took it.
    pub receiver: Incarnation,
}

/// A state of [`SessionWorld`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionState {
    /// The two processes.
    pub endpoints: [Endpoint<u8>; 2],
    /// Every packet ever sent, with its sender.
    pub packets: BTreeSet<(u8, Packet<u8>)>,
    /// Ghost: what was sent.
    pub sent: BTreeSet<SentPayload>,
    /// Ghost: what was delivered, sorted, with repetitions.
    pub delivered: Vec<Delivery>,
    /// Ghost: what was outstanding when its sender heard of a disconnect.
    pub told_lost: BTreeSet<SentPayload>,
    /// Ghost: a delivery that came after one of a newer incarnation of its sender.
    pub outdated: Option<Delivery>,
    /// Payloads that each may still send.
    pub sends_left: [u8; 2],
    /// Restarts left.
    pub restarts_left: u8,
    /// Suspicions left.
    pub give_ups_left: u8,
}

/// A step of [`SessionWorld`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionAction {
    /// A process sends its next payload to the other.
    Send(u8),
    /// A packet of this process arrives at the other.
    Arrive(u8, Packet<u8>),
    /// A process declares the other gone.
    GiveUp(u8),
    /// A process is killed and started again.
    Restart(u8),
}

fn other(process: u8) -> u8 {
    1 - process
}

fn config() -> SessionConfig {
    SessionConfig { retransmit_ms: 0, retransmit_ms_max: 0, give_up_ms: u64::MAX, window: 2, ..SessionConfig::default() }
}

/// More payloads have no numbers.
const SENDS_MAX: u64 = 60;

impl SessionWorld {
    /// The world with this flaw, if any. The bounds are payloads of each of the
    /// two, restarts, and suspicions.
    pub fn new(bounds: [u64; 4], flaw: Option<SessionFlaw>) -> Result<Self, BoundError> {
        let [sends_a, sends_b, restarts, give_ups] = bounds;
        in_range("sends-a", sends_a, 0, SENDS_MAX)?;
        in_range("sends-b", sends_b, 0, SENDS_MAX)?;
        in_range("restarts", restarts, 0, 100)?;
        in_range("give-ups", give_ups, 0, 100)?;
        Ok(SessionWorld { sends: [sends_a as u8, sends_b as u8], restarts: restarts as u8, give_ups: give_ups as u8, flaw })
    }

    /// A packet as a receiver with this flaw understands it.
    fn understood(&self, packet: &Packet<u8>, source: Incarnation, receiver: Incarnation) -> Packet<u8> {
        let mut packet = packet.clone();
        match self.flaw {
            Some(SessionFlaw::OldReceiverTaken) if packet.body != Body::Hello => packet.dest_incarnation = receiver,
            Some(SessionFlaw::OldSenderTaken) => packet.source_incarnation = source,
            _ => {}
        }
        packet
    }

    fn forged(&self) -> BTreeSet<(u8, Packet<u8>)> {
        let body = Body::Data { number: 1, floor: 1, payload: u8::MAX };
        let packet = Packet { source_incarnation: 1, dest_incarnation: 1, body };
        if self.flaw == Some(SessionFlaw::Forgery) { BTreeSet::from([(0, packet)]) } else { BTreeSet::new() }
    }

    fn apply(&self, state: &mut SessionState, process: u8, effects: Vec<Effect<u8>>, before: Vec<u8>) {
        let incarnation = state.endpoints[usize::from(process)].incarnation();
        for effect in effects {
            match effect {
                Effect::Transmit { packet, .. } => {
                    state.packets.insert((process, packet));
                }
                Effect::Deliver { .. } if self.flaw == Some(SessionFlaw::AcknowledgedAndDropped) => {}
                Effect::Deliver { incarnation: source_incarnation, payload, .. } => {
                    let sent = SentPayload { source: other(process), incarnation: source_incarnation, payload };
                    let delivery = Delivery { sent, receiver: incarnation };
                    let newer = |earlier: &Delivery| {
                        earlier.receiver == incarnation
                            && earlier.sent.source == sent.source
                            && earlier.sent.incarnation > source_incarnation
                    };
                    if state.delivered.iter().any(newer) {
                        state.outdated = Some(delivery);
                    }
                    let position = state.delivered.partition_point(|earlier| *earlier <= delivery);
                    state.delivered.insert(position, delivery);
                    if self.flaw == Some(SessionFlaw::ReceivedForgotten) && state.delivered.len() == 1 {
                        state.endpoints[usize::from(process)].forget(PeerId::from(other(process)));
                    }
                }
                Effect::Disconnected { .. } if self.flaw == Some(SessionFlaw::DisconnectSilent) => {}
                Effect::Disconnected { .. } => {
                    let lost = before.iter().map(|payload| SentPayload { source: process, incarnation, payload: *payload });
                    state.told_lost.extend(lost);
                }
            }
        }
    }
}

impl Model for SessionWorld {
    type State = SessionState;
    type Action = SessionAction;

    fn init_states(&self) -> Vec<SessionState> {
        vec![SessionState {
            endpoints: [Endpoint::new(1, config()), Endpoint::new(1, config())],
            packets: self.forged(),
            sent: BTreeSet::new(),
            delivered: Vec::new(),
            told_lost: BTreeSet::new(),
            outdated: None,
            sends_left: self.sends,
            restarts_left: self.restarts,
            give_ups_left: self.give_ups,
        }]
    }

    fn actions(&self, state: &SessionState, actions: &mut Vec<SessionAction>) {
        for process in 0..2 {
            if state.sends_left[usize::from(process)] > 0 {
                actions.push(SessionAction::Send(process));
            }
            let waits = state.endpoints[usize::from(process)].outstanding(PeerId::from(other(process))) > 0;
            if waits && state.give_ups_left > 0 {
                actions.push(SessionAction::GiveUp(process));
            }
            if state.restarts_left > 0 {
                actions.push(SessionAction::Restart(process));
            }
        }
        actions.extend(state.packets.iter().map(|(process, packet)| SessionAction::Arrive(*process, packet.clone())));
    }

    fn next_state(&self, before: &SessionState, action: SessionAction) -> Option<SessionState> {
        let mut state = before.clone();
        let mut effects = Vec::new();
        let process = match &action {
            SessionAction::Arrive(source, _) => other(*source),
            SessionAction::Send(process) | SessionAction::GiveUp(process) | SessionAction::Restart(process) => *process,
        };
        let (index, peer) = (usize::from(process), PeerId::from(other(process)));
        let outstanding = state.endpoints[index].outstanding_payloads(peer).copied().collect();
        let sender = state.endpoints[usize::from(other(process))].incarnation();
        let endpoint = &mut state.endpoints[index];
        match action {
            SessionAction::Send(_) => {
                state.sends_left[index] -= 1;
                let payload = 2 * state.sends_left[index] + process;
                state.sent.insert(SentPayload { source: process, incarnation: endpoint.incarnation(), payload });
                endpoint.send(0, peer, payload, &mut effects);
            }
            SessionAction::Arrive(source, packet) => {
                // A dropped packet may still have consequences: an answer, or news of a restart.
                let packet = self.understood(&packet, sender, endpoint.incarnation());
                let _ = endpoint.receive(0, PeerId::from(source), packet, &mut effects);
            }
            SessionAction::GiveUp(_) => {
                state.give_ups_left -= 1;
                endpoint.give_up(peer, &mut effects);
            }
            SessionAction::Restart(_) => {
                state.restarts_left -= 1;
                let next = endpoint.incarnation() + u64::from(self.flaw != Some(SessionFlaw::IncarnationReused));
                *endpoint = Endpoint::new(next, config());
            }
        }
        self.apply(&mut state, process, effects, outstanding);
        (state != *before).then_some(state)
    }
}

impl Specification for SessionWorld {
    fn name(&self) -> String {
        String::from("session")
    }

    fn bounds(&self) -> Vec<Bound> {
        let budget = |name, value: u8| Bound { name, value: u64::from(value), kind: BoundKind::Budget };
        vec![
            budget("sends-a", self.sends[0]),
            budget("sends-b", self.sends[1]),
            budget("restarts", self.restarts),
            budget("give-ups", self.give_ups),
        ]
    }

    fn action_classes(&self) -> Vec<&'static str> {
        vec!["Send", "Arrive", "GiveUp", "Restart"]
    }

    fn class_of(&self, action: &SessionAction) -> ClassId {
        ClassId(match action {
            SessionAction::Send(_) => 0,
            SessionAction::Arrive(..) => 1,
            SessionAction::GiveUp(_) => 2,
            SessionAction::Restart(_) => 3,
        })
    }

    fn lanes(&self) -> Vec<String> {
        vec![String::from("a"), String::from("b")]
    }

    fn claims(&self) -> Vec<Property<Self>> {
        vec![
            Property::invariant(
                "DeliveredAtMostOnce",
                "ours",
                "no payload is delivered twice, whoever was restarted",
                |_: &Self, state: &SessionState| delivered_at_most_once(state),
            ),
            Property::invariant(
                "DeliveredWasSent",
                "ours",
                "what is delivered in the name of an incarnation was sent by it",
                |_: &Self, state: &SessionState| delivered_was_sent(state),
            ),
            Property::invariant(
                "NothingOutdated",
                "ours",
                "after a delivery of an incarnation nothing of an older one is delivered",
                |_: &Self, state: &SessionState| match state.outdated {
                    None => Ok(()),
                    Some(delivery) => Err(format!("{delivery:?} came after something newer")),
                },
            ),
            Property::invariant(
                "LossIsTold",
                "ours",
                "a payload of a living process is delivered, outstanding, or its sender heard of a disconnect",
                |_: &Self, state: &SessionState| loss_is_told(state),
            ),
            Property::reachable(
                "EverythingIsDelivered",
                "ours",
                "all payloads can arrive",
                |world: &Self, state: &SessionState| state.delivered.len() == usize::from(world.sends[0] + world.sends[1]),
            ),
        ]
    }
}

fn delivered_at_most_once(state: &SessionState) -> Verdict {
    for (position, first) in state.delivered.iter().enumerate() {
        if let Some(second) = state.delivered[position + 1..].iter().find(|second| second.sent == first.sent) {
            return Err(format!("{:?} was delivered to incarnations {} and {}", first.sent, first.receiver, second.receiver));
        }
    }
    Ok(())
}

fn delivered_was_sent(state: &SessionState) -> Verdict {
    match state.delivered.iter().find(|delivery| !state.sent.contains(&delivery.sent)) {
        None => Ok(()),
        Some(delivery) => Err(format!("{delivery:?} was never sent")),
    }
}

fn loss_is_told(state: &SessionState) -> Verdict {
    for sent in &state.sent {
        let endpoint = &state.endpoints[usize::from(sent.source)];
        let accounted = endpoint.incarnation() != sent.incarnation
            || endpoint.outstanding_payloads(PeerId::from(other(sent.source))).any(|payload| *payload == sent.payload)
            || state.delivered.iter().any(|delivery| delivery.sent == *sent)
            || state.told_lost.contains(sent);
        if !accounted {
            return Err(format!("{sent:?} is lost, and its sender does not know"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::property::Check;

    /// Breadth-first search with whole states, not beyond a violation: how many
    /// there are, and which properties die.
    fn explore(world: &SessionWorld) -> (usize, BTreeSet<&'static str>) {
        let claims = world.claims();
        let mut seen: BTreeSet<SessionState> = world.init_states().into_iter().collect();
        let mut queue: VecDeque<SessionState> = seen.iter().cloned().collect();
        let (mut dead, mut reached) = (BTreeSet::new(), false);
        while let Some(state) = queue.pop_front() {
            assert!(world.flaw.is_some() || retransmission_adds_nothing(&state));
            let mut violated = false;
            for claim in &claims {
                match claim.check {
                    Check::Invariant(holds) if holds(world, &state).is_err() => {
                        violated = true;
                        dead.insert(claim.name);
                    }
                    Check::Reachable(holds) => reached |= holds(world, &state),
                    _ => {}
                }
            }
            let mut actions = Vec::new();
            if !violated {
                world.actions(&state, &mut actions);
            }
            for next in actions.into_iter().filter_map(|action| world.next_state(&state, action)) {
                if seen.insert(next.clone()) {
                    queue.push_back(next);
                }
            }
        }
        assert!(reached || world.flaw.is_some(), "everything can be delivered");
        (seen.len(), dead)
    }

    fn retransmission_adds_nothing(state: &SessionState) -> bool {
        (0..2u8).all(|process| {
            let mut effects = Vec::new();
            state.endpoints[usize::from(process)].clone().tick(0, &mut effects);
            effects.into_iter().all(|effect| match effect {
                Effect::Transmit { packet, .. } => state.packets.contains(&(process, packet)),
                Effect::Deliver { .. } | Effect::Disconnected { .. } => false,
            })
        })
    }

    #[test]
    fn the_contract_holds() {
        for (sends, restarts, give_ups, expected) in [([1, 1], 1, 1, 2_096), ([2, 0], 1, 1, 761), ([2, 1], 1, 1, 16_253)] {
            let (states, dead) = explore(&SessionWorld { sends, restarts, give_ups, flaw: None });
            assert_eq!((states, dead), (expected, BTreeSet::new()), "{sends:?} {restarts} {give_ups}");
        }
    }

    #[test]
    fn every_claim_can_die() {
        let dies = |sends, restarts, give_ups, flaw| explore(&SessionWorld { sends, restarts, give_ups, flaw: Some(flaw) }).1;
        assert!(dies([1, 0], 1, 0, SessionFlaw::IncarnationReused).contains("DeliveredAtMostOnce"));
        assert!(dies([2, 0], 1, 0, SessionFlaw::ReceivedForgotten).contains("NothingOutdated"));
        assert!(dies([1, 0], 0, 1, SessionFlaw::DisconnectSilent).contains("LossIsTold"));
        assert!(dies([1, 0], 0, 0, SessionFlaw::Forgery).contains("DeliveredWasSent"));
        assert!(dies([1, 0], 1, 0, SessionFlaw::OldReceiverTaken).contains("DeliveredAtMostOnce"));
        assert!(dies([1, 0], 0, 0, SessionFlaw::AcknowledgedAndDropped).contains("LossIsTold"));
        assert!(dies([1, 1], 1, 0, SessionFlaw::OldSenderTaken).contains("DeliveredWasSent"));
    }
}
