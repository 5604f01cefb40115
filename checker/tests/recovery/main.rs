//! `always possible P` against graphs whose answers are known and a dumb twin.

mod known;
mod plan;
mod twin;
