//! From numbers back to states: the steps are taken once more.

use quorate_model::Path;
use quorate_model::specification::Specification;

use super::cycle::CycleStep;
use super::graph::Graph;
use crate::fingerprint::fingerprint;

/// The behaviour through `states`, then for ever round `cycle`.
///
/// The step that closes the cycle is part of it, so that its action is known:
/// the last state equals the one where the cycle begins, and `loop_start` is
/// the state after that one. A behaviour that stays in its last state has
/// `loop_start` at that state.
///
/// Panics if the model does not take the same steps again.
pub(crate) fn lasso<M: Specification>(model: &M, graph: &Graph<M>, seed: u64, states: &[u32], cycle: &[CycleStep]) -> Path<M> {
    let find = |state: &M::State| graph.numbering.find(fingerprint(state, seed));
    let initial = model.init_states().into_iter().find(|state| find(state) == Some(states[0]));
    let initial = initial.expect("a model has the same initial states every time");
    let mut path = Path { initial, steps: Vec::new(), loop_start: None };
    let way = states.windows(2).map(|step| {
        let mut edges = graph.structure.edges_of(step[0]);
        let (_, instance) = edges.find(|(target, _)| *target == step[1]).expect("a way follows edges");
        (instance, step[1])
    });
    for (instance, target) in way.chain(cycle.iter().copied()) {
        let action = graph.actions[instance as usize].clone();
        let next = model.step(path.last(), &action).ok().filter(|next| find(next) == Some(target));
        path.steps.push((action, next.expect("a model takes the same step to the same state every time")));
    }
    let entry = states.len() - 1;
    path.loop_start = Some(if cycle.is_empty() { entry } else { entry + 1 });
    path
}
