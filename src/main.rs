//! The command line: parse, dispatch, exit code.
//!
//! Exit codes, chosen here and nowhere else: 0 holds, 1 violated, 2 could not
//! tell or bad usage.

mod bench;
mod bounds;
mod check;
mod cluster;
mod conform;
mod explore;
mod graph;
mod models;
mod mutants;
mod output;
mod progress;
mod simulate;
mod simulated_trace;
mod trace;
mod units;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// An executable, model-checked specification of how an Elasticsearch-style
/// cluster agrees: who is the elected master, and which cluster state is committed.
#[derive(Parser)]
#[command(name = "quorate", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Models(models::Args),
    Check(Box<check::Args>),
    Mutants(mutants::Args),
    Graph(graph::Args),
    Bench(bench::Args),
    Trace(trace::Args),
    Explore(Box<explore::Args>),
    Conform(conform::Args),
    Simulate(Box<simulate::Args>),
    Node(cluster::NodeArgs),
    Cluster(cluster::ClusterArgs),
}

/// What a verb concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conclusion {
    /// Everything holds; what was asked for is done.
    Holds,
    /// Something is violated, or differs from what it must be.
    Violated,
    /// Not known.
    CouldNotTell,
}

/// Why a verb could not do its work; printed once, here.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A broken pipe while printing help is nothing to add to.
            _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let result = match cli.verb {
        Verb::Models(args) => models::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Mutants(args) => mutants::run(&args),
        Verb::Graph(args) => graph::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Trace(args) => trace::run(&args),
        Verb::Explore(args) => explore::run(&args),
        Verb::Conform(args) => conform::run(&args),
        Verb::Simulate(args) => simulate::run(&args),
        Verb::Node(args) => cluster::run_node(&args).map_err(Failure::from),
        Verb::Cluster(args) => cluster::run(&args).map_err(Failure::from),
    };
    match result {
        Ok(Conclusion::Holds) => ExitCode::SUCCESS,
        Ok(Conclusion::Violated) => ExitCode::from(1),
        Ok(Conclusion::CouldNotTell) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
