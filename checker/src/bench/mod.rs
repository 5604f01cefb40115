//! What a benchmark measures, and TLC on the same instances.

pub mod tlc;

use serde::Serialize;

use crate::outcome::Verdict;
use crate::report::Report;

/// One measured run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// The model.
    pub model: String,
    /// Its bounds, in the model's order.
    pub bounds: Vec<u64>,
    /// Who explored.
    pub engine: String,
    /// With how many threads.
    pub threads: usize,
    /// How it ended.
    pub verdict: Verdict,
    /// Different states within the bounds.
    pub distinct_states: u64,
    /// Initial states and steps.
    pub generated_states: u64,
    /// Levels; engines of others may count them differently.
    pub depth: u64,
    /// Wall-clock time.
    pub seconds: f64,
    /// Distinct states a second.
    pub states_per_second: f64,
    /// Growth of resident memory for each distinct state, if it was measured.
    pub bytes_per_state: Option<f64>,
    /// How many times as fast as the same engine on one thread.
    pub speedup: Option<f64>,
}

impl Measurement {
    /// What the report of a process that did nothing else says.
    pub fn of_report(report: &Report, bounds: &[u64]) -> Self {
        Measurement {
            model: report.model.clone(),
            bounds: bounds.to_vec(),
            engine: report.engine.clone(),
            threads: report.threads,
            verdict: report.verdict,
            distinct_states: report.distinct_states,
            generated_states: report.generated_states,
            depth: report.depth,
            seconds: report.seconds,
            states_per_second: report.distinct_states as f64 / report.seconds.max(1e-9),
            bytes_per_state: Some(report.bytes_per_state),
            speedup: None,
        }
    }

    /// Whether both found the same states, and as many steps.
    pub fn agrees_with(&self, other: &Measurement) -> bool {
        (self.distinct_states, self.generated_states) == (other.distinct_states, other.generated_states)
    }
}

/// How many times as fast one run was as another, by the same instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The model.
    pub model: String,
    /// Its bounds.
    pub bounds: Vec<u64>,
    /// The faster one, if it is above 1.
    pub engine: String,
    /// The other.
    pub against: String,
    /// Threads of both.
    pub threads: usize,
    /// States a second of the first over those of the second.
    pub ratio: f64,
}

/// Native against every other engine that ran with as many threads.
pub fn ratios(runs: &[Measurement]) -> Vec<Ratio> {
    let pairs = runs.iter().filter(|run| run.engine == "native").flat_map(|native| {
        let same = |other: &&Measurement| {
            other.engine != "native"
                && (&other.model, &other.bounds, other.threads) == (&native.model, &native.bounds, native.threads)
        };
        runs.iter().filter(same).map(move |other| (native, other))
    });
    let ratio = |(native, other): (&Measurement, &Measurement)| Ratio {
        model: native.model.clone(),
        bounds: native.bounds.clone(),
        engine: native.engine.clone(),
        against: other.engine.clone(),
        threads: native.threads,
        ratio: native.states_per_second / other.states_per_second.max(1e-9),
    };
    pairs.map(ratio).collect()
}
