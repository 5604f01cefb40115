//! `quorate check`: explores every behaviour within the bounds.

mod junit;
mod table;

use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use quorate_checker::registry::{ModelInfo, Profile, Rules, Visitor, with_model};
use quorate_checker::{Checkpointing, Control, Engine, Options, Report, Verdict, Width, baseline, check, liveness};
use quorate_model::Specification;
use quorate_traces::{TraceInfo, itf, rules_json};

use crate::bounds::BoundArgs;
use crate::models::{chosen, chosen_for};
use crate::output::{Color, Paint};
use crate::units;
use crate::{Conclusion, Failure, progress};

/// Explore every behaviour within the bounds and check every property
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate check                                          every model, profile quick
  quorate check zen-with-terms --profile ci --threads 2
  quorate check zen-with-terms --nodes 2 --max-term 2 --max-messages 10
  quorate check zen-with-terms --waive JoinAcceptedVersionHigher --trace-dir traces
  quorate check zen-with-terms --mutant CM02 --report -

Exit code: 0 everything holds, 1 something is violated, 2 could not tell or bad usage.")]
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
    /// Write the trace of each violation into this directory
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
    let to_stdout = args.report.as_deref() == Some(FilePath::new("-"));
    let paint = Paint::new(args.color);
    let mut reports = Vec::new();
    for Instance { info, bounds } in &instances {
        let by_default = args.symmetry.is_none() && options.engine == Engine::Native && info.symmetric;
        let options = Options { symmetry: options.symmetry || by_default, ..options.clone() };
        let visitor = Checking { options: &options, control: &control, rules: &rules, trace_dir: args.trace_dir.as_deref() };
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
    write_reports(args, &reports)?;
    let vacuous = vacuous(args, &reports);
    vacuous.iter().for_each(|sentence| eprintln!("vacuous: {sentence}"));
    let shrunk: Vec<String> = baseline.iter().flat_map(|before| baseline::shrunk(before, &reports)).collect();
    shrunk.iter().for_each(|sentence| eprintln!("baseline: {sentence}"));
    let doubt = !shrunk.is_empty() || reports.len() < instances.len();
    Ok(if vacuous.is_empty() { conclude(&reports, doubt) } else { Conclusion::Violated })
}

/// What no instance of a model has exercised: actions never taken, guards that
/// never refused, examples never found. A failure where a profile above `quick`
/// is checked as it is.
fn vacuous(args: &Args, reports: &[Report]) -> Vec<String> {
    let as_it_is = args.bounds.0.is_empty() && args.mutant.is_none() && args.waive.is_empty();
    if args.profile == ProfileArg::Quick || !as_it_is {
        return Vec::new();
    }
    let mut sentences: Vec<String> = Vec::new();
    for info in chosen(&args.models).unwrap_or_default() {
        let of_model: Vec<&Report> = reports.iter().filter(|report| report.model == info.name).collect();
        let Some(first) = of_model.first() else { continue };
        let never = |count: &dyn Fn(&Report) -> u64| of_model.iter().all(|report| count(report) == 0);
        for name in first.coverage.actions.keys() {
            if never(&|report| report.coverage.actions[name].as_u64().unwrap_or(0)) {
                sentences.push(format!("{}: the action {name} is never taken", info.name));
            }
        }
        for name in first.coverage.guards.keys() {
            if never(&|report| report.coverage.guards[name].as_u64().unwrap_or(0)) {
                sentences.push(format!("{}: the guard {name} never refuses", info.name));
            }
        }
        for property in first.properties.iter().filter(|property| property.kind == "reachable") {
            let found = |report: &Report| {
                report.properties.iter().any(|other| other.name == property.name && other.verdict == Verdict::Holds)
            };
            if !of_model.iter().any(|report| found(report)) {
                sentences.push(format!("{}: no example of {} is found", info.name, property.name));
            }
        }
    }
    sentences
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

struct Checking<'a> {
    options: &'a Options,
    control: &'a Control,
    rules: &'a Rules,
    trace_dir: Option<&'a FilePath>,
}

impl Visitor for Checking<'_> {
    type Output = Result<Report, Failure>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Result<Report, Failure> {
        liveness::admits(&model, self.options)?;
        let mut outcome = check(&model, self.options, self.control);
        let weak = liveness::complete(&model, self.options, self.control, &mut outcome)?;
        let mut report = Report::of(&model, &outcome);
        report.not_covered.extend(weak);
        report.changed_rules = self.rules.mutant.iter().chain(&self.rules.waived).cloned().collect();
        for (property, entry) in outcome.properties.iter().zip(&mut report.properties) {
            let path = property.path.as_ref().filter(|_| property.verdict == Verdict::Violated);
            if let (Some(dir), Some(path)) = (self.trace_dir, path) {
                let mut name = vec![report.model.clone()];
                name.extend(report.changed_rules.iter().cloned());
                name.push(property.name.clone());
                let file = dir.join(format!("{}.itf.json", name.join("-")));
                let info = TraceInfo {
                    rules: rules_json(self.rules.mutant.as_deref(), &self.rules.waived),
                    property: property.name.clone(),
                    kind: property.kind.to_owned(),
                    verdict: String::from("violated"),
                    witness: property.reason.clone().unwrap_or_default(),
                    ..TraceInfo::default()
                };
                let text = itf::write(&model, path, &info);
                std::fs::write(&file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
                entry.trace_file = Some(file.display().to_string());
            }
        }
        Ok(report)
    }
}

fn read_reports(file: &FilePath) -> Result<Vec<Report>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let one_or_more = serde_json::from_str::<Report>(&text).map(|report| vec![report]).or_else(|_| serde_json::from_str(&text));
    Ok(one_or_more.map_err(|error| format!("{} is not a report of this program: {error}", file.display()))?)
}

fn write_reports(args: &Args, reports: &[Report]) -> Result<(), Failure> {
    if let Some(file) = &args.report {
        let text = match reports {
            [report] => serde_json::to_string_pretty(report)?,
            reports => serde_json::to_string_pretty(reports)?,
        };
        write_to(file, &text)?;
    }
    if let Some(file) = &args.junit {
        write_to(file, &junit::render(reports))?;
    }
    Ok(())
}

fn write_to(file: &FilePath, text: &str) -> Result<(), Failure> {
    if file == FilePath::new("-") {
        crate::output::line(text);
        return Ok(());
    }
    Ok(std::fs::write(file, format!("{text}\n")).map_err(|error| format!("cannot write {}: {error}", file.display()))?)
}
