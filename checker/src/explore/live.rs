//! A model behind one object, whatever its type.

use quorate_model::specification::{GuardId, Specification};
use quorate_model::{Check, Path};
use quorate_traces::trace::ClaimsHere;
use quorate_traces::{Trace, TraceInfo, replay};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::error::ExploreError;
use crate::control::Control;
use crate::options::Options;
use crate::outcome::{Outcome, PropertyOutcome, Verdict};
use crate::registry::{ModelInfo, Visitor};
use crate::{liveness, panics};

/// The longest path that is walked.
pub const LONGEST_PATH: usize = 10_000;

/// One element of a path. The first is the number of an initial state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// Position among everything that may be attempted in a state.
    Index(usize),
    /// The action itself, as traces write it; survives a change of the rules.
    Action {
        /// What [`Enabled::action`] said.
        action: Json,
    },
}

/// A behaviour that was asked for.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Its choices by position.
    pub path: Vec<usize>,
    /// The behaviour, with every property at every state.
    pub trace: Trace,
}

/// Something that is possible.
#[derive(Clone, Debug, Serialize)]
pub struct Enabled {
    /// Its position among the choices.
    pub index: usize,
    /// The action as traces write it.
    pub action: Json,
    /// In words.
    pub title: String,
    /// The class that coverage counts it as.
    pub class: &'static str,
    /// Where it happens.
    pub lane: Option<usize>,
    /// Whether the state stays the same.
    pub same: bool,
    /// The earlier state of the path to which it leads back.
    pub back: Option<usize>,
    /// Whether it leads out of the bounds; it can be taken all the same.
    pub outside: bool,
    /// Invariants and step properties that it violates and that were not violated before.
    pub violates: Vec<String>,
}

/// Something that a guard refuses.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// Its position among the choices.
    pub index: usize,
    /// The action as traces write it.
    pub action: Json,
    /// In words.
    pub title: String,
    /// The guard's name.
    pub guard: &'static str,
}

/// Everything that may be attempted in a state.
#[derive(Clone, Debug, Serialize)]
pub struct Choices {
    /// What is possible.
    pub enabled: Vec<Enabled>,
    /// What is not, and why.
    pub refused: Vec<Refused>,
    /// Whether the state lies outside the bounds, where checks do not go on.
    pub outside: bool,
}

/// What can be asked of any model.
pub trait Live: Send + Sync {
    /// How many initial states there are.
    fn initial_states(&self) -> usize;

    /// The first initial state in which something is possible.
    fn first_choice(&self) -> usize;

    /// The behaviour along a path. With `loop_start` it is a lasso. With a
    /// `property` the trace is about that, else about what its last state violates.
    fn walk(&self, path: &[Choice], loop_start: Option<usize>, property: Option<&str>) -> Result<Walk, ExploreError>;

    /// What may be attempted at the end of a path.
    fn choices(&self, path: &[Choice]) -> Result<Choices, ExploreError>;

    /// A shortest counterexample to `property`, or to the first property of
    /// `preferred` that is violated, or to any.
    fn counterexample(&self, preferred: &[&str], options: &Options, control: &Control) -> Result<Walk, ExploreError>;

    /// The path of a saved trace.
    ///
    /// # Errors
    /// In words, where it and today's code part ways.
    fn locate(&self, trace: &Trace) -> Result<Vec<usize>, String>;
}

