//! One turn of a data node: what it works on, and the one place that saves and
//! then sends.

use std::borrow::Cow;

use stateright::actor::{Id, Out};

use super::actor::{ShardActor, ShardTimer};
use super::message::{Outcome, PrimaryTarget, ReplicaAction, ReplicaRequest, ShardMsg};
use super::rules::ShardRules;
use super::state::{Copy, DataNode, OperationId, ShardNode};
use crate::coordinator::actor_id;
use crate::node_set::NodeId;
use crate::replication::{AllocationId, SeqNo};

/// A data node at work.
pub(super) struct Turn<'a, R> {
    pub actor: &'a ShardActor<R>,
    pub me: NodeId,
    pub node: DataNode,
    pub sent: Vec<(Id, ShardMsg)>,
}

impl<'a, R: ShardRules> Turn<'a, R> {
    pub fn new(actor: &'a ShardActor<R>, me: NodeId, node: DataNode) -> Self {
        Turn { actor, me, node, sent: Vec::new() }
    }

    /// What is open is on disk, before anything is sent.
    pub fn end(mut self, state: &mut Cow<ShardNode>, out: &mut Out<ShardActor<R>>) {
        if let (Some(copy), Some(store)) = (&self.node.copy, &mut self.node.disk.store)
            && copy.is_open()
        {
            store.log = copy.log.clone();
            store.global_checkpoint = copy.tracker.global_checkpoint();
            store.history = copy.history;
        }
        let before = state.data().expect("a data node takes the turn");
        let needed = before.copy.as_ref().is_some_and(|copy| self.needs_sync(copy));
        match self.node.copy.as_ref().is_some_and(|copy| self.needs_sync(copy)) {
            true if !needed => out.set_timer(ShardTimer::SyncGlobalCheckpoint, Default::default()),
            false if needed => out.cancel_timer(ShardTimer::SyncGlobalCheckpoint),
            _ => {}
        }
        if self.node.disk != before.disk {
            out.save(self.node.disk.clone());
        }
        for (to, message) in self.sent {
            out.send(to, message);
        }
        *state = Cow::Owned(ShardNode::Data(self.node));
    }

    pub fn rules(&self) -> &'a R {
        &self.actor.rules
    }

    /// The copy that is here.
    ///
    /// # Panics
    /// When there is none; callers have asked.
    pub fn copy(&mut self) -> &mut Copy {
        self.node.copy.as_mut().expect("there is a copy")
    }

    pub fn send(&mut self, to: NodeId, message: ShardMsg) {
        self.sent.push((actor_id(to), message));
    }

    pub fn send_to_master(&mut self, message: ShardMsg) {
        self.send(self.actor.settings.master(), message);
    }

    pub fn tell_client(&mut self, request: u8, outcome: Outcome) {
        self.sent.push((self.actor.settings.client(), ShardMsg::Outcome { request, outcome }));
    }

    /// The node of a copy, as the applied cluster state has it.
    pub fn node_of(&self, id: AllocationId) -> Option<NodeId> {
        self.node.applied.as_ref()?.node_of(id)
    }

    /// Sends a replica request to the copy `target`.
    pub fn send_to_copy(&mut self, target: AllocationId, global_checkpoint: SeqNo, action: ReplicaAction) {
        let primary = self.copy().as_target();
        if let Some(node) = self.node_of(target) {
            self.send(node, ShardMsg::Replica(ReplicaRequest { target, primary, global_checkpoint, action }));
        }
    }

    /// `trackedGlobalCheckpointsNeedSync`: everything is everywhere, and some
    /// copy does not know it.
    fn needs_sync(&self, copy: &Copy) -> bool {
        let tracker = &copy.tracker;
        let quiet = copy.log.max_seq_no() == tracker.global_checkpoint();
        let under_way = copy.operations.iter().any(|operation| operation.id == OperationId::SyncGlobalCheckpoint);
        let targets = tracker.replication_group().map_or_else(Default::default, |group| group.targets);
        let mut in_sync = targets.iter().filter_map(|id| tracker.checkpoint(*id)).filter(|state| state.in_sync);
        quiet && !under_way && in_sync.any(|state| state.global_checkpoint < tracker.global_checkpoint())
    }
}

impl Copy {
    /// How requests for this primary, and answers to it, name it.
    pub fn as_target(&self) -> PrimaryTarget {
        PrimaryTarget { allocation_id: self.allocation_id, primary_term: self.terms.operation }
    }
}
