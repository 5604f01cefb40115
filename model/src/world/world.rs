//! The world of actors: a model whose steps are what can happen to a node.

use std::borrow::Cow;
use std::sync::Arc;

use stateright::actor::{Actor, Command, Id, Out};

use super::action::WorldAction;
use super::environment::{ActionOf, Environment, Observed, SlotOf, StateOf};
use super::network::{Network, NetworkKind};
use super::state::Slot;
use crate::coordinator::actor_id;
use crate::node_set::NodeId;
use crate::specification::GuardId;

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

impl<A, E> World<A, E>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    E: Environment<A>,
{
    /// Lets `action` happen to its node, alone.
    pub fn happen(&self, state: &StateOf<A, E>, action: &ActionOf<A>) -> Happening<A> {
        self.happen_to(&state.nodes[action.node().index()], action)
    }

    /// Lets `action` happen to its node, which is `before`.
    pub(super) fn happen_to(&self, before: &SlotOf<A>, action: &ActionOf<A>) -> Happening<A> {
        let node = action.node();
        let (id, mut out) = (actor_id(node), Out::new());
        match action {
            WorldAction::Restart { .. } | WorldAction::Start { .. } => {
                let fresh = self.actor.on_start(id, &before.disk, &mut out);
                let slot = Slot { state: fresh, disk: before.disk.clone(), timers: Default::default() };
                return Self::interpret(slot, out);
            }
            WorldAction::Crash { .. } => return Happening { slot: self.crashed(node, before), sent: Vec::new(), silent: false },
            _ => {}
        }
        let mut memory = Cow::Borrowed(&before.state);
        let mut timers = before.timers.clone();
        match action {
            WorldAction::Deliver { source, message, .. } | WorldAction::Duplicate { source, message, .. } => {
                self.actor.on_msg(id, &mut memory, actor_id(*source), message.clone(), &mut out);
            }
            WorldAction::Request { client, message, .. } => {
                self.actor.on_msg(id, &mut memory, Id::from(*client as usize), message.clone(), &mut out);
            }
            WorldAction::Timeout { timer, .. } => {
                timers.retain(|set| set != timer);
                self.actor.on_timeout(id, &mut memory, timer, &mut out);
            }
            WorldAction::Disconnected { peer, .. } => {
                if let Some(message) = self.environment.on_disconnect(*peer) {
                    self.actor.on_msg(id, &mut memory, actor_id(*peer), message, &mut out);
                }
            }
            _ => {} // nobody's turn
        }
        Self::interpret(Slot { state: memory.into_owned(), disk: before.disk.clone(), timers }, out)
    }

    /// The timers that may fire.
    pub(super) fn list_timeouts(&self, state: &StateOf<A, E>) -> Vec<ActionOf<A>> {
        let mut timeouts = Vec::new();
        for (index, slot) in state.nodes.iter().enumerate() {
            let node = NodeId::from_index(index);
            for timer in slot.timers.iter().filter(|timer| self.environment.may_fire(state, node, timer)) {
                timeouts.push(WorldAction::Timeout { node, timer: timer.clone() });
            }
        }
        timeouts
    }

    /// What clients may ask of nodes that are up.
    pub(super) fn list_requests(&self, state: &StateOf<A, E>, actions: &mut Vec<ActionOf<A>>) {
        let up = |(node, ..): &(NodeId, Id, A::Msg)| !state.outage.down.contains(*node);
        for (node, client, message) in self.environment.requests(state).into_iter().filter(up) {
            actions.push(WorldAction::Request { node, client: usize::from(client) as u64, message });
        }
    }

    /// Carries out what an actor commanded.
    pub(super) fn interpret(mut slot: SlotOf<A>, out: Out<A>) -> Happening<A> {
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

    pub(super) fn forget_obsolete(&self, nodes: &[Arc<SlotOf<A>>], network: &mut Network<A::Msg>) {
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
    pub fn take(&self, state: &StateOf<A, E>, action: &ActionOf<A>) -> Result<StateOf<A, E>, GuardId> {
        if !action.is_turn() {
            let mut next = state.clone();
            self.upset(&mut next, action);
            self.environment.observe_fault(&mut next.ledger, action);
            return Ok(next);
        }
        let node = action.node();
        let before = &state.nodes[node.index()];
        let happening = self.happen(state, action);
        let unchanged = happening.sent.is_empty() && happening.slot == **before;
        if unchanged && self.leaves_the_rest(action, happening.silent) {
            return Err(GuardId(self.environment.refusal(&before.state, action) as u16));
        }
        let mut next = state.clone();
        self.upset(&mut next, action);
        self.post(&mut next, node, &happening.sent);
        let observed = Observed { node, action, before: &before.state, after: &happening.slot.state, sent: &happening.sent };
        self.environment.observe(&mut next.ledger, &observed);
        next.nodes[node.index()] = Arc::new(happening.slot);
        self.forget_obsolete(&next.nodes, &mut next.network);
        Ok(next)
    }

    /// Whether an action that changes nothing at its node changes nothing at all.
    pub(super) fn leaves_the_rest(&self, action: &ActionOf<A>, silent: bool) -> bool {
        match (action, self.network) {
            (WorldAction::Crash { .. } | WorldAction::Start { .. }, _) => false,
            (WorldAction::Restart { .. } | WorldAction::Disconnected { .. }, network) => network != NetworkKind::Sessions,
            (WorldAction::Deliver { .. }, NetworkKind::Consuming { keep_ignored }) => keep_ignored && silent,
            (WorldAction::Deliver { .. }, NetworkKind::Sessions) => false,
            _ => true,
        }
    }
}
