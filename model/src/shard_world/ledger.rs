//! What the world remembers: clients, and what may still happen.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::node_set::NodeSet;
use crate::replication::{PrimaryTerm, SeqNo};
use crate::shard::Outcome;

/// What has become of a write, as its client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WriteState {
    /// Asked for, not answered.
    Asked,
    /// Acknowledged with this place in the history.
    Acknowledged {
        /// Its sequence number.
        seq_no: SeqNo,
        /// The term of its primary.
        primary_term: PrimaryTerm,
    },
    /// Refused: nothing was done.
    Refused,
    /// The client does not know.
    Unknown,
}

/// What may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// Writes.
    pub writes: u8,
    /// Nodes taken for gone.
    pub departures: u8,
    /// Allocations of replicas.
    pub allocations: u8,
    /// Allocations of a primary from a disk.
    pub restores: u8,
    /// Messages lost or given up.
    pub losses: u8,
    /// Crashes.
    pub crashes: u8,
    /// Crashes for good.
    pub lost: u8,
    /// Copies that fail.
    pub failures: u8,
    /// Commands of operators.
    pub commands: u8,
    /// Reads.
    pub reads: u8,
    /// Writes asked for again.
    pub retries: u8,
    /// Background syncs of the global checkpoint.
    pub syncs: u8,
    /// Allocations that only a recovery makes, beyond the budget.
    pub overdrawn: u8,
}

/// Ghost state and budgets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// The writes asked for, by request, from 1.
    pub writes: SmallVec<[WriteState; 4]>,
    /// Nodes that have crashed, and whose former selves are still members.
    pub crashed: NodeSet,
    /// Whether an operator has accepted the loss of data.
    pub data_loss: bool,
    /// Nodes that have crashed for good.
    pub lost: NodeSet,
    /// The request whose write the last read found.
    pub read: Option<u8>,
    /// What may still happen.
    pub left: Budget,
}

impl Ledger {
    /// Before anything happened.
    pub fn new(left: Budget) -> Self {
        Ledger { writes: SmallVec::new(), crashed: NodeSet::EMPTY, data_loss: false, lost: NodeSet::EMPTY, read: None, left }
    }

    /// The write of a request.
    pub fn write(&self, request: u8) -> Option<WriteState> {
        self.writes.get(usize::from(request).checked_sub(1)?).copied()
    }

    /// The acknowledged writes with their requests and places.
    pub fn acknowledged(&self) -> impl Iterator<Item = (u8, SeqNo, PrimaryTerm)> + '_ {
        (1..).zip(&self.writes).filter_map(|(request, write)| match *write {
            WriteState::Acknowledged { seq_no, primary_term } => Some((request, seq_no, primary_term)),
            _ => None,
        })
    }

    /// A client asks, perhaps not for the first time.
    pub(super) fn ask(&mut self, request: u8) {
        let index = usize::from(request - 1);
        if self.writes.len() <= index {
            self.writes.push(WriteState::Asked);
            self.left.writes = self.left.writes.saturating_sub(1);
        } else {
            self.writes[index] = WriteState::Asked;
            self.left.retries = self.left.retries.saturating_sub(1);
        }
    }

    /// A client hears something.
    pub(super) fn hear(&mut self, request: u8, outcome: Outcome) {
        if let Some(write) = usize::from(request).checked_sub(1).and_then(|index| self.writes.get_mut(index)) {
            *write = match outcome {
                Outcome::Acknowledged { seq_no, primary_term } => WriteState::Acknowledged { seq_no, primary_term },
                Outcome::VersionConflict => WriteState::Refused,
                Outcome::Unknown => WriteState::Unknown,
            };
        }
    }
}
