//! The writer of the reference cluster's store, in the words of the module.
//!
//! The store is one redb file. There are no files to delete, yet everything the
//! module speaks of is there:
//!
//! | `Storage` | the reference store |
//! | --- | --- |
//! | metadata file | the pages that a transaction wrote; never over pages that the current root reaches |
//! | manifest | a commit slot of the header with the root of a transaction; there are two |
//! | the newest manifest | the slot that the header's primary bit names |
//! | `WriteMeta`, `WriteManifest` | `WritePages`; `WriteSlot`, `FirstSync`, `Flip`, `LastSync` |
//! | `DeleteOldManifest`, `DeleteOldMeta` | the next transaction writes over the other slot and over pages that are free |
//! | `DeleteNewManifest`, `DeleteNewMeta` | nothing: after an error the node stops, and opening finds one of the two |
//!
//! ```text
//!          ┌──────────────────────────── answered ◀───────────────────────────┐
//!   Open ─▶ WritePages ─▶ WriteSlot ─▶ FirstSync ─▶ Flip ─▶ LastSync ──────────┘
//!    ▲          │             │            │          │         │
//!    └──────────┴─ the process or the machine stops ──┴─────────┘
//! ```
//!
//! What a stop leaves behind: before `Flip`, pages and a slot that nothing names;
//! from `Flip` to `LastSync`, either state, and nobody has been answered; after
//! it, the new state. If the process stops, its writes are still to be seen; if
//! the machine does, any part of what was written since the last sync is gone.
//! That a write of the header leaves the bytes that it does not change as they
//! are, and changes the primary bit or does not, is assumed.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::files::{Generation, NO_GENERATION};

/// What the writer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TransactionStep {
    /// Mark the file as in use and sync it; then read.
    Open,
    /// Write the pages of the next state over free ones.
    WritePages,
    /// Write the slot that is not the primary one.
    WriteSlot,
    /// Sync pages and slot.
    FirstSync,
    /// Write the header with the other slot as the primary one.
    Flip,
    /// Sync that; then answer.
    LastSync,
}

impl TransactionStep {
    /// Every step.
    pub const ALL: [TransactionStep; 6] = [
        TransactionStep::Open,
        TransactionStep::WritePages,
        TransactionStep::WriteSlot,
        TransactionStep::FirstSync,
        TransactionStep::Flip,
        TransactionStep::LastSync,
    ];

    /// The name of the step.
    pub fn name(self) -> &'static str {
        match self {
            TransactionStep::Open => "Open",
            TransactionStep::WritePages => "WritePages",
            TransactionStep::WriteSlot => "WriteSlot",
            TransactionStep::FirstSync => "FirstSync",
            TransactionStep::Flip => "Flip",
            TransactionStep::LastSync => "LastSync",
        }
    }
}

/// How a step ends. Where one is stopped, it may have done its work or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ending {
    /// Done.
    Done,
    /// It reports an error, or the process is killed: the node stops.
    ProcessStops,
    /// The machine stops. Of the writes since the last sync, these are on the disk, as a bit set.
    MachineStops(u8),
}

/// A write that may not be on the disk yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Write {
    /// The pages of a generation.
    Pages(Generation),
    /// A slot and the generation that it names.
    Slot(u8, Generation),
    /// The primary bit.
    Primary(u8),
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Image {
    /// The generations whose pages are whole, as a bit set.
    pub pages: u64,
    /// What each slot names; [`NO_GENERATION`] where it is blank or torn.
    pub slots: [Generation; 2],
    /// Which slot counts.
    pub primary: u8,
}

impl Image {
    /// What a reader is led to.
    pub fn named(&self) -> Generation {
        self.slots[usize::from(self.primary)]
    }

    fn with(mut self, write: Write) -> Self {
        match write {
            Write::Pages(generation) => self.pages |= 1 << generation,
            Write::Slot(slot, generation) => self.slots[usize::from(slot)] = generation,
            Write::Primary(slot) => self.primary = slot,
        }
        self
    }

    /// After a stop that kept a write from the disk: what it was to change may be torn.
    fn without(mut self, write: Write) -> Self {
        if let Write::Slot(slot, _) = write {
            self.slots[usize::from(slot)] = NO_GENERATION;
        }
        self
    }
}

/// A change of what the writer does, for checks that must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransactionEffect {
    /// The header is flipped before pages and slot are synced.
    NoFirstSync,
    /// The answer does not wait for the last sync.
    AnsweredBeforeLastSync,
    /// Pages are written over those of the current state.
    PagesInPlace,
    /// The slot that counts is written over.
    SlotInPlace,
    /// A sync that reports an error is taken for done.
    SyncErrorIgnored,
    /// Opening reads without a sync before.
    OpenedWithoutSync,
    /// Pages are synced before the slot is written, too.
    SyncInBetween,
}

