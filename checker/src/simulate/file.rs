//! Traces of failing runs: the plan, which is all it takes to run it again, and
//! what happened, for people.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::plan::Plan;

/// The version of the format. What a plan does is part of it: the same plan is
/// another run once delays are drawn in another order.
pub const SIMULATION_FORMAT: u32 = 2;

/// A failing run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationTrace {
    /// [`SIMULATION_FORMAT`].
    pub simulation: u32,
    /// The program that wrote it.
    pub version: String,
    /// The mutant that it ran, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// What is violated.
    pub failure: Failure,
    /// What was done.
    pub plan: Plan,
    /// What happened, one line each.
    pub events: Vec<String>,
}

/// Why a trace cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SimulationTraceError {
    /// The file system says no.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path} is no trace of a simulation: {why}")]
    NotATrace {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It was written by another version.
    #[error("{path} is a trace of format {found} (quorate {version}); this is quorate {known}, which knows format {SIMULATION_FORMAT}: \
             run it with the version that wrote it", known = env!("CARGO_PKG_VERSION"))]
    OtherVersion {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The program that wrote it.
        version: String,
    },
}

impl SimulationTrace {
    /// A trace of a run of this program.
    pub fn new(mutant: Option<String>, failure: Failure, plan: Plan, events: Vec<String>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        SimulationTrace { simulation: SIMULATION_FORMAT, version, mutant, failure, plan, events }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SimulationTraceError> {
        let failed = |source| SimulationTraceError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(path, self.text()).map_err(failed)
    }

    /// Its text.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("traces can be written") + "\n"
    }

    /// Whether a text is such a trace, of whatever version: that is said first.
    pub fn is_one(text: &str) -> bool {
        let inside = text.trim_start().strip_prefix('{');
        inside.is_some_and(|inside| inside.trim_start().starts_with("\"simulation\""))
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn read(path: &Path) -> Result<Self, SimulationTraceError> {
        let text = fs::read_to_string(path).map_err(|source| SimulationTraceError::Io { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads the text of one, which is in the file `path`.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn parse(path: &Path, text: &str) -> Result<Self, SimulationTraceError> {
        let not_a_trace = |why: String| SimulationTraceError::NotATrace { path: path.to_owned(), why };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| not_a_trace(error.to_string()))?;
        let found = value.get("simulation").and_then(serde_json::Value::as_u64);
        let found = found.ok_or_else(|| not_a_trace(String::from("it names no format in 'simulation'")))?;
        if found != u64::from(SIMULATION_FORMAT) {
            let version = value.get("version").and_then(serde_json::Value::as_str).unwrap_or("unknown").to_owned();
            return Err(SimulationTraceError::OtherVersion { path: path.to_owned(), found, version });
        }
        let trace: SimulationTrace = serde_json::from_value(value).map_err(|error| not_a_trace(error.to_string()))?;
        trace.plan.simulated().map_err(not_a_trace)?;
        Ok(trace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_read_back_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("traces/seed-1.json");
        let trace =
            SimulationTrace::new(None, Failure::new("P", "why", 5), Plan::random(1, 100, &[]), vec![String::from("first")]);
        trace.write(&path).unwrap();
        assert_eq!(SimulationTrace::read(&path).unwrap(), trace);
        assert!(SimulationTrace::is_one(&trace.text()) && !SimulationTrace::is_one("{\"#meta\": {}}"));

        let refused = |text: &str| {
            fs::write(&path, text).unwrap();
            SimulationTrace::read(&path).unwrap_err().to_string()
        };
        assert!(refused("{").contains("is no trace of a simulation"));
        assert!(refused("{}").contains("names no format"));
        let other = refused(r#"{"simulation":9,"version":"7.0"}"#);
        assert!(other.contains("format 9 (quorate 7.0)") && other.contains("knows format 2"), "{other}");
        let mut broken = trace.clone();
        broken.plan.nodes = 99;
        assert!(refused(&serde_json::to_string(&broken).unwrap()).contains("1 to 7 nodes, not 99"));
        assert!(SimulationTrace::read(&folder.path().join("none")).is_err());
    }
}
