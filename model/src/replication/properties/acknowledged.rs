//! What a client was told is stored is stored: S-ACK.

use crate::node_set::NodeId;
use crate::property::Verdict;
use crate::replication::shard_copy::ShardCopy;
use crate::replication::types::{Operation, SeqNo, Source};

/// `replication!AllAckedResponsesStored`: an acknowledged operation is on every
/// active copy, in its place, with its term and contents.
pub fn acknowledged_is_stored<'a, V: Source + 'a>(
    (seq_no, acknowledged): (SeqNo, &Operation<V>),
    active: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)>,
) -> Verdict {
    for (node, copy) in active {
        match copy.translog.get(seq_no) {
            None => {
                let words = in_words(&acknowledged.source);
                return Err(format!("{words} at {seq_no} was acknowledged, and {node} does not have it"));
            }
            Some(held) if (held.term, &held.source) != (acknowledged.term, &acknowledged.source) => {
                return Err(format!(
                    "{} of term {} at {seq_no} was acknowledged, and {node} has {} of term {} there",
                    in_words(&acknowledged.source),
                    acknowledged.term,
                    in_words(&held.source),
                    held.term
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn in_words<V: Source>(source: &Option<V>) -> String {
    source.as_ref().map_or_else(|| String::from("a no-op"), |source| format!("{source:?}"))
}
