//! What checkpoints promise: S-GLE, S-LCP, S-GMON.

use super::{confirmed_prefix, highest};
use crate::node_set::NodeId;
use crate::property::Verdict;
use crate::replication::shard_copy::ShardCopy;
use crate::replication::types::{Role, Source};

/// `replication!GlobalCheckPointBelowLocalCheckPoints`: what a copy takes for
/// stored everywhere is stored by itself.
pub fn global_checkpoint_below_local<V: Source>(node: NodeId, copy: &ShardCopy<V>) -> Verdict {
    let local = confirmed_prefix(&copy.translog);
    if copy.global_checkpoint <= local {
        return Ok(());
    }
    Err(format!("{node} has global checkpoint {} above its own local checkpoint {local}", copy.global_checkpoint))
}

/// `replication!LocalCheckPointMatchesMaxConfirmedSeq`: a node that believes to
/// be the primary has no gap, nothing pending, and knows it.
pub fn local_checkpoint_matches<V: Source>(node: NodeId, copy: &ShardCopy<V>) -> Verdict {
    if copy.applied.routing.role(node) != Role::Primary {
        return Ok(());
    }
    let (tracked, confirmed, highest) =
        (copy.local_checkpoints[node.index()], confirmed_prefix(&copy.translog), highest(&copy.translog));
    if tracked == confirmed && confirmed == highest {
        return Ok(());
    }
    Err(format!("primary {node}: local checkpoint {tracked}, confirmed up to {confirmed}, highest operation {highest}"))
}

/// S-GMON for a replica (ours): what it takes for stored everywhere never falls.
pub fn replica_global_checkpoint_never_falls<V: Source>(node: NodeId, before: &ShardCopy<V>, after: &ShardCopy<V>) -> Verdict {
    let primary = before.applied.routing.role(node) == Role::Primary || after.applied.routing.role(node) == Role::Primary;
    if primary || after.global_checkpoint >= before.global_checkpoint {
        return Ok(());
    }
    Err(format!("the global checkpoint of replica {node} falls from {} to {}", before.global_checkpoint, after.global_checkpoint))
}

/// Ours: what a node knows of the local checkpoints of others never falls.
pub fn tracked_local_checkpoints_never_fall<V: Source>(node: NodeId, before: &ShardCopy<V>, after: &ShardCopy<V>) -> Verdict {
    for (index, (known, knows)) in before.local_checkpoints.iter().zip(&after.local_checkpoints).enumerate() {
        if knows < known {
            let tracked = NodeId::from_index(index);
            return Err(format!("{node} knows local checkpoint {known} of {tracked}, and then {knows}"));
        }
    }
    Ok(())
}

/// S-GMON for a primary (ours): Elasticsearch asserts it, the module violates
/// it. Its new primaries know nothing of the others' checkpoints and count that
/// as nothing performed, where Elasticsearch counts it as unknown and waits.
pub fn primary_global_checkpoint_never_falls<V: Source>(node: NodeId, before: &ShardCopy<V>, after: &ShardCopy<V>) -> Verdict {
    let primary = before.applied.routing.role(node) == Role::Primary && after.applied.routing.role(node) == Role::Primary;
    if !primary || after.global_checkpoint >= before.global_checkpoint {
        return Ok(());
    }
    Err(format!(
        "the global checkpoint of primary {node} falls from {} to {} in term {}",
        before.global_checkpoint, after.global_checkpoint, after.primary_term
    ))
}
