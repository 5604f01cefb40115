//! The world of actors: a model whose steps are what can happen to a node.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::Model;
use stateright::actor::{Actor, Command, Id, Out};

use super::environment::{Environment, Observed, StateOf};
use super::network::{Network, NetworkKind};
use super::state::{Slot, WorldState};
use crate::coordination::Envelope;
use crate::coordinator::{actor_id, node_id};
use crate::node_set::NodeId;
use crate::property::Property;
use crate::sort_key;
use crate::specification::{Bound, ClassId, GuardId, Specification, StepView};

/// What can happen in a world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum WorldAction<M, T> {
    /// A message arrives.
    Deliver {
        /// Its sender.
        source: NodeId,
        /// Its receiver.
        dest: NodeId,
        /// What it says.
        message: M,
    },
    /// A timer fires.
    Timeout {
        /// Whose timer.
        node: NodeId,
        /// Which.
        timer: T,
    },
    /// A client asks something of a node.
    Request {
        /// The node.
        node: NodeId,
        /// The actor id of the client.
        client: u64,
        /// What it asks.
        message: M,
    },
    /// A node crashes and comes up again.
    Restart {
        /// Which.
        node: NodeId,
    },
}

impl<M, T> WorldAction<M, T> {
    /// The node to which it happens.
    pub fn node(&self) -> NodeId {
        match self {
            WorldAction::Deliver { dest, .. } => *dest,
            WorldAction::Timeout { node, .. } | WorldAction::Request { node, .. } | WorldAction::Restart { node } => *node,
        }
    }
}

/// What a node makes of an action.
pub struct Happening<A: Actor> {
    /// The node after.
    pub slot: SlotOf<A>,
    /// What it sent, in order, to nodes and to clients.
    pub sent: Vec<(Id, A::Msg)>,
    /// Whether it gave no command at all, not even to set a timer again.
    pub silent: bool,
}

/// Actors in an environment.
#[derive(Clone)]
pub struct World<A: Actor, E: Environment<A>> {
    /// The actor that every node runs.
    pub actor: A,
    /// How many nodes there are.
    pub nodes: usize,
    /// What delivery does.
    pub network: NetworkKind,
    /// Whether messages that their receiver will ignore for ever are dropped.
    pub drop_obsolete: bool,
    /// The rest of the world.
    pub environment: E,
}

type SlotOf<A> = Slot<<A as Actor>::State, <A as Actor>::Timer, <A as Actor>::Storage>;
type ActionOf<A> = WorldAction<<A as Actor>::Msg, <A as Actor>::Timer>;

impl<A, E> World<A, E>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    E: Environment<A>,
{
    /// Lets `action` happen to its node, alone.
    pub fn happen(&self, state: &StateOf<A, E>, action: &ActionOf<A>) -> Happening<A> {
        let node = action.node();
        let before = &state.nodes[node.index()];
        let (id, mut out) = (actor_id(node), Out::new());
        if let WorldAction::Restart { .. } = action {
            let fresh = self.actor.on_start(id, &before.disk, &mut out);
            let slot = Slot { state: fresh, disk: before.disk.clone(), timers: Default::default() };
            return Self::interpret(slot, out);
        }
        let mut memory = Cow::Borrowed(&before.state);
        let mut timers = before.timers.clone();
        match action {
            WorldAction::Deliver { source, message, .. } => {
                self.actor.on_msg(id, &mut memory, actor_id(*source), message.clone(), &mut out);
            }
            WorldAction::Request { client, message, .. } => {
                self.actor.on_msg(id, &mut memory, Id::from(*client as usize), message.clone(), &mut out);
            }
            WorldAction::Timeout { timer, .. } => {
                timers.retain(|set| set != timer);
                self.actor.on_timeout(id, &mut memory, timer, &mut out);
            }
            WorldAction::Restart { .. } => unreachable!("handled above"),
        }
        Self::interpret(Slot { state: memory.into_owned(), disk: before.disk.clone(), timers }, out)
    }

    /// Carries out what an actor commanded.
    fn interpret(mut slot: SlotOf<A>, out: Out<A>) -> Happening<A> {
        let (mut sent, silent) = (Vec::new(), out.is_empty());
        for command in out {
            match command {
                Command::Send(to, message) => sent.push((to, message)),
                Command::Save(storage) => slot.disk = Some(storage),
                Command::SetTimer(timer, _) => {
                    if let Err(position) = slot.timers.binary_search(&timer) {
                        slot.timers.insert(position, timer);
                    }
                }
                Command::CancelTimer(timer) => slot.timers.retain(|set| *set != timer),
                Command::ChooseRandom(..) => panic!("actors here make no random choices"),
            }
        }
        Happening { slot, sent, silent }
    }

    fn post(&self, network: &mut Network<A::Msg>, source: NodeId, sent: &[(Id, A::Msg)]) {
        for (to, message) in sent {
            if let Some(dest) = node_id(*to).filter(|dest| dest.index() < self.nodes) {
                network.send(self.network, Envelope { source, dest, message: message.clone() });
            }
        }
    }

    fn forget_obsolete(&self, nodes: &[Arc<SlotOf<A>>], network: &mut Network<A::Msg>) {
        if self.drop_obsolete {
            network.retain(|e| !self.environment.is_obsolete(&nodes[e.dest.index()].state, e.source, &e.message));
        }
    }

    /// The state without the messages that their receivers will ignore for ever.
    pub fn without_obsolete(&self, state: &StateOf<A, E>) -> StateOf<A, E> {
        let mut next = state.clone();
        next.network.retain(|e| !self.environment.is_obsolete(&state.nodes[e.dest.index()].state, e.source, &e.message));
        next
    }

