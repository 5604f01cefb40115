//! What UDP does not give and Elasticsearch's transport does: sessions.
//!
//! An [`Endpoint`] is one process's end of its conversations. It has no clock,
//! no socket and no randomness: time comes in as a number, packets come in and
//! go out as values.
//!
//! ```text
//!   a (incarnation 3)                          b (incarnation 1)
//!     send ──────────── Hello ───────────────▶   who are you?
//!          ◀─────────── Welcome ──────────────   incarnation 1
//!          ── Data 1 for incarnation 1 ──────▶   deliver, once
//!             (again until acknowledged)
//!          ◀─────────── Ack 1 ────────────────
//!                                              b is killed, comes back as incarnation 2
//!          ── Data 2 for incarnation 1 ──────▶   not for me
//!          ◀─── Welcome of incarnation 2 ─────
//!     Disconnected: data 2 is lost, and a knows it
//! ```
//!
//! The contract, checked by [`world`] and by random channels in the tests:
//! - a payload is delivered at most once, and only if it was sent;
//! - it is delivered by the incarnation it was first transmitted to, or never;
//! - nothing of an older incarnation is delivered after something of a newer one;
//! - a payload is delivered, if the channel lets any retransmission through, or
//!   its sender hears [`Effect::Disconnected`];
//! - order is *not* promised, and whoever is told of a disconnect does not know
//!   which of the lost payloads arrived.
//!
//! Memory is bounded: a window of payloads in flight, a limit on those queued,
//! one number and one window of numbers for what was received, and a limit on
//! peers that come and go.

mod endpoint;
mod fragments;
mod link;
mod mutants;
mod packet;
pub mod world;

pub use endpoint::{Effect, Endpoint, LossReason, SessionConfig};
pub use fragments::{Fragment, FragmentDrop, Reassembly, split};
pub use mutants::{SessionMutant, session_catalogue};
pub use packet::{Body, Incarnation, Packet, PacketDrop, PeerId, UNKNOWN};
pub use world::SessionWorld;
