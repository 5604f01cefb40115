//! What happens eventually, on small instances: a search for fair cycles.
//!
//! Under weak fairness a strongly connected component can be run through for
//! ever iff each fair action is, somewhere in it, impossible or taken. (It is
//! impossible where it would change nothing.) A state where nothing fair is
//! possible may be stayed in for ever.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use quorate_model::property::{Check, Property};
use quorate_model::replication::Sound;
use quorate_model::replication::model::{Limits, Replication, ReplicationBounds};
use quorate_model::replication::mutant::{Effect, Mutant};
use quorate_model::replication::replica_engine::{EngineAction, EngineBounds, EngineRules, EngineState, ReplicaEngine};
use quorate_model::specification::{Fairness, Specification};

/// A reachable graph: for each state its steps (which fair action, if any; where to).
struct Graph<S> {
    states: Vec<S>,
    steps: Vec<Vec<(Option<u32>, usize)>>,
    initial: Vec<usize>,
}

/// The graph with fair actions named by `name`: two steps of one name are one action.
fn graph<M: Specification, K: Hash + Eq>(
    model: &M,
    initial: Vec<M::State>,
    name: impl Fn(&M::Action) -> Option<K>,
) -> Graph<M::State> {
    let mut index: HashMap<M::State, usize> = HashMap::new();
    let mut names: HashMap<K, u32> = HashMap::new();
    let mut graph = Graph { states: Vec::new(), steps: Vec::new(), initial: Vec::new() };
    for state in initial {
        let next = graph.states.len();
        let at = *index.entry(state.clone()).or_insert(next);
        if at == next {
            graph.states.push(state);
        }
        graph.initial.push(at);
    }
    while graph.steps.len() < graph.states.len() {
        let state = graph.states[graph.steps.len()].clone();
        let mut steps = Vec::new();
        model.successors(&state, |action, outcome| {
            let Ok(after) = outcome else { return };
            assert!(model.within_boundary(&after), "a claim of liveness needs a graph that is not cut");
            let next = graph.states.len();
            let to = *index.entry(after.clone()).or_insert(next);
            if to == next {
                graph.states.push(after);
            }
            let fair = name(&action).map(|name| {
                let next = names.len() as u32;
                *names.entry(name).or_insert(next)
            });
            steps.push((fair, to));
        });
        graph.steps.push(steps);
    }
    graph
}

impl<S> Graph<S> {
    /// Whether some fair behaviour from `starts` stays in `within` for ever; a
    /// state that it runs through for ever.
    fn fair_run(&self, starts: impl Iterator<Item = usize>, within: &[bool]) -> Option<usize> {
        let reachable = self.reachable(starts, within);
        self.components(&reachable).into_iter().find(|component| self.is_fair(component)).map(|component| component[0])
    }

    fn reachable(&self, starts: impl Iterator<Item = usize>, within: &[bool]) -> Vec<bool> {
        let mut reached = vec![false; self.states.len()];
        let mut open: Vec<usize> = starts.filter(|start| within[*start]).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                open.extend(self.steps[at].iter().map(|(_, to)| *to).filter(|to| within[*to]));
            }
        }
        reached
    }

    fn is_fair(&self, component: &[usize]) -> bool {
        let inside: HashSet<usize> = component.iter().copied().collect();
        let mut possible: HashMap<u32, usize> = HashMap::new();
        let mut taken: HashSet<u32> = HashSet::new();
        for at in component {
            let steps = self.steps[*at].iter().filter(|(_, to)| to != at);
            let fair: HashSet<u32> = steps.clone().filter_map(|(fair, _)| *fair).collect();
            fair.into_iter().for_each(|action| *possible.entry(action).or_default() += 1);
            taken.extend(steps.filter(|(_, to)| inside.contains(to)).filter_map(|(fair, _)| *fair));
        }
        possible.iter().all(|(action, states)| *states < component.len() || taken.contains(action))
    }

    /// Tarjan's strongly connected components of the states in `within`, without recursion.
    fn components(&self, within: &[bool]) -> Vec<Vec<usize>> {
        const NEW: usize = usize::MAX;
        let (mut order, mut low) = (vec![NEW; self.states.len()], vec![NEW; self.states.len()]);
        let mut on_stack = vec![false; self.states.len()];
        let (mut stack, mut found, mut count) = (Vec::new(), Vec::new(), 0);
        for root in (0..self.states.len()).filter(|root| within[*root]) {
            if order[root] != NEW {
                continue;
            }
            let mut calls = vec![(root, 0)];
            while let Some((at, step)) = calls.pop() {
                if step == 0 {
                    (order[at], low[at]) = (count, count);
                    count += 1;
                    stack.push(at);
                    on_stack[at] = true;
                }
                let next = self.steps[at][step..].iter().position(|(_, to)| within[*to] && order[*to] == NEW);
                match next {
                    Some(offset) => {
                        calls.push((at, step + offset + 1));
                        calls.push((self.steps[at][step + offset].1, 0));
                    }
                    None => {
                        for (_, to) in self.steps[at].iter().filter(|(_, to)| on_stack[*to]) {
                            low[at] = low[at].min(low[*to]);
                        }
                        if low[at] == order[at] {
                            let start = stack.iter().rposition(|state| *state == at).expect("a root is on the stack");
                            let component = stack.split_off(start);
                            component.iter().for_each(|state| on_stack[*state] = false);
                            found.push(component);
                        }
                    }
                }
            }
        }
        found
    }
}