    /// The state after `action`, or the reason for which nothing changes.
    fn take(&self, state: &StateOf<A, E>, action: &ActionOf<A>) -> Result<StateOf<A, E>, GuardId> {
        let node = action.node();
        let before = &state.nodes[node.index()];
        let happening = self.happen(state, action);
        let unchanged = happening.sent.is_empty() && happening.slot == **before;
        let stays = match (self.network, action) {
            (NetworkKind::Consuming { keep_ignored }, WorldAction::Deliver { .. }) => keep_ignored && happening.silent,
            _ => true,
        };
        if unchanged && stays {
            return Err(GuardId(self.environment.refusal(&before.state, action) as u16));
        }
        let mut next = state.clone();
        if let (WorldAction::Deliver { source, dest, message }, NetworkKind::Consuming { .. }) = (action, self.network) {
            next.network.take(&Envelope { source: *source, dest: *dest, message: message.clone() });
        }
        self.post(&mut next.network, node, &happening.sent);
        let observed = Observed { node, action, before: &before.state, after: &happening.slot.state, sent: &happening.sent };
        self.environment.observe(&mut next.ledger, &observed);
        next.nodes[node.index()] = Arc::new(happening.slot);
        self.forget_obsolete(&next.nodes, &mut next.network);
        Ok(next)
    }
}

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
        let (mut nodes, mut network) = (smallvec::SmallVec::new(), Network::default());
        for node in (0..self.nodes).map(NodeId::from_index) {
            let mut out = Out::new();
            let state = self.actor.on_start(actor_id(node), &None, &mut out);
            let happening = Self::interpret(Slot { state, disk: None, timers: Default::default() }, out);
            self.post(&mut network, node, &happening.sent);
            nodes.push(Arc::new(happening.slot));
        }
        self.forget_obsolete(&nodes, &mut network);
        vec![WorldState { nodes, network, ledger: self.environment.open_ledger() }]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        for Envelope { source, dest, message } in state.network.iter() {
            actions.push(WorldAction::Deliver { source: *source, dest: *dest, message: message.clone() });
        }
        for (index, slot) in state.nodes.iter().enumerate() {
            let node = NodeId::from_index(index);
            for timer in slot.timers.iter().filter(|timer| self.environment.may_fire(state, node, timer)) {
                actions.push(WorldAction::Timeout { node, timer: timer.clone() });
            }
            if self.environment.may_restart(state, node) {
                actions.push(WorldAction::Restart { node });
            }
        }
        for (node, client, message) in self.environment.requests(state) {
            actions.push(WorldAction::Request { node, client: usize::from(client) as u64, message });
        }
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
            WorldAction::Restart { node } => format!("{node} restarts"),
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
        environment.message_kinds().into_iter().chain(environment.timer_kinds()).chain(["Restart"]).collect()
    }

    fn class_of(&self, action: &Self::Action) -> ClassId {
        let environment = &self.environment;
        let messages = environment.message_kinds().len();
        ClassId(match action {
            WorldAction::Deliver { message, .. } | WorldAction::Request { message, .. } => environment.message_kind(message),
            WorldAction::Timeout { timer, .. } => messages + environment.timer_kind(timer),
            WorldAction::Restart { .. } => messages + environment.timer_kinds().len(),
        } as u16)
    }

    fn step(&self, state: &Self::State, action: &Self::Action) -> Result<Self::State, GuardId> {
        self.take(state, action)
    }

    fn interchangeable_nodes(&self) -> usize {
        if self.environment.is_symmetric() { self.nodes } else { 0 }
    }

    fn node_key(&self, state: &Self::State, node: usize) -> u64 {
        let node = NodeId::from_index(node);
        let of_message = |e: &Envelope<A::Msg>| {
            let says = || self.environment.message_key(&e.message);
            if e.source == node || e.dest == node { sort_key::of_message(e.source, Some(e.dest), says(), node) } else { 0 }
        };
        let messages = state.network.iter().map(of_message).fold(0, u64::wrapping_add);
        sort_key::mix([self.environment.node_key(state, node), messages])
    }

    fn permuted(&self, state: &Self::State, permutation: &[u8]) -> Self::State {
        if permutation.iter().enumerate().all(|(index, to)| index == usize::from(*to)) {
            return state.clone();
        }
        let environment = &self.environment;
        let mut nodes = state.nodes.clone();
        for (index, slot) in state.nodes.iter().enumerate() {
            nodes[usize::from(permutation[index])] = Arc::new(Slot {
                state: environment.permuted_node(&slot.state, permutation),
                disk: slot.disk.as_ref().map(|disk| environment.permuted_disk(disk, permutation)),
                timers: slot.timers.clone(),
            });
        }
        WorldState {
            nodes,
            network: state.network.permuted(permutation, |message| environment.permuted_message(message, permutation)),
            ledger: environment.permuted_ledger(&state.ledger, permutation),
        }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        self.environment.claims()
    }

    fn lanes(&self) -> Vec<String> {
        (0..self.nodes).map(|index| NodeId::from_index(index).to_string()).collect()
    }

    fn view(&self, before: &Self::State, action: &Self::Action, _after: &Self::State) -> StepView {
        let environment = &self.environment;
        let node = action.node();
        let delivered = match action {
            WorldAction::Deliver { source, dest, message } => Some(environment.message_view(*source, *dest, message)),
            _ => None,
        };
        let sent = self
            .happen(before, action)
            .sent
            .iter()
            .filter_map(|(to, message)| Some(environment.message_view(node, node_id(*to)?, message)))
            .collect();
        StepView { title: self.format_action(action), lane: Some(node.index()), delivered, sent }
    }
}
