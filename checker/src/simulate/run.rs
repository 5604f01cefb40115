//! Random runs: a plan is carried out, the cluster must then settle.

use quorate_model::coordinator::{ClusterChange, CoordinatorMsg, Policy};
use quorate_model::{NodeId, NodeSet};

use super::cluster::{Cluster, Simulated, Step};
use super::coverage::Coverage;
use super::failure::Failure;
use super::linearizable::HistoryReport;
use super::links::LinkStatus;
use super::plan::{Deed, Plan};
use crate::panics;

/// How a plan is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Whether the copy of the rules is left out: for mutants.
    pub no_self_checks: bool,
    /// Whether the run is recorded and judged as a recording, too.
    pub record: bool,
    /// Whether what happens is written down in words.
    pub log: bool,
    /// Whether abstract states are counted.
    pub count_states: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What clients heard, if the run came to its end.
    pub history: Option<HistoryReport>,
    /// What it exercised.
    pub coverage: Coverage,
    /// How many turns nodes took.
    pub turns: u64,
    /// How long it took, in virtual ms.
    pub virtual_ms: u64,
    /// How many turns were judged once more, as a recording.
    pub recorded_turns: usize,
    /// What happened, in words.
    pub log: Vec<String>,
}

/// Runs a plan under these rules.
///
/// # Errors
/// In words, if there is no such cluster.
pub fn run_plan<R: Policy>(plan: &Plan, rules: R, options: RunOptions) -> Result<RunOutcome, String> {
    let simulated = Simulated { self_checks: !options.no_self_checks, log: options.log, ..plan.simulated()? };
    // What a recording's judge knows of settings does not change, and disks are empty at first.
    let simulated = Simulated { record: options.record, stranger: simulated.stranger.filter(|_| !options.record), ..simulated };
    let mut cluster = match Cluster::start(rules, &simulated) {
        Ok(cluster) => cluster,
        Err(failure) => return Ok(RunOutcome::of_failure(failure)),
    };
    if options.count_states {
        cluster.coverage.count_states();
    }
    let result = panics::catch(|| carry_out(&mut cluster, plan, options.record));
    let result = result.unwrap_or_else(|words| Err(Failure::new(Failure::PANIC, words, cluster.now_ms())));
    let (mut failure, history) = match result {
        Ok(history) => (None, Some(history)),
        Err(failure) => (Some(failure), None),
    };
    let mut recorded_turns = 0;
    if let Some(recorder) = cluster.recorder.take().filter(|_| failure.is_none()) {
        match recorder.judge() {
            Ok(accepted) => recorded_turns = accepted.turns,
            Err(why) => failure = Some(Failure::new("IsABehaviour", why.to_string(), cluster.now_ms())),
        }
    }
    let (turns, virtual_ms) = (cluster.turns(), cluster.now_ms());
    let coverage = std::mem::take(&mut cluster.coverage);
    Ok(RunOutcome { failure, history, coverage, turns, virtual_ms, recorded_turns, log: cluster.take_log() })
}

impl RunOutcome {
    fn of_failure(failure: Failure) -> Self {
        RunOutcome {
            virtual_ms: failure.at_ms,
            failure: Some(failure),
            history: None,
            coverage: Coverage::default(),
            turns: 0,
            recorded_turns: 0,
            log: Vec::new(),
        }
    }
}

fn carry_out<R: Policy>(cluster: &mut Cluster<R>, plan: &Plan, settings_stay: bool) -> Result<HistoryReport, Failure> {
    cluster.run_randomly(plan, settings_stay)?;
    cluster.cool_down()?;
    let leader = cluster.stabilise()?;
    cluster.updates_reach_everybody(leader)?;
    cluster.check_whole_run()?;
    cluster.history_is_linearizable()
}

impl<R: Policy> Cluster<R> {
    /// Carries out the steps of a plan. Where `settings_stay`, the settings do not change.
    ///
    /// # Errors
    /// What a turn brought to light.
    pub fn run_randomly(&mut self, plan: &Plan, settings_stay: bool) -> Step {
        self.variability_ms = plan.variability_ms;
        for step in &plan.steps {
            self.run_tasks(step.tasks)?;
            if !(settings_stay && matches!(step.deed, Deed::ToggleAutoShrink | Deed::ChangeRole { .. })) {
                self.do_deed(step.deed)?;
            }
        }
        self.run_tasks(plan.last_tasks)
    }

    /// Everything is healed, and what was planned in bad times still happens (#61711).
    ///
    /// # Errors
    /// What a turn brought to light.
    pub fn cool_down(&mut self) -> Step {
        self.heal()?;
        self.run_planned()?;
        self.heal()
    }

    fn run_tasks(&mut self, count: u32) -> Step {
        for _ in 0..count {
            self.run_task()?;
        }
        Ok(())
    }

    fn picked(&self, pick: u64) -> NodeId {
        let nodes: Vec<NodeId> = self.nodes().iter().collect();
        nodes[(pick % nodes.len() as u64) as usize]
    }

    /// Whom a client asks: mostly a leader, if there is one.
    fn asked(&self, pick: u64) -> NodeId {
        match self.leaders().as_slice() {
            [] => self.picked(pick),
            _ if pick.is_multiple_of(4) => self.picked(pick / 4),
            leaders => leaders[(pick / 4 % leaders.len() as u64) as usize],
        }
    }

    fn two(&self, pick: u64, other: u64) -> Option<(NodeId, NodeId)> {
        let (one, other) = (self.picked(pick), self.picked(other));
        (one != other).then_some((one, other))
    }

