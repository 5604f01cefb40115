//! Which operations of a copy are there: `LocalCheckpointTracker`.
//!
//! Operations come in any order. One is *processed* once the engine has it and
//! *persisted* once it is on disk; for each there is a checkpoint up to which
//! nothing is missing. Only the persisted one is ever told to anybody, because
//! only that survives a crash.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::types::{NO_OPS_PERFORMED, SeqNo};

/// A checkpoint and what lies above it, out of order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Contiguous {
    checkpoint: SeqNo,
    /// Sorted; none is `checkpoint + 1`.
    above: SmallVec<[SeqNo; 4]>,
}

impl Contiguous {
    fn new(checkpoint: SeqNo) -> Self {
        Contiguous { checkpoint, above: SmallVec::new() }
    }

    fn mark(&mut self, seq_no: SeqNo) {
        if seq_no <= self.checkpoint {
            return;
        }
        if let Err(position) = self.above.binary_search(&seq_no) {
            self.above.insert(position, seq_no);
        }
        let contiguous = (self.checkpoint + 1..).zip(&self.above).take_while(|(next, seq_no)| next == *seq_no).count();
        self.above.drain(..contiguous);
        self.checkpoint += contiguous as SeqNo;
    }

    fn contains(&self, seq_no: SeqNo) -> bool {
        seq_no <= self.checkpoint || self.above.binary_search(&seq_no).is_ok()
    }
}

/// The operations of a copy by sequence number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalCheckpointTracker {
    next_seq_no: SeqNo,
    processed: Contiguous,
    persisted: Contiguous,
}

impl LocalCheckpointTracker {
    /// A copy whose disk holds everything up to `local_checkpoint` and nothing
    /// above `max_seq_no`. What lies between is marked as it is replayed.
    pub fn new(max_seq_no: SeqNo, local_checkpoint: SeqNo) -> Self {
        debug_assert!(NO_OPS_PERFORMED <= local_checkpoint && local_checkpoint <= max_seq_no);
        LocalCheckpointTracker {
            next_seq_no: max_seq_no + 1,
            processed: Contiguous::new(local_checkpoint),
            persisted: Contiguous::new(local_checkpoint),
        }
    }

    /// `generateSeqNo`: a primary orders its next operation.
    pub fn generate_seq_no(&mut self) -> SeqNo {
        let seq_no = self.next_seq_no;
        self.next_seq_no += 1;
        seq_no
    }

    /// `advanceMaxSeqNo`: a replica hears of an operation.
    pub fn advance_max_seq_no(&mut self, seq_no: SeqNo) {
        self.next_seq_no = self.next_seq_no.max(seq_no + 1);
    }

    /// `markSeqNoAsProcessed`: the engine has it.
    pub fn mark_as_processed(&mut self, seq_no: SeqNo) {
        self.advance_max_seq_no(seq_no);
        self.processed.mark(seq_no);
    }

    /// `markSeqNoAsPersisted`: the disk has it.
    pub fn mark_as_persisted(&mut self, seq_no: SeqNo) {
        self.advance_max_seq_no(seq_no);
        self.persisted.mark(seq_no);
    }

    /// The highest sequence number given or heard of.
    pub fn max_seq_no(&self) -> SeqNo {
        self.next_seq_no - 1
    }

    /// Up to here the engine has everything.
    pub fn processed_checkpoint(&self) -> SeqNo {
        self.processed.checkpoint
    }

    /// Up to here the disk has everything: the local checkpoint that is reported.
    pub fn persisted_checkpoint(&self) -> SeqNo {
        self.persisted.checkpoint
    }

    /// `hasProcessed`.
    pub fn has_processed(&self, seq_no: SeqNo) -> bool {
        self.processed.contains(seq_no)
    }

    /// What a new primary has to fill: what is not processed up to the highest sequence number.
    pub fn gaps(&self) -> impl Iterator<Item = SeqNo> + '_ {
        (self.processed.checkpoint + 1..self.next_seq_no).filter(|seq_no| !self.processed.contains(*seq_no))
    }
}
