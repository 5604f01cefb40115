//! One node's turns, taken again by the actor.

use std::borrow::Cow;
use std::collections::HashSet;

use quorate_model::NodeId;
use quorate_traces::recording::{Kept, RecordedInput, RecordedTurn};
use serde::Serialize;
use stateright::actor::{Actor, Command, Id, Out};

/// A node as replay knows it.
pub(super) struct ReplayedNode<A: Actor> {
    actor: A,
    id: Id,
    state: Option<A::State>,
    timers: HashSet<A::Timer>,
}

type Turn<A> = RecordedTurn<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::State, <A as Actor>::Storage>;

impl<A: Actor<State: Serialize, Storage: Serialize>> ReplayedNode<A> {
    pub fn new(actor: A, node: NodeId) -> Self {
        ReplayedNode { actor, id: Id::from(node.index()), state: None, timers: HashSet::new() }
    }

    /// The actor that takes the turns.
    pub fn actor(&self) -> &A {
        &self.actor
    }

    /// What the node knows; nothing before its start.
    pub fn state(&self) -> Option<&A::State> {
        self.state.as_ref()
    }

    /// Takes a recorded turn again, with `disk` on the disk; what the actor
    /// saved. `Err` says what differs.
    pub fn take(&mut self, turn: &Turn<A>, disk: &Option<A::Storage>) -> Result<Option<A::Storage>, String> {
        let mut out = Out::new();
        let changed = match (&turn.input, &self.state) {
            (RecordedInput::Start { .. }, None) => Some(self.actor.on_start(self.id, disk, &mut out)),
            (RecordedInput::Start { .. }, Some(_)) => return Err(String::from("it starts twice")),
            (_, None) => return Err(String::from("it does something before it starts")),
            (input, Some(state)) => {
                let mut state = Cow::Borrowed(state);
                match input {
                    RecordedInput::Start { .. } => {}
                    RecordedInput::Deliver { source, content, .. } => {
                        self.actor.on_msg(self.id, &mut state, Id::from(*source as usize), content.clone(), &mut out);
                    }
                    RecordedInput::Disconnect { peer, content } => {
                        self.actor.on_msg(self.id, &mut state, Id::from(*peer as usize), content.clone(), &mut out);
                    }
                    RecordedInput::Timeout { timer } => {
                        if !self.timers.remove(timer) {
                            return Err(format!("the timer {timer:?} fires and was not set"));
                        }
                        self.actor.on_timeout(self.id, &mut state, timer, &mut out);
                    }
                }
                match state {
                    Cow::Owned(state) => Some(state),
                    Cow::Borrowed(_) => None,
                }
            }
        };
        let (mut sent, mut saved) = (Vec::new(), None);
        for command in out {
            match command {
                Command::Send(dest, content) => sent.push((usize::from(dest) as u64, content)),
                Command::Save(storage) => saved = Some(storage),
                Command::SetTimer(timer, _) => {
                    self.timers.insert(timer);
                }
                Command::CancelTimer(timer) => {
                    self.timers.remove(&timer);
                }
                Command::ChooseRandom(key, _) => return Err(format!("the actor makes a random choice, '{key}'")),
            }
        }
        let recorded: Vec<(u64, A::Msg)> = turn.sent.iter().map(|sent| (sent.dest, sent.content.clone())).collect();
        same("sends", &sent, &recorded)?;
        same_kept("saves", &saved, &turn.saved)?;
        same_kept("knows (if that changed)", &changed, &turn.state)?;
        if changed.is_some() {
            self.state = changed;
        }
        Ok(saved)
    }
}

fn same_kept<T>(what: &str, replayed: &Option<T>, recorded: &Option<Kept<T>>) -> Result<(), String>
where
    T: Clone + PartialEq + Serialize + std::fmt::Debug,
{
    match (replayed, recorded) {
        (None, None) => Ok(()),
        (Some(replayed), Some(recorded)) if recorded.is(replayed) => Ok(()),
        _ => Err(format!("the actor {what} {replayed:?}, and recorded is {recorded:?}")),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, replayed: &T, recorded: &T) -> Result<(), String> {
    if replayed == recorded {
        return Ok(());
    }
    Err(format!("the actor {what} {replayed:?}, and recorded is {recorded:?}"))
}
