//! The native engine: breadth first by level, on all cores.
//!
//! ```text
//!   level n ──chunks──▶ worker: decode, name the successors ──▶ table: new?
//!                          │ step properties on every step      │
//!                          │ invariants outside the bounds too  ▼ yes
//!                          └───────────────◀────────── invariants; encode into a
//!   level n+1 ◀──chunks── with one log record a state ── chunk of the next level
//! ```
//!
//! How a model's states are decoded, named and built is its explorer's affair
//! ([`quorate_model::explorer`]); what is said here holds for all of them.
//!
//! A level ends before the next begins: the first violation of a property is
//! at the least depth there is, whatever the number of threads, and all counts
//! are those of the level's set of states. States are not kept; they live
//! encoded on the frontier and are made again by decoding, and for a trace by
//! taking the logged steps once more from an initial state.

mod checkpoint;
mod expand;
mod frontier;
mod log;
mod open;
mod rebuild;
mod seen;
mod table;

use std::io;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, RwLock, RwLockReadGuard};
use std::time::Instant;

use quorate_model::explorer::{CodecError, Explorer, Identity};
use quorate_model::specification::Specification;

use crate::assemble::{Counts, Findings, Violation, outcome};
use crate::claims::Claims;
use crate::control::{Control, Watch};
use crate::options::{Checkpointing, Options};
use crate::outcome::{Outcome, Stop};
use checkpoint::Between;
pub use checkpoint::CheckpointError;
use expand::{Found, Worker};
use frontier::Level;
use log::DiscoveryLog;
use table::Table;

/// Explores `model`.
pub fn check<M: Specification>(model: &M, options: &Options, control: &Control) -> Outcome<M> {
    let claims = Claims::of(model);
    let watch = Watch::default();
    let (findings, measured) = watch.during(options, control, || {
        let shared = Shared {
            model,
            options,
            claims: &claims,
            watch: &watch,
            table: RwLock::new(Table::new(options.width)),
            is_full: AtomicBool::new(false),
            log: Mutex::new(DiscoveryLog::default()),
        };
        let explorers = (0..options.threads.max(1)).map(|_| model.explorer(shared.identity())).collect();
        Run::new(&shared, explorers).explore()
    });
    outcome(model, options, &claims, findings, measured)
}

/// What all workers of a run share.
struct Shared<'a, M: Specification> {
    model: &'a M,
    options: &'a Options,
    claims: &'a Claims<M>,
    watch: &'a Watch,
    table: RwLock<Table>,
    /// Somebody waits for the others to let the table go, so that it can grow.
    is_full: AtomicBool,
    log: Mutex<DiscoveryLog>,
}

impl<M: Specification> Shared<'_, M> {
    fn identity(&self) -> Identity {
        Identity { seed: self.options.seed, symmetry: self.options.symmetry }
    }

    fn read_table(&self) -> Reading<'_> {
        Reading { lock: &self.table, is_full: &self.is_full, guard: Some(self.table.read().expect("no panic while held")) }
    }
}

/// The table while a worker inserts into it.
struct Reading<'a> {
    lock: &'a RwLock<Table>,
    is_full: &'a AtomicBool,
    guard: Option<RwLockReadGuard<'a, Table>>,
}

impl Reading<'_> {
    /// Lets the lock go for the table to grow.
    #[cold]
    fn grow(&mut self, threads: usize) {
        let seen = self.capacity();
        self.is_full.store(true, Relaxed);
        self.guard = None;
        let mut table = self.lock.write().expect("no panic while held");
        table.grow(seen, threads);
        self.is_full.store(false, Relaxed);
        drop(table);
        self.guard = Some(self.lock.read().expect("no panic while held"));
    }

    /// Lets the lock go if somebody waits for it.
    #[inline]
    fn give_way(&mut self, threads: usize) {
        if self.is_full.load(Relaxed) {
            self.grow(threads);
        }
    }
}

impl Deref for Reading<'_> {
    type Target = Table;

    #[inline]
    fn deref(&self) -> &Table {
        self.guard.as_ref().expect("let go only while growing")
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Frontier(error.to_string())
    }
}

impl From<CodecError> for Stop {
    fn from(error: CodecError) -> Self {
        Stop::Frontier(error.to_string())
    }
}

/// The sum of what the workers have found.
struct Run<'a, M: Specification, X> {
    shared: &'a Shared<'a, M>,
    /// One for each worker; they keep what they remember from level to level.
    explorers: Vec<X>,
    counts: Counts,
    /// For each claim, and last for "no panic", what was found at the least depth.
    found: Vec<Option<Found>>,
}

impl<'a, M: Specification, X: Explorer<M> + Send> Run<'a, M, X> {
    fn new(shared: &'a Shared<'a, M>, explorers: Vec<X>) -> Self {
        let found = (0..=shared.claims.all.len()).map(|_| None).collect();
        Run { shared, explorers, counts: Counts::of(shared.model), found }
    }

