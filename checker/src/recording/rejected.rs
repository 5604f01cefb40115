//! Why recordings are not accepted.

use std::path::{Path, PathBuf};

use quorate_traces::recording::RecordingError;

/// Why recordings are not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RecordingRejected {
    /// A file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] RecordingError),
    /// There is nothing to judge.
    #[error("there are no recordings in {0}")]
    Nothing(PathBuf),
    /// A line is not what any behaviour of the model has at that place.
    #[error("{path}:{line}: {why}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why not.
        why: String,
    },
}

impl RecordingRejected {
    /// The line of `path` that is not accepted.
    pub fn at(path: &Path, line: usize, why: impl Into<String>) -> Self {
        RecordingRejected::Line { path: path.to_owned(), line, why: why.into() }
    }
}
