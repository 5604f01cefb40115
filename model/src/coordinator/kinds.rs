//! The kinds of messages and timers, by which runs say what they exercised.

use super::message::CoordinatorMsg;
use super::state::CoordinatorTimer;
use super::value::ClusterValue;

/// The kinds of messages, as [`CoordinatorMsg::kind`] numbers them.
pub const MESSAGE_KINDS: [&str; 22] = [
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
    "SessionEnded",
    "Health",
    "Submit",
    "Outcome",
];

/// The kinds of timers, as [`CoordinatorTimer::kind`] numbers them.
pub const TIMER_KINDS: [&str; 9] = [
    "FindPeersTimer",
    "ElectionTimer",
    "LeaderCheckTimer",
    "LeaderCheckTimeout",
    "FollowerCheckTimer",
    "FollowerCheckTimeout",
    "PublicationTimeout",
    "LagTimeout",
    "NextTask",
];

impl<V: ClusterValue> CoordinatorMsg<V> {
    /// Its place in [`MESSAGE_KINDS`].
    pub fn kind(&self) -> usize {
        match self {
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
            CoordinatorMsg::Outcome { .. } => 21,
        }
    }
}

impl CoordinatorTimer {
    /// Its place in [`TIMER_KINDS`].
    pub fn kind(self) -> usize {
        match self {
            CoordinatorTimer::FindPeers => 0,
            CoordinatorTimer::Election => 1,
            CoordinatorTimer::LeaderCheck => 2,
            CoordinatorTimer::LeaderCheckTimeout => 3,
            CoordinatorTimer::FollowerCheck(_) => 4,
            CoordinatorTimer::FollowerCheckTimeout(_) => 5,
            CoordinatorTimer::PublicationTimeout => 6,
            CoordinatorTimer::Lag => 7,
            CoordinatorTimer::NextTask => 8,
        }
    }
}
