//! Re-executes a trace on today's code.
//!
//! The recorded actions are taken one after the other from the recorded initial
//! state. Every value of every state is compared, and at the end the violated
//! property is evaluated once more. The first difference ends it.

use quorate_model::Path;
use quorate_model::property::{Check, Property};
use quorate_model::specification::Specification;

use crate::diff;
use crate::trace::{self, Trace};
use crate::value::{self, Value};

/// A trace that still is what it was.
#[derive(Clone)]
pub struct Replayed<M: Specification> {
    /// The behaviour, with the model's own states.
    pub path: Path<M>,
    /// What the property says now, if the trace is about one: its name and the witness.
    pub violation: Option<(String, String)>,
}

/// Where today's code and the trace part ways.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step}{}: {difference}", if action.is_empty() { String::new() } else { format!(", {action}") })]
pub struct Divergence {
    /// Index of the state that cannot be reproduced.
    pub step: usize,
    /// The recorded action that leads to it.
    pub action: String,
    /// What is different.
    pub difference: Difference,
}

/// A way in which a trace and the code differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The variables have changed.
    #[error("the model's variables are {actual:?}; the trace has {expected:?}")]
    Variables {
        /// As recorded.
        expected: Vec<String>,
        /// As the model has them.
        actual: Vec<String>,
    },
    /// No initial state of the model is the recorded one.
    #[error("none of the model's {candidates} initial states is the recorded one; the closest differs in {place}")]
    NotInitial {
        /// How many there are.
        candidates: usize,
        /// The first place where the most similar one differs.
        place: String,
    },
    /// The step has no action to take.
    #[error("the trace does not say which action was taken")]
    NoAction,
    /// The action is none of the model's.
    #[error("the recorded action is none of the model's: {0}")]
    UnknownAction(String),
    /// A guard refuses.
    #[error("expected the step to be taken, and the guard {guard} refuses it")]
    Refused {
        /// Its name.
        guard: String,
    },
    /// A value is different.
    #[error("{place}: expected {expected}, actual {actual}")]
    Value {
        /// Which one.
        place: String,
        /// As recorded.
        expected: String,
        /// As it is now.
        actual: String,
    },
    /// The lasso does not close.
    #[error("expected a step back to state {start}, and there is none")]
    NoWayBack {
        /// Where it should go.
        start: usize,
    },
    /// The model does not know the property.
    #[error("the model has no property named '{0}'")]
    UnknownProperty(String),
    /// The property is not violated any more.
    #[error("expected a violation of {property} ({recorded}), and it holds")]
    PropertyHolds {
        /// Its name.
        property: String,
        /// The recorded witness.
        recorded: String,
    },
}

/// Replays `trace` on `model`.
///
/// # Errors
/// The first divergence.
pub fn replay<M: Specification>(model: &M, trace: &Trace) -> Result<Replayed<M>, Box<Divergence>> {
    let at = |step: usize, difference: Difference| {
        let action = trace.states.get(step).map_or(String::new(), |state| state.title.clone());
        Box::new(Divergence { step, action, difference })
    };
    let mut path = Path { initial: initial_state(model, trace).map_err(|d| at(0, d))?, steps: Vec::new(), loop_start: None };
    for (step, recorded) in trace.states.iter().enumerate().skip(1) {
        let params = recorded.params.as_ref().ok_or_else(|| at(step, Difference::NoAction))?;
        let action: M::Action =
            serde_json::from_value(params.clone()).map_err(|error| at(step, Difference::UnknownAction(error.to_string())))?;
        let next = model.step(path.last(), &action).map_err(|guard| {
            let name = model.guards().get(usize::from(guard.0)).map_or_else(|| guard.0.to_string(), |name| (*name).to_owned());
            at(step, Difference::Refused { guard: name })
        })?;
        // A scenario says how to get there, and not where that is.
        if !recorded.values.is_empty() || trace.vars.is_empty() {
            compare(trace, step, &next).map_err(|d| at(step, d))?;
        }
        path.steps.push((action, next));
    }
    let last = trace.states.len().saturating_sub(1);
    if let Some(start) = trace.loop_start {
        path.loop_start = Some(start);
        if !closes(model, &path, start) {
            return Err(at(last, Difference::NoWayBack { start }));
        }
    }
    let violation = violated_property(model, trace, &path).map_err(|d| at(last, d))?;
    Ok(Replayed { path, violation })
}

