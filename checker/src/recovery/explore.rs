//! Every state within the budget, and for each the way to P.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;

use quorate_model::Path;
use quorate_model::specification::Specification;

use super::search::{Ended, Explanation, search, shortest};
use crate::control::Watch;
use crate::fingerprint::fingerprint;
use crate::liveness::bits::BitSet;
use crate::liveness::chunked::Chunked;
use crate::liveness::numbering::Numbering;
use crate::liveness::queue::Queue;
use crate::liveness::{Evidence, GraphCounts, LivenessOptions, LivenessProperty};
use crate::outcome::{PropertyOutcome, Stop, Verdict};

/// A claim `always possible P`.
pub(super) struct Claim<M: Specification> {
    pub name: &'static str,
    pub goal: fn(&M, &M::State) -> bool,
}

/// How the recoveries to one P went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveryCounts {
    /// States in which P holds.
    pub satisfied: u64,
    /// States from which the schedule led to P, or to a state known to be good.
    pub by_schedule: u64,
    /// States from which a search led there.
    pub by_search: u64,
    /// States that were known to be good, being on the way of another.
    pub known: u64,
    /// States of which it is not known, because all ways on were cut.
    pub undecided: u64,
    /// The most steps that the schedule took to P or to a state known to be good.
    pub longest_schedule: u64,
}

/// What is known of states with regard to one claim.
#[derive(Default)]
pub(super) struct Known {
    /// P can be reached from them.
    pub good: BitSet,
    /// It cannot be reached without leaving the headroom.
    pub undecided: BitSet,
}

/// No parent: an initial state, or one that only a recovery has met so far.
const NONE: u32 = u32::MAX;
/// How many states are looked at between two looks at the watch.
const STRIDE: u64 = 64;

pub(super) struct Explorer<'a, M: Specification> {
    pub model: &'a M,
    options: &'a LivenessOptions,
    claims: &'a [Claim<M>],
    watch: &'a Watch,
    /// Whether leaving the bounds weakens verdicts.
    cuts_weaken: bool,
    pub numbering: Numbering,
    /// The state from which each was first reached.
    parents: Chunked<u32>,
    /// Reached within the bounds.
    reached: BitSet,
    queue: Queue,
    counts: GraphCounts,
    progress: Vec<Progress<M>>,
}

/// What is known of one claim.
struct Progress<M: Specification> {
    known: Known,
    counts: RecoveryCounts,
    /// The first state without P that recovered.
    example: Option<u32>,
    doomed: Option<(u32, M::State, Explanation)>,
}

impl<'a, M: Specification> Explorer<'a, M> {
    pub fn new(model: &'a M, options: &'a LivenessOptions, claims: &'a [Claim<M>], watch: &'a Watch, cuts_weaken: bool) -> Self {
        let none = || Progress { known: Known::default(), counts: RecoveryCounts::default(), example: None, doomed: None };
        Explorer {
            model,
            options,
            claims,
            watch,
            cuts_weaken,
            numbering: Numbering::default(),
            parents: Chunked::default(),
            reached: BitSet::default(),
            queue: Queue::default(),
            counts: GraphCounts::default(),
            progress: claims.iter().map(|_| none()).collect(),
        }
    }

    /// Goes through all states, until each claim is violated or there are no more.
    pub fn run(&mut self) {
        for state in self.model.init_states() {
            if self.arrive(&state, NONE).is_none() {
                self.counts.cut_initial_states += 1;
            }
        }
        while let Some(state) = self.queue.pop::<M::State>() {
            let Ok(state) = state else { return self.cannot_keep() };
            let number = self.number(&state);
            for claim in 0..self.claims.len() {
                if self.progress[claim].doomed.is_none() {
                    self.examine(claim, number, &state);
                }
            }
            if self.progress.iter().all(|progress| progress.doomed.is_some()) || self.watch.stopped() {
                return;
            }
            self.expand(number, &state);
            if self.counts.states.is_multiple_of(STRIDE) {
                self.watch.distinct.store(self.counts.states, Relaxed);
                self.watch.generated.store(self.counts.edges, Relaxed);
                self.watch.queue.store(self.queue.len(), Relaxed);
            }
        }
    }

