//! The cluster that runs: the actors of the model, driven over UDP.
//!
//! ```text
//!            datagrams                              handlers, in turns
//!   socket ───────────▶ transport ───────▶ runtime ───────────────▶ actor
//!          ◀───────────  (codec,   ◀───────   │   ◀───────────────
//!                         sessions,           │     state, messages, timers, saves
//!                         fragments)          ├─▶ recorder   one line a turn, before it has effect
//!                                             └─▶ store      synced before anything of the turn leaves
//! ```
//!
//! * [`runtime`]: one task for a node; turns, timers, batches.
//! * [`transport`]: datagrams in, messages out; no I/O of its own.
//! * [`store`]: what survives a kill, in an ACID store.
//! * [`recorder`]: what the node did, for the oracle to judge.
//! * [`client`]: how the command line talks to nodes.
//! * [`cluster`]: processes on this machine, kept under one folder.
//!
//! Nothing here decides anything about the protocol: the actor is the one that
//! is checked.

pub mod admin;
pub mod client;
pub mod cluster;
pub mod coordinator;
pub mod node_actor;
pub mod recorder;
pub mod runtime;
pub mod store;
pub mod transport;
