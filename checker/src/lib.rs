//! checker

pub mod recording;