/// Decides the liveness claims of a model; the violated ones with a state that
/// is run through for ever.
fn violated<M: Specification>(model: &M, graph: &Graph<M::State>, claims: &[Property<M>]) -> BTreeMap<&'static str, M::State> {
    let mut violated = BTreeMap::new();
    for claim in claims {
        let bad = |holds: fn(&M, &M::State) -> bool| graph.states.iter().map(|state| !holds(model, state)).collect::<Vec<_>>();
        let run = match claim.check {
            Check::AlwaysEventually(holds) => graph.fair_run(0..graph.states.len(), &bad(holds)),
            Check::Eventually(holds) => graph.fair_run(graph.initial.iter().copied(), &bad(holds)),
            _ => continue,
        };
        if let Some(at) = run {
            violated.insert(claim.name, graph.states[at].clone());
        }
    }
    violated
}

fn as_declared<M: Specification>(model: &M) -> impl Fn(&M::Action) -> Option<M::Action> {
    |action| (model.fairness(action) == Fairness::Weak).then(|| action.clone())
}

fn replication(nodes: u64, max_client_value: u64) -> ReplicationBounds {
    ReplicationBounds { nodes, documents: 1, max_client_value, max_messages: 4 }
}

#[test]
fn replication_comes_to_rest_again_and_again() {
    for bounds in [replication(2, 2), replication(2, 3), replication(3, 1)] {
        let model = Replication::new(Sound, bounds).unwrap().with_limits(Limits::Budget);
        let graph = graph(&model, stateright::Model::init_states(&model), as_declared(&model));
        assert!(violated(&model, &graph, &model.claims()).is_empty(), "{bounds:?}");
        println!("{bounds:?}: {} states", graph.states.len());
    }
}

#[test]
fn without_fairness_messages_are_never_handled() {
    let model = Replication::new(Sound, replication(2, 2)).unwrap().with_limits(Limits::Budget);
    let graph = graph(&model, stateright::Model::init_states(&model), |_| None::<()>);
    let names: Vec<_> = violated(&model, &graph, &model.claims()).into_keys().collect();
    assert_eq!(names, ["NoActiveMessages", "QuietWithSameContents"]);
}

#[test]
fn a_request_that_is_never_consumed_is_in_flight_for_ever() {
    let rules = Mutant::with_effect(Effect::AnswerKeepsRequest);
    let model = Replication::new(rules, replication(2, 2)).unwrap().with_limits(Limits::Budget);
    let graph = graph(&model, stateright::Model::init_states(&model), as_declared(&model));
    let violated = violated(&model, &graph, &model.claims());
    assert!(!violated["NoActiveMessages"].messages.is_empty());
    assert!(violated.contains_key("QuietWithSameContents"));
}

/// The temporal properties as published: true at the start, so `<>` says nothing.
#[test]
fn the_published_temporal_properties_are_vacuous() {
    for rules in [Mutant::default(), Mutant::with_effect(Effect::AnswerKeepsRequest), Mutant::with_effect(Effect::NoResync)] {
        let model = Replication::new(rules, replication(3, 3)).unwrap();
        for state in stateright::Model::init_states(&model) {
            assert!(state.messages.is_empty(), "<>NoActiveMessages");
            assert!(state.responses.is_empty(), "<>AllAckedResponsesStored");
            let empty = state.copies.iter().all(|copy| copy.translog.iter().next().is_none());
            assert!(empty, "<>AllCopiesSameContents");
        }
    }
}

fn engine(requests: u64, duplication_limit: u64) -> ReplicaEngine {
    let bounds = EngineBounds { requests, duplication_limit, document_contents: 1 };
    ReplicaEngine::new(EngineRules::SOUND, bounds).unwrap()
}

/// One initial state for each set of requests, to keep the graph small.
fn some_initial_states(model: &ReplicaEngine) -> Vec<EngineState> {
    stateright::Model::init_states(model).into_iter().step_by(4).collect()
}

#[test]
fn the_engine_terminates_if_every_process_is_weakly_fair() {
    let model = engine(1, 1);
    let graph_by_step = graph(&model, some_initial_states(&model), as_declared(&model));
    assert!(violated(&model, &graph_by_step, &model.claims()).is_empty());
    // The same with the processes as actions, which is what `fair process` means in PlusCal.
    let by_process = |action: &EngineAction| (*action != EngineAction::Terminated).then(|| action.process());
    let graph = graph(&model, some_initial_states(&model), by_process);
    assert!(violated(&model, &graph, &model.claims()).is_empty());
    println!("{} states", graph.states.len());
}

#[test]
fn the_engine_need_not_terminate_without_fairness() {
    let model = engine(1, 0);
    let graph = graph(&model, some_initial_states(&model), |_| None::<()>);
    let violated = violated(&model, &graph, &model.claims());
    assert!(violated.contains_key("Termination"));
}

#[test]
fn the_engine_does_not_terminate_if_lucene_need_not_refresh() {
    let model = engine(1, 0);
    let unfair = |action: &EngineAction| {
        let lucene = quorate_model::replication::replica_engine::Process::ReplicaLucene as usize;
        (*action != EngineAction::Terminated && action.process() != lucene).then_some(*action)
    };
    let graph = graph(&model, some_initial_states(&model), unfair);
    assert!(violated(&model, &graph, &model.claims()).contains_key("Termination"));
}
