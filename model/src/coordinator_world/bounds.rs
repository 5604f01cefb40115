//! The models of the Coordinator, and how large an instance is.

use super::ledger::Budget;
use crate::coordinator::{CoordinatorSettings, Driven};
use crate::node_set::NodeSet;
use crate::specification::{Bound, BoundError, BoundKind, in_range};

/// Which part of the Coordinator runs by messages and timers; the environment
/// does the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoordinatorModel {
    /// Elections at any time, publications, restarts; nodes neither join nor leave.
    Coordinator,
    /// A formed cluster in which elections must be promised before they start.
    PreVote,
    /// Nodes find each other, bootstrap, join, fail and are removed.
    Membership,
    /// A formed cluster that changes its voting configuration.
    Reconfiguration,
    /// A formed cluster with roles, in which checks and answers are driven and
    /// disks fall ill.
    Duties,
    /// A formed cluster in which everything is driven, and which recovers from
    /// what an adversary does to it.
    Stabilisation,
    /// A formed cluster in which everything is driven, in the network of the
    /// models above: what they leave to the environment is here what it is.
    Whole,
}

impl CoordinatorModel {
    /// Every model.
    pub const ALL: [CoordinatorModel; 7] = [
        CoordinatorModel::Coordinator,
        CoordinatorModel::PreVote,
        CoordinatorModel::Membership,
        CoordinatorModel::Reconfiguration,
        CoordinatorModel::Duties,
        CoordinatorModel::Stabilisation,
        CoordinatorModel::Whole,
    ];

    /// As the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            CoordinatorModel::Coordinator => "coordinator",
            CoordinatorModel::PreVote => "prevote",
            CoordinatorModel::Membership => "membership",
            CoordinatorModel::Reconfiguration => "reconfiguration",
            CoordinatorModel::Stabilisation => "stabilisation",
            CoordinatorModel::Duties => "duties",
            CoordinatorModel::Whole => "whole",
        }
    }

    /// What runs by messages and timers.
    pub fn driven(self) -> Driven {
        match self {
            CoordinatorModel::Coordinator => Driven::NONE,
            CoordinatorModel::PreVote => Driven { pre_vote: true, ..Driven::NONE },
            CoordinatorModel::Membership | CoordinatorModel::Reconfiguration => Driven { membership: true, ..Driven::NONE },
            // How long somebody waits is no matter where timers fire when they like.
            CoordinatorModel::Stabilisation => Driven { back_off: false, ..Driven::ALL },
            CoordinatorModel::Whole => Driven::ALL,
            CoordinatorModel::Duties => Driven { membership: true, checks: true, replies: true, ..Driven::NONE },
        }
    }

    /// Whether it begins with a leader whose first state everybody has applied; `whole` may.
    pub fn is_formed(self) -> bool {
        matches!(
            self,
            CoordinatorModel::PreVote
                | CoordinatorModel::Reconfiguration
                | CoordinatorModel::Duties
                | CoordinatorModel::Stabilisation
                | CoordinatorModel::Whole
        )
    }
}

/// The instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoordinatorBounds {
    /// How many nodes there are; all but `ineligible` are master-eligible.
    pub nodes: usize,
    /// How many of them, the first ones, are in `cluster.initial_master_nodes`.
    pub initial_masters: usize,
    /// States in a higher term are checked and not expanded.
    pub max_term: u64,
    /// Neither are states in which a node has accepted a higher version.
    pub max_version: u64,
    /// How many changes clients submit.
    pub submissions: u64,
    /// How often a node is excluded from voting.
    pub exclusions: u64,
    /// How many restarts there are.
    pub restarts: u64,
    /// How often a leader or a follower that is there is given up; in
    /// `coordinator`, where that is free, it limits nothing.
    pub suspicions: u64,
    /// In `stabilisation`: how often a candidate stands for election before the
    /// cluster is left to recover; in `whole`: how often one tries at all.
    pub elections: u64,
    /// In `stabilisation`: how often a session between two nodes breaks.
    pub disconnects: u64,
    /// In `stabilisation`: how often a node is cut off from the others.
    pub partitions: u64,
    /// In `stabilisation`: how many messages may be under way when a timer
    /// fires, a client asks or the adversary strikes. Deliveries come in any order.
    pub under_way: u64,
    /// In `stabilisation`: the term on the disk of the last node, which is not in
    /// the cluster and not yet up; 0 if it is in the cluster.
    pub astray: u64,
    /// In `whole`: 1 if it begins with a formed cluster, 0 if with the first start of its nodes.
    pub formed: u64,
    /// In `duties`: how many of the nodes, the last ones, have not the role `master`.
    pub ineligible: usize,
    /// In `duties`: how many of those before them have the role `voting_only`.
    pub voting_only: usize,
    /// In `duties`: how often a disk falls ill.
    pub illnesses: u64,
}

