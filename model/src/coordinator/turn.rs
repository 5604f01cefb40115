//! One turn of a node: from an input to what it leaves behind.
//!
//! Handlers work on a copy of the state and queue what they want to say. The
//! end of the turn is the one place where a node becomes durable and speaks, in
//! this order: save, then send. A refused input leaves no trace.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::{Id, Out};

use super::actor::Coordinator;
use super::actor_id;
use super::message::CoordinatorMsg;
use super::metadata::ClusterMetadata;
use super::policy::Policy;
use super::settings::CoordinatorSettings;
use super::state::{CoordinatorState, CoordinatorTimer, Mode};
use super::value::ClusterValue;
use crate::coordination::{ClusterState, CoordinationState, Term};
use crate::node_set::{NodeId, NodeSet};

/// A node in the middle of a turn.
pub(super) struct Turn<'a, V: ClusterValue, R: Policy> {
    pub(super) rules: &'a R,
    pub(super) settings: &'a CoordinatorSettings,
    pub(super) id: NodeId,
    pub(super) state: CoordinatorState<V>,
    /// Whether something was published in this turn: once is enough.
    pub(super) has_published: bool,
    queued: Out<Coordinator<V, R>>,
}

impl<'a, V: ClusterValue, R: Policy> Turn<'a, V, R> {
    pub(super) fn new(node: &'a Coordinator<V, R>, id: NodeId, state: CoordinatorState<V>) -> Self {
        Turn { rules: &node.rules, settings: &node.settings, id, state, has_published: false, queued: Out::new() }
    }

    /// The rules' part of the node.
    pub(super) fn coordination(&self) -> &CoordinationState<ClusterMetadata<V>> {
        &self.state.coordination
    }

    /// The state that this node has accepted.
    pub(super) fn accepted(&self) -> &ClusterState<ClusterMetadata<V>> {
        self.state.coordination.accepted()
    }

    pub(super) fn current_term(&self) -> Term {
        self.state.coordination.current_term()
    }

    pub(super) fn is_candidate(&self) -> bool {
        self.state.mode == Mode::Candidate
    }

    pub(super) fn is_leader(&self) -> bool {
        self.state.mode == Mode::Leader
    }

    pub(super) fn is_master_eligible(&self, node: NodeId) -> bool {
        self.settings.master_eligible.contains(node)
    }

    /// Says something at the end of the turn.
    pub(super) fn send(&mut self, to: Id, message: CoordinatorMsg<V>) {
        self.queued.send(to, message);
    }

    /// Says something to a node at the end of the turn.
    pub(super) fn tell(&mut self, node: NodeId, message: CoordinatorMsg<V>) {
        self.send(actor_id(node), message);
    }

    /// Says something to every one of `nodes` but itself.
    pub(super) fn tell_all(&mut self, nodes: NodeSet, message: &CoordinatorMsg<V>) {
        for node in nodes.without(self.id).iter() {
            self.tell(node, message.clone());
        }
    }

    pub(super) fn set_timer(&mut self, timer: CoordinatorTimer, delay: Range<Duration>) {
        self.queued.set_timer(timer, delay);
    }

    pub(super) fn set_timer_ms(&mut self, timer: CoordinatorTimer, ms: u64) {
        self.set_timer(timer, CoordinatorSettings::exactly(ms));
    }

    pub(super) fn cancel_timer(&mut self, timer: CoordinatorTimer) {
        self.queued.cancel_timer(timer);
    }

    /// Ends a turn that began with `before`: what changed is saved before
    /// anything is sent.
    pub(super) fn end(mut self, before: &mut Cow<'_, CoordinatorState<V>>, out: &mut Out<Coordinator<V, R>>) {
        let (was, is) = (&before.coordination.durable, &self.state.coordination.durable);
        if was != is && self.rules.left_on_disk(None, was, is).is_none() {
            out.save(self.state.coordination.durable.clone());
        }
        out.append(&mut self.queued);
        if self.state != **before {
            *before.to_mut() = self.state;
        }
    }

    /// Ends the first turn after a start.
    pub(super) fn end_start(mut self, out: &mut Out<Coordinator<V, R>>) -> CoordinatorState<V> {
        out.save(self.state.coordination.durable.clone());
        out.append(&mut self.queued);
        self.state
    }
}
