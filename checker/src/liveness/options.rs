//! What a liveness or recovery run is asked to do.

use std::time::Duration;

use crate::options::Options;

/// What a liveness or recovery run is asked to do.
#[derive(Clone, Debug)]
pub struct LivenessOptions {
    /// Stop when the process holds this many bytes.
    pub memory_limit: Option<u64>,
    /// Stop after this time.
    pub time_limit: Option<Duration>,
    /// Whether symmetry was asked for; it is refused.
    pub symmetry: bool,
    /// Chooses the fingerprint function.
    pub seed: u64,
    /// How many states one search for a recovery, or one schedule, may look at;
    /// beyond that it counts as cut.
    pub search_limit: u64,
}

impl Default for LivenessOptions {
    fn default() -> Self {
        LivenessOptions { memory_limit: None, time_limit: None, symmetry: false, seed: 0, search_limit: 1_000_000 }
    }
}

impl From<&Options> for LivenessOptions {
    fn from(options: &Options) -> Self {
        LivenessOptions {
            memory_limit: options.memory_limit,
            time_limit: options.time_limit,
            symmetry: options.symmetry,
            seed: options.seed,
            ..LivenessOptions::default()
        }
    }
}

impl LivenessOptions {
    pub(crate) fn refuse_symmetry(&self) -> Result<(), LivenessError> {
        if self.symmetry { Err(LivenessError::Symmetry) } else { Ok(()) }
    }

    /// What the watch of a run looks at.
    pub(crate) fn watched(&self) -> Options {
        Options { memory_limit: self.memory_limit, time_limit: self.time_limit, ..Options::default() }
    }
}

/// What cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivenessError {
    /// Symmetry and liveness together.
    #[error(
        "symmetry cannot be used with liveness or recovery: a cycle among classes of states need not be a cycle of the \
         model, and fairness tells apart the very nodes that symmetry takes for one; run with symmetry off, or check \
         the other properties alone"
    )]
    Symmetry,
}
