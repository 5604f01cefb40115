//! States are numbers: 0 for the first that was met, then 1, and so on.
//!
//! ```text
//!   second ──scaled──▶ slots: number + 1, or 0      (4 bytes a slot, load 0.53 to 0.8)
//!                            │
//!                            ▼
//!                      keys: word, and 32 bits of second   (12 bytes a state)
//! ```
//!
//! A state is known by 96 bits of its fingerprint. A slot's position is taken
//! from the second word, of which the key keeps the upper half, so that the
//! table grows without seeing the states again.

use super::chunked::Chunked;
use crate::fingerprint::Fingerprint;

const FIRST_SLOTS: usize = 64;

/// Bits of a fingerprint by which two states are told apart.
pub(crate) const KEY_BITS: u32 = 96;

/// Fingerprint to number.
pub(crate) struct Numbering {
    slots: Vec<u32>,
    keys: Chunked<[u32; 3]>,
}

impl Default for Numbering {
    fn default() -> Self {
        Numbering { slots: vec![0; FIRST_SLOTS], keys: Chunked::default() }
    }
}

fn key(fingerprint: Fingerprint) -> [u32; 3] {
    [fingerprint.word as u32, (fingerprint.word >> 32) as u32, (fingerprint.second >> 32) as u32]
}

impl Numbering {
    /// How many states have a number.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The state's number, and whether it is new. `None`: there are no more numbers.
    #[inline]
    pub fn number(&mut self, fingerprint: Fingerprint) -> Option<(u32, bool)> {
        let key = key(fingerprint);
        let slot = match self.look_up(key) {
            Ok(number) => return Some((number, false)),
            Err(slot) => slot,
        };
        // Two values stay free: "none" here, and marks of the graph's users.
        let number = u32::try_from(self.keys.len()).ok().filter(|number| *number < u32::MAX - 2)?;
        self.keys.push(key);
        self.slots[slot] = number + 1;
        if self.keys.len() > self.slots.len() / 5 * 4 {
            self.grow();
        }
        Some((number, true))
    }

    /// The number of a state that has one.
    pub fn find(&self, fingerprint: Fingerprint) -> Option<u32> {
        self.look_up(key(fingerprint)).ok()
    }

    /// Brings what looking these up will need nearer. One look-up waits for
    /// memory twice; many at a time wait together.
    pub fn fetch(&self, fingerprints: impl Iterator<Item = Fingerprint> + Clone) {
        let held = |fingerprint| self.slots[position(key(fingerprint), self.slots.len())];
        std::hint::black_box(fingerprints.clone().fold(0, |all, fingerprint| all ^ held(fingerprint)));
        let first = |number: u32| if number == 0 { 0 } else { self.keys.get(number as usize - 1)[0] };
        std::hint::black_box(fingerprints.fold(0, |all, fingerprint| all ^ first(held(fingerprint))));
    }

    /// The number, or the slot in which it would be noted.
    #[inline]
    fn look_up(&self, key: [u32; 3]) -> Result<u32, usize> {
        let mut slot = position(key, self.slots.len());
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                held if self.keys.get(held as usize - 1) == key => return Ok(held - 1),
                _ => slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 },
            }
        }
    }

    fn grow(&mut self) {
        let capacity = self.slots.len() + self.slots.len() / 2;
        // The old slots go first: they can be made again from the keys.
        self.slots = Vec::new();
        self.slots = vec![0; capacity];
        for index in 0..self.keys.len() {
            let mut slot = position(self.keys.get(index), capacity);
            while self.slots[slot] != 0 {
                slot = if slot + 1 == capacity { 0 } else { slot + 1 };
            }
            self.slots[slot] = index as u32 + 1;
        }
    }

    /// What it holds in memory.
    pub fn bytes(&self) -> u64 {
        self.slots.capacity() as u64 * 4 + self.keys.bytes()
    }

    /// An estimate of the probability that two of the states are taken for one.
    pub fn collision_probability(&self) -> f64 {
        (self.len() as f64).powi(2) / 2f64.powi(KEY_BITS as i32 + 1)
    }
}

#[inline]
fn position(key: [u32; 3], capacity: usize) -> usize {
    ((u64::from(key[2]) * capacity as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::fingerprint;

    #[test]
    fn numbers_are_in_the_order_of_arrival_and_stay() {
        let mut numbering = Numbering::default();
        let of = |value: u32| fingerprint(&value, 0);
        for value in 0..50_000 {
            assert_eq!(numbering.number(of(value)), Some((value, true)));
            assert_eq!(numbering.number(of(value / 2)), Some((value / 2, false)));
        }
        assert!((0..50_000).all(|value| numbering.find(of(value)) == Some(value)));
        assert_eq!(numbering.find(of(50_000)), None);
        assert!(numbering.collision_probability() < 1e-18);
    }

    #[test]
    fn states_that_share_a_word_or_a_slot_are_told_apart() {
        let mut numbering = Numbering::default();
        let same_word = |second| Fingerprint { word: 1, second };
        assert_eq!(numbering.number(same_word(1 << 32)), Some((0, true)));
        assert_eq!(numbering.number(same_word(2 << 32)), Some((1, true)));
        assert_eq!(numbering.number(Fingerprint { word: 2, second: 1 << 32 }), Some((2, true)));
        assert_eq!(numbering.find(same_word(2 << 32)), Some(1));
    }
}
