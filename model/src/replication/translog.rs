//! The transaction log of a copy: operations by sequence number, with gaps.
//!
//! ```text
//!     0     1     2     3     4         max_seq_no            = 4
//!   ┌─────┬─────┬─────┬─────┬─────┐     max_confirmed_seq_no  = 0  (1 is pending)
//!   │  x  │ x ? │     │ x ? │  x  │     gap at 2
//!   └─────┴─────┴─────┴─────┴─────┘     ? = pending confirmation
//! ```
//!
//! Only what is confirmed without a gap counts for the local checkpoint. A
//! copy that hears of a new primary must not forget what lies above the global
//! checkpoint, since it may be promoted next; nor may it count on it.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::types::{NO_OPS_PERFORMED, Operation, PrimaryTerm, SeqNo};

/// A transaction log. Two logs with the same operations are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Translog<V> {
    /// The operation with sequence number `i` at index `i`; the last is never a gap.
    slots: SmallVec<[Option<Operation<V>>; 3]>,
}

impl<V> Default for Translog<V> {
    fn default() -> Self {
        Translog { slots: SmallVec::new() }
    }
}

impl<V: Clone> Translog<V> {
    /// The operation with this sequence number.
    pub fn get(&self, seq_no: SeqNo) -> Option<&Operation<V>> {
        self.slots.get(usize::try_from(seq_no).ok()?)?.as_ref()
    }

    /// Every operation with its sequence number, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SeqNo, &Operation<V>)> + Clone {
        (0..).zip(&self.slots).filter_map(|(seq_no, slot)| slot.as_ref().map(|operation| (seq_no, operation)))
    }

    /// `(seq :> op) @@ tlog`: stores an operation in the place of what was there.
    ///
    /// # Panics
    /// When `seq_no` is negative.
    pub fn put(&mut self, seq_no: SeqNo, operation: Operation<V>) {
        let index = usize::try_from(seq_no).expect("the sequence number of an operation is not negative");
        if self.slots.len() <= index {
            self.slots.resize(index + 1, None);
        }
        self.slots[index] = Some(operation);
    }

    /// `MaxSeq`: the highest sequence number, [`NO_OPS_PERFORMED`] where there is none.
    pub fn max_seq_no(&self) -> SeqNo {
        self.slots.len() as SeqNo - 1
    }

    /// `MaxConfirmedSeq`: everything up to it is there and not pending.
    pub fn max_confirmed_seq_no(&self) -> SeqNo {
        let confirmed = |slot: &&Option<Operation<V>>| slot.as_ref().is_some_and(|operation| !operation.pending_confirmation);
        self.slots.iter().take_while(confirmed).count() as SeqNo + NO_OPS_PERFORMED
    }

    /// `MarkPC`: what lies above the global checkpoint waits to be confirmed.
    #[must_use]
    pub fn mark_pending_above(mut self, global_checkpoint: SeqNo) -> Self {
        for (_, slot) in self.slots_above(global_checkpoint) {
            if let Some(operation) = slot {
                operation.pending_confirmation = true;
            }
        }
        self
    }

    /// `FillAndUnmarkPC`: a new primary confirms what it holds above the global
    /// checkpoint and fills the gaps there with no-ops of its own term.
    #[must_use]
    pub fn fill_and_confirm_above(mut self, global_checkpoint: SeqNo, term: PrimaryTerm) -> Self {
        for (_, slot) in self.slots_above(global_checkpoint) {
            slot.get_or_insert(Operation::confirmed(term, None)).pending_confirmation = false;
        }
        self
    }

    /// `TrimTlog`: drops operations above `above` of terms below `min_term`.
    #[must_use]
    pub fn trimmed(mut self, above: SeqNo, min_term: PrimaryTerm) -> Self {
        for (_, slot) in self.slots_above(above) {
            if slot.as_ref().is_some_and(|operation| operation.term < min_term) {
                *slot = None;
            }
        }
        self.drop_last_gaps();
        self
    }

    /// Drops everything above `above`.
    #[must_use]
    pub fn cut_above(mut self, above: SeqNo) -> Self {
        self.slots.truncate(usize::try_from(above + 1).unwrap_or(0));
        self.drop_last_gaps();
        self
    }

    fn slots_above(&mut self, above: SeqNo) -> impl Iterator<Item = (SeqNo, &mut Option<Operation<V>>)> {
        (0..).zip(&mut self.slots).filter(move |(seq_no, _)| *seq_no > above)
    }

    /// Drops what is pending confirmation above `above`.
    #[must_use]
    pub fn without_pending_above(mut self, above: SeqNo) -> Self {
        for (_, slot) in self.slots_above(above) {
            if slot.as_ref().is_some_and(|operation| operation.pending_confirmation) {
                *slot = None;
            }
        }
        self.drop_last_gaps();
        self
    }

    fn drop_last_gaps(&mut self) {
        while self.slots.last().is_some_and(Option::is_none) {
            self.slots.pop();
        }
    }
}

impl<V: Clone> FromIterator<(SeqNo, Operation<V>)> for Translog<V> {
    fn from_iter<I: IntoIterator<Item = (SeqNo, Operation<V>)>>(operations: I) -> Self {
        let mut log = Translog::default();
        operations.into_iter().for_each(|(seq_no, operation)| log.put(seq_no, operation));
        log
    }
}
