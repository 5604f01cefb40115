//! Keys by which nodes are sorted for a canonical form. None depends on any
//! node's index; see [`crate::sort_key`].

use super::environment::CoordinatorSlot;
use super::ledger::Ledger;
use crate::coordination::ClusterState;
use crate::coordinator::{ClusterMetadata, CoordinatorMsg, Mode, Publication};
use crate::node_set::{NodeId, NodeSet};
use crate::sort_key;

/// The key of a node.
pub(super) fn of_node(slot: &CoordinatorSlot, id: NodeId) -> u64 {
    let node = &slot.state;
    let (durable, volatile) = (&node.coordination.durable, &node.coordination.volatile);
    let mode = match node.mode {
        Mode::Candidate => 0,
        Mode::Leader => 1,
        Mode::Follower(_) => 2,
    };
    let set = |set: NodeSet| sort_key::of_set(set, id);
    let publication = node.publication.as_ref();
    let flags = [
        volatile.started_join_since_restart,
        volatile.election_won,
        node.joining.is_some(),
        node.joining == Some(id),
        node.attempts.is_some(),
        node.healthy,
        node.pre_voting.is_some(),
        node.last_join.is_some_and(|(candidate, _)| candidate == id),
    ];
    let parts = [
        durable.current_term,
        node.max_term_seen,
        of_state(&durable.accepted, id),
        mode,
        set(volatile.join_votes),
        set(volatile.publish_votes),
        flags.iter().fold(0, |bits, flag| bits << 1 | u64::from(*flag)),
        volatile.last_published_version,
        publication.map_or(0, |p| sort_key::mix([of_state(&p.state, id), u64::from(p.committed), p.votes.len() as u64])),
        node.applied.as_ref().map_or(0, |applied| sort_key::mix([applied.id.term, applied.id.version])),
        slot.disk.as_ref().map_or(0, |disk| sort_key::mix([disk.current_term, of_state(&disk.accepted, id)])),
        set(node.peers),
        set(node.joins),
        set(node.faulty),
        node.pre_voting.map_or(0, set),
        slot.timers.len() as u64,
    ];
    sort_key::mix(parts)
}

/// The key of what a node has to do with another: whether it follows it, and
/// whether it voted for it.
pub(super) fn of_regard(slot: &CoordinatorSlot, other: NodeId) -> u64 {
    let follows = slot.state.mode == Mode::Follower(other);
    let voted = slot.state.last_join.is_some_and(|(voted, _)| voted == other);
    u64::from(follows) + 2 * u64::from(voted)
}

/// The key of what the ledger says of a node.
pub(super) fn of_ledger(ledger: &Ledger, id: NodeId) -> u64 {
    let accepted = ledger.accepted.iter().map(|(_, nodes)| sort_key::of_set(*nodes, id));
    let published = ledger.published.iter().map(|publication| u64::from(publication.publisher == id));
    sort_key::mix(accepted.chain(published))
}

/// The key of what a message says.
pub(super) fn of_message(message: &CoordinatorMsg<u8>) -> u64 {
    let kind = message.kind() as u64;
    match message {
        CoordinatorMsg::PeersRequest { known } => sort_key::mix([kind, known.len() as u64]),
        CoordinatorMsg::PeersResponse { leader, known, term } => {
            sort_key::mix([kind, u64::from(leader.is_some()), known.len() as u64, *term])
        }
        CoordinatorMsg::PreVoteRequest { term } | CoordinatorMsg::StartJoin { term, .. } => sort_key::mix([kind, *term]),
        CoordinatorMsg::FollowerCheck { term } => sort_key::mix([kind, *term]),
        CoordinatorMsg::PreVoteResponse { term, accepted } => sort_key::mix([kind, *term, accepted.term, accepted.version]),
        CoordinatorMsg::Join(request) => {
            let vote = request.vote.map_or(0, |v| sort_key::mix([v.term, v.last_accepted_term, v.last_accepted_version]));
            sort_key::mix([kind, request.minimum_term, vote])
        }
        CoordinatorMsg::Publish(Publication::Full(state)) => {
            sort_key::mix([kind, state.term, state.version, u64::from(state.value.value), state.config.len() as u64])
        }
        CoordinatorMsg::PublishResponse { id, vote } => sort_key::mix([kind, id.term, id.version, u64::from(vote.is_some())]),
        CoordinatorMsg::Commit(id) | CoordinatorMsg::Applied(id) => sort_key::mix([kind, id.term, id.version]),
        _ => kind,
    }
}

fn of_state(state: &ClusterState<ClusterMetadata<u8>>, id: NodeId) -> u64 {
    let set = |set: NodeSet| sort_key::of_set(set, id);
    sort_key::mix([
        state.term,
        state.version,
        u64::from(state.value.value),
        set(state.value.members.nodes),
        set(state.value.exclusions),
        set(state.config),
        set(state.committed_config),
        u64::from(state.value.master == Some(id)),
    ])
}
