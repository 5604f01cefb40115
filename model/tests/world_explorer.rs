//! The explorer of a world says what [`Specification::successors`] says, in the
//! same order, and what it leaves unsaid of a step is true of it.

use std::collections::{BTreeSet, VecDeque};

use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_model::coordinator::{CoordinatorMutant, Policy};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, CoordinatorWorld, coordinator_world};
use quorate_model::explorer::{Explorer, Identity, Parts, Taken, Visit};
use quorate_model::property::Check;
use quorate_model::specification::{GuardId, Specification};

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

/// How often each thing that is compared was seen.
#[derive(Debug, Default)]
struct Compared {
    states: usize,
    steps: usize,
    /// A claim that reads nothing that the step changes.
    unconcerned: usize,
    /// A step that is settled.
    settled: usize,
}

/// Walks breadth first through at most `limit` states, as an engine does, and
/// compares each step with the model's own account.
fn compare<M: Specification>(model: &M, identity: Identity, limit: usize) -> Compared {
    let mut explorer = model.explorer(identity);
    let (mut known, mut compared) = (BTreeSet::new(), Compared::default());
    let (mut frontier, mut chunk) = (VecDeque::new(), Vec::new());
    explorer.begin_writing();
    for state in model.init_states() {
        known.insert(explorer.identify(&state));
        explorer.write_initial(&state, &mut chunk).unwrap();
    }
    frontier.push_back(std::mem::take(&mut chunk));
    while let Some(read) = frontier.pop_front() {
        let mut encoded: &[u8] = &read;
        explorer.begin_reading();
        explorer.begin_writing();
        let mut slot = 0;
        while !encoded.is_empty() && compared.states < limit {
            slot = (slot + 1) % 3;
            explorer.read(slot, &mut encoded).unwrap();
            let mut seen = Seen { refused: vec![0; model.guards().len()], taken: Vec::new() };
            explorer.expand(slot, &mut seen);
            compared.states += 1;
            compare_state(model, &mut explorer, slot, &seen, &mut compared);
            for taken in seen.taken.iter().filter(|taken| taken.within) {
                if known.insert(taken.fingerprint) {
                    explorer.write_successor(slot, &taken.change, &mut chunk).unwrap();
                }
            }
        }
        if !chunk.is_empty() {
            frontier.push_back(std::mem::take(&mut chunk));
        }
    }
    compared
}

fn compare_state<M: Specification, X: Explorer<M>>(
    model: &M,
    explorer: &mut X,
    slot: usize,
    seen: &Seen<X::Change>,
    compared: &mut Compared,
) {
    let state = explorer.current(slot).clone();
    let (mut refused, mut expected) = (vec![0; model.guards().len()], Vec::new());
    model.successors(&state, |action, result| match result {
        Err(guard) => refused[usize::from(guard.0)] += 1,
        Ok(after) => expected.push((action, after)),
    });
    assert_eq!(seen.refused, refused, "refusals in {state:?}");
    assert_eq!(seen.taken.len(), expected.len(), "steps of {state:?}");
    for (taken, (action, after)) in seen.taken.iter().zip(&expected) {
        compared.steps += 1;
        let step = explorer.step(slot, &taken.change);
        assert_eq!((step.before, step.action), (&state, action));
        assert_eq!(step.after, after, "after {action:?}");
        assert_eq!(taken.class, model.class_of(action));
        assert_eq!(taken.within, model.within_boundary(after));
        assert_eq!(taken.fingerprint, explorer.identify(after), "after {action:?} in {state:?}");
        let (mut local, mut whole) = (true, true);
        for claim in model.claims() {
            let reads = model.parts_read_by(claim.name);
            let looked_at = if reads.is_single() { taken.unsettled } else { taken.changed };
            let (held, holds) = match claim.check {
                Check::Invariant(holds) => (holds(model, &state), holds(model, after)),
                Check::Step(holds) => (Ok(()), holds(model, &state, action, after)),
                _ => continue,
            };
            local &= holds.is_ok() || reads != Parts::LOCAL;
            whole &= holds.is_ok();
            if reads != Parts::ALL && !reads.meet(looked_at) {
                compared.unconcerned += 1;
                assert!(held.is_err() || holds.is_ok(), "{} is not looked at after {action:?} in {state:?}", claim.name);
            }
        }
        compared.settled += usize::from(taken.changed != taken.unsettled);
        if local {
            explorer.settle(slot, &taken.change, Parts::LOCAL);
        }
        if whole {
            explorer.settle(slot, &taken.change, taken.changed.without(Parts::LOCAL));
        }
    }
}

fn world<R: Policy>(model: CoordinatorModel, rules: R, bounds: [u64; 8], drop_obsolete: bool) -> CoordinatorWorld<R> {
    let [nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions] = bounds;
    let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
    let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
    let bounds = CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..limits };
    coordinator_world(model, rules, bounds, drop_obsolete).expect("the bounds make sense")
}

const PLAIN: Identity = Identity { seed: 7, symmetry: false };
const SYMMETRIC: Identity = Identity { seed: 0, symmetry: true };

/// The instances: model, bounds, and how many states are compared.
const INSTANCES: [(CoordinatorModel, [u64; 8], usize); 6] = [
    (CoordinatorModel::Coordinator, [2, 2, 2, 2, 1, 0, 1, 0], 2_000),
    (CoordinatorModel::Coordinator, [3, 3, 2, 2, 1, 0, 1, 0], 1_500),
    (CoordinatorModel::PreVote, [3, 3, 2, 2, 0, 0, 0, 1], 1_000),
    (CoordinatorModel::Membership, [3, 2, 1, 3, 0, 0, 1, 1], 1_000),
    (CoordinatorModel::Reconfiguration, [3, 3, 2, 4, 0, 1, 0, 1], 1_000),
    (CoordinatorModel::Duties, [2, 2, 2, 3, 0, 0, 0, 1], 1_000),
];

#[test]
fn explorers_say_what_successors_say() {
    for (model, bounds, limit) in INSTANCES {
        for (identity, drop_obsolete) in [(PLAIN, true), (SYMMETRIC, true), (SYMMETRIC, false)] {
            let compared = compare(&world(model, Sound, bounds, drop_obsolete), identity, limit);
            println!("{model:?} {bounds:?}: {compared:?}");
            assert!(compared.states > 10 && compared.unconcerned > compared.steps && compared.settled > 0, "{compared:?}");
        }
    }
}

/// Where rules are broken, no claim that dies is left out.
#[test]
fn explorers_leave_out_no_claim_that_dies() {
    for rejection in Rejection::ALL {
        let mutant = CoordinatorMutant::on(Mutant::waiving(&[rejection]));
        for (model, bounds, limit) in INSTANCES {
            compare(&world(model, mutant, bounds, false), PLAIN, limit / 10);
        }
    }
}
