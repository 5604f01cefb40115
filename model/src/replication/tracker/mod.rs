//! What a primary knows of its copies: `ReplicationTracker`.
//!
//! ```text
//!   a copy's way     unknown ──▶ known ──▶ tracked ──▶ pending in-sync ──▶ in-sync
//!                      cluster state  recovery   recovery ends,     its local checkpoint
//!                      names it       starts     still behind       reaches the global one
//! ```
//!
//! A *tracked* copy gets every operation; an *in-sync* one counts for the
//! global checkpoint too. The global checkpoint stands still while a copy is
//! pending in-sync, and while the local checkpoint of an in-sync copy is not
//! known (right after a promotion), so that it never falls.
//!
//! Where the TLA+ module is simpler: it has no in-sync set, takes unknown
//! checkpoints for [`NO_OPS_PERFORMED`](super::NO_OPS_PERFORMED) and so lets
//! the global checkpoint of a promoted primary fall. Not here: retention leases.

mod global_checkpoint;
mod handoff;
mod invariant;
mod membership;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::fencing::AllocationId;
use super::types::{SeqNo, UNASSIGNED_SEQ_NO};
pub use handoff::PrimaryContext;
pub use membership::{AssignedCopy, InSyncOutcome, ReplicationGroup};

/// What is known of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckpointState {
    /// Its persisted local checkpoint; [`UNASSIGNED_SEQ_NO`] while not known.
    pub local_checkpoint: SeqNo,
    /// The global checkpoint that it has persisted; [`UNASSIGNED_SEQ_NO`] while not known.
    pub global_checkpoint: SeqNo,
    /// Whether it counts for the global checkpoint.
    pub in_sync: bool,
    /// Whether it gets every operation.
    pub tracked: bool,
}

impl CheckpointState {
    fn unknown(in_sync: bool, tracked: bool) -> Self {
        CheckpointState { local_checkpoint: UNASSIGNED_SEQ_NO, global_checkpoint: UNASSIGNED_SEQ_NO, in_sync, tracked }
    }
}

/// What one copy knows of all of them. On a replica only the global checkpoint
/// and the membership have meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicationTracker {
    allocation_id: AllocationId,
    primary_mode: bool,
    relocated: bool,
    handoff_in_progress: bool,
    applied_version: u64,
    routing: SmallVec<[AssignedCopy; 3]>,
    checkpoints: SmallVec<[(AllocationId, CheckpointState); 3]>,
    pending_in_sync: SmallVec<[AllocationId; 2]>,
    global_checkpoint: SeqNo,
}

impl ReplicationTracker {
    /// A copy that has heard nothing yet, whose disk says `global_checkpoint`.
    pub fn new(allocation_id: AllocationId, global_checkpoint: SeqNo) -> Self {
        ReplicationTracker {
            allocation_id,
            primary_mode: false,
            relocated: false,
            handoff_in_progress: false,
            applied_version: 0,
            routing: SmallVec::new(),
            checkpoints: SmallVec::new(),
            pending_in_sync: SmallVec::new(),
            global_checkpoint,
        }
    }

    /// Whose tracker it is.
    pub fn allocation_id(&self) -> AllocationId {
        self.allocation_id
    }

    /// Whether this copy is the primary and acts as one.
    pub fn primary_mode(&self) -> bool {
        self.primary_mode
    }

    /// Whether this copy has handed its role to another.
    pub fn relocated(&self) -> bool {
        self.relocated
    }

    /// Whether it is handing its role to another.
    pub fn handoff_in_progress(&self) -> bool {
        self.handoff_in_progress
    }

    /// Up to here every in-sync copy has persisted everything, as far as known.
    pub fn global_checkpoint(&self) -> SeqNo {
        self.global_checkpoint
    }

    /// What is known of a copy.
    pub fn checkpoint(&self, id: AllocationId) -> Option<&CheckpointState> {
        let position = self.checkpoints.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.checkpoints[position].1)
    }

    /// Every copy that is known.
    pub fn checkpoints(&self) -> impl Iterator<Item = (AllocationId, &CheckpointState)> + Clone {
        self.checkpoints.iter().map(|(id, state)| (*id, state))
    }

    /// The copies whose recovery waits until they have caught up.
    pub fn pending_in_sync(&self) -> &[AllocationId] {
        &self.pending_in_sync
    }

    fn checkpoint_mut(&mut self, id: AllocationId) -> Option<&mut CheckpointState> {
        let position = self.checkpoints.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&mut self.checkpoints[position].1)
    }

    fn put(&mut self, id: AllocationId, state: CheckpointState) {
        match self.checkpoints.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(position) => self.checkpoints[position].1 = state,
            Err(position) => self.checkpoints.insert(position, (id, state)),
        }
    }

    fn is_pending(&self, id: AllocationId) -> bool {
        self.pending_in_sync.contains(&id)
    }

    fn no_longer_pending(&mut self, id: AllocationId) {
        self.pending_in_sync.retain(|pending| *pending != id);
    }
}
