//! Turns in words, for traces.

use quorate_model::NodeId;
use quorate_model::coordinator::{CoordinatorMsg, KeyValues, Mode};
use quorate_traces::recording::RecordedInput;

use super::cluster::{CLIENT, Input, State};

/// The kinds of messages, in the order of [`message_kind`].
pub const MESSAGE_KINDS: [&str; 21] = [
    "PeersRequest",
    "PeersResponse",
    "PreVoteRequest",
    "PreVoteResponse",
    "StartJoin",
    "Join",
    "JoinResponse",
    "ValidateJoin",
    "JoinValidated",
    "Publish",
    "PublishResponse",
    "PublishRefused",
    "Commit",
    "Applied",
    "FollowerCheck",
    "FollowerCheckResponse",
    "LeaderCheck",
    "LeaderCheckResponse",
    "Disconnected",
    "Health",
    "Submit",
];

/// Which kind a message is; nodes receive no outcomes.
pub fn message_kind(message: &CoordinatorMsg<KeyValues>) -> Option<usize> {
    Some(match message {
        CoordinatorMsg::PeersRequest { .. } => 0,
        CoordinatorMsg::PeersResponse { .. } => 1,
        CoordinatorMsg::PreVoteRequest { .. } => 2,
        CoordinatorMsg::PreVoteResponse { .. } => 3,
        CoordinatorMsg::StartJoin { .. } => 4,
        CoordinatorMsg::Join(_) => 5,
        CoordinatorMsg::JoinResponse { .. } => 6,
        CoordinatorMsg::ValidateJoin { .. } => 7,
        CoordinatorMsg::JoinValidated { .. } => 8,
        CoordinatorMsg::Publish(_) => 9,
        CoordinatorMsg::PublishResponse { .. } => 10,
        CoordinatorMsg::PublishRefused { .. } => 11,
        CoordinatorMsg::Commit(_) => 12,
        CoordinatorMsg::Applied(_) => 13,
        CoordinatorMsg::FollowerCheck { .. } => 14,
        CoordinatorMsg::FollowerCheckResponse { .. } => 15,
        CoordinatorMsg::LeaderCheck => 16,
        CoordinatorMsg::LeaderCheckResponse { .. } => 17,
        CoordinatorMsg::Disconnected => 18,
        CoordinatorMsg::Health { .. } => 19,
        CoordinatorMsg::Submit { .. } => 20,
        CoordinatorMsg::Outcome { .. } => return None,
    })
}

/// A turn in one line: what the node was called with and, if that changed, what it is now.
pub(super) fn turn(node: NodeId, input: &Input, before: Option<&State>, after: &State) -> String {
    let what = match input {
        RecordedInput::Start { .. } => return format!("{node} comes up: {}", standing(after)),
        RecordedInput::Deliver { source, content, .. } if *source == CLIENT => format!("a client tells it: {content:?}"),
        RecordedInput::Deliver { source, content, .. } => format!("from n{}: {content:?}", source + 1),
        RecordedInput::Disconnect { peer, .. } => format!("the session with n{} has ended", peer + 1),
        RecordedInput::Timeout { timer } => format!("timer {timer:?}"),
    };
    let (was, is) = (before.map(standing).unwrap_or_default(), standing(after));
    if was == is { format!("{node} {what}") } else { format!("{node} {what}  →  {is}") }
}

fn standing(state: &State) -> String {
    let mode = match state.mode {
        Mode::Candidate => String::from("candidate"),
        Mode::Leader => String::from("leader"),
        Mode::Follower(leader) => format!("follower of {leader}"),
    };
    let own = state.coordination.accepted();
    let applied = state.applied.as_ref().map_or(String::from("nothing"), |applied| applied.id.to_string());
    format!("{mode}, term {}, accepted {}, applied {applied}", state.coordination.current_term(), own.id())
}
