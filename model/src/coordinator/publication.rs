//! Publishing, in two phases (`Coordinator.publish`, `Publication`).
//!
//! A leader publishes one state at a time. It accepts its own publication at
//! once and handles its own commit the moment there is one, so that the next
//! publication starts from a committed, locally handled state; then it applies,
//! and only then the client hears of success.

use stateright::actor::Id;

use super::actor_id;
use super::message::{CoordinatorMsg, NotPublished, PublicationOutcome};
use super::settings::CoordinatorSettings;
use super::state::{Applied, CoordinatorTimer, LeaderPublication, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{ClientValue, ClusterState, PublicationId, RuleSet};
use crate::node_set::NodeId;

impl<V: ClusterValue, R: RuleSet> Turn<'_, V, R> {
    /// A client asks for a change. It is refused, definitely, by a node that
    /// does not lead and by a leader that is busy.
    pub(super) fn submit(&mut self, client: Id, request: u64, change: &V::Change) {
        if self.state.mode != Mode::Leader {
            return self.decline(client, request, NotPublished::NotLeader);
        }
        if self.state.publication.as_ref().is_some_and(|publication| !publication.committed) {
            return self.decline(client, request, NotPublished::Busy);
        }
        let value = self.coordination().accepted().value.changed(change);
        let from = Some((usize::from(client) as u64, request));
        if self.publish(value, from).is_err() {
            self.decline(client, request, NotPublished::Refused);
        }
    }

    /// Phase 1. A leader whose own rules refuse its publication steps down.
    pub(super) fn publish(&mut self, value: V, client: Option<(u64, u64)>) -> Result<(), ()> {
        let accepted = self.coordination().accepted();
        let change = ClientValue {
            term: self.coordination().current_term(),
            version: accepted.version + 1,
            value,
            config: accepted.config,
        };
        let Ok((next, request)) = self.rules.handle_client_value(self.coordination(), self.id, &change) else {
            self.become_candidate();
            return Err(());
        };
        self.state.coordination = next;
        self.state.publication = Some(LeaderPublication { request: request.clone(), client, committed: false });
        self.set_timer(CoordinatorTimer::Publication, CoordinatorSettings::exactly(self.settings.publish_timeout_ms));
        self.broadcast(&CoordinatorMsg::PublishRequest(request.clone()));

        if let Ok((next, response)) = self.rules.handle_publish_request(self.coordination(), &request) {
            self.state.coordination = next;
            self.on_publish_response(self.id, response);
        }
        Ok(())
    }

    /// A published state arrives. Its term is entered first, which is a vote
    /// for the leader. Who accepts it follows the leader.
    pub(super) fn on_publish_request(&mut self, leader: NodeId, request: &ClusterState<V>) {
        self.vote_in_term(leader, request.term);
        let Ok((next, response)) = self.rules.handle_publish_request(self.coordination(), request) else { return };
        self.state.coordination = next;
        self.become_follower(leader);
        self.send(actor_id(leader), CoordinatorMsg::PublishResponse(response));
    }

    /// An acceptance arrives. The one that makes a quorum commits the state for
    /// everybody; who accepts later gets the commit at once.
    pub(super) fn on_publish_response(&mut self, source: NodeId, response: PublicationId) {
        if self.state.mode != Mode::Leader {
            return;
        }
        let Ok((next, commit)) = self.rules.handle_publish_response(self.coordination(), source, response) else { return };
        self.state.coordination = next;
        let (Some(commit), Some(publication)) = (commit, self.state.publication.as_mut()) else { return };
        if !publication.committed {
            publication.committed = true;
            let client = publication.client();
            publication.client = None;
            self.complete(client, commit);
        } else if source != self.id {
            self.send(actor_id(source), CoordinatorMsg::Commit(commit));
        }
    }

    /// Phase 2. The leader handles its own commit, applies last, and answers.
    fn complete(&mut self, client: Option<(Id, u64)>, commit: PublicationId) {
        self.cancel_timers(&[CoordinatorTimer::Publication]);
        self.broadcast(&CoordinatorMsg::Commit(commit));
        self.on_commit(commit);
        if let Some((client, request)) = client {
            self.answer(client, request, PublicationOutcome::Committed(commit));
        }
    }

    /// A follower has come this far: it gets again what it has missed, the very
    /// message that it missed.
    pub(super) fn catch_up(&mut self, follower: NodeId, accepted: PublicationId, applied: bool) {
        let Some(publication) = &self.state.publication else { return };
        let (latest, committed) = (publication.id(), publication.committed);
        if accepted != latest {
            let request = publication.request.clone();
            self.send(actor_id(follower), CoordinatorMsg::PublishRequest(request));
        } else if committed && !applied {
            self.send(actor_id(follower), CoordinatorMsg::Commit(latest));
        }
    }

    /// A commit arrives: the accepted state is committed and is applied.
    pub(super) fn on_commit(&mut self, commit: PublicationId) {
        let Ok(next) = self.rules.handle_commit(self.coordination(), commit) else { return };
        self.state.applied = Some(Applied { id: commit, value: next.accepted().value.clone() });
        self.state.coordination = next;
    }
}
