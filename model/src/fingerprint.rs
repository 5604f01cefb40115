//! A state's fingerprint: 128 bits that are the same on every run and machine.
//!
//! The state's own `Hash` writes a stream of bytes, in which slices and strings
//! carry their lengths; the stream is folded, sixteen bytes at a time, into two
//! lanes by multiplication. Two lanes, because a folding multiplication forgets
//! a little at each step: states that differ early would meet in one 64-bit
//! lane more often than the estimate of collisions admits.
//!
//! Numbers are folded by value, so that the order of bytes in memory does not
//! matter; slices of numbers are hashed by the standard library as they lie in
//! memory, which makes fingerprints portable among little-endian machines.

use std::hash::{Hash, Hasher};

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd1b5_4a32_d192_ed03;
const THIRD: u64 = 0x8bb8_4b93_962e_acc9;
const FOURTH: u64 = 0x2d35_8dcc_aa6c_78a5;

/// The two words of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint {
    /// Kept in the table's slot; never zero.
    pub word: u64,
    /// Chooses the shard, and is kept too where fingerprints are wide; never zero.
    pub second: u64,
}

/// The fingerprint of `value` under the function that `seed` chooses.
#[inline]
pub fn fingerprint<T: Hash>(value: &T, seed: u64) -> Fingerprint {
    let mut hasher = StableHasher::new(seed);
    value.hash(&mut hasher);
    hasher.fingerprint()
}

/// A fingerprint in the making: the sum of those of a state's parts.
///
/// Where a step changes one part, the sum of the state after it takes a
/// subtraction and an addition. That the parts' fingerprints are as good as
/// random makes their sums so; a part that says which one it is (a node's index,
/// a message of a set) cannot be taken for another.
///
/// ```
/// use quorate_model::fingerprint::Sum;
///
/// let part = |node: u8, term: u64| Sum::of(&(node, term), 0);
/// let before = part(1, 4).plus(part(2, 7));
/// assert_eq!(before.minus(part(2, 7)).plus(part(2, 8)), part(2, 8).plus(part(1, 4)));
/// assert_ne!(part(1, 4).plus(part(2, 7)), part(1, 7).plus(part(2, 4)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    word: u64,
    second: u64,
}

impl Sum {
    /// The sum of one part.
    #[inline]
    pub fn of<T: Hash>(part: &T, seed: u64) -> Self {
        let Fingerprint { word, second } = fingerprint(part, seed);
        Sum { word, second }
    }

    /// With what `other` holds.
    #[inline]
    #[must_use]
    pub fn plus(self, other: Sum) -> Self {
        Sum { word: self.word.wrapping_add(other.word), second: self.second.wrapping_add(other.second) }
    }

    /// Without what `other` holds.
    #[inline]
    #[must_use]
    pub fn minus(self, other: Sum) -> Self {
        Sum { word: self.word.wrapping_sub(other.word), second: self.second.wrapping_sub(other.second) }
    }

    /// The fingerprint of what was added.
    #[inline]
    pub fn fingerprint(self) -> Fingerprint {
        Fingerprint { word: self.word.max(1), second: self.second.max(1) }
    }
}

#[inline]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

/// Packs written values into words and folds the words in pairs.
#[derive(Clone, Copy)]
struct StableHasher {
    lanes: [u64; 2],
    /// Bits that do not yet fill a word, and how many: fewer than 64.
    bits: u64,
    used: u32,
    /// A word that waits for its partner.
    waiting: Option<u64>,
    words: u64,
}

impl StableHasher {
    #[inline]
    fn new(seed: u64) -> Self {
        let lanes = [fold(seed ^ FIRST, THIRD), fold(seed ^ SECOND, FOURTH)];
        StableHasher { lanes, bits: 0, used: 0, waiting: None, words: 0 }
    }

    /// Appends the lowest `count` bits of `value`; the others are zero.
    #[inline]
    fn put(&mut self, value: u64, count: u32) {
        let word = self.bits | value << self.used;
        let used = self.used + count;
        if used < 64 {
            (self.bits, self.used) = (word, used);
        } else {
            // Shifted in two steps: all 64 bits may have found room.
            self.bits = value >> (count - 1 - (used - 64)) >> 1;
            self.used = used - 64;
            self.word(word);
        }
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.words += 1;
        match self.waiting.take() {
            None => self.waiting = Some(word),
            Some(first) => self.absorb(first, word),
        }
    }

    #[inline]
    fn absorb(&mut self, low: u64, high: u64) {
        let [a, b] = self.lanes;
        self.lanes = [fold(low ^ a, high ^ FIRST) ^ b.rotate_left(23), fold(high ^ b, low ^ SECOND) ^ a.rotate_left(41)];
    }

    #[inline]
    fn fingerprint(mut self) -> Fingerprint {
        // The number of bits ends the stream: a zero at the end counts.
        let length = self.words << 6 | u64::from(self.used);
        self.absorb(self.waiting.unwrap_or(0), self.bits);
        let [a, b] = self.lanes;
        let word = fold(a ^ length, THIRD) ^ fold(b, FOURTH ^ length);
        let second = fold(b ^ THIRD, FIRST) ^ fold(a ^ FOURTH, SECOND ^ length);
        Fingerprint { word: word.max(1), second: second.max(1) }
    }
}

