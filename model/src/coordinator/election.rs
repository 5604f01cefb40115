//! Elections: when to try, whom to ask beforehand, how to win, when to hand over
//! (`ElectionSchedulerFactory`, `PreVoteCollector`, `Coordinator.startElection`).
//!
//! ```text
//!   a quorum is found ─▶ election timer ─▶ PreVoteRequest to all found
//!                             ▲                  │ a quorum would vote
//!                             └── back off ──┐   ▼
//!                                            └─ StartJoin(next term) to all found
//!                                                  └─▶ Join, with a vote ─▶ joining.rs
//! ```

use super::message::CoordinatorMsg;
use super::policy::{Choice, Membership, Policy, Refusal};
use super::state::CoordinatorTimer;
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::roles::{AbdicationView, RolesOf, abdication_candidates, may_win_election};
use crate::coordination::{PublicationId, Term};
use crate::membership::{
    ElectionAttempts, ElectionView, MembershipRejection, PreVoteView, TermBump, TermsSeen, answer_pre_vote, may_start_election,
    would_vote,
};
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// Opens the scheduler while a quorum is found; closes it otherwise, so that
    /// its back-off begins anew when discovery recovers.
    pub(super) fn schedule_elections(&mut self, found: NodeSet) {
        match self.may_schedule_elections(found) {
            Ok(()) if self.state.attempts.is_none() => {
                self.state.attempts = Some(0);
                self.next_attempt();
            }
            Ok(()) => {}
            Err(_) => {
                self.state.pre_voting = None;
                self.close_scheduler();
            }
        }
    }

    fn may_schedule_elections(&self, found: NodeSet) -> Result<(), Refusal> {
        self.rules.permit(Refusal::NotMasterEligible, self.is_master_eligible(self.id))?;
        self.may_lead(self.id)?;
        self.rules.permit(Refusal::NoQuorumFound, self.are_a_quorum(found))
    }

    fn are_a_quorum(&self, found: NodeSet) -> bool {
        let (own, voters) = (self.accepted(), found.intersection(self.settings.master_eligible));
        self.rules.is_election_quorum(voters, own.committed_config, own.config)
    }

    /// A node that only votes never leads. In Elasticsearch one may win in order to
    /// hand a fresher state over; here that state waits for a full master to have it.
    fn may_lead(&self, node: NodeId) -> Result<(), Refusal> {
        self.rules.permit(Refusal::VotingOnly, !self.settings.voting_only.contains(node))
    }

    /// Closes the scheduler.
    pub(super) fn close_scheduler(&mut self) {
        if self.state.attempts.take().is_some() {
            self.cancel_timer(CoordinatorTimer::Election);
        }
    }

    fn next_attempt(&mut self) {
        let Some(attempts) = self.state.attempts else { return };
        let (next, delay) = ElectionAttempts { scheduled: u64::from(attempts) }.next(&self.settings.elasticsearch);
        self.set_timer(CoordinatorTimer::Election, delay);
        if self.settings.driven.back_off {
            self.state.attempts = Some(u8::try_from(next.scheduled).unwrap_or(u8::MAX));
        }
    }

    /// Time for an election. The next attempt is scheduled before this one is
    /// made; a node that would not be elected does not try.
    pub(super) fn on_election_timer(&mut self) {
        self.next_attempt();
        let view = ElectionView {
            is_candidate: self.is_candidate() || !self.rules.takes(Choice::StandsAsCandidateOnly),
            may_win: self.may_win(self.id),
            healthy: self.state.healthy,
            quorum_known: self.are_a_quorum(self.state.peers.with(self.id)),
        };
        if may_start_election(&Membership(self.rules), &view).is_ok() {
            self.stand_for_election();
        }
    }

    /// `nodeMayWinElection`: a node in one of the configurations, or one that is
    /// not excluded (#43243).
    pub(super) fn may_win(&self, node: NodeId) -> bool {
        let own = self.accepted();
        may_win_election(node, own.config, own.committed_config, own.value.exclusions).is_ok()
    }

    /// Asks beforehand who would vote, so that a node that merely lost contact
    /// deposes nobody.
    fn stand_for_election(&mut self) {
        if !self.settings.driven.pre_vote {
            return self.start_election();
        }
        self.state.pre_voting = Some(NodeSet::EMPTY);
        let term = self.current_term();
        self.tell_all(self.state.peers, &CoordinatorMsg::PreVoteRequest { term });
        self.count_pre_vote(self.id);
    }

    /// Somebody asks whether this node would vote for it. A node that knows a
    /// leader says nothing; whoever asks, its term is heeded.
    pub(super) fn on_pre_vote_request(&mut self, source: NodeId, term: Term) {
        self.heard_of_term(term);
        let Ok(()) = self.may_pre_vote(source) else { return };
        let (term, accepted) = (self.current_term(), self.accepted().id());
        self.tell(source, CoordinatorMsg::PreVoteResponse { term, accepted });
    }

    fn may_pre_vote(&self, source: NodeId) -> Result<(), MembershipRejection> {
        let view = PreVoteView { healthy: self.state.healthy, leader: self.state.leader(self.id) };
        answer_pre_vote(&Membership(self.rules), &view, source)
    }

    /// Somebody would vote, unless it has accepted something newer.
    pub(super) fn on_pre_vote_response(&mut self, source: NodeId, term: Term, accepted: PublicationId) {
        self.heard_of_term(term);
        let own = self.accepted().id();
        let (theirs, own) = ((accepted.term, accepted.version), (own.term, own.version));
        if self.is_candidate() && would_vote(&Membership(self.rules), theirs, own).is_ok() {
            self.count_pre_vote(source);
        }
    }

    /// With a quorum of promises there is an election, once in a round.
    fn count_pre_vote(&mut self, source: NodeId) {
        let Some(promised) = self.state.pre_voting else { return };
        let promised = if self.is_master_eligible(source) { promised.with(source) } else { promised };
        let own = self.accepted();
        if self.rules.is_election_quorum(promised, own.committed_config, own.config) {
            self.state.pre_voting = None;
            self.start_election();
        } else {
            self.state.pre_voting = Some(promised);
        }
    }

    /// A candidate enters a term that is higher than any it has heard of, and
    /// asks everybody it has found to vote.
    pub(super) fn start_election(&mut self) {
        let term = self.next_term();
        let candidate = self.id;
        self.tell_all(self.state.peers, &CoordinatorMsg::StartJoin { candidate, term });
        self.on_start_join(candidate, term);
    }

    fn next_term(&self) -> Term {
        self.terms_seen().next_election_term(self.current_term())
    }

    /// A node is asked to vote: any higher term is obeyed.
    pub(super) fn on_start_join(&mut self, candidate: NodeId, term: Term) {
        if self.enter_term(candidate, term) {
            self.ask_to_join(candidate);
        }
    }

    /// `updateMaxTermSeen`: an established leader that hears of a higher term
    /// stands for election in a yet higher one at once, and is not asked for
    /// it: somebody already believes that it should lead. While it publishes it
    /// only remembers the term.
    pub(super) fn heard_of_term(&mut self, term: Term) {
        self.state.max_term_seen = self.terms_seen().hear(term).0;
        self.bump_term();
    }

    pub(super) fn terms_seen(&self) -> TermsSeen {
        TermsSeen(self.state.max_term_seen)
    }

    /// Stands for election again if a higher term is known. Returns whether it did.
    pub(super) fn bump_term(&mut self) -> bool {
        let publishes = self.state.publication.is_some();
        let TermBump::Now(seen) = self.terms_seen().bump(self.current_term(), self.is_leader(), publishes) else {
            return false;
        };
        let bumps = self.enter_term(self.id, seen);
        if bumps {
            self.start_election();
        }
        bumps
    }

    /// A leader that may not win hands over to somebody who may: everybody is
    /// asked to vote for the new master (`Coordinator.abdicateTo`). It takes the
    /// first of those that have accepted its last state; Elasticsearch takes any.
    pub(super) fn hand_over(&mut self, accepted_by: NodeSet) -> bool {
        let (own, members) = (self.accepted(), self.accepted().value.members);
        let roles = RolesOf { master_eligible: members.master_eligible, voting_only: self.settings.voting_only };
        let heirs = abdication_candidates(&AbdicationView {
            local: self.id,
            completed: accepted_by.intersection(members.nodes),
            roles,
            excluded: own.value.exclusions,
            accepted_config: own.config,
            committed_config: own.committed_config,
            published: (own.term, own.version),
        });
        let Some(candidate) = heirs.iter().find(|heir| self.may_lead(*heir).is_ok()) else { return false };
        let term = self.next_term();
        self.tell_all(members.nodes, &CoordinatorMsg::StartJoin { candidate, term });
        self.on_start_join(candidate, term);
        true
    }
}
