//! A worker: expands states, checks what it meets, keeps what is new.

use std::sync::atomic::Ordering::Relaxed;

use quorate_model::explorer::{Explorer, Parts, Step};
use quorate_model::specification::Specification;

use super::frontier::{ChunkWriter, Level};
use super::log::{Record, StateRef};
use super::open::{Open, OpenClaims};
use super::seen::{Arrival, Seen};
use super::table::Inserted;
use super::{Reading, Shared};
use crate::assemble::Counts;
use crate::claims::ClaimIndex;
use crate::fingerprint::Fingerprint;
use crate::outcome::Stop;
use crate::panics;

/// Slots of a worker's memory of states outside the bounds, which need no second check.
const OUTSIDE_SLOTS: usize = 1 << 14;
/// A worker asks after this many states whether to stop, and reports its counts.
const REPORT_EVERY: u32 = 64;
/// States whose steps are named before any of them is looked up; divides [`REPORT_EVERY`].
const SLOTS: usize = 8;
/// A worker tells the table after this many insertions.
const NOTE_EVERY: u64 = 1024;

/// Something found: where the behaviour that ends with it ends.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
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
    /// The model's handlers, on the state in this slot.
    Successors(usize),
    /// Something about the state that this step leads to.
    After(u32, &'static str),
}

/// One thread's part in one level.
pub(super) struct Worker<'a, 'x, M: Specification, X: Explorer<M>> {
    shared: &'a Shared<'a, M>,
    explorer: &'x mut X,
    seen: Seen<X::Change>,
    pub found: Vec<Option<Found>>,
    open: OpenClaims,
    chunk: ChunkWriter,
    outside: Vec<u64>,
    /// Inserted into the table and not yet noted there.
    unnoted: u64,
    reported: (u64, u64),
}

impl<'a, 'x, M: Specification, X: Explorer<M>> Worker<'a, 'x, M, X> {
    pub fn new(shared: &'a Shared<'a, M>, explorer: &'x mut X, found_before: &[Option<Found>]) -> Self {
        explorer.begin_writing();
        let open = OpenClaims::new(shared.model, shared.claims, found_before);
        let seen = Seen::new(Counts::of(shared.model), open.by_steps);
        Worker {
            shared,
            explorer,
            seen,
            found: found_before.iter().map(|_| None).collect(),
            open,
            chunk: ChunkWriter::default(),
            outside: Vec::new(),
            unnoted: 0,
            reported: (0, 0),
        }
    }

    /// What was counted and found.
    pub fn into_findings(self) -> (Counts, Vec<Option<Found>>) {
        (self.seen.counts, self.found)
    }

    /// The initial states.
    pub fn begin(&mut self, level: &Level) {
        let shared = self.shared;
        let mut result = Ok(());
        match panics::catch(|| shared.model.init_states()) {
            Ok(states) => {
                for (step, state) in states.into_iter().enumerate() {
                    self.seen.counts.generated += 1;
                    result = result.and_then(|()| self.arrive_initially(state, step as u32, level));
                }
            }
            Err(words) => {
                let fingerprint = Fingerprint { word: 1, second: 1 };
                self.found[shared.claims.no_panic()] = Some(Found { from: None, step: None, fingerprint, panic: Some(words) });
            }
        }
        self.end(result, level);
    }

    fn arrive_initially(&mut self, state: M::State, step: u32, level: &Level) -> Result<(), Stop> {
        let shared = self.shared;
        let mut stage = Stage::After(step, "");
        let identified = panics::catch(|| (shared.model.within_boundary(&state), self.explorer.identify(&state)));
        let (within, fingerprint) = match identified {
            Ok(identified) => identified,
            Err(words) => {
                self.place_panic(words, None, stage);
                return Ok(());
            }
        };
        self.seen.counts.cut.transitions += u64::from(!within);
        if within && !self.insert(&mut shared.read_table(), fingerprint) {
            return Ok(());
        }
        let result = panics::catch(|| {
            for Open { claim, .. } in self.open.states.iter().chain(&self.open.local) {
                stage = Stage::After(step, shared.claims.all[*claim].name);
                if shared.claims.in_state(*claim, shared.model, &state).is_err() {
                    keep(&mut self.found, *claim, None, step, fingerprint);
                }
            }
            for Open { claim, .. } in &self.open.examples {
                stage = Stage::After(step, shared.claims.all[*claim].name);
                if shared.claims.is_example(*claim, shared.model, &state) {
                    keep(&mut self.found, *claim, None, step, fingerprint);
                }
            }
        });
        if let Err(words) = result {
            self.place_panic(words, None, stage);
        }
        if !within {
            return Ok(());
        }
        let explorer = &mut *self.explorer;
        self.chunk.push(Record { parent: None, step }, |encoded| explorer.write_initial(&state, encoded))?;
        self.finish_full_chunk(level)
    }

