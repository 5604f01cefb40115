//! `storage`: the specification model of the metadata writer.

use serde::{Deserialize, Serialize};
use stateright::Model;

use super::claims;
use super::files::Generation;
use super::rules::{Outcome, Step, StorageRules, Store, Variant};
use crate::property::Property;
use crate::replication::bounds::BoundError;
use crate::specification::{Bound, BoundKind, ClassId, GuardId, IGNORED, Specification, StepView};

/// The highest generation that the model's sets hold is a little above it.
pub const MAX_GENERATION: u64 = 60;

/// The model: Elastic's TLA+ module `Storage` under one of its three variants.
#[derive(Clone, Debug)]
pub struct Storage {
    rules: StorageRules,
    max_generation: u64,
}

/// A step and how it ends: one disjunct of `Next` with its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StorageAction {
    /// What the writer does.
    pub step: Step,
    /// How it ends.
    pub outcome: Outcome,
}

impl Storage {
    /// The model; states with `newMeta` above `max_generation` are not expanded.
    pub fn new(rules: StorageRules, max_generation: u64) -> Result<Self, BoundError> {
        BoundError::check("max-generation", max_generation, 0, MAX_GENERATION)?;
        Ok(Storage { rules, max_generation })
    }

    /// The model of a variant as the module has it.
    pub fn of_variant(variant: Variant, max_generation: u64) -> Result<Self, BoundError> {
        Storage::new(StorageRules { variant, effect: None }, max_generation)
    }
}

impl Model for Storage {
    type State = Store;
    type Action = StorageAction;

    fn init_states(&self) -> Vec<Store> {
        vec![Store::default()]
    }

    fn actions(&self, state: &Store, actions: &mut Vec<StorageAction>) {
        actions.extend(state.outcomes().iter().map(|outcome| StorageAction { step: state.step, outcome: *outcome }));
    }

    fn next_state(&self, state: &Store, action: StorageAction) -> Option<Store> {
        if action.step == state.step { state.next(&self.rules, action.outcome) } else { None }
    }

    fn within_boundary(&self, state: &Store) -> bool {
        state.new_meta <= self.max_generation as Generation
    }

    fn format_action(&self, action: &StorageAction) -> String {
        let outcome = match action.outcome {
            Outcome::Done => "done",
            Outcome::Failed => "failed",
            Outcome::DirtyWritten => "error, but written",
            Outcome::DirtyLost => "error, not written",
        };
        format!("{}({outcome})", action.step.name())
    }
}

impl Specification for Storage {
    fn name(&self) -> String {
        String::from("storage")
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound { name: "variant", value: self.rules.variant as u64, kind: BoundKind::Size },
            Bound { name: "max-generation", value: self.max_generation, kind: BoundKind::Cut },
        ]
    }

    fn guards(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        Step::ALL.iter().map(|step| step.name()).collect()
    }

    fn class_of(&self, action: &StorageAction) -> ClassId {
        ClassId(action.step as u16)
    }

    fn step(&self, state: &Store, action: &StorageAction) -> Result<Store, GuardId> {
        self.next_state(state, *action).ok_or(IGNORED)
    }

    fn claims(&self) -> Vec<Property<Self>> {
        claims::claims()
    }

    fn lanes(&self) -> Vec<String> {
        vec![String::from("writer")]
    }

    fn view(&self, _before: &Store, action: &StorageAction, _after: &Store) -> StepView {
        StepView { title: self.format_action(action), lane: Some(0), ..StepView::default() }
    }
}