/// The file, the writer, and what a reader may be given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionalStore {
    /// What is on the disk for certain.
    pub disk: Image,
    /// What was written since, in order.
    pub unsynced: SmallVec<[Write; 4]>,
    /// The generation that is being written.
    pub new: Generation,
    /// What is done next.
    pub step: TransactionStep,
    /// `possibleStates`: the generations that a reader may be given, as a bit set.
    pub readable: u64,
}

impl Default for TransactionalStore {
    /// As it is made: written under another name, synced, and renamed.
    fn default() -> Self {
        TransactionalStore {
            disk: Image { pages: 1, slots: [0, NO_GENERATION], primary: 0 },
            unsynced: SmallVec::new(),
            new: 0,
            step: TransactionStep::Open,
            readable: 1,
        }
    }
}

impl TransactionalStore {
    /// The file as a process sees it.
    pub fn seen(&self) -> Image {
        self.unsynced.iter().fold(self.disk, |image, write| image.with(*write))
    }

    /// How the next step may end.
    pub fn endings(&self, effect: Option<TransactionEffect>) -> impl Iterator<Item = Ending> {
        let writes = self.begun(effect).unsynced.len();
        [Ending::Done, Ending::ProcessStops]
            .into_iter()
            .chain((0..1u16 << writes.min(8)).map(|kept| Ending::MachineStops(kept as u8)))
    }

    /// The next step, which ends like this.
    #[must_use]
    pub fn next(&self, effect: Option<TransactionEffect>, ending: Ending) -> Self {
        let begun = self.begun(effect);
        let syncs = matches!(self.step, TransactionStep::Open | TransactionStep::FirstSync | TransactionStep::LastSync);
        match ending {
            Ending::Done => begun.finished(effect),
            Ending::ProcessStops if syncs && effect == Some(TransactionEffect::SyncErrorIgnored) => {
                TransactionalStore { disk: begun.disk, unsynced: begun.unsynced.clone(), ..begun.finished(effect) }
            }
            Ending::ProcessStops => begun.stopped(),
            Ending::MachineStops(kept) => {
                let survives = |(position, write): (usize, &Write)| (kept >> position & 1 == 1, *write);
                let disk = (begun.unsynced.iter().enumerate().map(survives))
                    .fold(begun.disk, |disk, (kept, write)| if kept { disk.with(write) } else { disk.without(write) });
                TransactionalStore { disk, unsynced: SmallVec::new(), ..begun }.stopped()
            }
        }
    }

    /// With the step's write, which may come to nothing.
    fn begun(&self, effect: Option<TransactionEffect>) -> Self {
        let mut next = self.clone();
        let seen = self.seen();
        let other = match effect {
            Some(TransactionEffect::SlotInPlace) => seen.primary,
            _ => 1 - seen.primary,
        };
        match self.step {
            TransactionStep::WritePages => {
                // Whatever the current root does not reach may be written over.
                let current = 1 << seen.named().max(0);
                next.disk.pages &= if effect == Some(TransactionEffect::PagesInPlace) { 0 } else { current };
                next.new = seen.named() + 1;
                next.unsynced.push(Write::Pages(next.new));
            }
            TransactionStep::WriteSlot => next.unsynced.push(Write::Slot(other, self.new)),
            TransactionStep::Flip => {
                next.unsynced.push(Write::Primary(other));
                next.readable |= 1 << self.new;
            }
            TransactionStep::Open | TransactionStep::FirstSync | TransactionStep::LastSync => {}
        }
        next
    }

    fn finished(&self, effect: Option<TransactionEffect>) -> Self {
        use TransactionStep::*;
        let mut next = self.clone();
        next.step = match (self.step, effect) {
            (Open, Some(TransactionEffect::OpenedWithoutSync)) => WritePages,
            (Open, _) => {
                next.sync();
                next.readable = 1 << next.disk.named().max(0);
                WritePages
            }
            (WritePages, Some(TransactionEffect::SyncInBetween)) => {
                next.sync();
                WriteSlot
            }
            (WritePages, _) => WriteSlot,
            (WriteSlot, Some(TransactionEffect::NoFirstSync)) => Flip,
            (WriteSlot, _) => FirstSync,
            (FirstSync, _) => {
                next.sync();
                Flip
            }
            (Flip, Some(TransactionEffect::AnsweredBeforeLastSync)) => {
                next.readable = 1 << self.new;
                LastSync
            }
            (Flip, _) => LastSync,
            (LastSync, _) => {
                next.sync();
                next.readable = 1 << self.new;
                WritePages
            }
        };
        next
    }

    fn sync(&mut self) {
        self.disk = self.seen();
        self.unsynced.clear();
    }

    fn stopped(&self) -> Self {
        TransactionalStore { step: TransactionStep::Open, new: self.seen().named().max(0), ..self.clone() }
    }
}
