//! Small numbers for values that occur again and again.

/// Gives equal keys the same number: 0 for the first, then 1, and so on.
pub(super) struct Interner<const N: usize> {
    keys: Vec<[u64; N]>,
    /// Number and one, or 0; at most half of them are used.
    slots: Vec<u32>,
}

impl<const N: usize> Default for Interner<N> {
    fn default() -> Self {
        Interner { keys: Vec::new(), slots: vec![0; 64] }
    }
}

impl<const N: usize> Interner<N> {
    /// The key with this number.
    #[inline]
    pub fn key(&self, number: u32) -> [u64; N] {
        self.keys[number as usize]
    }

    /// The key's number, and whether it is new.
    #[inline]
    pub fn number(&mut self, key: [u64; N]) -> (u32, bool) {
        match self.look_up(&key) {
            Ok(number) => (number, false),
            Err(slot) => {
                self.keys.push(key);
                let number = self.keys.len() as u32;
                self.slots[slot] = number;
                if 2 * self.keys.len() > self.slots.len() {
                    self.grow();
                }
                (number - 1, true)
            }
        }
    }

    /// Its number, or the slot for it.
    #[inline]
    fn look_up(&self, key: &[u64; N]) -> Result<u32, usize> {
        let mut slot = self.home(key);
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                held if self.keys[held as usize - 1] == *key => return Ok(held - 1),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    #[inline]
    fn home(&self, key: &[u64; N]) -> usize {
        let mix = |hash: u64, word: &u64| (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = key.iter().fold(0, mix);
        (hash ^ hash >> 32) as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        for number in 0..self.keys.len() {
            let slot = self.look_up(&self.keys[number]).expect_err("keys differ");
            self.slots[slot] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_have_one_number() {
        let mut interner = Interner::default();
        for round in 0..2 {
            for value in 0..10_000u64 {
                assert_eq!(interner.number([value % 100, value / 100, 7]), (value as u32, round == 0));
            }
        }
        assert_eq!(interner.key(1234), [34, 12, 7]);
    }
}
