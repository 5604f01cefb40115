//! Fault detection: a leader checks its followers, a follower its leader
//! (`FollowersChecker`, `LeaderChecker`).
//!
//! A check is answered, refused, or not answered in time; the latter two are
//! failures, and some consecutive ones are enough. A lost connection is enough
//! at once. A follower that has failed is removed from the cluster; a leader
//! that has failed is given up.

use super::message::CoordinatorMsg;
use super::policy::{Policy, Refusal};
use super::state::{CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::Term;
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

    fn follow_if_asked(&mut self, leader: NodeId, term: Term) -> Result<(), Refusal> {
        self.rules.permit(Refusal::Unhealthy, self.state.healthy)?;
        let is_follower = matches!(self.state.mode, Mode::Follower(_));
        if is_follower && term == self.current_term() {
            return Ok(());
        }
        self.rules.permit(Refusal::CheckTermIsOver, term >= self.current_term())?;
        self.ensure_term_at_least(leader, term);
        if self.rules.check_makes_followers() && self.accepted().term < self.current_term() {
            self.become_follower(leader);
            return Ok(());
        }
        if self.state.joining.is_some() {
            return Ok(());
        }
        self.rules.permit(Refusal::GivenUpInThisTerm, false)?;
        self.become_follower(leader);
        Ok(())
    }

    /// A follower has answered.
    pub(super) fn on_follower_check_response(&mut self, source: NodeId, term: Term, follows: bool) {
        if !self.is_leader() || term != self.current_term() {
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
        if self.one_failure_more(follower) >= enough {
            self.follower_failed(follower);
        } else {
            self.cancel_timer(CoordinatorTimer::FollowerCheckTimeout(follower));
            self.check_again(CoordinatorTimer::FollowerCheck(follower));
        }
    }

    fn one_failure_more(&mut self, node: NodeId) -> u64 {
        match self.state.failures.iter_mut().find(|(failing, _)| *failing == node) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                u64::from(*count)
            }
            None => {
                self.state.failures.push((node, 1));
                self.state.failures.sort_unstable();
                1
            }
        }
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

    fn leads(&self, follower: NodeId) -> Result<(), Refusal> {
        self.rules.permit(Refusal::Unhealthy, self.state.healthy)?;
        self.rules.permit(Refusal::DoesNotLead, self.is_leader())?;
        let members = match &self.state.publication {
            Some(publication) => publication.targets,
            None => self.accepted().value.members.nodes,
        };
        self.rules.permit(Refusal::NotAMember, members.contains(follower))
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
        if self.one_failure_more(leader) >= leader_check(&self.settings.elasticsearch).retry_count {
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
                if self.accepted().value.members.nodes.contains(peer) {
                    self.follower_failed(peer);
                }
                if let Some(id) = self.state.publication.as_ref().map(|publication| publication.id()) {
                    self.fail_target(peer, id);
                }
            }
            Mode::Follower(leader) if leader == peer => self.become_candidate(),
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
