//! Numbers for things that are met again and again.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::fingerprint::fingerprint;

/// A map from small keys. Its order is never looked at.
#[allow(clippy::disallowed_types)]
pub(super) type Memo<V> = std::collections::HashMap<u64, V, BuildHasherDefault<Scatter>>;

/// Spreads keys that are numbers over 64 bits.
#[derive(Default)]
pub(super) struct Scatter(u64);

impl Hasher for Scatter {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        let product = u128::from(value) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Things with numbers, in the order in which they were first met.
pub(super) struct Numbers<T> {
    things: Vec<T>,
    /// By hash, the number of the one that was met last; `older` leads on.
    latest: Memo<u32>,
    older: Vec<u32>,
}

/// No number.
pub(super) const NONE: u32 = u32::MAX;

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { things: Vec::new(), latest: Memo::default(), older: Vec::new() }
    }
}

impl<T> Numbers<T> {
    #[inline]
    pub fn get(&self, number: u32) -> &T {
        &self.things[number as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.iter()
    }

    /// The number of the thing that `is` recognizes, among those that hash as
    /// `key` does; if there is none, of the one that `make` makes.
    pub fn number<K: Hash + ?Sized>(&mut self, key: &K, is: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
        let hash = fingerprint(&key, 0).word;
        let latest = self.latest.get(&hash).copied().unwrap_or(NONE);
        let mut number = latest;
        while number != NONE {
            if is(self.get(number)) {
                return number;
            }
            number = self.older[number as usize];
        }
        let number = u32::try_from(self.things.len()).expect("there are fewer than 4 billion different parts");
        self.things.push(make());
        self.older.push(latest);
        self.latest.insert(hash, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_one_number_and_others_have_others() {
        let mut numbers = Numbers::default();
        for round in 0..2 {
            for value in 0..1000u32 {
                // Half of them share their hash.
                let number = numbers.number(&(value % 500), |known| *known == value, || value);
                assert_eq!((number, round), (value, round));
            }
        }
        assert_eq!(numbers.iter().count(), 1000);
        assert_eq!(*numbers.get(7), 7);
    }
}