fn initial_state<M: Specification>(model: &M, trace: &Trace) -> Result<M::State, Difference> {
    let mut best: Option<(usize, String)> = None;
    let mut candidates = 0;
    for state in model.init_states() {
        candidates += 1;
        match differences(trace, 0, &state)? {
            found if found.is_empty() => return Ok(state),
            found => {
                if best.as_ref().is_none_or(|(fewest, _)| found.len() < *fewest) {
                    best = Some((found.len(), found[0].0.clone()));
                }
            }
        }
    }
    Err(Difference::NotInitial { candidates, place: best.map_or_else(|| "everything".to_owned(), |(_, place)| place) })
}

fn compare<M: serde::Serialize>(trace: &Trace, step: usize, state: &M) -> Result<(), Difference> {
    match differences(trace, step, state)?.into_iter().next() {
        None => Ok(()),
        Some((place, expected, actual)) => Err(Difference::Value { place, expected, actual }),
    }
}

/// Places, recorded values and actual values that differ.
fn differences(trace: &Trace, step: usize, state: &impl serde::Serialize) -> Result<Vec<(String, String, String)>, Difference> {
    let actual = value::variables(state);
    let mut named: Vec<&String> = actual.iter().map(|(name, _)| name).collect();
    let mut recorded: Vec<&String> = trace.vars.iter().collect();
    named.sort();
    recorded.sort();
    if named != recorded {
        let actual = named.into_iter().cloned().collect();
        return Err(Difference::Variables { expected: recorded.into_iter().cloned().collect(), actual });
    }
    let show = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
    let mut found = Vec::new();
    for (name, actual) in &actual {
        let Some(expected) = trace.value(step, name) else { continue };
        for mut change in diff::changes(expected, actual) {
            change.path.insert(0, name.clone());
            found.push((change.place(), show(&change.before), show(&change.after)));
        }
    }
    Ok(found)
}

/// Whether the last state goes back to `start`, by a step or by stuttering.
pub fn closes<M: Specification>(model: &M, path: &Path<M>, start: usize) -> bool {
    let Some(target) = path.states().nth(start) else { return false };
    let mut found = path.last() == target;
    model.successors(path.last(), |_, next| found |= next.as_ref() == Ok(target));
    found
}

fn violated_property<M: Specification>(model: &M, trace: &Trace, path: &Path<M>) -> Result<Option<(String, String)>, Difference> {
    let name = &trace.info.property;
    if name.is_empty() {
        return Ok(None);
    }
    let claims = model.claims();
    let claim = claims.iter().find(|claim| claim.name == name).ok_or_else(|| Difference::UnknownProperty(name.clone()))?;
    let found = witness(model, claim, path);
    match (trace.info.verdict.as_str(), found) {
        ("violated", None) => Err(Difference::PropertyHolds { property: name.clone(), recorded: trace.info.witness.clone() }),
        (_, found) => Ok(found.map(|witness| (name.clone(), witness))),
    }
}

/// Why the behaviour violates the claim; `None` if it does not.
pub fn witness<M: Specification>(model: &M, claim: &Property<M>, path: &Path<M>) -> Option<String> {
    let states: Vec<&M::State> = path.states().collect();
    let last = states.len() - 1;
    let step = (last > 0).then(|| (states[last - 1], &path.steps[last - 1].0));
    if let Some(verdict) = trace::violation(model, &claim.check, step, states[last]) {
        return verdict.err();
    }
    let cycle = || states[path.loop_start.unwrap_or(last)..].iter();
    let words = match claim.check {
        Check::Reachable(p) => (!p(model, states[last])).then_some("it is not reached"),
        Check::Eventually(p) => states.iter().all(|s| !p(model, s)).then_some("it never holds on this behaviour"),
        Check::AlwaysEventually(p) => cycle().all(|s| !p(model, s)).then_some("it never holds on the loop"),
        Check::EventuallyAlways(p) => cycle().any(|s| !p(model, s)).then_some("it fails again and again on the loop"),
        Check::LeadsTo(p, q) => {
            let pending = (0..states.len()).any(|i| p(model, states[i]) && states[i..].iter().all(|s| !q(model, s)));
            (pending && cycle().all(|s| !q(model, s))).then_some("the first holds, and the second never follows")
        }
        Check::AlwaysPossible(p) => (!p(model, states[last])).then_some("no recovery leads to it from the last state"),
        Check::Always(_) | Check::Invariant(_) | Check::Step(_) => None,
    };
    words.map(str::to_owned)
}
