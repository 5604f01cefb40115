//! A worker: expands states, checks what it meets, keeps what is new.

use std::io;
use std::sync::RwLockReadGuard;
use std::sync::atomic::Ordering::Relaxed;

use quorate_model::specification::Specification;

use super::Shared;
use super::frontier::{ChunkWriter, Level};
use super::log::{Record, StateRef};
use super::table::{Inserted, Table};
use crate::assemble::Counts;
use crate::claims::ClaimIndex;
use crate::fingerprint::Fingerprint;
use crate::panics;

/// Slots of a worker's memory of states outside the bounds, which need no second check.
const OUTSIDE_SLOTS: usize = 1 << 14;
/// A worker asks after this many states whether to stop, and reports its counts.
const REPORT_EVERY: u32 = 64;

/// Something found: where the behaviour that ends with it ends.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The last state in the log.
    pub from: Option<StateRef>,
    /// The step taken from there, or the initial state's number; `None` if the
    /// behaviour ends at `from`.
    pub step: Option<u32>,
    /// Of the last state: of equally short behaviours the one with the least is
    /// shown, so that every run shows the same last state.
    pub fingerprint: Fingerprint,
    /// The panic, if it is one.
    pub panic: Option<String>,
}

impl Found {
    /// Keeps in `best` the one that is to be shown.
    pub fn keep_least(best: &mut Option<Found>, other: Option<Found>) {
        if let Some(other) = other
            && best.as_ref().is_none_or(|best| other.fingerprint < best.fingerprint)
        {
            *best = Some(other);
        }
    }
}

/// What a worker is about to run, so that a panic can be placed.
#[derive(Clone, Copy)]
enum Stage {
    /// The model's handlers, on the state being expanded.
    Successors,
    /// Something about the state that this step leads to.
    After(u32, &'static str),
}

struct Successor<S> {
    state: S,
    fingerprint: Fingerprint,
    step: u32,
}

/// One thread's part in one level.
pub(super) struct Worker<'a, M: Specification> {
    shared: &'a Shared<'a, M>,
    pub counts: Counts,
    pub found: Vec<Option<Found>>,
    /// Claims still to be looked at; what was violated at a lesser depth is not.
    states: Vec<ClaimIndex>,
    steps: Vec<ClaimIndex>,
    examples: Vec<ClaimIndex>,
    batch: Vec<Successor<M::State>>,
    chunk: ChunkWriter,
    outside: Vec<u64>,
    reported: (u64, u64),
}

impl<'a, M: Specification> Worker<'a, M> {
    pub fn new(shared: &'a Shared<'a, M>, found_before: &[Option<Found>]) -> Self {
        let open = |claims: &[ClaimIndex]| claims.iter().copied().filter(|index| found_before[*index].is_none()).collect();
        Worker {
            shared,
            counts: Counts::of(shared.model),
            found: found_before.iter().map(|_| None).collect(),
            states: open(&shared.claims.states),
            steps: open(&shared.claims.steps),
            examples: open(&shared.claims.examples),
            batch: Vec::new(),
            chunk: ChunkWriter::default(),
            outside: Vec::new(),
            reported: (0, 0),
        }
    }

    /// The initial states.
    pub fn begin(&mut self, level: &Level) {
        let shared = self.shared;
        let table = shared.table.read().expect("no panic while held");
        match panics::catch(|| shared.model.init_states()) {
            Ok(states) => {
                for (step, state) in states.into_iter().enumerate() {
                    self.counts.generated += 1;
                    let mut stage = Stage::After(step as u32, "");
                    let result = panics::catch(|| self.arrive(&table, state, step as u32, None, &mut stage));
                    self.place_panic(result, None, stage, None);
                }
            }
            Err(words) => {
                let fingerprint = Fingerprint { word: 1, second: 1 };
                self.found[shared.claims.no_panic()] = Some(Found { from: None, step: None, fingerprint, panic: Some(words) });
            }
        }
        let result = self.keep_new(table, None, level).map(|_| ()).and_then(|()| self.chunk.finish(level, &shared.log));
        result.unwrap_or_else(|error| shared.stop_for(&error));
        self.report();
    }

