//! A real cluster: processes on loopback, killed and started again, and what
//! they recorded judged by the oracle.

mod bad_input;
mod failover;
mod members;
mod recorded;
mod support;
