//! Which states lie on fair cycles.
//!
//! A behaviour that goes on for ever visits some set of states again and again,
//! and that set is strongly connected (one state that stutters is such a set).
//! It is fair if
//!
//! * for every weakly fair instance, it is impossible in some state of the set
//!   or taken by a step within the set;
//! * for every strongly fair instance, it is impossible in all states of the set
//!   or taken by a step within the set.
//!
//! Strongly connected components are the largest such sets. Where a component
//! fails a weak instance, so does every part of it, and it is dismissed. Where
//! it fails strong instances, a fair part avoids all states in which these are
//! possible: those are taken out, and the rest is decomposed again (Streett).
//!
//! Components are found by Tarjan's algorithm in the form of Pearce, with one
//! word a state and its own stack in place of recursion.

use quorate_model::specification::Fairness;

use super::bits::BitSet;
use super::chunked::Chunked;
use super::structure::{OUTSIDE, Structure};

/// In no set.
const NONE: u32 = 0;
/// Marks the label of a fair component.
const FAIR: u32 = 1 << 31;
/// Edges looked at between two questions whether to go on.
const STRIDE: u32 = 1 << 16;

/// The largest fair sets of states.
pub(crate) struct FairComponents {
    /// For each state the component it is in, or [`NONE`].
    labels: Vec<u32>,
    /// How many components there are.
    pub count: u32,
}

impl FairComponents {
    #[inline]
    pub fn contains(&self, state: u32) -> bool {
        self.labels[state as usize] & FAIR != 0
    }

    #[inline]
    pub fn are_together(&self, one: u32, two: u32) -> bool {
        self.contains(one) && self.labels[one as usize] == self.labels[two as usize]
    }
}

/// The largest fair strongly connected sets within `region` that contain a state
/// of `visiting`, if given. `None` if `stopped` said so meanwhile.
///
/// Takes 8 bytes a state, and up to 16 more while it searches: a frame for each
/// state of its way, or four bytes for each that waits for its component, and
/// four to eight for the states of the component that is found.
pub(crate) fn fair_components(
    structure: &Structure,
    region: &BitSet,
    visiting: Option<&BitSet>,
    stopped: &dyn Fn() -> bool,
) -> Option<FairComponents> {
    let states = structure.states();
    let instances = structure.fairness.len();
    let mut search = Search {
        structure,
        visiting,
        stopped,
        labels: (0..states as u32).map(|state| u32::from(region.contains(state))).collect(),
        low: vec![0; states],
        counter: 1,
        ticks: 0,
        stack: Chunked::default(),
        frames: Chunked::default(),
        next_label: 2,
        fair: 0,
        rest: Vec::new(),
        seen: Seen {
            possible: vec![0; instances],
            last: vec![OUTSIDE; instances],
            taken: vec![false; instances],
            touched: Vec::new(),
        },
    };
    search.decompose(0..states as u32, 1)?;
    while let Some((states, label)) = search.rest.pop() {
        search.counter = 1;
        search.decompose(states.iter().copied(), label)?;
    }
    Some(FairComponents { labels: search.labels, count: search.fair })
}

struct Search<'a> {
    structure: &'a Structure,
    visiting: Option<&'a BitSet>,
    stopped: &'a dyn Fn() -> bool,
    /// States of the set that is being decomposed share a label.
    labels: Vec<u32>,
    /// 0: not visited; else the least index known to be reachable.
    low: Vec<u32>,
    counter: u32,
    ticks: u32,
    /// Visited, left, and not yet in a component.
    stack: Chunked<u32>,
    frames: Chunked<Frame>,
    next_label: u32,
    fair: u32,
    /// Sets still to be decomposed.
    rest: Vec<(Vec<u32>, u32)>,
    seen: Seen,
}

#[derive(Clone, Copy)]
struct Frame {
    state: u32,
    /// The edge to look at next.
    edge: u32,
    /// When the state was visited.
    index: u32,
}

/// What was seen of each instance in a component.
struct Seen {
    /// In how many of its states it is possible.
    possible: Vec<u32>,
    /// The state that was counted last.
    last: Vec<u32>,
    /// Whether a step within takes it.
    taken: Vec<bool>,
    /// Where the above are not as they were.
    touched: Vec<u32>,
}

