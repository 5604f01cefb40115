//! A shard copy as Elastic's module has it: what a node does with client
//! requests, requests of its primary, answers of its replicas, and cluster states.
//!
//! ```text
//!   client      primary                                  every replica
//!     ──────▶ client_request ───── ReplicationRequest ──▶ handle_replication_request
//!     ◀── ack (every copy has answered)  ◀── local checkpoint ──┘
//!
//!   master      new primary                              every replica
//!     ──────▶ apply_cluster_state ─ ReplicationRequest* ▶ handle_replication_request
//!              (fills gaps, confirms)─── TrimRequest ───▶ handle_trim_request
//! ```
//!
//! A copy learns a new term from its new primary or, when it is the new
//! primary, from the cluster state. In the module every assigned copy counts
//! as in-sync, and a new primary takes the checkpoints of the others for
//! nothing performed, so that its global checkpoint can fall back. The
//! [`ReplicationTracker`](super::tracker::ReplicationTracker) does neither.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::rejection::Rejection::{self, *};
use super::rule_set::RuleSet;
use super::translog::Translog;
use super::types::{
    NO_OPS_PERFORMED, Operation, PrimaryTerm, ReplicationRequest, Role, SeqNo, ShardClusterState, Source, TrimRequest,
};
use crate::node_set::{NodeId, NodeSet};

/// What one node knows of the shard: `nodeVars` of the module at this node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardCopy<V> {
    /// `clusterStateOnNode`: the cluster state that the node has applied.
    pub applied: ShardClusterState,
    /// `currentTerm`: the highest primary term that the node has heard of.
    pub primary_term: PrimaryTerm,
    /// `tlog`.
    pub translog: Translog<V>,
    /// `localCheckPoint[n]`: the local checkpoints as this node knows them; used by a primary.
    pub local_checkpoints: SmallVec<[SeqNo; 3]>,
    /// `globalCheckPoint`.
    pub global_checkpoint: SeqNo,
}

/// What a new primary sends to each of its replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resync<V> {
    /// The replicas.
    pub replicas: NodeSet,
    /// Every operation above the global checkpoint.
    pub operations: Vec<ReplicationRequest<V>>,
    /// Where its history ends.
    pub trim: Option<TrimRequest>,
}

impl<V: Source> ShardCopy<V> {
    /// A copy without operations, one of `nodes`.
    pub fn empty(applied: ShardClusterState, nodes: usize) -> Self {
        ShardCopy {
            applied,
            primary_term: applied.primary_term,
            translog: Translog::default(),
            local_checkpoints: SmallVec::from_elem(NO_OPS_PERFORMED, nodes),
            global_checkpoint: NO_OPS_PERFORMED,
        }
    }

    /// `ClientRequest`: a node that believes to be the primary orders an
    /// operation. Returns the request for each replica that it knows of.
    pub fn client_request(
        &self,
        rules: &impl RuleSet,
        me: NodeId,
        source: V,
    ) -> Result<(Self, ReplicationRequest<V>), Rejection> {
        rules.require(NotPrimary, self.applied.routing.role(me) == Role::Primary)?;

        let seq_no = rules.next_seq_no(&self.translog);
        let mut next = self.clone();
        next.translog.put(seq_no, Operation::confirmed(self.primary_term, Some(source.clone())));
        next.local_checkpoints[me.index()] = seq_no;

        let request = ReplicationRequest {
            primary_term: self.primary_term,
            seq_no,
            stored_term: self.primary_term,
            source: Some(source),
            global_checkpoint: self.global_checkpoint,
        };
        Ok((next, request))
    }

    /// `HandleReplicationRequest`: a copy stores an operation, whatever the
    /// order in which they come, and answers with its local checkpoint.
    pub fn handle_replication_request(
        &self,
        rules: &impl RuleSet,
        request: &ReplicationRequest<V>,
    ) -> Result<(Self, SeqNo), Rejection> {
        rules.require(ReplicationTermTooOld, request.primary_term >= self.primary_term)?;

        let mut next = self.hear_of_term(rules, request.primary_term, request.global_checkpoint);
        rules.store(&mut next.translog, request.seq_no, Operation::confirmed(request.stored_term, request.source.clone()));
        let local_checkpoint = rules.local_checkpoint(&next.translog);
        Ok((next, local_checkpoint))
    }

    /// `HandleTrimTranslogRequest`: a copy drops what its new primary does not have.
    pub fn handle_trim_request(&self, rules: &impl RuleSet, request: &TrimRequest) -> Result<Self, Rejection> {
        rules.require(TrimTermTooOld, request.primary_term >= self.primary_term)?;

        let mut next = self.hear_of_term(rules, request.primary_term, request.global_checkpoint);
        next.translog = rules.trim(next.translog, request);
        Ok(next)
    }

