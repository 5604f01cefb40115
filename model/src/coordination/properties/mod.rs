//! The safety properties of coordination, one a file.
//!
//! Each states its own arithmetic and calls nothing that a mutant can replace.
//! They are functions of one node or of a [`History`](super::history::History),
//! so that the specification model, the actors' worlds, the simulator and the
//! replay of recordings check the same sentences.

mod commit_has_quorum;
mod committed_descend_from_committed;
mod committed_descend_from_initial;
mod descent_is_a_strict_order;
mod follows_the_rules;
mod log_matching;
mod newer_descend_from_older_committed;
mod one_master_per_term;
mod p2b;
mod single_node;

pub use commit_has_quorum::{commit_has_quorum_of_committed_config, commit_has_quorum_of_published_config};
pub use committed_descend_from_committed::committed_values_descend_from_committed_values;
pub use committed_descend_from_initial::committed_values_descend_from_initial_value;
pub use descent_is_a_strict_order::{descent_is_strictly_ordered, descent_is_transitive};
pub use follows_the_rules::{RuleInput, RuleOutput, allowed_step, follows_the_rules};
pub use log_matching::log_matching;
pub use newer_descend_from_older_committed::newer_ops_based_on_older_committed_ops;
pub use one_master_per_term::{one_election_winner_per_term, one_master_per_term};
pub use p2b::p2b_invariant;
pub use single_node::single_node_invariant;

use crate::node_set::NodeSet;

/// More than half of `config`; the properties' own arithmetic. An empty
/// configuration has no majority.
fn majority(votes: NodeSet, config: NodeSet) -> bool {
    let (inside, outside) = ((votes.0 & config.0).count_ones(), (!votes.0 & config.0).count_ones());
    inside > outside
}
