//! Publishing, in two phases (`Coordinator.publish`, `Publication`,
//! `PublicationTransportHandler`).
//!
//! ```text
//!   leader                                       each target
//!   publish ─────────── Publish ───────────────▶ on_publish: enter the term, accept, follow
//!     │ accepts itself                                │
//!   on_publish_response ◀── PublishResponse + vote ───┘
//!     │ a quorum: committed, and handled locally
//!     ├──────────────── Commit ────────────────▶ on_commit: apply
//!   on_applied ◀──────── Applied ─────────────────────┘
//!     │ all have applied or failed, or time is up
//!   complete: count the votes, apply last, answer, go on
//! ```
//!
//! One state at a time. What ends a publication before it is committed ends its
//! leader too, since the state may surface all the same.

use smallvec::SmallVec;

use super::message::{CoordinatorMsg, NotPublished, Publication, PublicationOutcome, StateDiff};
use super::metadata::ClusterMetadata;
use super::policy::{Choice, Policy};
use super::state::{Applied, CoordinatorTimer, LeaderPublication, Waiting};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{ClientValue, ClusterState, Join, PublicationId};
use crate::membership::ElectionAttempts;
use crate::node_set::{NodeId, NodeSet};
use crate::settings::schedule::{follower_lag_timeout_ms, publish_timeout_ms};

/// A state that a leader wants to publish.
pub(super) struct Draft<V: ClusterValue> {
    pub metadata: ClusterMetadata<V>,
    pub config: NodeSet,
    pub change: Option<V::Change>,
    pub waiting: Option<Waiting>,
    pub joining: NodeSet,
}

