//! What a random run does to a cluster (`runRandomly`): all of it drawn from a
//! seed beforehand, so that it can be shortened, changed and written down.

use quorate_model::coordinator::CoordinatorSettings;
use quorate_model::settings::Settings;
use quorate_model::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use super::cluster::{DEFAULT_DELAY_VARIABILITY_MS, EXTREME_DELAY_VARIABILITY_MS, Simulated};
use super::draws::{Draws, Stream};

/// The most nodes of a random cluster.
pub const NODES_MAX: u64 = 7;
/// How many steps a random run has at least and, unless told otherwise, at most.
pub const STEPS: (u64, u64) = (10, 3_000);

/// What is done to a cluster. `pick` chooses a node when the step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// A client writes a register.
    Write {
        /// Which.
        key: u64,
        /// Whom it asks.
        pick: u64,
    },
    /// A client reads a register.
    Read {
        /// Which.
        key: u64,
        /// Whom it asks.
        pick: u64,
    },
    /// `cluster.auto_shrink_voting_configuration` changes.
    ToggleAutoShrink,
    /// A node stops and comes up at once.
    Reboot {
        /// Which.
        pick: u64,
    },
    /// A node stops, and comes up later.
    Stop {
        /// Which.
        pick: u64,
    },
    /// The session of two nodes ends: a follower gives its leader up, a leader its follower.
    EndSession {
        /// One end.
        pick: u64,
        /// The other.
        other: u64,
    },
    /// A node is connected again.
    Heal {
        /// Which.
        pick: u64,
    },
    /// Nothing can be sent to a node or by it, and everybody is told.
    Disconnect {
        /// Which.
        pick: u64,
    },
    /// The same, and nobody is told.
    BlackHole {
        /// Which.
        pick: u64,
    },
    /// What one node sends to another vanishes.
    OneWay {
        /// The sender.
        pick: u64,
        /// The receiver.
        other: u64,
    },
    /// Whoever waits for what was lost is told now.
    DeliverLost,
    /// A node's disk becomes well or unwell.
    ToggleHealth {
        /// Which.
        pick: u64,
    },
    /// Writes begin to fail or to be slow, or stop to.
    ToggleStorage,
    /// Everything that is due within this time happens.
    Pass {
        /// The time, in ms.
        ms: u64,
    },
    /// A node is excluded from voting, or all may vote again.
    Exclude {
        /// Which.
        pick: u64,
    },
    /// A node's applier hangs: it accepts and is checked, and applies nothing; or it goes on.
    ToggleApplier {
        /// Which.
        pick: u64,
    },
    /// A node is started again without the role `master`, or with it again.
    ChangeRole {
        /// Which.
        pick: u64,
    },
}

/// So many tasks run, and then something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// How many tasks.
    pub tasks: u32,
    /// What is done.
    pub deed: Deed,
}

/// A random run, before it is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed of delays and orders.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// Which of them are master-eligible, by name.
    pub master_eligible: Vec<NodeId>,
    /// Which of these only vote.
    pub voting_only: Vec<NodeId>,
    /// Which of them are in `cluster.initial_master_nodes`.
    pub initial_masters: Vec<NodeId>,
    /// A node whose disk is of another cluster, which it cannot leave.
    pub stranger: Option<NodeId>,
    /// Settings other than the defaults, as `name=value`.
    pub settings: Vec<String>,
    /// Delays, in ms.
    pub variability_ms: u64,
    /// When a silent session ends, in ms.
    pub give_up_ms: u64,
    /// What is done.
    pub steps: Vec<PlannedStep>,
    /// How many tasks run after the last step.
    pub last_tasks: u32,
}

fn set(nodes: &[NodeId]) -> NodeSet {
    nodes.iter().copied().collect()
}

impl Plan {
    /// The plan of a seed, of at most so many steps, with these settings; if
    /// none are given, mostly with the defaults.
    pub fn random(seed: u64, steps_max: u64, settings: &[String]) -> Self {
        let mut draws = Draws::new(seed, Stream::Plan);
        let nodes = draws.between(1, NODES_MAX);
        let all: Vec<NodeId> = NodeSet::first(nodes as usize).iter().collect();
        let master_eligible = some_of(&mut draws, &all, 650);
        let voting_only = if draws.happens(150) { all_but_one(&mut draws, &master_eligible) } else { Vec::new() };
        let initial_masters = some_of(&mut draws, &master_eligible, 500);
        let full = |node: &NodeId| !voting_only.contains(node);
        let initial_masters = if initial_masters.iter().any(full) { initial_masters } else { master_eligible.clone() };
        let outside: Vec<NodeId> = all.iter().copied().filter(|node| !initial_masters.contains(node)).collect();
        let stranger = (draws.happens(200) && !outside.is_empty()).then(|| draws.pick(&outside));
        let variability_ms =
            draws.pick(&[DEFAULT_DELAY_VARIABILITY_MS, 1_000, EXTREME_DELAY_VARIABILITY_MS, EXTREME_DELAY_VARIABILITY_MS]);
        let give_up_ms = draws.pick(&[5_000, 600_000]);
        let count = draws.between(STEPS.0, steps_max.max(STEPS.0));
        let keys = (count / 50).max(1);
        let (mut steps, mut tasks) = (Vec::new(), 0);
        for _ in 0..count {
            match random_deed(&mut draws, keys) {
                Some(deed) => steps.push(PlannedStep { tasks: std::mem::take(&mut tasks), deed }),
                None => tasks += 1,
            }
        }
        Plan {
            seed,
            nodes: nodes as usize,
            master_eligible,
            voting_only,
            initial_masters,
            stranger,
            settings: if settings.is_empty() { some_settings(&mut draws) } else { settings.to_vec() },
            variability_ms,
            give_up_ms,
            steps,
            last_tasks: tasks,
        }
    }

