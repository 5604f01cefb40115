//! Stateright's own breadth-first checker, as a second opinion.
//!
//! Used as it is, stateright would neither check states outside the bounds nor
//! know step properties, would hand out counterexamples that are not shortest
//! when there are several properties, and would call a run complete that was
//! not. So the model is wrapped:
//!
//! - a state outside the bounds is a state without successors; a broken step
//!   property and a panic are steps to states of their own, without successors;
//! - the one property of the first run always holds, so that it explores
//!   everything; while at it, it looks at every claim;
//! - there are no timeouts: to stop, every state loses its successors, and what
//!   follows is not called complete;
//! - a violated claim is looked for once more, alone and on one thread, for a
//!   shortest behaviour.
//!
//! Distinct states are those within the bounds. Depth is stateright's, a true
//! level on one thread only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use quorate_model::Path;
use quorate_model::specification::{GuardId, Specification};
use stateright::{Checker, Model, Property};

use crate::assemble::{Counts, Findings, Violation, outcome};
use crate::claims::{ClaimIndex, Claims};
use crate::control::{Control, Watch};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::panics;

/// Explores `model` with stateright.
pub fn check<M: Specification + Clone + 'static>(model: &M, options: &Options, control: &Control) -> Outcome<M> {
    let options = Options { symmetry: false, ..options.clone() };
    let claims = Claims::of(model);
    let watch = Arc::new(Watch::default());
    let (findings, measured) = watch.during(&options, control, || {
        let whole = Wrapped::new(model, &watch, None);
        let tally = Arc::clone(&whole.tally);
        let initial = panics::catch(|| model.init_states()).unwrap_or_default();
        let outside = initial.iter().filter(|state| !model.within_boundary(state)).count() as u64;
        let checker = whole.checker().threads(options.threads).spawn_bfs().join();
        let mut counts = tally.counts();
        counts.generated += initial.len() as u64;
        counts.cut.transitions += outside;
        counts.depth = checker.max_depth() as u64;
        drop(checker);
        let shortest = |claim: ClaimIndex| tally.seen[claim].load(Relaxed).then(|| shortest(model, &claims, &watch, claim));
        let violated =
            (0..claims.all.len()).map(|claim| if claims.examples.contains(&claim) { None } else { shortest(claim) }).collect();
        let reached = (0..claims.all.len()).map(|claim| tally.seen[claim].load(Relaxed)).collect();
        let panic = shortest(claims.no_panic());
        let states = counts.distinct as f64;
        Findings { violated, reached, panic, counts, collision_probability: states * states / 2f64.powi(65) }
    });
    outcome(model, &options, &claims, findings, measured)
}

/// A shortest behaviour that violates `claim`, by a run of its own.
fn shortest<M: Specification + Clone + 'static>(
    model: &M,
    claims: &Claims<M>,
    watch: &Arc<Watch>,
    claim: ClaimIndex,
) -> Violation<M> {
    let checker = Wrapped::new(model, watch, Some(claim)).checker().threads(1).spawn_bfs().join();
    let Some(found) = checker.discovery(PROPERTY) else {
        return Violation { reason: String::from("violated; stopped before a shortest behaviour was found"), path: None };
    };
    let mut found = found.into_vec().into_iter();
    let (first, mut action) = found.next().expect("a path has a state");
    let mut path = Path { initial: first.state, steps: Vec::new(), loop_start: None };
    let mut panicked = None;
    for (after, next) in found {
        match action.take() {
            Some(Step::Take(action) | Step::Break(action, _)) => path.steps.push((action, after.state)),
            Some(Step::Panic(words)) => panicked = Some(words),
            None => {}
        }
        action = next;
    }
    let reason = panicked.unwrap_or_else(|| claims.witness(claim, model, &path));
    Violation { reason, path: Some(path) }
}

const PROPERTY: &str = "wrapped";

/// Why a state of the wrapped model is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Mark {
    Inside,
    Outside,
    /// The step to it breaks this claim.
    Broken(ClaimIndex),
    /// A handler panicked on it.
    Panicked,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Marked<S> {
    state: S,
    mark: Mark,
}

#[derive(Clone, Debug, PartialEq)]
enum Step<A> {
    Take(A),
    Break(A, ClaimIndex),
    Panic(String),
}

/// Counted while stateright explores; every state is looked at once.
struct Tally {
    distinct: AtomicU64,
    generated: AtomicU64,
    cut_states: AtomicU64,
    cut_transitions: AtomicU64,
    actions: Vec<AtomicU64>,
    guards: Vec<AtomicU64>,
    /// For each claim, and last for "no panic": violated, or an example found.
    seen: Vec<AtomicBool>,
}

impl Tally {
    fn counts(&self) -> Counts {
        let plain = |counts: &[AtomicU64]| counts.iter().map(|count| count.load(Relaxed)).collect();
        let cut = crate::outcome::Cut { states: self.cut_states.load(Relaxed), transitions: self.cut_transitions.load(Relaxed) };
        Counts {
            distinct: self.distinct.load(Relaxed),
            generated: self.generated.load(Relaxed),
            depth: 0,
            cut,
            actions: plain(&self.actions),
            guards: plain(&self.guards),
        }
    }
}

