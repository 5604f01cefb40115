//! The command line: parse, dispatch, exit code.
//!
//! Exit codes, chosen here and nowhere else: 0 holds, 1 violated, 2 could not
//! tell or bad usage.

mod cluster;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitClass {
    /// What was asked holds, or was done.
    Holds,
    /// It does not.
    Violated,
    /// It could not be told.
    CouldNotTell,
}

#[derive(Parser)]
#[command(name = "quorate", version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run one node of a cluster.
    Node(cluster::NodeArgs),
    /// A local cluster: one process for each node.
    Cluster(cluster::ClusterArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Node(args) => cluster::run_node(&args),
        Verb::Cluster(args) => cluster::run(&args),
    };
    match done {
        Ok(ExitClass::Holds) => ExitCode::from(0),
        Ok(ExitClass::Violated) => ExitCode::from(1),
        Ok(ExitClass::CouldNotTell) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
