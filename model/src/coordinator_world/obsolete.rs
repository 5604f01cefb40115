//! Which messages a node will ignore for ever.
//!
//! A message is obsolete for a receiver only if receiving it changes nothing, in
//! this and in every later state of that receiver, mostly since the rule in
//! force refuses it. Terms never fall and survive restarts, so a message of an
//! older term is obsolete. In one term the accepted version never falls either,
//! and a restarted node cannot win its term again.

use crate::coordinator::{ClusterValue, CoordinatorMsg, CoordinatorState, Driven};
use crate::node_set::NodeId;

/// Whether `receiver` will ignore `message` from `source` now and for ever.
pub(super) fn is_obsolete<V: ClusterValue>(
    driven: Driven,
    receiver: &CoordinatorState<V>,
    source: NodeId,
    message: &CoordinatorMsg<V>,
) -> bool {
    let term = receiver.coordination.current_term();
    let accepted = receiver.coordination.accepted();
    let volatile = &receiver.coordination.volatile;
    match message {
        CoordinatorMsg::StartJoin { term: asked, .. } => *asked <= term,
        // A node that leads, or comes to, lets anybody in who asks: where nodes
        // join and leave, no such request is obsolete.
        CoordinatorMsg::Join(request) => !driven.membership && request.term() < term,
        // Where refusals are answered, and a wrong base asks for the whole state, none is.
        CoordinatorMsg::Publish(publication) => {
            let id = publication.id();
            let past = id.term < term || (id.term == term && id.term == accepted.term && id.version <= accepted.version);
            past && !driven.replies
        }
        // In this term only this receiver publishes, and ever higher versions;
        // restarted, it counts no acceptances of this term at all. The vote that
        // comes along is of this term too: it is held already, or never counts.
        CoordinatorMsg::PublishResponse { id, .. } => {
            let past = id.version < volatile.last_published_version && volatile.join_votes.contains(source);
            id.term < term || (id.term == term && (past || !volatile.started_join_since_restart))
        }
        CoordinatorMsg::Commit(id) => {
            let past = id.term < term || (id.term == term && id.term == accepted.term && id.version < accepted.version);
            past && !driven.replies
        }
        // In this term the receiver has accepted a state: it follows already, or
        // has given up.
        CoordinatorMsg::FollowerCheck { term: theirs } => {
            !driven.checks && (*theirs < term || (*theirs == term && accepted.term == term))
        }
        CoordinatorMsg::FollowerCheckResponse { term: theirs, .. } => *theirs < term,
        CoordinatorMsg::PreVoteResponse { .. }
        | CoordinatorMsg::PreVoteRequest { .. }
        | CoordinatorMsg::PeersRequest { .. }
        | CoordinatorMsg::PeersResponse { .. }
        | CoordinatorMsg::JoinResponse { .. }
        | CoordinatorMsg::ValidateJoin { .. }
        | CoordinatorMsg::JoinValidated { .. }
        | CoordinatorMsg::PublishRefused { .. }
        | CoordinatorMsg::Applied(_)
        | CoordinatorMsg::LeaderCheck
        | CoordinatorMsg::LeaderCheckResponse { .. }
        | CoordinatorMsg::Disconnected
        | CoordinatorMsg::Health { .. }
        | CoordinatorMsg::Submit { .. }
        | CoordinatorMsg::Outcome { .. } => false,
    }
}
