//! What can be wrong with a question about a model.

use crate::registry::RegistryError;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// Model, bounds, mutant or guard.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A path longer than anybody walks by hand.
    #[error("the path has {length} steps; at most {limit} are taken")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A path without a beginning.
    #[error("the path is empty: it begins with the number of an initial state")]
    NoStart,
    /// No such initial state.
    #[error("there is no initial state {asked}; there are {count}, the first being 0")]
    NoInitialState {
        /// What was asked for.
        asked: String,
        /// How many there are.
        count: usize,
    },
    /// A choice that is none.
    #[error("step {step}: there is no choice {asked}; this state has {count}, the first being 0")]
    NoChoice {
        /// Which step of the path, from 1.
        step: usize,
        /// What was asked for.
        asked: usize,
        /// How many there are.
        count: usize,
    },
    /// An action that is none of the model's, or not in this state.
    #[error("step {step}: {action} is not possible in this state")]
    NoAction {
        /// Which step of the path, from 1.
        step: usize,
        /// The action as it was asked for.
        action: String,
    },
    /// A guard says no.
    #[error("step {step}, {title}: the guard {guard} refuses it")]
    Refused {
        /// Which step of the path, from 1.
        step: usize,
        /// The action in words.
        title: String,
        /// The guard's name.
        guard: String,
    },
    /// A lasso that does not close.
    #[error("no step leads from the last state back to state {start}")]
    NoWayBack {
        /// Where it should go.
        start: usize,
    },
    /// The model panicked: a finding about the rules, not about the question.
    #[error("the model panics here: {0}")]
    Panicked(String),
    /// A search without a violation.
    #[error("{0}")]
    NoCounterexample(String),
    /// Only one search at a time.
    #[error("another search is running; wait for it")]
    Busy,
}