/// Makes a [`Live`] of any registered model.
pub struct Open(pub &'static ModelInfo);

impl Visitor for Open {
    type Output = Box<dyn Live>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output {
        Box::new(LiveModel(model, self.0))
    }
}

struct LiveModel<M>(M, &'static ModelInfo);

type Successor<M> = (<M as stateright::Model>::Action, Result<<M as stateright::Model>::State, GuardId>);

impl<M: Specification + Clone + 'static> Live for LiveModel<M> {
    fn initial_states(&self) -> usize {
        panics::catch(|| self.0.init_states().len()).unwrap_or(0)
    }

    fn first_choice(&self) -> usize {
        let moves = |state: &M::State| {
            let mut moves = false;
            self.0.successors(state, |_, result| moves |= result.is_ok_and(|after| after != *state));
            moves
        };
        panics::catch(|| self.0.init_states().iter().position(moves)).ok().flatten().unwrap_or(0)
    }

    fn walk(&self, path: &[Choice], loop_start: Option<usize>, property: Option<&str>) -> Result<Walk, ExploreError> {
        let (indices, mut walked) = self.follow(path)?;
        walked.loop_start = loop_start;
        if let Some(start) = loop_start.filter(|start| !replay::closes(&self.0, &walked, *start)) {
            return Err(ExploreError::NoWayBack { start });
        }
        guarded(|| Walk { path: indices, trace: self.trace(&walked, property) })
    }

    fn choices(&self, path: &[Choice]) -> Result<Choices, ExploreError> {
        let (_, path) = self.follow(path)?;
        let (model, state) = (&self.0, path.last());
        guarded(|| {
            let (claims, names, guards) = (model.claims(), model.action_classes(), model.guards());
            let before = path.steps.len().checked_sub(2).map_or(&path.initial, |at| &path.steps[at].1);
            let now = ClaimsHere::of(model, &claims, path.steps.last().map(|(action, _)| (before, action)), state);
            let mut choices = Choices { enabled: Vec::new(), refused: Vec::new(), outside: !model.within_boundary(state) };
            for (index, (action, result)) in self.successors(state).into_iter().enumerate() {
                let params = serde_json::to_value(&action).unwrap_or(Json::Null);
                match result {
                    Ok(after) => {
                        let view = model.view(state, &action, &after);
                        let then = ClaimsHere::of(model, &claims, Some((state, &action)), &after);
                        let fresh = then.violated.into_keys().filter(|name| !now.violated.contains_key(name));
                        choices.enabled.push(Enabled {
                            index,
                            action: params,
                            title: view.title,
                            class: names.get(usize::from(model.class_of(&action).0)).copied().unwrap_or("Action"),
                            lane: view.lane,
                            same: after == *state,
                            back: path.states().take(path.steps.len()).position(|earlier| *earlier == after),
                            outside: !model.within_boundary(&after),
                            violates: fresh.collect(),
                        });
                    }
                    Err(guard) => choices.refused.push(Refused {
                        index,
                        action: params,
                        title: model.view(state, &action, state).title,
                        guard: guards.get(usize::from(guard.0)).copied().unwrap_or("Ignored"),
                    }),
                }
            }
            choices
        })
    }

    fn counterexample(&self, preferred: &[&str], options: &Options, control: &Control) -> Result<Walk, ExploreError> {
        let model = &self.0;
        let symmetric = options.symmetry && liveness::admits(model, options).is_ok();
        let options = Options { symmetry: symmetric, ..options.clone() };
        let mut outcome = crate::check(model, &options, control);
        if let Err(error) = liveness::complete(model, &options, control, &mut outcome) {
            return Err(ExploreError::NoCounterexample(error.to_string()));
        }
        let violated = |property: &&PropertyOutcome<M>| property.verdict == Verdict::Violated && property.path.is_some();
        let all = || outcome.properties.iter().filter(violated);
        let wanted = preferred.iter().find_map(|name| all().find(|property| property.name == *name));
        let telling = || all().find(|property| !self.1.is_self_check(&property.name));
        let Some((property, path)) =
            wanted.or_else(telling).or_else(|| all().next()).and_then(|found| Some((found, found.path.clone()?)))
        else {
            return Err(ExploreError::NoCounterexample(nothing_found(&outcome)));
        };
        let info = TraceInfo {
            property: property.name.clone(),
            kind: property.kind.to_owned(),
            verdict: String::from("violated"),
            witness: property.reason.clone().unwrap_or_default(),
            ..TraceInfo::default()
        };
        guarded(|| Walk { path: self.indices(&path), trace: Trace::of_path(model, &path, &info) })
    }

    fn locate(&self, trace: &Trace) -> Result<Vec<usize>, String> {
        let located = || replay::replay(&self.0, trace).map(|replayed| self.indices(&replayed.path));
        panics::catch(located)?.map_err(|divergence| divergence.to_string())
    }
}

impl<M: Specification + Clone + 'static> LiveModel<M> {
    fn successors(&self, state: &M::State) -> Vec<Successor<M>> {
        let mut all = Vec::new();
        self.0.successors(state, |action, result| all.push((action, result)));
        all
    }

    /// Takes the choices, and says them by position.
    fn follow(&self, path: &[Choice]) -> Result<(Vec<usize>, Path<M>), ExploreError> {
        if path.len() > LONGEST_PATH {
            return Err(ExploreError::TooLong { length: path.len(), limit: LONGEST_PATH });
        }
        guarded(|| {
            let mut initial = self.0.init_states();
            let (start, choices) = path.split_first().ok_or(ExploreError::NoStart)?;
            let first = match start {
                Choice::Index(index) if *index < initial.len() => *index,
                other => return Err(ExploreError::NoInitialState { asked: shown(other), count: initial.len() }),
            };
            let mut walked = Path { initial: initial.swap_remove(first), steps: Vec::new(), loop_start: None };
            let mut indices = vec![first];
            for (at, choice) in choices.iter().enumerate() {
                let step = at + 1;
                let (index, action, after) = self.take(walked.last(), choice, step)?;
                indices.push(index);
                walked.steps.push((action, after));
            }
            Ok((indices, walked))
        })?
    }

    fn take(&self, state: &M::State, choice: &Choice, step: usize) -> Result<(usize, M::Action, M::State), ExploreError> {
        let mut all = self.successors(state);
        let index = match choice {
            Choice::Index(index) if *index < all.len() => *index,
            Choice::Index(index) => return Err(ExploreError::NoChoice { step, asked: *index, count: all.len() }),
            Choice::Action { action } => {
                let none = || ExploreError::NoAction { step, action: shown(choice) };
                let wanted: M::Action = serde_json::from_value(action.clone()).map_err(|_| none())?;
                all.iter().position(|(action, _)| *action == wanted).ok_or_else(none)?
            }
        };
        let (action, result) = all.swap_remove(index);
        match result {
            Ok(after) => Ok((index, action, after)),
            Err(guard) => Err(ExploreError::Refused {
                step,
                title: self.0.view(state, &action, state).title,
                guard: self.0.guards().get(usize::from(guard.0)).map_or_else(String::new, |name| (*name).to_owned()),
            }),
        }
    }

    /// The positions of a path's steps among the choices.
    fn indices(&self, path: &Path<M>) -> Vec<usize> {
        let initial = self.0.init_states().iter().position(|state| *state == path.initial).unwrap_or(0);
        let mut indices = vec![initial];
        let mut before = &path.initial;
        for (action, after) in &path.steps {
            let same = |(taken, result): &Successor<M>| taken == action && result.as_ref() == Ok(after);
            indices.push(self.successors(before).iter().position(same).unwrap_or(usize::MAX));
            before = after;
        }
        indices
    }

    /// The trace, about `property` or about the first thing that its last state violates.
    fn trace(&self, path: &Path<M>, property: Option<&str>) -> Trace {
        let claims = self.0.claims();
        let about = |name: &str| {
            let claim = claims.iter().find(|claim| claim.name == name)?;
            Some((claim, replay::witness(&self.0, claim, path)?))
        };
        // What the protocol is for says more than bookkeeping.
        let rank = |name: &str| usize::from(self.1.is_self_check(name));
        let mut of_states: Vec<&str> = (claims.iter())
            .filter(|claim| claim.check.is_safety() && !matches!(claim.check, Check::Reachable(_)))
            .map(|claim| claim.name)
            .collect();
        of_states.sort_by_key(|name| rank(name));
        let found = property.and_then(about).or_else(|| of_states.into_iter().find_map(about));
        let info = found.map_or_else(TraceInfo::default, |(claim, witness)| TraceInfo {
            property: claim.name.to_owned(),
            kind: claim.check.kind().to_owned(),
            verdict: String::from("violated"),
            witness,
            ..TraceInfo::default()
        });
        Trace::of_path(&self.0, path, &info)
    }
}

fn nothing_found<M: Specification>(outcome: &Outcome<M>) -> String {
    let states = outcome.distinct_states;
    match &outcome.stop {
        Some(stop) => format!("no violation among the first {states} states; {stop}"),
        None => format!("no violation: all {states} states within the bounds are as they should be"),
    }
}

fn shown(choice: &Choice) -> String {
    let text = match choice {
        Choice::Index(index) => index.to_string(),
        Choice::Action { action } => action.to_string(),
    };
    text.chars().take(200).collect()
}

fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, ExploreError> {
    panics::catch(body).map_err(ExploreError::Panicked)
}
