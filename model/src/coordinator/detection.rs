//! Fault detection: a leader checks its followers, a follower its leader
//! (`FollowersChecker`, `LeaderChecker`).
//!
//! A check is answered, refused, or not answered in time; the latter two are
//! failures, and some consecutive ones are enough. A lost connection is enough
//! at once. A follower that has failed is removed from the cluster; a leader
//! that has failed is given up.

use super::message::CoordinatorMsg;
use super::policy::{Choice, Membership, Policy};
use super::state::{CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::Term;
use crate::membership::{
    CheckCount, CheckFailure, FollowerCheckRuling, FollowerCheckView, LeaderCheckView, MembershipRejection,
    answer_follower_check, answer_leader_check,
};
use crate::node_set::{NodeId, NodeSet};
use crate::settings::schedule::{follower_check, leader_check};

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// A leader checks the nodes of the state that it publishes, from the start
    /// of the publication, and nobody else. Whom it checks already it goes on
    /// checking in its own time (`FollowersChecker.setCurrentNodes`): otherwise a
    /// leader that publishes all the time would never find out who is gone.
    pub(super) fn check_followers(&mut self, members: NodeSet) {
        let known: NodeSet = self.accepted().value.members.nodes;
        for gone in known.iter().filter(|node| !members.contains(*node)) {
            self.stop_checking(gone);
        }
        // The first publication of a term finds nobody checked.
        let checked = if self.accepted().term == self.current_term() { known } else { NodeSet::EMPTY };
        let (own, faulty) = (self.id, self.state.faulty);
        let starts = |node: &NodeId| *node != own && !checked.contains(*node) && !faulty.contains(*node);
        for follower in members.iter().filter(starts) {
            self.check_follower(follower);
        }
    }

    /// Sends a check, and waits for the answer so long.
    pub(super) fn check_follower(&mut self, follower: NodeId) {
        if !self.is_leader() {
            return;
        }
        let term = self.current_term();
        self.tell(follower, CoordinatorMsg::FollowerCheck { term });
        if self.settings.driven.membership {
            self.set_timer_ms(
                CoordinatorTimer::FollowerCheckTimeout(follower),
                follower_check(&self.settings.elasticsearch).timeout_ms,
            );
        }
    }

    fn stop_checking(&mut self, follower: NodeId) {
        self.cancel_timer(CoordinatorTimer::FollowerCheck(follower));
        self.cancel_timer(CoordinatorTimer::FollowerCheckTimeout(follower));
        self.state.failures.retain(|(node, _)| *node != follower);
    }

    pub(super) fn stop_checking_followers(&mut self) {
        let members = self.accepted().value.members.nodes;
        let published = self.state.publication.as_ref().map_or(NodeSet::EMPTY, |publication| publication.targets);
        for follower in members.union(published).without(self.id).iter() {
            self.stop_checking(follower);
        }
        self.state.faulty = NodeSet::EMPTY;
    }

    /// A leader asks whether this node follows it. A follower of this term says
    /// so at once; everybody else enters the leader's term first. A candidate
    /// that has accepted nothing in this term follows; one that has gave this
    /// leader up, serves nobody's state, and must ask to be let in (#36449).
    pub(super) fn on_follower_check(&mut self, leader: NodeId, term: Term) {
        let follows = self.follow_if_asked(leader, term).is_ok();
        if self.settings.driven.checks {
            self.tell(leader, CoordinatorMsg::FollowerCheckResponse { term, follows });
        }
    }

    fn follow_if_asked(&mut self, leader: NodeId, term: Term) -> Result<(), MembershipRejection> {
        let mut ruling = self.ruling(term)?;
        if ruling == FollowerCheckRuling::EnterTerm {
            self.ensure_term_at_least(leader, term);
            ruling = self.ruling(term)?;
        }
        match ruling {
            FollowerCheckRuling::Follow if self.rules.takes(Choice::CheckMakesFollowers) => self.become_follower(leader),
            FollowerCheckRuling::Follow => return Err(MembershipRejection::FollowerCheckFaultyMaster),
            FollowerCheckRuling::Nothing | FollowerCheckRuling::EnterTerm => {}
        }
        Ok(())
    }

    fn ruling(&self, term: Term) -> Result<FollowerCheckRuling, MembershipRejection> {
        let view = FollowerCheckView {
            healthy: self.state.healthy,
            is_follower: matches!(self.state.mode, Mode::Follower(_)),
            current_term: self.current_term(),
            accepted_term: self.accepted().term,
            join_pending: self.state.joining.is_some(),
        };
        answer_follower_check(&Membership(self.rules), &view, term)
    }

    /// A follower has answered. One that has been removed since is checked no
    /// more: else a check would make it follow again, and nobody let it in.
    pub(super) fn on_follower_check_response(&mut self, source: NodeId, term: Term, follows: bool) {
        if !self.is_leader() || term != self.current_term() || !self.is_checked(source) {
            return;
        }
        if follows {
            self.state.failures.retain(|(node, _)| *node != source);
            self.cancel_timer(CoordinatorTimer::FollowerCheckTimeout(source));
            self.check_again(CoordinatorTimer::FollowerCheck(source));
        } else {
            self.follower_check_failed(source);
        }
    }

    fn is_checked(&self, follower: NodeId) -> bool {
        self.last_members().contains(follower) && !self.state.faulty.contains(follower)
    }

    /// The members of the state being published, or of the last one.
    fn last_members(&self) -> NodeSet {
        match &self.state.publication {
            Some(publication) => publication.targets,
            None => self.accepted().value.members.nodes,
        }
    }

    fn check_again(&mut self, timer: CoordinatorTimer) {
        let elasticsearch = &self.settings.elasticsearch;
        let interval_ms = match timer {
            CoordinatorTimer::LeaderCheck => leader_check(elasticsearch).interval_ms,
            _ => follower_check(elasticsearch).interval_ms,
        };
        self.set_timer_ms(timer, interval_ms);
    }

    /// One failure more, of those that are enough.
    pub(super) fn follower_check_failed(&mut self, follower: NodeId) {
        if !self.is_leader() {
            return;
        }
        let enough = follower_check(&self.settings.elasticsearch).retry_count;
        if self.one_failure_more(follower, enough) {
            self.follower_failed(follower);
        } else {
            self.cancel_timer(CoordinatorTimer::FollowerCheckTimeout(follower));
            self.check_again(CoordinatorTimer::FollowerCheck(follower));
        }
    }

    /// Counts a failed check, and says whether those in a row are enough.
    fn one_failure_more(&mut self, node: NodeId, retry_count: u64) -> bool {
        if !self.rules.takes(Choice::CountsFailedChecks) {
            return false;
        }
        let known = self.state.failures.iter().position(|(failing, _)| *failing == node);
        let count = known.map_or(0, |position| self.state.failures.remove(position).1);
        let (count, enough) = CheckCount(count.into()).failed(CheckFailure::Timeout, retry_count);
        self.state.failures.push((node, u8::try_from(count.0).unwrap_or(u8::MAX)));
        self.state.failures.sort_unstable();
        enough
    }

    fn follower_failed(&mut self, follower: NodeId) {
        self.stop_checking(follower);
        self.state.faulty = self.state.faulty.with(follower);
        self.publish_next();
    }

    /// A follower checks its leader.
    pub(super) fn check_leader(&mut self) {
        let Mode::Follower(leader) = self.state.mode else { return };
        if self.settings.driven.checks {
            self.tell(leader, CoordinatorMsg::LeaderCheck);
        }
        self.set_timer_ms(CoordinatorTimer::LeaderCheckTimeout, leader_check(&self.settings.elasticsearch).timeout_ms);
    }

    /// A node asks whether this one leads it: whether it is a member of the
    /// state being published, or of the last one.
    pub(super) fn on_leader_check(&mut self, source: NodeId) {
        let leads = self.leads(source).is_ok();
        self.tell(source, CoordinatorMsg::LeaderCheckResponse { leads });
    }

    fn leads(&self, follower: NodeId) -> Result<(), MembershipRejection> {
        let view = LeaderCheckView { healthy: self.state.healthy, is_master: self.is_leader(), nodes: self.last_members() };
        answer_leader_check(&Membership(self.rules), &view, follower)
    }

    /// The leader has answered.
    pub(super) fn on_leader_check_response(&mut self, source: NodeId, leads: bool) {
        if self.state.mode != Mode::Follower(source) {
            return;
        }
        if leads {
            self.state.failures.clear();
            self.cancel_timer(CoordinatorTimer::LeaderCheckTimeout);
            self.check_again(CoordinatorTimer::LeaderCheck);
        } else {
            self.leader_check_failed();
        }
    }

    /// One failure more, of those that are enough.
    pub(super) fn leader_check_failed(&mut self) {
        let Mode::Follower(leader) = self.state.mode else { return };
        if self.one_failure_more(leader, leader_check(&self.settings.elasticsearch).retry_count) {
            self.become_candidate();
        } else {
            self.cancel_timer(CoordinatorTimer::LeaderCheckTimeout);
            self.check_again(CoordinatorTimer::LeaderCheck);
        }
    }

    /// The connection to a node is lost, and with it what was not answered.
    pub(super) fn on_disconnected(&mut self, peer: NodeId) {
        match self.state.mode {
            Mode::Leader => {
                self.state.validating.retain(|(node, _)| *node != peer);
                self.state.joins = self.state.joins.without(peer);
                if self.accepted().value.members.nodes.contains(peer) && self.rules.takes(Choice::HeedsLostSessions) {
                    self.follower_failed(peer);
                }
                if let Some(id) = self.state.publication.as_ref().map(|publication| publication.id()) {
                    self.fail_target(peer, id);
                }
            }
            Mode::Follower(leader) if leader == peer && self.rules.takes(Choice::HeedsLostSessions) => self.become_candidate(),
            Mode::Follower(_) => {}
            Mode::Candidate => {
                self.state.peers = self.state.peers.without(peer);
                self.on_join_response(peer);
                self.state.joins = self.state.joins.without(peer);
                self.peers_changed();
            }
        }
    }
}
