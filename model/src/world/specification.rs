//! A world as the engines and the traces see it.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use smallvec::SmallVec;
use stateright::Model;
use stateright::actor::{Actor, Out};

use super::action::WorldAction;
use super::environment::{ActionOf, Environment, StateOf};
use super::explorer::WorldExplorer;
use super::faults::fault_text;
use super::keys;
use super::links::Outage;
use super::network::Network;
use super::state::{Slot, WorldState};
use super::world::World;
use crate::coordination::Envelope;
use crate::coordinator::{actor_id, node_id};
use crate::explorer::{Explorer, Identity, Parts};
use crate::node_set::NodeId;
use crate::property::Property;
use crate::specification::{Bound, ClassId, Fairness, GuardId, Specification, StepView};

impl<A, E> Model for World<A, E>
where
    A: Actor + Send + Sync,
    A::Msg: Ord,
    A::Timer: Ord,
    E: Environment<A>,
{
    type State = StateOf<A, E>;
    type Action = ActionOf<A>;

    fn init_states(&self) -> Vec<Self::State> {
        let ledger = self.environment.open_ledger();
        let mut first = WorldState { nodes: SmallVec::new(), network: Network::default(), outage: Outage::default(), ledger };
        for node in (0..self.nodes).map(NodeId::from_index) {
            let mut out = Out::new();
            let state = self.actor.on_start(actor_id(node), &None, &mut out);
            let happening = Self::interpret(Slot { state, disk: None, timers: Default::default() }, out);
            self.post(&mut first, node, &happening.sent);
            first.nodes.push(Arc::new(happening.slot));
        }
        self.forget_obsolete(&first.nodes, &mut first.network);
        vec![self.environment.prepare(self, first)]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        for Envelope { source, dest, message } in state.network.iter().filter(|e| state.outage.passes(e.source, e.dest)) {
            actions.push(WorldAction::Deliver { source: *source, dest: *dest, message: message.clone() });
        }
        actions.extend(self.list_timeouts(state));
        self.list_faults(state, actions);
        self.list_requests(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.take(state, &action).ok()
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.environment.within_bounds(state)
    }

    fn format_action(&self, action: &Self::Action) -> String {
        let environment = &self.environment;
        let words = |message: &A::Msg| {
            let kind = environment.message_kinds()[environment.message_kind(message)];
            let text = environment.message_text(message);
            if text.is_empty() { kind.to_owned() } else { format!("{kind} ({text})") }
        };
        match action {
            WorldAction::Deliver { source, dest, message } => format!("{dest} receives from {source}: {}", words(message)),
            WorldAction::Timeout { node, timer } => {
                format!("{node}: timer {} fires", environment.timer_kinds()[environment.timer_kind(timer)])
            }
            WorldAction::Request { node, message, .. } => format!("client asks {node}: {}", words(message)),
            fault => fault_text(fault, words).expect("the others have words above"),
        }
    }
}

impl<A, E> Specification for World<A, E>
where
    A: Actor + Send + Sync,
    A::State: Eq + Send + Sync + Serialize + DeserializeOwned,
    A::Msg: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Timer: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Storage: Eq + Send + Sync + Serialize + DeserializeOwned,
    E: Environment<A>,
{
    fn name(&self) -> String {
        self.environment.name()
    }

    fn bounds(&self) -> Vec<Bound> {
        self.environment.bounds()
    }

    fn guards(&self) -> Vec<&'static str> {
        self.environment.refusals()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        let environment = &self.environment;
        let faults = environment.faults().iter().map(|fault| fault.name());
        environment.message_kinds().into_iter().chain(environment.timer_kinds()).chain(faults).collect()
    }

    fn class_of(&self, action: &Self::Action) -> ClassId {
        let environment = &self.environment;
        let messages = environment.message_kinds().len();
        ClassId(match action {
            WorldAction::Deliver { message, .. } | WorldAction::Request { message, .. } => environment.message_kind(message),
            WorldAction::Timeout { timer, .. } => messages + environment.timer_kind(timer),
            fault => {
                let listed = environment.faults().iter().position(|kind| fault.fault() == Some(*kind));
                messages + environment.timer_kinds().len() + listed.expect("a world takes only the faults that it has")
            }
        } as u16)
    }

    fn step(&self, state: &Self::State, action: &Self::Action) -> Result<Self::State, GuardId> {
        self.take(state, action)
    }

    fn fairness(&self, action: &Self::Action) -> Fairness {
        self.environment.fairness(action)
    }

    fn recovery_step(&self, state: &Self::State) -> Option<Self::Action> {
        self.environment.recovery_step(self, state)
    }

    fn allowed_in_recovery(&self, state: &Self::State, action: &Self::Action) -> bool {
        self.environment.allowed_in_recovery(state, action)
    }

    fn within_headroom(&self, state: &Self::State) -> bool {
        self.environment.within_headroom(state)
    }

    fn interchangeable_nodes(&self) -> usize {
        if self.environment.is_symmetric() { self.nodes } else { 0 }
    }

    fn node_key(&self, state: &Self::State, node: usize) -> u64 {
        let (environment, node) = (&self.environment, NodeId::from_index(node));
        let mut key = keys::NodeKey::of(environment.node_key(&state.nodes[node.index()], node), &state.outage, node);
        for (_, slot) in state.nodes.iter().enumerate().filter(|(other, _)| *other != node.index()) {
            key.regarded(environment.regard_key(slot, node));
        }
        for e in state.network.copies().filter(|e| e.source == node || e.dest == node) {
            key.messages = key.messages.wrapping_add(keys::of_envelope(e, environment.message_key(&e.message), node));
        }
        key.ledger = environment.ledger_key(&state.ledger, node);
        key.finish()
    }

    fn permuted(&self, state: &Self::State, permutation: &[u8]) -> Self::State {
        if permutation.iter().enumerate().all(|(index, to)| index == usize::from(*to)) {
            return state.clone();
        }
        let environment = &self.environment;
        let mut nodes = state.nodes.clone();
        for (index, slot) in state.nodes.iter().enumerate() {
            nodes[usize::from(permutation[index])] = Arc::new(self.permuted_slot(slot, permutation));
        }
        WorldState {
            nodes,
            network: state.network.permuted(permutation, |message| environment.permuted_message(message, permutation)),
            outage: state.outage.permuted(permutation),
            ledger: environment.permuted_ledger(&state.ledger, permutation),
        }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        self.environment.claims()
    }

    fn parts_read_by(&self, property: &str) -> Parts {
        self.environment.parts_read_by(property)
    }

    fn explorer(&self, identity: Identity) -> impl Explorer<Self> + Send {
        WorldExplorer::new(self, identity)
    }

    fn lanes(&self) -> Vec<String> {
        (0..self.nodes).map(|index| NodeId::from_index(index).to_string()).collect()
    }

    fn view(&self, before: &Self::State, action: &Self::Action, _after: &Self::State) -> StepView {
        let environment = &self.environment;
        let node = action.node();
        let delivered = match action {
            WorldAction::Deliver { source, dest, message } | WorldAction::Duplicate { source, dest, message } => {
                Some(environment.message_view(*source, *dest, message))
            }
            _ => None,
        };
        if !action.is_turn() {
            return StepView { title: self.format_action(action), ..StepView::default() };
        }
        let sent = self
            .happen(before, action)
            .sent
            .iter()
            .filter_map(|(to, message)| Some(environment.message_view(node, node_id(*to)?, message)))
            .collect();
        StepView { title: self.format_action(action), lane: Some(node.index()), delivered, sent }
    }
}
