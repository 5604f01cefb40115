//! The visited set: fingerprints in open addressing, one word for each state.
//!
//! ```text
//!   fingerprint  second: sssssssss s............   word: pppppppp........
//!                        └ shard ─┘ (ten bits)          └ position, and kept whole
//!
//!   segment: shard 0 │ shard 1 │ … │ shard 15      64 segments, one allocation each
//! ```
//!
//! A slot keeps the whole first word and the shard's number stands for ten bits
//! of the second, so that 74 bits tell states apart at eight bytes a slot. A
//! wide table keeps both words. The position is the word scaled to the shard's
//! lines of eight words: slots are roughly in the order of their words, so that
//! growing reads and writes memory in sequence, a capacity can be any number of
//! lines, and most look-ups wait for memory once.
//!
//! Fingerprints are spread evenly, so all shards have one capacity and fill up
//! at the same time. Growing adds three sixteenths: between 0.69 and 0.82 of the
//! slots are used, about 10.6 bytes a state. It goes segment by segment, so that old
//! and new exist at the same time for a sixty-fourth of the table only, and on
//! all threads, which wait for each other anyway.
//!
//! Workers share the table behind a lock that they hold for reading while they
//! insert with compare-and-swap; they count what they insert by themselves and
//! [`note`](Table::note) it now and then, to keep the count off their way.

use std::io::{self, Read, Write};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::checkpoint::{read_number, write_number};
use crate::fingerprint::Fingerprint;
use crate::options::Width;

/// Shards, a power of two; their number is part of the fingerprint.
const SHARD_BITS: u32 = 10;
const SHARDS: usize = 1 << SHARD_BITS;
/// Shards that are allocated and grow together.
const SHARDS_IN_SEGMENT: usize = 16;
/// Capacity of a shard at the beginning, in slots.
const FIRST_CAPACITY: usize = 256;
/// Words that the processor fetches together: a fingerprint's place is a line.
const LINE: usize = 8;
/// Words of a page of memory.
const PAGE: usize = 512;
/// With more slots than this the table is grown on many threads.
const MANY_SLOTS: usize = 1 << 18;

/// A set of fingerprints that many threads insert into.
pub(crate) struct Table {
    segments: Vec<Segment>,
    /// Slots of each shard.
    capacity: usize,
    /// How many were inserted, as far as noted.
    used: AtomicU64,
    wide: bool,
}

/// Zero is an empty slot. A wide slot is two words, the second written later.
struct Segment {
    /// With room to begin at the start of a line.
    words: Box<[AtomicU64]>,
    begin: usize,
    len: usize,
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    New,
    Known,
    /// The table must grow first.
    Full,
}

impl Table {
    pub fn new(width: Width) -> Self {
        let wide = width == Width::Wide;
        let segments = (0..SHARDS / SHARDS_IN_SEGMENT).map(|_| Segment::new(FIRST_CAPACITY, wide)).collect();
        Table { segments, capacity: FIRST_CAPACITY, used: AtomicU64::new(0), wide }
    }

    /// How many bits tell two states apart.
    pub fn bits_of(width: Width) -> u32 {
        if width == Width::Wide { 128 } else { 64 + SHARD_BITS }
    }

    /// Writes what was inserted, shard by shard.
    pub fn write(&self, output: &mut impl Write) -> io::Result<()> {
        write_number(output, self.capacity as u64)?;
        let words = if self.wide { 2 } else { 1 };
        for shard in self.segments.iter().flat_map(|segment| segment.slots().chunks_exact(words * self.capacity)) {
            let used = || shard.chunks_exact(words).filter(|slot| slot[0].load(Relaxed) != 0);
            write_number(output, used().count() as u64)?;
            used().flatten().try_for_each(|word| write_number(output, word.load(Relaxed)))?;
        }
        Ok(())
    }

