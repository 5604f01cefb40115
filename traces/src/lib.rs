//! traces

pub mod recording;
