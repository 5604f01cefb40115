//! A set of state numbers: one bit for each.

/// Grows as it is written to; what was never written is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// The numbers below `end`.
    pub fn below(end: usize) -> Self {
        let mut words = vec![u64::MAX; end / 64];
        if !end.is_multiple_of(64) {
            words.push((1 << (end % 64)) - 1);
        }
        BitSet { words }
    }

    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether it is new.
    #[inline]
    pub fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }

    /// The numbers below `end` that are not in it.
    pub fn complement(&self, end: usize) -> Self {
        let mut all = BitSet::below(end);
        all.words.iter_mut().zip(&self.words).for_each(|(word, other)| *word &= !other);
        all
    }

    /// How many are in both.
    pub fn common(&self, other: &BitSet) -> u64 {
        self.words.iter().zip(&other.words).map(|(one, two)| u64::from((one & two).count_ones())).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.words.capacity() as u64 * 8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::BitSet;

    #[test]
    fn it_is_the_set_that_a_tree_is() {
        let numbers = [0u32, 1, 63, 64, 65, 127, 128, 1000, 64, 0];
        let (mut bits, mut tree) = (BitSet::default(), BTreeSet::new());
        for number in numbers {
            assert_eq!(bits.insert(number), tree.insert(number));
        }
        assert!(bits.iter().eq(tree.iter().copied()));
        assert_eq!(bits.len(), tree.len() as u64);
        for end in [0, 1, 63, 64, 65, 128, 1500] {
            let rest = bits.complement(end);
            assert!(rest.iter().eq((0..end as u32).filter(|number| !tree.contains(number))), "below {end}");
            assert!(BitSet::below(end).iter().eq(0..end as u32));
        }
        assert_eq!(bits.common(&BitSet::below(64)), 3);
        assert!(!bits.contains(100_000));
    }
}
