//! The model `session` and its mutants: every request is settled.

use quorate_checker::liveness::{self, LivenessOptions};
use quorate_checker::{Control, Options, Verdict, check};
use quorate_model::seeded::Expected;
use quorate_model::session::world::{SessionMutant, SessionWorld, catalogue};

const SETTLED: &str = "EveryRequestIsSettled";

fn settled(world: &SessionWorld) -> Verdict {
    let outcome = liveness::check(world, &LivenessOptions::default(), &Control::new()).unwrap();
    outcome.property(SETTLED).unwrap().outcome.verdict
}

#[test]
fn every_request_is_settled_once_losses_stop() {
    for (bounds, states) in [
        ([0, 1, 0, 1, 1, 0, 0, 0, 0], 495),
        ([0, 2, 0, 1, 0, 0, 0, 0, 0], 3_079),
        ([1, 1, 0, 1, 0, 0, 0, 1, 0], 4_805),
        ([1, 1, 0, 0, 1, 0, 1, 1, 0], 10_290),
        ([1, 1, 0, 0, 0, 1, 0, 1, 1], 27_249),
    ] {
        let world = SessionWorld::with_bounds(SessionMutant::SOUND, bounds).unwrap();
        let outcome = check(&world, &Options::default(), &Control::new());
        let violated = outcome.properties.iter().filter(|property| property.verdict == Verdict::Violated);
        assert_eq!((violated.count(), outcome.distinct_states), (0, states), "{bounds:?}");
        assert_eq!(settled(&world), Verdict::Holds, "{bounds:?}");
    }
}

#[test]
fn every_rule_of_liveness_is_needed() {
    let mut rows = 0;
    for row in catalogue().into_iter().filter(|row| row.expected == Expected::Dies(SETTLED)) {
        rows += 1;
        let world = SessionWorld::with_bounds(row.rules, row.bounds).unwrap();
        assert_eq!(settled(&world), Verdict::Violated, "{}", row.id);
    }
    assert_eq!(rows, 4);
}

#[test]
fn mutants_that_are_no_worse_settle_everything_too() {
    for row in catalogue().into_iter().filter(|row| matches!(row.expected, Expected::Equivalent(_))) {
        let world = SessionWorld::with_bounds(row.rules, row.bounds).unwrap();
        assert_eq!(settled(&world), Verdict::Holds, "{}", row.id);
    }
}
