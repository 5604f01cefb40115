//! Joins and votes, seen from their receiver (`Coordinator.handleJoinRequest`,
//! `JoinHelper`, `JoinValidationService`).
//!
//! ```text
//!   Join ─▶ established leader? ── ValidateJoin ─▶ joining node
//!             │ no                 ◀─ JoinValidated ─┘
//!             ▼                         │
//!        count the vote ◀───────────────┘
//!             │ won now: lead, and let everybody in who asked
//!             │ leading already: let the node in with the next publication
//!             ▼
//!        JoinResponse, once that publication is complete
//! ```

use super::message::CoordinatorMsg;
use super::policy::{Membership, Policy, Refusal};
use super::state::Mode;
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::Join;
use crate::membership::{JoinRequest, MembershipRejection, accept_validation};
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// A node asks to be let in. An established leader finds out first whether
    /// it could be, before its vote is counted.
    pub(super) fn on_join(&mut self, source: NodeId, request: JoinRequest) {
        if source != self.id && self.is_established() && self.settings.driven.membership && self.settings.driven.replies {
            self.state.validating.retain(|(node, _)| *node != source);
            self.state.validating.push((source, request));
            self.state.validating.sort_unstable();
            let cluster_uuid = self.accepted().value.cluster_uuid;
            return self.tell(source, CoordinatorMsg::ValidateJoin { cluster_uuid });
        }
        self.process_join(source, request);
    }

    /// Whether this node is the master of a state that it has published.
    pub(super) fn is_established(&self) -> bool {
        self.is_leader() && self.accepted().term == self.current_term() && self.accepted().value.master == Some(self.id)
    }

    /// A leader asks whether this node could be part of its cluster.
    pub(super) fn on_validate_join(&mut self, leader: NodeId, cluster_uuid: u64) {
        let valid = self.same_cluster(cluster_uuid).is_ok();
        self.tell(leader, CoordinatorMsg::JoinValidated { valid });
    }

    /// A node whose cluster is known for certain is part of no other.
    pub(super) fn same_cluster(&self, cluster_uuid: u64) -> Result<(), MembershipRejection> {
        let own = &self.accepted().value;
        let own = own.uuid_committed.then_some(&own.cluster_uuid);
        accept_validation(&Membership(self.rules), own, &cluster_uuid)
    }

    /// The joining node has answered.
    pub(super) fn on_join_validated(&mut self, source: NodeId, valid: bool) {
        let Some(position) = self.state.validating.iter().position(|(node, _)| *node == source) else { return };
        let (_, request) = self.state.validating.remove(position);
        if valid {
            self.process_join(source, request);
        } else {
            self.refuse_joins(NodeSet::single(source));
        }
    }

    /// Heeds the term, counts the vote, and takes the node in.
    fn process_join(&mut self, source: NodeId, request: JoinRequest) {
        self.heard_of_term(request.term());
        // Counting a vote of a higher term can enter that term and win it (#98420).
        let has_won = self.coordination().election_won() && request.vote.is_none_or(|vote| vote.term <= self.current_term());
        if let Some(vote) = request.vote
            && self.count_vote(source, &vote).is_none()
        {
            return self.refuse_joins(NodeSet::single(source));
        }
        if self.admit(source).is_err() {
            self.refuse_joins(NodeSet::single(source));
        }
        if self.is_candidate() && self.coordination().election_won() && !has_won {
            self.become_leader();
        } else {
            self.publish_next();
        }
    }

    /// Remembers that a node wants to be let in (`JoinAccumulator`), of whatever
    /// term its request is.
    fn admit(&mut self, source: NodeId) -> Result<(), Refusal> {
        if !self.settings.driven.membership {
            return Ok(());
        }
        self.rules.permit(Refusal::Unhealthy, self.state.healthy)?;
        let is_follower = matches!(self.state.mode, Mode::Follower(_));
        self.rules.permit(Refusal::JoinTargetIsFollower, !is_follower)?;
        self.state.joins = self.state.joins.with(source);
        Ok(())
    }

    /// `handleJoin`: counts a vote. One of a higher term makes this node enter
    /// that term and vote for itself, since somebody believes that it should
    /// lead. Once the election is won, votes that the rules refuse do no harm.
    pub(super) fn count_vote(&mut self, source: NodeId, vote: &Join) -> Option<()> {
        if vote.term > self.current_term() {
            self.ensure_term_at_least(self.id, vote.term);
            if let Some((_, own)) = self.state.last_join {
                self.count(self.id, &own);
            }
        }
        let counted = self.count(source, vote);
        (counted || self.coordination().election_won()).then_some(())
    }

    fn count(&mut self, source: NodeId, vote: &Join) -> bool {
        if self.rules.permit(Refusal::VoterNotMasterEligible, self.is_master_eligible(source)).is_err() {
            return true; // it may be let in, and has no say
        }
        let next = self.rules.handle_join(self.coordination(), source, vote);
        next.map(|next| self.state.coordination = next).is_ok()
    }

    /// The nodes that wait to be let in are not: they ask again.
    pub(super) fn refuse_all_joins(&mut self) {
        let joins = std::mem::take(&mut self.state.joins);
        self.refuse_joins(joins);
    }

    pub(super) fn refuse_joins(&mut self, nodes: NodeSet) {
        self.answer_joins(nodes, false);
    }

    /// Answers those that wait to be let in.
    pub(super) fn answer_joins(&mut self, nodes: NodeSet, accepted: bool) {
        if self.settings.driven.membership && self.settings.driven.replies {
            self.tell_all(nodes, &CoordinatorMsg::JoinResponse { accepted });
        }
    }

    /// This node was let in, or was refused and may ask again.
    pub(super) fn on_join_response(&mut self, source: NodeId) {
        if self.state.joining == Some(source) {
            self.state.joining = None;
        }
    }
}
