//! How nodes find each other, agree that an election is worth trying, join, and
//! watch each other: the rules beside [`coordination`](crate::coordination).
//!
//! | question | rule | Elasticsearch |
//! | --- | --- | --- |
//! | who is there | [`PeerFinder`] | `PeerFinder` |
//! | would this node win | [`answer_pre_vote`], [`PreVoteRound`] | `StatefulPreVoteCollector` |
//! | may it try, and in which term | [`may_start_election`], [`TermsSeen`] | `Coordinator.startElectionScheduler`, `updateMaxTermSeen` |
//! | when does it try again | [`ElectionAttempts`] | `ElectionSchedulerFactory` |
//! | who joins | [`JoinRequest`], [`PendingJoins`], [`admit_join`] | `JoinHelper`, `JoinValidationService` |
//! | what becomes of a join | [`JoinAccumulator`], [`run_join_tasks`] | `JoinHelper.JoinAccumulator`, `NodeJoinExecutor` |
//! | is a leader, is a follower still there | [`answer_follower_check`], [`answer_leader_check`], [`CheckCount`] | `FollowersChecker`, `LeaderChecker` |
//!
//! They are for liveness. Whatever they say, safety is decided by the rules of
//! coordination: a wrong answer here costs an election, never a committed state.
//!
//! The Coordinator asks them with its own [`MembershipRules`], so that a mutant
//! can leave a guard out.
//!
//! As there, a rule is a function of what a node knows and what arrives; it
//! returns what becomes of it, or the one guard that refused.

mod checks;
mod join;
mod join_accumulator;
mod peer_finder;
mod pre_vote;
mod rejection;
mod terms;

pub use checks::{
    CheckCount, CheckFailure, FollowerCheckRuling, FollowerCheckView, LeaderCheckView, answer_follower_check, answer_leader_check,
};
pub use join::{JoinRequest, JoinSteps, JoinTarget, PendingJoins, accept_validation, admit_join, join_steps};
pub use join_accumulator::{JoinAccumulator, JoinBatch, JoinDecision, JoinTask, JoinsClosed, NewMode, run_join_tasks};
pub use peer_finder::{MasterFound, PeerFinder, PeerInfo, PeersRequest, PeersResponse, Wakeup};
pub use pre_vote::{PreVoteRequest, PreVoteResponse, PreVoteRound, PreVoteView, answer_pre_vote, would_vote};
pub use rejection::{MembershipRejection, MembershipRules};
pub use terms::{ElectionAttempts, ElectionView, TermBump, TermsSeen, may_start_election};
