//! Every engine on toy models with known answers.

mod common;

use std::time::Duration;

use common::{Counter, Grid};
use quorate_checker::{Control, Engine, Options, Outcome, Stop, Verdict, Width, check};
use quorate_model::Specification;

fn run(grid: &Grid, options: &Options) -> Outcome<Grid> {
    check(grid, options, &Control::new())
}

/// Every engine, the native one also with several threads, wide fingerprints
/// and all of the frontier on disk.
fn all_options() -> Vec<Options> {
    let native = Options::engine(Engine::Native).threads(1);
    vec![
        native.clone(),
        native.clone().threads(2),
        native.clone().threads(5),
        Options { width: Width::Wide, seed: 7, ..native.clone() },
        Options { frontier_limit: 0, ..native },
        Options::engine(Engine::Naive),
        Options::engine(Engine::Stateright).threads(1),
        Options::engine(Engine::Stateright).threads(2),
    ]
}

/// A violated property's trace is a behaviour of the model that ends with the violation.
fn assert_behaviour(grid: &Grid, outcome: &Outcome<Grid>, property: &str, states: usize) {
    let property = outcome.property(property).unwrap();
    let path = property.path.as_ref().unwrap_or_else(|| panic!("no trace: {:?}", property.reason));
    assert_eq!((property.verdict, path.len()), (Verdict::Violated, states), "{} by {:?}", property.name, outcome.engine);
    assert_eq!(path.initial, (0, 0));
    let mut last = path.initial;
    for (action, after) in &path.steps {
        assert_eq!(grid.step(&last, action), Ok(*after));
        last = *after;
    }
}

#[test]
fn the_whole_grid_is_explored_and_holds() {
    for options in all_options() {
        let outcome = run(&Grid::default(), &options);
        assert_eq!((outcome.distinct_states, outcome.generated_states), (100, 181), "{options:?}");
        assert_eq!((outcome.verdict, outcome.stop.clone()), (Verdict::Holds, None), "{options:?}");
        assert_eq!(outcome.coverage.actions, [("First", 90), ("Second", 90)]);
        assert_eq!(outcome.coverage.guards, [("AtTheEdge", 20), ("NeverUsed", 0)]);
        assert_eq!(outcome.not_covered(), ["guards that never refused: NeverUsed"]);
        if options.engine != Engine::Stateright || options.threads == 1 {
            assert_eq!(outcome.depth, 19, "{options:?}");
        }
    }
}

#[test]
fn a_violation_has_a_shortest_trace_and_a_witness() {
    let grid = Grid { forbidden_sum: 5, ..Grid::default() };
    for options in all_options() {
        let outcome = run(&grid, &options);
        assert_eq!(outcome.verdict, Verdict::Violated);
        assert_behaviour(&grid, &outcome, "Sum", 6);
        assert_eq!(outcome.property("Sum").unwrap().reason.as_deref(), Some("the sum is 5"));
        if options.engine != Engine::Stateright {
            // The level is finished: 21 states with a sum of at most 5; then the run stops.
            assert_eq!((outcome.distinct_states, outcome.generated_states, outcome.depth), (21, 31, 6));
            assert_eq!(outcome.stop, Some(Stop::Violation));
            assert_eq!(outcome.property("Corner").unwrap().verdict, Verdict::Inconclusive);
        }
    }
}

#[test]
fn a_step_property_is_violated_by_the_step() {
    let grid = Grid { forbidden_step: 3, ..Grid::default() };
    for options in all_options() {
        let outcome = run(&grid, &options);
        assert_behaviour(&grid, &outcome, "Step", 5);
        let (action, after) = *outcome.property("Step").unwrap().path.as_ref().unwrap().steps.last().unwrap();
        assert_eq!((action, after), (Counter::Second, (0, 4)));
    }
}

