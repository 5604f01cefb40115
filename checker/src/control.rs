//! Watching a run: limits, interruption, progress.
//!
//! A watcher thread looks at the clock and at the process's memory every few
//! milliseconds while the engine works; the engine asks now and then whether it
//! shall stop. Stopping is cooperative and leaves nothing half done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::outcome::Stop;

/// How often limits are looked at.
const TICK: Duration = Duration::from_millis(10);

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Different states within the bounds so far.
    pub distinct_states: u64,
    /// Initial states and steps so far.
    pub generated_states: u64,
    /// Levels begun.
    pub depth: u64,
    /// States of this level still to be expanded.
    pub queue: u64,
    /// Resident memory of the process.
    pub memory_bytes: u64,
}

type Listener = dyn Fn(&Progress) + Send + Sync;

/// Lets the outside stop a run and listen to it. Clones share one switch.
#[derive(Clone, Default)]
pub struct Control {
    interrupted: Arc<AtomicBool>,
    listener: Option<(Duration, Arc<Listener>)>,
}

impl Control {
    /// Nobody listens, nobody interrupts.
    pub fn new() -> Self {
        Control::default()
    }

    /// Calls `listener` about every `period` during a run.
    #[must_use]
    pub fn listen(self, period: Duration, listener: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Control { listener: Some((period, Arc::new(listener))), ..self }
    }

    /// Makes every run under this control stop soon; it cannot be taken back.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Relaxed);
    }

    /// Whether [`interrupt`](Self::interrupt) was called.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Relaxed)
    }
}

/// The shared side of one run: counters, and whether to stop.
#[derive(Default)]
pub(crate) struct Watch {
    pub distinct: AtomicU64,
    pub generated: AtomicU64,
    pub depth: AtomicU64,
    pub queue: AtomicU64,
    stop: AtomicBool,
    why: Mutex<Option<Stop>>,
}

/// What was measured while a run lasted.
pub(crate) struct Measured {
    pub duration: Duration,
    pub peak_memory_bytes: u64,
    pub growth_bytes: u64,
    pub stop: Option<Stop>,
}

impl Watch {
    /// Whether the engine shall stop.
    #[inline]
    pub fn stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Stops the run for this reason, unless there is one already.
    pub fn stop(&self, why: Stop) {
        self.why.lock().expect("no panic while held").get_or_insert(why);
        self.stop.store(true, Relaxed);
    }

    /// Runs `engine` while watching.
    pub fn during<T>(&self, options: &Options, control: &Control, engine: impl FnOnce() -> T) -> (T, Measured) {
        let started = Instant::now();
        let before = resident_bytes();
        let peak = AtomicU64::new(before);
        let done = AtomicBool::new(false);
        let result = std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut told = started;
                while !done.load(Relaxed) {
                    let memory_bytes = resident_bytes();
                    peak.fetch_max(memory_bytes, Relaxed);
                    self.enforce(options, control, started, memory_bytes);
                    if let Some((period, listener)) = &control.listener
                        && told.elapsed() >= *period
                    {
                        told = Instant::now();
                        listener(&self.progress(started, memory_bytes));
                    }
                    std::thread::park_timeout(TICK);
                }
            });
            // Should the engine panic, the watcher must end all the same.
            let finish = Finish { done: &done, watcher: watcher.thread() };
            let result = engine();
            peak.fetch_max(resident_bytes(), Relaxed);
            drop(finish);
            result
        });
        let peak_memory_bytes = peak.load(Relaxed);
        let measured = Measured {
            duration: started.elapsed(),
            peak_memory_bytes,
            growth_bytes: peak_memory_bytes - before,
            stop: self.why.lock().expect("no panic while held").clone(),
        };
        (result, measured)
    }

    fn progress(&self, started: Instant, memory_bytes: u64) -> Progress {
        Progress {
            elapsed: started.elapsed(),
            distinct_states: self.distinct.load(Relaxed),
            generated_states: self.generated.load(Relaxed),
            depth: self.depth.load(Relaxed),
            queue: self.queue.load(Relaxed),
            memory_bytes,
        }
    }

    fn enforce(&self, options: &Options, control: &Control, started: Instant, memory_bytes: u64) {
        if control.is_interrupted() {
            self.stop(Stop::Interrupted);
        }
        if let Some(limit) = options.memory_limit.filter(|limit| memory_bytes > *limit) {
            self.stop(Stop::MemoryLimit { limit });
        }
        if let Some(limit) = options.time_limit.filter(|limit| started.elapsed() >= *limit) {
            self.stop(Stop::TimeLimit(limit));
        }
    }
}

struct Finish<'a> {
    done: &'a AtomicBool,
    watcher: &'a std::thread::Thread,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.done.store(true, Relaxed);
        self.watcher.unpark();
    }
}

/// Resident memory of this process; 0 where the system does not tell.
pub(crate) fn resident_bytes() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}
