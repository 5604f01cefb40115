//! What a world leaves to its environment.

use stateright::actor::{Actor, Id};

use super::action::{FaultKind, WorldAction};
use super::links::Links;
use super::state::{Slot, WorldState};
use super::world::World;
use crate::coordination::Envelope;
use crate::explorer::Parts;
use crate::node_set::NodeId;
use crate::property::Property;
use crate::specification::{Bound, Fairness, MessageView, SpecState, Specification};

/// The state of the world of an actor in an environment.
pub type StateOf<A, E> =
    WorldState<<A as Actor>::State, <A as Actor>::Timer, <A as Actor>::Storage, <A as Actor>::Msg, <E as Environment<A>>::Ledger>;

/// A node of the world of an actor.
pub type SlotOf<A> = Slot<<A as Actor>::State, <A as Actor>::Timer, <A as Actor>::Storage>;

/// What can happen in the world of an actor.
pub type ActionOf<A> = WorldAction<<A as Actor>::Msg, <A as Actor>::Timer>;

/// One step of a node as the environment sees it.
pub struct Observed<'a, A: Actor> {
    /// The node that took the step.
    pub node: NodeId,
    /// What happened.
    pub action: &'a ActionOf<A>,
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

    /// Where a run begins, given the nodes just started: by default there. An
    /// environment may let things happen first, such as an election.
    fn prepare(&self, _world: &World<A, Self>, started: StateOf<A, Self>) -> StateOf<A, Self> {
        started
    }

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

    /// The kinds of faults and repairs that this world has, beside deliveries,
    /// requests and timers. Only these are asked for below, and counted.
    fn faults(&self) -> &'static [FaultKind] {
        &[FaultKind::Restart]
    }

    /// Whether a node may crash and stay down.
    fn may_crash(&self, _state: &StateOf<A, Self>, _node: NodeId) -> bool {
        false
    }

    /// Whether a node that is down may come up.
    fn may_start(&self, _state: &StateOf<A, Self>, _node: NodeId) -> bool {
        true
    }

    /// Whether the session between two nodes that are up may break without a
    /// cause. In a retained set it is `one` alone that is told.
    fn may_disconnect(&self, _state: &StateOf<A, Self>, _one: NodeId, _other: NodeId) -> bool {
        false
    }

    /// What a node is told when its session with `peer` ends, as if `peer` had
    /// said it; `None` if it does not care.
    fn on_disconnect(&self, _peer: NodeId) -> Option<A::Msg> {
        None
    }

    /// Sets of links of which one may be cut now.
    fn cuts(&self, _state: &StateOf<A, Self>) -> Vec<Links> {
        Vec::new()
    }

    /// Sets of links of which one may work again now: by default all that are cut.
    fn heals(&self, state: &StateOf<A, Self>) -> Vec<Links> {
        vec![state.outage.cut]
    }

    /// Whether a message under way may get lost without anybody being told.
    fn may_lose(&self, _state: &StateOf<A, Self>, _message: &Envelope<A::Msg>) -> bool {
        false
    }

    /// Whether a message may arrive and stay under way.
    fn may_duplicate(&self, _state: &StateOf<A, Self>, _message: &Envelope<A::Msg>) -> bool {
        false
    }

    /// Whether the ledger has to do with a turn: whether the turn may leave a
    /// trace there, or a claim that reads [`Parts::LOCAL`] compares it with what
    /// is there. A function of the turn alone.
    fn is_noted(&self, _step: &Observed<'_, A>) -> bool {
        true
    }

    /// Writes a node's turn into the ledger, and what it cost. What is not
    /// [noted](Self::is_noted) must leave it as it is.
    fn observe(&self, _ledger: &mut Self::Ledger, _step: &Observed<'_, A>) {}

    /// Writes into the ledger what a fault cost that is no node's turn
    /// ([`WorldAction::is_turn`]).
    fn observe_fault(&self, _ledger: &mut Self::Ledger, _action: &ActionOf<A>) {}

    /// What is assumed of an action for liveness.
    fn fairness(&self, _action: &ActionOf<A>) -> Fairness {
        Fairness::None
    }

    /// The next step of the recovery schedule.
    fn recovery_step(&self, _world: &World<A, Self>, _state: &StateOf<A, Self>) -> Option<ActionOf<A>> {
        None
    }

    /// Whether an action of `state` may be used to recover. By default
    /// everything but requests and what takes something away; an environment
    /// with timers that suspect somebody says when a suspicion is right.
    fn allowed_in_recovery(&self, _state: &StateOf<A, Self>, action: &ActionOf<A>) -> bool {
        !matches!(action, WorldAction::Request { .. }) && action.fault().is_none_or(|fault| !fault.is_harm())
    }

    /// Whether `state` lies within what recovery may use: the bounds and the
    /// room beyond them. What only recovery may do, such as an election in a
    /// term above the budget, is allowed by [`may_fire`](Self::may_fire) and the
    /// like, leads out of [`within_bounds`](Self::within_bounds), and stays
    /// within this.
    fn within_headroom(&self, state: &StateOf<A, Self>) -> bool {
        self.within_bounds(state)
    }

    /// Whether `receiver` will ignore `message` from `source` now and for ever.
    fn is_obsolete(&self, _receiver: &A::State, _source: NodeId, _message: &A::Msg) -> bool {
        false
    }

    /// Whether a node is within the bounds.
    fn is_within_bounds(&self, _node: &A::State) -> bool {
        true
    }

    /// Whether `state` is within the bounds: by default, if every node is.
    fn within_bounds(&self, state: &StateOf<A, Self>) -> bool {
        state.nodes.iter().all(|slot| self.is_within_bounds(&slot.state))
    }

    /// Whether [`within_bounds`](Self::within_bounds) is as it is by default, so
    /// that an explorer need not build states to ask.
    fn bounds_are_of_nodes(&self) -> bool {
        false
    }

    /// The name of the model.
    fn name(&self) -> String;

    /// The numbers that limit it.
    fn bounds(&self) -> Vec<Bound> {
        Vec::new()
    }

    /// What the claim of this name reads: parts that any world has
    /// ([`super::parts`]) and this one's own ([`changed_by`](Self::changed_by)).
    /// The default is right and slow.
    fn parts_read_by(&self, _claim: &str) -> Parts {
        Parts::ALL
    }

    /// Which parts of its own (bits from [`super::parts::FIRST_OWN`] on) a turn
    /// changes: a function of the turn alone.
    fn changed_by(&self, _step: &Observed<'_, A>) -> Parts {
        Parts(0)
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
    fn refusal(&self, _node: &A::State, _action: &ActionOf<A>) -> usize {
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

    /// Renames nodes in a timer.
    fn permuted_timer(&self, timer: &A::Timer, _permutation: &[u8]) -> A::Timer {
        timer.clone()
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
    fn node_key(&self, _slot: &SlotOf<A>, _node: NodeId) -> u64 {
        0
    }

    /// A key of what a node has to do with another one, likewise: whether it follows it.
    fn regard_key(&self, _slot: &SlotOf<A>, _other: NodeId) -> u64 {
        0
    }

    /// A key of what the ledger says of a node, likewise.
    fn ledger_key(&self, _ledger: &Self::Ledger, _node: NodeId) -> u64 {
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