    /// The number of any state; [`NONE`] and a stop when there are no more.
    pub fn number(&mut self, state: &M::State) -> u32 {
        match self.numbering.number(fingerprint(state, self.options.seed)) {
            Some((number, new)) => {
                if new {
                    self.parents.push(NONE);
                }
                number
            }
            None => {
                self.watch.stop(Stop::Frontier(String::from("there are no more numbers for states of one graph")));
                NONE
            }
        }
    }

    fn arrive(&mut self, state: &M::State, parent: u32) -> Option<()> {
        if !self.model.within_boundary(state) {
            return None;
        }
        let number = self.number(state);
        if number != NONE && self.reached.insert(number) {
            self.parents.set(number as usize, parent);
            self.counts.states += 1;
            if self.queue.push(state).is_err() {
                self.cannot_keep();
            }
        }
        Some(())
    }

    fn expand(&mut self, number: u32, state: &M::State) {
        let model = self.model;
        let before = self.counts.cut_transitions;
        model.successors(state, |_, result| {
            if let Ok(next) = result {
                self.counts.edges += 1;
                if self.arrive(&next, number).is_none() {
                    self.counts.cut_transitions += 1;
                }
            }
        });
        self.counts.cut_states += u64::from(self.counts.cut_transitions > before);
    }

    fn examine(&mut self, claim: usize, number: u32, state: &M::State) {
        let progress = &mut self.progress[claim];
        let known = &mut progress.known;
        if (self.claims[claim].goal)(self.model, state) {
            known.good.insert(number);
            progress.counts.satisfied += 1;
        } else if known.good.contains(number) {
            self.progress[claim].counts.known += 1;
        } else if known.undecided.contains(number) {
            self.progress[claim].counts.undecided += 1;
        } else if let Some(trail) = self.scheduled(claim, state) {
            let progress = &mut self.progress[claim];
            progress.counts.by_schedule += 1;
            progress.counts.longest_schedule = progress.counts.longest_schedule.max(trail.len() as u64 - 1);
            progress.example.get_or_insert(number);
            trail.into_iter().for_each(|state| _ = progress.known.good.insert(state));
        } else {
            self.search(claim, number, state);
        }
    }

    /// The numbers of the states that the schedule passes until it is good.
    fn scheduled(&mut self, claim: usize, state: &M::State) -> Option<Vec<u32>> {
        let (goal, model) = (self.claims[claim].goal, self.model);
        let (mut trail, mut passed) = (Vec::new(), HashSet::new());
        let mut at = state.clone();
        loop {
            let number = self.number(&at);
            trail.push(number);
            if goal(model, &at) || self.progress[claim].known.good.contains(number) {
                return Some(trail);
            }
            let long = passed.len() as u64 >= self.options.search_limit;
            if long || !passed.insert(number) || self.watch.stopped() {
                return None;
            }
            (_, at) = next_scheduled(model, &at)?;
        }
    }

    fn search(&mut self, claim: usize, number: u32, state: &M::State) {
        let goal = self.claims[claim].goal;
        let limit = self.options.search_limit;
        let mut known = std::mem::take(&mut self.progress[claim].known);
        let ended = search(self, goal, &mut known, limit, state);
        let progress = &mut self.progress[claim];
        progress.known = known;
        match ended {
            Ended::Good => {
                progress.counts.by_search += 1;
                progress.example.get_or_insert(number);
            }
            Ended::Undecided => progress.counts.undecided += 1,
            Ended::Doomed(explanation) => progress.doomed = Some((number, state.clone(), explanation)),
            Ended::Stopped => {}
        }
    }

    pub fn stopped(&self) -> bool {
        self.watch.stopped()
    }

    pub fn cannot_keep(&self) {
        self.watch.stop(Stop::Frontier(String::from("a state cannot be encoded and decoded")));
    }

    pub fn recoveries(&self) -> Vec<RecoveryCounts> {
        self.progress.iter().map(|progress| progress.counts).collect()
    }

    pub fn counts(&self) -> GraphCounts {
        let sets = self.progress.iter().map(|p| p.known.good.bytes() + p.known.undecided.bytes());
        let state_bytes = self.numbering.bytes() + self.parents.bytes() + self.reached.bytes() + sets.sum::<u64>();
        GraphCounts { state_bytes, ..self.counts }
    }

