//! Conformance: other implementations compared with the rules.
//!
//! A *transcript* is what an implementation answered to a list of requests,
//! one JSON object a line. [`replay`] puts the same requests to the rules and
//! compares every answer. A table of voting configurations is computed again
//! row by row.

mod reconfigurations;
mod replay;
mod transcript;

pub use reconfigurations::replay_reconfigurations;
pub use replay::{Difference, Mismatch, Replayed, TranscriptError, replay, replay_on};
