//! `quorate simulate`: clusters in virtual time, everything from a seed.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use clap::Args as ClapArgs;
use quorate_checker::simulate::coverage::{CountedRules, Coverage, MODES, NOT_IN_RUNS};
use quorate_checker::simulate::file::SimulationTrace;
use quorate_checker::simulate::guided::explore;
use quorate_checker::simulate::mutants::{self, HEADER, SEEDS_MAX};
use quorate_checker::simulate::plan::STEPS;
use quorate_checker::simulate::scenarios::{self, ELSEWHERE, Scenario};
use quorate_checker::simulate::shorten::shorten;
use quorate_checker::simulate::sweep::{Sweep, SweepReport, sweep};
use quorate_checker::simulate::{Failure as Violation, Plan, RunOptions, run_plan};
use quorate_model::coordination::Sound;
use quorate_model::coordinator::{CoordinatorMutant, MESSAGE_KINDS, Policy, TIMER_KINDS};
use quorate_model::settings::Settings;

use crate::output::{Color, Paint, line, wrap};
use crate::simulated_trace::{SHORTENING_RUNS_MAX, run_again};
use crate::{Conclusion, Failure};

/// Run clusters of the Coordinator in virtual time: random disruptions or scenarios, from seeds
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate simulate                                200 random runs
  quorate simulate --seeds 0..1000 --coverage
  quorate simulate --seed 17 --events
  quorate simulate --replay seed-17.json
  quorate simulate diff-based-publishing          a scenario, with ten seeds; --list shows all
  quorate simulate --mutant LM13 --trace-dir traces
  quorate simulate --guided --seeds 0..500
  quorate simulate --mutant-table                 which mutants are found, compared with the pinned table

