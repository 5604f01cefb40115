//! The visited set: fingerprints in open addressing, one word for each state.
//!
//! ```text
//!   fingerprint  second: sssssssss s............   word: pppppppp........
//!                        └ shard ─┘ (ten bits)          └ position, and kept whole
//! ```
//!
//! A slot keeps the whole first word and the shard's number stands for ten bits
//! of the second, so that 74 bits tell states apart at eight bytes a slot. A
//! wide table keeps both words. The position is the word scaled to the shard's
//! capacity: slots are in the order of their words, so that growing reads and
//! writes memory in sequence, and a capacity can be any number, so that a shard
//! grows by a quarter and not by double. The shards start at different
//! capacities and therefore do not grow at the same time.
//!
//! Workers share the table behind a lock that they hold for reading while they
//! insert with compare-and-swap; who finds a shard full enough takes it for
//! writing and grows that shard.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::fingerprint::Fingerprint;
use crate::options::Width;

/// Shards, a power of two; their number is part of the fingerprint.
const SHARD_BITS: u32 = 10;
const SHARDS: usize = 1 << SHARD_BITS;
/// Capacity of the smallest new shard, in slots.
const MIN_SLOTS: usize = 256;

/// A set of fingerprints that many threads insert into.
pub(crate) struct Table {
    shards: Vec<Shard>,
    /// Slots used in each shard; apart from the shards, whose lines every look-up reads.
    used: Vec<AtomicU32>,
    wide: bool,
}

struct Shard {
    /// Zero is an empty slot. A wide slot is two words, the second written later.
    slots: Box<[AtomicU64]>,
    capacity: usize,
    /// Used slots at which it is to grow.
    limit: u32,
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    New,
    Known,
    /// This shard must grow first.
    Full(usize),
}

impl Table {
    pub fn new(width: Width) -> Self {
        let wide = width == Width::Wide;
        let capacity = |shard: usize| MIN_SLOTS + MIN_SLOTS * shard / (4 * SHARDS);
        let shards = (0..SHARDS).map(|shard| Shard::new(capacity(shard), wide)).collect();
        Table { shards, used: (0..SHARDS).map(|_| AtomicU32::new(0)).collect(), wide }
    }

    /// How many bits tell two states apart.
    pub fn bits(&self) -> u32 {
        if self.wide { 128 } else { 64 + SHARD_BITS }
    }

    #[inline]
    fn shard_of(fingerprint: Fingerprint) -> usize {
        (fingerprint.second >> (64 - SHARD_BITS)) as usize
    }

    /// Whether the first slot to look at holds it already; says nothing if not.
    #[inline]
    pub fn is_in_first_slot(&self, fingerprint: Fingerprint) -> bool {
        let shard = &self.shards[Self::shard_of(fingerprint)];
        let slot = shard.position(fingerprint.word);
        if self.wide {
            shard.slots[2 * slot].load(Acquire) == fingerprint.word
                && shard.slots[2 * slot + 1].load(Acquire) == fingerprint.second
        } else {
            shard.slots[slot].load(Relaxed) == fingerprint.word
        }
    }

    /// Inserts it unless it is known or there is no room.
    #[inline]
    pub fn insert(&self, fingerprint: Fingerprint) -> Inserted {
        let number = Self::shard_of(fingerprint);
        let (shard, used) = (&self.shards[number], &self.used[number]);
        let new = if self.wide { shard.insert_wide(fingerprint, used) } else { shard.insert(fingerprint.word, used) };
        match new {
            Some(false) => Inserted::Known,
            Some(true) => {
                used.fetch_add(1, Relaxed);
                Inserted::New
            }
            None => Inserted::Full(number),
        }
    }

    /// Whether it was inserted.
    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        let shard = &self.shards[Self::shard_of(fingerprint)];
        let mut slot = shard.position(fingerprint.word);
        for _ in 0..shard.capacity {
            let at = if self.wide { 2 * slot } else { slot };
            let word = shard.slots[at].load(Acquire);
            if word == 0 {
                return false;
            }
            if word == fingerprint.word && (!self.wide || shard.slots[at + 1].load(Acquire) == fingerprint.second) {
                return true;
            }
            slot = shard.after(slot);
        }
        false
    }

    /// Makes room in a shard, unless somebody else did meanwhile.
    pub fn grow(&mut self, number: usize) {
        let wide = self.wide;
        let shard = &mut self.shards[number];
        if *self.used[number].get_mut() >= shard.limit {
            let larger = Shard::new(shard.capacity + shard.capacity / 4, wide);
            shard.copy_to(&larger, wide);
            *shard = larger;
        }
    }
}

impl Shard {
    fn new(capacity: usize, wide: bool) -> Self {
        let words = if wide { 2 * capacity } else { capacity };
        Shard {
            slots: (0..words).map(|_| AtomicU64::new(0)).collect(),
            capacity,
            limit: u32::try_from(capacity / 5 * 4).expect("a shard has fewer than 2^32 slots"),
        }
    }

