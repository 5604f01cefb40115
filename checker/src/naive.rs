//! The naive engine: every state kept whole and compared by equality.
//!
//! It shares no fingerprint, table, log or encoding with the native engine and
//! is short enough to be right by inspection; small instances and tests use it
//! to say what the right counts are.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use quorate_model::Path;
use quorate_model::specification::Specification;

use crate::assemble::{Counts, Findings, Violation, outcome};
use crate::claims::{ClaimIndex, Claims};
use crate::control::{Control, Watch};
use crate::options::Options;
use crate::outcome::{Outcome, Stop};
use crate::panics;

/// Explores `model` on one thread.
pub fn check<M: Specification>(model: &M, options: &Options, control: &Control) -> Outcome<M> {
    let options = Options { threads: 1, symmetry: false, ..options.clone() };
    let claims = Claims::of(model);
    let watch = Watch::default();
    let (findings, measured) = watch.during(&options, control, || {
        let violated = claims.all.iter().map(|_| None).collect();
        let reached = vec![false; claims.all.len()];
        let run = Run {
            model,
            claims: &claims,
            counts: Counts::of(model),
            states: Vec::new(),
            index: HashMap::new(),
            violated,
            reached,
            panic: None,
        };
        run.explore(&options, &watch)
    });
    outcome(model, &options, &claims, findings, measured)
}

/// The step that a state was reached by: from which state, by which action.
type Origin<M> = Option<(usize, <M as stateright::Model>::Action)>;

struct Run<'a, M: Specification> {
    model: &'a M,
    claims: &'a Claims<M>,
    counts: Counts,
    /// Distinct states in the order of discovery.
    states: Vec<(M::State, Origin<M>)>,
    index: HashMap<M::State, usize>,
    violated: Vec<Option<Violation<M>>>,
    reached: Vec<bool>,
    panic: Option<Violation<M>>,
}

impl<M: Specification> Run<'_, M> {
    fn explore(mut self, options: &Options, watch: &Watch) -> Findings<M> {
        match panics::catch(|| self.model.init_states()) {
            Ok(states) => states.into_iter().for_each(|state| self.arrive(state, None)),
            Err(reason) => self.panic = Some(Violation { reason, path: None }),
        }
        let mut expanded = 0;
        while expanded < self.states.len() {
            let level = self.states.len();
            self.counts.depth += 1;
            watch.depth.store(self.counts.depth, Relaxed);
            let violation = self.panic.is_some() || self.violated.iter().any(Option::is_some);
            if violation && !options.keep_going {
                watch.stop(Stop::Violation);
                break;
            }
            while expanded < level {
                self.expand(expanded);
                expanded += 1;
                watch.distinct.store(self.states.len() as u64, Relaxed);
                watch.generated.store(self.counts.generated, Relaxed);
                watch.queue.store((level - expanded) as u64, Relaxed);
                if watch.stopped() {
                    return self.findings();
                }
            }
        }
        self.findings()
    }

    fn findings(mut self) -> Findings<M> {
        self.counts.distinct = self.states.len() as u64;
        let Run { violated, reached, panic, counts, .. } = self;
        Findings { violated, reached, panic, counts, collision_probability: 0.0 }
    }

    fn expand(&mut self, from: usize) {
        let model = self.model;
        let state = self.states[from].0.clone();
        let cut_before = self.counts.cut.transitions;
        let mut enabled = Vec::new();
        let handlers = panics::catch(|| {
            model.successors(&state, |action, result| match result {
                Ok(after) => {
                    model.inner_refusals(&state, &action, |guard| self.counts.guards[usize::from(guard.0)] += 1);
                    enabled.push((action, after));
                }
                Err(guard) => self.counts.guards[usize::from(guard.0)] += 1,
            });
        });
        for (action, after) in enabled {
            self.counts.actions[usize::from(model.class_of(&action).0)] += 1;
            for claim in self.claims.steps.clone() {
                match panics::catch(|| self.claims.in_step(claim, model, &state, &action, &after)) {
                    Ok(Ok(())) => {}
                    Ok(Err(reason)) => self.violated(claim, reason, &after, Some((from, action.clone()))),
                    Err(words) => self.panicked_in(claim, &words, &after, Some((from, action.clone()))),
                }
            }
            self.arrive(after, Some((from, action)));
        }
        if let Err(reason) = handlers {
            let path = self.path_to(from);
            self.panic.get_or_insert(Violation { reason, path: Some(path) });
        }
        self.counts.cut.states += u64::from(self.counts.cut.transitions > cut_before);
    }

    fn arrive(&mut self, state: M::State, origin: Origin<M>) {
        self.counts.generated += 1;
        let within = match panics::catch(|| self.model.within_boundary(&state)) {
            Ok(within) => within,
            Err(reason) => {
                let path = self.path(&state, &origin);
                self.panic.get_or_insert(Violation { reason, path: Some(path) });
                return;
            }
        };
        self.counts.cut.transitions += u64::from(!within);
        if within && self.index.contains_key(&state) {
            return;
        }
        for claim in self.claims.states.clone() {
            match panics::catch(|| self.claims.in_state(claim, self.model, &state)) {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => self.violated(claim, reason, &state, origin.clone()),
                Err(words) => self.panicked_in(claim, &words, &state, origin.clone()),
            }
        }
        for claim in self.claims.examples.clone() {
            match panics::catch(|| self.claims.is_example(claim, self.model, &state)) {
                Ok(example) => self.reached[claim] |= example,
                Err(words) => self.panicked_in(claim, &words, &state, origin.clone()),
            }
        }
        if within {
            self.index.insert(state.clone(), self.states.len());
            self.states.push((state, origin));
        }
    }

    fn violated(&mut self, claim: ClaimIndex, reason: String, last: &M::State, origin: Origin<M>) {
        if self.violated[claim].is_none() {
            self.violated[claim] = Some(Violation { reason, path: Some(self.path(last, &origin)) });
        }
    }

    fn panicked_in(&mut self, claim: ClaimIndex, words: &str, last: &M::State, origin: Origin<M>) {
        if self.panic.is_none() {
            let reason = format!("the property {} panicked: {words}", self.claims.all[claim].name);
            self.panic = Some(Violation { reason, path: Some(self.path(last, &origin)) });
        }
    }

    /// The behaviour that ends with `last`, which was reached as `origin` says.
    fn path(&self, last: &M::State, origin: &Origin<M>) -> Path<M> {
        match origin {
            None => Path { initial: last.clone(), steps: Vec::new(), loop_start: None },
            Some((from, action)) => {
                let mut path = self.path_to(*from);
                path.steps.push((action.clone(), last.clone()));
                path
            }
        }
    }

    fn path_to(&self, state: usize) -> Path<M> {
        let mut steps = Vec::new();
        let mut at = state;
        while let (state, Some((from, action))) = &self.states[at] {
            steps.push((action.clone(), state.clone()));
            at = *from;
        }
        steps.reverse();
        Path { initial: self.states[at].0.clone(), steps, loop_start: None }
    }
}
