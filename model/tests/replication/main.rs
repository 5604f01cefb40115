//! The replication models: their state graphs, their claims, their mutants.

mod naive;
mod rows;
mod mutants;
