//! What can be wrong with a trace file, and where.

use std::path::PathBuf;

/// A trace that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A compressed file that cannot be unpacked to its end.
    #[error("{}: the compressed file is damaged or cut off: {source}", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// More than a trace should ever be.
    #[error("{}: larger than {limit_mib} MiB; shorten or cut the trace first", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, after decompression.
        limit_mib: u64,
    },
    /// Bytes that are no text.
    #[error("{}: not UTF-8 text (byte {offset})", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the first bad byte is.
        offset: usize,
    },
    /// JSON that ends too early.
    #[error("the file ends too early, in line {line}, column {column}: it was cut off while being written or copied")]
    Truncated {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Not JSON.
    #[error("not JSON: line {line}, column {column}: {reason}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// JSON, but no ITF.
    #[error("not an ITF trace: {0}")]
    NotItf(String),
    /// A state that lacks a declared variable.
    #[error("state {state} has no value for the variable '{variable}'")]
    MissingVariable {
        /// Index of the state.
        state: usize,
        /// The variable.
        variable: String,
    },
    /// A state with something that nobody declared.
    #[error("state {state} has the variable '{variable}', which 'vars' does not list")]
    UnknownVariable {
        /// Index of the state.
        state: usize,
        /// The variable.
        variable: String,
    },
    /// A value that is none.
    #[error("state {state}, variable '{variable}': {reason}")]
    BadValue {
        /// Index of the state.
        state: usize,
        /// The variable.
        variable: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Metadata of ours that does not parse.
    #[error("{place}: the metadata '{key}' is unreadable: {reason}")]
    BadMetadata {
        /// The trace or which state.
        place: String,
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A lasso that goes nowhere.
    #[error("the loop goes back to state {index}, but the last state is {last}")]
    LoopOutOfRange {
        /// Where it claims to go.
        index: String,
        /// Index of the last state.
        last: usize,
    },
    /// One of several traces in a file.
    #[error("trace {number}: {error}")]
    InTrace {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        error: Box<TraceError>,
    },
    /// A trace that only a later version understands.
    #[error("written in version {found} of the trace format; this program reads version {known}")]
    NewerFormat {
        /// What the file says.
        found: String,
        /// What we know.
        known: u32,
    },
}
