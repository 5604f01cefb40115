//! A trace without its model: what a file holds and what every view shows.

use indexmap::IndexMap;
use quorate_model::specification::{Check, Specification, StepView};
use quorate_model::{Path, property};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::value::{self, Value};

/// What a trace is about. Who writes one fills in the claim and how it ended;
/// model, bounds and lanes come from the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceInfo {
    /// The rules: `{}` for the sound ones, else see [`crate::rules::rules_json`].
    pub rules: Json,
    /// The property that this is about; empty for a recorded run.
    pub property: String,
    /// Its kind as [`property::Check::kind`] names it; `run` for a recorded run.
    pub kind: String,
    /// `violated`, `holds`, …
    pub verdict: String,
    /// The violation in words.
    pub witness: String,
    /// A title for galleries; may be empty.
    pub title: String,
    /// Further metadata, kept as it is.
    pub other: IndexMap<String, String>,
}

/// A claim of the model, as far as a reader wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// `OneMasterPerTerm`.
    pub name: String,
    /// See [`property::Check::kind`].
    pub kind: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// What it says.
    #[serde(default)]
    pub meaning: String,
}

/// How the claims fare at one state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsHere {
    /// Invariants and step properties that are violated, each with its witness.
    #[serde(default)]
    pub violated: IndexMap<String, String>,
    /// Predicates of the other kinds that hold in this state.
    #[serde(default)]
    pub holding: Vec<String>,
}

/// A state and the step that led to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateRecord {
    /// One value for each variable of the trace.
    pub values: Vec<Value>,
    /// The action in words; empty where there is none (the initial state).
    pub title: String,
    /// The action as the model reads it back; `None` in foreign traces.
    pub params: Option<Json>,
    /// Lane and messages of the step.
    pub view: StepView,
    /// How the claims fare here; `None` where the writer did not say.
    pub claims: Option<ClaimsHere>,
}

/// A behaviour, finite or a lasso.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The program that wrote it, with its version; empty if it did not say.
    pub tool: String,
    /// The model on the command line; empty in foreign traces.
    pub model: String,
    /// The bounds of the instance.
    pub bounds: IndexMap<String, u64>,
    /// Names of the nodes.
    pub lanes: Vec<String>,
    /// The claims of the model.
    pub claims: Vec<ClaimRecord>,
    /// What it is about.
    pub info: TraceInfo,
    /// Names of the variables.
    pub vars: Vec<String>,
    /// The states, the initial one first.
    pub states: Vec<StateRecord>,
    /// For a lasso: the state that follows the last one.
    pub loop_start: Option<usize>,
}

impl Trace {
    /// The trace of a path of `model`, with every claim evaluated at each step.
    pub fn of_path<M: Specification>(model: &M, path: &Path<M>, info: &TraceInfo) -> Self {
        let claims = model.claims();
        let mut vars = Vec::new();
        let mut states = Vec::with_capacity(path.len());
        let mut before = None;
        for (index, state) in path.states().enumerate() {
            let action = index.checked_sub(1).map(|step| &path.steps[step].0);
            let (names, values) = value::variables(state).into_iter().unzip();
            vars = names;
            let view = match (before, action) {
                (Some(before), Some(action)) => model.view(before, action, state),
                _ => StepView::default(),
            };
            states.push(StateRecord {
                values,
                title: view.title.clone(),
                params: action.map(|action| serde_json::to_value(action).unwrap_or(Json::Null)),
                view,
                claims: Some(ClaimsHere::of(model, &claims, before.zip(action), state)),
            });
            before = Some(state);
        }
        Trace {
            tool: format!("quorate {}", env!("CARGO_PKG_VERSION")),
            model: model.name(),
            bounds: model.bounds().into_iter().map(|bound| (bound.name.to_owned(), bound.value)).collect(),
            lanes: model.lanes(),
            claims: claims.iter().map(record_claim).collect(),
            info: info.clone(),
            vars,
            states,
            loop_start: path.loop_start,
        }
    }