#[test]
fn keeping_going_finds_everything_that_dies() {
    let grid = Grid { forbidden_sum: 5, forbidden_step: 7, ..Grid::default() };
    for options in all_options() {
        let outcome = run(&grid, &options.clone().keep_going());
        assert_behaviour(&grid, &outcome, "Sum", 6);
        assert_behaviour(&grid, &outcome, "Step", 9);
        assert_eq!((outcome.distinct_states, outcome.stop.clone()), (100, None), "{options:?}");
        assert_eq!(outcome.property("Corner").unwrap().verdict, Verdict::Holds);
    }
}

#[test]
fn a_state_outside_the_bounds_is_checked_but_not_counted() {
    for options in all_options() {
        let grid = Grid { bound: 4, ..Grid::default() };
        let outcome = run(&grid, &options);
        // 15 states with a sum of at most 4, each with two steps; those of the last five lead outside.
        assert_eq!((outcome.distinct_states, outcome.generated_states), (15, 31), "{options:?}");
        assert_eq!((outcome.cut.states, outcome.cut.transitions), (5, 10), "{options:?}");
        // The corner may be reachable beyond the bound: nothing can be said.
        assert_eq!(outcome.property("Sum").unwrap().verdict, Verdict::Holds);
        assert_eq!(outcome.property("Corner").unwrap().verdict, Verdict::Inconclusive);
        assert_eq!(outcome.verdict, Verdict::Holds);

        let grid = Grid { bound: 4, forbidden_sum: 5, ..Grid::default() };
        let outcome = run(&grid, &options);
        assert_behaviour(&grid, &outcome, "Sum", 6);
    }
}

#[test]
fn what_is_never_reached_is_violated_where_nothing_was_cut() {
    // A ring of four has no fifth.
    #[derive(Clone)]
    struct Nowhere;
    impl stateright::Model for Nowhere {
        type State = u8;
        type Action = u8;
        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }
        fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
            actions.push((state + 1) % 4);
        }
        fn next_state(&self, _: &u8, action: u8) -> Option<u8> {
            Some(action)
        }
        fn properties(&self) -> Vec<stateright::Property<Self>> {
            vec![stateright::Property::sometimes("five", |_, state| *state == 5)]
        }
    }
    impl Specification for Nowhere {}
    for options in all_options() {
        let outcome = check(&Nowhere, &options, &Control::new());
        assert_eq!((outcome.distinct_states, outcome.generated_states), (4, 5));
        assert_eq!(outcome.property("five").unwrap().verdict, Verdict::Violated);
        assert_eq!(outcome.verdict, Verdict::Holds, "vacuity is told, and fails above profile quick");
        assert_eq!(outcome.not_covered(), ["guards that never refused: Ignored", "never reached: five"]);
    }
}

#[test]
fn a_panic_in_a_handler_is_a_violation_with_the_trace_that_leads_there() {
    let grid = Grid { handler_panics: Some((2, 1)), ..Grid::default() };
    for options in all_options() {
        let outcome = run(&grid, &options);
        assert_eq!(outcome.verdict, Verdict::Violated, "{options:?}");
        assert_behaviour(&grid, &outcome, "NoPanic", 4);
        let panic = outcome.property("NoPanic").unwrap();
        assert_eq!(*panic.path.as_ref().unwrap().last(), (2, 1));
        assert!(panic.reason.as_ref().unwrap().starts_with("the grid has a hole ("), "{:?}", panic.reason);
        assert_eq!(panic.kind, "panic");
    }
}

#[test]
fn a_panic_in_a_property_is_a_violation_with_the_trace_that_leads_there() {
    let grid = Grid { property_panics: Some((1, 2)), ..Grid::default() };
    for options in all_options() {
        let outcome = run(&grid, &options);
        assert_behaviour(&grid, &outcome, "NoPanic", 4);
        let panic = outcome.property("NoPanic").unwrap();
        assert_eq!(*panic.path.as_ref().unwrap().last(), (1, 2), "{options:?}");
        let reason = panic.reason.as_ref().unwrap();
        assert!(reason.starts_with("the property Sum panicked: ") && reason.contains("has a hole"), "{reason}");
    }
}

