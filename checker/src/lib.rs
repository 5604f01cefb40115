//! Engines over specifications, and conformance of other implementations.

pub mod conform;
