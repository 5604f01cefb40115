//! What a model says about itself beyond `stateright::Model`.
//!
//! A [`Specification`] is a `stateright::Model` whose steps can be refused by a
//! named guard, whose actions belong to classes that can be counted and be
//! fair, and whose properties are of more kinds than stateright has. Every
//! method has a default, so that any stateright model with serializable states
//! becomes one with an empty `impl`.
//!
//! ```text
//!   init_states ─▶ state ──successors──▶ (action, Ok(next state) | Err(guard))
//!                    │                              │
//!                    ├─ within_boundary?            └─ class, fairness, lane: for reports
//!                    └─ properties: invariants, steps, reachability, liveness, recovery
//! ```

use std::fmt::Debug;
use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};
use stateright::Model;

use crate::explorer::{Explorer, Identity, Parts, Plain};
pub use crate::property::{Check, Property, Verdict};

/// Index of a guard in [`Specification::guards`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardId(pub u16);

/// Index of a class in [`Specification::action_classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u16);

/// The guard of models that do not name theirs: the action was ignored
/// (`Model::next_state` returned `None`).
pub const IGNORED: GuardId = GuardId(0);

/// What is assumed about an action that stays possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Fairness {
    /// Nothing: it may be neglected for ever (faults, client requests).
    #[default]
    None,
    /// If it is possible from some point on without interruption, it happens.
    Weak,
    /// If it is possible again and again, it happens.
    Strong,
}

/// What a number that limits a model means for verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoundKind {
    /// Part of the instance (how many nodes, how many values): nothing is cut.
    Size,
    /// A limit on explored states: states beyond it are checked but not expanded.
    Cut,
    /// What the adversary may spend; part of the state, so that exhausting it
    /// disables actions and cuts nothing.
    Budget,
    /// Room beyond the budget, used only to look for recovery.
    Headroom,
}

/// One number of a model's instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// As the command line writes it, without dashes: `max-term`.
    pub name: &'static str,
    /// Its value in this instance.
    pub value: u64,
    /// What it means for verdicts.
    pub kind: BoundKind,
}

/// An instance that cannot be built, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{name} must be {min} to {max}, not {value}")]
pub struct BoundError {
    /// Which bound.
    pub name: &'static str,
    /// The value that was asked for.
    pub value: u64,
    /// The least that makes sense.
    pub min: u64,
    /// The most that the model's sets hold.
    pub max: u64,
}

/// Refuses a bound outside `min..=max`.
pub fn in_range(name: &'static str, value: u64, min: u64, max: u64) -> Result<(), BoundError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(BoundError { name, value, min, max }) }
}

/// A message as traces show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct MessageView {
    /// Lane of the sender.
    pub source: usize,
    /// Lane of the receiver.
    pub dest: usize,
    /// `Join`, `PublishRequest`, …
    pub kind: String,
    /// The rest of the message in words: `term 2, version 1`.
    pub text: String,
}

/// One step as traces show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct StepView {
    /// The action in words, parameters included: `HandleJoin(n1, from n2, term 1)`.
    pub title: String,
    /// The lane in which it happens, if it happens at one node.
    pub lane: Option<usize>,
    /// The message that the step consumes or reads.
    pub delivered: Option<MessageView>,
    /// The messages that appear with the step.
    pub sent: Vec<MessageView>,
}

/// The states that the engines can keep: comparable, hashable, and encodable
/// for the frontier (compact) and for traces (human-readable).
pub trait SpecState: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned {}
impl<S: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned> SpecState for S {}

/// Actions are written to traces and read back from them.
pub trait SpecAction: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned {}
impl<A: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned> SpecAction for A {}

/// A model that the engines check, the traces show and the oracle replays.
pub trait Specification: Model<State: SpecState, Action: SpecAction> + Send + Sync + Sized {
    /// The name on the command line: `zen-with-terms`.
    fn name(&self) -> String {
        String::from("model")
    }

    /// Every number that limits this instance.
    fn bounds(&self) -> Vec<Bound> {
        Vec::new()
    }