    fn do_deed(&mut self, deed: Deed) -> Step {
        self.note(|| format!("-- {deed:?}"));
        match deed {
            Deed::Write { key, pick } => {
                let value = self.clients.attempts().len() as u64 + 1;
                self.write(self.asked(pick), key, value).map(|_| ())
            }
            Deed::Read { key, pick } => self.read(self.asked(pick), key).map(|_| ()),
            Deed::ToggleAutoShrink => {
                self.configure(|settings| {
                    let shrinks = &mut settings.elasticsearch.auto_shrink_voting_configuration;
                    *shrinks = !*shrinks;
                });
                Ok(())
            }
            Deed::Reboot { pick } => self.reboot(self.picked(pick)),
            Deed::Stop { pick } => match self.picked(pick) {
                node if self.node(node).is_some() => self.crash(node),
                node => self.start_node(node),
            },
            Deed::EndSession { pick, other } => {
                if let Some((one, other)) = self.two(pick, other) {
                    self.end_session(one, other);
                }
                Ok(())
            }
            Deed::Heal { pick } => self.link_node(pick, LinkStatus::Connected),
            Deed::Disconnect { pick } => self.link_node(pick, LinkStatus::Disconnected),
            Deed::BlackHole { pick } => self.link_node(pick, LinkStatus::BlackHole),
            Deed::OneWay { pick, other } => {
                if let Some((one, other)) = self.two(pick, other) {
                    self.links.set_one_way(one, other, LinkStatus::BlackHole);
                }
                Ok(())
            }
            Deed::DeliverLost => {
                self.deliver_lost();
                Ok(())
            }
            Deed::ToggleHealth { pick } => {
                let node = self.picked(pick);
                let healthy = self.node(node).is_some_and(|state| state.healthy);
                self.set_health(node, !healthy)
            }
            Deed::ToggleStorage => {
                let disrupted = self.slow_writes > 0;
                (self.slow_writes, self.failing_writes) = if disrupted { (0, 0) } else { (300, 10) };
                Ok(())
            }
            Deed::Pass { ms } => self.run_for(ms),
            Deed::Exclude { pick } => {
                let (asked, node) = (self.asked(pick), self.picked(pick / 64));
                let change = match pick % 3 {
                    0 => ClusterChange::ClearVotingConfigExclusions,
                    _ if !self.leaves_somebody_to_lead(node) => return Ok(()),
                    _ => ClusterChange::AddVotingConfigExclusions(NodeSet::single(node)),
                };
                self.submit_unobserved(asked, change)
            }
            Deed::ToggleApplier { pick } => {
                let node = self.picked(pick);
                self.set_applier(node, !self.applier_hangs(node));
                Ok(())
            }
            Deed::ChangeRole { pick } => self.change_role(self.picked(pick)),
        }
    }

    /// Whether somebody may lead who does not only vote, and is not excluded,
    /// once `node` is: else the cluster waits for ever, as Elasticsearch's would.
    fn leaves_somebody_to_lead(&self, node: NodeId) -> bool {
        let settings = self.settings();
        let out = self.kept_states().fold(NodeSet::single(node), |all, state| all.union(state.value.exclusions));
        let full = settings.master_eligible.iter().filter(|id| !settings.voting_only.contains(*id) && self.belongs(*id));
        settings.voting_only.is_empty() || full.filter(|id| !out.contains(*id)).count() > 0
    }

    /// A node that has the role `master` is started without it, if no voting
    /// configuration stands and falls with that; one that has lost it, with it.
    pub(super) fn change_role(&mut self, node: NodeId) -> Step {
        let settings = self.settings();
        let (eligible, initial) = (settings.master_eligible, settings.initial_master_nodes);
        if eligible.contains(node) {
            let left = eligible.without(node);
            let stands = |config: NodeSet| !config.contains(node) || config.intersection(left).len() * 2 > config.len();
            let states_stand = self.kept_states().all(|state| stands(state.config) && stands(state.committed_config));
            // Before anything is committed, configurations may be made of whoever was found.
            let founded = self.up().any(|(_, state)| state.applied.is_some());
            let somebody_leads = left.iter().any(|id| !settings.voting_only.contains(id));
            // Who only votes cannot hand over what it alone knows besides the node that loses its role.
            let has_others = !settings.voting_only.is_empty() || !self.belongs(node) || self.lost_role.is_some();
            if has_others || !founded || !somebody_leads || !states_stand || !stands(initial) {
                return Ok(());
            }
            self.lost_role = Some(node);
        } else if self.lost_role == Some(node) {
            self.lost_role = None;
        } else {
            return Ok(()); // it never had it
        }
        let was = eligible.contains(node);
        self.note(|| format!("{node} is started {} the role master", if was { "without" } else { "with" }));
        self.crash(node)?;
        self.configure(|settings| {
            settings.master_eligible = if was { eligible.without(node) } else { eligible.with(node) };
        });
        self.start_node(node)
    }

    fn link_node(&mut self, pick: u64, status: LinkStatus) -> Step {
        let node = self.picked(pick);
        self.links.set_node(node, status);
        Ok(())
    }

    /// Asks for something of which no register knows.
    fn submit_unobserved(&mut self, node: NodeId, change: ClusterChange<quorate_model::coordinator::PutKey>) -> Step {
        self.tell(node, CoordinatorMsg::Submit { request: u64::MAX, change }, 0)
    }
}
