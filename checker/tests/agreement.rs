//! The engines agree with each other and with TLC.

use quorate_checker::registry::{MODELS, ModelInfo, Rules, Visitor, with_model};
use quorate_checker::{Control, Engine, Options, Verdict, Width, check};
use quorate_model::Specification;

/// What all engines must say alike of a run to the end of the space.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    distinct_states: u64,
    generated_states: u64,
    verdict: Verdict,
    /// Violated properties with the lengths of their traces.
    violated: Vec<(String, Option<usize>)>,
    actions: Vec<(&'static str, u64)>,
    guards: Vec<(&'static str, u64)>,
    cut: (u64, u64),
}

struct Ask<'a>(&'a Options);

impl Visitor for Ask<'_> {
    type Output = (Said, u64);

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> (Said, u64) {
        let outcome = check(&model, self.0, &Control::new());
        let violated = outcome.violations().map(|property| (property.name.clone(), property.trace_length())).collect();
        let said = Said {
            distinct_states: outcome.distinct_states,
            generated_states: outcome.generated_states,
            verdict: outcome.verdict,
            violated,
            actions: outcome.coverage.actions.clone(),
            guards: outcome.coverage.guards.clone(),
            cut: (outcome.cut.states, outcome.cut.transitions),
        };
        (said, outcome.depth)
    }
}

fn ask(info: &ModelInfo, bounds: &[u64], rules: &Rules, options: &Options) -> (Said, u64) {
    with_model(info.name, bounds, rules, Ask(options)).unwrap()
}

fn assert_agreement(info: &ModelInfo, bounds: &[u64], rules: &Rules) {
    let naive = ask(info, bounds, rules, &Options::engine(Engine::Naive).keep_going());
    for threads in [1, 2] {
        let options = Options::engine(Engine::Native).threads(threads).keep_going();
        assert_eq!(ask(info, bounds, rules, &options), naive, "{} {bounds:?} {rules:?} {options:?}", info.name);
        let wide = Options { width: Width::Wide, frontier_limit: 10_000, seed: 3, ..options };
        assert_eq!(ask(info, bounds, rules, &wide), naive, "{} {bounds:?} {rules:?} {wide:?}", info.name);
        let options = Options::engine(Engine::Stateright).threads(threads).keep_going();
        let (said, depth) = ask(info, bounds, rules, &options);
        assert_eq!(said, naive.0, "{} {bounds:?} {rules:?} {options:?}", info.name);
        if threads == 1 && naive.0.violated.is_empty() && naive.0.cut.1 == 0 {
            assert_eq!(depth, naive.1);
        }
    }
}

#[test]
fn engines_agree_at_small_bounds() {
    for info in MODELS {
        for bounds in (info.small)() {
            assert_agreement(info, &bounds, &Rules::default());
        }
    }
}

#[test]
fn engines_agree_on_what_dies_under_mutants() {
    // The spaces of the other models' mutants take too long with whole states.
    for info in MODELS.iter().filter(|info| info.name == "zen-with-terms") {
        let small = (info.small)();
        for mutant in (info.mutants)() {
            let rules = Rules { mutant: Some(mutant.id.to_owned()), waived: Vec::new() };
            assert_agreement(info, small.last().unwrap(), &rules);
        }
    }
}

/// `tests/data/tlc-counts.tsv` holds what TLC prints for the TLA+ counterparts.
#[test]
fn counts_are_those_of_tlc() {
    let mut compared = 0;
    for row in include_str!("data/tlc-counts.tsv").lines().skip(1) {
        let [model, bounds, distinct, generated, depth, verdict] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("six columns: {row}");
        };
        let info = quorate_checker::registry::find(model).unwrap();
        let changes: Vec<(String, u64)> = (bounds.split(' '))
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), number(info, name, value)))
            .collect();
        assert_eq!(changes.len(), info.bounds.len(), "{row}");
        let bounds = info.with_bounds(&vec![0; info.bounds.len()], &changes).unwrap();
        let (said, found_depth) = ask(info, &bounds, &Rules::default(), &Options::default());
        let counts = [said.distinct_states, said.generated_states, found_depth].map(|count| count.to_string());
        assert_eq!(counts, [distinct, generated, depth], "{row}");
        // Termination is not decided here, and a small instance need not have every example.
        assert_eq!(verdict == "holds", said.verdict != Verdict::Violated, "{row}");
        compared += 1;
    }
    assert!(compared > 70, "only {compared} rows");
}

/// A value as the command line writes it.
fn number(info: &ModelInfo, bound: &str, value: &str) -> u64 {
    let choices = info.bounds.iter().find(|info| info.name == bound).map_or(&[][..], |info| info.choices);
    choices.iter().position(|choice| *choice == value).map_or_else(|| value.parse().unwrap(), |position| position as u64)
}
