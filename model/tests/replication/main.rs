//! The replication models: their state graphs, their claims, their mutants.

// The order of a visited set does not matter here, its speed does.
#![allow(clippy::disallowed_types)]

mod liveness;
mod mutants;
mod naive;
mod properties;
mod rows;
mod stories;
mod trackers;
mod translogs;
