//! What a worker sees of the steps out of some states.

use quorate_model::explorer::{Taken, Visit};
use quorate_model::specification::GuardId;

use super::open::Watched;
use crate::assemble::Counts;
use crate::fingerprint::Fingerprint;

/// A step that may lead to something new.
pub(super) struct Arrival<C> {
    /// The explorer's slot of the state that it is taken from.
    pub slot: usize,
    /// Its number among the steps of that state.
    pub step: u32,
    pub taken: Taken<C>,
}

/// What is seen while some states are expanded.
pub(super) struct Seen<C> {
    pub counts: Counts,
    /// Where the state is that is being expanded, and how many steps it has so far.
    slot: usize,
    steps: u32,
    pub batch: Vec<Arrival<C>>,
    pub recent: Recent,
    /// A step that concerns claims about steps is looked at, wherever it leads.
    by_steps: Watched,
}

impl<C> Seen<C> {
    pub fn new(counts: Counts, by_steps: Watched) -> Self {
        Seen { counts, slot: 0, steps: 0, batch: Vec::new(), recent: Recent::new(), by_steps }
    }

    /// The state in this slot is about to be expanded.
    pub fn begin(&mut self, slot: usize) {
        self.slot = slot;
        self.steps = 0;
    }
}

/// States that are in the table, as many as the processor's own memory holds:
/// neighbours lead to the same states, and most steps lead to known ones.
pub(super) struct Recent(Box<[u64]>);

impl Recent {
    /// Bits of the second word that choose a slot; the table tells states apart
    /// by fewer of them.
    const BITS: u32 = 14;

    fn new() -> Self {
        Recent(vec![0; 1 << Self::BITS].into())
    }

    #[inline]
    fn slot(fingerprint: Fingerprint) -> usize {
        (fingerprint.second >> (64 - Self::BITS)) as usize
    }

    #[inline]
    fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.0[Self::slot(fingerprint)] == fingerprint.word
    }

    #[inline]
    pub fn insert(&mut self, fingerprint: Fingerprint) {
        self.0[Self::slot(fingerprint)] = fingerprint.word;
    }
}

impl<C> Visit<C> for Seen<C> {
    #[inline]
    fn refused(&mut self, guard: GuardId, times: u64) {
        self.counts.guards[usize::from(guard.0)] += times;
    }

    #[inline]
    fn taken(&mut self, taken: Taken<C>) {
        self.counts.generated += 1;
        self.counts.actions[usize::from(taken.class.0)] += 1;
        self.steps += 1;
        let is_known = taken.within && self.recent.contains(taken.fingerprint);
        if !is_known || self.by_steps.are_concerned(&taken) {
            self.batch.push(Arrival { slot: self.slot, step: self.steps - 1, taken });
        }
    }
}