    /// The cluster that it is for.
    ///
    /// # Errors
    /// In words, if there is no such cluster: the plan was written by hand.
    pub fn simulated(&self) -> Result<Simulated, String> {
        if !(1..=NODES_MAX as usize).contains(&self.nodes) {
            return Err(format!("a plan is for 1 to {NODES_MAX} nodes, not {}", self.nodes));
        }
        let pairs = self.settings.iter().map(String::as_str);
        let elasticsearch = Settings::parse(pairs).map_err(|error| error.to_string())?;
        let settings = CoordinatorSettings {
            master_eligible: set(&self.master_eligible),
            voting_only: set(&self.voting_only),
            initial_master_nodes: set(&self.initial_masters),
            elasticsearch,
            ..CoordinatorSettings::of(self.nodes)
        };
        settings.validate().map_err(|error| error.to_string())?;
        if let Some(stranger) =
            self.stranger.filter(|node| !settings.nodes.contains(*node) || settings.initial_master_nodes.contains(*node))
        {
            return Err(format!("{stranger} cannot be of another cluster: it is no node of this one, or founds it"));
        }
        let stranger = self.stranger;
        Ok(Simulated { give_up_ms: self.give_up_ms, stranger, ..Simulated::of(self.seed, settings) })
    }

    /// The plan without some steps; the tasks between them still run.
    #[must_use]
    pub fn without(&self, from: usize, to: usize) -> Self {
        let mut plan = self.clone();
        let removed: u32 = plan.steps.drain(from..to).map(|step| step.tasks).sum();
        match plan.steps.get_mut(from) {
            Some(step) => step.tasks += removed,
            None => plan.last_tasks += removed,
        }
        plan
    }
}

/// All of them, with this chance in thousandths, or some.
fn some_of(draws: &mut Draws, all: &[NodeId], whole_per_mille: u64) -> Vec<NodeId> {
    if draws.happens(whole_per_mille) {
        return all.to_vec();
    }
    let certain = draws.pick(all);
    all.iter().copied().filter(|node| draws.happens(500) || *node == certain).collect()
}

/// Timeouts that random delays exceed, in one plan of ten: what was given up arrives all the same.
fn some_settings(draws: &mut Draws) -> Vec<String> {
    let publish = draws.pick(&["cluster.publish.timeout=1s", "cluster.publish.timeout=5s"]);
    let retries = draws
        .pick(&["cluster.fault_detection.leader_check.retry_count=1", "cluster.fault_detection.follower_check.retry_count=1"]);
    let all = if draws.happens(100) { vec![publish, retries] } else { Vec::new() };
    all.into_iter().map(str::to_owned).collect()
}

/// Some of them, and not all.
fn all_but_one(draws: &mut Draws, all: &[NodeId]) -> Vec<NodeId> {
    let not = draws.pick(all);
    all.iter().copied().filter(|node| draws.happens(500) && *node != not).collect()
}

/// How many draws of a thousand disrupt something.
const RARELY: u64 = 40;

/// One draw of `runRandomly`; nothing means that a task runs.
pub(super) fn random_deed(draws: &mut Draws, keys: u64) -> Option<Deed> {
    let (pick, other) = (draws.word() >> 16, draws.word() >> 16);
    if draws.happens(125) {
        return Some(Deed::Write { key: draws.below(keys), pick });
    }
    if draws.happens(125) {
        return Some(Deed::Read { key: draws.below(keys), pick });
    }
    let rare = [
        Deed::ToggleAutoShrink,
        Deed::Reboot { pick },
        Deed::Stop { pick },
        Deed::EndSession { pick, other },
        Deed::Heal { pick },
        Deed::Disconnect { pick },
        Deed::BlackHole { pick },
        Deed::OneWay { pick, other },
        Deed::DeliverLost,
        Deed::ToggleHealth { pick },
        Deed::ToggleStorage,
        Deed::Exclude { pick },
        Deed::ToggleApplier { pick },
        Deed::ChangeRole { pick },
        Deed::Pass { ms: [1_000, 10_000, 40_000, 120_000][(other % 4) as usize] },
    ];
    draws.happens(RARELY).then(|| draws.pick(&rare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan_and_plans_cover_every_deed_and_size() {
        assert_eq!(Plan::random(5, 500, &[]), Plan::random(5, 500, &[]));
        let plans: Vec<Plan> = (0..100).map(|seed| Plan::random(seed, 500, &[])).collect();
        let sizes: std::collections::BTreeSet<usize> = plans.iter().map(|plan| plan.nodes).collect();
        assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        let deeds = plans.iter().flat_map(|plan| &plan.steps).map(|step| std::mem::discriminant(&step.deed));
        assert_eq!(deeds.collect::<std::collections::HashSet<_>>().len(), 17);
        assert!(plans.iter().all(|plan| plan.simulated().is_ok()));
        assert!(plans.iter().any(|plan| plan.stranger.is_some()) && plans.iter().any(|plan| !plan.voting_only.is_empty()));
    }

    #[test]
    fn steps_are_taken_out_and_the_tasks_between_them_stay() {
        let plan = Plan::random(1, 500, &[]);
        let tasks = |plan: &Plan| plan.steps.iter().map(|step| step.tasks).sum::<u32>() + plan.last_tasks;
        for (from, to) in [(0, 1), (3, 7), (0, plan.steps.len())] {
            let shorter = plan.without(from, to);
            assert_eq!(shorter.steps.len(), plan.steps.len() - (to - from));
            assert_eq!(tasks(&shorter), tasks(&plan));
        }
    }
}