    /// The value of a variable in a state.
    pub fn value(&self, state: usize, variable: &str) -> Option<&Value> {
        let position = self.vars.iter().position(|name| name == variable)?;
        self.states.get(state)?.values.get(position)
    }

    /// The variable that holds one record for each node, if there is one: `nodes`
    /// or `copies`. A lane beyond its records may have a variable of its own name.
    pub fn node_variable(&self) -> Option<usize> {
        let lanes = self.lanes.len();
        let per_node = |position: usize| {
            let records = |state: &StateRecord| match state.values.get(position) {
                Some(Value::List(nodes) | Value::Tuple(nodes)) => nodes.len(),
                _ => 0,
            };
            let first = self.states.first().map_or(0, records);
            let named = |lane: &String| self.vars.contains(lane);
            (1..=lanes).contains(&first) && self.lanes[first..].iter().all(named)
        };
        ["nodes", "copies"].iter().find_map(|name| self.vars.iter().position(|var| var == name).filter(|at| per_node(*at)))
    }

    /// Whether a variable is shown under the lanes.
    pub fn belongs_to_lane(&self, position: usize) -> bool {
        let nodes = self.node_variable();
        nodes == Some(position) || nodes.is_some() && self.lanes.contains(&self.vars[position])
    }

    /// What belongs to a lane in a state, if [`node_variable`](Self::node_variable) finds it.
    pub fn node(&self, state: usize, lane: usize) -> Option<&Value> {
        let position = self.node_variable()?;
        match self.states.get(state)?.values.get(position) {
            Some(Value::List(nodes) | Value::Tuple(nodes)) if lane < nodes.len() => nodes.get(lane),
            _ => self.value(state, self.lanes.get(lane)?),
        }
    }
}

fn record_claim<M: Specification>(claim: &property::Property<M>) -> ClaimRecord {
    ClaimRecord {
        name: claim.name.to_owned(),
        kind: claim.check.kind().to_owned(),
        source: claim.source.to_owned(),
        meaning: claim.meaning.to_owned(),
    }
}

impl ClaimsHere {
    /// Evaluates what can be said of one state and of the step that led to it.
    pub fn of<M: Specification>(
        model: &M,
        claims: &[property::Property<M>],
        step: Option<(&M::State, &M::Action)>,
        state: &M::State,
    ) -> Self {
        let mut here = ClaimsHere::default();
        for claim in claims {
            let name = claim.name.to_owned();
            match violation(model, &claim.check, step, state) {
                Some(Err(witness)) => _ = here.violated.insert(name, witness),
                Some(Ok(())) => {}
                None => {
                    if predicates(&claim.check).iter().any(|predicate| predicate(model, state)) {
                        here.holding.push(name);
                    }
                }
            }
        }
        here
    }
}

/// What an invariant or a step property says here; `None` for the other kinds.
pub(crate) fn violation<M: Specification>(
    model: &M,
    check: &Check<M>,
    step: Option<(&M::State, &M::Action)>,
    state: &M::State,
) -> Option<property::Verdict> {
    match check {
        Check::Always(holds) if holds(model, state) => Some(Ok(())),
        Check::Always(_) => Some(Err("it does not hold in this state".to_owned())),
        Check::Invariant(holds) => Some(holds(model, state)),
        Check::Step(holds) => Some(step.map_or(Ok(()), |(before, action)| holds(model, before, action, state))),
        _ => None,
    }
}

type Predicate<M> = fn(&M, &<M as stateright::Model>::State) -> bool;

/// The predicate whose truth the strip shows: of `P ~> Q` that is Q.
fn predicates<M: Specification>(check: &Check<M>) -> Option<Predicate<M>> {
    match *check {
        Check::Reachable(p)
        | Check::Eventually(p)
        | Check::AlwaysEventually(p)
        | Check::EventuallyAlways(p)
        | Check::LeadsTo(_, p)
        | Check::AlwaysPossible(p) => Some(p),
        Check::Always(_) | Check::Invariant(_) | Check::Step(_) => None,
    }
}