impl<V: ClusterValue> Draft<V> {
    pub fn of(metadata: ClusterMetadata<V>, config: NodeSet) -> Self {
        Draft { metadata, config, change: None, waiting: None, joining: NodeSet::EMPTY }
    }
}

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// Phase 1. A leader whose own rules refuse its publication gives up: it
    /// would never publish anything again.
    pub(super) fn publish(&mut self, draft: Draft<V>) {
        let Draft { metadata, config, change, waiting, joining } = draft;
        let (base, had) = (self.accepted().id(), self.accepted().value.members.nodes);
        let value = ClientValue { term: self.current_term(), version: base.version + 1, value: metadata, config };
        let Ok((next, state)) = self.rules.handle_client_value(self.coordination(), self.id, &value) else {
            if let Some(waiting) = waiting {
                self.decline(waiting, NotPublished::Refused);
            }
            self.refuse_joins(joining);
            if self.rules.takes(Choice::GivesUpAfterRefusal) {
                self.become_candidate();
            }
            return;
        };
        self.state.coordination = next;
        self.has_published = true;
        let targets = state.value.members.nodes;
        self.state.faulty = self.state.faulty.intersection(targets);
        let publication = LeaderPublication {
            state: state.clone(),
            base,
            change,
            waiting,
            targets,
            failed: self.state.faulty,
            applied: NodeSet::EMPTY,
            committed: false,
            votes: SmallVec::new(),
            joining,
        };
        for target in targets.without(self.id).iter() {
            let diffs = self.settings.driven.diffs && self.sends_difference(had.contains(target));
            let message = if diffs { publication.diff() } else { Publication::Full(state.clone()) };
            self.tell(target, CoordinatorMsg::Publish(message));
        }
        self.state.publication = Some(publication);
        self.check_followers(targets);
        if let Some(ms) = publish_timeout_ms(&self.settings.elasticsearch) {
            self.set_timer_ms(CoordinatorTimer::PublicationTimeout, ms);
        }
        if let Ok((next, response)) = self.rules.handle_publish_request(self.coordination(), &state) {
            self.state.coordination = next;
            self.count_acceptance(self.id, response);
        }
        self.fail_if_hopeless();
    }

    /// A published state arrives. Its term is entered first, which is a vote for
    /// the leader and goes back with the acceptance. Who accepts it follows.
    pub(super) fn on_publish(&mut self, leader: NodeId, publication: &Publication<V>) {
        let id = publication.id();
        let Some(state) = self.reconstruct(publication) else {
            return self.refuse_publication(leader, id, true);
        };
        if self.same_cluster(state.value.cluster_uuid).is_err() {
            return self.refuse_publication(leader, id, false);
        }
        self.ensure_term_at_least(leader, state.term);
        let Ok((next, id)) = self.rules.handle_publish_request(self.coordination(), &state) else {
            return self.refuse_publication(leader, id, false);
        };
        self.state.coordination = next;
        self.become_follower(leader);
        let vote = self.state.last_join.and_then(|(candidate, join)| (candidate == leader).then_some(join));
        self.tell(leader, CoordinatorMsg::PublishResponse { id, vote });
    }

    /// The whole state, if a difference is to what this node has accepted.
    fn reconstruct(&self, publication: &Publication<V>) -> Option<ClusterState<ClusterMetadata<V>>> {
        match publication {
            Publication::Full(state) => Some(state.clone()),
            Publication::Diff(diff) => (diff.base == self.accepted().id()).then(|| diff.applied_to(&self.accepted().value.value)),
        }
    }

    fn refuse_publication(&mut self, leader: NodeId, id: PublicationId, needs_full_state: bool) {
        if self.settings.driven.replies {
            self.tell(leader, CoordinatorMsg::PublishRefused { id, needs_full_state });
        }
    }

    /// A target does not accept. It may only have missed what the difference
    /// was to; then it gets the whole state.
    pub(super) fn on_publish_refused(&mut self, source: NodeId, id: PublicationId, needs_full_state: bool) {
        let Some(publication) = self.state.publication.as_ref().filter(|publication| publication.id() == id) else { return };
        if needs_full_state && self.rules.takes(Choice::SendsWholeAgain) {
            let state = publication.state.clone();
            return self.tell(source, CoordinatorMsg::Publish(Publication::Full(state)));
        }
        self.fail_target(source, id);
    }

    /// An acceptance arrives, with the sender's vote or without: a missing vote
    /// is reason for an election in which it can be given (#34335).
    pub(super) fn on_publish_response(&mut self, source: NodeId, id: PublicationId, vote: Option<Join>) {
        if !self.is_leader() {
            return;
        }
        match vote {
            Some(vote) => self.hold_vote(source, vote, id),
            None => self.miss_vote(source),
        }
        self.count_acceptance(source, id);
        self.heed_what_came_late();
    }

    /// What the end of a publication would have seen to came after it: a term
    /// to enter, since a vote is missing, or a vote that makes another
    /// configuration possible.
    fn heed_what_came_late(&mut self) {
        let idle = self.is_leader() && self.state.publication.is_none();
        if idle && !self.bump_term() {
            self.publish_next();
        }
    }

    /// A vote that comes with an acceptance is counted at the end.
    fn hold_vote(&mut self, source: NodeId, vote: Join, id: PublicationId) {
        let under_way = self.state.publication.as_mut().filter(|publication| publication.id() == id);
        match under_way.filter(|_| self.rules.takes(Choice::VotesWaitForTheEnd)) {
            Some(publication) => {
                if let Err(position) = publication.votes.binary_search(&(source, vote)) {
                    publication.votes.insert(position, (source, vote));
                }
            }
            None => _ = self.count_vote(source, &vote),
        }
    }

    fn miss_vote(&mut self, source: NodeId) {
        let is_missing = self.is_master_eligible(source) && !self.coordination().volatile.join_votes.contains(source);
        if is_missing && self.rules.takes(Choice::HeedsMissingVotes) {
            self.state.max_term_seen = self.terms_seen().vote_is_missing(self.current_term()).0;
        }
    }

    /// Counts an acceptance. The one that makes a quorum commits the state for
    /// everybody who has accepted; who accepts later gets the commit at once.
    fn count_acceptance(&mut self, source: NodeId, id: PublicationId) {
        let counted = self.rules.handle_publish_response(self.coordination(), source, id);
        let Ok((next, commit)) = counted else { return self.fail_target(source, id) };
        self.state.coordination = next;
        let Some(commit) = commit else { return };
        match &mut self.state.publication {
            Some(publication) if !publication.committed => {
                publication.committed = true;
                let accepted = self.coordination().volatile.publish_votes;
                self.tell_all(accepted, &CoordinatorMsg::Commit(commit));
                self.commit_locally(commit);
            }
            _ if self.rules.takes(Choice::CommitsLateAcceptances) => {
                self.tell_all(NodeSet::single(source), &CoordinatorMsg::Commit(commit))
            }
            _ => {}
        }
    }

    /// The leader marks its own state committed, and applies it only at the end.
    fn commit_locally(&mut self, commit: PublicationId) {
        let Ok(next) = self.rules.handle_commit(self.coordination(), commit) else { return self.fail_publication() };
        self.state.coordination = next;
        let waits = self.rules.takes(Choice::AppliesBeforeAnswering);
        let waiting = self.state.publication.as_mut().and_then(|publication| publication.waiting.take_if(|_| !waits));
        if let Some(waiting) = waiting {
            self.answer(waiting, PublicationOutcome::Committed(commit));
        }
        self.target_applied(self.id);
    }

    /// A commit arrives: the accepted state is committed and is applied. One
    /// that the rules refuse is answered too: the leader waits for this node
    /// otherwise, until its publication times out.
    pub(super) fn on_commit(&mut self, leader: NodeId, commit: PublicationId) {
        let Ok(next) = self.rules.handle_commit(self.coordination(), commit) else {
            return self.refuse_publication(leader, commit, false);
        };
        self.state.coordination = next;
        self.apply();
        if self.settings.driven.replies {
            self.tell(leader, CoordinatorMsg::Applied(commit));
        }
    }

    /// Hands the accepted state, which is committed, to whatever the node does
    /// with it. A node with a leader whose state is applied needs no elections.
    fn apply(&mut self) {
        let (id, metadata) = (self.accepted().id(), self.accepted().value.clone());
        self.state.applied = Some(Applied { id, metadata });
        let is_done = ElectionAttempts::is_done(self.is_candidate(), id.term, self.current_term());
        if is_done && self.rules.takes(Choice::StandsAsCandidateOnly) && self.rules.takes(Choice::StopsStanding) {
            self.close_scheduler();
        }
    }

    /// A target has applied the state.
    pub(super) fn on_applied(&mut self, source: NodeId, id: PublicationId) {
        if self.is_leader() && id == self.accepted().id() {
            self.target_applied(source);
        }
    }

    fn target_applied(&mut self, target: NodeId) {
        self.state.lagging = self.state.lagging.without(target);
        if let Some(publication) = &mut self.state.publication {
            publication.applied = publication.applied.with(target);
            self.complete_if_done();
        }
    }

    /// A target of the publication has failed, and is waited for no longer.
    pub(super) fn fail_target(&mut self, target: NodeId, id: PublicationId) {
        let Some(publication) = self.state.publication.as_mut().filter(|publication| publication.id() == id) else { return };
        if !self.rules.takes(Choice::EndsWithoutTheFailed) {
            return;
        }
        publication.failed = publication.failed.with(target);
        self.fail_if_hopeless();
        self.complete_if_done();
    }

    /// `onPossibleCommitFailure`: what has not failed is no quorum any more.
    fn fail_if_hopeless(&mut self) {
        let Some(publication) = &self.state.publication else { return };
        let left: NodeSet = publication.targets.iter().filter(|target| !publication.failed.contains(*target)).collect();
        let left = left.union(self.coordination().volatile.publish_votes);
        let (own, published) = (self.accepted().committed_config, publication.state.config);
        if !publication.committed && !self.rules.is_publish_quorum(left, own, published) {
            self.fail_publication();
        }
    }

    fn complete_if_done(&mut self) {
        let Some(publication) = &self.state.publication else { return };
        let ended = publication.applied.union(publication.failed);
        if publication.committed && (publication.targets.is_subset(ended) || !self.waits_for_appliers()) {
            self.complete();
        }
    }

    /// Whether a node is sent what changed: one that has what it changed from.
    fn sends_difference(&self, has_base: bool) -> bool {
        self.rules.takes(Choice::SendsDifferences) && (has_base || !self.rules.takes(Choice::SendsWholeStatesToOthers))
    }

    fn waits_for_appliers(&self) -> bool {
        self.settings.driven.replies && self.rules.takes(Choice::WaitsForAppliers)
    }

    /// Time is up. Committed, the publication is complete, and whoever has not
    /// applied it lags; not committed, it has failed.
    pub(super) fn on_publication_timeout(&mut self) {
        match &self.state.publication {
            Some(publication) if publication.committed && self.rules.takes(Choice::EndsWithoutTheFailed) => self.complete(),
            Some(_) if self.rules.takes(Choice::GivesUpAfterTimeout) => self.fail_publication(),
            _ => {}
        }
    }

    /// Not committed, and nobody knows whether it will be.
    fn fail_publication(&mut self) {
        self.become_candidate();
    }

    /// The end of a successful publication, in Elasticsearch's order: votes,
    /// the leader's own applier, answers; then a higher term, a hand-over, or
    /// whatever is to be published next.
    fn complete(&mut self) {
        let Some(publication) = self.state.publication.take() else { return };
        self.cancel_timer(CoordinatorTimer::PublicationTimeout);
        for (voter, vote) in &publication.votes {
            self.count_vote(*voter, vote);
        }
        self.apply();
        if let Some(waiting) = publication.waiting {
            self.answer(waiting, PublicationOutcome::Committed(publication.id()));
        }
        self.answer_joins(publication.joining, true);
        if !self.is_leader() || self.bump_term() {
            return;
        }
        let accepted = self.coordination().volatile.publish_votes;
        if !self.may_win(self.id) && self.rules.takes(Choice::HandsOver) && self.hand_over(accepted) {
            return;
        }
        self.watch_laggards(&publication);
        self.publish_next();
    }

    /// Whoever has not applied the state in a while is removed (`LagDetector`).
    /// Time goes on for those that were late before: otherwise a leader that
    /// publishes all the time would never remove anybody. (Elasticsearch has a
    /// timer for each state; here who is late since is removed with them.)
    fn watch_laggards(&mut self, publication: &LeaderPublication<V>) {
        let driven = self.settings.driven;
        if !driven.membership || !driven.replies || !self.rules.takes(Choice::RemovesLaggards) {
            return;
        }
        let late: NodeSet = publication.targets.iter().filter(|target| !publication.applied.contains(*target)).collect();
        let still_late = !self.state.lagging.intersection(late).is_empty();
        self.state.lagging = late;
        match follower_lag_timeout_ms(&self.settings.elasticsearch) {
            Some(_) if still_late => {}
            Some(ms) if !late.is_empty() => self.set_timer_ms(CoordinatorTimer::Lag, ms),
            _ => self.cancel_timer(CoordinatorTimer::Lag),
        }
    }

    /// Time is up for the laggards.
    pub(super) fn on_lag_timer(&mut self) {
        let lagging = std::mem::take(&mut self.state.lagging);
        self.state.faulty = self.state.faulty.union(lagging.intersection(self.accepted().value.members.nodes));
        self.publish_next();
    }
}

impl<V: ClusterValue> LeaderPublication<V> {
    fn diff(&self) -> Publication<V> {
        let state = self.state.with_value(self.state.value.with_value(()));
        Publication::Diff(StateDiff { base: self.base, state, change: self.change.clone() })
    }
}

impl<V: ClusterValue> StateDiff<V> {
    /// The whole state, where `base` is the value of the state that it is a difference to.
    pub fn applied_to(&self, base: &V) -> ClusterState<ClusterMetadata<V>> {
        let value = self.change.as_ref().map_or_else(|| base.clone(), |change| base.changed(change));
        self.state.with_value(self.state.value.with_value(value))
    }
}
