//! Many seeds on all cores.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quorate_model::coordinator::Policy;

use super::coverage::Coverage;
use super::failure::Failure;
use super::plan::Plan;
use super::run::{RunOptions, RunOutcome, run_plan};

/// What seeds are run, and how.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The seeds.
    pub seeds: Range<u64>,
    /// The most steps of a run.
    pub steps_max: u64,
    /// Settings other than the defaults, as `name=value`.
    pub settings: Vec<String>,
    /// Worker threads.
    pub threads: usize,
    /// Every so many seeds one is recorded and judged as a recording; 0 for none.
    pub record_every: u64,
    /// Whether the first failure ends the sweep.
    pub stop_at_failure: bool,
    /// How each seed is run.
    pub options: RunOptions,
}

impl Sweep {
    /// These seeds on this machine's cores.
    pub fn of(seeds: Range<u64>) -> Self {
        Sweep {
            seeds,
            steps_max: super::plan::STEPS.1,
            settings: Vec::new(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            record_every: 0,
            stop_at_failure: false,
            options: RunOptions::default(),
        }
    }
}

/// What many seeds have shown.
#[derive(Clone, Debug, Default)]
pub struct SweepReport {
    /// Seeds that were run.
    pub seeds: u64,
    /// Those that failed, in order.
    pub failures: BTreeMap<u64, Failure>,
    /// Turns of nodes.
    pub turns: u64,
    /// Virtual time, in ms.
    pub virtual_ms: u64,
    /// Operations of clients whose outcome is known.
    pub operations: usize,
    /// Those of them that overlap another one on the same register.
    pub overlapping: usize,
    /// Histories in which enough operations overlap to count.
    pub evidence: u64,
    /// Registers whose history was too long to decide.
    pub undecided: usize,
    /// Runs that were judged as recordings too.
    pub recorded: u64,
    /// What was exercised.
    pub coverage: Coverage,
}

impl SweepReport {
    /// Adds a run.
    pub fn add(&mut self, seed: u64, outcome: &RunOutcome) {
        self.seeds += 1;
        self.turns += outcome.turns;
        self.virtual_ms += outcome.virtual_ms;
        self.recorded += u64::from(outcome.recorded_turns > 0);
        self.coverage.add(&outcome.coverage);
        if let Some(history) = &outcome.history {
            self.operations += history.completed;
            self.overlapping += history.overlapping;
            self.evidence += u64::from(history.is_evidence());
            self.undecided += history.undecided;
        }
        if let Some(failure) = &outcome.failure {
            self.failures.insert(seed, failure.clone());
        }
    }
}

/// Runs seeds under these rules; `seen` is called after each, in any order, and
/// says whether to go on.
///
/// # Errors
/// In words, if the settings make no sense.
pub fn sweep<R: Policy>(sweep: &Sweep, rules: &R, seen: impl Fn(u64, &RunOutcome) -> bool + Sync) -> Result<SweepReport, String> {
    let next = AtomicU64::new(sweep.seeds.start);
    let stopped = AtomicBool::new(false);
    let report = Mutex::new(Ok(SweepReport::default()));
    std::thread::scope(|scope| {
        for _ in 0..sweep.threads.max(1) {
            scope.spawn(|| {
                while !stopped.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= sweep.seeds.end {
                        return;
                    }
                    let plan = Plan::random(seed, sweep.steps_max, &sweep.settings);
                    let record = sweep.record_every > 0 && seed.is_multiple_of(sweep.record_every);
                    let options = RunOptions { record: record || sweep.options.record, ..sweep.options };
                    let outcome = run_plan(&plan, rules.clone(), options);
                    let mut report = report.lock().expect("nobody panics while adding a run");
                    match (&mut *report, outcome) {
                        (Ok(report), Ok(outcome)) => {
                            report.add(seed, &outcome);
                            let goes_on = seen(seed, &outcome);
                            if !goes_on || outcome.failure.is_some() && sweep.stop_at_failure {
                                stopped.store(true, Ordering::Relaxed);
                            }
                        }
                        (report, Err(why)) => {
                            *report = Err(why);
                            stopped.store(true, Ordering::Relaxed);
                        }
                        (Err(_), _) => {}
                    }
                }
            });
        }
    });
    report.into_inner().expect("nobody panics while adding a run")
}
