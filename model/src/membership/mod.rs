//! How nodes find each other, agree that an election is worth trying, join, and
//! watch each other: the rules beside [`coordination`](crate::coordination).
//!
//! | question | rule | Elasticsearch |
//! | --- | --- | --- |
//! | would this node win | [`answer_pre_vote`], [`would_vote`] | `StatefulPreVoteCollector` |
//! | may it try, and in which term | [`may_start_election`], [`TermsSeen`] | `Coordinator.startElectionScheduler`, `updateMaxTermSeen` |
//! | when does it try again | [`ElectionAttempts`] | `ElectionSchedulerFactory` |
//! | who joins | [`JoinRequest`], [`accept_validation`] | `JoinHelper`, `JoinValidationService` |
//! | is a leader, is a follower still there | [`answer_follower_check`], [`answer_leader_check`], [`CheckCount`] | `FollowersChecker`, `LeaderChecker` |
//!
//! They are for liveness. Whatever they say, safety is decided by the rules of
//! coordination: a wrong answer here costs an election, never a committed state.
//!
//! The Coordinator asks them with its own [`MembershipRules`], so that a mutant
//! can leave a guard out. What is found, who is asked and who waits is its own
//! [state](crate::coordinator::CoordinatorState).
//!
//! As there, a rule is a function of what a node knows and what arrives; it
//! returns what becomes of it, or the one guard that refused.

mod checks;
mod join;
mod pre_vote;
mod rejection;
mod terms;

pub use checks::{
    CheckCount, CheckFailure, FollowerCheckRuling, FollowerCheckView, LeaderCheckView, answer_follower_check, answer_leader_check,
};
pub use join::{JoinRequest, accept_validation};
pub use pre_vote::{PreVoteView, answer_pre_vote, would_vote};
pub use rejection::{MembershipRejection, MembershipRules};
pub use terms::{ElectionAttempts, ElectionView, TermBump, TermsSeen, may_start_election};
