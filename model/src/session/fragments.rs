//! Messages larger than a datagram: cut into fragments, put together again.
//!
//! Each fragment is a payload of the session, so that the loss of one costs one
//! retransmission. The fragments of a message have consecutive numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::packet::PeerId;

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fragment {
    /// Counts the messages from this source incarnation to this peer, from 1.
    pub message: u64,
    /// Which part: 0 is the first.
    pub index: u16,
    /// How many parts there are.
    pub count: u16,
    /// The bytes of this part.
    pub bytes: Vec<u8>,
}

/// Why a fragment was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FragmentDrop {
    /// It contradicts another fragment of the same message, or itself.
    Inconsistent,
    /// The message, or all unfinished messages of its sender, would exceed the limit.
    TooLarge,
}

/// Cuts `bytes` into fragments of at most `size` bytes; `None` if that takes
/// more of them than a fragment can count.
pub fn split(message: u64, bytes: &[u8], size: usize) -> Option<Vec<Fragment>> {
    let count = u16::try_from(bytes.len().div_ceil(size).max(1)).ok()?;
    let part = |index: u16| {
        let start = usize::from(index) * size;
        bytes[start..bytes.len().min(start + size)].to_vec()
    };
    Some((0..count).map(|index| Fragment { message, index, count, bytes: part(index) }).collect())
}

struct Partial {
    /// The number in the session of the last fragment.
    last_number: u64,
    count: u16,
    parts: BTreeMap<u16, Vec<u8>>,
    bytes: usize,
}

/// The unfinished messages of all peers.
pub struct Reassembly {
    message_bytes_max: usize,
    partial: BTreeMap<(PeerId, u64), Partial>,
}

impl Reassembly {
    /// Room for messages of up to `message_bytes_max` bytes; each peer may have
    /// twice that in unfinished ones.
    pub fn new(message_bytes_max: usize) -> Self {
        Reassembly { message_bytes_max, partial: BTreeMap::new() }
    }

    /// Takes a fragment that the session delivered; the message, if it is the last missing one.
    pub fn accept(
        &mut self,
        from: PeerId,
        number: u64,
        floor: u64,
        fragment: Fragment,
    ) -> Result<Option<(u64, Vec<u8>)>, FragmentDrop> {
        let Fragment { message, index, count, bytes } = fragment;
        let Some(first_number) = number.checked_sub(u64::from(index)) else { return Err(FragmentDrop::Inconsistent) };
        if index >= count {
            return Err(FragmentDrop::Inconsistent);
        }
        self.drop_abandoned(from, floor);
        if count == 1 {
            return if bytes.len() <= self.message_bytes_max { Ok(Some((message, bytes))) } else { Err(FragmentDrop::TooLarge) };
        }
        let held = self.bytes_of(from);
        let last_number = first_number + u64::from(count) - 1;
        let blank = || Partial { last_number, count, parts: BTreeMap::new(), bytes: 0 };
        let partial = self.partial.entry((from, message)).or_insert_with(blank);
        if partial.count != count || partial.last_number != last_number || partial.parts.contains_key(&index) {
            return Err(FragmentDrop::Inconsistent);
        }
        if partial.bytes + bytes.len() > self.message_bytes_max || held + bytes.len() > 2 * self.message_bytes_max {
            self.partial.remove(&(from, message));
            return Err(FragmentDrop::TooLarge);
        }
        partial.bytes += bytes.len();
        partial.parts.insert(index, bytes);
        if partial.parts.len() < usize::from(count) {
            return Ok(None);
        }
        let whole = self.partial.remove(&(from, message)).map(|partial| partial.parts.into_values().flatten().collect());
        Ok(whole.map(|whole| (message, whole)))
    }

    /// Forgets the unfinished messages of a peer: it has been restarted.
    pub fn forget(&mut self, from: PeerId) {
        self.partial.retain(|(peer, _), _| *peer != from);
    }

    /// Forgets the unfinished messages of peers that are not to be kept.
    pub fn retain_peers(&mut self, keep: impl Fn(PeerId) -> bool) {
        self.partial.retain(|(peer, _), _| keep(*peer));
    }

    /// How many bytes the unfinished messages of a peer hold.
    pub fn bytes_of(&self, from: PeerId) -> usize {
        self.partial.range((from, 0)..=(from, u64::MAX)).map(|(_, partial)| partial.bytes).sum()
    }

    /// Forgets messages that can never be finished: their sender retransmits
    /// none of their fragments any more.
    fn drop_abandoned(&mut self, from: PeerId, floor: u64) {
        self.partial.retain(|(peer, _), partial| *peer != from || partial.last_number >= floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_in_any_order_are_one_message() {
        let bytes: Vec<u8> = (0..=255).collect();
        let fragments = split(7, &bytes, 100).unwrap();
        assert_eq!(fragments.len(), 3);
        let mut reassembly = Reassembly::new(1000);
        assert_eq!(reassembly.accept(1, 12, 10, fragments[2].clone()), Ok(None));
        assert_eq!(reassembly.accept(1, 10, 10, fragments[0].clone()), Ok(None));
        assert_eq!(reassembly.bytes_of(1), 156);
        assert_eq!(reassembly.accept(1, 11, 10, fragments[1].clone()), Ok(Some((7, bytes))));
        assert_eq!(reassembly.bytes_of(1), 0);
    }

    #[test]
    fn an_empty_message_is_one_fragment() {
        let fragments = split(1, &[], 100).unwrap();
        assert_eq!(Reassembly::new(10).accept(1, 1, 1, fragments[0].clone()), Ok(Some((1, vec![]))));
        assert_eq!(split(1, &[0; 70_000], 1), None);
    }

    #[test]
    fn an_abandoned_message_is_forgotten() {
        let mut reassembly = Reassembly::new(1000);
        reassembly.accept(1, 1, 1, split(1, &[0; 150], 100).unwrap()[0].clone()).unwrap();
        assert_eq!(reassembly.bytes_of(1), 100);
        reassembly.accept(1, 3, 3, split(2, &[1], 100).unwrap()[0].clone()).unwrap();
        assert_eq!(reassembly.bytes_of(1), 0);
    }

    #[test]
    fn memory_is_bounded_and_contradictions_are_refused() {
        let mut reassembly = Reassembly::new(150);
        let fragments = split(1, &[0; 300], 100).unwrap();
        reassembly.accept(1, 1, 1, fragments[0].clone()).unwrap();
        assert_eq!(reassembly.accept(1, 2, 1, fragments[1].clone()), Err(FragmentDrop::TooLarge));
        assert_eq!(reassembly.bytes_of(1), 0);

        reassembly.accept(1, 1, 1, fragments[0].clone()).unwrap();
        let other_count = Fragment { count: 2, ..fragments[1].clone() };
        assert_eq!(reassembly.accept(1, 2, 1, other_count), Err(FragmentDrop::Inconsistent));
        let outside = Fragment { index: 3, ..fragments[1].clone() };
        assert_eq!(reassembly.accept(1, 4, 1, outside), Err(FragmentDrop::Inconsistent));
    }
}