#[test]
fn symmetry_keeps_the_verdicts_and_halves_the_states() {
    let options = Options { symmetry: true, ..Options::default() };
    let outcome = run(&Grid::default(), &options);
    assert_eq!((outcome.verdict, outcome.distinct_states, outcome.depth), (Verdict::Holds, 55, 19));
    let grid = Grid { forbidden_sum: 5, ..Grid::default() };
    assert_behaviour(&grid, &run(&grid, &options), "Sum", 6);
}

#[test]
fn limits_and_interruption_leave_the_verdict_open() {
    /// Never ends: a counter of 64 bits.
    #[derive(Clone)]
    struct Endless;
    impl stateright::Model for Endless {
        type State = u64;
        type Action = bool;
        fn init_states(&self) -> Vec<u64> {
            vec![1]
        }
        fn actions(&self, _: &u64, actions: &mut Vec<bool>) {
            actions.extend([false, true]);
        }
        fn next_state(&self, state: &u64, action: bool) -> Option<u64> {
            Some(state.wrapping_mul(2) + u64::from(action))
        }
        fn properties(&self) -> Vec<stateright::Property<Self>> {
            vec![stateright::Property::always("positive", |_, _| true)]
        }
    }
    impl Specification for Endless {}
    for engine in Engine::ALL {
        let options = Options { time_limit: Some(Duration::from_millis(200)), ..Options::engine(engine) };
        let outcome = check(&Endless, &options, &Control::new());
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{engine:?}");
        assert_eq!(outcome.stop, Some(Stop::TimeLimit(Duration::from_millis(200))));
        assert!(outcome.distinct_states > 100 && outcome.duration < Duration::from_secs(20));
        assert!(outcome.not_covered()[0].contains("stopped at the time limit"), "{:?}", outcome.not_covered());

        let options = Options { memory_limit: Some(1), ..Options::engine(engine) };
        let outcome = check(&Endless, &options, &Control::new());
        assert_eq!((outcome.verdict, outcome.stop), (Verdict::Inconclusive, Some(Stop::MemoryLimit { limit: 1 })));

        let control = Control::new();
        let switch = control.clone();
        let control = control.listen(Duration::from_millis(20), move |progress| {
            if progress.distinct_states > 0 {
                switch.interrupt();
            }
        });
        let outcome = check(&Endless, &Options::engine(engine), &control);
        assert_eq!((outcome.verdict, outcome.stop), (Verdict::Inconclusive, Some(Stop::Interrupted)));
    }
    let options = Options { frontier_limit: 0, spill_dir: Some("/no/such/directory".into()), ..Options::default() };
    let outcome = check(&Endless, &options, &Control::new());
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert!(matches!(outcome.stop, Some(Stop::Frontier(_))));
}

#[test]
fn states_that_cannot_be_encoded_are_an_error_and_not_a_verdict() {
    /// Postcard cannot read what needs a self-describing format.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Only { value: u8 },
    }
    #[derive(Clone)]
    struct Unreadable;
    impl stateright::Model for Unreadable {
        type State = Tagged;
        type Action = ();
        fn init_states(&self) -> Vec<Tagged> {
            vec![Tagged::Only { value: 1 }]
        }
        fn actions(&self, _: &Tagged, actions: &mut Vec<()>) {
            actions.push(());
        }
        fn next_state(&self, state: &Tagged, (): ()) -> Option<Tagged> {
            let Tagged::Only { value } = state;
            Some(Tagged::Only { value: (value + 1) % 8 })
        }
    }
    impl Specification for Unreadable {}
    let outcome = check(&Unreadable, &Options::default(), &Control::new());
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    let Some(Stop::Frontier(why)) = outcome.stop else { panic!("{:?}", outcome.stop) };
    assert!(why.contains("cannot be decoded"), "{why}");
}
