//! Variants of the rules that must fail, and what each is meant to show.
//!
//! Ids follow the list of seeded mutants in the project's notes (`CM01`, …).
//! A mutant waives guards, or changes what a handler does, or both; checks run
//! with it are expected to find a violation.

use serde::{Deserialize, Serialize};

use super::quorum::is_majority;
use super::rejection::Rejection;
use super::rule_set::RuleSet;
use super::state::{CoordinationState, Durable};
use super::types::{ClientValue, ClusterState, Join, PublicationId, Term, Value};
use crate::node_set::{NodeId, NodeSet};

/// A change of what a rule does, other than leaving out a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// A quorum is a fixed number of nodes, decided when the cluster had one node.
    FixedQuorum,
    /// Half of a configuration is enough.
    HalfIsQuorum,
    /// Elections ask only the accepted configuration.
    ElectionIgnoresCommittedConfig,
    /// Elections ask only the committed configuration.
    ElectionIgnoresAcceptedConfig,
    /// Publications ask only the published configuration.
    PublicationIgnoresCommittedConfig,
    /// Publications ask only the committed configuration.
    PublicationIgnoresPublishedConfig,
    /// One acceptance commits.
    CommitOnFirstAcceptance,
    /// Votes of older terms count.
    StaleVotesCount,
    /// A node may enter its current term again, and vote again.
    VotesTwicePerTerm,
    /// The current term is not written to disk.
    TermNotDurable,
    /// The response leaves before the accepted state is on disk.
    AcceptanceNotDurable,
    /// A restart finds an empty disk.
    DiskLost,
    /// Entering a term does not revoke a won election.
    ElectionWonSurvivesNewTerm,
    /// Entering a term keeps the acceptances counted in the old one.
    PublishVotesSurviveNewTerm,
    /// Publications of older terms are accepted.
    AcceptsOlderTerm,
    /// Publications of newer terms are accepted without entering the term.
    AcceptsNewerTerm,
    /// Nodes are bootstrapped with different configurations.
    BootstrapConfigsDiffer,
    /// A follower keeps its own committed configuration when it accepts a state.
    KeepsOwnCommittedConfig,
    /// A leader counts its own acceptance before it has accepted.
    CountsOwnAcceptanceEarly,
}

/// The rules with something wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mutant {
    waived: u32,
    effect: Option<Effect>,
}

impl Mutant {
    /// The rules without `guards`.
    pub const fn waiving(guards: &[Rejection]) -> Self {
        let (mut waived, mut i) = (0, 0);
        while i < guards.len() {
            waived |= 1 << guards[i] as u32;
            i += 1;
        }
        Mutant { waived, effect: None }
    }

    /// The rules with one changed effect.
    pub const fn with_effect(effect: Effect) -> Self {
        Mutant { waived: 0, effect: Some(effect) }
    }

    /// This mutant, without one more guard.
    #[must_use]
    pub const fn and_waiving(self, guard: Rejection) -> Self {
        Mutant { waived: self.waived | 1 << guard as u32, ..self }
    }

    fn is(&self, effect: Effect) -> bool {
        self.effect == Some(effect)
    }
}

impl RuleSet for Mutant {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds || self.waived >> guard as u32 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn is_quorum(&self, votes: NodeSet, config: NodeSet) -> bool {
        match self.effect {
            Some(Effect::FixedQuorum) => !votes.is_empty(),
            Some(Effect::HalfIsQuorum) => !config.is_empty() && votes.intersection(config).len() * 2 >= config.len(),
            _ => is_majority(votes, config),
        }
    }

    fn is_election_quorum(&self, votes: NodeSet, committed: NodeSet, accepted: NodeSet) -> bool {
        match self.effect {
            Some(Effect::ElectionIgnoresCommittedConfig) => self.is_quorum(votes, accepted),
            Some(Effect::ElectionIgnoresAcceptedConfig) => self.is_quorum(votes, committed),
            _ => self.is_quorum(votes, committed) && self.is_quorum(votes, accepted),
        }
    }