    /// Takes chunks from `level` until there are none, and writes to `next`.
    pub fn expand(&mut self, level: &Level, next: &Level) {
        let shared = self.shared;
        let mut buffer = Vec::new();
        let mut result = Ok(());
        while let Some(chunk) = level.take() {
            let number = chunk.number;
            result = level.read(chunk, &mut buffer).map_err(Stop::from).and_then(|()| self.expand_chunk(number, &buffer, next));
            shared.watch.queue.store(level.states(), Relaxed);
            if result.is_err() || shared.watch.stopped() {
                break;
            }
        }
        self.end(result, next);
    }

    /// The last chunk, and what is to be reported.
    fn end(&mut self, result: Result<(), Stop>, next: &Level) {
        let shared = self.shared;
        let result = result.and_then(|()| Ok(self.chunk.finish(next, &shared.log)?));
        result.unwrap_or_else(|stop| shared.watch.stop(stop));
        shared.read_table().note(std::mem::take(&mut self.unnoted));
        self.report();
    }

    fn expand_chunk(&mut self, chunk: u32, mut encoded: &[u8], next: &Level) -> Result<(), Stop> {
        let shared = self.shared;
        let mut table = shared.read_table();
        let mut first = 0;
        self.explorer.begin_reading();
        while !encoded.is_empty() {
            table.give_way(shared.options.threads);
            let mut slot = 0;
            while slot < SLOTS && !encoded.is_empty() {
                self.explorer.read(slot, &mut encoded)?;
                self.seen.begin(slot);
                if let Err(words) = panics::catch(|| self.explorer.expand(slot, &mut self.seen)) {
                    let at = StateRef { chunk, place: first + slot as u32 };
                    self.place_panic(words, Some(at), Stage::Successors(slot));
                }
                slot += 1;
            }
            let mut batch = std::mem::take(&mut self.seen.batch);
            table.fetch(batch.iter().filter(|arrival| arrival.taken.within).map(|arrival| arrival.taken.fingerprint));
            let mut last_cut = None;
            for arrival in &batch {
                let at = StateRef { chunk, place: first + arrival.slot as u32 };
                self.arrive(&mut table, arrival, at, next)?;
                if !arrival.taken.within && last_cut.replace(at) != Some(at) {
                    self.seen.counts.cut.states += 1;
                }
            }
            batch.clear();
            self.seen.batch = batch;
            first += slot as u32;
            if first % REPORT_EVERY == 0 {
                self.report();
                if shared.watch.stopped() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// A step is taken: it is checked as far as it concerns open claims, and its
    /// state is kept if it is new.
    #[inline]
    fn arrive(&mut self, table: &mut Reading<'a>, arrival: &Arrival<X::Change>, at: StateRef, next: &Level) -> Result<(), Stop> {
        let Arrival { slot, step, taken } = arrival;
        if self.open.by_steps.are_concerned(taken) {
            self.check_step(arrival, at);
        }
        if !taken.within {
            self.seen.counts.cut.transitions += 1;
            if self.open.by_states.are_concerned(taken) && self.is_first_look_outside(taken.fingerprint) {
                self.check_state(arrival, at);
            }
        } else if self.insert(table, taken.fingerprint) {
            if self.open.by_states.are_concerned(taken) {
                self.check_state(arrival, at);
            }
            let (explorer, record) = (&mut *self.explorer, Record { parent: Some(at), step: *step });
            self.chunk.push(record, |encoded| explorer.write_successor(*slot, &taken.change, encoded))?;
            self.finish_full_chunk(next)?;
        }
        Ok(())
    }

    /// The claims about the step, and those about what it did to its node.
    #[cold]
    fn check_step(&mut self, Arrival { slot, step, taken }: &Arrival<X::Change>, at: StateRef) {
        let (shared, found, open) = (self.shared, &mut self.found, &self.open);
        let (mut stage, mut all_hold) = (Stage::After(*step, ""), true);
        let result = panics::catch(|| {
            let Step { before, action, after } = self.explorer.step(*slot, &taken.change);
            let mut look = |claim: ClaimIndex, holds: &dyn Fn() -> bool| {
                stage = Stage::After(*step, shared.claims.all[claim].name);
                if !holds() {
                    all_hold = false;
                    keep(found, claim, Some(at), *step, taken.fingerprint);
                }
            };
            for Open { claim, .. } in open.steps.iter().filter(|open| open.is_concerned(taken)) {
                look(*claim, &|| shared.claims.in_step(*claim, shared.model, before, action, after).is_ok());
            }
            for Open { claim, .. } in open.local.iter().filter(|open| open.is_concerned(taken)) {
                look(*claim, &|| shared.claims.in_state(*claim, shared.model, after).is_ok());
            }
        });
        match result {
            Ok(()) if all_hold => self.explorer.settle(*slot, &taken.change, Parts::LOCAL),
            Ok(()) => {}
            Err(words) => self.place_panic(words, Some(at), stage),
        }
    }

    /// The claims about a state that was not seen before.
    fn check_state(&mut self, Arrival { slot, step, taken }: &Arrival<X::Change>, at: StateRef) {
        let (shared, found, open) = (self.shared, &mut self.found, &self.open);
        let (mut stage, mut all_hold) = (Stage::After(*step, ""), true);
        let result = panics::catch(|| {
            let Step { after, .. } = self.explorer.step(*slot, &taken.change);
            let mut look = |claim: ClaimIndex, is_as_before: &dyn Fn() -> bool| {
                stage = Stage::After(*step, shared.claims.all[claim].name);
                if !is_as_before() {
                    all_hold = false;
                    keep(found, claim, Some(at), *step, taken.fingerprint);
                }
            };
            for Open { claim, .. } in open.states.iter().filter(|open| open.is_concerned(taken)) {
                look(*claim, &|| shared.claims.in_state(*claim, shared.model, after).is_ok());
            }
            for Open { claim, .. } in open.examples.iter().filter(|open| open.is_concerned(taken)) {
                look(*claim, &|| !shared.claims.is_example(*claim, shared.model, after));
            }
        });
        match result {
            Ok(()) if all_hold => self.explorer.settle(*slot, &taken.change, taken.changed.without(Parts::LOCAL)),
            Ok(()) => {}
            Err(words) => self.place_panic(words, Some(at), stage),
        }
    }

    /// Whether it is new. The lock is let go only for the table to grow.
    #[inline]
    fn insert(&mut self, table: &mut Reading<'a>, fingerprint: Fingerprint) -> bool {
        self.seen.recent.insert(fingerprint);
        loop {
            match table.insert(fingerprint) {
                Inserted::Known => return false,
                Inserted::Full => table.grow(self.shared.options.threads),
                Inserted::New => {
                    self.seen.counts.distinct += 1;
                    self.unnoted += 1;
                    if self.unnoted >= NOTE_EVERY && table.note(std::mem::take(&mut self.unnoted)) {
                        table.grow(self.shared.options.threads);
                    }
                    return true;
                }
            }
        }
    }

    /// Whether a state outside the bounds was not looked at lately.
    #[inline]
    fn is_first_look_outside(&mut self, fingerprint: Fingerprint) -> bool {
        if self.outside.is_empty() {
            self.outside = vec![0; OUTSIDE_SLOTS];
        }
        let slot = &mut self.outside[fingerprint.word as usize % OUTSIDE_SLOTS];
        std::mem::replace(slot, fingerprint.second) != fingerprint.second
    }

    #[inline]
    fn finish_full_chunk(&mut self, next: &Level) -> Result<(), Stop> {
        if self.chunk.is_full() {
            self.chunk.finish(next, &self.shared.log)?;
            self.explorer.begin_writing();
        }
        Ok(())
    }

    /// Records a panic where it happened: a handler's on the state that it was
    /// given, a property's on the state that it looked at.
    #[cold]
    fn place_panic(&mut self, words: String, from: Option<StateRef>, stage: Stage) {
        let (step, place, words) = match stage {
            Stage::Successors(slot) => (None, panics::catch(|| self.current_fingerprint(slot)).ok(), words),
            Stage::After(step, "") => (Some(step), None, words),
            Stage::After(step, property) => (Some(step), None, format!("the property {property} panicked: {words}")),
        };
        // Without a state to tell panics apart by, the first of the least parent is shown.
        let fallback = from.map_or(0, |from| u64::from(from.chunk) << 32 | u64::from(from.place));
        let fingerprint = place.unwrap_or(Fingerprint { word: u64::MAX, second: fallback });
        let claim = self.shared.claims.no_panic();
        Found::keep_least(&mut self.found[claim], Some(Found { from, step, fingerprint, panic: Some(words) }));
    }

    fn current_fingerprint(&mut self, slot: usize) -> Fingerprint {
        let state = self.explorer.current(slot).clone();
        self.explorer.identify(&state)
    }

    fn report(&mut self) {
        let (watch, counts) = (self.shared.watch, &self.seen.counts);
        watch.distinct.fetch_add(counts.distinct - self.reported.0, Relaxed);
        watch.generated.fetch_add(counts.generated - self.reported.1, Relaxed);
        self.reported = (counts.distinct, counts.generated);
    }
}

fn keep(found: &mut [Option<Found>], claim: ClaimIndex, from: Option<StateRef>, step: u32, fingerprint: Fingerprint) {
    Found::keep_least(&mut found[claim], Some(Found { from, step: Some(step), fingerprint, panic: None }));
}
