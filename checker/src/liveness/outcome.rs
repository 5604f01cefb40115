//! What a liveness or recovery run has found.

use std::time::Duration;

use quorate_model::Path;
use quorate_model::specification::Specification;

use crate::outcome::{COLLISION_LIMIT, Outcome, PropertyOutcome, Stop, Verdict};

/// The size of the explored graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphCounts {
    /// Different states within the bounds.
    pub states: u64,
    /// Steps that change the state, those out of the bounds included.
    pub edges: u64,
    /// Steps that change nothing.
    pub stuttering_steps: u64,
    /// Levels, the initial one being 1.
    pub depth: u64,
    /// States with a step outside the bounds.
    pub cut_states: u64,
    /// Steps outside the bounds.
    pub cut_transitions: u64,
    /// Initial states outside the bounds.
    pub cut_initial_states: u64,
    /// Different actions.
    pub instances: u64,
    /// Of these, weakly fair.
    pub weakly_fair_instances: u64,
    /// Of these, strongly fair.
    pub strongly_fair_instances: u64,
    /// Memory that grows with states: numbers, fingerprints, where edges begin, predicates.
    pub state_bytes: u64,
    /// Memory that grows with edges: target and instance.
    pub edge_bytes: u64,
}

/// What shows that a claim is not vacuous.
pub struct Evidence<M: Specification> {
    /// For `P ~> Q`, in how many states P holds.
    pub trigger_states: Option<u64>,
    /// In how many states P (for `P ~> Q`: Q) holds.
    pub goal_states: u64,
    /// A fair behaviour, or a recovery, that visits P (for `P ~> Q`: P, then Q).
    pub example: Option<Path<M>>,
}

impl<M: Specification> Default for Evidence<M> {
    fn default() -> Self {
        Evidence { trigger_states: None, goal_states: 0, example: None }
    }
}

/// One claim after a run.
pub struct LivenessProperty<M: Specification> {
    /// How it ended; a violation of liveness has a lasso, one of recovery a
    /// path to the doomed state.
    pub outcome: PropertyOutcome<M>,
    /// What shows that it says something.
    pub evidence: Evidence<M>,
}

impl<M: Specification> LivenessProperty<M> {
    /// Whether it holds, and for want of cases.
    pub fn is_vacuous(&self) -> bool {
        self.outcome.verdict == Verdict::Holds && self.evidence.example.is_none()
    }
}

/// What a run has found.
pub struct LivenessOutcome<M: Specification> {
    /// Every claim of its kinds, in the model's order.
    pub properties: Vec<LivenessProperty<M>>,
    /// What was explored.
    pub graph: GraphCounts,
    /// Why the run ended early, if it did; then nothing is known.
    pub stop: Option<Stop>,
    /// The words of the model's panic, if it did; then nothing is known.
    pub panic: Option<String>,
    /// Wall-clock time.
    pub duration: Duration,
    /// The most resident memory of the process during the run.
    pub peak_memory_bytes: u64,
    /// That, less what was resident at the start.
    pub growth_bytes: u64,
    /// Estimate of the probability that two states were taken for one.
    pub collision_probability: f64,
}

impl<M: Specification> LivenessOutcome<M> {
    /// The claim of this name.
    pub fn property(&self, name: &str) -> Option<&LivenessProperty<M>> {
        self.properties.iter().find(|property| property.outcome.name == name)
    }

    /// All claims together.
    pub fn verdict(&self) -> Verdict {
        together(self.properties.iter().map(|property| property.outcome.verdict), self.collision_probability)
    }

    /// What weakens the verdicts, and what holds for want of cases: one sentence each.
    pub fn not_covered(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for property in &self.properties {
            let name = &property.outcome.name;
            match &property.outcome.reason {
                Some(why) if property.outcome.verdict == Verdict::Inconclusive => sentences.push(format!("{name}: {why}")),
                _ if property.is_vacuous() => sentences.push(format!("{name} holds vacuously: no behaviour shows it")),
                _ => {}
            }
        }
        sentences
    }

    /// Puts the verdicts into the outcome of a safety run of the same model.
    pub fn join_into(self, safety: &mut Outcome<M>) {
        for found in self.properties {
            match safety.properties.iter_mut().find(|property| property.name == found.outcome.name) {
                Some(property) => *property = found.outcome,
                None => safety.properties.push(found.outcome),
            }
        }
        safety.peak_memory_bytes = safety.peak_memory_bytes.max(self.peak_memory_bytes);
        safety.duration += self.duration;
        safety.collision_probability = safety.collision_probability.max(self.collision_probability);
        let verdicts = safety.properties.iter().map(|property| property.verdict);
        let verdict = together(verdicts, safety.collision_probability);
        safety.verdict = match safety.stop {
            Some(_) if verdict == Verdict::Holds => Verdict::Inconclusive,
            _ => verdict,
        };
    }
}

fn together(verdicts: impl Iterator<Item = Verdict>, collision_probability: f64) -> Verdict {
    let start = if collision_probability >= COLLISION_LIMIT { Verdict::Inconclusive } else { Verdict::Holds };
    verdicts.fold(start, |all, one| match (all, one) {
        (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
        (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
        _ => Verdict::Holds,
    })
}
