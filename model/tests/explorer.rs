//! An explorer says what [`Specification::successors`] says, in the same order,
//! and what it leaves unsaid of a step is true of it.

use std::collections::VecDeque;

use quorate_model::Specification;
use quorate_model::coordination::history::History;
use quorate_model::coordination::{Mutant, RuleSet, Sound, catalogue};
use quorate_model::explorer::{Explorer, Identity, Parts, Taken, Visit};
use quorate_model::property::Check;
use quorate_model::specification::GuardId;
use quorate_model::zen_with_terms::{ZenBounds, ZenState, ZenWithTerms};
use stateright::Model;

/// Not the first one, to see that they are kept apart.
const SLOT: usize = 2;

/// Everything that an explorer visits in a state.
struct Seen<C> {
    refused: Vec<u64>,
    taken: Vec<Taken<C>>,
}

impl<C> Visit<C> for Seen<C> {
    fn refused(&mut self, guard: GuardId, times: u64) {
        self.refused[usize::from(guard.0)] += times;
    }

    fn taken(&mut self, step: Taken<C>) {
        self.taken.push(step);
    }
}

fn look<M: Specification, X: Explorer<M>>(model: &M, explorer: &mut X) -> Seen<X::Change> {
    let mut seen = Seen { refused: vec![0; model.guards().len()], taken: Vec::new() };
    explorer.expand(SLOT, &mut seen);
    seen
}

/// Walks breadth first through at most `limit` states, as an engine does, and
/// compares each step with the model's own account.
fn compare<R: RuleSet>(model: &ZenWithTerms<R>, identity: Identity, limit: usize) -> usize {
    let mut explorer = model.explorer(identity);
    let mut known = std::collections::BTreeSet::new();
    let mut frontier: VecDeque<Vec<u8>> = VecDeque::new();
    let mut chunk = Vec::new();
    explorer.begin_writing();
    for state in model.init_states() {
        if known.insert(explorer.identify(&state)) {
            explorer.write_initial(&state, &mut chunk).unwrap();
        }
    }
    frontier.push_back(std::mem::take(&mut chunk));
    while let Some(read) = frontier.pop_front() {
        let mut encoded = read.as_slice();
        explorer.begin_reading();
        explorer.begin_writing();
        while !encoded.is_empty() && known.len() < limit {
            explorer.read(SLOT, &mut encoded).unwrap();
            let state = explorer.current(SLOT).clone();
            let seen = look(model, &mut explorer);
            compare_state(model, &mut explorer, &state, &seen);
            for taken in seen.taken.iter().filter(|taken| taken.within) {
                if known.insert(taken.fingerprint) {
                    explorer.write_successor(SLOT, &taken.change, &mut chunk).unwrap();
                }
            }
        }
        if !chunk.is_empty() {
            frontier.push_back(std::mem::take(&mut chunk));
        }
    }
    known.len()
}

fn compare_state<R: RuleSet, X: Explorer<ZenWithTerms<R>>>(
    model: &ZenWithTerms<R>,
    explorer: &mut X,
    state: &ZenState,
    seen: &Seen<X::Change>,
) {
    let mut refused = vec![0u64; model.guards().len()];
    let mut steps = seen.taken.iter();
    model.successors(state, |action, result| match result {
        Err(guard) => refused[usize::from(guard.0)] += 1,
        Ok(after) => {
            let taken = steps.next().expect("as many steps");
            let fingerprint = explorer.identify(&after);
            assert_eq!(taken.fingerprint, fingerprint, "{action:?} in {state:?}");
            assert_eq!((taken.class, taken.within), (model.class_of(&action), model.within_boundary(&after)));
            let built = explorer.step(SLOT, &taken.change);
            assert_eq!((built.before, built.action, built.after), (state, &action, &after));
            says_what_changed(model, taken, state, &after);
            explorer.settle(SLOT, &taken.change, taken.changed);
        }
    });
    assert!(steps.next().is_none());
    assert_eq!(refused, seen.refused, "{state:?}");
}

/// A property that reads nothing of what the step changes says the same of the
/// states before and after it, whatever that is.
fn says_what_changed<R: RuleSet, C>(model: &ZenWithTerms<R>, taken: &Taken<C>, before: &ZenState, after: &ZenState) {
    for claim in model.claims() {
        let reads = model.parts_read_by(claim.name);
        assert_ne!(reads, Parts::ALL, "{} is declared", claim.name);
        let says = |state: &ZenState| match claim.check {
            Check::Invariant(holds) => holds(model, state).is_ok(),
            Check::Reachable(holds) => holds(model, state),
            _ => true,
        };
        let decided_by_one_node = reads == Parts::LOCAL;
        if !taken.changed.meet(reads) && !decided_by_one_node {
            assert_eq!(says(before), says(after), "{} before and after {before:?}", claim.name);
        }
    }
    assert_eq!(taken.unsettled.without(taken.changed), Parts(0));
    const HISTORY: Parts = Parts(2);
    if !taken.changed.meet(HISTORY) {
        assert!(before.published().eq(after.published()) && before.commits().eq(after.commits()));
        assert!(before.descents().eq(after.descents()));
        assert!(before.published().all(|published| before.acceptors(published.id) == after.acceptors(published.id)));
    }
}

fn model<R: RuleSet>(rules: R, bounds: [u64; 6]) -> ZenWithTerms<R> {
    let [nodes, max_term, max_version, max_initial_version, values, max_messages] = bounds;
    let bounds = ZenBounds { nodes: nodes as usize, max_term, max_version, max_initial_version, values, max_messages };
    ZenWithTerms::new(rules, bounds).unwrap()
}

const PLAIN: Identity = Identity { seed: 0, symmetry: false };

#[test]
fn the_explorer_says_what_the_model_says() {
    assert_eq!(compare(&model(Sound, [2, 1, 2, 0, 1, 8]), PLAIN, usize::MAX), 7963);
    assert!(compare(&model(Sound, [2, 1, 2, 1, 2, 5]), Identity { seed: 5, ..PLAIN }, 20_000) >= 20_000);
    assert!(compare(&model(Sound, [3, 2, 2, 0, 1, 9]), PLAIN, 20_000) >= 20_000);
    assert!(compare(&model(Sound, [2, 2, 2, 0, 1, 8]), Identity { symmetry: true, ..PLAIN }, 20_000) >= 20_000);
}

#[test]
fn the_explorer_says_what_the_model_says_of_every_mutant() {
    for entry in catalogue::catalogue() {
        let rules: Mutant = entry.rules;
        assert!(compare(&model(rules, [2, 2, 2, 0, 1, 8]), PLAIN, 2_000) >= 2_000, "{}", entry.id);
        // With one node there is more to publish.
        assert!(compare(&model(rules, [1, 2, 2, 0, 2, 10]), PLAIN, 2_000) >= 500, "{}", entry.id);
    }
}
