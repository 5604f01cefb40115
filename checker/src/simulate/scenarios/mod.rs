//! The scenarios of Elasticsearch's `CoordinatorTests` and
//! `CoordinatorVotingConfigurationTests`, each asserting what the original asserts.
//!
//! Most begin, as the originals do, with a random run after which the cluster
//! must settle. A scenario is named like its original, in small letters with
//! hyphens. [`ELSEWHERE`] says of every other test where its subject is checked
//! or why it has none here. With each scenario is named the mutant under which
//! it fails with its first seed, and what notices that; the tests play it.

mod acknowledgements;
mod elections;
mod membership;
mod publishing;
mod voting;

use quorate_model::coordinator::{CoordinatorMsg, CoordinatorSettings, Policy};
use quorate_model::session::PeerId;
use quorate_model::{NodeId, NodeSet};
use quorate_traces::recording::RecordedInput;

use super::cluster::{Cluster, Msg, Simulated, Step};
use super::failure::Failure;
use super::plan::{Deed, Plan};
use super::stabilise::ASSERTIONS;
use super::times;
use crate::panics;

/// A story with assertions.
pub struct Scenario<R: Policy> {
    /// Its name on the command line.
    pub name: &'static str,
    /// The test in Elasticsearch.
    pub original: &'static str,
    /// What it shows.
    pub shows: &'static str,
    /// A mutant under which it fails; see [`super::mutants`] and [`MOODY`].
    pub fails_under: &'static str,
    /// What notices that.
    pub noticed_by: NoticedBy,
    story: fn(&Bench<R>) -> Step,
}

/// What notices that a scenario fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticedBy {
    /// What the scenario itself asserts, how soon the cluster settles included.
    Itself,
    /// What holds of every cluster that has settled.
    Settling,
    /// A safety property, before the scenario can.
    Safety,
}

impl NoticedBy {
    /// What has noticed this failure.
    pub fn of(failure: &Failure) -> Self {
        match failure.property.as_str() {
            "Scenario" => NoticedBy::Itself,
            property if ASSERTIONS.iter().any(|(name, _)| *name == property) => NoticedBy::Settling,
            _ => NoticedBy::Safety,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            NoticedBy::Itself => "its own assertion",
            NoticedBy::Settling => "what must hold of a settled cluster",
            NoticedBy::Safety => "a safety property",
        }
    }
}

/// A Coordinator that remembers something beside its state; it is in the tests.
pub const MOODY: &str = "Moody";

/// Tests that are no scenarios here, and why.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("testRegisterSpecConsistency", "the register's tests in `simulate::linearizable`, with stateright's tester beside"),
    ("testStateRecoveryResetAfterPreviousLeadership", "there is no state recovery: a state is served as soon as it is committed"),
    (
        "testAckListenerReceivesNackFromFollower, …FromLeader",
        "appliers do not fail here; a node that cannot save stops, which random runs do",
    ),
    ("testMasterStatsOnNoOpUpdate, …SuccessfulUpdate, …FailedUpdate", "there are no statistics"),
    ("testAppliesNoMasterBlock…", "there are no blocks: a node without a leader serves what it applied last"),
    (
        "testNodeCannotJoinIfJoinValidationFailsOnMaster, …JoiningNode, …JoinPing…, testClusterCannotFormWithFailingJoinValidation",
        "the one validation is of the cluster's identity: `cannot-join-cluster-with-different-uuid`",
    ),
    (
        "testReportsConnectBackProblemsDuringJoining",
        "there are no connections to open; a join over a bad link is `follower-removed-if-unable-to-send-requests-to-master`",
    ),
    (
        "testClusterRecoversAfterExceptionDuringSerialization",
        "serialising does not fail; what a leader does when its rules refuse is mutant LM08",
    ),
    ("testLogsWarning…", "nothing is logged"),
    (
        "testImproveConfigurationPerformsVotingConfigExclusionStateCheck",
        "the validity of exclusions is checked where they are changed: `coordination::exclusions`",
    ),
    ("testPeerFinderListener, testGetClusterFormationStateDoesNotBlockOnMutex", "there are neither listeners nor locks"),
    (
        "testSingleNodeDiscovery… (refusing to start without a quorum)",
        "a node with a foreign configuration starts and stays a candidate",
    ),
    ("CoordinatorVotingConfigurationTests: discovery from the last cluster state alone", "every node knows the addresses of all"),
    ("AtomicRegisterCoordinatorTests", "the strategy without state on disks does not exist in the Coordinator"),
];

/// Every scenario, by part.
pub fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    let parts = [
        elections::scenarios(),
        membership::scenarios(),
        publishing::scenarios(),
        acknowledgements::scenarios(),
        voting::scenarios(),
    ];
    parts.into_iter().flatten().collect()
}

