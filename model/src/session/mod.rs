//! What UDP does not give and Elasticsearch's transport does: sessions.
//!
//! An [`Endpoint`] is one process's end of its conversations. It has no clock,
//! no socket and no randomness: time comes in as a number, packets come in and
//! go out as values. [`Exchanges`] is the book of requests and answers above it.
//!
//! ```text
//!   a (life 3.1)                               b (life 1.1)
//!     send ──────────── Hello ───────────────▶   who are you?
//!          ◀─────────── Welcome ──────────────   life 1.1
//!          ── Data 1 for life 1.1 ───────────▶   deliver, once
//!             (again until acknowledged)
//!          ◀─────────── Ack 1 ────────────────
//!                                              b is killed, comes back: life 2.1
//!          ── Data 2 for life 1.1 ───────────▶   not for me
//!          ◀─── Welcome of life 2.1 ──────────
//!     Disconnected (restarted): data 2 is lost, and a knows it
//!
//!     silence: a gives b up. Disconnected; a leads life 3.2 towards b from now on
//!          ◀─ Data 5 for life 3.1 ────────────
//!          ── Welcome of life 3.2 ───────────▶
//!                                              Disconnected (reset): b knows it too
//!          ◀──────────── Goodbye ─────────────   b leaves, without waiting for silence
//! ```
//!
//! A session is between two [`Life`]s. It is over for both as soon as either
//! ends it, whatever the reason, and nothing crosses from one to the next: that
//! is what makes it safe to tell an asker that its request is lost. What may be
//! relied on is [`CONTRACT`](contract::CONTRACT), clause by clause; each clause
//! is a property of [`world`].
//!
//! Memory is bounded: a window of payloads in flight, a limit on those queued,
//! one number and one window of numbers for what was received, and a limit on
//! peers that come and go.

pub mod contract;
mod effect;
mod endpoint;
mod exchange;
mod fragments;
mod link;
mod packet;
mod rules;
pub mod world;

pub use effect::{Effect, LossReason, SessionConfig};
pub use endpoint::Endpoint;
pub use exchange::{AnswerDrop, Caller, Exchanges, RequestNumber};
pub use fragments::{Fragment, FragmentDrop, Reassembly, split};
pub use packet::{Body, Incarnation, Life, Packet, PacketDrop, PeerId, UNKNOWN};
pub use rules::{SessionRules, SoundSession};
pub use world::{SessionMutant, SessionWorld, catalogue as session_catalogue};
