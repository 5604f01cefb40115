//! The outcome as JSON: the fields that scripts and `--baseline` read.

use quorate_model::specification::Specification;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::outcome::{Outcome, Verdict};

/// A check as `--report` writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// The mutant and the waived guards; nothing for the sound rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_rules: Vec<String>,
    /// The instance.
    pub bounds: Map<String, Value>,
    /// Who explored.
    pub engine: String,
    /// With how many threads.
    pub threads: usize,
    /// Whether node symmetry was used.
    pub symmetry: bool,
    /// All properties together.
    pub verdict: Verdict,
    /// Different states within the bounds.
    pub distinct_states: u64,
    /// Initial states and steps.
    pub generated_states: u64,
    /// Levels, the initial one being 1.
    pub depth: u64,
    /// Wall-clock time.
    pub seconds: f64,
    /// The most resident memory of the process during the run.
    pub peak_memory_bytes: u64,
    /// That, less what was resident at the start, for each distinct state.
    pub bytes_per_state: f64,
    /// Estimate of the probability that two states shared a fingerprint.
    pub collision_probability: f64,
    /// Every property.
    pub properties: Vec<PropertyReport>,
    /// What was exercised.
    pub coverage: CoverageReport,
    /// What the bounds cut off.
    pub cut: CutReport,
    /// What was not exercised, and why what holds may hold for less than it seems.
    pub not_covered: Vec<String>,
}

/// One property of a [`Report`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyReport {
    /// Its name.
    pub name: String,
    /// `invariant`, `step`, `reachable`, …, or `panic`.
    pub kind: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The witness of a violation, or why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// States in the violating behaviour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_length: Option<usize>,
    /// The behaviour: states with the action that led to each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Vec<TraceEntry>>,
    /// For a lasso: the index in `trace` of the state that follows its last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_loop: Option<usize>,
    /// Where the trace was written as a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_file: Option<String>,
    /// The behaviour as a table for a terminal; no part of the JSON.
    #[serde(skip)]
    pub table: Option<String>,
}

/// One state of a behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceEntry {
    /// The action that led to it, in words; none for the initial state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The state.
    pub state: Value,
}

/// How often actions were taken and guards refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// By action class.
    pub actions: Map<String, Value>,
    /// By guard.
    pub guards: Map<String, Value>,
}

/// What the bounds cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutReport {
    /// Explored states from which some step leads outside.
    pub states: u64,
    /// Steps that lead outside.
    pub transitions: u64,
}

impl Report {
    /// The report of an outcome.
    pub fn of<M: Specification>(model: &M, outcome: &Outcome<M>) -> Self {
        let counts =
            |counts: &[(&'static str, u64)]| counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        Report {
            model: outcome.model.clone(),
            changed_rules: Vec::new(),
            bounds: outcome.bounds.iter().map(|bound| (bound.name.to_owned(), json!(bound.value))).collect(),
            engine: outcome.engine.name().to_owned(),
            threads: outcome.threads,
            symmetry: outcome.symmetry,
            verdict: outcome.verdict,
            distinct_states: outcome.distinct_states,
            generated_states: outcome.generated_states,
            depth: outcome.depth,
            seconds: outcome.duration.as_secs_f64(),
            peak_memory_bytes: outcome.peak_memory_bytes,
            bytes_per_state: outcome.bytes_per_state,
            collision_probability: outcome.collision_probability,
            properties: outcome.properties.iter().map(|property| property_report(model, property)).collect(),
            coverage: CoverageReport { actions: counts(&outcome.coverage.actions), guards: counts(&outcome.coverage.guards) },
            cut: CutReport { states: outcome.cut.states, transitions: outcome.cut.transitions },
            not_covered: outcome.not_covered(),
        }
    }
}

impl Report {
    /// The name of the file for the trace of a violation.
    pub fn trace_name(&self, property: &PropertyReport) -> String {
        let parts = [&self.model].into_iter().chain(&self.changed_rules).chain([&property.name]);
        format!("{}.itf.json", parts.cloned().collect::<Vec<_>>().join("-"))
    }
}

fn property_report<M: Specification>(model: &M, property: &crate::outcome::PropertyOutcome<M>) -> PropertyReport {
    let entry = |action: Option<&M::Action>, state: &M::State| TraceEntry {
        action: action.map(|action| model.format_action(action)),
        state: serde_json::to_value(state).unwrap_or_else(|_| Value::String(format!("{state:?}"))),
    };
    let path = property.path.as_ref().filter(|_| property.verdict == Verdict::Violated);
    PropertyReport {
        name: property.name.clone(),
        kind: property.kind.to_owned(),
        verdict: property.verdict,
        reason: property.reason.clone(),
        trace_length: property.trace_length(),
        trace: path.map(|path| {
            let first = entry(None, &path.initial);
            std::iter::once(first).chain(path.steps.iter().map(|(action, state)| entry(Some(action), state))).collect()
        }),
        trace_loop: path.and_then(|path| path.loop_start),
        trace_file: None,
        table: None,
    }
}
