//! A behaviour of a model: what engines find, traces show and the oracle replays.

use stateright::Model;

/// A finite behaviour, or a lasso.
pub struct Path<M: Model> {
    /// The initial state.
    pub initial: M::State,
    /// The steps taken, each with the state it leads to.
    pub steps: Vec<(M::Action, M::State)>,
    /// For a lasso: the index of the state that follows the last one, 0 being
    /// [`initial`](Self::initial). A last state that stutters loops to itself.
    pub loop_start: Option<usize>,
}

impl<M: Model> Path<M> {
    /// The states in order, the initial one first.
    pub fn states(&self) -> impl Iterator<Item = &M::State> {
        std::iter::once(&self.initial).chain(self.steps.iter().map(|(_, state)| state))
    }

    /// The last state.
    pub fn last(&self) -> &M::State {
        self.steps.last().map_or(&self.initial, |(_, state)| state)
    }

    /// Number of states, as trace lengths are counted.
    pub fn len(&self) -> usize {
        self.steps.len() + 1
    }

    /// Never: a path has an initial state.
    pub fn is_empty(&self) -> bool {
        false
    }
}

impl<M: Model> Clone for Path<M>
where
    M::State: Clone,
    M::Action: Clone,
{
    fn clone(&self) -> Self {
        Path { initial: self.initial.clone(), steps: self.steps.clone(), loop_start: self.loop_start }
    }
}
