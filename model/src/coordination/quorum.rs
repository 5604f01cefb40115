//! Quorum arithmetic.

use crate::node_set::NodeSet;

/// Whether `votes` hold a majority of `config` (`ZenWithTerms!IsQuorum`,
/// `VotingConfiguration.hasQuorum`). The empty configuration has none.
///
/// With a configuration of four, two votes are no majority: `2 * 2 > 4` is false.
pub fn is_majority(votes: NodeSet, config: NodeSet) -> bool {
    votes.intersection(config).len() * 2 > config.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_set::NodeId;

    /// The definition by counting, one node at a time.
    fn dumb_majority(votes: NodeSet, config: NodeSet) -> bool {
        let (mut with, mut without) = (0, 0);
        for node in (0..6).map(NodeId).filter(|node| config.contains(*node)) {
            if votes.contains(node) { with += 1 } else { without += 1 }
        }
        with > without
    }

    #[test]
    fn agrees_with_counting_on_all_small_inputs() {
        for votes in (0..64).map(NodeSet) {
            for config in (0..64).map(NodeSet) {
                assert_eq!(is_majority(votes, config), dumb_majority(votes, config), "{votes} of {config}");
            }
        }
    }

    #[test]
    fn two_majorities_of_one_configuration_meet() {
        for config in (1..64).map(NodeSet) {
            for a in config.non_empty_subsets().filter(|a| is_majority(*a, config)) {
                for b in config.non_empty_subsets().filter(|b| is_majority(*b, config)) {
                    assert!(!a.intersection(b).is_empty(), "{a} and {b} of {config}");
                }
            }
        }
    }
}
