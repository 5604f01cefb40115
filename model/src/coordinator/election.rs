//! Standing for election, voting, winning, and stepping down
//! (`Coordinator.startElection`, `joinLeaderInTerm`, `becomeLeader`, `becomeCandidate`).

use super::actor_id;
use super::message::{CoordinatorMsg, PublicationOutcome};
use super::settings::CoordinatorSettings;
use super::state::{CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{Join, RuleSet, Term};
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: RuleSet> Turn<'_, V, R> {
    /// The next attempt, after a random delay.
    pub(super) fn schedule_election(&mut self) {
        self.set_timer(CoordinatorTimer::Election, self.settings.election_delay());
    }

    /// A candidate enters the next term, votes for itself and asks everybody
    /// else to. The next attempt is scheduled before this one is made.
    pub(super) fn on_election_timer(&mut self) {
        if self.state.mode != Mode::Candidate {
            return;
        }
        self.schedule_election();
        let term = self.coordination().current_term() + 1;
        let Some(own_vote) = self.enter_term(term) else { return };
        self.broadcast(&CoordinatorMsg::StartJoin { term });
        self.on_join(self.id, &own_vote);
    }

    /// A node is asked to vote: any higher term is obeyed.
    pub(super) fn on_start_join(&mut self, candidate: NodeId, term: Term) {
        self.vote_in_term(candidate, term);
    }

    /// Enters a term on behalf of `leader`, which gets the vote
    /// (`Coordinator.ensureTermAtLeast`).
    pub(super) fn vote_in_term(&mut self, leader: NodeId, term: Term) {
        if let Some(join) = self.enter_term(term) {
            self.send(actor_id(leader), CoordinatorMsg::Join(join));
        }
    }

    /// Enters `term` if the rules allow it; whoever led or followed in the old
    /// term no longer does.
    fn enter_term(&mut self, term: Term) -> Option<Join> {
        let (next, join) = self.rules.handle_start_join(self.coordination(), term).ok()?;
        self.state.coordination = next;
        if self.state.mode != Mode::Candidate {
            self.become_candidate();
        }
        Some(join)
    }

    /// A vote arrives. The one that makes a quorum makes a leader; later ones
    /// are counted too.
    pub(super) fn on_join(&mut self, voter: NodeId, join: &Join) {
        let Ok(next) = self.rules.handle_join(self.coordination(), voter, join) else { return };
        let won_now = next.election_won() && !self.coordination().election_won();
        self.state.coordination = next;
        if won_now && self.state.mode == Mode::Candidate {
            self.become_leader();
        }
    }

    /// A winner leads, and makes itself known by publishing what it has
    /// accepted, in its own term.
    fn become_leader(&mut self) {
        self.state.mode = Mode::Leader;
        self.state.heard = NodeSet::EMPTY;
        self.cancel_timers(&[CoordinatorTimer::Election]);
        self.set_timer(CoordinatorTimer::FollowerCheck, CoordinatorSettings::exactly(self.settings.follower_check_interval_ms));
        self.set_timer(CoordinatorTimer::FollowerFailure, CoordinatorSettings::exactly(self.settings.failure_timeout_ms));
        let value = self.coordination().accepted().value.clone();
        _ = self.publish(value, None);
    }

    /// A node gives up what it was. A publication under way may still surface.
    pub(super) fn become_candidate(&mut self) {
        self.state.mode = Mode::Candidate;
        self.state.heard = NodeSet::EMPTY;
        if let Some((client, request)) = self.state.publication.take().and_then(|publication| publication.client()) {
            self.answer(client, request, PublicationOutcome::Unknown);
        }
        self.cancel_timers(&[
            CoordinatorTimer::LeaderFailure,
            CoordinatorTimer::FollowerCheck,
            CoordinatorTimer::FollowerFailure,
            CoordinatorTimer::Publication,
        ]);
        self.schedule_election();
    }

    /// A node follows the leader of its term, and watches it.
    pub(super) fn become_follower(&mut self, leader: NodeId) {
        if self.state.mode == Mode::Leader {
            return; // only a higher term ends leadership, by way of candidate
        }
        self.state.mode = Mode::Follower(leader);
        self.cancel_timers(&[CoordinatorTimer::Election]);
        self.watch_leader();
    }
}
