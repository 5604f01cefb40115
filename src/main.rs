//! The command line: parse, dispatch, exit code.
//!
//! Exit codes, chosen here and nowhere else: 0 holds, 1 violated, 2 could not
//! tell or bad usage.

mod conform;
mod exit;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// An executable, model-checked specification of how an Elasticsearch-style cluster agrees.
#[derive(Parser)]
#[command(name = "quorate", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Shows, replays and exports traces.
    Trace(trace::TraceArgs),
    /// Compares other implementations with the rules.
    Conform(conform::ConformArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Trace(args) => trace::run(args).map_err(|error| error.to_string()),
        Verb::Conform(args) => conform::run(args).map_err(|error| error.to_string()),
    };
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit::Exit::Unknown.code())
        }
    }
}
