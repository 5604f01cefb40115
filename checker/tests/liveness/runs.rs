//! Runs that cannot be finished, refused options, and runs after a safety pass.

use std::time::Duration;

use quorate_checker::liveness::{self, LivenessError, LivenessOptions, LivenessOutcome};
use quorate_checker::outcome::Stop;
use quorate_checker::{Control, Options, Verdict, check, recovery};
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Fairness, Specification};
use stateright::Model;

use crate::small::Small;

/// Counts up to a limit, and again from 0.
#[derive(Clone)]
struct Counter {
    limit: u64,
    /// Where the handler panics.
    handler_panics_at: Option<u64>,
    /// Where the predicate panics.
    predicate_panics_at: Option<u64>,
}

const COUNTER: Counter = Counter { limit: 100, handler_panics_at: None, predicate_panics_at: None };

impl Model for Counter {
    type State = u64;
    type Action = ();

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }

    fn actions(&self, _: &u64, actions: &mut Vec<()>) {
        actions.push(());
    }

    fn next_state(&self, state: &u64, (): ()) -> Option<u64> {
        assert_ne!(Some(*state), self.handler_panics_at, "the counter is stuck");
        Some((state + 1) % self.limit)
    }
}

impl Specification for Counter {
    fn fairness(&self, (): &()) -> Fairness {
        Fairness::Weak
    }

    fn recovery_step(&self, _: &u64) -> Option<()> {
        Some(())
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let seven = |model: &Counter, state: &u64| {
            assert_ne!(Some(*state), model.predicate_panics_at, "what is this number");
            *state == 7
        };
        let claim = |name, check| Property { name, source: "test", meaning: "", check };
        vec![
            claim("Small", Check::Always(|model: &Counter, state| *state < model.limit)),
            claim("Seven", Check::AlwaysEventually(seven)),
            claim("SevenForEver", Check::EventuallyAlways(seven)),
            claim("SevenIsPossible", Check::AlwaysPossible(seven)),
        ]
    }
}

fn both(model: &Counter, options: &LivenessOptions) -> [LivenessOutcome<Counter>; 2] {
    let control = Control::new();
    [liveness::check(model, options, &control).unwrap(), recovery::check(model, options, &control).unwrap().outcome]
}

fn assert_unknown(outcome: &LivenessOutcome<Counter>, why: &str) {
    assert_eq!(outcome.verdict(), Verdict::Inconclusive);
    for property in &outcome.properties {
        let reason = property.outcome.reason.clone().unwrap();
        assert_eq!(property.outcome.verdict, Verdict::Inconclusive, "{}", property.outcome.name);
        assert!(reason.contains(why), "{reason}");
    }
}

#[test]
fn a_model_that_panics_is_not_said_to_hold() {
    let handler = Counter { handler_panics_at: Some(50), ..COUNTER };
    let predicate = Counter { predicate_panics_at: Some(50), ..COUNTER };
    for (model, words) in [(handler, "the counter is stuck"), (predicate, "what is this number")] {
        for outcome in both(&model, &LivenessOptions::default()) {
            assert_unknown(&outcome, words);
            assert!(outcome.panic.as_ref().is_some_and(|panic| panic.contains(words)));
        }
    }
}

#[test]
fn limits_leave_the_verdict_open() {
    let endless = Counter { limit: u64::MAX, ..COUNTER };
    let time_limit = Some(Duration::from_millis(50));
    for outcome in both(&endless, &LivenessOptions { time_limit, ..LivenessOptions::default() }) {
        assert_unknown(&outcome, "stopped at the time limit");
        assert!(matches!(outcome.stop, Some(Stop::TimeLimit(_))));
        assert!(outcome.graph.states > 0);
    }
    for outcome in both(&endless, &LivenessOptions { memory_limit: Some(1), ..LivenessOptions::default() }) {
        assert_unknown(&outcome, "stopped at the memory limit");
    }
    let control = Control::new();
    control.interrupt();
    let outcome = liveness::check(&endless, &LivenessOptions::default(), &control).unwrap();
    assert_unknown(&outcome, "interrupted");
}

#[test]
fn symmetry_is_refused_with_the_reason() {
    let symmetric = Options { symmetry: true, ..Options::default() };
    let refused = liveness::check(&Small::new(""), &LivenessOptions::from(&symmetric), &Control::new());
    assert_eq!(refused.err(), Some(LivenessError::Symmetry));
    assert_eq!(liveness::admits(&COUNTER, &symmetric), Err(LivenessError::Symmetry));
    assert_eq!(liveness::admits(&COUNTER, &Options::default()), Ok(()));
    assert!(LivenessError::Symmetry.to_string().contains("run with symmetry off"));
}

#[test]
fn verdicts_join_those_of_the_safety_pass() {
    let (options, control) = (Options::default(), Control::new());
    let mut outcome = check(&COUNTER, &options, &control);
    // The safety pass alone does not know.
    assert_eq!(outcome.property("Seven").unwrap().verdict, Verdict::Inconclusive);
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    let not_covered = liveness::complete(&COUNTER, &options, &control, &mut outcome).unwrap();
    let verdicts: Vec<(&str, Verdict)> =
        outcome.properties.iter().map(|property| (property.name.as_str(), property.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            ("Small", Verdict::Holds),
            ("Seven", Verdict::Holds),
            ("SevenForEver", Verdict::Violated),
            ("SevenIsPossible", Verdict::Holds)
        ]
    );
    assert_eq!((outcome.verdict, not_covered.len()), (Verdict::Violated, 0));
    // Once round, the step home included.
    let path = outcome.property("SevenForEver").unwrap().path.as_ref().unwrap();
    assert_eq!((path.len(), path.loop_start), (101, Some(1)));
}

#[test]
fn a_safety_pass_that_stopped_is_left_as_it_is() {
    let (options, control) = (Options { memory_limit: Some(1), ..Options::default() }, Control::new());
    let endless = Counter { limit: u64::MAX, ..COUNTER };
    let mut outcome = check(&endless, &options, &control);
    assert!(outcome.stop.is_some());
    liveness::complete(&endless, &options, &control, &mut outcome).unwrap();
    assert_eq!(outcome.property("Seven").unwrap().verdict, Verdict::Inconclusive);
}
