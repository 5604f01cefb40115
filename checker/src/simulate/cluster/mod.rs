//! A cluster of Coordinators in virtual time.
//!
//! ```text
//!   task ─▶ turn of a node ─▶ saved? ── no ──▶ judged, messages leave
//!                               │ yes
//!                               ├─ synced, at once or later ─▶ judged, messages leave
//!                               └─ crash: written or not, nobody knows; messages do not leave
//! ```
//!
//! A node takes turns as the runtime (`reference/src/runtime.rs`) drives
//! it: what a turn sends is held until what it saved is durable, sessions that
//! end are told as `Disconnected`, outcomes go to clients. Each turn is judged
//! when it can no longer be undone by a crash; a turn of which neither a
//! message nor a bit on the disk is left has not happened.

mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_model::coordination::{ClusterState, Durable, PublicationId};
use quorate_model::coordinator::{
    ClusterChange, ClusterMetadata, Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer,
    KeyValues, Mode, Policy, actor_id,
};
use quorate_model::session::{Incarnation, PeerId, SessionConfig};
use quorate_model::{NodeId, NodeSet};
use quorate_traces::recording::{Kept, RecordedInput, RecordedMessage};
use stateright::actor::{Actor, Out};

use super::clients::Clients;
use super::codec::Codec;
use super::coverage::Coverage;
use super::draws::{Draws, Stream};
use super::failure::Failure;
use super::links::Links;
use super::queue::TaskQueue;
use super::record::Recorder;
use crate::panics;
use crate::recording::CoordinatorJudge;

/// Delays while everything works, in ms.
pub const DEFAULT_DELAY_VARIABILITY_MS: u64 = quorate_model::settings::bounds::MESSAGE_DELAY_MS;
/// Delays at their worst, in ms (`EXTREME_DELAY_VARIABILITY`).
pub const EXTREME_DELAY_VARIABILITY_MS: u64 = 10_000;
/// The actor id of all clients.
pub const CLIENT: u64 = 1_000;

/// What a node knows.
pub type State = CoordinatorState<KeyValues>;
/// What a node has on its disk.
pub type Disk = Durable<ClusterMetadata<KeyValues>>;
/// What nodes and clients say.
pub type Msg = CoordinatorMsg<KeyValues>;
pub(super) type Input = RecordedInput<Msg, CoordinatorTimer, Disk>;
/// What a turn runs to.
pub type Step = Result<(), Failure>;

/// Something that will happen.
#[derive(Clone, Debug)]
enum Task {
    Deliver { source: NodeId, incarnation: Incarnation, dest: NodeId, session: u32, number: u64, datagrams: Vec<Vec<u8>> },
    Fire { node: NodeId, timer: CoordinatorTimer, generation: u64 },
    Sync { node: NodeId, incarnation: Incarnation },
    Tell { node: NodeId, peer: NodeId },
    GiveUp { source: NodeId, dest: NodeId, session: u32 },
    Start { node: NodeId, incarnation: Incarnation },
}

/// A turn that a crash may still undo.
struct DoneTurn {
    input: Input,
    before: Option<State>,
    after: State,
    sent: Vec<RecordedMessage<Msg>>,
    saved: Option<Disk>,
}

#[derive(Default)]
struct Station {
    incarnation: Incarnation,
    /// Nothing while it is down.
    state: Option<State>,
    disk: Option<Disk>,
    timers: BTreeMap<CoordinatorTimer, u64>,
    generation: u64,
    /// Messages sent to each process by this incarnation.
    numbers: BTreeMap<PeerId, u64>,
    /// Turns since the last sync, if one is awaited.
    round: Vec<DoneTurn>,
    syncing: bool,
}

/// How a cluster is simulated.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The seed of all delays and orders.
    pub seed: u64,
    /// The nodes.
    pub settings: CoordinatorSettings,
    /// When the ends of a link that swallows everything end their session.
    pub give_up_ms: u64,
    /// A node whose disk is of another cluster.
    pub stranger: Option<NodeId>,
    /// Whether the copy of the rules is asked as well.
    pub self_checks: bool,
    /// Whether turns are kept as recordings.
    pub record: bool,
    /// Whether what happens is written down in words.
    pub log: bool,
}

impl Simulated {
    /// A cluster with these settings.
    pub fn of(seed: u64, settings: CoordinatorSettings) -> Self {
        let give_up_ms = SessionConfig::default().give_up_ms;
        Simulated { seed, settings, give_up_ms, stranger: None, self_checks: true, record: false, log: false }
    }
}

