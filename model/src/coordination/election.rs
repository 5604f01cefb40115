//! Election: how a node comes to lead a term.
//!
//! ```text
//!   candidate                    every node (the candidate too)
//!      ────────── StartJoin ──▶ handle_start_join
//!                                 term durable, then:
//!   handle_join ◀──── Join ──────┘
//!     votes hold a quorum of the committed and of the accepted configuration:
//!     the election of this term is won
//! ```
//!
//! Any higher term is obeyed, whoever asks; a node votes once per term because
//! it enters each term once. That the winner knows every committed state is
//! decided by the receiver of the votes, which refuses those of fresher nodes.

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;
use super::state::CoordinationState;
use super::types::{Join, Term, Value};
use crate::node_set::{NodeId, NodeSet};

impl<V: Value> CoordinationState<V> {
    /// `ZenWithTerms!SetInitialState`, `CoordinationState.setInitialState`: the
    /// first configuration of a cluster. It is durable before the node takes
    /// part in an election with it.
    pub fn set_initial_state(&self, rules: &impl RuleSet, config: NodeSet, value: V) -> Result<Self, Rejection> {
        rules.require(AlreadyBootstrapped, !self.is_bootstrapped())?;

        let mut next = self.clone();
        next.durable.accepted.value = value;
        next.durable.accepted.config = config;
        next.durable.accepted.committed_config = config;
        Ok(next)
    }

    /// `ZenWithTerms!HandleStartJoin`, `CoordinationState.handleStartJoin`: the
    /// node enters a higher term and forgets the votes of the old one. The term
    /// is durable before the vote leaves.
    pub fn handle_start_join(&self, rules: &impl RuleSet, term: Term) -> Result<(Self, Join), Rejection> {
        rules.require(StartJoinTermNotNewer, term > self.current_term())?;

        let mut next = self.clone();
        next.durable.current_term = term;
        next.volatile.last_published_version = 0;
        next.volatile.last_published_config = self.durable.accepted.config;
        next.volatile.started_join_since_restart = true;
        next.volatile.election_won = false;
        next.volatile.join_votes = NodeSet::EMPTY;
        next.volatile.publish_votes = NodeSet::EMPTY;

        let accepted = &self.durable.accepted;
        Ok((next, Join { term, last_accepted_term: accepted.term, last_accepted_version: accepted.version }))
    }

    /// `ZenWithTerms!HandleJoin`, `CoordinationState.handleJoin`: a candidate
    /// counts a vote, unless the voter knows more than itself. Winning makes
    /// the accepted version the last published one, so that the first
    /// publication of the term builds on it. Later votes are counted too: a
    /// reconfiguration needs them.
    pub fn handle_join(&self, rules: &impl RuleSet, source: NodeId, join: &Join) -> Result<Self, Rejection> {
        let (mine, accepted) = (&self.volatile, &self.durable.accepted);
        rules.require(JoinTermMismatch, join.term == self.current_term())?;
        rules.require(NoStartJoinSinceRestart, mine.started_join_since_restart)?;
        rules.require(JoinAcceptedTermHigher, join.last_accepted_term <= accepted.term)?;
        let version_ahead = join.last_accepted_term == accepted.term && join.last_accepted_version > accepted.version;
        rules.require(JoinAcceptedVersionHigher, !version_ahead)?;
        rules.require(NotBootstrapped, self.is_bootstrapped())?;

        let mut next = self.clone();
        next.volatile.join_votes = mine.join_votes.with(source);
        next.volatile.election_won =
            rules.is_election_quorum(next.volatile.join_votes, accepted.committed_config, accepted.config);
        if next.volatile.election_won && !mine.election_won {
            next.volatile.last_published_version = accepted.version;
        }
        Ok(next)
    }
}
