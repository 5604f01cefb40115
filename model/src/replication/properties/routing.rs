//! What the master promises: S-WF, S-TERM.

use crate::node_set::NodeId;
use crate::property::Verdict;
use crate::replication::shard_copy::ShardCopy;
use crate::replication::types::{RoutingTable, ShardClusterState, Source};

/// `replication!WellFormedRoutingTable`: at most one primary, and no replicas without one.
pub fn well_formed(routing: &RoutingTable) -> Verdict {
    match routing.primaries.0.count_ones() {
        0 if routing.replicas.0 == 0 => Ok(()),
        0 => Err(format!("replicas {} without a primary", routing.replicas)),
        1 if routing.primaries.0 & routing.replicas.0 == 0 => Ok(()),
        1 => Err(format!("{} is primary and replica", routing.primaries)),
        _ => Err(format!("{} are primaries", routing.primaries)),
    }
}

/// S-TERM (ours): the master's primary term grows with every new primary, and
/// no term ever falls.
pub fn primary_terms_never_fall<'a, V: Source + 'a>(
    (master, master_after): (&ShardClusterState, &ShardClusterState),
    copies: impl Iterator<Item = (NodeId, &'a ShardCopy<V>, &'a ShardCopy<V>)>,
) -> Verdict {
    let (term, term_after) = (master.primary_term, master_after.primary_term);
    let new_primary = master_after.routing.primaries.0 & !master.routing.primaries.0 != 0;
    if term_after < term || (new_primary && term_after == term) {
        return Err(format!("the master's primary term goes from {term} to {term_after}"));
    }
    for (node, before, after) in copies {
        if after.primary_term < before.primary_term || after.applied.primary_term < before.applied.primary_term {
            return Err(format!("the primary term of {node} falls from {} to {}", before.primary_term, after.primary_term));
        }
    }
    Ok(())
}