    /// Takes chunks from `level` until there are none, and writes to `next`.
    pub fn expand(&mut self, level: &Level, next: &Level) {
        let shared = self.shared;
        let mut buffer = Vec::new();
        let mut result = Ok(());
        while let Some(chunk) = level.take() {
            let number = chunk.number;
            result = level.read(chunk, &mut buffer).and_then(|()| self.expand_chunk(number, &buffer, next));
            shared.watch.queue.store(level.states(), Relaxed);
            if result.is_err() || shared.watch.stopped() {
                break;
            }
        }
        let result = result.and_then(|()| self.chunk.finish(next, &shared.log));
        result.unwrap_or_else(|error| shared.stop_for(&error));
        self.report();
    }

    fn expand_chunk(&mut self, number: u32, mut encoded: &[u8], next: &Level) -> io::Result<()> {
        let shared = self.shared;
        let mut table = shared.table.read().expect("no panic while held");
        let mut place = 0;
        while !encoded.is_empty() {
            let (state, rest) = postcard::take_from_bytes::<M::State>(encoded).map_err(|error| {
                io::Error::other(format!(
                    "a state of the model cannot be decoded ({error}); its serde attributes must allow formats that do not describe themselves"
                ))
            })?;
            encoded = rest;
            self.expand_state(&table, &state, StateRef { chunk: number, place });
            table = self.keep_new(table, Some(StateRef { chunk: number, place }), next)?;
            place += 1;
            if place % REPORT_EVERY == 0 {
                self.report();
                if shared.watch.stopped() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Collects the successors of `state` and checks its steps.
    fn expand_state(&mut self, table: &Table, state: &M::State, at: StateRef) {
        let shared = self.shared;
        let cut_before = self.counts.cut.transitions;
        let mut stage = Stage::Successors;
        let result = panics::catch(|| {
            let mut step = 0;
            shared.model.successors(state, |action, result| match result {
                Err(guard) => self.counts.guards[usize::from(guard.0)] += 1,
                Ok(after) => {
                    stage = Stage::After(step, "");
                    self.counts.generated += 1;
                    self.counts.actions[usize::from(shared.model.class_of(&action).0)] += 1;
                    shared.model.inner_refusals(state, &action, |guard| self.counts.guards[usize::from(guard.0)] += 1);
                    for index in 0..self.steps.len() {
                        let claim = self.steps[index];
                        stage = Stage::After(step, shared.claims.all[claim].name);
                        if shared.claims.in_step(claim, shared.model, state, &action, &after).is_err() {
                            let fingerprint = shared.fingerprint(&after);
                            self.found(claim, Some(at), Some(step), fingerprint);
                        }
                    }
                    self.arrive(table, after, step, Some(at), &mut stage);
                    step += 1;
                    stage = Stage::Successors;
                }
            });
        });
        self.place_panic(result, Some(at), stage, Some(state));
        self.counts.cut.states += u64::from(self.counts.cut.transitions > cut_before);
    }

    /// A state is reached: outside the bounds it is checked here, else it is
    /// collected, unless it is known at first sight.
    #[inline]
    fn arrive(&mut self, table: &Table, state: M::State, step: u32, from: Option<StateRef>, stage: &mut Stage) {
        let shared = self.shared;
        let within = shared.model.within_boundary(&state);
        let fingerprint = shared.fingerprint(&state);
        if within {
            if !table.is_in_first_slot(fingerprint) {
                self.batch.push(Successor { state, fingerprint, step });
            }
            return;
        }
        self.counts.cut.transitions += 1;
        if self.outside.is_empty() {
            self.outside = vec![0; OUTSIDE_SLOTS];
        }
        let slot = &mut self.outside[fingerprint.word as usize % OUTSIDE_SLOTS];
        if *slot != fingerprint.second {
            *slot = fingerprint.second;
            self.check_state(&state, fingerprint, step, from, stage);
        }
    }

    #[inline]
    fn check_state(&mut self, state: &M::State, fingerprint: Fingerprint, step: u32, from: Option<StateRef>, stage: &mut Stage) {
        let claims = self.shared.claims;
        for index in 0..self.states.len() {
            let claim = self.states[index];
            *stage = Stage::After(step, claims.all[claim].name);
            if claims.in_state(claim, self.shared.model, state).is_err() {
                self.found(claim, from, Some(step), fingerprint);
            }
        }
        for index in 0..self.examples.len() {
            let claim = self.examples[index];
            *stage = Stage::After(step, claims.all[claim].name);
            if claims.is_example(claim, self.shared.model, state) {
                self.found(claim, from, Some(step), fingerprint);
            }
        }
    }

    /// Puts the collected states into the table, checks the new ones and writes
    /// them to the next level. The lock is let go only for a shard to grow.
    fn keep_new(
        &mut self,
        mut table: RwLockReadGuard<'a, Table>,
        from: Option<StateRef>,
        next: &Level,
    ) -> io::Result<RwLockReadGuard<'a, Table>> {
        let shared = self.shared;
        let mut batch = std::mem::take(&mut self.batch);
        for Successor { state, fingerprint, step } in batch.drain(..) {
            loop {
                match table.insert(fingerprint) {
                    Inserted::Known => break,
                    Inserted::Full(shard) => {
                        drop(table);
                        shared.table.write().expect("no panic while held").grow(shard);
                        table = shared.table.read().expect("no panic while held");
                    }
                    Inserted::New => {
                        self.counts.distinct += 1;
                        let mut stage = Stage::After(step, "");
                        let result = panics::catch(|| self.check_state(&state, fingerprint, step, from, &mut stage));
                        self.place_panic(result, from, stage, None);
                        let written = self.chunk.push(&state, Record { parent: from, step });
                        written.map_err(|error| io::Error::other(format!("a state of the model cannot be encoded: {error}")))?;
                        if self.chunk.is_full() {
                            self.chunk.finish(next, &shared.log)?;
                        }
                        break;
                    }
                }
            }
        }
        self.batch = batch;
        Ok(table)
    }

    fn found(&mut self, claim: ClaimIndex, from: Option<StateRef>, step: Option<u32>, fingerprint: Fingerprint) {
        Found::keep_least(&mut self.found[claim], Some(Found { from, step, fingerprint, panic: None }));
    }

    /// Records a panic, if there was one, where it happened: a handler's on the
    /// state that it was given, a property's on the state that it looked at.
    fn place_panic(&mut self, result: Result<(), String>, from: Option<StateRef>, stage: Stage, state: Option<&M::State>) {
        let Err(words) = result else { return };
        let seed = self.shared.options.seed;
        let (step, place, words) = match stage {
            Stage::Successors => (None, state.map(|state| crate::fingerprint::fingerprint(state, seed)), words),
            Stage::After(step, "") => (Some(step), None, words),
            Stage::After(step, property) => (Some(step), None, format!("the property {property} panicked: {words}")),
        };
        // Without a state to tell panics apart by, the first of the least parent is shown.
        let fallback = from.map_or(0, |from| u64::from(from.chunk) << 32 | u64::from(from.place));
        let fingerprint = place.unwrap_or(Fingerprint { word: u64::MAX, second: fallback });
        let claim = self.shared.claims.no_panic();
        Found::keep_least(&mut self.found[claim], Some(Found { from, step, fingerprint, panic: Some(words) }));
    }

    fn report(&mut self) {
        let watch = self.shared.watch;
        watch.distinct.fetch_add(self.counts.distinct - self.reported.0, Relaxed);
        watch.generated.fetch_add(self.counts.generated - self.reported.1, Relaxed);
        self.reported = (self.counts.distinct, self.counts.generated);
    }
}
