//! Fault detection: followers are checked by their leader, leaders by their
//! silence (`FollowersChecker`, `LeaderChecker`). A check also finds out who has
//! missed something.

use super::actor_id;
use super::message::CoordinatorMsg;
use super::settings::CoordinatorSettings;
use super::state::{CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{PublicationId, RuleSet, Term};
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: RuleSet> Turn<'_, V, R> {
    /// A leader tells everybody that it leads.
    pub(super) fn on_follower_check_timer(&mut self) {
        let term = self.coordination().current_term();
        self.broadcast(&CoordinatorMsg::FollowerCheck { term });
        self.set_timer(CoordinatorTimer::FollowerCheck, CoordinatorSettings::exactly(self.settings.follower_check_interval_ms));
    }

    /// A leader makes itself known. Its term is entered first. A candidate that
    /// has accepted nothing in this term follows; one that has must not be
    /// flipped back by a check, it has already given this leader up (#36449).
    pub(super) fn on_follower_check(&mut self, leader: NodeId, term: Term) {
        self.vote_in_term(leader, term);
        if term != self.coordination().current_term() {
            return;
        }
        match self.state.mode {
            Mode::Candidate if self.coordination().accepted().term < term => self.become_follower(leader),
            Mode::Follower(known) if known == leader => self.watch_leader(),
            _ => return,
        }
        let accepted =
            PublicationId { term: self.coordination().accepted().term, version: self.coordination().accepted().version };
        let applied = self.state.applied.as_ref().is_some_and(|applied| applied.id == accepted);
        self.send(actor_id(leader), CoordinatorMsg::FollowerCheckResponse { term, accepted, applied });
    }

    /// Starts, or starts again, to wait for a sign of the leader.
    pub(super) fn watch_leader(&mut self) {
        self.set_timer(CoordinatorTimer::LeaderFailure, CoordinatorSettings::exactly(self.settings.failure_timeout_ms));
    }

    /// A follower answers. Once a quorum has, the leader starts to wait anew.
    pub(super) fn on_follower_check_response(&mut self, follower: NodeId, term: Term, accepted: PublicationId, applied: bool) {
        if self.state.mode != Mode::Leader || term != self.coordination().current_term() {
            return;
        }
        let heard = self.state.heard.with(follower);
        let own = self.coordination().accepted();
        if self.rules.is_election_quorum(heard.with(self.id), own.committed_config, own.config) {
            self.state.heard = NodeSet::EMPTY;
            self.set_timer(CoordinatorTimer::FollowerFailure, CoordinatorSettings::exactly(self.settings.failure_timeout_ms));
        } else {
            self.state.heard = heard;
        }
        self.catch_up(follower, accepted, applied);
    }
}
