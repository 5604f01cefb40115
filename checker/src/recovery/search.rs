//! Forward search for P by every recovery step, where the schedule fails.

use std::collections::{HashMap, HashSet};

use quorate_model::specification::Specification;

use super::explore::{Explorer, Known};
use crate::liveness::queue::Queue;

/// How a search ended.
pub(super) enum Ended {
    /// P, or a state known to be good, was reached; the way there is known to be good now.
    Good,
    /// It was not, and the state has a way to a step that was cut.
    Undecided,
    /// It was not, and cannot be.
    Doomed(Explanation),
    /// The run is to stop.
    Stopped,
}

/// Why nothing leads out of a doomed state.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Explanation {
    /// States that recovery steps can reach, itself included.
    pub reachable: u64,
    /// Of these, the states without a recovery step.
    pub dead_ends: u64,
    /// How often each guard refused in these states.
    pub refused: Vec<u64>,
    /// How often an action of each class was possible and is not a recovery step.
    pub not_allowed: Vec<u64>,
}

/// The part of the graph that a search has seen.
struct Seen<'s, M: Specification> {
    /// From a state's number to its place in the order of arrival, and where it came from.
    places: HashMap<u32, (u32, u32)>,
    /// Numbers in the order of arrival.
    numbers: Vec<u32>,
    /// Steps among them, by places: from, to.
    steps: Vec<(u32, u32)>,
    /// Places with a step that was cut.
    cut: Vec<u32>,
    /// Whether there were more states than it may look at.
    limited: bool,
    /// Places and states.
    queue: Queue,
    known: &'s mut Known,
    goal: fn(&M, &M::State) -> bool,
}

/// Looks for P from `start`, at up to `limit` states.
pub(super) fn search<M: Specification>(
    explorer: &mut Explorer<'_, M>,
    goal: fn(&M, &M::State) -> bool,
    known: &mut Known,
    limit: u64,
    start: &M::State,
) -> Ended {
    let model = explorer.model;
    let mut seen = Seen {
        places: HashMap::new(),
        numbers: Vec::new(),
        steps: Vec::new(),
        cut: Vec::new(),
        limited: false,
        queue: Queue::default(),
        known,
        goal,
    };
    let mut explanation = Explanation {
        refused: vec![0; model.guards().len()],
        not_allowed: vec![0; model.action_classes().len()],
        ..Explanation::default()
    };
    if seen.arrive(explorer, start, 0) {
        return Ended::Good;
    }
    while let Some(entry) = seen.queue.pop::<(u32, M::State)>() {
        let Ok((place, state)) = entry else {
            explorer.cannot_keep();
            return Ended::Stopped;
        };
        if explorer.stopped() {
            return Ended::Stopped;
        }
        let mut steps = Vec::new();
        model.successors(&state, |action, result| match result {
            Err(guard) => explanation.refused[usize::from(guard.0)] += 1,
            Ok(_) if !model.allowed_in_recovery(&state, &action) => {
                explanation.not_allowed[usize::from(model.class_of(&action).0)] += 1;
            }
            Ok(next) => steps.push(next),
        });
        explanation.dead_ends += u64::from(steps.is_empty());
        for next in steps {
            seen.limited |= seen.numbers.len() as u64 >= limit;
            if !model.within_headroom(&next) || seen.limited {
                seen.cut.push(place);
            } else if seen.arrive(explorer, &next, place) {
                return Ended::Good;
            }
        }
    }
    explanation.reachable = seen.numbers.len() as u64;
    if seen.settle() { Ended::Doomed(explanation) } else { Ended::Undecided }
}

