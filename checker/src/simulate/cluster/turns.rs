//! Tasks and turns: what happens to a node, and when it can no longer be undone.

use std::borrow::Cow;

use quorate_model::NodeId;
use quorate_model::coordinator::{Coordinator, CoordinatorMsg, CoordinatorTimer, KeyValues, Policy, actor_id, node_id};
use quorate_model::session::{Incarnation, Life, PeerId};
use quorate_traces::recording::{RecordedInput, RecordedMessage};
use stateright::actor::{Actor, Command, Id, Out};

use super::super::failure::Failure;
use super::super::links::LinkStatus;
use super::super::words;
use super::{Cluster, DoneTurn, Input, Msg, State, Step, Task};
use crate::panics;
use crate::recording::{Judge, JudgedTurn};

impl<R: Policy> Cluster<R> {
    pub(super) fn delay_ms(&mut self) -> u64 {
        if self.variability_ms > 0 && self.draws.happens(500) { self.draws.between(1, self.variability_ms) } else { 0 }
    }

    pub(super) fn plan(&mut self, delay_ms: u64, task: Task) {
        let order = self.draws.word();
        self.queue.add(delay_ms, order, task);
    }

    pub(super) fn perform(&mut self, task: Task) -> Step {
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
        if self.hanging.contains(dest) && matches!(content, CoordinatorMsg::Commit(_)) {
            let datagrams = datagrams.to_vec();
            self.unapplied.push(Task::Deliver { source, incarnation, dest, session, number, datagrams });
            return Ok(());
        }
        let source = source.index() as PeerId;
        self.turn(dest, RecordedInput::Deliver { source, incarnation, message: number, content })
    }

    /// Calls the actor.
    pub(in super::super) fn turn(&mut self, node: NodeId, input: Input) -> Step {
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

    pub(super) fn finish_turn(
        &mut self,
        node: NodeId,
        input: Input,
        before: Option<State>,
        after: State,
        out: Out<Coordinator<KeyValues, R>>,
    ) -> Step {
        self.turns += 1;
        self.coverage.count(node, &input, before.as_ref(), &after);
        self.note(|| words::turn(node, &input, before.as_ref(), &after));
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
    pub(super) fn judge_round(&mut self, node: NodeId, crashed: bool) -> Result<Vec<RecordedMessage<Msg>>, Failure> {
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
            let judged =
                JudgedTurn { node, actor: &self.actor, input: &input, before: before.as_ref(), after: &after, sent: &sent };
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
        let is_slow = matches!(content, CoordinatorMsg::Publish(_) | CoordinatorMsg::FollowerCheck { .. });
        let delay_ms = self.delay_ms() + if is_slow { self.slow_states_ms } else { 0 };
        self.plan(delay_ms, Task::Deliver { source, incarnation, dest, session, number, datagrams });
        Ok(())
    }
}
