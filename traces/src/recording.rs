//! Recorded runs: what each process of a real cluster did, one event a line.
//!
//! A process writes one file for each time it is started. The first line is the
//! [`RecordingHeader`], every further one a [`RecordedLine`]:
//!
//! ```text
//! {"recording":1,"cluster":"…","node":"n1","incarnation":2,"actor":"Coordinator","settings":{…}}
//! {"seq":1,"event":{"turn":{"input":{"start":{"storage":{…}}},"saved":{…},"state":{…}}}}
//! {"seq":2,"event":{"synced":{"turn":1}}}
//! {"seq":3,"event":{"turn":{"input":{"deliver":{"source":1,"incarnation":1,"message":4,"content":{…}}},…}}}
//! ```
//!
//! A line is written before what it tells of has any effect outside: a turn
//! before it is saved, `synced` after the save is durable and before any message
//! of that turn leaves. So a killed process leaves a valid prefix, perhaps with
//! a torn last line. Events are ordered by `seq` within a file and by messages
//! between files, never by a clock.

use std::fs;
use std::path::{Path, PathBuf};

use quorate_model::NodeId;
use quorate_model::session::{Incarnation, LossReason, PeerId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The version of the format.
pub const RECORDING_FORMAT: u32 = 1;

/// Who recorded, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingHeader {
    /// [`RECORDING_FORMAT`].
    pub recording: u32,
    /// The cluster's id.
    pub cluster: String,
    /// The node.
    pub node: NodeId,
    /// How many times the node had been started, this time included.
    pub incarnation: Incarnation,
    /// The actor's name.
    pub actor: String,
    /// The actor's settings.
    pub settings: serde_json::Value,
}

/// One line after the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedLine<M, T, S, D> {
    /// 1, 2, … in each file.
    pub seq: u64,
    /// What happened.
    pub event: RecordedEvent<M, T, S, D>,
}

/// What happened in a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordedEvent<M, T, S, D> {
    /// The actor took an input.
    Turn(RecordedTurn<M, T, S, D>),
    /// What was saved up to and including the turn with this `seq` is on disk.
    Synced {
        /// Its `seq`.
        turn: u64,
    },
    /// A session ended.
    Disconnected {
        /// With whom.
        peer: PeerId,
        /// With which incarnation; 0 if it was never met.
        incarnation: Incarnation,
        /// Why.
        reason: LossReason,
        /// How many datagrams were not acknowledged.
        lost: usize,
    },
    /// The process was asked to stop, and did.
    Stopped {},
}

/// One call of a handler of the actor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTurn<M, T, S, D> {
    /// What the actor was called with.
    pub input: RecordedInput<M, T, D>,
    /// What it sent.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<RecordedMessage<M>>,
    /// What it saved, if it did.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub saved: Option<D>,
    /// What it knew after, if that is not what it knew before.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub state: Option<S>,
}

fn none<T>() -> Option<T> {
    None
}

/// What an actor can be called with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordedInput<M, T, D> {
    /// The start of the process.
    Start {
        /// What its disk held.
        storage: Option<D>,
    },
    /// A message.
    Deliver {
        /// Who sent it.
        source: PeerId,
        /// Which incarnation of it.
        incarnation: Incarnation,
        /// Its number among those from that incarnation to this process.
        message: u64,
        /// What it says.
        content: M,
    },
    /// A timer.
    Timeout {
        /// Which one.
        timer: T,
    },
    /// The runtime tells of the end of a session, in the words of the actor.
    Disconnect {
        /// With whom.
        peer: PeerId,
        /// What the actor is told.
        content: M,
    },
}

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedMessage<M> {
    /// To whom.
    pub dest: PeerId,
    /// Its number among those from this incarnation to that process, from 1.
    pub message: u64,
    /// What it says.
    pub content: M,
}

/// A recording read back.
#[derive(Clone, Debug)]
pub struct Recording<M, T, S, D> {
    /// Where it was read from.
    pub path: PathBuf,
    /// The first line.
    pub header: RecordingHeader,
    /// The other lines; the first is line 2 of the file.
    pub lines: Vec<RecordedLine<M, T, S, D>>,
    /// Whether the last line was cut off in the middle, as a kill may leave it;
    /// it is not among `lines`.
    pub torn: bool,
}

