//! S2: a term has one master, by what is published and by who has won.

use std::borrow::Borrow;

use crate::coordination::history::History;
use crate::coordination::{CoordinationState, Value};
use crate::node_set::NodeId;
use crate::property::Verdict;

/// `ZenWithTerms!OneMasterPerTerm`: the publications of a term have one publisher.
pub fn one_master_per_term(history: &impl History) -> Verdict {
    for (first, second) in pairs(history) {
        if first.id.term == second.id.term && first.publisher != second.publisher {
            return Err(format!(
                "{} published {} and {} published {} in the same term",
                first.publisher, first.id, second.publisher, second.id
            ));
        }
    }
    Ok(())
}

/// S2' (ours): no two nodes have won the election of one term. Stronger than
/// [`one_master_per_term`], since a winner may not have published yet.
pub fn one_election_winner_per_term<V: Value>(
    nodes: impl Iterator<Item = (NodeId, impl Borrow<CoordinationState<V>>)> + Clone,
) -> Verdict {
    let winners = nodes.filter(|(_, node)| node.borrow().volatile.election_won);
    for (position, (first, one)) in winners.clone().enumerate() {
        for (second, other) in winners.clone().skip(position + 1) {
            let (one, other) = (one.borrow(), other.borrow());
            if one.durable.current_term == other.durable.current_term {
                return Err(format!(
                    "{first} and {second} both won term {}: {first} with votes {}, {second} with votes {}",
                    one.durable.current_term, one.volatile.join_votes, other.volatile.join_votes
                ));
            }
        }
    }
    Ok(())
}

/// Every unordered pair of different publications.
pub(super) fn pairs(
    history: &impl History,
) -> impl Iterator<Item = (super::super::history::Published, super::super::history::Published)> {
    let all = history.published();
    all.clone().enumerate().flat_map(move |(position, first)| all.clone().skip(position + 1).map(move |second| (first, second)))
}