    /// Reads what [`write`](Self::write) has written.
    pub fn read(width: Width, input: &mut impl Read) -> io::Result<Self> {
        let wide = width == Width::Wide;
        let capacity = read_number(input)? as usize;
        let mut table = Table { segments: Vec::new(), capacity, used: AtomicU64::new(0), wide };
        let nonsense = || io::Error::other("the table's shards are not as they were");
        if !capacity.is_multiple_of(LINE) || !(FIRST_CAPACITY..1 << 40).contains(&capacity) {
            return Err(nonsense());
        }
        let words = if wide { 2 } else { 1 };
        for _ in 0..SHARDS / SHARDS_IN_SEGMENT {
            let segment = Segment::new(capacity, wide);
            for shard in segment.slots().chunks_exact(words * capacity).map(Shard) {
                let count = read_number(input)?;
                *table.used.get_mut() += count;
                for _ in 0..count {
                    let word = read_number(input)?;
                    let inserted = match wide {
                        true => shard.insert_wide(Fingerprint { word, second: read_number(input)? }),
                        false => shard.insert(word),
                    };
                    if word == 0 || inserted != Inserted::New {
                        return Err(nonsense());
                    }
                }
            }
            table.segments.push(segment);
        }
        Ok(table)
    }

    /// The slots of the fingerprint's shard.
    #[inline]
    fn shard(&self, fingerprint: Fingerprint) -> Shard<'_> {
        let number = (fingerprint.second >> (64 - SHARD_BITS)) as usize;
        let words = if self.wide { 2 * self.capacity } else { self.capacity };
        let base = number % SHARDS_IN_SEGMENT * words;
        Shard(&self.segments[number / SHARDS_IN_SEGMENT].slots()[base..base + words])
    }

    /// Brings what inserting these will need nearer. One insertion waits for
    /// memory; many at a time wait together. Where a line is full, the next is
    /// likely to be needed.
    #[inline]
    pub fn fetch(&self, fingerprints: impl Iterator<Item = Fingerprint> + Clone) {
        let last = |fingerprint: Fingerprint, further: usize| {
            let shard = self.shard(fingerprint).0;
            let line = scaled(fingerprint.word, shard.len() / LINE) + further;
            shard.get(line * LINE + LINE - 1).map_or(0, |word| word.load(Relaxed))
        };
        let firsts = fingerprints.clone().fold(0, |all, fingerprint| all ^ last(fingerprint, 0));
        let full = fingerprints.filter(|fingerprint| last(*fingerprint, 0) != 0);
        std::hint::black_box(full.fold(firsts, |all, fingerprint| all ^ last(fingerprint, 1)));
    }

    /// Inserts it unless it is known or there is no room.
    #[inline]
    pub fn insert(&self, fingerprint: Fingerprint) -> Inserted {
        let shard = self.shard(fingerprint);
        if self.wide { shard.insert_wide(fingerprint) } else { shard.insert(fingerprint.word) }
    }

    /// Whether it was inserted.
    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        let shard = self.shard(fingerprint);
        if self.wide { shard.contains_wide(fingerprint) } else { shard.contains(fingerprint.word) }
    }

    /// Notes that somebody has inserted so many; whether the table is to grow.
    pub fn note(&self, inserted: u64) -> bool {
        let used = self.used.fetch_add(inserted, Relaxed) + inserted;
        used >= self.limit()
    }

    /// Slots of each shard; tells whether somebody else has grown the table.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn limit(&self) -> u64 {
        (SHARDS * self.capacity) as u64 / 100 * 82
    }

    /// Makes room, unless somebody else did since the capacity was `seen`.
    pub fn grow(&mut self, seen: usize, threads: usize) {
        if self.capacity != seen {
            return;
        }
        let (from, to, wide) = (self.capacity, (self.capacity + self.capacity / 16 * 3).next_multiple_of(LINE), self.wide);
        self.capacity = to;
        if threads == 1 || SHARDS * to < MANY_SLOTS {
            return self.segments.iter_mut().for_each(|segment| segment.grow(from, to, wide));
        }
        let share = self.segments.len().div_ceil(threads);
        std::thread::scope(|scope| {
            for segments in self.segments.chunks_mut(share) {
                scope.spawn(move || segments.iter_mut().for_each(|segment| segment.grow(from, to, wide)));
            }
        });
    }
}

impl Segment {
    fn new(capacity: usize, wide: bool) -> Self {
        let len = SHARDS_IN_SEGMENT * if wide { 2 * capacity } else { capacity };
        let words: Box<[AtomicU64]> = (0..len + LINE).map(|_| AtomicU64::new(0)).collect();
        // Written to once: a page that is read first is copied at its first
        // write, and every processor must be told.
        words.iter().step_by(PAGE).for_each(|word| word.store(0, Relaxed));
        let begin = words.as_ptr().align_offset(8 * LINE).min(LINE);
        Segment { words, begin, len }
    }

