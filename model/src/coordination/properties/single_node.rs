//! S1: what each node's variables have to do with each other.

use super::majority;
use crate::coordination::{CoordinationState, Value};
use crate::node_set::NodeId;
use crate::property::Verdict;

/// `ZenWithTerms!SingleNodeInvariant`, `CoordinationState.invariant`.
pub fn single_node_invariant<V: Value>(id: NodeId, node: &CoordinationState<V>) -> Verdict {
    let (durable, volatile) = (&node.durable, &node.volatile);
    let accepted = &durable.accepted;
    if accepted.term > durable.current_term {
        return Err(format!("{id} is in term {} and has accepted a state of term {}", durable.current_term, accepted.term));
    }
    let has_quorum = majority(volatile.join_votes, accepted.committed_config) && majority(volatile.join_votes, accepted.config);
    if volatile.election_won != has_quorum {
        return Err(format!(
            "{id} has electionWon = {} with votes {} (configurations: committed {}, accepted {})",
            volatile.election_won, volatile.join_votes, accepted.committed_config, accepted.config
        ));
    }
    if volatile.election_won && volatile.last_published_version < accepted.version {
        return Err(format!(
            "{id} has won and has accepted version {} but last published version {}",
            accepted.version, volatile.last_published_version
        ));
    }
    if !volatile.election_won && volatile.last_published_version != 0 {
        return Err(format!("{id} has not won and has lastPublishedVersion = {}", volatile.last_published_version));
    }
    if volatile.election_won && !volatile.started_join_since_restart {
        return Err(format!("{id} has won without entering a term since its restart"));
    }
    if !volatile.publish_votes.is_empty() && !volatile.election_won {
        return Err(format!("{id} holds publish votes {} without having won", volatile.publish_votes));
    }
    Ok(())
}