struct Wrapped<M: Specification> {
    model: M,
    claims: Claims<M>,
    watch: Arc<Watch>,
    tally: Arc<Tally>,
    /// The claim that this run is about; without one it looks at all and lets none end it.
    about: Option<ClaimIndex>,
}

impl<M: Specification + Clone + 'static> Wrapped<M> {
    fn new(model: &M, watch: &Arc<Watch>, about: Option<ClaimIndex>) -> Self {
        let claims = Claims::of(model);
        let zeros = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
        let tally = Tally {
            distinct: AtomicU64::new(0),
            generated: AtomicU64::new(0),
            cut_states: AtomicU64::new(0),
            cut_transitions: AtomicU64::new(0),
            actions: zeros(model.action_classes().len()),
            guards: zeros(model.guards().len()),
            seen: (0..=claims.all.len()).map(|_| AtomicBool::new(false)).collect(),
        };
        Wrapped { model: model.clone(), claims, watch: Arc::clone(watch), tally: Arc::new(tally), about }
    }

    fn mark(&self, state: M::State) -> Marked<M::State> {
        let within = panics::catch(|| self.model.within_boundary(&state));
        let mark = match within {
            Ok(true) => Mark::Inside,
            Ok(false) => Mark::Outside,
            Err(_) => Mark::Panicked,
        };
        Marked { state, mark }
    }

    /// Whether `claim` is violated in, or by the step to, a state; for
    /// reachability, whether the state is an example.
    fn shows(&self, claim: ClaimIndex, marked: &Marked<M::State>) -> bool {
        let panicked = |claim: &ClaimIndex| {
            let look = || {
                _ = self.claims.in_state(*claim, &self.model, &marked.state);
                self.claims.is_example(*claim, &self.model, &marked.state)
            };
            panics::catch(look).is_err()
        };
        match marked.mark {
            Mark::Broken(broken) => broken == claim,
            Mark::Panicked => claim == self.claims.no_panic(),
            Mark::Inside | Mark::Outside if claim == self.claims.no_panic() => {
                self.claims.states.iter().chain(&self.claims.examples).any(panicked)
            }
            Mark::Inside | Mark::Outside => {
                let look = || {
                    self.claims.in_state(claim, &self.model, &marked.state).is_err()
                        || self.claims.is_example(claim, &self.model, &marked.state)
                };
                panics::catch(look).unwrap_or(false)
            }
        }
    }

    fn holds(&self, marked: &Marked<M::State>) -> bool {
        if let Some(claim) = self.about {
            return !self.shows(claim, marked);
        }
        let tally = &self.tally;
        if marked.mark == Mark::Inside {
            tally.distinct.fetch_add(1, Relaxed);
            self.watch.distinct.fetch_add(1, Relaxed);
        }
        for (claim, seen) in tally.seen.iter().enumerate() {
            if !seen.load(Relaxed) && self.shows(claim, marked) {
                seen.store(true, Relaxed);
            }
        }
        true
    }
}

impl<M: Specification + Clone + 'static> Model for Wrapped<M> {
    type State = Marked<M::State>;
    type Action = Step<M::Action>;

    fn init_states(&self) -> Vec<Self::State> {
        panics::catch(|| self.model.init_states()).unwrap_or_default().into_iter().map(|state| self.mark(state)).collect()
    }

    fn actions(&self, marked: &Self::State, steps: &mut Vec<Self::Action>) {
        if marked.mark != Mark::Inside || self.watch.stopped() {
            return;
        }
        let (state, tally) = (&marked.state, &self.tally);
        let (mut generated, mut cut) = (0, 0);
        let handlers = panics::catch(|| {
            self.model.successors(state, |action, result| match result {
                Err(guard) => _ = tally.guards[usize::from(guard.0)].fetch_add(1, Relaxed),
                Ok(after) => {
                    generated += 1;
                    cut += u64::from(!self.model.within_boundary(&after));
                    tally.actions[usize::from(self.model.class_of(&action).0)].fetch_add(1, Relaxed);
                    let undone = |guard: GuardId| _ = tally.guards[usize::from(guard.0)].fetch_add(1, Relaxed);
                    self.model.inner_refusals(state, &action, undone);
                    for claim in &self.claims.steps {
                        if self.claims.in_step(*claim, &self.model, state, &action, &after).is_err() {
                            steps.push(Step::Break(action.clone(), *claim));
                        }
                    }
                    steps.push(Step::Take(action));
                }
            });
        });
        steps.extend(handlers.err().map(Step::Panic));
        tally.generated.fetch_add(generated, Relaxed);
        self.watch.generated.fetch_add(generated, Relaxed);
        tally.cut_transitions.fetch_add(cut, Relaxed);
        tally.cut_states.fetch_add(u64::from(cut > 0), Relaxed);
    }

    fn next_state(&self, last: &Self::State, step: Self::Action) -> Option<Self::State> {
        match step {
            Step::Take(action) => Some(self.mark(self.model.step(&last.state, &action).ok()?)),
            Step::Break(action, claim) => {
                Some(Marked { state: self.model.step(&last.state, &action).ok()?, mark: Mark::Broken(claim) })
            }
            Step::Panic(_) => Some(Marked { state: last.state.clone(), mark: Mark::Panicked }),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(PROPERTY, |wrapped: &Self, marked| wrapped.holds(marked))]
    }
}