impl Hasher for StableHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.put(bytes.len() as u64, 64);
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.put(u64::from_le_bytes(word.try_into().expect("a chunk of eight")), 64);
        }
        for byte in words.remainder() {
            self.put(u64::from(*byte), 8);
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.put(u64::from(value), 8);
    }
    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.put(u64::from(value), 16);
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.put(u64::from(value), 32);
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.put(value, 64);
    }
    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.put(value as u64, 64);
        self.put((value >> 64) as u64, 64);
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.put(value as u64, 64);
    }
    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.write_u8(value as u8);
    }
    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.write_u16(value as u16);
    }
    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.write_u32(value as u32);
    }
    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }
    #[inline]
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value as u128);
    }
    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.fingerprint().word
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn fingerprints_are_the_same_on_every_run_and_machine() {
        let value = (7u8, 1u64 << 40, "zen", vec![1u32, 2, 3], Some(false));
        let found = fingerprint(&value, 0);
        assert_eq!((found.word, found.second), PINNED);
        assert_ne!(fingerprint(&value, 1), found);
    }

    const PINNED: (u64, u64) = (1_077_231_740_758_931_615, 15_467_915_390_280_120_521);

    #[test]
    fn where_a_value_ends_matters() {
        let different = [
            fingerprint(&(vec![1u8], vec![2u8, 3]), 0),
            fingerprint(&(vec![1u8, 2], vec![3u8]), 0),
            fingerprint(&(vec![1u8, 2, 3], Vec::<u8>::new()), 0),
            fingerprint(&vec![1u8, 2, 3], 0),
            fingerprint(&vec![1u8, 2, 3, 0], 0),
            fingerprint(&(1u8, 2u8, 3u8), 0),
            fingerprint(&(1u8, 2u8, 3u8, 0u8), 0),
            fingerprint(&(1u8, 2u8, 3u8, 0u8, 0u64, 0u64), 0),
            fingerprint(&("ab", "c"), 0),
            fingerprint(&("a", "bc"), 0),
        ];
        assert_eq!(different.iter().collect::<BTreeSet<_>>().len(), different.len());
    }

    /// Inputs as alike as states are: counters in few bits. Of a good function,
    /// any 32 bits of the result collide as often as random ones do.
    #[test]
    fn any_half_of_a_word_collides_as_often_as_chance_would() {
        let inputs = 1u64 << 17;
        let expected = (inputs * inputs) as f64 / 2.0 / 2f64.powi(32);
        type Part = fn(Fingerprint) -> u32;
        let parts: [(&str, Part); 4] = [
            ("low half of word", |f| f.word as u32),
            ("high half of word", |f| (f.word >> 32) as u32),
            ("low half of second", |f| f.second as u32),
            ("high half of second", |f| (f.second >> 32) as u32),
        ];
        for (name, part) in parts {
            let values: BTreeSet<u32> = (0..inputs)
                .map(|i| {
                    let state = [[i & 7, i >> 3 & 3, 0, i >> 5 & 1], [0, 0, i >> 6 & 15, 1], [i >> 10 & 31, 0, 0, i >> 15]];
                    part(fingerprint(&(state, i & 1 == 1, [0u64; 20]), 0))
                })
                .collect();
            let collisions = inputs as f64 - values.len() as f64;
            assert!(collisions < expected + 6.0 * expected.sqrt() + 3.0, "{name}: {collisions} collisions, {expected} expected");
        }
    }

    /// States as sums: three nodes of few bits each, and a set of messages.
    #[test]
    fn sums_collide_as_often_as_chance_would() {
        let inputs = 1u64 << 17;
        let expected = (inputs * inputs) as f64 / 2.0 / 2f64.powi(32);
        let sum = |i: u64| {
            let nodes = (0..3u8).map(|node| Sum::of(&(0u8, node, [i >> (3 * node) & 7, 0], 0u64), 0));
            let messages = (0..8u64).filter(|message| i >> (9 + message) & 1 == 1).map(|message| Sum::of(&(1u8, message), 0));
            nodes.chain(messages).fold(Sum::default(), Sum::plus).fingerprint()
        };
        for shift in [0, 32] {
            let words: BTreeSet<u32> = (0..inputs).map(|i| (sum(i).word >> shift) as u32).collect();
            let seconds: BTreeSet<u32> = (0..inputs).map(|i| (sum(i).second >> shift) as u32).collect();
            for (name, values) in [("word", words), ("second", seconds)] {
                let collisions = inputs as f64 - values.len() as f64;
                let most = expected + 6.0 * expected.sqrt() + 3.0;
                assert!(collisions < most, "{name} from bit {shift}: {collisions} collisions, {expected} expected");
            }
        }
    }

    #[test]
    fn flipping_one_bit_flips_about_half_of_the_result() {
        let mut flipped = 0u32;
        let mut count = 0u32;
        for seed in 0..64u64 {
            let state = [seed, 3, seed << 7, 1, 0, 9];
            for bit in 0..384 {
                let mut other = state;
                other[bit / 64] ^= 1 << (bit % 64);
                let (left, right) = (fingerprint(&state, 0), fingerprint(&other, 0));
                flipped += (left.word ^ right.word).count_ones() + (left.second ^ right.second).count_ones();
                count += 1;
            }
        }
        let mean = f64::from(flipped) / f64::from(count);
        assert!((mean - 64.0).abs() < 0.5, "{mean} of 128 bits");
    }
}
