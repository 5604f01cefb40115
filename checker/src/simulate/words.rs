//! Turns in words, for traces.

use quorate_model::NodeId;
use quorate_model::coordinator::Mode;
use quorate_traces::recording::RecordedInput;

use super::cluster::{CLIENT, Input, State};

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
