//! Names in voting configurations that stand for no node.
//!
//! A node that bootstraps a cluster has found a majority of the nodes that are
//! to form it, not all. Each missing one is in the configuration as a
//! placeholder, which can never vote, so that a quorum is a majority of the
//! nodes that were *asked for*. (`{bootstrap-placeholder}-…`,
//! `STALE_STATE_CONFIG`.)
//!
//! Here they are numbers that no node has: nodes are below [`FIRST`]. Which
//! missing node a placeholder stands for is of no consequence, and is not kept:
//! a configuration with two of them has always the same two, whichever nodes
//! are missing. They are the highest numbers, so that a reconfiguration takes
//! them last, as in Elasticsearch, where `{` comes after letters and digits.

use crate::node_set::{NodeId, NodeSet};

/// Nodes are below, placeholders from here on.
pub const FIRST: u8 = 32;

/// How many placeholders there are: as many as nodes, less the one that
/// bootstraps.
pub const CAPACITY: usize = 31;

/// The only member of the configuration that a master-ineligible node writes to
/// its disk in place of the true one: started as master-eligible, it cannot win
/// with a state that may be stale (#50782).
pub const STALE_STATE: NodeId = NodeId(63);

/// The first `count` placeholders.
///
/// # Panics
/// When there are not so many; the length of a bootstrap list is checked when it is read.
pub fn placeholders(count: usize) -> NodeSet {
    assert!(count <= CAPACITY, "there are {CAPACITY} placeholders, not {count}");
    (0..count).map(|number| NodeId(FIRST + number as u8)).collect()
}

/// The members of `config` that are nodes: those that can vote.
pub fn nodes_of(config: NodeSet) -> NodeSet {
    config.intersection(NodeSet::first(usize::from(FIRST)))
}

/// A configuration in words: nodes by name, placeholders by number.
pub fn shown(config: NodeSet) -> String {
    let name = |node: NodeId| match node {
        STALE_STATE => String::from("STALE_STATE_CONFIG"),
        node if node.0 >= FIRST => format!("{{bootstrap-placeholder}}-{}", node.0 - FIRST + 1),
        node => node.to_string(),
    };
    let names: Vec<String> = config.iter().map(name).collect();
    format!("{{{}}}", names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordination::quorum::is_majority;

    #[test]
    fn placeholders_are_no_nodes_and_never_vote() {
        let all = placeholders(CAPACITY);
        assert_eq!(nodes_of(all), NodeSet::EMPTY);
        assert!(!all.contains(STALE_STATE));
        let config = NodeSet::first(2).union(placeholders(1));
        assert_eq!(shown(config), "{n1,n2,{bootstrap-placeholder}-1}");
        assert!(is_majority(nodes_of(config), config));
        assert!(!is_majority(NodeSet::first(32), NodeSet::single(STALE_STATE)));
        assert_eq!(shown(NodeSet::single(STALE_STATE)), "{STALE_STATE_CONFIG}");
    }
}
