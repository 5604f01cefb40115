//! Simulation: clusters of the Coordinator in virtual time, everything from one
//! seed (`AbstractCoordinatorTestCase`).
//!
//! The actor, its messages on the wire and its disk are those of a running
//! cluster; the network, the clocks and the faults are drawn. What the checker
//! explores exhaustively with few nodes and no time, this samples with up to
//! seven nodes and Elasticsearch's timeouts.
//!
//! ```text
//!   seed ─▶ plan ─▶ cluster ─▶ random run ─▶ cool down ─▶ stabilise ─▶ one more update
//!                     │ after every turn: the judge of recorded runs
//!                     │ (safety properties, claims of nodes, refinement of the rules)
//!                     └ at the end: settled? linearizable? the whole history?
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`draws`] | random numbers, the same on every machine |
//! | `queue`, [`links`], `codec` | tasks in virtual time; the network; every message on the wire and back |
//! | [`cluster`] | nodes, turns, disks: durable before sent, crashes in between |
//! | [`clients`], [`linearizable`] | what clients heard, and whether it has an order |
//! | [`stabilise`], [`times`] | the seven groups of assertions, and how long settling may take |
//! | [`plan`], [`run`], [`sweep`] | random runs: drawn beforehand, carried out, on all cores |
//! | [`shorten`], [`file`] | a failing plan made short, and written down |
//! | [`guided`], [`coverage`] | plans that reach new abstract states; what was exercised |
//! | [`scenarios`] | Elasticsearch's tests by name, and why some have no counterpart |
//! | [`mutants`] | which mutants random runs find, and how soon |
//! | `record` | a run as recordings, judged as those of real clusters are |
//!
//! Where this differs from Elasticsearch's harness: a lost message ends a
//! session, of which both ends are told, as the sessions of the running cluster
//! promise ([`quorate_model::session::contract`]); there a request alone fails.
//! Messages of one session may overtake each other, as there. A write to the
//! disk may fail with unknown outcome, upon which the node stops; there it
//! fails before anything is written. A node cannot be made a candidate from
//! outside: a session that ends does that.

pub mod clients;
pub mod cluster;
mod codec;
pub mod coverage;
pub mod draws;
mod failure;
pub mod file;
pub mod guided;
pub mod linearizable;
pub mod links;
pub mod mutants;
pub mod plan;
mod queue;
mod record;
pub mod run;
pub mod scenarios;
pub mod shorten;
pub mod stabilise;
pub mod sweep;
pub mod times;
mod words;

pub use cluster::{Cluster, Simulated};
pub use failure::Failure;
pub use plan::Plan;
pub use run::{RunOptions, RunOutcome, run_plan};
