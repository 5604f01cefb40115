//! What becomes of a join that was admitted (`JoinHelper.JoinAccumulator`,
//! `NodeJoinExecutor`).
//!
//! ```text
//!   starting    refuses
//!   candidate   keeps them, the newest of each node, of whatever term
//!      │ elected: one task with all of them, and the next state has the nodes
//!      │ follows somebody: they are refused
//!   leader      a task for each
//!   follower    refuses
//! ```
//!
//! A join is answered when the state with the node in it is published, not before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::join::JoinRequest;
use super::rejection::MembershipRejection::{self, *};
use crate::coordination::Term;
use crate::node_set::{NodeId, NodeSet};

/// The joins that wait, as the mode of the node says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JoinAccumulator {
    /// `InitialJoinAccumulator`: the node is not started.
    #[default]
    Starting,
    /// `CandidateJoinAccumulator`: by sender.
    Candidate(BTreeMap<NodeId, JoinRequest>),
    /// `LeaderJoinAccumulator`.
    Leader,
    /// `FollowerJoinAccumulator`.
    Follower,
}

/// What a join leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinDecision {
    /// It waits for the election; the earlier request of the same node, if there
    /// was one, is answered with `JoinSuperseded`.
    Waits {
        /// That request.
        superseded: Option<JoinRequest>,
    },
    /// It becomes a task of the master service, in the leader's term.
    Task,
}

/// The mode that a node enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NewMode {
    /// It gives up what it was.
    Candidate,
    /// It has won the election of this term.
    Leader(Term),
    /// It follows somebody.
    Follower,
}

/// What becomes of the joins that waited.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JoinsClosed {
    /// There were none, or they were tasks already.
    Nothing,
    /// `elected-as-master`: one task with all of them, of the term that was won,
    /// whatever the node's term is when the task runs (#61437).
    Elected {
        /// The term.
        term: Term,
        /// The nodes, in ascending order.
        nodes: NodeSet,
    },
    /// They are answered with `JoinTargetBecameFollower`.
    Refused(BTreeMap<NodeId, JoinRequest>),
}

impl JoinAccumulator {
    /// `handleJoinRequest`: a join that was admitted, whose vote has been counted.
    ///
    /// # Errors
    /// `JoinTargetNotStarted`, `JoinTargetIsFollower`.
    pub fn handle_join_request(&self, source: NodeId, request: JoinRequest) -> Result<(Self, JoinDecision), MembershipRejection> {
        JoinTargetNotStarted.unless(*self != JoinAccumulator::Starting)?;
        JoinTargetIsFollower.unless(*self != JoinAccumulator::Follower)?;
        match self {
            JoinAccumulator::Candidate(waiting) => {
                let mut waiting = waiting.clone();
                let superseded = waiting.insert(source, request);
                Ok((JoinAccumulator::Candidate(waiting), JoinDecision::Waits { superseded }))
            }
            other => Ok((other.clone(), JoinDecision::Task)),
        }
    }

    /// `close`, and the accumulator of the new mode.
    pub fn enter(&self, mode: NewMode) -> (Self, JoinsClosed) {
        let next = match mode {
            NewMode::Candidate => JoinAccumulator::Candidate(BTreeMap::new()),
            NewMode::Leader(_) => JoinAccumulator::Leader,
            NewMode::Follower => JoinAccumulator::Follower,
        };
        let closed = match (self, mode) {
            (JoinAccumulator::Candidate(waiting), NewMode::Leader(term)) => {
                JoinsClosed::Elected { term, nodes: waiting.keys().copied().collect() }
            }
            (JoinAccumulator::Candidate(waiting), NewMode::Follower) if !waiting.is_empty() => {
                JoinsClosed::Refused(waiting.clone())
            }
            // Becoming candidate while a candidate changes nothing.
            (JoinAccumulator::Candidate(_), NewMode::Candidate) => return (self.clone(), JoinsClosed::Nothing),
            _ => JoinsClosed::Nothing,
        };
        (next, closed)
    }
}

/// A task of the master service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JoinTask {
    /// The term in which it was made.
    pub term: Term,
    /// The nodes that join.
    pub nodes: NodeSet,
    /// Whether it is the task of a won election.
    pub elected: bool,
}

/// What a batch of join tasks comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinBatch {
    /// The term of the new state.
    pub term: Term,
    /// Whether this node becomes the master with it: the nodes of the base state
    /// stay, the master is new, the block for want of a master goes.
    pub becomes_master: bool,
    /// The nodes that join. The state is published even if all are there
    /// already, so that the joins are answered.
    pub joined: NodeSet,
    /// The tasks that fail, by position in the batch.
    pub failed: Vec<(usize, MembershipRejection)>,
}

/// `NodeJoinExecutor.execute`: a batch of join tasks on a state of `base_term`,
/// in which this node is the master or is not.
///
/// # Errors
/// Where the whole batch fails: `JoinTaskStateNewer`, `JoinTaskNotMaster`.
pub fn run_join_tasks(base_term: Term, is_master: bool, tasks: &[JoinTask]) -> Result<JoinBatch, MembershipRejection> {
    let term = tasks.iter().map(|task| task.term).max().unwrap_or(base_term);
    JoinTaskStateNewer.unless(base_term <= term)?;
    let current = || tasks.iter().filter(|task| task.term == term);
    let becomes_master = current().any(|task| task.elected);
    JoinTaskNotMaster.unless(becomes_master || (is_master && base_term == term))?;
    let failed = tasks.iter().enumerate().filter(|(_, task)| task.term < term).map(|(index, _)| (index, JoinTaskTermOlder));
    let joined = current().fold(NodeSet::EMPTY, |joined, task| joined.union(task.nodes));
    Ok(JoinBatch { term, becomes_master, joined, failed: failed.collect() })
}
