//! `quorate bench`: the project's own benchmarks.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use quorate_checker::bench::{Measurement, measure};
use quorate_checker::registry::Profile;
use quorate_checker::{Control, Engine};

use crate::models::chosen;
use crate::output::line;
use crate::units::show_count;
use crate::{Conclusion, Failure, progress};

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

/// States per second, bytes per state and scaling of the engines
#[derive(ClapArgs)]
#[command(after_help = "Examples:\n  quorate bench check\n  quorate bench check zen-with-terms --report bench.json")]
struct CheckArgs {
    /// Only these models
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// Write the measurements as JSON to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// No progress
    #[arg(long)]
    quiet: bool,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let What::Check(args) = &args.what;
    let control = progress::control(args.quiet);
    let to_stdout = args.report.as_deref().is_some_and(|file| file.as_os_str() == "-");
    let measurements = measurements(args, &control, !to_stdout)?;
    if let Some(file) = &args.report {
        let text = serde_json::to_string_pretty(&measurements)?;
        if to_stdout {
            line(&text);
        } else {
            std::fs::write(file, text + "\n").map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
    }
    let agree = measurements
        .chunk_by(|a, b| (&a.model, &a.bounds) == (&b.model, &b.bounds))
        .all(|runs| runs.iter().all(|run| run.distinct_states == runs[0].distinct_states && run.verdict == runs[0].verdict));
    Ok(match (control.is_interrupted(), agree) {
        (true, _) => Conclusion::CouldNotTell,
        (false, true) => Conclusion::Holds,
        (false, false) => Conclusion::Violated,
    })
}

fn measurements(args: &CheckArgs, control: &Control, show: bool) -> Result<Vec<Measurement>, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<Measurement> = Vec::new();
    if show {
        line("model                 bounds              engine      thr    distinct   seconds  states/s  B/state  speed-up");
    }
    for info in chosen(&args.models)? {
        let bounds = (info.profile)(Profile::Quick).remove(0);
        let mut runs: Vec<(Engine, usize)> = Vec::new();
        for engine in [Engine::Native, Engine::Stateright] {
            runs.push((engine, 1));
            runs.extend((threads > 1).then_some((engine, threads)));
        }
        for (engine, threads) in runs {
            let mut run = measure(info, &bounds, engine, threads, control)?;
            progress::clear(args.quiet);
            if control.is_interrupted() {
                return Ok(all);
            }
            let alone = all.iter().rev().find(|other| {
                (&other.model, &other.bounds, &other.engine, other.threads) == (&run.model, &run.bounds, &run.engine, 1)
            });
            run.speedup = alone.filter(|_| threads > 1).map(|alone| alone.seconds / run.seconds.max(1e-9));
            if show {
                line(&row(&run));
            }
            all.push(run);
        }
    }
    Ok(all)
}

fn row(run: &Measurement) -> String {
    let bounds: Vec<String> = run.bounds.iter().map(u64::to_string).collect();
    format!(
        "{:<21} {:<19} {:<11} {:>3} {:>11} {:>9.2} {:>9} {:>8.1}  {}",
        run.model,
        bounds.join(","),
        run.engine,
        run.threads,
        show_count(run.distinct_states),
        run.seconds,
        show_count(run.states_per_second as u64),
        run.bytes_per_state,
        run.speedup.map_or(String::new(), |speedup| format!("{speedup:.2}")),
    )
}
