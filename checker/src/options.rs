//! What a run is asked to do.

use std::path::PathBuf;
use std::time::Duration;

/// Which engine explores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Engine {
    /// Ours: breadth first by level, on all cores, states known by fingerprint.
    #[default]
    Native,
    /// Stateright's breadth-first checker, as a second opinion.
    Stateright,
    /// Whole states compared by equality; for small instances.
    Naive,
}

impl Engine {
    /// All engines.
    pub const ALL: [Engine; 3] = [Engine::Native, Engine::Stateright, Engine::Naive];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Stateright => "stateright",
            Engine::Naive => "naive",
        }
    }
}

/// How much of a state's fingerprint is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Width {
    /// 74 bits in one word: ten of them are the number of the table's shard.
    #[default]
    Compact,
    /// 128 bits in two words.
    Wide,
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which engine explores.
    pub engine: Engine,
    /// Worker threads, at least 1. Counts and trace lengths do not depend on it.
    pub threads: usize,
    /// Stop when the process holds this many bytes.
    pub memory_limit: Option<u64>,
    /// Stop after this time.
    pub time_limit: Option<Duration>,
    /// Treat states that differ only in the names of interchangeable nodes as one.
    pub symmetry: bool,
    /// Go on to the end of the space after a violation, to learn every property that dies.
    pub keep_going: bool,
    /// How much of a fingerprint is kept.
    pub width: Width,
    /// Chooses the fingerprint function; another seed has other collisions.
    pub seed: u64,
    /// Bytes of a level's frontier kept in memory; what is beyond goes to a file.
    pub frontier_limit: u64,
    /// Where that file is made; the system's temporary directory by default.
    pub spill_dir: Option<PathBuf>,
    /// Write the run to disk as it goes (native engine).
    pub checkpoint: Option<Checkpointing>,
    /// Take up the run that was written into this directory (native engine).
    pub resume: Option<PathBuf>,
    /// Which rules the model has, in words, where its name and bounds do not say
    /// it: a run under other rules is not taken up. Empty for the sound ones.
    pub rules: String,
}

/// When and where a run is written to disk.
#[derive(Clone, Debug)]
pub struct Checkpointing {
    /// The directory; it is made if it is not there.
    pub dir: PathBuf,
    /// At the end of a level, if the last one was written at least so long ago.
    pub every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            engine: Engine::Native,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_limit: None,
            time_limit: None,
            symmetry: false,
            keep_going: false,
            width: Width::Compact,
            seed: 0,
            frontier_limit: 16 << 20,
            spill_dir: None,
            checkpoint: None,
            resume: None,
            rules: String::new(),
        }
    }
}

impl Options {
    /// The defaults with another engine.
    pub fn engine(engine: Engine) -> Self {
        Options { engine, ..Options::default() }
    }

    /// With this many threads.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Options { threads: threads.max(1), ..self }
    }

    /// Goes on after a violation.
    #[must_use]
    pub fn keep_going(self) -> Self {
        Options { keep_going: true, ..self }
    }
}
