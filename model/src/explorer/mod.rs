//! Walking through a model's states at the price of what changes.
//!
//! An engine reads states from its frontier, asks for the steps out of each,
//! and keeps those states that it has not met before: about one in ten. So a
//! step is first only named by its fingerprint, and the state after it is built
//! and looked at when there is reason to.
//!
//! ```text
//!   read ─▶ current state ──expand──▶ Taken { fingerprint, within, changed, change }
//!                                        │ new, or a property reads what changed
//!                                        ▼
//!                               step(change): before, action, after ──▶ properties
//!                               write_successor(change) ──▶ next frontier
//! ```
//!
//! [`Plain`] does this for any model by building every state. What an explorer
//! says must be what [`Specification::successors`] says, in the same order;
//! `model/tests/explorer.rs` compares them.

mod plain;
mod symmetry;

pub use plain::Plain;
pub use symmetry::canonical_fingerprint;

use crate::fingerprint::Fingerprint;
use crate::specification::{ClassId, GuardId, Specification};

/// How states are told apart in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Chooses the fingerprint function.
    pub seed: u64,
    /// Whether states that differ only in the names of interchangeable nodes are one.
    pub symmetry: bool,
}

/// Parts of a state, one bit each: what a step changes, what a property reads.
///
/// A property that holds before a step holds after it if the step changes
/// nothing that it reads; that is why such a property is not looked at again.
/// Nor is one that reads a single part, where that part is one for which it is
/// known to hold. What the bits mean is up to the model, but for
/// [`LOCAL`](Self::LOCAL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts(pub u32);

impl Parts {
    /// Everything: of a step, as far as its explorer knows; of a property, by default.
    pub const ALL: Parts = Parts(u32::MAX);
    /// Nothing.
    pub const NONE: Parts = Parts(0);
    /// What the last step did to its node: the action, the node before and
    /// after it. A property that reads nothing else says the same of every step
    /// with these, whatever the rest of the state.
    pub const LOCAL: Parts = Parts(1);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Parts) -> Parts {
        Parts(self.0 | other.0)
    }

    /// Without the other.
    #[must_use]
    pub const fn without(self, other: Parts) -> Parts {
        Parts(self.0 & !other.0)
    }

    /// Whether this is one part.
    pub const fn is_single(self) -> bool {
        self.0.is_power_of_two()
    }

    /// Whether they have something in common.
    pub const fn meet(self, other: Parts) -> bool {
        self.0 & other.0 != 0
    }
}

/// A step out of the current state.
#[derive(Clone, Copy, Debug)]
pub struct Taken<C> {
    /// The class of its action.
    pub class: ClassId,
    /// Of the state after it.
    pub fingerprint: Fingerprint,
    /// Whether the state after it is within the bounds.
    pub within: bool,
    /// What it changes.
    pub changed: Parts,
    /// Of that, what is not known to satisfy the properties that read it alone.
    pub unsettled: Parts,
    /// What the explorer needs to know to build the state after it.
    pub change: C,
}

/// A step with its states.
pub struct Step<'a, M: Specification> {
    /// The current state.
    pub before: &'a M::State,
    /// What happens.
    pub action: &'a M::Action,
    /// What comes of it.
    pub after: &'a M::State,
}

/// Is told of everything that may be attempted in a state.
pub trait Visit<C> {
    /// The next `times` attempts, in any order, are refused by `guard`.
    fn refused(&mut self, guard: GuardId, times: u64);
    /// A step is taken. Steps come in the order of [`Specification::successors`].
    fn taken(&mut self, step: Taken<C>);
}

/// A state that cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The model's states do not serialize.
    #[error("a state of the model cannot be encoded: {0}")]
    Encode(String),
    /// What was written does not come back.
    #[error(
        "a state of the model cannot be decoded ({0}); its serde attributes must allow formats that do not describe themselves"
    )]
    Decode(String),
}

/// A walker with some current states, and with a memory of its own.
///
/// It has several current states, told apart by a slot, since an engine names
/// the steps of some states before it looks at any of them: looking up one
/// fingerprint waits for memory, and many can wait together.
///
/// States are written and read in chunks: what is written of a state may refer
/// to what was written before it in the same chunk, and to nothing else.
pub trait Explorer<M: Specification> {
    /// What tells a step of the current state from the others.
    type Change: Send;

    /// Whether written states are small as they are, so that packing a chunk is
    /// not worth the time.
    const COMPACT: bool;

    /// The fingerprint of any state.
    fn identify(&self, state: &M::State) -> Fingerprint;

    /// A chunk is about to be read. There are no current states until then.
    fn begin_reading(&mut self);

    /// Reads the next state; it becomes the current one of `slot`. Slots are small numbers.
    fn read(&mut self, slot: usize, encoded: &mut &[u8]) -> Result<(), CodecError>;

    /// The current state of `slot`.
    fn current(&mut self, slot: usize) -> &M::State;

    /// Visits what may be attempted in the current state of `slot`.
    fn expand(&mut self, slot: usize, visit: &mut impl Visit<Self::Change>);

    /// Builds the state after a step of the current state of `slot`.
    fn step<'a>(&'a mut self, slot: usize, change: &'a Self::Change) -> Step<'a, M>;

    /// Every property that reads one of these parts and nothing else holds of
    /// this step out of the current state of `slot` and of the state after it.
    fn settle(&mut self, slot: usize, change: &Self::Change, parts: Parts);

    /// A chunk is about to be written.
    fn begin_writing(&mut self);

    /// Writes the state after a step of the current state of `slot`.
    fn write_successor(&mut self, slot: usize, change: &Self::Change, encoded: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Writes an initial state.
    fn write_initial(&mut self, state: &M::State, encoded: &mut Vec<u8>) -> Result<(), CodecError>;
}
