//! Candidate, leader, follower: what a node gives up and takes up when its role
//! changes (`Coordinator.becomeCandidate`, `becomeLeader`, `becomeFollower`).
//!
//! There is no way from leader to follower: a leader stops leading by becoming
//! a candidate, and from follower to leader: a follower is elected as candidate.

use super::message::{CoordinatorMsg, NotPublished, PublicationOutcome};
use super::policy::{Choice, Policy};
use super::state::{CoordinatorTimer, Mode, Waiting};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::Term;
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// Whoever a node gives up on, it looks for a leader again. A publication
    /// under way may still surface: its client is told so.
    pub(super) fn become_candidate(&mut self) {
        if self.is_candidate() {
            return;
        }
        let was = std::mem::replace(&mut self.state.mode, Mode::Candidate);
        self.state.joining = None;
        self.state.failures.clear();
        match was {
            Mode::Leader => self.give_up_leading(),
            Mode::Follower(_) => {
                self.cancel_timer(CoordinatorTimer::LeaderCheck);
                self.cancel_timer(CoordinatorTimer::LeaderCheckTimeout);
            }
            Mode::Candidate => {}
        }
        self.look_for_peers();
    }

    fn give_up_leading(&mut self) {
        self.stop_checking_followers();
        self.cancel_timer(CoordinatorTimer::PublicationTimeout);
        self.cancel_timer(CoordinatorTimer::Lag);
        self.cancel_timer(CoordinatorTimer::NextTask);
        self.state.lagging = NodeSet::EMPTY;
        let validating = std::mem::take(&mut self.state.validating);
        self.refuse_joins(validating.iter().map(|(node, _)| *node).collect());
        if let Some(publication) = self.state.publication.take() {
            self.refuse_joins(publication.joining);
            match publication.waiting {
                Some(waiting) if self.rules.takes(Choice::AdmitsNotKnowing) => self.answer(waiting, PublicationOutcome::Unknown),
                Some(waiting) => self.decline(waiting, NotPublished::NotLeader),
                None => {}
            }
        }
        self.refuse_all_joins();
        for submission in std::mem::take(&mut self.state.queue) {
            self.decline(submission.waiting, NotPublished::NotLeader);
        }
    }

    /// A winner leads. It keeps its election scheduler until a state of its own
    /// is applied (#97909), and is master of nothing before that.
    pub(super) fn become_leader(&mut self) {
        self.stop_looking_for_peers();
        self.state.mode = Mode::Leader;
        self.state.joining = None;
        self.state.faulty = NodeSet::EMPTY;
        if !self.rules.takes(Choice::KeepsBackOff) {
            self.close_scheduler();
        }
        self.publish_election();
    }

    /// A node follows the leader of its term, and watches it.
    pub(super) fn become_follower(&mut self, leader: NodeId) {
        if self.is_leader() || self.state.mode == Mode::Follower(leader) {
            return;
        }
        self.refuse_all_joins();
        self.stop_looking_for_peers();
        self.state.mode = Mode::Follower(leader);
        self.state.joining = None;
        self.state.failures.clear();
        self.check_leader();
    }

    /// Enters a term and votes for `candidate`, if the rules allow it
    /// (`joinLeaderInTerm`). Whoever led or followed in the old term no longer
    /// does. A candidate stays one, and lets those that have asked it to be let in
    /// go on waiting: `CandidateJoinAccumulator` keeps joins of any term. Returns whether the term was entered.
    pub(super) fn enter_term(&mut self, candidate: NodeId, term: Term) -> bool {
        let Ok((next, join)) = self.rules.handle_start_join(self.coordination(), term) else { return false };
        self.state.coordination = next;
        self.state.last_join = Some((candidate, join));
        self.state.max_term_seen = self.state.max_term_seen.max(term);
        self.state.joining = None;
        self.become_candidate();
        true
    }

    /// `ensureTermAtLeast`: whoever leads a higher term gets this node's vote.
    pub(super) fn ensure_term_at_least(&mut self, leader: NodeId, term: Term) {
        if term > self.current_term() {
            self.enter_term(leader, term);
        }
    }

    /// Tells a client what became of its request.
    pub(super) fn answer(&mut self, waiting: Waiting, outcome: PublicationOutcome) {
        self.send(waiting.id(), CoordinatorMsg::Outcome { request: waiting.request, outcome });
    }

    /// Tells a client that its change was definitely not published.
    pub(super) fn decline(&mut self, waiting: Waiting, reason: NotPublished) {
        self.answer(waiting, PublicationOutcome::NotPublished(reason));
    }
}
