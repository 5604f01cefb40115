//! `quorate conform`: other implementations compared with the rules.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use quorate_checker::conform::{self, Replayed};
use quorate_traces::file;
use quorate_traces::sanitize::printable;

use crate::{Conclusion, Failure};

/// What to compare.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  quorate conform replay traces/golden/coordination-state/*.jsonl.gz
  quorate conform replay traces/golden/reconfigurator/reconfigurator.csv.gz
  quorate conform replay my-implementation.jsonl")]
pub struct Args {
    #[command(subcommand)]
    verb: ConformVerb,
}

#[derive(Subcommand)]
enum ConformVerb {
    /// Replays transcripts of an implementation of CoordinationState on the rules.
    ///
    /// Compares acceptance, every message sent and every field of the state at
    /// each step, under the rules as Elasticsearch's Java class has them. Ends
    /// with exit code 1 if an answer differs, 2 if a file is no transcript.
    Replay {
        /// JSON lines, or a table of voting configurations, compressed or not; the format is described in traces/golden/README.md.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Why nothing could be printed.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// The system says no.
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
}

/// Runs a verb of `quorate conform`.
///
/// # Errors
/// When the output cannot be written. Bad files are reported and make the exit code 2.
pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let ConformVerb::Replay { files } = &args.verb;
    match replay(files) {
        // Whoever reads our output (`head`) may have had enough.
        Err(ConformError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Conclusion::CouldNotTell),
        other => Ok(other?),
    }
}

fn replay(files: &[PathBuf]) -> Result<Conclusion, ConformError> {
    let mut out = std::io::stdout().lock();
    let (mut steps, mut mismatches, mut unreadable) = (0, 0, 0);
    for path in files {
        let name = path.display().to_string();
        let name = printable(&name);
        match replay_file(path) {
            Ok(replayed) => {
                steps += replayed.steps;
                let refused: u64 = replayed.refused.values().sum();
                match &replayed.mismatch {
                    None => writeln!(
                        out,
                        "{name}: {} steps as recorded from {} ({} accepted, {refused} refused by {} guards)",
                        replayed.steps,
                        printable(&replayed.implementation),
                        replayed.accepted,
                        replayed.refused.len()
                    )?,
                    Some(mismatch) => {
                        mismatches += 1;
                        writeln!(out, "{name}, line {}: {}", mismatch.line, printable(&mismatch.request))?;
                        for difference in &mismatch.differences {
                            let (expected, actual) = (printable(&difference.expected), printable(&difference.actual));
                            writeln!(out, "  {}: the transcript has {expected}; the rules say {actual}", difference.what)?;
                        }
                    }
                }
            }
            Err(reason) => {
                unreadable += 1;
                writeln!(out, "{name}: {}", printable(&reason))?;
            }
        }
    }
    let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    write!(out, "{}, {steps} steps: ", plural(files.len(), "file"))?;
    match (mismatches, unreadable) {
        (0, 0) => writeln!(out, "every answer is as recorded")?,
        (_, 0) => writeln!(out, "{} with a mismatch", plural(mismatches, "file"))?,
        (_, _) => writeln!(out, "{} with a mismatch, {} unreadable", plural(mismatches, "file"), plural(unreadable, "file"))?,
    }
    Ok(match (mismatches, unreadable) {
        (0, 0) => Conclusion::Holds,
        (0, _) => Conclusion::CouldNotTell,
        _ => Conclusion::Violated,
    })
}

fn replay_file(path: &Path) -> Result<Replayed, String> {
    let text = file::read_text(path).map_err(|error| {
        // The file's name stands before the message already.
        let text = error.to_string();
        text.strip_prefix(&format!("{}: ", path.display())).map_or(text.clone(), str::to_owned)
    })?;
    conform::replay(&text).map_err(|error| error.to_string())
}