impl CoordinatorBounds {
    /// Refuses what makes no sense or what the model's sets cannot hold.
    pub fn validate(&self, model: CoordinatorModel) -> Result<(), BoundError> {
        in_range("nodes", self.nodes as u64, 1, 8)?;
        if model == CoordinatorModel::Duties {
            in_range("ineligible", self.ineligible as u64, 0, self.nodes as u64 - 1)?;
            in_range("voting-only", self.voting_only as u64, 0, (self.nodes - self.ineligible) as u64 - 1)?;
            in_range("illnesses", self.illnesses, 0, 100)?;
        }
        in_range("initial-masters", self.initial_masters as u64, 1, (self.nodes - self.ineligible) as u64)?;
        in_range("submissions", self.submissions, 0, 100)?;
        in_range("exclusions", self.exclusions, 0, 100)?;
        in_range("restarts", self.restarts, 0, 100)?;
        in_range("suspicions", self.suspicions, 0, 100)?;
        if model == CoordinatorModel::Stabilisation {
            in_range("elections", self.elections, 0, 100)?;
            in_range("disconnects", self.disconnects, 0, 100)?;
            in_range("partitions", self.partitions, 0, 100)?;
            in_range("astray", self.astray, 0, if self.nodes > 1 { 100 } else { 0 })?;
            return in_range("under-way", self.under_way, 0, 1_000);
        }
        if model == CoordinatorModel::Whole {
            in_range("elections", self.elections, 0, 100)?;
            in_range("formed", self.formed, 0, 1)?;
        }
        in_range("max-term", self.max_term, 1, 100)?;
        in_range("max-version", self.max_version, 1, 100)
    }

    /// As reports list them.
    pub fn listed(&self, model: CoordinatorModel) -> Vec<Bound> {
        let bound = |name, value, kind| Bound { name, value, kind };
        let size = |name, value: usize| bound(name, value as u64, BoundKind::Size);
        let cut = |name, value| bound(name, value, BoundKind::Cut);
        let budget = |name, value| bound(name, value, BoundKind::Budget);
        let mut listed = vec![size("nodes", self.nodes)];
        match model {
            CoordinatorModel::Duties => listed.extend([
                size("voting-only", self.voting_only),
                size("ineligible", self.ineligible),
                cut("max-term", self.max_term),
                cut("max-version", self.max_version),
                budget("submissions", self.submissions),
                budget("illnesses", self.illnesses),
                budget("suspicions", self.suspicions),
            ]),
            CoordinatorModel::Stabilisation => listed.extend([
                budget("submissions", self.submissions),
                budget("exclusions", self.exclusions),
                budget("restarts", self.restarts),
                budget("suspicions", self.suspicions),
                budget("elections", self.elections),
                budget("disconnects", self.disconnects),
                budget("partitions", self.partitions),
                budget("under-way", self.under_way),
                bound("astray", self.astray, BoundKind::Size),
            ]),
            _ => listed.extend([
                size("initial-masters", self.initial_masters),
                cut("max-term", self.max_term),
                cut("max-version", self.max_version),
                budget("submissions", self.submissions),
                budget("exclusions", self.exclusions),
                budget("restarts", self.restarts),
                budget("suspicions", self.suspicions),
            ]),
        }
        if model == CoordinatorModel::Whole {
            listed.extend([budget("elections", self.elections), bound("formed", self.formed, BoundKind::Size)]);
        }
        listed
    }

    /// What the adversary may spend.
    pub(super) fn budget(&self) -> Budget {
        Budget {
            submissions: self.submissions as u8,
            exclusions: self.exclusions as u8,
            restarts: self.restarts as u8,
            suspicions: self.suspicions as u8,
            elections: self.elections as u8,
            disconnects: self.disconnects as u8,
            partitions: self.partitions as u8,
            overdrawn: 0,
            illnesses: self.illnesses as u8,
        }
    }

    /// The configuration of every node.
    pub(super) fn settings(&self, driven: Driven) -> CoordinatorSettings {
        let initial_master_nodes = NodeSet::first(self.initial_masters);
        let master_eligible = NodeSet::first(self.nodes - self.ineligible);
        let full = NodeSet::first(master_eligible.len() - self.voting_only);
        let voting_only = master_eligible.iter().filter(|node| !full.contains(*node)).collect();
        let all = CoordinatorSettings::of(self.nodes);
        CoordinatorSettings { initial_master_nodes, master_eligible, voting_only, driven, ..all }.impatient()
    }
}

impl CoordinatorSettings {
    /// One failure is enough, and durations do not matter: the world's timers
    /// fire when they like.
    fn impatient(mut self) -> Self {
        self.elasticsearch.leader_check_retry_count = 1;
        self.elasticsearch.follower_check_retry_count = 1;
        self
    }
}