/// What a node has on its disk that is part of another cluster for good. That
/// cluster had other nodes too, without which it can do nothing.
pub(super) fn of_another_cluster(node: NodeId) -> Disk {
    let value = ClusterMetadata { cluster_uuid: 999, uuid_committed: true, ..ClusterMetadata::blank() };
    let config: NodeSet = [node, NodeId(20), NodeId(21)].into_iter().collect();
    let accepted = ClusterState { term: 1, version: 7, value, config, committed_config: config };
    Durable { current_term: 1, accepted }
}

/// A cluster of Coordinators in virtual time.
pub struct Cluster<R: Policy> {
    pub(super) actor: Coordinator<KeyValues, R>,
    stations: Vec<Station>,
    queue: TaskQueue<Task>,
    pub(super) draws: Draws,
    /// How much later than it should anything happens, in ms.
    pub variability_ms: u64,
    /// How much longer states and checks of followers take, in ms.
    pub slow_states_ms: u64,
    /// The network.
    pub links: Links,
    give_up_ms: u64,
    /// Writes that fail, per thousand: whether they took effect is not known, and the node stops.
    pub failing_writes: u64,
    /// Writes that take their time, per thousand.
    pub slow_writes: u64,
    /// Nodes whose appliers hang, and the commits that wait for them.
    hanging: NodeSet,
    unapplied: Vec<Task>,
    stranger: Option<NodeId>,
    /// The node that was started without its role `master`.
    pub(super) lost_role: Option<NodeId>,
    judge: CoordinatorJudge<R>,
    codec: Codec,
    /// The clients and what they have heard.
    pub clients: Clients,
    /// What has been exercised.
    pub coverage: Coverage,
    pub(super) recorder: Option<Recorder>,
    log: Option<Vec<String>>,
    turns: u64,
}

impl<R: Policy> Cluster<R> {
    /// Starts every node with an empty disk.
    ///
    /// # Errors
    /// A failure of the first turns.
    pub fn start(rules: R, simulated: &Simulated) -> Result<Self, Failure> {
        let actor = Coordinator::new(rules, simulated.settings.clone());
        let count = simulated.settings.nodes.iter().map(|node| node.index() + 1).max().unwrap_or(0);
        let judge = CoordinatorJudge::new(actor.clone());
        let mut cluster = Cluster {
            judge: if simulated.self_checks { judge } else { judge.without_self_checks() },
            stations: (0..count).map(|_| Station::default()).collect(),
            queue: TaskQueue::default(),
            draws: Draws::new(simulated.seed, Stream::Schedule),
            variability_ms: DEFAULT_DELAY_VARIABILITY_MS,
            slow_states_ms: 0,
            links: Links::default(),
            give_up_ms: simulated.give_up_ms,
            failing_writes: 0,
            slow_writes: 0,
            hanging: NodeSet::EMPTY,
            unapplied: Vec::new(),
            stranger: simulated.stranger,
            lost_role: None,
            codec: Codec::default(),
            clients: Clients::default(),
            coverage: Coverage::default(),
            recorder: simulated.record.then(|| Recorder::new(&simulated.settings)),
            log: simulated.log.then(Vec::new),
            turns: 0,
            actor,
        };
        if let Some(stranger) = simulated.stranger {
            cluster.set_disk(stranger, of_another_cluster(stranger));
        }
        for node in simulated.settings.nodes.iter() {
            cluster.start_node(node)?;
        }
        Ok(cluster)
    }

    /// The present moment in virtual ms.
    pub fn now_ms(&self) -> u64 {
        self.queue.now_ms()
    }

    /// How many turns nodes have taken.
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// The settings of all nodes.
    pub fn settings(&self) -> &CoordinatorSettings {
        &self.actor.settings
    }

    /// Every node, up or down.
    pub fn nodes(&self) -> NodeSet {
        self.settings().nodes
    }

    /// What a node knows; nothing while it is down.
    pub fn node(&self, node: NodeId) -> Option<&State> {
        self.stations[node.index()].state.as_ref()
    }

    /// The nodes that are up, with what they know.
    pub fn up(&self) -> impl Iterator<Item = (NodeId, &State)> + Clone {
        let up = |(index, station): (usize, &'_ Station)| station.state.is_some().then_some(index);
        let indices: Vec<usize> = self.stations.iter().enumerate().filter_map(up).collect();
        indices.into_iter().filter_map(|index| Some((NodeId::from_index(index), self.stations[index].state.as_ref()?)))
    }

    /// The leaders; of the highest term first.
    pub fn leaders(&self) -> Vec<NodeId> {
        let mut leaders: Vec<(u64, NodeId)> =
            self.up().filter(|(_, s)| s.mode == Mode::Leader).map(|(id, s)| (s.coordination.current_term(), id)).collect();
        leaders.sort_unstable_by(|one, other| other.cmp(one));
        leaders.into_iter().map(|(_, id)| id).collect()
    }

    /// What has happened, if it was to be written down.
    pub fn take_log(&mut self) -> Vec<String> {
        self.log.take().unwrap_or_default()
    }

    /// Writes down what is done to the cluster.
    pub fn note(&mut self, words: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            let line = format!("{:>8} ms  {}", self.queue.now_ms(), words());
            log.push(line);
        }
    }

