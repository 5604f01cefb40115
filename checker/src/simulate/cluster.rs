//! A cluster of Coordinators in virtual time.
//!
//! ```text
//!   task ─▶ turn of a node ─▶ saved? ── no ──▶ judged, messages leave
//!                               │ yes
//!                               ├─ synced, at once or later ─▶ judged, messages leave
//!                               └─ crash: written or not, nobody knows; messages do not leave
//! ```
//!
//! A node takes turns as [the runtime](https://docs.rs/quorate-reference) drives
//! it: what a turn sends is held until what it saved is durable, sessions that
//! end are told as `Disconnected`, outcomes go to clients. Each turn is judged
//! when it can no longer be undone by a crash; a turn of which neither a
//! message nor a bit on the disk is left has not happened.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_model::coordination::{Durable, PublicationId};
use quorate_model::coordinator::{
    ClusterChange, ClusterMetadata, Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer,
    KeyValues, Mode, Policy, actor_id, node_id,
};
use quorate_model::session::{Incarnation, Life, PeerId, SessionConfig};
use quorate_model::{NodeId, NodeSet};
use quorate_traces::recording::{Kept, RecordedInput, RecordedMessage};
use stateright::actor::{Actor, Command, Id, Out};

use super::clients::Clients;
use super::codec::Codec;
use super::coverage::Coverage;
use super::draws::{Draws, Stream};
use super::failure::Failure;
use super::links::{LinkStatus, Links};
use super::queue::TaskQueue;
use super::record::Recorder;
use crate::panics;
use crate::recording::{CoordinatorJudge, Judge, JudgedTurn};

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
        Simulated { seed, settings, give_up_ms, self_checks: true, record: false, log: false }
    }
}

