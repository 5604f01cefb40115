//! Guided mode: plans that reached new abstract states are changed and tried again.
//!
//! A third of the runs are fresh plans. The others change one that reached
//! something new, mostly a recent one: another schedule, a step more, a part
//! less, or the end of another plan.

use quorate_model::coordinator::Policy;

use super::coverage::Coverage;
use super::draws::{Draws, Stream};
use super::failure::Failure;
use super::plan::{Plan, PlannedStep, random_deed};
use super::run::{RunOptions, run_plan};

/// What guided runs have found.
#[derive(Clone, Debug, Default)]
pub struct GuidedReport {
    /// Runs.
    pub runs: u64,
    /// Plans that reached something new, the first of them included.
    pub kept: usize,
    /// Everything exercised; with the abstract states.
    pub coverage: Coverage,
    /// The plans that failed, and how.
    pub failures: Vec<(Plan, Failure)>,
}

impl GuidedReport {
    /// How many abstract states were seen.
    pub fn states(&self) -> usize {
        self.coverage.states.as_ref().map_or(0, std::collections::HashSet::len)
    }
}

/// Runs so many plans from `seed` on. Where not `guided`, all of them are
/// fresh, for comparison.
///
/// # Errors
/// In words, if the settings make no sense.
pub fn explore<R: Policy>(
    seed: u64,
    runs: u64,
    steps_max: u64,
    settings: &[String],
    rules: &R,
    guided: bool,
) -> Result<GuidedReport, String> {
    let mut draws = Draws::new(seed, Stream::Guide);
    let mut corpus: Vec<Plan> = Vec::new();
    let mut report = GuidedReport::default();
    for run in 0..runs {
        let fresh = !guided || corpus.is_empty() || draws.happens(333);
        let plan = match fresh {
            true => Plan::random(seed.wrapping_add(run), steps_max, settings),
            false => changed(&mut draws, &corpus, steps_max),
        };
        let outcome = run_plan(&plan, rules.clone(), RunOptions { count_states: true, ..RunOptions::default() })?;
        let before = report.states();
        report.coverage.add(&outcome.coverage);
        report.runs += 1;
        if report.states() > before {
            corpus.push(plan.clone());
        }
        if let Some(failure) = outcome.failure {
            report.failures.push((plan, failure));
        }
    }
    report.kept = corpus.len();
    Ok(report)
}

fn changed(draws: &mut Draws, corpus: &[Plan], steps_max: u64) -> Plan {
    // The later of two: what is new was reached late.
    let last = corpus.len() as u64;
    let mut plan = corpus[draws.below(last).max(draws.below(last)) as usize].clone();
    for _ in 0..draws.between(1, 4) {
        let length = plan.steps.len() as u64;
        match draws.below(4) {
            0 => plan.seed = draws.word(),
            1 => {
                let deed = std::iter::repeat_with(|| random_deed(draws, 4)).flatten().next();
                let step = deed.map(|deed| (deed, draws.below(30) as u32));
                if let Some((deed, tasks)) = step.filter(|_| length < steps_max) {
                    plan.steps.insert(draws.below(length + 1) as usize, PlannedStep { tasks, deed });
                }
            }
            2 if length > 0 => {
                let from = draws.below(length) as usize;
                let to = (from + draws.between(1, 8) as usize).min(plan.steps.len());
                plan = plan.without(from, to);
            }
            _ => {
                let other = &corpus[draws.below(last) as usize];
                let cut = draws.below(length + 1) as usize;
                let tail = draws.below(other.steps.len() as u64 + 1) as usize;
                plan.steps.truncate(cut);
                plan.steps.extend_from_slice(&other.steps[tail..]);
                plan.steps.truncate(steps_max as usize);
            }
        }
    }
    plan
}
