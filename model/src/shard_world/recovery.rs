//! From every state that an adversary can bring about, the shard can be whole
//! again: what follows a fault by itself, and what somebody has to choose.
//!
//! While it recovers nothing else goes wrong: nodes that come back are up,
//! messages arrive, nobody is taken for gone who is there. Waiting for what can
//! come no more ends, fault detection notices who is gone, nodes are let in
//! again, and the allocator gives copies to nodes, one after another.

use super::environment::{ShardWorld, ShardWorldAction, ShardWorldState, master};
use crate::allocation::Health;
use crate::coordination::Envelope;
use crate::node_set::NodeId;
use crate::shard::{Command, Recovery, ShardActor, ShardMsg, ShardRules, Stage};
use crate::world::{Environment, WorldAction};

type State = ShardWorldState;
type Action = ShardWorldAction;

/// Whether an action does no harm and asks for nothing new.
pub(super) fn is_allowed(state: &State, action: &Action) -> bool {
    match action {
        WorldAction::Request { message, .. } => match message {
            ShardMsg::RequestFailed { timed_out, .. } => !timed_out,
            ShardMsg::MasterUnavailable { .. } | ShardMsg::RecoveryFailed => true,
            ShardMsg::Command(command) => match command {
                Command::NodeLeft { node, .. } => state.ledger.crashed.contains(*node),
                Command::NodeJoined { .. }
                | Command::Process { .. }
                | Command::AllocateReplica { .. }
                | Command::AllocatePrimary { .. } => true,
                _ => false,
            },
            _ => false,
        },
        action => action.fault().is_none_or(|fault| !fault.is_harm()),
    }
}

/// The first of what is to be done that somebody can do: nodes come up, what is
/// under way arrives, those who wait in vain are told, and then the master acts.
pub(super) fn step<R: ShardRules>(world: &ShardWorld<R>, state: &State) -> Option<Action> {
    let returns = state.outage.down.iter().find(|node| !state.ledger.lost.contains(*node));
    if let Some(node) = returns {
        return Some(WorldAction::Start { node });
    }
    let arrives = || state.network.iter().filter(|e| state.outage.passes(e.source, e.dest));
    let deliver = |e: &Envelope<ShardMsg>| WorldAction::Deliver { source: e.source, dest: e.dest, message: e.message.clone() };
    // Who cannot be helped yet asks again and again: it comes last.
    let asks = |e: &&Envelope<ShardMsg>| matches!(&e.message, ShardMsg::Recovery { step: Recovery::Start { .. }, .. });
    let cluster_state = arrives().find(|e| matches!(e.message, ShardMsg::ClusterState { .. }));
    let message = cluster_state.or_else(|| arrives().find(|e| !asks(e)));
    let timers = state.up().flat_map(|(node, slot)| slot.timers.iter().map(move |timer| (node, *timer)));
    let mut fire = timers.map(|(node, timer)| WorldAction::Timeout { node, timer });
    let possible = |action: &Action| world.take(state, action).is_ok();
    message
        .map(deliver)
        .or_else(|| fire.find(|_| state.network.is_empty()))
        .or_else(|| requests(world, state).into_iter().find(possible))
        .or_else(|| arrives().next().map(deliver))
}

/// What is not under way and can be brought about, in the order in which it is tried.
fn requests<R: ShardRules>(world: &ShardWorld<R>, state: &State) -> Vec<Action> {
    let requests = Environment::<ShardActor<R>>::requests(&world.environment, state);
    let mut requests: Vec<(u8, Action)> = requests
        .into_iter()
        .map(|(node, client, message)| WorldAction::Request { node, client: usize::from(client) as u64, message })
        .filter(|action| is_allowed(state, action))
        .map(|action| (rank(&action), action))
        .collect();
    requests.sort_by_key(|(rank, _)| *rank);
    requests.into_iter().map(|(_, action)| action).collect()
}

/// Replicas come last, so that the primary is there, and of the choices that
/// there are the one that does not wait for somebody who left.
fn rank(action: &Action) -> u8 {
    let WorldAction::Request { message, .. } = action else { return 0 };
    match message {
        ShardMsg::Command(Command::NodeLeft { .. } | Command::Process { .. }) => 1,
        ShardMsg::Command(Command::NodeJoined { .. }) => 2,
        ShardMsg::Command(Command::AllocatePrimary { .. }) => 3,
        ShardMsg::Command(Command::AllocateReplica { delay_expired: true, .. }) => 4,
        ShardMsg::Command(_) => 5,
        _ => 0,
    }
}

/// Every copy that the index is to have serves.
pub(super) fn is_green(state: &State) -> bool {
    let allocation = &master(state).allocation;
    allocation.health() == Health::Green && allocation.assigned().all(|copy| serves(state, copy.node))
}

/// A primary serves.
pub(super) fn has_primary(state: &State) -> bool {
    let primary = master(state).allocation.primary();
    primary.is_active() && primary.node().is_some_and(|node| serves(state, node))
}

fn serves(state: &State, node: NodeId) -> bool {
    let copy = state.nodes[node.index()].state.data().and_then(|data| data.copy.as_ref());
    !state.outage.down.contains(node) && copy.is_some_and(|copy| copy.stage == Stage::Started)
}

/// Whether a node that is up, or will be, has a copy of the in-sync set on disk.
pub(super) fn has_in_sync_data(state: &State) -> bool {
    let in_sync = &master(state).allocation.in_sync;
    state.nodes.iter().enumerate().any(|(index, slot)| {
        let node = NodeId::from_index(index);
        let there = !state.outage.down.contains(node) || !state.ledger.lost.contains(node);
        let store = slot.disk.as_ref().and_then(|disk| disk.store.as_ref());
        there && store.is_some_and(|store| store.ids().any(|id| in_sync.contains(&id)))
    })
}