    fn is_publish_quorum(&self, votes: NodeSet, committed: NodeSet, published: NodeSet) -> bool {
        match self.effect {
            Some(Effect::PublicationIgnoresCommittedConfig) => self.is_quorum(votes, published),
            Some(Effect::PublicationIgnoresPublishedConfig) => self.is_quorum(votes, committed),
            Some(Effect::CommitOnFirstAcceptance) => !votes.is_empty(),
            _ => self.is_quorum(votes, committed) && self.is_quorum(votes, published),
        }
    }

    fn bootstrap_configs(&self, agreed: NodeSet, all: NodeSet) -> Vec<NodeSet> {
        match self.effect {
            // The number was right for the cluster of one node that it was chosen for.
            Some(Effect::FixedQuorum) if agreed.len() > 1 => Vec::new(),
            Some(Effect::BootstrapConfigsDiffer) => all.non_empty_subsets().collect(),
            _ => vec![agreed],
        }
    }

    fn left_on_disk<V: Value>(&self, disk: Option<&Durable<V>>, before: &Durable<V>, after: &Durable<V>) -> Option<Durable<V>> {
        if !self.is(Effect::AcceptanceNotDurable) || before.current_term != after.current_term {
            return None; // the write of a new term syncs everything before it
        }
        let stale = disk.unwrap_or(before);
        (stale != after).then(|| stale.clone())
    }

    fn read_back<V: Value>(&self, disk: &Durable<V>) -> Durable<V> {
        match self.effect {
            Some(Effect::TermNotDurable) => Durable { current_term: disk.accepted.term, accepted: disk.accepted.clone() },
            Some(Effect::DiskLost) => Durable::blank(disk.accepted.value.clone(), 0),
            _ => disk.clone(),
        }
    }

    fn handle_start_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        term: Term,
    ) -> Result<(CoordinationState<V>, Join), Rejection> {
        if self.is(Effect::VotesTwicePerTerm) && term == node.current_term() && term > 0 {
            let mut lagging = node.clone();
            lagging.durable.current_term = term - 1;
            return lagging.handle_start_join(self, term);
        }
        let (mut next, join) = node.handle_start_join(self, term)?;
        if self.is(Effect::ElectionWonSurvivesNewTerm) && node.election_won() {
            next.volatile.election_won = true;
            next.volatile.last_published_version = node.volatile.last_published_version;
        }
        if self.is(Effect::PublishVotesSurviveNewTerm) {
            next.volatile.publish_votes = node.volatile.publish_votes;
        }
        Ok((next, join))
    }

    fn handle_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        source: NodeId,
        join: &Join,
    ) -> Result<CoordinationState<V>, Rejection> {
        if self.is(Effect::StaleVotesCount) && join.term < node.current_term() {
            return node.handle_join(self, source, &Join { term: node.current_term(), ..*join });
        }
        node.handle_join(self, source, join)
    }

    fn handle_client_value<V: Value>(
        &self,
        node: &CoordinationState<V>,
        id: NodeId,
        change: &ClientValue<V>,
    ) -> Result<(CoordinationState<V>, ClusterState<V>), Rejection> {
        let (mut next, request) = node.handle_client_value(self, change)?;
        if self.is(Effect::CountsOwnAcceptanceEarly) {
            next.volatile.publish_votes = NodeSet::single(id);
        }
        Ok((next, request))
    }

    fn handle_publish_request<V: Value>(
        &self,
        node: &CoordinationState<V>,
        request: &ClusterState<V>,
    ) -> Result<(CoordinationState<V>, PublicationId), Rejection> {
        let other_term = (self.is(Effect::AcceptsOlderTerm) && request.term < node.current_term())
            || (self.is(Effect::AcceptsNewerTerm) && request.term > node.current_term());
        if other_term {
            let mut pretending = node.clone();
            pretending.durable.current_term = request.term;
            let (mut next, response) = pretending.handle_publish_request(self, request)?;
            next.durable.current_term = node.current_term();
            return Ok((next, response));
        }
        let (mut next, response) = node.handle_publish_request(self, request)?;
        if self.is(Effect::KeepsOwnCommittedConfig) {
            next.durable.accepted.committed_config = node.accepted().committed_config;
        }
        Ok((next, response))
    }
}
