//! What a datagram looks like.
//!
//! ```text
//!   0   4  magic "QRUM"
//!   4   1  version of this format
//!   5   1  kind: Hello | Welcome | Data | Ack | Goodbye
//!   6  16  cluster
//!  22   8  source            30   8  dest
//!  38   8  source incarnation  46   8  dest incarnation
//!  54   4  source session    58   4  dest session
//!  62      Data: number 8, floor 8, message 8, fragment 2, fragments 2, bytes
//!          Ack: number 8
//!  -32 32  tag: BLAKE3 of everything before, keyed with the cluster's secret
//! ```
//!
//! Numbers are big-endian. A datagram is at most [`DATAGRAM_BYTES_MAX`] long,
//! which passes every path that QUIC passes, so that IP never fragments it.
//! Whatever is not exactly such a datagram, of this cluster, for this process,
//! is dropped for one of the reasons of [`DatagramDrop`]; decoding never panics.

mod datagram;

pub use datagram::{
    ClusterId, ClusterKey, DATAGRAM_BYTES_MAX, Datagram, DatagramDrop, FRAGMENT_BYTES_MAX, MESSAGE_BYTES_MAX, VERSION, decode,
    encode,
};
