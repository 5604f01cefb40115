//! `quorate trace` of what `quorate simulate` writes: a plan and what happened.
//!
//! There are no states to show, only events in words; replaying runs the plan
//! again and compares every event.

use std::path::Path;

use quorate_checker::simulate::file::{SimulationTrace, SimulationTraceError};
use quorate_checker::simulate::shorten::{Shortened, shorten};
use quorate_checker::simulate::{Plan, RunOptions, RunOutcome, mutants, run_plan};
use quorate_model::NodeId;
use quorate_model::coordination::Sound;
use quorate_traces::sanitize::printable;

use crate::Conclusion;
use crate::output::wrap;

/// How many runs shortening a failing plan may take.
pub const SHORTENING_RUNS_MAX: usize = 400;

/// Why such a trace could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedTraceError {
    /// The file is bad, or of another version.
    #[error(transparent)]
    File(#[from] SimulationTraceError),
    /// The trace names what is not there.
    #[error("{path}: {why}", path = path.display())]
    NotReplayable {
        /// The file.
        path: std::path::PathBuf,
        /// What is not there.
        why: String,
    },
    /// An option that does not fit the trace.
    #[error("{0}")]
    Usage(String),
}

/// What of a trace is shown.
pub struct Shown<'a> {
    /// Only the events that change what a node is.
    pub changes_only: bool,
    /// Only the events at these nodes; all if there are none.
    pub nodes: &'a [String],
    /// The first event.
    pub from: usize,
    /// The last event.
    pub to: Option<usize>,
}

/// A run of a plan as the trace's program ran it.
///
/// # Errors
/// In words, if its mutant is not there.
pub fn run_again(trace: &SimulationTrace, plan: &Plan, log: bool) -> Result<RunOutcome, String> {
    let options = RunOptions { no_self_checks: trace.mutant.is_some(), log, ..RunOptions::default() };
    match &trace.mutant {
        Some(id) => run_plan(plan, mutants::find(id).map_err(|error| error.to_string())?.rules, options),
        None => run_plan(plan, Sound, options),
    }
}

/// The trace as text.
///
/// # Errors
/// A bad file, or options that do not fit it.
pub fn show(path: &Path, text: &str, shown: &Shown<'_>) -> Result<String, SimulatedTraceError> {
    let trace = SimulationTrace::parse(path, text)?;
    let plan = &trace.plan;
    let last = trace.events.len().saturating_sub(1);
    let to = shown.to.unwrap_or(last).min(last);
    if shown.from > to {
        let why = format!("--from {} --to {to}: the trace has the events 0 to {last}", shown.from);
        return Err(SimulatedTraceError::Usage(why));
    }
    let names: Vec<String> = (0..plan.nodes).map(|index| NodeId::from_index(index).to_string()).collect();
    if let Some(unknown) = shown.nodes.iter().find(|name| !names.contains(name)) {
        let why = format!("--node {unknown}: the trace has the nodes {}", names.join(", "));
        return Err(SimulatedTraceError::Usage(printable(&why).into_owned()));
    }
    let rules = trace.mutant.as_ref().map_or(String::from("sound"), |id| format!("mutant {id}"));
    let mut lines = vec![
        format!("a simulated run of {} nodes, seed {}, {rules}, quorate {}", plan.nodes, plan.seed, trace.version),
        wrap(&trace.failure.to_string(), 2),
        String::from("plan"),
    ];
    lines.extend(plan.steps.iter().map(|step| format!("  after {} tasks: {:?}", step.tasks, step.deed)));
    lines.push(format!("  then {} tasks", plan.last_tasks));
    lines.push(format!("events {} to {to} of {}", shown.from, trace.events.len()));
    let is_shown = |event: &&String| {
        let concerns = words_of(event).all(|word| !names.iter().any(|name| name == word));
        let chosen = shown.nodes.is_empty() || concerns || shown.nodes.iter().any(|node| words_of(event).next() == Some(node));
        chosen && (!shown.changes_only || event.contains('→') || event.contains("-- "))
    };
    lines.extend(trace.events[shown.from.min(trace.events.len())..].iter().take(to + 1 - shown.from).filter(is_shown).cloned());
    Ok(lines.into_iter().map(|line| printable(&line).into_owned() + "\n").collect())
}

/// The words of an event, after the time.
fn words_of(event: &str) -> impl Iterator<Item = &str> {
    event.split_once(" ms ").map_or(event, |(_, words)| words).split([' ', ':']).filter(|word| !word.is_empty())
}

/// Runs the plan again; what is to be said of it. The run is as recorded if
/// every event is and the same property fails.
///
/// # Errors
/// A bad file, or a mutant that is not there.
pub fn replay(path: &Path, text: &str) -> Result<(Conclusion, String), SimulatedTraceError> {
    let trace = SimulationTrace::parse(path, text)?;
    let refused = |why| SimulatedTraceError::NotReplayable { path: path.to_owned(), why };
    let outcome = run_again(&trace, &trace.plan, true).map_err(refused)?;
    let differs = (0..outcome.log.len().max(trace.events.len())).find(|at| outcome.log.get(*at) != trace.events.get(*at));
    let words = match (differs, &outcome.failure) {
        (None, Some(failure)) if *failure == trace.failure => {
            let words = format!("{}: all {} events are as recorded", path.display(), outcome.log.len());
            return Ok((Conclusion::Holds, format!("{words}\n{} is violated, as recorded: {}\n", failure.property, failure.why)));
        }
        (Some(at), _) => {
            let event = |events: &[String]| events.get(at).cloned().unwrap_or_else(|| String::from("nothing"));
            format!("event {at} is {}, and recorded is {}", event(&outcome.log).trim(), event(&trace.events).trim())
        }
        (None, failure) => {
            let ends = failure.as_ref().map_or(String::from("nothing is violated"), ToString::to_string);
            format!("all events are as recorded, but at the end {ends}; recorded is {}", trace.failure)
        }
    };
    Ok((Conclusion::Violated, format!("{}: {}\n", path.display(), printable(&words))))
}

/// The trace with the steps that its failure needs, and how many there were before.
///
/// # Errors
/// A bad file, a mutant that is not there, or a plan that does not fail.
pub fn shortened(path: &Path, text: &str) -> Result<(SimulationTrace, usize), SimulatedTraceError> {
    let trace = SimulationTrace::parse(path, text)?;
    let refused = |why| SimulatedTraceError::NotReplayable { path: path.to_owned(), why };
    let failure = run_again(&trace, &trace.plan, false).map_err(refused)?.failure;
    let failure = failure.ok_or_else(|| refused(String::from("its plan does not fail on today's code")))?;
    let fails = |plan: &Plan| run_again(&trace, plan, false).ok().and_then(|outcome| outcome.failure);
    let Shortened { plan, failure, .. } = shorten(&trace.plan, &failure, SHORTENING_RUNS_MAX, fails);
    let events = run_again(&trace, &plan, true).map_err(refused)?.log;
    let before = trace.plan.steps.len();
    Ok((SimulationTrace::new(trace.mutant.clone(), failure, plan, events), before))
}
