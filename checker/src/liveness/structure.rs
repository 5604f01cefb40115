//! The graph without its states: who leads where, and by which instance.
//!
//! ```text
//!   state      0      1      2      3          first: 4 bytes a state
//!   first      0      2      5      5     6
//!              │      │
//!   target     1  2 │ 2  0 OUT │  │ 1          4 bytes an edge
//!   instance   a  b │ b  a  c  │  │ a          4 bytes an edge
//! ```

use quorate_model::specification::Fairness;

use super::bits::BitSet;
use super::chunked::Chunked;

/// The target of a step that leads outside the bounds.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// Edges by state, in the order of state numbers.
pub(crate) struct Structure {
    /// Where each state's edges begin; one more at the end.
    first: Chunked<u32>,
    targets: Chunked<u32>,
    instances: Chunked<u32>,
    /// By instance.
    pub fairness: Vec<Fairness>,
    /// The states below this number are the initial ones.
    pub initial: u32,
}

impl Default for Structure {
    fn default() -> Self {
        let mut first = Chunked::default();
        first.push(0);
        Structure { first, targets: Chunked::default(), instances: Chunked::default(), fairness: Vec::new(), initial: 0 }
    }
}

impl Structure {
    /// How many states have been expanded.
    pub fn states(&self) -> usize {
        self.first.len() - 1
    }

    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    /// A step of the state that is being expanded. `false`: there are no more numbers for edges.
    #[must_use]
    pub fn push_edge(&mut self, target: u32, instance: u32) -> bool {
        self.targets.push(target);
        self.instances.push(instance);
        self.targets.len() < u32::MAX as usize
    }

    /// The state that is being expanded has no more steps.
    pub fn end_state(&mut self) {
        self.first.push(self.targets.len() as u32);
    }

    /// The positions of a state's edges.
    #[inline]
    pub fn range(&self, state: u32) -> std::ops::Range<u32> {
        self.first.get(state as usize)..self.first.get(state as usize + 1)
    }

    #[inline]
    pub fn target(&self, edge: u32) -> u32 {
        self.targets.get(edge as usize)
    }

    /// A state's edges: target and instance.
    #[inline]
    pub fn edges_of(&self, state: u32) -> impl Iterator<Item = (u32, u32)> {
        self.range(state).map(|edge| (self.targets.get(edge as usize), self.instances.get(edge as usize)))
    }

    #[inline]
    pub fn is_fair(&self, instance: u32) -> bool {
        self.fairness[instance as usize] != Fairness::None
    }

    /// Whether a behaviour may stay in `state` for ever: nothing that is fair is possible there.
    pub fn may_stutter(&self, state: u32) -> bool {
        self.edges_of(state).all(|(_, instance)| !self.is_fair(instance))
    }

    /// The states of `within` that can be reached from `sources` by states of `within`.
    pub fn reachable(&self, sources: impl Iterator<Item = u32>, within: impl Fn(u32) -> bool) -> BitSet {
        let mut reached = BitSet::default();
        let mut left: Vec<u32> = sources.filter(|state| within(*state) && reached.insert(*state)).collect();
        while let Some(state) = left.pop() {
            for (target, _) in self.edges_of(state) {
                if target != OUTSIDE && within(target) && reached.insert(target) {
                    left.push(target);
                }
            }
        }
        reached
    }

    /// Bytes in memory: for states, and for edges.
    pub fn bytes(&self) -> (u64, u64) {
        (self.first.bytes(), self.targets.bytes() + self.instances.bytes())
    }
}
