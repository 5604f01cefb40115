//! What a world leaves to its environment.

use stateright::actor::{Actor, Id};

use super::state::WorldState;
use super::world::{World, WorldAction};
use crate::node_set::NodeId;
use crate::property::Property;
use crate::specification::{Bound, MessageView, SpecState, Specification};

/// The state of the world of an actor in an environment.
pub type StateOf<A, E> =
    WorldState<<A as Actor>::State, <A as Actor>::Timer, <A as Actor>::Storage, <A as Actor>::Msg, <E as Environment<A>>::Ledger>;

/// One step of a node as the environment sees it.
pub struct Observed<'a, A: Actor> {
    /// The node that took the step.
    pub node: NodeId,
    /// What happened.
    pub action: &'a WorldAction<A::Msg, A::Timer>,
    /// The node before.
    pub before: &'a A::State,
    /// The node after.
    pub after: &'a A::State,
    /// Everything it sent, to nodes and to clients.
    pub sent: &'a [(Id, A::Msg)],
}

/// The adversary, the clients and the bookkeeping of a world.
pub trait Environment<A: Actor>: Send + Sync + Clone {
    /// Ghost state and budgets.
    type Ledger: SpecState;

    /// The ledger of an initial state.
    fn open_ledger(&self) -> Self::Ledger;

    /// What clients may ask in `state`: the node, the client, the message.
    fn requests(&self, _state: &StateOf<A, Self>) -> Vec<(NodeId, Id, A::Msg)> {
        Vec::new()
    }

    /// Whether a timer that is set may fire.
    fn may_fire(&self, _state: &StateOf<A, Self>, _node: NodeId, _timer: &A::Timer) -> bool {
        true
    }

    /// Whether a node may restart.
    fn may_restart(&self, _state: &StateOf<A, Self>, _node: NodeId) -> bool {
        false
    }

    /// Writes a step into the ledger, and what it cost.
    fn observe(&self, _ledger: &mut Self::Ledger, _step: &Observed<'_, A>) {}

    /// Whether `receiver` will ignore `message` from `source` now and for ever.
    fn is_obsolete(&self, _receiver: &A::State, _source: NodeId, _message: &A::Msg) -> bool {
        false
    }

    /// Whether `state` is within the bounds.
    fn within_bounds(&self, _state: &StateOf<A, Self>) -> bool {
        true
    }

    /// The name of the model.
    fn name(&self) -> String;

    /// The numbers that limit it.
    fn bounds(&self) -> Vec<Bound> {
        Vec::new()
    }

    /// What is claimed of the world.
    fn claims(&self) -> Vec<Property<World<A, Self>>>
    where
        World<A, Self>: Specification,
    {
        Vec::new()
    }

    /// Names of reasons for which a node ignores an input; the first stands for
    /// "the input changes nothing".
    fn refusals(&self) -> Vec<&'static str> {
        vec!["NoEffect"]
    }

    /// The reason, as an index into [`refusals`](Self::refusals), for which a
    /// node ignored an action.
    fn refusal(&self, _node: &A::State, _action: &WorldAction<A::Msg, A::Timer>) -> usize {
        0
    }

    /// Names of what nodes can receive; deliveries are counted by them.
    fn message_kinds(&self) -> Vec<&'static str>;

    /// Index of a message into [`message_kinds`](Self::message_kinds).
    fn message_kind(&self, message: &A::Msg) -> usize;

    /// Names of the timers; firings are counted by them.
    fn timer_kinds(&self) -> Vec<&'static str>;

    /// Index of a timer into [`timer_kinds`](Self::timer_kinds).
    fn timer_kind(&self, timer: &A::Timer) -> usize;

    /// The words of a message, without its kind.
    fn message_text(&self, message: &A::Msg) -> String;

    /// Renames nodes in a node's state.
    fn permuted_node(&self, node: &A::State, _permutation: &[u8]) -> A::State {
        node.clone()
    }

    /// Renames nodes in what is on a disk.
    fn permuted_disk(&self, disk: &A::Storage, _permutation: &[u8]) -> A::Storage {
        disk.clone()
    }

    /// Renames nodes in a message.
    fn permuted_message(&self, message: &A::Msg, _permutation: &[u8]) -> A::Msg {
        message.clone()
    }

    /// Renames nodes in the ledger.
    fn permuted_ledger(&self, ledger: &Self::Ledger, _permutation: &[u8]) -> Self::Ledger {
        ledger.clone()
    }

    /// A key of a node that depends on no node's index; see [`crate::sort_key`].
    fn node_key(&self, _state: &StateOf<A, Self>, _node: NodeId) -> u64 {
        0
    }

    /// A key of what a message says, likewise.
    fn message_key(&self, _message: &A::Msg) -> u64 {
        0
    }

    /// Whether nodes may be renamed at all.
    fn is_symmetric(&self) -> bool {
        false
    }

    /// A message as traces show it.
    fn message_view(&self, source: NodeId, dest: NodeId, message: &A::Msg) -> MessageView {
        MessageView {
            source: source.index(),
            dest: dest.index(),
            kind: self.message_kinds()[self.message_kind(message)].to_owned(),
            text: self.message_text(message),
        }
    }
}
