//! What a leader publishes next, and why (`MasterService`, `NodeJoinExecutor`,
//! `NodeLeftExecutor`, `Reconfigurator`).
//!
//! One state at a time, and never a queue of what follows from what is known
//! anyway: nodes that failed, nodes that wait, a better configuration. Only
//! clients' changes are queued, and come last.

use super::message::{NotPublished, PublicationOutcome};
use super::metadata::ClusterMetadata;
use super::policy::{Choice, Policy, Refusal};
use super::publication::Draft;
use super::state::{CoordinatorTimer, Submission, Waiting};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::node_set::NodeSet;

/// How many changes may wait on a leader.
const QUEUE_MAX: usize = 1_000;

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// A client asks for a change. It is refused, definitely, by a node that
    /// does not lead.
    pub(super) fn submit(&mut self, submission: Submission<V::Change>) {
        if !self.is_leader() {
            return self.decline(submission.waiting, NotPublished::NotLeader);
        }
        if self.state.queue.len() >= QUEUE_MAX {
            return self.decline(submission.waiting, NotPublished::Busy);
        }
        self.state.queue.push(submission);
        self.publish_next();
    }

    /// The first publication of a term: the winner is the master, and everybody
    /// who asked it to be let in is.
    pub(super) fn publish_election(&mut self) {
        let joining = std::mem::take(&mut self.state.joins);
        let metadata = ClusterMetadata { master: Some(self.id), ..self.with_joined(joining.with(self.id)) };
        self.publish(Draft { joining, ..Draft::of(metadata, self.accepted().config) });
    }

    /// Publishes what is most urgent, if the leader is free. One turn publishes
    /// one state: a leader that is alone would otherwise never come to an end of it.
    pub(super) fn publish_next(&mut self) {
        let free = self.rules.permit(Refusal::PublicationInProgress, self.state.publication.is_none());
        if !self.is_established() || free.is_err() {
            return;
        }
        if self.has_published {
            return self.set_timer_ms(CoordinatorTimer::NextTask, 0);
        }
        let (metadata, config) = (self.accepted().value.clone(), self.accepted().config);
        let gone = self.state.faulty.intersection(metadata.members.nodes);
        if self.settings.driven.membership && !gone.is_empty() {
            let members = metadata.members.without(gone);
            return self.publish(Draft::of(ClusterMetadata { members, ..metadata }, config));
        }
        if !self.state.joins.is_empty() && self.rules.takes(Choice::LetsNodesIn) {
            let joining = std::mem::take(&mut self.state.joins);
            return self.publish(Draft { joining, ..Draft::of(self.with_joined(joining), config) });
        }
        if let Some(better) = self.better_configuration() {
            return self.publish(Draft::of(metadata, better));
        }
        if !self.state.queue.is_empty() {
            let Submission { waiting, change } = self.state.queue.remove(0);
            self.publish_change(waiting, change);
        }
    }

    fn publish_change(&mut self, waiting: Waiting, change: super::ClusterChange<V::Change>) {
        let accepted = self.accepted();
        let (metadata, config) = (accepted.value.changed(&change), accepted.config);
        if metadata == accepted.value && !matches!(change, super::ClusterChange::Value(_)) {
            let id = accepted.id();
            self.answer(waiting, PublicationOutcome::Committed(id));
            return self.publish_next();
        }
        let (had, excluded) = (accepted.value.exclusions, metadata.exclusions);
        let max = self.settings.elasticsearch.max_voting_config_exclusions;
        if excluded.len() > had.len() && excluded.len() as u64 > max {
            self.decline(waiting, NotPublished::TooManyExclusions);
            return self.publish_next();
        }
        let change = match change {
            super::ClusterChange::Value(change) => Some(change),
            _ => None,
        };
        self.publish(Draft { waiting: Some(waiting), change, ..Draft::of(metadata, config) });
    }

    fn with_joined(&self, joining: NodeSet) -> ClusterMetadata<V> {
        let mut metadata = self.accepted().value.clone();
        if self.settings.driven.membership {
            let join = |members: super::Members, node| members.with(node, self.is_master_eligible(node));
            metadata.members = joining.iter().fold(metadata.members, join);
        }
        metadata
    }

    /// `improveConfiguration`: the voting configuration that would be better.
    fn better_configuration(&self) -> Option<NodeSet> {
        if !self.settings.driven.membership {
            return None;
        }
        self.rules.better_configuration(&self.state.leader_view(self.id, &self.settings.elasticsearch))
    }
}
