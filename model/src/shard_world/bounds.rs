//! How large an instance is, and what the adversary may spend.

use super::ledger::Budget;
use crate::specification::{Bound, BoundError, BoundKind, in_range};

/// What is asked of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Question {
    /// What must never happen.
    #[default]
    Safety,
    /// What must be possible again from everywhere; the budget for allocations
    /// may be overdrawn for it.
    Recovery,
    /// What one might expect, and what does happen.
    Exceptions,
}

impl Question {
    /// The name of the model.
    pub fn model(self) -> &'static str {
        match self {
            Question::Safety => "shard",
            Question::Recovery => "shard-recovery",
            Question::Exceptions => "shard-exceptions",
        }
    }
}

/// The instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardBounds {
    /// How many data nodes there are.
    pub nodes: usize,
    /// `number_of_replicas`: how many copies beside the primary are started at the beginning.
    pub replicas: usize,
    /// How many writes clients ask for.
    pub writes: u64,
    /// How often the master takes a node for gone that is there.
    pub departures: u64,
    /// How often a replica is allocated.
    pub allocations: u64,
    /// How often an unassigned primary is allocated to a node that has it on disk.
    pub restores: u64,
    /// How often a message is lost, or given up by its sender though it arrives.
    pub losses: u64,
    /// How often a node crashes.
    pub crashes: u64,
    /// Of the nodes that crash, how many never come up again, the first ones to crash.
    pub lost: u64,
    /// How often a copy fails on its node.
    pub failures: u64,
    /// How often an operator forces a primary, accepting the loss of data, or cancels a copy.
    pub commands: u64,
    /// How often a client reads.
    pub reads: u64,
    /// How often a client that does not know what became of its write asks again.
    pub retries: u64,
    /// How often the global checkpoint is synced in the background.
    pub syncs: u64,
}

impl ShardBounds {
    /// Refuses what makes no sense or what the model's sets cannot hold.
    pub fn validate(&self) -> Result<(), BoundError> {
        in_range("nodes", self.nodes as u64, 1, 5)?;
        in_range("replicas", self.replicas as u64, 0, self.nodes as u64 - 1)?;
        self.listed().iter().skip(2).try_for_each(|bound| in_range(bound.name, bound.value, 0, 50))
    }

    /// As reports list them.
    pub fn listed(&self) -> Vec<Bound> {
        let bound = |name, value, kind| Bound { name, value, kind };
        let budget = |name, value| bound(name, value, BoundKind::Budget);
        vec![
            bound("nodes", self.nodes as u64, BoundKind::Size),
            bound("replicas", self.replicas as u64, BoundKind::Size),
            budget("writes", self.writes),
            budget("departures", self.departures),
            budget("allocations", self.allocations),
            budget("restores", self.restores),
            budget("losses", self.losses),
            budget("crashes", self.crashes),
            budget("lost", self.lost),
            budget("failures", self.failures),
            budget("commands", self.commands),
            budget("reads", self.reads),
            budget("retries", self.retries),
            budget("syncs", self.syncs),
        ]
    }

    /// What the adversary may spend.
    pub(super) fn budget(&self) -> Budget {
        Budget {
            writes: self.writes as u8,
            departures: self.departures as u8,
            allocations: self.allocations as u8,
            restores: self.restores as u8,
            losses: self.losses as u8,
            crashes: self.crashes as u8,
            lost: self.lost as u8,
            failures: self.failures as u8,
            commands: self.commands as u8,
            reads: self.reads as u8,
            retries: self.retries as u8,
            syncs: self.syncs as u8,
            overdrawn: 0,
        }
    }
}
