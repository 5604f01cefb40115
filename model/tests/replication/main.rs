//! The replication models: their state graphs, their claims, their mutants.

mod liveness;
mod mutants;
mod naive;
mod rows;
mod stories;
mod trackers;
mod translogs;
