//! Messages and timers in words.

use crate::coordinator::{CoordinatorMsg, CoordinatorTimer, NotPublished, PublicationOutcome};

pub(super) const MESSAGE_KINDS: [&str; 9] = [
    "StartJoin",
    "Join",
    "PublishRequest",
    "PublishResponse",
    "Commit",
    "FollowerCheck",
    "FollowerCheckResponse",
    "Submit",
    "Outcome",
];

pub(super) const TIMER_KINDS: [&str; 5] =
    ["Election", "LeaderFailure", "FollowerCheckRound", "FollowerFailure", "PublicationTimeout"];

pub(super) fn message_kind(message: &CoordinatorMsg<u8>) -> usize {
    match message {
        CoordinatorMsg::StartJoin { .. } => 0,
        CoordinatorMsg::Join(_) => 1,
        CoordinatorMsg::PublishRequest(_) => 2,
        CoordinatorMsg::PublishResponse(_) => 3,
        CoordinatorMsg::Commit(_) => 4,
        CoordinatorMsg::FollowerCheck { .. } => 5,
        CoordinatorMsg::FollowerCheckResponse { .. } => 6,
        CoordinatorMsg::Submit { .. } => 7,
        CoordinatorMsg::Outcome { .. } => 8,
    }
}

pub(super) fn timer_kind(timer: CoordinatorTimer) -> usize {
    CoordinatorTimer::ALL.iter().position(|known| *known == timer).expect("every timer is listed")
}

pub(super) fn message_text(message: &CoordinatorMsg<u8>) -> String {
    match message {
        CoordinatorMsg::StartJoin { term } | CoordinatorMsg::FollowerCheck { term } => format!("term {term}"),
        CoordinatorMsg::Join(join) => {
            format!("term {}, accepted (t{},v{})", join.term, join.last_accepted_term, join.last_accepted_version)
        }
        CoordinatorMsg::PublishRequest(state) => format!("(t{},v{}) value {}", state.term, state.version, state.value),
        CoordinatorMsg::PublishResponse(id) | CoordinatorMsg::Commit(id) => id.to_string(),
        CoordinatorMsg::FollowerCheckResponse { term, accepted, applied } => {
            format!("term {term}, accepted {accepted}{}", if *applied { ", applied" } else { "" })
        }
        CoordinatorMsg::Submit { change, .. } => format!("value {change}"),
        CoordinatorMsg::Outcome { outcome, .. } => match outcome {
            PublicationOutcome::Committed(id) => format!("committed as {id}"),
            PublicationOutcome::NotPublished(NotPublished::NotLeader) => String::from("not published: not the leader"),
            PublicationOutcome::NotPublished(NotPublished::Busy) => String::from("not published: busy"),
            PublicationOutcome::NotPublished(NotPublished::Refused) => String::from("not published: refused"),
            PublicationOutcome::Unknown => String::from("not known whether it was published"),
        },
    }
}
