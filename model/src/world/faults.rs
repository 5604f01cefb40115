//! Crashes, sessions that end, links that are cut: what they do to a state.

use stateright::actor::{Actor, Id, Out};

use super::action::{FaultKind, WorldAction};
use super::environment::{ActionOf, Environment, SlotOf, StateOf};
use super::network::NetworkKind;
use super::state::Slot;
use super::world::World;
use crate::coordination::Envelope;
use crate::coordinator::{actor_id, node_id};
use crate::node_set::{NodeId, NodeSet};

impl<A, E> World<A, E>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    E: Environment<A>,
{
    /// Lists the faults and repairs that are possible, of the kinds that there are.
    pub(super) fn list_faults(&self, state: &StateOf<A, E>, actions: &mut Vec<ActionOf<A>>) {
        let environment = &self.environment;
        let up = state.outage.down.iter().fold(NodeSet::first(self.nodes), NodeSet::without);
        for kind in environment.faults() {
            match kind {
                FaultKind::Restart => actions.extend(
                    up.iter().filter(|node| environment.may_restart(state, *node)).map(|node| WorldAction::Restart { node }),
                ),
                FaultKind::Crash => actions
                    .extend(up.iter().filter(|node| environment.may_crash(state, *node)).map(|node| WorldAction::Crash { node })),
                FaultKind::Start => {
                    let down = state.outage.down.iter().filter(|node| environment.may_start(state, *node));
                    actions.extend(down.map(|node| WorldAction::Start { node }));
                }
                FaultKind::Disconnected => {
                    let told = |(node, peer): &(NodeId, NodeId)| up.contains(*node) && self.may_be_told(state, *node, *peer);
                    actions.extend(self.pairs().filter(told).map(|(node, peer)| WorldAction::Disconnected { node, peer }));
                }
                FaultKind::Disconnect => {
                    let breaks = |(one, other): &(NodeId, NodeId)| {
                        one < other && self.has_session(state, *one, *other) && environment.may_disconnect(state, *one, *other)
                    };
                    let pairs = self.pairs().filter(breaks);
                    actions.extend(pairs.map(|(one, other)| WorldAction::Disconnect { one, other }));
                }
                FaultKind::GiveUp => {
                    let given_up = |(one, other): &(NodeId, NodeId)| one < other && self.waits_in_vain(state, *one, *other);
                    actions.extend(self.pairs().filter(given_up).map(|(one, other)| WorldAction::GiveUp { one, other }));
                }
                FaultKind::Cut => {
                    let cuts = environment.cuts(state).into_iter().filter(|links| !links.difference(state.outage.cut).is_empty());
                    actions.extend(cuts.map(|links| WorldAction::Cut { links }));
                }
                FaultKind::Heal if state.outage.cut.is_empty() => {}
                FaultKind::Heal => actions.extend(environment.heals(state).into_iter().map(|links| WorldAction::Heal { links })),
                FaultKind::Lose => actions.extend(state.network.iter().filter(|e| environment.may_lose(state, e)).map(
                    |Envelope { source, dest, message }| WorldAction::Lose {
                        source: *source,
                        dest: *dest,
                        message: message.clone(),
                    },
                )),
                FaultKind::Duplicate => {
                    let arrives = |e: &&Envelope<A::Msg>| {
                        state.outage.passes(e.source, e.dest) && self.network.consumes() && environment.may_duplicate(state, e)
                    };
                    actions.extend(state.network.iter().filter(arrives).map(|Envelope { source, dest, message }| {
                        WorldAction::Duplicate { source: *source, dest: *dest, message: message.clone() }
                    }));
                }
            }
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (NodeId, NodeId)> + Clone {
        let all = NodeSet::first(self.nodes);
        all.iter().flat_map(move |one| all.without(one).iter().map(move |other| (one, other)))
    }

    /// Whether `node` can hear now that its session with `peer` has ended.
    fn may_be_told(&self, state: &StateOf<A, E>, node: NodeId, peer: NodeId) -> bool {
        match self.network {
            NetworkKind::Sessions => state.outage.untold.contains(node, peer),
            _ => self.environment.on_disconnect(peer).is_some() && self.environment.may_disconnect(state, node, peer),
        }
    }

    fn has_session(&self, state: &StateOf<A, E>, one: NodeId, other: NodeId) -> bool {
        let outage = &state.outage;
        let ended = outage.untold.contains(one, other) || outage.untold.contains(other, one);
        self.network == NetworkKind::Sessions && !ended && !outage.down.contains(one) && !outage.down.contains(other)
    }

    /// Whether something is under way between two nodes over a link that is cut.
    fn waits_in_vain(&self, state: &StateOf<A, E>, one: NodeId, other: NodeId) -> bool {
        let cut = state.outage.cut;
        self.has_session(state, one, other)
            && (cut.contains(one, other) || cut.contains(other, one))
            && state.network.iter().any(|e| cut.contains(e.source, e.dest) && is_between(e, one, other))
    }

    /// What is left of a node that goes down: its disk, and the memory with
    /// which it would come up.
    pub(super) fn crashed(&self, node: NodeId, before: &SlotOf<A>) -> SlotOf<A> {
        let memory = self.actor.on_start(actor_id(node), &before.disk, &mut Out::new());
        Slot { state: memory, disk: before.disk.clone(), timers: Default::default() }
    }

    /// Does to the network and to the outage what an action does beside the
    /// turn of its node, before what the node sends.
    pub(super) fn upset(&self, next: &mut StateOf<A, E>, action: &ActionOf<A>) {
        match action {
            WorldAction::Deliver { .. } if !self.network.consumes() => {}
            WorldAction::Deliver { source, dest, message } | WorldAction::Lose { source, dest, message } => {
                next.network.take(&Envelope { source: *source, dest: *dest, message: message.clone() });
            }
            WorldAction::Timeout { .. } | WorldAction::Request { .. } | WorldAction::Duplicate { .. } => {}
            WorldAction::Restart { node } => self.end_sessions_of(next, *node),
            WorldAction::Crash { node } => {
                next.outage.down = next.outage.down.with(*node);
                self.end_sessions_of(next, *node);
            }
            WorldAction::Start { node } => next.outage.down = next.outage.down.without(*node),
            WorldAction::Disconnected { node, peer } => {
                if self.network == NetworkKind::Sessions {
                    next.outage.untold = next.outage.untold.without(*node, *peer);
                }
            }
            WorldAction::Disconnect { one, other } | WorldAction::GiveUp { one, other } => {
                next.network.retain(|e| !is_between(e, *one, *other));
                self.owe(next, *one, *other);
                self.owe(next, *other, *one);
            }
            WorldAction::Cut { links } => next.outage.cut = next.outage.cut.union(*links),
            WorldAction::Heal { links } => next.outage.cut = next.outage.cut.difference(*links),
        }
    }

    /// A node loses its memory, and with it all its sessions. What it had sent
    /// could have arrived before; what it was sent is lost.
    fn end_sessions_of(&self, next: &mut StateOf<A, E>, node: NodeId) {
        if self.network != NetworkKind::Sessions {
            return;
        }
        next.network.retain(|e| e.source != node && e.dest != node);
        for other in NodeSet::first(self.nodes).without(node).iter() {
            next.outage.untold = next.outage.untold.without(node, other);
            self.owe(next, other, node);
        }
    }

    /// `node` is to be told that its session with `peer` has ended, if it is up and cares.
    fn owe(&self, next: &mut StateOf<A, E>, node: NodeId, peer: NodeId) {
        if !next.outage.down.contains(node) && self.environment.on_disconnect(peer).is_some() {
            next.outage.untold = next.outage.untold.with(node, peer);
        }
    }

    /// Puts what a node has sent under way. With sessions, what is sent over one
    /// that has ended is lost with it, and to a node that is down there is none.
    pub(super) fn post(&self, next: &mut StateOf<A, E>, source: NodeId, sent: &[(Id, A::Msg)]) {
        for (to, message) in sent {
            let Some(dest) = node_id(*to).filter(|dest| dest.index() < self.nodes) else { continue };
            if self.network == NetworkKind::Sessions {
                if next.outage.down.contains(dest) {
                    self.owe(next, source, dest);
                    continue;
                }
                if next.outage.untold.contains(source, dest) {
                    continue;
                }
            }
            next.network.send(self.network, Envelope { source, dest, message: message.clone() });
        }
    }
}

fn is_between<M>(e: &Envelope<M>, one: NodeId, other: NodeId) -> bool {
    (e.source, e.dest) == (one, other) || (e.source, e.dest) == (other, one)
}

/// The words for a fault or a repair.
pub(super) fn fault_text<M, T>(action: &WorldAction<M, T>, words: impl Fn(&M) -> String) -> Option<String> {
    Some(match action {
        WorldAction::Deliver { .. } | WorldAction::Timeout { .. } | WorldAction::Request { .. } => return None,
        WorldAction::Restart { node } => format!("{node} restarts"),
        WorldAction::Crash { node } => format!("{node} crashes"),
        WorldAction::Start { node } => format!("{node} starts"),
        WorldAction::Disconnected { node, peer } => format!("{node} is told that its session with {peer} has ended"),
        WorldAction::Disconnect { one, other } => format!("the session of {one} and {other} breaks"),
        WorldAction::GiveUp { one, other } => format!("{one} and {other} give up their session"),
        WorldAction::Cut { links } => format!("cut: {links}"),
        WorldAction::Heal { links } => format!("working again: {links}"),
        WorldAction::Lose { source, dest, message } => format!("lost from {source} to {dest}: {}", words(message)),
        WorldAction::Duplicate { source, dest, message } => {
            format!("{dest} receives from {source}, not for the last time: {}", words(message))
        }
    })
}
