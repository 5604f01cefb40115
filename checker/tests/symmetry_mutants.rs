//! Where rules are broken, symmetry finds what a run without it finds: the same
//! properties die, by behaviours of the same length. Runs go on to the end, so
//! that nothing depends on where the first violation lies.

use std::collections::BTreeMap;

use quorate_checker::registry::{Rules, Visitor, with_model};
use quorate_checker::{Control, Options, Verdict, check};
use quorate_model::coordination::Rejection;
use quorate_model::specification::Specification;

/// What dies, with the length of its behaviour if it has one; and how many states there are.
type Found = (BTreeMap<String, Option<usize>>, u64);

struct Run {
    symmetry: bool,
}

impl Visitor for Run {
    type Output = Found;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Found {
        let options = Options { symmetry: self.symmetry, keep_going: true, ..Options::default() };
        let outcome = check(&model, &options, &Control::new());
        assert!(outcome.is_complete(), "the run went to the end: {:?}", outcome.stop);
        let dead = outcome.properties.iter().filter(|property| property.verdict == Verdict::Violated);
        let dead = dead.map(|property| (property.name.clone(), property.trace_length()));
        (dead.collect(), outcome.distinct_states)
    }
}

/// Leaves out each guard of the rules by itself; returns how many of these
/// mutants die of something. Without its first guard a model has many times the
/// states, and is given smaller bounds.
fn compare(model: &str, bounds: &[u64], smaller: &[u64]) -> usize {
    let mut deaths = 0;
    for guard in Rejection::ALL {
        let bounds = if guard == Rejection::StartJoinTermNotNewer { smaller } else { bounds };
        let guard = guard.name();
        let rules = Rules { waived: vec![guard.to_owned()], ..Rules::default() };
        let run = |symmetry| with_model(model, bounds, &rules, Run { symmetry }).unwrap();
        let ((plain, states), (symmetric, orbits)) = (run(false), run(true));
        println!("{model} {bounds:?} without {guard}: {states} states, {orbits} orbits, {plain:?}");
        assert_eq!(plain, symmetric, "{model} {bounds:?} without {guard}");
        assert!(orbits < states, "{model} {bounds:?} without {guard}: symmetry is at work");
        deaths += usize::from(!plain.is_empty());
    }
    deaths
}

#[test]
fn broken_specification_models_die_the_same_deaths_under_symmetry() {
    let two = compare("zen-with-terms", &[2, 2, 2, 0, 1, 6], &[2, 1, 1, 0, 1, 4]);
    let three = compare("zen-with-terms", &[3, 1, 1, 0, 1, 3], &[3, 1, 0, 0, 1, 2]);
    assert!(two >= 10 && three >= 5, "only {two} and {three} mutants died");
}

#[test]
fn broken_coordinators_die_the_same_deaths_under_symmetry() {
    let two = compare("coordinator", &[2, 2, 2, 2, 1, 0, 1, 0], &[2, 2, 1, 2, 0, 0, 0, 0]);
    let three = compare("coordinator", &[3, 3, 1, 2, 1, 0, 0, 0], &[2, 2, 1, 2, 1, 0, 0, 0]);
    assert!(two >= 5 && three >= 1, "only {two} and {three} mutants died");
}
