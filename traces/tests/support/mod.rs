//! What the tests share: counterexamples, found by a breadth-first search as
//! simple as can be, and golden files.

#![allow(dead_code)]

pub mod browser;

use std::collections::HashMap;
use std::path::PathBuf;

use quorate_model::coordination::mutant::Effect;
use quorate_model::coordination::{Mutant, RuleSet};
use quorate_model::property::Check;
use quorate_model::zen_with_terms::{ZenAction, ZenBounds, ZenState, ZenWithTerms};
use quorate_model::{Path, Specification};
use quorate_traces::{TraceInfo, rules_json};
use stateright::Model;

/// States in the order of discovery, each with the one before and the action between.
type Found<M> = Vec<(<M as Model>::State, Option<(usize, <M as Model>::Action)>)>;

/// The shortest behaviour that violates an invariant or step property, with its witness.
pub fn counterexample<M: Specification>(model: &M, property: &str) -> (Path<M>, String) {
    let claim = model.claims().into_iter().find(|claim| claim.name == property).expect("a property of the model");
    let mut states: Found<M> = Vec::new();
    let mut known: HashMap<M::State, usize> = HashMap::new();
    let mut next = 0;
    for state in model.init_states() {
        if known.insert(state.clone(), states.len()).is_none() {
            states.push((state, None));
        }
    }
    while next < states.len() {
        let state = states[next].0.clone();
        let mut found = None;
        if model.within_boundary(&state) {
            model.successors(&state, |action, result| {
                let Ok(after) = result else { return };
                let verdict = match claim.check {
                    Check::Invariant(holds) => holds(model, &after),
                    Check::Step(holds) => holds(model, &state, &action, &after),
                    _ => Ok(()),
                };
                if known.contains_key(&after) {
                    return;
                }
                known.insert(after.clone(), states.len());
                states.push((after, Some((next, action))));
                if let (Err(witness), None) = (verdict, &found) {
                    found = Some((states.len() - 1, witness));
                }
            });
        }
        if let Some((last, witness)) = found {
            return (path_to(&states, last), witness);
        }
        next += 1;
    }
    panic!("{property} holds");
}

fn path_to<M: Specification>(states: &Found<M>, last: usize) -> Path<M> {
    let (mut steps, mut at) = (Vec::new(), last);
    while let (state, Some((before, action))) = &states[at] {
        steps.push((action.clone(), state.clone()));
        at = *before;
    }
    steps.reverse();
    Path { initial: states[at].0.clone(), steps, loop_start: None }
}

/// A behaviour chosen by a small generator of random numbers: terms are entered
/// one after the other, classes of actions come up equally often except for
/// restarts and new terms, and sometimes a step changes nothing.
pub fn walk<R: RuleSet>(model: &ZenWithTerms<R>, steps: usize, seed: u64) -> Path<ZenWithTerms<R>> {
    let mut random = seed;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let initial_states = model.init_states();
    let initial = initial_states[next(initial_states.len())].clone();
    let mut path: Path<ZenWithTerms<R>> = Path { initial, steps: Vec::new(), loop_start: None };
    for _ in 0..steps * 10 {
        if path.steps.len() == steps {
            break;
        }
        let last: ZenState = path.last().clone();
        let term = last.named_nodes().map(|(_, node)| node.current_term()).max().unwrap_or(0);
        let class = next(ZenAction::CLASSES.len());
        let seldom = ["HandleStartJoin", "RestartNode"].contains(&ZenAction::CLASSES[class]) && next(4) != 0;
        let mut choices = Vec::new();
        model.successors(&last, |action, result| {
            let jump = matches!(action, ZenAction::HandleStartJoin { term: entered, .. } if entered > term + 1);
            if let Ok(after) = result
                && action.class() == class
                && !jump
            {
                choices.push((action, after));
            }
        });
        if seldom || choices.is_empty() {
            continue;
        }
        let (action, after) = choices.swap_remove(next(choices.len()));
        if after != last || next(4) == 0 {
            path.steps.push((action, after));
        }
    }
    path
}

pub fn bounds(nodes: usize, max_term: u64, max_version: u64, values: u64, max_messages: u64) -> ZenBounds {
    ZenBounds { nodes, max_term, max_version, max_initial_version: 0, values, max_messages }
}

pub fn zen<R: RuleSet>(rules: R, bounds: ZenBounds) -> ZenWithTerms<R> {
    ZenWithTerms::new(rules, bounds).expect("bounds that make sense")
}

/// The rules of the catalogue's entries that the tests use.
pub fn mutant(id: &str) -> Mutant {
    Mutant::with_effect(match id {
        "CM02" => Effect::HalfIsQuorum,
        "CM13" => Effect::VotesTwicePerTerm,
        other => panic!("add {other} here"),
    })
}

/// What a checker would say about a violated property.
pub fn violated<M: Specification>(model: &M, id: &str, property: &str, witness: &str) -> TraceInfo {
    let claim = model.claims().into_iter().find(|claim| claim.name == property).expect("a property of the model");
    TraceInfo {
        rules: rules_json(Some(id), &[] as &[&str]),
        property: property.to_owned(),
        kind: claim.check.kind().to_owned(),
        verdict: "violated".to_owned(),
        witness: witness.to_owned(),
        ..TraceInfo::default()
    }
}

/// The ITF text of the shortest counterexample of a mutant.
pub fn itf_of(id: &str, bounds: ZenBounds, property: &str) -> String {
    let model = zen(mutant(id), bounds);
    let (path, witness) = counterexample(&model, property);
    quorate_traces::itf::write(&model, &path, &violated(&model, id, property, &witness))
}

/// Compares with `tests/golden/NAME`; `UPDATE_GOLDEN=1 cargo test` rewrites it.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (is, was))) = actual
        .lines()
        .map(Some)
        .chain(std::iter::repeat(None))
        .zip(expected.lines().map(Some).chain(std::iter::repeat(None)))
        .take(actual.lines().count().max(expected.lines().count()))
        .enumerate()
        .find(|(_, (is, was))| is != was)
    {
        panic!("{name}, line {}: expected {was:?}, actual {is:?} (UPDATE_GOLDEN=1 rewrites the file)", line + 1);
    }
}
