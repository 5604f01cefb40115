//! Simulation: the Coordinator in virtual time, everything from one seed.

pub mod clients;
pub mod cluster;
mod codec;
pub mod coverage;
pub mod draws;
mod failure;
pub mod file;
pub mod guided;
pub mod linearizable;
pub mod links;
pub mod mutants;
pub mod plan;
mod queue;
mod record;
pub mod run;
pub mod scenarios;
pub mod shorten;
pub mod stabilise;
pub mod sweep;
pub mod times;
mod words;

pub use cluster::{Cluster, Simulated};
pub use failure::Failure;
pub use plan::Plan;
pub use run::{RunOptions, RunOutcome, run_plan};
pub use words::MESSAGE_KINDS;