/// A cluster of Coordinators in virtual time.
pub struct Cluster<R: Policy> {
    pub(super) actor: Coordinator<KeyValues, R>,
    stations: Vec<Station>,
    queue: TaskQueue<Task>,
    pub(super) draws: Draws,
    /// How much later than it should anything happens, in ms.
    pub variability_ms: u64,
    /// The network.
    pub links: Links,
    give_up_ms: u64,
    /// Writes that fail, per thousand: whether they took effect is not known, and the node stops.
    pub failing_writes: u64,
    /// Writes that take their time, per thousand.
    pub slow_writes: u64,
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
            links: Links::default(),
            give_up_ms: simulated.give_up_ms,
            failing_writes: 0,
            slow_writes: 0,
            codec: Codec::default(),
            clients: Clients::default(),
            coverage: Coverage::default(),
            recorder: simulated.record.then(|| Recorder::new(&simulated.settings)),
            log: simulated.log.then(Vec::new),
            turns: 0,
            actor,
        };
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
        for node in self.nodes().iter() {
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

    fn delay_ms(&mut self) -> u64 {
        if self.variability_ms > 0 && self.draws.happens(500) { self.draws.between(1, self.variability_ms) } else { 0 }
    }

    fn plan(&mut self, delay_ms: u64, task: Task) {
        let order = self.draws.word();
        self.queue.add(delay_ms, order, task);
    }

    fn perform(&mut self, task: Task) -> Step {
        match task {
            Task::Deliver { source, incarnation, dest, session, number, datagrams } => {
                self.deliver(source, incarnation, dest, session, number, &datagrams)
            }
            Task::Fire { node, timer, generation } => {
                let station = &mut self.stations[node.index()];
                if station.timers.get(&timer) != Some(&generation) {
                    return Ok(()); // cancelled, or set anew
                }
                station.timers.remove(&timer);
                self.turn(node, RecordedInput::Timeout { timer })
            }
            Task::Sync { node, incarnation } => {
                let station = &self.stations[node.index()];
                if station.incarnation == incarnation && station.syncing { self.end_round(node) } else { Ok(()) }
            }
            Task::Tell { node, peer } => {
                if self.node(node).is_none() || !self.links.tell(node, peer) {
                    return Ok(());
                }
                let peer_id = peer.index() as PeerId;
                self.turn(node, RecordedInput::Disconnect { peer: peer_id, content: CoordinatorMsg::Disconnected })
            }
            Task::GiveUp { source, dest, session } => {
                self.session_ends(source, dest, session, 0);
                Ok(())
            }
            Task::Start { node, incarnation } => {
                if self.stations[node.index()].incarnation == incarnation {
                    self.start_node(node)
                } else {
                    Ok(())
                }
            }
        }
    }

    fn deliver(
        &mut self,
        source: NodeId,
        incarnation: Incarnation,
        dest: NodeId,
        session: u32,
        number: u64,
        datagrams: &[Vec<u8>],
    ) -> Step {
        match self.links.status(source, dest) {
            LinkStatus::Connected => {}
            LinkStatus::Disconnected => {
                self.session_ends(source, dest, session, 0);
                return Ok(());
            }
            LinkStatus::BlackHole => {
                self.plan(self.give_up_ms, Task::GiveUp { source, dest, session });
                return Ok(());
            }
        }
        if source != dest && session > self.links.session(dest, source) {
            self.perform(Task::Tell { node: dest, peer: source })?;
        }
        let outdated = source != dest && session < self.links.session(dest, source);
        if outdated || self.node(dest).is_none() {
            return Ok(()); // of a session that has ended, as both ends are told
        }
        let content = self.codec.message(dest.index() as PeerId, datagrams);
        let content = content.map_err(|why| Failure::new(Failure::WIRE, why, self.now_ms()))?;
        let source = source.index() as PeerId;
        self.turn(dest, RecordedInput::Deliver { source, incarnation, message: number, content })
    }

    /// Calls the actor.
    pub(super) fn turn(&mut self, node: NodeId, input: Input) -> Step {
        let Some(before) = self.stations[node.index()].state.clone() else { return Ok(()) };
        let (actor, id) = (&self.actor, actor_id(node));
        let (mut state, mut out) = (Cow::Borrowed(&before), Out::new());
        let called = panics::catch(|| match &input {
            RecordedInput::Start { .. } => {}
            RecordedInput::Deliver { source, content, .. } | RecordedInput::Disconnect { peer: source, content } => {
                actor.on_msg(id, &mut state, Id::from(*source as usize), content.clone(), &mut out);
            }
            RecordedInput::Timeout { timer } => actor.on_timeout(id, &mut state, timer, &mut out),
        });
        let after = state.into_owned();
        called.map_err(|words| Failure::new(Failure::PANIC, format!("{node} takes {input:?}: {words}"), self.now_ms()))?;
        self.finish_turn(node, input, Some(before), after, out)
    }

    fn finish_turn(
        &mut self,
        node: NodeId,
        input: Input,
        before: Option<State>,
        after: State,
        out: Out<Coordinator<KeyValues, R>>,
    ) -> Step {
        self.turns += 1;
        self.coverage.count(node, &input, before.as_ref(), &after);
        self.note(|| super::words::turn(node, &input, before.as_ref(), &after));
        let (mut sent, mut saved) = (Vec::new(), None);
        for command in out {
            match command {
                Command::Save(storage) => saved = Some(storage),
                Command::SetTimer(timer, range) => self.set_timer(node, timer, range),
                Command::CancelTimer(timer) => _ = self.stations[node.index()].timers.remove(&timer),
                Command::Send(dest, content) => {
                    let dest = usize::from(dest) as PeerId;
                    let number = self.stations[node.index()].numbers.entry(dest).or_insert(0);
                    *number += 1;
                    sent.push(RecordedMessage { dest, message: *number, content });
                }
                Command::ChooseRandom(key, _) => {
                    return Err(Failure::new(
                        Failure::PANIC,
                        format!("{node} asks for the random choice '{key}'"),
                        self.now_ms(),
                    ));
                }
            }
        }
        let saves = saved.is_some();
        let station = &mut self.stations[node.index()];
        station.state = Some(after.clone());
        station.round.push(DoneTurn { input, before, after, sent, saved });
        if station.syncing {
            return Ok(()); // waits for the sync under way
        }
        if saves && self.draws.happens(self.failing_writes) {
            self.stations[node.index()].syncing = true;
            return self.write_fails(node);
        }
        if saves && self.draws.happens(self.slow_writes) {
            let station = &mut self.stations[node.index()];
            station.syncing = true;
            let incarnation = station.incarnation;
            let delay_ms = self.draws.between(1, self.variability_ms.max(1));
            self.plan(delay_ms, Task::Sync { node, incarnation });
            return Ok(());
        }
        self.end_round(node)
    }

    /// A node that does not know whether it has written stops, and is started again some time later.
    fn write_fails(&mut self, node: NodeId) -> Step {
        self.note(|| format!("a write of {node} fails"));
        self.crash(node)?;
        let incarnation = self.stations[node.index()].incarnation;
        let delay_ms = self.draws.between(0, 2 * self.variability_ms);
        self.plan(delay_ms, Task::Start { node, incarnation });
        Ok(())
    }

    fn set_timer(&mut self, node: NodeId, timer: CoordinatorTimer, range: std::ops::Range<std::time::Duration>) {
        let (least, most) = (range.start.as_millis() as u64, range.end.as_millis() as u64);
        let wait_ms = self.draws.between(least, most.max(least));
        let late_ms = self.draws.between(0, self.variability_ms);
        let station = &mut self.stations[node.index()];
        station.generation += 1;
        let generation = station.generation;
        station.timers.insert(timer, generation);
        self.plan(wait_ms + late_ms, Task::Fire { node, timer, generation });
    }

    /// What was saved is durable, and what was sent leaves.
    fn end_round(&mut self, node: NodeId) -> Step {
        for RecordedMessage { dest, message, content } in self.judge_round(node, false)? {
            match node_id(Id::from(dest as usize)) {
                Some(dest) => self.post(node, dest, message, &content)?,
                None => self.clients.hear(&content),
            }
        }
        Ok(())
    }

    /// Judges the turns that cannot be undone any more; what they sent. After a
    /// crash these are the turns up to the last that saved something.
    fn judge_round(&mut self, node: NodeId, crashed: bool) -> Result<Vec<RecordedMessage<Msg>>, Failure> {
        let now_ms = self.now_ms();
        let station = &mut self.stations[node.index()];
        station.syncing = false;
        let mut turns = std::mem::take(&mut station.round);
        if crashed {
            let kept = turns.iter().rposition(|turn| turn.saved.is_some()).map_or(0, |last| last + 1);
            turns.truncate(kept);
        }
        let (mut all_sent, mut last_saved) = (Vec::new(), None);
        for DoneTurn { input, before, after, sent, saved } in turns {
            let judged = JudgedTurn { node, input: &input, before: before.as_ref(), after: &after, sent: &sent };
            self.judge.judge(&judged).map_err(|why| Failure::from_verdict(&why, now_ms))?;
            self.clients.observe(node, before.as_ref(), &after);
            if let Some(recorder) = &mut self.recorder {
                recorder.turn(node, &input, &sent, saved.as_ref(), before.as_ref(), &after);
            }
            all_sent.extend(sent);
            last_saved = saved.or(last_saved);
        }
        if let Some(saved) = last_saved {
            self.stations[node.index()].disk = Some(saved);
            if let Some(recorder) = self.recorder.as_mut().filter(|_| !crashed) {
                recorder.synced(node);
            }
        }
        Ok(all_sent)
    }

    fn post(&mut self, source: NodeId, dest: NodeId, number: u64, content: &Msg) -> Step {
        let incarnation = self.stations[source.index()].incarnation;
        let session = self.links.session(source, dest);
        let life = |incarnation: Incarnation| Life { incarnation, session };
        let from = (source.index() as PeerId, life(incarnation));
        let to = (dest.index() as PeerId, life(self.stations[dest.index()].incarnation));
        let datagrams = self.codec.datagrams(from, to, number, content);
        let datagrams = datagrams.map_err(|why| Failure::new(Failure::WIRE, why, self.now_ms()))?;
        let delay_ms = self.delay_ms();
        self.plan(delay_ms, Task::Deliver { source, incarnation, dest, session, number, datagrams });
        Ok(())
    }

    /// Which state a node has applied last.
    pub fn applied(&self, node: NodeId) -> Option<PublicationId> {
        self.node(node)?.applied.as_ref().map(|applied| applied.id)
    }
}