impl<M: Specification> Seen<'_, M> {
    /// Whether `state`, reached from the state at `from`, is good; then so is the way to it.
    fn arrive(&mut self, explorer: &mut Explorer<'_, M>, state: &M::State, from: u32) -> bool {
        let number = explorer.number(state);
        if let Some((place, _)) = self.places.get(&number) {
            self.steps.push((from, *place));
            return false;
        }
        if (self.goal)(explorer.model, state) || self.known.good.contains(number) {
            self.known.good.insert(number);
            if !self.numbers.is_empty() {
                self.mark_way(from);
            }
            return true;
        }
        let place = self.numbers.len() as u32;
        self.places.insert(number, (place, from));
        self.numbers.push(number);
        self.steps.push((from, place));
        // What is known to be undecided has a way to a cut, and none to P before
        // it: expanding it again would tell the same.
        if self.known.undecided.contains(number) {
            self.cut.push(place);
        } else if self.queue.push(&(place, state)).is_err() {
            explorer.cannot_keep();
        }
        false
    }

    fn mark_way(&mut self, last: u32) {
        let mut place = last;
        loop {
            let number = self.numbers[place as usize];
            self.known.good.insert(number);
            if place == 0 {
                return;
            }
            place = self.places[&number].1;
        }
    }

    /// Nothing good was found: each state has a way to a cut, or is doomed.
    /// Returns whether the first one is doomed.
    fn settle(&mut self) -> bool {
        let mut open = vec![false; self.numbers.len()];
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.numbers.len()];
        self.steps.iter().for_each(|(from, to)| before[*to as usize].push(*from));
        let mut left = std::mem::take(&mut self.cut);
        while let Some(place) = left.pop() {
            if !std::mem::replace(&mut open[place as usize], true) {
                left.extend(&before[place as usize]);
            }
        }
        // A search that had to stop says nothing of states but the first: from
        // another one it would have got further.
        if !self.limited {
            let undecided = self.numbers.iter().zip(&open).filter(|(_, open)| **open);
            undecided.for_each(|(number, _)| _ = self.known.undecided.insert(*number));
        }
        !open[0]
    }
}

/// A shortest recovery from `start` to P, looking at up to `limit` states.
pub(super) fn shortest<M: Specification>(
    model: &M,
    goal: fn(&M, &M::State) -> bool,
    limit: usize,
    start: &M::State,
) -> Option<Vec<(M::Action, M::State)>> {
    let mut met: Vec<Met<M>> = vec![Met { state: start.clone(), origin: None }];
    let mut known = HashSet::from([start.clone()]);
    let mut place = 0;
    while place < met.len() {
        let state = met[place].state.clone();
        if goal(model, &state) {
            let mut way = Vec::new();
            while let Met { state, origin: Some((before, action)) } = &met[place] {
                way.push((action.clone(), state.clone()));
                place = *before;
            }
            way.reverse();
            return Some(way);
        }
        model.successors(&state, |action, result| {
            let Ok(next) = result else { return };
            let admitted = model.allowed_in_recovery(&state, &action) && model.within_headroom(&next);
            if admitted && met.len() < limit && known.insert(next.clone()) {
                met.push(Met { state: next, origin: Some((place, action)) });
            }
        });
        place += 1;
    }
    None
}

/// A state that a search has met.
struct Met<M: Specification> {
    state: M::State,
    /// The place of the state before, and the step from there.
    origin: Option<(usize, M::Action)>,
}

/// Enabled actions that are named before the rest is counted.
const NAMED: usize = 5;

impl Explanation {
    /// In words, for the doomed `state`.
    pub fn in_words<M: Specification>(&self, model: &M, state: &M::State) -> String {
        let Explanation { reachable, dead_ends, refused, not_allowed } = self;
        let (mut possible, mut excluded) = (Vec::new(), Vec::new());
        model.successors(state, |action, result| {
            if result.is_ok() {
                let list = if model.allowed_in_recovery(state, &action) { &mut possible } else { &mut excluded };
                list.push(model.format_action(&action));
            }
        });
        let mut words = format!(
            "from the last state recovery steps reach {reachable} states, itself included, and it holds in none of them; \
             {dead_ends} of them have no recovery step; possible in the last state: {}",
            listed(&possible)
        );
        if !excluded.is_empty() {
            words += &format!("; possible, but no recovery step: {}", listed(&excluded));
        }
        let counted = |names: Vec<&'static str>, counts: &[u64]| {
            let named = names.into_iter().zip(counts).filter(|(_, count)| **count > 0);
            named.map(|(name, count)| format!("{name} ({count})")).collect::<Vec<_>>().join(", ")
        };
        if refused.iter().any(|count| *count > 0) {
            words += &format!("; refused in these states by: {}", counted(model.guards(), refused));
        }
        if not_allowed.iter().any(|count| *count > 0) {
            words += &format!("; not recovery steps: {}", counted(model.action_classes(), not_allowed));
        }
        words
    }
}

fn listed(actions: &[String]) -> String {
    match actions.len() {
        0 => String::from("nothing"),
        count if count > NAMED => format!("{} and {} more", actions[..NAMED].join(", "), count - NAMED),
        _ => actions.join(", "),
    }
}
