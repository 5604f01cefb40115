//! The allocation rules: the cases of each rule as tables, every guard, every
//! mutant, and random and exhaustive histories that keep every invariant
//! and agree with a second copy of the rules.

// The order of a visited set does not matter here, its speed does.
#![allow(clippy::disallowed_types)]

mod cases;
mod explore;
mod invariants;
mod mutants;
mod queries;
mod script;
mod twin;