/// A scenario that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario '{0}'; `quorate simulate --list` shows all")]
pub struct UnknownScenario(pub String);

/// The scenario of this name.
///
/// # Errors
/// [`UnknownScenario`].
pub fn find<R: Policy>(name: &str) -> Result<Scenario<R>, UnknownScenario> {
    scenarios().into_iter().find(|scenario| scenario.name == name).ok_or_else(|| UnknownScenario(name.to_owned()))
}

impl<R: Policy> Scenario<R> {
    /// Plays it with a seed. The copy of the rules is asked too if `self_checks`,
    /// which only says of a mutant that it is one.
    ///
    /// # Errors
    /// What does not hold.
    pub fn play(&self, seed: u64, rules: R, self_checks: bool) -> Step {
        let bench = Bench { seed, rules, self_checks };
        let played = panics::catch(|| (self.story)(&bench));
        played.unwrap_or_else(|words| Err(Failure::new(Failure::PANIC, words, 0)))
    }
}

/// What a scenario begins with.
pub(super) struct Bench<R> {
    seed: u64,
    rules: R,
    self_checks: bool,
}

/// A silent link is noticed by its checks, not by its session.
const NEVER_GIVES_UP_MS: u64 = 100_000_000;

impl<R: Policy> Bench<R> {
    fn start(&self, settings: CoordinatorSettings) -> Result<Cluster<R>, Failure> {
        let (simulated, self_checks) = (Simulated::of(self.seed, settings), self.self_checks);
        Cluster::start(self.rules.clone(), &Simulated { give_up_ms: NEVER_GIVES_UP_MS, self_checks, ..simulated })
    }

    /// A cluster of so many nodes that has seen bad times and has settled; its leader.
    fn settled(&self, nodes: usize) -> Result<(Cluster<R>, NodeId), Failure> {
        self.settled_with(CoordinatorSettings::of(nodes))
    }

    fn settled_with(&self, settings: CoordinatorSettings) -> Result<(Cluster<R>, NodeId), Failure> {
        let mut cluster = self.start(settings)?;
        let mut plan = Plan::random(self.seed, 200, &[]);
        plan.steps.retain(|step| !matches!(step.deed, Deed::Exclude { .. } | Deed::ToggleAutoShrink | Deed::ChangeRole { .. }));
        cluster.run_randomly(&plan, true)?;
        cluster.cool_down()?;
        let leader = cluster.stabilise()?;
        Ok((cluster, leader))
    }
}

impl<R: Policy> Cluster<R> {
    /// The story is that the cluster settles within `ms`; the leader.
    fn settles_within(&mut self, ms: u64) -> Result<NodeId, Failure> {
        self.stabilise_within(ms).map_err(|failure| match NoticedBy::of(&failure) {
            NoticedBy::Settling => Failure::new("Scenario", format!("not settled after {ms} ms: {failure}"), failure.at_ms),
            _ => failure,
        })
    }

    /// Waits as long as settling may take, asserts something of the story, and
    /// then that the cluster has settled; the leader.
    fn settles_so_that(&mut self, what: impl FnOnce(&Self, NodeId) -> Step) -> Result<NodeId, Failure> {
        self.run_for(times::stabilisation_ms(&self.settings().elasticsearch))?;
        if let [leader, ..] = self.leaders()[..] {
            what(self, leader)?;
        }
        self.stabilise_within(0)
    }

    /// Asserts something of the story.
    fn expect(&self, holds: bool, what: impl FnOnce() -> String) -> Step {
        if holds { Ok(()) } else { Err(Failure::new("Scenario", what(), self.now_ms())) }
    }

    fn term(&self, node: NodeId) -> u64 {
        self.node(node).map_or(0, |state| state.coordination.current_term())
    }

    fn config(&self, leader: NodeId) -> NodeSet {
        self.node(leader).map_or(NodeSet::EMPTY, |state| state.coordination.accepted().committed_config)
    }

    fn members(&self, leader: NodeId) -> NodeSet {
        self.node(leader).map_or(NodeSet::EMPTY, |state| state.coordination.accepted().value.members.nodes)
    }

    fn followers(&self, leader: NodeId) -> Vec<NodeId> {
        self.nodes().without(leader).iter().collect()
    }

    /// One of the nodes but the leader.
    fn some_follower(&mut self, leader: NodeId) -> NodeId {
        let followers = self.followers(leader);
        self.draws.pick(&followers)
    }

    /// A node is told something in the name of another, as the originals call methods.
    fn inject(&mut self, node: NodeId, source: NodeId, content: Msg) -> Step {
        let source = source.index() as PeerId;
        let input = match content {
            CoordinatorMsg::Disconnected => RecordedInput::Disconnect { peer: source, content },
            content => RecordedInput::Deliver { source, incarnation: 0, message: 0, content },
        };
        self.turn(node, input)
    }
}
