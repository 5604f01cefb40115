//! Small graphs with budgets, headroom, faults and a recovery schedule.

use quorate_checker::Control;
use quorate_checker::liveness::LivenessOptions;
use quorate_checker::recovery::{self, RecoveryOutcome};
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Bound, BoundKind, ClassId, GuardId, Specification};
use stateright::Model;

/// `0a1` is a step; capital letters are faults, which no recovery uses.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub edges: Vec<(u8, char, u8)>,
    pub p: Vec<u8>,
    /// What the schedule does in a state.
    pub schedule: Vec<(u8, char)>,
    /// States outside the budget.
    pub beyond_budget: Vec<u8>,
    /// States outside the headroom.
    pub beyond_headroom: Vec<u8>,
    /// Actions that are attempted and refused.
    pub refused: Vec<(u8, char)>,
    pub kind: Option<BoundKind>,
}

impl Plan {
    pub fn new(text: &str) -> Self {
        let step = |step: &str| {
            let letters: Vec<char> = step.chars().collect();
            let digit = |place: usize| letters[place].to_digit(10).expect("states are digits") as u8;
            (digit(0), letters[1], digit(2))
        };
        Plan { edges: text.split_whitespace().map(step).collect(), kind: Some(BoundKind::Budget), ..Plan::default() }
    }

    pub fn p(self, p: &[u8]) -> Self {
        Plan { p: p.to_vec(), ..self }
    }

    /// From `0a 1b`.
    pub fn schedule(self, text: &str) -> Self {
        let entry = |entry: &str| (entry[..1].parse().unwrap(), entry.chars().nth(1).unwrap());
        Plan { schedule: text.split_whitespace().map(entry).collect(), ..self }
    }

    pub fn beyond_budget(self, states: &[u8]) -> Self {
        Plan { beyond_budget: states.to_vec(), ..self }
    }

    /// What is beyond the headroom is beyond the budget.
    pub fn beyond_headroom(self, states: &[u8]) -> Self {
        let beyond_budget = self.beyond_budget.iter().chain(states).copied().collect();
        Plan { beyond_headroom: states.to_vec(), beyond_budget, ..self }
    }

    pub fn refused(self, refused: &[(u8, char)]) -> Self {
        Plan { refused: refused.to_vec(), ..self }
    }

    pub fn kind(self, kind: Option<BoundKind>) -> Self {
        Plan { kind, ..self }
    }

    pub fn run(&self) -> RecoveryOutcome<Plan> {
        self.run_with(&LivenessOptions::default())
    }

    pub fn run_with(&self, options: &LivenessOptions) -> RecoveryOutcome<Plan> {
        recovery::check(self, options, &Control::new()).expect("no symmetry")
    }
}

impl Model for Plan {
    type State = u8;
    type Action = char;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<char>) {
        actions.extend(self.edges.iter().filter(|(from, ..)| from == state).map(|(_, action, _)| *action));
        actions.extend(self.refused.iter().filter(|(from, _)| from == state).map(|(_, action)| *action));
    }

    fn next_state(&self, state: &u8, action: char) -> Option<u8> {
        self.edges.iter().find(|(from, name, _)| from == state && *name == action).map(|(_, _, to)| *to)
    }

    fn within_boundary(&self, state: &u8) -> bool {
        !self.beyond_budget.contains(state)
    }
}

impl Specification for Plan {
    fn bounds(&self) -> Vec<Bound> {
        self.kind.map(|kind| Bound { name: "most", value: 9, kind }).into_iter().collect()
    }

    fn guards(&self) -> Vec<&'static str> {
        vec!["NotNow"]
    }

    fn step(&self, state: &u8, action: &char) -> Result<u8, GuardId> {
        self.next_state(state, *action).ok_or(GuardId(0))
    }

    fn action_classes(&self) -> Vec<&'static str> {
        vec!["Work", "Fault"]
    }

    fn class_of(&self, action: &char) -> ClassId {
        ClassId(u16::from(action.is_uppercase()))
    }

    fn recovery_step(&self, state: &u8) -> Option<char> {
        self.schedule.iter().find(|(at, _)| at == state).map(|(_, action)| *action)
    }

    fn allowed_in_recovery(&self, _state: &Self::State, action: &char) -> bool {
        action.is_lowercase()
    }

    fn within_headroom(&self, state: &u8) -> bool {
        !self.beyond_headroom.contains(state)
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let check = Check::AlwaysPossible(|model: &Plan, state: &u8| model.p.contains(state));
        vec![Property { name: "CanRecover", source: "test", meaning: "", check }]
    }
}
