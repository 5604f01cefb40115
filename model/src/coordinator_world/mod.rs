//! `coordinator`: Coordinators in a world, checked exhaustively.
//!
//! Every message once sent may arrive at any time and any number of times, every
//! timer that is set may fire, followers and leaders may be suspected at will,
//! nodes restart from what they saved. The adversary's budget is part of the
//! state: terms up to a highest one, submissions, restarts, rounds of checks.
//! When it is spent the action is no longer possible, so nothing is cut.

mod claims;
mod environment;
mod ledger;
mod obsolete;
mod parts;
mod refinement;
mod text;

pub use environment::{CoordinatorBounds, CoordinatorEnvironment, CoordinatorWorld, coordinator_world};
pub use ledger::Ledger;
pub use refinement::{TurnView, refines_the_rules};