impl<M, T, S, D> Recording<M, T, S, D> {
    /// Number in the file of the line with index `index` in [`lines`](Self::lines).
    pub fn line_number(index: usize) -> usize {
        index + 2
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file system says no.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line, other than a torn last one, is not what it should be.
    #[error("{path}:{line}: {why}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// Reads the header of a recording.
pub fn read_header(path: &Path) -> Result<RecordingHeader, RecordingError> {
    let text = read(path)?;
    parse_header(path, text.lines().next().unwrap_or_default())
}

/// Reads a recording. Its last line may be torn.
pub fn read_recording<M, T, S, D>(path: &Path) -> Result<Recording<M, T, S, D>, RecordingError>
where
    RecordedLine<M, T, S, D>: DeserializeOwned,
{
    let text = read(path)?;
    let bad = |line: usize, why: String| RecordingError::Line { path: path.to_owned(), line, why };
    let whole = match text.rfind('\n') {
        Some(end) => &text[..end],
        None => return Err(bad(1, String::from("there is no complete line"))),
    };
    let torn = whole.len() + 1 < text.len();
    let mut lines = whole.split('\n');
    let header = parse_header(path, lines.next().unwrap_or_default())?;
    let mut read = Vec::new();
    for (index, text) in lines.enumerate() {
        let number = index + 2;
        let line: RecordedLine<M, T, S, D> = serde_json::from_str(text).map_err(|error| bad(number, error.to_string()))?;
        if line.seq != index as u64 + 1 {
            return Err(bad(number, format!("seq is {} and must be {}: a line is missing or repeated", line.seq, index + 1)));
        }
        read.push(line);
    }
    Ok(Recording { path: path.to_owned(), header, lines: read, torn })
}

/// Every recording below `folder`, in the order of their paths.
pub fn find_recordings(folder: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RecordingError::Io { path, source }
    };
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<String, RecordingError> {
    let bytes = fs::read(path).map_err(|source| RecordingError::Io { path: path.to_owned(), source })?;
    // A torn line may end inside a character; what was written whole is UTF-8.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse_header(path: &Path, text: &str) -> Result<RecordingHeader, RecordingError> {
    let bad = |why: String| RecordingError::Line { path: path.to_owned(), line: 1, why };
    let header: RecordingHeader =
        serde_json::from_str(text).map_err(|error| bad(format!("this is no header of a recording: {error}")))?;
    if header.recording != RECORDING_FORMAT {
        return Err(bad(format!("this is format {} of recordings, known is {RECORDING_FORMAT}", header.recording)));
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = RecordedLine<u8, u8, u8, u8>;

    fn turn(seq: u64, input: RecordedInput<u8, u8, u8>) -> Line {
        let sent = vec![RecordedMessage { dest: 1, message: 1, content: 5 }];
        RecordedLine { seq, event: RecordedEvent::Turn(RecordedTurn { input, sent, saved: Some(3), state: None }) }
    }

    fn header() -> String {
        r#"{"recording":1,"cluster":"c","node":"n1","incarnation":2,"actor":"A","settings":{}}"#.to_owned() + "\n"
    }

    fn written(lines: &[Line], tail: &str) -> (PathBuf, Result<Recording<u8, u8, u8, u8>, RecordingError>) {
        let mut text = header();
        for line in lines {
            text += &serde_json::to_string(line).unwrap();
            text += "\n";
        }
        let name = format!("quorate-recording-{}-{}.jsonl", std::process::id(), text.len() + tail.len());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text + tail).unwrap();
        let read = read_recording(&path);
        fs::remove_file(&path).unwrap();
        (path, read)
    }

    #[test]
    fn lines_are_read_back_and_a_torn_one_is_reported() {
        let lines = vec![
            turn(1, RecordedInput::Start { storage: None }),
            RecordedLine { seq: 2, event: RecordedEvent::Synced { turn: 1 } },
            turn(3, RecordedInput::Deliver { source: 1, incarnation: 1, message: 4, content: 9 }),
            RecordedLine { seq: 4, event: RecordedEvent::Stopped {} },
        ];
        let read = written(&lines, "").1.unwrap();
        assert_eq!((read.lines, read.torn), (lines.clone(), false));
        let read = written(&lines, r#"{"seq":5,"ev"#).1.unwrap();
        assert_eq!((read.lines, read.torn), (lines, true));
    }

    #[test]
    fn damage_before_the_end_is_an_error_that_names_the_line() {
        let message = |lines: &[Line], tail: &str| written(lines, tail).1.unwrap_err().to_string();
        let start = turn(1, RecordedInput::Start { storage: None });
        assert!(message(std::slice::from_ref(&start), "{\"seq\":2\n").contains(":3: "));
        assert!(message(&[start.clone(), start], "").contains(":3: seq is 1 and must be 2"));
        let unknown = "{\"seq\":1,\"event\":{\"stopped\":{}},\"extra\":1}\n";
        assert!(message(&[], unknown).contains("unknown field `extra`"));
    }
}
