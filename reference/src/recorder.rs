//! Writes down what a node does, one line a turn (`quorate_traces::recording`).
//!
//! Lines reach the operating system at [`Recorder::flush`], which the runtime
//! calls before it saves and again before it sends. A kill of the process
//! therefore cuts the file in one place, at most in the middle of a line.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use quorate_traces::recording::{RecordedEvent, RecordedLine, RecordingHeader};
use serde::Serialize;

/// A recording that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the recording {path}: {source}")]
pub struct RecorderError {
    path: PathBuf,
    source: io::Error,
}

/// The open recording of one incarnation of a node.
pub struct Recorder {
    path: PathBuf,
    file: BufWriter<File>,
    seq: u64,
}

impl Recorder {
    /// Begins the recording of an incarnation in `folder`.
    pub fn create(folder: &Path, header: &RecordingHeader) -> Result<Self, RecorderError> {
        let path = folder.join(format!("{}-{:06}.jsonl", header.node, header.incarnation));
        let open = || {
            fs::create_dir_all(folder)?;
            File::options().write(true).create_new(true).open(&path)
        };
        let file = open().map_err(|source| RecorderError { path: path.clone(), source })?;
        let mut recorder = Recorder { path, file: BufWriter::new(file), seq: 0 };
        recorder.write(header)?;
        recorder.flush()?;
        Ok(recorder)
    }

    /// Adds an event; its `seq`.
    pub fn event<M, T, S, D>(&mut self, event: RecordedEvent<M, T, S, D>) -> Result<u64, RecorderError>
    where
        M: Serialize,
        T: Serialize,
        S: Serialize,
        D: Serialize,
    {
        self.seq += 1;
        self.write(&RecordedLine { seq: self.seq, event })?;
        Ok(self.seq)
    }

    /// Hands all lines to the operating system.
    pub fn flush(&mut self) -> Result<(), RecorderError> {
        self.file.flush().map_err(|source| RecorderError { path: self.path.clone(), source })
    }

    /// Where the recording is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), RecorderError> {
        let written = serde_json::to_writer(&mut self.file, line).map_err(io::Error::from);
        written.and_then(|()| self.file.write_all(b"\n")).map_err(|source| RecorderError { path: self.path.clone(), source })
    }
}
