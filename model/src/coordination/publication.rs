//! Publication: how a cluster state becomes committed.
//!
//! ```text
//!   leader                                   every node (the leader too)
//!   handle_client_value ── PublishRequest ─▶ handle_publish_request
//!                                              state durable, then:
//!   handle_publish_response ◀─ PublishResponse ─┘
//!     a quorum of both configurations accepted:
//!        └──────────────────── Commit ─────▶ handle_commit
//! ```
//!
//! One state at a time. What a leader may publish is tied to what it has
//! accepted itself, what a node accepts to the term it has entered, what counts
//! as committed to two majorities: of the configuration that was in force and
//! of the one being published.

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;
use super::state::CoordinationState;
use super::types::{ClientValue, ClusterState, PublicationId, Value};
use crate::node_set::{NodeId, NodeSet};

impl<V: Value> CoordinationState<V> {
    /// `ZenWithTerms!HandleClientValue`, `CoordinationState.handleClientValue`:
    /// the leader turns a change into a publication. Nothing becomes durable
    /// here: the leader accepts its own request like everybody else. The
    /// returned state goes to every node.
    pub fn handle_client_value(
        &self,
        rules: &impl RuleSet,
        change: &ClientValue<V>,
    ) -> Result<(Self, ClusterState<V>), Rejection> {
        let (mine, accepted) = (&self.volatile, &self.durable.accepted);
        rules.require(PublishElectionNotWon, mine.election_won)?;
        rules.require(PreviousPublicationNotAccepted, mine.last_published_version == accepted.version)?;
        rules.require(PublishTermMismatch, change.term == self.current_term())?;
        rules.require(PublishVersionNotNewer, change.version > mine.last_published_version)?;
        let reconfigures = change.config != accepted.config;
        rules.require(ReconfigurationInProgress, !reconfigures || accepted.config == accepted.committed_config)?;
        rules.require(NoJoinQuorumForConfig, rules.is_quorum(mine.join_votes, change.config))?;

        let mut next = self.clone();
        next.volatile.last_published_version = change.version;
        next.volatile.last_published_config = change.config;
        next.volatile.publish_votes = NodeSet::EMPTY;

        let request = ClusterState {
            term: change.term,
            version: change.version,
            value: change.value.clone(),
            config: change.config,
            committed_config: accepted.committed_config,
        };
        Ok((next, request))
    }

    /// `ZenWithTerms!HandlePublishRequest`, `CoordinationState.handlePublishRequest`:
    /// a node accepts a published state. In a new term any version will do,
    /// even a lower one. The accepted state, with both configurations as the
    /// leader sent them, is durable before the response leaves.
    pub fn handle_publish_request(
        &self,
        rules: &impl RuleSet,
        request: &ClusterState<V>,
    ) -> Result<(Self, PublicationId), Rejection> {
        let accepted = &self.durable.accepted;
        rules.require(PublishRequestTermMismatch, request.term == self.current_term())?;
        let newer = request.term != accepted.term || request.version > accepted.version;
        rules.require(PublishRequestVersionNotNewer, newer)?;

        let mut next = self.clone();
        next.durable.accepted = request.clone();

        Ok((next, PublicationId { term: request.term, version: request.version }))
    }

    /// `ZenWithTerms!HandlePublishResponse`, `CoordinationState.handlePublishResponse`:
    /// the leader counts an acceptance. With a quorum the state is committed,
    /// and the returned commit goes to every node. It is returned again for
    /// every later acceptance of the same state.
    pub fn handle_publish_response(
        &self,
        rules: &impl RuleSet,
        source: NodeId,
        response: PublicationId,
    ) -> Result<(Self, Option<PublicationId>), Rejection> {
        let mine = &self.volatile;
        rules.require(PublishResponseElectionNotWon, mine.election_won)?;
        rules.require(PublishResponseTermMismatch, response.term == self.current_term())?;
        rules.require(PublishResponseVersionMismatch, response.version == mine.last_published_version)?;

        let mut next = self.clone();
        next.volatile.publish_votes = mine.publish_votes.with(source);

        let committed = rules.is_publish_quorum(
            next.volatile.publish_votes,
            self.durable.accepted.committed_config,
            mine.last_published_config,
        );
        let commit = PublicationId { term: self.current_term(), version: mine.last_published_version };
        Ok((next, committed.then_some(commit)))
    }

    /// `ZenWithTerms!HandleCommit`, `CoordinationState.handleCommit`: a node
    /// learns that what it has accepted is committed. The configuration of that
    /// state is from now on the committed one; losing this mark in a crash only
    /// makes the node ask for more votes.
    ///
    /// The last guard stands in TLA+ alone (formal-models #34). Elasticsearch
    /// does without, since its `Coordinator` starts no publication before the
    /// previous one is committed and handled locally; the rule set
    /// [`ElasticsearchJava`](super::rule_set::ElasticsearchJava) states that variant.
    pub fn handle_commit(&self, rules: &impl RuleSet, commit: PublicationId) -> Result<Self, Rejection> {
        let (mine, accepted) = (&self.volatile, &self.durable.accepted);
        rules.require(CommitTermMismatch, commit.term == self.current_term())?;
        rules.require(CommitAcceptedTermMismatch, commit.term == accepted.term)?;
        rules.require(CommitVersionMismatch, commit.version == accepted.version)?;
        let accepted_own = !mine.election_won || accepted.version == mine.last_published_version;
        rules.require(CommitBeforeOwnAcceptance, accepted_own)?;

        let mut next = self.clone();
        next.durable.accepted.committed_config = accepted.config;
        next.durable.accepted.value = accepted.value.once_committed();
        Ok(next)
    }
}
