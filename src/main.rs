//! The command line: parse, dispatch, exit code.
//!
//! Exit codes, chosen here and nowhere else: 0 holds, 1 violated, 2 could not
//! tell or bad usage.

fn main() {}
