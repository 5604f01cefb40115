//! Exploring a model by hand, one step after the other.
//!
//! ```text
//!   browser ──path of choices──▶ server ──▶ Explorer ──▶ Live: the model, behind one object
//!      ◀── trace with every property at every state; what is possible, what is refused and why
//! ```
//!
//! | module | what it does |
//! | --- | --- |
//! | [`live`] | any model as one object: walk a path, list choices, find a counterexample |
//! | [`explorer`] | a model with its mutants; keeps what is expensive |
//! | [`server`] | the same over HTTP on this machine, with the explorer page |
//! | [`gallery`] | counterexamples worth telling, as files with an index |
//!
//! Nothing is kept between two questions: a place in the graph is the path that
//! leads to it, so that it can be a link, and going back is asking for less of it.

pub mod error;
pub mod explorer;
pub mod gallery;
pub mod live;
pub mod server;

pub use error::ExploreError;
pub use explorer::{Explorer, Subject};
pub use live::{Choice, Live};
