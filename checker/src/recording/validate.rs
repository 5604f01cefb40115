//! The order of lines, and what each must be.

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::session::{Incarnation, PeerId};
use quorate_model::{NodeId, NodeSet, Verdict};
use quorate_traces::recording::{
    Kept, RecordedEvent, RecordedInput, RecordedLine, RecordedMessage, RecordedTurn, Recording, RecordingHeader,
};
use serde::Serialize;
use stateright::actor::Actor;

use super::rejected::RecordingRejected;
use super::replay::ReplayedNode;

/// The recordings of nodes that run the actor `A`.
pub type RecordingOf<A> = Recording<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::State, <A as Actor>::Storage>;
type LineOf<A> = RecordedLine<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::State, <A as Actor>::Storage>;
type TurnOf<A> = RecordedTurn<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::State, <A as Actor>::Storage>;

/// One accepted turn, as a judge sees it.
pub struct JudgedTurn<'a, A: Actor> {
    /// The node.
    pub node: NodeId,
    /// The actor, with the settings of this start of the node.
    pub actor: &'a A,
    /// What it was called with.
    pub input: &'a RecordedInput<A::Msg, A::Timer, A::Storage>,
    /// What it knew before; nothing at its start.
    pub before: Option<&'a A::State>,
    /// What it knew after.
    pub after: &'a A::State,
    /// What it sent.
    pub sent: &'a [RecordedMessage<A::Msg>],
}

/// Whoever knows what must hold of a run.
pub trait Judge<A: Actor> {
    /// Takes the next turn of the merged run.
    fn judge(&mut self, turn: &JudgedTurn<'_, A>) -> Verdict;
}

/// What was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Files.
    pub recordings: usize,
    /// Lines after their headers.
    pub lines: usize,
    /// Calls of actors.
    pub turns: usize,
    /// Messages delivered between nodes.
    pub deliveries: usize,
    /// Starts of nodes that had been started before.
    pub restarts: usize,
    /// Files whose last line was cut off, as a kill may do.
    pub torn: Vec<std::path::PathBuf>,
}

/// Judges the merged run of `recordings`.
pub fn validate<A: Actor<State: Serialize, Storage: Serialize>>(
    recordings: Vec<RecordingOf<A>>,
    actor_of: impl Fn(&RecordingHeader) -> Result<A, String>,
    judge: &mut impl Judge<A>,
) -> Result<Accepted, RecordingRejected> {
    let mut accepted = Accepted { recordings: recordings.len(), ..Accepted::default() };
    accepted.torn = recordings.iter().filter(|recording| recording.torn).map(|recording| recording.path.clone()).collect();
    let mut merge = Merge::new(recordings, actor_of)?;
    loop {
        let mut progress = false;
        for index in 0..merge.lanes.len() {
            while merge.is_ready(index) {
                merge.take_line(index, judge, &mut accepted)?;
                progress = true;
            }
        }
        if !progress {
            merge.ended()?;
            // What a run ends in the middle of may have been saved.
            for index in 0..merge.lanes.len() {
                merge.decide(index, judge)?;
            }
            return Ok(accepted);
        }
    }
}

/// The identity of a message: sender, its incarnation, receiver, number.
type MessageKey = (PeerId, Incarnation, PeerId, u64);

/// Where a message is.
struct Sent<M> {
    content: M,
    released: bool,
    delivered: bool,
}

struct Merge<A: Actor, F> {
    actor_of: F,
    lanes: Vec<Lane<A>>,
    sent: BTreeMap<MessageKey, Sent<A::Msg>>,
}

/// One node, over all its incarnations.
struct Lane<A: Actor> {
    node: NodeId,
    recordings: Vec<RecordingOf<A>>,
    /// Which recording, and which of its lines, is next.
    recording: usize,
    line: usize,
    replay: Option<ReplayedNode<A>>,
    /// What is on disk for certain.
    disk: Option<A::Storage>,
    /// What may be on disk: saved by this turn, and not synced.
    saving: Option<(u64, A::Storage)>,
    /// Messages that wait for that sync.
    held: Vec<MessageKey>,
    /// Turns that a kill may undo, until then: nothing of them has left the node.
    undecided: Vec<Undecided<A>>,
}

