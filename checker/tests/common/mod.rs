//! Toy models whose answers can be worked out by hand.

use quorate_model::property::Property;
use quorate_model::specification::{Bound, BoundKind, ClassId, GuardId, Specification};
use stateright::Model;

/// Two counters that step from (0, 0) to (9, 9), one at a time: 100 states, 180
/// steps, 19 levels. What goes wrong, and where, is a matter of configuration.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// States whose sum is above this are outside the bounds; 0 for no bound.
    pub bound: u8,
    /// The invariant says that the sum is not this; 0 for never.
    pub forbidden_sum: u8,
    /// The step property says that the second counter does not step from this value; 0 for none.
    pub forbidden_step: u8,
    /// The handlers panic on this state.
    pub handler_panics: Option<(u8, u8)>,
    /// The invariant panics on this state.
    pub property_panics: Option<(u8, u8)>,
}

/// Which counter steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Counter {
    First,
    Second,
}

impl Model for Grid {
    type State = (u8, u8);
    type Action = Counter;

    fn init_states(&self) -> Vec<(u8, u8)> {
        vec![(0, 0)]
    }

    fn actions(&self, state: &(u8, u8), actions: &mut Vec<Counter>) {
        actions.push(Counter::First);
        if self.handler_panics == Some(*state) {
            panic!("the grid has a hole");
        }
        actions.push(Counter::Second);
    }

    fn next_state(&self, &(first, second): &(u8, u8), counter: Counter) -> Option<(u8, u8)> {
        match counter {
            Counter::First => (first < 9).then_some((first + 1, second)),
            Counter::Second => (second < 9).then_some((first, second + 1)),
        }
    }

    fn within_boundary(&self, state: &(u8, u8)) -> bool {
        self.bound == 0 || state.0 + state.1 <= self.bound
    }
}

impl Specification for Grid {
    fn name(&self) -> String {
        String::from("grid")
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound { name: "sum", value: u64::from(self.bound), kind: BoundKind::Cut }]
    }

    fn guards(&self) -> Vec<&'static str> {
        vec!["AtTheEdge", "NeverUsed"]
    }

    fn action_classes(&self) -> Vec<&'static str> {
        vec!["First", "Second"]
    }

    fn class_of(&self, action: &Counter) -> ClassId {
        ClassId(*action as u16)
    }

    fn step(&self, state: &(u8, u8), action: &Counter) -> Result<(u8, u8), GuardId> {
        self.next_state(state, *action).ok_or(GuardId(0))
    }

    fn interchangeable_nodes(&self) -> usize {
        2
    }

    fn permuted(&self, state: &(u8, u8), permutation: &[u8]) -> (u8, u8) {
        if permutation == [0, 1] { *state } else { (state.1, state.0) }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        vec![
            Property::invariant("Sum", "test", "the sum is not forbidden", |grid: &Grid, state| {
                assert_ne!(grid.property_panics, Some(*state), "the property has a hole");
                let sum = state.0 + state.1;
                if grid.forbidden_sum > 0 && sum == grid.forbidden_sum { Err(format!("the sum is {sum}")) } else { Ok(()) }
            }),
            Property::step("Step", "test", "no forbidden step", |grid: &Grid, before: &(u8, u8), action, after| {
                let forbidden = grid.forbidden_step > 0 && *action == Counter::Second && before.1 == grid.forbidden_step;
                if forbidden { Err(format!("stepped from {before:?} to {after:?}")) } else { Ok(()) }
            }),
            Property::reachable("Corner", "test", "both counters reach the end", |_: &Grid, state| *state == (9, 9)),
        ]
    }
}
