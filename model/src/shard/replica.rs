//! A copy does what its primary asks.
//!
//! ```text
//!   ReplicaRequest ─▶ admitted? ─▶ a newer term: enter it, roll back ─▶ do it ─▶ save ─▶ ReplicaResponse
//!                        └─ no: another copy, an older term, not open ─────────▶ Failed
//! ```

use super::message::{LogOperation, ReplicaAction, ReplicaRequest, ReplicaResponse, ReplicaResult, ShardMsg};
use super::rules::{Refusal, ShardRules};
use super::state::{Copy, OperationId, Stage};
use super::turn::Turn;
use crate::node_set::NodeId;
use crate::replication::{RuleSet, SeqNo, TermChange, TrimRequest, global_checkpoint_on_replica};

impl<R: ShardRules> Turn<'_, R> {
    /// `TransportReplicationAction.handleReplicaRequest`.
    pub(super) fn on_replica_request(&mut self, source: NodeId, request: &ReplicaRequest) {
        let result = match self.carry_out(request) {
            Ok(()) => {
                let rules = self.rules();
                let copy = self.copy();
                ReplicaResult::Done {
                    local_checkpoint: rules.local_checkpoint(&copy.log),
                    global_checkpoint: copy.tracker.global_checkpoint(),
                }
            }
            Err(()) => ReplicaResult::Failed,
        };
        let operation = match request.action {
            ReplicaAction::Replicate(seq_no, _) => OperationId::Write(seq_no),
            ReplicaAction::Resync { .. } => OperationId::Resync,
            ReplicaAction::SyncGlobalCheckpoint => OperationId::SyncGlobalCheckpoint,
        };
        let response = ReplicaResponse { source: request.target, primary: request.primary, operation, result };
        self.send(source, ShardMsg::ReplicaResponse(response));
    }

    /// Does what is asked, or nothing.
    fn carry_out(&mut self, request: &ReplicaRequest) -> Result<(), ()> {
        let rules = self.rules();
        let copy = self.node.copy.as_mut().ok_or(())?;
        let ids = (copy.allocation_id, request.target);
        let started = matches!(copy.stage, Stage::PostRecovery | Stage::Started);
        let admitted = copy.terms.admit_replica_request(rules, ids, request.primary.primary_term, started);
        let change = admitted.map_err(drop)?;
        rules.admit(Refusal::EngineClosed, copy.is_open()).map_err(drop)?;

        copy.take_over(rules, request.global_checkpoint, change);
        match &request.action {
            ReplicaAction::Replicate(seq_no, operation) => copy.store(rules, *seq_no, *operation),
            ReplicaAction::SyncGlobalCheckpoint => {}
            ReplicaAction::Resync { operations, trim_above } => {
                for (seq_no, operation) in operations {
                    copy.store(rules, *seq_no, *operation);
                }
                if let Some(above) = *trim_above {
                    let primary_term = request.primary.primary_term;
                    let trim = TrimRequest { primary_term, above, global_checkpoint: request.global_checkpoint };
                    copy.log = rules.trim(std::mem::take(&mut copy.log), &trim);
                }
            }
        }
        Ok(())
    }
}

impl Copy {
    /// Takes over the global checkpoint of a request, and enters its term: what
    /// lies above the global checkpoint counts no longer until it is confirmed
    /// (`IndexShard.innerAcquireReplicaOperationPermit`, `resetEngineToGlobalCheckpoint`).
    fn take_over(&mut self, rules: &impl ShardRules, received: SeqNo, change: TermChange) {
        let known = self.tracker.global_checkpoint();
        let local_checkpoint = rules.local_checkpoint(&self.log);
        if let Ok(global_checkpoint) = global_checkpoint_on_replica(rules, known, received, local_checkpoint) {
            self.tracker.update_global_checkpoint_on_replica(global_checkpoint);
        }
        if let TermChange::Enter(term) = change {
            self.terms.enter(term);
            let log = std::mem::take(&mut self.log);
            self.log = rules.roll_back(log, known, self.tracker.global_checkpoint());
        }
    }

    /// `InternalEngine.index` on a copy that is no primary: what is there and
    /// confirmed stays, what is not is replaced.
    pub(super) fn store(&mut self, rules: &impl RuleSet, seq_no: SeqNo, operation: LogOperation) {
        let processed = self.log.get(seq_no).is_some_and(|held| !held.pending_confirmation);
        if !processed {
            rules.store(&mut self.log, seq_no, operation);
        }
    }
}
