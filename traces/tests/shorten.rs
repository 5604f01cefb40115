//! Shortened traces show the same and have no step too many.

mod support;

use quorate_model::coordination::RuleSet;
use quorate_model::coordination::properties::one_master_per_term;
use quorate_model::zen_with_terms::ZenWithTerms;
use quorate_model::{Path, Specification};
use quorate_traces::shorten::{ShortenError, shorten};
use support::{bounds, counterexample, mutant, walk, zen};

const PROPERTY: &str = "OneMasterPerTerm";

/// A random way to a violation.
fn wander<R: RuleSet>(model: &ZenWithTerms<R>, seed: u64) -> Option<Path<ZenWithTerms<R>>> {
    let mut path = walk(model, 150, seed);
    let end = path.steps.iter().position(|(_, state)| one_master_per_term(state).is_err())?;
    path.steps.truncate(end + 1);
    Some(path)
}

#[test]
fn what_remains_violates_the_property_and_no_step_can_go() {
    let model = zen(mutant("CM02"), bounds(2, 15, 15, 1, 60_000));
    let shortest = counterexample(&zen(mutant("CM02"), bounds(2, 1, 1, 1, 12)), PROPERTY).0.len();
    let mut tried = 0;
    for path in (1..60).filter_map(|seed| wander(&model, seed)).filter(|path| path.len() > 20).take(3) {
        tried += 1;
        let (short, witness) = shorten(&model, &path, PROPERTY).unwrap();
        assert!(short.len() < path.len() && short.len() >= shortest, "{} of {}", short.len(), path.len());
        assert!(witness.contains("in the same term"), "{witness}");
        for left_out in 0..short.steps.len() {
            let mut state = short.initial.clone();
            let kept = short.steps.iter().enumerate().filter(|(index, _)| *index != left_out);
            for (_, (action, _)) in kept {
                state = model.step(&state, action).unwrap_or(state);
            }
            assert!(one_master_per_term(&state).is_ok(), "step {} is not needed", left_out + 1);
        }
    }
    assert_eq!(tried, 3, "enough long violations were found");
}

#[test]
fn what_cannot_be_shortened_is_refused() {
    let model = zen(mutant("CM02"), bounds(2, 1, 1, 1, 12));
    let path = counterexample(&model, PROPERTY).0;
    let refused = |property: &str| shorten(&model, &path, property).err().unwrap();
    assert_eq!(refused("Goodness"), ShortenError::UnknownProperty("Goodness".to_owned()));
    assert_eq!(refused("StateIsCommitted"), ShortenError::NotSafety("StateIsCommitted".to_owned()));
    assert_eq!(refused("LogMatching"), ShortenError::NotViolated("LogMatching".to_owned()));
}
