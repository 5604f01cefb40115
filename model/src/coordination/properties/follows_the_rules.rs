//! Every step of a node is a step that `ZenWithTerms` allows.
//!
//! The actions of the TLA+ module once more, written as one next-state function
//! with its own arithmetic. The handlers are what runs; this is the second copy
//! that a wrong guard or a wrong effect in them cannot change. It also keeps
//! effects honest that only make the protocol stuck and so break no other
//! safety property.

use super::majority;
use crate::coordination::{ClientValue, ClusterState, CoordinationState, Join, PublicationId, Term, Value};
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;

/// What happens to a node.
#[derive(Clone, Debug)]
pub enum RuleInput<V> {
    /// `SetInitialState` with this configuration and value.
    SetInitialState(NodeSet, V),
    /// `HandleStartJoin` for this term.
    StartJoin(Term),
    /// `HandleJoin` of a vote.
    Join(NodeId, Join),
    /// `HandleClientValue`.
    ClientValue(ClientValue<V>),
    /// `HandlePublishRequest`.
    PublishRequest(ClusterState<V>),
    /// `HandlePublishResponse` of a node.
    PublishResponse(NodeId, PublicationId),
    /// `HandleCommit`.
    Commit(PublicationId),
    /// `RestartNode`.
    Restart,
}

/// What a node sends in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOutput<V> {
    /// Nothing.
    Nothing,
    /// A vote.
    Join(Join),
    /// A publication, to every node.
    PublishRequest(ClusterState<V>),
    /// An acceptance.
    PublishResponse(PublicationId),
    /// A commit, to every node.
    Commit(PublicationId),
}