    fn explore(mut self) -> Findings<M> {
        let shared = self.shared;
        let mut level = match self.begin() {
            Ok(level) => level,
            Err(error) => {
                shared.watch.stop(Stop::Checkpoint(error.to_string()));
                return self.findings();
            }
        };
        let mut written = Instant::now();
        while level.states() > 0 && !shared.watch.stopped() {
            self.counts.depth += 1;
            shared.watch.depth.store(self.counts.depth, Relaxed);
            if self.has_found_enough() {
                shared.watch.stop(Stop::Violation);
                break;
            }
            level = self.expand(&level);
            let due = shared.options.checkpoint.as_ref().filter(|checkpoint| written.elapsed() >= checkpoint.every);
            if let Some(Checkpointing { dir, .. }) = due.filter(|_| !shared.watch.stopped()) {
                let between = Between { counts: self.counts.clone(), found: self.found.clone() };
                if let Err(error) = checkpoint::write(dir, shared, &between, &level) {
                    shared.watch.stop(Stop::Checkpoint(error.to_string()));
                }
                written = Instant::now();
            }
        }
        self.findings()
    }

    /// The first level, or the one at which an earlier run was written down.
    fn begin(&mut self) -> Result<Level, CheckpointError> {
        let (shared, level) = (self.shared, self.level());
        if let Some(dir) = &shared.options.resume {
            let Between { counts, found } = checkpoint::read(dir, shared, &level)?;
            shared.watch.distinct.store(counts.distinct, Relaxed);
            shared.watch.generated.store(counts.generated, Relaxed);
            (self.counts, self.found) = (counts, found);
            return Ok(level);
        }
        let mut worker = Worker::new(shared, &mut self.explorers[0], &self.found);
        worker.begin(&level);
        let findings = vec![worker.into_findings()];
        self.finish(findings);
        Ok(level)
    }

    fn level(&self) -> Level {
        let options = self.shared.options;
        Level::new(options.frontier_limit, options.spill_dir.clone(), !X::COMPACT)
    }

    /// Expands every state of `level`; returns the new states.
    fn expand(&mut self, level: &Level) -> Level {
        let shared = self.shared;
        let next = self.level();
        let threads = self.explorers.len().clamp(1, level.chunks());
        let explorers = self.explorers[..threads].iter_mut();
        let mut workers: Vec<_> = explorers.map(|explorer| Worker::new(shared, explorer, &self.found)).collect();
        // A level of one chunk is not worth a thread.
        if let [worker] = workers.as_mut_slice() {
            worker.expand(level, &next);
        } else {
            std::thread::scope(|scope| {
                workers.iter_mut().for_each(|worker| _ = scope.spawn(|| worker.expand(level, &next)));
            });
        }
        let findings = workers.into_iter().map(Worker::into_findings).collect();
        self.finish(findings);
        next
    }

    fn finish(&mut self, findings: Vec<(Counts, Vec<Option<Found>>)>) {
        let mut level_found: Vec<Option<Found>> = self.found.iter().map(|_| None).collect();
        for (counts, found) in findings {
            self.counts.add(&counts);
            for (best, found) in level_found.iter_mut().zip(found) {
                Found::keep_least(best, found);
            }
        }
        for (known, found) in self.found.iter_mut().zip(level_found) {
            *known = known.take().or(found);
        }
    }

    fn has_found_enough(&self) -> bool {
        let options = self.shared.options;
        let named = |index: usize, name: &str| self.shared.claims.all.get(index).is_some_and(|claim| claim.name == name);
        let until = |name: &String| self.found.iter().enumerate().any(|(index, found)| found.is_some() && named(index, name));
        match options.keep_going {
            false => self.has_violation(),
            true => options.until.as_ref().is_some_and(until),
        }
    }

    fn has_violation(&self) -> bool {
        let example = |index: &usize| self.shared.claims.examples.contains(index);
        self.found.iter().enumerate().any(|(index, found)| found.is_some() && !example(&index))
    }

    fn findings(self) -> Findings<M> {
        let Run { shared, explorers, counts, found } = self;
        let explorer = &explorers[0];
        let reached: Vec<bool> = found[..shared.claims.all.len()].iter().map(Option::is_some).collect();
        let mut violated: Vec<Option<Violation<M>>> = (found.into_iter().enumerate())
            .map(|(index, found)| {
                let found = found.filter(|_| !shared.claims.examples.contains(&index))?;
                Some(rebuild::violation(shared, explorer, index, &found))
            })
            .collect();
        let panic = violated.pop().flatten();
        let bits = Table::bits_of(shared.options.width);
        let states = counts.distinct as f64;
        let collision_probability = states * states / 2f64.powi(bits as i32 + 1);
        Findings { violated, reached, panic, counts, collision_probability }
    }
}
