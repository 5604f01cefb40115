//! The protocol, as code that can be checked and run.
//!
//! Three layers, each checked by itself:
//!
//! 1. **Rules**: [`coordination`], pure state machines with one handler for each
//!    protocol action and one named guard a line. Their *specification model*
//!    [`zen_with_terms`] lets any handler be called at any time with any message
//!    ever sent, and has the state graph of the TLA+ module of that name.
//!    [`replication`] does the same for the copies of a shard. [`membership`]
//!    has the rules of discovery, pre-votes, joins and checks, which are for
//!    liveness alone.
//! 2. **Actors**: nodes that call the rules and never repeat a guard.
//! 3. **Worlds**: what the network, crashes and clients may do to actors.
//!
//! What the running cluster shares with them: [`session`] (what UDP does not
//! give, as a state machine), [`settings`] with Elasticsearch's names, and
//! [`wire`] (what a datagram looks like).
//!
//! What engines, traces and the oracle need to know of a model is one trait,
//! [`Specification`](specification::Specification).
//!
//! This crate has no I/O, no clock, no threads and no randomness.

pub mod allocation;
pub mod contract;
pub mod coordination;
pub mod coordinator;
pub mod coordinator_world;
pub mod explorer;
pub mod fingerprint;
pub mod membership;
pub mod node_set;
pub mod path;
pub mod property;
pub mod replication;
pub mod seeded;
pub mod session;
pub mod settings;
pub mod shard;
pub mod shard_world;
pub mod sort_key;
pub mod specification;
pub mod wire;
pub mod world;
pub mod zen_with_terms;

pub use node_set::{NodeId, NodeSet};
pub use path::Path;
pub use property::{Check, Property, Verdict};
pub use specification::Specification;
