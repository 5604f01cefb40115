//! The model `session`: the contract holds, and every clause can die.

use std::collections::{BTreeSet, VecDeque};

use quorate_model::property::Check;
use quorate_model::seeded::Expected;
use quorate_model::session::contract::CONTRACT;
use quorate_model::session::world::{GUARDS, SessionMutant, SessionState, SessionWorld, catalogue};
use quorate_model::specification::Specification;
use stateright::Model;

/// What a search found.
#[derive(Default)]
struct Found {
    states: usize,
    dead: BTreeSet<&'static str>,
    reached: BTreeSet<&'static str>,
    refused: BTreeSet<&'static str>,
}

/// Breadth-first search with whole states, to the end or to the level at which something dies.
fn explore(world: &SessionWorld) -> Found {
    let (claims, guards) = (world.claims(), world.guards());
    let mut seen: BTreeSet<SessionState> = world.init_states().into_iter().collect();
    let mut queue: VecDeque<(usize, SessionState)> = seen.iter().cloned().map(|state| (0, state)).collect();
    let mut found = Found::default();
    let mut last_level = usize::MAX;
    while let Some((level, state)) = queue.pop_front() {
        if level > last_level {
            break;
        }
        for claim in &claims {
            match claim.check {
                Check::Invariant(holds) if holds(world, &state).is_err() => {
                    last_level = level;
                    found.dead.insert(claim.name);
                }
                Check::Reachable(holds) if holds(world, &state) => {
                    found.reached.insert(claim.name);
                }
                _ => {}
            }
        }
        let mut actions = Vec::new();
        if level < last_level {
            world.actions(&state, &mut actions);
        }
        for action in actions {
            let next = match world.step(&state, &action) {
                Ok(next) => next,
                Err(guard) => {
                    found.refused.insert(guards[usize::from(guard.0)]);
                    continue;
                }
            };
            for claim in &claims {
                if let Check::Step(holds) = claim.check
                    && holds(world, &state, &action, &next).is_err()
                {
                    last_level = level + 1;
                    found.dead.insert(claim.name);
                }
            }
            if seen.insert(next.clone()) {
                queue.push_back((level + 1, next));
            }
        }
    }
    found.states = seen.len();
    found
}

fn sound(bounds: [u64; 9]) -> SessionWorld {
    SessionWorld::with_bounds(SessionMutant::SOUND, bounds).unwrap()
}

#[test]
fn the_contract_holds() {
    // network, questions of a and b, restarts, suspicions, goodbyes, deaths, losses, duplications
    for (bounds, states) in [
        ([0, 1, 0, 0, 0, 0, 0, 0, 0], 16),
        ([0, 1, 0, 1, 1, 0, 0, 0, 0], 495),
        ([0, 1, 1, 0, 1, 0, 0, 0, 0], 9_092),
        ([0, 2, 0, 1, 0, 0, 0, 0, 0], 3_079),
        ([0, 2, 0, 0, 0, 1, 0, 0, 0], 4_574),
        ([1, 1, 0, 1, 0, 0, 0, 1, 0], 4_805),
        ([1, 1, 0, 0, 1, 0, 1, 1, 0], 10_290),
    ] {
        let found = explore(&sound(bounds));
        assert_eq!((found.states, found.dead), (states, BTreeSet::new()), "{bounds:?}");
        assert!(found.reached.contains("EverythingIsAnswered"), "{bounds:?}");
    }
}

/// The guards and examples that the retained set shows at small bounds: nothing is claimed of what cannot happen.
#[test]
fn nothing_is_vacuous() {
    let world = sound([0, 1, 0, 1, 0, 1, 0, 0, 0]);
    let found = explore(&world);
    assert_eq!(found.refused.into_iter().collect::<Vec<_>>(), {
        let mut guards = world.guards();
        guards.sort_unstable();
        guards
    });
    assert_eq!(found.reached.into_iter().collect::<Vec<_>>(), ["EverythingIsAnswered", "LostMayBeLost", "LostMayHaveArrived"]);
}

#[test]
fn every_rule_of_safety_is_needed() {
    let claims = sound([0; 9]).claims();
    let kind = |name: &str| claims.iter().find(|claim| claim.name == name).unwrap().check;
    let mut killed = BTreeSet::new();
    for row in catalogue() {
        let world = SessionWorld::with_bounds(row.rules, row.bounds).unwrap();
        match row.expected {
            // `checker/tests/session.rs` looks for the cycles.
            Expected::Dies(property) if !kind(property).is_safety() => {}
            Expected::Dies(property) => {
                let found = explore(&world);
                assert!(found.dead.contains(property), "{}: {:?} die, {property} does not", row.id, found.dead);
                killed.insert(property);
            }
            Expected::Equivalent(_) => assert_eq!(explore(&world).dead, BTreeSet::new(), "{}", row.id),
        }
    }
    for clause in CONTRACT {
        let check = kind(clause.property);
        let invariant = check.is_safety() && !matches!(check, Check::Reachable(_));
        assert!(!invariant || killed.contains(clause.property), "{}: {} never dies", clause.id, clause.property);
    }
    assert!(killed.contains("GoodbyeIsHeard"));
}

#[test]
fn every_guard_is_waived_in_a_row() {
    let rows = catalogue();
    for guard in GUARDS {
        assert!(rows.iter().any(|row| row.id == format!("W-{guard}")), "{guard}");
        assert!(SessionMutant::SOUND.and_waiving(guard).is_some());
    }
    assert_eq!(SessionMutant::SOUND.and_waiving("NoSuchGuard"), None);
}

#[test]
fn impossible_bounds_are_refused() {
    let refused = |bounds| SessionWorld::with_bounds(SessionMutant::SOUND, bounds).unwrap_err().to_string();
    assert_eq!(refused([0, 1, 0, 0, 0, 0, 0, 1, 0]), "--losses must be 0 to 0, not 1");
    assert_eq!(refused([2, 1, 0, 0, 0, 0, 0, 0, 0]), "--network must be 0 to 1, not 2");
    assert_eq!(refused([1, 300, 0, 0, 0, 0, 0, 0, 0]), "--asks-a must be 0 to 4, not 300");
}
