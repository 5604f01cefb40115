//! Worlds: what the network, crashes and clients may do to actors.
//!
//! `stateright`'s `ActorModel` does not consume deliveries that an actor
//! ignores, keeps the memory of a crashed node, and lets nodes crash for ever.
//! The worlds here say for themselves what they do:
//!
//! * **Retained set** ([`NetworkKind::RetainedSet`]): a message once sent can be
//!   delivered at any time and any number of times. Nothing forces it to be.
//!   Loss, delay, duplication and reordering therefore need no action of their
//!   own; neither does a crash between saving and sending, which looks like the
//!   loss of what was sent. For safety it is the harshest network, and since
//!   delivery removes nothing also the smallest to explore.
//! * **Consuming** ([`NetworkKind::Consuming`]): delivery takes the message away.
//! * **Sessions** ([`NetworkKind::Sessions`]): likewise, in a set, and with the
//!   contract of [`crate::session`]: whatever is lost, both ends are told. For
//!   liveness, where a message that may stay away for ever proves nothing.
//!
//! A restart takes everything volatile: the node comes up by
//! [`Actor::on_start`](stateright::actor::Actor::on_start) with what it last
//! saved and no timers. In a retained set how long it was down is how long
//! nothing is delivered to it; where that matters, a crash and a start are two steps.
//!
//! ```text
//!  session up ──Disconnect (a fault)──────────────┐  what is under way between the two is gone,
//!      │ ──────GiveUp (the link is cut)───────────┤  `untold` says whom to tell
//!      │ ──────Crash, Restart of one end──────────┤
//!      │                                          ▼
//!      ◀──Disconnected: told, may send again── session ended: what is sent is lost with it
//! ```
//!
//! What else may happen, and how often, is the [`Environment`]'s: which timers
//! may fire, what clients ask, how many faults there are. What it may still
//! spend is part of the state, in its ledger, so that running out of it disables
//! an action and hides no state.

mod action;
mod environment;
mod explorer;
mod faults;
mod keys;
mod links;
mod network;
pub mod parts;
mod specification;
mod state;
#[allow(clippy::module_inception)]
mod world;

pub use action::{FaultKind, WorldAction};
pub use environment::{ActionOf, Environment, Observed, SlotOf, StateOf};
pub use links::{Links, Outage};
pub use network::{Network, NetworkKind};
pub use state::{Slot, WorldState};
pub use world::{Happening, World};
