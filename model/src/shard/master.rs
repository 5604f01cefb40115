//! The elected master: what nodes report and operators ask becomes a committed
//! cluster state, or is refused.
//!
//! It stands on the contract of the coordination layer ([`crate::contract`]): one
//! history of committed states, which every member hears of, and no answer
//! before what it answers for is committed.

use super::actor::ShardActor;
use super::message::{Command, ShardMsg};
use super::rules::ShardRules;
use super::state::{Master, Report};
use crate::allocation::{FailedShard, Rejection, ShardAllocation};
use crate::node_set::NodeId;

/// The master after a message, and what it sends.
type Decision = (Master, Vec<(NodeId, ShardMsg)>);

impl<R: ShardRules> ShardActor<R> {
    /// What the master makes of a message; as it was, if nothing.
    pub(super) fn at_master(&self, master: &Master, source: Option<NodeId>, message: ShardMsg) -> Decision {
        self.decide(master, source, message).unwrap_or_else(|_| (master.clone(), Vec::new()))
    }

    /// The same, or why it refuses.
    pub fn decide(&self, master: &Master, source: Option<NodeId>, message: ShardMsg) -> Result<Decision, Rejection> {
        let (rules, allocation) = (&self.rules, &master.allocation);
        match (message, source) {
            (ShardMsg::ShardFailed(task), Some(source)) => {
                let mut next = master.clone();
                next.waiting.push((source, task));
                let primary = allocation.primary().allocation_id() == Some(task.allocation_id);
                let a_choice = primary && allocation.promotion_candidates(rules).len() > 1;
                let waits = a_choice || !master.waiting.is_empty();
                Ok(if waits { (next, Vec::new()) } else { self.process(&next, None) })
            }
            (ShardMsg::ShardStarted(task), _) => {
                let (started, results) = allocation.start_shards(rules, &[task]);
                results.into_iter().collect::<Result<(), Rejection>>()?;
                Ok(publish(master, started))
            }
            (ShardMsg::Command(Command::Process { promote }), _) => Ok(self.process(master, promote)),
            (ShardMsg::Command(Command::NodeJoined { node, life }), _) => {
                let joined = allocation.node_joined(rules, node)?;
                let mut next = master.clone();
                next.lives[node.index()] = life;
                Ok(publish(&next, joined))
            }
            (ShardMsg::Command(command), _) => Ok(publish(master, self.carry_out(allocation, command)?)),
            _ => Ok((master.clone(), Vec::new())),
        }
    }

    fn carry_out(&self, allocation: &ShardAllocation, command: Command) -> Result<ShardAllocation, Rejection> {
        let rules = &self.rules;
        match command {
            Command::NodeLeft { node, promote } => allocation.node_left(rules, node, promote),
            Command::AllocateReplica { node, has_data, delay_expired } => {
                // One round, and one cluster state: expired delays are cleared, then there is an allocation.
                let version = allocation.version + 1;
                let cleared = if delay_expired { allocation.delay_expired(rules)? } else { allocation.clone() };
                Ok(ShardAllocation { version, ..cleared.allocate_replica(rules, node, has_data)? })
            }
            Command::AllocateNewPrimary { node } => allocation.allocate_new_primary(rules, node),
            Command::AllocatePrimary { found } => allocation.allocate_primary(rules, &[found]),
            Command::AllocateStalePrimary { node, accept_data_loss } => {
                allocation.allocate_stale_primary(rules, node, accept_data_loss)
            }
            Command::AllocateEmptyPrimary { node, accept_data_loss } => {
                allocation.allocate_empty_primary(rules, node, accept_data_loss)
            }
            Command::Cancel { node, allow_primary } => allocation.cancel(rules, node, allow_primary, None),
            Command::NodeJoined { .. } | Command::Process { .. } => Ok(allocation.clone()),
        }
    }

    /// Everything that waits, in one batch; a primary that has been replaced is told.
    fn process(&self, master: &Master, promote: Option<NodeId>) -> Decision {
        let tasks: Vec<FailedShard> = master.waiting.iter().map(|(_, task)| *task).collect();
        let (failed, results) = master.allocation.fail_shards(&self.rules, &tasks, promote);
        let mut answers = Vec::new();
        for ((source, task), result) in master.waiting.iter().zip(results) {
            let report = Report { allocation_id: task.allocation_id, mark_as_stale: task.mark_as_stale };
            let no_longer_primary = result == Err(Rejection::NoLongerPrimary);
            let primary_term = task.primary_term;
            answers.push((*source, ShardMsg::ShardFailedResponse { report, primary_term, no_longer_primary }));
        }
        let next = Master { waiting: Default::default(), ..master.clone() };
        let (next, mut sent) = publish(&next, failed);
        sent.extend(answers);
        (next, sent)
    }
}

/// A state is committed, and on its way to every member.
fn publish(master: &Master, allocation: ShardAllocation) -> Decision {
    if allocation == master.allocation {
        return (master.clone(), Vec::new());
    }
    let message = |node: NodeId| (node, ShardMsg::ClusterState { life: master.lives[node.index()], state: allocation.clone() });
    let sent = allocation.nodes.iter().map(message).collect();
    (Master { allocation, ..master.clone() }, sent)
}
