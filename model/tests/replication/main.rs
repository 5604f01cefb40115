//! The replication models: their state graphs, their claims, their mutants.

mod mutants;
mod naive;
mod rows;
