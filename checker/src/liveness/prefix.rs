//! Shortest ways from an initial state, in stages.
//!
//! A stage says where the way may go and where it may begin: the way to a
//! violation of `P ~> Q` goes anywhere, then, from a state with P, only where Q
//! does not hold. Breadth first over (stage, state); entering the next stage
//! costs no step.

use std::collections::VecDeque;

use super::structure::{OUTSIDE, Structure};

/// A part of a way.
pub(crate) struct Stage<'a> {
    /// Where this part may begin.
    pub from: &'a dyn Fn(u32) -> bool,
    /// Where it may go, its beginning included.
    pub within: &'a dyn Fn(u32) -> bool,
}

/// Not reached.
const NOT: u32 = u32::MAX;
/// Reached as an initial state.
const ROOT: u32 = u32::MAX - 1;

/// The states of a shortest way through all stages to a state with `goal`.
/// Takes four bytes for each stage and state.
pub(crate) fn shortest(structure: &Structure, stages: &[Stage<'_>], goal: &dyn Fn(u32) -> bool) -> Option<Vec<u32>> {
    let mut walk =
        Walk { stages, goal, parents: stages.iter().map(|_| vec![NOT; structure.states()]).collect(), queue: VecDeque::new() };
    for state in 0..structure.initial {
        if (stages[0].from)(state) && walk.arrive(0, state, ROOT) {
            return Some(walk.way(state));
        }
    }
    while let Some((stage, state)) = walk.queue.pop_front() {
        let stage = stage as usize;
        for (target, _) in structure.edges_of(state) {
            if target != OUTSIDE && walk.arrive(stage, target, state) {
                return Some(walk.way(target));
            }
        }
    }
    None
}

struct Walk<'a> {
    stages: &'a [Stage<'a>],
    goal: &'a dyn Fn(u32) -> bool,
    /// For each stage and state, where it was reached from: in the stage before if it is itself.
    parents: Vec<Vec<u32>>,
    queue: VecDeque<(u32, u32)>,
}

impl Walk<'_> {
    /// Whether the goal is reached.
    fn arrive(&mut self, stage: usize, state: u32, parent: u32) -> bool {
        if self.parents[stage][state as usize] != NOT || !(self.stages[stage].within)(state) {
            return false;
        }
        self.parents[stage][state as usize] = parent;
        self.queue.push_back((stage as u32, state));
        match self.stages.get(stage + 1) {
            None => (self.goal)(state),
            Some(next) => (next.from)(state) && self.arrive(stage + 1, state, state),
        }
    }

    fn way(&self, goal: u32) -> Vec<u32> {
        let mut stage = self.stages.len() - 1;
        let mut way = vec![goal];
        let mut at = goal;
        loop {
            match self.parents[stage][at as usize] {
                ROOT => break,
                same if same == at => stage -= 1,
                parent => {
                    way.push(parent);
                    at = parent;
                }
            }
        }
        way.reverse();
        way
    }
}
