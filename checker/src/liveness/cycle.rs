//! A short cycle that makes a behaviour fair.
//!
//! The walk begins at the component's entry and owes something: to take each
//! weakly fair instance that was possible in all of its states, or to visit a
//! state in which it is not; to take each strongly fair instance that was
//! possible in any of them; to visit a state that the violation needs. As long
//! as it owes, it goes the shortest way to where some of that is paid; then it
//! goes back to the entry. If it owes nothing at the entry, it stays there.
//! That is not always the shortest fair cycle, which is hard to find; it is no
//! longer than its debts make it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use quorate_model::specification::Fairness;

use super::bits::BitSet;
use super::fair::FairComponents;
use super::structure::{OUTSIDE, Structure};

/// A step of the cycle: the instance that is taken and where it leads.
pub(crate) type CycleStep = (u32, u32);

/// From `entry`, the states to where the cycle begins, and its steps; none if
/// the behaviour may stay there.
pub(crate) fn fair_cycle(
    structure: &Structure,
    components: &FairComponents,
    entry: u32,
    visiting: Option<&BitSet>,
) -> (Vec<u32>, Vec<CycleStep>) {
    let mut walk = Walk::new(structure, components, entry, visiting);
    loop {
        while walk.debts.is_left() {
            walk.follow(false, |walk, instance, target| walk.pays(instance, target));
        }
        if walk.at() == walk.entry {
            break;
        }
        walk.follow(true, |walk, _, target| target == walk.entry);
    }
    walk.shortened()
}

/// Walks longer than this are not searched for a shorter cycle within them.
const SHORTENED: usize = 200;

#[derive(Default)]
struct Debts {
    /// Weakly fair, possible in every state so far, and not taken.
    weak: BTreeSet<u32>,
    /// Strongly fair, possible in some state so far, and not taken.
    strong: BTreeSet<u32>,
    taken: BTreeSet<u32>,
    /// Whether a needed state is still to be visited.
    visit: bool,
}

impl Debts {
    fn is_left(&self) -> bool {
        self.visit || !self.weak.is_empty() || !self.strong.is_empty()
    }
}

struct Walk<'a> {
    structure: &'a Structure,
    components: &'a FairComponents,
    entry: u32,
    visiting: Option<&'a BitSet>,
    steps: Vec<CycleStep>,
    debts: Debts,
}

impl<'a> Walk<'a> {
    fn new(structure: &'a Structure, components: &'a FairComponents, entry: u32, visiting: Option<&'a BitSet>) -> Self {
        let mut walk = Walk { structure, components, entry, visiting, steps: Vec::new(), debts: Debts::default() };
        walk.debts.visit = visiting.is_some();
        walk.debts.weak = walk.possible(entry, Fairness::Weak).collect();
        walk.arrive(entry);
        walk
    }

    /// The part of the walk that ends first, comes back to where it began, and
    /// owes nothing; before it the way to its beginning.
    fn shortened(self) -> (Vec<u32>, Vec<CycleStep>) {
        let at = |place: usize| if place == 0 { self.entry } else { self.steps[place - 1].1 };
        for end in 1..=self.steps.len().min(SHORTENED) {
            for begin in (0..end).filter(|begin| at(*begin) == at(end)) {
                let mut part = Walk::new(self.structure, self.components, at(begin), self.visiting);
                self.steps[begin..end].iter().for_each(|step| part.take(*step));
                if !part.debts.is_left() {
                    return ((1..=begin).map(at).collect(), self.steps[begin..end].to_vec());
                }
            }
        }
        (Vec::new(), self.steps)
    }

    fn at(&self) -> u32 {
        self.steps.last().map_or(self.entry, |(_, target)| *target)
    }

    fn possible(&self, state: u32, wanted: Fairness) -> impl Iterator<Item = u32> {
        let fairness = &self.structure.fairness;
        self.structure.edges_of(state).map(|(_, instance)| instance).filter(move |i| fairness[*i as usize] == wanted)
    }

    /// Whether such a step pays something.
    fn pays(&self, instance: u32, target: u32) -> bool {
        let Debts { weak, strong, visit, .. } = &self.debts;
        if weak.contains(&instance) || strong.contains(&instance) {
            return true;
        }
        if *visit && self.visiting.is_some_and(|visiting| visiting.contains(target)) {
            return true;
        }
        let still: BTreeSet<u32> = self.possible(target, Fairness::Weak).filter(|instance| weak.contains(instance)).collect();
        still.len() < weak.len()
    }

    fn arrive(&mut self, state: u32) {
        let possible: BTreeSet<u32> = self.possible(state, Fairness::Weak).collect();
        self.debts.weak.retain(|instance| possible.contains(instance));
        let strong: Vec<u32> = self.possible(state, Fairness::Strong).collect();
        self.debts.strong.extend(strong.into_iter().filter(|instance| !self.debts.taken.contains(instance)));
        if self.visiting.is_some_and(|visiting| visiting.contains(state)) {
            self.debts.visit = false;
        }
    }

    /// Goes the shortest way to a step that is `wanted`, and takes it; on the
    /// way home, only until something new is owed.
    fn follow(&mut self, home: bool, wanted: impl Fn(&Self, u32, u32) -> bool) {
        for step in self.shortest(&wanted) {
            self.take(step);
            if home && self.debts.is_left() {
                return;
            }
        }
    }

    fn take(&mut self, (instance, target): CycleStep) {
        self.debts.taken.insert(instance);
        self.debts.weak.remove(&instance);
        self.debts.strong.remove(&instance);
        self.steps.push((instance, target));
        self.arrive(target);
    }

    fn shortest(&self, wanted: &impl Fn(&Self, u32, u32) -> bool) -> Vec<CycleStep> {
        let begin = self.at();
        let mut origins: HashMap<u32, (u32, u32)> = HashMap::new();
        let mut queue = VecDeque::from([begin]);
        while let Some(state) = queue.pop_front() {
            for (target, instance) in self.structure.edges_of(state) {
                if target == OUTSIDE || !self.components.are_together(begin, target) {
                    continue;
                }
                if wanted(self, instance, target) {
                    let mut way = vec![(instance, target)];
                    let mut at = state;
                    while at != begin {
                        let (from, instance) = origins[&at];
                        way.push((instance, at));
                        at = from;
                    }
                    way.reverse();
                    return way;
                }
                if target != begin && !origins.contains_key(&target) {
                    origins.insert(target, (state, instance));
                    queue.push_back(target);
                }
            }
        }
        panic!("a fair component has a step for each debt, and a way to its entry");
    }
}
