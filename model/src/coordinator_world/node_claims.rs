//! What is claimed of one node, or of one turn of a node, whatever the cluster
//! agrees on: the checker's models, recorded runs and simulated ones all ask this.

use crate::coordination::{CoordinationState, PublicationId};
use crate::coordinator::{ClusterMetadata, ClusterValue, CoordinatorState, Mode};
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;

/// What a mode requires of votes, leader, publication and joins
/// (`Coordinator.invariant`, S12).
pub fn mode_invariant<V: ClusterValue>(id: NodeId, node: &CoordinatorState<V>) -> Verdict {
    let (won, term) = (node.coordination.election_won(), node.coordination.current_term());
    let require = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{id} in term {term} {what}")) };
    require(node.max_term_seen >= term, "has forgotten the term that it is in")?;
    require(node.mode == Mode::Leader || node.publication.is_none(), "publishes and does not lead")?;
    require(node.mode == Mode::Leader || node.faulty.is_empty(), "removes nodes and does not lead")?;
    require(node.mode == Mode::Leader || node.queue.is_empty(), "keeps changes and does not lead")?;
    match node.mode {
        Mode::Leader => {
            require(won, "leads without having won")?;
            require(node.peers.is_empty() && node.pre_voting.is_none(), "leads and looks for a leader")?;
            let own = node.coordination.accepted();
            let settled = node.publication.is_some() || own.term != term || own.config == own.committed_config;
            require(settled, "leads, publishes nothing, and has a configuration that is not committed")
        }
        Mode::Follower(leader) => {
            require(!won, "follows although it has won")?;
            require(leader != id, "follows itself")?;
            require(node.joins.is_empty(), "follows and lets nodes in")?;
            require(node.joining.is_none(), "follows and asks to be let in")?;
            require(node.peers.is_empty() && node.pre_voting.is_none(), "follows and looks for a leader")
        }
        Mode::Candidate => Ok(()),
    }
}

/// A node whose cluster's identity is committed stays in that cluster (S14).
pub fn committed_uuid_stays<V: ClusterValue>(
    id: NodeId,
    before: &CoordinationState<ClusterMetadata<V>>,
    after: &CoordinationState<ClusterMetadata<V>>,
) -> Verdict {
    let (was, is) = (&before.accepted().value, &after.accepted().value);
    // The mark itself may go back: a leader that missed the commit does not know of it.
    if was.uuid_committed && is.cluster_uuid != was.cluster_uuid {
        return Err(format!("{id} was in cluster {} for good and is in cluster {}", was.cluster_uuid, is.cluster_uuid));
    }
    Ok(())
}

/// Within a term an election once won stays won (S15). Not asked of a restart.
pub fn won_elections_stay_won<V: ClusterValue>(
    id: NodeId,
    before: &CoordinationState<ClusterMetadata<V>>,
    after: &CoordinationState<ClusterMetadata<V>>,
) -> Verdict {
    if before.election_won() && !after.election_won() && before.current_term() == after.current_term() {
        return Err(format!("{id} has lost the election of term {} that it had won", after.current_term()));
    }
    Ok(())
}

/// A node that has voting configurations keeps having them (S16).
pub fn configurations_are_kept<V: ClusterValue>(
    id: NodeId,
    before: &CoordinationState<ClusterMetadata<V>>,
    after: &CoordinationState<ClusterMetadata<V>>,
) -> Verdict {
    if before.is_bootstrapped() && (!after.is_bootstrapped() || after.accepted().committed_config.is_empty()) {
        return Err(format!("{id} has lost its voting configuration"));
    }
    Ok(())
}

/// What a node publishes, on top of what it had accepted `before`, changes the
/// voting configuration only where the last change is committed (S16).
pub fn change_starts_from_a_committed_one<V: ClusterValue>(
    id: NodeId,
    before: &CoordinationState<ClusterMetadata<V>>,
    published: PublicationId,
    config: NodeSet,
    committed_config: NodeSet,
) -> Verdict {
    let base = before.accepted();
    let starts_from_committed = config == base.config || committed_config == base.config;
    if base.version + 1 == published.version && !starts_from_committed {
        return Err(format!("{id} publishes {published} with configuration {config} while {} is not committed", base.config));
    }
    Ok(())
}
