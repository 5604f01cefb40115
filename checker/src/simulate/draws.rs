//! Random numbers that are the same for the same seed, on any machine.
//!
//! ChaCha with 8 rounds, and whole numbers made of its words here, so that
//! neither the width of a machine's words nor another version of a library
//! changes a run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What the numbers of a stream are for. Streams of one seed do not depend on
/// each other: shortening a plan does not change the cluster that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The cluster and the plan of a random run.
    Plan = 1,
    /// Delays, and the order of tasks.
    Schedule = 2,
    /// Changes of plans in guided mode.
    Guide = 3,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of a seed.
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut words = ChaCha8Rng::seed_from_u64(seed);
        words.set_stream(stream as u64);
        Draws(words)
    }

    /// Any number.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`, which is at least 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(limit)) >> 64) as u64
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Whether something of this chance happens, in thousandths.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of `choices`, which is not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_algorithm_on_every_machine() {
        let words = |stream| {
            let mut draws = Draws::new(42, stream);
            [draws.word(), draws.word(), draws.below(10), draws.between(5, 6)]
        };
        assert_eq!(words(Stream::Plan)[..2], [0xb77f_a861_8dc9_e890, 0x2aba_a2d2_a560_359d]);
        assert_eq!(words(Stream::Schedule)[..2], [0x2f01_1690_14e7_3fff, 0x4b5b_215d_4f91_532a]);
        assert_eq!(words(Stream::Schedule), words(Stream::Schedule));
    }

    #[test]
    fn every_number_of_a_range_is_drawn_and_no_other() {
        let mut draws = Draws::new(7, Stream::Plan);
        let mut seen = [false; 3];
        (0..200).for_each(|_| seen[(draws.between(4, 6) - 4) as usize] = true);
        assert_eq!(seen, [true; 3]);
        assert!((0..100).all(|_| draws.below(1) == 0 && !draws.happens(0) && draws.happens(1_000)));
    }
}
