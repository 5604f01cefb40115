//! A breadth-first search that compares whole states: slow, and simple enough
//! to be believed. Counts as TLC does.

use std::collections::{BTreeMap, HashSet};

use quorate_model::property::{Check, Property};
use quorate_model::specification::Specification;

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Different states within the bounds.
    pub distinct: usize,
    /// Initial states and successors, duplicates and states outside the bounds included.
    pub generated: usize,
    /// Number of levels.
    pub depth: usize,
    /// Violated claims and the number of states in a shortest trace to each.
    pub violated: BTreeMap<&'static str, (usize, String)>,
    /// Reachability claims that nothing reached.
    pub unreached: Vec<&'static str>,
    /// How often each guard refused, by name.
    pub refusals: BTreeMap<&'static str, usize>,
    /// How often each class of action was taken.
    pub taken: BTreeMap<&'static str, usize>,
}

impl Found {
    /// Distinct states, generated states and depth, as TLC prints them.
    pub fn row(&self) -> (usize, usize, usize) {
        (self.distinct, self.generated, self.depth)
    }
}

/// Searches all reachable states.
pub fn search<M: Specification>(model: &M) -> Found {
    explore(model, model.init_states(), |_| false)
}

/// Searches what is reachable from `initial`, up to the level at which `enough` says so.
pub fn explore<M: Specification>(model: &M, initial: Vec<M::State>, enough: impl Fn(&Found) -> bool) -> Found {
    let claims = model.claims();
    let (guards, classes) = (model.guards(), model.action_classes());
    let mut found = Found::default();
    let mut seen: HashSet<M::State> = HashSet::new();
    let mut reached = vec![false; claims.len()];
    let mut level = Vec::new();

    for state in initial {
        found.generated += 1;
        check_state(model, &claims, &state, 1, &mut reached, &mut found);
        if model.within_boundary(&state) && seen.insert(state.clone()) {
            level.push(state);
        }
    }
    while !level.is_empty() {
        found.depth += 1;
        let mut next_level = Vec::new();
        for state in &level {
            model.successors(state, |action, outcome| {
                let after = match outcome {
                    Ok(after) => after,
                    Err(guard) => {
                        *found.refusals.entry(guards[usize::from(guard.0)]).or_default() += 1;
                        return;
                    }
                };
                found.generated += 1;
                model.inner_refusals(state, &action, |guard| {
                    *found.refusals.entry(guards[usize::from(guard.0)]).or_default() += 1;
                });
                *found.taken.entry(classes[usize::from(model.class_of(&action).0)]).or_default() += 1;
                let trace = found.depth + 1;
                for claim in &claims {
                    if let Check::Step(holds) = claim.check
                        && let Err(why) = holds(model, state, &action, &after)
                    {
                        found.violated.entry(claim.name).or_insert((trace, why));
                    }
                }
                check_state(model, &claims, &after, trace, &mut reached, &mut found);
                if model.within_boundary(&after) && !seen.contains(&after) {
                    seen.insert(after.clone());
                    next_level.push(after);
                }
            });
        }
        if enough(&found) {
            break;
        }
        level = next_level;
    }
    found.distinct = seen.len();
    let unreached =
        |(claim, reached): (&Property<M>, &bool)| (matches!(claim.check, Check::Reachable(_)) && !reached).then_some(claim.name);
    found.unreached = claims.iter().zip(&reached).filter_map(unreached).collect();
    found
}

fn check_state<M: Specification>(
    model: &M,
    claims: &[Property<M>],
    state: &M::State,
    trace: usize,
    reached: &mut [bool],
    found: &mut Found,
) {
    for (claim, reached) in claims.iter().zip(reached) {
        let verdict = match claim.check {
            Check::Invariant(holds) => holds(model, state),
            Check::Always(holds) => {
                if holds(model, state) {
                    Ok(())
                } else {
                    Err(String::new())
                }
            }
            Check::Reachable(holds) => {
                *reached |= holds(model, state);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(why) = verdict {
            found.violated.entry(claim.name).or_insert((trace, why));
        }
    }
}
