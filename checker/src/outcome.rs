//! What a run has found, whichever engine it was.

use std::time::Duration;

use quorate_model::Path;
use quorate_model::specification::{Bound, Specification};

use crate::options::Engine;

/// How a run, or one property of it, ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds in everything that the bounds allow, and all of that was explored.
    Holds,
    /// It does not, and there is a trace.
    Violated,
    /// Not known: the run stopped early, or a bound cut what would tell.
    Inconclusive,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Inconclusive => "inconclusive",
        })
    }
}

/// Why a run ended before the end of the space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A violation was found and its level is finished.
    #[error("stopped after the level of the first violation")]
    Violation,
    /// Somebody asked for it.
    #[error("interrupted")]
    Interrupted,
    /// The process holds more memory than allowed.
    #[error("stopped at the memory limit of {limit} bytes")]
    MemoryLimit {
        /// The limit in bytes.
        limit: u64,
    },
    /// The time is over.
    #[error("stopped at the time limit of {0:?}")]
    TimeLimit(Duration),
    /// The frontier could not be kept.
    #[error("cannot keep the frontier: {0}")]
    Frontier(String),
    /// A checkpoint could not be written or taken up.
    #[error("{0}")]
    Checkpoint(String),
}

/// One property after a run.
pub struct PropertyOutcome<M: Specification> {
    /// Its name.
    pub name: String,
    /// Its kind, as [`quorate_model::Check::kind`] says it; `panic` where the model panicked.
    pub kind: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// For a violation, the witness; for an inconclusive verdict, why.
    pub reason: Option<String>,
    /// For a violation, a behaviour that ends with it; for reachability that
    /// holds, one that ends with an example, if the engine keeps it.
    pub path: Option<Path<M>>,
}

impl<M: Specification> PropertyOutcome<M> {
    /// Number of states of the violating behaviour.
    pub fn trace_length(&self) -> Option<usize> {
        match self.verdict {
            Verdict::Violated => self.path.as_ref().map(Path::len),
            _ => None,
        }
    }
}

/// How often things were exercised.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Transitions of each action class.
    pub actions: Vec<(&'static str, u64)>,
    /// Refusals by each guard.
    pub guards: Vec<(&'static str, u64)>,
}

/// What the bounds cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Cut {
    /// Explored states from which some step leads outside the bounds.
    pub states: u64,
    /// Steps that lead outside the bounds; their states are checked, not expanded.
    pub transitions: u64,
}

/// What a run has found.
pub struct Outcome<M: Specification> {
    /// The model's name.
    pub model: String,
    /// The instance.
    pub bounds: Vec<Bound>,
    /// Who explored.
    pub engine: Engine,
    /// With how many threads.
    pub threads: usize,
    /// Whether node symmetry was used.
    pub symmetry: bool,
    /// All properties together.
    pub verdict: Verdict,
    /// Why the run ended early, if it did.
    pub stop: Option<Stop>,
    /// Different states within the bounds.
    pub distinct_states: u64,
    /// Initial states and steps.
    pub generated_states: u64,
    /// Levels, the initial one being 1.
    pub depth: u64,
    /// Wall-clock time.
    pub duration: Duration,
    /// The most resident memory of the process during the run.
    pub peak_memory_bytes: u64,
    /// That, less what was resident at the start, for each distinct state.
    pub bytes_per_state: f64,
    /// Estimate of the probability that two states shared a fingerprint.
    pub collision_probability: f64,
    /// Every property, in the model's order; a panic comes last.
    pub properties: Vec<PropertyOutcome<M>>,
    /// What was exercised.
    pub coverage: Coverage,
    /// What the bounds cut off.
    pub cut: Cut,
}

/// The name under which a panic of the model is reported.
pub const NO_PANIC: &str = "NoPanic";

/// Above this collision probability nothing is said to hold.
pub const COLLISION_LIMIT: f64 = 1e-4;

impl<M: Specification> Outcome<M> {
    /// The violated properties.
    pub fn violations(&self) -> impl Iterator<Item = &PropertyOutcome<M>> {
        self.properties.iter().filter(|property| property.verdict == Verdict::Violated)
    }

    /// The property of this name.
    pub fn property(&self, name: &str) -> Option<&PropertyOutcome<M>> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Whether everything within the bounds was explored.
    pub fn is_complete(&self) -> bool {
        self.stop.is_none()
    }

    /// What was not exercised, and why what holds may hold for less than it
    /// seems: one sentence each.
    pub fn not_covered(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let never = |counts: &[(&'static str, u64)]| {
            let names: Vec<&str> = counts.iter().filter(|(_, count)| *count == 0).map(|(name, _)| *name).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        if let Some(stop) = self.stop.as_ref().filter(|stop| **stop != Stop::Violation) {
            sentences.push(format!("{stop}: {} states known, the rest unexplored", self.distinct_states));
        }
        if let Some(names) = never(&self.coverage.actions) {
            sentences.push(format!("actions never taken: {names}"));
        }
        if let Some(names) = never(&self.coverage.guards) {
            sentences.push(format!("guards that never refused: {names}"));
        }
        for property in &self.properties {
            match (property.kind, property.verdict) {
                ("reachable", Verdict::Violated | Verdict::Inconclusive) => {
                    sentences.push(format!("never reached: {}", property.name));
                }
                (_, Verdict::Inconclusive) if self.stop.is_none() => {
                    let why = property.reason.as_deref().unwrap_or("not checked");
                    sentences.push(format!("{}: {why}", property.name));
                }
                _ => {}
            }
        }
        if self.cut.transitions > 0 {
            let Cut { states, transitions } = self.cut;
            sentences.push(format!("cut by the bounds: {transitions} steps from {states} states, checked but not followed"));
        }
        if self.collision_probability >= COLLISION_LIMIT {
            sentences.push(format!(
                "a fingerprint collision may hide a state (probability {:.1e}): use wider fingerprints or a second seed",
                self.collision_probability
            ));
        }
        sentences
    }
}