    #[inline]
    fn slots(&self) -> &[AtomicU64] {
        &self.words[self.begin..self.begin + self.len]
    }

    fn grow(&mut self, from: usize, to: usize, wide: bool) {
        let larger = Segment::new(to, wide);
        let words = if wide { 2 } else { 1 };
        for (old, new) in self.slots().chunks_exact(words * from).zip(larger.slots().chunks_exact(words * to)) {
            let new = Shard(new);
            for slot in old.chunks_exact(words) {
                let word = slot[0].load(Relaxed);
                if word != 0 {
                    let inserted = if wide {
                        new.insert_wide(Fingerprint { word, second: slot[1].load(Relaxed) })
                    } else {
                        new.insert(word)
                    };
                    debug_assert_eq!(inserted, Inserted::New);
                }
            }
        }
        *self = larger;
    }
}

#[inline]
fn scaled(word: u64, lines: usize) -> usize {
    ((u128::from(word) * lines as u128) >> 64) as usize
}

struct Shard<'a>(&'a [AtomicU64]);

impl<'a> Shard<'a> {
    /// The slots from the word's line on, and those before it: the order in
    /// which they are tried.
    #[inline]
    fn tried(&self, word: u64) -> [&'a [AtomicU64]; 2] {
        let (before, from) = self.0.split_at(scaled(word, self.0.len() / LINE) * LINE);
        [from, before]
    }

    #[inline]
    fn insert(&self, word: u64) -> Inserted {
        for slot in self.tried(word).into_iter().flatten() {
            let held = slot.load(Relaxed);
            if held == word {
                return Inserted::Known;
            }
            if held == 0 {
                match slot.compare_exchange(0, word, Relaxed, Relaxed) {
                    Ok(_) => return Inserted::New,
                    Err(other) if other == word => return Inserted::Known,
                    Err(_) => {}
                }
            }
        }
        Inserted::Full
    }

    fn contains(&self, word: u64) -> bool {
        let mut held = self.tried(word).into_iter().flatten().map(|slot| slot.load(Relaxed));
        held.find(|held| *held == word || *held == 0) == Some(word)
    }

    /// The first word claims a slot; whoever meets a claimed slot with its own
    /// first word waits for the second.
    fn insert_wide(&self, Fingerprint { word, second }: Fingerprint) -> Inserted {
        for slot in self.tried(word).into_iter().flat_map(|slots| slots.chunks_exact(2)) {
            let mut held = slot[0].load(Acquire);
            if held == 0 {
                match slot[0].compare_exchange(0, word, AcqRel, Acquire) {
                    Ok(_) => {
                        slot[1].store(second, Release);
                        return Inserted::New;
                    }
                    Err(other) => held = other,
                }
            }
            if held == word && second_word(slot) == second {
                return Inserted::Known;
            }
        }
        Inserted::Full
    }

    fn contains_wide(&self, Fingerprint { word, second }: Fingerprint) -> bool {
        for slot in self.tried(word).into_iter().flat_map(|slots| slots.chunks_exact(2)) {
            match slot[0].load(Acquire) {
                0 => return false,
                held if held == word && second_word(slot) == second => return true,
                _ => {}
            }
        }
        false
    }
}

fn second_word(slot: &[AtomicU64]) -> u64 {
    loop {
        match slot[1].load(Acquire) {
            0 => std::hint::spin_loop(),
            second => return second,
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
                Inserted::New => {
                    if table.note(1) {
                        table.grow(table.capacity(), 2);
                    }
                    return true;
                }
                Inserted::Known => return false,
                Inserted::Full => table.grow(table.capacity(), 2),
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
            assert_eq!(table.used.load(Relaxed) as usize, twin.len());
            assert!(twin.len() as u64 <= table.limit());
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
                for number in 0..300_000u64 {
                    loop {
                        // Nobody notes, so that the shards are filled to the last slot before they grow.
                        let guard = table.read().unwrap();
                        let (inserted, seen) = (guard.insert(fingerprint(&number, 0)), guard.capacity());
                        drop(guard);
                        match inserted {
                            Inserted::Full => table.write().unwrap().grow(seen, 2),
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
            assert_eq!(new, 300_000);
        }
    }
}
