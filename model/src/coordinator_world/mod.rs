//! The world of the [`Coordinator`](crate::coordinator::Coordinator): models of
//! one actor.
//!
//! | model | driven by messages and timers | left to the environment |
//! | --- | --- | --- |
//! | `coordinator` | votes, publications, commits, restarts | when elections start, who suspects whom |
//! | `prevote` | pre-votes too, from a formed cluster | who suspects whom, within a budget |
//! | `membership` | discovery, bootstrapping, joins, removals | as above |
//! | `reconfiguration` | the same, from a formed cluster, with exclusions | as above |
//! | `duties` | the same, with roles, checks, answers, and disks that are not well | as above |
//! | `whole` | everything, at small bounds | suspicions, restarts, tries of elections, within a budget |
//! | `stabilisation` | everything, over sessions | crashes, partitions, suspicions, within a budget |
//!
//! What is left to the environment may happen at any time, so that whatever the
//! messages and timers would have brought about is among what it does.

mod bounds;
mod claims;
mod contract;
mod duties;
mod environment;
mod keys;
mod ledger;
pub mod node_claims;
mod obsolete;
mod parts;
mod refinement;
mod renaming;
mod stabilisation;
mod text;

pub use bounds::{CoordinatorBounds, CoordinatorModel};
pub use environment::{CoordinatorAction, CoordinatorEnvironment, CoordinatorWorld, CoordinatorWorldState, coordinator_world};
pub use ledger::{Budget, Ledger};
pub use refinement::{Recorded, refines_the_rules};
