//! The properties of a model, sorted by when an engine looks at them.

use quorate_model::Path;
use quorate_model::property::{Check, Property, Verdict};
use quorate_model::specification::Specification;

/// Index of a property in the model's order; one past the last is "no panic".
pub(crate) type ClaimIndex = usize;

/// The claims of a model by the moment at which they are checked.
pub(crate) struct Claims<M: Specification> {
    pub all: Vec<Property<M>>,
    /// Looked at in every state.
    pub states: Vec<ClaimIndex>,
    /// Looked at in every step.
    pub steps: Vec<ClaimIndex>,
    /// Looked for until found.
    pub examples: Vec<ClaimIndex>,
}

impl<M: Specification> Claims<M> {
    pub fn of(model: &M) -> Self {
        let all = model.claims();
        let those = |wanted: fn(&Check<M>) -> bool| -> Vec<ClaimIndex> {
            all.iter().enumerate().filter(|(_, claim)| wanted(&claim.check)).map(|(index, _)| index).collect()
        };
        Claims {
            states: those(|check| matches!(check, Check::Always(_) | Check::Invariant(_))),
            steps: those(|check| matches!(check, Check::Step(_))),
            examples: those(|check| matches!(check, Check::Reachable(_))),
            all,
        }
    }

    /// The index under which a panic is recorded.
    pub fn no_panic(&self) -> ClaimIndex {
        self.all.len()
    }

    /// Whether an invariant holds in `state`; other kinds say nothing of a state.
    #[inline]
    pub fn in_state(&self, index: ClaimIndex, model: &M, state: &M::State) -> Verdict {
        match self.all[index].check {
            Check::Always(holds) if !holds(model, state) => Err(String::from("the predicate is false in the last state")),
            Check::Invariant(holds) => holds(model, state),
            _ => Ok(()),
        }
    }

    /// Whether a step property holds of a step.
    #[inline]
    pub fn in_step(&self, index: ClaimIndex, model: &M, before: &M::State, action: &M::Action, after: &M::State) -> Verdict {
        match self.all[index].check {
            Check::Step(holds) => holds(model, before, action, after),
            _ => Ok(()),
        }
    }

    /// Why the last state or step of `path` violates the claim, in words.
    pub fn witness(&self, index: ClaimIndex, model: &M, path: &Path<M>) -> String {
        if index == self.no_panic() {
            let mut looked_at = self.states.iter().chain(&self.examples);
            let words = looked_at.find_map(|claim| self.panic_words(*claim, model, path.last()));
            return words.unwrap_or_else(|| String::from("a panic that does not happen every time"));
        }
        let before = path.steps.len().checked_sub(2).map_or(&path.initial, |last| &path.steps[last].1);
        let of_step = path.steps.last().map(|(action, after)| self.in_step(index, model, before, action, after));
        let verdict = self.in_state(index, model, path.last()).and(of_step.unwrap_or(Ok(())));
        verdict.err().unwrap_or_else(|| String::from("the property does not say the same of a state every time"))
    }

    fn panic_words(&self, index: ClaimIndex, model: &M, state: &M::State) -> Option<String> {
        let look = || (self.in_state(index, model, state).is_ok(), self.is_example(index, model, state));
        let words = crate::panics::catch(look).err()?;
        Some(format!("the property {} panicked: {words}", self.all[index].name))
    }

    /// Whether `state` is an example of a reachability property.
    #[inline]
    pub fn is_example(&self, index: ClaimIndex, model: &M, state: &M::State) -> bool {
        match self.all[index].check {
            Check::Reachable(holds) => holds(model, state),
            _ => false,
        }
    }
}
