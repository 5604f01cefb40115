//! The whole graph of a model within its bounds: every state, every step.
//!
//! No symmetry and no early stop: a cycle of a quotient need not be a cycle of
//! the model, and a violated invariant ends no behaviour. A state is a number
//! (see [`numbering`](super::numbering)); states themselves are made again by
//! taking steps from an initial one.
//!
//! What the graph says of steps follows TLA+'s `<<A>>_vars`:
//!
//! * a step that changes nothing is a *stuttering step*. It is counted and not
//!   kept: it neither takes its action nor makes it possible, and every state
//!   may stutter anyway;
//! * a step that leads outside the bounds is a step: its instance is possible
//!   there. It leads to [`OUTSIDE`], from which nothing is known.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use quorate_model::specification::{Fairness, Specification};

use super::bits::BitSet;
use super::numbering::Numbering;
use super::outcome::GraphCounts;
use super::queue::Queue;
use super::structure::{OUTSIDE, Structure};
use crate::control::Watch;
use crate::fingerprint::{Fingerprint, fingerprint};
use crate::outcome::Stop;
use crate::panics;

/// A predicate of a model.
pub(crate) type Predicate<M> = fn(&M, &<M as stateright::Model>::State) -> bool;

/// Everything that liveness is decided on.
pub(crate) struct Graph<M: Specification> {
    pub structure: Structure,
    pub numbering: Numbering,
    /// By instance.
    pub actions: Vec<M::Action>,
    /// For each predicate, the states in which it holds.
    pub marks: Vec<BitSet>,
    /// The states with a step outside the bounds.
    pub cut: BitSet,
    /// For each predicate, the states with a step outside the bounds to where it does not hold.
    pub cut_without: Vec<BitSet>,
    /// For each predicate, how many initial states are outside the bounds and do not satisfy it.
    pub initial_without: Vec<u64>,
    pub counts: GraphCounts,
}

/// Why there is no whole graph.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The watch says why.
    Stopped,
    /// The model panicked: the words.
    Panicked(String),
}

/// How many states are expanded between two looks at the watch.
const STRIDE: usize = 256;

/// Explores `model` to the end of its bounds.
pub(crate) fn explore<M: Specification>(
    model: &M,
    predicates: &[Predicate<M>],
    seed: u64,
    watch: &Watch,
) -> Result<Graph<M>, (GraphCounts, Halt)> {
    let sets = || vec![BitSet::default(); predicates.len()];
    let graph = Graph {
        structure: Structure::default(),
        numbering: Numbering::default(),
        actions: Vec::new(),
        marks: sets(),
        cut: BitSet::default(),
        cut_without: sets(),
        initial_without: vec![0; predicates.len()],
        counts: GraphCounts::default(),
    };
    let (bounds_cut, instances) = (super::bounds_cut(model), HashMap::new());
    let mut explorer = Explorer { model, predicates, seed, watch, bounds_cut, graph, instances, queue: Queue::default() };
    match explorer.run() {
        Ok(()) => {
            let mut graph = explorer.graph;
            graph.count();
            Ok(graph)
        }
        Err(halt) => {
            explorer.graph.count();
            Err((explorer.graph.counts, halt))
        }
    }
}

struct Explorer<'a, M: Specification> {
    model: &'a M,
    predicates: &'a [Predicate<M>],
    seed: u64,
    watch: &'a Watch,
    /// Whether a step out of the bounds is part of a behaviour.
    bounds_cut: bool,
    graph: Graph<M>,
    /// Equal actions are one instance.
    instances: HashMap<M::Action, u32>,
    queue: Queue,
}

