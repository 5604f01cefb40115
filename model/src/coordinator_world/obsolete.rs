//! Which messages a node will ignore for ever.
//!
//! A message is obsolete for a receiver only if receiving it changes nothing, in
//! this and in every later state of that receiver; mostly since the rule in
//! force refuses it. Terms never fall and survive
//! restarts, so a message of an older term is obsolete. In one term the
//! accepted version never falls either, and a restarted node cannot win its
//! term again.

use crate::coordinator::{ClusterValue, CoordinatorMsg, CoordinatorState};

/// Whether `receiver` will ignore `message` now and for ever.
pub(super) fn is_obsolete<V: ClusterValue>(receiver: &CoordinatorState<V>, message: &CoordinatorMsg<V>) -> bool {
    let term = receiver.coordination.current_term();
    let accepted = receiver.coordination.accepted();
    let volatile = &receiver.coordination.volatile;
    match message {
        CoordinatorMsg::StartJoin { term: asked } => *asked <= term,
        CoordinatorMsg::Join(join) => join.term < term,
        CoordinatorMsg::PublishRequest(request) => {
            request.term < term || (request.term == term && request.term == accepted.term && request.version <= accepted.version)
        }
        // In this term only this receiver publishes, and ever higher versions;
        // restarted, it counts no acceptances of this term at all.
        CoordinatorMsg::PublishResponse(id) => {
            let past = id.version < volatile.last_published_version || !volatile.started_join_since_restart;
            id.term < term || (id.term == term && past)
        }
        CoordinatorMsg::Commit(id) => {
            id.term < term || (id.term == term && id.term == accepted.term && id.version < accepted.version)
        }
        CoordinatorMsg::FollowerCheck { term: theirs } => *theirs < term,
        // With up to three voters one answer is a quorum: `heard` stays empty,
        // the timer that it starts again is set in any case, and what the
        // follower gets again is still under way in a retained set.
        CoordinatorMsg::FollowerCheckResponse { term: theirs, .. } => *theirs < term || accepted.config.len() <= 3,
        CoordinatorMsg::Submit { .. } | CoordinatorMsg::Outcome { .. } => false,
    }
}
