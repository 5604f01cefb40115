//! The Coordinators' world: dropping obsolete messages loses no behaviour, and
//! what it drops is ignored.

use std::collections::BTreeSet;

use quorate_model::Check;
use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_model::coordinator::{CoordinatorMutant, Policy};
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, CoordinatorWorld, coordinator_world};
use quorate_model::specification::Specification;
use stateright::Model;

type State<R> = <CoordinatorWorld<R> as Model>::State;
type Bounds = [u64; 8];

fn world<R: Policy>(model: CoordinatorModel, rules: R, bounds: Bounds, drop_obsolete: bool) -> CoordinatorWorld<R> {
    let [nodes, initial_masters, max_term, max_version, submissions, exclusions, restarts, suspicions] = bounds;
    let (nodes, initial_masters) = (nodes as usize, initial_masters as usize);
    let limits = CoordinatorBounds { nodes, initial_masters, max_term, max_version, ..CoordinatorBounds::default() };
    let bounds = CoordinatorBounds { submissions, exclusions, restarts, suspicions, ..limits };
    coordinator_world(model, rules, bounds, drop_obsolete).expect("the bounds make sense")
}

fn reachable<R: Policy>(world: &CoordinatorWorld<R>) -> BTreeSet<State<R>> {
    let mut seen: BTreeSet<State<R>> = world.init_states().into_iter().collect();
    let mut frontier: Vec<State<R>> = seen.iter().cloned().collect();
    while let Some(state) = frontier.pop() {
        world.successors(&state, |_, next| {
            if let Ok(next) = next
                && world.within_boundary(&next)
                && seen.insert(next.clone())
            {
                frontier.push(next);
            }
        });
    }
    seen
}

/// With the obsolete messages taken out, the states of the full world are the
/// states of the reduced one: no fewer, no more.
#[test]
fn the_reduced_world_has_the_states_of_the_full_one() {
    for (model, bounds) in [
        (CoordinatorModel::Coordinator, [2, 2, 2, 2, 1, 0, 0, 0]),
        (CoordinatorModel::Coordinator, [2, 2, 1, 2, 1, 0, 1, 0]),
        (CoordinatorModel::Coordinator, [1, 1, 2, 3, 1, 0, 1, 0]),
        (CoordinatorModel::Coordinator, [3, 3, 1, 1, 0, 0, 0, 0]),
        (CoordinatorModel::PreVote, [2, 2, 2, 2, 0, 0, 1, 1]),
        (CoordinatorModel::Membership, [2, 2, 1, 2, 0, 0, 0, 0]),
        (CoordinatorModel::Reconfiguration, [2, 2, 1, 3, 0, 1, 0, 0]),
        (CoordinatorModel::Duties, [2, 2, 2, 2, 0, 0, 0, 1]),
    ] {
        let (full, reduced) = (world(model, Sound, bounds, false), world(model, Sound, bounds, true));
        let all = reachable(&full);
        let without: BTreeSet<_> = all.iter().map(|state| full.without_obsolete(state)).collect();
        let expected = reachable(&reduced);
        assert!(
            without == expected,
            "{model:?} {bounds:?}: {} states without obsolete messages, {} reduced",
            without.len(),
            expected.len()
        );
        assert!(all.len() >= expected.len());
    }
    let one = |drop_obsolete| world(CoordinatorModel::Coordinator, Sound, [2, 2, 2, 2, 1, 0, 0, 0], drop_obsolete);
    let (full, reduced) = (reachable(&one(false)), reachable(&one(true)));
    assert!(full.len() > reduced.len(), "the reduction reduces: {} and {}", full.len(), reduced.len());
}

/// Delivering what is called obsolete changes nothing.
#[test]
fn what_is_obsolete_is_ignored() {
    let one = |drop_obsolete| world(CoordinatorModel::Coordinator, Sound, [2, 2, 2, 2, 1, 0, 1, 0], drop_obsolete);
    let (full, reduced) = (one(false), one(true));
    let mut tried = 0;
    for state in reachable(&full) {
        let kept = full.without_obsolete(&state);
        full.successors(&state, |action, next| {
            let quorate_model::world::WorldAction::Deliver { source, dest, message } = &action else { return };
            let envelope = quorate_model::coordination::Envelope { source: *source, dest: *dest, message: message.clone() };
            if kept.network.contains(&envelope) {
                return;
            }
            tried += 1;
            if let Ok(next) = next {
                assert!(reduced.without_obsolete(&next) == kept, "{} changes something", full.format_action(&action));
            }
        });
    }
    assert!(tried > 100, "only {tried} obsolete messages were tried");
}

/// A reduction that drops too much would make this mutant survive: what is
/// obsolete under the sound rules is not under its rules.
#[test]
fn a_mutant_is_checked_in_the_full_world() {
    let mutant = CoordinatorMutant::on(Mutant::waiving(&[Rejection::StartJoinTermNotNewer]));
    let dies = |drop_obsolete| {
        let world = world(CoordinatorModel::Coordinator, mutant, [2, 2, 1, 1, 0, 0, 0, 0], drop_obsolete);
        let states = reachable(&world);
        world.claims().iter().any(|claim| match claim.check {
            Check::Step(holds) => states.iter().any(|state| {
                let mut violated = false;
                world.successors(state, |action, next| {
                    violated |= next.is_ok_and(|next| holds(&world, state, &action, &next).is_err());
                });
                violated
            }),
            _ => false,
        })
    };
    assert!(dies(false), "entering a term twice must be seen in the full world");
}
