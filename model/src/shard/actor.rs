//! The `stateright::actor::Actor`: which input calls which handler.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};

use super::message::ShardMsg;
use super::rules::{Refusal, ShardRules};
use super::state::{DataNode, Disk, Master, ShardNode};
use super::turn::Turn;
use crate::allocation::ShardAllocation;
use crate::coordinator::{actor_id, node_id};
use crate::node_set::{NodeId, NodeSet};

/// What an actor is told of its world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardSettings {
    /// How many data nodes there are; the master comes after them.
    pub data_nodes: usize,
    /// `number_of_replicas`.
    pub replicas: usize,
}

impl ShardSettings {
    /// The node of the elected master.
    pub fn master(&self) -> NodeId {
        NodeId::from_index(self.data_nodes)
    }

    /// The actor id of clients.
    pub fn client(&self) -> Id {
        Id::from(NodeSet::CAPACITY)
    }
}

/// A timer of a data node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ShardTimer {
    /// `index.global_checkpoint_sync`: copies are told the global checkpoint.
    SyncGlobalCheckpoint,
}

/// A node that may hold a copy of the shard, or the master, under the rules `R`.
#[derive(Clone, Debug)]
pub struct ShardActor<R> {
    /// The rules it calls, and its own guards.
    pub rules: R,
    /// Its world.
    pub settings: ShardSettings,
}

impl<R: ShardRules> Actor for ShardActor<R> {
    type Msg = ShardMsg;
    type Timer = ShardTimer;
    type State = ShardNode;
    type Storage = Disk;
    type Random = ();

    /// A node comes up with what its disk holds, in a new life, and no copy
    /// until the master says so. The master comes up with a new index.
    fn on_start(&self, id: Id, storage: &Option<Disk>, out: &mut Out<Self>) -> ShardNode {
        let ShardSettings { data_nodes, replicas } = self.settings;
        if node_id(id) == Some(self.settings.master()) {
            let allocation = ShardAllocation::created(NodeSet::first(data_nodes), replicas);
            let lives = smallvec::SmallVec::from_elem(1, data_nodes);
            return ShardNode::Master(Master { allocation, lives, waiting: Default::default() });
        }
        let mut disk = storage.clone().unwrap_or_default();
        disk.life += 1;
        out.save(disk.clone());
        ShardNode::Data(DataNode { disk, applied: None, copy: None, failed: None, reporting: None })
    }

    fn on_msg(&self, id: Id, state: &mut Cow<ShardNode>, src: Id, message: ShardMsg, out: &mut Out<Self>) {
        match state.as_ref() {
            ShardNode::Master(master) => {
                let (next, sent) = self.at_master(master, node_id(src), message);
                *state = Cow::Owned(ShardNode::Master(next));
                sent.into_iter().for_each(|(to, message)| out.send(actor_id(to), message));
            }
            ShardNode::Data(node) => {
                let Some(me) = node_id(id) else { return };
                let mut turn = Turn::new(self, me, node.clone());
                if turn.on_message(node_id(src), message).is_ok() {
                    turn.end(state, out);
                }
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<ShardNode>, timer: &ShardTimer, out: &mut Out<Self>) {
        let (Some(me), ShardNode::Data(node)) = (node_id(id), state.as_ref()) else { return };
        let mut turn = Turn::new(self, me, node.clone());
        match timer {
            ShardTimer::SyncGlobalCheckpoint => turn.sync_global_checkpoint(),
        }
        turn.end(state, out);
    }

    fn name(&self) -> String {
        String::from("Shard")
    }
}

impl<R: ShardRules> Turn<'_, R> {
    /// What the node makes of a message, or why it ignores it.
    pub(super) fn on_message(&mut self, source: Option<NodeId>, message: ShardMsg) -> Result<(), Refusal> {
        match (message, source) {
            (ShardMsg::ClusterState { life, state }, _) => self.on_cluster_state(life, state),
            (ShardMsg::Write { target, change, expected }, _) => self.on_write(target, change, expected),
            (ShardMsg::Get { request, document }, _) => self.on_get(request, document),
            (ShardMsg::Replica(request), Some(source)) => {
                self.on_replica_request(source, &request);
                Ok(())
            }
            (ShardMsg::ReplicaResponse(response), _) => self.on_replica_response(response),
            (ShardMsg::ShardFailedResponse { report, primary_term, no_longer_primary }, _) => {
                self.on_shard_failed_response(report, primary_term, no_longer_primary)
            }
            (ShardMsg::Recovery { target, primary_term, step }, Some(source)) => {
                self.on_recovery(source, target, primary_term, step)
            }
            (ShardMsg::RequestFailed { operation, target, .. }, _) => self.on_request_failed(operation, target),
            (ShardMsg::MasterUnavailable { report }, _) => self.on_master_unavailable(report),
            (ShardMsg::RecoveryFailed | ShardMsg::EngineFailed, _) => self.on_engine_failed(),
            _ => Err(Refusal::NothingWaits), // for the master, for clients, or from nobody
        }
    }
}
