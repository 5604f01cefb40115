//! Measuring the engines on a model's instances.

use quorate_model::Specification;
use serde::Serialize;

use crate::control::Control;
use crate::options::{Engine, Options};
use crate::outcome::Verdict;
use crate::registry::{ModelInfo, RegistryError, Rules, Visitor, with_model};

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
    /// Wall-clock time.
    pub seconds: f64,
    /// Distinct states a second.
    pub states_per_second: f64,
    /// Growth of resident memory for each distinct state.
    pub bytes_per_state: f64,
    /// How many times as fast as the same engine on one thread.
    pub speedup: Option<f64>,
}

/// One run on one instance.
pub fn measure(
    info: &ModelInfo,
    bounds: &[u64],
    engine: Engine,
    threads: usize,
    control: &Control,
) -> Result<Measurement, RegistryError> {
    let options = Options::engine(engine).threads(threads);
    let mut measurement = with_model(info.name, bounds, &Rules::default(), Measure { options: &options, control })?;
    measurement.bounds = bounds.to_vec();
    Ok(measurement)
}

struct Measure<'a> {
    options: &'a Options,
    control: &'a Control,
}

impl Visitor for Measure<'_> {
    type Output = Measurement;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Measurement {
        let outcome = crate::check(&model, self.options, self.control);
        let seconds = outcome.duration.as_secs_f64();
        Measurement {
            model: outcome.model.clone(),
            bounds: Vec::new(),
            engine: outcome.engine.name().to_owned(),
            threads: outcome.threads,
            verdict: outcome.verdict,
            distinct_states: outcome.distinct_states,
            generated_states: outcome.generated_states,
            seconds,
            states_per_second: outcome.distinct_states as f64 / seconds.max(1e-9),
            bytes_per_state: outcome.bytes_per_state,
            speedup: None,
        }
    }
}
