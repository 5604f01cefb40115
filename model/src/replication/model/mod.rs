//! `replication`: the specification model of the replication rules.
//!
//! The environment of Elastic's TLA+ module `replication`: one shard, clients
//! that ask any node, messages that are delayed, reordered and lost, nodes that
//! are taken for dead, cluster states that arrive late and are skipped. With
//! [`Limits::Constraint`] it has the reachable state graph that TLC explores:
//! the same distinct states, generated states and depth.
//!
//! What the module does not have: an in-sync set (every assigned copy counts as
//! in-sync), recovery, copies that come back, restarts.
//!
//! # What happens eventually
//!
//! The module is published with three temporal properties, `<>AllCopiesSameContents`,
//! `<>NoActiveMessages` and `<>AllAckedResponsesStored`. All three are vacuous:
//! each initial state satisfies them, and `<>` asks for no more (nor does the
//! module assume fairness). Claimed here instead, with the limits as
//! [budgets](Limits::Budget) and weak fairness of handling each message and of
//! applying cluster states: again and again no message is in flight, and again
//! and again everything is quiet with the same contents on every active copy.

mod action;
pub mod claims;
mod environment;
mod messages;
mod specification;
mod state;
pub mod story;

pub use action::ReplicationAction;
pub use environment::{Limits, Replication, ReplicationBounds, Surroundings};
pub use messages::{Body, Document, Message, Messages};
pub use state::{ClientResponse, ReplicationState};