Exit code: 0 everything holds, 1 a seed or a scenario fails, 2 bad usage.")]
pub struct Args {
    /// Play these scenarios instead of random runs
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// List the scenarios with their originals
    #[arg(long)]
    list: bool,
    /// Only this seed
    #[arg(long, value_name = "N", conflicts_with = "seeds", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    seed: Option<u64>,
    /// These seeds: the first, and the first that is not run any more
    #[arg(long, value_name = "A..B", value_parser = seed_range)]
    seeds: Option<(u64, u64)>,
    /// The most steps of a random run
    #[arg(long, value_name = "N", default_value_t = STEPS.1, value_parser = clap::value_parser!(u64).range(STEPS.0..=1_000_000))]
    steps: u64,
    /// A setting of all nodes, as name=value; may be given several times
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Run this mutant instead of the sound Coordinator
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,
    /// Prefer plans that reach new abstract states, and compare with plans that are all fresh
    #[arg(long, conflicts_with_all = ["mutant", "scenarios", "seed"])]
    guided: bool,
    /// Look for every mutant, and compare with the pinned table
    #[arg(long, conflicts_with_all = ["mutant", "scenarios", "seed", "seeds", "guided"])]
    mutant_table: bool,
    /// Run the plan of a trace again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenarios", "seed", "seeds", "guided", "mutant_table", "mutant", "settings"])]
    replay: Option<PathBuf>,
    /// Every so many seeds one is recorded and judged as the recording of a real cluster is; 0 for none
    #[arg(long, value_name = "N", default_value_t = 20)]
    record_every: u64,
    /// Where the traces of failing seeds go
    #[arg(long, value_name = "DIR", default_value = ".")]
    trace_dir: PathBuf,
    /// Print what happens, for a single seed or a replay
    #[arg(long)]
    events: bool,
    /// How many runs shortening a failing plan may take; 0 leaves it as it is
    #[arg(long, value_name = "N", default_value_t = SHORTENING_RUNS_MAX)]
    shorten_runs: usize,
    /// Print what the seeds exercised
    #[arg(long)]
    coverage: bool,
    /// Worker threads; all cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

/// Reads `A..B`.
fn seed_range(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("'{text}' is no range of seeds: 0..200 is, which are the seeds 0 to 199");
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    let number = |digits: &str| digits.parse::<u64>().map_err(|_| wrong());
    match (number(first)?, number(end)?) {
        (first, end) if first < end => Ok((first, end)),
        _ => Err(format!("'{text}' holds no seed: the first must be below the end")),
    }
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    // A setting that is not known is refused before anything runs.
    Settings::parse(args.settings.iter().map(String::as_str))?;
    let paint = Paint::new(args.color);
    if args.list {
        list(paint);
        return Ok(Conclusion::Holds);
    }
    if let Some(path) = &args.replay {
        return replay(args, path, paint);
    }
    if args.mutant_table {
        return mutant_table(args, paint);
    }
    if args.guided {
        return guided(args);
    }
    match &args.mutant {
        None => with_rules(args, &CountedRules::default(), |rules| Some(rules.refusals()), paint),
        Some(id) => with_rules(args, &mutants::find(id)?.rules, |_: &CoordinatorMutant| None, paint),
    }
}

type Refusals = Vec<(&'static str, u64)>;

fn with_rules<R: Policy>(
    args: &Args,
    rules: &R,
    refusals: impl Fn(&R) -> Option<Refusals>,
    paint: Paint,
) -> Result<Conclusion, Failure> {
    if args.scenarios.is_empty() {
        return random(args, rules, refusals, paint);
    }
    let found: Vec<Scenario<R>> = args.scenarios.iter().map(|name| scenarios::find(name)).collect::<Result<_, _>>()?;
    let (first, end) = args.seed.map(|seed| (seed, seed.saturating_add(1))).or(args.seeds).unwrap_or((0, 10));
    let mut all_hold = true;
    for scenario in found {
        let failed = (first..end)
            .find_map(|seed| scenario.play(seed, rules.clone(), args.mutant.is_none()).err().map(|failure| (seed, failure)));
        all_hold &= failed.is_none();
        match failed {
            None => line(&format!("{}  {} with {} seeds", paint.heading(scenario.name), paint.good("holds"), end - first)),
            Some((seed, failure)) => {
                line(&format!("{}  {} with seed {seed}", paint.heading(scenario.name), paint.bad("FAILS")));
                line(&wrap(&failure.to_string(), 2));
            }
        }
    }
    Ok(if all_hold { Conclusion::Holds } else { Conclusion::Violated })
}

fn random<R: Policy>(
    args: &Args,
    rules: &R,
    refusals: impl Fn(&R) -> Option<Refusals>,
    paint: Paint,
) -> Result<Conclusion, Failure> {
    let (first, end) = args.seed.map(|seed| (seed, seed.saturating_add(1))).or(args.seeds).unwrap_or((0, 200));
    let mut what = Sweep {
        steps_max: args.steps,
        settings: args.settings.clone(),
        record_every: args.record_every,
        ..Sweep::of(first..end)
    };
    what.threads = args.threads.map_or(what.threads, usize::from);
    what.stop_at_failure = args.mutant.is_some();
    what.options = options(args, args.seed.is_some() && args.events);
    if args.mutant.is_some() {
        what.record_every = 0;
    }
    let (begun, logged) = (Instant::now(), Mutex::new(Vec::new()));
    let report = sweep(&what, rules, |_, outcome| {
        logged.lock().expect("nobody panics while adding lines").extend(outcome.log.iter().cloned());
        true
    })?;
    logged.into_inner().expect("nobody panics while adding lines").iter().for_each(|event| line(event));
    summary(&report, begun.elapsed().as_secs_f64(), paint);
    if args.coverage {
        coverage(&report.coverage, refusals(rules));
    }
    for (seed, failure) in report.failures.iter().take(3) {
        let plan = Plan::random(*seed, args.steps, &args.settings);
        report_failure(args, &format!("seed-{seed}"), &plan, failure, rules, paint)?;
    }
    Ok(if report.failures.is_empty() { Conclusion::Holds } else { Conclusion::Violated })
}

fn options(args: &Args, log: bool) -> RunOptions {
    RunOptions { no_self_checks: args.mutant.is_some(), log, ..RunOptions::default() }
}

fn summary(report: &SweepReport, seconds: f64, paint: Paint) {
    let verdict = if report.failures.is_empty() { paint.good("all hold") } else { paint.bad("VIOLATED") };
    line(&format!(
        "{} seeds: {verdict}  ({:.0} seeds per minute, {} turns, {:.1} hours of virtual time)",
        report.seeds,
        report.seeds as f64 * 60.0 / seconds,
        report.turns,
        report.virtual_ms as f64 / 3_600_000.0
    ));
    let part = if report.operations == 0 { 0.0 } else { report.overlapping as f64 * 100.0 / report.operations as f64 };
    line(&format!(
        "  {} operations of clients, {part:.0} % of them overlap another on the same register; {} histories overlap enough to \
         be evidence of linearizability, {} registers are undecided",
        report.operations, report.evidence, report.undecided
    ));
    if report.recorded > 0 {
        line(&format!("  {} runs were also judged as recordings: behaviours of the model", report.recorded));
    }
}

fn coverage(coverage: &Coverage, refusals: Option<Refusals>) {
    let row = |title: &str, counts: Vec<(String, u64)>| {
        let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        line(&format!("  {title}"));
        line(&wrap(&words.join(", "), 4));
    };
    let named = |names: &[&str], counts: &[u64]| names.iter().zip(counts).map(|(n, c)| ((*n).to_owned(), *c)).collect();
    row("messages", named(&MESSAGE_KINDS, &coverage.messages));
    row("timers", named(&TIMER_KINDS, &coverage.timers));
    let changes =
        (0..3).flat_map(|from| (0..3).map(move |to| (from, to))).filter(|(from, to)| coverage.mode_changes[*from][*to] > 0);
    row(
        "changes of mode",
        changes.map(|(from, to)| (format!("{} to {}", MODES[from], MODES[to]), coverage.mode_changes[from][to])).collect(),
    );
    row("states received", vec![(String::from("whole"), coverage.full_states), (String::from("as differences"), coverage.diffs)]);
    let Some(refusals) = refusals else { return };
    let never = coverage.never(&refusals);
    row("guards that refused", refusals.into_iter().map(|(name, count)| (name.to_owned(), count)).collect());
    let reason = |name: &str| NOT_IN_RUNS.iter().find(|(known, _)| *known == name).map(|(_, why)| *why);
    let (cannot, did_not): (Vec<_>, Vec<_>) = never.into_iter().partition(|name| reason(name).is_some());
    line("  never exercised, and cannot be");
    cannot.iter().for_each(|name| line(&wrap(&format!("{name}: {}", reason(name).unwrap_or_default()), 4)));
    let words = if did_not.is_empty() { String::from("nothing") } else { did_not.join(", ") };
    line("  never exercised by these seeds");
    line(&wrap(&words, 4));
}

/// Shortens a failing plan, and writes its trace.
fn report_failure<R: Policy>(
    args: &Args,
    name: &str,
    plan: &Plan,
    failure: &Violation,
    rules: &R,
    paint: Paint,
) -> Result<(), Failure> {
    let fails = |plan: &Plan| run_plan(plan, rules.clone(), options(args, false)).ok().and_then(|outcome| outcome.failure);
    let short = shorten(plan, failure, args.shorten_runs, fails);
    let events = run_plan(&short.plan, rules.clone(), options(args, true))?.log;
    line(&format!("{}: {}", paint.heading(name), paint.bad(&failure.property)));
    line(&wrap(&failure.to_string(), 2));
    line(&format!("  shortened from {} steps to {} in {} runs", plan.steps.len(), short.plan.steps.len(), short.runs));
    let path = args.trace_dir.join(format!("{name}.json"));
    SimulationTrace::new(args.mutant.clone(), short.failure, short.plan, events).write(&path)?;
    line(&format!("  replay: quorate simulate --replay {} --events", path.display()));
    Ok(())
}

fn replay(args: &Args, path: &Path, paint: Paint) -> Result<Conclusion, Failure> {
    let trace = SimulationTrace::read(path)?;
    let outcome = run_again(&trace, &trace.plan, args.events)?;
    outcome.log.iter().for_each(|event| line(event));
    match outcome.failure {
        Some(failure) if failure == trace.failure => {
            line(&format!("{} as the trace says", paint.bad("fails")));
            line(&wrap(&failure.to_string(), 2));
            Ok(Conclusion::Violated)
        }
        Some(failure) => {
            line(&format!("{}, but otherwise than the trace says", paint.bad("fails")));
            line(&wrap(&failure.to_string(), 2));
            Ok(Conclusion::Violated)
        }
        None => {
            line(&paint.good("holds: the failure is no more"));
            Ok(Conclusion::Holds)
        }
    }
}

fn guided(args: &Args) -> Result<Conclusion, Failure> {
    let (first, end) = args.seeds.unwrap_or((0, 200));
    let mut failed = 0;
    for (guided, name) in [(false, "fresh plans"), (true, "guided")] {
        let report = explore(first, end - first, args.steps, &args.settings, &CountedRules::default(), guided)?;
        line(&format!(
            "{name}: {} abstract states in {} runs, {} of which reached new ones",
            report.states(),
            report.runs,
            report.kept
        ));
        let paint = Paint::new(args.color);
        for (index, (plan, failure)) in report.failures.iter().take(3).enumerate() {
            report_failure(args, &format!("guided-{first}-{index}"), plan, failure, &Sound, paint)?;
        }
        failed += report.failures.len();
    }
    Ok(if failed == 0 { Conclusion::Holds } else { Conclusion::Violated })
}

fn mutant_table(args: &Args, paint: Paint) -> Result<Conclusion, Failure> {
    let threads = args.threads.map_or(Sweep::of(0..1).threads, usize::from);
    let pinned = mutants::pinned();
    let (mut found_some, mut as_pinned) = (0, true);
    line(HEADER);
    for mutant in mutants::mutants() {
        let found = mutants::first_seed(&mutant, SEEDS_MAX, threads)?;
        let found = found.as_ref().map(|(seed, property)| (*seed, property.as_str()));
        let row = pinned.iter().find(|row| row.id == mutant.id);
        let same = row.is_some_and(|row| row.found == found);
        found_some += usize::from(found.is_some());
        as_pinned &= same;
        line(&mutants::line_of(mutant.id, found));
        if !same {
            eprintln!("{} {}", mutant.id, paint.bad("is not as pinned"));
        }
    }
    eprintln!("{found_some} mutants are found within {SEEDS_MAX} seeds");
    Ok(if as_pinned { Conclusion::Holds } else { Conclusion::Violated })
}

fn list(paint: Paint) {
    for scenario in scenarios::scenarios::<Sound>() {
        line(&paint.heading(scenario.name));
        line(&wrap(scenario.shows, 4));
        let notices = scenario.noticed_by.words();
        line(&wrap(&format!("{}; fails under {}, which {notices} notices", scenario.original, scenario.fails_under), 4));
    }
    line(&paint.heading("not here"));
    for (original, why) in ELSEWHERE {
        line(&wrap(&format!("{original}: {why}"), 4));
    }
}

#[cfg(test)]
mod tests {
    use super::seed_range;

    #[test]
    fn ranges_of_seeds() {
        assert_eq!(seed_range("3..9"), Ok((3, 9)));
        assert!(seed_range("9..3").unwrap_err().contains("holds no seed"));
        for bad in ["", "5", "a..b", "0..", "-1..4", "0..99999999999999999999"] {
            assert!(seed_range(bad).unwrap_err().contains("is no range"), "{bad}");
        }
    }
}