/// A turn of which nothing but its line is left if its node is killed before it is saved.
struct Undecided<A: Actor> {
    /// Which recording, and which of its lines.
    recording: usize,
    line: usize,
    seq: u64,
    input: RecordedInput<A::Msg, A::Timer, A::Storage>,
    before: Option<A::State>,
    after: A::State,
    sent: Vec<RecordedMessage<A::Msg>>,
}

impl<A: Actor<State: Serialize, Storage: Serialize>> Lane<A> {
    fn current(&self) -> Option<(&RecordingOf<A>, &LineOf<A>)> {
        let recording = self.recordings.get(self.recording)?;
        recording.lines.get(self.line).map(|line| (recording, line))
    }

    fn reject(&self, why: impl Into<String>) -> RecordingRejected {
        let recording = &self.recordings[self.recording.min(self.recordings.len() - 1)];
        RecordingRejected::at(&recording.path, RecordingOf::<A>::line_number(self.line), why)
    }

    /// Goes to the next line, over the ends of recordings.
    fn advance(&mut self) {
        self.line += 1;
        self.skip_ended();
    }

    fn skip_ended(&mut self) {
        while self.recordings.get(self.recording).is_some_and(|recording| self.line >= recording.lines.len()) {
            self.recording += 1;
            self.line = 0;
            self.replay = None;
            self.held.clear();
        }
    }
}

impl<A: Actor<State: Serialize, Storage: Serialize>, F: Fn(&RecordingHeader) -> Result<A, String>> Merge<A, F> {
    fn new(recordings: Vec<RecordingOf<A>>, actor_of: F) -> Result<Self, RecordingRejected> {
        let mut lanes: BTreeMap<NodeId, Vec<RecordingOf<A>>> = BTreeMap::new();
        let first = recordings.first().map(|recording| recording.header.clone());
        for recording in recordings {
            let (header, path) = (&recording.header, &recording.path);
            let one = first.as_ref().unwrap_or(header);
            if (&header.cluster, &header.actor) != (&one.cluster, &one.actor) {
                return Err(RecordingRejected::at(path, 1, "it is of another cluster than the others, or of another actor"));
            }
            let starts = |line: &LineOf<A>| {
                matches!(&line.event, RecordedEvent::Turn(RecordedTurn { input: RecordedInput::Start { .. }, .. }))
            };
            if recording.lines.first().is_some_and(|line| !starts(line)) {
                return Err(RecordingRejected::at(path, 2, "a recording begins with the start of the node"));
            }
            lanes.entry(header.node).or_default().push(recording);
        }
        let lane = |(node, mut recordings): (NodeId, Vec<RecordingOf<A>>)| {
            recordings.sort_by_key(|recording| recording.header.incarnation);
            let twice = recordings.windows(2).find(|pair| pair[0].header.incarnation == pair[1].header.incarnation);
            if let Some([_, second]) = twice {
                return Err(RecordingRejected::at(&second.path, 1, "there is another recording of this incarnation"));
            }
            let mut lane = Lane {
                node,
                recordings,
                recording: 0,
                line: 0,
                replay: None,
                disk: None,
                saving: None,
                held: Vec::new(),
                undecided: Vec::new(),
            };
            lane.skip_ended();
            Ok(lane)
        };
        let lanes = lanes.into_iter().map(lane).collect::<Result<_, _>>()?;
        Ok(Merge { actor_of, lanes, sent: BTreeMap::new() })
    }

    /// Whether the next line of a lane can be judged: whatever it needs of other nodes is known.
    fn is_ready(&self, lane: usize) -> bool {
        match self.lanes[lane].current() {
            None => false,
            Some((_, line)) => match delivered_key::<A>(self.lanes[lane].node, line) {
                None => true,
                Some(key) => self.sent.get(&key).is_some_and(|sent| sent.released),
            },
        }
    }

    fn take_line(&mut self, lane: usize, judge: &mut impl Judge<A>, accepted: &mut Accepted) -> Result<(), RecordingRejected> {
        let Some((recording, line)) = self.lanes[lane].current() else { return Ok(()) };
        let (header, line) = (recording.header.clone(), line.clone());
        accepted.lines += 1;
        match line.event {
            RecordedEvent::Turn(turn) => {
                accepted.turns += 1;
                if let Some(key) = turn_key::<A>(header.node, &turn) {
                    accepted.deliveries += 1;
                    self.deliver(lane, key, &turn)?;
                }
                if let RecordedInput::Start { storage } = &turn.input {
                    accepted.restarts += usize::from(self.lanes[lane].disk.is_some());
                    self.start(lane, &header, storage.as_ref(), judge)?;
                }
                self.take_turn(lane, &header, line.seq, &turn, judge)?;
            }
            RecordedEvent::Synced { turn } => self.sync(lane, turn, judge)?,
            RecordedEvent::Disconnected { .. } | RecordedEvent::Stopped {} => {}
        }
        self.lanes[lane].advance();
        Ok(())
    }