    #[inline]
    fn position(&self, word: u64) -> usize {
        ((u128::from(word) * self.capacity as u128) >> 64) as usize
    }

    #[inline]
    fn after(&self, slot: usize) -> usize {
        if slot + 1 == self.capacity { 0 } else { slot + 1 }
    }

    /// `Some(true)` if new, `None` if the shard is to grow before it takes a new one.
    #[inline]
    fn insert(&self, word: u64, used: &AtomicU32) -> Option<bool> {
        let mut slot = self.position(word);
        loop {
            let held = self.slots[slot].load(Relaxed);
            if held == word {
                return Some(false);
            }
            if held == 0 {
                if used.load(Relaxed) >= self.limit {
                    return None;
                }
                match self.slots[slot].compare_exchange(0, word, Relaxed, Relaxed) {
                    Ok(_) => return Some(true),
                    Err(other) if other == word => return Some(false),
                    Err(_) => {}
                }
            }
            slot = self.after(slot);
        }
    }

    /// The first word claims a slot; whoever meets a claimed slot with its own
    /// first word waits for the second.
    fn insert_wide(&self, Fingerprint { word, second }: Fingerprint, used: &AtomicU32) -> Option<bool> {
        let mut slot = self.position(word);
        loop {
            let mut held = self.slots[2 * slot].load(Acquire);
            if held == 0 {
                if used.load(Relaxed) >= self.limit {
                    return None;
                }
                match self.slots[2 * slot].compare_exchange(0, word, AcqRel, Acquire) {
                    Ok(_) => {
                        self.slots[2 * slot + 1].store(second, Release);
                        return Some(true);
                    }
                    Err(other) => held = other,
                }
            }
            if held == word && self.second_word(slot) == second {
                return Some(false);
            }
            slot = self.after(slot);
        }
    }

    fn second_word(&self, slot: usize) -> u64 {
        loop {
            match self.slots[2 * slot + 1].load(Acquire) {
                0 => std::hint::spin_loop(),
                second => return second,
            }
        }
    }

    fn copy_to(&self, larger: &Shard, wide: bool) {
        let room = AtomicU32::new(0);
        let width = if wide { 2 } else { 1 };
        for slot in self.slots.chunks_exact(width) {
            let word = slot[0].load(Relaxed);
            if word != 0 {
                let new = if wide {
                    larger.insert_wide(Fingerprint { word, second: slot[1].load(Relaxed) }, &room)
                } else {
                    larger.insert(word, &room)
                };
                debug_assert_eq!(new, Some(true));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fingerprint::fingerprint;

    fn insert(table: &mut Table, fingerprint: Fingerprint) -> bool {
        loop {
            match table.insert(fingerprint) {
                Inserted::New => return true,
                Inserted::Known => return false,
                Inserted::Full(shard) => table.grow(shard),
            }
        }
    }

    #[test]
    fn behaves_like_an_ordered_set_while_it_grows() {
        for width in [Width::Compact, Width::Wide] {
            let mut table = Table::new(width);
            let mut twin = BTreeSet::new();
            for i in 0..400_000u64 {
                let number = i * i % 300_007;
                let fingerprint = fingerprint(&number, 0);
                assert_eq!(insert(&mut table, fingerprint), twin.insert(number), "{number}");
            }
            assert!(twin.iter().all(|number| table.contains(fingerprint(number, 0))));
            assert!((300_007..310_000u64).all(|number| !table.contains(fingerprint(&number, 0))));
            let used: u32 = table.used.iter().map(|used| used.load(Relaxed)).sum();
            assert_eq!(used as usize, twin.len());
        }
    }

    /// Equal first words, the worst case: only what a width keeps tells them apart.
    #[test]
    fn a_wide_table_tells_apart_what_a_compact_one_cannot() {
        let low = |second| Fingerprint { word: 42, second };
        for (width, expected) in [(Width::Compact, 2), (Width::Wide, 64)] {
            let mut table = Table::new(width);
            let seconds = (1..=32).chain((1..=32).map(|second| second | 1 << 63));
            let new = seconds.filter(|second| insert(&mut table, low(*second))).count();
            assert_eq!(new, expected);
        }
    }

    #[test]
    fn threads_agree_on_who_was_first() {
        for width in [Width::Compact, Width::Wide] {
            let table = std::sync::RwLock::new(Table::new(width));
            let work = || {
                let mut new = 0u64;
                for number in 0..60_000u64 {
                    loop {
                        let inserted = table.read().unwrap().insert(fingerprint(&number, 0));
                        match inserted {
                            Inserted::Full(shard) => table.write().unwrap().grow(shard),
                            inserted => break new += u64::from(inserted == Inserted::New),
                        }
                    }
                }
                new
            };
            let new: u64 = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).sum()
            });
            assert_eq!(new, 60_000);
        }
    }
}