/// The node after and what it sends, if `ZenWithTerms` allows the step; else
/// the conjunct that forbids it.
pub fn allowed_step<V: Value>(
    before: &CoordinationState<V>,
    input: &RuleInput<V>,
) -> Result<(CoordinationState<V>, RuleOutput<V>), &'static str> {
    let (durable, volatile) = (&before.durable, &before.volatile);
    let accepted = &durable.accepted;
    // UNCHANGED vars, until a case primes some of them.
    let mut primed = before.clone();
    let mut output = RuleOutput::Nothing;
    let conjunct = |holds: bool, text: &'static str| if holds { Ok(()) } else { Err(text) };
    match input {
        RuleInput::SetInitialState(config, value) => {
            conjunct(accepted.config == NodeSet::EMPTY, "lastAcceptedConfiguration = {}")?;
            conjunct(accepted.term == 0, "lastAcceptedTerm = 0")?;
            conjunct(accepted.committed_config == NodeSet::EMPTY, "lastCommittedConfiguration = {}")?;
            conjunct(volatile.last_published_version == 0, "lastPublishedVersion = 0")?;
            conjunct(volatile.last_published_config == NodeSet::EMPTY, "lastPublishedConfiguration = {}")?;
            conjunct(!volatile.election_won, "electionWon = FALSE")?;
            conjunct(volatile.join_votes == NodeSet::EMPTY, "joinVotes = {}")?;
            conjunct(volatile.publish_votes == NodeSet::EMPTY, "publishVotes = {}")?;
            conjunct(*config != NodeSet::EMPTY, "the configuration is non-empty")?;
            primed.durable.accepted.value = value.clone();
            primed.durable.accepted.config = *config;
            primed.durable.accepted.committed_config = *config;
        }
        RuleInput::StartJoin(term) => {
            conjunct(*term > durable.current_term, "t > currentTerm")?;
            primed.durable.current_term = *term;
            primed.volatile.last_published_version = 0;
            primed.volatile.last_published_config = accepted.config;
            primed.volatile.started_join_since_restart = true;
            primed.volatile.election_won = false;
            primed.volatile.join_votes = NodeSet::EMPTY;
            primed.volatile.publish_votes = NodeSet::EMPTY;
            output = RuleOutput::Join(Join {
                term: *term,
                last_accepted_term: accepted.term,
                last_accepted_version: accepted.version,
            });
        }
        RuleInput::Join(source, join) => {
            let (theirs, mine) = ((join.last_accepted_term, join.last_accepted_version), (accepted.term, accepted.version));
            conjunct(join.term == durable.current_term, "m.term = currentTerm")?;
            conjunct(volatile.started_join_since_restart, "startedJoinSinceLastReboot")?;
            conjunct(theirs <= mine, "(m.laTerm, m.laVersion) <= (lastAcceptedTerm, lastAcceptedVersion)")?;
            conjunct(accepted.config != NodeSet::EMPTY, "lastAcceptedConfiguration /= {}")?;
            let votes = NodeSet(volatile.join_votes.0 | 1 << source.0);
            let won = majority(votes, accepted.committed_config) && majority(votes, accepted.config);
            primed.volatile.join_votes = votes;
            primed.volatile.election_won = won;
            if won && !volatile.election_won {
                primed.volatile.last_published_version = accepted.version;
            }
        }
        RuleInput::ClientValue(change) => {
            conjunct(volatile.election_won, "electionWon")?;
            conjunct(volatile.last_published_version == accepted.version, "lastPublishedVersion = lastAcceptedVersion")?;
            conjunct(change.term == durable.current_term, "t = currentTerm")?;
            conjunct(change.version > volatile.last_published_version, "v > lastPublishedVersion")?;
            let settled = change.config == accepted.config || accepted.config == accepted.committed_config;
            conjunct(settled, "cfg /= lastAcceptedConfiguration => lastCommittedConfiguration = lastAcceptedConfiguration")?;
            conjunct(majority(volatile.join_votes, change.config), "IsQuorum(joinVotes, cfg)")?;
            primed.volatile.last_published_version = change.version;
            primed.volatile.last_published_config = change.config;
            primed.volatile.publish_votes = NodeSet::EMPTY;
            output = RuleOutput::PublishRequest(ClusterState {
                term: change.term,
                version: change.version,
                value: change.value.clone(),
                config: change.config,
                committed_config: accepted.committed_config,
            });
        }
        RuleInput::PublishRequest(request) => {
            conjunct(request.term == durable.current_term, "m.term = currentTerm")?;
            let newer = request.term != accepted.term || request.version > accepted.version;
            conjunct(newer, "m.term = lastAcceptedTerm => m.version > lastAcceptedVersion")?;
            primed.durable.accepted = request.clone();
            output = RuleOutput::PublishResponse(PublicationId::new(request.term, request.version));
        }
        RuleInput::PublishResponse(source, response) => {
            conjunct(volatile.election_won, "electionWon")?;
            conjunct(response.term == durable.current_term, "m.term = currentTerm")?;
            conjunct(response.version == volatile.last_published_version, "m.version = lastPublishedVersion")?;
            let votes = NodeSet(volatile.publish_votes.0 | 1 << source.0);
            primed.volatile.publish_votes = votes;
            if majority(votes, accepted.committed_config) && majority(votes, volatile.last_published_config) {
                output = RuleOutput::Commit(PublicationId::new(durable.current_term, volatile.last_published_version));
            }
        }
        RuleInput::Commit(commit) => {
            conjunct(commit.term == durable.current_term, "m.term = currentTerm")?;
            conjunct(commit.term == accepted.term, "m.term = lastAcceptedTerm")?;
            conjunct(commit.version == accepted.version, "m.version = lastAcceptedVersion")?;
            let own = !volatile.election_won || accepted.version == volatile.last_published_version;
            conjunct(own, "electionWon => lastAcceptedVersion = lastPublishedVersion")?;
            primed.durable.accepted.committed_config = accepted.config;
            primed.durable.accepted.value = accepted.value.once_committed(); // ours: plain values stay as they are
        }
        RuleInput::Restart => {
            primed.volatile.join_votes = NodeSet::EMPTY;
            primed.volatile.started_join_since_restart = false;
            primed.volatile.election_won = false;
            primed.volatile.last_published_version = 0;
            primed.volatile.last_published_config = accepted.config;
            primed.volatile.publish_votes = NodeSet::EMPTY;
        }
    }
    Ok((primed, output))
}

/// Whether the step from `before` to `after` is the allowed one; `sent_exactly`
/// says whether the given output is what appeared on the network.
pub fn follows_the_rules<V: Value>(
    id: NodeId,
    before: &CoordinationState<V>,
    input: &RuleInput<V>,
    after: &CoordinationState<V>,
    sent_exactly: impl FnOnce(&RuleOutput<V>) -> bool,
) -> Verdict {
    let (primed, output) = allowed_step(before, input).map_err(|conjunct| {
        format!("{id}, in term {}, took {input:?} although the module asks that {conjunct}", before.durable.current_term)
    })?;
    if primed != *after {
        return Err(format!("{input:?} must turn {id} into {primed:?} and turned it into {after:?}"));
    }
    if !sent_exactly(&output) {
        return Err(format!("{input:?} at {id} must send exactly {output:?}"));
    }
    Ok(())
}