    /// A message arrives at a lane: as it was sent, for the first time.
    fn deliver(&mut self, lane: usize, key: MessageKey, turn: &TurnOf<A>) -> Result<(), RecordingRejected> {
        let RecordedInput::Deliver { content, .. } = &turn.input else { return Ok(()) };
        let lane = &self.lanes[lane];
        let Some(sent) = self.sent.get_mut(&key) else { return Ok(()) };
        if sent.content != *content {
            return Err(lane.reject(format!("{} was sent as {:?}, not as {content:?}", name_of(key), sent.content)));
        }
        if std::mem::replace(&mut sent.delivered, true) {
            return Err(lane.reject(format!("{} was delivered before", name_of(key))));
        }
        Ok(())
    }

    /// A node starts: with what it synced last, or what it was syncing when it
    /// ended. In the first case the turns since have not happened: a leader that
    /// is a quorum alone may have committed in them what nobody will ever see.
    fn start(
        &mut self,
        index: usize,
        header: &RecordingHeader,
        storage: Option<&Kept<A::Storage>>,
        judge: &mut impl Judge<A>,
    ) -> Result<(), RecordingRejected> {
        let lane = &mut self.lanes[index];
        let is = |disk: Option<&A::Storage>| match (storage, disk) {
            (None, None) => true,
            (Some(storage), Some(disk)) => storage.is(disk),
            _ => false,
        };
        let saving = lane.saving.take();
        if is(lane.disk.as_ref()) {
            lane.undecided.clear();
        } else {
            let Some((last, saving)) = saving.filter(|(_, saving)| is(Some(saving))) else {
                let (node, disk) = (lane.node, &lane.disk);
                return Err(lane.reject(format!("{node} starts with {storage:?} on its disk; what it synced last is {disk:?}")));
            };
            lane.disk = Some(saving);
            lane.undecided.retain(|turn| turn.seq <= last);
            self.decide(index, judge)?;
        }
        let lane = &mut self.lanes[index];
        let actor = (self.actor_of)(header).map_err(|why| lane.reject(why))?;
        lane.replay = Some(ReplayedNode::new(actor, lane.node));
        Ok(())
    }

    /// Judges the turns that can no longer be undone.
    fn decide(&mut self, lane: usize, judge: &mut impl Judge<A>) -> Result<(), RecordingRejected> {
        let lane = &mut self.lanes[lane];
        for Undecided { recording, line, input, before, after, sent, .. } in std::mem::take(&mut lane.undecided) {
            let recording = &lane.recordings[recording];
            let reject = |why| RecordingRejected::at(&recording.path, RecordingOf::<A>::line_number(line), why);
            let actor = (self.actor_of)(&recording.header).map_err(reject)?;
            let (before, node) = (before.as_ref(), lane.node);
            let judged = JudgedTurn { node, actor: &actor, input: &input, before, after: &after, sent: &sent };
            judge.judge(&judged).map_err(reject)?;
        }
        Ok(())
    }

    fn take_turn(
        &mut self,
        lane: usize,
        header: &RecordingHeader,
        seq: u64,
        turn: &TurnOf<A>,
        judge: &mut impl Judge<A>,
    ) -> Result<(), RecordingRejected> {
        let lane = &mut self.lanes[lane];
        let Some(mut replay) = lane.replay.take() else {
            return Err(lane.reject("it does something before it starts"));
        };
        let before = replay.state().cloned();
        let saved = replay.take(turn, &lane.disk).map_err(|why| lane.reject(why))?;
        let Some(after) = replay.state() else { return Err(lane.reject("it has no state")) };
        if let Some(saved) = saved {
            lane.saving = Some((seq, saved));
        }
        if lane.saving.is_some() {
            let (recording, line, after) = (lane.recording, lane.line, after.clone());
            let (input, sent) = (turn.input.clone(), turn.sent.clone());
            lane.undecided.push(Undecided { recording, line, seq, input, before, after, sent });
        } else {
            let (actor, before) = (replay.actor(), before.as_ref());
            let judged = JudgedTurn { node: lane.node, actor, input: &turn.input, before, after, sent: &turn.sent };
            judge.judge(&judged).map_err(|why| lane.reject(why))?;
        }
        lane.replay = Some(replay);

        for RecordedMessage { dest, message, content } in &turn.sent {
            let key = (lane.node.index() as PeerId, header.incarnation, *dest, *message);
            let released = lane.saving.is_none();
            let sent = Sent { content: content.clone(), released, delivered: false };
            if self.sent.insert(key, sent).is_some() {
                return Err(lane.reject(format!("{} is sent twice under one number", name_of(key))));
            }
            if !released {
                lane.held.push(key);
            }
        }
        Ok(())
    }

