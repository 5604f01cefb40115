//! `quorate check`: explores every behaviour within the bounds.

mod annotations;
mod instance;
mod junit;
mod table;
mod vacuity;

use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use quorate_checker::registry::{ModelInfo, Profile, Rules, with_model};
use quorate_checker::{Checkpointing, Engine, Options, Report, Verdict, Width, baseline};

use crate::bounds::BoundArgs;
use crate::models::chosen_for;
use crate::output::{Color, Paint, is_stdout, write_to};
use crate::units;
use crate::{Conclusion, Failure, progress};
use instance::Checking;

/// Explore every behaviour within the bounds and check every property
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate check                                          every model, profile quick
  quorate check zen-with-terms --profile ci --threads 2
  quorate check zen-with-terms --nodes 2 --max-term 2 --max-messages 10
  quorate check zen-with-terms --waive JoinAcceptedVersionHigher --trace-dir traces
  quorate check zen-with-terms --mutant CM02 --report -
  quorate check --profile ci --junit check.xml --annotations github
  quorate check replication-falling-checkpoint           a model that is kept for its violation

A model that is kept for a property that it violates is checked only where it is named, and then ends with 1.

Exit code: 0 everything holds, 1 something is violated or vacuous, 2 could not tell or bad usage.")]
pub struct Args {
    /// Models to check; all by default
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    #[command(flatten)]
    bounds: BoundArgs,
    /// Which instances: seconds, minutes, or as long as it takes. A bound that is given changes the first of them
    #[arg(long, value_enum, default_value = "quick")]
    profile: ProfileArg,
    /// Check this mutant of the catalogue instead of the sound rules
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,
    /// Leave out this guard; may be given several times
    #[arg(long, value_name = "GUARD")]
    waive: Vec<String>,
    /// Which engine explores
    #[arg(long, value_enum, default_value = "native")]
    engine: EngineArg,
    /// Worker threads; all cores by default. No count and no trace length depends on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Whether states that differ only in the names of nodes count as one [default: on for actor models, off for the
    /// counterparts of TLA+ modules]
    #[arg(long, value_enum)]
    symmetry: Option<Switch>,
    /// Go on after the first violation, to learn every property that dies
    #[arg(long)]
    keep_going: bool,
    /// Leave out what is decided after safety: liveness and recovery stay undecided
    #[arg(long)]
    safety_only: bool,
    /// Bits of a fingerprint that are kept
    #[arg(long, value_enum, default_value = "74")]
    fingerprint_bits: Bits,
    /// Chooses the fingerprint function; another seed has other collisions
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Stop when the process holds this much, such as 8GiB
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    memory_limit: Option<u64>,
    /// Stop after this time, such as 10m
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    time_limit: Option<Duration>,
    /// Keep this much of a level's frontier in memory; the rest goes to a temporary file
    #[arg(long, value_name = "SIZE", value_parser = units::size, default_value = "16MiB")]
    frontier_limit: u64,
    /// Where that file is made
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
    /// Write the run into this directory as it goes, so that --resume can take it up after a kill
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// How often, at the end of a level
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "5m", requires = "checkpoint")]
    checkpoint_every: Duration,
    /// Take up the run that --checkpoint has written into this directory: same model, bounds, rules and fingerprints
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Write the report as JSON to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Fail when a count of states or coverage is below that of this earlier report
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write a JUnit file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print what fails as annotations [default: github where GITHUB_ACTIONS is true, else none]
    #[arg(long, value_enum)]
    annotations: Option<Annotations>,
    /// Write the trace of each violation into this directory, and beside it a page that shows it in any browser
    #[arg(long, value_name = "DIR")]
    trace_dir: Option<PathBuf>,
    /// Neither table nor progress
    #[arg(long)]
    quiet: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileArg {
    Quick,
    Ci,
    Deep,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineArg {
    Native,
    Stateright,
    Naive,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Annotations {
    Github,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bits {
    #[value(name = "74")]
    Compact,
    #[value(name = "128")]
    Wide,
}

/// One run: a model at some bounds.
struct Instance {
    info: &'static ModelInfo,
    bounds: Vec<u64>,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let options = options(args)?;
    let rules = Rules { mutant: args.mutant.clone(), waived: args.waive.clone() };
    let instances = instances(args)?;
    let baseline = args.baseline.as_deref().map(read_reports).transpose()?;
    if let Some(dir) = &args.trace_dir {
        std::fs::create_dir_all(dir).map_err(|error| format!("cannot make {}: {error}", dir.display()))?;
    }
    let control = progress::control(args.quiet);
    let to_stdout = args.report.as_deref().is_some_and(is_stdout);
    let paint = Paint::new(args.color);
    let mut reports = Vec::new();
    for Instance { info, bounds } in &instances {
        let by_default = args.symmetry.is_none() && options.engine == Engine::Native && info.symmetric;
        let options = Options { symmetry: options.symmetry || by_default, ..options.clone() };
        let visitor = Checking {
            options: &options,
            control: &control,
            rules: &rules,
            safety_only: args.safety_only,
            trace_dir: args.trace_dir.as_deref(),
            colour: paint.is_on(),
        };
        progress::expect(info, bounds, baseline.as_deref().unwrap_or_default(), options.time_limit);
        let report = with_model(info.name, bounds, &rules, visitor)??;
        progress::clear(args.quiet);
        if !args.quiet && !to_stdout {
            table::print(info, &report, paint);
        }
        reports.push(report);
        if control.is_interrupted() {
            break;
        }
    }
    // A run that has not come to its end says nothing of what it would have exercised.
    let whole = reports.len() == instances.len() && conclude(&reports, false) == Conclusion::Holds;
    let vacuous = if whole && args.is_as_it_is() { vacuity::vacuous(&models(&instances), &reports) } else { Vec::new() };
    let shrunk: Vec<String> = baseline.iter().flat_map(|before| baseline::shrunk(before, &reports)).collect();
    let sentences = || vacuous.iter().map(|why| ("vacuous", why)).chain(shrunk.iter().map(|why| ("baseline", why)));
    sentences().for_each(|(what, why)| eprintln!("{what}: {why}"));
    if args.annotates() {
        let of_run = sentences().map(|(what, why)| annotations::line("error", what, why));
        // A report on standard output stays one document.
        let print = |line: String| if to_stdout { eprintln!("{line}") } else { crate::output::line(&line) };
        annotations::of_reports(&reports).into_iter().chain(of_run).for_each(print);
    }
    let of_run: Vec<String> = sentences().map(|(what, why)| format!("{what}: {why}")).collect();
    write_reports(args, &reports, &of_run)?;
    let doubt = !shrunk.is_empty() || reports.len() < instances.len();
    Ok(if vacuous.is_empty() { conclude(&reports, doubt) } else { Conclusion::Violated })
}

impl Args {
    /// Whether a profile above `quick` is checked without changes, so that what
    /// it does not exercise is a failure.
    fn is_as_it_is(&self) -> bool {
        let unchanged = self.bounds.0.is_empty() && self.mutant.is_none() && self.waive.is_empty();
        unchanged && self.profile != ProfileArg::Quick
    }

    fn annotates(&self) -> bool {
        match self.annotations {
            Some(wanted) => wanted == Annotations::Github,
            None => std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true"),
        }
    }
}

/// The models of the instances, each once.
fn models(instances: &[Instance]) -> Vec<&'static ModelInfo> {
    let mut models: Vec<&ModelInfo> = instances.iter().map(|instance| instance.info).collect();
    models.dedup_by_key(|info| info.name);
    models
}

fn conclude(reports: &[Report], doubt: bool) -> Conclusion {
    let any = |verdict| reports.iter().any(|report| report.verdict == verdict);
    match (any(Verdict::Violated), any(Verdict::Inconclusive) || doubt) {
        (true, _) => Conclusion::Violated,
        (false, true) => Conclusion::CouldNotTell,
        (false, false) => Conclusion::Holds,
    }
}

fn options(args: &Args) -> Result<Options, Failure> {
    let defaults = Options::default();
    let engine = match args.engine {
        EngineArg::Native => Engine::Native,
        EngineArg::Stateright => Engine::Stateright,
        EngineArg::Naive => Engine::Naive,
    };
    let symmetry = args.symmetry == Some(Switch::On);
    if symmetry && engine != Engine::Native {
        return Err(format!("--symmetry on needs the native engine; {} has none", engine.name()).into());
    }
    if engine != Engine::Native && (args.checkpoint.is_some() || args.resume.is_some()) {
        return Err(format!("a checkpoint needs the native engine; {} has none", engine.name()).into());
    }
    Ok(Options {
        engine,
        threads: args.threads.map_or(defaults.threads, usize::from),
        memory_limit: args.memory_limit,
        time_limit: args.time_limit,
        symmetry,
        keep_going: args.keep_going,
        until: defaults.until,
        width: if args.fingerprint_bits == Bits::Wide { Width::Wide } else { Width::Compact },
        seed: args.seed,
        frontier_limit: args.frontier_limit,
        spill_dir: args.spill_dir.clone(),
        checkpoint: args.checkpoint.clone().map(|dir| Checkpointing { dir, every: args.checkpoint_every }),
        resume: args.resume.clone(),
        rules: args.mutant.iter().chain(&args.waive).cloned().collect::<Vec<_>>().join("-"),
    })
}

/// The instances of the profile; given bounds change the first one of each model.
fn instances(args: &Args) -> Result<Vec<Instance>, Failure> {
    let profile = match args.profile {
        ProfileArg::Quick => Profile::Quick,
        ProfileArg::Ci => Profile::Ci,
        ProfileArg::Deep => Profile::Deep,
    };
    let mut instances = Vec::new();
    let fits = |info: &ModelInfo| {
        args.bounds.0.iter().all(|(name, _)| info.bounds.iter().any(|bound| bound.name == name))
            && args.mutant.iter().all(|id| info.has_mutant(id))
            && args.waive.iter().all(|guard| (info.guards)().contains(&guard.as_str()))
    };
    for info in chosen_for(&args.models, fits)? {
        let mut profile = (info.profile)(profile);
        if !args.bounds.0.is_empty() {
            profile = vec![info.with_bounds(&profile[0], &args.bounds.0)?];
        }
        instances.extend(profile.into_iter().map(|bounds| Instance { info, bounds }));
    }
    Ok(instances)
}

fn read_reports(file: &FilePath) -> Result<Vec<Report>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let one_or_more = serde_json::from_str::<Report>(&text).map(|report| vec![report]).or_else(|_| serde_json::from_str(&text));
    Ok(one_or_more.map_err(|error| format!("{} is not a report of this program: {error}", file.display()))?)
}

fn write_reports(args: &Args, reports: &[Report], sentences: &[String]) -> Result<(), Failure> {
    if let Some(file) = &args.report {
        let text = match reports {
            [report] => serde_json::to_string_pretty(report)?,
            reports => serde_json::to_string_pretty(reports)?,
        };
        write_to(file, &text)?;
    }
    if let Some(file) = &args.junit {
        write_to(file, &junit::render(reports, sentences))?;
    }
    Ok(())
}
