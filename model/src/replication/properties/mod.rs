//! The safety properties of replication.
//!
//! Each states its own arithmetic and calls nothing that a mutant can replace.

mod acknowledged;
mod checkpoints;
mod contents;
mod routing;

pub use acknowledged::acknowledged_is_stored;
pub use checkpoints::{
    global_checkpoint_below_local, local_checkpoint_matches, primary_global_checkpoint_never_falls,
    replica_global_checkpoint_never_falls, tracked_local_checkpoints_never_fall,
};
pub use contents::{no_gaps, nothing_pending, same_contents, same_up_to_global_checkpoint, seq_no_and_term_identify_operation};
pub use routing::{primary_terms_never_fall, well_formed};

use super::translog::Translog;
use super::types::SeqNo;

/// The last sequence number up to which everything is there and confirmed; -1 for none.
fn confirmed_prefix<V: Clone>(log: &Translog<V>) -> SeqNo {
    let confirmed = |seq_no: &SeqNo| log.get(*seq_no).is_some_and(|operation| !operation.pending_confirmation);
    (0..).take_while(confirmed).last().unwrap_or(-1)
}

/// The highest sequence number; -1 for none.
fn highest<V: Clone>(log: &Translog<V>) -> SeqNo {
    log.iter().map(|(seq_no, _)| seq_no).max().unwrap_or(-1)
}