    pub fn collision_probability(&self) -> f64 {
        self.numbering.collision_probability()
    }

    /// The verdicts; `why` is the reason if the run ended early.
    pub fn properties(mut self, why: Option<String>) -> Vec<LivenessProperty<M>> {
        let progress = std::mem::take(&mut self.progress);
        let claims = self.claims;
        claims.iter().zip(progress).map(|(claim, progress)| self.property(claim, progress, why.clone())).collect()
    }

    fn property(&self, claim: &Claim<M>, progress: Progress<M>, why: Option<String>) -> LivenessProperty<M> {
        let Progress { counts, example, doomed, .. } = progress;
        let weakened = self.weakened(&counts);
        let (verdict, reason, path) = match (doomed, why) {
            (Some((number, state, explanation)), _) => {
                let path = self.path_to(number);
                (Verdict::Violated, Some(explanation.in_words(self.model, &state)), Some(path))
            }
            (None, Some(why)) => (Verdict::Inconclusive, Some(why), None),
            (None, None) if weakened.is_some() => (Verdict::Inconclusive, weakened, None),
            (None, None) => (Verdict::Holds, None, None),
        };
        // Where P holds in all states, any of them is an example.
        let shown = example.or((counts.satisfied > 0).then_some(0)).and_then(|number| self.recovery_from(claim, number));
        let evidence = Evidence { trigger_states: None, goal_states: counts.satisfied, example: shown };
        let outcome = PropertyOutcome { name: claim.name.to_owned(), kind: "always possible", verdict, reason, path };
        LivenessProperty { outcome, evidence }
    }

    fn weakened(&self, counts: &RecoveryCounts) -> Option<String> {
        let mut reasons = Vec::new();
        if counts.undecided > 0 {
            reasons.push(format!("from {} states every way to it was cut by the headroom", counts.undecided));
        }
        let cut = self.counts.cut_transitions + self.counts.cut_initial_states;
        if self.cuts_weaken && cut > 0 {
            reasons.push(format!("{cut} steps lead out of the bounds to states that were not examined"));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The behaviour by which a state within the bounds was first reached.
    fn path_to(&self, number: u32) -> Path<M> {
        let mut way = vec![number];
        let mut parent = self.parents.get(number as usize);
        while parent != NONE {
            way.push(parent);
            parent = self.parents.get(parent as usize);
        }
        way.reverse();
        let find = |state: &M::State| self.numbering.find(fingerprint(state, self.options.seed));
        let initial = self.model.init_states().into_iter().find(|state| find(state) == Some(way[0]));
        let initial = initial.expect("a model has the same initial states every time");
        let mut path = Path { initial, steps: Vec::new(), loop_start: None };
        for number in &way[1..] {
            let mut step = None;
            self.model.successors(path.last(), |action, result| {
                if let Some(next) = result.ok().filter(|next| step.is_none() && find(next) == Some(*number)) {
                    step = Some((action, next));
                }
            });
            path.steps.push(step.expect("a model takes the same steps every time"));
        }
        path
    }

    /// The way to a state, and from there by the schedule, as far as it goes, to P.
    fn recovery_from(&self, claim: &Claim<M>, number: u32) -> Option<Path<M>> {
        let (model, goal) = (self.model, claim.goal);
        let mut path = self.path_to(number);
        let mut passed = HashSet::new();
        let limit = self.options.search_limit as usize;
        while !goal(model, path.last()) && passed.len() < limit && passed.insert(path.last().clone()) {
            let Some(step) = next_scheduled(model, path.last()) else { break };
            path.steps.push(step);
        }
        let rest = shortest(model, goal, limit, path.last())?;
        path.steps.extend(rest);
        Some(path)
    }
}

/// The next step of the schedule, if there is one and it is a recovery step within the headroom.
fn next_scheduled<M: Specification>(model: &M, state: &M::State) -> Option<(M::Action, M::State)> {
    let action = model.recovery_step(state).filter(|action| model.allowed_in_recovery(state, action))?;
    let next = model.step(state, &action).ok().filter(|next| model.within_headroom(next))?;
    Some((action, next))
}
