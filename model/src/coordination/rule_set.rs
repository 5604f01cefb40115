//! The one place where a variant of the protocol may differ from the protocol.
//!
//! The handlers are generic over a [`RuleSet`] and read as if there were only
//! one. [`Sound`] is the protocol as checked and run; it has no size and all
//! its methods are the definitions below. [`Mutant`](super::mutant::Mutant)
//! overrides some of them, for checks that must fail.

use super::quorum::is_majority;
use super::rejection::Rejection;
use super::state::{CoordinationState, Durable};
use super::types::{ClientValue, ClusterState, Join, PublicationId, Term, Value};
use crate::node_set::{NodeId, NodeSet};

/// What one handler makes of one input.
type Ruling<T> = Result<T, Rejection>;

/// Guards, quorums and handlers of the coordination rules.
pub trait RuleSet: Clone + Send + Sync + 'static {
    /// A guard: the input is refused unless `holds`.
    #[inline]
    fn require(&self, guard: Rejection, holds: bool) -> Ruling<()> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// Whether `votes` are a quorum of `config`.
    #[inline]
    fn is_quorum(&self, votes: NodeSet, config: NodeSet) -> bool {
        is_majority(votes, config)
    }

    /// `IsElectionQuorum`: a quorum of both configurations in the accepted state.
    #[inline]
    fn is_election_quorum(&self, votes: NodeSet, committed: NodeSet, accepted: NodeSet) -> bool {
        self.is_quorum(votes, committed) && self.is_quorum(votes, accepted)
    }

    /// `IsPublishQuorum`: a quorum of the committed configuration and of the published one.
    #[inline]
    fn is_publish_quorum(&self, votes: NodeSet, committed: NodeSet, published: NodeSet) -> bool {
        self.is_quorum(votes, committed) && self.is_quorum(votes, published)
    }

    /// The configurations that a node may be bootstrapped with, where the
    /// cluster's is `agreed`.
    fn bootstrap_configs(&self, agreed: NodeSet, _all: NodeSet) -> Vec<NodeSet> {
        vec![agreed]
    }

    /// What the disk holds once a handler has turned `before` into `after`;
    /// `None` when the disk is up to date, which is the rule: a handler's effect
    /// is durable before anything that it sends.
    fn left_on_disk<V: Value>(
        &self,
        _disk: Option<&Durable<V>>,
        _before: &Durable<V>,
        _after: &Durable<V>,
    ) -> Option<Durable<V>> {
        None
    }

    /// What a restarting node reads back from its disk.
    fn read_back<V: Value>(&self, disk: &Durable<V>) -> Durable<V> {
        disk.clone()
    }

    /// See [`CoordinationState::set_initial_state`].
    fn set_initial_state<V: Value>(
        &self,
        node: &CoordinationState<V>,
        config: NodeSet,
        value: V,
    ) -> Ruling<CoordinationState<V>> {
        node.set_initial_state(self, config, value)
    }

    /// See [`CoordinationState::handle_start_join`].
    fn handle_start_join<V: Value>(&self, node: &CoordinationState<V>, term: Term) -> Ruling<(CoordinationState<V>, Join)> {
        node.handle_start_join(self, term)
    }

    /// See [`CoordinationState::handle_join`].
    fn handle_join<V: Value>(&self, node: &CoordinationState<V>, source: NodeId, join: &Join) -> Ruling<CoordinationState<V>> {
        node.handle_join(self, source, join)
    }

    /// See [`CoordinationState::handle_client_value`]. `id` is the node itself.
    fn handle_client_value<V: Value>(
        &self,
        node: &CoordinationState<V>,
        _id: NodeId,
        change: &ClientValue<V>,
    ) -> Ruling<(CoordinationState<V>, ClusterState<V>)> {
        node.handle_client_value(self, change)
    }

    /// See [`CoordinationState::handle_publish_request`].
    fn handle_publish_request<V: Value>(
        &self,
        node: &CoordinationState<V>,
        request: &ClusterState<V>,
    ) -> Ruling<(CoordinationState<V>, PublicationId)> {
        node.handle_publish_request(self, request)
    }

    /// See [`CoordinationState::handle_publish_response`].
    fn handle_publish_response<V: Value>(
        &self,
        node: &CoordinationState<V>,
        source: NodeId,
        response: PublicationId,
    ) -> Ruling<(CoordinationState<V>, Option<PublicationId>)> {
        node.handle_publish_response(self, source, response)
    }

    /// See [`CoordinationState::handle_commit`].
    fn handle_commit<V: Value>(&self, node: &CoordinationState<V>, commit: PublicationId) -> Ruling<CoordinationState<V>> {
        node.handle_commit(self, commit)
    }
}

/// The protocol: every guard, majorities, durable before sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sound;

impl RuleSet for Sound {}

/// The rules as Elasticsearch's Java class `CoordinationState` has them: without
/// TLA+'s fourth guard of `HandleCommit`. Safe only under a `Coordinator` that
/// serialises publications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElasticsearchJava;

impl RuleSet for ElasticsearchJava {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds || guard == Rejection::CommitBeforeOwnAcceptance { Ok(()) } else { Err(guard) }
    }
}