    /// The names of the guards that [`step`](Self::step) can refuse with, or
    /// that can leave a part of a step undone.
    fn guards(&self) -> Vec<&'static str> {
        vec!["Ignored"]
    }

    /// The names of the action classes.
    fn action_classes(&self) -> Vec<&'static str> {
        vec!["Action"]
    }

    /// The class of an action: what coverage counts it as.
    fn class_of(&self, _action: &Self::Action) -> ClassId {
        ClassId(0)
    }

    /// Takes `action` in `state`: the state after, or the guard that refuses.
    fn step(&self, state: &Self::State, action: &Self::Action) -> Result<Self::State, GuardId> {
        self.next_state(state, action.clone()).ok_or(IGNORED)
    }

    /// Visits everything that may be attempted in `state`, with what comes of
    /// it, in an order that depends on `state` alone. Agrees with
    /// [`Model::actions`] and [`step`](Self::step); exists so that a model can
    /// do it without building a list.
    fn successors(&self, state: &Self::State, mut visit: impl FnMut(Self::Action, Result<Self::State, GuardId>)) {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        for action in actions {
            let next = self.step(state, &action);
            visit(action, next);
        }
    }

    /// Visits the guards that leave a part of `action` undone, where it is taken
    /// in `state`: a handler may refuse to go on with one thing and do another.
    /// They are counted with the refusals of whole steps.
    fn inner_refusals(&self, _state: &Self::State, _action: &Self::Action, _visit: impl FnMut(GuardId)) {}

    /// What is assumed about this instance of an action for liveness. Two equal
    /// actions are one instance.
    fn fairness(&self, _action: &Self::Action) -> Fairness {
        Fairness::None
    }

    /// How many interchangeable nodes there are; 0 or 1 where symmetry says nothing.
    fn interchangeable_nodes(&self) -> usize {
        0
    }

    /// The state under a renaming: `permutation[i]` is the new index of node `i`.
    fn permuted(&self, state: &Self::State, _permutation: &[u8]) -> Self::State {
        state.clone()
    }

    /// A key by which nodes can be sorted for a canonical form: it must not
    /// depend on any node's index, so that it moves with the node under a
    /// renaming. Nodes with equal keys are told apart by trying their orders.
    fn node_key(&self, _state: &Self::State, _node: usize) -> u64 {
        0
    }

    /// The one step of the recovery schedule from `state` (failure detectors
    /// accurate, no more faults, messages arrive), or `None` where it ends.
    fn recovery_step(&self, _state: &Self::State) -> Option<Self::Action> {
        None
    }

    /// Whether `action` may be used in `state` while looking for recovery:
    /// everything but faults, spurious suspicions and new client requests.
    /// Whether a suspicion is spurious depends on the state.
    fn allowed_in_recovery(&self, _state: &Self::State, _action: &Self::Action) -> bool {
        true
    }

    /// Whether `state` lies within the recovery headroom, which is at least the bounds.
    fn within_headroom(&self, state: &Self::State) -> bool {
        self.within_boundary(state)
    }

    /// What is claimed. The default takes over stateright's properties:
    /// `always` as an invariant, `sometimes` as reachability, `eventually` as liveness.
    fn claims(&self) -> Vec<Property<Self>> {
        self.properties().iter().map(Property::from_stateright).collect()
    }

    /// What the property of this name reads, so that an engine need not look at
    /// it again where a step leaves that as it was. See [`Parts`].
    fn parts_read_by(&self, _property: &str) -> Parts {
        Parts::ALL
    }

    /// What an engine walks through the states with. The default builds every
    /// successor and hashes it whole; a model for which that is too slow has one
    /// that builds only what is new.
    fn explorer(&self, identity: Identity) -> impl Explorer<Self> + Send {
        Plain::new(self, identity)
    }

    /// The names of the lanes of a diagram: one for each node.
    fn lanes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The step from `before` by `action` as a reader should see it.
    fn view(&self, _before: &Self::State, action: &Self::Action, _after: &Self::State) -> StepView {
        StepView { title: self.format_action(action), ..StepView::default() }
    }
}