    /// What was saved up to a turn is on disk, and what waited for that may leave.
    fn sync(&mut self, index: usize, turn: u64, judge: &mut impl Judge<A>) -> Result<(), RecordingRejected> {
        let lane = &mut self.lanes[index];
        match lane.saving.take() {
            Some((saved, storage)) if saved == turn => lane.disk = Some(storage),
            _ => return Err(lane.reject(format!("turn {turn} is synced, which is not the last that saved something"))),
        }
        for key in std::mem::take(&mut lane.held) {
            if let Some(sent) = self.sent.get_mut(&key) {
                sent.released = true;
            }
        }
        self.decide(index, judge)
    }

    /// Nothing can go on: because everything has been judged, or because some
    /// line delivers what was not sent.
    fn ended(&self) -> Result<(), RecordingRejected> {
        let stuck: Vec<(&Lane<A>, MessageKey)> =
            self.lanes.iter().filter_map(|lane| Some((lane, delivered_key::<A>(lane.node, lane.current()?.1)?))).collect();
        if stuck.is_empty() {
            return Ok(());
        }
        let all_sent = self.all_sent();
        // Others may only wait for the one that waits for a message that nobody
        // sent: also those whose sender has yet to come to the sync.
        if let Some((lane, key)) = stuck.iter().find(|(_, key)| !all_sent.contains(key)) {
            return Err(lane.reject(format!("{} arrives, and was never sent", name_of(*key))));
        }
        if let Some((lane, key)) = stuck.iter().find(|(_, key)| self.sent.contains_key(key)) {
            return Err(lane.reject(format!(
                "{} arrives before what its sender had saved was synced: it was not free to leave",
                name_of(*key)
            )));
        }
        let (lane, key) = &stuck[0];
        Err(lane.reject(format!("{} arrives before it is sent", name_of(*key))))
    }

    fn all_sent(&self) -> BTreeSet<MessageKey> {
        let recordings = self.lanes.iter().flat_map(|lane| lane.recordings.iter().map(|recording| (lane.node, recording)));
        let mut keys = BTreeSet::new();
        for (node, recording) in recordings {
            for line in &recording.lines {
                if let RecordedEvent::Turn(turn) = &line.event {
                    let source = node.index() as PeerId;
                    keys.extend(turn.sent.iter().map(|sent| (source, recording.header.incarnation, sent.dest, sent.message)));
                }
            }
        }
        keys
    }
}

/// The message that a line delivers from another node. What clients send is
/// their own affair.
fn delivered_key<A: Actor>(receiver: NodeId, line: &LineOf<A>) -> Option<MessageKey> {
    match &line.event {
        RecordedEvent::Turn(turn) => turn_key::<A>(receiver, turn),
        _ => None,
    }
}

fn turn_key<A: Actor>(receiver: NodeId, turn: &TurnOf<A>) -> Option<MessageKey> {
    match &turn.input {
        RecordedInput::Deliver { source, incarnation, message, .. } if *source < NodeSet::CAPACITY as PeerId => {
            Some((*source, *incarnation, receiver.index() as PeerId, *message))
        }
        _ => None,
    }
}

fn name_of((source, incarnation, dest, message): MessageKey) -> String {
    let name = |id: PeerId| {
        if id < NodeSet::CAPACITY as PeerId { NodeId::from_index(id as usize).to_string() } else { format!("client {id}") }
    };
    format!("message {message} from {} (incarnation {incarnation}) to {}", name(source), name(dest))
}
