//! Every message goes through the wire format on its way, as in a running
//! cluster: encoded, cut into fragments, each a sealed datagram, and back.

use quorate_model::coordinator::{CoordinatorMsg, KeyValues};
use quorate_model::session::{Body, Fragment, Life, Packet, PeerId, Reassembly, split};
use quorate_model::wire::{ClusterId, ClusterKey, Datagram, FRAGMENT_BYTES_MAX, MESSAGE_BYTES_MAX, decode, encode};

type Msg = CoordinatorMsg<KeyValues>;

const CLUSTER: ClusterId = ClusterId([0x51; 16]);

/// The two ends' common secret.
#[derive(Clone, Debug)]
pub struct Codec(ClusterKey);

impl Default for Codec {
    fn default() -> Self {
        Codec(ClusterKey::derive(b"simulated"))
    }
}

impl Codec {
    /// The datagrams of a message from one life to another.
    ///
    /// # Errors
    /// In words, if the message cannot be written or is too long.
    pub fn datagrams(
        &self,
        (source, from): (PeerId, Life),
        (dest, to): (PeerId, Life),
        number: u64,
        content: &Msg,
    ) -> Result<Vec<Vec<u8>>, String> {
        let bytes = postcard::to_stdvec(content).map_err(|error| format!("{content:?} cannot be encoded: {error}"))?;
        let fragments = split(number, &bytes, FRAGMENT_BYTES_MAX).ok_or_else(|| format!("{content:?} is too long"))?;
        let sealed = |payload: Fragment| {
            let body = Body::Data { number: u64::from(payload.index) + 1, floor: 1, payload };
            let packet = Packet { source: from, dest: to, body };
            encode(CLUSTER, &self.0, &Datagram { source, dest, packet })
        };
        Ok(fragments.into_iter().map(sealed).collect())
    }

    /// The message in `datagrams`, which arrive at `me`.
    ///
    /// # Errors
    /// In words, if they are not one message for `me`.
    pub fn message(&self, me: PeerId, datagrams: &[Vec<u8>]) -> Result<Msg, String> {
        let mut reassembly = Reassembly::new(MESSAGE_BYTES_MAX);
        for bytes in datagrams {
            let datagram = decode(CLUSTER, &self.0, me, bytes).map_err(|why| format!("a datagram is dropped: {why}"))?;
            let Body::Data { number, floor, payload } = datagram.packet.body else {
                return Err(String::from("a datagram carries no data"));
            };
            let whole = reassembly.accept(datagram.source, number, floor, payload);
            if let Some((_, bytes)) = whole.map_err(|why| format!("a fragment is dropped: {why:?}"))? {
                return postcard::from_bytes(&bytes).map_err(|error| format!("a message cannot be decoded: {error}"));
            }
        }
        Err(String::from("a message is not complete"))
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::coordinator::{ClusterChange, PutKey};

    use super::*;

    #[test]
    fn what_is_sent_arrives_long_or_short_and_damage_is_noticed() {
        let codec = Codec::default();
        let ends = ((0, Life::first(3)), (1, Life::first(1)));
        for length in [0, 5, FRAGMENT_BYTES_MAX * 3] {
            let change = ClusterChange::Value(PutKey { key: String::from("k"), value: "v".repeat(length) });
            let content = CoordinatorMsg::Submit { request: 7, change };
            let datagrams = codec.datagrams(ends.0, ends.1, 9, &content).unwrap();
            assert_eq!(datagrams.len() > 1, length > FRAGMENT_BYTES_MAX);
            assert_eq!(codec.message(1, &datagrams), Ok(content));
            assert!(codec.message(2, &datagrams).unwrap_err().contains("another process"));
            let mut damaged = datagrams.clone();
            damaged[0][40] ^= 1;
            assert!(codec.message(1, &damaged).unwrap_err().contains("not authentic"));
            assert!(codec.message(1, &datagrams[1..]).unwrap_err().contains("not complete"));
        }
    }
}