    /// A dynamic setting of the cluster changes.
    pub fn configure(&mut self, change: impl FnOnce(&mut CoordinatorSettings)) {
        let mut settings = (*self.actor.settings).clone();
        change(&mut settings);
        self.actor = Coordinator::new(self.actor.rules.clone(), Arc::new(settings));
        self.judge.nodes_are_like(self.actor.clone());
    }

    /// Whether the safety properties hold of the whole run so far.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check_whole_run(&self) -> Step {
        self.judge.check_whole_history().map_err(|why| Failure::from_verdict(&why, self.now_ms()))
    }

    /// Runs the next task; whether there was one.
    ///
    /// # Errors
    /// What the task brought to light.
    pub fn run_task(&mut self) -> Result<bool, Failure> {
        let Some(task) = self.queue.pop() else { return Ok(false) };
        self.perform(task)?;
        Ok(true)
    }

    /// Runs everything that is due within `ms`.
    ///
    /// # Errors
    /// What a task brought to light.
    pub fn run_for(&mut self, ms: u64) -> Step {
        let end_ms = self.now_ms() + ms;
        while self.queue.next_ms().is_some_and(|due_ms| due_ms <= end_ms) {
            self.run_task()?;
        }
        self.queue.wait_until(end_ms);
        Ok(())
    }

    /// Runs until everything that is planned now has happened.
    ///
    /// # Errors
    /// What a task brought to light.
    pub fn run_planned(&mut self) -> Step {
        let last_ms = self.queue.last_ms().unwrap_or(0);
        self.run_for(last_ms.saturating_sub(self.now_ms()))
    }

    /// A node's applier hangs, or goes on with what has waited for it. What it
    /// has to apply is a message that arrives late, which the network may do.
    pub fn set_applier(&mut self, node: NodeId, hangs: bool) {
        self.note(|| format!("the applier of {node} {}", if hangs { "hangs" } else { "goes on" }));
        self.hanging = if hangs { self.hanging.with(node) } else { self.hanging.without(node) };
        let is_for = |task: &Task| matches!(task, Task::Deliver { dest, .. } if *dest == node);
        let (now, later) = std::mem::take(&mut self.unapplied).into_iter().partition(|task| !hangs && is_for(task));
        self.unapplied = later;
        let now: Vec<Task> = now;
        for task in now {
            let delay_ms = self.delay_ms();
            self.plan(delay_ms, task);
        }
    }

    /// Whether a node's applier hangs.
    pub fn applier_hangs(&self, node: NodeId) -> bool {
        self.hanging.contains(node)
    }

    /// Whether a node can be part of the cluster at all.
    pub fn belongs(&self, node: NodeId) -> bool {
        self.stranger != Some(node)
    }

    /// Whoever waits for a session to end need not wait longer.
    pub fn deliver_lost(&mut self) {
        self.queue.hurry(|task| matches!(task, Task::GiveUp { .. } | Task::Tell { .. }));
    }

    /// Nothing is disrupted any more, delays are short again, and nodes that are down come up.
    ///
    /// # Errors
    /// A failure of a node's first turn.
    pub fn heal(&mut self) -> Step {
        self.note(|| String::from("everything is healed"));
        self.links.heal();
        (self.failing_writes, self.slow_writes) = (0, 0);
        self.deliver_lost();
        self.variability_ms = DEFAULT_DELAY_VARIABILITY_MS;
        self.slow_states_ms = 0;
        for node in self.nodes().iter() {
            if self.hanging.contains(node) {
                self.set_applier(node, false);
            }
            if self.node(node).is_none() {
                self.start_node(node)?;
            } else if self.node(node).is_some_and(|state| !state.healthy) {
                self.set_health(node, true)?;
            }
        }
        Ok(())
    }

    /// The session between two nodes ends; both will be told.
    pub fn end_session(&mut self, one: NodeId, other: NodeId) {
        let session = self.links.present_session(one, other);
        self.session_ends(one, other, session, 0);
    }

    fn session_ends(&mut self, one: NodeId, other: NodeId, session: u32, after_ms: u64) {
        if self.links.end_session(one, other, session) {
            for (node, peer) in [(one, other), (other, one)] {
                let delay_ms = after_ms + self.delay_ms();
                self.plan(delay_ms, Task::Tell { node, peer });
            }
        }
    }

    /// Asks a node for a change, in the name of a client's request.
    ///
    /// # Errors
    /// What the turn brought to light.
    pub fn ask(&mut self, node: NodeId, request: u64, change: ClusterChange<quorate_model::coordinator::PutKey>) -> Step {
        self.tell(node, CoordinatorMsg::Submit { request, change }, request)
    }

    /// A node's disk is well, or is not.
    ///
    /// # Errors
    /// What the turn brought to light.
    pub fn set_health(&mut self, node: NodeId, healthy: bool) -> Step {
        self.tell(node, CoordinatorMsg::Health { healthy }, 0)
    }

    pub(super) fn tell(&mut self, node: NodeId, content: Msg, message: u64) -> Step {
        if self.node(node).is_none() {
            return Ok(());
        }
        self.turn(node, RecordedInput::Deliver { source: CLIENT, incarnation: 1, message, content })
    }

    /// Asks a node for a write; the request's number.
    ///
    /// # Errors
    /// What the turn brought to light.
    pub fn write(&mut self, node: NodeId, key: u64, value: u64) -> Result<u64, Failure> {
        let (request, change) = self.clients.write(node, key, value);
        self.ask(node, request, ClusterChange::Value(change)).map(|()| request)
    }

    /// Asks a node for a read, which is a published state that changes nothing.
    ///
    /// # Errors
    /// What the turn brought to light.
    pub fn read(&mut self, node: NodeId, key: u64) -> Result<u64, Failure> {
        let (request, change) = self.clients.read(node, key);
        self.ask(node, request, ClusterChange::Value(change)).map(|()| request)
    }

    /// A node stops in the middle of whatever it did. What it was writing may
    /// be on its disk or not.
    ///
    /// # Errors
    /// What is wrong with what it left.
    pub fn crash(&mut self, node: NodeId) -> Step {
        if self.node(node).is_none() {
            return Ok(());
        }
        let written = self.stations[node.index()].syncing && self.draws.happens(500);
        self.note(|| format!("{node} stops{}", if written { ", after its last write" } else { "" }));
        if written {
            self.judge_round(node, true)?;
        }
        let station = &mut self.stations[node.index()];
        station.state = None;
        station.round.clear();
        station.syncing = false;
        station.timers.clear();
        if self.hanging.contains(node) {
            self.set_applier(node, false); // what waited is of sessions that end now
        }
        for peer in self.nodes().without(node).iter() {
            let session = self.links.present_session(node, peer);
            let silent = !self.links.connects(node, peer);
            self.session_ends(node, peer, session, if silent { self.give_up_ms } else { 0 });
        }
        Ok(())
    }

    /// A node comes up with what its disk holds.
    ///
    /// # Errors
    /// What its first turn brought to light.
    pub fn start_node(&mut self, node: NodeId) -> Step {
        if self.node(node).is_some() {
            return Ok(());
        }
        self.note(|| format!("{node} starts"));
        for peer in self.nodes().without(node).iter() {
            self.links.tell(node, peer);
        }
        let station = &mut self.stations[node.index()];
        station.incarnation += 1;
        station.numbers.clear();
        let (disk, incarnation) = (station.disk.clone(), station.incarnation);
        let storage = disk.as_ref().map(Kept::of);
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(node, incarnation);
        }
        let actor = &self.actor;
        let mut out = Out::new();
        let after = panics::catch(|| actor.on_start(actor_id(node), &disk, &mut out));
        let after = after.map_err(|words| Failure::new(Failure::PANIC, format!("{node} starts: {words}"), self.now_ms()))?;
        self.finish_turn(node, RecordedInput::Start { storage }, None, after, out)
    }

    /// Every state that some node has on its disk, or may have there.
    pub(super) fn kept_states(&self) -> impl Iterator<Item = &ClusterState<ClusterMetadata<KeyValues>>> {
        let disks = self.stations.iter().filter_map(|station| station.disk.as_ref().map(|disk| &disk.accepted));
        let saved = self.stations.iter().flat_map(|station| &station.round).filter_map(|turn| turn.saved.as_ref());
        let known = self.up().map(|(id, _)| id).collect::<Vec<_>>();
        let known = known.into_iter().filter_map(|id| self.node(id).map(|state| state.coordination.accepted()));
        disks.chain(saved.map(|disk| &disk.accepted)).chain(known)
    }

    /// Replaces what is on the disk of a node that is down.
    pub(super) fn set_disk(&mut self, node: NodeId, disk: Disk) {
        self.stations[node.index()].disk = Some(disk);
    }

    /// A node stops and comes up at once.
    ///
    /// # Errors
    /// See [`crash`](Self::crash) and [`start_node`](Self::start_node).
    pub fn reboot(&mut self, node: NodeId) -> Step {
        self.crash(node)?;
        self.start_node(node)
    }

    /// Which state a node has applied last.
    pub fn applied(&self, node: NodeId) -> Option<PublicationId> {
        self.node(node)?.applied.as_ref().map(|applied| applied.id)
    }
}
