//! Encoding and decoding of datagrams.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::session::{Body, Fragment, Life, Packet, PeerId};

/// The version of the format that this code speaks.
pub const VERSION: u8 = 2;
/// The longest datagram.
pub const DATAGRAM_BYTES_MAX: usize = 1_200;
/// The longest message, cut into as many fragments as it takes.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The most bytes of a message that one datagram carries.
pub const FRAGMENT_BYTES_MAX: usize = DATAGRAM_BYTES_MAX - HEADER_BYTES - DATA_BYTES - TAG_BYTES;

const MAGIC: [u8; 4] = *b"QRUM";
const HEADER_BYTES: usize = 62;
const DATA_BYTES: usize = 28;
const TAG_BYTES: usize = blake3::OUT_LEN;

/// Tells clusters apart: random, chosen when a cluster is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub [u8; 16]);

impl ClusterId {
    /// Reads 32 hexadecimal digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(ClusterId(bytes))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ClusterId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClusterId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        ClusterId::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("'{text}' is no cluster id (32 hex digits)")))
    }
}

/// What the datagrams of a cluster are authenticated with.
#[derive(Clone)]
pub struct ClusterKey([u8; blake3::KEY_LEN]);

impl ClusterKey {
    /// The key of a cluster with this secret.
    pub fn derive(secret: &[u8]) -> Self {
        ClusterKey(blake3::derive_key("quorate 2026 datagram authentication", secret))
    }
}

/// A secret is not printed.
impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterKey")
    }
}

/// A packet of a session with the addresses on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub source: PeerId,
    /// Who is to receive it.
    pub dest: PeerId,
    /// What it says.
    pub packet: Packet<Fragment>,
}

/// Why bytes from the network were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DatagramDrop {
    /// Shorter than its header says or any datagram is.
    Truncated,
    /// Longer than any datagram, or than its kind can be.
    Oversized,
    /// Not of this protocol.
    NotQuorate,
    /// Of another version of the format.
    OtherVersion,
    /// Of another cluster.
    OtherCluster,
    /// The tag is wrong: damaged, or written without the cluster's secret.
    BadTag,
    /// Neither Hello, Welcome, Data, Ack nor Goodbye.
    UnknownKind,
    /// Fragment 3 of 2, or the like.
    BadFragment,
    /// For another process.
    OtherReceiver,
}

impl fmt::Display for DatagramDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DatagramDrop::Truncated => "truncated",
            DatagramDrop::Oversized => "oversized",
            DatagramDrop::NotQuorate => "not of this protocol",
            DatagramDrop::OtherVersion => "of another version of the protocol",
            DatagramDrop::OtherCluster => "of another cluster",
            DatagramDrop::BadTag => "not authentic",
            DatagramDrop::UnknownKind => "of an unknown kind",
            DatagramDrop::BadFragment => "an impossible fragment",
            DatagramDrop::OtherReceiver => "for another process",
        })
    }
}

/// The bytes of `datagram`.
///
/// # Panics
/// When its fragment is longer than [`FRAGMENT_BYTES_MAX`]: the sender cuts
/// messages to that size.
pub fn encode(cluster: ClusterId, key: &ClusterKey, datagram: &Datagram) -> Vec<u8> {
    let Datagram { source, dest, packet } = datagram;
    let kind = match packet.body {
        Body::Hello => 0,
        Body::Welcome => 1,
        Body::Data { .. } => 2,
        Body::Ack { .. } => 3,
        Body::Goodbye => 4,
    };
    let mut bytes = Vec::with_capacity(DATAGRAM_BYTES_MAX);
    bytes.extend(MAGIC);
    bytes.extend([VERSION, kind]);
    bytes.extend(cluster.0);
    for number in [*source, *dest, packet.source.incarnation, packet.dest.incarnation] {
        bytes.extend(number.to_be_bytes());
    }
    for session in [packet.source.session, packet.dest.session] {
        bytes.extend(session.to_be_bytes());
    }
    match &packet.body {
        Body::Hello | Body::Welcome | Body::Goodbye => {}
        Body::Ack { number } => bytes.extend(number.to_be_bytes()),
        Body::Data { number, floor, payload } => {
            for number in [*number, *floor, payload.message] {
                bytes.extend(number.to_be_bytes());
            }
            bytes.extend(payload.index.to_be_bytes());
            bytes.extend(payload.count.to_be_bytes());
            bytes.extend(&payload.bytes);
        }
    }
    assert!(bytes.len() + TAG_BYTES <= DATAGRAM_BYTES_MAX, "a fragment of {} bytes fits no datagram", bytes.len());
    let tag = blake3::keyed_hash(&key.0, &bytes);
    bytes.extend(tag.as_bytes());
    bytes
}

/// The datagram in `bytes`, if it is one of this cluster for the process `me`.
pub fn decode(cluster: ClusterId, key: &ClusterKey, me: PeerId, bytes: &[u8]) -> Result<Datagram, DatagramDrop> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        return Err(DatagramDrop::Oversized);
    }
    let mut reader = Reader(bytes);
    if reader.take::<4>()? != MAGIC {
        return Err(DatagramDrop::NotQuorate);
    }
    let [version, kind] = reader.take::<2>()?;
    if version != VERSION {
        return Err(DatagramDrop::OtherVersion);
    }
    if reader.take::<16>()? != cluster.0 {
        return Err(DatagramDrop::OtherCluster);
    }
    if bytes.len() < HEADER_BYTES + TAG_BYTES {
        return Err(DatagramDrop::Truncated);
    }
    let (content, tag) = bytes.split_at(bytes.len() - TAG_BYTES);
    // Comparison of hashes takes the same time whatever they are.
    if blake3::Hash::from_slice(tag).ok() != Some(blake3::keyed_hash(&key.0, content)) {
        return Err(DatagramDrop::BadTag);
    }
    reader.0 = &reader.0[..reader.0.len() - TAG_BYTES];
    let (source, dest) = (reader.number()?, reader.number()?);
    let incarnations = [reader.number()?, reader.number()?];
    let [source_life, dest_life] = [reader.life(incarnations[0])?, reader.life(incarnations[1])?];
    let body = match kind {
        0 => Body::Hello,
        1 => Body::Welcome,
        2 => {
            let (number, floor, message) = (reader.number()?, reader.number()?, reader.number()?);
            let (index, count) = (u16::from_be_bytes(reader.take()?), u16::from_be_bytes(reader.take()?));
            if index >= count {
                return Err(DatagramDrop::BadFragment);
            }
            let payload = Fragment { message, index, count, bytes: reader.rest() };
            Body::Data { number, floor, payload }
        }
        3 => Body::Ack { number: reader.number()? },
        4 => Body::Goodbye,
        _ => return Err(DatagramDrop::UnknownKind),
    };
    if !reader.0.is_empty() {
        return Err(DatagramDrop::Oversized);
    }
    if dest != me {
        return Err(DatagramDrop::OtherReceiver);
    }
    Ok(Datagram { source, dest, packet: Packet { source: source_life, dest: dest_life, body } })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DatagramDrop> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(DatagramDrop::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u64, DatagramDrop> {
        self.take().map(u64::from_be_bytes)
    }

    fn life(&mut self, incarnation: u64) -> Result<Life, DatagramDrop> {
        Ok(Life { incarnation, session: u32::from_be_bytes(self.take()?) })
    }

    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0).to_vec()
    }
}