    /// Whether a request of `term` is the first of its primary, so that this copy rolls back.
    pub fn hears_of_newer_term(&self, rules: &impl RuleSet, term: PrimaryTerm) -> Result<(), Rejection> {
        rules.require(TermNotNewer, term > self.primary_term)
    }

    /// Takes over the term and the global checkpoint of a request (`MaybeMarkPC`).
    fn hear_of_term(&self, rules: &impl RuleSet, term: PrimaryTerm, global_checkpoint: SeqNo) -> Self {
        let mut next = self.clone();
        let new_term = self.hears_of_newer_term(rules, term).is_ok();
        next.global_checkpoint = rules.replica_global_checkpoint(self.global_checkpoint, global_checkpoint, new_term);
        if new_term {
            next.translog = rules.roll_back(next.translog, self.global_checkpoint, next.global_checkpoint);
        }
        next.primary_term = term;
        next
    }

    /// The first part of `HandleReplicationResponse`: a primary learns the
    /// local checkpoint of `source` and computes the global one.
    pub fn handle_local_checkpoint(
        &self,
        rules: &impl RuleSet,
        me: NodeId,
        source: NodeId,
        local_checkpoint: SeqNo,
    ) -> Result<Self, Rejection> {
        self.learns_local_checkpoint(rules, me, source, local_checkpoint)?;

        let mut next = self.clone();
        next.local_checkpoints[source.index()] = local_checkpoint;
        let assigned = self.applied.routing.assigned().iter().map(|node| next.local_checkpoints[node.index()]);
        let computed = rules.global_checkpoint(&assigned.collect::<SmallVec<[SeqNo; 8]>>());
        next.global_checkpoint = computed.unwrap_or(self.global_checkpoint);
        Ok(next)
    }

    /// Whether the local checkpoint that `source` answers with tells this copy anything.
    pub fn learns_local_checkpoint(
        &self,
        rules: &impl RuleSet,
        me: NodeId,
        source: NodeId,
        local_checkpoint: SeqNo,
    ) -> Result<(), Rejection> {
        rules.require(LocalCheckpointNotNewer, local_checkpoint > self.local_checkpoints[source.index()])?;
        rules.require(CopyNoLongerAssigned, self.applied.routing.role(me) != Role::Unassigned)
    }

    /// `ApplyClusterStateFromMaster`: a node follows the master. Where it finds
    /// itself promoted, it closes its history and sends it to its replicas.
    pub fn apply_cluster_state(
        &self,
        rules: &impl RuleSet,
        me: NodeId,
        state: &ShardClusterState,
    ) -> Result<(Self, Option<Resync<V>>), Rejection> {
        rules.require(ClusterStateAlreadyApplied, self.applied != *state)?;

        let mut next = self.clone();
        next.applied = *state;
        if self.is_promoted(rules, me, state).is_err() {
            return Ok((next, None));
        }
        next.primary_term = state.primary_term;
        next.translog = rules.fill_and_confirm(next.translog, self.global_checkpoint, state.primary_term);
        next.local_checkpoints[me.index()] = rules.local_checkpoint(&next.translog);
        let resync = next.resync(rules);
        Ok((next, Some(resync)))
    }

    /// Whether `state` makes this copy the primary that it was not before.
    pub fn is_promoted(&self, rules: &impl RuleSet, me: NodeId, state: &ShardClusterState) -> Result<(), Rejection> {
        let promoted = self.applied.routing.role(me) != Role::Primary && state.routing.role(me) == Role::Primary;
        rules.require(NotPromoted, promoted)
    }

    /// What a new primary sends: all that it holds above the global checkpoint.
    fn resync(&self, rules: &impl RuleSet) -> Resync<V> {
        let global_checkpoint = self.global_checkpoint;
        let primary_term = self.primary_term;
        let above = self.translog.max_seq_no();
        let operations = self.translog.iter().filter(|(seq_no, _)| *seq_no > global_checkpoint);
        let request = |(seq_no, operation): (SeqNo, &Operation<V>)| ReplicationRequest {
            primary_term,
            seq_no,
            stored_term: operation.term,
            source: operation.source.clone(),
            global_checkpoint,
        };
        rules.resync(Resync {
            replicas: self.applied.routing.replicas,
            operations: operations.map(request).collect(),
            trim: Some(TrimRequest { primary_term, above, global_checkpoint }),
        })
    }
}