impl Search<'_> {
    fn decompose(&mut self, states: impl Iterator<Item = u32>, label: u32) -> Option<()> {
        for state in states {
            if self.labels[state as usize] == label && self.low[state as usize] == 0 {
                self.visit(state, label)?;
            }
        }
        Some(())
    }

    fn enter(&mut self, state: u32) {
        self.frames.push(Frame { state, edge: self.structure.range(state).start, index: self.counter });
        self.low[state as usize] = self.counter;
        self.counter += 1;
    }

    fn visit(&mut self, root: u32, label: u32) -> Option<()> {
        self.enter(root);
        while let Some(Frame { state, edge, index }) = self.frames.last() {
            if self.descend(state, edge, label)? {
                continue;
            }
            self.frames.pop();
            let low = self.low[state as usize];
            if let Some(parent) = self.frames.last() {
                let parent = parent.state as usize;
                self.low[parent] = self.low[parent].min(low);
            }
            if low < index {
                self.stack.push(state);
            } else {
                self.complete(state, index, label);
            }
        }
        Some(())
    }

    /// Looks at the edges of `state` from `edge` on, up to one that leads to
    /// what was not visited, and goes there. Returns whether there was one.
    fn descend(&mut self, state: u32, edge: u32, label: u32) -> Option<bool> {
        for edge in edge..self.structure.range(state).end {
            self.ticks = self.ticks.wrapping_add(1);
            if self.ticks.is_multiple_of(STRIDE) && (self.stopped)() {
                return None;
            }
            let target = self.structure.target(edge);
            if target == OUTSIDE || self.labels[target as usize] != label {
                continue;
            }
            match self.low[target as usize] {
                0 => {
                    self.frames.last_mut().expect("the state's own frame").edge = edge + 1;
                    self.enter(target);
                    return Some(true);
                }
                low => self.low[state as usize] = self.low[state as usize].min(low),
            }
        }
        Some(false)
    }

    /// The component of `state` is what was visited since and reaches no further back.
    fn complete(&mut self, state: u32, index: u32, label: u32) {
        let mut component = vec![state];
        while let Some(other) = self.stack.last().filter(|other| self.low[*other as usize] >= index) {
            self.stack.pop();
            component.push(other);
        }
        self.judge(&component, label);
    }

    /// Gives the states of a component their new labels.
    fn judge(&mut self, component: &[u32], label: u32) {
        if let [state] = component {
            let fair = self.structure.may_stutter(*state) && self.visits(component);
            self.relabel(component, fair);
            return;
        }
        self.look(component, label);
        let fairness = &self.structure.fairness;
        let seen = &self.seen;
        let neglected = |wanted: Fairness| {
            seen.touched
                .iter()
                .filter(move |instance| fairness[**instance as usize] == wanted && !seen.taken[**instance as usize])
        };
        let everywhere = |instance: &u32| seen.possible[*instance as usize] as usize == component.len();
        let hopeless = neglected(Fairness::Weak).any(everywhere) || !self.visits(component);
        let needs_removal = neglected(Fairness::Strong).next().is_some();
        if hopeless || !needs_removal {
            self.relabel(component, !hopeless);
        } else {
            self.remove_neglected(component);
        }
        self.seen.forget();
    }

    fn visits(&self, component: &[u32]) -> bool {
        self.visiting.is_none_or(|visiting| component.iter().any(|state| visiting.contains(*state)))
    }

    /// Looks at every step of the component.
    fn look(&mut self, component: &[u32], label: u32) {
        for state in component {
            for (target, instance) in self.structure.edges_of(*state) {
                if !self.structure.is_fair(instance) {
                    continue;
                }
                // All that a state of the component leads to was visited: what is
                // still in the set and was not given a component is in this one.
                let within = target != OUTSIDE && self.labels[target as usize] == label;
                self.seen.note(*state, instance as usize, within);
            }
        }
    }

    fn relabel(&mut self, component: &[u32], fair: bool) {
        self.fair += u32::from(fair);
        let label = if fair { FAIR | self.fair } else { NONE };
        component.iter().for_each(|state| self.labels[*state as usize] = label);
    }

    /// Takes out the states in which a neglected strong instance is possible.
    fn remove_neglected(&mut self, component: &[u32]) {
        let structure = self.structure;
        let (mut kept, label) = (Vec::new(), self.next_label);
        for state in component {
            let neglected = structure.edges_of(*state).any(|(_, instance)| {
                structure.fairness[instance as usize] == Fairness::Strong && !self.seen.taken[instance as usize]
            });
            if !neglected {
                kept.push(*state);
            }
            self.labels[*state as usize] = if neglected { NONE } else { label };
            self.low[*state as usize] = 0;
        }
        if !kept.is_empty() {
            self.next_label += 1;
            self.rest.push((kept, label));
        }
    }
}

impl Seen {
    #[inline]
    fn note(&mut self, state: u32, instance: usize, within: bool) {
        if self.last[instance] != state {
            if self.possible[instance] == 0 {
                self.touched.push(instance as u32);
            }
            self.last[instance] = state;
            self.possible[instance] += 1;
        }
        self.taken[instance] |= within;
    }

    fn forget(&mut self) {
        for instance in self.touched.drain(..) {
            let instance = instance as usize;
            (self.possible[instance], self.last[instance], self.taken[instance]) = (0, OUTSIDE, false);
        }
    }
}
