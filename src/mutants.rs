//! `quorate mutants`: the kill table.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use quorate_checker::Options;
use quorate_checker::kill_table::{Fate, Row, deaths, run as run_mutant};
use quorate_checker::registry::{ModelInfo, MutantInfo, Rules};

use crate::models::chosen_for;
use crate::output::{Color, Paint, is_stdout, line, wrap, write_to};
use crate::units::show_count;
use crate::{Conclusion, Failure, progress};

/// Print for each mutant of the rules every property that dies, with the length of its shortest trace
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate mutants
  quorate mutants zen-with-terms --mutant CM03 --mutant CM04

Exit code: 0 every row is as expected and the unmutated model holds at the same bounds, else 1.")]
pub struct Args {
    /// Only these models
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// Only this mutant; may be given several times
    #[arg(long, value_name = "ID")]
    mutant: Vec<String>,
    /// Worker threads; all cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Write the table as JSON to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Neither table nor progress
    #[arg(long)]
    quiet: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let paint = Paint::new(args.color);
    let mut options = Options::default();
    options.threads = args.threads.map_or(options.threads, usize::from);
    let control = progress::control(args.quiet);
    let to_stdout = args.report.as_deref().is_some_and(is_stdout);
    let show = !args.quiet && !to_stdout;
    let (mut rows, mut as_expected) = (Vec::new(), true);
    for info in chosen_for(&args.models, |info| !(info.mutants)().is_empty() && args.mutant.iter().all(|id| info.has_mutant(id)))?
    {
        let mutants = wanted(info, &args.mutant)?;
        if show {
            line(&format!("{}: {} mutants", paint.heading(info.name), mutants.len()));
        }
        let mut sound_at: Vec<Vec<u64>> = Vec::new();
        for mutant in &mutants {
            let row = run_mutant(info, mutant, &options, &control)?;
            progress::clear(args.quiet);
            if control.is_interrupted() {
                return Ok(Conclusion::CouldNotTell);
            }
            if show {
                print(info, &row, paint);
            }
            as_expected &= row.as_expected;
            if !sound_at.contains(&row.bounds) {
                sound_at.push(row.bounds.clone());
            }
            rows.push(row);
        }
        for bounds in &sound_at {
            let deaths = deaths(info, bounds, &Rules::default(), &options, &control)?;
            progress::clear(args.quiet);
            as_expected &= deaths.is_empty();
            if show {
                let verdict = if deaths.is_empty() { paint.good("holds") } else { paint.bad("VIOLATED") };
                line(&format!("  unmutated  {verdict}\n{}", wrap(&info.arguments(bounds), 6)));
            }
        }
    }
    if let Some(file) = &args.report {
        write_to(file, &serde_json::to_string_pretty(&rows)?)?;
    }
    if control.is_interrupted() {
        return Ok(Conclusion::CouldNotTell);
    }
    Ok(if as_expected { Conclusion::Holds } else { Conclusion::Violated })
}

fn wanted(info: &ModelInfo, ids: &[String]) -> Result<Vec<MutantInfo>, Failure> {
    let all = (info.mutants)();
    if ids.is_empty() {
        return Ok(all);
    }
    let find = |id: &String| all.iter().find(|mutant| mutant.id == id).cloned().ok_or_else(|| info.no_mutant(id).into());
    ids.iter().map(find).collect()
}

fn print(info: &ModelInfo, row: &Row, paint: Paint) {
    let equivalent = row.equivalent_because.is_some();
    let fate = match (row.fate, row.as_expected) {
        (Fate::Killed, true) => paint.good("killed"),
        (Fate::SelfChecksOnly, true) if equivalent => paint.unsure("equivalent: only self-checks see it"),
        (Fate::SelfChecksOnly, true) => paint.unsure("killed by self-checks only"),
        (Fate::Survived, true) => paint.unsure("equivalent: survives"),
        (Fate::Killed | Fate::SelfChecksOnly, false) => paint.bad("killed, but not as expected"),
        (Fate::Survived, false) => paint.bad("SURVIVES"),
        (Fate::Unknown, _) => paint.bad("not known"),
    };
    line(&format!("  {}  {fate}", paint.heading(&row.id)));
    line(&wrap(&row.change, 6));
    line(&wrap(&format!("{}: {} states", info.arguments(&row.bounds), show_count(row.distinct_states)), 6));
    for death in &row.deaths {
        let self_check = info.is_self_check(&death.property);
        let length = death.trace_length.map_or(String::from("?"), |length| length.to_string());
        let note = match (self_check, row.must_kill.as_ref() == Some(&death.property)) {
            (true, _) => "  (self-check)",
            (false, true) => "  (as expected)",
            (false, false) => "",
        };
        line(&format!("      {length:>3} states  {}{note}", death.property));
    }
    match (&row.must_kill, &row.equivalent_because) {
        (Some(property), _) if !row.as_expected => line(&format!("      expected to die and did not: {property}")),
        (_, Some(why)) => line(&wrap(&format!("why: {why}"), 6)),
        _ => {}
    }
}
