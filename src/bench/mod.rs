//! `quorate bench`: the project's own benchmarks.

mod machine;
mod table;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::{Args as ClapArgs, Subcommand};
use quorate_checker::bench::tlc::Tlc;
use quorate_checker::bench::{Measurement, ratios};
use quorate_checker::registry::{ModelInfo, Profile, find};
use quorate_checker::{Control, Engine, Report};
use serde_json::json;

use crate::models::chosen;
use crate::output::{is_stdout, line, write_to};
use crate::{Conclusion, Failure, progress};

/// What is measured unless models are named: two specification models and an
/// actor model, at bounds that take seconds.
const BY_DEFAULT: [(&str, &[u64]); 3] =
    [("zen-with-terms", &[2, 2, 2, 0, 1, 10]), ("replication", &[3, 1, 2, 4]), ("coordinator", &[3, 3, 2, 2, 1, 0, 0, 0])];

/// Measure this program on this machine
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Check(CheckArgs),
}

/// States per second, bytes per state and scaling of the engines, each run in a process of its own
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate bench check
  quorate bench check zen-with-terms --runs 5 --report bench.json
  quorate bench check --tla2tools tla2tools.jar --tla-modules modules

The modules are those of elastic/elasticsearch-formal-models: ZenWithTerms.tla, replication.tla, Storage.tla,
ReplicaEngine.tla, in one folder. TLC's time includes the start of its virtual machine.

Exit code: 0 measured and all counts agree, 1 some counts differ, 2 could not tell or bad usage.")]
struct CheckArgs {
    /// Only these models, at the first bounds of their profile ci
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// How often each is run, in turns; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    runs: u8,
    /// Run TLC on the same instances: tla2tools.jar of TLA+
    #[arg(long, value_name = "JAR", requires = "tla_modules")]
    tla2tools: Option<PathBuf>,
    /// The folder with Elastic's TLA+ modules
    #[arg(long, value_name = "DIR", requires = "tla2tools")]
    tla_modules: Option<PathBuf>,
    /// The Java that runs TLC
    #[arg(long, value_name = "PROGRAM", default_value = "java")]
    java: PathBuf,
    /// Write the measurements as JSON to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// No table
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let What::Check(args) = &args.what;
    let control = progress::control(true);
    let show = !args.quiet && !args.report.as_deref().is_some_and(is_stdout);
    let instances: Vec<(&ModelInfo, Vec<u64>)> = if args.models.is_empty() {
        BY_DEFAULT.iter().map(|(name, bounds)| Ok((find(name)?, bounds.to_vec()))).collect::<Result<_, Failure>>()?
    } else {
        chosen(&args.models)?.into_iter().map(|info| (info, (info.profile)(Profile::Ci).remove(0))).collect()
    };
    let tlc = tlc(args);
    if show {
        line(&machine::describe());
        line(&tlc.as_ref().map_or_else(|why| why.clone(), |tlc| format!("TLC: {}", tlc.jar.display())));
        line("");
        line(table::HEAD);
    }
    let mut runs: Vec<Measurement> = Vec::new();
    for (info, bounds) in &instances {
        let mut add = |mut of_instance: Vec<Measurement>| {
            add_speedups(&mut of_instance);
            if show {
                of_instance.iter().for_each(|run| line(&table::row(run)));
            }
            runs.extend(of_instance);
        };
        add(engines(info, bounds, args, &control)?);
        if let Ok(tlc) = &tlc {
            let measured = threads().into_iter().map(|workers| tlc.measure(info.name, bounds, workers));
            add(measured.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
        }
        if control.is_interrupted() {
            break;
        }
    }
    let ratios = ratios(&runs);
    let differing = table::differing(&runs);
    if show {
        line("");
        ratios.iter().for_each(|ratio| line(&table::ratio(ratio)));
        differing.iter().for_each(|sentence| line(sentence));
        if differing.is_empty() {
            line("all engines count the same distinct and generated states");
        }
    }
    if let Some(file) = &args.report {
        let report = json!({ "machine": machine::facts(), "runs": runs, "ratios": ratios, "differing": differing });
        write_to(file, &serde_json::to_string_pretty(&report)?)?;
    }
    Ok(match (control.is_interrupted(), differing.is_empty()) {
        (true, _) => Conclusion::CouldNotTell,
        (false, true) => Conclusion::Holds,
        (false, false) => Conclusion::Violated,
    })
}

/// One thread, and all cores.
fn threads() -> Vec<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores > 1 { vec![1, cores] } else { vec![1] }
}

/// TLC, or why it is left out.
fn tlc(args: &CheckArgs) -> Result<Tlc, String> {
    let (Some(jar), Some(modules)) = (&args.tla2tools, &args.tla_modules) else {
        return Err(String::from("TLC is left out: give --tla2tools JAR and --tla-modules DIR to compare with it"));
    };
    let tlc = Tlc { java: args.java.clone(), jar: jar.clone(), modules: modules.clone() };
    tlc.ready().map_err(|why| format!("TLC is left out: {why}")).map(|()| tlc)
}

/// Every engine with one thread and with all, in turns, the fastest run of each.
fn engines(info: &ModelInfo, bounds: &[u64], args: &CheckArgs, control: &Control) -> Result<Vec<Measurement>, Failure> {
    let mut best: Vec<Measurement> = Vec::new();
    for _ in 0..args.runs {
        for engine in [Engine::Native, Engine::Stateright] {
            for threads in threads() {
                if control.is_interrupted() {
                    return Ok(best);
                }
                let run = in_a_process(info, bounds, engine, threads)?;
                let same = |other: &&mut Measurement| (&other.engine, other.threads) == (&run.engine, run.threads);
                match best.iter_mut().find(same) {
                    Some(other) if other.seconds <= run.seconds => {}
                    Some(other) => *other = run,
                    None => best.push(run),
                }
            }
        }
    }
    Ok(best)
}

/// A process of its own, so that memory is this run's alone.
fn in_a_process(info: &ModelInfo, bounds: &[u64], engine: Engine, threads: usize) -> Result<Measurement, Failure> {
    let arguments = info.arguments(bounds);
    let output = Command::new(std::env::current_exe()?)
        .args(["check", info.name, "--quiet", "--safety-only", "--symmetry", "off", "--annotations", "none", "--report", "-"])
        .args(["--engine", engine.name(), "--threads", &threads.to_string()])
        .args(arguments.split(' '))
        .stderr(Stdio::inherit())
        .output()?;
    let report: Report = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{} with {}: the run gave no report ({error})", info.name, engine.name()))?;
    Ok(Measurement::of_report(&report, bounds))
}

fn add_speedups(runs: &mut [Measurement]) {
    let alone: Vec<(String, f64)> =
        runs.iter().filter(|run| run.threads == 1).map(|run| (run.engine.clone(), run.seconds)).collect();
    for run in runs.iter_mut().filter(|run| run.threads > 1) {
        let one = alone.iter().find(|(engine, _)| *engine == run.engine);
        run.speedup = one.map(|(_, seconds)| seconds / run.seconds.max(1e-9));
    }
}