impl<M: Specification> Explorer<'_, M> {
    fn run(&mut self) -> Result<(), Halt> {
        let model = self.model;
        for state in panics::catch(|| model.init_states()).map_err(Halt::Panicked)? {
            panics::catch(|| self.begin(&state)).map_err(Halt::Panicked)??;
        }
        self.graph.structure.initial = self.graph.numbering.len() as u32;
        let mut level = 0;
        for number in 0.. {
            if number == level {
                level = self.graph.numbering.len();
                self.graph.counts.depth += u64::from(level > number);
            }
            let Some(state) = self.queue.pop::<M::State>() else { break };
            let state = state.map_err(|error| self.cannot_keep(&error))?;
            panics::catch(|| self.expand(number as u32, &state)).map_err(Halt::Panicked)??;
            if number % STRIDE == 0 {
                self.tell();
                if self.watch.stopped() {
                    return Err(Halt::Stopped);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, state: &M::State) -> Result<(), Halt> {
        if self.arrive(state, fingerprint(state, self.seed))?.is_none() {
            self.graph.counts.cut_initial_states += 1;
            let without = self.graph.initial_without.iter_mut().zip(self.predicates);
            without.for_each(|(count, predicate)| *count += u64::from(!predicate(self.model, state)));
        }
        Ok(())
    }

    /// Numbers a state; `None` if it is outside the bounds.
    fn arrive(&mut self, state: &M::State, fingerprint: Fingerprint) -> Result<Option<u32>, Halt> {
        if !self.model.within_boundary(state) {
            return Ok(None);
        }
        let Some((number, new)) = self.graph.numbering.number(fingerprint) else {
            return Err(self.no_more("states"));
        };
        if new {
            for (set, predicate) in self.graph.marks.iter_mut().zip(self.predicates) {
                if predicate(self.model, state) {
                    set.insert(number);
                }
            }
            self.queue.push(state).map_err(|error| self.cannot_keep(&error))?;
        }
        Ok(Some(number))
    }

    fn expand(&mut self, number: u32, state: &M::State) -> Result<(), Halt> {
        let mut steps = Vec::new();
        self.model.successors(state, |action, result| {
            if let Ok(next) = result {
                let fingerprint = fingerprint(&next, self.seed);
                steps.push((action, next, fingerprint));
            }
        });
        self.graph.numbering.fetch(steps.iter().map(|(.., fingerprint)| *fingerprint));
        for (action, next, fingerprint) in steps {
            self.step(number, action, &next, fingerprint)?;
        }
        self.graph.structure.end_state();
        Ok(())
    }

    fn step(&mut self, number: u32, action: M::Action, next: &M::State, fingerprint: Fingerprint) -> Result<(), Halt> {
        let target = match self.arrive(next, fingerprint)? {
            Some(target) if target == number => {
                self.graph.counts.stuttering_steps += 1;
                return Ok(());
            }
            Some(target) => target,
            // Only a recovery takes it: in a behaviour it is not possible.
            None if !self.bounds_cut => return Ok(()),
            None => {
                self.graph.counts.cut_transitions += 1;
                self.graph.cut.insert(number);
                for (set, predicate) in self.graph.cut_without.iter_mut().zip(self.predicates) {
                    if !predicate(self.model, next) {
                        set.insert(number);
                    }
                }
                OUTSIDE
            }
        };
        let instance = self.instance(action);
        if self.graph.structure.push_edge(target, instance) { Ok(()) } else { Err(self.no_more("steps")) }
    }

    fn instance(&mut self, action: M::Action) -> u32 {
        if let Some(instance) = self.instances.get(&action) {
            return *instance;
        }
        let instance = self.graph.actions.len() as u32;
        self.graph.structure.fairness.push(self.model.fairness(&action));
        self.graph.actions.push(action.clone());
        self.instances.insert(action, instance);
        instance
    }

    fn tell(&self) {
        let watch = self.watch;
        watch.distinct.store(self.graph.numbering.len() as u64, Relaxed);
        watch.generated.store(self.graph.structure.edges() as u64 + self.graph.counts.stuttering_steps, Relaxed);
        watch.depth.store(self.graph.counts.depth, Relaxed);
        watch.queue.store(self.queue.len(), Relaxed);
    }

    fn no_more(&self, what: &str) -> Halt {
        self.watch.stop(Stop::Frontier(format!("there are no more numbers for {what} of one graph")));
        Halt::Stopped
    }

    fn cannot_keep(&self, error: &postcard::Error) -> Halt {
        self.watch.stop(Stop::Frontier(format!("a state cannot be encoded and decoded: {error}")));
        Halt::Stopped
    }
}

impl<M: Specification> Graph<M> {
    fn count(&mut self) {
        let (state_bytes, edge_bytes) = self.structure.bytes();
        let sets = self.marks.iter().chain(&self.cut_without).chain([&self.cut]).map(BitSet::bytes).sum::<u64>();
        let counts = &mut self.counts;
        counts.states = self.numbering.len() as u64;
        counts.edges = self.structure.edges() as u64;
        counts.cut_states = self.cut.len();
        counts.instances = self.actions.len() as u64;
        let fair = |wanted| self.structure.fairness.iter().filter(|fairness| **fairness == wanted).count() as u64;
        counts.weakly_fair_instances = fair(Fairness::Weak);
        counts.strongly_fair_instances = fair(Fairness::Strong);
        counts.state_bytes = state_bytes + self.numbering.bytes() + sets;
        counts.edge_bytes = edge_bytes;
    }
}
