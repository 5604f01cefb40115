//! The parts of a world's state: what steps change and claims read, so that a
//! claim is looked at only where it may say something new
//! ([`Parts`]; [`Environment::parts_read_by`](super::Environment::parts_read_by)).
//!
//! A claim that reads [`Parts::LOCAL`] is about one node: its action, what it
//! was and what it became; where the turn is [noted](super::Environment::is_noted),
//! also the ledger.

use crate::explorer::Parts;

/// What nodes know, have saved, and have set as timers.
pub const NODES: Parts = Parts(1 << 1);
/// The messages that can be delivered.
pub const NETWORK: Parts = Parts(1 << 2);
/// The environment's ledger.
pub const LEDGER: Parts = Parts(1 << 3);
/// What is out of order.
pub const OUTAGE: Parts = Parts(1 << 4);
/// The first bit of an environment's own parts
/// ([`Environment::changed_by`](super::Environment::changed_by)).
pub const FIRST_OWN: u32 = 8;
