//! The model `shard`: copies of one shard, their clients, and a master over the
//! contract of the coordination layer.
//!
//! ```text
//!   clients ──writes, reads──▶ data nodes n0 … ◀──requests, recoveries──▶ each other
//!                                 │       ▲
//!              reports of copies  ▼       │ committed cluster states: later ones only,
//!                              the master ┘ perhaps not all of them
//! ```
//!
//! The master is the last node of the world. It takes no turn of its own: fault
//! detection, operators and the allocator are the environment's, which may have
//! it do at any time what they might. Two things happen at once that take time in
//! a cluster: what is reported is committed when the master handles it, and the
//! disks that a primary is looked for on are read when it is allocated. The first
//! is what the contract promises to those who can see it, and its answer takes
//! its time; for the second, nobody but the allocation itself changes what is
//! looked for.
//!
//! A message arrives once, at any time after it was sent, in any order. What
//! else may become of it costs a *loss*: it is lost, or its sender gives it up
//! though it arrives. Who waits for something that can come no more is told
//! sooner or later.

mod bounds;
mod claims;
mod environment;
mod ledger;
mod recovery;
mod text;

pub use bounds::{Question, ShardBounds};
pub use environment::{ShardEnvironment, ShardWorld, ShardWorldAction, ShardWorldState, shard_world};
pub use ledger::{Budget, Ledger, WriteState};
