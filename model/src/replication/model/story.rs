//! A behaviour worth telling: how the global checkpoint of a promoted primary
//! falls in the module, and does not in Elasticsearch.
//!
//! ```text
//!   n1 primary   stores a at 0, all answer: global checkpoint 0
//!                stores b at 1, tells n2 of both b and the checkpoint, and dies
//!   n2 primary   sends b again; n3 answers, n4 has not
//!                least local checkpoint of n2, n3, n4 = 1, 1, none yet: -1
//! ```
//!
//! Two replicas must remain, so it takes four nodes; with three, the one
//! replica that is left has at least what its new primary told it (an exhaustive
//! search of three nodes, two operations and four messages finds no such step).
//! A tracker that tells *unknown* from *none* waits for n4.

use super::action::ReplicationAction::{self, *};
use super::environment::{Replication, ReplicationBounds};
use super::messages::{Body, Message};
use super::state::ReplicationState;
use crate::node_set::{NodeId, NodeSet};
use crate::path::Path;
use crate::replication::rule_set::Sound;
use crate::replication::types::Role;
use stateright::Model;

/// The smallest instance in which it happens.
pub const FALLING_CHECKPOINT_BOUNDS: ReplicationBounds =
    ReplicationBounds { nodes: 4, documents: 1, max_client_value: 3, max_messages: 7 };

/// The behaviour, with the model of which it is one; its last step violates
/// `PrimaryGlobalCheckpointNeverFalls`.
pub fn falling_checkpoint() -> (Replication, Path<Replication>) {
    let model = Replication::new(Sound, FALLING_CHECKPOINT_BOUNDS)
        .expect("the bounds are in range")
        .claiming_monotone_global_checkpoint();
    let [n1, n2, n3, n4] = [0, 1, 2, 3].map(NodeId);
    let all_assigned = |state: &ReplicationState| {
        state.master.routing.role(n1) == Role::Primary && state.master.routing.assigned() == NodeSet::first(4)
    };
    let initial = model.init_states().into_iter().find(all_assigned).expect("some initial state has every copy");
    let mut path = Path { initial, steps: Vec::new(), loop_start: None };

    take(&model, &mut path, |_| ClientRequest { node: n1, document: 0 });
    for replica in [n2, n3, n4] {
        take(&model, &mut path, |state| HandleReplicationRequest { message: request(state, n1, replica) });
        take(&model, &mut path, |state| HandleReplicationResponse { message: request(state, replica, n1), promoted: None });
    }
    take(&model, &mut path, |_| ClientRequest { node: n1, document: 0 });
    take(&model, &mut path, |state| HandleReplicationRequest { message: request(state, n1, n2) });
    take(&model, &mut path, |_| NodeFaultDetectionKicksNodeOut { node: n1, promoted: Some(n2) });
    take(&model, &mut path, |_| ApplyClusterStateFromMaster { node: n2 });
    take(&model, &mut path, |state| HandleReplicationRequest { message: request(state, n2, n3) });
    take(&model, &mut path, |state| HandleReplicationResponse { message: request(state, n3, n2), promoted: None });
    (model, path)
}

fn take(model: &Replication, path: &mut Path<Replication>, action: impl Fn(&ReplicationState) -> ReplicationAction) {
    let action = action(path.last());
    let next = model.next_state(path.last(), action).expect("the story is a behaviour of the model");
    path.steps.push((action, next));
}

/// The operation, or the answer to one, that is in flight between two nodes.
fn request(state: &ReplicationState, from: NodeId, to: NodeId) -> Message {
    let operation = |body: &Body| matches!(body, Body::Replication { .. } | Body::ReplicationAnswer { .. });
    let between = |message: &Message| (message.from, message.to) == (from, to) && operation(&message.body);
    state.messages.iter().find(between).expect("the story's message is in flight")
}
